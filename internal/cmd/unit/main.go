// Command unit runs every test that needs no terraform, prints the coverage that the inner packages have by their own
// tests, and fails where a test fails or one of these packages is covered too little.
//
//	unit [-floor PERCENT]
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// measured are the packages that a test reaches without terraform, all of their statements counted.
var measured = []string{"field", "kibanaapi", "lifecycle", "pemkey", "record", "rest", "servicenowapi"}

// unmeasured are the other parts, by the beginning of their path below internal, and why no floor holds for them.
var unmeasured = []struct{ path, why string }{
	{"servicenow", "schemas and stores, tested with the real terraform against the simulator (make test)"},
	{"kibana", "as servicenow"},
	{"attribute", "words for schemas, held by the conformance tests over everything that is served"},
	{"integration", "as servicenow"},
	{"provider", "as servicenow; what it tests here goes over the plugin protocol"},
	{"embedded", "the provider inside a command, tested by the commands that use it"},
	{"handshake", "how Terraform starts a provider, tested by the commands that use it"},
	{"process", "signals and the ends of processes, tested with the real terraform"},
	{"terraformcli", "finds and installs terraform, tested with programs that stand in for it"},
	{"acctest", "a means of tests"},
	{"dictionary", "a means of the simulator"},
	{"evidence", "compares an instance with what the provider assumes, tested by the command that does"},
	{"simulator", "a means of tests, with tests of its own"},
	{"cmd", "commands, tested by running them"},
}

func main() {
	floor := flag.Float64("floor", 85, "the least coverage of a measured package, in percent")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *floor, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "unit:", err)
		os.Exit(1)
	}
}

// run tests the module in the working directory: the measured packages with their coverage, the others as `go test`
// does it, so that what did not change since any earlier run is not run again.
func run(ctx context.Context, floor float64, out io.Writer) error {
	began := time.Now()
	list := exec.CommandContext(ctx, "go", "list", "./...")
	listed, err := list.Output()
	if err != nil {
		return fmt.Errorf("listing the module's packages: %w", err)
	}
	inner, others := []string{"-cover"}, []string{}
	for _, path := range strings.Fields(string(listed)) {
		if _, name, _ := strings.Cut(path, "/internal/"); slices.Contains(measured, name) {
			inner = append(inner, path)
		} else {
			others = append(others, path)
		}
	}
	var printed bytes.Buffer
	err = errors.Join(goTest(ctx, &printed, inner), goTest(ctx, &printed, others))
	if err = errors.Join(err, report(&printed, floor, out)); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "\nAll of it took %s.\n", time.Since(began).Round(100*time.Millisecond))
	return nil
}

// goTest runs `go test` without terraform.
func goTest(ctx context.Context, out io.Writer, args []string) error {
	//nolint:gosec // packages of this module
	command := exec.CommandContext(ctx, "go", append([]string{"test"}, args...)...)
	command.Env = append(os.Environ(), "TF_ACC=") // what needs terraform skips itself then
	command.Stdout, command.Stderr = out, out
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	if err := command.Run(); err != nil {
		return fmt.Errorf("go test: %w", err)
	}
	return nil
}

// report reads what `go test` prints: it passes failures on, and shows the coverage of each measured package.
func report(lines io.Reader, floor float64, out io.Writer) error {
	covered, other := map[string]float64{}, map[string]int{}
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		line := scanner.Text()
		path, percent, ok := passed(line)
		if !ok {
			_, _ = fmt.Fprintln(out, line)
			continue
		}
		_, name, internal := strings.Cut(path, "/internal/")
		if slices.Contains(measured, name) {
			covered[name] = percent
			continue
		}
		for _, part := range unmeasured {
			if internal && (name == part.path || strings.HasPrefix(name, part.path+"/")) {
				other[part.path]++
			}
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("reading what go test prints: %w", err)
	}
	_, _ = fmt.Fprintln(out, "\nCoverage by the package's own tests, without terraform:")
	var low []string
	for _, name := range measured {
		percent, ok := covered[name]
		_, _ = fmt.Fprintf(out, "  %-14s %5.1f %%\n", name, percent)
		if !ok || percent < floor {
			low = append(low, name)
		}
	}
	_, _ = fmt.Fprintln(out, "\nTested, but not measured here:")
	for _, part := range unmeasured {
		if other[part.path] > 0 {
			_, _ = fmt.Fprintf(out, "  %-14s %s\n", part.path, part.why)
		}
	}
	if len(low) > 0 {
		return fmt.Errorf("less than %g %% of %s is covered", floor, strings.Join(low, ", "))
	}
	return nil
}

// passed takes the line apart that says that a package's tests passed, or that it has none. It is not ok for any other.
func passed(line string) (path string, percent float64, ok bool) {
	words := strings.Fields(line)
	if len(words) < 2 || words[0] != "ok" && words[0] != "?" {
		return "", 0, false
	}
	if at := slices.Index(words, "coverage:"); at >= 0 && at+1 < len(words) {
		percent, _ = strconv.ParseFloat(strings.TrimSuffix(words[at+1], "%"), 64) // [no statements] counts as none
	}
	return words[1], percent, true
}
