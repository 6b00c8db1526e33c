package servicenow_test

import (
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func TestSendEvent(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, func(o *simulator.Options) {
		o.ServiceNow.Apps = []string{servicenow.EventManagementPlugin, servicenow.EventConnectors}
	})
	insert := func(table string, values servicenow.Record) string {
		id, err := w.ServiceNow.Insert(table, values)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	listener := insert("sn_em_connector_listener", servicenow.Record{
		"name": "Elastic", "source": "elastic", "active": "true",
	})
	instance := insert("sn_em_connector_push_instance", servicenow.Record{
		"name": "One", "push_connector_definition": listener, "active": "true",
	})
	sender := insert("sys_user", servicenow.Record{"user_name": "sender", "user_password": "pass", "active": "true"})
	for _, role := range w.ServiceNow.Records("sys_user_role", "name=evt_mgmt_integration") {
		insert("sys_user_has_role", servicenow.Record{"user": sender, "role": role["sys_id"], "state": "active"})
	}
	insert("sys_user", servicenow.Record{"user_name": "stranger", "user_password": "pass", "active": "true"})

	login := func(user string) map[string]any { return map[string]any{"username": user, "password": "pass"} }
	for name, test := range map[string]struct {
		config map[string]any
		want   string // in an error; empty: none
		events int
	}{
		"as the provider": {map[string]any{"source": "elastic", "event": `{"node": "a", "severity": "1"}`}, "", 1},
		"as the sender": {
			map[string]any{"source": "elastic", "event": `{"node": "b"}`, "basic_auth": login("sender")}, "", 1,
		},
		"to an instance": {
			map[string]any{"source": "elastic", "instance_id": instance, "event": `[{"node": "c"}, {"node": "c"}]`}, "", 2,
		},
		"as a stranger":  {map[string]any{"source": "elastic", "event": `{}`, "basic_auth": login("stranger")}, "403", 0},
		"as nobody":      {map[string]any{"source": "elastic", "event": `{}`, "basic_auth": login("nobody")}, "401", 0},
		"with no key":    {map[string]any{"source": "elastic", "event": `{}`, "api_key": "wrong"}, "401", 0},
		"no such source": {map[string]any{"source": "other", "event": `{}`}, "400", 0},
		"no JSON":        {map[string]any{"source": "elastic", "event": `x`}, "not valid JSON", 0},
		"no event":       {map[string]any{"source": "elastic", "event": `1`}, "object or list", 0},
		"no sys_id":      {map[string]any{"source": "elastic", "event": `{}`, "instance_id": "One"}, "Not a sys_id", 0},
		"two credentials": {
			map[string]any{"source": "elastic", "event": `{}`, "api_key": "a", "bearer_token": "b"}, "bearer_token", 0,
		},
	} {
		// One after the other, since the events of one instance are counted.
		before := len(w.ServiceNow.Records("em_event", ""))
		came := w.Invoke(t, "servicenow_send_event", test.config)
		asProvider := test.config["api_key"] == nil && test.config["basic_auth"] == nil
		if len(came.Invalid) == 0 && test.want != "not valid JSON" &&
			strings.Contains(strings.Join(came.Progress, ""), "with the provider's own credentials") != asProvider {
			t.Errorf("%s: says %q of whose credentials it sends", name, came.Progress)
		}
		failed := strings.Join(append(came.Errors, came.Invalid...), "\n")
		if (failed == "") != (test.want == "") || !strings.Contains(failed, test.want) {
			t.Errorf("%s: failed with %q, not %q", name, failed, test.want)
		}
		if got := len(w.ServiceNow.Records("em_event", "")) - before; got != test.events {
			t.Errorf("%s: %d events came in, not %d", name, got, test.events)
		}
	}
}
