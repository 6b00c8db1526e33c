package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewRecord manages a row of any table.
var NewRecord = lifecycle.New[anyRecord](lifecycle.Definition{
	Type:           "record",
	TableAttribute: "table",
	Store:          newRecordStore,
	Needs:          lifecycle.Needs{Access: "the roles that the access rules of the table demand"},
	Description: "A record of any table, for what has no resource of its own. Only the columns that `values` and " +
		"`secret_values_wo` name are owned, compared and cleared; all others are left alone. It has no natural key, so a " +
		"record that is there already is not noticed: import it. Records of access policies, their mappings, profiles and " +
		"parameters are guarded as the resources for them are: what would shut the provider itself out of the Table API is " +
		"refused, unless `allow_lockout` is set in the provider block. A create whose answer is lost is found again by its " +
		"`sys_id`; on an instance that makes its own, by its account and all that was written, if exactly one new record " +
		"has those.",
	Attributes: attribute.Schema{
		"table": attribute.ReplacedText("The table's name, such as `sys_properties`.", tableName),
		"values": attribute.RequiredTexts("The columns, by name. Values are as stored: `true`, `3`, `2027-01-31 00:00:00` "+
			"(UTC), a `sys_id`. `null` keeps a column empty; removing a column clears it once.", columnName),
		"secret_values_wo": attribute.Secrets("The columns that hold secrets, by name, such as `password2` columns. " +
			"Removing one clears it."),
		"secret_values_wo_version": attribute.SecretVersion("`secret_values_wo`"),
		"computed_columns": attribute.Names("The columns to read into `computed_values`, such as `number` or "+
			"`sys_created_on`.", columnName),
		"computed_values": attribute.ComputedTexts("What the columns of `computed_columns` hold, by name."),
	},
})

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
		columnNames{&m.ComputedColumns},
		field.MovesWith(field.Computed(columnValues{&m.ComputedColumns, &m.ComputedValues})),
	}
}

func (m *anyRecord) Check(_ context.Context, report *lifecycle.Report) {
	for column := range m.SecretValuesWO.Elements() {
		if !columnPattern.MatchString(column) {
			report.Error(nil, "Not a column's name", "secret_values_wo names the column \""+column+
				"\"; a column's name has only lowercase letters, digits and _.")
		}
	}
	for _, element := range m.ComputedColumns.Elements() {
		column, _ := element.(types.String)
		if _, secret := m.SecretValuesWO.Elements()[column.ValueString()]; secret {
			report.Error(nil, "A secret would be shown", "computed_columns names the column "+column.ValueString()+
				", which secret_values_wo sets. Its value would be stored in the state: take it out of computed_columns.")
		}
	}
	for column := range m.Values.Elements() {
		if _, ok := m.SecretValuesWO.Elements()[column]; ok {
			report.Error(nil, "A column in two places", "The column "+column+" is in both values and secret_values_wo. "+
				"Leave it in one of them.")
		}
	}
}
