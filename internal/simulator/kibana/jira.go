package kibana

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
)

// maximumOtherFields bounds Jira's otherFields.
const maximumOtherFields = 20

func jiraSubActions(v version) []subAction {
	label := schema{kind: text, refine: func(value any) string {
		if given := stringOf(value); strings.ContainsFunc(given, unicode.IsSpace) {
			return fmt.Sprintf("The label %s cannot contain spaces", given)
		}
		return ""
	}}
	incident := append([]property{required("summary", text)},
		nullables("description", "externalId", "issueType", "priority", "parent")...)
	incident = append(incident, nullable("labels", listOf(label)))
	if v.atLeast(8, 13) {
		names := []string{"otherFields"}
		for _, p := range incident {
			names = append(names, p.name)
		}
		incident = append(incident, nullable("otherFields",
			schema{kind: anything, refine: freeFields("otherFields", maximumOtherFields, names)}))
	}
	return []subAction{
		{name: "getFields", params: schema{kind: record}},
		{name: "getIncident", params: strict(required("externalId", text))},
		{name: "handshake", params: strict()},
		{name: "pushToService", params: pushSchema(strict(incident...))},
		{name: "issueTypes", params: strict()},
		{name: "fieldsByIssueType", params: strict(required("id", text))},
		{name: "issues", params: strict(required("title", text))},
		{name: "issue", params: strict(required("id", text))},
	}
}

// jira is a connector's view of its Jira: REST API version 2 with basic email and token.
type jira struct {
	*execution
	url, project string
}

func executeJira(ctx context.Context, e *execution) (any, error) {
	service := jira{e, withoutTrailingSlash(stringOf(e.config["apiUrl"])), stringOf(e.config["projectKey"])}
	switch e.subAction {
	case "pushToService":
		return service.push(ctx)
	case "getIncident":
		return service.incident(ctx, stringOf(e.params["externalId"]))
	case "issueTypes":
		return service.issueTypes(ctx)
	case "fieldsByIssueType":
		return service.fields(ctx, stringOf(e.params["id"]))
	case "getFields":
		return service.commonFields(ctx)
	case "issues":
		return service.search(ctx, stringOf(e.params["title"]))
	case "issue":
		return service.issue(ctx, stringOf(e.params["id"]))
	}
	return nil, notImplemented(e.subAction)
}

// call makes one request below /rest/api/2 and refuses an answer that is not JSON or lacks one of the wanted members.
func (j jira) call(ctx context.Context, method, path string, body any, wanted ...string) (*response, error) {
	header := basicAuthorization(stringOf(j.secrets["email"]), stringOf(j.secrets["apiToken"]))
	answer, err := j.send(ctx, method, j.url+"/rest/api/2/"+path, header, body)
	if err != nil {
		return nil, err
	}
	return answer, answer.valid(wanted)
}

// valid refuses an answer that is not JSON or lacks one of the wanted members.
func (r *response) valid(wanted []string) error {
	if r.data == "" { // no body, as Jira answers a PUT
		return nil
	}
	if !strings.Contains(r.contentType, "application/json") {
		return thrown("Unsupported content type: %s. Supported content types: application/json", r.contentType)
	}
	for _, name := range wanted {
		if r.field(name) == nil {
			return thrown("Response is missing the expected fields: %s", strings.Join(wanted, ", "))
		}
	}
	return nil
}

func (j jira) wrap(err error, format string, args ...any) error {
	remote := asRemote(err)
	reason := "unknown: errorResponse was null"
	if remote.response != nil {
		reason = "unknown: errorResponse.errors was null"
		messages, _ := remote.response.field("errorMessages").([]any)
		faults, isObject := remote.response.field("errors").(map[string]any)
		if len(messages) > 0 {
			reason = strings.Join(texts(messages), ", ")
		} else if isObject {
			var told []string
			for _, key := range sortedKeys(faults) {
				told = append(told, stringOf(faults[key]))
			}
			reason = strings.Join(told, " ")
		}
	}
	outer := &remoteError{message: fmt.Sprintf("[Action][Jira]: %s. Error: %s. Reason: %s",
		fmt.Sprintf(format, args...), remote.message, reason)}
	if remote.response != nil && remote.response.status == http.StatusTooManyRequests {
		outer.source = "user"
	}
	return outer
}

func (j jira) push(ctx context.Context) (any, error) {
	id, incident, comments := j.pushParams()
	var (
		pushed *pushResult
		err    error
	)
	if id != "" {
		pushed, err = j.update(ctx, id, incident)
	} else {
		pushed, err = j.create(ctx, incident)
	}
	if err != nil {
		return nil, err
	}
	for _, c := range comments {
		if c.text == "" {
			continue
		}
		answer, err := j.call(ctx, http.MethodPost, "issue/"+pushed.ID+"/comment", map[string]any{"body": c.text},
			"id", "created")
		if err != nil {
			return nil, j.wrap(err, "Unable to create comment at incident with id %s", pushed.ID)
		}
		at, err := jiraTime(answer.field("created"))
		if err != nil {
			return nil, j.wrap(err, "Unable to create comment at incident with id %s", pushed.ID)
		}
		pushed.Comments = append(pushed.Comments, pushedComment{c.id, at})
	}
	return pushed, nil
}

// create looks up the project's first issue type where none is given, creates the issue and reads it.
func (j jira) create(ctx context.Context, incident map[string]any) (*pushResult, error) {
	if stringOf(incident["issueType"]) == "" {
		types, err := j.issueTypes(ctx)
		if err != nil {
			return nil, err
		}
		incident = maps.Clone(incident)
		if len(types) > 0 {
			incident["issueType"] = types[0]["id"]
		}
	}
	answer, err := j.call(ctx, http.MethodPost, "issue", map[string]any{"fields": j.issueFields(incident)}, "id")
	if err != nil {
		return nil, j.wrap(err, "Unable to create incident")
	}
	pushed, err := j.pushed(ctx, stringOf(answer.field("id")), "created")
	if err != nil {
		return nil, j.wrap(err, "Unable to create incident")
	}
	return pushed, nil
}

func (j jira) update(ctx context.Context, id string, incident map[string]any) (*pushResult, error) {
	_, err := j.call(ctx, http.MethodPut, "issue/"+id, map[string]any{"fields": j.issueFields(incident)})
	if err != nil {
		return nil, j.wrap(err, "Unable to update incident with id %s", id)
	}
	pushed, err := j.pushed(ctx, id, "updated")
	if err != nil {
		return nil, j.wrap(err, "Unable to update incident with id %s", id)
	}
	return pushed, nil
}

func (j jira) pushed(ctx context.Context, id, dateField string) (*pushResult, error) {
	issue, err := j.incident(ctx, id)
	if err != nil {
		return nil, err
	}
	at, err := jiraTime(issue[dateField])
	if err != nil {
		return nil, err
	}
	key := stringOf(issue["key"])
	return &pushResult{ID: stringOf(issue["id"]), Title: key, URL: j.url + "/browse/" + key, PushedDate: at}, nil
}

// jiraTime turns Jira's "2020-04-27T10:59:46.202+0200" into an ISO time.
func jiraTime(value any) (string, error) {
	for _, layout := range []string{"2006-01-02T15:04:05.000-0700", time.RFC3339} {
		if at, err := time.Parse(layout, stringOf(value)); err == nil {
			return isoTime(at), nil
		}
	}
	return "", thrown("Invalid time value")
}

func (j jira) issueFields(incident map[string]any) map[string]any {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(stringOf(incident["summary"]), "\r", "\n")) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	fields := map[string]any{"summary": strings.Join(lines, ", "), "project": map[string]any{"key": j.project}}
	for name, wrap := range map[string]struct{ field, member string }{
		"issueType": {"issuetype", "id"}, "priority": {"priority", "name"}, "parent": {"parent", "key"},
	} {
		if value := stringOf(incident[name]); value != "" {
			fields[wrap.field] = map[string]any{wrap.member: value}
		}
	}
	if description := stringOf(incident["description"]); description != "" {
		fields["description"] = description
	}
	if labels, isList := incident["labels"].([]any); isList {
		fields["labels"] = labels
	}
	other, _ := asObject(incident["otherFields"])
	maps.Copy(fields, other)
	return fields
}

func (j jira) incident(ctx context.Context, id string) (map[string]any, error) {
	answer, err := j.call(ctx, http.MethodGet, "issue/"+id, nil, "id", "key")
	if err != nil {
		return nil, j.wrap(err, "Unable to get incident with id %s", id)
	}
	incident := map[string]any{"id": answer.field("id"), "key": answer.field("key")}
	fields, _ := answer.field("fields").(map[string]any)
	maps.Copy(incident, fields)
	return incident, nil
}

func (j jira) issueTypes(ctx context.Context) ([]map[string]any, error) {
	answer, err := j.call(ctx, http.MethodGet, "issue/createmeta/"+j.project+"/issuetypes", nil)
	if err != nil {
		return nil, j.wrap(err, "Unable to get issue types")
	}
	types := []map[string]any{}
	for _, row := range cloudOrDataCenter(answer, "issueTypes") {
		types = append(types, map[string]any{"id": row["id"], "name": row["name"]})
	}
	return types, nil
}

// cloudOrDataCenter answers the rows of a page, which Jira Data Center calls "values".
func cloudOrDataCenter(answer *response, name string) []map[string]any {
	list, isCloud := answer.field(name).([]any)
	if !isCloud {
		list, _ = answer.field("values").([]any)
	}
	rows := make([]map[string]any, 0, len(list))
	for _, item := range list {
		if row, isObject := item.(map[string]any); isObject {
			rows = append(rows, row)
		}
	}
	return rows
}

func (j jira) fields(ctx context.Context, issueType string) (map[string]any, error) {
	answer, err := j.call(ctx, http.MethodGet, "issue/createmeta/"+j.project+"/issuetypes/"+issueType, nil)
	if err != nil {
		return nil, j.wrap(err, "Unable to get fields")
	}
	fields := map[string]any{}
	for _, row := range cloudOrDataCenter(answer, "fields") {
		field := map[string]any{
			"required": row["required"], "schema": row["schema"], "name": row["name"],
			"allowedValues": row["allowedValues"], "defaultValue": row["defaultValue"],
		}
		if field["allowedValues"] == nil {
			field["allowedValues"] = []any{}
		}
		if field["defaultValue"] == nil {
			field["defaultValue"] = map[string]any{}
		}
		fields[stringOf(row["fieldId"])] = field
	}
	return fields, nil
}

// commonFields answers the fields that every issue type has.
func (j jira) commonFields(ctx context.Context) (map[string]any, error) {
	types, err := j.issueTypes(ctx)
	if err != nil {
		return nil, err
	}
	common := map[string]any{}
	for i, t := range types {
		fields, err := j.fields(ctx, stringOf(t["id"]))
		if err != nil {
			return nil, err
		}
		if i == 0 {
			common = fields
			continue
		}
		maps.DeleteFunc(common, func(name string, _ any) bool { return fields[name] == nil })
	}
	return common, nil
}

func (j jira) search(ctx context.Context, title string) ([]map[string]any, error) {
	var escaped strings.Builder
	for _, r := range title {
		if strings.ContainsRune(`\"'{}[]()+-!&|*?~^:`, r) {
			escaped.WriteString(`\\`)
		}
		escaped.WriteRune(r)
	}
	query := url.QueryEscape(fmt.Sprintf(`project="%s" and summary ~"%s"`, j.project, escaped.String()))
	answer, err := j.call(ctx, http.MethodGet, "search/jql?jql="+query+"&fields=summary,key", nil)
	if err != nil {
		return nil, j.wrap(err, "Unable to get issues")
	}
	found := []map[string]any{}
	for _, row := range cloudOrDataCenter(answer, "issues") {
		found = append(found, titledIssue(row))
	}
	return found, nil
}

func titledIssue(row map[string]any) map[string]any {
	fields, _ := row["fields"].(map[string]any)
	return map[string]any{"id": row["id"], "key": row["key"], "title": fields["summary"]}
}

func (j jira) issue(ctx context.Context, id string) (map[string]any, error) {
	answer, err := j.call(ctx, http.MethodGet, "issue/"+id, nil)
	if err != nil {
		return nil, j.wrap(err, "Unable to get issue with id %s", id)
	}
	row, _ := answer.data.(map[string]any)
	return titledIssue(row), nil
}
