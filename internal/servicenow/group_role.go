package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewGroupRole gives one role to one group (sys_group_has_role).
var NewGroupRole = lifecycle.New[groupRole](lifecycle.Definition{
	Type:        "group_role",
	Table:       "sys_group_has_role",
	Key:         []string{"group_id", "role_id"},
	Adoption:    lifecycle.AdoptBelonging,
	Display:     "{group.name} · role {role.name}",
	Description: "One role of one group (`sys_group_has_role`), which the group's members inherit.",
	Attributes: map[string]schema.Attribute{
		"group_id": schema.StringAttribute{
			Required: true, Validators: []validator.String{lifecycle.SysID()},
			MarkdownDescription: "The group: `id` of a `servicenow_group`. Changing it replaces the grant.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"role_id": schema.StringAttribute{
			Required: true, Validators: []validator.String{lifecycle.SysID()},
			MarkdownDescription: "The role: `id` of a `servicenow_role`. Changing it replaces the grant.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"inherits": schema.BoolAttribute{
			Computed: true, MarkdownDescription: "Whether the group's members inherit the role.",
		},
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
