package servicenow

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewRecord manages a row of any table.
var NewRecord = lifecycle.New[anyRecord](lifecycle.Definition{
	Type:           "record",
	TableAttribute: "table",
	Store:          func(c *lifecycle.Servers) record.Store { return recordStore{c.ServiceNow} },
	Description: "A record of any table, for what has no resource of its own. Only the columns that `values` and " +
		"`secret_values_wo` name are owned, compared and cleared; all others are left alone. No natural key is known of " +
		"it, so a record that is there already is not noticed: import it. Records of access policies, their mappings, " +
		"profiles and parameters are guarded as the resources for them are: what would shut the provider itself out of the " +
		"Table API is refused, unless `allow_lockout` is set in the provider block.",
	Attributes: map[string]schema.Attribute{
		"table": schema.StringAttribute{
			Required: true, Validators: []validator.String{tableName},
			MarkdownDescription: "The table's name, such as `sys_properties`. Changing it replaces the record.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"values": schema.MapAttribute{
			Required: true, ElementType: types.StringType,
			Validators: []validator.Map{mapvalidator.KeysAre(columnName)},
			MarkdownDescription: "The columns, by name. Values are as stored: `true`, `3`, `2027-01-31 00:00:00` (UTC), a " +
				"`sys_id`. `null` keeps a column empty; removing a column clears it once.",
		},
		"secret_values_wo": schema.MapAttribute{
			ElementType:         types.StringType,
			MarkdownDescription: "The columns that hold secrets, by name, such as `password2` columns. Removing one clears it.",
		},
		"secret_values_wo_version": lifecycle.Version("`secret_values_wo`"),
		"computed_columns": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			Validators:          []validator.Set{setvalidator.ValueStringsAre(columnName)},
			MarkdownDescription: "The columns to read into `computed_values`, such as `number` or `sys_created_on`.",
		},
		"computed_values": schema.MapAttribute{
			Computed: true, ElementType: types.StringType,
			MarkdownDescription: "What the columns of `computed_columns` hold, by name.",
		},
	},
})

var (
	tableName = stringvalidator.RegexMatches(regexp.MustCompile(`^[a-z0-9_]+$`),
		"must be a table's name: lowercase letters, digits and _")
	columnPattern = regexp.MustCompile(`^[a-z0-9_]+$`)
	columnName    = stringvalidator.RegexMatches(columnPattern, "must be a column's name: lowercase letters, digits and _")
)

type anyRecord struct {
	lifecycle.Base
	lifecycle.Scope
	lifecycle.Secrets
	Table                 types.String `tfsdk:"table"`
	Values                types.Map    `tfsdk:"values"`
	SecretValuesWO        types.Map    `tfsdk:"secret_values_wo"`
	SecretValuesWOVersion types.Int64  `tfsdk:"secret_values_wo_version"`
	ComputedColumns       types.Set    `tfsdk:"computed_columns"`
	ComputedValues        types.Map    `tfsdk:"computed_values"`
}

func (m *anyRecord) Fields() []field.Field {
	return []field.Field{
		field.Table(&m.Table),
		field.FurtherColumns(&m.Values),
		field.SecretMap("", &m.SecretValuesWO, &m.SecretValuesWOVersion),
		field.Names(&m.ComputedColumns),
		field.MovesWith(field.Computed(field.ReadColumns(&m.ComputedColumns, &m.ComputedValues))),
	}
}

func (m *anyRecord) Check(_ context.Context, report *lifecycle.Report) {
	for column := range m.SecretValuesWO.Elements() {
		if !columnPattern.MatchString(column) {
			report.Error(nil, "Not a column's name", fmt.Sprintf("secret_values_wo names the column %q; columns have small "+
				"letters, digits and _.", column))
		}
	}
	for column := range m.Values.Elements() {
		if _, ok := m.SecretValuesWO.Elements()[column]; ok {
			report.Error(nil, "A column in two places", "The column "+column+" stands in values and in secret_values_wo. "+
				"Leave it in one of them.")
		}
	}
}

// recordStore finds the table in the record.
type recordStore struct{ sn *servicenowapi.Client }

func inTable(table string, got record.Answer) record.Answer {
	got.Table = table
	return got
}

func (s recordStore) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	got, err := s.sn.Table(want.Table).Create(ctx, want)
	return inTable(want.Table, got), err
}

func (s recordStore) Read(ctx context.Context, have record.Record, columns []string) (record.Answer, error) {
	got, err := s.sn.Table(have.Table).Read(ctx, have, columns)
	return inTable(have.Table, got), err
}

// Update reads columns that it did not know before, so that one which holds the wanted value already is not written.
func (s recordStore) Update(ctx context.Context, have record.Record, want record.Write) (record.Answer, error) {
	table := s.sn.Table(have.Table)
	if !knows(have, slices.Collect(maps.Keys(want.Values))) {
		now, err := table.Read(ctx, have, want.Columns)
		if err != nil {
			return record.Answer{}, err
		}
		have = now.Record
	}
	got, err := table.Update(ctx, have, want)
	if err == nil && !knows(got.Record, want.Columns) {
		kept := got.KeptSecrets
		got, err = table.Read(ctx, got.Record, want.Columns)
		got.KeptSecrets = kept
	}
	return inTable(table.Name, got), err
}

func knows(r record.Record, columns []string) bool {
	return !slices.ContainsFunc(columns, func(column string) bool { _, ok := r.Values[column]; return !ok })
}

func (s recordStore) Delete(ctx context.Context, have record.Record, options record.Options) ([]string, error) {
	return s.sn.Table(have.Table).Delete(ctx, have, options)
}
