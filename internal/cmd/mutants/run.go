package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

type options struct {
	dir      string // of the module
	seed     uint64
	n        int
	packages []string // patterns of `go list`
	near     bool     // runs the tests of these packages only
	out      io.Writer
}

// patience is how long the tests of one step may take: a fault that makes them hang is noticed.
const patience = 3 * time.Minute

// run puts faults into the packages until n of them compiled, and reports.
func run(ctx context.Context, o options) error {
	if len(o.packages) == 0 {
		return errors.New("name the packages to put faults into")
	}
	m := &module{dir: o.dir}
	if err := m.load(ctx); err != nil {
		return err
	}
	sample, err := m.sample(ctx, o)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(o.out, "%d faults are possible; trying %d of them, seed %d\n",
		len(sample), min(o.n, len(sample)), o.seed)
	near, err := m.list(ctx, o.packages)
	if err != nil {
		return err
	}
	if o.near {
		m.keep(near)
	}
	if out, err := m.test(ctx, "", m.concerned(sample)); err != nil {
		return fmt.Errorf("the tests fail without a fault: %w\n%s", err, out)
	}
	scratch, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return fmt.Errorf("making a scratch folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()

	var tried int
	var survivors []fault
	for _, f := range sample {
		if tried == o.n {
			break
		}
		verdict, err := m.try(ctx, scratch, f, near)
		if err != nil {
			return err
		}
		if verdict == invalid {
			continue
		}
		tried++
		if verdict == survived {
			survivors = append(survivors, f)
		}
		_, _ = fmt.Fprintf(o.out, "%3d %-9s %s\n", tried, verdict, m.describe(f))
	}
	if tried == 0 {
		return errNothing
	}
	noticed := tried - len(survivors)
	_, _ = fmt.Fprintf(o.out, "\n%d of %d noticed (%d %%), seed %d. Survivors:\n",
		noticed, tried, 100*noticed/tried, o.seed)
	for _, f := range survivors {
		_, _ = fmt.Fprintf(o.out, "  %s\n", m.describe(f))
	}
	return nil
}

// module is what `go list` knows of the packages of a module.
type module struct {
	dir        string
	packages   map[string]goPackage
	dependants map[string][]string // packages whose code or tests import the key, directly
}

type goPackage struct {
	ImportPath   string
	Dir          string
	GoFiles      []string
	Imports      []string
	TestGoFiles  []string
	TestImports  []string
	XTestGoFiles []string
	XTestImports []string
}

func (p goPackage) tested() bool { return len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 }

// properties reports whether the tests check properties, whose counterexamples rapid writes beside them unless told.
func (p goPackage) properties() bool {
	const rapid = "pgregory.net/rapid"
	return slices.Contains(p.TestImports, rapid) || slices.Contains(p.XTestImports, rapid)
}

func (m *module) load(ctx context.Context) error {
	out, err := m.command(ctx, "list", "-json", "./...").Output()
	if err != nil {
		return fmt.Errorf("listing the module's packages: %w", err)
	}
	m.packages, m.dependants = map[string]goPackage{}, map[string][]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("reading the list of packages: %w", err)
		}
		m.packages[p.ImportPath] = p
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if !slices.Contains(m.dependants[imported], p.ImportPath) {
				m.dependants[imported] = append(m.dependants[imported], p.ImportPath)
			}
		}
	}
	return nil
}

// keep forgets every package but these.
func (m *module) keep(paths []string) {
	maps.DeleteFunc(m.packages, func(path string, _ goPackage) bool { return !slices.Contains(paths, path) })
	for path, dependants := range m.dependants {
		m.dependants[path] = slices.DeleteFunc(dependants, func(p string) bool { return !slices.Contains(paths, p) })
	}
}

// list returns the import paths that patterns stand for.
func (m *module) list(ctx context.Context, patterns []string) ([]string, error) {
	out, err := m.command(ctx, append([]string{"list"}, patterns...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("listing %v: %w", patterns, err)
	}
	return strings.Fields(string(out)), nil
}

// sample returns every possible fault of the packages asked for, in a random order that the seed decides.
func (m *module) sample(ctx context.Context, o options) ([]fault, error) {
	paths, err := m.list(ctx, o.packages)
	if err != nil {
		return nil, err
	}
	var all []fault
	for _, path := range paths {
		p := m.packages[path]
		for _, name := range p.GoFiles {
			found, err := faults(filepath.Join(p.Dir, name))
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	if len(all) == 0 {
		return nil, errNothing
	}
	//nolint:gosec // a sample that can be repeated, not a secret
	rand.New(rand.NewPCG(o.seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all, nil
}

// concerned returns the tested packages that any of the faults could be noticed in.
func (m *module) concerned(sample []fault) []string {
	var all []string
	for _, f := range sample {
		path := m.packageOf(f)
		if slices.Contains(all, path) {
			continue
		}
		for _, p := range append(m.after(path), path) {
			if m.packages[p].tested() && !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

func (m *module) packageOf(f fault) string {
	for path, p := range m.packages {
		if p.Dir == filepath.Dir(f.file) {
			return path
		}
	}
	return ""
}

// after returns the tested packages that depend on a package, directly or not, without itself.
func (m *module) after(path string) []string {
	seen, queue := map[string]bool{path: true}, []string{path}
	var tested []string
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		for _, dependant := range m.dependants[next] {
			if seen[dependant] {
				continue
			}
			seen[dependant] = true
			queue = append(queue, dependant)
			if m.packages[dependant].tested() {
				tested = append(tested, dependant)
			}
		}
	}
	slices.Sort(tested)
	return tested
}

type verdict string

const (
	invalid  verdict = "invalid" // does not compile
	noticed  verdict = "noticed"
	survived verdict = "SURVIVED"
)

// try runs the tests with one fault in place: those of its package, then those of the packages near it that depend on
// it, then all others that do. The first that fails ends it.
func (m *module) try(ctx context.Context, scratch string, f fault, near []string) (verdict, error) {
	text, err := f.apply()
	if err != nil {
		return "", err
	}
	changed, overlay := filepath.Join(scratch, "changed.go"), filepath.Join(scratch, "overlay.json")
	replace, err := json.Marshal(map[string]any{"Replace": map[string]string{f.file: changed}})
	if err == nil {
		err = errors.Join(os.WriteFile(changed, text, 0o600), os.WriteFile(overlay, replace, 0o600))
	}
	if err != nil {
		return "", fmt.Errorf("writing a fault: %w", err)
	}
	path := m.packageOf(f)
	if m.command(ctx, "build", "-overlay", overlay, path).Run() != nil {
		return invalid, ctx.Err()
	}
	after := m.after(path)
	far := slices.DeleteFunc(slices.Clone(after), func(p string) bool { return slices.Contains(near, p) })
	after = slices.DeleteFunc(after, func(p string) bool { return slices.Contains(far, p) })
	if m.packages[path].tested() {
		after = slices.Insert(after, 0, path)
	}
	steps := make([][]string, len(after), len(after)+1)
	for i, p := range after {
		steps[i] = []string{p}
	}
	if len(far) > 0 {
		steps = append(steps, far)
	}
	for _, packages := range steps {
		if _, err := m.test(ctx, overlay, packages); err != nil {
			return noticed, ctx.Err()
		}
	}
	return survived, ctx.Err()
}

// test runs the tests of packages that need no terraform, and leaves nothing beside them.
func (m *module) test(ctx context.Context, overlay string, packages []string) ([]byte, error) {
	args := []string{"test", "-vet=off", "-failfast", "-timeout", patience.String()}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	var output []byte
	var errs []error
	for _, properties := range []bool{false, true} {
		some := slices.DeleteFunc(slices.Clone(packages), func(p string) bool {
			return m.packages[p].properties() != properties
		})
		if len(some) == 0 || len(errs) > 0 {
			continue
		}
		if properties {
			some = append(some, "-args", "-rapid.nofailfile")
		}
		out, err := m.command(ctx, slices.Concat(args, some)...).CombinedOutput()
		output = append(output, out...)
		if err != nil {
			errs = append(errs, err)
		}
	}
	return output, errors.Join(errs...)
}

func (m *module) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "go", args...) //nolint:gosec // packages of this module
	command.Dir = m.dir
	command.Env = append(os.Environ(), "TF_ACC=")
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	return command
}

// describe names a fault's place and what it is.
func (m *module) describe(f fault) string {
	place := f.file
	if root, err := filepath.Abs(m.dir); err == nil {
		if relative, err := filepath.Rel(root, f.file); err == nil {
			place = relative
		}
	}
	return fmt.Sprintf("%s:%d: %s", filepath.ToSlash(place), f.line, f.what)
}
