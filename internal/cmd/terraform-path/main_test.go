package main

import (
	"os/exec"
	"testing"
)

func TestAssignmentsSurviveTheShell(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no POSIX shell on this platform")
	}
	const value = `/opt/it's "my" $HOME/terra form`
	script := assignments([]string{"TERRAFORM=" + value}) + `printf %s "$TERRAFORM"`
	out, err := exec.CommandContext(t.Context(), shell, "-c", script).Output()
	if err != nil || string(out) != value {
		t.Errorf("the shell read %q, %v; want %q", out, err, value)
	}
}
