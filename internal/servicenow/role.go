package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewRole manages a role (sys_user_role).
var NewRole = lifecycle.New[role](lifecycle.Definition{
	Type:        "role",
	Table:       "sys_user_role",
	Key:         []string{"name"},
	Adoption:    lifecycle.AdoptShared,
	Needs:       lifecycle.Needs{Roles: lifecycle.AdminOnly},
	Description: "A role (`sys_user_role`, *User Administration > Roles*). Grant it to users with `servicenow_user_role`.",
	Attributes: attribute.Schema{
		"name":        attribute.ReplacedText("The role's name, such as `x_acme.reader`."),
		"description": attribute.Text("What the role is for."),
		"elevated_privilege": attribute.ServerFlag("Whether users must elevate to the role in each of their sessions. " +
			"Default: the instance's, usually `false`."),
		"grantable": attribute.ServerFlag("Whether the role can be granted to users and groups. Default: the instance's, " +
			"usually `true`."),
	},
})

type role struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	Name              types.String `tfsdk:"name"`
	Description       types.String `tfsdk:"description"`
	ElevatedPrivilege types.Bool   `tfsdk:"elevated_privilege"`
	Grantable         types.Bool   `tfsdk:"grantable"`
}

func (m *role) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("description", &m.Description),
		field.Bool("elevated_privilege", &m.ElevatedPrivilege),
		field.Bool("grantable", &m.Grantable),
	}
}
