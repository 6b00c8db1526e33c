package servicenow

import (
	"net/http"
	"slices"
)

// Outcome is how the next installation or activation of one application or plugin goes. The zero value succeeds after
// two looks at its progress: Pending, Running, Successful.
type Outcome struct {
	// Result is "" or "successful", "failed", "canceled" or "never" (stays Pending).
	Result string `json:"result"`
	// Message is the error of a failed job.
	Message string `json:"message"`
	// Polls is how many progress requests answer Pending or Running first; default 2.
	Polls int `json:"polls"`
}

// SetOutcome decides how installing an application (by scope) or activating a plugin (by id) ends.
func (s *Server) SetOutcome(id string, o Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes[id] = o
}

// job is one progress record.
type job struct {
	id, target, version string
	outcome             Outcome
	polls               int
	done                bool
	rollback            string
}

func (s *Server) cicd(c *call, seg []string) answer {
	if !c.caller.may([]string{"sn_cicd.sys_ci_automation"}) {
		return refused(http.StatusForbidden, "Insufficient rights to use the CI/CD API", "")
	}
	switch {
	case len(seg) == 2 && seg[0] == "progress":
		if c.method != http.MethodGet {
			return refused(http.StatusMethodNotAllowed, "Method not supported", "")
		}
		j := s.jobs[seg[1]]
		if j == nil {
			return refused(http.StatusNotFound, "Progress not found", "")
		}
		s.advance(j)
		return s.progress(c, j)
	case len(seg) == 3 && seg[0] == "plugin" && seg[2] == "activate":
		return s.startActivation(c, seg[1])
	case len(seg) == 2 && seg[0] == "app_repo" && seg[1] == "install":
		return s.startInstallation(c)
	}
	return noResource()
}

func (s *Server) startActivation(c *call, id string) answer {
	if c.method != http.MethodPost {
		return refused(http.StatusMethodNotAllowed, "Method not supported", "")
	}
	if s.where("v_plugin", "id", id) == nil {
		return refused(http.StatusNotFound, "Plugin "+id+" not found", "")
	}
	return s.startJob(c, &job{target: id, done: s.installed(id) != ""})
}

// startInstallation takes its parameters from the query; a body is not read.
func (s *Server) startInstallation(c *call) answer {
	if c.method != http.MethodPost {
		return refused(http.StatusMethodNotAllowed, "Method not supported", "")
	}
	scope, version := c.query.Get("scope"), c.query.Get("version")
	if scope == "" {
		for _, a := range catalogue {
			if !a.plugin && a.scopeID() == c.query.Get("sys_id") {
				scope = a.id
			}
		}
	}
	a := catalogue[scope]
	if a == nil || a.plugin {
		return refused(http.StatusNotFound, "Application not found in the repository", "")
	}
	if version == "" {
		version = a.versions[len(a.versions)-1]
	}
	if !slices.Contains(a.versions, version) {
		return refused(http.StatusNotFound, "Version "+version+" of "+scope+" not found", "")
	}
	before := s.installed(scope)
	return s.startJob(c, &job{target: scope, version: version, done: before == version, rollback: before})
}

func (s *Server) startJob(c *call, j *job) answer {
	j.id, j.outcome = s.newID("job", j.target), s.outcomes[j.target]
	if j.outcome.Polls == 0 {
		j.outcome.Polls = 2
	}
	s.jobs[j.id] = j
	return s.progress(c, j)
}

func (s *Server) advance(j *job) {
	if j.done || j.outcome.Result == "never" {
		return
	}
	j.polls++
	if j.polls <= j.outcome.Polls {
		return
	}
	j.done = true
	if j.outcome.Result != "" && j.outcome.Result != "successful" {
		return
	}
	if err := s.install(j.target, j.version); err != nil {
		j.outcome = Outcome{Result: "failed", Message: err.Error()}
	}
}

// progress renders a job: status is a string, percent_complete a number.
func (s *Server) progress(c *call, j *job) answer {
	status, label, percent, problem := "0", "Pending", 0, ""
	switch {
	case j.done && j.outcome.Result == "failed":
		status, label, percent, problem = "3", "Failed", 100, j.outcome.Message
	case j.done && j.outcome.Result == "canceled":
		status, label = "4", "Canceled"
	case j.done:
		status, label, percent = "2", "Successful", 100
	case j.polls > 1 || j.polls > 0 && j.outcome.Polls == 1:
		status, label, percent = "1", "Running", min(99, 100*j.polls/(j.outcome.Polls+1))
	}
	body := map[string]any{
		"links": map[string]any{"progress": map[string]any{
			"id":  j.id,
			"url": c.base + "/api/sn_cicd/progress/" + j.id,
		}}, "status": status, "status_label": label,
		"status_message": problem, "status_detail": "", "error": problem, "percent_complete": percent,
	}
	if j.version != "" {
		body["rollback_version"] = j.rollback
	}
	return result(http.StatusOK, body)
}
