package servicenow

import (
	"fmt"
	"slices"
	"strings"
)

// elasticApp is what one of Elastic's two ServiceNow applications needs.
//
// Source: Elastic's documentation of the ServiceNow ITSM and SecOps connectors. The stored names are those of exported
// sys_scope_privilege rows; "Glide API: string utilities" is stored as it reads.
type elasticApp struct {
	scope      string
	roles      []string
	privileges []privilege
}

// ElasticRoles lists the roles that one of Elastic's applications demands of its integration user.
func ElasticRoles(app string) []string { return slices.Clone(elasticApps[app].roles) }

// privilege is a row of sys_scope_privilege, as stored; target scopes by their names.
type privilege struct {
	TargetScope string `tfsdk:"target_scope"`
	TargetName  string `tfsdk:"target_name"`
	TargetType  string `tfsdk:"target_type"`
	Operation   string `tfsdk:"operation"`
}

var elasticApps = map[string]elasticApp{
	"itsm": {
		scope: "x_elas2_inc_int",
		roles: []string{"import_set_loader", "import_transformer", "personalize_choices", "x_elas2_inc_int.integration_user"},
		privileges: append(scripts("GlideRecord.insert", "GlideRecord.setValue", "GlideRecordSecure.getValue",
			"ScriptableServiceResultBuilder.setBody", "ScopedGlideElement"),
			privilege{"global", "incident", "sys_db_object", "read"}),
	},
	"secops": {
		scope: "x_elas2_sir_int",
		roles: []string{
			"import_set_loader", "import_transformer", "personalize_choices", "sn_si.basic", "x_elas2_sir_int.integration_user",
		},
		privileges: append(scripts("Glide API: string utilities", "GlideRecord.insert", "GlideRecord.setValue",
			"GlideRecordSecure.getValue", "RESTAPIRequest", "RESTAPIRequestBody", "ScopedGlideElement",
			"ScriptableServiceResultBuilder.setBody"),
			privilege{"sn_si", "sn_si_incident", "sys_db_object", "read"},
			privilege{"sn_ti", "sn_ti_m2m_task_observable", "sys_db_object", "create"},
			privilege{"sn_ti", "sn_ti_m2m_task_observable", "sys_db_object", "read"},
			privilege{"sn_ti", "sn_ti_observable", "sys_db_object", "create"},
			privilege{"sn_ti", "sn_ti_observable", "sys_db_object", "read"},
			privilege{"sn_ti", "sn_ti_observable_type", "sys_db_object", "read"}),
	},
}

// scripts are privileges to call what the global scope offers to scripts.
func scripts(names ...string) []privilege {
	all := make([]privilege, len(names))
	for i, name := range names {
		all[i] = privilege{"global", name, "scriptable", "execute"}
	}
	return all
}

// elasticAppNamed finds an application by its short name.
func elasticAppNamed(name string) (elasticApp, error) {
	app, ok := elasticApps[name]
	if !ok {
		names := make([]string, 0, len(elasticApps))
		for known := range elasticApps {
			names = append(names, fmt.Sprintf("%q", known))
		}
		slices.Sort(names)
		return app, fmt.Errorf("app must be one of %s, not %q", strings.Join(names, " and "), name)
	}
	return app, nil
}
