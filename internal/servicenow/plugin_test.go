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

// installing takes steps without looking for leftovers: what is installed stays.
func installing(t *testing.T, w *acctest.World, steps ...resource.TestStep) {
	t.Helper()
	for i := range steps {
		if steps[i].Config != "" {
			steps[i].Config = w.Provider() + steps[i].Config
		}
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: steps})
}

func TestPlugin(t *testing.T) {
	t.Parallel()
	for _, spelling := range []bool{false, true} {
		t.Run(fmt.Sprint(spelling), func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, func(o *simulator.Options) { o.ServiceNow.V2PluginActiveTrue = spelling })
			const config = `
resource "servicenow_plugin" "test" { plugin_id = "com.snc.incident.mim" }
data "servicenow_plugin" "test" { plugin_id = servicenow_plugin.test.plugin_id }
`
			inactive := map[bool]string{false: "inactive", true: "false"}[spelling]
			installing(t, w,
				resource.TestStep{
					Config: config,
					Check: resource.ComposeAggregateTestCheckFunc(
						resource.TestCheckResourceAttr("servicenow_plugin.test", "active", "true"),
						resource.TestCheckResourceAttr("servicenow_plugin.test", "name", "Major Incident Management"),
						resource.TestCheckResourceAttr("data.servicenow_plugin.test", "active", "true"),
						func(*terraform.State) error {
							if n := len(w.Writes()); n != 1 {
								return fmt.Errorf("%d writes, not 1", n)
							}
							return nil
						},
					),
				},
				resource.TestStep{
					Config: config, ResourceName: "servicenow_plugin.test", ImportState: true,
					ImportStateKind: resource.ImportBlockWithID,
				},
				resource.TestStep{
					ResourceName: "servicenow_plugin.test", ImportState: true, ImportStateVerify: true,
					ImportStateId: "plugin_id=com.snc.incident.mim",
				},
				resource.TestStep{ // deactivated outside: activated again
					PreConfig: func() {
						row := w.ServiceNow.Records("v_plugin", "id=com.snc.incident.mim")[0]
						if err := w.ServiceNow.Set("v_plugin", row["sys_id"], servicenow.Record{"active": inactive}); err != nil {
							t.Error(err)
						}
					},
					Config: config,
					ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
						plancheck.ExpectResourceAction("servicenow_plugin.test", plancheck.ResourceActionCreate),
					}},
				},
			)
		})
	}
}

func TestPluginJobs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		outcome  servicenow.Outcome
		timeouts string
		want     string
	}{
		"failed": {
			servicenow.Outcome{Result: "failed", Message: "Not entitled to this plugin"},
			"",
			`ended\s+as\s+Failed:\s+Not\s+entitled\s+to\s+this\s+plugin`,
		},
		"canceled": {servicenow.Outcome{Result: "canceled"}, "", `ended\s+as\s+Canceled`},
		"never ends": {
			servicenow.Outcome{Result: "never"},
			`timeouts = { create = "1s" }`,
			`(?s)had\s+not\s+ended.*apply\s+again\s+when\s+it\s+has\s+ended`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			w.ServiceNow.SetOutcome("com.snc.incident.mim", test.outcome)
			config := "resource \"servicenow_plugin\" \"test\" {\n  plugin_id = \"com.snc.incident.mim\"\n" +
				test.timeouts + "\n}\n"
			installing(t, w,
				resource.TestStep{Config: config, ExpectError: regexp.MustCompile(test.want)},
				resource.TestStep{
					PreConfig: func() { w.ServiceNow.SetOutcome("com.snc.incident.mim", servicenow.Outcome{}) },
					Config:    strings.ReplaceAll(config, "1s", "1m"),
				},
			)
		})
	}
}

func TestPluginThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	installing(t, w,
		resource.TestStep{
			Config:      `resource "servicenow_plugin" "test" { plugin_id = "com.example.none" }`,
			ExpectError: regexp.MustCompile(`Plugin\s+com.example.none\s+not\s+found`),
		},
		resource.TestStep{
			Config:      `data "servicenow_plugin" "test" { plugin_id = "com.example.tokenbased_auth" }`,
			ExpectError: regexp.MustCompile(`similar\s+ones\s+are\s+com.glide.tokenbased_auth`),
		},
		resource.TestStep{
			PreConfig: func() {
				for _, row := range w.ServiceNow.Records("v_plugin", "") {
					w.ServiceNow.Hide(row["sys_id"], true)
				}
			},
			Config: `resource "servicenow_plugin" "test" { plugin_id = "com.snc.incident.mim" }`,
			// An account that is shown no plugins at all can activate one all the same.
			Check: resource.TestCheckResourceAttr("servicenow_plugin.test", "active", "true"),
		},
	)
}

func TestStoreApplication(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	config := func(attributes string) string {
		return "resource \"servicenow_store_application\" \"test\" {\n  scope = \"sn_vul\"\n" + attributes + "\n}\n"
	}
	const address = "servicenow_store_application.test"
	versions := func(version string) resource.TestCheckFunc {
		return resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr(address, "version", version),
			resource.TestCheckResourceAttr(address, "installed_version", version))
	}
	set := func(version string) {
		for table, query := range map[string]string{"sys_store_app": "scope=sn_vul", "v_plugin": "id=sn_vul"} {
			row := w.ServiceNow.Records(table, query)[0]
			if err := w.ServiceNow.Set(table, row["sys_id"], servicenow.Record{"version": version}); err != nil {
				t.Error(err)
			}
		}
	}
	installing(t, w,
		resource.TestStep{Config: config(`version = "22.0.1"`), Check: versions("22.0.1")},
		resource.TestStep{
			Config: config(`version = "22.0.1"`), ResourceName: address, ImportState: true,
			ImportStateKind: resource.ImportBlockWithID,
		},
		resource.TestStep{ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateId: "scope=sn_vul"},
		resource.TestStep{ // a failed upgrade leaves what is installed in the state
			PreConfig: func() {
				w.ServiceNow.SetOutcome("sn_vul", servicenow.Outcome{Result: "failed", Message: "Dependency missing"})
			},
			Config: config(`version = "23.1.2"`), ExpectError: regexp.MustCompile(`Dependency\s+missing`),
		},
		resource.TestStep{
			PreConfig: func() { w.ServiceNow.SetOutcome("sn_vul", servicenow.Outcome{}); w.Forget() },
			Config:    config(`version = "23.1.2"`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			}},
			Check: resource.ComposeAggregateTestCheckFunc(versions("23.1.2"), func(*terraform.State) error {
				if got := w.Writes(); !slices.Equal(got, []string{"POST /api/sn_cicd/app_repo/install"}) {
					return fmt.Errorf("the writes were %v", got)
				}
				return nil
			}),
		},
		resource.TestStep{ // changed outside
			PreConfig: func() { set("22.0.1") },
			Config:    config(`version = "23.1.2"`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				acctest.Drifts(address, "version"),
			}},
			Check: versions("23.1.2"),
		},
		resource.TestStep{Config: config(`auto_upgrade_base_app = true`), Check: versions("23.1.2")},
		resource.TestStep{
			Config:      `resource "servicenow_store_application" "none" { scope = "x_none" }`,
			ExpectError: regexp.MustCompile(`Application\s+not\s+found`),
		},
	)
}
