package kibana

import (
	"context"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewSecOpsConnector manages a ServiceNow SecOps connector (.servicenow-sir), which opens security incidents.
var NewSecOpsConnector = lifecycle.New[secOpsConnector](connectorDefinition(typeSecOps, lifecycle.Definition{
	Type: "kibana_secops_connector",
	Description: "A ServiceNow SecOps connector (`.servicenow-sir`), with which Kibana's rules and cases open and " +
		"update security incidents. A connector from before Kibana 7.16 is deprecated; importing and applying it here is " +
		"what the form calls *Update this connector*. The ServiceNow side needs Security Incident Response and, from " +
		"7.16 on, the application Elastic for SecOps.",
	Attributes: instanceAttributes(),
}))

type secOpsConnector struct {
	connector
	instance
}

func (m *secOpsConnector) Fields() []field.Field { return m.connector.fields(m.instance.fields()...) }

func (m *secOpsConnector) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	m.plan(ctx, c, typeSecOps, report)
	checkReleases(ctx, c, report, m.instance.bounds()...)
}

func (m *secOpsConnector) PlanChange(
	ctx context.Context, c *lifecycle.Servers, change lifecycle.Change, report *lifecycle.Report,
) {
	m.connector.PlanChange(ctx, c, change, report)
	m.IsDeprecated = deprecation(ctx, c, change, m.UsesTableAPI, m.IsDeprecated)
	m.checkUser(ctx, c, change, report)
}
