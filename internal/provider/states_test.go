package provider_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

var recordState = flag.String("record-state", "", "apply testdata/states/`VERSION`/main.tf and keep its state there")

// states are folders, one for each release that changed what a state holds: main.tf, the state that the release left of
// it, and what the servers held then. To add one, copy the newest main.tf and state.crt and run this test with
// -record-state VERSION.
const states = "testdata/states"

// servers are the records that an apply made.
type servers struct {
	Rows         []row                 `json:"rows"`
	Connectors   []kibana.Connector    `json:"connectors"`
	CaseSettings []kibana.CaseSettings `json:"case_settings"`
}

type row struct {
	Table  string            `json:"table"`
	Values servicenow.Record `json:"values"`
}

// stateWorld is the same at each start, but for its addresses.
func stateWorld(t *testing.T) *acctest.World {
	t.Helper()
	return acctest.New(t, func(o *simulator.Options) {
		o.ServiceNow.Apps = []string{servicenow.ElasticITSM, servicenow.EventConnectors, servicenow.Rapid7Integration}
		o.ServiceNow.DeterministicIDs, o.Kibana.DeterministicIDs = true, true
	})
}

// The addresses that fixtures hold instead of the simulator's, whose ports differ.
const stateInstance, stateKibana = "https://state.service-now.example", "https://kibana.state.example"

// TestStatesOfReleases plans nothing over the state that each release left, although it was written by that release.
func TestStatesOfReleases(t *testing.T) {
	t.Parallel()
	cli := acctest.Overrides(t)
	if *recordState != "" {
		keepState(t, filepath.Join(states, *recordState), cli)
	}
	folders, err := filepath.Glob(filepath.Join(states, "*"))
	if err != nil || len(folders) == 0 {
		t.Fatal(err, folders)
	}
	for _, folder := range folders {
		for name, rewrite := range map[string]func(string) string{
			"as it was": func(state string) string { return state },
			// What builds from before 0.1.0 wrote.
			"of schema version 0": func(state string) string {
				return strings.ReplaceAll(state, `"schema_version": 1`, `"schema_version": 0`)
			},
		} {
			t.Run(filepath.Base(folder)+", "+name, func(t *testing.T) {
				t.Parallel()
				w := stateWorld(t)
				text, err := os.ReadFile(filepath.Join(folder, "servers.json"))
				if err != nil {
					t.Fatal(err)
				}
				var held servers
				if err := json.Unmarshal([]byte(here(w, string(text))), &held); err != nil {
					t.Fatal(err)
				}
				restore(t, w, held)
				state, err := os.ReadFile(filepath.Join(folder, "state.json"))
				if err != nil {
					t.Fatal(err)
				}
				dir := stateFolder(t, folder)
				// OpenTofu looks the provider up in a registry of its own.
				text = bytes.ReplaceAll([]byte(rewrite(here(w, string(state)))),
					[]byte("registry.terraform.io/seed-e98ff420/servicenow"), []byte(acctest.Terraform(t).Address()))
				if err := os.WriteFile(filepath.Join(dir, "terraform.tfstate"), text, 0o600); err != nil {
					t.Fatal(err)
				}
				w.Forget()
				out, code := stateTerraform(t, w, cli, dir, "plan", "-detailed-exitcode")
				if code != 0 {
					t.Errorf("the plan is not empty:\n%s", out)
				}
				if writes := w.Writes(); len(writes) > 0 {
					t.Errorf("a plan wrote %v", writes)
				}
			})
		}
	}
}

// TestStatesHoldEveryResource holds that the fixture of the newest release has one of each, in today's schema version.
func TestStatesHoldEveryResource(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(filepath.Join(states, "*"))
	if err != nil || len(folders) == 0 {
		t.Fatal(err, folders)
	}
	text, err := os.ReadFile(filepath.Join(folders[len(folders)-1], "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Mode, Type string
			Instances  []struct {
				SchemaVersion int64 `json:"schema_version"`
			}
		}
	}
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	versions := map[string]int64{}
	for _, r := range state.Resources {
		if r.Mode == "managed" {
			versions[r.Type] = r.Instances[0].SchemaVersion
		}
	}
	for _, e := range served(t) {
		if e.kind != "resources" {
			continue
		}
		if e.schema.Version < 1 {
			t.Errorf("%s has no schema version", e.name)
		}
		if version, ok := versions[e.name]; !ok || version != e.schema.Version {
			t.Errorf("%s: the newest state in %s has none of schema version %d: add one to its main.tf, and record it: "+
				"TF_ACC=1 go test ./internal/provider -run TestStatesOfReleases -record-state 0.1.0", e.name, states,
				e.schema.Version)
		}
	}
}

// here puts the simulator's addresses in the place of a fixture's.
func here(w *acctest.World, text string) string {
	return strings.NewReplacer(stateInstance, w.ServiceNowURL(), stateKibana, w.KibanaURL()).Replace(text)
}

func stateFolder(t *testing.T, folder string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"main.tf", "state.crt"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		//nolint:gosec // the path is in a folder of the test's own
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func stateTerraform(t *testing.T, w *acctest.World, cli, dir string, args ...string) (out string, code int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), acctest.Terraform(t).Path, append(args, "-no-color", "-input=false")...)
	command.Dir, command.Env = dir, append(os.Environ(), "TF_CLI_CONFIG_FILE="+cli, "CHECKPOINT_DISABLE=1",
		"SERVICENOW_INSTANCE_URL="+w.ServiceNowURL(), "SERVICENOW_USERNAME="+w.ServiceNow.AdminUser(),
		"SERVICENOW_PASSWORD="+w.ServiceNow.AdminPassword(), "KIBANA_ENDPOINT="+w.KibanaURL(),
		"KIBANA_USERNAME="+acctest.KibanaUser, "KIBANA_PASSWORD="+acctest.KibanaPassword)
	text, err := command.CombinedOutput()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if code == 1 {
		t.Fatalf("terraform %v:\n%s", args, text)
	}
	return string(text), code
}

// keepState applies a folder's configuration, and keeps there what state and servers hold then.
func keepState(t *testing.T, folder, cli string) {
	t.Helper()
	w := stateWorld(t)
	before := map[string]bool{}
	for _, r := range rows(w) {
		before[r.Values["sys_id"]] = true
	}
	dir := stateFolder(t, folder)
	stateTerraform(t, w, cli, dir, "apply", "-auto-approve")
	state, err := os.ReadFile(filepath.Join(dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	held := servers{Connectors: w.Kibana.Connectors(), CaseSettings: w.Kibana.CaseSettings()}
	for _, r := range rows(w) {
		if !before[r.Values["sys_id"]] {
			maps.DeleteFunc(r.Values, func(_, value string) bool { return value == "" })
			held.Rows = append(held.Rows, r)
		}
	}
	text, err := json.MarshalIndent(held, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	there := strings.NewReplacer(w.ServiceNowURL(), stateInstance, w.KibanaURL(), stateKibana)
	for name, content := range map[string]string{"state.json": string(state), "servers.json": string(text) + "\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(there.Replace(content)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// rows are those of all tables, each in the table that it was made in.
func rows(w *acctest.World) []row {
	seen := map[string]bool{}
	var all []row
	tables := w.ServiceNow.Tables()
	for _, table := range tables {
		for _, values := range w.ServiceNow.Records(table, "") {
			if class := values["sys_class_name"]; class != table && slices.Contains(tables, class) {
				continue
			}
			if id := values["sys_id"]; !seen[id] {
				seen[id] = true
				all = append(all, row{table, values})
			}
		}
	}
	return all
}

// restore makes what a release left on the servers.
func restore(t *testing.T, w *acctest.World, held servers) {
	t.Helper()
	for _, r := range held.Rows {
		if _, there := w.ServiceNow.Record(r.Table, r.Values["sys_id"]); !there {
			if _, err := w.ServiceNow.Insert(r.Table, r.Values); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, r := range held.Rows { // once more, since rules fill in what they would for a new row
		if err := w.ServiceNow.Set(r.Table, r.Values["sys_id"], r.Values); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range held.Connectors {
		if _, err := w.Kibana.Insert(c, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range held.CaseSettings {
		body, err := json.Marshal(map[string]any{"owner": s.Owner, "closure_type": s.ClosureType, "connector": s.Connector})
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.KibanaURL()+"/api/cases/configure",
			bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(acctest.KibanaUser, acctest.KibanaPassword)
		request.Header.Set("Kbn-Xsrf", "true")
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("the case settings could not be restored: %s", response.Status)
		}
	}
}

// TestStatesHoldNoSecret holds that no fixture has one of the secrets that its configuration sets.
func TestStatesHoldNoSecret(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(filepath.Join(states, "*"))
	if err != nil || len(folders) == 0 {
		t.Fatal(err, folders)
	}
	for _, folder := range folders {
		configuration, err := os.ReadFile(filepath.Join(folder, "main.tf"))
		if err != nil {
			t.Fatal(err)
		}
		secrets := regexp.MustCompile(`"([^"]* of the fixture)"`).FindAllSubmatch(configuration, -1)
		if len(secrets) < 10 {
			t.Fatalf("%s sets %d secrets", folder, len(secrets))
		}
		for _, name := range []string{"state.json", "servers.json"} {
			text, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range secrets {
				if bytes.Contains(text, secret[1]) {
					t.Errorf("%s holds %q", filepath.Join(folder, name), secret[1])
				}
			}
		}
	}
}
