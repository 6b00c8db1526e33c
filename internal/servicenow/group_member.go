package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewGroupMember makes one user a member of one group (sys_user_grmember).
var NewGroupMember = lifecycle.New[groupMember](lifecycle.Definition{
	Type:        "group_member",
	Table:       "sys_user_grmember",
	Key:         []string{"group_id", "user_id"},
	Adoption:    lifecycle.AdoptBelonging,
	BelongsTo:   []string{"user_id"},
	Display:     "{user.user_name} · in {group.name}",
	Needs:       lifecycle.Needs{Roles: lifecycle.OneOf("user_admin")},
	Description: "One user's membership of one group (`sys_user_grmember`). The user inherits the group's roles.",
	Attributes: attribute.Schema{
		"group_id": attribute.ReplacedReference("The group: `id` of a `servicenow_group`."),
		"user_id":  attribute.ReplacedReference("The user: `id` of a `servicenow_user`."),
	},
})

type groupMember struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	GroupID types.String `tfsdk:"group_id"`
	UserID  types.String `tfsdk:"user_id"`
}

func (m *groupMember) Fields() []field.Field {
	return []field.Field{
		field.Reference(field.String("group", &m.GroupID), "sys_user_group"),
		field.Reference(field.String("user", &m.UserID), "sys_user"),
	}
}
