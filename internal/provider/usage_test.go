package provider_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

// TestUsageLine runs a plan as a user does who wants to know what it cost, and compares the line with what the servers
// saw.
func TestUsageLine(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	ws := newWorkspace(t, w, `
resource "servicenow_role" "test" {
  count = 12
  name  = "x_acme.role${count.index}"
}

resource "servicenow_kibana_itsm_connector" "test" {
  count      = 3
  name       = "c${count.index}"
  api_url    = "https://acme.service-now.com"
  basic_auth = { username_wo = "u", password_wo = "canary-password" }
}
`)
	ws.must("apply")
	w.Forget()
	plan := ws.command(t.Context(), "plan")
	log := filepath.Join(t.TempDir(), "terraform.log")
	plan.Env = append(plan.Env, "TF_LOG=INFO", "TF_LOG_PATH="+log)
	if out, err := plan.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "HTTP requests of this process") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 1 {
		t.Fatalf("%d lines about requests, want one for the one process that sends any:\n%s", len(lines), text)
	}
	told := regexp.MustCompile(`requests=(\d+)`).FindStringSubmatch(lines[0])
	joined := regexp.MustCompile(`joined=(\d+)`).FindStringSubmatch(lines[0])
	seen := len(w.ServiceNow.Requests()) + len(w.Kibana.Requests())
	if told == nil || told[1] != strconv.Itoa(seen) || joined == nil || joined[1] == "0" {
		t.Errorf("the servers saw %d requests; the line is %s", seen, lines[0])
	}
	if !strings.Contains(lines[0], "[INFO]") || !strings.Contains(lines[0], `kibana="GET `) {
		t.Errorf("the line is %s", lines[0])
	}
}
