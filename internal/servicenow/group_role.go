package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewGroupRole grants one role to one group (sys_group_has_role).
var NewGroupRole = lifecycle.New[groupRole](lifecycle.Definition{
	Type:        "group_role",
	Table:       "sys_group_has_role",
	Key:         []string{"group_id", "role_id"},
	Adoption:    lifecycle.AdoptBelonging,
	BelongsTo:   []string{"group_id"},
	Display:     "{group.name} · role {role.name}",
	Needs:       lifecycle.Needs{Roles: lifecycle.OneOf("user_admin")},
	Description: "One role of one group (`sys_group_has_role`), which the group's members inherit.",
	Attributes: attribute.Schema{
		"group_id": attribute.ReplacedReference("The group: `id` of a `servicenow_group`."),
		"role_id":  attribute.ReplacedReference("The role: `id` of a `servicenow_role`."),
		"inherits": attribute.ComputedFlag("Whether the group's members inherit the role."),
	},
})

type groupRole struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	GroupID  types.String `tfsdk:"group_id"`
	RoleID   types.String `tfsdk:"role_id"`
	Inherits types.Bool   `tfsdk:"inherits"`
}

func (m *groupRole) Fields() []field.Field {
	return []field.Field{
		field.Reference(field.String("group", &m.GroupID), "sys_user_group"),
		field.Reference(field.String("role", &m.RoleID), "sys_user_role"),
		field.Computed(field.Bool("inherits", &m.Inherits)),
	}
}
