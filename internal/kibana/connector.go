package kibana

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewConnector manages a connector of any type.
var NewConnector = lifecycle.New[genericConnector](connectorDefinition("", lifecycle.Definition{
	Type:     "kibana_connector",
	Display:  "{name} ({connector_type_id})",
	ListedBy: "connector_type_id",
	ListedElsewhere: []string{
		".servicenow", ".servicenow-sir", ".servicenow-itom", ".jira", ".resilient", ".swimlane",
	},
	Description: "A Kibana connector of any type, its config and secrets as JSON. The ServiceNow, Jira, Resilient and " +
		"Swimlane types have resources of their own, which check more at plan." + keepsAll,
	Attributes: map[string]schema.Attribute{
		"connector_type_id": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "The connector's type, such as `.index` or `.webhook`. Changing it replaces the connector.",
			Validators:          []validator.String{stringvalidator.LengthAtMost(255)},
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"config": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "The config as a JSON object; use `jsonencode`. It is owned as a whole: a key that somebody " +
				"adds outside shows as a change. Spelling and the order of keys are no difference, nor are the keys that Kibana " +
				"itself adds to what is written here. Default: none.",
		},
		"secrets_wo": schema.StringAttribute{
			MarkdownDescription: "The secrets as a JSON object; use `jsonencode`. Every update needs them, since it replaces " +
				"the connector with all its secrets; `\"{}\"` says that it has none. Default: none.",
		},
		"secrets_wo_version": lifecycle.Version("the secrets"),
	},
}))

type genericConnector struct {
	connector
	ConnectorTypeID  types.String `tfsdk:"connector_type_id"`
	Config           types.String `tfsdk:"config"`
	SecretsWO        types.String `tfsdk:"secrets_wo"`
	SecretsWOVersion types.Int64  `tfsdk:"secrets_wo_version"`
}

// configDefaults are, by connector type, what Kibana stores for config keys that a connector leaves out, as far as it
// is not null: so that an imported connector plans clean under a configuration that leaves them out too.
var configDefaults = map[string]map[string]any{
	".email":          {"service": "other", "hasAuth": true},
	".index":          {"refresh": false},
	".webhook":        {"method": "post", "hasAuth": true},
	".cases-webhook":  {"hasAuth": true},
	".servicenow":     {"usesTableApi": true, "isOAuth": false},
	".servicenow-sir": {"usesTableApi": true, "isOAuth": false},
	".servicenow-itom": {
		"isOAuth": false,
	},
}

func (m *genericConnector) Fields() []field.Field {
	byDefault := func(key string, value any) bool {
		standard, ok := configDefaults[m.ConnectorTypeID.ValueString()][key]
		return ok && reflect.DeepEqual(standard, value)
	}
	secrets := field.Secret("secrets", &m.SecretsWO, &m.SecretsWOVersion)
	secrets.NeededByUpdate = !slices.Contains(withoutSecrets, m.ConnectorTypeID.ValueString())
	return m.fields(
		field.String("connector_type_id", &m.ConnectorTypeID),
		field.Document("config", &m.Config, byDefault),
		secrets,
	)
}

// withoutSecrets are the connector types that have none. An update of any other needs them: it replaces the connector.
var withoutSecrets = []string{".index", ".server-log"}

// PlanChange knows the two types whose config decides whether they are deprecated.
func (m *genericConnector) PlanChange(
	ctx context.Context, c *lifecycle.Servers, change lifecycle.Change, report *lifecycle.Report,
) {
	m.connector.PlanChange(ctx, c, change, report)
	switch m.ConnectorTypeID.ValueString() {
	case ".servicenow", ".servicenow-sir":
		uses := types.BoolUnknown()
		if !m.Config.IsUnknown() {
			config := field.ParseObject(m.Config.ValueString())
			told, isBool := config["usesTableApi"].(bool)
			uses = types.BoolValue(told || !isBool)
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

// checkObject holds that a text is a JSON object.
func checkObject(report *lifecycle.Report, attribute any, text types.String) {
	if !isKnown(text) {
		return
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(text.ValueString()), &object); err != nil {
		report.Error(attribute, "Not a JSON object", "The value must be a JSON object, as jsonencode({ … }) makes it: "+
			err.Error()+".")
	} else if object == nil {
		report.Error(attribute, "Not a JSON object", "The value is JSON's null. Leave the attribute out instead.")
	}
}
