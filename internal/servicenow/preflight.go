package servicenow

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
)

// preflightArea is what an integration needs of an instance.
type preflightArea struct {
	plugins, applications []string
	roles                 []string // that the provider gives to others
	tables                []tableNeed
}

// tableNeed is what the provider needs of one table.
type tableNeed struct {
	table    string
	columns  []string
	newer    []string            // columns that some instances do not have and a configuration can do without
	choices  map[string][]string // values that the provider writes without being told
	readOnly bool
	// scoped says that the table should have a column for auth scopes, whatever it is called.
	scoped  bool
	writers []string // roles that may write on a shipped instance, admin apart
}

// writeNeed is the need of a resource: the columns are those of its model.
func writeNeed(table string, m interface{ Fields() []field.Field }, writers ...string) tableNeed {
	need := tableNeed{table: table, writers: writers}
	for _, f := range m.Fields() {
		need.columns = append(need.columns, f.Columns()...)
		if s, ok := field.As[field.SecretField](f); ok {
			need.columns = append(need.columns, s.Column())
		}
	}
	need.columns = slices.DeleteFunc(need.columns, func(column string) bool {
		return column == mappedProfiles || column == scopeMappings || column == keyScopes || strings.Contains(column, ".")
	})
	slices.Sort(need.columns)
	need.columns = slices.Compact(need.columns)
	return need
}

// readNeed is the need of a data source.
func readNeed(table string, columns ...string) tableNeed {
	return tableNeed{table: table, columns: columns, readOnly: true}
}

func (n tableNeed) without(newer ...string) tableNeed { n.newer = newer; return n }

func (n tableNeed) withScopes() tableNeed { n.scoped = true; return n }

func (n tableNeed) choosing(column string, values ...string) tableNeed {
	if n.choices == nil {
		n.choices = map[string][]string{}
	}
	n.choices[column] = values
	return n
}

var preflightAreas = map[string]preflightArea{
	"elastic_itsm": {
		applications: []string{elasticApps["itsm"].scope},
		roles:        elasticApps["itsm"].roles,
		tables: append([]tableNeed{readNeed("x_elas2_inc_int_elastic_incident"), readNeed("incident")},
			elasticTables()...),
	},
	"elastic_secops": {
		applications: []string{elasticApps["secops"].scope, "sn_si", "sn_ti"},
		roles:        elasticApps["secops"].roles,
		tables: append([]tableNeed{
			readNeed("x_elas2_sir_int_elastic_si_incident"), readNeed("sn_si_incident"), readNeed("sn_ti_observable"),
		}, elasticTables()...),
	},
	"inbound_api_keys": {
		plugins: []string{"com.glide.tokenbased_auth"},
		roles:   []string{"api_service_admin", "adaptive_auth_policy_admin"},
		tables: []tableNeed{
			writeNeed("sys_token_auth_parameter", &authParameter{}, "api_service_admin").choosing("type", "auth_header"),
			writeNeed("http_key_auth", &apiKeyAuthProfile{}, "api_service_admin", "adaptive_auth_policy_admin"),
			writeNeed("std_http_auth", &httpAuthProfile{}, "api_service_admin", "adaptive_auth_policy_admin").
				choosing("type", "basic_auth"),
			writeNeed("api_key", &restAPIKey{}, "api_service_admin").without("token").withScopes(),
			writeNeed("sys_api_access_policy", &restAPIAccessPolicy{}, "api_service_admin", "adaptive_auth_policy_admin").
				without("all_authn_scheme_authenticate_header"),
			{
				table: "sys_auth_profile_mapping", columns: []string{"api_access_policy", "inbound_auth_profile"},
				writers: []string{"api_service_admin", "adaptive_auth_policy_admin"},
			},
			readNeed("sys_auth_scope", "name"),
			readNeed("sys_ws_definition", "name", "base_uri", "namespace"),
		},
	},
	"event_management": {
		applications: []string{"sn_em_connector"},
		roles:        []string{"evt_mgmt_integration"},
		tables: []tableNeed{
			writeNeed("sn_em_connector_listener", &eventConnector{}, "evt_mgmt_admin").
				without("mid_server_script_include", "header_name", "header_value"),
			writeNeed("sn_em_connector_push_instance", &eventConnectorInstance{}, "evt_mgmt_admin"),
		},
	},
	"security_integration": {
		applications: []string{"sn_sec_int"},
		tables: []tableNeed{
			writeNeed("sn_sec_int_impl", &securityIntegration{}, "sn_sec_int.admin", "sn_vul.vulnerability_admin"),
			{
				table: "sn_sec_int_impl_config", columns: []string{"implementation", "configuration", "value", "password_value"},
				newer: []string{"password_value"}, writers: []string{"sn_sec_int.admin", "sn_vul.vulnerability_admin"},
			},
			readNeed("sn_sec_int_integration", "name"),
			readNeed("sn_sec_int_config", "name", "integration", "elem_type"),
		},
	},
}

// elasticTables are the tables that both of Elastic's applications are set up in.
func elasticTables() []tableNeed {
	return []tableNeed{
		writeNeed("sys_cors_rule", &corsRule{}, "cors_rule_admin", "web_service_admin"),
		writeNeed("sys_certificate", &certificate{}).without("serial_number", "notify_groups", "expiration_notification").
			choosing("type", "trust_store_cert"),
		writeNeed("oauth_jwt", &oauthJWTEndpoint{}, "oauth_admin", "mi_admin").
			without("jti_claim", "jwks_url", restrictionColumn).
			choosing("inbound_grant_type", "jwt"),
		writeNeed("jwt_verifier_map", &jwtVerifierMap{}, "oauth_admin", "mi_admin"),
		writeNeed("sys_user", &user{}, "user_admin").without("identity_type", "internal_integration_user"),
		writeNeed("sys_user_has_role", &userRole{}, "user_admin").without("inherited"),
		writeNeed("sys_scope_privilege", &crossScopePrivilege{}).choosing("status", "allowed").
			choosing("operation", "read", "create", "execute").choosing("target_type", "sys_db_object", "scriptable"),
		readNeed("sys_scope", "scope", "name"),
		readNeed("sys_user_role", "name"),
		readNeed("sys_ws_definition", "name", "base_uri", "namespace"),
	}
}

// Need is what the provider needs of one table, beside the columns that the fields of its resources are bound to.
type Need struct {
	Table string
	// Columns are read and, unless ReadOnly, written.
	Columns []string
	// Newer are those of them that some instances lack, and a configuration can do without.
	Newer []string
	// Choices are values that the provider writes without being told, by column.
	Choices  map[string][]string
	ReadOnly bool
}

// Needs lists what the provider needs of tables, and the plugins and applications that they come with.
func Needs() (tables []Need, plugins, applications []string) {
	for _, name := range slices.Sorted(maps.Keys(preflightAreas)) {
		area := preflightAreas[name]
		plugins, applications = append(plugins, area.plugins...), append(applications, area.applications...)
		for _, need := range area.tables {
			tables = append(tables, need.exported())
		}
	}
	for _, need := range otherNeeds() {
		tables = append(tables, need.exported())
	}
	slices.Sort(plugins)
	slices.Sort(applications)
	return tables, slices.Compact(plugins), slices.Compact(applications)
}

func (n tableNeed) exported() Need {
	return Need{Table: n.table, Columns: n.columns, Newer: n.newer, Choices: n.choices, ReadOnly: n.readOnly}
}

// otherNeeds are tables that no area of preflight is about.
func otherNeeds() []tableNeed {
	return []tableNeed{
		writeNeed("oauth_entity", &oauthClient{}).without(restrictionColumn),
		{table: scopeMappings, columns: []string{"oauth_entity", "auth_scope"}},
		readNeed("inbound_auth_profile", "name", "active", "sys_class_name"),
		readNeed("sys_choice", "name", "element", "value", "label"),
		readNeed("sys_db_object", "name", "super_class", "sys_scope"),
		readNeed("sys_dictionary", "name", "element", "reference"),
		readNeed("sys_properties", "name", "value"),
		readNeed("sys_store_app", "scope", "name", "version"),
		readNeed("v_plugin", pluginColumns...),
	}
}
