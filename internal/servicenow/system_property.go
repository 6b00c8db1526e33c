package servicenow

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewSystemProperty manages a system property (sys_properties).
var NewSystemProperty = lifecycle.New[systemProperty](lifecycle.Definition{
	Type:     "system_property",
	Table:    "sys_properties",
	Key:      []string{"name"},
	Adoption: lifecycle.AdoptReferred,
	Store: func(c *lifecycle.Servers) record.Store {
		return systemPropertyStore{c.ServiceNow.Table("sys_properties"), c.ServiceNow}
	},
	Description: "A system property (`sys_properties`), such as `" + clientCredentialsProperty + "`. One that exists is " +
		"taken over: destroying the resource then restores what the property held before, and leaves it in place. The " +
		"value is stored in the state, so properties of a password type are refused, and so are ones whose value the " +
		"account may not read. Writing to `sys_properties` makes the instance flush caches: rather not at busy times. " +
		"Needs the role `admin`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "The property's name. Changing it replaces the resource.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"value": schema.StringAttribute{
			Required: true, MarkdownDescription: "The value as stored, such as `true` or `30`.",
		},
		"type": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "The type, such as `string`, `boolean` or `integer`. Default: what the property has, or the " +
				"instance's, `string`.",
		},
		"description": schema.StringAttribute{Optional: true, MarkdownDescription: "What the property does."},
		"adopted":     lifecycle.AdoptedAttribute("restores what it held before"),
	},
})

type systemProperty struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	lifecycle.Adopted
	Name        types.String `tfsdk:"name"`
	Value       types.String `tfsdk:"value"`
	Type        types.String `tfsdk:"type"`
	Description types.String `tfsdk:"description"`
}

func (m *systemProperty) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("value", &m.Value),
		field.String("type", &m.Type),
		field.String("description", &m.Description),
	}
}

// passwordTypes are the types whose values the instance encrypts.
var passwordTypes = []string{"password", "password2"}

const passwordProperty = "Terraform would keep its value in the state in clear. Use servicenow_record on the table " +
	"sys_properties, with the value in secret_values_wo"

func (m *systemProperty) Check(_ context.Context, report *lifecycle.Report) {
	if slices.Contains(passwordTypes, m.Type.ValueString()) {
		report.Error(&m.Type, "A password in a property", "A property of the type "+m.Type.ValueString()+" holds a secret: "+
			passwordProperty+".")
	}
}

// systemPropertyStore takes over properties that are there already.
type systemPropertyStore struct {
	*servicenowapi.Table
	sn *servicenowapi.Client
}

var _ record.Lister = systemPropertyStore{}

// readable refuses a property whose value must not, or cannot, be kept.
func (s systemPropertyStore) readable(row record.Record) error {
	if kind := row.Text("type"); slices.Contains(passwordTypes, kind) {
		return fmt.Errorf("the property %s is of the type %s: %s", row.Text("name"), kind, passwordProperty)
	}
	if _, said := row.Values["value"]; !said {
		return fmt.Errorf("the value of the property %s (sys_id %s): %w. Without it the property could be neither compared "+
			"nor restored", row.Text("name"), row.ID, record.ErrHidden)
	}
	return nil
}

func (s systemPropertyStore) columns(columns []string) []string {
	all := slices.Concat(columns, []string{"name", "value", "type"})
	slices.Sort(all)
	return slices.Compact(all)
}

func (s systemPropertyStore) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	name := want.Text("name")
	if err := servicenowapi.Queryable(name); err != nil {
		return record.Answer{}, fmt.Errorf("name %w", err)
	}
	var rows []record.Record
	hidden, err := s.Each(ctx, "name="+name, s.columns(want.Columns), 0, func(row record.Record) error {
		if row.Text("name") == name {
			rows = append(rows, row)
		}
		return nil
	})
	switch {
	case err != nil:
		return record.Answer{}, fmt.Errorf("looking whether the property exists: %w", err)
	case hidden > 0:
		return record.Answer{}, fmt.Errorf("the property %s: %w", name, record.ErrHidden)
	case len(rows) > 1:
		exists := &record.ExistsError{Key: fmt.Sprintf("name = %q", name)}
		for _, row := range rows {
			exists.IDs = append(exists.IDs, row.ID)
		}
		return record.Answer{}, exists
	case len(rows) == 0:
		return adopter{s.Table, s.sn}.create(ctx, want)
	}
	have := rows[0]
	if err := s.readable(have); err != nil {
		return record.Answer{}, err
	}
	if want.Scope != "" && want.Scope != have.Scope {
		return record.Answer{}, fmt.Errorf("the property %s exists already (sys_id %s), in the scope %s and not in %s: take "+
			"scope_id out", name, have.ID, have.Scope, want.Scope)
	}
	got, err := adopter{s.Table, s.sn}.adopt(ctx, have, want)
	if err == nil {
		got.Warnings = append(got.Warnings, fmt.Sprintf("The property %s existed already, with the value %q. It is managed "+
			"from here now (sys_id %s); destroying it restores that value and leaves it in place.", name, have.Text("value"),
			have.ID))
	}
	return got, err
}

func (s systemPropertyStore) Read(
	ctx context.Context, have record.Record, columns []string,
) (record.Answer, error) {
	got, err := s.Table.Read(ctx, have, s.columns(columns))
	if err != nil {
		return got, err
	}
	return got, s.readable(got.Record)
}

func (s systemPropertyStore) Update(
	ctx context.Context, have record.Record, want record.Write,
) (record.Answer, error) {
	return adopter{s.Table, s.sn}.update(ctx, have, want)
}

func (s systemPropertyStore) Delete(
	ctx context.Context, have record.Record, options record.Options,
) ([]string, error) {
	return adopter{s.Table, s.sn}.release(ctx, have, options)
}
