package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewGroup manages a group of users (sys_user_group).
var NewGroup = lifecycle.New[group](lifecycle.Definition{
	Type:     "group",
	Table:    "sys_user_group",
	Key:      []string{"name"},
	Adoption: lifecycle.AdoptShared,
	Needs:    lifecycle.Needs{Roles: lifecycle.OneOf("user_admin")},
	Description: "A group of users (`sys_user_group`, *User Administration > Groups*). Add members with " +
		"`servicenow_group_member`, and the roles that they inherit with `servicenow_group_role`.",
	Attributes: attribute.Schema{
		"name":        attribute.RequiredText("The group's name."),
		"description": attribute.Text("What the group is for."),
		"email":       attribute.Text("The group's e-mail address."),
		"manager_id":  attribute.Reference("The user who manages the group: `id` of a `servicenow_user`."),
		"parent_id":   attribute.Reference("The group above this one, whose roles its members inherit."),
		"type": attribute.ServerText("The group's types: the `sys_id`s of `sys_user_group_type` rows, separated by " +
			"commas. Default: what the instance sets."),
		"active": attribute.Active("Whether the group is in use."),
	},
})

type group struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	Email       types.String `tfsdk:"email"`
	ManagerID   types.String `tfsdk:"manager_id"`
	ParentID    types.String `tfsdk:"parent_id"`
	Type        types.String `tfsdk:"type"`
	Active      types.Bool   `tfsdk:"active"`
}

func (m *group) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("description", &m.Description),
		field.String("email", &m.Email),
		field.Reference(field.String("manager", &m.ManagerID), "sys_user"),
		field.Reference(field.String("parent", &m.ParentID), "sys_user_group"),
		field.String("type", &m.Type),
		field.Bool("active", &m.Active),
	}
}
