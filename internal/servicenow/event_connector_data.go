package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewEventConnectorData finds a push connector of Event Management (sn_em_connector_listener).
var NewEventConnectorData = lifecycle.NewLookup[eventConnectorData](lifecycle.Lookup{
	Type:  "event_connector",
	Table: "sn_em_connector_listener",
	Keys:  []string{"name", "source"},
	Description: "Finds a push connector of Event Management (`sn_em_connector_listener`), for example one that the " +
		"application ships, by its name or its source. Exactly one of the two.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "The connector's name."},
		"source": schema.StringAttribute{
			Optional: true, Computed: true, MarkdownDescription: "The connector's source, such as `aws`.",
		},
	},
})

type eventConnectorData struct {
	lifecycle.Found
	Name   types.String `tfsdk:"name"`
	Source types.String `tfsdk:"source"`
}

func (m *eventConnectorData) Fields() []field.Field {
	return []field.Field{field.String("name", &m.Name), field.String("source", &m.Source)}
}
