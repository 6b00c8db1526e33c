// Command release-check proves, without releasing anything, that a release would work: the configuration of goreleaser
// is valid; two builds of the last commit, in two folders and with two build caches, have the same hashes; every
// platform has its archive and its bill of materials; and the archive for this platform, in a filesystem mirror, is
// installed and run by the real terraform.
//
//	release-check [-platforms linux_amd64,...]
//
// It builds goreleaser and two dozen binaries from nothing, which takes half an hour on two cores. With -platforms it
// builds those only; the one that it runs on is always among them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"go.yaml.in/yaml/v3"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/terraformcli"
)

func main() {
	platforms := flag.String("platforms", "", "build only this comma-separated `LIST`, such as linux_amd64,windows_386")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	only := strings.FieldsFunc(*platforms, func(r rune) bool { return r == ',' })
	err := run(ctx, only, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release-check:", err)
		os.Exit(1)
	}
}

// registryPlatforms are those that the Terraform Registry's documentation recommends.
var registryPlatforms = []string{
	"darwin_amd64", "darwin_arm64", "freebsd_386", "freebsd_amd64", "freebsd_arm", "freebsd_arm64", "linux_386",
	"linux_amd64", "linux_arm", "linux_arm64", "windows_386", "windows_amd64", "windows_arm64",
}

const project = "terraform-provider-servicenow"

// commands are released beside the provider, for the platforms that people have under their desks.
var (
	commands         = []string{"servicenow-adopt", "servicenow-dictionary", "servicenow-simulator"}
	commandPlatforms = []string{
		"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64", "windows_amd64", "windows_arm64",
	}
)

func run(ctx context.Context, only []string, out io.Writer) error {
	root, err := filepath.Abs(".")
	if err != nil {
		return fmt.Errorf("finding the module: %w", err)
	}
	cli, err := terraformcli.Finder{
		Named: os.Getenv("TERRAFORM"), Dir: filepath.Join(root, "bin"), Notice: os.Stderr,
	}.Find(ctx)
	if err != nil {
		return err
	}
	platforms := registryPlatforms
	host := runtime.GOOS + "_" + runtime.GOARCH
	if len(only) > 0 {
		platforms = slices.Compact(slices.Sorted(slices.Values(append(only, host))))
	}
	scratch, err := os.MkdirTemp("", "release-check-")
	if err != nil {
		return fmt.Errorf("making a scratch folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()

	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	goreleaser := filepath.Join(root, "bin", "goreleaser"+terraformcli.Suffix())
	say("Building goreleaser")
	if err := command(ctx, root, nil, "go", "build", "-modfile=tools/release/go.mod", "-o", goreleaser,
		"github.com/goreleaser/goreleaser/v2"); err != nil {
		return err
	}
	if err := command(ctx, root, nil, goreleaser, "check"); err != nil {
		return err
	}
	say("The configuration is valid. Building the last commit for %d platforms, twice", len(platforms))
	// Named once: somebody may commit while this runs.
	head, err := exec.CommandContext(ctx, "git", "rev-parse", "HEAD").Output()
	if err != nil {
		return fmt.Errorf("finding the last commit: %w", err)
	}
	commit := strings.TrimSpace(string(head))
	var builds [2]snapshot
	for i, name := range []string{"first", "a folder with another name"} {
		dir := filepath.Join(scratch, name)
		var env []string
		if i > 0 {
			env = []string{"GOCACHE=" + filepath.Join(scratch, "cache")}
		}
		if builds[i], err = build(ctx, goreleaser, root, commit, dir, only, platforms, env); err != nil {
			return err
		}
	}
	if different := builds[0].differs(builds[1]); len(different) > 0 {
		return fmt.Errorf("two builds differ in %s", strings.Join(different, ", "))
	}
	if missing := builds[0].missing(platforms); len(missing) > 0 {
		return fmt.Errorf("the release lacks %s", strings.Join(missing, ", "))
	}
	say("Both builds have the same %d hashes; each platform has its archive and its bill of materials",
		len(builds[0].sums))
	if err := use(ctx, cli, builds[0], filepath.Join(scratch, "use"), host); err != nil {
		return err
	}
	say("%s installed %s %s from a filesystem mirror and ran it", cli.Name(), project, builds[0].version)
	return nil
}

// snapshot is what goreleaser made.
type snapshot struct {
	dist    string
	version string
	sums    map[string]string // SHA-256 by file name
}

// build clones the repository into dir and makes a snapshot release of the commit.
func build(
	ctx context.Context, goreleaser, root, commit, dir string, only, platforms, env []string,
) (snapshot, error) {
	if err := command(ctx, root, nil, "git", "clone", "--quiet", "--no-hardlinks", root, dir); err != nil {
		return snapshot{}, err
	}
	if err := command(ctx, dir, nil, "git", "checkout", "--quiet", "--detach", commit); err != nil {
		return snapshot{}, err
	}
	if len(only) > 0 {
		if err := restrict(filepath.Join(dir, ".goreleaser.yml"), platforms); err != nil {
			return snapshot{}, err
		}
	}
	// An image needs an engine and its base, which the release workflow has.
	if err := command(ctx, dir, env, goreleaser, "release", "--snapshot", "--clean", "--skip=sign,docker"); err != nil {
		return snapshot{}, err
	}
	return read(filepath.Join(dir, "dist"))
}

// restrict makes goreleaser's configuration build some platforms only.
func restrict(path string, platforms []string) error {
	text, err := os.ReadFile(path) //nolint:gosec // a file of the clone
	if err != nil {
		return fmt.Errorf("reading goreleaser's configuration: %w", err)
	}
	var config map[string]any
	if err := yaml.Unmarshal(text, &config); err != nil {
		return fmt.Errorf("reading goreleaser's configuration: %w", err)
	}
	builds, _ := config["builds"].([]any)
	for _, b := range builds {
		if b, isMap := b.(map[string]any); isMap {
			b["targets"] = platforms
			delete(b, "goos")
			delete(b, "goarch")
			delete(b, "ignore")
		}
	}
	if text, err = yaml.Marshal(config); err != nil {
		return fmt.Errorf("writing goreleaser's configuration: %w", err)
	}
	return os.WriteFile(path, text, 0o600)
}

// read finds the checksums in the folder that goreleaser wrote to.
func read(dist string) (snapshot, error) {
	names, err := filepath.Glob(filepath.Join(dist, project+"_*_SHA256SUMS"))
	if err != nil || len(names) != 1 {
		return snapshot{}, fmt.Errorf("%d files of checksums in %s, want one", len(names), dist)
	}
	text, err := os.ReadFile(names[0])
	if err != nil {
		return snapshot{}, fmt.Errorf("reading the checksums: %w", err)
	}
	version := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(names[0]), project+"_"), "_SHA256SUMS")
	s := snapshot{dist: dist, version: version, sums: map[string]string{}}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			return snapshot{}, fmt.Errorf("not a checksum: %q", line)
		}
		s.sums[fields[1]] = fields[0]
	}
	return s, nil
}

// differs names the files that are not the same in both, or in one only.
func (s snapshot) differs(other snapshot) []string {
	all := maps.Clone(s.sums)
	maps.Copy(all, other.sums)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if s.sums[name] != other.sums[name] {
			names = append(names, name)
		}
	}
	return names
}

// missing names the files that the registry or this project promises and that have no checksum.
func (s snapshot) missing(platforms []string) []string {
	want := []string{project + "_" + s.version + "_manifest.json"}
	for _, platform := range platforms {
		want = append(want, s.archive(platform), project+"_"+s.version+"_"+platform+".cyclonedx.json")
		if slices.Contains(commandPlatforms, platform) {
			for _, name := range commands {
				file := name + "_" + s.version + "_" + platform
				want = append(want, file+".zip", file+".cyclonedx.json")
			}
		}
	}
	return slices.DeleteFunc(want, func(name string) bool { return s.sums[name] != "" })
}

func (s snapshot) archive(platform string) string {
	return project + "_" + s.version + "_" + platform + ".zip"
}

// use lays the archive out as a filesystem mirror holds it and has terraform install and run the provider.
func use(ctx context.Context, cli terraformcli.CLI, s snapshot, dir, platform string) error {
	mirror := terraformcli.Mirror{Dir: filepath.Join(dir, "mirror"), Version: s.version}
	place := filepath.Join(mirror.Dir, filepath.FromSlash(cli.Address()))
	if err := os.MkdirAll(place, 0o700); err != nil {
		return fmt.Errorf("making a mirror: %w", err)
	}
	archive, err := os.ReadFile(filepath.Join(s.dist, s.archive(platform)))
	if err != nil {
		return fmt.Errorf("reading the archive: %w", err)
	}
	configuration := fmt.Sprintf(`terraform {
  required_providers {
    servicenow = {
      source  = %q
      version = %q
    }
  }
}

output "url" {
  value = provider::servicenow::inbound_event_url("https://dev12345.service-now.com", "monitor", null)
}
`, terraformcli.Source, s.version)
	files := map[string]string{
		filepath.Join(place, s.archive(platform)): string(archive),
		filepath.Join(dir, "main.tf"):             configuration,
		filepath.Join(dir, "cli.tfrc"):            mirror.Configuration(),
	}
	for path, text := range files {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return fmt.Errorf("laying a configuration out: %w", err)
		}
	}
	env := []string{"TF_CLI_CONFIG_FILE=" + filepath.Join(dir, "cli.tfrc"), "CHECKPOINT_DISABLE=1"}
	return errors.Join(
		command(ctx, dir, env, cli.Path, "init", "-no-color"),
		command(ctx, dir, env, cli.Path, "apply", "-no-color", "-auto-approve"),
	)
}

// command runs a program in dir; what it printed is part of the error.
func command(ctx context.Context, dir string, env []string, program string, args ...string) error {
	c := exec.CommandContext(ctx, program, args...) //nolint:gosec // programs of this module's own
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return nil
}
