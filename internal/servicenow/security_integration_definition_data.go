package servicenow

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewSecurityIntegrationDefinitionData finds a security integration (sn_sec_int_integration) and its parameters.
var NewSecurityIntegrationDefinitionData = lifecycle.NewReader[securityIntegrationDefinitionData](lifecycle.Reader{
	Type: "security_integration_definition",
	Description: "Finds a security integration (`sn_sec_int_integration`) by its name, and lists the parameters " +
		"(`sn_sec_int_config`) that a `servicenow_security_integration` of it can have.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required: true, MarkdownDescription: "The integration's name, such as `Rapid7 InsightVM Integration`.",
		},
		"id": schema.StringAttribute{Computed: true, MarkdownDescription: "The record's `sys_id`."},
		"parameters": schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: "The parameters, by name.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name": schema.StringAttribute{
					Computed: true, MarkdownDescription: "The name to use in `parameters` or `secret_parameters_wo`.",
				},
				"label": schema.StringAttribute{Computed: true, MarkdownDescription: "The label in the form."},
				"type": schema.StringAttribute{Computed: true, MarkdownDescription: "The form's element, as the instance " +
					"stores it."},
				"mandatory": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the form demands it."},
				"secret": schema.BoolAttribute{
					Computed: true, MarkdownDescription: "Whether it looks like one for `secret_parameters_wo`.",
				},
				"default_value": schema.StringAttribute{Computed: true, MarkdownDescription: "The value where none is set."},
			}},
		},
	},
})

type securityIntegrationDefinitionData struct {
	Name       types.String           `tfsdk:"name"`
	ID         types.String           `tfsdk:"id"`
	Parameters []integrationParameter `tfsdk:"parameters"`
}

type integrationParameter struct {
	Name         string `tfsdk:"name"`
	Label        string `tfsdk:"label"`
	Type         string `tfsdk:"type"`
	Mandatory    bool   `tfsdk:"mandatory"`
	Secret       bool   `tfsdk:"secret"`
	DefaultValue string `tfsdk:"default_value"`
}

func (m *securityIntegrationDefinitionData) Read(ctx context.Context, c *lifecycle.Servers) error {
	table := c.ServiceNow.Table("sn_sec_int_integration")
	match := record.Match{Values: map[string]string{"name": m.Name.ValueString()}}
	found, err := table.Find(ctx, match, []string{"name"}, 5)
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return fmt.Errorf("%d integrations have the name %s, not one%s", len(found), m.Name, otherIntegrations(ctx, table))
	}
	m.ID = types.StringValue(found[0].ID)
	defined, err := definedParameters(ctx, c.ServiceNow, found[0].ID)
	if err != nil {
		return err
	}
	m.Parameters = []integrationParameter{}
	for _, name := range slices.Sorted(maps.Keys(defined)) {
		d := defined[name]
		m.Parameters = append(m.Parameters, integrationParameter{
			Name: name, Label: d.label, Type: d.kind, Mandatory: d.mandatory, Secret: d.secret(), DefaultValue: d.defaultValue,
		})
	}
	return nil
}

// otherIntegrations lists what there is: an instance has a few dozen integrations at most.
func otherIntegrations(ctx context.Context, table *servicenowapi.Table) string {
	const most = 50
	rows, err := table.Query(ctx, "ORDERBYname", []string{"name"}, most)
	if err != nil || len(rows) == 0 {
		return ""
	}
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = fmt.Sprintf("%q (%s)", row.Text("name"), row.ID)
	}
	return ". There are " + strings.Join(names, ", ")
}
