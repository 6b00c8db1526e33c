package servicenow

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewCrossScopePrivilege manages a cross-scope privilege (sys_scope_privilege).
var NewCrossScopePrivilege = lifecycle.New[crossScopePrivilege](lifecycle.Definition{
	Type:    "cross_scope_privilege",
	Table:   "sys_scope_privilege",
	Key:     []string{"source_scope_id", "target_scope_id", "target_type", "target_name", "operation"},
	Display: "{source_scope.scope} · {operation} {target_name} of {target_scope.scope}",
	Store: func(c *lifecycle.Servers) record.Store {
		return privilegeStore{c.ServiceNow.Table("sys_scope_privilege"), c.ServiceNow}
	},
	Description: "A cross-scope privilege (`sys_scope_privilege`): what one application may do with a table or script " +
		"of another scope. The platform writes such records itself when an application first tries, so one with the same " +
		"key is taken over; see `adopt_existing`. `provider::servicenow::elastic_privileges` lists the ones of the Elastic " +
		"applications.",
	Attributes: map[string]schema.Attribute{
		"source_scope_id": keyed("The application that gets the privilege: `id` of a `data.servicenow_application`, or the "+
			"name of its scope, such as `x_elas2_inc_int`.", lifecycle.SysIDOrScope()),
		"target_scope_id": keyed("The application that the target lives in: its `sys_id`, or the name of its scope, such as "+
			"`global` or `sn_si`.", lifecycle.SysIDOrScope()),
		"target_name": replacing(keyed("The target as ServiceNow stores it: a table (`incident`), a script include, or a " +
			"scriptable object or method (`GlideRecord.insert`).")),
		"target_type": replacing(keyed("The kind of target: `sys_db_object` (a table), `sys_script_include` or `scriptable`.",
			stringvalidator.OneOf("sys_db_object", "sys_script_include", "scriptable"))),
		"operation": replacing(keyed("What is allowed: `read`, `write`, `create` or `delete` on a table, `execute` on "+
			"scripts.",
			stringvalidator.OneOf("read", "write", "create", "delete", "execute"))),
		"status": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("allowed"),
			MarkdownDescription: "`allowed`, `denied` or `requested`. Default: `allowed`.",
			Validators:          []validator.String{stringvalidator.OneOf("requested", "allowed", "denied")},
		},
		"adopted": lifecycle.AdoptedAttribute("restores the status that it had"),
		"adopt_existing": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether a record with the same key is taken over and its `status` corrected, with a " +
				"warning; its `scope_id` is left as it is. With `false` such a record is an error that prints the import " +
				"command. Default: `true`.",
		},
	},
})

// keyed is a required attribute of the natural key. That applications replace the privilege is planned by the
// lifecycle, since a name and a sys_id may be one application.
func keyed(description string, validators ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{
		Required: true, Validators: validators,
		MarkdownDescription: description + " Changing it replaces the privilege.",
	}
}

func replacing(attribute schema.StringAttribute) schema.StringAttribute {
	attribute.PlanModifiers = []planmodifier.String{stringplanmodifier.RequiresReplace()}
	return attribute
}

type crossScopePrivilege struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	lifecycle.Adopted
	SourceScopeID types.String `tfsdk:"source_scope_id"`
	TargetScopeID types.String `tfsdk:"target_scope_id"`
	TargetName    types.String `tfsdk:"target_name"`
	TargetType    types.String `tfsdk:"target_type"`
	Operation     types.String `tfsdk:"operation"`
	Status        types.String `tfsdk:"status"`
	AdoptExisting types.Bool   `tfsdk:"adopt_existing"`
}

func (m *crossScopePrivilege) Fields() []field.Field {
	return []field.Field{
		field.ApplicationOf("source_scope", &m.SourceScopeID),
		field.ApplicationOf("target_scope", &m.TargetScopeID),
		field.String("target_name", &m.TargetName),
		field.String("target_type", &m.TargetType),
		field.String("operation", &m.Operation),
		field.String("status", &m.Status),
		field.Option(&m.AdoptExisting, func(o *record.Options) *bool { return &o.AdoptExisting }),
	}
}

func (m *crossScopePrivilege) Check(_ context.Context, report *lifecycle.Report) {
	kind, operation := m.TargetType.ValueString(), m.Operation.ValueString()
	if kind == "" || operation == "" {
		return
	}
	if (kind == "sys_db_object") == (operation == "execute") {
		report.Error(&m.Operation, "An operation that the target does not have", fmt.Sprintf("%q does not go with "+
			"target_type %q: tables (sys_db_object) have read, write, create and delete; scripts (sys_script_include, "+
			"scriptable) have execute.", operation, kind))
	}
}

// privilegeStore minds the rows that the platform writes itself at run time.
type privilegeStore struct {
	*servicenowapi.Table
	sn *servicenowapi.Client
}

var _ record.Lister = privilegeStore{}

// applicationColumns refer to applications, which a configuration may name by their scopes.
var applicationColumns = []string{"source_scope", "target_scope"}

// resolved puts sys_ids in the place of scopes.
func (s privilegeStore) resolved(ctx context.Context, r record.Record) (record.Record, error) {
	r.Values = maps.Clone(r.Values)
	for _, column := range applicationColumns {
		if scope := r.Text(column); scope != "" {
			id, err := s.sn.ApplicationID(ctx, scope)
			if err != nil {
				return r, err
			}
			r.Values[column] = id
		}
	}
	return r, nil
}

// named adds the names of the scopes of known to an answer that refers to the same applications and does not hold them.
func (s privilegeStore) named(ctx context.Context, got record.Answer, known record.Record) record.Answer {
	got.Values = maps.Clone(got.Values)
	for _, column := range applicationColumns {
		name := field.ScopeNameColumn(column)
		id, err := s.sn.ApplicationID(ctx, known.Text(column))
		if err == nil && got.Text(name) == "" && id == got.Text(column) {
			got.Values[name] = known.Text(column)
		}
	}
	return got
}

// Find looks privileges up, for imports.
func (s privilegeStore) Find(
	ctx context.Context, match record.Match, columns []string, limit int,
) ([]record.Record, error) {
	wanted := record.Record{Values: map[string]any{}}
	for column, value := range match.Values {
		wanted.Values[column] = value
	}
	wanted, err := s.resolved(ctx, wanted)
	if err != nil {
		return nil, err
	}
	match.Values = map[string]string{}
	for column := range wanted.Values {
		match.Values[column] = wanted.Text(column)
	}
	return s.Table.Find(ctx, match, columns, limit)
}

func (s privilegeStore) Read(ctx context.Context, have record.Record, columns []string) (record.Answer, error) {
	got, err := s.Table.Read(ctx, have, columns)
	if err != nil {
		return got, err
	}
	return s.named(ctx, got, have), nil
}

func (s privilegeStore) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	configured := want.Record
	var err error
	if want.Record, err = s.resolved(ctx, want.Record); err != nil {
		return record.Answer{}, err
	}
	got, err := s.create(ctx, want)
	if got.ID != "" {
		got = s.named(ctx, got, configured)
	}
	return got, err
}

func (s privilegeStore) create(ctx context.Context, want record.Write) (record.Answer, error) {
	match := record.Match{Values: map[string]string{}}
	for _, column := range want.Key {
		match.Values[column] = want.Text(column)
	}
	rows, err := s.Find(ctx, match, want.Columns, 5)
	if err != nil {
		return record.Answer{}, err
	}
	if len(rows) == 0 {
		if want.Scope == "" {
			// The platform counts a privilege only where it belongs to the application that it is for.
			want.Scope, want.Defaulted = want.Text("source_scope"), true
		}
		return adopter{s.Table, s.sn}.create(ctx, want)
	}
	if !want.AdoptExisting {
		exists := &record.ExistsError{Key: "this source, target and operation"}
		for _, row := range rows {
			exists.IDs = append(exists.IDs, row.ID)
		}
		return record.Answer{}, exists
	}
	have := rows[0]
	got, err := adopter{s.Table, s.sn}.adopt(ctx, have, want)
	if err != nil {
		return got, err
	}
	got.Warnings = append(got.Warnings, fmt.Sprintf("The privilege %s on %s existed already, with the status %q, as the "+
		"platform writes such records itself. It is managed from here now (sys_id %s); destroying it restores that status "+
		"and leaves the record in place.", have.Text("operation"), have.Text("target_name"), have.Text("status"), have.ID))
	return got, nil
}

func (s privilegeStore) Update(ctx context.Context, have record.Record, want record.Write) (record.Answer, error) {
	configured := want.Record
	for column, value := range have.Values { // the applications stay, however they are spelled
		if slices.Contains(applicationColumns, column) {
			want.Values[column] = value
		}
	}
	got, err := adopter{s.Table, s.sn}.update(ctx, have, want)
	if got.ID != "" {
		got = s.named(ctx, got, configured)
	}
	return got, err
}

// Delete releases a privilege that was taken over.
func (s privilegeStore) Delete(ctx context.Context, have record.Record, options record.Options) ([]string, error) {
	return adopter{s.Table, s.sn}.release(ctx, have, options)
}
