package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// TestCompleteExampleOnAnExportedInstance exports an instance, starts a simulator from the file, and takes the complete
// Elastic ITSM example through its life there.
func TestCompleteExampleOnAnExportedInstance(t *testing.T) { //nolint:paralleltest // sets the environment
	cli := acctest.Overrides(t)
	original := acctest.New(t)
	if _, err := original.ServiceNow.Insert("sys_dictionary", servicenow.Record{
		"name": "sys_cors_rule", "element": "u_team", "internal_type": "string", "max_length": "40",
		"default_value": "integration",
	}); err != nil {
		t.Fatal(err)
	}
	file, _ := exportAsAdmin(t, original)
	w := acctest.New(t, func(o *simulator.Options) { o.Dictionary = file })
	examples := t.TempDir()
	if err := os.CopyFS(examples, os.DirFS(filepath.Join("..", "..", "..", "examples"))); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(examples, "complete", "elastic-itsm")
	key, certificate := acctest.KeyPair(t, "Elastic")
	if err := os.WriteFile(filepath.Join(dir, "elastic.crt"), []byte(certificate), 0o600); err != nil {
		t.Fatal(err)
	}
	terraform := func(arguments ...string) string {
		t.Helper()
		command := exec.CommandContext(t.Context(), acctest.Terraform(t).Path, append(arguments, "-no-color")...)
		command.Dir = dir
		command.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+cli, "TF_INPUT=0",
			"SERVICENOW_USERNAME="+w.ServiceNow.AdminUser(), "SERVICENOW_PASSWORD="+w.ServiceNow.AdminPassword(),
			"SERVICENOW_INSTANCE_URL="+w.ServiceNowURL(), "KIBANA_USERNAME="+acctest.KibanaUser,
			"KIBANA_PASSWORD="+acctest.KibanaPassword, "TF_VAR_servicenow_url="+w.ServiceNowURL(),
			"TF_VAR_kibana_url="+w.KibanaURL(), "TF_VAR_private_key="+key, "TF_VAR_client_secret=a-long-random-secret")
		out, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("terraform %v: %v\n%s", arguments, err, out)
		}
		return string(out)
	}
	terraform("get")
	terraform("apply", "-auto-approve")
	out := terraform("plan", "-detailed-exitcode")
	if strings.Contains(out, "Check block assertion failed") {
		t.Error(out)
	}
	rules := w.ServiceNow.Records("sys_cors_rule", "name=Elastic ITSM")
	if len(rules) != 1 || rules[0]["u_team"] != "integration" {
		t.Errorf("the rule on an instance with a column of its own: %v", rules)
	}
	terraform("destroy", "-auto-approve")
	if left := w.Leftovers(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
