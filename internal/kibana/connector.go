package kibana

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewConnector manages a connector of any type.
var NewConnector = lifecycle.New[genericConnector](connectorDefinition("", lifecycle.Definition{
	Type:     "kibana_connector",
	Display:  "{name} ({connector_type_id})",
	ListedBy: "connector_type_id",
	ListedElsewhere: []string{
		typeITSM, typeSecOps, typeITOM, typeJira, typeResilient, typeSwimlane,
	},
	Description: "A Kibana connector of any type, its config and secrets as JSON. The ServiceNow, Jira, Resilient and " +
		"Swimlane types have resources of their own, which check more at plan.",
	Attributes: attribute.Schema{
		"connector_type_id": attribute.ReplacedText("The connector's type, such as `.index` or `.webhook`.",
			attribute.AtMost(255)),
		"config": attribute.Text("The config as a JSON object; use `jsonencode`. It is owned as a whole: a key that " +
			"somebody adds outside shows as a change. Spelling and the order of keys make no difference, nor do the keys that " +
			"Kibana itself adds to what is written here. Default: none."),
		"secrets_wo": attribute.Secret("The secrets as a JSON object; use `jsonencode`. Every update needs them, since it " +
			"replaces the connector with all its secrets; `\"{}\"` states that it has none. Default: none."),
		"secrets_wo_version": attribute.SecretVersion("the secrets"),
	},
}))

type genericConnector struct {
	connector
	ConnectorTypeID  types.String `tfsdk:"connector_type_id"`
	Config           types.String `tfsdk:"config"`
	SecretsWO        types.String `tfsdk:"secrets_wo"`
	SecretsWOVersion types.Int64  `tfsdk:"secrets_wo_version"`
}

func (m *genericConnector) Fields() []field.Field {
	secrets := field.Secret("secrets", &m.SecretsWO, &m.SecretsWOVersion)
	secrets.NeededByUpdate = !slices.Contains(withoutSecrets, m.ConnectorTypeID.ValueString())
	return m.fields(
		field.String("connector_type_id", &m.ConnectorTypeID),
		field.Document("config", &m.Config, m.isDefault),
		secrets,
	)
}

func (m *genericConnector) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	m.plan(ctx, c, m.ConnectorTypeID.ValueString(), report)
}

// PlanChange knows the two types whose config decides whether they are deprecated.
func (m *genericConnector) PlanChange(
	ctx context.Context, c *lifecycle.Servers, change lifecycle.Change, report *lifecycle.Report,
) {
	m.connector.PlanChange(ctx, c, change, report)
	switch m.ConnectorTypeID.ValueString() {
	case typeITSM, typeSecOps:
		uses := types.BoolUnknown()
		if !m.Config.IsUnknown() {
			config := field.ParseObject(m.Config.ValueString())
			configured, isBool := config["usesTableApi"].(bool)
			uses = types.BoolValue(configured || !isBool)
		}
		m.IsDeprecated = deprecation(ctx, c, change, uses, m.IsDeprecated)
	}
	if m.ConnectorTypeID.IsUnknown() && change.Writes {
		m.IsDeprecated = types.BoolUnknown()
	}
}

// Check reports faulty secrets at the resource, since Terraform prints the lines of an attribute.
func (m *genericConnector) Check(_ context.Context, report *lifecycle.Report) {
	checkObject(report, &m.Config, m.Config)
	if isKnown(m.SecretsWO) && field.ParseObject(m.SecretsWO.ValueString()) == nil {
		report.Error(nil, "Not a JSON object", "secrets_wo must hold a JSON object, such as jsonencode({ apiToken = … }).")
	}
}
