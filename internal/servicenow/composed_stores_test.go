package servicenow_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// TestComposedStoresCreateOnce loses the answer to each write in turn, on instances that take a client's sys_id and on
// such that make their own: every row is there exactly once, and the destroy finds all of them.
func TestComposedStoresCreateOnce(t *testing.T) {
	t.Parallel()
	const config = `
data "servicenow_rest_api" "elastic" { base_path = "/api/x_elas2_inc_int/elastic_api" }
data "servicenow_security_integration_definition" "rapid7" { name = "Rapid7 InsightVM Integration" }
resource "servicenow_http_auth_profile" "basic" { name = "Basic" }
resource "servicenow_http_auth_profile" "oauth" {
  name = "OAuth"
  type = "oauth"
}
resource "servicenow_rest_api_access_policy" "test" {
  name             = "Elastic"
  rest_api_id      = data.servicenow_rest_api.elastic.id
  auth_profile_ids = [servicenow_http_auth_profile.basic.id, servicenow_http_auth_profile.oauth.id]
}
resource "servicenow_security_integration" "test" {
  name                 = "InsightVM"
  integration_id       = data.servicenow_security_integration_definition.rapid7.id
  parameters           = { insightvm_region = "us" }
  secret_parameters_wo = { api_key = "secret" }
}
`
	rows := map[string]int{
		"sys_api_access_policy": 3, "sys_auth_profile_mapping": 2, "sn_sec_int_impl": 1, "sn_sec_int_impl_config": 2,
	}
	for _, ignores := range []bool{false, true} {
		for lost := range 8 { // 2 profiles, a policy, 2 mappings, an integration and its 2 parameters
			t.Run(fmt.Sprintf("ignores ids %v, write %d", ignores, lost), func(t *testing.T) {
				t.Parallel()
				w := acctest.New(t, func(o *simulator.Options) {
					o.ServiceNow.Apps = []string{servicenow.ElasticITSM, servicenow.Rapid7Integration}
					o.ServiceNow.IgnoreClientSysID = ignores
				})
				rule := fault.Rule{Kind: fault.CommitThenDrop, Method: "POST", PathPrefix: "/api/now/table", Skip: lost, Count: 1}
				if _, err := w.ServiceNow.Faults.Add(rule); err != nil {
					t.Fatal(err)
				}
				w.Run(resource.TestStep{
					Config: config,
					Check: func(*terraform.State) error {
						if w.ServiceNow.Faults.Rules()[0].Injected != 1 {
							return fmt.Errorf("no answer was lost")
						}
						for table, want := range rows {
							if got := len(w.ServiceNow.Records(table, "")); got != want {
								return fmt.Errorf("%s holds %d rows, not %d", table, got, want)
							}
						}
						return nil
					},
				})
			})
		}
	}
}
