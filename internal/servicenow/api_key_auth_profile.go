package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewAPIKeyAuthProfile manages an inbound authentication profile for API keys (http_key_auth).
var NewAPIKeyAuthProfile = lifecycle.New[apiKeyAuthProfile](lifecycle.Definition{
	Type:  "api_key_auth_profile",
	Table: "http_key_auth",
	Key:   []string{"name"},
	Description: "An inbound authentication profile for API keys (`http_key_auth`, *System Web Services > API Access " +
		"Policies > Inbound Authentication Profile*). It admits nobody by itself: a `servicenow_rest_api_access_policy` " +
		"maps it to an API. A change or deletion that would keep the provider's own API key out of the Table API is " +
		"refused, unless `allow_lockout` is set in the provider block. Needs the roles `api_service_admin` and " +
		"`adaptive_auth_policy_admin`, or `admin`.",
	Attributes: map[string]schema.Attribute{
		"name":        schema.StringAttribute{Required: true, MarkdownDescription: "The profile's name."},
		"description": schema.StringAttribute{Optional: true, MarkdownDescription: "What the profile is for."},
		"auth_parameter_ids": schema.ListAttribute{
			Required: true, ElementType: types.StringType,
			Validators: []validator.List{listvalidator.UniqueValues(), listvalidator.ValueStringsAre(lifecycle.SysID())},
			MarkdownDescription: "Where requests may carry the key, as `sys_id`s: `id` of `data.servicenow_auth_parameter`. " +
				"The header and the query parameter may both be given.",
		},
		"apply_to_all_processors": processorsAttribute(),
		"active":                  activeProfile(),
	},
})

func processorsAttribute() schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional: true, Computed: true,
		MarkdownDescription: "Whether the profile applies to every processor that is not public, beside the APIs of its " +
			"policies. `true` widens it far beyond one integration. Default: the instance's, `false`.",
	}
}

func activeProfile() schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional: true, Computed: true, Default: booldefault.StaticBool(true),
		MarkdownDescription: "Whether the profile admits requests. Default: `true`.",
	}
}

type apiKeyAuthProfile struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	Name                 types.String `tfsdk:"name"`
	Description          types.String `tfsdk:"description"`
	AuthParameterIDs     types.List   `tfsdk:"auth_parameter_ids"`
	ApplyToAllProcessors types.Bool   `tfsdk:"apply_to_all_processors"`
	Active               types.Bool   `tfsdk:"active"`
}

func (m *apiKeyAuthProfile) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("description", &m.Description),
		field.List("auth_parameter", &m.AuthParameterIDs),
		field.Bool("auth_processor", &m.ApplyToAllProcessors),
		field.Bool("active", &m.Active),
	}
}

func (m *apiKeyAuthProfile) Check(_ context.Context, report *lifecycle.Report) {
	warnOfAllProcessors(&m.ApplyToAllProcessors, report)
}

// warnOfAllProcessors warns of a setting that reads like a restriction: its label on the form is "Apply to all none
// public processors".
func warnOfAllProcessors(all *types.Bool, report *lifecycle.Report) {
	if all.ValueBool() {
		report.Warn(all, "A profile for all processors", "apply_to_all_processors = true lets this profile decide about "+
			"every processor of the instance that is not public, not only about the APIs of its access policies. Leave it out "+
			"unless that is meant.")
	}
}
