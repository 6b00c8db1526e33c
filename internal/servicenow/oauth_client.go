package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewOAuthClient manages an inbound OAuth client of the client-credentials grant (oauth_entity).
var NewOAuthClient = lifecycle.New[oauthClient](lifecycle.Definition{
	Type:  "oauth_client",
	Table: "oauth_entity",
	Key:   []string{"name"},
	Store: newOAuthClientStore,
	Needs: lifecycle.Needs{
		Roles: oauthAdmins,
		Newer: map[string]string{restrictionColumn: "Yokohama"},
		Choices: map[string][]string{
			"type": {"client"}, "client_type": {"integration_as_a_user"}, "inbound_grant_type": {"client_credential"},
			"default_grant_type": {"client_credentials"}, "send_client_credentials_as": {"request_body_parameter"},
		},
	},
	Description: "An OAuth client for inbound requests with the client-credentials grant (`oauth_entity`, *System OAuth " +
		"> Application Registry*). Its tokens act as `user_id`. The grant works only while the property " +
		"`" + clientCredentialsProperty + "` is `true`: set it with `servicenow_system_property`. JWT endpoints are " +
		"another class of the same table: see `servicenow_oauth_jwt_endpoint`.",
	Attributes: attribute.Join(oauthApplicationAttributes(), attribute.Schema{
		"user_id": attribute.RequiredReference("The user that the client's requests run as: `id` of a `servicenow_user`."),
		"refresh_token_lifespan": attribute.ServerInt("Lifetime of a refresh token, in seconds. Default: the instance's, "+
			"usually `8640000`.", attribute.AtLeast(1)),
		"inbound_grant_type": attribute.ComputedText("The grant that the client is for: `client_credential` or, as other " +
			"set-ups store it, `client_credentials`. Any other value is corrected."),
	}),
})

type oauthClient struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	lifecycle.Secrets
	oauthApplication
	UserID               types.String `tfsdk:"user_id"`
	RefreshTokenLifespan types.Int64  `tfsdk:"refresh_token_lifespan"`
	InboundGrantType     types.String `tfsdk:"inbound_grant_type"`
}

// Fields hold the columns of a client that was seen to get tokens by this grant. They are constants and not attributes,
// since a newer recipe stores other values, which an import must not change; the grant itself is read back, so that its
// drift shows.
func (m *oauthClient) Fields() []field.Field {
	return append(m.oauthApplication.fields(),
		field.Constant("type", "client"),
		field.Constant("client_type", "integration_as_a_user"),
		field.Constant("inbound_grant_type", grantTypes[0]),
		field.String("inbound_grant_type", &m.InboundGrantType),
		field.Constant("default_grant_type", "client_credentials"),
		field.Constant("send_client_credentials_as", "request_body_parameter"),
		field.Reference(field.String("user", &m.UserID), "sys_user"),
		field.Int("refresh_token_lifespan", &m.RefreshTokenLifespan),
	)
}
