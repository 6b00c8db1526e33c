package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewAPIKeyAuthProfile manages an inbound authentication profile for API keys (http_key_auth).
var NewAPIKeyAuthProfile = lifecycle.New[apiKeyAuthProfile](lifecycle.Definition{
	Type:  "api_key_auth_profile",
	Table: "http_key_auth",
	Key:   []string{"name"},
	Needs: lifecycle.Needs{
		Roles:  profileAdmins,
		Plugin: tokenPlugin,
	},
	Description: "An inbound authentication profile for API keys (`http_key_auth`, *System Web Services > API Access " +
		"Policies > Inbound Authentication Profile*). It admits nobody by itself: a `servicenow_rest_api_access_policy` " +
		"maps it to an API. A change or deletion that would keep the provider's own API key out of the Table API is " +
		"refused, unless `allow_lockout` is set in the provider block.",
	Attributes: attribute.Join(authProfileAttributes(), attribute.Schema{
		"auth_parameter_ids": attribute.RequiredOrderedReferences("Where requests may carry the key, as `sys_id`s: `id` of " +
			"`data.servicenow_auth_parameter`. The header and the query parameter may both be given."),
	}),
})

type apiKeyAuthProfile struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	authProfile
	AuthParameterIDs types.List `tfsdk:"auth_parameter_ids"`
}

func (m *apiKeyAuthProfile) Fields() []field.Field {
	return append(m.authProfile.fields(),
		field.Reference(field.List("auth_parameter", &m.AuthParameterIDs), "sys_token_auth_parameter"))
}

func (m *apiKeyAuthProfile) Check(_ context.Context, report *lifecycle.Report) {
	m.authProfile.check(report)
}
