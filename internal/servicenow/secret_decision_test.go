package servicenow_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func updates(address string) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
	}}
}

// TestSecretAddedLater sends a secret to a user that was made without one.
func TestSecretAddedLater(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	config := func(rest string) string {
		return "resource \"servicenow_user\" \"test\" {\n user_name = \"elastic\"\n" + rest + "\n}"
	}
	w.Run(
		resource.TestStep{Config: config("")},
		resource.TestStep{
			PreConfig: w.Forget, Config: config(`password_wo = "canary-added"`),
			ConfigPlanChecks: updates("servicenow_user.test"), Check: wrote(w, "PATCH sys_user user_password"),
		},
	)
}

// TestSecretOfAnImport plans one update that sends what is configured, and none where nothing is; any other change of
// an imported resource sends the secret along.
func TestSecretOfAnImport(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attributes, writes string
		plan               plancheck.PlanCheck
	}{
		"configured": {
			`password_wo = "canary-import"`, "[PATCH sys_user user_password]",
			plancheck.ExpectResourceAction("servicenow_user.test", plancheck.ResourceActionUpdate),
		},
		"configured, and another change": {
			"title = \"x\"\npassword_wo = \"canary-import\"", "[PATCH sys_user title PATCH sys_user user_password]",
			plancheck.ExpectResourceAction("servicenow_user.test", plancheck.ResourceActionUpdate),
		},
		"not configured": {
			"", "[]", plancheck.ExpectResourceAction("servicenow_user.test", plancheck.ResourceActionNoop),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			id, err := w.ServiceNow.Insert("sys_user", servicenow.Record{"user_name": "elastic", "active": "true"})
			if err != nil {
				t.Fatal(err)
			}
			config := fmt.Sprintf("import {\n to = servicenow_user.test\n id = %q\n}\n"+
				"resource \"servicenow_user\" \"test\" {\n user_name = \"elastic\"\n%s\n}", id, test.attributes)
			w.Run(resource.TestStep{
				PreConfig: w.Forget, Config: config,
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{test.plan}},
				Check: func(*terraform.State) error {
					if writes := fmt.Sprint(w.Writes()); writes != test.writes {
						return fmt.Errorf("the writes were %s, not %s", writes, test.writes)
					}
					return nil
				},
			})
		})
	}
}

// TestSecretRefused sends the one of two secrets that was refused again, and only that one.
func TestSecretRefused(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, withRapid7)
	secrets := rapid7Instance(`secret_parameters_wo = { api_key = "canary-key", scan_end_time = "canary-time" }`)
	w.Run(
		resource.TestStep{Config: rapid7Instance("")},
		resource.TestStep{
			PreConfig: func() {
				if _, err := w.ServiceNow.Faults.Add(fault.Rule{
					Kind: fault.Status, Status: http.StatusForbidden, Method: http.MethodPost, Skip: 1,
					PathPrefix: "/api/now/table/sn_sec_int_impl_config",
				}); err != nil {
					t.Error(err)
				}
			},
			Config: secrets, ExpectError: regexp.MustCompile(`scan_end_time`),
		},
		resource.TestStep{
			PreConfig: func() { w.ServiceNow.Faults.Clear(); w.Forget() },
			Config:    secrets, ConfigPlanChecks: updates("servicenow_security_integration.test"),
			Check: func(*terraform.State) error {
				if writes := w.Writes(); len(writes) != 1 {
					return fmt.Errorf("the writes were %q", writes)
				}
				return nil
			},
		},
	)
}

// TestSecretLost notices that somebody has removed the row of a secret parameter.
func TestSecretLost(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, withRapid7)
	config := rapid7Instance(`secret_parameters_wo = { api_key = "canary-key" }`)
	w.Run(
		resource.TestStep{Config: config},
		resource.TestStep{
			PreConfig: func() {
				if err := w.ServiceNow.Delete("sn_sec_int_impl_config", parameter(w, "api_key")["sys_id"]); err != nil {
					t.Error(err)
				}
			},
			Config: config, ConfigPlanChecks: updates("servicenow_security_integration.test"),
			Check: func(*terraform.State) error {
				if parameter(w, "api_key") == nil {
					return fmt.Errorf("the secret was not sent again")
				}
				return nil
			},
		},
	)
}
