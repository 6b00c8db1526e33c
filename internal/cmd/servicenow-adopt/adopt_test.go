package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// byHand makes records as somebody else did.
type byHand struct {
	t *testing.T
	w *acctest.World
}

func (h byHand) insert(table string, values servicenow.Record) string {
	h.t.Helper()
	id, err := h.w.ServiceNow.Insert(table, values)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h byHand) column(table, id, column string) string {
	h.t.Helper()
	return h.w.ServiceNow.Records(table, "sys_id="+id)[0][column]
}

func (h byHand) connector(c kibana.Connector, secrets map[string]any) {
	h.t.Helper()
	if _, err := h.w.Kibana.Insert(c, secrets); err != nil {
		h.t.Fatal(err)
	}
}

// elastic is an integration of one Elastic deployment by OAuth, with its own user, certificate and CORS rule.
func (h byHand) elastic(name string) {
	h.t.Helper()
	_, certificate := acctest.KeyPair(h.t, name)
	user := h.insert("sys_user", servicenow.Record{"user_name": name + ".integration", "email": name + "@example.com"})
	h.insert("sys_user_has_role", servicenow.Record{
		"user": user, "role": h.w.ServiceNow.Records("sys_user_role", "name=x_elas2_inc_int.integration_user")[0]["sys_id"],
	})
	own := h.insert("sys_user_role", servicenow.Record{"name": "u_" + name, "description": "made for ${this} and %{that}"})
	h.insert("sys_user_has_role", servicenow.Record{"user": user, "role": own})
	pem := h.insert("sys_certificate", servicenow.Record{
		"name": name, "pem_certificate": certificate, "type": "trust_store_cert", "format": "pem", "active": "true",
	})
	endpoint := h.insert("oauth_jwt", servicenow.Record{
		"name": name, "user_field": "email", "inbound_grant_type": "jwt", "active": "true",
		"comments": "a \"quote\"\nand \\ more",
	})
	keyMap := h.insert("jwt_verifier_map", servicenow.Record{"name": name, "oauth_jwt": endpoint, "sys_certificate": pem})
	h.insert("sys_user_has_role", servicenow.Record{
		"user": user, "role": h.insert("sys_user_role", servicenow.Record{"name": "u_more_" + name}),
	})
	h.connector(kibana.Connector{Name: name + " ITSM", TypeID: ".servicenow", Config: map[string]any{
		"apiUrl": h.w.ServiceNowURL(), "usesTableApi": false, "isOAuth": true,
		"clientId": h.column("oauth_jwt", endpoint, "client_id"), "jwtKeyId": h.column("jwt_verifier_map", keyMap, "kid"),
		"userIdentifierValue": name + "@example.com",
	}}, map[string]any{"clientSecret": "s3cret", "privateKey": "a key"})
}

// inbound is an integration by API keys: profiles, a policy, a key and its user.
func (h byHand) inbound(name string) {
	h.t.Helper()
	user := h.insert("sys_user", servicenow.Record{"user_name": name})
	group := h.insert("sys_user_group", servicenow.Record{"name": name + " senders"})
	h.insert("sys_user_grmember", servicenow.Record{"group": group, "user": user})
	parameter := h.w.ServiceNow.Records("sys_token_auth_parameter", "parameter_name=x-sn-apikey^type=auth_header")[0]
	profile := h.insert("http_key_auth", servicenow.Record{"name": name, "auth_parameter": parameter["sys_id"]})
	api := h.w.ServiceNow.Records("sys_ws_definition", "base_uri=/api/x_elas2_inc_int/elastic_api")
	policy := h.insert("sys_api_access_policy", servicenow.Record{
		"name": name, "api": api[0]["sys_id"],
		"http_method": "GET", "apply_all_versions": "true", "apply_all_resources": "true", "active": "true",
	})
	h.insert("sys_auth_profile_mapping", servicenow.Record{"api_access_policy": policy, "inbound_auth_profile": profile})
	h.insert("api_key", servicenow.Record{"name": name, "user": user, "expires": "2099-01-01 00:00:00"})
}

func (h byHand) estate() {
	h.elastic("prod")
	h.elastic("test")
	h.inbound("billing")
	listener := h.insert("sn_em_connector_listener", servicenow.Record{
		"name": "Monitor", "source": "monitor", "script": "var a = 1;\nreturn a;\n",
	})
	h.insert("sn_em_connector_push_instance", servicenow.Record{"name": "One", "push_connector_definition": listener})
	instance := h.insert("sn_sec_int_impl", servicenow.Record{
		"name": "InsightVM", "integration": h.w.ServiceNow.Records("sn_sec_int_integration", "")[0]["sys_id"],
	})
	for parameter, value := range map[string]servicenow.Record{
		"insightvm_region": {"value": "us"}, "api_key": {"password_value": "s3cret"},
	} {
		value["implementation"] = instance
		value["configuration"] = h.w.ServiceNow.Records("sn_sec_int_config", "name="+parameter)[0]["sys_id"]
		h.insert("sn_sec_int_impl_config", value)
	}
	h.insert("sys_cors_rule", servicenow.Record{
		"name": "Elastic CORS", "domain": "https://kibana.example.com", "resource_path": "x.do",
		"use_resource_path": "true", "get": "true",
	})
	h.connector(kibana.Connector{Name: "Basic", TypeID: ".servicenow-sir", Config: map[string]any{
		"apiUrl": h.w.ServiceNowURL(), "usesTableApi": false, "isOAuth": false,
	}}, map[string]any{"username": "u", "password": "s3cret"})
	h.connector(kibana.Connector{Name: "Jira", TypeID: ".jira", Config: map[string]any{
		"apiUrl": "https://jira.example.com", "projectKey": "SEC",
	}}, map[string]any{"email": "a@example.com", "apiToken": "s3cret"})
	h.connector(kibana.Connector{Name: "Hook", TypeID: ".webhook", Config: map[string]any{
		"url": "https://hook.example.com", "method": "post", "hasAuth": false,
	}}, nil)
}

// adopt runs the command as a user does.
func adopt(t *testing.T, w *acctest.World, arguments ...string) (dir, said string, err error) {
	t.Helper()
	for name, value := range environment(w) {
		t.Setenv(name, value)
	}
	dir = filepath.Join(t.TempDir(), "adopted")
	var out bytes.Buffer
	err = run(t.Context(), append([]string{"-out", dir}, arguments...), &out)
	return dir, out.String(), err
}

func environment(w *acctest.World) map[string]string {
	return map[string]string{
		"SERVICENOW_INSTANCE_URL": w.ServiceNowURL(), "SERVICENOW_USERNAME": w.ServiceNow.AdminUser(),
		"SERVICENOW_PASSWORD": w.ServiceNow.AdminPassword(), "KIBANA_ENDPOINT": w.KibanaURL(),
		"KIBANA_USERNAME": acctest.KibanaUser, "KIBANA_PASSWORD": acctest.KibanaPassword,
	}
}

func world(t *testing.T) *acctest.World {
	t.Helper()
	w := acctest.New(t, func(o *simulator.Options) {
		o.ServiceNow.Apps = []string{servicenow.ElasticITSM, servicenow.EventConnectors, servicenow.Rapid7Integration}
	})
	byHand{t, w}.estate()
	w.Forget()
	return w
}

// TestAdoptedConfigurationOnlyImports takes an estate over with the real terraform: imports, nothing else, nothing
// written, and an empty plan afterwards.
func TestAdoptedConfigurationOnlyImports(t *testing.T) { //nolint:paralleltest // sets the environment
	cli := acctest.Overrides(t)
	w := world(t)
	dir, said, err := adopt(t, w)
	if err != nil {
		t.Fatal(err)
	}
	text := all(t, dir)
	resources := pureImports(t, w, cli, dir, 0)
	if strings.Contains(text+said, "s3cret") || strings.Contains(text, w.ServiceNow.AdminPassword()+"\"") {
		t.Error("a secret was written")
	}
	const least = 30
	if resources < least {
		t.Errorf("%d resources\n%s", resources, text)
	}
}

// terraformIn runs terraform in a directory, and fails the test where it fails.
func terraformIn(t *testing.T, cli, dir string) func(arguments ...string) string {
	t.Helper()
	return func(arguments ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), acctest.Terraform(t).Path, append(arguments, "-no-color")...)
		command.Dir = dir
		command.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+cli)
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("terraform %v: %v\n%s\n%s", arguments, err, out, all(t, dir))
		}
		return string(out)
	}
}

// pureImports holds that a configuration of at least so many resources is formatted, only imports, plans nothing after
// that, and writes nothing to any server. It returns how many resources there are.
func pureImports(t *testing.T, w *acctest.World, cli, dir string, least int) int {
	t.Helper()
	terraform := terraformIn(t, cli, dir)
	text := all(t, dir)
	terraform("fmt", "-check", "-diff")
	resources := strings.Count(text, "\nresource \"")
	if resources < least {
		t.Errorf("%d resources of %d records", resources, least)
	}
	want := fmt.Sprintf("Plan: %d to import, 0 to add, 0 to change, 0 to destroy.", resources)
	if out := terraform("plan", "-input=false"); !strings.Contains(out, want) {
		t.Fatalf("want %q\n%s", want, changes(out))
	}
	terraform("apply", "-input=false", "-auto-approve")
	if out := terraform("plan", "-input=false"); !strings.Contains(out, "No changes.") {
		t.Errorf("the second plan:\n%s", out)
	}
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("wrote %v", writes)
	}
	return resources
}

var progress = regexp.MustCompile(`(?m)^servicenow_\S+: (Preparing import|Refreshing state)\.\.\..*\n`)

// changes are the parts of a plan that are about more than an import.
func changes(plan string) string {
	var kept []string
	for part := range strings.SplitSeq(progress.ReplaceAllString(plan, ""), "\n\n") {
		if !strings.Contains(part, "will be imported\n") {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "\n\n")
}

// TestAdoptedConfigurationReads holds how the configuration reads: references, secrets as comments, one file each.
func TestAdoptedConfigurationReads(t *testing.T) { //nolint:paralleltest // sets the environment
	w := world(t)
	dir, said, err := adopt(t, w)
	if err != nil {
		t.Fatal(err)
	}
	prod, err := os.ReadFile(filepath.Join(dir, "prod_itsm.tf"))
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, said, all(t, dir))
	}
	for _, want := range []string{
		"user_id = servicenow_user.prod_integration.id", "role_id = servicenow_role.u_prod.id",
		"= servicenow_user.prod_integration.email",
		"certificate_id        = servicenow_certificate.prod.id",
		"oauth_jwt_endpoint_id = servicenow_oauth_jwt_endpoint.prod.id",
		"= servicenow_oauth_jwt_endpoint.prod.client_id", "= servicenow_jwt_verifier_map.prod_for_prod.key_id",
		"# client_secret_wo = var.", "# role x_elas2_inc_int.integration_user", "$${this} and %%{that}",
	} {
		if !strings.Contains(string(prod), want) {
			t.Errorf("no %q", want)
		}
	}
	if t.Failed() || strings.Contains(string(prod), "servicenow_user.test") {
		t.Errorf("%s\n%s", said, prod)
	}
	named, _, err := adopt(t, w, "-name", "BILLING")
	if err != nil {
		t.Fatal(err)
	}
	if text := all(t, named); !strings.Contains(text, "servicenow_group_member") || strings.Contains(text, "prod") {
		t.Errorf("by name:\n%s", text)
	}
	if _, _, err := adopt(t, w, "-name", "nobody"); err == nil || !strings.Contains(err.Error(), `named "nobody"`) {
		t.Errorf("by a name that nothing has: %v", err)
	}
	shipped, _, err := adopt(t, w, "-shipped")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(all(t, dir), "servicenow_auth_parameter") ||
		!strings.Contains(all(t, shipped), "resource \"servicenow_auth_parameter\"") {
		t.Error("what the platform ships is adopted, or cannot be")
	}
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("wrote %v", writes)
	}
}

func TestRefusals(t *testing.T) {
	w := acctest.New(t)
	for name, value := range environment(w) {
		t.Setenv(name, value)
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "main.tf"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refuses := func(want string, arguments ...string) {
		t.Helper()
		err := run(t.Context(), arguments, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v: %v", arguments, err)
		}
	}
	refuses("usage")
	refuses("usage", "-out", "x", "y")
	refuses("is not empty", "-out", full)
	empty := filepath.Join(t.TempDir(), "new")
	t.Setenv("SERVICENOW_PASSWORD", "wrong")
	t.Setenv("KIBANA_ENDPOINT", "")
	refuses("401", "-out", empty)
	t.Setenv("SERVICENOW_INSTANCE_URL", "")
	refuses("SERVICENOW_INSTANCE_URL", "-out", empty)
	if _, err := os.Stat(empty); err == nil {
		t.Error("a directory was made")
	}
}

// all joins the files of a directory.
func all(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "# %s\n%s\n", filepath.Base(name), content)
	}
	return text.String()
}
