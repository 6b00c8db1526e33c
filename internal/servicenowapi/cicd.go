package servicenowapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// Progress is how far a job of the CI/CD API is.
//
// Source: ServiceNow CI/CD API, /api/sn_cicd/progress/{id}: the status is a string, the percentage a number.
type Progress struct {
	ID      string
	Status  JobStatus
	Label   string // the status in the server's words
	Message string // what it says about a failure; often empty
	Percent int    // 0 to 100
}

// JobStatus is the state of a job.
type JobStatus string

// The states.
const (
	JobPending    JobStatus = "0"
	JobRunning    JobStatus = "1"
	JobSuccessful JobStatus = "2"
	JobFailed     JobStatus = "3"
	JobCanceled   JobStatus = "4"
)

// JobError reports that a job ended otherwise than with success, or had not ended when its time was over.
type JobError struct {
	Progress
	Err error // the context's error, when the time was over
}

func (e *JobError) Error() string {
	switch {
	case e.Err != nil:
		return fmt.Sprintf("the job %s had not ended when its time was over: it was %s, at %d %%. The instance goes on with "+
			"it; look at /api/sn_cicd/progress/%[1]s, and apply again when it has ended: what is in place then is "+
			"taken as it is",
			e.ID, e.Label, e.Percent)
	case e.Message != "":
		return fmt.Sprintf("the job %s ended as %s: %s", e.ID, e.Label, e.Message)
	}
	return fmt.Sprintf("the job %s ended as %s, and the instance says no more: its log does", e.ID, e.Label)
}

// Unwrap returns the context's error.
func (e *JobError) Unwrap() error { return e.Err }

// ActivatePlugin starts a job that activates a plugin.
func (s *Client) ActivatePlugin(ctx context.Context, id string) (Progress, error) {
	return s.job(ctx, http.MethodPost, "/api/sn_cicd/plugin/"+rest.PathElement(id)+"/activate", nil)
}

// InstallApplication starts a job that installs a store application or upgrades it. Version "" is the latest.
func (s *Client) InstallApplication(
	ctx context.Context, scope, version string, upgradeBase bool,
) (Progress, error) {
	query := url.Values{"scope": {scope}}
	if version != "" {
		query.Set("version", version)
	}
	if upgradeBase {
		query.Set("auto_upgrade_base_app", strconv.FormatBool(upgradeBase))
	}
	return s.job(ctx, http.MethodPost, "/api/sn_cicd/app_repo/install", query)
}

func (s *Client) job(ctx context.Context, method, path string, query url.Values) (Progress, error) {
	var out struct {
		Result struct {
			Links struct {
				Progress struct {
					ID string `json:"id"`
				} `json:"progress"`
			} `json:"links"`
			Status  JobStatus   `json:"status"`
			Label   string      `json:"status_label"`
			Message string      `json:"status_message"`
			Detail  string      `json:"status_detail"`
			Error   string      `json:"error"`
			Percent json.Number `json:"percent_complete"`
		} `json:"result"`
	}
	// Starting what is in place, or under way, again does no harm, so a lost answer is asked for once more.
	r := rest.Request{Method: method, Path: path, Query: query, Write: method == http.MethodPost, Idempotent: true}
	if _, err := s.do(ctx, r, &out); err != nil {
		return Progress{}, err
	}
	p := Progress{ID: out.Result.Links.Progress.ID, Status: out.Result.Status, Label: out.Result.Label}
	for _, message := range []string{out.Result.Error, out.Result.Message, out.Result.Detail} {
		if p.Message == "" {
			p.Message = rest.Excerpt(message, rest.MaxMessage)
		}
	}
	if percent, err := out.Result.Percent.Float64(); err == nil {
		p.Percent = int(percent)
	}
	return p, nil
}

// The pauses between two looks at a job: short at first, for what is done at once, then longer.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 10 * time.Second
	// mostOddPolls is how many questions for a job's progress in a row may fail, retries of each not counted.
	mostOddPolls = 4
)

// Await follows a job to its end and reports each step. Its error is a *JobError, or that of a request.
func (s *Client) Await(ctx context.Context, p Progress, report func(Progress)) error {
	failed := 0
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		if failed == 0 {
			report(p)
		}
		switch p.Status {
		case JobSuccessful:
			return nil
		case JobFailed, JobCanceled:
			return &JobError{Progress: p}
		case JobPending, JobRunning:
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return &JobError{Progress: p, Err: ctx.Err()}
		}
		next, err := s.job(ctx, http.MethodGet, "/api/sn_cicd/progress/"+rest.PathElement(p.ID), nil)
		if ctx.Err() != nil {
			return &JobError{Progress: p, Err: ctx.Err()}
		}
		if err != nil {
			if failed++; failed == mostOddPolls {
				return fmt.Errorf("asking for the progress of the job %s, %d times: %w", p.ID, failed, err)
			}
			continue // the job goes on, whatever became of the question
		}
		failed = 0
		next.ID = p.ID
		p = next
	}
}
