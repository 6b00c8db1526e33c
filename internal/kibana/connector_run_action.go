package kibana

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// NewConnectorRun lets a connector run a sub-action.
var NewConnectorRun = lifecycle.NewAction[connectorRun](lifecycle.Action{
	Type:   "kibana_connector_run",
	Server: lifecycle.Kibana,
	Description: "Lets a connector do something once: push or close an incident, add an event, and so on. It reports " +
		"the number and the URL of the ticket as progress. What the connector's service refuses is an error, in its " +
		"words. When the answer is lost it is not run again, since that could make a second ticket.",
	Attributes: map[string]schema.Attribute{
		"connector_id": schema.StringAttribute{Required: true, MarkdownDescription: "The connector's id."},
		"space_id": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "The Kibana space. Default: the provider's `kibana.space_id`, else `default`.",
			Validators:          []validator.String{lifecycle.SpaceID()},
		},
		"sub_action": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "What to do: `pushToService`, `closeIncident`, `addEvent`, `getChoices`, … by the " +
				"connector's type. Default: none, for types that have no sub-actions.",
		},
		"params": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "What to do it with, as a JSON object; use `jsonencode`. To open an incident: " +
				"`{ incident = { short_description = \"…\" }, comments = [] }`. Default: none.",
		},
	},
})

type connectorRun struct {
	ConnectorID types.String `tfsdk:"connector_id"`
	SpaceID     types.String `tfsdk:"space_id"`
	SubAction   types.String `tfsdk:"sub_action"`
	Params      types.String `tfsdk:"params"`
}

func (m *connectorRun) Check(_ context.Context, report *lifecycle.Report) {
	checkObject(report, &m.Params, m.Params)
}

func (m *connectorRun) Invoke(ctx context.Context, c *lifecycle.Servers, progress func(string)) error {
	params := map[string]any{}
	if text := m.Params.ValueString(); text != "" {
		if err := json.Unmarshal([]byte(text), &params); err != nil {
			return fmt.Errorf("params: %w", err)
		}
	}
	id := m.ConnectorID.ValueString()
	if sub := m.SubAction.ValueString(); sub != "" {
		params = kibanaapi.SubAction(sub, params)
		progress(fmt.Sprintf("Running %s on connector %s", sub, id))
	} else {
		progress("Running connector " + id)
	}
	run, err := c.Kibana.Run(ctx, inSpace(&m.SpaceID, c), id, params, false)
	if err != nil {
		return err
	}
	if run.Status != "ok" {
		failure := fmt.Errorf("connector %s: %s", id, rest.Excerpt(run.Message, rest.MaxMessage))
		if run.ServiceMessage != "" {
			failure = fmt.Errorf("%w: %s", failure, rest.Excerpt(run.ServiceMessage, rest.MaxMessage))
		}
		return failure
	}
	progress(outcome(run.Data))
	return nil
}

// outcome describes what a sub-action answered: the ticket, or how much there was.
func outcome(data any) string {
	switch v := data.(type) {
	case map[string]any:
		if title := record.Text(v["title"]); title != "" {
			return fmt.Sprintf("Done: %s %s", title, record.Text(v["url"]))
		}
	case []any:
		return fmt.Sprintf("Done: %d results", len(v))
	}
	return "Done"
}
