package servicenow

var integrationAdmins = []string{"sn_sec_int.admin", "sn_vul.vulnerability_admin"}

// securityIntegrations is the framework that Vulnerability Response configures its scanners with.
var securityIntegrations = &app{
	id: SecurityIntegrations, name: "Security Integration Framework",
	versions: []string{"11.4.2"},
	tables: []Table{
		{Name: "sn_sec_int_integration", Label: "Security Integration", Extends: metadataTable, Columns: []Column{
			str("name", 100).required(), str("id", 100), str("source", 100), str("integration_type", 100),
			str("short_description", 1000), boolean("configurable", "true"), integer("order", "100"),
		}, Access: both(integrationAdmins...)},
		{Name: "sn_sec_int_impl", Label: "Integration Instance", Extends: metadataTable, Columns: []Column{
			str("name", 100).required(), boolean("active", "true"),
			ref("integration", "sn_sec_int_integration").required(),
			boolean("is_default", "false"),
			choice("validation_status", "not_validated", "not_validated", "Not validated", "valid", "Valid",
				"invalid", "Invalid").computed(),
		}, Access: both(integrationAdmins...)},
		{Name: "sn_sec_int_config", Label: "Integration Parameter", Extends: metadataTable, Columns: []Column{
			str("name", 100).required(), str("label", 100), str("display_name", 100),
			choice("elem_type", "string", "string", "String", "password", "Password", "choice", "Choice",
				"boolean", "True/False", "integer", "Integer"),
			boolean("mandatory", "false"), str("default_value", 512), integer("order", "100"),
			ref("integration", "sn_sec_int_integration").required(), col("password_value", Password2).length(255),
		}, Access: both(integrationAdmins...)},
		{
			Name: "sn_sec_int_impl_config", Label: "Integration Instance Parameter", Extends: metadataTable,
			Display: "sys_id",
			Columns: []Column{
				ref("configuration", "sn_sec_int_config").required(),
				ref("implementation", "sn_sec_int_impl").required(),
				str("value", 512), col("password_value", Password2).length(255),
			}, Access: both(integrationAdmins...),
		},
	},
	roles: []string{"sn_sec_int.admin"},
}

var rapid7Integration = &app{
	id: Rapid7Integration, name: "Rapid7 Vulnerability Integration",
	versions: []string{"12.1.0", "12.2.1"}, requires: []string{VulnerabilityResponse},
	roles: []string{"sn_vul_r7.admin", "sn_vul_r7.user", "sn_vul_r7.read"},
	rows:  rapid7Rows(),
}

// rapid7Rows are the definition of the integration and of its parameters. The names that have been documented are kept;
// those of region and key are not known and made up.
func rapid7Rows() []seedRow {
	scope, integration := seedID("scope", Rapid7Integration), seedID("integration", "rapid7")
	rows := []seedRow{{"sn_sec_int_integration", Record{
		"sys_id": integration, "name": "Rapid7 InsightVM Integration",
		"id": "rapid7_insightvm", "source": "Rapid7", "integration_type": "InsightVM", "sys_scope": scope,
	}}}
	for _, p := range []struct{ name, label, typ, mandatory, def string }{
		{"insightvm_region", "InsightVM Region", "choice", "true", ""},
		{"api_key", "API Key", "password", "true", ""},
		{"import_startime_buffer_comprehensive", "Import start time buffer", "integer", "false", "0"},
		{"close_stale_detections", "Close stale detections", "boolean", "false", "false"},
		{"scan_on_resolved", "Scan on resolved", "boolean", "false", "false"},
		{"scan_start_time", "Scan start time", "string", "false", ""},
		{"scan_end_time", "Scan end time", "string", "false", ""},
		{"vuln_comp", "Vulnerability comparison", "string", "false", ""},
	} {
		rows = append(rows, seedRow{"sn_sec_int_config", Record{
			"sys_id": seedID("rapid7", p.name), "name": p.name,
			"label": p.label, "display_name": p.label, "elem_type": p.typ, "mandatory": p.mandatory,
			"default_value": p.def, "integration": integration, "sys_scope": scope,
		}})
	}
	return rows
}

// implementationAfter takes the parameters along when an integration instance goes.
func implementationAfter(s *Server, op operation, r *row, _ map[string]string) {
	if op == opDelete {
		s.removeWhere("sn_sec_int_impl_config", "implementation", r.id())
	}
}
