package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewAuthScope manages an auth scope (sys_auth_scope).
var NewAuthScope = lifecycle.New[authScope](lifecycle.Definition{
	Type:     "auth_scope",
	Table:    "sys_auth_scope",
	Key:      []string{"name"},
	Adoption: lifecycle.AdoptShared,
	Needs:    lifecycle.Needs{Roles: lifecycle.OneOf("api_service_admin"), Plugin: scopePlugin},
	Description: "An auth scope (`sys_auth_scope`): what OAuth clients and API keys hold, so that APIs guarded by a " +
		"`servicenow_rest_api_auth_scope` open to them. Clients get it through their `auth_scope_ids`.",
	Attributes: attribute.Schema{
		"name":        attribute.RequiredText("The scope's name, such as `events`, unique on the instance."),
		"description": attribute.Text("What the scope opens."),
	},
})

type authScope struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
}

func (m *authScope) Fields() []field.Field {
	return []field.Field{field.String("name", &m.Name), field.String("description", &m.Description)}
}
