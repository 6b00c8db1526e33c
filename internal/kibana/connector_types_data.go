package kibana

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewConnectorTypesData lists the connector types that a Kibana knows.
var NewConnectorTypesData = lifecycle.NewReader[connectorTypesData](lifecycle.Reader{
	Type:   "kibana_connector_types",
	Server: lifecycle.Kibana,
	Description: "Lists the connector types that this Kibana knows, and whether its settings and its license let them " +
		"be used: for `check` blocks before connectors are made.",
	Attributes: map[string]schema.Attribute{
		"space_id": spaceAttribute(),
		"connector_types": schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: "The connector types, in Kibana's order.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"id":      schema.StringAttribute{Computed: true, MarkdownDescription: "The type's id, such as `.servicenow`."},
				"name":    schema.StringAttribute{Computed: true, MarkdownDescription: "Its name, such as `ServiceNow ITSM`."},
				"enabled": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether connectors of the type can be used."},
				"enabled_in_config": schema.BoolAttribute{
					Computed: true, MarkdownDescription: "Whether `xpack.actions.enabledActionTypes` admits it.",
				},
				"enabled_in_license": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the license admits it."},
				"minimum_license_required": schema.StringAttribute{
					Computed: true, MarkdownDescription: "The license it needs: `basic`, `gold`, `platinum` or `enterprise`.",
				},
			}},
		},
	},
})

type connectorTypesData struct {
	SpaceID        types.String    `tfsdk:"space_id"`
	ConnectorTypes []connectorType `tfsdk:"connector_types"`
}

type connectorType struct {
	ID                     types.String `tfsdk:"id"`
	Name                   types.String `tfsdk:"name"`
	Enabled                types.Bool   `tfsdk:"enabled"`
	EnabledInConfig        types.Bool   `tfsdk:"enabled_in_config"`
	EnabledInLicense       types.Bool   `tfsdk:"enabled_in_license"`
	MinimumLicenseRequired types.String `tfsdk:"minimum_license_required"`
}

func (m *connectorTypesData) Read(ctx context.Context, c *lifecycle.Servers) error {
	all, err := c.Kibana.Types(ctx, inSpace(&m.SpaceID, c))
	if err != nil {
		return err
	}
	m.ConnectorTypes = make([]connectorType, len(all))
	for i, t := range all {
		m.ConnectorTypes[i] = connectorType{
			types.StringValue(t.ID), types.StringValue(t.Name), types.BoolValue(t.Enabled),
			types.BoolValue(t.EnabledInConfig), types.BoolValue(t.InLicense), orNull(t.MinimumLicense),
		}
	}
	return nil
}

func orNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
