package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sampleModule gets faults into package low. Its own test notices none of them, that of package high, which uses low,
// notices one.
var sampleModule = map[string]string{
	"go.mod": "module example.com/sample\n\ngo 1.26\n",
	"low/low.go": `package low

import "errors"

func Less(a, b int) bool { return a < b }

func Both(a, b bool) bool { return a && b }

func Check(n int) error {
	if n == 3 {
		return errors.New("three")
	}
	return nil
}
`,
	"low/low_test.go": `package low

import "testing"

func TestLess(t *testing.T) {
	if !Less(1, 2) || Less(2, 1) { // equal numbers are never tried
		t.Error("Less is wrong")
	}
}
`,
	"high/high.go": `package high

import "example.com/sample/low"

func Neither(a, b bool) bool { return low.Both(!a, !b) }
`,
	"high/high_test.go": `package high

import "testing"

func TestNeither(t *testing.T) {
	if Neither(true, false) {
		t.Error("Neither is wrong")
	}
}
`,
}

func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRunFindsWhatNoTestNotices(t *testing.T) {
	t.Parallel()
	dir := lay(t, sampleModule)
	var out bytes.Buffer
	if err := run(t.Context(), options{dir: dir, seed: 1, n: 100, packages: []string{"./low"}, out: &out}); err != nil {
		t.Fatal(err)
	}
	_, survivors, _ := strings.Cut(out.String(), "Survivors:\n")
	want := map[string]bool{
		"low/low.go:5: < becomes <=":               true, // no test compares equal numbers
		"low/low.go:7: && becomes ||":              false,
		"low/low.go:10: == becomes !=":             true,  // no test calls Check
		"low/low.go:10: the condition is negated":  false, // it is the same fault as that of the operator
		"low/low.go:11: the error is not returned": false, // errors is not used then: does not compile
	}
	for line, survives := range want {
		if strings.Contains(survivors, line) != survives {
			t.Errorf("%q among the survivors: %v, want %v\n%s", line, !survives, survives, &out)
		}
	}
	if !strings.Contains(out.String(), "1 of 3 noticed (33 %), seed 1") {
		t.Errorf("the count is wrong:\n%s", &out)
	}
	var near bytes.Buffer
	o := options{dir: dir, seed: 1, n: 100, packages: []string{"./low"}, near: true, out: &near}
	if err := run(t.Context(), o); err != nil || !strings.Contains(near.String(), "0 of 3 noticed") {
		t.Errorf("the tests of the package alone notice something: %v\n%s", err, &near)
	}
	for name, text := range sampleModule {
		if now, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil || string(now) != text {
			t.Errorf("%s was touched: %v", name, err)
		}
	}
}

// TestRunLeavesNoCounterexamples tells property tests not to write what they found beside the code.
func TestRunLeavesNoCounterexamples(t *testing.T) {
	t.Parallel()
	files := maps.Clone(sampleModule)
	files["go.mod"] += "\nrequire pgregory.net/rapid v1.0.0\n\nreplace pgregory.net/rapid => ./rapid\n"
	files["rapid/go.mod"] = "module pgregory.net/rapid\n\ngo 1.26\n"
	files["rapid/rapid.go"] = `package rapid

import (
	"flag"
	"os"
)

var quiet = flag.Bool("rapid.nofailfile", false, "")

func Found() {
	if !*quiet {
		_ = os.WriteFile("counterexample", nil, 0o600)
	}
}
`
	files["low/property_test.go"] = `package low

import (
	"testing"

	"pgregory.net/rapid"
)

func TestBoth(t *testing.T) {
	rapid.Found()
	if Both(true, false) {
		t.Error("Both is wrong")
	}
}
`
	dir := lay(t, files)
	var out bytes.Buffer
	if err := run(t.Context(), options{dir: dir, seed: 1, n: 100, packages: []string{"./low"}, out: &out}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "1 of 3 noticed") {
		t.Errorf("the property is not checked:\n%s", &out)
	}
	if _, err := os.Stat(filepath.Join(dir, "low", "counterexample")); err == nil {
		t.Error("a counterexample lies beside the code")
	}
}

func TestRunIsTheSameForTheSameSeed(t *testing.T) {
	t.Parallel()
	m := &module{dir: lay(t, sampleModule)}
	if err := m.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	order := func(seed uint64) string {
		sample, err := m.sample(t.Context(), options{seed: seed, packages: []string{"./..."}})
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, f := range sample {
			lines = append(lines, m.describe(f))
		}
		return strings.Join(lines, "\n")
	}
	orders := map[string]bool{}
	for seed := range uint64(10) {
		first, second := order(seed), order(seed)
		if first != second {
			t.Fatalf("seed %d has two orders", seed)
		}
		orders[first] = true
	}
	if len(orders) < 2 {
		t.Errorf("ten seeds have %d order: %v", len(orders), slices.Collect(maps.Keys(orders)))
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	broken := maps.Clone(sampleModule)
	broken["low/low_test.go"] = "package low\n\nimport \"testing\"\n\nfunc TestLess(t *testing.T) { t.Error(\"red\") }\n"
	tests := map[string]struct {
		files    map[string]string
		packages []string
		want     string
	}{
		"no packages":                  {sampleModule, nil, "name the packages"},
		"a package without operators":  {sampleModule, []string{"./high"}, errNothing.Error()},
		"tests that fail without them": {broken, []string{"./low"}, "fail without a fault"},
		"an unknown package":           {sampleModule, []string{"./absent"}, "./absent"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := run(t.Context(), options{dir: lay(t, test.files), n: 1, packages: test.packages, out: &bytes.Buffer{}})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("run() = %v, want an error with %q", err, test.want)
			}
		})
	}
}
