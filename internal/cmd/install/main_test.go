package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

// configuration needs this provider and one from elsewhere.
const configuration = `terraform {
  required_providers {
    servicenow = {
      source  = "seed-e98ff420/servicenow"
      version = "~> 0.1"
    }
    neighbour = {
      source = "example.test/acme/neighbour"
    }
  }
}

output "url" {
  value = provider::servicenow::inbound_event_url("https://dev12345.service-now.com", "monitor", null)
}
`

// TestInstalledProviderStandsBesideOthers runs init and apply with the real terraform, twice: the second time with a
// newer build, as after a change of the code.
func TestInstalledProviderStandsBesideOthers(t *testing.T) {
	t.Parallel()
	terraform := acctest.Terraform(t)
	mirror, work := filepath.Join(t.TempDir(), "a mirror"), t.TempDir()
	var out bytes.Buffer
	if err := run(t.Context(), mirror, time.Unix(1_800_000_000, 0), &out); err != nil {
		t.Fatal(err)
	}
	cli := filepath.Join(mirror, "terraform.tfrc")
	installed, err := os.ReadFile(cli)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), string(installed)) || !strings.Contains(out.String(), cli) {
		t.Errorf("what is printed does not show %s:\n%s", cli, &out)
	}

	// The neighbour's registry is a second mirror here: what matters is that the first one does not answer for it.
	neighbours := neighbour(t)
	text := strings.Replace(string(installed), "  direct {\n", "  filesystem_mirror {\n    path = \""+neighbours+
		"\"\n", 1)
	if text == string(installed) {
		t.Fatal("the configuration leaves no place for other providers")
	}
	both := filepath.Join(t.TempDir(), "both.tfrc")
	for path, content := range map[string]string{both: text, filepath.Join(work, "main.tf"): configuration} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := func(args ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), terraform.Path, args...)
		c.Dir, c.Env = work, append(os.Environ(), "TF_CLI_CONFIG_FILE="+both, "CHECKPOINT_DISABLE=1")
		text, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("terraform %v: %v\n%s", args, err, text)
		}
		return string(text)
	}
	if text := command("init", "-no-color"); !strings.Contains(text, "servicenow v0.1.1800000000") ||
		!strings.Contains(text, "example.test/acme/neighbour v1.2.3") {
		t.Errorf("init installed something else:\n%s", text)
	}

	if err := run(t.Context(), mirror, time.Unix(1_800_000_001, 0), &out); err != nil {
		t.Fatal(err)
	}
	if text := command("init", "-no-color", "-upgrade"); !strings.Contains(text, "servicenow v0.1.1800000001") {
		t.Errorf("init -upgrade did not take the new build:\n%s", text)
	}
	if text := command("apply", "-no-color", "-auto-approve"); !strings.Contains(text, "source=monitor") {
		t.Errorf("terraform does not run what was installed:\n%s", text)
	}
}

// neighbour returns a mirror that holds another provider, which is this one under another name.
func neighbour(t *testing.T) string {
	t.Helper()
	mirror := t.TempDir()
	from := filepath.Dir(acctest.Overrides(t))
	dir := filepath.Join(mirror, "example.test", "acme", "neighbour", "1.2.3", runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(from, "terraform-provider-servicenow*"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	name := strings.Replace(filepath.Base(names[0]), "servicenow", "neighbour_v1.2.3", 1)
	if err := os.Link(names[0], filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	return filepath.ToSlash(mirror)
}

func TestRunWantsAFolder(t *testing.T) {
	t.Parallel()
	if err := run(t.Context(), "", time.Now(), &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "-dir") {
		t.Errorf("run() = %v, want an error that names -dir", err)
	}
}
