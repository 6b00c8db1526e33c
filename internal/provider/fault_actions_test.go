package provider_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// TestFaultsOfActions disturbs each request of both actions in each way. Nothing tells an event or an incident that
// came in from one that did not, so none is ever sent twice; what is reported as done is there, and no secret is shown.
func TestFaultsOfActions(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, func(o *simulator.Options) {
		o.ServiceNow.Apps = []string{servicenow.ElasticITSM, servicenow.EventManagementPlugin, servicenow.EventConnectors}
	})
	for table, values := range map[string]servicenow.Record{
		"sn_em_connector_listener": {"name": "Elastic", "source": "elastic", "active": "true"},
		"sys_user":                 {"user_name": canaryUser, "user_password": canary, "active": "true"},
	} {
		if _, err := w.ServiceNow.Insert(table, values); err != nil {
			t.Fatal(err)
		}
	}
	sender := w.ServiceNow.Records("sys_user", "user_name="+canaryUser)[0]["sys_id"]
	role := w.ServiceNow.Records("sys_user_role", "name=evt_mgmt_integration")[0]["sys_id"]
	if _, err := w.ServiceNow.Insert("sys_user_has_role", servicenow.Record{
		"user": sender, "role": role, "state": "active",
	}); err != nil {
		t.Fatal(err)
	}
	core := acctest.NewCore(t, w.Provider()+fmt.Sprintf(`
resource "servicenow_kibana_itsm_connector" "c" {
  name           = "n"
  uses_table_api = true
  api_url        = %q
  basic_auth = { username_wo = %q, password_wo = %q }
}
`, w.ServiceNowURL(), w.ServiceNow.AdminUser(), w.ServiceNow.AdminPassword()))
	settle(t, core.Apply(t.Context()), "the connector")

	for _, action := range []struct {
		name, table string
		config      func(nth int) map[string]any
	}{
		{"servicenow_send_event", "em_event", func(nth int) map[string]any {
			return map[string]any{
				"source": "elastic", "event": fmt.Sprintf(`{"node": "n%d", "severity": "1"}`, nth),
				"basic_auth": map[string]any{"username": canaryUser, "password": canary},
			}
		}},
		{"servicenow_kibana_connector_run", "incident", func(nth int) map[string]any {
			return map[string]any{
				"connector_id": core.Text("servicenow_kibana_itsm_connector.c", "id"), "sub_action": "pushToService",
				"params": fmt.Sprintf(`{"incident": {"short_description": "n%d"}}`, nth),
			}
		}},
	} {
		count := func() int { return len(w.ServiceNow.Records(action.table, "")) }
		sides := []*fault.Injector{w.ServiceNow.Faults, w.KibanaFaults}
		for _, side := range sides {
			side.ForgetRequests()
		}
		if came := w.Invoke(t, action.name, action.config(0)); len(came.Errors)+len(came.Invalid) > 0 {
			t.Fatal(action.name, came)
		}
		requests := [][]fault.Request{sides[0].Requests(), sides[1].Requests()}
		nth := 0
		for i, side := range sides {
			for _, request := range requests[i] {
				for _, entry := range fault.Catalogue() {
					if !entry.AppliesTo(request.Method) {
						continue
					}
					nth++
					before := count()
					rule := request.Aim(entry.Rule)
					rule.DelayMS = min(rule.DelayMS, delay)
					if _, err := side.Add(rule); err != nil {
						t.Fatal(err)
					}
					came := w.Invoke(t, action.name, action.config(nth))
					side.Settle()
					for _, one := range sides {
						one.Clear()
					}
					where := fmt.Sprintf("%s/%s/%s", action.name, request.Route, entry.Name)
					failed := slices.Concat(came.Errors, came.Invalid)
					switch made := count() - before; {
					case made > 1:
						t.Errorf("%s: %d came in", where, made)
					case made < 1 && len(failed) == 0 && !strings.Contains(strings.Join(came.Progress, ""), "look for it") &&
						entry.Rule.Shape != fault.ResultText: // a server that says "ok" in its own words is quoted
						t.Errorf("%s: is reported as done, and nothing came in: %q", where, came.Progress)
					}
					text := strings.Join(slices.Concat(failed, came.Progress), "\n")
					if form := leaks(text, canary); form != "" {
						t.Errorf("%s: shows a secret:\n%s", where, around(text, form))
					}
				}
			}
		}
		if nth < 100 {
			t.Errorf("%s: only %d ways to disturb it", action.name, nth)
		}
		t.Logf("%s was disturbed in %d ways", action.name, nth)
	}
}
