package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewEventConnector manages a push connector of Event Management (sn_em_connector_listener).
var NewEventConnector = lifecycle.New[eventConnector](lifecycle.Definition{
	Type:  "event_connector",
	Table: "sn_em_connector_listener",
	Key:   []string{"name"},
	Needs: lifecycle.Needs{
		Roles: lifecycle.OneOf("evt_mgmt_admin"), Application: eventApplication,
		Newer: map[string]string{
			"mid_server_script_include": lifecycle.SomeInstances,
			"header_name":               lifecycle.SomeInstances,
			"header_value":              lifecycle.SomeInstances,
		},
	},
	Description: "A push connector of Event Management (`sn_em_connector_listener`, application *Event Management " +
		"Connectors*): it takes events of one source in the sender's own format. " +
		"`provider::servicenow::inbound_event_url` returns the URL to send them to. Senders need the role " +
		"`evt_mgmt_integration`.",
	Attributes: attribute.Schema{
		"name":         attribute.RequiredText("The connector's name."),
		"source":       attribute.RequiredText("The source in the URL of its events, such as `elastic`."),
		"source_label": attribute.Text("The source that events are shown with."),
		"description":  attribute.Text("What the connector is for."),
		"script":       attribute.Text("The script that turns what was sent into events."),
		"header_name":  attribute.Text("The header by which requests without a source are recognized."),

		"header_value_wo":         attribute.Secret("The value of that header."),
		"header_value_wo_version": attribute.SecretVersion("`header_value_wo`"),

		"mid_server_script_include_id": attribute.Reference("The script include that a MID server runs: its `sys_id`."),

		"type":   attribute.ServerText("Where events arrive, as stored: `1` is the instance. Default: the instance's."),
		"order":  attribute.ServerInt("The order in which connectors are tried, lowest first. Default: the instance's."),
		"active": attribute.Active("Whether the connector takes events."),
	},
})

type eventConnector struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	lifecycle.Secrets
	Name                     types.String `tfsdk:"name"`
	Source                   types.String `tfsdk:"source"`
	SourceLabel              types.String `tfsdk:"source_label"`
	Description              types.String `tfsdk:"description"`
	Script                   types.String `tfsdk:"script"`
	HeaderName               types.String `tfsdk:"header_name"`
	HeaderValueWO            types.String `tfsdk:"header_value_wo"`
	HeaderValueWOVersion     types.Int64  `tfsdk:"header_value_wo_version"`
	MIDServerScriptIncludeID types.String `tfsdk:"mid_server_script_include_id"`
	Type                     types.String `tfsdk:"type"`
	Order                    types.Int64  `tfsdk:"order"`
	Active                   types.Bool   `tfsdk:"active"`
}

func (m *eventConnector) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("source", &m.Source),
		field.String("event_source_label", &m.SourceLabel),
		field.String("description", &m.Description),
		field.String("script", &m.Script),
		field.String("header_name", &m.HeaderName),
		field.Secret("header_value", &m.HeaderValueWO, &m.HeaderValueWOVersion),
		field.String("mid_server_script_include", &m.MIDServerScriptIncludeID),
		field.String("type", &m.Type),
		field.Int("order", &m.Order),
		field.Bool("active", &m.Active),
	}
}

func (m *eventConnector) Check(_ context.Context, report *lifecycle.Report) {
	if m.HeaderName.IsNull() && !m.HeaderValueWO.IsNull() {
		report.Error(&m.HeaderName, "A header without a name", "header_value_wo is the value of the header that header_name "+
			"names. Set header_name, too.")
	}
}
