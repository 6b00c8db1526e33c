package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewUserRole grants one role to one user (sys_user_has_role).
var NewUserRole = lifecycle.New[userRole](lifecycle.Definition{
	Type:      "user_role",
	Table:     "sys_user_has_role",
	Key:       []string{"user_id", "role_id"},
	Adoption:  lifecycle.AdoptBelonging,
	BelongsTo: []string{"user_id"},
	Display:   "{user.user_name} · role {role.name}",
	LeftOut: lifecycle.LeftOut{
		Query: "inherited!=true", Attribute: "include_inherited",
		Description: "Whether to also list the roles that users have through a group or another role.",
	},
	Store: newUserRoleStore,
	Needs: lifecycle.Needs{
		Roles: lifecycle.OneOf("user_admin"), Newer: map[string]string{"inherited": lifecycle.SomeInstances},
	},
	Description: "One role of one user (`sys_user_has_role`). A role that the user already has through a group or " +
		"another role is taken over, with a warning, where the instance keeps one row per user and role (Role Management " +
		"V2); otherwise the role is also granted directly. Destroying leaves a role that is still inherited.",
	Attributes: attribute.Schema{
		"user_id":   attribute.ReplacedReference("The user: `id` of a `servicenow_user`."),
		"role_id":   attribute.ReplacedReference("The role: `id` of a `servicenow_role`, a resource or a data source."),
		"inherited": attribute.ComputedFlag("Whether the user has the role through a group or another role."),
	},
})

type userRole struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	UserID    types.String `tfsdk:"user_id"`
	RoleID    types.String `tfsdk:"role_id"`
	Inherited types.Bool   `tfsdk:"inherited"`
}

func (m *userRole) Fields() []field.Field {
	return []field.Field{
		field.Reference(field.String("user", &m.UserID), "sys_user"),
		field.Reference(field.String("role", &m.RoleID), "sys_user_role"),
		field.Computed(field.Bool("inherited", &m.Inherited)),
	}
}
