// Command testaudit reads the event stream of a `go test -json` run and fails when a green run proves less than it
// seems to: when a test was skipped, began without an end, or when none ran at all.
//
// Acceptance tests skip themselves without TF_ACC, and a run in which all of them did so is green. One kind of skip
// passes, and is listed: that of what the Terraform at hand is too old for.
//
//	testaudit <events.json
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if err := audit(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

type outcome struct {
	action string // the last of run, pass, fail and skip
	reason string // the last line the test printed that is not test2json's own
}

// tooOld is what a test says that needs a newer Terraform than the one at hand.
var tooOld = regexp.MustCompile(`LEFT OUT: it needs Terraform \d+\.\d+, and this is (Terraform|OpenTofu) \d+\.\d+`)

// audit returns an error that names every test which did not run to its end in the stream of events r. What the
// Terraform at hand is too old for is listed in out.
func audit(r io.Reader, out io.Writer) error {
	tests := map[string]*outcome{}
	for decoder := json.NewDecoder(r); ; {
		var e event
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("reading the test events: %w", err)
		}
		if e.Test == "" {
			continue
		}
		name := e.Package + "." + e.Test
		if tests[name] == nil {
			tests[name] = &outcome{}
		}
		switch e.Action {
		case "run", "pass", "fail", "skip":
			tests[name].action = e.Action
		case "output":
			if line := strings.TrimSpace(e.Output); line != "" && !isFraming(line) {
				tests[name].reason = line
			}
		}
	}
	if len(tests) == 0 {
		return errors.New("no test ran")
	}
	var faults, left []string
	for name, test := range tests {
		switch test.action {
		case "skip":
			if tooOld.MatchString(test.reason) {
				left = append(left, fmt.Sprintf("left out:   %s: %s", name, test.reason))
				continue
			}
			faults = append(faults, fmt.Sprintf("skipped:    %s: %s", name, test.reason))
		case "fail":
			faults = append(faults, "failed:     "+name)
		case "pass":
		default:
			faults = append(faults, "unfinished: "+name)
		}
	}
	slices.Sort(left)
	for _, line := range left {
		_, _ = fmt.Fprintln(out, line)
	}
	if len(left) == len(tests) {
		return errors.New("every test was left out")
	}
	if len(faults) > 0 {
		slices.Sort(faults)
		return fmt.Errorf("%d of %d tests prove nothing:\n%s", len(faults), len(tests), strings.Join(faults, "\n"))
	}
	return nil
}

// isFraming tells the lines that go test prints about a test from those the test prints itself.
func isFraming(line string) bool {
	return strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ")
}
