package kibana

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewJiraConnector manages a Jira connector (.jira), which opens issues.
var NewJiraConnector = lifecycle.New[jiraConnector](connectorDefinition(typeJira, lifecycle.Definition{
	Type: "kibana_jira_connector",
	Description: "A Jira connector (`.jira`), with which Kibana's rules and cases open and update issues, Jira Service " +
		"Management included.",
	Attributes: attribute.Join(caseFieldMappingsAttribute(), attribute.Schema{
		"api_url":                apiURL("The Jira instance, such as `https://example.atlassian.net`."),
		"project_key":            attribute.RequiredText("The key of the project that gets the issues, such as `OPS`."),
		"email_wo":               attribute.Secret("The account's e-mail address, or its name. Required."),
		"api_token_wo":           attribute.Secret("The account's API token, or its password. Required."),
		"credentials_wo_version": attribute.SecretVersion("the credentials"),
	}),
}))

type jiraConnector struct {
	connector
	caseFieldMappings
	APIURL               types.String `tfsdk:"api_url"`
	ProjectKey           types.String `tfsdk:"project_key"`
	EmailWO              types.String `tfsdk:"email_wo"`
	APITokenWO           types.String `tfsdk:"api_token_wo"`
	CredentialsWOVersion types.Int64  `tfsdk:"credentials_wo_version"`
}

func (m *jiraConnector) Fields() []field.Field {
	return m.connector.fields(
		field.String("config.apiUrl", &m.APIURL),
		field.String("config.projectKey", &m.ProjectKey),
		field.RequiredSecret("email", &m.EmailWO, &m.CredentialsWOVersion),
		field.RequiredSecret("apiToken", &m.APITokenWO, &m.CredentialsWOVersion),
		m.caseFieldMappings.field(),
	)
}

func (m *jiraConnector) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	m.plan(ctx, c, typeJira, report)
	checkReleases(ctx, c, report, m.gone())
}
