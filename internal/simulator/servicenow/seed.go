package servicenow

import (
	"slices"
	"strconv"
	"strings"
)

// Well-known rows of a new instance. Their sys_ids are the same in every run.
var (
	// TableAPI is the value that sys_api_access_policy.api and sys_cors_rule.rest_api hold for the built-in Table API
	// here. The real value is not known; it is offered as a sys_choice, and no sys_ws_definition row stands behind it.
	TableAPI = seedID("api", "now/table")
	// ImportSetAPI is the same for the Import Set API.
	ImportSetAPI = seedID("api", "now/import")
)

// builtInAPIs are REST APIs that are Java code, not sys_ws_definition rows: sys_id to path.
var builtInAPIs = []struct{ id, label, path string }{
	{TableAPI, "Table API", "now/table"},
	{ImportSetAPI, "Import Set API", "now/import"},
	{seedID("api", "now/stats"), "Aggregate API", "now/stats"},
	{seedID("api", "now/batch"), "Batch API", "now/batch"},
	{seedID("api", "sn_cicd"), "CICD API", "sn_cicd"},
}

var platformRoles = []string{
	"admin", "security_admin", "itil", "user_admin", "oauth_admin", "web_service_admin",
	"cors_rule_admin", "api_service_admin", "adaptive_auth_policy_admin", "mi_admin", "import_admin",
	"import_set_loader", "import_transformer", "personalize_choices", "personalize_dictionary", "snc_internal",
	restAPIRole, basicAuthRole, midServerRole, "sn_cicd.sys_ci_automation", "sn_incident_read",
	"sn_incident_write",
}

func (s *Server) seed() {
	s.seeding = true
	defer func() {
		s.seeding = false
		s.reconcileRoles()
	}()
	s.addTables(platformTables, "global")
	s.put("sys_scope", Record{"sys_id": "global", "name": "Global", "scope": "global", "source": "global"})
	s.addTables(securityTables, "global")
	for _, name := range platformRoles {
		s.put("sys_user_role", Record{"sys_id": seedID("role", name), "name": name})
	}
	s.contain("itil", "sn_incident_read", "sn_incident_write")
	s.contain("import_admin", "import_set_loader", "import_transformer")
	admin := seedID("user", "admin")
	s.put("sys_user", Record{
		"sys_id": admin, "user_name": s.opts.AdminUser, "user_password": s.opts.AdminPassword,
		"first_name": "System", "last_name": "Administrator", "email": s.opts.AdminUser + "@example.com",
	})
	s.put("sys_user_has_role", Record{
		"sys_id": seedID("grant", "admin"), "user": admin,
		"role": seedID("role", "admin"),
	})
	// So that basic authentication, which this account is made for, passes where a release restricts it.
	s.put("sys_user_has_role", Record{
		"sys_id": seedID("grant", basicAuthRole), "user": admin,
		"role": seedID("role", basicAuthRole),
	})
	s.seedRelease()
	s.seedBasicAuth()
	s.seedInboundAuth()
	for _, api := range builtInAPIs {
		s.offerAPI(api.id, api.label+" ["+api.path+"]")
	}
	for _, id := range catalogueOrder {
		s.offer(catalogue[id])
	}
	for _, id := range append([]string{TokenBasedAuthPlugin}, s.opts.Apps...) {
		// Unknown ids are reported by Install; at the start they are simply not there.
		_ = s.install(id, "")
	}
}

// seedInboundAuth adds the shipped rows seen on instances; the first profile's name really ends in a space there.
func (s *Server) seedInboundAuth() {
	s.put("sys_auth_scope", Record{
		"sys_id": UseraccountScope, "name": useraccountName,
		"description": "All APIs, as the user",
	})
	for _, p := range []struct{ name, typ, label string }{
		{apiKeyName, "auth_header", "Header for API Key"},
		{apiKeyName, queryParameterType, "Query Parameter for API Key"},
		{"x-sn-hmac-signature-256", "auth_header", "Header for HMAC signature"},
		{"x-sn-hmac-signature-256", queryParameterType, "Query Parameter for HMAC signature"},
		{"ni.nolog.token", queryParameterType, "Query Parameter for token"},
	} {
		s.put("sys_token_auth_parameter", Record{
			"sys_id":         seedID("auth parameter", p.name, p.typ),
			"parameter_name": p.name, "type": p.typ, "name": p.label,
		})
	}
	for _, p := range []struct{ name, typ, active, all string }{
		{"BasicAuth for none public processors ", "basic_auth", "false", "true"},
		{"Certificase Based Auth for none public processors", "certificate", "false", "true"},
		{"ID Token", "id_token", "true", "false"},
	} {
		s.put("std_http_auth", Record{
			"sys_id": seedID("profile", p.name), "name": p.name, "type": p.typ,
			"active": p.active, "auth_processor": p.all,
		})
	}
	for _, method := range []string{"GET", "POST"} {
		s.put("sys_api_access_policy", Record{
			"sys_id": seedID("policy", method), "active": "false",
			"name": "Table " + method + " API Access Policy", "api": TableAPI, "http_method": method,
			"apply_all_resources": "true", "apply_all_versions": "true", "apply_all_tables": "true",
		})
	}
}

// put writes a shipped row. Its table exists and its id is its own, so nothing refuses it.
func (s *Server) put(tableName string, values Record) {
	_, _ = s.insert(s.tables[tableName], write{
		trusted: true, by: "system", values: anyValues(values),
		scope: values["sys_scope"],
	})
}

func (s *Server) contain(role string, inner ...string) {
	for _, name := range inner {
		s.put("sys_user_role_contains", Record{
			"sys_id": seedID("contains", role, name),
			"role":   seedID("role", role), "contains": seedID("role", name),
		})
	}
}

// addTables registers tables, parents before children, and describes them in sys_db_object, sys_dictionary and
// sys_choice.
func (s *Server) addTables(defs []Table, scope string) {
	for i := range defs {
		def := s.fit(defs[i])
		s.tables[def.Name] = newTable(def, s.tables[def.Extends])
	}
	for _, def := range defs {
		def = s.fit(def)
		t := s.tables[def.Name]
		super := ""
		if t.parent != nil {
			super = seedID("table", t.parent.Name)
		}
		s.put("sys_db_object", Record{
			"sys_id": seedID("table", t.Name), "name": t.Name, "label": t.Label,
			"super_class": super, "sys_scope": scope,
		})
		s.put("sys_dictionary", Record{
			"sys_id": seedID("dictionary", t.Name), "name": t.Name,
			"column_label": t.Label, "internal_type": "collection", "sys_scope": scope,
		})
		columns := def.Columns
		if t.parent == nil {
			columns = append(append([]Column{}, baseColumns...), columns...)
		}
		s.describe(t, columns)
	}
}

// describe writes the dictionary rows of a table's own columns, and its choices.
func (s *Server) describe(t *table, columns []Column) {
	for _, own := range columns {
		c := t.column(own.Name)
		if t.parent != nil && s.override(t, c) {
			s.describeChoices(t, c)
			continue
		}
		length := ""
		if c.MaxLength > 0 {
			length = strconv.Itoa(c.MaxLength)
		}
		hasChoices := "0"
		if c.Type == ChoiceOf || len(c.Choices) > 0 {
			hasChoices = "1"
		}
		s.put("sys_dictionary", Record{
			"sys_id": seedID("dictionary", t.Name, c.Name), "name": t.Name,
			"element": c.Name, "column_label": c.Label, "internal_type": string(c.Type), "reference": c.Reference,
			"max_length": length, "mandatory": strconv.FormatBool(c.Mandatory),
			"read_only": strconv.FormatBool(c.ReadOnly), "unique": strconv.FormatBool(c.Unique),
			"display": strconv.FormatBool(c.Name == t.displayColumn()), "default_value": c.Default,
			"choice": hasChoices,
		})
		s.describeChoices(t, c)
	}
	s.describeIndexes(t)
}

func (s *Server) describeChoices(t *table, c *Column) {
	for i, ch := range c.Choices {
		s.put("sys_choice", Record{
			"sys_id": seedID("choice", t.Name, c.Name, ch.Value, ch.Dependent),
			"name":   t.Name, "element": c.Name, "value": ch.Value, "label": ch.Label, "language": "en",
			"dependent_value": ch.Dependent, "sequence": strconv.Itoa(i),
		})
	}
}

// override describes a column that t's parent has by what differs, as the platform does. It reports false where more
// differs than an override can say.
func (s *Server) override(t *table, c *Column) bool {
	inherited := t.parent.column(c.Name)
	if inherited == nil || inherited.Type != c.Type || inherited.Reference != c.Reference ||
		inherited.MaxLength != c.MaxLength || inherited.Unique != c.Unique {
		return false
	}
	s.put("sys_dictionary_override", Record{
		"sys_id": seedID("dictionary override", t.Name, c.Name), "name": t.Name, "base_table": t.root(),
		"element": c.Name, "default_value_override": strconv.FormatBool(c.Default != inherited.Default),
		"default_value": c.Default, "mandatory_override": strconv.FormatBool(c.Mandatory != inherited.Mandatory),
		"mandatory":          strconv.FormatBool(c.Mandatory),
		"read_only_override": strconv.FormatBool(c.ReadOnly != inherited.ReadOnly),
		"read_only":          strconv.FormatBool(c.ReadOnly),
	})
	return true
}

// describeIndexes writes the unique indexes that a table has of its own.
func (s *Server) describeIndexes(t *table) {
	indexes := slices.Clone(t.UniqueIndexes)
	for _, c := range t.columns {
		if c.Unique && (t.parent == nil || t.parent.column(c.Name) == nil) {
			indexes = append(indexes, []string{c.Name})
		}
	}
	for _, index := range indexes {
		over := strings.Join(index, ",")
		s.put("sys_index", Record{
			"sys_id": seedID("index", t.Name, over), "table": seedID("table", t.Name), "logical_table_name": t.Name,
			"col_name_string": over, "unique_index": "true",
		})
	}
}

// apiPath returns the path of the API with this sys_id without its leading "/api/", and whether it exists.
func (s *Server) apiPath(id string) (string, bool) {
	for _, api := range builtInAPIs {
		if api.id == id {
			return api.path, true
		}
	}
	if api := s.findIn("sys_ws_definition", id); api != nil {
		return strings.TrimPrefix(api.values["base_uri"], "/api/"), true
	}
	return "", false
}
