package servicenow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// TestCompleteExamples takes the examples as they are through their lives, with the provider as a process of its own:
// they are applied, plan nothing, show and repair what somebody changed, and leave nothing behind.
func TestCompleteExamples(t *testing.T) {
	t.Parallel()
	cli := acctest.Overrides(t)
	t.Run("event-management-api-keys", func(t *testing.T) {
		t.Parallel()
		w := acctest.New(t, withEvents)
		e := newExample(t, w, cli, "event-management-api-keys", map[string]any{
			"key_parameter_types": []string{"auth_header", "query_parameter"},
			"senders":             map[string]any{"monitor": map[string]any{"user_name": "events.monitor", "source": "monitor"}},
		})
		e.applies()
		token := w.ServiceNow.Secret("api_key", w.ServiceNow.Records("api_key", "")[0]["sys_id"], "token")
		e.sends(token)
		e.set("checked_senders", []string{"monitor"})
		e.set("sender_keys", map[string]string{"monitor": token})
		w.Forget()
		e.plansNothing()
		if !slices.ContainsFunc(w.ServiceNow.Requests(), func(r servicenow.Request) bool {
			return strings.HasSuffix(r.Path, "/inbound_event") && r.Auth == "x-sn-apikey" && r.Status != http.StatusUnauthorized
		}) {
			t.Error("the sender's key was not tried, or it was refused")
		}
		e.changes("sys_api_access_policy", "name=Event senders", servicenow.Record{"active": "false"})
		e.changes("sn_em_connector_listener", "source=monitor", servicenow.Record{"source": "other"})
		e.changes("api_key", "", servicenow.Record{"active": "false"})
		e.repairs("module.access.servicenow_rest_api_access_policy.connectors",
			`module.senders.servicenow_event_connector.sender["monitor"]`,
			`module.senders.servicenow_rest_api_key.sender["monitor/a"]`)
		e.destroys()
	})
	t.Run("rapid7-insightvm", func(t *testing.T) {
		t.Parallel()
		w := acctest.New(t, withRapid7)
		e := newExample(t, w, cli, "rapid7-insightvm", map[string]any{
			"region": "Europe", "api_key": "insight-key", "parameters": map[string]string{"close_stale_detections": "true"},
		})
		e.applies()
		region, key := parameter(w, "insightvm_region"), parameter(w, "api_key")
		if region["value"] != "eu.api.insight.rapid7.com" || key["value"] != "" ||
			w.ServiceNow.Secret("sn_sec_int_impl_config", key["sys_id"], "password_value") != "insight-key" {
			t.Errorf("the instance holds the region %v and the key %v", region, key)
		}
		e.changes("sn_sec_int_impl_config", "value=true", servicenow.Record{"value": "false"})
		e.repairs("module.insightvm.servicenow_security_integration.insightvm")
		e.destroys()
	})
	t.Run("elastic-secops", func(t *testing.T) {
		t.Parallel()
		w := acctest.New(t, func(o *simulator.Options) { o.ServiceNow.Apps = []string{servicenow.ElasticSecOps} })
		key, certificate := acctest.KeyPair(t, "Elastic SecOps")
		e := newExample(t, w, cli, "elastic-secops", map[string]any{
			"kibana_url": w.KibanaURL(), "private_key": key, "client_secret": "a-long-random-secret",
		})
		if err := os.WriteFile(filepath.Join(e.dir, "elastic.crt"), []byte(certificate), 0o600); err != nil {
			t.Fatal(err)
		}
		e.applies()
		if n := len(w.ServiceNow.Records("sys_scope_privilege", "status=allowed")); n != 14 {
			t.Errorf("%d privileges are allowed, not 14", n)
		}
		e.changes("sys_scope_privilege", "target_name=sn_ti_observable^operation=read", servicenow.Record{"status": "denied"})
		e.changes("sys_cors_rule", "", servicenow.Record{"get": "false", "post": "true"})
		e.repairs("module.secops.module.instance.servicenow_cors_rule.kibana",
			`module.application.servicenow_cross_scope_privilege.elastic["sn_ti_observable:read"]`)
		e.destroys()
	})
}

// completeExample is an example in a copy of all, since it uses the modules beside it.
type completeExample struct {
	t   *testing.T
	w   *acctest.World
	dir string
	env []string
}

func newExample(t *testing.T, w *acctest.World, cli, name string, variables map[string]any) *completeExample {
	t.Helper()
	examples := t.TempDir()
	e := &completeExample{t: t, w: w, dir: filepath.Join(examples, "complete", name), env: append(os.Environ(),
		"CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE="+cli,
		"SERVICENOW_USERNAME="+w.ServiceNow.AdminUser(), "SERVICENOW_PASSWORD="+w.ServiceNow.AdminPassword(),
		"KIBANA_USERNAME="+acctest.KibanaUser, "KIBANA_PASSWORD="+acctest.KibanaPassword)}
	if err := os.CopyFS(examples, os.DirFS(filepath.Join("..", "..", "examples"))); err != nil {
		t.Fatal(err)
	}
	get := exec.CommandContext(t.Context(), acctest.Terraform(t).Path, "get")
	get.Dir, get.Env = e.dir, e.env
	if out, err := get.CombinedOutput(); err != nil {
		t.Fatalf("terraform get: %v\n%s", err, out)
	}
	e.set("servicenow_url", w.ServiceNowURL())
	for variable, value := range variables {
		e.set(variable, value)
	}
	return e
}

func (e *completeExample) set(variable string, value any) {
	e.t.Helper()
	text, ok := value.(string)
	if !ok {
		encoded, err := json.Marshal(value)
		if err != nil {
			e.t.Fatal(err)
		}
		text = string(encoded)
	}
	e.env = append(e.env, "TF_VAR_"+variable+"="+text)
}

// terraform runs a command that must not fail, and returns what it printed and its exit code.
func (e *completeExample) terraform(args ...string) (out string, code int) {
	e.t.Helper()
	if out, code = e.attempt(args...); code == 1 {
		e.t.Fatalf("terraform %v ended with %d:\n%s", args, code, out)
	}
	return out, code
}

// attempt runs a command, and returns what it printed and its exit code.
func (e *completeExample) attempt(args ...string) (out string, code int) {
	e.t.Helper()
	cmd := exec.CommandContext(e.t.Context(), acctest.Terraform(e.t).Path, append(args, "-no-color", "-input=false")...)
	cmd.Dir, cmd.Env = e.dir, e.env
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		e.t.Fatal(err)
	}
	return string(text), code
}

func (e *completeExample) applies() {
	e.t.Helper()
	e.terraform("apply", "-auto-approve")
	e.plansNothing()
}

// plansNothing holds that there is nothing to do, and that every check passes.
func (e *completeExample) plansNothing() {
	e.t.Helper()
	out, code := e.terraform("plan", "-detailed-exitcode")
	if code != 0 || strings.Contains(out, "Check block assertion failed") {
		e.t.Fatalf("the plan is not empty, or a check fails:\n%s", out)
	}
}

// changes changes the rows that match a query, as another administrator would.
func (e *completeExample) changes(table, query string, values servicenow.Record) {
	e.t.Helper()
	rows := e.w.ServiceNow.Records(table, query)
	if len(rows) == 0 {
		e.t.Fatalf("%s holds nothing with %s", table, query)
	}
	for _, row := range rows {
		if err := e.w.ServiceNow.Set(table, row["sys_id"], values); err != nil {
			e.t.Fatal(err)
		}
	}
}

// repairs holds that a plan updates exactly these resources, and applies it.
func (e *completeExample) repairs(addresses ...string) {
	e.t.Helper()
	out, _ := e.terraform("plan", "-detailed-exitcode")
	for _, address := range addresses {
		if !strings.Contains(out, "# "+address+" will be updated in-place") {
			e.t.Errorf("the plan does not repair %s:\n%s", address, out)
		}
	}
	if want := fmt.Sprintf("0 to add, %d to change, 0 to destroy", len(addresses)); !strings.Contains(out, want) {
		e.t.Errorf("the plan is not %q:\n%s", want, out)
	}
	e.applies()
}

func (e *completeExample) destroys() {
	e.t.Helper()
	e.terraform("destroy", "-auto-approve")
	if left := e.w.Leftovers(); len(left) > 0 {
		e.t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

// sends posts an event to the sender's URL with its key.
func (e *completeExample) sends(token string) {
	e.t.Helper()
	url := e.w.ServiceNow.Records("sn_em_connector_push_instance", "")[0]["url"]
	request, err := http.NewRequestWithContext(e.t.Context(), http.MethodPost, url, strings.NewReader(`{"severity":"1"}`))
	if err != nil {
		e.t.Fatal(err)
	}
	request.Header.Set("X-Sn-Apikey", token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		e.t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // nothing is read from it
	events := e.w.ServiceNow.Records("em_event", "source=monitor")
	if response.StatusCode != http.StatusOK || len(events) != 1 {
		e.t.Errorf("the sender got %s, and there are %d events of it", response.Status, len(events))
	}
}
