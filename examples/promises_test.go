package examples_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile("`(Test[A-Z]\\w*)`")
	testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
)

// TestPromisesNameTheirTests holds that each promise of the README and of SECURITY.md names a test, and that there is a
// test of each name.
func TestPromisesNameTheirTests(t *testing.T) {
	t.Parallel()
	tests := testsOf(t)
	for file, section := range map[string]struct{ heading, item string }{
		"README.md":   {"## What it promises, and what holds it to that", "\n| "},
		"SECURITY.md": {"## What the provider promises", "\n- "},
	} {
		text, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		_, after, found := strings.Cut(string(text), section.heading)
		promises, _, _ := strings.Cut(after, "\n## ")
		items := strings.Split(promises, section.item)[1:]
		if !found || len(items) < 5 {
			t.Fatalf("%s has no list of promises", file)
		}
		for _, item := range items {
			if strings.HasPrefix(item, "promise |") {
				continue // the head of the table
			}
			named := testName.FindAllStringSubmatch(item, -1)
			if len(named) == 0 {
				t.Errorf("%s: a promise names no test: %s", file, item)
			}
			for _, name := range named {
				if !tests[name[1]] {
					t.Errorf("%s: there is no test %s", file, name[1])
				}
			}
		}
	}
}

// testsOf returns the names of all tests of the module.
func testsOf(t *testing.T) map[string]bool {
	t.Helper()
	tests := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path) //nolint:gosec // G304: a file of this repository
		for _, f := range testFunc.FindAllStringSubmatch(string(source), -1) {
			tests[f[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}
