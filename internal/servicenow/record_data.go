package servicenow

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewRecordData finds one row of any table.
var NewRecordData = lifecycle.NewReader[recordData](lifecycle.Reader{
	Type:        "record",
	Description: "Finds the one record of any table that an encoded query matches. " + droppedTerms,
	Attributes: map[string]schema.Attribute{
		"table": schema.StringAttribute{
			Required: true, Validators: []validator.String{tableName}, MarkdownDescription: "The table's name, such as " +
				"`sys_properties`.",
		},
		"query": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "The encoded query, such as `name=glide.servlet.uri`; a list's *Copy query* copies it.",
		},
		"id": schema.StringAttribute{Computed: true, MarkdownDescription: "The record's `sys_id`."},
		"record": schema.MapAttribute{
			Computed: true, ElementType: types.StringType, MarkdownDescription: "All columns that may be read, by name, as " +
				"stored.",
		},
	},
})

const droppedTerms = "ServiceNow drops a term that it does not understand and runs the rest; a query whose columns " +
	"the answer does not hold, or whose values it contradicts, is an error instead."

type recordData struct {
	Table  types.String      `tfsdk:"table"`
	Query  types.String      `tfsdk:"query"`
	ID     types.String      `tfsdk:"id"`
	Record map[string]string `tfsdk:"record"`
}

func (m *recordData) Read(ctx context.Context, c *lifecycle.Servers) error {
	const most = 5
	var found []record.Record
	terms := servicenowapi.TermsOf(m.Query.ValueString())
	_, err := c.ServiceNow.Table(m.Table.ValueString()).Each(ctx, m.Query.ValueString(), nil, most,
		func(row record.Record) error {
			found = append(found, row)
			return terms.Check(m.Table.ValueString(), row)
		})
	if err != nil {
		return err
	}
	switch len(found) {
	case 0:
		return fmt.Errorf("no record of %s matches %s, or the account may not read it", m.Table.ValueString(), m.Query)
	case 1:
		m.ID, m.Record = types.StringValue(found[0].ID), textsOf(found[0], nil)
		return nil
	}
	ids := make([]string, len(found))
	for i, row := range found {
		ids[i] = row.ID
	}
	return fmt.Errorf("more than one record of %s matches %s: %v and perhaps more. Make the query narrower, or use "+
		"servicenow_records", m.Table.ValueString(), m.Query, ids)
}

// textsOf returns the columns of a row as text: those named, or all.
func textsOf(row record.Record, columns []string) map[string]string {
	texts := map[string]string{}
	if columns == nil {
		for column, value := range row.Values {
			texts[column] = record.Text(value)
		}
	}
	for _, column := range columns {
		texts[column] = row.Text(column)
	}
	return texts
}
