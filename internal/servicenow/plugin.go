package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewPlugin activates a plugin of the platform.
var NewPlugin = lifecycle.New[plugin](lifecycle.Definition{
	Type:     "plugin",
	Table:    "v_plugin",
	Key:      []string{"plugin_id"},
	Display:  "{id}",
	Listed:   true,
	Adoption: lifecycle.AdoptAsked,
	Store:    newPluginStore,
	Timeout:  installTimeout,
	Needs:    lifecycle.Needs{Roles: lifecycle.OneOf("sn_cicd.sys_ci_automation")},
	Description: "A plugin of the platform, activated with the CI/CD API. One that is active already is taken as it is. " +
		"A plugin cannot be removed: destroying only forgets it, with a warning.",
	Attributes: attribute.Schema{
		"plugin_id": attribute.ReplacedText("The plugin's id, such as `com.glide.tokenbased_auth`."),
		"name":      attribute.ComputedText("The plugin's name."),
		"active":    attribute.ComputedFlag("Whether the plugin is active."),
		"version":   attribute.ComputedText("The plugin's version."),
	},
})

type plugin struct {
	lifecycle.Base
	PluginID types.String `tfsdk:"plugin_id"`
	Name     types.String `tfsdk:"name"`
	Active   types.Bool   `tfsdk:"active"`
	Version  types.String `tfsdk:"version"`
}

func (m *plugin) Fields() []field.Field {
	return []field.Field{
		field.String("id", &m.PluginID),
		field.Computed(field.String("name", &m.Name)),
		field.Computed(field.Bool("active", &m.Active)),
		field.Computed(field.String("version", &m.Version)),
	}
}
