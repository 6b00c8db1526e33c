package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewEventConnector manages a push connector of Event Management (sn_em_connector_listener).
var NewEventConnector = lifecycle.New[eventConnector](lifecycle.Definition{
	Type:  "event_connector",
	Table: "sn_em_connector_listener",
	Key:   []string{"name"},
	Description: "A push connector of Event Management (`sn_em_connector_listener`, application *Event Management " +
		"Connectors*): it takes events of one source in the sender's own words. " +
		"`provider::servicenow::inbound_event_url` gives the URL to send them to. Needs the role `evt_mgmt_admin`; senders " +
		"need `evt_mgmt_integration`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The connector's name."},
		"source": schema.StringAttribute{
			Required: true, MarkdownDescription: "The source that stands in the URL of its events, as `elastic`.",
		},
		"source_label": schema.StringAttribute{Optional: true, MarkdownDescription: "The source that events are shown with."},
		"description":  schema.StringAttribute{Optional: true, MarkdownDescription: "What the connector is for."},
		"script": schema.StringAttribute{
			Optional: true, MarkdownDescription: "The script that makes events of what was sent.",
		},
		"header_name": schema.StringAttribute{
			Optional: true, MarkdownDescription: "The header by which requests without a source are recognised.",
		},
		"header_value_wo":         schema.StringAttribute{MarkdownDescription: "The value of that header."},
		"header_value_wo_version": lifecycle.Version("`header_value_wo`"),
		"mid_server_script_include_id": schema.StringAttribute{
			Optional: true, Validators: []validator.String{lifecycle.SysID()},
			MarkdownDescription: "The script include that a MID server runs: its `sys_id`.",
		},
		"type": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Where events arrive, as stored: `1` is the instance. Default: the instance's.",
		},
		"order": schema.Int64Attribute{
			Optional: true, Computed: true,
			MarkdownDescription: "The order in which connectors are tried, lowest first. Default: the instance's.",
		},
		"active": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether the connector takes events. Default: `true`.",
		},
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
