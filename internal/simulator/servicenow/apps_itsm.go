package servicenow

// The plugins below are part of every ITSM instance; here they are installed by those who want their tables. Their ids
// are the simulator's own.

var configurationManagement = &app{
	id: CMDBPlugin, name: "Configuration Management (CMDB)", versions: []string{"1.0.0"}, plugin: true,
	tables: []Table{
		{Name: "cmdb", Label: "Base Configuration Item", Columns: []Column{
			str("sys_class_name", 80).computed().label("Class"), str("name", 255), str("asset_tag", 40),
			ref("assigned_to", "sys_user"), ref("company", "core_company"), ref("department", "cmn_department"),
			ref("location", "cmn_location"), ref("support_group", "sys_user_group"),
			choice("install_status", "1", "1", "Installed", "2", "On Order", "3", "In Maintenance", "7", "Retired"),
		}, Access: Access{Read: []string{"itil"}, Write: []string{"itil"}}},
		{Name: "cmdb_ci", Label: "Configuration Item", Extends: "cmdb", Columns: []Column{
			str("short_description", 1000), str("category", 40), str("subcategory", 40), str("fqdn", 255),
			str("ip_address", 255), str("serial_number", 255), str("correlation_id", 512),
			choice("operational_status", "1", "1", "Operational", "2", "Non-Operational", "6", "Retired"),
		}},
		{Name: "cmdb_ci_computer", Label: "Computer", Extends: "cmdb_ci", Columns: []Column{
			str("os", 255), str("os_version", 255), integer("cpu_count", ""), integer("ram", ""),
		}},
		{Name: "cmdb_ci_server", Label: "Server", Extends: "cmdb_ci_computer", Columns: []Column{
			str("host_name", 100), boolean("virtual", "false"),
		}},
	},
}

var problemManagement = &app{
	id: ProblemPlugin, name: "Problem Management", versions: []string{"1.0.0"}, plugin: true,
	requires: []string{CMDBPlugin}, roles: []string{"problem_admin", "problem_manager"},
	tables: []Table{{Name: "problem", Label: "Problem", Extends: "task", Number: "PRB", Columns: []Column{
		choice("state", "101", "101", "New", "102", "Assess", "103", "Root Cause Analysis", "104", "Fix in Progress",
			"106", "Resolved", "107", "Closed"),
		ref("cmdb_ci", "cmdb_ci").label("Configuration item"), str("cause_notes", 4000), str("fix_notes", 4000),
		str("workaround", 4000), boolean("known_error", "false"), ref("first_reported_by_task", "task"),
	}, Access: both("itil", "problem_admin", "problem_manager")}},
}

var changeManagement = &app{
	id: ChangePlugin, name: "Change Management", versions: []string{"1.0.0"}, plugin: true,
	requires: []string{CMDBPlugin}, roles: []string{"change_manager"},
	tables: []Table{{Name: "change_request", Label: "Change Request", Extends: "task", Number: "CHG", Columns: []Column{
		choice("state", "-5", "-5", "New", "-4", "Assess", "-3", "Authorize", "-2", "Scheduled", "-1", "Implement",
			"0", "Review", "3", "Closed", "4", "Canceled"),
		choice("type", "normal", "normal", "Normal", "standard", "Standard", "emergency", "Emergency"),
		choice("risk", "3", "2", "High", "3", "Moderate", "4", "Low"),
		ref("cmdb_ci", "cmdb_ci").label("Configuration item"), ref("requested_by", "sys_user"),
		col("start_date", DateTime).label("Planned start date"), col("end_date", DateTime).label("Planned end date"),
		str("justification", 4000), str("implementation_plan", 4000), str("backout_plan", 4000), str("test_plan", 4000),
	}, Access: both("itil", "change_manager")}},
}
