package provider_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const rule = `
resource "servicenow_cors_rule" "test" {
  name          = "n"
  domain        = "https://a.example.com"
  resource_path = "x.do"
  max_age       = %d
}
`

func words(text string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)` + strings.ReplaceAll(text, " ", `\s+`))
}

// exactly holds how many CORS rules there are.
func exactly(w *acctest.World, count int) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if rows := w.ServiceNow.Records("sys_cors_rule", ""); len(rows) != count {
			return fmt.Errorf("%d CORS rules, not %d", len(rows), count)
		}
		return nil
	}
}

// TestWriteNotKept reports a column that an ACL drops without a word, and loses nothing.
func TestWriteNotKept(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	forbid := func(yes bool) func() { return func() { w.ServiceNow.ForbidColumn("sys_cors_rule", "max_age", yes) } }
	expect := func(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
		return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction("servicenow_cors_rule.test", action),
		}}
	}
	w.Run(
		resource.TestStep{
			PreConfig: forbid(true), Config: fmt.Sprintf(rule, 60),
			ExpectError: words(`max_age was planned as 60, and the server kept 0.*terraform untaint`),
		},
		resource.TestStep{
			PreConfig: forbid(false), Config: fmt.Sprintf(rule, 60), ConfigPlanChecks: expect(plancheck.ResourceActionReplace),
			Check: exactly(w, 1),
		},
		resource.TestStep{
			PreConfig: forbid(true), Config: fmt.Sprintf(rule, 90),
			ExpectError: words(`max_age was planned as 90, and the server kept 60.*next plan shows the difference`),
		},
		resource.TestStep{
			PreConfig: forbid(false), Config: fmt.Sprintf(rule, 90), ConfigPlanChecks: expect(plancheck.ResourceActionUpdate),
			Check: resource.TestCheckResourceAttr("servicenow_cors_rule.test", "max_age", "90"),
		},
	)
}

// TestLostAnswers makes exactly one record, whatever happens to the answer of the POST.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]fault.Kind{
		"committed, then dropped": fault.CommitThenDrop, "reset before": fault.Reset,
	} {
		for _, ownIDs := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, instance makes its own ids: %t", name, ownIDs), func(t *testing.T) {
				t.Parallel()
				w := acctest.New(t, func(o *simulator.Options) { o.ServiceNow.IgnoreClientSysID = ownIDs })
				w.Run(resource.TestStep{
					PreConfig: func() {
						if _, err := w.ServiceNow.Faults.Add(fault.Rule{
							Kind: kind, Method: "POST", PathPrefix: "/api/now/table/sys_cors_rule", Count: 1,
						}); err != nil {
							t.Fatal(err)
						}
					},
					Config: fmt.Sprintf(rule, 60), Check: exactly(w, 1),
				})
			})
		}
	}
}

// TestRefusals shows the server's own words and what to try.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare func(*acctest.World) error
		want    string
	}{
		"hibernating": {
			func(w *acctest.World) error {
				_, err := w.ServiceNow.Faults.Add(fault.Rule{Kind: fault.HTML, PathPrefix: "/api/", Count: 100})
				return err
			}, `hibernat`,
		},
		"business rule": {
			func(w *acctest.World) error {
				w.ServiceNow.AbortWrites("sys_cors_rule", "No rules today")
				return nil
			}, `aborted by Business Rule 'No rules today.*The message names it`,
		},
		"data policy": {
			func(w *acctest.World) error {
				w.ServiceNow.RequireColumns("sys_cors_rule", "exposed_headers")
				return nil
			}, `Data Policy Exception.*additional_columns`,
		},
		"duplicate": {
			func(w *acctest.World) error {
				_, err := w.ServiceNow.Insert("sys_cors_rule", servicenow.Record{"name": "n"})
				return err
			}, `exists already.*terraform import servicenow_cors_rule.NAME [0-9a-f]{32}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			if err := test.prepare(w); err != nil {
				t.Fatal(err)
			}
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps: []resource.TestStep{{
					Config: w.Provider() + fmt.Sprintf(rule, 60), ExpectError: words(test.want),
				}},
			})
		})
	}
}

// TestDuplicateCheckOff makes a second record of the same name.
func TestDuplicateCheckOff(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	w.Settings = "duplicate_check = false"
	if _, err := w.ServiceNow.Insert("sys_cors_rule", servicenow.Record{"name": "n"}); err != nil {
		t.Fatal(err)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps:                    []resource.TestStep{{Config: w.Provider() + fmt.Sprintf(rule, 60), Check: exactly(w, 2)}},
	})
}
