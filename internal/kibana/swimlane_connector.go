package kibana

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewSwimlaneConnector manages a Swimlane connector (.swimlane), which makes records.
var NewSwimlaneConnector = lifecycle.New[swimlaneConnector](connectorDefinition(typeSwimlane, lifecycle.Definition{
	Type: "kibana_swimlane_connector",
	Description: "A Swimlane connector (`.swimlane`), with which Kibana's rules and cases make and update records of a " +
		"Swimlane application.",
	Attributes: attribute.Schema{
		"api_url":        apiURL("The Swimlane instance, such as `https://swimlane.example.com`."),
		"application_id": attribute.RequiredText("The application's id, the last part of its URL."),
		"connector_type": attribute.RequiredText("What the connector serves: `all`, `alerts` or `cases`. `alerts` needs the "+
			"mappings `alert_id` and `rule_name`; `cases` needs `case_id`, `case_name`, `comments` and `description`.",
			attribute.OneOf("all", "alerts", "cases")),
		"api_token_wo":           attribute.Secret("A user's personal access token. Required."),
		"credentials_wo_version": attribute.SecretVersion("the token"),
		"mappings": attribute.Object("Which field of the Swimlane application gets what Kibana knows.", attribute.Schema{
			"alert_id":    swimlaneField("an alert's id"),
			"rule_name":   swimlaneField("a rule's name"),
			"case_id":     swimlaneField("a case's id"),
			"case_name":   swimlaneField("a case's title"),
			"severity":    swimlaneField("a severity"),
			"comments":    swimlaneField("comments"),
			"description": swimlaneField("a description"),
		}),
	},
}))

type swimlaneConnector struct {
	connector
	APIURL               types.String `tfsdk:"api_url"`
	ApplicationID        types.String `tfsdk:"application_id"`
	ConnectorType        types.String `tfsdk:"connector_type"`
	Mappings             types.Object `tfsdk:"mappings"`
	APITokenWO           types.String `tfsdk:"api_token_wo"`
	CredentialsWOVersion types.Int64  `tfsdk:"credentials_wo_version"`
}

func (m *swimlaneConnector) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	m.plan(ctx, c, typeSwimlane, report)
}

func (m *swimlaneConnector) Fields() []field.Field {
	return m.connector.fields(
		field.String("config.apiUrl", &m.APIURL),
		field.String("config.appId", &m.ApplicationID),
		field.String("config.connectorType", &m.ConnectorType),
		field.Structure("config.mappings", &m.Mappings, swimlaneKeys),
		field.RequiredSecret("apiToken", &m.APITokenWO, &m.CredentialsWOVersion),
	)
}
