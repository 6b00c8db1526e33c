package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewHTTPAuthProfile manages a standard inbound authentication profile (std_http_auth): for basic authentication, OAuth
// and similar.
var NewHTTPAuthProfile = lifecycle.New[httpAuthProfile](lifecycle.Definition{
	Type:  "http_auth_profile",
	Table: "std_http_auth",
	Key:   []string{"name"},
	Needs: lifecycle.Needs{Roles: profileAdmins, Choices: map[string][]string{"type": {"basic_auth"}}},
	Description: "A standard inbound authentication profile (`std_http_auth`, *System Web Services > API Access " +
		"Policies > Inbound Authentication Profile*), for basic authentication and tokens. A " +
		"`servicenow_rest_api_access_policy` that maps any profile shuts out every method that it does not map, so map " +
		"one of these in addition to an API key's. Never attach an *Allow Access Policy* to it: the platform's " +
		"documentation forbids that; they are for logins of users. A change or deletion that would shut the provider's own " +
		"method out of the Table API is refused, unless `allow_lockout` is set in the provider block.",
	Attributes: attribute.Join(authProfileAttributes(), attribute.Schema{
		"type": attribute.TextOr("basic_auth", "The method that the profile admits. Only `basic_auth` is known for "+
			"certain; the choice list of `std_http_auth.type` has the values for ID tokens, certificates and OAuth."),
	}),
})

type httpAuthProfile struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	authProfile
	Type types.String `tfsdk:"type"`
}

func (m *httpAuthProfile) Fields() []field.Field {
	return append(m.authProfile.fields(), field.String("type", &m.Type))
}

func (m *httpAuthProfile) Check(_ context.Context, report *lifecycle.Report) {
	m.authProfile.check(report)
}
