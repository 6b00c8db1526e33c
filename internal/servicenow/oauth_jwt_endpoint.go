package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// NewOAuthJWTEndpoint manages an OAuth JWT API endpoint for external clients (oauth_jwt).
var NewOAuthJWTEndpoint = lifecycle.New[oauthJWTEndpoint](lifecycle.Definition{
	Type:  "oauth_jwt_endpoint",
	Table: "oauth_jwt",
	Key:   []string{"name"},
	Store: func(c *lifecycle.Servers) record.Store {
		return oauthClientStore{clients: c.ServiceNow.Table("oauth_jwt"), mappings: c.ServiceNow.Table(scopeMappings)}
	},
	Description: "An OAuth JWT API endpoint for external clients (`oauth_jwt`, *System OAuth > Application Registry*): " +
		"it gives an access token for a JWT that a certificate of its verifier maps proves. The token acts as the user " +
		"whom the JWT names; administrators are refused. Signatures are RS256, RS384 or RS512; ES256, ES384 and ES512 from " +
		"Zurich on. Needs the role `oauth_admin`.",
	Attributes: withScopeAttributes(map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required: true, MarkdownDescription: "The application's name, unique on the instance.",
		},
		"user_field": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "The column of `sys_user` that the JWT's `sub` is compared with: `email`, `user_name`, " +
				"`sys_id` or another one. The form's choice *User ID* is `user_name`.",
		},
		"client_id": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "The client's id, which JWTs carry as `iss` and `aud`. Default: one that the instance makes.",
		},
		"client_secret_wo": schema.StringAttribute{
			MarkdownDescription: "The client's secret. Without it the instance makes one that cannot be read back, so set it " +
				"where another system, as Kibana, needs to know it.",
		},
		"client_secret_wo_version": lifecycle.Version("`client_secret_wo`"),
		"access_token_lifespan": schema.Int64Attribute{
			Optional: true, Computed: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "How long an access token lives, in seconds. Default: the instance's, usually `1800`.",
		},
		"clock_skew": schema.Int64Attribute{
			Optional: true, Computed: true, Validators: []validator.Int64{int64validator.AtLeast(0)},
			MarkdownDescription: "How far the clocks of client and instance may differ, in seconds. Default: the instance's, " +
				"`0` or `300`.",
		},
		"enable_jti_verification": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether each JWT must carry an id (`jti`) that was not used before. Kibana sends none: set " +
				"`false` for it. Default: the instance's, usually `true`.",
		},
		"jti_claim": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "The claim that holds the JWT's id. Needs Zurich or newer. Default: the instance's, " +
				"usually `jti`.",
		},
		"jwks_url": schema.StringAttribute{
			Optional: true, MarkdownDescription: "The URL of a JSON web key set to verify JWTs with, instead of verifier " +
				"maps. Needs Zurich or newer.",
		},
		"public_client": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether the client has no secret. Kibana refuses to work without one. Default: the " +
				"instance's, usually `false`.",
		},
		"active": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether the endpoint gives tokens. Default: `true`.",
		},
		"comments": schema.StringAttribute{Optional: true, MarkdownDescription: "Notes for the reader."},
		"inbound_grant_type": schema.StringAttribute{
			Computed: true, Default: stringdefault.StaticString("jwt"),
			MarkdownDescription: "The grant that the endpoint takes, always `jwt`: another one found there is put right.",
		},
	}),
})

type oauthJWTEndpoint struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	lifecycle.Secrets
	oauthScopes
	Name                  types.String `tfsdk:"name"`
	UserField             types.String `tfsdk:"user_field"`
	ClientID              types.String `tfsdk:"client_id"`
	ClientSecretWO        types.String `tfsdk:"client_secret_wo"`
	ClientSecretWOVersion types.Int64  `tfsdk:"client_secret_wo_version"`
	AccessTokenLifespan   types.Int64  `tfsdk:"access_token_lifespan"`
	ClockSkew             types.Int64  `tfsdk:"clock_skew"`
	EnableJTIVerification types.Bool   `tfsdk:"enable_jti_verification"`
	JTIClaim              types.String `tfsdk:"jti_claim"`
	JWKSURL               types.String `tfsdk:"jwks_url"`
	PublicClient          types.Bool   `tfsdk:"public_client"`
	Active                types.Bool   `tfsdk:"active"`
	Comments              types.String `tfsdk:"comments"`
	InboundGrantType      types.String `tfsdk:"inbound_grant_type"`
}

func (m *oauthJWTEndpoint) Fields() []field.Field {
	return append(m.scopeFields(),
		field.String("name", &m.Name),
		field.String("user_field", &m.UserField),
		field.String("client_id", &m.ClientID),
		field.Secret("client_secret", &m.ClientSecretWO, &m.ClientSecretWOVersion),
		field.Int("access_token_lifespan", &m.AccessTokenLifespan),
		field.Int("clock_skew", &m.ClockSkew),
		field.Bool("enable_jti_verification", &m.EnableJTIVerification),
		field.String("jti_claim", &m.JTIClaim),
		field.String("jwks_url", &m.JWKSURL),
		field.Bool("public_client", &m.PublicClient),
		field.Bool("active", &m.Active),
		field.String("comments", &m.Comments),
		field.String("inbound_grant_type", &m.InboundGrantType),
	)
}

func (m *oauthJWTEndpoint) Check(_ context.Context, report *lifecycle.Report) { m.checkScopes(report) }
