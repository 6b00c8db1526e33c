package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewAuthScopeData finds an authentication scope (sys_auth_scope).
var NewAuthScopeData = lifecycle.NewLookup[authScopeData](lifecycle.Lookup{
	Type:  "auth_scope",
	Table: "sys_auth_scope",
	Keys:  []string{"name"},
	Description: "Finds an authentication scope (`sys_auth_scope`) by its name, for `auth_scope_ids` of a " +
		"`servicenow_rest_api_key`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The scope's name, such as `useraccount`."},
	},
})

type authScopeData struct {
	lifecycle.Found
	Name types.String `tfsdk:"name"`
}

func (m *authScopeData) Fields() []field.Field { return []field.Field{field.String("name", &m.Name)} }
