package servicenow

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// preflightArea is what an integration needs of an instance.
type preflightArea struct {
	plugins, applications []string
	roles                 []string // that the provider grants to others
	tables                []tableNeed
}

// tableNeed is what the provider needs of one table.
type tableNeed struct {
	lifecycle.Needs
	table    string
	columns  []string
	readOnly bool
	// scoped says that the table should have a column for auth scopes, whatever it is called.
	scoped bool
}

// writeNeed is the need of a resource: what its definition says, and the columns of its model.
func writeNeed(constructor func() resource.Resource) tableNeed {
	d, leaves, _ := lifecycle.Inspect(constructor())
	need := tableNeed{Needs: d.Needs, table: d.Table}
	for _, leaf := range leaves {
		need.columns = append(need.columns, leaf.Columns()...)
		if s, ok := field.As[field.SecretField](leaf.Field); ok {
			need.columns = append(need.columns, s.Column())
		}
	}
	need.columns = slices.DeleteFunc(need.columns, func(column string) bool {
		return column == mappedProfiles.table || column == heldScopes.table || column == keyScopes || column == "sys_scope" ||
			strings.Contains(column, ".")
	})
	slices.Sort(need.columns)
	need.columns = slices.Compact(need.columns)
	return need
}

// rowNeed is the need of the rows besides its own that a resource writes, with the same roles.
func rowNeed(constructor func() resource.Resource, table string, columns ...string) tableNeed {
	d, _, _ := lifecycle.Inspect(constructor())
	return tableNeed{Needs: lifecycle.Needs{Roles: d.Needs.Roles}, table: table, columns: columns}
}

// readNeed is the need of a data source.
func readNeed(table string, columns ...string) tableNeed {
	return tableNeed{table: table, columns: columns, readOnly: true}
}

func (n tableNeed) without(newer ...string) tableNeed {
	n.Newer = map[string]string{}
	for _, column := range newer {
		n.Newer[column] = lifecycle.SomeInstances
	}
	return n
}

func (n tableNeed) withScopes() tableNeed { n.scoped = true; return n }

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
		plugins: []string{tokenPlugin},
		roles:   []string{"api_service_admin", "adaptive_auth_policy_admin"},
		tables: []tableNeed{
			writeNeed(NewAuthParameter),
			writeNeed(NewAPIKeyAuthProfile),
			writeNeed(NewHTTPAuthProfile),
			writeNeed(NewRESTAPIKey).withScopes(),
			writeNeed(NewRESTAPIAccessPolicy),
			rowNeed(NewRESTAPIAccessPolicy, mappedProfiles.table, "api_access_policy", "inbound_auth_profile"),
			readNeed("sys_auth_scope", "name"),
			readNeed("sys_ws_definition", "name", "base_uri", "namespace"),
		},
	},
	"event_management": {
		applications: []string{eventApplication},
		roles:        []string{"evt_mgmt_integration"},
		tables: []tableNeed{
			writeNeed(NewEventConnector),
			writeNeed(NewEventConnectorInstance),
		},
	},
	"security_integration": {
		applications: []string{securityApplication},
		tables: []tableNeed{
			writeNeed(NewSecurityIntegration),
			rowNeed(NewSecurityIntegration, "sn_sec_int_impl_config", "implementation", "configuration", "value",
				"password_value").without("password_value"),
			readNeed("sn_sec_int_integration", "name"),
			readNeed("sn_sec_int_config", "name", "integration", "elem_type"),
		},
	},
}

// elasticTables are the tables that both of Elastic's applications are set up in.
func elasticTables() []tableNeed {
	return []tableNeed{
		writeNeed(NewCORSRule),
		writeNeed(NewCertificate),
		writeNeed(NewOAuthJWTEndpoint),
		writeNeed(NewJWTVerifierMap),
		writeNeed(NewUser),
		writeNeed(NewUserRole),
		writeNeed(NewCrossScopePrivilege),
		readNeed("sys_scope", "scope", "name"),
		readNeed("sys_user_role", "name"),
		readNeed("sys_ws_definition", "name", "base_uri", "namespace"),
	}
}

// Need is what the provider needs of one table, besides the columns that the fields of its resources are bound to.
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
	newer := slices.Sorted(maps.Keys(n.Newer))
	return Need{Table: n.table, Columns: n.columns, Newer: newer, Choices: n.Choices, ReadOnly: n.readOnly}
}

// otherNeeds are tables that no area of preflight is about.
func otherNeeds() []tableNeed {
	return []tableNeed{
		writeNeed(NewOAuthClient),
		rowNeed(NewOAuthClient, heldScopes.table, "oauth_entity", "auth_scope"),
		readNeed("inbound_auth_profile", "name", "active", "sys_class_name"),
		readNeed("sys_choice", "name", "element", "value", "label"),
		readNeed("sys_db_object", "name", "super_class", "sys_scope"),
		readNeed("sys_dictionary", "name", "element", "reference"),
		readNeed("sys_properties", "name", "value"),
		readNeed("sys_store_app", "scope", "name", "version"),
		readNeed("v_plugin", pluginColumns...),
	}
}
