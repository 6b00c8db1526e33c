package kibana

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewConnectorsData lists the connectors of a space.
var NewConnectorsData = lifecycle.NewReader[connectorsData](lifecycle.Reader{
	Type:        "kibana_connectors",
	Server:      lifecycle.Kibana,
	Description: "Lists all connectors of a Kibana space, those in `kibana.yml` included.",
	Attributes: map[string]schema.Attribute{
		"space_id": spaceAttribute(),
		"connectors": schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: "The connectors, in Kibana's order.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"id":   schema.StringAttribute{Computed: true, MarkdownDescription: "The connector's id."},
				"name": schema.StringAttribute{Computed: true, MarkdownDescription: "The connector's name."},
				"connector_type_id": schema.StringAttribute{
					Computed: true, MarkdownDescription: "The connector's type, such as `.servicenow`.",
				},
				"config": schema.StringAttribute{
					Computed: true, MarkdownDescription: "The config as a JSON object; null where Kibana hides it.",
				},
				"is_deprecated": schema.BoolAttribute{
					Computed: true, MarkdownDescription: "Whether Kibana calls the connector deprecated.",
				},
				"is_missing_secrets": schema.BoolAttribute{
					Computed: true, MarkdownDescription: "Whether Kibana has lost the connector's secrets.",
				},
				"is_preconfigured": schema.BoolAttribute{
					Computed: true, MarkdownDescription: "Whether the connector is defined in `kibana.yml`.",
				},
			}},
		},
	},
})

type connectorsData struct {
	SpaceID    types.String      `tfsdk:"space_id"`
	Connectors []listedConnector `tfsdk:"connectors"`
}

type listedConnector struct {
	ID               types.String `tfsdk:"id"`
	Name             types.String `tfsdk:"name"`
	ConnectorTypeID  types.String `tfsdk:"connector_type_id"`
	Config           types.String `tfsdk:"config"`
	IsDeprecated     types.Bool   `tfsdk:"is_deprecated"`
	IsMissingSecrets types.Bool   `tfsdk:"is_missing_secrets"`
	IsPreconfigured  types.Bool   `tfsdk:"is_preconfigured"`
}

func (m *connectorsData) Read(ctx context.Context, c *lifecycle.Servers) error {
	all, err := c.Kibana.List(ctx, inSpace(&m.SpaceID, c))
	if err != nil {
		return err
	}
	m.Connectors = make([]listedConnector, len(all))
	for i, o := range all {
		config, err := document(o.Config)
		if err != nil {
			return err
		}
		m.Connectors[i] = listedConnector{
			types.StringValue(o.ID), types.StringValue(o.Name), types.StringValue(o.TypeID), config,
			types.BoolValue(o.IsDeprecated), types.BoolValue(o.IsMissingSecrets), types.BoolValue(o.IsPreconfigured),
		}
	}
	return nil
}
