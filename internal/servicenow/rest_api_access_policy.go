package servicenow

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewRESTAPIAccessPolicy manages a REST API access policy (sys_api_access_policy) with the profiles that it maps
// (sys_auth_profile_mapping).
var NewRESTAPIAccessPolicy = lifecycle.New[restAPIAccessPolicy](lifecycle.Definition{
	Type:       "rest_api_access_policy",
	Table:      "sys_api_access_policy",
	Key:        []string{"name"},
	Store:      newAccessPolicyStore,
	MayBeEmpty: []string{"auth_profile_ids"},
	Needs: lifecycle.Needs{
		Roles: profileAdmins,
		Newer: map[string]string{
			"apply_all":                            lifecycle.SomeInstances,
			"all_authn_scheme_authenticate_header": lifecycle.SomeInstances,
		},
	},
	Description: "A REST API access policy (`sys_api_access_policy`, *System Web Services > API Access Policies*) with " +
		"the inbound authentication profiles that it maps (`sys_auth_profile_mapping`): by which methods requests to an " +
		"API may prove who they are.\n\n" +
		"~> **A policy that maps any profile shuts out every method that it does not map**, other integrations' and this " +
		"provider's own. Policies on the Table API, and global ones, are refused where they would shut out the provider " +
		"itself, unless `allow_lockout` is set. The policy is created inactive, its profiles are mapped, the provider's " +
		"own method first, and only then it is activated; destroying goes the other way.\n\n" +
		"Never attach *Allow Access Policy* records to the profiles, as some instructions say: the platform's " +
		"documentation forbids it, they are for logins of users. Some instances drop the API from what is sent; the error " +
		"then says what to do next.",
	Attributes: attribute.Join(restAPIAttributes("the policy"), attribute.Schema{
		"name": attribute.RequiredText("The policy's name, unique on the instance."),
		"rest_api_id": attribute.Text("The API: the `sys_id` of its `sys_ws_definition`, which `data.servicenow_rest_api` " +
			"finds. For an API that is built into the platform, see the choice list of `sys_api_access_policy.api`. Leave it " +
			"out for a global policy, and where the API is chosen in the form."),
		"table_names": attribute.Names("The tables, for the Table API only, as the instance stores them: names or "+
			"`sys_id`s.", tableName), // one with a comma would be read back as two
		"global": attribute.FlagOr(false, "Whether the policy applies to every API that has none of its own. API keys do "+
			"not pass by such a policy."),
		"apply_all": attribute.ServerFlag("Whether the policy applies to all methods, versions and resources, whatever the " +
			"other attributes say. Default: the instance's; null where it does not have it."),
		"all_tables": attribute.ServerFlag("Whether the policy applies to every table of the Table API. Default: the " +
			"instance's, `false`."),
		"advertise_auth_schemes": attribute.FlagOr(false, "Whether a refusal names the methods that would pass."),
		"active":                 attribute.Active("Whether the policy applies."),
		"auth_profile_ids": attribute.References("The profiles that pass, as `sys_id`s: `id` of " +
			"`servicenow_api_key_auth_profile` and `servicenow_http_auth_profile`. Name one for every method in use; what is " +
			"not here is shut out. Default: the policy's mappings are left alone; `[]` states that there are none."),
		"allow_lockout": attribute.FlagOr(false, "Whether a write of the policy may shut out the method that this provider "+
			"itself logs in with, which then cannot be repaired from here. A destroy takes `allow_lockout` from the state, or "+
			"from the provider block."),
	}),
})

type restAPIAccessPolicy struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	restAPI
	Name                 types.String `tfsdk:"name"`
	TableNames           types.Set    `tfsdk:"table_names"`
	Global               types.Bool   `tfsdk:"global"`
	ApplyAll             types.Bool   `tfsdk:"apply_all"`
	AllTables            types.Bool   `tfsdk:"all_tables"`
	AdvertiseAuthSchemes types.Bool   `tfsdk:"advertise_auth_schemes"`
	Active               types.Bool   `tfsdk:"active"`
	AuthProfileIDs       types.Set    `tfsdk:"auth_profile_ids"`
	AllowLockout         types.Bool   `tfsdk:"allow_lockout"`
}

func (m *restAPIAccessPolicy) Fields() []field.Field {
	return append(m.restAPI.fields(&m.Global),
		field.String("name", &m.Name),
		field.Set("api_tablename", &m.TableNames),
		field.Bool("apply_global", &m.Global),
		field.Bool("apply_all", &m.ApplyAll),
		field.Bool("apply_all_tables", &m.AllTables),
		field.Bool("all_authn_scheme_authenticate_header", &m.AdvertiseAuthSchemes),
		field.Bool("active", &m.Active),
		field.Reference(field.Members(mappedProfiles.table, &m.AuthProfileIDs),
			"inbound_auth_profile", "http_key_auth", "std_http_auth"),
		field.Option(&m.AllowLockout, allowLockout),
	)
}
