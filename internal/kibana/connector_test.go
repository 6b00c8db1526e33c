package kibana_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

func TestConnector(t *testing.T) {
	t.Parallel()
	eachRelease(t, first, func(string) connectorTest {
		const typed = "  connector_type_id = \".webhook\"\n"
		return connectorTest{
			resource: "connector", typeID: ".webhook", version: "secrets_wo_version",
			is: typed + `  config = jsonencode({ url = "https://one.example.com", headers = { a = "1", b = "2" } })`,
			// Other spelling, one nested key less.
			becomes: typed +
				`  config = "{\"headers\": {\"a\":\"1\"},  \"method\":\"put\", \"url\": \"https://two.example.com\"}"`,
			writeOnly: `  secrets_wo = jsonencode({ user = "elastic", password = "password%s" })`,
			config: map[string]any{
				"url": "https://one.example.com", "method": "post", "headers": map[string]any{"a": "1", "b": "2"},
			},
			changed: map[string]any{
				"url": "https://two.example.com", "method": "put", "headers": map[string]any{"a": "1"},
			},
			stored:   map[string]string{"user": "elastic", "password": "password%s"},
			drift:    map[string]any{"url": "https://evil.example.com"},
			drifting: []string{"config"},
			unread:   []string{"config"}, // the server's defaults stand in an import that knows no configuration
		}
	})
}

// index is a connector without secrets, whose config Kibana completes.
func index(name, more string) string {
	return fmt.Sprintf("resource \"servicenow_kibana_connector\" %[1]q {\n  name = %[1]q\n"+
		"  connector_type_id = \".index\"\n  config = jsonencode({ index = \"alerts\" })\n  %[2]s\n}\n", name, more)
}

// An object of nothing, where the state holds none, is planned as it is configured.
func TestConnectorTakesAnEmptyConfig(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, onKibana(newest))
	log := func(config string) string {
		return "resource \"servicenow_kibana_connector\" \"log\" {\n  name = \"log\"\n" +
			"  connector_type_id = \".server-log\"\n  " + config + "\n}\n"
	}
	w.Run(
		resource.TestStep{Config: log("")},
		resource.TestStep{Config: log(`config = "{}"`)},
	)
}

func TestConnectorConfigHasNoDriftByDefaults(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, onKibana(newest))
	const at = "servicenow_kibana_connector.one"
	w.Run(
		resource.TestStep{Config: index("one", "")},
		resource.TestStep{ // an import reads Kibana's defaults too, which the configuration leaves out
			Config: index("one", ""), ResourceName: at, ImportState: true, ImportStateKind: resource.ImportBlockWithID,
		},
		resource.TestStep{ // a key that is set, and then left to Kibana again
			Config: strings.Replace(index("one", ""), `"alerts"`, `"alerts", refresh = true`, 1),
			Check: func(*terraform.State) error {
				return config(w, "refresh", true)
			},
		},
		resource.TestStep{
			Config: index("one", ""),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(at, plancheck.ResourceActionUpdate),
			}},
			Check: func(*terraform.State) error { return config(w, "refresh", false) },
		},
		resource.TestStep{ // another type is another connector
			Config: strings.NewReplacer(`".index"`, `".server-log"`, `jsonencode({ index = "alerts" })`, `jsonencode({})`).
				Replace(index("one", "")),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(at, plancheck.ResourceActionReplace),
			}},
		},
	)
}

func config(w *acctest.World, key string, want any) error {
	found, err := the(w)
	if err != nil {
		return err
	}
	if found.Config[key] != want {
		return fmt.Errorf("%s is %v, not %v", key, found.Config[key], want)
	}
	return nil
}

func TestConnectorRefusesWhatConfigurationDecides(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ version, attributes, want string }{
		"config":                {newest, `config = "no json"`, `must be a JSON object`},
		"config null":           {newest, `config = "null"`, `Leave the attribute out`},
		"config list":           {newest, `config = "[1]"`, `must be a JSON object`},
		"secrets":               {newest, `secrets_wo = "geheim"`, `secrets_wo must hold a JSON object`},
		"empty":                 {newest, `config = ""`, `Use null`},
		"id":                    {newest, `connector_id = "a/b"`, `must be letters`},
		"id readable too early": {"9.3.0", `connector_id = "itsm-production"`, `readable ids need 9.4`},
		"id without UUID bits":  {withIDs, `connector_id = "1f9a2b44-4b4b-0f4f-0f8f-000000000001"`, `take a UUID`},
		"id too long":           {newest, `connector_id = "a-readable-id-of-thirty-seven-letters"`, `at most 36 lowercase`},
		"id in capitals":        {newest, `connector_id = "ITSM"`, `at most 36 lowercase`},
		"id too early":          {beforeIDs, `connector_id = "1f9a2b44-4b4b-4f4f-8f8f-000000000001"`, `needs Kibana 8.8`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, test.version, "resource \"servicenow_kibana_connector\" \"test\" {\n  name = \"n\"\n"+
				"  connector_type_id = \".index\"\n  "+test.attributes+"\n}", test.want)
		})
	}
}

// requests counts Kibana's requests by method and the end of the path since the last look.
func requests(w *acctest.World) map[string]int {
	counts := map[string]int{}
	for _, r := range w.Kibana.Requests() {
		path := r.Path
		if strings.HasPrefix(path, "/api/actions/connector/") {
			path = "one"
		}
		counts[r.Method+" "+path]++
	}
	w.Forget()
	return counts
}

func TestManyConnectorsShareTheirLists(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, onKibana(newest))
	var all strings.Builder
	for i := range 20 {
		all.WriteString(index(fmt.Sprintf("c%d", i), ""))
	}
	single := strings.Replace(w.Provider(), "kibana = {", "refresh_mode = \"single\"\n  kibana = {", 1)
	w.Run(
		resource.TestStep{
			Config: all.String(),
			Check: func(*terraform.State) error {
				got := requests(w)
				// The framework's checks refresh once more after the apply; the creates themselves share one list.
				if got["POST one"] != 20 || got["GET one"] != 0 || got["GET /api/actions/connectors"] > 2 {
					return fmt.Errorf("20 creates took %v", got)
				}
				return nil
			},
		},
		resource.TestStep{
			PreConfig: w.Forget, RefreshState: true,
			Check: func(*terraform.State) error {
				if got := requests(w); got["GET one"] != 0 || got["GET /api/actions/connectors"] > 2 {
					return fmt.Errorf("a refresh of 20 took %v", got)
				}
				return nil
			},
		},
		resource.TestStep{
			PreConfig: w.Forget, Config: single + all.String(), PlanOnly: true,
		},
		resource.TestStep{
			Config: single + all.String(),
			Check: func(*terraform.State) error {
				if got := requests(w); got["GET one"] < 20 || got["GET /api/actions/connectors"] != 0 {
					return fmt.Errorf("single reads of 20 took %v", got)
				}
				return nil
			},
		},
	)
}

func TestConnectorIDs(t *testing.T) {
	t.Parallel()
	const mine, other = "7a0d8f3e-0000-4000-8000-000000000001", "7a0d8f3e-0000-4000-8000-000000000002"
	w := acctest.New(t, onKibana(newest, "ops"))
	const at = "servicenow_kibana_connector.one"
	w.Run(
		resource.TestStep{
			Config: index("one", `connector_id = "`+mine+`"`),
			Check:  resource.TestCheckResourceAttr(at, "id", mine),
		},
		resource.TestStep{
			Config: index("one", `connector_id = "`+other+`"`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(at, plancheck.ResourceActionReplace),
			}},
			Check: resource.TestCheckResourceAttr(at, "id", other),
		},
		resource.TestStep{ // the id of somebody else's connector, in another space, where it cannot be seen
			Config: index("one", `connector_id = "`+other+`"`) +
				index("two", `connector_id = "`+other+"\"\nspace_id = \"ops\""),
			ExpectError: regexp.MustCompile(`is\s+taken,\s+perhaps\s+in\s+another\s+space`),
		},
		resource.TestStep{
			Config: index("one", `connector_id = "`+other+`"`) + index("two", `space_id = "ops"`),
			Check:  resource.TestCheckResourceAttr("servicenow_kibana_connector.two", "space_id", "ops"),
		},
		resource.TestStep{
			ResourceName: "servicenow_kibana_connector.two", ImportState: true, ImportStateId: "ops/name=two",
			ImportStateVerify: true, ImportStateVerifyIgnore: []string{"config", "timeouts"},
		},
		resource.TestStep{
			ResourceName: at, ImportState: true, ImportStateId: "name=nobody", ExpectError: regexp.MustCompile(`no\s+record`),
		},
		resource.TestStep{
			Config: index("one", `connector_id = "`+other+`"`) + index("two", `space_id = "ops"`) +
				strings.Replace(index("three", ""), `"three"`+"\n  connector_type_id", `"one"`+"\n  connector_type_id", 1),
			ExpectError: regexp.MustCompile(`(?s)exists\s+already.*import\s+servicenow_kibana_connector.NAME\s+` + other),
		},
		resource.TestStep{Config: index("one", `connector_id = "`+other+`"`) + index("two", `space_id = "ops"`)},
	)
}

func TestLostAnswersMakeOneConnector(t *testing.T) {
	t.Parallel()
	for _, version := range []string{first, second, beforeIDs, newest} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, onKibana(version))
			lose := fault.Rule{Kind: fault.CommitThenDrop, Method: "POST", Count: 1}
			if _, err := w.KibanaFaults.Add(lose); err != nil {
				t.Fatal(err)
			}
			w.Run(resource.TestStep{
				Config: index("one", ""),
				Check: func(*terraform.State) error {
					_, err := the(w)
					return err
				},
			})
		})
	}
}

func TestPreconfiguredConnectorsAreNotManaged(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, func(o *simulator.Options) {
		o.Kibana.Preconfigured = []kibana.Preconfigured{{ID: "fixed", Name: "Fixed", TypeID: ".index"}}
	})
	for _, id := range []string{"fixed", "name=Fixed"} {
		w.Run(resource.TestStep{
			Config: index("one", ""), ResourceName: "servicenow_kibana_connector.one", ImportState: true, ImportStateId: id,
			ExpectError: regexp.MustCompile(`preconfigured\s+in\s+kibana.yml`),
		})
	}
}

// TestDeprecatedConnectorIsUpdated upgrades Kibana past 7.16, which makes a connector from before deprecated; the next
// apply is what the form calls "Update this connector".
func TestDeprecatedConnectorIsUpdated(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, onKibana("7.15.2"))
	const at = "servicenow_kibana_itsm_connector.test"
	w.Run(
		resource.TestStep{Config: basicConnector, Check: resource.TestCheckResourceAttr(at, "is_deprecated", "false")},
		resource.TestStep{
			PreConfig: func() {
				if err := w.Kibana.Upgrade(withIDs); err != nil {
					t.Fatal(err)
				}
				w.Forget()
			},
			Config: basicConnector,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				acctest.Drifts(at, "uses_table_api"),
			}},
			Check: resource.ComposeAggregateTestCheckFunc(
				func(*terraform.State) error { return config(w, "usesTableApi", false) }, sent(w, "PUT"),
				resource.TestCheckResourceAttr(at, "is_deprecated", "false")),
		},
	)
}

// TestForbiddenIsNotGone keeps a connector in the state that the account may not see any more.
func TestForbiddenIsNotGone(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	w.Run(
		resource.TestStep{Config: index("one", "")},
		resource.TestStep{
			PreConfig: func() {
				forbid := fault.Rule{
					Kind: fault.Status, Method: "GET", PathPrefix: "/api/actions", Status: http.StatusForbidden, Count: 1,
				}
				if _, err := w.KibanaFaults.Add(forbid); err != nil {
					t.Fatal(err)
				}
			},
			Config: index("one", ""), ExpectError: regexp.MustCompile(`Cannot\s+read\s+servicenow_kibana_connector`),
		},
		resource.TestStep{Config: index("one", ""), ConfigPlanChecks: resource.ConfigPlanChecks{
			PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
		}},
	)
}

// TestDuplicateCheckCanBeLeftOut makes a second connector of a name, and asks for no list first.
func TestDuplicateCheckCanBeLeftOut(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, onKibana(newest))
	w.Settings = "duplicate_check = false\n  refresh_mode = \"single\""
	second := strings.Replace(index("two", ""), "name = \"two\"", "name = \"one\"", 1)
	w.Run(
		resource.TestStep{Config: index("one", "")},
		resource.TestStep{
			PreConfig: w.Forget, Config: index("one", "") + second,
			Check: func(*terraform.State) error {
				if got := requests(w); got["POST one"] != 1 || got["GET /api/actions/connectors"] != 0 {
					return fmt.Errorf("a second connector of a name took %v", got)
				}
				return nil
			},
		},
	)
}

// TestConnectorOwnsItsWholeConfig shows keys that somebody adds, and none of those that Kibana adds.
func TestConnectorOwnsItsWholeConfig(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, onKibana(newest))
	const at = "servicenow_kibana_connector.test"
	webhook := func(name, writeOnly string) string {
		return `
resource "servicenow_kibana_connector" "test" {
  name              = "` + name + `"
  connector_type_id = ".webhook"
  config            = jsonencode({ url = "https://one.example.com", headers = { a = "1" } })
  ` + writeOnly + `
}
`
	}
	const login = `secrets_wo = jsonencode({ user = "elastic", password = "password" })`
	drift := func(config map[string]any) resource.TestStep {
		return resource.TestStep{
			PreConfig: func() {
				found, err := the(w)
				if err == nil {
					err = w.Kibana.Set(found.ID, "", config)
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			Config: webhook("n", login),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				acctest.Drifts(at, "config"),
			}},
		}
	}
	w.Run(
		resource.TestStep{Config: webhook("n", login), ConfigPlanChecks: resource.ConfigPlanChecks{
			PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue(at, tfjsonpath.New("is_deprecated"), knownvalue.Bool(false)),
				plancheck.ExpectKnownValue(at, tfjsonpath.New("is_missing_secrets"), knownvalue.Bool(false)),
			},
		}},
		drift(map[string]any{"headers": map[string]any{"a": "1", "evil": "2"}}),
		drift(map[string]any{"method": "put"}), // a default that Kibana had added
		resource.TestStep{
			PreConfig: func() {
				if err := w.Kibana.Upgrade("9.5.0"); err != nil {
					t.Fatal(err)
				}
			},
			Config: webhook("n", login), ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
		},
		resource.TestStep{Config: webhook("renamed", ""), ExpectError: regexp.MustCompile(`plan\s+sends\s+secrets_wo`)},
		resource.TestStep{
			Config: webhook("renamed", `secrets_wo = "{}"`), Check: func(*terraform.State) error {
				found, err := the(w)
				for key, value := range w.Kibana.Secrets(found.ID) {
					if value != nil {
						return fmt.Errorf("the secret %s is left", key)
					}
				}
				return err
			},
		},
	)
}

// TestUnknownSpace warns at plan of a space that is not there, and stops before anything is written.
func TestUnknownSpace(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, onKibana(newest))
	for _, config := range []string{
		index("one", `space_id = "nowhere"`),
		"resource \"servicenow_kibana_case_settings\" \"test\" {\n  space_id = \"nowhere\"\n}\n",
	} {
		w.Run(
			resource.TestStep{Config: config, PlanOnly: true, ExpectNonEmptyPlan: true},
			resource.TestStep{Config: config, ExpectError: regexp.MustCompile(`no\s+space\s+"nowhere"\s+\(space_id\)`)},
		)
	}
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("writes were sent: %v", writes)
	}
}

// TestServerless takes a Kibana that does not tell its version for a current one.
func TestServerless(t *testing.T) {
	t.Parallel()
	const key = "aWQ6a2V5"
	for name, change := range map[string]func(*kibana.Options){
		"redacted": func(o *kibana.Options) { o.StatusForAPIKeys = kibana.StatusRedacted },
		"refused":  func(o *kibana.Options) { o.StatusForAPIKeys = kibana.StatusRefused },
		"flavor":   func(o *kibana.Options) { o.BuildFlavor = "serverless" },
		"below":    func(o *kibana.Options) { o.BasePath = "/kibana" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, onKibana(newest), func(o *simulator.Options) {
				o.Kibana.APIKeys = []string{key}
				change(&o.Kibana)
			})
			provider := regexp.MustCompile(`basic_auth = \{ username = "`+acctest.KibanaUser+`".*\}`).
				ReplaceAllString(w.Provider(), `api_key = "`+key+`"`)
			w.Run(resource.TestStep{
				Config: provider + index("one", `connector_id = "readable-id"`),
				Check:  resource.TestCheckResourceAttr("servicenow_kibana_connector.one", "id", "readable-id"),
			})
		})
	}
}

// TestTypeRefusedAtPlan says before the first write which license is needed and which one Kibana has, and which types
// kibana.yml leaves out.
func TestTypeRefusedAtPlan(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*simulator.Options)
		want   string
	}{
		"the license is too low": {
			func(o *simulator.Options) { o.Kibana.License = "basic" },
			"need the license platinum or higher, and this Kibana has basic.",
		},
		"the license has expired": {
			func(o *simulator.Options) { o.Kibana.License, o.Kibana.LicenseExpired = "platinum", true },
			"need the license platinum or higher, and this Kibana has platinum, which has expired.",
		},
		"kibana.yml leaves the type out": {
			func(o *simulator.Options) { o.Kibana.EnabledActionTypes = []string{".index"} },
			"kibana.yml leaves the type out of xpack.actions.enabledActionTypes.",
		},
		"nothing": {func(*simulator.Options) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, test.change)
			out := acctest.NewCore(t, w.Provider()+basicConnector).Plan(t.Context())
			if test.want == "" && len(out.Errors) > 0 || !strings.Contains(out.Texts(), test.want) {
				t.Errorf("planned %+v, want %q", out, test.want)
			}
			if writes := w.Writes(); len(writes) > 0 {
				t.Errorf("written at plan: %v", writes)
			}
		})
	}
}

// TestSpaceIDs refuses at validate what would lead a path elsewhere.
func TestSpaceIDs(t *testing.T) {
	t.Parallel()
	const said = "must be a space's id: lowercase letters, digits, - and _"
	w := acctest.New(t)
	for _, space := range []string{"..", "a/b", "", "Security", "a%2fb"} {
		for name, config := range map[string]string{
			"resource": w.Provider() + strings.Replace(basicConnector, "{", fmt.Sprintf("{\n  space_id = %q", space), 1),
			"data": w.Provider() +
				fmt.Sprintf("data \"servicenow_kibana_connectors\" \"all\" {\n  space_id = %q\n}\n", space),
			"provider": strings.Replace(w.Provider(), "kibana = {", fmt.Sprintf("kibana = {\n    space_id = %q", space), 1) +
				basicConnector,
		} {
			if space == "" && name == "provider" {
				continue // as good as none
			}
			out := acctest.NewCore(t, config).Plan(t.Context())
			if !strings.Contains(out.Texts(), said) && (space != "" || !strings.Contains(out.Texts(), "empty")) {
				t.Errorf("%s, %q: %+v", name, space, out)
			}
		}
	}
	if sent := w.Reads(); len(sent) > 0 {
		t.Errorf("asked for: %v", sent)
	}
}

// A blank name is refused at plan: Kibana shows connectors by nothing else.
func TestBlankConnectorName(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	core := acctest.NewCore(t, w.Provider()+`
resource "servicenow_kibana_itsm_connector" "c" {
  name       = "  "
  api_url    = "https://dev1.service-now.com"
  basic_auth = { username_wo = "u", password_wo = "a password" }
}
`)
	if out := core.Plan(t.Context()); !strings.Contains(out.Texts(), "must not be blank") {
		t.Errorf("planned: %v", out)
	}
}
