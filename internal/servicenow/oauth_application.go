package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// oauthAdmins are what the documentation of the registry and of its newer console name.
var oauthAdmins = lifecycle.OneOf("oauth_admin", "mi_admin")

// oauthApplication is embedded in the models of the entries of the application registry for inbound requests
// (oauth_entity and the tables that extend it).
type oauthApplication struct {
	Name                  types.String `tfsdk:"name"`
	ClientID              types.String `tfsdk:"client_id"`
	ClientSecretWO        types.String `tfsdk:"client_secret_wo"`
	ClientSecretWOVersion types.Int64  `tfsdk:"client_secret_wo_version"`
	ScopeRestriction      types.String `tfsdk:"scope_restriction"`
	AuthScopeIDs          types.Set    `tfsdk:"auth_scope_ids"`
	AccessTokenLifespan   types.Int64  `tfsdk:"access_token_lifespan"`
	PublicClient          types.Bool   `tfsdk:"public_client"`
	Active                types.Bool   `tfsdk:"active"`
	Comments              types.String `tfsdk:"comments"`
}

func oauthApplicationAttributes() attribute.Schema {
	return attribute.Schema{
		"name": attribute.RequiredText("The application's name, unique on the instance."),
		"client_id": attribute.ServerText("The client's id; a JWT carries it as `iss` and `aud`. Default: one that the " +
			"instance makes."),
		"client_secret_wo": attribute.Secret("The client's secret. Without it the instance makes one that cannot be read " +
			"back, so set it where another system, such as Kibana, needs to know it."),
		"client_secret_wo_version": attribute.SecretVersion("`client_secret_wo`"),
		"scope_restriction": attribute.ServerText("Which APIs the client's tokens open: `unrestricted` (*Broadly scoped*: " +
			"all that the user may use), `restricted` (*Securely scoped*: those that its auth scopes open), or the name of an " +
			"auth scope such as `useraccount`. Since Zurich, instances restrict new clients by themselves: every API without " +
			"an auth scope then answers 403. Null on instances without it. Default: `unrestricted`, or the instance's where " +
			"`auth_scope_ids` is set."),
		"auth_scope_ids": attribute.References("The auth scopes that the client holds " +
			"(`oauth_entity_auth_scope_mapping`), as `sys_id`s: `id` of `servicenow_auth_scope`, a resource or a data source. " +
			"`useraccount` opens every API. Scopes are read at each request, so tokens that were issued before change, too."),
		"access_token_lifespan": attribute.ServerInt("Lifetime of an access token, in seconds. Default: the "+
			"instance's, usually `1800`.", attribute.AtLeast(1)),
		"public_client": attribute.ServerFlag("Whether the client has no secret. Kibana refuses to work without one. " +
			"Default: the instance's, usually `false`."),
		"active":   attribute.Active("Whether the instance issues tokens for it."),
		"comments": attribute.Text("Notes for the reader."),
	}
}

func (m *oauthApplication) fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("client_id", &m.ClientID),
		field.Secret("client_secret", &m.ClientSecretWO, &m.ClientSecretWOVersion),
		field.String(restrictionColumn, &m.ScopeRestriction),
		field.Reference(nullableRows{field.Members(heldScopes.table, &m.AuthScopeIDs), &m.AuthScopeIDs}, "sys_auth_scope"),
		field.Int("access_token_lifespan", &m.AccessTokenLifespan),
		field.Bool("public_client", &m.PublicClient),
		field.Bool("active", &m.Active),
		field.String("comments", &m.Comments),
	}
}

// Check warns of scopes that do nothing.
func (m *oauthApplication) Check(_ context.Context, report *lifecycle.Report) {
	if m.ScopeRestriction.ValueString() == unrestricted && len(m.AuthScopeIDs.Elements()) > 0 {
		report.Warn(&m.ScopeRestriction, "Scopes of an unrestricted client", "With scope_restriction = \"unrestricted\" the "+
			"client's tokens open every API that no servicenow_rest_api_auth_scope guards, whatever auth_scope_ids holds.")
	}
}
