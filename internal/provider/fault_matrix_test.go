package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
)

// both makes something of each kind that writes differ in: a row, a row with a password of its own request, a row that
// is looked up first, and a connector.
const both = `
resource "servicenow_user" "u" {
  user_name   = "elastic"
  password_wo = "canary"
}
data "servicenow_role" "r" { name = "import_set_loader" }
resource "servicenow_user_role" "g" {
  user_id = servicenow_user.u.id
  role_id = data.servicenow_role.r.id
}
resource "servicenow_kibana_itsm_connector" "c" {
  name       = "n"
  api_url    = "https://dev1.service-now.com"
  basic_auth = { username_wo = servicenow_user.u.user_name, password_wo = "canary" }
}
`

// TestFaultMatrix disturbs each request of an apply in each way, applies again, and destroys: whatever was disturbed,
// there is one record of each, the plan is empty, and nothing is left.
func TestFaultMatrix(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	ws := newWorkspace(t, w, both)
	ws.must("apply")
	requests := max(len(w.ServiceNow.Requests()), len(w.Kibana.Requests()))
	if requests < 6 {
		t.Fatalf("only %d requests to disturb", requests)
	}
	for _, rule := range []fault.Rule{
		{Kind: fault.CommitThenDrop}, {Kind: fault.Reset}, {Kind: fault.CommitThenStatus, Status: 502},
	} {
		for nth := range requests {
			t.Run(fmt.Sprintf("%s at request %d", rule.Kind, nth), func(t *testing.T) {
				t.Parallel()
				w := acctest.New(t)
				ws := ws.at(t, w, both)
				// Each server counts for itself, so the n-th request of either is disturbed.
				aimed := rule
				aimed.Skip, aimed.Count = nth, 1
				for _, faults := range []*fault.Injector{w.ServiceNow.Faults, w.KibanaFaults} {
					if _, err := faults.Add(aimed); err != nil {
						t.Fatal(err)
					}
				}
				first := ws.run("apply")
				if w.ServiceNow.Faults.Rules()[0].Injected == 0 {
					t.Fatalf("nothing was disturbed:\n%s", first.out)
				}
				w.ServiceNow.Faults.Clear()
				w.KibanaFaults.Clear()
				second := ws.run("apply")
				if second.err != nil {
					t.Fatalf("the next apply fails: %v\n%s\nThe first:\n%s", second.err, second.out, first.out)
				}
				if n := len(w.ServiceNow.Records("sys_user", "user_name=elastic")); n != 1 {
					t.Errorf("%d users\n%s", n, first.out)
				}
				if n := len(w.ServiceNow.Records("sys_user_has_role", "user.user_name=elastic")); n != 1 {
					t.Errorf("%d roles\n%s", n, first.out)
				}
				if n := len(w.Kibana.Connectors()); n != 1 {
					t.Errorf("%d connectors\n%s", n, first.out)
				}
				if plan := ws.run("plan", "-detailed-exitcode"); plan.err != nil {
					t.Errorf("the plan is not empty: %v\n%s", plan.err, plan.out)
				}
				ws.must("destroy")
				if left := w.Leftovers(); len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
				if out := first.out + second.out; strings.Contains(out, "canary") {
					t.Errorf("a secret is shown:\n%s", out)
				}
			})
		}
	}
}
