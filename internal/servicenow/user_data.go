package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewUserData finds a user (sys_user).
var NewUserData = lifecycle.NewLookup[userData](lifecycle.Lookup{
	Type:        "user",
	Table:       "sys_user",
	Keys:        []string{"user_name", "email"},
	Description: "Finds a user (`sys_user`) by the login name or the e-mail address. Exactly one of the two.",
	Attributes: map[string]schema.Attribute{
		"user_name": schema.StringAttribute{
			Optional: true, Computed: true, MarkdownDescription: "The name to log in with.",
		},
		"email": schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: "The e-mail address."},
	},
})

type userData struct {
	lifecycle.Found
	UserName types.String `tfsdk:"user_name"`
	Email    types.String `tfsdk:"email"`
}

func (m *userData) Fields() []field.Field {
	return []field.Field{field.String("user_name", &m.UserName), field.String("email", &m.Email)}
}
