package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/terraformcli"
)

const configuration = `terraform {
  required_providers {
    servicenow = {
      source = "seed-e98ff420/servicenow"
    }
  }
}
`

// TestDescribeAgreesWithTerraform compares the dump with what the real terraform says of the built provider, in every
// part that terraform reports.
func TestDescribeAgreesWithTerraform(t *testing.T) {
	t.Parallel()
	cli := acctest.Terraform(t)
	server, err := provider.NewServer("dev")
	if err != nil {
		t.Fatal(err)
	}
	dumped, err := describe(t.Context(), cli.Address(), server)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(dumped)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := parts(t, cli, text), parts(t, cli, askTerraform(t, cli))
	for part := range ours {
		if _, reported := theirs[part]; !reported {
			delete(ours, part) // terraform older than the part
		}
	}
	if len(ours) == 0 {
		t.Fatal("terraform reported nothing to compare with")
	}
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("the dump differs from terraform's (-terraform +dump):\n%s", diff)
	}
}

// askTerraform builds the provider and returns `terraform providers schema -json` about it.
func askTerraform(t *testing.T, cli terraformcli.CLI) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	terraform := exec.CommandContext(t.Context(), cli.Path, "providers", "schema", "-json")
	terraform.Dir = dir
	terraform.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+acctest.Overrides(t), "CHECKPOINT_DISABLE=1")
	out, err := terraform.Output()
	if err != nil {
		t.Fatalf("terraform providers schema: %v", err)
	}
	return out
}

// parts returns what a schema document says of the provider, by the part's name.
func parts(t *testing.T, cli terraformcli.CLI, text []byte) map[string]any {
	t.Helper()
	var document struct {
		Schemas map[string]map[string]any `json:"provider_schemas"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	return document.Schemas[cli.Address()]
}
