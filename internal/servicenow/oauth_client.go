package servicenow

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// clientCredentialsProperty switches the grant of these clients on.
const clientCredentialsProperty = "glide.oauth.inbound.client.credential.grant_type.enabled" //nolint:gosec // a name

// NewOAuthClient manages an inbound OAuth client of the client-credentials grant (oauth_entity).
var NewOAuthClient = lifecycle.New[oauthClient](lifecycle.Definition{
	Type:  "oauth_client",
	Table: "oauth_entity",
	Key:   []string{"name"},
	Store: func(c *lifecycle.Servers) record.Store {
		return oauthClientStore{
			clients: c.ServiceNow.Table("oauth_entity"), mappings: c.ServiceNow.Table(scopeMappings), class: "oauth_entity",
		}
	},
	Description: "An OAuth client for inbound requests with the client-credentials grant (`oauth_entity`, *System OAuth " +
		"> Application Registry*). Its tokens act as `user_id`. The grant works only while the property " +
		"`" + clientCredentialsProperty + "` is `true`: set it with `servicenow_system_property`. JWT endpoints are " +
		"another class of the same table: see `servicenow_oauth_jwt_endpoint`. Needs the role `oauth_admin`.",
	Attributes: withScopeAttributes(map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required: true, MarkdownDescription: "The application's name, unique on the instance.",
		},
		"client_id": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "The client's id. Default: one that the instance makes.",
		},
		"client_secret_wo": schema.StringAttribute{
			MarkdownDescription: "The client's secret. Without it the instance makes one that cannot be read back.",
		},
		"client_secret_wo_version": lifecycle.Version("`client_secret_wo`"),
		"user_id": schema.StringAttribute{
			Required: true, Validators: []validator.String{lifecycle.SysID()},
			MarkdownDescription: "The user that the client's requests run as: `id` of a `servicenow_user`.",
		},
		"access_token_lifespan": schema.Int64Attribute{
			Optional: true, Computed: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "How long an access token lives, in seconds. Default: the instance's, usually `1800`.",
		},
		"refresh_token_lifespan": schema.Int64Attribute{
			Optional: true, Computed: true, Validators: []validator.Int64{int64validator.AtLeast(1)},
			MarkdownDescription: "How long a refresh token lives, in seconds. Default: the instance's, usually `8640000`.",
		},
		"public_client": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether the client has no secret. Default: the instance's, usually `false`.",
		},
		"active": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether the client gets tokens. Default: `true`.",
		},
		"comments": schema.StringAttribute{Optional: true, MarkdownDescription: "Notes for the reader."},
	}),
})

type oauthClient struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	lifecycle.Secrets
	oauthScopes
	Name                  types.String `tfsdk:"name"`
	ClientID              types.String `tfsdk:"client_id"`
	ClientSecretWO        types.String `tfsdk:"client_secret_wo"`
	ClientSecretWOVersion types.Int64  `tfsdk:"client_secret_wo_version"`
	UserID                types.String `tfsdk:"user_id"`
	AccessTokenLifespan   types.Int64  `tfsdk:"access_token_lifespan"`
	RefreshTokenLifespan  types.Int64  `tfsdk:"refresh_token_lifespan"`
	PublicClient          types.Bool   `tfsdk:"public_client"`
	Active                types.Bool   `tfsdk:"active"`
	Comments              types.String `tfsdk:"comments"`
}

// Fields hold the columns of a client that was seen to get tokens by this grant. They are constants and not attributes,
// since a newer recipe stores other values, which an import must not change.
func (m *oauthClient) Fields() []field.Field {
	return append(m.scopeFields(),
		field.Constant("type", "client"),
		field.Constant("client_type", "integration_as_a_user"),
		field.Constant("inbound_grant_type", "client_credential"),
		field.Constant("default_grant_type", "client_credentials"),
		field.Constant("send_client_credentials_as", "request_body_parameter"),
		field.String("name", &m.Name),
		field.String("client_id", &m.ClientID),
		field.Secret("client_secret", &m.ClientSecretWO, &m.ClientSecretWOVersion),
		field.Reference(field.String("user", &m.UserID), "sys_user"),
		field.Int("access_token_lifespan", &m.AccessTokenLifespan),
		field.Int("refresh_token_lifespan", &m.RefreshTokenLifespan),
		field.Bool("public_client", &m.PublicClient),
		field.Bool("active", &m.Active),
		field.String("comments", &m.Comments),
	)
}

func (m *oauthClient) Check(_ context.Context, report *lifecycle.Report) { m.checkScopes(report) }

// Plan warns while the instance does not take the grant. The property may be set by the same apply, and an account that
// may not read it proves nothing, so it is a warning at most.
func (m *oauthClient) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	rows, err := c.ServiceNow.Table("sys_properties").Find(ctx,
		record.Match{Values: map[string]string{"name": clientCredentialsProperty}}, []string{"value"}, 1)
	if err != nil || len(rows) == 1 && rows[0].Text("value") == "true" {
		return
	}
	now := "is not set, or the account may not read it"
	if len(rows) == 1 {
		now = fmt.Sprintf("is %q", rows[0].Text("value"))
	}
	report.Warn(nil, "The client-credentials grant is off", "The property "+clientCredentialsProperty+" "+now+". Until "+
		"it is true the instance refuses this grant (unsupported_grant_type or access_denied). Set it with "+
		"servicenow_system_property; if this configuration does, ignore this warning.")
}
