package servicenow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// NewOAuthToken asks an instance for an access token, as Kibana would.
func NewOAuthToken() ephemeral.EphemeralResource {
	return lifecycle.NewEphemeral[oauthToken](lifecycle.Ephemeral{
		Type: "oauth_token",
		Description: "Asks an instance for an OAuth access token. With `jwt` it proves the whole chain (key, certificate, " +
			"verifier map, endpoint, user) the way Kibana uses it: `aud` and `iss` are the client id, and there is no `jti`. " +
			"A refusal does not fail the plan, which might be the one that repairs the chain: look at `ok` and `message`, " +
			"or set `fail_if_denied`.",
		OneOf: []string{"jwt", "password", "client_credentials"},
		Attributes: map[string]schema.Attribute{
			"instance_url": schema.StringAttribute{
				Optional: true, MarkdownDescription: "The instance. Default: the provider's `instance_url`.",
			},
			"jwt": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "The JWT bearer grant. Exactly one of this, `password` and `client_credentials`.",
				Attributes: map[string]schema.Attribute{
					"client_id":     required("`client_id` of the `servicenow_oauth_jwt_endpoint`."),
					"client_secret": confidential("Its client secret. Leave it out for a public client."),
					"private_key": schema.StringAttribute{
						Required: true, Sensitive: true, MarkdownDescription: "The private key: PEM text, or the path of a PEM file.",
					},
					"private_key_password": confidential("The private key's password, where it has one."),
					"key_id": schema.StringAttribute{
						Optional: true, MarkdownDescription: "`key_id` of the `servicenow_jwt_verifier_map`.",
					},
					"user_identifier": required("The user to act as, as the endpoint's `user_field` holds it."),
					"signing_algorithm": schema.StringAttribute{
						Optional: true,
						MarkdownDescription: "`RS256`, `RS384`, `RS512`, or, from Zurich on, `ES256`, `ES384` or `ES512`. " +
							"Default: `RS256`, which Kibana uses.",
					},
					"include_jti": schema.BoolAttribute{
						Optional: true, MarkdownDescription: "Whether to send a new `jti`, which Kibana does not. Default: `false`.",
					},
				},
			},
			"password": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: "The password grant.",
				Attributes: map[string]schema.Attribute{
					"client_id": required("The client id."), "client_secret": confidential("The client secret."),
					"username": required("The user's name."), "password": confidential("The user's password."),
				},
			},
			"client_credentials": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: "The client credentials grant.",
				Attributes: map[string]schema.Attribute{
					"client_id": required("The client id."), "client_secret": confidential("The client secret."),
				},
			},
			"fail_if_denied": schema.BoolAttribute{
				Optional: true, MarkdownDescription: "Whether a refusal is an error. Default: `false`.",
			},
			"probe_path": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "A path of the instance's REST API, with its query, such as " +
					"`/api/now/table/sys_user?sysparm_limit=1`. It is read once with the token: since Zurich a client may be " +
					"given a token that opens nothing (scope restriction). Default: none, which proves the token alone.",
			},
			"ok": schema.BoolAttribute{
				Computed: true, MarkdownDescription: "Whether the instance gave a token and, with `probe_path`, let it in.",
			},
			"message": schema.StringAttribute{
				Computed: true, MarkdownDescription: "The refusal, in the instance's words; empty when all is well.",
			},
			"access_token": schema.StringAttribute{
				Computed: true, Sensitive: true, MarkdownDescription: "The token; null when none was given.",
			},
			"expires_at": schema.StringAttribute{Computed: true, MarkdownDescription: "When the token expires, RFC 3339."},
		},
	})
}

func required(description string) schema.StringAttribute {
	return schema.StringAttribute{Required: true, MarkdownDescription: description}
}

func confidential(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: description}
}

type oauthToken struct {
	InstanceURL       types.String            `tfsdk:"instance_url"`
	JWT               *jwtGrant               `tfsdk:"jwt"`
	Password          *passwordGrant          `tfsdk:"password"`
	ClientCredentials *clientCredentialsGrant `tfsdk:"client_credentials"`
	FailIfDenied      types.Bool              `tfsdk:"fail_if_denied"`
	ProbePath         types.String            `tfsdk:"probe_path"`
	OK                types.Bool              `tfsdk:"ok"`
	Message           types.String            `tfsdk:"message"`
	AccessToken       types.String            `tfsdk:"access_token"`
	ExpiresAt         types.String            `tfsdk:"expires_at"`
}

type jwtGrant struct {
	ClientID           types.String `tfsdk:"client_id"`
	ClientSecret       types.String `tfsdk:"client_secret"`
	PrivateKey         types.String `tfsdk:"private_key"`
	PrivateKeyPassword types.String `tfsdk:"private_key_password"`
	KeyID              types.String `tfsdk:"key_id"`
	UserIdentifier     types.String `tfsdk:"user_identifier"`
	SigningAlgorithm   types.String `tfsdk:"signing_algorithm"`
	IncludeJTI         types.Bool   `tfsdk:"include_jti"`
}

type passwordGrant struct {
	ClientID     types.String `tfsdk:"client_id"`
	ClientSecret types.String `tfsdk:"client_secret"`
	Username     types.String `tfsdk:"username"`
	Password     types.String `tfsdk:"password"`
}

type clientCredentialsGrant struct {
	ClientID     types.String `tfsdk:"client_id"`
	ClientSecret types.String `tfsdk:"client_secret"`
}

// auth is how the token is obtained, and block the attribute that says so.
func (m *oauthToken) auth() (auth rest.Auth, block string) {
	switch {
	case m.JWT != nil:
		return rest.JWTBearer{
			ClientID: m.JWT.ClientID.ValueString(), ClientSecret: m.JWT.ClientSecret.ValueString(),
			PrivateKey: m.JWT.PrivateKey.ValueString(), PrivateKeyPassword: m.JWT.PrivateKeyPassword.ValueString(),
			KeyID: m.JWT.KeyID.ValueString(), UserIdentifier: m.JWT.UserIdentifier.ValueString(),
			SigningAlgorithm: m.JWT.SigningAlgorithm.ValueString(), IncludeJTI: m.JWT.IncludeJTI.ValueBool(),
		}, "jwt"
	case m.Password != nil:
		return rest.PasswordGrant{
			ClientID: m.Password.ClientID.ValueString(), ClientSecret: m.Password.ClientSecret.ValueString(),
			Username: m.Password.Username.ValueString(), Password: m.Password.Password.ValueString(),
		}, "password"
	case m.ClientCredentials != nil:
		return rest.ClientCredentials{
			ClientID: m.ClientCredentials.ClientID.ValueString(), ClientSecret: m.ClientCredentials.ClientSecret.ValueString(),
		}, "client_credentials"
	}
	return nil, ""
}

// inWords names the attributes at fault in what the client finds wrong in its configuration; block is the login's.
func inWords(err error, block string) error {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var told []error
	for _, one := range several.Unwrap() {
		var mistake *rest.ConfigError
		switch {
		case !errors.As(one, &mistake):
			told = append(told, one)
		case mistake.Option() != "":
			told = append(told, fmt.Errorf("%s.%s %w", block, mistake.Option(), mistake.Err))
		case mistake.Field == "BaseURL":
			told = append(told, fmt.Errorf("instance_url %w", mistake.Err))
		default:
			told = append(told, fmt.Errorf("%s %w", block, mistake.Err))
		}
	}
	return errors.Join(told...)
}

// Open asks for a token, and tries it.
func (m *oauthToken) Open(ctx context.Context, c *lifecycle.Servers) error {
	var target *url.URL
	if path := m.ProbePath.ValueString(); path != "" {
		var err error
		if target, err = ownPath(path); err != nil {
			return fmt.Errorf("probe_path %w", err)
		}
	}
	m.AccessToken, m.ExpiresAt = types.StringNull(), types.StringNull()
	auth, block := m.auth()
	token, err := c.ServiceNow.FetchToken(ctx, m.InstanceURL.ValueString(), auth)
	err = inWords(err, block)
	if err == nil {
		m.AccessToken = types.StringValue(token.AccessToken)
		if !token.ExpiresAt.IsZero() {
			m.ExpiresAt = types.StringValue(token.ExpiresAt.UTC().Format(time.RFC3339))
		}
		err = m.probe(ctx, c, target, token)
	}
	var refused *rest.Error
	var unproven *probeError
	if err != nil && (m.FailIfDenied.ValueBool() || !errors.As(err, &refused) && !errors.As(err, &unproven)) {
		return err
	}
	m.OK, m.Message = types.BoolValue(err == nil), types.StringValue("")
	if err != nil {
		m.Message = types.StringValue(err.Error())
	}
	return nil
}

// probeError reports that a token was issued and does not open what was asked for.
type probeError struct{ message string }

func (e *probeError) Error() string { return e.message }

// probe reads target with the token; nil asks for nothing.
func (m *oauthToken) probe(ctx context.Context, c *lifecycle.Servers, target *url.URL, token rest.Token) error {
	if target == nil {
		return nil
	}
	status, message, err := c.ServiceNow.ProbeAt(ctx, m.InstanceURL.ValueString(), http.MethodGet, target.EscapedPath(),
		target.Query(), rest.BearerToken{Token: token.AccessToken})
	switch {
	case err != nil:
		return err
	case message != "":
		return &probeError{"a token was given, but it does not open probe_path: " + message}
	case status < 200 || status >= 300:
		return &probeError{fmt.Sprintf("a token was given, but probe_path was answered with status %d", status)}
	}
	return nil
}
