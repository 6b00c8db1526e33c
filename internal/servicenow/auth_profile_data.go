package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewAuthProfileData finds an inbound authentication profile of any kind (inbound_auth_profile).
var NewAuthProfileData = lifecycle.NewLookup[authProfileData](lifecycle.Lookup{
	Type:  "auth_profile",
	Table: "inbound_auth_profile",
	Keys:  []string{"name"},
	Description: "Finds an inbound authentication profile (`inbound_auth_profile`) of any kind by its name, for " +
		"`auth_profile_ids` of a `servicenow_rest_api_access_policy`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The profile's name."},
		"kind": schema.StringAttribute{
			Computed: true, MarkdownDescription: "The kind, as its table: `http_key_auth`, `std_http_auth`, `http_hmac_auth`.",
		},
	},
})

type authProfileData struct {
	lifecycle.Found
	Name types.String `tfsdk:"name"`
	Kind types.String `tfsdk:"kind"`
}

func (m *authProfileData) Fields() []field.Field {
	return []field.Field{field.String("name", &m.Name), field.Computed(field.String("sys_class_name", &m.Kind))}
}
