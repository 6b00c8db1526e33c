package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewUser manages a user (sys_user), for example the one that an integration logs in as.
var NewUser = lifecycle.New[user](lifecycle.Definition{
	Type:     "user",
	Table:    "sys_user",
	Key:      []string{"user_name"},
	Adoption: lifecycle.AdoptReferred,
	NamedBy:  map[string][]string{"user_identifier": {"email", "user_name"}},
	Store:    newUserStore,
	Needs: lifecycle.Needs{
		Roles: lifecycle.OneOf("user_admin"),
		Newer: map[string]string{
			"identity_type": lifecycle.SomeInstances, "internal_integration_user": lifecycle.SomeInstances,
		},
	},
	Description: "A user (`sys_user`, *User Administration > Users*), for example the one that an integration acts as. " +
		"Roles are granted with `servicenow_user_role`.",
	Attributes: attribute.Schema{
		"user_name":  attribute.RequiredText("The name to log in with, unique on the instance."),
		"first_name": attribute.Text("The first name, at most 50 characters."),
		"last_name":  attribute.Text("The last name, at most 50 characters."),
		"email":      attribute.Text("The e-mail address, at most 100 characters."),
		"title":      attribute.Text("The title, at most 60 characters."),
		"time_zone":  attribute.Text("The time zone, such as `Europe/Berlin`. Without it the system's applies."),
		"active":     attribute.Active("Whether the user may log in."),
		"locked_out": attribute.ServerFlag("Whether the user is locked out. Default: the instance's, `false`."),
		"web_service_access_only": attribute.ServerFlag("Whether the user may only call APIs, and not log in to the web " +
			"pages. The instance sets it for `identity_type = \"machine\"`. Default: the instance's, `false`."),
		"internal_integration_user": attribute.ServerFlag("Whether the user is exempt from single sign-on and multi-factor " +
			"rules for integrations. Default: the instance's, `false`."),
		"password_needs_reset": attribute.ServerFlag("Whether the user must choose a new password at the next login. " +
			"Default: the instance's, `false`."),
		"identity_type": attribute.ServerText("What the user is: `human`, `machine` or `ai_agent`. " +
			"Default: the instance's."),
		"password_wo": attribute.Secret("The password. It is sent in a request of its own, in the one form that the " +
			"instance hashes."),
		"password_wo_version": attribute.SecretVersion("`password_wo`"),
	},
})

type user struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Secrets
	UserName                types.String `tfsdk:"user_name"`
	FirstName               types.String `tfsdk:"first_name"`
	LastName                types.String `tfsdk:"last_name"`
	Email                   types.String `tfsdk:"email"`
	Title                   types.String `tfsdk:"title"`
	TimeZone                types.String `tfsdk:"time_zone"`
	Active                  types.Bool   `tfsdk:"active"`
	LockedOut               types.Bool   `tfsdk:"locked_out"`
	WebServiceAccessOnly    types.Bool   `tfsdk:"web_service_access_only"`
	InternalIntegrationUser types.Bool   `tfsdk:"internal_integration_user"`
	PasswordNeedsReset      types.Bool   `tfsdk:"password_needs_reset"`
	IdentityType            types.String `tfsdk:"identity_type"`
	PasswordWO              types.String `tfsdk:"password_wo"`
	PasswordWOVersion       types.Int64  `tfsdk:"password_wo_version"`
}

func (m *user) Fields() []field.Field {
	return []field.Field{
		field.String("user_name", &m.UserName),
		field.String("first_name", &m.FirstName),
		field.String("last_name", &m.LastName),
		field.String("email", &m.Email),
		field.String("title", &m.Title),
		field.String("time_zone", &m.TimeZone),
		field.Bool("active", &m.Active),
		field.Bool("locked_out", &m.LockedOut),
		field.MovesWith(field.Bool("web_service_access_only", &m.WebServiceAccessOnly), &m.IdentityType),
		field.Bool("internal_integration_user", &m.InternalIntegrationUser),
		field.Bool("password_needs_reset", &m.PasswordNeedsReset),
		field.String("identity_type", &m.IdentityType),
		field.Secret("user_password", &m.PasswordWO, &m.PasswordWOVersion),
	}
}
