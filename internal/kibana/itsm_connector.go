package kibana

import (
	"context"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewITSMConnector manages a ServiceNow ITSM connector (.servicenow), which opens incidents.
var NewITSMConnector = lifecycle.New[itsmConnector](connectorDefinition(typeITSM, lifecycle.Definition{
	Type: "kibana_itsm_connector",
	Description: "A ServiceNow ITSM connector (`.servicenow`), with which Kibana's rules and cases open, update and " +
		"close incidents. A connector from before Kibana 7.16 is deprecated; importing and applying it here is what the " +
		"form calls *Update this connector*. The ServiceNow side needs the application Elastic for ITSM from 7.16 on.",
	Attributes: attribute.Join(instanceAttributes(), caseFieldMappingsAttribute()),
}))

type itsmConnector struct {
	connector
	instance
	caseFieldMappings
}

func (m *itsmConnector) Fields() []field.Field {
	return m.connector.fields(append(m.instance.fields(), m.caseFieldMappings.field())...)
}

func (m *itsmConnector) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	m.plan(ctx, c, typeITSM, report)
	checkReleases(ctx, c, report, append(m.instance.bounds(), m.gone())...)
}

func (m *itsmConnector) PlanChange(
	ctx context.Context, c *lifecycle.Servers, change lifecycle.Change, report *lifecycle.Report,
) {
	m.connector.PlanChange(ctx, c, change, report)
	m.IsDeprecated = deprecation(ctx, c, change, m.UsesTableAPI, m.IsDeprecated)
	m.checkUser(ctx, c, change, report)
}
