package servicenow

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewRESTAPIKey manages an inbound API key (api_key).
var NewRESTAPIKey = lifecycle.New[restAPIKey](lifecycle.Definition{
	Type:    "rest_api_key",
	Table:   "api_key",
	Key:     []string{"name"},
	Display: "{name} · acts as {user.user_name}",
	Store: func(c *lifecycle.Servers) record.Store {
		return restAPIKeyStore{c.ServiceNow.Table("api_key"), c.ServiceNow}
	},
	Description: "A key for inbound requests (`api_key`, *System Web Services > API Access Policies > REST API Key*). " +
		"Requests with it run as `user_id`, on APIs whose `servicenow_rest_api_access_policy` maps a " +
		"`servicenow_api_key_auth_profile`.\n\n" +
		"The platform makes the token itself and shows it only in the record's form: open it, click the lock beside " +
		"*Token*, and copy what appears below the field. No API tells it, so Terraform cannot either. The platform deletes " +
		"a key 7 days after it expired; the next plan then creates another, with another token. Needs the role " +
		"`api_service_admin` or `admin`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required: true, MarkdownDescription: "The key's name, such as that of its integration.",
		},
		"user_id": schema.StringAttribute{
			Required: true, Validators: []validator.String{lifecycle.SysID()},
			MarkdownDescription: "The user that requests run as: `id` of a `servicenow_user`.",
		},
		"description": schema.StringAttribute{Optional: true, MarkdownDescription: "What the key is for."},
		"expires_at": schema.StringAttribute{
			Optional: true, CustomType: timetypes.RFC3339Type{},
			MarkdownDescription: "When the key expires, RFC 3339, such as `2027-01-31T00:00:00Z`. Without it the key does " +
				"not expire.",
		},
		"auth_scope_ids": schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			Validators: []validator.List{listvalidator.UniqueValues(), listvalidator.ValueStringsAre(lifecycle.SysID())},
			MarkdownDescription: "The auth scopes that the key holds, as `sys_id`s: `id` of `servicenow_auth_scope`, a " +
				"resource or a data source. `useraccount` opens all that the user may do, and so does a key without any. The " +
				"column is not the same everywhere, so the dictionary is asked for it (`sys_dictionary`: roles `admin` or " +
				"`personalize_dictionary`). Where the account may not read that, use `additional_columns`.",
		},
		"active": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether the key is accepted. Default: `true`.",
		},
		"token_wo": schema.StringAttribute{
			MarkdownDescription: "A token of one's own. Many instances ignore it and make theirs: prove it with " +
				"`servicenow_inbound_access_check`.",
		},
		"token_wo_version": lifecycle.Version("`token_wo`"),
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

func (m *restAPIKey) Check(_ context.Context, report *lifecycle.Report) {
	if !m.TokenWO.IsNull() {
		report.Warn(nil, "The instance may ignore the token", "Many instances make the token of a key themselves and "+
			"take no other, without an error. Prove that this one took it with the ephemeral resource "+
			"servicenow_inbound_access_check.")
	}
	if m.ExpiresAt.IsNull() || m.ExpiresAt.IsUnknown() {
		return
	}
	if end, diags := m.ExpiresAt.ValueRFC3339Time(); !diags.HasError() && end.Before(time.Now()) {
		report.Warn(&m.ExpiresAt, "An expired key", "expires_at = "+m.ExpiresAt.ValueString()+" is past: the key opens "+
			"nothing, and the platform deletes it 7 days after that time.")
	}
}

// Plan refuses scopes at plan where the dictionary proves that keys have none. That the account may not read the
// dictionary is no proof yet: the same apply may give it the role.
func (m *restAPIKey) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	if m.AuthScopeIDs.IsNull() {
		return
	}
	_, err := restAPIKeyStore{sn: c.ServiceNow}.scopeColumn(ctx)
	if errors.As(err, new(*servicenowapi.NoColumnError)) {
		report.Error(&m.AuthScopeIDs, "Keys without scopes", err.Error()+".")
	}
}
