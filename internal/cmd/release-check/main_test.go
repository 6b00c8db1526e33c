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
	for _, name := range commands {
		sums += "dd  " + name + "_0.1.1_linux_amd64.zip\nee  " + name + "_0.1.1_linux_amd64.cyclonedx.json\n"
	}
	path := filepath.Join(dist, "terraform-provider-servicenow_0.1.1_SHA256SUMS")
	if err := os.WriteFile(path, []byte(sums), 0o600); err != nil {
		t.Fatal(err)
	}
	one, err := read(dist)
	if err != nil || one.version != "0.1.1" || len(one.sums) != 3+2*len(commands) {
		t.Fatalf("read() = %+v, %v", one, err)
	}
	if missing := one.missing([]string{"linux_amd64"}); len(missing) > 0 {
		t.Errorf("missing(): %v", missing)
	}
	if missing := one.missing(registryPlatforms); len(missing) != 2*(len(registryPlatforms)-1)+
		2*len(commands)*(len(commandPlatforms)-1) {
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
	for name := range one.sums {
		if strings.HasPrefix(name, "servicenow-") {
			want = append(want, name)
		}
	}
	slices.Sort(want)
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
			ID, Main     string
			GOOS, GOARCH []string
			Ignore       []struct{ GOOS, GOARCH string }
		}
		Archives []struct{ IDs []string }
	}
	if err := yaml.Unmarshal(text, &config); err != nil || len(config.Builds) != 1+len(commands) ||
		len(config.Archives) != len(config.Builds) {
		t.Fatalf("%v, %d builds", err, len(config.Builds))
	}
	for i, build := range config.Builds {
		var platforms []string
		for _, system := range build.GOOS {
			for _, architecture := range build.GOARCH {
				if !slices.Contains(build.Ignore, struct{ GOOS, GOARCH string }{system, architecture}) {
					platforms = append(platforms, system+"_"+architecture)
				}
			}
		}
		slices.Sort(platforms)
		want := commandPlatforms
		if build.ID == "provider" {
			want = registryPlatforms
		} else if !slices.Contains(commands, build.ID) || build.Main != "./internal/cmd/"+build.ID {
			t.Errorf("%s builds %s", build.ID, build.Main)
		}
		if !slices.Equal(platforms, want) {
			t.Errorf("%s is built for %s, wanted are %s", build.ID, strings.Join(platforms, " "), strings.Join(want, " "))
		}
		if !slices.Equal(config.Archives[i].IDs, []string{build.ID}) {
			t.Errorf("an archive of %v, where %s is built", config.Archives[i].IDs, build.ID)
		}
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
