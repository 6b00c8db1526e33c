package kibana

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewConnectorTestData lets a connector prove that it reaches its service, without changing anything there.
var NewConnectorTestData = lifecycle.NewReader[connectorTestData](lifecycle.Reader{
	Type:   "kibana_connector_test",
	Server: lifecycle.Kibana,
	Description: "Lets a connector run a sub-action that only reads, and reports the outcome: for `check` blocks. A " +
		"failed test is not an error, so that it never blocks the plan that repairs the cause. On the ServiceNow " +
		"connectors it proves the credentials, not that the Elastic application is installed (see " +
		"`servicenow_elastic_application`). Swimlane connectors have nothing that only reads, so they are an error.",
	Attributes: map[string]schema.Attribute{
		"connector_id": schema.StringAttribute{Required: true, MarkdownDescription: "The connector's id."},
		"space_id":     spaceAttribute(),
		"ok": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether the connector reached its service.",
		},
		"message": schema.StringAttribute{
			Computed: true, MarkdownDescription: "What failed, in Kibana's words; empty when nothing did.",
		},
		"service_message": schema.StringAttribute{
			Computed:            true,
			MarkdownDescription: "What failed, in the service's words, as far as Kibana passes them on; empty when nothing did.",
		},
	},
})

type connectorTestData struct {
	ConnectorID    types.String `tfsdk:"connector_id"`
	SpaceID        types.String `tfsdk:"space_id"`
	OK             types.Bool   `tfsdk:"ok"`
	Message        types.String `tfsdk:"message"`
	ServiceMessage types.String `tfsdk:"service_message"`
}

// probes are, by connector type, sub-actions that only read.
var probes = map[string]struct {
	subAction string
	params    map[string]any
}{
	".servicenow":      {"getChoices", map[string]any{"fields": []string{"severity"}}},
	".servicenow-sir":  {"getChoices", map[string]any{"fields": []string{"severity"}}},
	".servicenow-itom": {"getChoices", map[string]any{"fields": []string{"severity"}}},
	".jira":            {"issueTypes", map[string]any{}},
	".resilient":       {"severity", map[string]any{}},
}

func (m *connectorTestData) Read(ctx context.Context, c *lifecycle.Servers) error {
	space, id := inSpace(&m.SpaceID, c), m.ConnectorID.ValueString()
	connector, err := c.Kibana.Get(ctx, space, id)
	if err != nil {
		return err
	}
	run, err := ProbeConnector(ctx, c, space, connector)
	if err != nil {
		return err
	}
	m.OK = types.BoolValue(run.Status == "ok")
	m.Message, m.ServiceMessage = types.StringValue(run.Message), types.StringValue(run.ServiceMessage)
	return nil
}

// ProbeConnector lets a connector run a sub-action that only reads.
func ProbeConnector(
	ctx context.Context, c *lifecycle.Servers, space string, connector kibanaapi.Connector,
) (kibanaapi.Run, error) {
	probe, ok := probes[connector.TypeID]
	if !ok {
		return kibanaapi.Run{}, fmt.Errorf("connector %s is of type %s, which has no sub-action that only reads, so it "+
			"cannot be tested without a change on the other side", connector.ID, connector.TypeID)
	}
	return c.Kibana.Run(ctx, space, connector.ID, kibanaapi.SubAction(probe.subAction, probe.params), true)
}
