package servicenow_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func honouringTokens(o *simulator.Options) { o.ServiceNow.HonourAPIKeyToken = true }

const profiles = apiKeyParameters + `
data "servicenow_rest_api" "elastic" { base_path = "/api/x_elas2_inc_int/elastic_api" }
resource "servicenow_http_auth_profile" "basic" { name = "Basic" }
resource "servicenow_http_auth_profile" "oauth" {
  name = "OAuth"
  type = "oauth"
}
resource "servicenow_api_key_auth_profile" "key" {
  name               = "Key"
  auth_parameter_ids = [data.servicenow_auth_parameter.header.id]
}
`

func TestRESTAPIAccessPolicy(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	acctest.Resource{
		World: w, Type: "servicenow_rest_api_access_policy", Table: "sys_api_access_policy", NaturalKey: byName,
		Needs: profiles, CreateWrites: 2,
		Elsewhere: []string{"all_resources", "all_versions", "allow_lockout", "global"},
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"Elastic"`, Becomes: `"Kibana"`, Drift: map[string]string{"name": "renamed"}},
			{
				Name: "rest_api_id", Is: `data.servicenow_rest_api.elastic.id`, Becomes: `"` + servicenow.ImportSetAPI + `"`,
				Columns: [2]map[string]string{
					{"api_path": "x_elas2_inc_int/elastic_api"}, {"api": servicenow.ImportSetAPI, "api_path": "now/import"},
				},
				Drift: map[string]string{"api": servicenow.TableAPI},
			},
			{
				Name: "http_method", Is: `"GET"`, Becomes: ``,
				Columns: [2]map[string]string{
					{"http_method": "GET", "apply_all_methods": "false"}, {"http_method": "", "apply_all_methods": "true"},
				},
			},
			{
				Name: "version", Is: `"v1"`, Becomes: `"v2"`, Drift: map[string]string{"version": "latest"},
				Columns: [2]map[string]string{{"version": "v1", "apply_all_versions": "false"}, {"version": "v2"}},
			},
			{
				Name: "resource", Is: ``, Becomes: `"/now/import"`, Drift: map[string]string{"api_resource": "/x"},
				Columns: [2]map[string]string{
					{"api_resource": "", "apply_all_resources": "true"},
					{"api_resource": "/now/import", "apply_all_resources": "false"},
				},
			},
			{
				Name: "table_names", Is: `["incident", "em_event"]`, Becomes: `["incident"]`,
				Columns: [2]map[string]string{{"api_tablename": "em_event,incident"}, {"api_tablename": "incident"}},
				Drift:   map[string]string{"api_tablename": "problem"},
			},
			{
				Name: "all_tables", Column: "apply_all_tables", Is: `true`, Becomes: `false`,
				Drift: map[string]string{"apply_all_tables": "true"},
			},
			{
				Name: "apply_all", Column: "apply_all", Is: ``, Becomes: `false`,
				Columns: [2]map[string]string{{"apply_all": "false"}, {"apply_all": "false"}},
			},
			{
				Name: "all_methods", Is: ``, Becomes: ``, Drift: map[string]string{"apply_all_methods": "false"},
				Columns: [2]map[string]string{{"apply_all_methods": "false"}, {"apply_all_methods": "true"}},
			},
			{
				Name: "advertise_auth_schemes", Column: "all_authn_scheme_authenticate_header", Is: `true`, Becomes: ``,
				Columns: [2]map[string]string{
					{"all_authn_scheme_authenticate_header": "true"}, {"all_authn_scheme_authenticate_header": "false"},
				},
			},
			{
				Name: "active", Is: ``, Becomes: `false`, Columns: [2]map[string]string{{"active": "true"}, {"active": "false"}},
				Drift: map[string]string{"active": "true"},
			},
			{
				Name: "auth_profile_ids", Is: `[servicenow_http_auth_profile.basic.id, servicenow_api_key_auth_profile.key.id]`,
				Becomes: `[servicenow_api_key_auth_profile.key.id, servicenow_http_auth_profile.oauth.id]`,
				Columns: [2]map[string]string{{}, {}},
			},
		},
	}.Test(t)
}

// The simulator really enforces policies, so a provider that shut itself out would fail its own next request.
func TestRESTAPIAccessPolicyOnTheTableAPIStaysReachable(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	policy := func(ids string) string {
		return profiles + `
resource "servicenow_rest_api_access_policy" "test" {
  name             = "Table API"
  rest_api_id      = "` + servicenow.TableAPI + `"
  auth_profile_ids = [` + ids + `]
}`
	}
	const basic, key, oauth = "servicenow_http_auth_profile.basic.id", "servicenow_api_key_auth_profile.key.id",
		"servicenow_http_auth_profile.oauth.id"
	address := "servicenow_rest_api_access_policy.test"
	mappings := func(want ...string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			got := slices.DeleteFunc(w.Writes(), func(s string) bool { return strings.Contains(s, "_auth ") })
			if !slices.Equal(got, want) {
				return fmt.Errorf("the writes were\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			return nil
		}
	}
	const mapping = "POST sys_auth_profile_mapping api_access_policy,inbound_auth_profile"
	w.Run(
		resource.TestStep{Config: profiles},
		resource.TestStep{Config: policy(key), ExpectError: regexp.MustCompile(`would lock this provider\s+out`)},
		resource.TestStep{
			PreConfig: w.Forget,
			Config:    policy(basic + "," + key),
			Check: mappings("POST sys_api_access_policy active,all_authn_scheme_authenticate_header,api,apply_all_methods,"+
				"apply_all_resources,apply_all_versions,apply_global,name", mapping, mapping, "PATCH sys_api_access_policy active"),
		},
		resource.TestStep{ // one change, one write
			PreConfig: w.Forget, Config: policy(basic + "," + key + "," + oauth), Check: mappings(mapping),
		},
		resource.TestStep{
			PreConfig: w.Forget, Config: policy(basic + "," + key), Check: mappings("DELETE sys_auth_profile_mapping"),
		},
		resource.TestStep{Config: policy(key), ExpectError: regexp.MustCompile(`would lock this provider\s+out`)},
		resource.TestStep{ // a mapping that another administrator took away
			PreConfig: func() {
				for _, row := range w.ServiceNow.Records("sys_auth_profile_mapping", "") {
					if slices.ContainsFunc(w.ServiceNow.Records("http_key_auth", ""), func(p servicenow.Record) bool {
						return p["sys_id"] == row["inbound_auth_profile"]
					}) {
						if err := w.ServiceNow.Delete("sys_auth_profile_mapping", row["sys_id"]); err != nil {
							t.Error(err)
						}
					}
				}
				w.Forget()
			},
			Config: policy(basic + "," + key),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{acctest.Drifts(address, "auth_profile_ids")},
			},
			Check: mappings(mapping),
		},
		resource.TestStep{ // one that access control hides is not taken for gone
			PreConfig: func() {
				for _, row := range w.ServiceNow.Records("sys_auth_profile_mapping", "") {
					w.ServiceNow.Hide(row["sys_id"], true)
				}
			},
			Config: policy(basic + "," + key), ExpectError: regexp.MustCompile(`may not\s+read\s+it`),
		},
		resource.TestStep{
			PreConfig: func() {
				for _, row := range w.ServiceNow.Records("sys_auth_profile_mapping", "") {
					w.ServiceNow.Hide(row["sys_id"], false)
				}
			},
			Config: policy(basic + "," + key),
		},
	)
}

func TestRESTAPIAccessPolicyRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ attributes, want string }{
		"API key in a global policy": {
			`global = true
			auth_profile_ids = [servicenow_http_auth_profile.basic.id, servicenow_api_key_auth_profile.key.id]`,
			`An API key in a global\s+policy`,
		},
		"global lock-out": {
			`global = true
			auth_profile_ids = [servicenow_http_auth_profile.oauth.id]`, `would lock this provider\s+out`,
		},
		"all and one": {
			"global = true\nhttp_method = \"GET\"\nall_methods = true\nauth_profile_ids = []", `All, and\s+one`,
		},
		"all of everything, and one": {
			"global = true\nversion = \"v1\"\napply_all = true\nauth_profile_ids = []", `All, and\s+one`,
		},
		"global with API": {"global = true\nrest_api_id = \"x\"\nauth_profile_ids = []", `A global policy with an\s+API`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			config := profiles + "resource \"servicenow_rest_api_access_policy\" \"test\" {\n name = \"n\"\n" +
				test.attributes + "\n}"
			want := regexp.MustCompile(test.want)
			w.Run(
				resource.TestStep{Config: profiles},
				resource.TestStep{Config: config, PlanOnly: true, ExpectError: want},
				resource.TestStep{Config: profiles},
			)
			// Without the profiles in the state they are known at apply only: the store refuses, and makes nothing.
			w = acctest.New(t)
			w.Run(
				resource.TestStep{Config: config, ExpectError: want},
				resource.TestStep{
					Config: profiles,
					Check: func(*terraform.State) error {
						if n := len(w.ServiceNow.Records("sys_api_access_policy", "name=n")); n > 0 {
							return fmt.Errorf("%d policies were made", n)
						}
						return nil
					},
				})
		})
	}
}

func TestRESTAPIAccessPolicyWhereTheInstanceDropsTheAPI(t *testing.T) {
	t.Parallel()
	config := profiles + `
resource "servicenow_rest_api_access_policy" "test" {
  name             = "Elastic"
  rest_api_id      = data.servicenow_rest_api.elastic.id
  auth_profile_ids = [servicenow_http_auth_profile.basic.id]
}`
	w := acctest.New(t, func(o *simulator.Options) { o.ServiceNow.DropAPIOnPolicyCreate = true })
	w.Run(resource.TestStep{
		Config: config,
		Check: resource.TestCheckResourceAttr("servicenow_rest_api_access_policy.test", "rest_api_path",
			"x_elas2_inc_int/elastic_api"),
	})
	w = acctest.New(t, func(o *simulator.Options) { o.ServiceNow.LockAPIOnPolicy = true })
	w.Run(resource.TestStep{
		Config:      config,
		ExpectError: regexp.MustCompile(`(?s)choose\s+the\s+REST\s+API\s+there.*terraform\s+untaint`),
	})
}

// A create that fails half-way keeps what exists, so the next apply finishes it and the destroy finds everything.
func TestRESTAPIAccessPolicyHalfWay(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	config := profiles + `
resource "servicenow_rest_api_access_policy" "test" {
  name             = "Elastic"
  rest_api_id      = data.servicenow_rest_api.elastic.id
  auth_profile_ids = [servicenow_http_auth_profile.basic.id, servicenow_api_key_auth_profile.key.id]
}`
	w.Run(
		resource.TestStep{
			PreConfig:   func() { w.ServiceNow.AbortWrites("sys_auth_profile_mapping", "No mappings", "insert") },
			Config:      config,
			ExpectError: regexp.MustCompile(`aborted\s+by\s+Business\s+Rule\s+'No\s+mappings`),
		},
		resource.TestStep{
			PreConfig: func() {
				w.ServiceNow.AbortWrites("sys_auth_profile_mapping", "")
				if n := len(w.ServiceNow.Records("sys_api_access_policy", "name=Elastic^active=false")); n != 1 {
					t.Errorf("%d inactive policies, not 1", n)
				}
			},
			Config: config,
			Check: func(*terraform.State) error {
				if n := len(w.ServiceNow.Records("sys_api_access_policy", "name=Elastic")); n != 1 {
					return fmt.Errorf("%d policies, not 1", n)
				}
				return nil
			},
		},
	)
}

func TestRESTAPIAccessPolicyWithManyProfiles(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	const count = 200
	// What Terraform has to manage for this test would only slow it down: the profiles are there already.
	ids := make([]string, count)
	for i := range ids {
		kind := map[bool]string{true: "basic_auth", false: "oauth"}[i == count/2]
		id, err := w.ServiceNow.Insert("std_http_auth", servicenow.Record{"name": fmt.Sprintf("Profile %d", i), "type": kind})
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = fmt.Sprintf("%q", id)
	}
	w.Settled()
	w.Run(resource.TestStep{
		PreConfig: w.Forget,
		Config: `
resource "servicenow_rest_api_access_policy" "test" {
  name             = "Many"
  rest_api_id      = "` + servicenow.TableAPI + `"
  auth_profile_ids = [` + strings.Join(ids, ",") + `]
}`,
		Check: func(*terraform.State) error {
			kinds := map[string]int{}
			for _, write := range w.Writes() {
				kinds[strings.Join(strings.Fields(write)[:2], " ")]++
			}
			want := map[string]int{
				"POST sys_api_access_policy": 1, "POST sys_auth_profile_mapping": count, "PATCH sys_api_access_policy": 1,
			}
			if !maps.Equal(kinds, want) {
				return fmt.Errorf("the writes were %v, not %v", kinds, want)
			}
			return nil
		},
	})
}

// The guard goes by the method that the provider itself logs in with.
func TestRESTAPIAccessPolicyGuardsTheOwnMethod(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, honouringTokens)
	openTableAPI(t, w)
	w.Settled()
	policy := func(attributes string) string {
		return strings.ReplaceAll(w.Provider(), `basic_auth   = { username = "admin", password = "admin" }`,
			`api_key = "now_simulated"`) + `
data "servicenow_auth_profile" "key" { name = "Key" }
data "servicenow_auth_profile" "basic" { name = "Basic" }
resource "servicenow_rest_api_access_policy" "test" {
  name        = "Incidents"
  rest_api_id = "` + servicenow.TableAPI + `"
  table_names = ["incident"]
` + attributes + "\n}\n"
	}
	const basic = "auth_profile_ids = [data.servicenow_auth_profile.basic.id]\n"
	locked := regexp.MustCompile(`(?s)logs\s+in\s+with\s+an\s+API\s+key.*servicenow_api_key_auth_profile`)
	w.Run(
		resource.TestStep{Config: policy(basic), ExpectError: locked},
		resource.TestStep{Config: policy(basic + "active = false")},
		resource.TestStep{Config: policy(basic + "allow_lockout = true")},
		resource.TestStep{Config: policy("auth_profile_ids = [data.servicenow_auth_profile.key.id]")},
		resource.TestStep{Config: policy(basic), ExpectError: locked},
	)
}

// Where neither the choice list nor another policy tells which API is the Table API, the path that the instance fills
// in does, before the policy is active.
func TestRESTAPIAccessPolicyOnAnUnknownAPI(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]string{
		"created": "", "moved": `data.servicenow_rest_api.elastic.id`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			remove := func(table, query string) {
				for _, row := range w.ServiceNow.Records(table, query) {
					if err := w.ServiceNow.Delete(table, row["sys_id"]); err != nil {
						t.Fatal(err)
					}
				}
			}
			remove("sys_choice", "element=api")
			remove("sys_api_access_policy", "")
			w.Settled()
			policy := func(api string) string {
				return profiles + `
resource "servicenow_rest_api_access_policy" "test" {
  name             = "n"
  rest_api_id      = ` + api + `
  auth_profile_ids = [servicenow_http_auth_profile.oauth.id]
}`
			}
			var steps []resource.TestStep
			if before != "" {
				steps = append(steps, resource.TestStep{Config: policy(before)})
			}
			w.Run(append(steps,
				resource.TestStep{
					Config:      policy(`"` + servicenow.TableAPI + `"`),
					ExpectError: regexp.MustCompile(`would lock this provider\s+out`),
				},
				resource.TestStep{
					Config: profiles, // the instance still answers
					Check: func(*terraform.State) error {
						if left := w.ServiceNow.Records("sys_api_access_policy", ""); len(left) > 0 {
							return fmt.Errorf("left behind: %v", left)
						}
						return nil
					},
				})...)
		})
	}
}
