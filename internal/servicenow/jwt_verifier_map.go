package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewJWTVerifierMap manages a JWT verifier map (jwt_verifier_map): the certificate that proves the JWTs of one key.
var NewJWTVerifierMap = lifecycle.New[jwtVerifierMap](lifecycle.Definition{
	Type:    "jwt_verifier_map",
	Table:   "jwt_verifier_map",
	Key:     []string{"oauth_jwt_endpoint_id", "name"},
	Display: "{name} · for {oauth_jwt.name}",
	Needs:   lifecycle.Needs{Roles: oauthAdmins},
	Description: "A JWT verifier map (`jwt_verifier_map`): the certificate with which an OAuth JWT endpoint verifies " +
		"JWTs of one key. An endpoint may have several, which is how keys are rotated without a gap.",
	Attributes: attribute.Schema{
		"name": attribute.RequiredText("The map's name."),
		"oauth_jwt_endpoint_id": attribute.ReplacedReference("The OAuth JWT endpoint: `id` of a " +
			"`servicenow_oauth_jwt_endpoint`."),
		"certificate_id": attribute.RequiredReference("The certificate of the signing key: `id` of a " +
			"`servicenow_certificate`."),
		"key_id": attribute.ServerText("The `kid` by which JWTs name this key; Kibana calls it the JWT verifier key ID. " +
			"Default: one that the instance makes."),
	},
})

type jwtVerifierMap struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	Name               types.String `tfsdk:"name"`
	OAuthJWTEndpointID types.String `tfsdk:"oauth_jwt_endpoint_id"`
	CertificateID      types.String `tfsdk:"certificate_id"`
	KeyID              types.String `tfsdk:"key_id"`
}

func (m *jwtVerifierMap) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.Reference(field.String("oauth_jwt", &m.OAuthJWTEndpointID), "oauth_jwt"),
		field.Reference(field.String("sys_certificate", &m.CertificateID), "sys_certificate"),
		field.String("kid", &m.KeyID),
	}
}
