package provider

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// ValidateConfig finds, without a connection, what is wrong in the block whatever the environment holds.
func (p *servicenowProvider) ValidateConfig(
	ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse,
) {
	var c config
	resp.Diagnostics.Append(req.Config.Get(ctx, &c)...)
	if resp.Diagnostics.HasError() {
		return
	}
	for _, s := range p.sides(c) {
		s.checkOneAuth(&resp.Diagnostics)
	}
}

// Configure checks the block and the environment, and prepares the connections. It sends nothing.
func (p *servicenowProvider) Configure(
	ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse,
) {
	var c config
	resp.Diagnostics.Append(req.Config.Get(ctx, &c)...)
	if resp.Diagnostics.HasError() {
		return
	}
	connection := &lifecycle.Connection{
		Unknown:      map[lifecycle.Server]bool{},
		AllowLockout: c.AllowLockout.ValueBool(), Redactor: p.redactor, SecretChangeDetection: lifecycle.DetectByDigest,
	}
	if chosen := c.SecretChangeDetection.ValueString(); chosen != "" {
		connection.SecretChangeDetection = lifecycle.SecretChangeDetection(chosen)
	}
	agent := fmt.Sprintf("terraform-provider-servicenow/%s terraform/%s", p.version, req.TerraformVersion)
	for _, s := range p.sides(c) {
		if s.unknown() {
			connection.Unknown[s.server] = true
			if req.ClientCapabilities.DeferralAllowed {
				resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
			}
			continue
		}
		settings, ok := s.settings(&resp.Diagnostics)
		if !ok {
			continue
		}
		settings.UserAgent, settings.Log, settings.Redactor, settings.Usage = agent, p.log, p.redactor, p.usage
		if s.reportMistakes(rest.ValidateConfig(settings), &resp.Diagnostics) {
			continue
		}
		var err error
		if s.server == lifecycle.Kibana {
			connection.Kibana, err = kibanaapi.New(settings, s.text("space_id"))
			if release := s.text("version"); release != "" && err == nil {
				err = connection.Kibana.StateVersion(release)
			}
		} else {
			connection.ServiceNow, err = servicenowapi.New(settings)
		}
		if err != nil {
			resp.Diagnostics.AddError("Cannot prepare the connection", err.Error())
			continue
		}
		check := c.DuplicateCheck.IsNull() || c.DuplicateCheck.ValueBool()
		single := c.RefreshMode.ValueString() == "single"
		if s.server == lifecycle.Kibana {
			connection.Kibana.DuplicateCheck, connection.Kibana.SingleReads = check, single
			connection.Kibana.AcceptVanished = c.AcceptVanished.ValueBool()
			connection.Kibana.Patience = p.patience
		} else {
			connection.ServiceNow.DuplicateCheck, connection.ServiceNow.SingleReads = check, single
			connection.ServiceNow.AcceptVanished = c.AcceptVanished.ValueBool()
			connection.ServiceNow.Patience = p.patience
		}
	}
	resp.ResourceData = connection
	resp.DataSourceData = connection
	resp.EphemeralResourceData = connection
	resp.ActionData = connection
	resp.ListResourceData = connection
}

// side is one server's part of the provider block.
type side struct {
	server  lifecycle.Server
	kind    rest.Kind
	root    *path.Path // nil: the block itself
	urlName string
	// attributes of this side, by name.
	attributes map[string]attr.Value
	// environment names the variable of an attribute, by its dotted name.
	environment map[string]string
	// methods are the attributes that name an authentication method.
	methods []string
}

func (p *servicenowProvider) sides(c config) []side {
	root := path.Root("kibana")
	kibana := side{
		server: lifecycle.Kibana, kind: rest.KindKibana, root: &root, urlName: "url",
		attributes: map[string]attr.Value{},
		environment: map[string]string{ //nolint:gosec // names of variables, not credentials
			"url": "KIBANA_ENDPOINT", "space_id": "KIBANA_SPACE_ID", "api_key": "KIBANA_API_KEY",
			"bearer_token": "KIBANA_BEARER_TOKEN", "basic_auth.username": "KIBANA_USERNAME",
			"basic_auth.password": "KIBANA_PASSWORD",
		},
		methods: []string{"basic_auth", "api_key", "bearer_token"},
	}
	if c.Kibana.IsUnknown() {
		kibana.attributes["url"] = types.StringUnknown()
	}
	for name, value := range c.Kibana.Attributes() {
		kibana.attributes[name] = value
	}
	return []side{{
		server: lifecycle.ServiceNow, kind: rest.KindServiceNow, urlName: "instance_url",
		attributes: map[string]attr.Value{
			"instance_url": c.InstanceURL, "basic_auth": c.BasicAuth, "api_key": c.APIKey, "bearer_token": c.BearerToken,
			"oauth_jwt": c.OAuthJWT, "oauth_client_credentials": c.OAuthClientCredentials,
			"oauth_password": c.OAuthPassword, "http": c.HTTP, "allow_http": c.AllowHTTP,
		},
		environment: map[string]string{ //nolint:gosec // names of variables, not credentials
			"instance_url": "SERVICENOW_INSTANCE_URL", "api_key": "SERVICENOW_API_KEY",
			"bearer_token": "SERVICENOW_BEARER_TOKEN", "basic_auth.username": "SERVICENOW_USERNAME",
			"basic_auth.password": "SERVICENOW_PASSWORD", "oauth_jwt.client_id": "SERVICENOW_OAUTH_CLIENT_ID",
			"oauth_jwt.client_secret": "SERVICENOW_OAUTH_CLIENT_SECRET", "oauth_jwt.private_key": "SERVICENOW_OAUTH_PRIVATE_KEY",
			"oauth_jwt.private_key_password": "SERVICENOW_OAUTH_PRIVATE_KEY_PASSWORD",
			"oauth_jwt.key_id":               "SERVICENOW_OAUTH_KEY_ID",
			"oauth_jwt.user_identifier":      "SERVICENOW_OAUTH_USER_IDENTIFIER",
		},
		methods: []string{"basic_auth", "api_key", "bearer_token", "oauth_jwt", "oauth_client_credentials", "oauth_password"},
	}, kibana}
}

// at is the place of a dotted name in the block.
func (s side) at(dotted string) path.Path {
	parts := strings.Split(dotted, ".")
	var at path.Path
	if s.root != nil {
		at = s.root.AtName(parts[0])
	} else {
		at = path.Root(parts[0])
	}
	for _, part := range parts[1:] {
		at = at.AtName(part)
	}
	return at
}

// value finds a value of the block by its dotted name; nil when it is absent.
func (s side) value(dotted string) attr.Value {
	outer, inner, nested := strings.Cut(dotted, ".")
	v := s.attributes[outer]
	if nested {
		object, ok := v.(types.Object)
		if !ok {
			return nil
		}
		v = object.Attributes()[inner]
	}
	if v == nil || v.IsNull() {
		return nil
	}
	return v
}

// text is a value of the block, or else of the environment.
func (s side) text(dotted string) string {
	if v, ok := s.value(dotted).(types.String); ok {
		return v.ValueString()
	}
	return os.Getenv(s.environment[dotted])
}

// unknown reports whether anything that the connection needs is known only after apply.
func (s side) unknown() bool {
	for _, v := range s.attributes {
		if holdsUnknown(v) {
			return true
		}
	}
	return false
}

func holdsUnknown(v attr.Value) bool {
	if v == nil || v.IsUnknown() {
		return v != nil
	}
	var inner map[string]attr.Value
	switch of := v.(type) {
	case types.Object:
		inner = of.Attributes()
	case types.Map:
		inner = of.Elements()
	}
	for _, v := range inner {
		if holdsUnknown(v) {
			return true
		}
	}
	return false
}

// configured lists the authentication methods that the block names.
func (s side) configured() []string {
	var methods []string
	for _, method := range s.methods {
		if s.value(method) != nil {
			methods = append(methods, method)
		}
	}
	return methods
}

func (s side) checkOneAuth(diags *diag.Diagnostics) bool {
	methods := s.configured()
	if len(methods) < 2 {
		return true
	}
	s.report(methods[1], "Two authentication methods",
		"The block names "+strings.Join(methods, " and ")+". Keep one of them.", diags)
	return false
}

// needed lists the attributes without which a method cannot work, of those that have a variable.
func needed(method string) []string {
	switch method {
	case "basic_auth":
		return []string{"basic_auth.username", "basic_auth.password"}
	case "oauth_jwt":
		return []string{"oauth_jwt.client_id", "oauth_jwt.private_key"}
	case "api_key", "bearer_token":
		return []string{method}
	}
	return nil
}

// fromEnvironment lists the methods that the environment holds in full, and reports those that it holds in part.
func (s side) fromEnvironment() (methods, halves []string) {
	for _, method := range s.methods {
		var set, unset []string
		for _, name := range needed(method) {
			if os.Getenv(s.environment[name]) != "" {
				set = append(set, s.environment[name])
			} else {
				unset = append(unset, s.environment[name])
			}
		}
		switch {
		case len(set) == 0:
		case len(unset) == 0:
			methods = append(methods, method)
		default:
			halves = append(halves, strings.Join(set, ", ")+" is set, but "+strings.Join(unset, ", ")+" is not")
		}
	}
	return methods, halves
}

// parts says where each half of a method comes from: the block, a variable, or nowhere.
func (s side) parts(method string) (block, environment []string) {
	for _, name := range slices.Sorted(maps.Keys(s.environment)) {
		if !strings.HasPrefix(name, method+".") {
			continue
		}
		switch variable := s.environment[name]; {
		case s.value(name) != nil:
			block = append(block, s.at(name).String())
		case os.Getenv(variable) != "":
			environment = append(environment, s.at(name).String()+" ("+variable+")")
		}
	}
	return block, environment
}

// warnMixed speaks up where the block holds a secret and the environment the name that goes with it: more often a typo
// in the block, which Terraform does not report inside objects, than meant.
func (s side) warnMixed(method string, diags *diag.Diagnostics) {
	for name, secret := range map[string]string{
		"basic_auth.username": "basic_auth.password", "oauth_jwt.client_id": "oauth_jwt.private_key",
	} {
		if strings.HasPrefix(name, method+".") && s.value(name) == nil && s.value(secret) != nil && s.text(name) != "" {
			diags.AddWarning("Half of the credentials come from the environment", fmt.Sprintf(
				"%s is taken from %s, since the block names none, while %s comes from the block. Terraform does not report "+
					"attributes of other names inside %s: check their spelling.",
				s.at(name), s.environment[name], s.at(secret), s.at(method)))
		}
	}
}

// settings gathers what the client needs; not ok when this side is not configured, or wrongly.
func (s side) settings(diags *diag.Diagnostics) (rest.Config, bool) {
	if !s.checkOneAuth(diags) {
		return rest.Config{}, false
	}
	url, methods := s.text(s.urlName), s.configured()
	if url == "" && len(methods) == 0 && s.value("http") == nil {
		return rest.Config{}, false // this side is not used
	}
	if url == "" {
		s.report(s.urlName, "The server's URL is missing",
			"Set "+s.at(s.urlName).String()+" or the environment variable "+s.environment[s.urlName]+".", diags)
		return rest.Config{}, false
	}
	var halves []string
	if len(methods) == 0 {
		methods, halves = s.fromEnvironment()
		if len(methods) > 1 {
			s.report(s.urlName, "Two authentication methods in the environment",
				"The environment variables of "+strings.Join(methods, " and ")+" are set. Unset those of one, or name the "+
					"method in the provider block.", diags)
			return rest.Config{}, false
		}
	}
	if len(methods) == 0 {
		detail := ""
		if len(halves) > 0 {
			detail = "In the environment, " + strings.Join(halves, "; ") + ". "
		}
		s.report(s.urlName, "No authentication method", detail+"Set one of "+strings.Join(s.methods, ", ")+
			" next to "+s.at(s.urlName).String()+", or its environment variables ("+s.environment["basic_auth.username"]+" and "+
			s.environment["basic_auth.password"]+", or "+s.environment["api_key"]+", …).", diags)
		return rest.Config{}, false
	}
	s.warnMixed(methods[0], diags)
	http, ok := s.http(diags)
	allow, _ := s.value("allow_http").(types.Bool)
	return rest.Config{
		BaseURL: url, AllowHTTP: allow.ValueBool(), Kind: s.kind, Auth: s.auth(methods[0]), HTTP: http,
	}, ok
}

func (s side) auth(method string) rest.Auth {
	of := func(name string) string { return s.text(method + "." + name) }
	switch method {
	case "basic_auth":
		return rest.BasicAuth{Username: of("username"), Password: of("password")}
	case "api_key":
		return rest.APIKey{Key: s.text("api_key")}
	case "bearer_token":
		return rest.BearerToken{Token: s.text("bearer_token")}
	case "oauth_client_credentials":
		return rest.ClientCredentials{ClientID: of("client_id"), ClientSecret: of("client_secret")}
	case "oauth_password":
		return rest.PasswordGrant{
			ClientID: of("client_id"), ClientSecret: of("client_secret"), Username: of("username"), Password: of("password"),
		}
	}
	return rest.JWTBearer{
		ClientID: of("client_id"), ClientSecret: of("client_secret"), PrivateKey: of("private_key"),
		PrivateKeyPassword: of("private_key_password"), KeyID: of("key_id"), UserIdentifier: of("user_identifier"),
		SigningAlgorithm: of("signing_algorithm"), IncludeJTI: true,
	}
}

func (s side) http(diags *diag.Diagnostics) (rest.HTTP, bool) {
	h := rest.DefaultHTTP()
	h.CACertificate = s.text("http.ca_certificate")
	h.ClientCertificate = s.text("http.client_certificate")
	h.ClientPrivateKey = s.text("http.client_private_key")
	h.ProxyURL = s.text("http.proxy_url")
	if v, ok := s.value("http.insecure_skip_verify").(types.Bool); ok {
		h.InsecureSkipVerify = v.ValueBool()
	}
	if v, ok := s.value("http.max_retries").(types.Int64); ok {
		h.MaxRetries = int(v.ValueInt64())
	}
	if v, ok := s.value("http.max_concurrent_requests").(types.Int64); ok {
		h.MaxConcurrentRequests = int(v.ValueInt64())
	}
	if v, ok := s.value("http.requests_per_second").(types.Float64); ok {
		h.RequestsPerSecond = v.ValueFloat64()
	}
	if v, ok := s.value("http.headers").(types.Map); ok {
		h.Headers = map[string]string{}
		for name, value := range v.Elements() {
			if text, ok := value.(types.String); ok {
				h.Headers[name] = text.ValueString()
			}
		}
	}
	if text := s.text("http.request_timeout"); text != "" {
		limit, err := time.ParseDuration(text)
		if err != nil || limit <= 0 {
			s.report("http.request_timeout", "Not a duration",
				fmt.Sprintf("%s %q is not a duration above zero, such as 30s or 2m.",
					s.at("http.request_timeout"), text), diags)
			return h, false
		}
		h.RequestTimeout = limit
	}
	return h, true
}

// confidential names the attributes whose source lines must not be printed.
var confidential = map[string]bool{
	"password": true, "client_secret": true, "private_key": true, "private_key_password": true, "api_key": true,
	"bearer_token": true, "client_private_key": true, "proxy_url": true, "headers": true,
}

func holdsSecret(name string, value attr.Value) bool {
	if value == nil || value.IsNull() {
		return false
	}
	if object, ok := value.(types.Object); ok {
		for inner, v := range object.Attributes() {
			if holdsSecret(inner, v) {
				return true
			}
		}
		return false
	}
	if url, ok := value.(types.String); ok && strings.HasSuffix(name, "url") && strings.Contains(url.ValueString(), "@") {
		return true // credentials in the URL
	}
	return confidential[name]
}

// report reports a fault at its attribute. Terraform prints all the source lines of the outermost attribute around it,
// so a fault next to a secret is reported at the provider block, which prints one line.
func (s side) report(dotted, summary, detail string, diags *diag.Diagnostics) {
	at := s.at(dotted)
	outer, _, _ := strings.Cut(dotted, ".")
	secret := holdsSecret(outer, s.attributes[outer])
	if s.root != nil {
		for name, value := range s.attributes {
			secret = secret || holdsSecret(name, value)
		}
	}
	if !secret {
		diags.AddAttributeError(at, summary, detail)
		return
	}
	if !strings.Contains(detail, at.String()) {
		detail = at.String() + ": " + detail
	}
	diags.AddError(summary, detail)
}

// reportMistakes reports what the client finds wrong in its configuration.
func (s side) reportMistakes(mistakes []*rest.ConfigError, diags *diag.Diagnostics) bool {
	method := ""
	whole, _ := s.fromEnvironment()
	if methods := append(s.configured(), whole...); len(methods) > 0 {
		method = methods[0]
	}
	for _, mistake := range mistakes {
		group, _, _ := strings.Cut(mistake.Field, ".")
		dotted := s.urlName
		switch option := mistake.Option(); {
		case group == "HTTP":
			dotted = "http." + option
		case option != "":
			dotted = method + "." + option
		case group == "Auth":
			dotted = method
		}
		at := s.at(dotted)
		cause := mistake.Err.Error()
		if variable := s.environment[dotted]; variable != "" && s.value(dotted) == nil {
			if os.Getenv(variable) != "" {
				cause += " (taken from " + variable + ")"
			} else {
				cause += ", and " + variable + " is not set"
			}
		}
		detail := at.String() + " " + cause + "."
		if block, environment := s.parts(method); group == "Auth" && len(block)+len(environment) > 0 {
			detail += " " + credentialSources(block, environment)
		}
		if mistake.Confidential {
			diags.AddError("The provider's configuration is wrong", detail)
			continue
		}
		s.report(dotted, "The provider's configuration is wrong", detail, diags)
	}
	return len(mistakes) > 0
}

// credentialSources says which half of the credentials came from where.
func credentialSources(block, environment []string) string {
	var parts []string
	if len(block) > 0 {
		parts = append(parts, "From the provider block: "+strings.Join(block, ", ")+".")
	}
	if len(environment) > 0 {
		parts = append(parts, "From the environment: "+strings.Join(environment, ", ")+".")
	}
	return strings.Join(parts, " ")
}

// log hands the client's messages to Terraform's log.
func log(ctx context.Context, level rest.Level, message string, fields map[string]any) {
	switch level {
	case rest.LevelTrace:
		tflog.Trace(ctx, message, fields)
	case rest.LevelDebug:
		tflog.Debug(ctx, message, fields)
	case rest.LevelInfo:
		tflog.Info(ctx, message, fields)
	case rest.LevelWarn:
		tflog.Warn(ctx, message, fields)
	case rest.LevelError:
		tflog.Error(ctx, message, fields)
	}
}
