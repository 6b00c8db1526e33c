package kibana_test

import (
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

func TestConnectorRun(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	made := post(t, w, "/api/actions/connector", map[string]any{
		"name": "ITSM", "connector_type_id": ".servicenow",
		"config":  map[string]any{"apiUrl": w.ServiceNowURL(), "usesTableApi": true},
		"secrets": map[string]any{"username": w.ServiceNow.AdminUser(), "password": w.ServiceNow.AdminPassword()},
	})
	run := func(subAction, params string) acctest.Invocation {
		config := map[string]any{"connector_id": made["id"], "sub_action": subAction}
		if params != "" {
			config["params"] = params
		}
		return w.Invoke(t, "servicenow_kibana_connector_run", config)
	}
	contains := func(lines []string, want string) {
		t.Helper()
		if !strings.Contains(strings.Join(lines, "\n"), want) {
			t.Errorf("no %q in %q", want, lines)
		}
	}

	opened := run("pushToService", `{"incident": {"short_description": "Disk full", "correlation_id": "rule:alert"}}`)
	if len(opened.Errors)+len(opened.Invalid) > 0 {
		t.Fatalf("%+v", opened)
	}
	contains(opened.Progress, "Running pushToService on connector "+made["id"].(string))
	incidents := w.ServiceNow.Records("incident", "correlation_id=rule:alert")
	if len(incidents) != 1 {
		t.Fatalf("%d incidents were opened", len(incidents))
	}
	contains(opened.Progress, "Done: "+incidents[0]["number"]+" "+w.ServiceNowURL()+"/nav_to.do?uri=incident.do?sys_id=")

	if closed := run("closeIncident", `{"incident": {"correlation_id": "rule:alert"}}`); len(closed.Errors) > 0 {
		t.Errorf("%+v", closed)
	}
	if record, _ := w.ServiceNow.Record("incident", incidents[0]["sys_id"]); record["state"] != "7" {
		t.Errorf("the incident's state is %s", record["state"])
	}
	contains(run("getChoices", `{"fields": ["severity"]}`).Progress, "results")
	contains(run("pushToService", `{"incident": {"urgency": "1"}}`).Errors, "short_description")
	contains(run("pushToService", `[]`).Invalid, "must be a JSON object")
	contains(w.Invoke(t, "servicenow_kibana_connector_run", map[string]any{
		"connector_id": "nobody", "sub_action": "getChoices",
	}).Errors, "not found")
}
