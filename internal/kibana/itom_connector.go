package kibana

import (
	"context"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewITOMConnector manages a ServiceNow ITOM connector (.servicenow-itom), which sends events.
var NewITOMConnector = lifecycle.New[itomConnector](connectorDefinition(typeITOM, lifecycle.Definition{
	Type: "kibana_itom_connector",
	Description: "A ServiceNow ITOM connector (`.servicenow-itom`), with which Kibana's rules send events to Event " +
		"Management. It serves rules only, not cases, and is never deprecated. The ServiceNow side needs the plugin Event " +
		"Management, and a user with the role `evt_mgmt_integration`.",
	Attributes: credentialAttributes(),
}))

type itomConnector struct {
	connector
	credentials
}

func (m *itomConnector) Fields() []field.Field { return m.connector.fields(m.credentials.fields()...) }

func (m *itomConnector) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	m.plan(ctx, c, typeITOM, report)
	checkReleases(ctx, c, report, m.credentials.bounds()...)
}

func (m *itomConnector) PlanChange(
	ctx context.Context, c *lifecycle.Servers, change lifecycle.Change, report *lifecycle.Report,
) {
	m.connector.PlanChange(ctx, c, change, report)
	m.checkUser(ctx, c, change, report)
}
