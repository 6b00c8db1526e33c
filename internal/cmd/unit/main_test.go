package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// printed is what `go test -cover` prints for packages with these coverages.
func printed(of map[string]string) string {
	var lines strings.Builder
	for _, name := range measured {
		percent := "90.0%"
		if p, ok := of[name]; ok {
			percent = p
		}
		if percent != "" {
			fmt.Fprintf(&lines, "ok  \texample.com/m/internal/%s\t0.1s\tcoverage: %s of statements\n", name, percent)
		}
	}
	lines.WriteString("ok  \texample.com/m/internal/servicenow\t(cached)\n" +
		"?   \texample.com/m/internal/cmd/bench\t[no test files]\n" +
		"ok  \texample.com/m/examples\t0.1s\n")
	return lines.String()
}

// TestReport shows each package, and fails where one is covered too little or not at all.
func TestReport(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		of   map[string]string
		more string
		want string // of the error; empty: none
		out  []string
	}{
		"all": {nil, "", "", []string{"field           90.0 %", "servicenow     schemas", "cmd            commands"}},
		"one is low": {
			map[string]string{"rest": "84.9%"}, "", "less than 85 % of rest is covered", []string{"rest            84.9 %"},
		},
		"just enough":    {map[string]string{"rest": "85.0%"}, "", "", nil},
		"one is missing": {map[string]string{"record": ""}, "", "of record is covered", nil},
		"a failure": {
			map[string]string{"field": ""},
			"--- FAIL: TestA (0.00s)\n    a_test.go:1: it is wrong\nFAIL\nFAIL\texample.com/m/internal/field\t0.1s\n",
			"field",
			[]string{"--- FAIL: TestA", "a_test.go:1: it is wrong"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := report(strings.NewReader(test.more+printed(test.of)), 85, &out)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
			for _, want := range test.out {
				if !strings.Contains(out.String(), want) {
					t.Errorf("it prints %q, which lacks %q", &out, want)
				}
			}
			if strings.Contains(out.String(), "examples") || strings.Contains(out.String(), "dictionary") {
				t.Errorf("it names what is not there: %s", &out)
			}
		})
	}
}

// TestEveryPackageHasAReason holds that a package is measured, or that the report says why it is not.
func TestEveryPackageHasAReason(t *testing.T) {
	t.Parallel()
	internal := os.DirFS(filepath.Join("..", ".."))
	packages := 0
	err := fs.WalkDir(internal, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || path == "." {
			return err
		}
		files, err := fs.Glob(internal, path+"/*.go")
		if err != nil || len(files) == 0 {
			return err
		}
		packages++
		known := slices.Contains(measured, path) || strings.HasSuffix(path, "test")
		for _, part := range unmeasured {
			known = known || path == part.path || strings.HasPrefix(path, part.path+"/")
		}
		if !known {
			t.Errorf("internal/%s is neither measured nor named as a part that is not: see main.go", path)
		}
		return nil
	})
	if err != nil || packages < 20 {
		t.Errorf("%d packages: %v", packages, err)
	}
}

// TestRunFails where go test cannot run at all.
func TestRunFails(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, 85, &strings.Builder{}); err == nil {
		t.Error("a run that never began succeeded")
	}
}
