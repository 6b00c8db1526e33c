package provider_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

// workspace is a directory in which terraform runs with the provider as a process of its own, as users run it.
type workspace struct {
	t        *testing.T
	dir, cli string
}

// newWorkspace builds the provider and lays a configuration out.
func newWorkspace(t *testing.T, w *acctest.World, config string) workspace {
	t.Helper()
	return workspace{cli: acctest.Overrides(t)}.at(t, w, config)
}

// at lays a configuration out for the same provider in a directory of its own.
func (w workspace) at(t *testing.T, world *acctest.World, config string) workspace {
	t.Helper()
	return w.with(t, world.Provider()+config)
}

// with is at for a configuration that has a provider block of its own.
func (w workspace) with(t *testing.T, config string) workspace {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.tf"), `terraform {
  required_providers {
    servicenow = {
      source = "seed-e98ff420/servicenow"
    }
  }
}
`+config)
	return workspace{t, dir, w.cli}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w workspace) command(ctx context.Context, verb string, args ...string) *exec.Cmd {
	args = append([]string{verb, "-no-color", "-input=false"}, args...)
	if verb != "plan" {
		args = append(args, "-auto-approve")
	}
	cmd := exec.CommandContext(ctx, acctest.Terraform(w.t).Path, args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+w.cli)
	return cmd
}

// result is what a command printed, and how it ended.
type result struct {
	out string
	err error
}

func (w workspace) run(verb string, args ...string) result {
	w.t.Helper()
	out, err := w.command(w.t.Context(), verb, args...).CombinedOutput()
	return result{string(out), err}
}

func (w workspace) must(verb string) {
	w.t.Helper()
	if r := w.run(verb); r.err != nil {
		w.t.Fatalf("%s: %v\n%s", verb, r.err, r.out)
	}
}
