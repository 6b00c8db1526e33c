package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestSnapshotsAreCompared(t *testing.T) {
	t.Parallel()
	dist := t.TempDir()
	sums := "aa  terraform-provider-servicenow_0.1.1_linux_amd64.zip\n" +
		"bb  terraform-provider-servicenow_0.1.1_linux_amd64.cyclonedx.json\n" +
		"cc  terraform-provider-servicenow_0.1.1_manifest.json\n"
	path := filepath.Join(dist, "terraform-provider-servicenow_0.1.1_SHA256SUMS")
	if err := os.WriteFile(path, []byte(sums), 0o600); err != nil {
		t.Fatal(err)
	}
	one, err := read(dist)
	if err != nil || one.version != "0.1.1" || len(one.sums) != 3 {
		t.Fatalf("read() = %+v, %v", one, err)
	}
	if missing := one.missing([]string{"linux_amd64"}); len(missing) > 0 {
		t.Errorf("missing(): %v", missing)
	}
	if missing := one.missing(registryPlatforms); len(missing) != 2*(len(registryPlatforms)-1) {
		t.Errorf("missing() = %v", missing)
	}
	if different := one.differs(one); len(different) > 0 {
		t.Errorf("differs() from itself: %v", different)
	}
	two := snapshot{sums: map[string]string{
		"terraform-provider-servicenow_0.1.1_linux_amd64.zip": "other",
		"terraform-provider-servicenow_0.1.1_manifest.json":   "cc",
		"new": "dd",
	}}
	want := []string{
		"new", "terraform-provider-servicenow_0.1.1_linux_amd64.cyclonedx.json",
		"terraform-provider-servicenow_0.1.1_linux_amd64.zip",
	}
	if different := one.differs(two); !slices.Equal(different, want) {
		t.Errorf("differs() = %v, want %v", different, want)
	}
	if _, err := read(t.TempDir()); err == nil {
		t.Error("an empty folder has checksums")
	}
}

// TestReleaseBuildsWhatTheRegistryAsksFor reads the platforms out of goreleaser's configuration as goreleaser does.
func TestReleaseBuildsWhatTheRegistryAsksFor(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", ".goreleaser.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Builds []struct {
			GOOS   []string
			GOARCH []string
			Ignore []struct{ GOOS, GOARCH string }
		}
	}
	if err := yaml.Unmarshal(text, &config); err != nil || len(config.Builds) != 1 {
		t.Fatalf("%v, %d builds", err, len(config.Builds))
	}
	var platforms []string
	for _, system := range config.Builds[0].GOOS {
		for _, architecture := range config.Builds[0].GOARCH {
			if !slices.Contains(config.Builds[0].Ignore, struct{ GOOS, GOARCH string }{system, architecture}) {
				platforms = append(platforms, system+"_"+architecture)
			}
		}
	}
	slices.Sort(platforms)
	if !slices.Equal(platforms, registryPlatforms) {
		t.Errorf("built are %s, asked for are %s", strings.Join(platforms, " "), strings.Join(registryPlatforms, " "))
	}
}

func TestRestrictLeavesOtherPlatformsOut(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), ".goreleaser.yml")
	if err := os.WriteFile(path, []byte("builds:\n  - goos: [linux, darwin]\n    binary: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := restrict(path, []string{"linux_amd64"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(text), "darwin") || !strings.Contains(string(text), "linux_amd64") ||
		!strings.Contains(string(text), "binary: x") {
		t.Errorf("%v\n%s", err, text)
	}
}
