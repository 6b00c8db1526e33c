package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// imported are the types whose import ids differ in form: a key of one column, of several, of a reference and a name, a
// table and a query, a connector and case settings of a space, a package.
var imported = []string{
	"servicenow_role", "servicenow_user", "servicenow_user_role", "servicenow_cors_rule", "servicenow_system_property",
	"servicenow_cross_scope_privilege", "servicenow_certificate", "servicenow_rest_api_access_policy", "servicenow_record",
	"servicenow_plugin", "servicenow_store_application", "servicenow_kibana_connector",
	"servicenow_kibana_itsm_connector", "servicenow_kibana_case_settings",
}

// FuzzImportID imports by whatever somebody types: it asks for one thing and changes nothing, and what it finds is what
// was asked for.
func FuzzImportID(f *testing.F) {
	for i, id := range []string{
		"", " ", "/", "=", "name=", "name=admin", "user_name=admin", "name=admin^ORname=itil", "name=ADMIN",
		"name=javascript:gs.getUserID()", "name=admin^NQname=itil", "admin/itil", "a/b/c/d/e/f", "../admin", "default/..",
		"default/%2e%2e", "x?y=z", "x#y", "sys_user/user_name=admin", "sys_user/user_name=admin^ORuser_name=itil",
		"sys_user/a/b", "user.user_name=admin/itil", strings.Repeat("0", 32), strings.Repeat("A", 31),
		"default/securitySolution",
		"..", ".", "\x00", "\xff\xfe", "name=ü", "name=" + strings.Repeat("x", 5000), "securitySolution",
		"com.glide.itsm", "6816f79cc0a8016401c5a33be04be441",
	} {
		for _, step := range []int{0, 3, 7, 10} {
			f.Add(uint8((i+step)%len(imported)), id) //nolint:gosec // G115: fewer than 256 types
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, id string) {
		typeName := imported[int(kind)%len(imported)]
		w := acctest.New(t)
		core := acctest.NewCore(t, w.Provider()+fmt.Sprintf("resource %q \"x\" {}\n", typeName))
		w.Forget()
		out := core.Import(t.Context(), map[string]string{typeName + ".x": id})
		for _, text := range out.Errors {
			if strings.HasPrefix(text, "protocol: ") || strings.Contains(text, "bug") || strings.Contains(text, "panic") {
				t.Errorf("%s %q: %s", typeName, id, text)
			}
		}
		for _, r := range w.ServiceNow.Requests() {
			if r.Method != http.MethodGet {
				t.Errorf("%s %q sent %s %s", typeName, id, r.Method, r.Path)
			}
			if strings.Contains(r.Path, "..") || strings.Count(r.Path, "/") > 5 {
				t.Errorf("%s %q left the route: %s", typeName, id, r.Path)
			}
		}
		for _, r := range w.Kibana.Requests() {
			// The log holds decoded paths, so a slash of the id is in it.
			if path, _, _ := strings.Cut(r.Path, "?"); r.Method != http.MethodGet || strings.Contains(path, "..") {
				t.Errorf("%s %q sent %s %s", typeName, id, r.Method, r.Path)
			}
		}
		if len(out.Errors) > 0 || !core.Has(typeName+".x") {
			return
		}
		found := core.Text(typeName+".x", "id")
		if strings.Contains(strings.ToLower(id), strings.ToLower(found)) {
			return
		}
		_, wanted, _ := strings.Cut(id, "=")
		if wanted == "" {
			wanted = id
		}
		for part := range strings.SplitSeq(wanted, "/") {
			if !slices.ContainsFunc(w.ServiceNow.Tables(), func(table string) bool {
				return slices.ContainsFunc(w.ServiceNow.Records(table, ""), func(row servicenow.Record) bool {
					for _, value := range row {
						if strings.EqualFold(value, part) {
							return true
						}
					}
					return false
				})
			}) {
				t.Errorf("%s %q found %s, and no record holds %q", typeName, id, found, part)
			}
		}
	})
}

// echo is a Kibana that stores whatever config it is sent, as JavaScript does: numbers are doubles.
type echo struct {
	mu     sync.Mutex
	stored map[string]any
	sent   map[string]any
}

func (e *echo) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	answer := func(value any) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Kbn-Version", "9.2.0")
		_ = json.NewEncoder(w).Encode(value)
	}
	switch {
	case r.URL.Path == "/api/status":
		answer(map[string]any{"version": map[string]any{"number": "9.2.0", "build_flavor": "traditional"}})
	case r.Method == http.MethodPost || r.Method == http.MethodPut:
		var body map[string]any
		if json.NewDecoder(r.Body).Decode(&body) != nil {
			http.Error(w, `{"statusCode":400,"error":"Bad Request","message":"not JSON"}`, http.StatusBadRequest)
			return
		}
		e.sent, _ = body["config"].(map[string]any)
		e.stored = map[string]any{
			"id": strings.TrimPrefix(r.URL.Path, "/api/actions/connector/"), "name": body["name"], "config": e.sent,
			"connector_type_id": ".webhook", "is_preconfigured": false, "is_deprecated": false, "is_missing_secrets": false,
		}
		answer(e.stored)
	case r.URL.Path == "/api/actions/connectors":
		if e.stored == nil {
			answer([]any{})
			return
		}
		answer([]any{e.stored})
	default:
		answer(e.stored)
	}
}

// FuzzConnectorConfig writes a connector's config as whatever JSON somebody may write. What is sent is that, the next
// plan is empty, and a change of it on the server is seen.
func FuzzConnectorConfig(f *testing.F) {
	for _, config := range []string{
		`{}`, `{"a":1.0}`, `{"a":1e2,"b":0.1e-7,"c":-0}`, `{"a":12345678901234567890}`, `{"a":{"value":"x","other":1}}`,
		`{"a":{"display_value":"x","value":"y","link":"z"}}`, `{"a":[1,null,{"b":[]}]}`, `{"a":"\ud800","b":"\u00fc"}`,
		`{"a":1,"a":2}`, `{"__proto__":{"x":1}}`, `{"":""}`, `{"a.b":{"c":true}}`, ` { "a" : "<&>" } `, `[]`, `{`, `null`,
		`{"a":null}`, `{"a":1} {}`, `{"headers":{"X":"y"}}`, `{"a":"` + strings.Repeat("x", 70000) + `"}`,
		strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat(`}`, 200), `{"a":1e400}`,
	} {
		f.Add(config)
	}
	f.Fuzz(func(t *testing.T, config string) {
		quoted, err := json.Marshal(config)
		if err != nil || strings.Contains(config, "${") || strings.Contains(config, "%{") {
			t.Skip("not a value that HCL can hold as it is")
		}
		kibana := &echo{}
		server := httptest.NewServer(kibana)
		defer server.Close()
		core := acctest.NewCore(t, fmt.Sprintf(`
provider "servicenow" {
  instance_url = "https://unused.service-now.com"
  basic_auth   = { username = "u", password = "p" }
  kibana = {
    url        = %q
    basic_auth = { username = "u", password = "p" }
  }
}
resource "servicenow_kibana_connector" "x" {
  name              = "n"
  connector_type_id = ".webhook"
  config            = %s
  secrets_wo        = "{}"
}
`, server.URL, quoted))
		made := core.Apply(t.Context())
		for _, text := range made.Errors {
			if strings.HasPrefix(text, "protocol: ") || strings.Contains(text, "Provider produced") {
				t.Fatalf("%q: %s", config, text)
			}
		}
		var object map[string]any
		valid := json.Unmarshal([]byte(config), &object) == nil && object != nil
		if valid != (len(made.Errors) == 0) {
			t.Fatalf("%q is an object: %t, but %v", config, valid, made.Errors)
		}
		if !valid {
			return
		}
		if !reflect.DeepEqual(kibana.sent, object) && len(object)+len(kibana.sent) > 0 {
			t.Errorf("%q was sent as %v", config, kibana.sent)
		}
		if plan := core.Plan(t.Context()); len(plan.Changes)+len(plan.Errors) > 0 {
			t.Errorf("%q: the plan is not empty: %v %v", config, plan.Changes, plan.Errors)
		}
		changed := map[string]any{"somebody": "else"}
		for key, value := range object {
			changed[key] = value
		}
		kibana.mu.Lock()
		kibana.stored["config"] = changed
		kibana.mu.Unlock()
		if plan := core.Plan(t.Context()); len(plan.Changes) == 0 && object["somebody"] != "else" {
			t.Errorf("%q: a key that was added is not seen: %v", config, plan.Errors)
		}
	})
}
