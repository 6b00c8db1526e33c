package provider

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// config is the provider block. Its nested objects stay framework objects, since any of them may be unknown at plan.
type config struct {
	InstanceURL            types.String `tfsdk:"instance_url"`
	BasicAuth              types.Object `tfsdk:"basic_auth"`
	APIKey                 types.String `tfsdk:"api_key"`
	BearerToken            types.String `tfsdk:"bearer_token"`
	OAuthJWT               types.Object `tfsdk:"oauth_jwt"`
	OAuthClientCredentials types.Object `tfsdk:"oauth_client_credentials"`
	OAuthPassword          types.Object `tfsdk:"oauth_password"`
	HTTP                   types.Object `tfsdk:"http"`
	RefreshMode            types.String `tfsdk:"refresh_mode"`
	AllowHTTP              types.Bool   `tfsdk:"allow_http"`
	DuplicateCheck         types.Bool   `tfsdk:"duplicate_check"`
	SecretChangeDetection  types.String `tfsdk:"secret_change_detection"`
	AllowLockout           types.Bool   `tfsdk:"allow_lockout"`
	AcceptVanished         types.Bool   `tfsdk:"accept_vanished"`
	Kibana                 types.Object `tfsdk:"kibana"`
}

func (p *servicenowProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Connects ServiceNow with Elastic and other systems as code: both sides, from one apply. " +
			"Either side may be left out. A value in the block goes before its environment variable, and an authentication " +
			"method from the environment is used only where the block names none.",
		Attributes: map[string]schema.Attribute{
			"instance_url": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "The ServiceNow instance, such as `https://dev12345.service-now.com`, without a path. Or " +
					"`SERVICENOW_INSTANCE_URL`.",
			},
			"basic_auth": basicAuth("A ServiceNow user's name and password. Or `SERVICENOW_USERNAME` and " +
				"`SERVICENOW_PASSWORD`."),
			"api_key": secret("A REST API key (`now_…`), sent as the header `x-sn-apikey`. It opens only the APIs that an " +
				"access policy maps an API-key profile to. Or `SERVICENOW_API_KEY`."),
			"bearer_token": secret("An OAuth access token. Or `SERVICENOW_BEARER_TOKEN`."),
			"oauth_jwt": schema.SingleNestedAttribute{
				Optional: true,
				MarkdownDescription: "OAuth with a JWT that this provider signs. Each attribute may come from the environment: " +
					"`SERVICENOW_OAUTH_CLIENT_ID`, `SERVICENOW_OAUTH_CLIENT_SECRET`, `SERVICENOW_OAUTH_PRIVATE_KEY`, " +
					"`SERVICENOW_OAUTH_PRIVATE_KEY_PASSWORD`, `SERVICENOW_OAUTH_KEY_ID`, `SERVICENOW_OAUTH_USER_IDENTIFIER`.",
				Attributes: map[string]schema.Attribute{
					"client_id":     plain("The client id of the OAuth JWT endpoint."),
					"client_secret": secret("The endpoint's client secret. Leave it out for a public client."),
					"private_key": secret("The private key whose certificate the endpoint's verifier map names: PEM text, or the " +
						"path of a PEM file. PKCS#1, PKCS#8 and SEC 1, encrypted or not."),
					"private_key_password": secret("The private key's password, where it has one."),
					"key_id":               plain("The `kid` of the verifier map."),
					"user_identifier": plain("The user to act as, as the endpoint's user field holds it. Administrators are " +
						"refused."),
					"signing_algorithm": schema.StringAttribute{
						Optional: true,
						MarkdownDescription: "`RS256`, `RS384`, `RS512`, or, from Zurich on, `ES256`, `ES384` or `ES512`. " +
							"Default: `RS256`.",
					},
				},
			},
			"oauth_client_credentials": schema.SingleNestedAttribute{
				Optional: true,
				MarkdownDescription: "OAuth with a client's own credentials; the instance must permit that grant " +
					"(`glide.oauth.inbound.client.credential.grant_type.enabled`).",
				Attributes: map[string]schema.Attribute{
					"client_id": plain("The client id."), "client_secret": secret("The client secret."),
				},
			},
			"oauth_password": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "OAuth with a user's password, renewed with the refresh token.",
				Attributes: map[string]schema.Attribute{
					"client_id": plain("The client id."), "client_secret": secret("The client secret."),
					"username": plain("The user's name."), "password": secret("The user's password."),
				},
			},
			"http": httpAttribute(),
			"refresh_mode": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "How a refresh reads records: `bulk` joins the reads of a table into few requests, `single` " +
					"sends one request per record. Default: `bulk`.",
				Validators: []validator.String{stringvalidator.OneOf("bulk", "single")},
			},
			"allow_http": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Permits an `http://` URL to a host that is not this machine. Default: `false`.",
			},
			"duplicate_check": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether each create first looks for a record of the same natural key, and stops with the " +
					"import command where there is one. Default: `true`.",
			},
			"secret_change_detection": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "How a changed secret without a version is noticed: `digest` keeps a slow hash of it in " +
					"Terraform's private state, `version` keeps nothing that was made from a secret, so that only a new " +
					"`…_wo_version` sends it again. Default: `digest`.",
				Validators: []validator.String{stringvalidator.OneOf("digest", "version")},
			},
			"allow_lockout": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Permits changes of access policies, authentication profiles and their parameters that shut " +
					"this provider's own authentication method out of the instance, and changes that lock out the user that it " +
					"logs in as, or take that user's roles or API key away. Default: `false`.",
			},
			"accept_vanished": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Accepts that five or more records that were asked for together are all gone, and plans to " +
					"create them again. Otherwise that is an error, since it looks the same after a clone over the instance, on " +
					"the wrong instance, and after the account has lost a role. Default: `false`.",
			},
			"kibana": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "The Kibana side. Exactly one of `basic_auth`, `api_key` and `bearer_token`.",
				Attributes: map[string]schema.Attribute{
					"url": plain("Kibana's URL, such as `https://kibana.example.com:5601`, with its `server.basePath` where it " +
						"has one, and without a space. Or `KIBANA_ENDPOINT`."),
					"version": schema.StringAttribute{
						Optional: true,
						MarkdownDescription: "Kibana's release, such as `9.1`, where it does not report it: on serverless, or to an " +
							"account that may not read `/api/status`. Default: Kibana is asked.",
						Validators: []validator.String{stringvalidator.RegexMatches(
							regexp.MustCompile(`^[0-9]{1,3}\.[0-9]{1,3}(\.[0-9]+)?(-[\w.]+)?$`), "must be a release, such as 9.1",
						)},
					},
					"space_id": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: "The space of resources that name none. Or `KIBANA_SPACE_ID`. Default: `default`.",
						Validators:          []validator.String{lifecycle.SpaceID()},
					},
					"basic_auth":   basicAuth("A user's name and password. Or `KIBANA_USERNAME` and `KIBANA_PASSWORD`."),
					"api_key":      secret("An API key in its encoded form (`base64(id:key)`). Or `KIBANA_API_KEY`."),
					"bearer_token": secret("An access token. Or `KIBANA_BEARER_TOKEN`."),
					"http":         httpAttribute(),
					"allow_http": schema.BoolAttribute{
						Optional:            true,
						MarkdownDescription: "Permits an `http://` URL to a host that is not this machine. Default: `false`.",
					},
				},
			},
		},
	}
}

func plain(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description}
}

func secret(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: description}
}

func basicAuth(description string) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional: true, MarkdownDescription: description,
		Attributes: map[string]schema.Attribute{
			"username": plain("The user's name."), "password": secret("The user's password."),
		},
	}
}

func httpAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "How requests are sent.",
		Attributes: map[string]schema.Attribute{
			"ca_certificate": plain("Certificates to trust in addition to the system's: PEM text, or the path of a PEM file."),
			"client_certificate": plain("The certificate to identify with (mutual TLS): PEM text, or the path of a PEM file. " +
				"Needs `client_private_key`."),
			"client_private_key": secret("Its private key: PEM text, or the path of a PEM file."),
			"insecure_skip_verify": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Trusts any server certificate. Never in production. Default: `false`.",
			},
			"proxy_url": schema.StringAttribute{
				Optional: true, Sensitive: true, // it may hold the proxy's password
				MarkdownDescription: "The proxy, such as `http://proxy.example.com:3128`; never used for this machine's own " +
					"addresses. Default: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.",
			},
			"headers": schema.MapAttribute{
				Optional: true, Sensitive: true, ElementType: types.StringType, // gateways take tokens here
				MarkdownDescription: "Headers to send with every request, for a gateway in front of the server.",
			},
			"request_timeout": plain("How long one attempt may take, such as `30s`. Default: `60s`."),
			"max_retries": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "How often a request is sent again after a temporary failure. Default: `6`.",
			},
			"max_concurrent_requests": schema.Int64Attribute{
				Optional:            true,
				MarkdownDescription: "How many requests run at once. Default: `10`.",
			},
			"requests_per_second": schema.Float64Attribute{
				Optional:            true,
				MarkdownDescription: "How many requests start in a second, at most. Default: no limit.",
			},
		},
	}
}
