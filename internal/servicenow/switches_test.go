package servicenow_test

import (
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// flip is an unknown of instances, set to what the simulator does not do by default.
type flip struct {
	unknown string // the switch's JSON name
	example string
	set     func(*servicenow.Options)
	// names is what the error, or the example's own check, says where it cannot work; empty: it works.
	names string
	// sample runs in make test, too.
	sample bool
}

var flips = []flip{
	{"ignore_client_sys_id", "elastic-itsm", func(o *servicenow.Options) { o.IgnoreClientSysID = true }, "", true},
	{"own_ids", "elastic-itsm", func(o *servicenow.Options) { o.OwnIDs = []string{"oauth_jwt", "sys_user"} }, "", false},
	{"count_after_acl", "elastic-itsm", func(o *servicenow.Options) { o.CountAfterACL = true }, "", false},
	{"legacy_role_management", "elastic-itsm", func(o *servicenow.Options) { o.LegacyRoleManagement = true }, "", false},
	{"password_hashed_always", "elastic-itsm", func(o *servicenow.Options) { o.PasswordHashedAlways = true }, "", false},
	{"strict_pem", "elastic-itsm", func(o *servicenow.Options) { o.StrictPEM = true }, "", false},
	{"accept_missing_jti", "elastic-itsm", func(o *servicenow.Options) { o.AcceptMissingJTI = true }, "", false},
	{
		"default_scope_restriction", "elastic-itsm",
		func(o *servicenow.Options) { o.DefaultScopeRestriction = "useraccount" }, "", false,
	},
	{
		"one_access_scope_per_api", "elastic-itsm",
		func(o *servicenow.Options) { o.OneAccessScopePerAPI = true }, "", false,
	},
	{"unsupported_grant_error", "elastic-itsm", func(o *servicenow.Options) { o.UnsupportedGrantError = true }, "", false},
	{
		"current_application", "elastic-itsm",
		func(o *servicenow.Options) { o.CurrentApplication = servicenow.ElasticITSM }, "", false,
	},
	{
		"refuse_transaction_scope", "elastic-itsm",
		func(o *servicenow.Options) { o.RefuseTransactionScope = http.StatusForbidden }, "", true,
	},
	{
		"refuse_transaction_scope", "event-management-api-keys",
		func(o *servicenow.Options) { o.RefuseTransactionScope = http.StatusBadRequest }, // the module sets scope_id
		"cannot be set", false,
	},
	{
		"allow_cross_scope_writes", "elastic-itsm",
		func(o *servicenow.Options) { o.AllowCrossScopeWrites = true }, "", false,
	},
	{
		"require_rest_role", "elastic-itsm",
		func(o *servicenow.Options) { o.RequireRESTRole = true }, "snc_platform_rest_api_access", false,
	},
	{"show_inactive_users", "elastic-itsm", func(o *servicenow.Options) { o.ShowInactiveUsers = true }, "", false},
	{
		"drop_api_on_policy_create", "event-management-api-keys",
		func(o *servicenow.Options) { o.DropAPIOnPolicyCreate = true }, "", false,
	},
	{
		"lock_api_on_policy", "event-management-api-keys",
		func(o *servicenow.Options) { o.LockAPIOnPolicy = true }, "choose the REST API there", false,
	},
	{
		"honour_api_key_token", "event-management-api-keys",
		func(o *servicenow.Options) { o.HonourAPIKeyToken = true }, "", false,
	},
	{"show_encrypted_secrets", "elastic-itsm", func(o *servicenow.Options) { o.ShowEncryptedSecrets = true }, "", false},
	{
		"show_encrypted_secrets", "event-management-api-keys",
		func(o *servicenow.Options) { o.ShowEncryptedSecrets = true }, "", false,
	},
	{
		"show_encrypted_secrets", "rapid7-insightvm",
		func(o *servicenow.Options) { o.ShowEncryptedSecrets = true }, "", false,
	},
	{"enforce_mandatory", "elastic-itsm", func(o *servicenow.Options) { o.EnforceMandatory = true }, "", false},
	{
		"cache_roles", "elastic-itsm",
		func(o *servicenow.Options) { o.CacheRoles = true }, "Insufficient rights to query records", false,
	},
	{
		"unique_violation_status", "elastic-itsm",
		func(o *servicenow.Options) { o.UniqueViolationStatus = http.StatusConflict }, "", false,
	},
	{"drop_invalid_values", "elastic-itsm", func(o *servicenow.Options) { o.DropInvalidValues = true }, "", false},
	{"v_plugin_active_true", "elastic-itsm", func(o *servicenow.Options) { o.V2PluginActiveTrue = true }, "", false},
}

// TestEverySwitchIsFlipped holds that no unknown of the simulator is left out of the table above.
func TestEverySwitchIsFlipped(t *testing.T) {
	t.Parallel()
	options := reflect.TypeFor[servicenow.Options]()
	for i := range options.NumField() {
		name := options.Field(i).Tag.Get("json")
		if name == "-" {
			continue
		}
		if !slices.ContainsFunc(flips, func(f flip) bool { return f.unknown == name }) {
			t.Errorf("no example is applied with %s flipped", name)
		}
	}
	for _, f := range flips {
		var before, after servicenow.Options
		if f.set(&after); reflect.DeepEqual(before, after) {
			t.Errorf("%s: nothing is flipped", f.unknown)
		}
	}
}

// TestFlippedUnknownsNeverCorrupt applies a complete example with each unknown flipped: it works and is clean at the
// second apply, or an error or check names the cause, and it is clean once the cause is gone. Without
// TEST_RELEASES=all it runs a sample.
func TestFlippedUnknownsNeverCorrupt(t *testing.T) {
	t.Parallel()
	cli := acctest.Overrides(t)
	for _, f := range flips {
		if !f.sample && os.Getenv("TEST_RELEASES") != "all" {
			continue
		}
		t.Run(f.unknown+"/"+f.example, func(t *testing.T) {
			t.Parallel()
			run := exampleRuns[slices.IndexFunc(exampleRuns, func(r exampleRun) bool { return r.name == f.example })]
			w := acctest.New(t, func(o *simulator.Options) {
				o.ServiceNow.Apps = run.apps
				f.set(&o.ServiceNow)
			})
			e := newExample(t, w, cli, run.name, run.variables(t, w))
			if f.names != "" {
				out, code := e.attempt("apply", "-auto-approve")
				said := strings.Join(strings.Fields(strings.ReplaceAll(out, "│", "")), " ")
				if !strings.Contains(said, f.names) {
					t.Fatalf("ended with %d, and not by naming %q:\n%s", code, f.names, out)
				}
				if err := w.ServiceNow.Configure(func(o *servicenow.Options) { *o = servicenow.Options{} }); err != nil {
					t.Fatal(err)
				}
			}
			e.applies()
			if run.proves != nil {
				run.proves(t, e)
			}
			e.plansNothing()
			e.destroys()
		})
	}
}
