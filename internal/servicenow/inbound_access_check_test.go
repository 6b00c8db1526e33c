package servicenow_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func TestInboundAccessCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		path, credentials string
		status            int64
		authenticated     bool
	}{
		"key in the header": {"/api/now/table/incident?sysparm_limit=1", `api_key = { value = "now_simulated" }`, 200, true},
		"key in the query": {
			"/api/now/table/incident?sysparm_limit=1", `api_key = { value = "now_simulated", in = "query" }`, 200, true,
		},
		"wrong key":      {"/api/now/table/incident", `api_key = { value = "now_wrong" }`, 401, false},
		"password":       {"/api/now/table/incident", `basic_auth = { username = "admin", password = "admin" }`, 200, true},
		"wrong password": {"/api/now/table/incident", `basic_auth = { username = "admin", password = "wrong" }`, 401, false},
		"token":          {"/api/now/table/incident", `bearer_token = "nothing"`, 401, false},
		"no such table":  {"/api/now/table/none", `basic_auth = { username = "admin", password = "admin" }`, 400, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, honouringTokens)
			openTableAPI(t, w)
			check := func(more string) string {
				return w.Provider() + fmt.Sprintf(`
ephemeral "servicenow_inbound_access_check" "test" {
  path = %q
  %s
  %s
}
provider "echo" { data = ephemeral.servicenow_inbound_access_check.test }
resource "echo" "test" {}
`, test.path, test.credentials, more)
			}
			factories := acctest.Factories()
			factories["echo"] = echoprovider.NewProviderServer()
			at := func(name string) tfjsonpath.Path { return tfjsonpath.New("data").AtMapKey(name) }
			steps := []resource.TestStep{{
				Config: check(""),
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue("echo.test", at("status_code"), knownvalue.Int64Exact(test.status)),
					statecheck.ExpectKnownValue("echo.test", at("authenticated"), knownvalue.Bool(test.authenticated)),
				},
			}}
			if !test.authenticated {
				steps = append([]resource.TestStep{{
					Config: check("fail_if_denied = true"), ExpectError: regexp.MustCompile(`refuses\s+these\s+credentials`),
				}}, steps...)
			}
			resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: steps})
		})
	}
}

// openTableAPI lets an API key of the administrator, and every other method, into the Table API.
func openTableAPI(t *testing.T, w *acctest.World) {
	t.Helper()
	insert := func(table string, values servicenow.Record) string {
		id, err := w.ServiceNow.Insert(table, values)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	parameters := ""
	for _, p := range w.ServiceNow.Records("sys_token_auth_parameter", "parameter_name=x-sn-apikey") {
		parameters += "," + p["sys_id"]
	}
	policy := insert("sys_api_access_policy", servicenow.Record{
		"name": "Table API", "api": servicenow.TableAPI, "apply_all_methods": "true", "active": "true",
	})
	for _, profile := range []string{
		insert("http_key_auth", servicenow.Record{"name": "Key", "auth_parameter": parameters[1:]}),
		insert("std_http_auth", servicenow.Record{"name": "Basic", "type": "basic_auth"}),
		insert("std_http_auth", servicenow.Record{"name": "OAuth", "type": "oauth"}),
	} {
		insert("sys_auth_profile_mapping", servicenow.Record{"api_access_policy": policy, "inbound_auth_profile": profile})
	}
	insert("api_key", servicenow.Record{
		"name": "Key", "user": w.ServiceNow.Records("sys_user", "user_name=admin")[0]["sys_id"], "token": "now_simulated",
	})
}
