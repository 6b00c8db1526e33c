package kibana_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

// connectors that the case settings can refer to.
const connectors = `
resource "servicenow_kibana_itsm_connector" "itsm" {
  name       = "ITSM"
  api_url    = "https://dev1.service-now.com"
  basic_auth = { username_wo = "elastic", password_wo = "password" }
}

resource "servicenow_kibana_jira_connector" "jira" {
  name         = "Jira"
  api_url      = "https://example.atlassian.net"
  project_key  = "OPS"
  email_wo     = "elastic@example.com"
  api_token_wo = "token"
}

resource "servicenow_kibana_itom_connector" "itom" {
  name       = "ITOM"
  api_url    = "https://dev1.service-now.com"
  basic_auth = { username_wo = "elastic", password_wo = "password" }
}
`

func settings(attributes string) string {
	return connectors + "resource \"servicenow_kibana_case_settings\" \"test\" {\n" + attributes + "\n}\n"
}

// post sends a request to Kibana as another client would.
func post(t *testing.T, w *acctest.World, path string, body any) map[string]any {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.KibanaURL()+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(acctest.KibanaUser, acctest.KibanaPassword)
	req.Header.Set("kbn-xsrf", "test")
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s: %s %s %v", path, resp.Status, answer, err)
	}
	var out map[string]any
	if err := json.Unmarshal(answer, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// stored compares the only case settings with what they should be.
func stored(w *acctest.World, owner, closure, connectorType string, fields map[string]any) resource.TestCheckFunc {
	return func(*terraform.State) error {
		for _, s := range w.Kibana.CaseSettings() {
			if s.Owner != owner {
				continue
			}
			got, _ := s.Connector["fields"].(map[string]any)
			if s.ClosureType != closure || s.Connector["type"] != connectorType || !reflect.DeepEqual(got, fields) {
				return fmt.Errorf("case settings are %+v", s)
			}
			return nil
		}
		return fmt.Errorf("no case settings of %s", owner)
	}
}

func TestCaseSettings(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, onKibana(newest))
	const at = "servicenow_kibana_case_settings.test"
	none := map[string]any{"id": "none", "name": "none", "type": ".none", "fields": nil}
	post(t, w, "/api/cases/configure", map[string]any{
		"connector": none, "closure_type": "close-by-user", "owner": "securitySolution",
		"customFields": []any{map[string]any{"key": "team", "label": "Team", "type": "text", "required": false}},
		"templates": []any{map[string]any{"key": "one", "name": "One", "caseFields": map[string]any{
			"customFields": []any{map[string]any{"key": "team", "type": "text", "value": nil}},
		}}},
	})
	kept := func(*terraform.State) error {
		for _, s := range w.Kibana.CaseSettings() {
			if s.Owner == "securitySolution" && (len(s.CustomFields) != 1 || len(s.Templates) != 1) {
				return fmt.Errorf("others' custom fields and templates are gone: %+v", s)
			}
		}
		return nil
	}
	change := func(changes map[string]any, remove bool) func() {
		return func() {
			for _, s := range w.Kibana.CaseSettings() {
				err := w.Kibana.SetCaseSettings(s.ID, changes)
				if remove {
					err = w.Kibana.DeleteCaseSettings(s.ID)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	const pushing = `
  closure_type     = "close-by-pushing"
  connector_id     = servicenow_kibana_itsm_connector.itsm.connector_id
  connector_fields = jsonencode({ urgency = "2", impact = "1" })`
	const jira = `
  closure_type = "close-by-pushing"
  connector_id = servicenow_kibana_jira_connector.jira.connector_id`
	itsmFields := map[string]any{"urgency": "2", "impact": "1", "severity": nil, "category": nil, "subcategory": nil}
	updates := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction(at, plancheck.ResourceActionUpdate),
	}}
	w.Run(
		resource.TestStep{Config: connectors},
		resource.TestStep{
			PreConfig: w.Forget, Config: settings(""),
			Check: resource.ComposeAggregateTestCheckFunc(
				stored(w, "securitySolution", "close-by-user", ".none", nil), kept, sent(w),
				resource.TestCheckResourceAttr(at, "id", "securitySolution"), resource.TestCheckNoResourceAttr(at, "mappings.#")),
		},
		resource.TestStep{
			PreConfig: w.Forget, Config: settings(pushing), ConfigPlanChecks: updates,
			Check: resource.ComposeAggregateTestCheckFunc(
				stored(w, "securitySolution", "close-by-pushing", ".servicenow", itsmFields), kept, sent(w, "PATCH"),
				resource.TestCheckResourceAttr(at, "mappings.0.source", "title"),
				resource.TestCheckResourceAttr(at, "mappings.0.target", "short_description"),
				resource.TestCheckResourceAttr(at, "mappings.0.action", "overwrite")),
		},
		resource.TestStep{
			Config: settings(pushing), ResourceName: at, ImportState: true, ImportStateId: "securitySolution",
			ImportStateVerify:       true,
			ImportStateVerifyIgnore: []string{"timeouts", "connector_fields", "custom_fields", "templates"},
		},
		resource.TestStep{ // an import reads everything, so that what is generated from it owns everything
			Config: settings(pushing + `
  custom_fields = [{ key = "team", label = "Team", type = "text" }]
  templates     = [{ key = "one", name = "One", case_fields = jsonencode({
    customFields = [{ key = "team", type = "text", value = null }]
  }) }]`), ResourceName: at, ImportState: true,
			ImportStateKind: resource.ImportBlockWithID, ImportStateId: "default/securitySolution",
		},
		resource.TestStep{ // somebody was faster: the version is stale
			PreConfig: func() {
				w.Forget()
				stale := fault.Rule{Kind: fault.Status, Method: "PATCH", Status: http.StatusConflict, Count: 1}
				if _, err := w.KibanaFaults.Add(stale); err != nil {
					t.Fatal(err)
				}
			},
			Config: settings(jira), ConfigPlanChecks: updates,
			Check: resource.ComposeAggregateTestCheckFunc(
				stored(w, "securitySolution", "close-by-pushing", ".jira", nil), kept,
				resource.TestCheckResourceAttr(at, "mappings.0.target", "summary")),
		},
		resource.TestStep{
			PreConfig: change(map[string]any{"closure_type": "close-by-user", "connector": none}, false),
			Config:    settings(jira),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				acctest.Drifts(at, "closure_type", "connector_id"),
			}},
			Check: resource.ComposeAggregateTestCheckFunc(stored(w, "securitySolution", "close-by-pushing", ".jira", nil), kept),
		},
		resource.TestStep{
			Config:      settings(`connector_id = servicenow_kibana_itom_connector.itom.connector_id`),
			PlanOnly:    true,
			ExpectError: regexp.MustCompile(`serves\s+rules\s+only`),
		},
		resource.TestStep{
			Config: settings(`connector_id = "nobody"`), ExpectError: regexp.MustCompile(`has\s+no\s+connector\s+nobody`),
		},
		resource.TestStep{
			PreConfig: change(nil, true), Config: settings(jira),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(at, plancheck.ResourceActionCreate),
			}},
			Check: stored(w, "securitySolution", "close-by-pushing", ".jira", nil),
		},
		resource.TestStep{
			PreConfig: w.Forget, Config: settings("owner = \"cases\"\n" + jira),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(at, plancheck.ResourceActionReplace),
			}},
			Check: resource.ComposeAggregateTestCheckFunc(
				stored(w, "securitySolution", "close-by-user", ".none", nil), stored(w, "cases", "close-by-pushing", ".jira", nil),
				sent(w, "PATCH", "POST")),
		},
		resource.TestStep{Config: connectors, Check: stored(w, "cases", "close-by-user", ".none", nil)},
	)
}

func TestCaseSettingsLostAnswer(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, onKibana(third))
	lose := fault.Rule{Kind: fault.CommitThenDrop, Method: "POST", PathPrefix: "/api/cases", Count: 1}
	if _, err := w.KibanaFaults.Add(lose); err != nil {
		t.Fatal(err)
	}
	w.Run(resource.TestStep{
		Config: settings(`closure_type = "close-by-pushing"`),
		Check: func(*terraform.State) error {
			if all := w.Kibana.CaseSettings(); len(all) != 1 || all[0].ClosureType != "close-by-pushing" {
				return fmt.Errorf("case settings are %+v", all)
			}
			return nil
		},
	})
}

func TestCaseSettingsRefuseWhatConfigurationDecides(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ version, attributes, want string }{
		"too old":         {second, ``, `needs Kibana 7.14`},
		"owner":           {newest, `owner = "somebody"`, `securitySolution`},
		"closure":         {newest, `closure_type = "never"`, `close-by-pushing`},
		"fields alone":    {newest, `connector_fields = jsonencode({ caseId = "1" })`, `Set connector_id too`},
		"no JSON":         {newest, "connector_id = \"a\"\nconnector_fields = \"x\"", `must be a JSON object`},
		"connector none":  {newest, `connector_id = "none"`, `leave connector_id out`},
		"empty connector": {newest, `connector_id = ""`, `Use null`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := "resource \"servicenow_kibana_case_settings\" \"test\" {\n" + test.attributes + "\n}"
			refuses(t, test.version, config, test.want)
		})
	}
}

// caseEntry finds an entry of a list of stored case settings; nil when it is not there.
func caseEntry(list []any, key string) map[string]any {
	for _, item := range list {
		if entry, _ := item.(map[string]any); entry["key"] == key {
			return entry
		}
	}
	return nil
}

// TestCaseLists owns some entries of the lists, beside those of somebody else.
func TestCaseLists(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, onKibana(newest))
	const at = "servicenow_kibana_case_settings.test"
	none := map[string]any{"id": "none", "name": "none", "type": ".none", "fields": nil}
	post(t, w, "/api/cases/configure", map[string]any{
		"connector": none, "closure_type": "close-by-user", "owner": "securitySolution",
		"customFields": []any{map[string]any{"key": "theirs", "label": "Theirs", "type": "text", "required": false}},
		"templates": []any{map[string]any{"key": "theirs", "name": "Theirs", "caseFields": map[string]any{
			"title": "Their title", "customFields": []any{map[string]any{"key": "theirs", "type": "text", "value": "kept"}},
		}}},
		"observableTypes": []any{map[string]any{"key": "theirs", "label": "Their type"}},
	})
	the := func() kibana.CaseSettings { return w.Kibana.CaseSettings()[0] }
	holds := func(fields, templates, observables []string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			s := the()
			keys := func(list []any) []string {
				var all []string
				for _, item := range list {
					entry, _ := item.(map[string]any)
					all = append(all, fmt.Sprint(entry["key"]))
				}
				return all
			}
			for name, pair := range map[string][2][]string{
				"fields": {keys(s.CustomFields), fields}, "templates": {keys(s.Templates), templates},
				"observables": {keys(s.ObservableTypes), observables},
			} {
				if !reflect.DeepEqual(pair[0], pair[1]) {
					return fmt.Errorf("%s are %v, not %v", name, pair[0], pair[1])
				}
			}
			fields, _ := caseEntry(s.Templates, "theirs")["caseFields"].(map[string]any)
			values, _ := fields["customFields"].([]any)
			if fields["title"] != "Their title" || caseEntry(values, "theirs")["value"] != "kept" {
				return fmt.Errorf("somebody else's template became %v", fields)
			}
			return nil
		}
	}
	config := func(attributes string) string {
		return "resource \"servicenow_kibana_case_settings\" \"test\" {\n" + attributes + "\n}\n"
	}
	const two = `
  custom_fields = [
    { key = "urgent", label = "Urgent", type = "toggle", required = true, default_value = jsonencode(false) },
    { key = "ticket", label = "Ticket", type = "text" },
  ]
  templates = [{
    key = "phishing", name = "Phishing", tags = ["mail"]
    case_fields = jsonencode({
      title        = "Phishing", tags = ["phishing"]
      customFields = [{ key = "ticket", type = "text", value = "T-1" }]
    })
  }]
  observable_types = [{ key = "badge", label = "Badge" }]`
	one := strings.Replace(two, `    { key = "ticket", label = "Ticket", type = "text" },`, "", 1)
	one = strings.Replace(one, `      customFields = [{ key = "ticket", type = "text", value = "T-1" }]`, "", 1)
	updates := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction(at, plancheck.ResourceActionUpdate),
	}}
	change := func(edit func(kibana.CaseSettings) map[string]any) func() {
		return func() {
			if err := w.Kibana.SetCaseSettings(the().ID, edit(the())); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := holds([]string{"theirs", "urgent", "ticket"}, []string{"theirs", "phishing"}, []string{"theirs", "badge"})
	w.Run(
		resource.TestStep{Config: config(two), Check: all},
		resource.TestStep{ // somebody adds an entry: not ours, and kept
			PreConfig: change(func(s kibana.CaseSettings) map[string]any {
				return map[string]any{"observableTypes": append(s.ObservableTypes, map[string]any{"key": "late", "label": "Late"})}
			}),
			Config: config(two), ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
		},
		resource.TestStep{ // somebody changes ours
			PreConfig: change(func(s kibana.CaseSettings) map[string]any {
				caseEntry(s.CustomFields, "ticket")["label"] = "Evil"
				return map[string]any{"customFields": s.CustomFields}
			}),
			Config: config(two), ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{acctest.Drifts(at, "custom_fields")},
			},
			Check: func(*terraform.State) error {
				if label := caseEntry(the().CustomFields, "ticket")["label"]; label != "Ticket" {
					return fmt.Errorf("the label is %v", label)
				}
				return nil
			},
		},
		resource.TestStep{ // one that was owned goes, those of others stay
			Config: config(one), ConfigPlanChecks: updates,
			Check: holds([]string{"theirs", "urgent"}, []string{"theirs", "phishing"}, []string{"theirs", "badge", "late"}),
		},
		resource.TestStep{
			Config: config(strings.Replace(one, `"toggle", required = true, default_value = jsonencode(false)`,
				`"text"`, 1)),
			ExpectError: regexp.MustCompile(`cannot\s+change\s+its\s+type`),
		},
		resource.TestStep{ // null releases all
			Config: config(""), ConfigPlanChecks: updates,
			Check: holds([]string{"theirs", "urgent"}, []string{"theirs", "phishing"}, []string{"theirs", "badge", "late"}),
		},
		resource.TestStep{ // what is as it should be can be owned again
			Config: config(one), ConfigPlanChecks: updates,
		},
		resource.TestStep{ // what was taken over is given back
			Config: " ", // nothing of this resource
			Check:  holds([]string{"theirs", "urgent"}, []string{"theirs", "phishing"}, []string{"theirs", "badge", "late"}),
		},
		resource.TestStep{
			PreConfig: change(func(s kibana.CaseSettings) map[string]any {
				return map[string]any{
					"customFields": s.CustomFields[:1], "templates": s.Templates[:1],
					"observableTypes": []any{caseEntry(s.ObservableTypes, "theirs")},
				}
			}),
			Config: config(one),
		},
		resource.TestStep{ // what somebody else made is not overwritten
			Config:      config(strings.Replace(one, `"badge", label = "Badge"`, `"theirs", label = "Ours"`, 1)),
			ExpectError: regexp.MustCompile(`adopt_existing`),
		},
		resource.TestStep{Config: config(one)},
		resource.TestStep{
			Config: " ",
			Check:  holds([]string{"theirs"}, []string{"theirs"}, []string{"theirs"}),
		},
	)
}

// TestCaseSettingsAdoption takes settings over, and gives them back.
func TestCaseSettingsAdoption(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, onKibana(newest))
	const at = "servicenow_kibana_case_settings.test"
	const adopting = `
  closure_type   = "close-by-user"
  connector_id   = servicenow_kibana_itsm_connector.itsm.connector_id
  adopt_existing = true
  custom_fields  = [{ key = "team", label = "Our team", type = "text" }]`
	w.Run(
		resource.TestStep{Config: connectors, Check: func(s *terraform.State) error {
			jira := s.RootModule().Resources["servicenow_kibana_jira_connector.jira"].Primary.ID
			post(t, w, "/api/cases/configure", map[string]any{
				"connector": map[string]any{"id": jira, "name": "Jira", "type": ".jira", "fields": map[string]any{
					"issueType": "10006", "priority": nil, "parent": nil,
				}},
				"closure_type": "close-by-pushing", "owner": "securitySolution",
				"customFields": []any{map[string]any{"key": "team", "label": "Their team", "type": "text", "required": true}},
			})
			return nil
		}},
		resource.TestStep{
			Config:      settings(`connector_id = servicenow_kibana_itsm_connector.itsm.connector_id`),
			ExpectError: regexp.MustCompile(`(?s)exists\s+already.*NAME\s+securitySolution`),
		},
		resource.TestStep{
			Config: settings(adopting),
			Check: resource.ComposeAggregateTestCheckFunc(
				stored(w, "securitySolution", "close-by-user", ".servicenow", nil),
				resource.TestCheckResourceAttr(at, "adopted", "true")),
		},
		resource.TestStep{ // the connector's name changes in the settings only
			PreConfig: func() {
				s := w.Kibana.CaseSettings()[0]
				s.Connector["name"] = "Evil"
				if err := w.Kibana.SetCaseSettings(s.ID, map[string]any{"connector": s.Connector}); err != nil {
					t.Fatal(err)
				}
			},
			Config: settings(adopting),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				acctest.Drifts(at, "connector_name"),
			}},
			Check: resource.TestCheckResourceAttr(at, "connector_name", "ITSM"),
		},
		resource.TestStep{ // a connector that gets another name is no reason to write
			Config: strings.Replace(settings(adopting), `"ITSM"`, `"Renamed"`, 1),
		},
		resource.TestStep{Config: connectors, Check: func(*terraform.State) error {
			s := w.Kibana.CaseSettings()[0]
			fields, _ := s.Connector["fields"].(map[string]any)
			if s.ClosureType != "close-by-pushing" || s.Connector["name"] != "Jira" || fields["issueType"] != "10006" ||
				caseEntry(s.CustomFields, "team")["label"] != "Their team" {
				return fmt.Errorf("the settings were not restored: %+v", s)
			}
			return nil
		}},
	)
}
