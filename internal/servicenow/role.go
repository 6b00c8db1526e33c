package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewRole manages a role (sys_user_role).
var NewRole = lifecycle.New[role](lifecycle.Definition{
	Type:        "role",
	Table:       "sys_user_role",
	Key:         []string{"name"},
	Adoption:    lifecycle.AdoptShared,
	Description: "A role (`sys_user_role`, *User Administration > Roles*). Give it to users with `servicenow_user_role`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required:            true,
			MarkdownDescription: "The role's name, as `x_acme.reader`. Changing it replaces the role.",
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"description": schema.StringAttribute{Optional: true, MarkdownDescription: "What the role is for."},
		"elevated_privilege": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether users must elevate to the role in each of their sessions. Default: the instance's, " +
				"usually `false`.",
		},
		"grantable": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether the role can be given to users and groups. Default: the instance's, usually `true`.",
		},
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
