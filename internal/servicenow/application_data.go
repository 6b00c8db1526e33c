package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewApplicationData finds an application (sys_scope).
var NewApplicationData = lifecycle.NewLookup[applicationData](lifecycle.Lookup{
	Type:  "application",
	Table: "sys_scope",
	Keys:  []string{"scope", "name"},
	Description: "Finds an application (`sys_scope`) by its scope or its name. Its `id` is what `scope_id`, " +
		"`source_scope_id` and `target_scope_id` take.",
	Attributes: map[string]schema.Attribute{
		"scope": schema.StringAttribute{
			Optional: true, Computed: true, MarkdownDescription: "The scope, such as `x_elas2_inc_int`.",
		},
		"name": schema.StringAttribute{
			Optional: true, Computed: true, MarkdownDescription: "The name, such as `Elastic for ITSM`.",
		},
		"version": schema.StringAttribute{Computed: true, MarkdownDescription: "The installed version."},
		"kind": schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "Where it comes from, as its table: `sys_store_app` (the store), `sys_app` (made on the " +
				"instance), `sys_plugins` (the platform).",
		},
	},
})

type applicationData struct {
	lifecycle.Found
	Scope   types.String `tfsdk:"scope"`
	Name    types.String `tfsdk:"name"`
	Version types.String `tfsdk:"version"`
	Kind    types.String `tfsdk:"kind"`
}

func (m *applicationData) Fields() []field.Field {
	return []field.Field{
		field.String("scope", &m.Scope),
		field.String("name", &m.Name),
		field.String("version", &m.Version),
		field.String("sys_class_name", &m.Kind),
	}
}
