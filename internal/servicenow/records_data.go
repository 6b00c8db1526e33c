package servicenow

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewRecordsData lists rows of any table.
var NewRecordsData = lifecycle.NewReader[recordsData](lifecycle.Reader{
	Type: "records",
	Description: "Lists the records of any table that an encoded query matches, 1,000 in a request and in the order of " +
		"`sys_id` unless the query states another. Records that access control hides are left out. " + droppedTerms,
	Attributes: map[string]schema.Attribute{
		"table": schema.StringAttribute{
			Required: true, Validators: []validator.String{tableName},
			MarkdownDescription: "The table's name, such as `sys_user`.",
		},
		"query": schema.StringAttribute{
			Optional: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "The encoded query, such as `active=true^emailENDSWITH@example.com`. Default: all records.",
		},
		"columns": schema.SetAttribute{
			Optional: true, ElementType: types.StringType, Validators: []validator.Set{setvalidator.SizeAtLeast(1)},
			MarkdownDescription: "The columns to read; those of references too, such as `manager.email`. Default: all.",
		},
		"limit": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "How many records to read at most. Default: all.",
		},
		"records": schema.ListAttribute{
			Computed: true, ElementType: types.MapType{ElemType: types.StringType},
			MarkdownDescription: "The records, each a map from column to value as stored.",
		},
	},
})

type recordsData struct {
	Table   types.String        `tfsdk:"table"`
	Query   types.String        `tfsdk:"query"`
	Columns []string            `tfsdk:"columns"`
	Limit   types.Int64         `tfsdk:"limit"`
	Records []map[string]string `tfsdk:"records"`
}

func (m *recordsData) Read(ctx context.Context, c *lifecycle.Servers) error {
	terms := servicenowapi.TermsOf(m.Query.ValueString())
	columns := m.Columns
	if columns != nil {
		for _, term := range terms {
			columns = append(slices.Clip(columns), term.Column) // read along, to see that no term was dropped
		}
	}
	m.Records = []map[string]string{}
	_, err := c.ServiceNow.Table(m.Table.ValueString()).Each(
		ctx, m.Query.ValueString(), columns, int(m.Limit.ValueInt64()), func(row record.Record) error {
			if err := terms.Check(m.Table.ValueString(), row); err != nil {
				return err
			}
			for _, column := range m.Columns {
				if _, ok := row.Values[column]; !ok {
					return fmt.Errorf("the table %s has no column %s, or the account may not read it", m.Table.ValueString(), column)
				}
			}
			m.Records = append(m.Records, textsOf(row, m.Columns))
			return nil
		})
	return err
}
