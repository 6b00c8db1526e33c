package examples_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// TestDriftReport runs the report over an integration that nobody touched, one that somebody changed, one whose user is
// locked out, which no plan shows, and one that cannot be reached.
func TestDriftReport(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	u := newUser(t, w, acctest.Overrides(t))
	u.keyPair("elastic")
	u.writes("client-secret.txt", "a-long-random-secret\n")
	u.writes("main.tf", u.own(firstIntegration(t)))
	u.applies()
	script, err := filepath.Abs(filepath.Join("drift-report", "drift-report.sh"))
	if err != nil {
		t.Fatal(err)
	}
	u.env = append(u.env, "TERRAFORM="+acctest.Terraform(t).Path)
	reports := func(want int, texts ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), "sh", script, "report.md")
		command.Dir, command.Env = u.dir, u.env
		out, err := command.CombinedOutput()
		code := 0
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			code = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		report, err := os.ReadFile(filepath.Join(u.dir, "report.md"))
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if code != want {
			t.Errorf("it ended with %d, not %d:\n%s\n%s", code, want, out, report)
		}
		for _, text := range texts {
			if !strings.Contains(string(report), text) {
				t.Errorf("the report lacks %q:\n%s", text, report)
			}
		}
		if strings.Contains(string(report), "a-long-random-secret") || strings.Contains(string(report), "PRIVATE KEY") {
			t.Errorf("the report holds a secret:\n%s", report)
		}
	}
	reports(0, "# No drift\n")
	somebody := &reader{t: t, w: w}
	changes("sys_cors_rule", "name=Elastic ITSM", servicenow.Record{"domain": "https://a|b.example.com"})(somebody)
	reports(2, "# Drift\n", "## update: `module.itsm.module.instance.servicenow_cors_rule.kibana`",
		"| `domain` | `https://a\\|b.example.com` | `"+w.KibanaURL()+"` |")
	u.applies()
	changes("sys_user", "user_name=elastic.itsm", servicenow.Record{"locked_out": "true"})(somebody)
	reports(2, "# Drift\n", "## Failing checks", "module.itsm.check.integration_is_healthy", "locked out")
	u.env = append(u.env, "SERVICENOW_PASSWORD=wrong")
	reports(1, "# The plan failed\n")
}

// TestDriftPipelinesParse reads the two pipelines, which run nowhere here.
func TestDriftPipelinesParse(t *testing.T) {
	t.Parallel()
	for name, job := range map[string]string{"github-actions.yml": "jobs", "gitlab-ci.yml": "drift"} {
		text, err := os.ReadFile(filepath.Join("drift-report", name))
		if err != nil {
			t.Fatal(err)
		}
		var pipeline map[string]any
		if err := yaml.Unmarshal(text, &pipeline); err != nil || pipeline[job] == nil {
			t.Errorf("%s: %v, %v", name, err, pipeline)
		}
		if !strings.Contains(string(text), "./drift-report.sh") {
			t.Errorf("%s does not run the script", name)
		}
	}
}
