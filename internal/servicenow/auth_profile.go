package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// profileAdmins are what the documentation of API access policies, and of what belongs to them, asks for.
var profileAdmins = lifecycle.Together("api_service_admin", "adaptive_auth_policy_admin")

// The plugins that bring API keys, and auth scopes of APIs.
const (
	tokenPlugin = "com.glide.tokenbased_auth" //nolint:gosec // a name
	scopePlugin = "com.glide.rest.auth.scope"
)

// The applications that bring the event connectors, and the integrations of Security Operations.
const (
	eventApplication    = "sn_em_connector"
	securityApplication = "sn_sec_int"
)

// authProfile is embedded in the models of inbound authentication profiles.
type authProfile struct {
	Name                 types.String `tfsdk:"name"`
	Description          types.String `tfsdk:"description"`
	ApplyToAllProcessors types.Bool   `tfsdk:"apply_to_all_processors"`
	Active               types.Bool   `tfsdk:"active"`
}

func authProfileAttributes() attribute.Schema {
	return attribute.Schema{
		"name":        attribute.RequiredText("The profile's name."),
		"description": attribute.Text("What the profile is for."),
		"apply_to_all_processors": attribute.ServerFlag("Whether the profile applies to every processor that is not " +
			"public, besides the APIs of its policies. `true` widens it far beyond one integration. Default: the instance's, " +
			"`false`."),
		"active": attribute.Active("Whether the profile admits requests."),
	}
}

func (m *authProfile) fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("description", &m.Description),
		field.Bool("auth_processor", &m.ApplyToAllProcessors),
		field.Bool("active", &m.Active),
	}
}

// check warns of a setting that reads like a restriction: its label on the form is "Apply to all none public
// processors".
func (m *authProfile) check(report *lifecycle.Report) {
	if m.ApplyToAllProcessors.ValueBool() {
		report.Warn(&m.ApplyToAllProcessors, "A profile for all processors", "apply_to_all_processors = true lets this "+
			"profile decide about every processor of the instance that is not public, not only about the APIs of its access "+
			"policies. Leave it out unless that is meant.")
	}
}
