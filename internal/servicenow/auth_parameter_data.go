package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewAuthParameterData finds an authentication parameter (sys_token_auth_parameter).
var NewAuthParameterData = lifecycle.NewLookup[authParameterData](lifecycle.Lookup{
	Type:  "auth_parameter",
	Table: "sys_token_auth_parameter",
	Keys:  []string{"parameter_name"},
	Description: "Finds an authentication parameter (`sys_token_auth_parameter`): the header or query parameter that " +
		"carries an API key. Where both have the same name, `type` chooses; the error about several lists their types.",
	Attributes: map[string]schema.Attribute{
		"parameter_name": schema.StringAttribute{Required: true, MarkdownDescription: "The name, such as `x-sn-apikey`."},
		"type": schema.StringAttribute{
			Optional: true, MarkdownDescription: "The kind: `auth_header` for a header, and another value, which differs " +
				"between instances, for a query parameter.",
		},
	},
})

type authParameterData struct {
	lifecycle.Found
	ParameterName types.String `tfsdk:"parameter_name"`
	Type          types.String `tfsdk:"type"`
}

func (m *authParameterData) Fields() []field.Field {
	return []field.Field{field.String("parameter_name", &m.ParameterName), field.String("type", &m.Type)}
}
