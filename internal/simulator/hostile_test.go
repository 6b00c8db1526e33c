package simulator_test

import (
	"net/http"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func (p *pair) hostile(injector *fault.Injector, rule fault.Rule) {
	p.t.Helper()
	injector.Clear()
	if _, err := injector.Add(rule); err != nil {
		p.t.Fatal(err)
	}
}

// statusOf is ask for answers that have no body.
func (p *pair) statusOf(method, url, user, password string) int {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, url, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	request.SetBasicAuth(user, password)
	request.Header.Set("Kbn-Xsrf", "true")
	response, err := p.client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func TestServiceNowPretends(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	id := p.insert("sys_user_group", servicenow.Record{"name": "old"})
	groups := p.ServiceNowURL() + "/api/now/table/sys_user_group"
	now := func() servicenow.Record {
		row, _ := p.ServiceNow.Record("sys_user_group", id)
		return row
	}
	for _, echo := range []bool{false, true} {
		p.hostile(p.ServiceNow.Faults, fault.Rule{Kind: fault.Ignore, Echo: echo})
		status, body := p.ask("PATCH", groups+"/"+id, "admin", "admin", map[string]any{"name": "new", "active": false})
		row, _ := body["result"].(map[string]any)
		want := map[bool][2]string{false: {"old", "true"}, true: {"new", "false"}}[echo]
		if status != http.StatusOK || row["name"] != want[0] || row["active"] != want[1] || row["sys_id"] != id {
			t.Errorf("echo %t: %d %v", echo, status, body)
		}
		if row := now(); row["name"] != "old" || row["sys_mod_count"] != "0" {
			t.Errorf("echo %t: stored %v", echo, row)
		}
	}
	if status := p.statusOf("DELETE", groups+"/"+id, "admin", "admin"); status != http.StatusNoContent || now() == nil {
		t.Errorf("delete: %d, then %v", status, now())
	}
	if status := p.statusOf("DELETE", groups+"/"+id[1:]+"0", "admin", "admin"); status != http.StatusNotFound {
		t.Errorf("a delete of what is not there: %d", status)
	}
	if status := p.statusOf("DELETE", groups+"/"+id, "admin", "wrong"); status != http.StatusUnauthorized {
		t.Errorf("a delete with a wrong password: %d", status)
	}
	p.hostile(p.ServiceNow.Faults, fault.Rule{Kind: fault.LateCommit, Status: 204, Method: "DELETE", DelayMS: 500})
	if status := p.statusOf("DELETE", groups+"/"+id, "admin", "admin"); status != http.StatusNoContent || now() == nil {
		t.Errorf("late delete: %d, then %v", status, now())
	}
	if p.ServiceNow.Faults.Settle(); now() != nil {
		t.Errorf("late delete: still there")
	}
	p.ServiceNow.Reset()
	if rules, log := p.ServiceNow.Faults.Rules(), p.ServiceNow.Faults.Requests(); len(rules)+len(log) > 0 {
		t.Errorf("after a reset: %v %v", rules, log)
	}
}

func TestServiceNowReadsOtherwise(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	const id = "0123456789abcdef0123456789abcdef"
	api := p.ServiceNowURL() + "/api/now/table/"
	p.hostile(p.ServiceNow.Faults, fault.Rule{Kind: fault.OwnID})
	status, body := p.ask("POST", api+"sys_user_group", "admin", "admin", map[string]any{"sys_id": id, "name": "own"})
	row, _ := body["result"].(map[string]any)
	if status != http.StatusCreated || row["name"] != "own" || row["sys_id"] == id {
		t.Errorf("own id: %d %v", status, body)
	}
	list := func(query string) []any {
		t.Helper()
		status, body := p.ask("GET", api+query, "admin", "admin", nil)
		if status != http.StatusOK {
			t.Errorf("%s: %d %v", query, status, body)
		}
		rows, _ := body["result"].([]any)
		return rows
	}
	p.hostile(p.ServiceNow.Faults, fault.Rule{Kind: fault.DropTerm})
	all := len(p.ServiceNow.Records("sys_user_role", ""))
	if n := len(list("sys_user_role?sysparm_query=sys_id=" + id)); n != all {
		t.Errorf("without its only term: %d rows of %d", n, all)
	}
	if n := len(list("sys_user_role?sysparm_query=name=admin%5Esys_id=" + id + "%5EORDERBYname")); n != 1 {
		t.Errorf("without its last term: %d rows", n)
	}
	p.ServiceNow.Faults.Clear()
	query := "sys_user_has_role?sysparm_limit=1&sysparm_fields=sys_id,role.name,user"
	if row, _ := list(query)[0].(map[string]any); len(row) != 3 {
		t.Fatalf("the whole row: %v", row)
	}
	p.hostile(p.ServiceNow.Faults, fault.Rule{Kind: fault.Withhold, Columns: []string{"*.*", "user"}})
	if row, _ := list(query)[0].(map[string]any); len(row) != 1 || row["sys_id"] == nil {
		t.Errorf("withheld: %v", row)
	}
}

func TestKibanaPretends(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	ask := func(method, path string, body any) (int, map[string]any) {
		return p.ask(method, p.KibanaURL()+path, "elastic", "changeme", body)
	}
	p.hostile(p.KibanaFaults, fault.Rule{Kind: fault.OwnID})
	status, made := ask("POST", "/api/actions/connector/mine", map[string]any{
		"name": "old", "connector_type_id": ".server-log", "config": map[string]any{}, "secrets": map[string]any{},
	})
	id, _ := made["id"].(string)
	if status != http.StatusOK || id == "" || id == "mine" {
		t.Fatalf("own id: %d %v", status, made)
	}
	path := "/api/actions/connector/" + id
	change := map[string]any{"name": "new", "config": map[string]any{}, "secrets": map[string]any{}}
	for _, echo := range []bool{false, true} {
		p.hostile(p.KibanaFaults, fault.Rule{Kind: fault.Ignore, Echo: echo})
		status, body := ask("PUT", path, change)
		if want := map[bool]string{false: "old", true: "new"}[echo]; status != http.StatusOK || body["name"] != want ||
			body["id"] != id || body["secrets"] != nil {
			t.Errorf("echo %t: %d %v", echo, status, body)
		}
	}
	if status := p.statusOf("DELETE", p.KibanaURL()+path, "elastic", "changeme"); status != http.StatusNoContent {
		t.Errorf("delete: %d", status)
	}
	if status, body := ask("GET", path, nil); status != http.StatusOK || body["name"] != "old" {
		t.Errorf("stored: %d %v", status, body)
	}

	p.KibanaFaults.Clear()
	none := map[string]any{"id": "none", "name": "none", "type": ".none", "fields": nil}
	status, settings := ask("POST", "/api/cases/configure", map[string]any{
		"owner": "cases", "closure_type": "close-by-user", "connector": none,
	})
	if status != http.StatusOK {
		t.Fatalf("case settings: %d %v", status, settings)
	}
	settingsID, _ := settings["id"].(string)
	for _, echo := range []bool{false, true} {
		p.hostile(p.KibanaFaults, fault.Rule{Kind: fault.Ignore, Echo: echo})
		status, body := ask("PATCH", "/api/cases/configure/"+settingsID, map[string]any{
			"closure_type": "close-by-pushing", "version": settings["version"],
		})
		want := map[bool]string{false: "close-by-user", true: "close-by-pushing"}[echo]
		if status != http.StatusOK || body["closure_type"] != want || body["id"] != settingsID {
			t.Errorf("case settings, echo %t: %d %v", echo, status, body)
		}
	}
	if status, body := ask("PATCH", "/api/cases/configure/none", map[string]any{}); status != http.StatusNotFound {
		t.Errorf("settings that are not there: %d %v", status, body)
	}
	var log []fault.Request
	for _, r := range p.KibanaFaults.Requests() {
		if r.Route == "PATCH /api/cases/configure/{id}" {
			log = append(log, r)
		}
	}
	if len(log) != 3 || log[2].Nth != 2 || len(log[0].Faults) != 1 {
		t.Errorf("requests %+v", log)
	}
}

func TestFaultAdminOfBothServers(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	for _, server := range []string{p.ServiceNowURL(), p.KibanaURL()} {
		for _, path := range []string{"", "/catalogue", "/requests"} {
			if status := p.statusOf("GET", server+"/simulator/faults"+path, "", ""); status != http.StatusOK {
				t.Errorf("GET %s: %d", path, status)
			}
		}
		if status := p.statusOf("DELETE", server+"/simulator/faults/requests", "", ""); status != http.StatusOK {
			t.Errorf("DELETE of the requests: %d", status)
		}
	}
}
