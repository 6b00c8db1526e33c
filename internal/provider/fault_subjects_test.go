package provider_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// canary is every secret in the matrix. It holds what encodings differ in.
const (
	canary     = "K9\"v<q&>\\Zw7 canary+%ü"
	canaryTwo  = "T4\"h<u&>\\Mx2 second+%ö"
	canaryUser = "integration.canary"
)

// subject is a resource or data source that the matrix disturbs, as it is made and as it is changed.
type subject struct {
	name, apps    string // apps: further applications, separated by commas
	needs         string // blocks that are there before anything is disturbed
	before, after string
	// stays says that a destroy leaves what was made, as an installed application.
	stays bool
}

func (s subject) String() string { return s.name }

const accessNeeds = `
data "servicenow_rest_api" "api" { base_path = "/api/x_elas2_inc_int/elastic_api" }
data "servicenow_auth_parameter" "header" {
  parameter_name = "x-sn-apikey"
  type           = "auth_header"
}
`

// keys makes one key pair for all subjects, since making one takes a while.
var keys struct {
	sync.Once
	key, certificate string
}

func keyPair(t *testing.T) (key, certificate string) {
	t.Helper()
	keys.Do(func() { keys.key, keys.certificate = acctest.KeyPair(t, "matrix") })
	return keys.key, keys.certificate
}

// res writes a resource named "x".
func res(kind string, attributes ...string) string {
	return fmt.Sprintf("resource \"servicenow_%s\" \"x\" {\n  %s\n}\n", kind, strings.Join(attributes, "\n  "))
}

func data(kind string, attributes ...string) string {
	return fmt.Sprintf("data \"servicenow_%s\" \"x\" {\n  %s\n}\n", kind, strings.Join(attributes, "\n  "))
}

// subjects are one resource of every type, and every data source.
func subjects(t *testing.T) []subject {
	t.Helper()
	key, certificate := keyPair(t)
	secret := fmt.Sprintf("%q", canary)
	second := fmt.Sprintf("%q", canaryTwo)
	login := func(password string) string {
		return fmt.Sprintf("basic_auth = { username_wo = %q, password_wo = %s }", canaryUser, password)
	}
	const itsm = `
resource "servicenow_kibana_itsm_connector" "need" {
  name       = "Needed"
  api_url    = "https://dev1.service-now.com"
  basic_auth = { username_wo = "somebody", password_wo = "somebody's word" }
}
`
	const user, group = "resource \"servicenow_user\" \"need\" { user_name = \"needed\" }\n",
		"resource \"servicenow_group\" \"need\" { name = \"Needed\" }\n"
	const role = "data \"servicenow_role\" \"need\" { name = \"import_set_loader\" }\n"
	const rapid7 = "data \"servicenow_security_integration_definition\" \"need\" { name = \"Rapid7 InsightVM " +
		"Integration\" }\n"
	const endpoint = "resource \"servicenow_oauth_jwt_endpoint\" \"need\" {\n  name = \"Needed\"\n  user_field = " +
		"\"email\"\n}\n"
	const listener = "resource \"servicenow_event_connector\" \"need\" {\n  name = \"L\"\n  source = \"l\"\n}\n"
	oauth := func(clientSecret string) string {
		return fmt.Sprintf("oauth = {\n client_id = \"c\"\n jwt_key_id = \"j\"\n user_identifier = \"u\"\n "+
			"client_secret_wo = %s\n private_key_wo = %q\n }", clientSecret, key)
	}
	all := []subject{
		{
			name: "servicenow_api_key_auth_profile", needs: accessNeeds,
			before: res("api_key_auth_profile", `name = "A"`, `description = "b"`,
				`auth_parameter_ids = [data.servicenow_auth_parameter.header.id]`),
			after: res("api_key_auth_profile", `name = "A"`, `description = "c"`,
				`auth_parameter_ids = [data.servicenow_auth_parameter.header.id]`),
		},
		{
			name:   "servicenow_auth_parameter",
			before: res("auth_parameter", `parameter_name = "x-one"`, `type = "auth_header"`),
			after:  res("auth_parameter", `parameter_name = "x-two"`, `type = "auth_header"`),
		},
		{
			name:   "servicenow_certificate",
			before: res("certificate", `name = "A"`, fmt.Sprintf("pem_certificate = %q", certificate)),
			after: res("certificate", `name = "A"`, fmt.Sprintf("pem_certificate = %q", certificate),
				`short_description = "b"`),
		},
		{
			name: "servicenow_cors_rule",
			before: res("cors_rule", `name = "A"`, `domain = "https://a.example.com"`,
				`resource_path = "x.do"`, `max_age = 60`),
			after: res("cors_rule", `name = "A"`, `domain = "https://a.example.com"`,
				`resource_path = "x.do"`, `max_age = 90`),
		},
		{
			name:  "servicenow_cross_scope_privilege",
			needs: "data \"servicenow_application\" \"need\" { scope = \"x_elas2_inc_int\" }\n",
			before: res("cross_scope_privilege", `source_scope_id = data.servicenow_application.need.id`,
				`target_scope_id = "global"`, `target_type = "sys_db_object"`,
				`target_name = "sys_properties"`, `operation = "read"`),
			after: res("cross_scope_privilege", `source_scope_id = data.servicenow_application.need.id`,
				`target_scope_id = "global"`, `target_type = "sys_db_object"`,
				`target_name = "sys_properties"`, `operation = "write"`),
		},
		{
			name: "servicenow_event_connector", apps: servicenow.EventConnectors,
			before: res("event_connector", `name = "A"`, `source = "a"`, `description = "b"`),
			after:  res("event_connector", `name = "A"`, `source = "a"`, `description = "c"`),
		},
		{
			name: "servicenow_event_connector_instance", apps: servicenow.EventConnectors, needs: listener,
			before: res("event_connector_instance", `name = "A"`,
				`event_connector_id = servicenow_event_connector.need.id`),
			after: res("event_connector_instance", `name = "B"`,
				`event_connector_id = servicenow_event_connector.need.id`),
		},
		{name: "servicenow_group", before: res("group", `name = "A"`), after: res("group", `name = "A"`,
			`description = "b"`)},
		{
			name: "servicenow_group_member", needs: user + group,
			before: res("group_member", `group_id = servicenow_group.need.id`, `user_id = servicenow_user.need.id`),
		},
		{
			name: "servicenow_group_role", needs: group + role,
			before: res("group_role", `group_id = servicenow_group.need.id`, `role_id = data.servicenow_role.need.id`),
		},
		{
			name:   "servicenow_http_auth_profile",
			before: res("http_auth_profile", `name = "A"`), after: res("http_auth_profile", `name = "B"`),
		},
		{
			name: "servicenow_jwt_verifier_map", needs: endpoint + fmt.Sprintf(
				"resource \"servicenow_certificate\" \"need\" {\n name = \"N\"\n pem_certificate = %q\n}\n", certificate),
			before: res("jwt_verifier_map", `name = "A"`,
				`oauth_jwt_endpoint_id = servicenow_oauth_jwt_endpoint.need.id`,
				`certificate_id = servicenow_certificate.need.id`),
			after: res("jwt_verifier_map", `name = "B"`, `oauth_jwt_endpoint_id = servicenow_oauth_jwt_endpoint.need.id`,
				`certificate_id = servicenow_certificate.need.id`),
		},
		{
			name:   "servicenow_oauth_jwt_endpoint",
			before: res("oauth_jwt_endpoint", `name = "A"`, `user_field = "email"`, `client_secret_wo = `+secret),
			after:  res("oauth_jwt_endpoint", `name = "A"`, `user_field = "email"`, `client_secret_wo = `+second),
		},
		{name: "servicenow_plugin", before: res("plugin", `plugin_id = "com.snc.incident.mim"`), stays: true},
		{
			name:   "servicenow_record",
			before: res("record", `table = "sys_properties"`, `values = { name = "a.b", value = "true" }`),
			after:  res("record", `table = "sys_properties"`, `values = { name = "a.b", value = "false" }`),
		},
		{
			name: "servicenow_rest_api_access_policy", needs: accessNeeds + `
resource "servicenow_http_auth_profile" "need" { name = "Basic" }
resource "servicenow_api_key_auth_profile" "need" {
  name               = "Keys"
  auth_parameter_ids = [data.servicenow_auth_parameter.header.id]
}
`,
			before: res("rest_api_access_policy", `name = "A"`, `rest_api_id = data.servicenow_rest_api.api.id`,
				`auth_profile_ids = [servicenow_http_auth_profile.need.id]`),
			after: res("rest_api_access_policy", `name = "A"`, `rest_api_id = data.servicenow_rest_api.api.id`,
				`auth_profile_ids = [servicenow_http_auth_profile.need.id, servicenow_api_key_auth_profile.need.id]`),
		},
		{
			name: "servicenow_rest_api_key", needs: user +
				"data \"servicenow_auth_scope\" \"need\" { name = \"useraccount\" }\n",
			before: res("rest_api_key", `name = "A"`, `user_id = servicenow_user.need.id`,
				`auth_scope_ids = [data.servicenow_auth_scope.need.id]`, `expires_at = "2099-12-31T00:00:00Z"`),
			after: res("rest_api_key", `name = "A"`, `user_id = servicenow_user.need.id`,
				`auth_scope_ids = [data.servicenow_auth_scope.need.id]`, `expires_at = "2098-12-31T00:00:00Z"`),
		},
		{
			name: "servicenow_role", before: res("role", `name = "x_acme.a"`),
			after: res("role", `name = "x_acme.a"`, `description = "b"`),
		},
		{
			name: "servicenow_security_integration", apps: servicenow.Rapid7Integration, needs: rapid7,
			before: res("security_integration", `name = "A"`,
				`integration_id = data.servicenow_security_integration_definition.need.id`,
				`parameters = { insightvm_region = "us.api.insight.rapid7.com" }`,
				`secret_parameters_wo = { api_key = `+secret+` }`),
			after: res("security_integration", `name = "A"`,
				`integration_id = data.servicenow_security_integration_definition.need.id`,
				`parameters = { insightvm_region = "eu.api.insight.rapid7.com" }`,
				`secret_parameters_wo = { api_key = `+second+` }`),
		},
		{name: "servicenow_store_application", before: res("store_application", `scope = "sn_vul"`), stays: true},
		{
			name:   "servicenow_user",
			before: res("user", `user_name = "elastic"`, `title = "a"`, `password_wo = `+secret),
			after:  res("user", `user_name = "elastic"`, `title = "b"`, `password_wo = `+second),
		},
		{
			name:   "servicenow_auth_scope",
			before: res("auth_scope", `name = "a"`), after: res("auth_scope", `name = "a"`, `description = "b"`),
		},
		{
			name: "servicenow_oauth_client", needs: user,
			before: res("oauth_client", `name = "A"`, `user_id = servicenow_user.need.id`, `client_secret_wo = `+secret),
			after:  res("oauth_client", `name = "A"`, `user_id = servicenow_user.need.id`, `client_secret_wo = `+second),
		},
		{
			name: "servicenow_rest_api_auth_scope", needs: accessNeeds +
				"resource \"servicenow_auth_scope\" \"need\" { name = \"n\" }\n",
			before: res("rest_api_auth_scope", `name = "A"`, `auth_scope_id = servicenow_auth_scope.need.id`,
				`rest_api_id = data.servicenow_rest_api.api.id`),
			after: res("rest_api_auth_scope", `name = "B"`, `auth_scope_id = servicenow_auth_scope.need.id`,
				`rest_api_id = data.servicenow_rest_api.api.id`),
		},
		{
			name:   "servicenow_system_property",
			before: res("system_property", `name = "a.b"`, `value = "1"`),
			after:  res("system_property", `name = "a.b"`, `value = "2"`),
		},
		{
			name: "servicenow_user_role", needs: user + role,
			before: res("user_role", `user_id = servicenow_user.need.id`, `role_id = data.servicenow_role.need.id`),
		},
		{
			name: "servicenow_kibana_case_settings", needs: itsm,
			before: res("kibana_case_settings", `connector_id = servicenow_kibana_itsm_connector.need.connector_id`),
			after: res("kibana_case_settings", `connector_id = servicenow_kibana_itsm_connector.need.connector_id`,
				`closure_type = "close-by-pushing"`),
		},
		{
			name: "servicenow_kibana_connector",
			before: res("kibana_connector", `name = "A"`, `connector_type_id = ".webhook"`,
				`config = jsonencode({ url = "https://a.example.com", method = "post" })`,
				`secrets_wo = jsonencode({ user = "somebody", password = `+secret+` })`),
			after: res("kibana_connector", `name = "A"`, `connector_type_id = ".webhook"`,
				`config = jsonencode({ url = "https://b.example.com", method = "post" })`,
				`secrets_wo = jsonencode({ user = "somebody", password = `+second+` })`),
		},
		{
			name: "servicenow_kibana_jira_connector",
			before: res("kibana_jira_connector", `name = "A"`, `api_url = "https://a.atlassian.net"`,
				`project_key = "O"`, `email_wo = "e@example.com"`, `api_token_wo = `+secret),
			after: res("kibana_jira_connector", `name = "A"`, `api_url = "https://b.atlassian.net"`,
				`project_key = "O"`, `email_wo = "e@example.com"`, `api_token_wo = `+second),
		},
		{
			name: "servicenow_kibana_resilient_connector",
			before: res("kibana_resilient_connector", `name = "A"`,
				`api_url = "https://a.example.com"`, `organization_id = "2"`, `api_key_id_wo = "somebody"`,
				`api_key_secret_wo = `+secret),
			after: res("kibana_resilient_connector", `name = "A"`,
				`api_url = "https://b.example.com"`, `organization_id = "2"`, `api_key_id_wo = "somebody"`,
				`api_key_secret_wo = `+second),
		},
		{
			name: "servicenow_kibana_swimlane_connector",
			before: res("kibana_swimlane_connector", `name = "A"`,
				`api_url = "https://a.example.com"`, `application_id = "w"`,
				`connector_type = "alerts"`, `api_token_wo = `+secret, swimlaneMappings),
			after: res("kibana_swimlane_connector", `name = "A"`, `api_url = "https://b.example.com"`,
				`application_id = "w"`,
				`connector_type = "alerts"`, `api_token_wo = `+second, swimlaneMappings),
		},
		{
			name:   "servicenow_kibana_itom_connector, OAuth",
			before: res("kibana_itom_connector", `name = "A"`, `api_url = "https://a.service-now.com"`, oauth(secret)),
			after:  res("kibana_itom_connector", `name = "A"`, `api_url = "https://b.service-now.com"`, oauth(second)),
		},
	}
	for _, kind := range []string{"itsm", "itom", "secops"} {
		kind = "kibana_" + kind + "_connector"
		all = append(all, subject{
			name:   "servicenow_" + kind,
			before: res(kind, `name = "A"`, `api_url = "https://a.service-now.com"`, login(secret)),
			after:  res(kind, `name = "A"`, `api_url = "https://b.service-now.com"`, login(second)),
		})
	}
	connector := "connector_id = servicenow_kibana_itsm_connector.need.connector_id"
	for _, s := range []subject{
		{before: data("application", `scope = "x_elas2_inc_int"`)},
		{before: data("auth_parameter", `parameter_name = "x-sn-apikey"`, `type = "auth_header"`)},
		{before: data("auth_profile", `name = "ID Token"`)},
		{before: data("auth_scope", `name = "useraccount"`)},
		{
			before: data("certificate", "name = servicenow_certificate.need.name"), needs: fmt.Sprintf(
				"resource \"servicenow_certificate\" \"need\" {\n name = \"N\"\n pem_certificate = %q\n}\n", certificate),
		},
		{before: data("elastic_application", `app = "itsm"`)},
		{before: data("event_connector", `source = "aws"`), apps: servicenow.EventConnectors},
		{before: data("plugin", `plugin_id = "com.glide.tokenbased_auth"`)},
		{
			before: data("integration_health", `oauth_jwt_endpoint_id = servicenow_oauth_jwt_endpoint.need.id`),
			needs:  endpoint,
		},
		{before: data("preflight", `areas = ["inbound_api_keys"]`)},
		{before: data("record", `table = "sys_user"`, `query = "user_name=admin"`)},
		{before: data("records", `table = "sys_user_role"`, `columns = ["name"]`)},
		{before: data("rest_api", `base_path = "/api/x_elas2_inc_int/elastic_api"`)},
		{before: data("role", `name = "import_set_loader"`)},
		{before: data("security_integration_definition",
			`name = "Rapid7 InsightVM Integration"`), apps: servicenow.Rapid7Integration},
		{before: data("user", `user_name = "admin"`)},
		{before: data("kibana_connector", `name = servicenow_kibana_itsm_connector.need.name`), needs: itsm},
		{before: data("kibana_connector_test", connector), needs: itsm},
		{before: data("kibana_connector_types")},
		{before: data("kibana_connectors"), needs: itsm},
	} {
		kind, _, _ := strings.Cut(strings.TrimPrefix(s.before, "data \""), "\"")
		s.name = "data." + kind
		all = append(all, s)
	}
	return all
}

const swimlaneMappings = `mappings = {
    rule_name = { id = "r", key = "rule-name", name = "Rule", field_type = "text" }
    alert_id  = { id = "a", key = "alert-id", name = "Alert", field_type = "text" }
  }`
