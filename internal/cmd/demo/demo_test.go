package main

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/terraformcli"
)

// TestDemo runs the demo whole, with the search for secrets.
func TestDemo(t *testing.T) {
	t.Parallel()
	acctest.Terraform(t)
	trace := filepath.Join(t.TempDir(), "trace.log")
	var out bytes.Buffer
	if err := run(t.Context(), trace, &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, line := range []string{
		"Kibana opened incident INC", "Terraform found all 4", " 0 leftovers", "none in the log at TRACE",
		"instance.servicenow_cors_rule.kibana",
		"instance.servicenow_user_role.integration (4)", "cp -r ", " plan -out tfplan",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("the demo did not say %q:\n%s", line, &out)
		}
	}
	if log, err := os.Stat(trace); err != nil || log.Size() < 1<<20 {
		t.Errorf("the log is too small to prove anything: %v, %v", log, err)
	}
}

// TestDemoInterrupted ends the demo in its middle: it must return soon and say so.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	acctest.Terraform(t)
	ctx, interrupt := context.WithCancel(t.Context())
	out := &interruptingWriter{after: "Start ", interrupt: interrupt}
	started := time.Now()
	err := run(ctx, "", out)
	if err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Fatalf("run() = %v, want an error that says it was interrupted\n%s", err, &out.text)
	}
	if took := time.Since(started); took > 2*time.Minute {
		t.Errorf("ending took %v", took)
	}
}

// TestDemoIntoAPipeThatCloses reads the first lines and closes the pipe, as `head` does: the demo must end, and leave
// neither a process nor a file.
func TestDemoIntoAPipeThatCloses(t *testing.T) {
	t.Parallel()
	acctest.Terraform(t)
	scratch := t.TempDir()
	binary := filepath.Join(t.TempDir(), "demo"+terraformcli.Suffix())
	if err := terraformcli.Build(t.Context(), binary, terraformcli.Module+"/internal/cmd/demo"); err != nil {
		t.Fatal(err)
	}
	demo := exec.CommandContext(t.Context(), binary)
	demo.Env = append(os.Environ(), "TMPDIR="+scratch, "TMP="+scratch)
	var stderr bytes.Buffer
	demo.Stderr = &stderr
	pipe, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	var address string
	for lines := bufio.NewScanner(pipe); address == "" && lines.Scan(); {
		_, rest, _ := strings.Cut(lines.Text(), "ServiceNow at http://")
		address, _, _ = strings.Cut(rest, ",")
	}
	_ = pipe.Close()
	if err := demo.Wait(); err == nil || !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("the demo ended with %v and said %q", err, &stderr)
	}
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if address == "" {
		t.Fatal("the simulator's address was not printed")
	}
	if connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address); err == nil {
		_ = connection.Close()
		t.Errorf("something still listens at %s", address)
	}
}

// interruptingWriter calls interrupt once it has seen the text after.
type interruptingWriter struct {
	after     string
	interrupt func()
	text      bytes.Buffer
}

func (w *interruptingWriter) Write(p []byte) (int, error) {
	n, err := w.text.Write(p)
	if strings.Contains(w.text.String(), w.after) {
		w.interrupt()
	}
	return n, err
}

func TestResourceChangeDifferences(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100)
	tests := map[string]struct {
		before, after map[string]any
		want          string
	}{
		"created":   {after: map[string]any{"name": "a"}},
		"removed":   {before: map[string]any{"name": "a"}},
		"unchanged": {before: map[string]any{"name": "a"}, after: map[string]any{"name": "a"}},
		"two changed": {
			map[string]any{"b": true, "a": "x"}, map[string]any{"b": false, "a": "y"}, "a: x → y; b: true → false",
		},
		"long value":  {map[string]any{"pem": "a"}, map[string]any{"pem": long}, "pem"},
		"known later": {before: map[string]any{"at": "now"}, after: map[string]any{}},
		"list changed": {
			map[string]any{"m": []any{"GET"}}, map[string]any{"m": []any{"GET", "PUT"}}, "m: [GET] → [GET PUT]",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c resourceChange
			c.Change.Before, c.Change.After = test.before, test.after
			if got := strings.Join(c.differences(), "; "); got != test.want {
				t.Errorf("differences() = %q, want %q", got, test.want)
			}
		})
	}
}
