package servicenow

import (
	"context"
	"errors"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// NewRESTAPIAccessPolicy manages a REST API access policy (sys_api_access_policy) with the profiles that it maps
// (sys_auth_profile_mapping).
var NewRESTAPIAccessPolicy = lifecycle.New[restAPIAccessPolicy](lifecycle.Definition{
	Type:       "rest_api_access_policy",
	Table:      "sys_api_access_policy",
	Key:        []string{"name"},
	Store:      newAccessPolicyStore,
	MayBeEmpty: []string{"auth_profile_ids"},
	Description: "A REST API access policy (`sys_api_access_policy`, *System Web Services > API Access Policies*) with " +
		"the inbound authentication profiles that it maps (`sys_auth_profile_mapping`): by which methods requests to an " +
		"API may prove who they are.\n\n" +
		"~> **A policy that maps any profile shuts out every method that it does not map**, other integrations' and this " +
		"provider's own. Policies on the Table API, and global ones, are refused where they would shut out the provider " +
		"itself, unless `allow_lockout` is set. The policy is created inactive, its profiles are mapped, the provider's " +
		"own method first, and only then it is activated; destroying goes the other way.\n\n" +
		"Never attach *Allow Access Policy* records to the profiles, as some instructions say: the platform's " +
		"documentation forbids it, they are for logins of users. Some instances drop the API from what is sent; the error " +
		"then says how to go on. Needs the roles `api_service_admin` and `adaptive_auth_policy_admin`, or `admin`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The policy's name, unique on the instance."},
		"rest_api_id": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "The API: the `sys_id` of its `sys_ws_definition`, as `data.servicenow_rest_api` finds it. " +
				"The value for an API that is built into the platform stands in the choice list of `sys_api_access_policy.api`. " +
				"Leave it out for a global policy, and where the API is chosen in the form.",
		},
		"rest_api_path": schema.StringAttribute{Computed: true, MarkdownDescription: "The API's path, such as `now/table`."},
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
		"table_names": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "The tables, for the Table API only, as the instance stores them: names or `sys_id`s.",
		},
		"global": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether the policy applies to every API that has none of its own. API keys do not pass by " +
				"such a policy. Default: `false`.",
		},
		"apply_all": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether the policy applies to all methods, versions and resources, whatever the other " +
				"attributes say. Default: the instance's; null on instances without the column.",
		},
		"all_methods":   allUnless("http_method", "HTTP method"),
		"all_resources": allUnless("resource", "resource"),
		"all_versions":  allUnless("version", "version"),
		"all_tables": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether the policy applies to every table of the Table API. Default: the instance's, `false`.",
		},
		"advertise_auth_schemes": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether a refusal names the methods that would pass. Default: `false`.",
		},
		"active": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether the policy applies. Default: `true`.",
		},
		"auth_profile_ids": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			Validators: []validator.Set{setvalidator.ValueStringsAre(lifecycle.SysID())},
			MarkdownDescription: "The profiles that pass, as `sys_id`s: `id` of `servicenow_api_key_auth_profile` and " +
				"`servicenow_http_auth_profile`. Name one for every method in use; what is not here is shut out. Default: the " +
				"policy's mappings are left alone; `[]` owns that there are none.",
		},
		"allow_lockout": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether a write of the policy may shut out the method that this provider itself logs in " +
				"with. It cannot be repaired from here then. A destroy asks for `allow_lockout` of the state, or of the provider " +
				"block. Default: `false`.",
		},
	},
})

// allUnless is a flag that is on by default as long as the one thing it could be narrowed to is not named.
func allUnless(narrowed, what string) schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional: true, Computed: true, PlanModifiers: []planmodifier.Bool{unlessSet{narrowed}},
		MarkdownDescription: "Whether the policy applies to every " + what + ". Default: `true` unless `" + narrowed + "` " +
			"is set.",
	}
}

type unlessSet struct{ attribute string }

func (m unlessSet) Description(context.Context) string {
	return "defaults to true unless " + m.attribute + " is set"
}
func (m unlessSet) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (m unlessSet) PlanModifyBool(ctx context.Context, req planmodifier.BoolRequest, resp *planmodifier.BoolResponse) {
	if !req.ConfigValue.IsNull() {
		return
	}
	var narrowed types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(m.attribute), &narrowed)...)
	if narrowed.IsUnknown() {
		resp.PlanValue = types.BoolUnknown()
		return
	}
	resp.PlanValue = types.BoolValue(narrowed.IsNull())
}

type restAPIAccessPolicy struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	Name                 types.String `tfsdk:"name"`
	RESTAPIID            types.String `tfsdk:"rest_api_id"`
	RESTAPIPath          types.String `tfsdk:"rest_api_path"`
	HTTPMethod           types.String `tfsdk:"http_method"`
	Version              types.String `tfsdk:"version"`
	Resource             types.String `tfsdk:"resource"`
	TableNames           types.Set    `tfsdk:"table_names"`
	Global               types.Bool   `tfsdk:"global"`
	ApplyAll             types.Bool   `tfsdk:"apply_all"`
	AllMethods           types.Bool   `tfsdk:"all_methods"`
	AllResources         types.Bool   `tfsdk:"all_resources"`
	AllVersions          types.Bool   `tfsdk:"all_versions"`
	AllTables            types.Bool   `tfsdk:"all_tables"`
	AdvertiseAuthSchemes types.Bool   `tfsdk:"advertise_auth_schemes"`
	Active               types.Bool   `tfsdk:"active"`
	AuthProfileIDs       types.Set    `tfsdk:"auth_profile_ids"`
	AllowLockout         types.Bool   `tfsdk:"allow_lockout"`
}

func (m *restAPIAccessPolicy) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("api", &m.RESTAPIID),
		field.MovesWith(field.Computed(field.String("api_path", &m.RESTAPIPath)), &m.RESTAPIID, &m.Global),
		field.String("http_method", &m.HTTPMethod),
		field.String("version", &m.Version),
		field.String("api_resource", &m.Resource),
		field.Set("api_tablename", &m.TableNames),
		field.Bool("apply_global", &m.Global),
		field.Bool("apply_all", &m.ApplyAll),
		field.Bool("apply_all_methods", &m.AllMethods),
		field.Bool("apply_all_resources", &m.AllResources),
		field.Bool("apply_all_versions", &m.AllVersions),
		field.Bool("apply_all_tables", &m.AllTables),
		field.Bool("all_authn_scheme_authenticate_header", &m.AdvertiseAuthSchemes),
		field.Bool("active", &m.Active),
		field.Members(mappedProfiles, &m.AuthProfileIDs),
		field.Option(&m.AllowLockout, func(o *record.Options) *bool { return &o.AllowLockout }),
	}
}

func (m *restAPIAccessPolicy) Check(_ context.Context, report *lifecycle.Report) {
	for _, pair := range []struct {
		all      *types.Bool
		narrowed types.String
	}{{&m.AllMethods, m.HTTPMethod}, {&m.AllResources, m.Resource}, {&m.AllVersions, m.Version}} {
		if pair.narrowed.ValueString() == "" {
			continue
		}
		switch {
		case m.ApplyAll.ValueBool():
			report.Error(&m.ApplyAll, "All, and one", "apply_all = true applies the policy to all methods, versions and "+
				"resources, so it cannot apply to "+pair.narrowed.String()+" only. Take one of the two attributes out.")
		case pair.all.ValueBool():
			report.Error(pair.all, "All, and one", "The policy cannot apply to all of them and to "+
				pair.narrowed.String()+" only. Take one of the two attributes out.")
		}
	}
	switch id := m.RESTAPIID.ValueString(); {
	case m.Global.ValueBool() && id != "":
		report.Error(&m.RESTAPIID, "A global policy with an API", "global = true applies to every API. Take rest_api_id "+
			"out, or leave the policy to this API.")
	case m.RESTAPIID.IsNull() && !m.Global.ValueBool() && !m.Global.IsUnknown():
		report.Warn(&m.RESTAPIID, "A policy without an API", "The policy applies to nothing until an API is chosen in its "+
			"form. Set rest_api_id, or global = true.")
	case id != "" && !lifecycle.IsSysID(id):
		report.Warn(&m.RESTAPIID, "Not a sys_id", "The API of an access policy is usually the sys_id of its "+
			"sys_ws_definition. APIs that are built into the platform may differ, so "+id+" is sent as it is.")
	}
}

// Plan refuses at plan what the store would refuse before its first write, as far as the profiles are known.
func (m *restAPIAccessPolicy) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	want := record.Write{Record: record.Record{ID: m.ID.ValueString(), Values: map[string]any{}}}
	for _, f := range m.Fields() {
		f.Encode(&want)
	}
	if m.AuthProfileIDs.IsUnknown() || slices.ContainsFunc(m.AuthProfileIDs.Elements(), attr.Value.IsUnknown) {
		return
	}
	ids, owned := mappedIn(want.Record)
	change := policyChange(want)
	if change.ID == "" {
		change.ID, change.New = servicenowapi.NewSysID(), true
	}
	if owned || change.New {
		change.Profiles = append([]string{}, ids...)
	}
	refusal := &accessPolicyError{}
	if m.Global.ValueBool() {
		guard := accessPolicyGuard{c.ServiceNow}
		profiles, err := guard.profiles(ctx, ids)
		if err == nil && errors.As(guard.refuseKeys(want.Record, profiles), &refusal) {
			report.Error(&m.AuthProfileIDs, refusal.summary, refusal.detail)
			return
		}
	}
	if want.AllowLockout || report.AllowLockout {
		return
	}
	// Whatever else goes wrong, the store meets again and says so.
	var lockout *servicenowapi.LockoutError
	if err := c.ServiceNow.Foresee(ctx, []servicenowapi.RowChange{change}); errors.As(err, &lockout) {
		report.Error(&m.AuthProfileIDs, lockout.Summary, lockout.Detail)
	}
}
