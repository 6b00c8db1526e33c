package provider_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
)

// workspace is a directory in which terraform runs with the provider as a process of its own, as users run it.
type workspace struct {
	t   *testing.T
	dir string
	env []string
}

func newWorkspace(t *testing.T, w *acctest.World, config string) workspace {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "bin", "terraform-provider-servicenow")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, root)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, content := range map[string]string{
		"cli.tfrc": fmt.Sprintf("provider_installation {\n  dev_overrides {\n"+
			"    \"registry.terraform.io/seed-e98ff420/servicenow\" = %q\n  }\n  direct {}\n}\n", filepath.Join(dir, "bin")),
		"main.tf": "terraform {\n  required_providers {\n    servicenow = {\n" +
			"      source = \"seed-e98ff420/servicenow\"\n    }\n  }\n}\n" + w.Provider() + config,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "cli.tfrc"))
	return workspace{t, dir, env}
}

func (w workspace) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.t.Context(), "terraform", args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	return cmd
}

// TestInterrupt presses Ctrl-C while the server works on a create: the record is saved, and nothing more is begun.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	const path = "/api/now/table/sys_cors_rule"
	slow := fault.Rule{Kind: fault.Latency, Method: "POST", PathPrefix: path, DelayMS: 3000}
	if _, err := w.ServiceNow.Faults.Add(slow); err != nil {
		t.Fatal(err)
	}
	ws := newWorkspace(t, w, fmt.Sprintf(rule, 60)+`
resource "servicenow_cors_rule" "next" {
  name          = servicenow_cors_rule.test.id
  domain        = "https://a.example.com"
  resource_path = "y.do"
}
`)
	apply := ws.command("apply", "-auto-approve", "-no-color", "-input=false")
	var out strings.Builder
	apply.Stdout, apply.Stderr = &out, &out
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for ; w.ServiceNow.Faults.Rules()[0].Matched == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no create was sent:\n%s", out.String())
		}
	}
	if err := apply.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := apply.Wait(); err == nil {
		t.Fatalf("an interrupted apply succeeded:\n%s", out.String())
	}
	rows := w.ServiceNow.Records("sys_cors_rule", "")
	if len(rows) != 1 {
		t.Fatalf("%d records, not the one that was in flight:\n%s", len(rows), out.String())
	}
	state, err := os.ReadFile(filepath.Join(ws.dir, "terraform.tfstate"))
	if err != nil || !strings.Contains(string(state), rows[0]["sys_id"]) || strings.Contains(string(state), `"tainted"`) {
		t.Fatalf("the record that was made is not in the state: %v\n%s\n%s", err, state, out.String())
	}
	w.ServiceNow.Faults.Clear()
	if out, err := ws.command("apply", "-auto-approve", "-no-color", "-input=false").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if rows := w.ServiceNow.Records("sys_cors_rule", ""); len(rows) != 2 {
		t.Fatalf("%d records after the next apply, not 2", len(rows))
	}
}
