package servicenow

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewPluginData finds a plugin (v_plugin).
var NewPluginData = lifecycle.NewReader[pluginData](lifecycle.Reader{
	Type:        "plugin",
	Description: "Finds a plugin of the platform (`v_plugin`) by its id, and reports whether it is active.",
	Attributes: map[string]schema.Attribute{
		"plugin_id": schema.StringAttribute{
			Required: true, MarkdownDescription: "The plugin's id, such as `com.glide.tokenbased_auth`.",
		},
		"name":    schema.StringAttribute{Computed: true, MarkdownDescription: "The plugin's name."},
		"active":  schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the plugin is active."},
		"version": schema.StringAttribute{Computed: true, MarkdownDescription: "The plugin's version."},
	},
})

type pluginData struct {
	PluginID types.String `tfsdk:"plugin_id"`
	Name     types.String `tfsdk:"name"`
	Active   types.Bool   `tfsdk:"active"`
	Version  types.String `tfsdk:"version"`
}

func (m *pluginData) Read(ctx context.Context, c *lifecycle.Servers) error {
	id := m.PluginID.ValueString()
	rows, err := pluginStore{c.ServiceNow}.Find(ctx, record.Match{Values: map[string]string{"id": id}}, nil, 5)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return fmt.Errorf("there is no plugin %q%s", id, similarPlugins(ctx, c.ServiceNow, id))
	}
	row := rows[0]
	m.Name = types.StringValue(row.Text("name"))
	m.Version = types.StringValue(row.Text("version"))
	m.Active = types.BoolValue(isActivePlugin(row))
	return nil
}

// similarPlugins lists plugins whose id holds the last word of the one that was asked for.
func similarPlugins(ctx context.Context, sn *servicenowapi.Client, id string) string {
	const most = 10
	word := id[strings.LastIndex(id, ".")+1:]
	rows, err := sn.Table("v_plugin").Query(ctx, "idLIKE"+word, pluginColumns, most)
	var similar []string
	for _, row := range rows {
		if found := row.Text("id"); strings.Contains(found, word) {
			similar = append(similar, found)
		}
	}
	if err != nil || len(similar) == 0 {
		return ""
	}
	return "; similar ones are " + strings.Join(similar, ", ")
}
