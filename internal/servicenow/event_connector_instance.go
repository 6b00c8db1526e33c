package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewEventConnectorInstance manages one instance of a push connector (sn_em_connector_push_instance).
var NewEventConnectorInstance = lifecycle.New[eventConnectorInstance](lifecycle.Definition{
	Type:        "event_connector_instance",
	Table:       "sn_em_connector_push_instance",
	Key:         []string{"name"},
	Display:     "{name} · of {push_connector_definition.name}",
	Needs:       lifecycle.Needs{Roles: lifecycle.OneOf("evt_mgmt_admin"), Application: eventApplication},
	Description: "An instance of a push connector (`sn_em_connector_push_instance`): one sender, with a URL of its own.",
	Attributes: attribute.Schema{
		"name": attribute.RequiredText("The name, for example that of the sender."),
		"event_connector_id": attribute.RequiredReference("The connector: `id` of a `servicenow_event_connector`, a " +
			"resource or a data source."),
		"description": attribute.Text("What the instance is for."),
		"active":      attribute.ServerFlag("Whether events are taken. Default: the instance's, `true`."),
		"url":         attribute.ComputedText("The URL to send events to, which the instance fills in."),
	},
})

type eventConnectorInstance struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	Name             types.String `tfsdk:"name"`
	EventConnectorID types.String `tfsdk:"event_connector_id"`
	Description      types.String `tfsdk:"description"`
	Active           types.Bool   `tfsdk:"active"`
	URL              types.String `tfsdk:"url"`
}

func (m *eventConnectorInstance) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.Reference(field.String("push_connector_definition", &m.EventConnectorID), "sn_em_connector_listener"),
		field.String("description", &m.Description),
		field.Bool("active", &m.Active),
		field.MovesWith(field.Computed(field.String("url", &m.URL)), &m.EventConnectorID),
	}
}
