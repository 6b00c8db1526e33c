package servicenowapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// TestJobs follows an installation and an activation to their ends.
func TestJobs(t *testing.T) {
	t.Parallel()
	server, client, end := simulated(t, nil)
	t.Cleanup(end)
	follow := func(p Progress) (statuses []JobStatus, err error) {
		err = client.Await(t.Context(), p, func(p Progress) { statuses = append(statuses, p.Status) })
		return statuses, err
	}
	install := func(version string) (Progress, error) {
		return client.InstallApplication(t.Context(), "x_elas2_inc_int", version, true)
	}
	p, err := install("1.0.0")
	if err != nil || p.ID == "" || p.Label != "Pending" {
		t.Fatalf("%+v, %v", p, err)
	}
	statuses, err := follow(p)
	if err != nil || !slices.Equal(statuses, []JobStatus{JobPending, JobPending, JobRunning, JobSuccessful}) {
		t.Errorf("%v, %v", statuses, err)
	}
	var looks []time.Time
	for _, request := range server.Requests() {
		if request.Method == http.MethodGet {
			looks = append(looks, request.Time)
		} else if request.Query != "auto_upgrade_base_app=true&scope=x_elas2_inc_int&version=1.0.0" {
			t.Errorf("asked for %s", request.Query)
		}
	}
	if len(looks) != 3 || looks[2].Sub(looks[1]) < firstPause*5/4 {
		t.Errorf("looked at %v: the second pause is longer than the first", looks)
	}
	server.SetOutcome("x_elas2_inc_int", servicenow.Outcome{Result: "failed", Message: "no room", Polls: 1})
	if p, err = install(""); err != nil {
		t.Fatal(err)
	}
	var job *JobError
	if _, err = follow(p); !errors.As(err, &job) || job.Status != JobFailed || job.Percent != 100 ||
		!strings.HasSuffix(err.Error(), ": no room") {
		t.Errorf("the error is %v", err)
	}
	if _, err := client.ActivatePlugin(t.Context(), "com.nothing"); err == nil {
		t.Error("a plugin that nobody has was activated")
	}
}

// TestJobsThatEndOtherwise says in the error how far a job was, and what to look at.
func TestJobsThatEndOtherwise(t *testing.T) {
	t.Parallel()
	progress := Progress{ID: "j", Status: JobCanceled, Label: "Canceled"}
	client := &Client{}
	var job *JobError
	err := client.Await(t.Context(), progress, func(Progress) {})
	if !errors.As(err, &job) || !strings.Contains(err.Error(), "ended as Canceled, and the instance says no more") {
		t.Errorf("the error is %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	running := Progress{ID: "j", Status: JobRunning, Label: "Running", Percent: 40}
	err = client.Await(canceled, running, func(Progress) {})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "it was Running, at 40 %") ||
		!strings.Contains(err.Error(), "/api/sn_cicd/progress/j") {
		t.Errorf("the error is %v", err)
	}
}

// TestBrokenProgress names the job whose progress could not be asked for.
func TestBrokenProgress(t *testing.T) {
	t.Parallel()
	_, client, end := simulated(t, nil)
	t.Cleanup(end)
	err := client.Await(t.Context(), Progress{ID: "nosuch", Status: JobRunning}, func(Progress) {})
	var job *JobError
	if err == nil || errors.As(err, &job) || !strings.Contains(err.Error(), "progress of the job nosuch") {
		t.Errorf("the error is %v", err)
	}
}
