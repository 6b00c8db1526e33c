package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewRESTAPIData finds a scripted REST API (sys_ws_definition).
var NewRESTAPIData = lifecycle.NewLookup[restAPIData](lifecycle.Lookup{
	Type:  "rest_api",
	Table: "sys_ws_definition",
	Keys:  []string{"name", "base_path"},
	Description: "Finds a scripted REST API (`sys_ws_definition`) by its name or its base path, for CORS rules and " +
		"access policies. Exactly one of the two.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Optional: true, Computed: true, MarkdownDescription: "The API's name, such as `Elastic ITSM API`.",
		},
		"base_path": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "The API's base path, such as `/api/x_elas2_inc_int/elastic_api`.",
		},
		"namespace": schema.StringAttribute{Computed: true, MarkdownDescription: "The API's namespace, usually its scope."},
	},
})

type restAPIData struct {
	lifecycle.Found
	Name      types.String `tfsdk:"name"`
	BasePath  types.String `tfsdk:"base_path"`
	Namespace types.String `tfsdk:"namespace"`
}

func (m *restAPIData) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("base_uri", &m.BasePath),
		field.String("namespace", &m.Namespace),
	}
}
