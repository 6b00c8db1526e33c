package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewRoleData finds a role (sys_user_role).
var NewRoleData = lifecycle.NewLookup[roleData](lifecycle.Lookup{
	Type:        "role",
	Table:       "sys_user_role",
	Keys:        []string{"name"},
	Description: "Finds a role (`sys_user_role`) by its name.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The role's name, such as `import_set_loader`."},
	},
})

type roleData struct {
	lifecycle.Found
	Name types.String `tfsdk:"name"`
}

func (m *roleData) Fields() []field.Field { return []field.Field{field.String("name", &m.Name)} }
