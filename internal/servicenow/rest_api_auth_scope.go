package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewRESTAPIAuthScope guards a REST API with an auth scope (sys_api_access_scope).
var NewRESTAPIAuthScope = lifecycle.New[restAPIAuthScope](lifecycle.Definition{
	Type:  "rest_api_auth_scope",
	Table: "sys_api_access_scope",
	Key:   []string{"name"},
	Needs: lifecycle.Needs{Roles: lifecycle.OneOf("api_service_admin"), Plugin: scopePlugin},
	Description: "The auth scope that a REST API asks for (`sys_api_access_scope`, *System Web Services > API Access " +
		"Policies > REST API Auth Scope*).\n\n" +
		"~> **From the moment one exists, every token loses the API** until its client holds the scope: 403 `Missing " +
		"required api access scope`. Scopes are read at each request, so tokens that were issued before are hit, this " +
		"provider's own too: what would take the Table API from its token is refused before it is sent, unless " +
		"`allow_lockout` is set in the provider block. The scope `useraccount` opens every API; basic authentication is " +
		"not affected.\n\n" +
		"The instance refuses a second record for one path.",
	Attributes: attribute.Join(restAPIAttributes("the scope"), attribute.Schema{
		"name": attribute.RequiredText("The record's name, unique on the instance."),
		"auth_scope_id": attribute.RequiredReference("The scope that the API asks for: `id` of a `servicenow_auth_scope`, " +
			"a resource or a data source."),
		"rest_api_id": attribute.RequiredText("The API: the `sys_id` of its `sys_ws_definition`, which " +
			"`data.servicenow_rest_api` finds. For an API that is built into the platform, see the choice list of " +
			"`sys_api_access_scope.api`."),
		"active": attribute.Active("Whether the API asks for the scope."),
	}),
})

type restAPIAuthScope struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	restAPI
	Name        types.String `tfsdk:"name"`
	AuthScopeID types.String `tfsdk:"auth_scope_id"`
	Active      types.Bool   `tfsdk:"active"`
}

func (m *restAPIAuthScope) Fields() []field.Field {
	return append(m.restAPI.fields(),
		field.String("name", &m.Name),
		field.Reference(field.String("auth_scope", &m.AuthScopeID), "sys_auth_scope"),
		field.Bool("active", &m.Active),
	)
}

func (m *restAPIAuthScope) Check(_ context.Context, report *lifecycle.Report) {
	m.restAPI.check(nil, report)
	warnUnlessSysID(&m.RESTAPIID, "The API of an auth scope", report)
}
