package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDemo runs the demo whole, with the search for secrets. It needs terraform and fails, not skips, without it.
func TestDemo(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "trace.log")
	var out bytes.Buffer
	if err := run(t.Context(), trace, &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, line := range []string{
		"Kibana opened incident INC", "Terraform found all 4", " 0 leftovers", "none in the log at TRACE",
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
