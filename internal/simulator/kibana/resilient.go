package kibana

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maximumResilientFields bounds additionalFields.
const maximumResilientFields = 50

// resilientSubActions are checked while they run: the type is built on the sub-action framework.
func resilientSubActions(v version) []subAction {
	numeric := schema{kind: anything, refine: func(value any) string {
		if _, valid := asNumber(value); !valid {
			return fmt.Sprintf("expected value of type [number] but got [%s]", typeName(value))
		}
		return ""
	}}
	incident := append([]property{required("name", text)}, nullables("description", "externalId")...)
	incident = append(incident, nullable("incidentTypes", listOf(numeric)), nullable("severityCode", numeric))
	if v.atLeast(9, 1) {
		incident = append(incident, nullable("additionalFields",
			schema{kind: record, refine: freeFields("additionalFields", maximumResilientFields, nil)}))
	}
	return []subAction{
		{name: "pushToService", params: pushSchema(strict(incident...))},
		{name: "getFields", params: schema{kind: record}},
		{name: "incidentTypes", params: schema{kind: record}},
		{name: "severity", params: schema{kind: record}},
	}
}

// asNumber reads a number, or a numeric text: case settings hold the codes as texts.
func asNumber(value any) (float64, bool) {
	switch v := value.(type) {
	case float64:
		return v, true
	case string:
		n, err := strconv.ParseFloat(v, 64)
		return n, err == nil
	}
	return 0, false
}

// resilient is a connector's view of its IBM Resilient organisation.
type resilient struct {
	*execution
	url, org string
}

func executeResilient(ctx context.Context, e *execution) (any, error) {
	service := resilient{e, stringOf(e.config["apiUrl"]), stringOf(e.config["orgId"])}
	for _, action := range resilientSubActions(e.version) {
		if action.name != e.subAction {
			continue
		}
		completed, faults := action.params.validate(e.version.wordingOf(typeResilient), e.params)
		if len(faults) > 0 {
			return nil, &remoteError{
				source:  "user",
				message: fmt.Sprintf("Request validation failed (Error: %s)", e.version.wordingOf(typeResilient).tell(faults)),
			}
		}
		e.params, _ = completed.(map[string]any)
		return service.run(ctx)
	}
	return nil, thrown("Sub action %q is not registered. Connector id: %s. Connector name: IBM Resilient. "+
		"Connector type: .resilient", e.subAction, e.connector.id)
}

func (r resilient) run(ctx context.Context) (any, error) {
	switch r.subAction {
	case "incidentTypes":
		return r.values(ctx, "incident_type_ids", "incident types")
	case "severity":
		return r.values(ctx, "severity_code", "severity")
	case "getFields":
		return r.fields(ctx)
	}
	return r.push(ctx)
}

var repeatedSlashes = regexp.MustCompile(`([^:]/)/+`)

// call makes one request below the organisation. The framework joins and then normalises URLs: double slashes go.
func (r resilient) call(ctx context.Context, method, path string, body any) (*response, error) {
	target := repeatedSlashes.ReplaceAllString(r.url+"/rest/orgs/"+r.org+path, "$1")
	header := basicAuthorization(stringOf(r.secrets["apiKeyId"]), stringOf(r.secrets["apiKeySecret"]))
	answer, err := r.send(ctx, method, target, header, body)
	if err == nil {
		return answer, nil
	}
	remote := asRemote(err)
	if remote.response == nil {
		return nil, thrown("Status code: %s. Message: Unknown API Error", "undefined")
	}
	message := "API Error: " + http.StatusText(remote.response.status)
	if remote.response.status == http.StatusUnauthorized {
		message = "Unauthorized API Error"
	} else if told := remote.response.field("message"); told != nil {
		message = fmt.Sprintf("API Error: %v", told)
	}
	return nil, thrown("Status code: %d. Message: %s", remote.response.status, message)
}

func (r resilient) wrap(err error, format string, args ...any) error {
	return thrown("[Action][IBM Resilient]: %s. Error: %s.", fmt.Sprintf(format, args...), err)
}

func (r resilient) values(ctx context.Context, field, noun string) (any, error) {
	answer, err := r.call(ctx, http.MethodGet, "/types/incident/fields/"+field, nil)
	if err != nil {
		return nil, r.wrap(err, "Unable to get %s", noun)
	}
	rows := []map[string]any{}
	values, _ := answer.field("values").([]any)
	for _, item := range values {
		if value, isObject := item.(map[string]any); isObject {
			rows = append(rows, map[string]any{"id": fmt.Sprint(value["value"]), "name": value["label"]})
		}
	}
	return rows, nil
}

func (r resilient) fields(ctx context.Context) (any, error) {
	answer, err := r.call(ctx, http.MethodGet, "/types/incident/fields", nil)
	if err != nil {
		return nil, r.wrap(err, "Unable to get fields")
	}
	rows := []map[string]any{}
	list, _ := answer.data.([]any)
	for _, item := range list {
		field, _ := item.(map[string]any)
		row := map[string]any{}
		for _, key := range []string{"name", "input_type", "read_only", "required", "text", "prefix", "values"} {
			row[key] = field[key]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (r resilient) push(ctx context.Context) (any, error) {
	id, incident, comments := r.pushParams()
	var (
		pushed *pushResult
		err    error
	)
	if id != "" {
		pushed, err = r.update(ctx, id, incident)
	} else {
		pushed, err = r.create(ctx, incident)
	}
	if err != nil {
		return nil, err
	}
	for _, c := range comments {
		_, err := r.call(ctx, http.MethodPost, "/incidents/"+pushed.ID+"/comments",
			map[string]any{"text": map[string]any{"format": "text", "content": c.text}})
		if err != nil {
			return nil, r.wrap(err, "Unable to create comment at incident with id %s", pushed.ID)
		}
		pushed.Comments = append(pushed.Comments, pushedComment{c.id, pushed.PushedDate})
	}
	return pushed, nil
}

func (r resilient) create(ctx context.Context, incident map[string]any) (*pushResult, error) {
	body := map[string]any{"name": incident["name"], "discovered_date": r.server.options.Clock().UnixMilli()}
	if description := stringOf(incident["description"]); description != "" {
		body["description"] = map[string]any{"format": "html", "content": description}
	}
	if types, isList := incident["incidentTypes"].([]any); isList {
		ids := []map[string]any{}
		for _, item := range types {
			n, _ := asNumber(item)
			ids = append(ids, map[string]any{"id": n})
		}
		body["incident_type_ids"] = ids
	}
	if severity, given := asNumber(incident["severityCode"]); given {
		body["severity_code"] = map[string]any{"id": severity}
	}
	// Fields of the organisation's own go under "properties".
	if own, _ := incident["additionalFields"].(map[string]any); len(own) > 0 {
		body["properties"] = own
	}
	answer, err := r.call(ctx, http.MethodPost, "/incidents?text_content_output_format=objects_convert", body)
	if err != nil {
		return nil, r.wrap(err, "Unable to create incident")
	}
	return r.pushed(answer, "create_date"), nil
}

func (r resilient) pushed(answer *response, dateField string) *pushResult {
	n, _ := asNumber(answer.field("id"))
	id := strconv.FormatFloat(n, 'f', -1, 64)
	date, _ := asNumber(answer.field(dateField))
	return &pushResult{
		ID: id, Title: id, URL: strings.TrimSuffix(r.url, "/") + "/#incidents/" + id,
		PushedDate: isoTime(time.UnixMilli(int64(date))),
	}
}

// update reads the incident, sends old and new value of each field, and reads the incident again.
func (r resilient) update(ctx context.Context, id string, incident map[string]any) (*pushResult, error) {
	what := "Unable to update incident with id " + id
	path := "/incidents/" + id
	const reading = "?text_content_output_format=objects_convert"
	old, err := r.call(ctx, http.MethodGet, path+reading, nil)
	if err != nil {
		return nil, r.wrap(r.wrap(err, "Unable to get incident with id %s", id), "%s", what)
	}
	changes := []map[string]any{}
	for _, key := range []string{"name", "description", "incidentTypes", "severityCode"} {
		if incident[key] == nil {
			continue
		}
		name := map[string]string{"incidentTypes": "incident_type_ids", "severityCode": "severity_code"}[key]
		if name == "" {
			name = key
		}
		before := old.field(name)
		if described, isObject := before.(map[string]any); isObject && key == "description" {
			before = described["content"]
		}
		changes = append(changes, map[string]any{
			"field": map[string]any{"name": name}, "old_value": resilientValue(key, before),
			"new_value": resilientValue(key, incident[key]),
		})
	}
	answer, err := r.call(ctx, http.MethodPatch, path, map[string]any{"changes": changes})
	if err == nil && answer.field("success") != true {
		err = thrown("Error while updating incident: %v", answer.field("message"))
	}
	if err != nil {
		return nil, r.wrap(err, "%s", what)
	}
	stored, err := r.call(ctx, http.MethodGet, path+reading, nil)
	if err != nil {
		return nil, r.wrap(r.wrap(err, "Unable to get incident with id %s", id), "%s", what)
	}
	return r.pushed(stored, "inc_last_modified_date"), nil
}

func resilientValue(key string, value any) map[string]any {
	n, isNumber := asNumber(value)
	switch {
	case value == nil:
		return map[string]any{"text": ""}
	case key == "description":
		return map[string]any{"textarea": map[string]any{"format": "html", "content": fmt.Sprint(value)}}
	case key == "severityCode" && isNumber:
		return map[string]any{"id": n}
	case key == "incidentTypes":
		ids := []float64{}
		list, _ := value.([]any)
		for _, item := range list {
			n, _ := asNumber(item)
			ids = append(ids, n)
		}
		return map[string]any{"ids": ids}
	}
	return map[string]any{"text": fmt.Sprint(value)}
}
