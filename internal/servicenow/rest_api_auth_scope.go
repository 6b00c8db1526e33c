package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewRESTAPIAuthScope guards a REST API with an auth scope (sys_api_access_scope).
var NewRESTAPIAuthScope = lifecycle.New[restAPIAuthScope](lifecycle.Definition{
	Type:  "rest_api_auth_scope",
	Table: "sys_api_access_scope",
	Key:   []string{"name"},
	Description: "The auth scope that a REST API asks for (`sys_api_access_scope`, *System Web Services > API Access " +
		"Policies > REST API Auth Scope*).\n\n" +
		"~> **From the moment one exists, every token loses the API** until its client holds the scope: 403 `Missing " +
		"required api access scope`. Scopes are read at each request, so tokens that were issued before are hit, this " +
		"provider's own too: what would take the Table API from its token is refused before it is sent, unless " +
		"`allow_lockout` is set in the provider block. The scope `useraccount` opens every API; basic authentication is " +
		"not affected.\n\n" +
		"The instance refuses a second record for one path. Needs the plugin `com.glide.rest.auth.scope`, and the role " +
		"`api_service_admin` or `admin`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The record's name, unique on the instance."},
		"auth_scope_id": schema.StringAttribute{
			Required: true, Validators: []validator.String{lifecycle.SysID()},
			MarkdownDescription: "The scope that the API asks for: `id` of a `servicenow_auth_scope`, a resource or a data " +
				"source.",
		},
		"rest_api_id": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "The API: the `sys_id` of its `sys_ws_definition`, as `data.servicenow_rest_api` finds it. " +
				"The value for an API that is built into the platform stands in the choice list of `sys_api_access_scope.api`.",
		},
		"rest_api_path": schema.StringAttribute{
			Computed: true, MarkdownDescription: "The API's path, such as `now/table`.",
		},
		"http_method": schema.StringAttribute{
			Optional: true, MarkdownDescription: "The HTTP method, such as `GET`. Default: all, see `all_methods`.",
		},
		"version": schema.StringAttribute{
			Optional: true, MarkdownDescription: "The API's version, such as `v1`. Default: all, see `all_versions`.",
		},
		"resource": schema.StringAttribute{
			Optional:            true,
			MarkdownDescription: "The API's resource, such as `/now/table/{tableName}`. Default: all, see `all_resources`.",
		},
		"all_methods":   guardsAllUnless("http_method", "HTTP method"),
		"all_resources": guardsAllUnless("resource", "resource"),
		"all_versions":  guardsAllUnless("version", "version"),
		"active": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether the API asks for the scope. Default: `true`.",
		},
	},
})

func guardsAllUnless(narrowed, what string) schema.BoolAttribute {
	attribute := allUnless(narrowed, what)
	attribute.MarkdownDescription = "Whether the scope guards every " + what + ". Default: `true` unless `" + narrowed +
		"` is set."
	return attribute
}

type restAPIAuthScope struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	Name         types.String `tfsdk:"name"`
	AuthScopeID  types.String `tfsdk:"auth_scope_id"`
	RESTAPIID    types.String `tfsdk:"rest_api_id"`
	RESTAPIPath  types.String `tfsdk:"rest_api_path"`
	HTTPMethod   types.String `tfsdk:"http_method"`
	Version      types.String `tfsdk:"version"`
	Resource     types.String `tfsdk:"resource"`
	AllMethods   types.Bool   `tfsdk:"all_methods"`
	AllResources types.Bool   `tfsdk:"all_resources"`
	AllVersions  types.Bool   `tfsdk:"all_versions"`
	Active       types.Bool   `tfsdk:"active"`
}

func (m *restAPIAuthScope) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.Reference(field.String("auth_scope", &m.AuthScopeID), "sys_auth_scope"),
		field.String("api", &m.RESTAPIID),
		field.MovesWith(field.Computed(field.String("api_path", &m.RESTAPIPath)), &m.RESTAPIID),
		field.String("http_method", &m.HTTPMethod),
		field.String("version", &m.Version),
		field.String("api_resource", &m.Resource),
		field.Bool("apply_all_methods", &m.AllMethods),
		field.Bool("apply_all_resources", &m.AllResources),
		field.Bool("apply_all_versions", &m.AllVersions),
		field.Bool("active", &m.Active),
	}
}

func (m *restAPIAuthScope) Check(_ context.Context, report *lifecycle.Report) {
	for _, pair := range []struct {
		all      *types.Bool
		narrowed types.String
	}{{&m.AllMethods, m.HTTPMethod}, {&m.AllResources, m.Resource}, {&m.AllVersions, m.Version}} {
		if pair.all.ValueBool() && pair.narrowed.ValueString() != "" {
			report.Error(pair.all, "All, and one", "The scope cannot guard all of them and "+
				pair.narrowed.String()+" only. Take one of the two attributes out.")
		}
	}
	if id := m.RESTAPIID.ValueString(); id != "" && !lifecycle.IsSysID(id) {
		report.Warn(&m.RESTAPIID, "Not a sys_id", "The API of an auth scope is usually the sys_id of its sys_ws_definition. "+
			"APIs that are built into the platform may differ, so "+id+" is sent as it is.")
	}
}
