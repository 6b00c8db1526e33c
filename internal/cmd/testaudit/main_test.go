package main

import (
	"strings"
	"testing"
)

const leftOut = "  a_test.go:9: LEFT OUT: it needs Terraform 1.14, and this is Terraform 1.11.4"

func TestAudit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		events string
		want   []string // fragments of the error; none means no error
		left   string   // a fragment of what is listed
	}{
		"left out on an older Terraform": {
			events: `{"Action":"pass","Package":"p","Test":"TestA"}
				{"Action":"output","Package":"p","Test":"TestB/actions","Output":"` + leftOut + `\n"}
				{"Action":"output","Package":"p","Test":"TestB/actions","Output":"--- SKIP: TestB/actions (0.00s)\n"}
				{"Action":"skip","Package":"p","Test":"TestB/actions"}`,
			left: "left out:   p.TestB/actions: a_test.go:9: LEFT OUT: it needs Terraform 1.14",
		},
		"left out for another reason": {
			events: `{"Action":"pass","Package":"p","Test":"TestA"}
				{"Action":"output","Package":"p","Test":"TestB","Output":"  a_test.go:9: LEFT OUT: it is slow\n"}
				{"Action":"skip","Package":"p","Test":"TestB"}`,
			want: []string{"1 of 2", "skipped:    p.TestB"},
		},
		"everything left out": {
			events: `{"Action":"output","Package":"p","Test":"TestB","Output":"` + leftOut + `\n"}
				{"Action":"skip","Package":"p","Test":"TestB"}`,
			left: "p.TestB", want: []string{"every test was left out"},
		},
		"all passed": {
			events: `{"Action":"run","Package":"p","Test":"TestA"}
				{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
				{"Action":"pass","Package":"p"}`,
		},
		"skipped for want of TF_ACC": {
			events: `{"Action":"run","Package":"p","Test":"TestAccA"}
				{"Action":"output","Package":"p","Test":"TestAccA","Output":"=== RUN   TestAccA\n"}
				{"Action":"output","Package":"p","Test":"TestAccA","Output":"  a_test.go:9: TF_ACC not set\n"}
				{"Action":"output","Package":"p","Test":"TestAccA","Output":"--- SKIP: TestAccA (0.00s)\n"}
				{"Action":"skip","Package":"p","Test":"TestAccA"}
				{"Action":"pass","Package":"p"}`,
			want: []string{"1 of 1", "p.TestAccA: a_test.go:9: TF_ACC not set"},
		},
		"skipped subtest": {
			events: `{"Action":"run","Package":"p","Test":"TestA"}
				{"Action":"run","Package":"p","Test":"TestA/b"}
				{"Action":"skip","Package":"p","Test":"TestA/b"}
				{"Action":"pass","Package":"p","Test":"TestA"}`,
			want: []string{"1 of 2", "skipped:    p.TestA/b"},
		},
		"same name in two packages": {
			events: `{"Action":"skip","Package":"p","Test":"TestA"}
				{"Action":"pass","Package":"q","Test":"TestA"}`,
			want: []string{"1 of 2", "p.TestA"},
		},
		"failed": {
			events: `{"Action":"fail","Package":"p","Test":"TestA"}`,
			want:   []string{"failed:     p.TestA"},
		},
		"killed in the middle": {
			events: `{"Action":"run","Package":"p","Test":"TestA"}
				{"Action":"fail","Package":"p"}`,
			want: []string{"unfinished: p.TestA"},
		},
		"only packages without tests": {
			events: `{"Action":"output","Package":"p","Output":"?   \tp\t[no test files]\n"}
				{"Action":"skip","Package":"p"}`,
			want: []string{"no test ran"},
		},
		"empty":     {events: "", want: []string{"no test ran"}},
		"not JSON":  {events: "ok p 0.1s", want: []string{"reading the test events"}},
		"truncated": {events: `{"Action":"pass","Package":"p","Test":"TestA"}{"Act`, want: []string{"unexpected EOF"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var listed strings.Builder
			err := audit(strings.NewReader(test.events), &listed)
			if !strings.Contains(listed.String(), test.left) || test.left == "" && listed.Len() > 0 {
				t.Errorf("audit() lists %q, which lacks %q", &listed, test.left)
			}
			if len(test.want) == 0 {
				if err != nil {
					t.Fatalf("audit() = %v, want no error", err)
				}
				return
			}
			if err == nil {
				t.Fatalf("audit() found nothing, want an error with %q", test.want)
			}
			for _, fragment := range test.want {
				if !strings.Contains(err.Error(), fragment) {
					t.Errorf("audit() = %q, want %q in it", err, fragment)
				}
			}
		})
	}
}
