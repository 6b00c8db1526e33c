package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewRESTAPIKey manages an inbound API key (api_key).
var NewRESTAPIKey = lifecycle.New[restAPIKey](lifecycle.Definition{
	Type:    "rest_api_key",
	Table:   "api_key",
	Key:     []string{"name"},
	Display: "{name} · acts as {user.user_name}",
	Store:   newRESTAPIKeyStore,
	Needs: lifecycle.Needs{
		Roles:  lifecycle.OneOf("api_service_admin"),
		Plugin: tokenPlugin,
		Newer:  map[string]string{"token": lifecycle.SomeInstances},
	},
	Description: "A key for inbound requests (`api_key`, *System Web Services > API Access Policies > REST API Key*). " +
		"Requests with it run as `user_id`, on APIs whose `servicenow_rest_api_access_policy` maps a " +
		"`servicenow_api_key_auth_profile`.\n\n" +
		"The platform makes the token itself and shows it only in the record's form: open it, click the lock beside " +
		"*Token*, and copy what appears below the field. No API returns it, so Terraform cannot either. The platform " +
		"deletes a key 7 days after it expired; the next plan then creates another, with another token.",
	Attributes: attribute.Schema{
		"name":        attribute.RequiredText("The key's name, for example that of its integration."),
		"user_id":     attribute.RequiredReference("The user that requests run as: `id` of a `servicenow_user`."),
		"description": attribute.Text("What the key is for."),
		"expires_at": attribute.Time("When the key expires, RFC 3339, such as `2027-01-31T00:00:00Z`. Without it the key " +
			"does not expire."),
		"auth_scope_ids": attribute.OrderedReferences("The auth scopes that the key holds, as `sys_id`s: `id` of " +
			"`servicenow_auth_scope`, a resource or a data source. `useraccount` opens all that the user may do, and so does " +
			"a key without any. The column is not the same everywhere, so it is looked up in the dictionary " +
			"(`sys_dictionary`: roles `admin` or `personalize_dictionary`). Where the account may not read that, use " +
			"`additional_columns`."),
		"active": attribute.Active("Whether the key is accepted."),
		"token_wo": attribute.Secret("A token of your own. Many instances ignore it and make theirs: prove it with " +
			"`servicenow_inbound_access_check`."),
		"token_wo_version": attribute.SecretVersion("`token_wo`"),
	},
})

type restAPIKey struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	lifecycle.Secrets
	Name           types.String      `tfsdk:"name"`
	UserID         types.String      `tfsdk:"user_id"`
	Description    types.String      `tfsdk:"description"`
	ExpiresAt      timetypes.RFC3339 `tfsdk:"expires_at"`
	AuthScopeIDs   types.List        `tfsdk:"auth_scope_ids"`
	Active         types.Bool        `tfsdk:"active"`
	TokenWO        types.String      `tfsdk:"token_wo"`
	TokenWOVersion types.Int64       `tfsdk:"token_wo_version"`
}

func (m *restAPIKey) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.Reference(field.String("user", &m.UserID), "sys_user"),
		field.String("description", &m.Description),
		field.Time("expires", &m.ExpiresAt),
		field.Reference(field.List(keyScopes, &m.AuthScopeIDs), "sys_auth_scope"),
		field.Bool("active", &m.Active),
		field.Secret("token", &m.TokenWO, &m.TokenWOVersion),
	}
}
