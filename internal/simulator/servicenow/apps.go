package servicenow

import (
	"fmt"
	"slices"
)

// Scopes of the applications in the catalogue.
const (
	ElasticITSM             = "x_elas2_inc_int"
	ElasticSecOps           = "x_elas2_sir_int"
	SecurityIncident        = "sn_si"
	ThreatIntelligence      = "sn_ti"
	EventConnectors         = "sn_em_connector"
	SecurityIntegrations    = "sn_sec_int"
	VulnerabilityResponse   = "sn_vul"
	Rapid7Integration       = "sn_vul_r7"
	TokenBasedAuthPlugin    = "com.glide.tokenbased_auth" //nolint:gosec // a plugin's id, no credential
	EventManagementPlugin   = "com.glideapp.itom.snac"
	ProblemPlugin           = "com.snc.problem"
	ChangePlugin            = "com.snc.change_request"
	CMDBPlugin              = "com.snc.cmdb"
	integrationUserRoleName = ".integration_user"
)

// app is something that can be installed: what it brings appears with it.
type app struct {
	id       string // scope, or plugin id
	name     string
	versions []string // oldest first
	storeID  string   // sys_id of the sys_store_app row; generated when empty
	plugin   bool     // activated by the plugin API only: no scope, no sys_store_app row
	requires []string
	tables   []Table
	roles    []string
	apis     []scriptedAPI
	rows     []seedRow
}

type scriptedAPI struct {
	name, namespace, service string
	operations               []string // "GET /health"
}

type seedRow struct {
	table  string
	values Record
}

// Offers reports whether the catalogue has an application or plugin with this id.
func Offers(id string) bool { return catalogue[id] != nil }

func (s *Server) offer(a *app) {
	s.put("v_plugin", Record{
		"sys_id": seedID("plugin", a.id), "id": a.id, "name": a.name,
		"version": a.versions[len(a.versions)-1], "active": s.pluginState(false),
	})
}

func (s *Server) pluginState(active bool) string {
	switch {
	case s.opts.V2PluginActiveTrue && active:
		return "true"
	case s.opts.V2PluginActiveTrue:
		return "false"
	case active:
		return "active"
	default:
		return "inactive"
	}
}

// installed returns the version of an application or plugin, "" when it is not installed.
func (s *Server) installed(id string) string {
	if r := s.where("v_plugin", "id", id, "active", s.pluginState(true)); r != nil {
		return r.values["version"]
	}
	return ""
}

func (a *app) scopeID() string {
	if a.storeID != "" {
		return a.storeID
	}
	return seedID("scope", a.id)
}

// install adds what an application brings, its requirements first; one that is there is upgraded.
func (s *Server) install(id, version string) error {
	a := catalogue[id]
	if a == nil {
		return fmt.Errorf("no application or plugin %s", id)
	}
	if version == "" {
		version = a.versions[len(a.versions)-1]
	}
	if !slices.Contains(a.versions, version) {
		return fmt.Errorf("%s has no version %s", id, version)
	}
	for _, required := range a.requires {
		if s.installed(required) == "" {
			if err := s.install(required, ""); err != nil {
				return err
			}
		}
	}
	before := s.seeding
	s.seeding = true
	defer func() { s.seeding = before; s.reconcileRoles() }()
	fresh := s.installed(id) == ""
	if r := s.where("v_plugin", "id", id); r != nil {
		r.values["active"], r.values["version"] = s.pluginState(true), version
	}
	scope := "global"
	if !a.plugin {
		scope = a.scopeID()
		if r := s.findIn("sys_store_app", scope); r != nil {
			r.values["version"] = version
		} else {
			s.put("sys_store_app", Record{
				"sys_id": scope, "name": a.name, "scope": a.id, "source": a.id,
				"version": version, "latest_version": a.versions[len(a.versions)-1], "vendor": "simulated",
				"runtime_access_tracking": "enforced",
			})
		}
	}
	if !fresh {
		return nil
	}
	s.addTables(a.tables, scope)
	for _, role := range a.roles {
		s.put("sys_user_role", Record{"sys_id": seedID("role", role), "name": role, "sys_scope": scope})
	}
	for _, api := range a.apis {
		s.addAPI(api, scope)
	}
	for _, r := range a.rows {
		s.put(r.table, r.values)
	}
	return nil
}

func (s *Server) addAPI(api scriptedAPI, scope string) {
	base := "/api/" + api.namespace + "/" + api.service
	id := seedID("api", base)
	s.put("sys_ws_definition", Record{
		"sys_id": id, "name": api.name, "service_id": api.service, "sys_scope": scope,
		"namespace": api.namespace, "base_uri": base, "consumes": "application/json,application/xml,text/xml",
		"produces": "application/json,application/xml,text/xml",
	})
	for _, operation := range api.operations {
		var method, path string
		_, _ = fmt.Sscan(operation, &method, &path)
		s.put("sys_ws_operation", Record{
			"sys_id": seedID("operation", base, operation), "name": path,
			"http_method": method, "relative_path": path, "web_service_definition": id, "sys_scope": scope,
		})
	}
	s.offerAPI(id, api.name+" ["+api.namespace+"/"+api.service+"]")
}

// offerAPI lists an API among the choices of the columns that point at one.
func (s *Server) offerAPI(id, label string) {
	for tableName, element := range map[string]string{
		"sys_cors_rule": "rest_api", "sys_api_access_policy": "api", "sys_api_access_scope": "api",
	} {
		s.put("sys_choice", Record{
			"sys_id": seedID("choice", tableName, id), "name": tableName, "element": element,
			"value": id, "label": label, "language": "en",
		})
	}
}

// catalogueOrder is the order in which v_plugin lists the catalogue.
var catalogueOrder = []string{
	TokenBasedAuthPlugin, "com.glide.rest.policy", "com.glide.rest.auth.scope",
	"com.glide.auth.scope", EventManagementPlugin, "com.snc.incident.mim", CMDBPlugin, ProblemPlugin, ChangePlugin,
	EventConnectors, ElasticITSM, ElasticSecOps,
	SecurityIncident, ThreatIntelligence, SecurityIntegrations, VulnerabilityResponse, Rapid7Integration,
}

var catalogue = map[string]*app{
	TokenBasedAuthPlugin: {
		id: TokenBasedAuthPlugin, name: "API Key and HMAC Authentication",
		versions: []string{"1.0.0"},
		plugin:   true, requires: []string{"com.glide.rest.policy", "com.glide.rest.auth.scope", "com.glide.auth.scope"},
	},
	"com.glide.rest.policy": {
		id: "com.glide.rest.policy", name: "REST API Access Policies",
		versions: []string{"1.0.0"}, plugin: true,
	},
	"com.glide.rest.auth.scope": {
		id: "com.glide.rest.auth.scope", name: "REST API Auth Scope",
		versions: []string{"1.0.0"}, plugin: true,
	},
	"com.glide.auth.scope": {
		id: "com.glide.auth.scope", name: "Authentication Scope",
		versions: []string{"1.0.0"}, plugin: true,
	},
	"com.snc.incident.mim": {
		id: "com.snc.incident.mim", name: "Major Incident Management",
		versions: []string{"1.0.0"}, plugin: true, roles: []string{"major_incident_manager"},
	},
	CMDBPlugin:            configurationManagement,
	ProblemPlugin:         problemManagement,
	ChangePlugin:          changeManagement,
	EventManagementPlugin: eventManagement,
	EventConnectors:       eventConnectors,
	ElasticITSM:           elasticITSM,
	ElasticSecOps:         elasticSecOps,
	SecurityIncident:      securityIncident,
	ThreatIntelligence:    threatIntelligence,
	SecurityIntegrations:  securityIntegrations,
	VulnerabilityResponse: {
		id: VulnerabilityResponse, name: "Vulnerability Response",
		versions: []string{"22.0.1", "23.1.2"}, requires: []string{SecurityIntegrations},
		roles: []string{"sn_vul.vulnerability_admin", "sn_vul.read_all"},
	},
	Rapid7Integration: rapid7Integration,
}
