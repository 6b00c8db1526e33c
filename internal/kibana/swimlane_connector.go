package kibana

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewSwimlaneConnector manages a Swimlane connector (.swimlane), which makes records.
var NewSwimlaneConnector = lifecycle.New[swimlaneConnector](connectorDefinition(".swimlane", lifecycle.Definition{
	Type: "kibana_swimlane_connector",
	Description: "A Swimlane connector (`.swimlane`), with which Kibana's rules and cases make and update records of a " +
		"Swimlane application." + keepsAll,
	Attributes: map[string]schema.Attribute{
		"api_url": schema.StringAttribute{
			Required: true, MarkdownDescription: "The Swimlane instance, such as `https://swimlane.example.com`.",
			Validators: []validator.String{serviceURL{}},
		},
		"application_id": schema.StringAttribute{
			Required: true, MarkdownDescription: "The application's id, the last part of its URL.",
		},
		"connector_type": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "What the connector serves: `all`, `alerts` or `cases`. `alerts` needs the mappings " +
				"`alert_id` and `rule_name`; `cases` needs `case_id`, `case_name`, `comments` and `description`.",
			Validators: []validator.String{stringvalidator.OneOf("all", "alerts", "cases")},
		},
		"api_token_wo":           schema.StringAttribute{MarkdownDescription: "A user's personal access token. Needed."},
		"credentials_wo_version": lifecycle.Version("the token"),
		"mappings": schema.SingleNestedAttribute{
			Optional: true, MarkdownDescription: "Which field of the Swimlane application gets what Kibana knows.",
			Attributes: map[string]schema.Attribute{
				"alert_id":    swimlaneField("an alert's id"),
				"rule_name":   swimlaneField("a rule's name"),
				"case_id":     swimlaneField("a case's id"),
				"case_name":   swimlaneField("a case's title"),
				"severity":    swimlaneField("a severity"),
				"comments":    swimlaneField("comments"),
				"description": swimlaneField("a description"),
			},
		},
	},
}))

func swimlaneField(what string) schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: "The field that gets " + what + ".",
		Attributes: map[string]schema.Attribute{
			"id":   schema.StringAttribute{Required: true, MarkdownDescription: "The field's id."},
			"key":  schema.StringAttribute{Required: true, MarkdownDescription: "The field's key."},
			"name": schema.StringAttribute{Required: true, MarkdownDescription: "The field's name."},
			"field_type": schema.StringAttribute{
				Required: true, MarkdownDescription: "The field's type, such as `text`, `numeric` or `comments`.",
			},
		},
	}
}

type swimlaneConnector struct {
	connector
	APIURL               types.String `tfsdk:"api_url"`
	ApplicationID        types.String `tfsdk:"application_id"`
	ConnectorType        types.String `tfsdk:"connector_type"`
	Mappings             types.Object `tfsdk:"mappings"`
	APITokenWO           types.String `tfsdk:"api_token_wo"`
	CredentialsWOVersion types.Int64  `tfsdk:"credentials_wo_version"`
}

func (m *swimlaneConnector) Fields() []field.Field {
	return m.connector.fields(
		field.String("config.apiUrl", &m.APIURL),
		field.String("config.appId", &m.ApplicationID),
		field.String("config.connectorType", &m.ConnectorType),
		field.Structure("config.mappings", &m.Mappings, map[string]string{
			"alert_id": "alertIdConfig", "rule_name": "ruleNameConfig", "case_id": "caseIdConfig",
			"case_name": "caseNameConfig", "severity": "severityConfig", "comments": "commentsConfig",
			"description": "descriptionConfig", "field_type": "fieldType",
		}),
		field.RequiredSecret("apiToken", &m.APITokenWO, &m.CredentialsWOVersion),
	)
}

// demanded are the mappings that Kibana's form insists on. Its API does not: such a connector fails when it is run.
var demanded = map[string][]string{
	"alerts": {"alert_id", "rule_name"},
	"cases":  {"case_id", "case_name", "comments", "description"},
}

func (m *swimlaneConnector) Check(_ context.Context, report *lifecycle.Report) {
	if m.Mappings.IsUnknown() {
		return
	}
	var missing []string
	for _, name := range demanded[m.ConnectorType.ValueString()] {
		if v := m.Mappings.Attributes()[name]; v == nil || v.IsNull() {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		report.Error(&m.Mappings, "Mappings are missing", "A connector of the type \""+m.ConnectorType.ValueString()+
			"\" needs the mappings "+strings.Join(missing, ", ")+" too: Kibana would store it and fail when it is run.")
		return
	}
	if m.Mappings.IsNull() {
		return
	}
	for _, v := range m.Mappings.Attributes() {
		if !v.IsNull() {
			return
		}
	}
	report.Error(&m.Mappings, "Empty mappings", "mappings names no field. Leave it out instead.")
}
