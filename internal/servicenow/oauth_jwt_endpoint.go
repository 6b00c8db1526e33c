package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewOAuthJWTEndpoint manages an OAuth JWT API endpoint for external clients (oauth_jwt).
var NewOAuthJWTEndpoint = lifecycle.New[oauthJWTEndpoint](lifecycle.Definition{
	Type:  "oauth_jwt_endpoint",
	Table: "oauth_jwt",
	Key:   []string{"name"},
	Store: newOAuthJWTEndpointStore,
	Needs: lifecycle.Needs{
		Roles:   oauthAdmins,
		Newer:   map[string]string{"jti_claim": "Zurich", "jwks_url": "Zurich", restrictionColumn: "Yokohama"},
		Choices: map[string][]string{"inbound_grant_type": {"jwt"}},
	},
	Description: "An OAuth JWT API endpoint for external clients (`oauth_jwt`, *System OAuth > Application Registry*): " +
		"it issues an access token for a JWT that a certificate of its verifier maps proves. The token acts as the user " +
		"whom the JWT names; administrators are refused. Signatures are RS256, RS384 or RS512; ES256, ES384 and ES512 from " +
		"Zurich on.",
	Attributes: attribute.Join(oauthApplicationAttributes(), attribute.Schema{
		"user_field": attribute.RequiredText("The column of `sys_user` that the JWT's `sub` is compared with: `email`, " +
			"`user_name`, `sys_id` or another one. The form's choice *User ID* is `user_name`."),
		"clock_skew": attribute.ServerInt("How far the clocks of client and instance may differ, in seconds. Default: the "+
			"instance's, `0` or `300`.", attribute.AtLeast(0)),
		"enable_jti_verification": attribute.ServerFlag("Whether each JWT must carry an id (`jti`) that was not used " +
			"before. Kibana sends none: set `false` for it. Default: the instance's, usually `true`."),
		"jti_claim": attribute.ServerText("The claim that holds the JWT's id. Default: the instance's, usually `jti`."),
		"jwks_url":  attribute.Text("The URL of a JSON web key set to verify JWTs with, instead of verifier maps."),
		"inbound_grant_type": attribute.ConstantText("jwt", "The grant that the endpoint takes, always `jwt`: another one "+
			"found there is corrected."),
	}),
})

type oauthJWTEndpoint struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	lifecycle.Secrets
	oauthApplication
	UserField             types.String `tfsdk:"user_field"`
	ClockSkew             types.Int64  `tfsdk:"clock_skew"`
	EnableJTIVerification types.Bool   `tfsdk:"enable_jti_verification"`
	JTIClaim              types.String `tfsdk:"jti_claim"`
	JWKSURL               types.String `tfsdk:"jwks_url"`
	InboundGrantType      types.String `tfsdk:"inbound_grant_type"`
}

func (m *oauthJWTEndpoint) Fields() []field.Field {
	return append(m.oauthApplication.fields(),
		field.String("user_field", &m.UserField),
		field.Int("clock_skew", &m.ClockSkew),
		field.Bool("enable_jti_verification", &m.EnableJTIVerification),
		field.String("jti_claim", &m.JTIClaim),
		field.String("jwks_url", &m.JWKSURL),
		field.String("inbound_grant_type", &m.InboundGrantType),
	)
}
