// Package examples_test holds every configuration that the documentation shows to what the real terraform says of it.
package examples_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

const requiredProviders = `terraform {
  required_providers {
    servicenow = {
      source = "seed-e98ff420/servicenow"
    }
  }
}
`

// TestExamplesValidate runs `terraform validate` with the built provider over every directory of examples, and over the
// configuration that README.md begins with.
func TestExamplesValidate(t *testing.T) {
	t.Parallel()
	configurations := map[string]string{"README.md": fenced(t, filepath.Join("..", "README.md"))}
	queries := map[string]string{}
	here := os.DirFS(".")
	terraform := acctest.Terraform(t)
	err := fs.WalkDir(here, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (path == "complete" || path == "modules") {
			return fs.SkipDir
		}
		into := configurations
		if strings.HasSuffix(path, ".tfquery.hcl") {
			into = queries
		}
		if err != nil || filepath.Ext(path) != ".tf" && !strings.HasSuffix(path, ".tfquery.hcl") {
			return err
		}
		text, err := fs.ReadFile(here, path)
		into[filepath.Dir(path)] += string(text) + "\n"
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(queries) < 5 {
		t.Errorf("%d examples of lists are found", len(queries))
	}
	cli := acctest.Overrides(t)
	for name, text := range configurations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(name, "actions") {
				acctest.Needs(t, "1.14")
			}
			if !strings.Contains(text, "required_providers") {
				text += requiredProviders
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			validate(t, terraform.Path, dir, cli)
		})
	}
	for name, text := range queries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.Needs(t, "1.14")
			dir := t.TempDir()
			for file, content := range map[string]string{"main.tf": requiredProviders, "main.tfquery.hcl": text} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			validate(t, terraform.Path, dir, cli, "-query")
		})
	}
	configurationsWithModules(t, func(t *testing.T, dir string) {
		t.Helper()
		get := exec.CommandContext(t.Context(), terraform.Path, "get")
		get.Dir, get.Env = dir, append(os.Environ(), "TF_CLI_CONFIG_FILE="+cli, "CHECKPOINT_DISABLE=1")
		if out, err := get.CombinedOutput(); err != nil {
			t.Fatalf("terraform get: %v\n%s", err, out)
		}
		validate(t, terraform.Path, dir, cli)
	})
}

// configurationsWithModules tries the modules and the complete examples, each in a copy of all.
func configurationsWithModules(t *testing.T, try func(t *testing.T, dir string)) {
	t.Helper()
	var paths []string
	for _, pattern := range []string{"complete/*/main.tf", "modules/*/main.tf"} {
		found, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil || len(found) < 5 {
			t.Fatal(err, found)
		}
		paths = append(paths, found...)
	}
	for _, path := range paths {
		t.Run(filepath.ToSlash(filepath.Dir(path)), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
				t.Fatal(err)
			}
			try(t, filepath.Join(dir, filepath.Dir(path)))
		})
	}
}

// fenced returns the first HCL block of a Markdown file.
func fenced(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```hcl\n")
	block, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatalf("%s holds no HCL block", path)
	}
	return block
}

func validate(t *testing.T, executable, dir, cli string, options ...string) {
	t.Helper()
	terraform := exec.CommandContext(t.Context(), executable, append([]string{"validate", "-json"}, options...)...)
	terraform.Dir = dir
	terraform.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+cli, "CHECKPOINT_DISABLE=1")
	out, err := terraform.Output() // it exits with 1 for an invalid configuration, and says why in JSON
	var result struct {
		Valid       bool
		Diagnostics []struct {
			Severity, Summary, Detail string
			Range                     struct{ Start struct{ Line int } }
		}
	}
	if jsonErr := json.Unmarshal(out, &result); jsonErr != nil {
		t.Fatalf("terraform validate: %v, %v\n%s", err, jsonErr, out)
	}
	for _, d := range result.Diagnostics {
		if d.Severity == "error" {
			t.Errorf("line %d: %s: %s", d.Range.Start.Line, d.Summary, d.Detail)
		}
	}
	if !result.Valid && !t.Failed() {
		t.Errorf("invalid without a reason:\n%s", out)
	}
}
