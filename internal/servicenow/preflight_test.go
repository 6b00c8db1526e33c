package servicenow_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const everyArea = `["elastic_itsm", "elastic_secops", "inbound_api_keys", "event_management", "security_integration"]`

// findings holds that the findings are these, each "severity table column", in any order.
func findings(t *testing.T, w *acctest.World, areas, ok string, want ...string) {
	t.Helper()
	const address = "data.servicenow_preflight.test"
	w.Run(resource.TestStep{
		Config: fmt.Sprintf("data \"servicenow_preflight\" \"test\" { areas = %s }\n", areas),
		Check: resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr(address, "ok", ok),
			func(s *terraform.State) error {
				all := s.RootModule().Resources[address].Primary.Attributes
				got := map[string]string{}
				for key, severity := range all {
					if at, found := strings.CutSuffix(key, ".severity"); found {
						got[strings.Join([]string{severity, all[at+".table"], all[at+".column"]}, " ")] = all[at+".message"]
					}
				}
				for _, w := range want {
					if _, ok := got[w]; !ok {
						return fmt.Errorf("no finding %q among %v", w, got)
					}
					delete(got, w)
				}
				if len(got) > 0 {
					return fmt.Errorf("more findings: %v", got)
				}
				return nil
			}),
	})
}

func TestPreflightOfAReadyInstance(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, func(o *simulator.Options) {
		o.ServiceNow.Apps = []string{
			servicenow.ElasticITSM, servicenow.ElasticSecOps, servicenow.EventConnectors, servicenow.Rapid7Integration,
		}
	})
	findings(t, w, everyArea, "true")
}

// TestPreflightAccounts names the accounts whose passwords the instance refuses.
func TestPreflightAccounts(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, func(o *simulator.Options) { o.ServiceNow.Release = servicenow.Australia })
	for name, only := range map[string]string{"person": "false", "integration": "true"} {
		_, err := w.ServiceNow.Insert("sys_user", servicenow.Record{
			"user_name": name, "active": "true", "web_service_access_only": only,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Settled()
	const address = "data.servicenow_preflight.test"
	w.Run(resource.TestStep{
		Config: `data "servicenow_preflight" "test" {
			areas    = ["elastic_itsm"]
			accounts = ["person", "integration", "nobody"]
		}`,
		Check: resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr(address, "ok", "false"),
			resource.TestCheckResourceAttr(address, "findings.#", "2"),
			resource.TestCheckResourceAttr(address, "findings.0.severity", "error"),
			resource.TestCheckResourceAttr(address, "findings.0.area", "basic_authentication"),
			resource.TestMatchResourceAttr(address, "findings.0.message", regexp.MustCompile(`authentication of person\.`)),
			resource.TestMatchResourceAttr(address, "findings.1.message", regexp.MustCompile(`authentication of nobody`)),
		),
	})
}

func TestPreflightFindings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		areas  string
		change func(*acctest.World) error
		ok     string
		want   []string
	}{
		"nothing installed": {
			`["event_management"]`, nil, "false",
			[]string{"error  ", "error sys_user_role name", "error sn_em_connector_listener ", "error " +
				"sn_em_connector_push_instance "},
		},
		"column missing": {
			`["inbound_api_keys"]`,
			func(w *acctest.World) error {
				id := w.ServiceNow.Records("sys_dictionary", "name=api_key^element=user")[0]["sys_id"]
				return w.ServiceNow.Delete("sys_dictionary", id)
			}, "false",
			[]string{"error api_key user"},
		},
		"inferred column missing": {
			`["inbound_api_keys"]`,
			func(w *acctest.World) error {
				id := w.ServiceNow.Records("sys_dictionary", "name=api_key^element=auth_scope")[0]["sys_id"]
				return w.ServiceNow.Delete("sys_dictionary", id)
			}, "true",
			[]string{"warning api_key "},
		},
		"choice missing": {
			`["inbound_api_keys"]`,
			func(w *acctest.World) error {
				id := w.ServiceNow.Records("sys_choice", "name=std_http_auth^element=type^value=basic_auth")[0]["sys_id"]
				return w.ServiceNow.Delete("sys_choice", id)
			}, "true",
			[]string{"warning std_http_auth type"},
		},
		"plugin inactive": {
			`["inbound_api_keys"]`,
			func(w *acctest.World) error {
				id := w.ServiceNow.Records("v_plugin", "id=com.glide.tokenbased_auth")[0]["sys_id"]
				return w.ServiceNow.Set("v_plugin", id, servicenow.Record{"active": "inactive"})
			}, "false",
			[]string{"error  "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			if test.change != nil {
				if err := test.change(w); err != nil {
					t.Fatal(err)
				}
			}
			w.Settled()
			findings(t, w, test.areas, test.ok, test.want...)
		})
	}
}

// An account without any role learns what it lacks, and the data source does not fail.
func TestPreflightOfAnAccountWithoutRoles(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	nobody := servicenow.Record{"user_name": "nobody", "user_password": "secret"}
	if _, err := w.ServiceNow.Insert("sys_user", nobody); err != nil {
		t.Fatal(err)
	}
	w.Settled()
	config := strings.ReplaceAll(w.Provider(), `username = "admin", password = "admin"`,
		`username = "nobody", password = "secret"`)
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{{
		Config: config + "data \"servicenow_preflight\" \"test\" { areas = " + everyArea + " }\n",
		Check:  resource.TestCheckResourceAttr("data.servicenow_preflight.test", "ok", "false"),
	}}})
}
