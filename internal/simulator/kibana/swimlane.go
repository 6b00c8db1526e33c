package kibana

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

func swimlaneSubActions(version) []subAction {
	return []subAction{{name: "pushToService", params: pushSchema(strict(nullables("alertId", "ruleName", "caseId",
		"caseName", "severity", "description", "externalId")...))}}
}

// swimlane is a connector's view of one Swimlane application.
type swimlane struct {
	*execution
	url, app string
	mappings map[string]any
}

func executeSwimlane(ctx context.Context, e *execution) (any, error) {
	mappings, _ := e.config["mappings"].(map[string]any)
	service := swimlane{e, withoutTrailingSlash(stringOf(e.config["apiUrl"])), stringOf(e.config["appId"]), mappings}
	return service.push(ctx)
}

func (s swimlane) call(ctx context.Context, method, path string, body any, wanted ...string) (*response, error) {
	base := s.url
	if !strings.HasSuffix(base, "api") {
		base += "/api"
	}
	header := http.Header{"Private-Token": {stringOf(s.secrets["apiToken"])}}
	answer, err := s.send(ctx, method, base+"/app/"+s.app+"/record"+path, header, body)
	if err != nil {
		return nil, err
	}
	return answer, answer.valid(wanted)
}

func (s swimlane) wrap(err error, what string) error {
	remote := asRemote(err)
	status, reason := http.StatusInternalServerError, "unknown"
	if remote.response != nil {
		status = remote.response.status
		argument, code := remote.response.field("Argument"), remote.response.field("ErrorCode")
		if argument != nil && code != nil {
			reason = fmt.Sprintf("%v (%v)", argument, code)
		}
	}
	return thrown("[Action][Swimlane]: Unable to %s in application with id %s. Status: %d. Error: %s. Reason: %s",
		what, s.app, status, remote.message, reason)
}

func (s swimlane) push(ctx context.Context) (any, error) {
	id, incident, comments := s.pushParams()
	method, path, what, dateField := http.MethodPost, "", "create record", "createdDate"
	body := map[string]any{"applicationId": s.app, "values": s.values(incident)}
	if id != "" {
		method, path, what, dateField = http.MethodPatch, "/"+id, "update record", "modifiedDate"
		body["id"] = id
	}
	answer, err := s.call(ctx, method, path, body, "id", "name", dateField)
	if err != nil {
		return nil, s.wrap(err, what)
	}
	at, err := time.Parse(time.RFC3339, stringOf(answer.field(dateField)))
	if err != nil {
		return nil, s.wrap(thrown("Invalid time value"), what)
	}
	recordID := stringOf(answer.field("id"))
	pushed := &pushResult{
		ID: recordID, Title: stringOf(answer.field("name")), URL: s.url + "/record/" + s.app + "/" + recordID,
		PushedDate: isoTime(at),
	}
	now := isoTime(s.server.options.Clock())
	for _, c := range comments {
		if err := s.comment(ctx, recordID, now, c); err != nil {
			return nil, s.wrap(err, "create comment")
		}
		pushed.Comments = append(pushed.Comments, pushedComment{c.id, now})
	}
	return pushed, nil
}

// values maps the incident's members to the ids of the application's fields.
func (s swimlane) values(incident map[string]any) map[string]any {
	values := map[string]any{}
	for config, name := range map[string]string{
		"ruleNameConfig": "ruleName", "alertIdConfig": "alertId", "caseIdConfig": "caseId",
		"caseNameConfig": "caseName",
		"severityConfig": "severity", "descriptionConfig": "description",
	} {
		mapping, _ := s.mappings[config].(map[string]any)
		value := stringOf(incident[name])
		if mapping == nil || value == "" {
			continue
		}
		field := stringOf(mapping["id"])
		if mapping["fieldType"] == "numeric" {
			n, _ := asNumber(value) // what is no number is sent as 0
			values[field] = n
			continue
		}
		values[field] = value
	}
	return values
}

func (s swimlane) comment(ctx context.Context, recordID, now string, c comment) error {
	mapping, _ := s.mappings["commentsConfig"].(map[string]any)
	field := stringOf(mapping["id"])
	if field == "" {
		return thrown("No comment field mapped in Swimlane connector")
	}
	_, err := s.call(ctx, http.MethodPost, "/"+recordID+"/"+field+"/comment",
		map[string]any{"createdDate": now, "fieldId": field, "isRichText": true, "message": c.text})
	return err
}
