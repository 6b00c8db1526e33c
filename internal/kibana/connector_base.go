// Package kibana holds the resources and data sources that live in Kibana, one file each.
package kibana

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// Types of connectors that have a resource of their own, in Kibana's words.
const (
	typeITSM      = ".servicenow"
	typeSecOps    = ".servicenow-sir"
	typeITOM      = ".servicenow-itom"
	typeJira      = ".jira"
	typeResilient = ".resilient"
	typeSwimlane  = ".swimlane"
)

// connector is embedded in the model of every connector.
type connector struct {
	lifecycle.Base
	lifecycle.Space
	lifecycle.Secrets
	ConnectorID      types.String `tfsdk:"connector_id"`
	Name             types.String `tfsdk:"name"`
	IsDeprecated     types.Bool   `tfsdk:"is_deprecated"`
	IsMissingSecrets types.Bool   `tfsdk:"is_missing_secrets"`
	IsPreconfigured  types.Bool   `tfsdk:"is_preconfigured"`
}

// MissesSecrets reports that Kibana lost the secrets, which happens when saved objects are imported.
func (m *connector) MissesSecrets() bool { return m.IsMissingSecrets.ValueBool() }

// keepsAll ends the description of every connector.
const keepsAll = " Kibana replaces a connector as a whole, so every update sends the secrets too. What depends on " +
	"Kibana's release follows the version in `/api/status`; a Kibana that does not report one is taken to be current."

// fields lists what every connector has, and then the rest.
func (m *connector) fields(rest ...field.Field) []field.Field {
	return append([]field.Field{
		field.ID(&m.ConnectorID),
		field.String("name", &m.Name),
		field.Computed(field.Bool("is_deprecated", &m.IsDeprecated)),
		field.Computed(field.Bool("is_missing_secrets", &m.IsMissingSecrets)),
		field.Computed(field.Bool("is_preconfigured", &m.IsPreconfigured)),
	}, rest...)
}

// PlanChange works out what a write makes of a connector: it carries all secrets, and only two types become deprecated.
func (m *connector) PlanChange(
	_ context.Context, _ *lifecycle.Servers, change lifecycle.Change, _ *lifecycle.Report,
) {
	if change.Writes {
		no := types.BoolValue(false)
		m.IsDeprecated, m.IsMissingSecrets, m.IsPreconfigured = no, no, no
	}
}

// deprecation is what a write makes of a connector of the two types that Kibana may call deprecated.
func deprecation(
	ctx context.Context, c *lifecycle.Servers, change lifecycle.Change, usesTableAPI, now types.Bool,
) types.Bool {
	switch {
	case !change.Writes:
		return now
	case usesTableAPI.IsUnknown():
		return types.BoolUnknown()
	case !usesTableAPI.ValueBool():
		return types.BoolValue(false) // on every release, so that one which cannot be asked now changes no plan
	}
	version, err := c.Kibana.Version(ctx)
	if err != nil {
		return types.BoolUnknown()
	}
	return types.BoolValue(kibanaapi.CanDeprecate(version))
}

// connectorDefinition completes a connector's definition with what every connector has. typeID is Kibana's name of its
// type, such as ".servicenow"; empty where an attribute holds it.
func connectorDefinition(typeID string, d lifecycle.Definition) lifecycle.Definition {
	d.Server = lifecycle.Kibana
	d.Table = strings.TrimSpace("connector " + typeID)
	d.Key = []string{"name"}
	d.MovedFrom = movedFromElasticstack(typeID)
	d.Store = func(c *lifecycle.Servers) record.Store { return c.Kibana.Connectors(typeID) }
	d.Needs.Access = "the privilege *All* for *Actions and Connectors* in the space"
	d.Description += keepsAll
	id := attribute.ServerText("The connector's id. It can be chosen on Kibana 8.8 and newer: 8.8 to 9.3 take a UUID "+
		"(RFC 4122), 9.4 and newer at most 36 lowercase letters, digits and hyphens, such as `itsm-production`. Default: "+
		"a new UUID. Changing it replaces the connector.",
		attribute.Matching(`^[A-Za-z0-9_.-]+$`, "must be letters, digits, -, _ and ."))
	id.PlanModifiers = []planmodifier.String{stringplanmodifier.RequiresReplaceIfConfigured()}
	d.Attributes = attribute.Join(d.Attributes, attribute.Schema{
		"connector_id":  id,
		"name":          attribute.RequiredText("The connector's name.", attribute.Matching(`\S`, "must not be blank")),
		"is_deprecated": attribute.ComputedFlag("Whether Kibana calls the connector deprecated."),
		"is_missing_secrets": attribute.ComputedFlag("Whether Kibana has lost the connector's secrets, for example by an " +
			"import of saved objects. They are then sent again."),
		"is_preconfigured": attribute.ComputedFlag("Whether the connector is defined in `kibana.yml`; such connectors " +
			"cannot be managed here."),
	})
	return d
}
