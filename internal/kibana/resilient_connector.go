package kibana

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewResilientConnector manages an IBM Resilient connector (.resilient), which opens incidents.
var NewResilientConnector = lifecycle.New[resilientConnector](connectorDefinition(typeResilient, lifecycle.Definition{
	Type: "kibana_resilient_connector",
	Description: "An IBM Resilient (QRadar SOAR) connector (`.resilient`), with which Kibana's rules and cases open and " +
		"update incidents.",
	Attributes: attribute.Join(caseFieldMappingsAttribute(), attribute.Schema{
		"api_url":                apiURL("The Resilient instance, such as `https://resilient.example.com`."),
		"organization_id":        attribute.RequiredText("The organization's number, as text: `\"201\"`."),
		"api_key_id_wo":          attribute.Secret("The API key's id. Required."),
		"api_key_secret_wo":      attribute.Secret("The API key's secret. Required."),
		"credentials_wo_version": attribute.SecretVersion("the credentials"),
	}),
}))

type resilientConnector struct {
	connector
	caseFieldMappings
	APIURL               types.String `tfsdk:"api_url"`
	OrganizationID       types.String `tfsdk:"organization_id"`
	APIKeyIDWO           types.String `tfsdk:"api_key_id_wo"`
	APIKeySecretWO       types.String `tfsdk:"api_key_secret_wo"`
	CredentialsWOVersion types.Int64  `tfsdk:"credentials_wo_version"`
}

func (m *resilientConnector) Fields() []field.Field {
	return m.connector.fields(
		field.String("config.apiUrl", &m.APIURL),
		field.String("config.orgId", &m.OrganizationID),
		field.RequiredSecret("apiKeyId", &m.APIKeyIDWO, &m.CredentialsWOVersion),
		field.RequiredSecret("apiKeySecret", &m.APIKeySecretWO, &m.CredentialsWOVersion),
		m.caseFieldMappings.field(),
	)
}

func (m *resilientConnector) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	m.plan(ctx, c, typeResilient, report)
	checkReleases(ctx, c, report, m.gone())
}
