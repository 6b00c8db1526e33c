package servicenow

import "strings"

// privilege is one cross-scope access that an application needs at run time.
type privilege struct{ scope, name, typ, operation string }

// The privileges that Elastic's documentation demands, as stored.
var (
	elasticITSMPrivileges = []privilege{
		{"global", "GlideRecord.insert", "scriptable", "execute"},
		{"global", "GlideRecord.setValue", "scriptable", "execute"},
		{"global", "GlideRecordSecure.getValue", "scriptable", "execute"},
		{"global", "incident", "sys_db_object", "read"},
		{"global", "ScriptableServiceResultBuilder.setBody", "scriptable", "execute"},
		{"global", "ScopedGlideElement", "scriptable", "execute"},
	}
	elasticSecOpsPrivileges = []privilege{
		{"global", "Glide API: string utilities", "scriptable", "execute"},
		{"global", "GlideRecord.insert", "scriptable", "execute"},
		{"global", "GlideRecord.setValue", "scriptable", "execute"},
		{"global", "GlideRecordSecure.getValue", "scriptable", "execute"},
		{"global", "RESTAPIRequest", "scriptable", "execute"},
		{"global", "RESTAPIRequestBody", "scriptable", "execute"},
		{"global", "ScopedGlideElement", "scriptable", "execute"},
		{"global", "ScriptableServiceResultBuilder.setBody", "scriptable", "execute"},
		{SecurityIncident, "sn_si_incident", "sys_db_object", "read"},
		{ThreatIntelligence, "sn_ti_m2m_task_observable", "sys_db_object", "create"},
		{ThreatIntelligence, "sn_ti_m2m_task_observable", "sys_db_object", "read"},
		{ThreatIntelligence, "sn_ti_observable", "sys_db_object", "create"},
		{ThreatIntelligence, "sn_ti_observable", "sys_db_object", "read"},
		{ThreatIntelligence, "sn_ti_observable_type", "sys_db_object", "read"},
	}
)

var elasticITSM = &app{
	id: ElasticITSM, name: "Elastic for ITSM", storeID: "7148dbc91bf1f450ced060a7234bcb88",
	versions: []string{"1.0.0", "1.1.0", "1.2.0"},
	tables: []Table{stagingTable(ElasticITSM, "elastic_incident", "Elastic Incident",
		"short_description", "description", "severity", "urgency", "impact", "priority", "state", "category",
		"subcategory", "correlation_id", "correlation_display", "comments", "work_notes", "caller_id", "opened_by",
		"close_code", "close_notes", "assignment_group", "assigned_to")},
	roles: []string{ElasticITSM + integrationUserRoleName},
	apis:  []scriptedAPI{{"Elastic ITSM API", ElasticITSM, "elastic_api", []string{"GET /health"}}},
}

var elasticSecOps = &app{
	id: ElasticSecOps, name: "Elastic for Security Operations",
	storeID: "2f0746801baeb01019ae54e4604bcb0f", versions: []string{"1.0.0", "1.1.0"},
	requires: []string{SecurityIncident, ThreatIntelligence},
	tables: []Table{stagingTable(ElasticSecOps, "elastic_si_incident", "Elastic Security Incident",
		"short_description", "description", "priority", "severity", "state", "category", "subcategory",
		"correlation_id", "correlation_display", "comments", "work_notes", "caller_id", "opened_by", "close_code",
		"close_notes", "dest_ip", "source_ip", "malware_hash", "malware_url")},
	roles: []string{ElasticSecOps + integrationUserRoleName},
	apis: []scriptedAPI{{
		"Elastic SIR API", ElasticSecOps, "elastic_api",
		[]string{"GET /health", "POST /incident/{id}/observables", "POST /incident/{id}/observables/bulk"},
	}},
}

func stagingTable(scope, name, label string, targets ...string) Table {
	t := Table{
		Name: scope + "_" + name, Label: label, Extends: "sys_import_set_row",
		Columns: []Column{str("elastic_incident_id", 32)},
		Access:  both(scope + integrationUserRoleName),
	}
	for _, target := range targets {
		t.Columns = append(t.Columns, str("u_"+target, 4000))
	}
	return t
}

var securityIncident = &app{
	id: SecurityIncident, name: "Security Incident Response", versions: []string{"13.9.1"},
	requires: []string{ThreatIntelligence},
	tables: []Table{{
		Name: "sn_si_incident", Label: "Security Incident", Extends: "task", Number: "SIR",
		Columns: []Column{
			choice("state", "10", "10", "Draft", "16", "Analysis", "18", "Contain", "19", "Eradicate", "20", "Recover",
				"100", "Review", "3", "Closed", "7", "Cancelled"),
			choice("priority", "4", "1", "1 - Critical", "2", "2 - High", "3", "3 - Moderate", "4", "4 - Low", "5",
				"5 - Planning"),
			choice("category", "", "Denial of Service", "Denial of Service", "Malicious code activity",
				"Malicious code activity", "Phishing", "Phishing", "Insider breach", "Insider breach"),
			{Name: "subcategory", Type: ChoiceOf, MaxLength: 40, Choices: []Choice{
				{"12", "Inbound or outbound", "Denial of Service"}, {"26", "Spear phishing", "Phishing"},
			}},
			choice("severity", "3", "1", "1 - High", "2", "2 - Medium", "3", "3 - Low"),
			ref("caller", "sys_user"), ref("affected_user", "sys_user"), str("dest_ip", 1000), str("source_ip", 1000),
			str("malware_hash", 1000), str("malware_url", 1000), str("close_code", 40), str("contact_type", 40),
		}, Access: Access{
			Read:  []string{"sn_si.basic", "sn_si.read", ElasticSecOps + integrationUserRoleName},
			Write: []string{"sn_si.basic"},
		},
	}},
	roles: []string{"sn_si.basic", "sn_si.read", "sn_si.admin"},
}

var threatIntelligence = &app{
	id: ThreatIntelligence, name: "Threat Intelligence Support Common",
	versions: []string{"13.9.0"},
	tables: []Table{
		{
			Name: "sn_ti_observable_type", Columns: []Column{str("value", 100), str("label", 100)}, Display: "label",
			Access: Access{Read: []string{"sn_ti.read", "sn_si.basic"}},
		},
		{
			Name: "sn_ti_observable", Columns: []Column{
				str("value", 1000), ref("type", "sn_ti_observable_type"),
				integer("incident_count", "0"),
			}, Display: "value",
			Access: Access{Read: []string{"sn_ti.read", "sn_si.basic"}, Write: []string{"sn_ti.admin", "sn_si.basic"}},
		},
		{
			Name:    "sn_ti_m2m_task_observable",
			Columns: []Column{ref("task", "task"), ref("observable", "sn_ti_observable")},
			Display: "sys_id",
			Access: Access{
				Read:  []string{"sn_ti.read", "sn_si.basic"},
				Write: []string{"sn_ti.admin", "sn_si.basic"},
			},
		},
	},
	roles: []string{"sn_ti.read", "sn_ti.admin"},
	rows: []seedRow{
		observableType("ipv4", "IP address (V4)"), observableType("domain", "Domain name"),
		observableType("url", "URL"),
		observableType("sha256", "SHA256 hash"), observableType("unknown", "Unknown"),
	},
}

func observableType(value, label string) seedRow {
	return seedRow{
		"sn_ti_observable_type",
		Record{"sys_id": seedID("observable type", value), "value": value, "label": label},
	}
}

// transform is what a staging table's transform map does.
type transform struct {
	app        string
	target     string
	name       string // of the transform map
	privileges []privilege
}

var transforms = map[string]transform{
	"x_elas2_inc_int_elastic_incident": {ElasticITSM, "incident", "Elastic Incident", elasticITSMPrivileges},
	"x_elas2_sir_int_elastic_si_incident": {
		ElasticSecOps, "sn_si_incident", "Elastic SI Incident",
		elasticSecOpsPrivileges,
	},
}

// missingPrivilege returns the first access that the application lacks. What an enforcing scope misses, the platform
// records as a request for an administrator to decide on.
func (s *Server) missingPrivilege(scope string, needed []privilege) *privilege {
	source := s.where("sys_scope", "scope", scope)
	if source == nil {
		return nil
	}
	var missing *privilege
	for _, p := range needed {
		target := s.where("sys_scope", "scope", p.scope)
		if target == nil {
			continue
		}
		r := s.where("sys_scope_privilege", "source_scope", source.id(), "target_scope", target.id(),
			"target_name", p.name, "target_type", p.typ, "operation", p.operation)
		if r == nil {
			s.put("sys_scope_privilege", Record{
				"source_scope": source.id(), "target_scope": target.id(),
				"target_name": p.name, "target_type": p.typ, "operation": p.operation, "status": "requested",
				"sys_scope": source.id(),
			})
		}
		if missing == nil && (r == nil || r.values["status"] != "allowed") {
			missing = &p
		}
	}
	return missing
}

func (p privilege) denial(scope string) string {
	if p.typ == "sys_db_object" {
		return strings.ToUpper(p.operation[:1]) + p.operation[1:] + " operation against '" + p.name + "' from scope '" +
			scope + "' has been refused due to the table's cross-scope access policy"
	}
	return "Execute operation on API '" + p.name + "' from scope '" + scope +
		"' was denied because the source has not been granted access to the target's scope"
}
