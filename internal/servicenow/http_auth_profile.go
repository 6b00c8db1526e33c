package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewHTTPAuthProfile manages a standard inbound authentication profile (std_http_auth): for basic authentication, OAuth
// and similar.
var NewHTTPAuthProfile = lifecycle.New[httpAuthProfile](lifecycle.Definition{
	Type:  "http_auth_profile",
	Table: "std_http_auth",
	Key:   []string{"name"},
	Description: "A standard inbound authentication profile (`std_http_auth`, *System Web Services > API Access " +
		"Policies > Inbound Authentication Profile*), for basic authentication and tokens. A " +
		"`servicenow_rest_api_access_policy` that maps any profile shuts out every method that it does not map, so map " +
		"one of these beside an API key's. Never attach an *Allow Access Policy* to it: the platform's documentation " +
		"forbids that; they are for logins of users. A change or deletion that would shut the provider's own method out of " +
		"the Table API is refused, unless `allow_lockout` is set in the provider block. Needs the roles " +
		"`api_service_admin` and `adaptive_auth_policy_admin`, or `admin`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The profile's name."},
		"type": schema.StringAttribute{
			Optional: true, Computed: true, Default: stringdefault.StaticString("basic_auth"),
			MarkdownDescription: "The method that the profile admits. Only `basic_auth` is known for certain; the choice list " +
				"of `std_http_auth.type` lists the values for ID tokens, certificates and OAuth. Default: `basic_auth`.",
		},
		"description":             schema.StringAttribute{Optional: true, MarkdownDescription: "What the profile is for."},
		"apply_to_all_processors": processorsAttribute(),
		"active":                  activeProfile(),
	},
})

type httpAuthProfile struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	Name                 types.String `tfsdk:"name"`
	Type                 types.String `tfsdk:"type"`
	Description          types.String `tfsdk:"description"`
	ApplyToAllProcessors types.Bool   `tfsdk:"apply_to_all_processors"`
	Active               types.Bool   `tfsdk:"active"`
}

func (m *httpAuthProfile) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("type", &m.Type),
		field.String("description", &m.Description),
		field.Bool("auth_processor", &m.ApplyToAllProcessors),
		field.Bool("active", &m.Active),
	}
}

func (m *httpAuthProfile) Check(_ context.Context, report *lifecycle.Report) {
	warnOfAllProcessors(&m.ApplyToAllProcessors, report)
}
