package servicenow_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
)

// TestWritesAnsweredInPart holds that a write whose answer is the sys_id alone is completed by a read: the record is
// neither tainted nor planned again.
func TestWritesAnsweredInPart(t *testing.T) {
	t.Parallel()
	config := func(title string) string {
		return `
resource "servicenow_user" "test" {
  user_name   = "elastic"
  title       = "` + title + `"
  password_wo = "canary-password"
}

resource "servicenow_oauth_client" "test" {
  name    = "Elastic"
  user_id = servicenow_user.test.id
}

resource "servicenow_http_auth_profile" "test" {
  name        = "Elastic"
  description = "` + title + `"
}

resource "servicenow_rest_api_access_policy" "test" {
  name             = "Elastic"
  rest_api_id      = data.servicenow_rest_api.elastic.id
  auth_profile_ids = [servicenow_http_auth_profile.test.id]
}

data "servicenow_rest_api" "elastic" { base_path = "/api/x_elas2_inc_int/elastic_api" }
`
	}
	w := acctest.New(t)
	for _, method := range []string{"POST", "PATCH"} {
		rule := fault.Rule{
			Kind: fault.Withhold, Method: method, PathPrefix: "/api/now/table",
			Columns: []string{"[^s]*", "s[^y]*", "sys_[^i]*"}, // all but sys_id
		}
		if _, err := w.ServiceNow.Faults.Add(rule); err != nil {
			t.Fatal(err)
		}
	}
	const user = "servicenow_user.test"
	w.Run(
		resource.TestStep{Config: config("first"), Check: resource.TestCheckResourceAttr(user, "title", "first")},
		resource.TestStep{
			Config: config("second"), Check: resource.TestCheckResourceAttr(user, "title", "second"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(user, plancheck.ResourceActionUpdate),
			}},
		},
	)
}
