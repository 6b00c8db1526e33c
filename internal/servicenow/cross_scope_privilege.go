package servicenow

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewCrossScopePrivilege manages a cross-scope privilege (sys_scope_privilege).
var NewCrossScopePrivilege = lifecycle.New[crossScopePrivilege](lifecycle.Definition{
	Type:    "cross_scope_privilege",
	Table:   "sys_scope_privilege",
	Key:     []string{"source_scope_id", "target_scope_id", "target_type", "target_name", "operation"},
	Display: "{source_scope.scope} · {operation} {target_name} of {target_scope.scope}",
	Store:   newPrivilegeStore,
	Needs: lifecycle.Needs{
		Roles: lifecycle.AdminOnly,
		Choices: map[string][]string{
			"status": {"allowed"}, "operation": {"read", "create", "execute"}, "target_type": {"sys_db_object", "scriptable"},
		},
	},
	Description: "A cross-scope privilege (`sys_scope_privilege`): what one application may do with a table or script " +
		"of another scope. The platform writes such records itself when an application first tries, so one with the same " +
		"key is taken over; see `adopt_existing`. `provider::servicenow::elastic_privileges` lists the ones of the Elastic " +
		"applications.",
	Attributes: attribute.Schema{
		"source_scope_id": attribute.Application("The application that gets the privilege: `id` of a " +
			"`data.servicenow_application`, or the name of its scope, such as `x_elas2_inc_int`."),
		"target_scope_id": attribute.Application("The application that the target lives in: its `sys_id`, or the name of " +
			"its scope, such as `global` or `sn_si`."),
		"target_name": attribute.ReplacedText("The target as ServiceNow stores it: a table (`incident`), a script include, " +
			"or a scriptable object or method (`GlideRecord.insert`)."),
		"target_type": attribute.ReplacedText("The kind of target: `sys_db_object` (a table), `sys_script_include` or "+
			"`scriptable`.", attribute.OneOf("sys_db_object", "sys_script_include", "scriptable")),
		"operation": attribute.ReplacedText("What is allowed: `read`, `write`, `create` or `delete` on a table, `execute` "+
			"on scripts.", attribute.OneOf("read", "write", "create", "delete", "execute")),
		"status": attribute.TextOr("allowed", "`allowed`, `denied` or `requested`.",
			attribute.OneOf("requested", "allowed", "denied")),
		"adopted": attribute.Adopted("restores the status that it had"),
		"adopt_existing": attribute.FlagOr(true, "Whether a record with the same key is taken over and its `status` "+
			"corrected, with a warning; its `scope_id` is left as it is. With `false` such a record is an error that prints "+
			"the import command."),
	},
})

type crossScopePrivilege struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	lifecycle.Adopted
	SourceScopeID types.String `tfsdk:"source_scope_id"`
	TargetScopeID types.String `tfsdk:"target_scope_id"`
	TargetName    types.String `tfsdk:"target_name"`
	TargetType    types.String `tfsdk:"target_type"`
	Operation     types.String `tfsdk:"operation"`
	Status        types.String `tfsdk:"status"`
	AdoptExisting types.Bool   `tfsdk:"adopt_existing"`
}

func (m *crossScopePrivilege) Fields() []field.Field {
	return []field.Field{
		field.ApplicationOf("source_scope", &m.SourceScopeID),
		field.ApplicationOf("target_scope", &m.TargetScopeID),
		field.String("target_name", &m.TargetName),
		field.String("target_type", &m.TargetType),
		field.String("operation", &m.Operation),
		field.String("status", &m.Status),
		field.Option(&m.AdoptExisting, adoptExisting),
	}
}

func (m *crossScopePrivilege) Check(_ context.Context, report *lifecycle.Report) {
	kind, operation := m.TargetType.ValueString(), m.Operation.ValueString()
	if kind == "" || operation == "" {
		return
	}
	if (kind == "sys_db_object") == (operation == "execute") {
		report.Error(&m.Operation, "An operation that the target does not have", fmt.Sprintf("%q does not go with "+
			"target_type %q: tables (sys_db_object) have read, write, create and delete; scripts (sys_script_include, "+
			"scriptable) have execute.", operation, kind))
	}
}
