package ticketing

import (
	"net/http"
	"regexp"
	"strings"
	"time"
)

// JiraOptions configure a Jira; empty ones take the value given here.
type JiraOptions struct {
	Email, APIToken string           // "elastic@example.com", "token"
	ProjectKey      string           // "ES"
	Clock           func() time.Time // time.Now
}

// Jira is a stand-in of one Jira project, REST API version 2.
type Jira struct {
	store
	options JiraOptions
	mux     *http.ServeMux
}

// NewJira makes an empty project with the issue types Task (10002) and Bug (10004).
func NewJira(options JiraOptions) *Jira {
	if options.Email == "" {
		options.Email = "elastic@example.com"
	}
	if options.APIToken == "" {
		options.APIToken = "token"
	}
	if options.ProjectKey == "" {
		options.ProjectKey = "ES"
	}
	j := &Jira{store: newStore(options.Clock), options: options, mux: http.NewServeMux()}
	const api = "/rest/api/2/"
	j.mux.HandleFunc("GET "+api+"issue/createmeta/{project}/issuetypes", j.issueTypes)
	j.mux.HandleFunc("GET "+api+"issue/createmeta/{project}/issuetypes/{type}", j.fields)
	j.mux.HandleFunc("POST "+api+"issue", j.create)
	j.mux.HandleFunc("GET "+api+"issue/{id}", j.get)
	j.mux.HandleFunc("PUT "+api+"issue/{id}", j.update)
	j.mux.HandleFunc("POST "+api+"issue/{id}/comment", j.comment)
	j.mux.HandleFunc("GET "+api+"search", j.search)
	j.mux.HandleFunc("GET "+api+"search/jql", j.search)
	return j
}

// ServeHTTP answers one request, or 401 without the configured email and token.
func (j *Jira) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !hasBasic(r, j.options.Email, j.options.APIToken) {
		jiraFault(w, http.StatusUnauthorized, "Client must be authenticated to access this resource.", nil)
		return
	}
	j.mux.ServeHTTP(w, r)
}

func jiraFault(w http.ResponseWriter, status int, message string, fields map[string]string) {
	messages := []string{}
	if message != "" {
		messages = append(messages, message)
	}
	if fields == nil {
		fields = map[string]string{}
	}
	answer(w, status, map[string]any{"errorMessages": messages, "errors": fields})
}

func (j *Jira) known(w http.ResponseWriter, r *http.Request) bool {
	if r.PathValue("project") == j.options.ProjectKey {
		return true
	}
	jiraFault(w, http.StatusNotFound, "No project could be found with key '"+r.PathValue("project")+"'.", nil)
	return false
}

var jiraTypes = []map[string]any{{"id": "10002", "name": "Task"}, {"id": "10004", "name": "Bug"}}

func (j *Jira) issueTypes(w http.ResponseWriter, r *http.Request) {
	if j.known(w, r) {
		answer(w, http.StatusOK, map[string]any{"issueTypes": jiraTypes, "startAt": 0, "total": len(jiraTypes)})
	}
}

func (j *Jira) fields(w http.ResponseWriter, r *http.Request) {
	if !j.known(w, r) {
		return
	}
	priorities := []map[string]any{
		{"id": "1", "name": "Highest"},
		{"id": "3", "name": "Medium"},
		{"id": "5", "name": "Lowest"},
	}
	field := func(id, name, kind string, required bool) map[string]any {
		return map[string]any{"fieldId": id, "name": name, "required": required, "schema": map[string]any{"type": kind}}
	}
	priority := field("priority", "Priority", "priority", false)
	priority["allowedValues"], priority["defaultValue"] = priorities, priorities[1]
	fields := []map[string]any{
		field("summary", "Summary", "string", true), field("description", "Description", "string", false),
		field("labels", "Labels", "array", false), priority,
	}
	if r.PathValue("type") == "10004" {
		fields = append(fields, field("environment", "Environment", "string", false))
	}
	answer(w, http.StatusOK, map[string]any{"fields": fields, "startAt": 0, "total": len(fields)})
}

// invalid answers what Jira finds wrong with the fields of an issue.
func (j *Jira) invalid(fields map[string]any, creating bool) map[string]string {
	problems := map[string]string{}
	if summary, given := fields["summary"]; (given || creating) && (summary == nil || summary == "") {
		problems["summary"] = "You must specify a summary of the issue."
	}
	if creating && member(fields, "project", "key") != j.options.ProjectKey {
		problems["project"] = "Specify a valid project ID or key"
	}
	kind, given := fields["issuetype"]
	known := false
	for _, t := range jiraTypes {
		known = known || member(fields, "issuetype", "id") == t["id"]
	}
	if (creating || given && kind != nil) && !known {
		problems["issuetype"] = "Specify a valid issue type"
	}
	return problems
}

func (j *Jira) create(w http.ResponseWriter, r *http.Request) {
	body, err := readObject(r)
	if err != nil {
		jiraFault(w, http.StatusBadRequest, err.Error(), nil)
		return
	}
	fields, _ := body["fields"].(map[string]any)
	if problems := j.invalid(fields, true); len(problems) > 0 {
		jiraFault(w, http.StatusBadRequest, "", problems)
		return
	}
	created := j.add(
		fields,
		func(n int) (string, string) { return decimal(10000 + n), j.options.ProjectKey + "-" + decimal(n) },
	)
	answer(w, http.StatusCreated, map[string]any{"id": created.ID, "key": created.Title})
}

const jiraTime = "2006-01-02T15:04:05.000-0700"

func issue(t Ticket) map[string]any {
	fields := t.Fields
	fields["created"], fields["updated"] = t.Created.Format(jiraTime), t.Updated.Format(jiraTime)
	return map[string]any{"id": t.ID, "key": t.Title, "fields": fields}
}

const noIssue = "Issue does not exist or you do not have permission to see it."

func (j *Jira) get(w http.ResponseWriter, r *http.Request) {
	found, exists := j.find(r.PathValue("id"))
	if !exists {
		jiraFault(w, http.StatusNotFound, noIssue, nil)
		return
	}
	answer(w, http.StatusOK, issue(found))
}

func (j *Jira) update(w http.ResponseWriter, r *http.Request) {
	body, err := readObject(r)
	if err != nil {
		jiraFault(w, http.StatusBadRequest, err.Error(), nil)
		return
	}
	fields, _ := body["fields"].(map[string]any)
	if problems := j.invalid(fields, false); len(problems) > 0 {
		jiraFault(w, http.StatusBadRequest, "", problems)
		return
	}
	_, exists := j.change(r.PathValue("id"), func(t *Ticket) {
		for name, value := range fields {
			t.Fields[name] = value
		}
	})
	if !exists {
		jiraFault(w, http.StatusNotFound, noIssue, nil)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (j *Jira) comment(w http.ResponseWriter, r *http.Request) {
	body, err := readObject(r)
	text, _ := body["body"].(string)
	if err != nil || text == "" {
		jiraFault(w, http.StatusBadRequest, "", map[string]string{"comment": "Comment body can not be empty!"})
		return
	}
	changed, exists := j.change(r.PathValue("id"), func(t *Ticket) { t.Comments = append(t.Comments, text) })
	if !exists {
		jiraFault(w, http.StatusNotFound, noIssue, nil)
		return
	}
	answer(w, http.StatusCreated, map[string]any{
		"id": changed.ID + decimal(len(changed.Comments)), "body": text, "created": changed.Updated.Format(jiraTime),
	})
}

// asked takes the words out of the one query that connectors send: project="…" and summary ~"…".
var asked = regexp.MustCompile(`^project="([^"]*)" and summary ~"(.*)"$`)

func (j *Jira) search(w http.ResponseWriter, r *http.Request) {
	terms := asked.FindStringSubmatch(r.URL.Query().Get("jql"))
	if terms == nil {
		jiraFault(w, http.StatusBadRequest, "Error in the JQL Query.", nil)
		return
	}
	words := strings.ToLower(strings.ReplaceAll(terms[2], `\`, ""))
	issues := []map[string]any{}
	for _, t := range j.Tickets() {
		summary, _ := t.Fields["summary"].(string)
		if terms[1] == j.options.ProjectKey && strings.Contains(strings.ToLower(summary), words) {
			issues = append(
				issues,
				map[string]any{"id": t.ID, "key": t.Title, "fields": map[string]any{"summary": summary}},
			)
		}
	}
	answer(w, http.StatusOK, map[string]any{"issues": issues, "isLast": true})
}
