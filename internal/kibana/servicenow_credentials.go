package kibana

import (
	"context"
	"crypto/rsa"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// credentials is embedded in the models of the three ServiceNow connectors: exactly one of basic and OAuth
// authentication.
type credentials struct {
	APIURL               types.String `tfsdk:"api_url"`
	BasicAuth            types.Object `tfsdk:"basic_auth"`
	OAuth                types.Object `tfsdk:"oauth"`
	CredentialsWOVersion types.Int64  `tfsdk:"credentials_wo_version"`
}

type basicAuth struct {
	UsernameWO types.String `tfsdk:"username_wo"`
	PasswordWO types.String `tfsdk:"password_wo"`
}

type oauth struct {
	ClientID             types.String `tfsdk:"client_id"`
	UserIdentifier       types.String `tfsdk:"user_identifier"`
	JWTKeyID             types.String `tfsdk:"jwt_key_id"`
	ClientSecretWO       types.String `tfsdk:"client_secret_wo"`
	PrivateKeyWO         types.String `tfsdk:"private_key_wo"`
	PrivateKeyPasswordWO types.String `tfsdk:"private_key_password_wo"`
}

func (m *credentials) fields() []field.Field {
	isOAuth := func(r record.Record) bool { return r.Text(isOAuthColumn) == "true" }
	isBasic := func(r record.Record) bool { return !isOAuth(r) }
	version := &m.CredentialsWOVersion
	return []field.Field{
		field.String("config.apiUrl", &m.APIURL),
		usesOAuth{&m.OAuth, &m.BasicAuth},
		field.Group(&m.BasicAuth, isBasic, func(b *basicAuth) []field.Field {
			return []field.Field{
				field.RequiredSecret("username", &b.UsernameWO, version),
				field.RequiredSecret("password", &b.PasswordWO, version),
			}
		}),
		field.Group(&m.OAuth, isOAuth, func(o *oauth) []field.Field {
			return []field.Field{
				field.String("config.clientId", &o.ClientID),
				field.String("config.userIdentifierValue", &o.UserIdentifier),
				field.String("config.jwtKeyId", &o.JWTKeyID),
				field.RequiredSecret("clientSecret", &o.ClientSecretWO, version),
				field.RequiredSecret("privateKey", &o.PrivateKeyWO, version),
				field.Secret("privateKeyPassword", &o.PrivateKeyPasswordWO, version),
			}
		}),
	}
}

// usesOAuth sends whether the attribute oauth is set. Of a connector that was switched to the other kind outside
// Terraform the state holds neither: it then says nothing, so that what is configured counts as changed.
type usesOAuth struct{ oauth, basicAuth *types.Object }

const isOAuthColumn = "config.isOAuth"

func (usesOAuth) Attribute() any             { return nil }
func (usesOAuth) Columns() []string          { return []string{isOAuthColumn} }
func (usesOAuth) Decode(record.Record) error { return nil }
func (usesOAuth) Value() attr.Value          { return types.StringNull() }
func (usesOAuth) Assign(field.Field)         {}
func (usesOAuth) Same(field.Field) bool      { return true }

func (f usesOAuth) Encode(into *record.Write) {
	if !f.oauth.IsUnknown() && (!f.oauth.IsNull() || !f.basicAuth.IsNull()) {
		into.Values[isOAuthColumn] = !f.oauth.IsNull()
	}
}

// bounds are the releases that take the credentials. Findings are about the resource: Terraform prints the lines of an
// attribute, and those of oauth hold the private key.
func (m *credentials) bounds() []bounded {
	return []bounded{{name: "oauth", set: !m.OAuth.IsNull(), since: kibanaapi.Version{Major: 8, Minor: 3}}}
}

// Check holds that there is one kind of credentials, and parses the private key with its password: Kibana stores a
// broken one and fails only when it first signs a JWT.
func (m *credentials) Check(_ context.Context, report *lifecycle.Report) {
	if m.BasicAuth.IsUnknown() || m.OAuth.IsUnknown() {
		return
	}
	if m.BasicAuth.IsNull() == m.OAuth.IsNull() {
		report.Error(nil, "Exactly one kind of credentials", "Set exactly one of basic_auth and oauth.")
		return
	}
	key, password := m.oauthValue("private_key_wo"), m.oauthValue("private_key_password_wo")
	if key.IsNull() || key.IsUnknown() || password.IsUnknown() {
		return
	}
	signer, err := pemkey.ParsePrivateKeyPEM(key.ValueString(), password.ValueString())
	if err != nil {
		report.Error(nil, "The private key cannot be used", "oauth.private_key_wo: "+err.Error()+". Kibana would accept it "+
			"and fail only when it first asks ServiceNow for a token.")
		return
	}
	if _, ok := signer.(*rsa.PrivateKey); !ok {
		report.Error(nil, "Not an RSA key", "oauth.private_key_wo must hold an RSA key: Kibana signs with RS256 only.")
	}
}

func (m *credentials) oauthValue(name string) types.String {
	if v, ok := m.OAuth.Attributes()[name].(types.String); ok {
		return v
	}
	return types.StringNull()
}

func credentialAttributes() attribute.Schema {
	return attribute.Schema{
		"api_url": apiURL("The ServiceNow instance, such as `https://dev12345.service-now.com`."),
		"basic_auth": attribute.Object("A ServiceNow user's name and password. Exactly one of this and `oauth`.",
			attribute.Schema{
				"username_wo": attribute.Secret("The user's name."),
				"password_wo": attribute.Secret("The user's password."),
			}),
		"oauth": attribute.Object("OAuth with a JWT, on Kibana 8.3 and newer: Kibana signs a JWT, which a "+
			"`servicenow_oauth_jwt_endpoint` exchanges for a token. Exactly one of this and `basic_auth`.",
			attribute.Schema{
				"client_id": attribute.RequiredText("`client_id` of the `servicenow_oauth_jwt_endpoint`."),
				"user_identifier": attribute.RequiredText("The user to act as, as the endpoint's `user_field` has it: an e-mail " +
					"address where that is `email`. Administrators are refused."),
				"jwt_key_id":       attribute.RequiredText("`key_id` of the `servicenow_jwt_verifier_map`."),
				"client_secret_wo": attribute.Secret("`client_secret_wo` of the endpoint."),
				"private_key_wo": attribute.Secret("The RSA private key as PEM text, whose certificate the verifier map names. " +
					"It is parsed, with its password, at plan."),
				"private_key_password_wo": attribute.Secret("The private key's password; only where the key is encrypted."),
			}),
		"credentials_wo_version": attribute.SecretVersion("the credentials"),
	}
}
