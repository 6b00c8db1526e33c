package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewAuthParameter manages where a request carries an API key (sys_token_auth_parameter).
var NewAuthParameter = lifecycle.New[authParameter](lifecycle.Definition{
	Type:    "auth_parameter",
	Table:   "sys_token_auth_parameter",
	Key:     []string{"parameter_name", "type"},
	Display: "{parameter_name} · {type}",
	Needs: lifecycle.Needs{
		Roles: profileAdmins, Plugin: tokenPlugin, Choices: map[string][]string{"type": {"auth_header"}},
	},
	Description: "An authentication parameter (`sys_token_auth_parameter`): the name of the header or query parameter " +
		"in which requests carry an API key or HMAC signature. Its plugin ships the usual " +
		"ones, so look at `data.servicenow_auth_parameter` first. A change that would keep the provider's own API key out " +
		"of the Table API is refused, unless `allow_lockout` is set in the provider block.",
	Attributes: attribute.Schema{
		"parameter_name": attribute.RequiredText("The name of the header or query parameter, such as `x-sn-apikey`."),
		"type": attribute.RequiredText("Where it travels: `auth_header` in a header. The value for a query parameter " +
			"differs between instances; the choice list of `sys_token_auth_parameter.type` shows it."),
	},
})

type authParameter struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	ParameterName types.String `tfsdk:"parameter_name"`
	Type          types.String `tfsdk:"type"`
}

func (m *authParameter) Fields() []field.Field {
	return []field.Field{
		field.String("parameter_name", &m.ParameterName),
		field.String("type", &m.Type),
	}
}
