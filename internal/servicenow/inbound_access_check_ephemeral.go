package servicenow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// NewInboundAccessCheck tries credentials on an API of the instance, as a sender would.
func NewInboundAccessCheck() ephemeral.EphemeralResource {
	return lifecycle.NewEphemeral[inboundAccessCheck](lifecycle.Ephemeral{
		Type: "inbound_access_check",
		Description: "Tries a sender's credentials on an API of the instance: whether an API key, a password or a token " +
			"passes the API's access policy. It really sends the request, at each plan and apply. A refusal does not fail the " +
			"plan, which might be the one that repairs the cause: look at `authenticated` and `message`, or set " +
			"`fail_if_denied`.",
		OneOf: []string{"api_key", "basic_auth", "bearer_token"},
		Attributes: map[string]schema.Attribute{
			"path": schema.StringAttribute{
				Required: true, MarkdownDescription: "The path, with its query, such as `/api/now/table/incident?sysparm_limit=1`.",
			},
			"method": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.OneOf("GET", "POST", "PUT", "PATCH", "DELETE")},
				MarkdownDescription: "The HTTP method. The request has no body. Default: `GET`.",
			},
			"api_key": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: "An API key. Exactly one of this, `basic_auth` and `bearer_token`.",
				Attributes: map[string]schema.Attribute{
					"value": schema.StringAttribute{Required: true, Sensitive: true, MarkdownDescription: "The key, such as `now_…`."},
					"in": schema.StringAttribute{
						Optional:            true,
						MarkdownDescription: "Where it travels: `header` or `query`. Default: `header`.",
					},
					"name": schema.StringAttribute{
						Optional: true, MarkdownDescription: "The name of the header or query parameter. Default: `x-sn-apikey`.",
					},
				},
			},
			"basic_auth": schema.SingleNestedAttribute{
				Optional: true, MarkdownDescription: "A user's name and password.",
				Attributes: map[string]schema.Attribute{
					"username": required("The user's name."),
					"password": schema.StringAttribute{Required: true, Sensitive: true, MarkdownDescription: "The user's password."},
				},
			},
			"bearer_token": confidential("An access token, such as the ephemeral resource `servicenow_oauth_token` returns."),
			"fail_if_denied": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether a refusal (status 401 or 403) is an error. Default: `false`.",
			},
			"status_code": schema.Int64Attribute{Computed: true, MarkdownDescription: "The HTTP status of the answer."},
			"authenticated": schema.BoolAttribute{
				Computed: true,
				MarkdownDescription: "Whether the instance knows who asks. A 403, 404 or 400 comes after the credentials have " +
					"passed; a 401, a redirect, a page in place of an answer, a 429, 502, 503 or 504 do not prove that.",
			},
			"message": schema.StringAttribute{
				Computed: true, MarkdownDescription: "What the instance says about a failure; empty on success.",
			},
		},
	})
}

type inboundAccessCheck struct {
	Path          types.String     `tfsdk:"path"`
	Method        types.String     `tfsdk:"method"`
	APIKey        *checkedAPIKey   `tfsdk:"api_key"`
	BasicAuth     *checkedPassword `tfsdk:"basic_auth"`
	BearerToken   types.String     `tfsdk:"bearer_token"`
	FailIfDenied  types.Bool       `tfsdk:"fail_if_denied"`
	StatusCode    types.Int64      `tfsdk:"status_code"`
	Authenticated types.Bool       `tfsdk:"authenticated"`
	Message       types.String     `tfsdk:"message"`
}

type checkedAPIKey struct {
	Value types.String `tfsdk:"value"`
	In    types.String `tfsdk:"in"`
	Name  types.String `tfsdk:"name"`
}

type checkedPassword struct {
	Username types.String `tfsdk:"username"`
	Password types.String `tfsdk:"password"`
}

func (m *inboundAccessCheck) auth() rest.Auth {
	switch {
	case m.APIKey != nil:
		name := m.APIKey.Name.ValueString()
		if name == "" {
			name = "x-sn-apikey"
		}
		return rest.NamedKey{Name: name, Key: m.APIKey.Value.ValueString(), InQuery: m.APIKey.In.ValueString() == "query"}
	case m.BasicAuth != nil:
		return rest.BasicAuth{Username: m.BasicAuth.Username.ValueString(), Password: m.BasicAuth.Password.ValueString()}
	}
	return rest.BearerToken{Token: m.BearerToken.ValueString()}
}

// ownPath reads a path with its query, which stays on the instance.
func ownPath(path string) (*url.URL, error) {
	target, err := url.Parse(path)
	if err != nil || target.Host != "" || target.User != nil || !strings.HasPrefix(target.Path, "/") {
		return nil, errors.New("must begin with / and name no host: the request goes to the instance")
	}
	return target, nil
}

// Open sends the request.
func (m *inboundAccessCheck) Open(ctx context.Context, c *lifecycle.Servers) error {
	target, err := ownPath(m.Path.ValueString())
	if err != nil {
		return fmt.Errorf("path %w", err)
	}
	if in := m.APIKey; in != nil && !slices.Contains([]string{"", "header", "query"}, in.In.ValueString()) {
		return fmt.Errorf("api_key.in must be header or query, not %q", in.In.ValueString())
	}
	method := m.Method.ValueString()
	if method == "" {
		method = http.MethodGet
	}
	status, message, err := c.ServiceNow.Probe(ctx, method, target.EscapedPath(), target.Query(), m.auth())
	if err != nil {
		return err
	}
	if (status == http.StatusUnauthorized || status == http.StatusForbidden) && m.FailIfDenied.ValueBool() {
		return fmt.Errorf("the instance refuses these credentials: %s", message)
	}
	m.StatusCode = types.Int64Value(int64(status))
	m.Authenticated = types.BoolValue(afterLogin(status, message))
	m.Message = types.StringValue(message)
	return nil
}

// afterLogin reports whether an answer comes from behind the login. A page with status 200 (hibernation, a sign-in), a
// redirect, and what stands in front of an instance come before anybody looks at credentials.
func afterLogin(status int, message string) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return false
	}
	return status < http.StatusMultipleChoices && message == "" || status >= http.StatusBadRequest
}
