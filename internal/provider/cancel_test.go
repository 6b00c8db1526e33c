package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
)

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
	apply := ws.command(t.Context(), "apply")
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
	ws.must("apply")
	if rows := w.ServiceNow.Records("sys_cors_rule", ""); len(rows) != 2 {
		t.Fatalf("%d records after the next apply, not 2", len(rows))
	}
}
