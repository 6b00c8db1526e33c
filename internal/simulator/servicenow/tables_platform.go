package servicenow

var anyUser = []string{"*"}

// platformTables exist on every instance. Columns follow the dictionary harvests and exported rows named in the
// project's evidence; where only a form label is known, the column name is the inferred one.
var platformTables = []Table{
	{Name: metadataTable, Label: "Application File", Columns: []Column{
		str("sys_class_name", 80).computed(),
		ref("sys_scope", "sys_scope").computed(),
		ref("sys_package", "sys_package").computed(),
		choice("sys_policy", "", "", "-- None --", "read", "Read-only", "protected", "Protected"),
		str("sys_name", 255).computed(),
		str("sys_update_name", 255).computed(),
	}},
	{Name: "sys_package", Columns: []Column{
		str("name", 100), str("source", 100).label("ID"), str("version", 40), boolean("active", "true"),
		str("sys_class_name", 80).computed(),
	}, Access: Access{Read: anyUser}},
	{Name: "sys_scope", Label: "Application", Extends: "sys_package", Columns: []Column{
		str("scope", 18).unique(), str("short_description", 200), str("vendor", 80), boolean("private", "false"),
		choice("trackable", "true"), choice("runtime_access_tracking", "permissive",
			"none", "None", "permissive", "Tracking", "enforced", "Enforcing"),
	}, Access: Access{Read: anyUser}},
	{Name: "sys_app", Label: "Custom Application", Extends: "sys_scope"},
	{Name: "sys_store_app", Label: "Store Application", Extends: "sys_scope", Columns: []Column{
		str("latest_version", 40), str("install_date", 40), boolean("update_available", "false"),
	}},
	{Name: "v_plugin", Label: "System Plugin", Columns: []Column{
		str("id", 100).label("ID").unique(), str("name", 100), str("version", 40),
		choice("active", "inactive", "active", "Active", "inactive", "Inactive"), str("description", 1000),
	}},
	{Name: "sys_db_object", Label: "Tables", Extends: metadataTable, Columns: []Column{
		str("name", 80).required().unique(), str("label", 80), ref("super_class", "sys_db_object").label("Extends table"),
		boolean("is_extendable", "false"), boolean("ws_access", "true").label("Allow access via web services"),
	}, Display: "label", Access: Access{Read: anyUser}},
	{Name: "sys_dictionary", Label: "Dictionary Entry", Extends: metadataTable, Columns: []Column{
		str("name", 80).label("Table").required(), str("element", 80).label("Column name"),
		str("column_label", 80), str("internal_type", 40).label("Type"), str("reference", 80),
		integer("max_length", "40"), boolean("mandatory", "false"), boolean("read_only", "false"),
		boolean("unique", "false"), boolean("active", "true"), boolean("array", "false"), boolean("display", "false"),
		str("default_value", 512), integer("choice", "0"),
	}, Display: "column_label", Access: Access{Read: anyUser}},
	{Name: "sys_choice", Label: "Choice", Columns: []Column{
		str("name", 80).label("Table"), str("element", 80), str("value", 100), str("label", 100), str("language", 3),
		str("dependent_value", 100), integer("sequence", ""), boolean("inactive", "false"), str("hint", 255),
	}, Display: "label", Access: Access{Read: []string{"personalize_choices", "itil", "x_elas2_inc_int.integration_user",
		"x_elas2_sir_int.integration_user"}, Write: []string{"personalize_choices"}}},
	{Name: "sys_properties", Label: "System Property", Extends: metadataTable, Columns: []Column{
		str("name", 100).required().unique(), str("value", 4000), str("description", 512), str("type", 40),
		boolean("private", "false"),
	}},
	{Name: "sys_journal_field", Label: "Journal Entry", Columns: []Column{
		str("name", 80), str("element", 80), str("element_id", 32), str("value", 4000),
	}, Display: "value", Access: Access{Read: []string{"itil"}}},

	{Name: "sys_user", Label: "User", Columns: []Column{
		str("user_name", 40).label("User ID").unique(), str("name", 151).computed(),
		str("first_name", 50), str("middle_name", 50), str("last_name", 50),
		str("email", 100), str("title", 60), str("time_zone", 40), str("phone", 40), str("mobile_phone", 40),
		str("preferred_language", 3), str("date_format", 40), str("time_format", 40), str("employee_number", 40),
		boolean("active", "true"), boolean("locked_out", "false"), boolean("vip", "false"),
		boolean("password_needs_reset", "false"), boolean("web_service_access_only", "false"),
		boolean("internal_integration_user", "false"), boolean("enable_multifactor_authn", "false"),
		choice("identity_type", "human", "human", "Human", "machine", "Machine", "ai_agent", "AI Agent",
			"unclassified", "Unclassified"),
		integer("notification", "2"), integer("calendar_integration", "1"), str("source", 255), str("federated_id", 100),
		ref("manager", "sys_user"), ref("department", "cmn_department"), ref("company", "core_company"),
		ref("location", "cmn_location"), col("user_password", Password).length(100),
		integer("failed_attempts", "").computed(), col("last_login_time", DateTime).computed(),
		str("roles", 255).computed(),
	}, Access: Access{Read: anyUser, Write: []string{"user_admin"}}},
	{Name: "sys_user_role", Label: "Role", Extends: metadataTable, Columns: []Column{
		str("name", 100).required(), str("description", 1000), str("suffix", 100).computed(),
		boolean("elevated_privilege", "false"), boolean("can_delegate", "true"), boolean("grantable", "true"),
		boolean("scoped_admin", "false"), str("includes_roles", 255), ref("assignable_by", "sys_user_role"),
		str("requires_subscription", 40),
	}, Access: Access{Read: anyUser, Write: []string{"user_admin"}}},
	{Name: "sys_user_role_contains", Label: "Contained Role", Extends: metadataTable, Columns: []Column{
		ref("role", "sys_user_role").required(), ref("contains", "sys_user_role").required(),
	}, Access: Access{Read: anyUser, Write: []string{"user_admin"}}},
	{Name: "sys_user_has_role", Label: "User Role", Columns: []Column{
		ref("user", "sys_user").required(), ref("role", "sys_user_role").required(),
		ref("granted_by", "sys_user_group").computed(), ref("included_in_role", "sys_user_role").computed(),
		ref("included_in_role_instance", "sys_user_has_role").computed(), boolean("inherited", "false").computed(),
		integer("inh_count", "").computed(), str("inh_map", 4000).computed(),
		choice("state", "active", "active", "Active"),
	}, Access: Access{Read: anyUser, Write: []string{"user_admin"}}},
	{Name: "sys_user_group", Label: "Group", Columns: []Column{
		str("name", 80).required(), str("description", 1000), str("email", 100), ref("manager", "sys_user"),
		ref("parent", "sys_user_group"), list("type", "sys_user_group_type"), boolean("active", "true"),
		boolean("include_members", "false"), boolean("exclude_manager", "false"), str("source", 255),
		ref("cost_center", "cmn_cost_center"), ref("default_assignee", "sys_user"), str("roles", 255).computed(),
	}, Access: Access{Read: anyUser, Write: []string{"user_admin"}}},
	{Name: "sys_user_group_type", Label: "Group Type", Columns: []Column{str("name", 40), str("description", 255)},
		Access: Access{Read: anyUser}},
	{Name: "sys_user_grmember", Label: "Group Member", Columns: []Column{
		ref("user", "sys_user").required(), ref("group", "sys_user_group").required(),
	}, Access: Access{Read: anyUser, Write: []string{"user_admin"}}},
	{Name: "sys_group_has_role", Label: "Group Role", Columns: []Column{
		ref("group", "sys_user_group").required(), ref("role", "sys_user_role").required(), boolean("inherits", "true"),
		ref("granted_by", "sys_user_group").computed(),
	}, Access: Access{Read: anyUser, Write: []string{"user_admin"}}},
	{Name: "sys_scope_privilege", Label: "Cross scope privilege", Extends: metadataTable, Columns: []Column{
		ref("source_scope", "sys_scope").required(), ref("target_scope", "sys_scope").required(),
		str("target_name", 200).required(),
		choice("target_type", "", "sys_db_object", "Table", "sys_script_include", "Script Include",
			"scriptable", "Scriptable").required(),
		choice("operation", "", "read", "Read", "write", "Write", "create", "Create", "delete", "Delete",
			"execute", "Execute API").required(),
		choice("status", "requested", "requested", "Requested", "allowed", "Allowed", "denied", "Denied"),
	}, Display: "target_name"},
	{Name: "sys_ws_definition", Label: "Scripted REST Service", Extends: metadataTable, Columns: []Column{
		str("name", 100).required(), str("service_id", 80).label("API ID").required(), str("namespace", 40).computed(),
		str("base_uri", 200).label("Base API path").computed(), boolean("active", "true"), str("short_description", 200),
		str("doc_link", 1024), str("consumes", 1000), boolean("consumes_customized", "false"), str("produces", 1000),
		boolean("produces_customized", "false"), list("enforce_acl", "sys_security_acl"), boolean("is_versioned", "false"),
		str("default_version", 40),
	}, Access: Access{Write: []string{"web_service_admin"}, Read: []string{"web_service_admin", "cors_rule_admin"}}},
	{Name: "sys_ws_operation", Label: "Scripted REST Resource", Extends: metadataTable, Columns: []Column{
		str("name", 100).required(), boolean("active", "true"),
		choice("http_method", "GET", "GET", "GET", "POST", "POST", "PUT", "PUT", "PATCH", "PATCH", "DELETE", "DELETE"),
		str("relative_path", 200), str("operation_uri", 400).computed(), str("operation_script", 8000),
		ref("web_service_definition", "sys_ws_definition").required(), ref("web_service_version", "sys_ws_version"),
		boolean("requires_authentication", "true"), boolean("requires_acl_authorization", "true"),
		boolean("requires_snc_internal_role", "true"), list("enforce_acl", "sys_security_acl"),
		str("short_description", 200), str("request_example", 4000),
	}, Access: Access{Write: []string{"web_service_admin"}, Read: []string{"web_service_admin"}}},
	{Name: "sys_ws_version", Label: "Scripted REST Version", Extends: metadataTable, Columns: []Column{
		integer("version", "1"), str("version_id", 40), boolean("is_default", "false"), boolean("active", "true"),
		boolean("deprecated", "false"), str("short_description", 200),
		ref("web_service_definition", "sys_ws_definition").required(),
	}, Display: "version_id", Access: Access{Write: []string{"web_service_admin"}, Read: []string{"web_service_admin"}}},

	{Name: "task", Label: "Task", Display: "number", Columns: []Column{
		str("number", 40), str("sys_class_name", 80).computed().label("Task type"),
		str("short_description", 160), str("description", 4000), boolean("active", "true"),
		choice("state", "1"), choice("impact", "3", "1", "1 - High", "2", "2 - Medium", "3", "3 - Low"),
		choice("urgency", "3", "1", "1 - High", "2", "2 - Medium", "3", "3 - Low"),
		choice("priority", "5", "1", "1 - Critical", "2", "2 - High", "3", "3 - Moderate", "4", "4 - Low",
			"5", "5 - Planning"),
		ref("opened_by", "sys_user"), col("opened_at", DateTime), ref("closed_by", "sys_user"), col("closed_at", DateTime),
		ref("assigned_to", "sys_user"), ref("assignment_group", "sys_user_group"), ref("company", "core_company"),
		ref("parent", "task"), str("correlation_id", 100), str("correlation_display", 100), str("close_notes", 4000),
		col("comments", Journal), col("work_notes", Journal), choice("approval", "not requested"),
		choice("escalation", "0"), str("contact_type", 40), col("due_date", DateTime), boolean("knowledge", "false"),
		integer("reassignment_count", "0"), ref("sys_domain", "sys_user_group").computed(),
	}, Access: Access{Read: []string{"itil"}, Write: []string{"itil"}}},
	{Name: "incident", Label: "Incident", Extends: "task", Number: "INC", Columns: []Column{
		choice("state", "1", "1", "New", "2", "In Progress", "3", "On Hold", "6", "Resolved", "7", "Closed",
			"8", "Canceled"),
		choice("incident_state", "1", "1", "New", "2", "In Progress", "3", "On Hold", "6", "Resolved", "7", "Closed",
			"8", "Canceled"),
		ref("caller_id", "sys_user").label("Caller"),
		choice("category", "inquiry", "inquiry", "Inquiry / Help", "software", "Software", "hardware", "Hardware",
			"network", "Network", "database", "Database"),
		{Name: "subcategory", Type: ChoiceOf, MaxLength: 40, Choices: []Choice{
			{"antivirus", "Antivirus", "inquiry"}, {"email", "Email", "inquiry"},
			{"email", "Email", "software"}, {"os", "Operating System", "software"},
			{"cpu", "CPU", "hardware"}, {"disk", "Disk", "hardware"}, {"memory", "Memory", "hardware"},
			{"dhcp", "DHCP", "network"}, {"dns", "DNS", "network"}, {"ip address", "IP Address", "network"},
			{"vpn", "VPN", "network"}, {"db2", "DB2", "database"}, {"oracle", "Oracle", "database"},
			{"sql server", "MS SQL Server", "database"}}},
		choice("severity", "3", "1", "1 - High", "2", "2 - Medium", "3", "3 - Low"),
		choice("close_code", "", "Solution provided", "Solution provided", "Resolved by caller", "Resolved by caller",
			"Closed/Resolved by Caller", "Closed/Resolved by Caller"),
		str("business_impact", 4000), ref("resolved_by", "sys_user"), col("resolved_at", DateTime),
		choice("notify", "1"), integer("reopen_count", "0"), str("hold_reason", 40),
	}, Access: Access{
		Read:  []string{"itil", "sn_incident_read", "x_elas2_inc_int.integration_user"},
		Write: []string{"itil", "sn_incident_write"},
	}},
	{Name: "sys_import_set_row", Label: "Import Set Row", Columns: []Column{
		str("sys_class_name", 80).computed(), str("sys_import_set", 40).label("Set"),
		choice("sys_import_state", "pending", "pending", "Pending", "inserted", "Inserted", "updated", "Updated",
			"error", "Error"),
		str("sys_import_state_comment", 1000), str("sys_target_table", 80), str("sys_target_sys_id", 32),
	}, Display: "sys_id", Access: Access{Read: []string{"import_admin"}, Write: []string{"import_admin"}}},
	{Name: "core_company", Label: "Company", Columns: []Column{str("name", 80)}, Access: Access{Read: anyUser}},
	{Name: "cmn_department", Label: "Department", Columns: []Column{str("name", 100)}, Access: Access{Read: anyUser}},
	{Name: "cmn_location", Label: "Location", Columns: []Column{str("name", 100)}, Access: Access{Read: anyUser}},
	{Name: "cmn_cost_center", Label: "Cost Center", Columns: []Column{str("name", 100)}, Access: Access{Read: anyUser}},
	{Name: "discovery_credentials", Label: "Credentials", Extends: metadataTable, Columns: []Column{
		str("name", 100), str("type", 40), str("user_name", 255), col("password", Password2).length(255),
		boolean("active", "true"), integer("order", "100")}},
	{Name: "sys_script_include", Label: "Script Include", Extends: metadataTable, Columns: []Column{
		str("name", 100).required(), str("script", 65000), boolean("active", "true"), str("api_name", 200).computed(),
		str("description", 1000), boolean("client_callable", "false"),
		choice("access", "package_private", "public", "All application scopes",
			"package_private", "This application scope only")}},
}
