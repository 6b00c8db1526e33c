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
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func withRapid7(o *simulator.Options) { o.ServiceNow.Apps = []string{servicenow.Rapid7Integration} }

const rapid7 = `
data "servicenow_security_integration_definition" "rapid7" { name = "Rapid7 InsightVM Integration" }
`

func rapid7Instance(attributes string) string {
	return rapid7 + `
resource "servicenow_security_integration" "test" {
  name           = "InsightVM"
  integration_id = data.servicenow_security_integration_definition.rapid7.id
` + attributes + "\n}\n"
}

// parameter finds the row of one parameter.
func parameter(w *acctest.World, name string) servicenow.Record {
	for _, definition := range w.ServiceNow.Records("sn_sec_int_config", "name="+name) {
		for _, row := range w.ServiceNow.Records("sn_sec_int_impl_config", "configuration="+definition["sys_id"]) {
			return row
		}
	}
	return nil
}

func wrote(w *acctest.World, want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := w.Writes(); !slices.Equal(got, want) {
			return fmt.Errorf("the writes were %q, not %q", got, want)
		}
		return nil
	}
}

// TestSecurityIntegrationNullParameter takes a null for a parameter that has no row, as an optional variable makes it.
func TestSecurityIntegrationNullParameter(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, withRapid7)
	for _, region := range []string{`"us.api.insight.rapid7.com"`, "null"} {
		w.Run(resource.TestStep{
			Config: rapid7Instance("parameters = { insightvm_region = " + region + ", close_stale_detections = null }"),
			Check: func(*terraform.State) error {
				if there := parameter(w, "insightvm_region") != nil; there == (region == "null") ||
					parameter(w, "close_stale_detections") != nil {
					return fmt.Errorf("with region %s: its row exists: %t", region, there)
				}
				return nil
			},
		})
	}
}

func TestSecurityIntegration(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, withRapid7)
	const address = "servicenow_security_integration.test"
	secret := func(want string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			id := parameter(w, "api_key")["sys_id"]
			if got := w.ServiceNow.Secret("sn_sec_int_impl_config", id, "password_value"); got != want {
				return fmt.Errorf("the instance holds another API key than %q", want)
			}
			return nil
		}
	}
	const first = `
  parameters = {
    insightvm_region       = "us.api.insight.rapid7.com"
    close_stale_detections = "true"
  }
  secret_parameters_wo = { api_key = "first" }
`
	const second = `
  active     = false
  is_default = true
  parameters = { insightvm_region = "eu.api.insight.rapid7.com" }
  secret_parameters_wo = { api_key = "second" }
`
	w.Run(
		resource.TestStep{
			Config: rapid7Instance(first),
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(address, "validation_status", "not_validated"),
				resource.TestCheckResourceAttr("data.servicenow_security_integration_definition.rapid7", "parameters.#", "8"),
				resource.TestCheckNoResourceAttr(address, "secret_parameters_wo"),
				secret("first"),
				wrote(w, "POST sn_sec_int_impl integration,name",
					"POST sn_sec_int_impl_config configuration,implementation,value",
					"POST sn_sec_int_impl_config configuration,implementation,value",
					"POST sn_sec_int_impl_config configuration,implementation,password_value"),
			),
		},
		resource.TestStep{
			// Without the secret, which the first update after an import would send.
			Config:       rapid7Instance(strings.Split(first, "secret_parameters_wo")[0]),
			ResourceName: address, ImportState: true,
			ImportStateKind: resource.ImportBlockWithID,
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateId: "name=InsightVM", ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"secrets_updated_at", "timeouts"},
		},
		resource.TestStep{
			PreConfig: w.Forget,
			Config:    rapid7Instance(second),
			Check: resource.ComposeAggregateTestCheckFunc(secret("second"), wrote(w,
				"PATCH sn_sec_int_impl active,is_default",
				"DELETE sn_sec_int_impl_config",
				"PATCH sn_sec_int_impl_config value",
				"PATCH sn_sec_int_impl_config password_value")),
		},
		resource.TestStep{ // drift of the instance and of a parameter
			PreConfig: func() {
				row := w.ServiceNow.Records("sn_sec_int_impl", "")[0]
				for table, change := range map[string]struct {
					id     string
					values servicenow.Record
				}{
					"sn_sec_int_impl": {
						row["sys_id"], servicenow.Record{"name": "renamed", "is_default": "false", "active": "true"},
					},
					"sn_sec_int_impl_config": {parameter(w, "insightvm_region")["sys_id"], servicenow.Record{"value": "ca"}},
				} {
					if err := w.ServiceNow.Set(table, change.id, change.values); err != nil {
						t.Error(err)
					}
				}
			},
			Config: rapid7Instance(second),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				acctest.Drifts(address, "name", "is_default", "active", "parameters"),
			}},
		},
		resource.TestStep{ // a parameter that somebody deleted
			PreConfig: func() {
				if err := w.ServiceNow.Delete("sn_sec_int_impl_config", parameter(w, "insightvm_region")["sys_id"]); err != nil {
					t.Error(err)
				}
			},
			Config: rapid7Instance(second),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				acctest.Drifts(address, "parameters"),
			}},
		},
		resource.TestStep{ // a secret's row that somebody deleted, although its definition does not say that it is one
			PreConfig: func() {
				plain := servicenow.Record{"elem_type": "string"}
				for _, definition := range w.ServiceNow.Records("sn_sec_int_config", "name=api_key") {
					if err := w.ServiceNow.Set("sn_sec_int_config", definition["sys_id"], plain); err != nil {
						t.Error(err)
					}
				}
				if err := w.ServiceNow.Delete("sn_sec_int_impl_config", parameter(w, "api_key")["sys_id"]); err != nil {
					t.Error(err)
				}
			},
			Config: rapid7Instance(second),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				acctest.Drifts(address, "secrets_updated_at"),
			}},
		},
		resource.TestStep{ // a secret that is not configured any more is cleared
			PreConfig: w.Forget,
			Config:    rapid7Instance(`parameters = { insightvm_region = "eu.api.insight.rapid7.com" }`),
			Check:     wrote(w, "DELETE sn_sec_int_impl_config"),
		},
		resource.TestStep{
			PreConfig: func() { w.ServiceNow.Hide(w.ServiceNow.Records("sn_sec_int_impl", "")[0]["sys_id"], true) },
			Config:    rapid7Instance(first), ExpectError: regexp.MustCompile(`may\s+not\s+read\s+it`),
		},
		resource.TestStep{
			PreConfig: func() {
				id := w.ServiceNow.Records("sn_sec_int_impl", "")[0]["sys_id"]
				w.ServiceNow.Hide(id, false)
				if err := w.ServiceNow.Delete("sn_sec_int_impl", id); err != nil {
					t.Error(err)
				}
			},
			Config: rapid7Instance(first),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate),
			}},
		},
	)
}

func TestSecurityIntegrationRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ attributes, want string }{
		"unknown parameter":       {`parameters = { regoin = "us" }`, `(?s)no\s+parameter\s+regoin.*insightvm_region`},
		"unknown secret":          {`secret_parameters_wo = { apikey = "x" }`, `(?s)no\s+parameter\s+apikey.*api_key`},
		"a secret among the rest": {`parameters = { api_key = "x" }`, `(?s)A\s+secret\s+among.*secret_parameters_wo`},
		"in two places": {
			"parameters = { api_key = \"x\" }\nsecret_parameters_wo = { api_key = \"x\" }", `A\s+parameter\s+in\s+two\s+places`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, withRapid7)
			w.Run(
				resource.TestStep{
					Config: rapid7Instance(test.attributes), PlanOnly: true, ExpectError: regexp.MustCompile(test.want),
				},
				resource.TestStep{Config: rapid7},
			)
		})
	}
	w := acctest.New(t, withRapid7)
	w.Run(resource.TestStep{
		Config:      `data "servicenow_security_integration_definition" "test" { name = "Rapid7" }`,
		ExpectError: regexp.MustCompile(`(?s)not\s+one.*Rapid7\s+InsightVM\s+Integration`),
	})
}

// A create that fails half-way keeps the instance and the parameters that exist.
func TestSecurityIntegrationHalfWay(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, withRapid7)
	config := rapid7Instance(`parameters = { insightvm_region = "us" }`)
	w.Run(
		resource.TestStep{
			PreConfig:   func() { w.ServiceNow.AbortWrites("sn_sec_int_impl_config", "No parameters", "insert") },
			Config:      config,
			ExpectError: regexp.MustCompile(`aborted\s+by\s+Business\s+Rule`),
		},
		resource.TestStep{
			PreConfig: func() {
				w.ServiceNow.AbortWrites("sn_sec_int_impl_config", "")
				if n := len(w.ServiceNow.Records("sn_sec_int_impl", "")); n != 1 {
					t.Errorf("%d instances are there after half a create", n)
				}
			},
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction("servicenow_security_integration.test", plancheck.ResourceActionReplace),
			}},
		},
	)
}
