package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
)

const address = "registry.terraform.io/seed-e98ff420/servicenow"

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
	dumped, err := describe(t.Context(), address, providerserver.NewProtocol6(provider.New("dev")())())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(dumped)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := parts(t, text), parts(t, askTerraform(t.Context(), t))
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
func askTerraform(ctx context.Context, t *testing.T) []byte {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"cli.tfrc": fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n}\n", address, dir),
		"main.tf":  configuration,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(dir, "terraform-provider-servicenow")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "../../..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the provider: %v\n%s", err, out)
	}
	terraform := exec.CommandContext(ctx, "terraform", "providers", "schema", "-json")
	terraform.Dir = dir
	terraform.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "cli.tfrc"), "CHECKPOINT_DISABLE=1")
	out, err := terraform.Output()
	if err != nil {
		t.Fatalf("terraform providers schema: %v", err)
	}
	return out
}

// parts returns what a schema document says of the provider, by the part's name.
func parts(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var document struct {
		Schemas map[string]map[string]any `json:"provider_schemas"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	return document.Schemas[address]
}
