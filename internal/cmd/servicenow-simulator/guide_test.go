package main

import (
	"go/format"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/seed"
)

// guideBlocks returns the fenced blocks of a language in the guide, in order.
func guideBlocks(t *testing.T, language string) []string {
	t.Helper()
	guide, err := os.ReadFile("../../../templates/guides/testing-with-the-simulator.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, found := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllStringSubmatch(string(guide), -1) {
		blocks = append(blocks, found[1])
	}
	return blocks
}

// The guide's module passes its tests as they stand there, but for the simulator's port.
func TestGuidesModulePassesItsTests(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	blocks := guideBlocks(t, "terraform")
	if len(blocks) != 3 {
		t.Fatalf("%d blocks of Terraform, want a module and two tests", len(blocks))
	}
	const address = "http://127.0.0.1:8080"
	if !strings.Contains(blocks[1], address) {
		t.Fatalf("the guide's test does not name %s", address)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.tf": blocks[0], "tests/simulator.tftest.hcl": strings.ReplaceAll(blocks[1], address, w.ServiceNowURL()),
		"tests/mock.tftest.hcl": blocks[2],
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.CommandContext(t.Context(), acctest.Terraform(t).Path, "test", "-no-color")
	command.Dir = dir
	command.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+acctest.Overrides(t))
	out, err := command.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "2 passed, 0 failed") {
		t.Errorf("%v\n%s", err, out)
	}
	wrote := 0
	for _, r := range w.ServiceNow.Requests() {
		if r.Method == http.MethodPost && strings.HasSuffix(r.Path, "/sys_cors_rule") {
			wrote++
		}
	}
	if wrote != 1 {
		t.Errorf("%d rules were written, want one: by the test against the simulator", wrote)
	}
}

// The guide's seed fills both sides.
func TestGuidesSeedIsOne(t *testing.T) {
	t.Parallel()
	given, err := seed.Read(strings.NewReader(guideBlocks(t, "yaml")[0]))
	if err != nil {
		t.Fatal(err)
	}
	sim, err := simulator.Start(simulator.Options{Seed: given})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sim.Close() }()
	incidents, settings := sim.ServiceNow.Records("incident", "assignment_group.name=Network"), sim.Kibana.CaseSettings()
	if len(incidents) != 1 || len(settings) != 1 || settings[0].Connector["name"] != "ITSM" {
		t.Errorf("incidents %v, case settings %v", incidents, settings)
	}
}

// The guide's pictures are there, and small: a page of documentation loads them all.
func TestGuidesPicturesAreSmall(t *testing.T) {
	t.Parallel()
	const most = 300_000
	size := int64(0)
	pictures, err := filepath.Glob("../../../templates/guides/simulator-*.png")
	if err != nil || len(pictures) == 0 {
		t.Fatalf("pictures: %v, %v", pictures, err)
	}
	guide, err := os.ReadFile("../../../docs/guides/testing-with-the-simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, picture := range pictures {
		info, err := os.Stat(filepath.Join("../../../docs/guides", filepath.Base(picture)))
		if err != nil || !strings.Contains(string(guide), "]("+filepath.Base(picture)+")") {
			t.Errorf("%s: not on the page, or not beside it: %v", picture, err)
			continue
		}
		size += info.Size()
	}
	if size > most {
		t.Errorf("%d bytes of pictures", size)
	}
}

// The guide's other blocks parse: the pipelines as YAML, the helper as Go.
func TestGuidesOtherBlocksParse(t *testing.T) {
	t.Parallel()
	pipelines, helpers := guideBlocks(t, "yaml")[1:], guideBlocks(t, "go")
	if len(pipelines) != 2 || len(helpers) != 1 {
		t.Fatalf("%d pipelines and %d helpers, want two and one", len(pipelines), len(helpers))
	}
	for _, text := range pipelines {
		var pipeline struct {
			Jobs map[string]struct {
				Steps []map[string]any `yaml:"steps"`
			} `yaml:"jobs"`
		}
		if err := yaml.Unmarshal([]byte(text), &pipeline); err != nil || len(pipeline.Jobs["test"].Steps) == 0 {
			t.Errorf("pipeline: %v, %+v", err, pipeline)
		}
	}
	if formatted, err := format.Source([]byte(helpers[0])); err != nil || string(formatted) != helpers[0] {
		t.Errorf("helper: %v", err)
	}
}
