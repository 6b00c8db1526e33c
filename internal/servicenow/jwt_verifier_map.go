package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewJWTVerifierMap manages a JWT verifier map (jwt_verifier_map): the certificate that proves the JWTs of one key.
var NewJWTVerifierMap = lifecycle.New[jwtVerifierMap](lifecycle.Definition{
	Type:    "jwt_verifier_map",
	Table:   "jwt_verifier_map",
	Key:     []string{"oauth_jwt_endpoint_id", "name"},
	Display: "{name} · for {oauth_jwt.name}",
	Description: "A JWT verifier map (`jwt_verifier_map`): the certificate with which an OAuth JWT endpoint verifies " +
		"JWTs of one key. An endpoint may have several, which is how keys are rotated without a gap.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The map's name."},
		"oauth_jwt_endpoint_id": schema.StringAttribute{
			Required: true, Validators: []validator.String{lifecycle.SysID()},
			MarkdownDescription: "The OAuth JWT endpoint: `id` of a `servicenow_oauth_jwt_endpoint`. Changing it replaces " +
				"the map.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"certificate_id": schema.StringAttribute{
			Required: true, Validators: []validator.String{lifecycle.SysID()},
			MarkdownDescription: "The certificate of the signing key: `id` of a `servicenow_certificate`.",
		},
		"key_id": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "The `kid` that JWTs name this key by; Kibana calls it the JWT verifier key ID. Default: " +
				"one that the instance makes.",
		},
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
