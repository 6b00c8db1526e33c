package servicenow_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// scopesNamed lists the writes of a table, each with the scope that its request named.
func scopesNamed(t *testing.T, w *acctest.World, table string) []string {
	t.Helper()
	var named []string
	for _, r := range w.ServiceNow.Requests() {
		if r.Method == http.MethodGet || !strings.HasPrefix(r.Path+"/", "/api/now/table/"+table+"/") {
			continue
		}
		query, err := url.ParseQuery(r.Query)
		if err != nil {
			t.Fatal(err)
		}
		named = append(named, r.Method+" "+query.Get("sysparm_transaction_scope"))
	}
	return named
}

const (
	ruleOfPlatform = `
resource "servicenow_cors_rule" "r" {
  name          = "Scoped"
  domain        = "https://kibana.example.com"
  resource_path = "a.do"
%s
}`
	listenerOfApplication = `
resource "servicenow_event_connector" "r" {
  name   = "Scoped"
  source = "scoped"
%s
}`
)

// TestScopeOfCreates makes a record of a platform table and one of a scoped application, with the account's picker on
// another application: the scope is always named, so the picker decides nothing.
func TestScopeOfCreates(t *testing.T) {
	t.Parallel()
	for _, picker := range []string{"", servicenow.ElasticITSM} {
		w := acctest.New(t, func(o *simulator.Options) {
			o.ServiceNow.Apps = []string{servicenow.ElasticITSM, servicenow.EventConnectors}
			o.ServiceNow.CurrentApplication = picker
		})
		id := func(scope string) string { return w.ServiceNow.Records("sys_scope", "scope="+scope)[0]["sys_id"] }
		for _, test := range []struct{ config, configured, table, scope string }{
			{ruleOfPlatform, "", "sys_cors_rule", "global"},
			{ruleOfPlatform, id(servicenow.ElasticITSM), "sys_cors_rule", id(servicenow.ElasticITSM)},
			{listenerOfApplication, "", "sn_em_connector_listener", id(servicenow.EventConnectors)},
			{listenerOfApplication, "global", "sn_em_connector_listener", "global"},
		} {
			line := ""
			if test.configured != "" {
				line = `  scope_id = "` + test.configured + `"`
			}
			w.Forget()
			core := acctest.NewCore(t, w.Provider()+strings.ReplaceAll(test.config, "%s", line))
			if got := core.Apply(t.Context()); len(got.Errors)+len(got.Warnings) > 0 {
				t.Fatal(got.Texts())
			}
			if got := scopesNamed(t, w, test.table); !slices.Equal(got, []string{"POST " + test.scope}) {
				t.Errorf("picker on %q, scope_id %q: %v, want %s", picker, test.configured, got, test.scope)
			}
			if rows := w.ServiceNow.Records(test.table, "name=Scoped"); len(rows) != 1 || rows[0]["sys_scope"] != test.scope {
				t.Errorf("picker on %q, scope_id %q: the record is %v", picker, test.configured, rows)
			}
			if got := core.Plan(t.Context()); len(got.Changes)+len(got.Errors) > 0 {
				t.Errorf("the second plan: %v %s", got.Changes, got.Texts())
			}
			if got := core.Destroy(t.Context()); len(got.Errors) > 0 {
				t.Fatal(got.Texts())
			}
		}
	}
}

// TestScopeThatMayNotBeNamed holds what happens on an instance that refuses every named scope: what the provider chose
// is tried once without, with a warning that says where the record went; what the configuration chose is refused.
func TestScopeThatMayNotBeNamed(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusForbidden} {
		w := acctest.New(t, func(o *simulator.Options) {
			o.ServiceNow.RefuseTransactionScope = status
			o.ServiceNow.CurrentApplication = servicenow.ElasticITSM
		})
		app := w.ServiceNow.Records("sys_scope", "scope="+servicenow.ElasticITSM)[0]["sys_id"]
		config := func(lines string) string { return w.Provider() + strings.ReplaceAll(ruleOfPlatform, "%s", lines) }
		core := acctest.NewCore(t, config(""))
		got := core.Apply(t.Context())
		if len(got.Errors) > 0 || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "the record went to") ||
			!strings.Contains(got.Warnings[0], app) {
			t.Fatalf("%d: %s", status, got.Texts())
		}
		if named := scopesNamed(t, w, "sys_cors_rule"); !slices.Equal(named, []string{"POST global", "POST "}) {
			t.Errorf("%d: %v", status, named)
		}
		if got := core.Plan(t.Context()); len(got.Changes)+len(got.Errors) > 0 {
			t.Errorf("%d: the second plan: %v %s", status, got.Changes, got.Texts())
		}
		// What was made so can be changed and destroyed, too.
		core.Configure(config(`  max_age = 5`))
		if got := core.Apply(t.Context()); len(got.Errors) > 0 {
			t.Errorf("%d: a change: %s", status, got.Texts())
		}
		if rows := w.ServiceNow.Records("sys_cors_rule", "name=Scoped"); len(rows) != 1 || rows[0]["max_age"] != "5" {
			t.Errorf("%d: %v", status, rows)
		}
		if got := core.Destroy(t.Context()); len(got.Errors) > 0 {
			t.Errorf("%d: destroy: %s", status, got.Texts())
		}
		if rows := w.ServiceNow.Records("sys_cors_rule", "name=Scoped"); len(rows) > 0 {
			t.Errorf("%d: left behind: %v", status, rows)
		}
		w.Forget()
		core = acctest.NewCore(t, config(`  scope_id = "global"`))
		if got := core.Apply(t.Context()); len(got.Errors) != 1 {
			t.Errorf("%d: a configured scope: %s", status, got.Texts())
		}
		if named := scopesNamed(t, w, "sys_cors_rule"); !slices.Equal(named, []string{"POST global"}) {
			t.Errorf("%d: a configured scope: %v", status, named)
		}
		if rows := w.ServiceNow.Records("sys_cors_rule", "name=Scoped"); len(rows) > 0 {
			t.Errorf("%d: written elsewhere: %v", status, rows)
		}
	}
}
