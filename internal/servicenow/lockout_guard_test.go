package servicenow_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

var lockedOut = regexp.MustCompile(`would\s+lock\s+this\s+provider\s+out`)

// withAPIKey is the provider block that logs in with the key of openTableAPI.
func withAPIKey(w *acctest.World) string {
	return strings.ReplaceAll(w.Provider(), `basic_auth   = { username = "admin", password = "admin" }`,
		`api_key = "now_simulated"`)
}

func insertRow(t *testing.T, w *acctest.World, table string, values servicenow.Record) string {
	t.Helper()
	id, err := w.ServiceNow.Insert(table, values)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func deleteRows(t *testing.T, w *acctest.World, table, query string) {
	t.Helper()
	for _, row := range w.ServiceNow.Records(table, query) {
		if err := w.ServiceNow.Delete(table, row["sys_id"]); err != nil {
			t.Error(err)
		}
	}
}

// unwritten holds that nothing was written to a table since the last look.
func unwritten(w *acctest.World, table string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		for _, write := range w.Writes() {
			if strings.Contains(write, " "+table) {
				return fmt.Errorf("written all the same: %s", write)
			}
		}
		return nil
	}
}

// Whatever shuts the own method out is refused before it is sent: a change of the mapped profile in place, one that
// comes with a change of the policy in the same apply, and a whole estate is destroyed without a word.
func TestGuardOfMappedProfile(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	config := func(basic, mapped, more string) string {
		return apiKeyParameters + `
resource "servicenow_http_auth_profile" "basic" {
  name = "Basic"
  ` + basic + `
}
resource "servicenow_api_key_auth_profile" "key" {
  name               = "Key"
  auth_parameter_ids = [data.servicenow_auth_parameter.header.id]
}
resource "servicenow_rest_api_access_policy" "test" {
  name             = "Table API"
  rest_api_id      = "` + servicenow.TableAPI + `"
  auth_profile_ids = [` + mapped + `]
}
` + more
	}
	const basic, key, other = "servicenow_http_auth_profile.basic.id", "servicenow_api_key_auth_profile.key.id",
		"servicenow_http_auth_profile.other.id"
	const more = `resource "servicenow_http_auth_profile" "other" { name = "Other" }`
	w.Run(
		resource.TestStep{Config: config("", basic+","+key, "")},
		resource.TestStep{
			PreConfig: w.Forget, Config: config(`type = "oauth"`, basic+","+key, ""), ExpectError: lockedOut,
		},
		resource.TestStep{Config: config("", basic+","+key, ""), Check: unwritten(w, "std_http_auth")},
		resource.TestStep{Config: config(`active = false`, basic+","+key, ""), ExpectError: lockedOut},
		resource.TestStep{ // Terraform writes the profile first, and the other one is not mapped then
			Config: config(`type = "oauth"`, basic+","+key+","+other, more), ExpectError: lockedOut,
		},
		resource.TestStep{Config: config(``, basic+","+key+","+other, more)},
		resource.TestStep{Config: config(`type = "oauth"`, basic+","+key+","+other, more)},
		resource.TestStep{Config: config(`active = false`, basic+","+key+","+other, more)},
		resource.TestStep{Config: config(`active = false`, key, more), ExpectError: lockedOut},
		resource.TestStep{ // a new name decides nothing, and costs no look
			PreConfig: w.Forget, Config: strings.ReplaceAll(config(`active = false`, basic+","+key+","+other, more), `"Other"`,
				`"Another"`),
			Check: func(*terraform.State) error {
				if reads := w.Reads(); slices.Contains(reads, "/api/now/table/http_hmac_auth") {
					return fmt.Errorf("looked: %v", reads)
				}
				return nil
			},
		},
	)
}

// allow_lockout of the provider block lifts the guard: at plan, of writes, and of destroys.
func TestGuardLifted(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, honouringTokens)
	openTableAPI(t, w)
	w.Settled()
	config := func(block, active string) string {
		return strings.Replace(withAPIKey(w), "api_key =", block+"\n  api_key =", 1) + `
data "servicenow_auth_profile" "basic" { name = "Basic" }
resource "servicenow_rest_api_access_policy" "test" {
  name             = "Incidents"
  rest_api_id      = "` + servicenow.TableAPI + `"
  table_names      = ["incident"]
  active           = ` + active + `
  auth_profile_ids = [data.servicenow_auth_profile.basic.id]
}
resource "servicenow_auth_parameter" "spare" {
  parameter_name = "x-spare"
  type           = "auth_header"
}
`
	}
	w.Run(
		resource.TestStep{Config: config("", "true"), ExpectError: lockedOut},
		resource.TestStep{Config: config("allow_lockout = true", "true")},
		resource.TestStep{Config: config("", "true")},  // what is so already is nobody's fault
		resource.TestStep{Config: config("", "false")}, // and opening it again needs no permission
	)
	// Everything that admits the key, destroyed by the key.
	policy := w.ServiceNow.Records("sys_api_access_policy", "name=Table API")[0]["sys_id"]
	taken := func(block string) string {
		return strings.Replace(withAPIKey(w), "api_key =", block+"\n  api_key =", 1)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: taken("") + `
import {
  to = servicenow_record.policy
  id = "sys_api_access_policy/` + policy + `/name"
}
resource "servicenow_record" "policy" {
  table  = "sys_api_access_policy"
  values = { name = "Table API" }
}
`},
			{Config: taken(""), ExpectError: lockedOut},
			{
				Config: taken("allow_lockout = true"),
				// The delete is sent, and nothing can be asked after it.
				ExpectError: regexp.MustCompile(`401`),
			},
			{Config: w.Provider()},
		},
	})
	if left := w.ServiceNow.Records("sys_api_access_policy", "name=Table API"); len(left) > 0 {
		t.Error("the policy is still there")
	}
}

// A profile that a policy of somebody else's configuration maps.
func TestGuardOfProfileMappedElsewhere(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	const profiles = `
resource "servicenow_http_auth_profile" "first" { name = "First" }
resource "servicenow_http_auth_profile" "second" { name = "Second" }
resource "servicenow_http_auth_profile" "oauth" {
  name = "OAuth"
  type = "oauth"
}
`
	policy := ""
	mapAll := func() {
		policy = insertRow(t, w, "sys_api_access_policy", servicenow.Record{
			"name": "Foreign", "api": servicenow.TableAPI, "apply_all_methods": "true", "active": "false",
		})
		for _, p := range w.ServiceNow.Records("std_http_auth", "nameINFirst,Second,OAuth") {
			insertRow(t, w, "sys_auth_profile_mapping", servicenow.Record{
				"api_access_policy": policy, "inbound_auth_profile": p["sys_id"],
			})
		}
		if err := w.ServiceNow.Set("sys_api_access_policy", policy, servicenow.Record{"active": "true"}); err != nil {
			t.Fatal(err)
		}
	}
	w.Run(
		resource.TestStep{Config: profiles},
		// Each of the two may go, and both at once would lock out: one stays.
		resource.TestStep{PreConfig: mapAll, Config: `# none`, ExpectError: lockedOut},
		resource.TestStep{
			PreConfig: func() {
				if left := w.ServiceNow.Records("std_http_auth", "nameINFirst,Second"); len(left) != 1 {
					t.Errorf("%d profiles of basic authentication are left, not one", len(left))
				}
				if left := w.ServiceNow.Records("std_http_auth", "name=OAuth"); len(left) != 0 {
					t.Error("the profile of another method stayed")
				}
			},
			Config: `# none`, ExpectError: lockedOut, // the last one, alone
		},
		resource.TestStep{
			PreConfig: func() { deleteRows(t, w, "sys_api_access_policy", "name=Foreign") },
			Config:    `# none`,
		},
	)
}

// An API key passes by a policy only, and only from the header that this provider sends.
func TestGuardOfOwnAPIKey(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, honouringTokens)
	shipped := w.ServiceNow.Records("sys_token_auth_parameter", "parameter_name=x-sn-apikey^type=auth_header")[0]
	deleteRows(t, w, "sys_token_auth_parameter", "sys_id="+shipped["sys_id"])
	insertRow(t, w, "api_key", servicenow.Record{
		"name": "Key", "user": w.ServiceNow.Records("sys_user", "user_name=admin")[0]["sys_id"], "token": "now_simulated",
	})
	w.Settled()
	config := func(header, listed, policy string) string {
		return `
data "servicenow_auth_parameter" "query" {
  parameter_name = "x-sn-apikey"
  type           = "query_parameter"
}
resource "servicenow_auth_parameter" "header" {
  parameter_name = "x-sn-apikey"
  type           = "auth_header"
  ` + header + `
}
resource "servicenow_api_key_auth_profile" "key" {
  name               = "Key"
  auth_parameter_ids = [` + listed + `]
}
resource "servicenow_http_auth_profile" "basic" { name = "Basic" }
` + policy
	}
	const header, query = "servicenow_auth_parameter.header.id", "data.servicenow_auth_parameter.query.id"
	policy := `
resource "servicenow_rest_api_access_policy" "test" {
  name             = "Table API"
  rest_api_id      = "` + servicenow.TableAPI + `"
  auth_profile_ids = [servicenow_http_auth_profile.basic.id, servicenow_api_key_auth_profile.key.id]
}
`
	whole := config("", header+","+query, policy)
	refused := func(config string) resource.TestStep {
		return resource.TestStep{Config: withAPIKey(w) + config, ExpectError: lockedOut}
	}
	w.Run(
		resource.TestStep{Config: whole},
		resource.TestStep{Config: withAPIKey(w) + whole},
		refused(config(`additional_columns = { prefix = "Key " }`, header+","+query, policy)),
		refused(strings.Replace(whole, `"x-sn-apikey"
  type           = "auth_header"`, `"x-other"
  type           = "auth_header"`, 1)),
		refused(config("", query, policy)),
		refused(config("", header+","+query, "")), // the policy itself: no key passes without one
		refused(strings.Replace(whole, `basic.id, servicenow_api_key_auth_profile.key.id`, `basic.id`, 1)),
		resource.TestStep{Config: whole}, // by password, so that the destroy needs no key
	)
}

// servicenow_record is no way around.
func TestGuardOfRecords(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	row := func(name, table, values string) string {
		return fmt.Sprintf("resource \"servicenow_record\" %q {\n table = %q\n %s\n}\n", name, table, values)
	}
	basic := row("basic", "std_http_auth", `values = { name = "Basic", type = "basic_auth" }`)
	key := row("oauth", "std_http_auth", `values = { name = "OAuth", type = "oauth" }`)
	policy := func(active string) string {
		return row("policy", "sys_api_access_policy", `values = { name = "Table API", api = "`+servicenow.TableAPI+
			`", apply_all_methods = "true", active = "`+active+`" }`)
	}
	mapping := func(of string) string {
		return row("mapping_"+of, "sys_auth_profile_mapping", `values = { api_access_policy = servicenow_record.policy.id, `+
			`inbound_auth_profile = servicenow_record.`+of+`.id }`)
	}
	all := basic + key + policy("true") + mapping("basic") + mapping("oauth")
	refused := func(config string) resource.TestStep {
		return resource.TestStep{Config: config, ExpectError: lockedOut}
	}
	w.Run(
		refused(policy("true")), // active, and nothing mapped yet
		resource.TestStep{Config: basic + key + policy("false") + mapping("oauth")},
		refused(basic+key+policy("true")+mapping("oauth")),
		resource.TestStep{Config: basic + key + policy("false") + mapping("basic") + mapping("oauth")},
		resource.TestStep{Config: all},
		refused(strings.Replace(all, `type = "basic_auth"`, `type = "oauth"`, 1)),
		refused(basic+key+policy("true")+mapping("oauth")),
		refused(strings.Replace(all, `inbound_auth_profile = servicenow_record.basic.id`,
			`inbound_auth_profile = servicenow_record.oauth.id`, 1)),
		resource.TestStep{Config: all},
		resource.TestStep{Config: basic + key + policy("false") + mapping("basic") + mapping("oauth")},
	)
}

// Neither the name of a base table nor a column that is written as a secret is a way around.
func TestGuardOfRecordsInDisguise(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	openTableAPI(t, w)
	w.Settled()
	id := w.ServiceNow.Records("std_http_auth", "name=Basic")[0]["sys_id"]
	record := func(table, more string) string {
		return `
import {
  to = servicenow_record.test
  id = "` + table + "/" + id + `/name"
}
resource "servicenow_record" "test" {
  table = "` + table + `"
` + more + "\n}\n"
	}
	var steps []resource.TestStep
	for _, config := range []string{
		record("inbound_auth_profile", `values = { active = "false" }`),
		record("std_http_auth", `values = { type = "" }`),
		record("std_http_auth", "values = { name = \"Basic\" }\nsecret_values_wo = { active = \"false\" }"),
	} {
		steps = append(steps,
			resource.TestStep{Config: config, ExpectError: lockedOut},
			resource.TestStep{Config: forgetRecord},
		)
	}
	w.Run(steps...)
}

const forgetRecord = `
removed {
  from = servicenow_record.test
  lifecycle { destroy = false }
}
`

// An active policy that maps nothing is taken over as it is, and null leaves mappings alone whoever made them.
func TestGuardOfPolicyWithoutProfiles(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	id := insertRow(t, w, "sys_api_access_policy", servicenow.Record{
		"name": "Found", "api": servicenow.TableAPI, "apply_all_methods": "true", "apply_all_resources": "true",
		"apply_all_versions": "true", "active": "true",
	})
	shipped := w.ServiceNow.Records("std_http_auth", "name=ID Token")[0]["sys_id"]
	basic := insertRow(t, w, "std_http_auth", servicenow.Record{"name": "Basic", "type": "basic_auth"})
	w.Settled()
	config := func(more string) string {
		return `
import {
  to = servicenow_rest_api_access_policy.test
  id = "` + id + `"
}
resource "servicenow_rest_api_access_policy" "test" {
  name        = "Found"
  rest_api_id = "` + servicenow.TableAPI + `"
` + more + "\n}\n"
	}
	unplanned := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	mapped := func(want int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if got := w.ServiceNow.Records("sys_auth_profile_mapping", "api_access_policy="+id); len(got) != want {
				return fmt.Errorf("%d mappings, not %d", len(got), want)
			}
			return nil
		}
	}
	w.Run(
		resource.TestStep{Config: config(""), Check: mapped(0)},
		resource.TestStep{Config: config("advertise_auth_schemes = true"), Check: mapped(0)},
		resource.TestStep{ // one that somebody else maps stays, and so does the plan
			PreConfig: func() {
				for _, profile := range []string{basic, shipped} {
					insertRow(t, w, "sys_auth_profile_mapping", servicenow.Record{
						"api_access_policy": id, "inbound_auth_profile": profile,
					})
				}
			},
			Config: config("advertise_auth_schemes = true"), ConfigPlanChecks: unplanned, Check: mapped(2),
		},
		resource.TestStep{Config: config("http_method = \"GET\""), Check: mapped(2)},
		resource.TestStep{Config: config("auth_profile_ids = []"), ExpectError: lockedOut},
		resource.TestStep{Config: config("active = false\nauth_profile_ids = []"), Check: mapped(0)},
		resource.TestStep{Config: config("active = false\nauth_profile_ids = []"), ConfigPlanChecks: unplanned},
		resource.TestStep{
			PreConfig: func() {
				insertRow(t, w, "sys_auth_profile_mapping", servicenow.Record{
					"api_access_policy": id, "inbound_auth_profile": shipped,
				})
			},
			Config: config("active = false\nauth_profile_ids = []"), Check: mapped(0),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				acctest.Drifts("servicenow_rest_api_access_policy.test", "auth_profile_ids"),
			}},
		},
		resource.TestStep{
			Config: `# none`,
			Check: func(*terraform.State) error { // what was there before Terraform came
				insertRow(t, w, "sys_api_access_policy", servicenow.Record{"name": "Found", "active": "false"})
				return nil
			},
		},
	)
}

// A profile that is mapped twice is removed once by the next write. A delete that the instance does not carry out is an
// error.
func TestRESTAPIAccessPolicyMappedTwice(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	config := func(more string) string {
		return profiles + `
resource "servicenow_rest_api_access_policy" "test" {
  name             = "Elastic"
  rest_api_id      = data.servicenow_rest_api.elastic.id
  auth_profile_ids = [servicenow_http_auth_profile.basic.id, servicenow_api_key_auth_profile.key.id]
` + more + "\n}\n"
	}
	mapped := func(want int) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if got := w.ServiceNow.Records("sys_auth_profile_mapping", ""); len(got) != want {
				return fmt.Errorf("%d mappings, not %d", len(got), want)
			}
			return nil
		}
	}
	w.Run(
		resource.TestStep{Config: config("")},
		resource.TestStep{
			PreConfig: func() {
				row := w.ServiceNow.Records("sys_auth_profile_mapping", "")[0]
				insertRow(t, w, "sys_auth_profile_mapping", servicenow.Record{
					"api_access_policy": row["api_access_policy"], "inbound_auth_profile": row["inbound_auth_profile"],
				})
			},
			Config: config(""), Check: mapped(3), // a set cannot show it
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			PreConfig: func() {
				rule := fault.Rule{
					Kind: fault.Ignore, Method: "DELETE", PathPrefix: "/api/now/table/sys_auth_profile_mapping", Count: 1,
				}
				if _, err := w.ServiceNow.Faults.Add(rule); err != nil {
					t.Fatal(err)
				}
			},
			Config: config("advertise_auth_schemes = true"), ExpectError: regexp.MustCompile(`record\s+is\s+still\s+there`),
		},
		resource.TestStep{Config: config("advertise_auth_schemes = false"), Check: mapped(2)},
	)
}

// The instance's own answer tells whether there is a column apply_all.
func TestRESTAPIAccessPolicyApplyAll(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	config := func(more string) string {
		return profiles + `
resource "servicenow_rest_api_access_policy" "test" {
  name             = "Elastic"
  rest_api_id      = data.servicenow_rest_api.elastic.id
  auth_profile_ids = [servicenow_http_auth_profile.basic.id]
` + more + "\n}\n"
	}
	const address = "servicenow_rest_api_access_policy.test"
	set := func(value string) servicenow.Record { return servicenow.Record{"apply_all": value} }
	w.Run(
		resource.TestStep{
			Config: config("apply_all = true"), Check: resource.TestCheckResourceAttr(address, "apply_all", "true"),
		},
		resource.TestStep{
			PreConfig: func() {
				id := w.ServiceNow.Records("sys_api_access_policy", "name=Elastic")[0]["sys_id"]
				if err := w.ServiceNow.Set("sys_api_access_policy", id, set("false")); err != nil {
					t.Fatal(err)
				}
			},
			Config: config("apply_all = true"),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{acctest.Drifts(address, "apply_all")},
			},
		},
		resource.TestStep{Config: profiles},
		resource.TestStep{
			PreConfig: func() {
				rule := fault.Rule{
					Kind: fault.Withhold, Columns: []string{"apply_all"}, PathPrefix: "/api/now/table/sys_api_access_policy",
				}
				if _, err := w.ServiceNow.Faults.Add(rule); err != nil {
					t.Fatal(err)
				}
			},
			Config: config(""), Check: resource.TestCheckNoResourceAttr(address, "apply_all"),
		},
		resource.TestStep{
			Config: config("apply_all = true"), ExpectError: regexp.MustCompile(`does\s+not\s+hold\s+the\s+column\s+apply_all`),
		},
		resource.TestStep{Config: config("")},
	)
}

// Where the account may not read what decides, what may lock out is not sent, and what cannot is.
func TestGuardThatCannotSee(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	const basic = `resource "servicenow_http_auth_profile" "basic" { name = "Basic" }
`
	const key = apiKeyParameters + `resource "servicenow_api_key_auth_profile" "key" {
  name               = "Key"
  auth_parameter_ids = [data.servicenow_auth_parameter.header.id]
}
`
	hide := func(hidden bool) func() {
		return func() {
			for _, row := range w.ServiceNow.Records("sys_api_access_policy", "") {
				w.ServiceNow.Hide(row["sys_id"], hidden)
			}
		}
	}
	w.Run(
		resource.TestStep{PreConfig: hide(true), Config: basic + key},
		resource.TestStep{Config: strings.Replace(basic, `"Basic"`, `"Other"`, 1) + key},
		resource.TestStep{Config: basic},
		resource.TestStep{
			Config:      `# none`,
			ExpectError: regexp.MustCompile(`(?s)may\s+not\s+read\s+sys_api_access_policy.*allow_lockout\s+=\s+true`),
		},
		resource.TestStep{PreConfig: hide(false), Config: `# none`},
	)
}

// From the moment the Table API asks for an auth scope, tokens without it lose it, those of this provider too.
func TestGuardOfAuthScopes(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	client := insertRow(t, w, "oauth_entity", servicenow.Record{
		"name": "Own", "client_id": "own", "client_secret": "secret", "scope_restriction_status": "unrestricted",
	})
	w.Settled()
	withToken := strings.ReplaceAll(w.Provider(), `basic_auth   = { username = "admin", password = "admin" }`,
		`oauth_password = { client_id = "own", client_secret = "secret", username = "admin", password = "admin" }`)
	const scope = `
resource "servicenow_auth_scope" "test" { name = "tickets" }
`
	held := `
resource "servicenow_record" "held" {
  table  = "oauth_entity_auth_scope_mapping"
  values = { oauth_entity = "` + client + `", auth_scope = servicenow_auth_scope.test.id }
}
`
	asked := func(method string) string {
		return `
resource "servicenow_rest_api_auth_scope" "test" {
  name          = "Tables"
  auth_scope_id = servicenow_auth_scope.test.id
  rest_api_id   = "` + servicenow.TableAPI + `"
  http_method   = "` + method + `"
}
`
	}
	elsewhere := strings.Replace(strings.Replace(asked("GET"), servicenow.TableAPI, servicenow.ImportSetAPI, 1),
		`"servicenow_rest_api_auth_scope" "test"`, `"servicenow_rest_api_auth_scope" "import"`, 1)
	w.Run(
		resource.TestStep{Config: withToken + scope + elsewhere},
		resource.TestStep{Config: withToken + scope + elsewhere + asked("DELETE"), ExpectError: lockedOut},
		resource.TestStep{Config: withToken + scope + held},
		resource.TestStep{Config: withToken + scope + held + asked("GET")},
		resource.TestStep{Config: withToken + scope + held + asked("POST")},
		resource.TestStep{Config: withToken + scope + asked("POST"), ExpectError: lockedOut},
		resource.TestStep{Config: scope + asked("POST")}, // passwords have no scopes
		resource.TestStep{Config: scope + asked("PATCH")},
		resource.TestStep{Config: "# none"},
	)
}
