package kibana

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// product is where a ServiceNow connector type works.
type product struct {
	table       string
	scope       string // of the Elastic app
	importTable string // "" for ITOM, which has no app and always uses the Table API
}

var (
	itsm   = product{"incident", "x_elas2_inc_int", "x_elas2_inc_int_elastic_incident"}
	secOps = product{"sn_si_incident", "x_elas2_sir_int", "x_elas2_sir_int_elastic_si_incident"}
	itom   = product{table: "em_event"}
)

// defaultCorrelationID is what Kibana fills in; in a run by API nothing renders the placeholders.
const defaultCorrelationID = "{{rule.id}}:{{alert.id}}"

// maximumAdditionalFields bounds additional_fields.
const maximumAdditionalFields = 20

func commonIncident(v version, more ...property) schema {
	properties := []property{required("short_description", text)}
	properties = append(properties, nullables("description", "externalId", "category", "subcategory")...)
	correlation := nullable("correlation_id", schema{kind: text})
	correlation.fallback = defaultCorrelationID
	properties = append(properties, correlation, nullable("correlation_display", schema{kind: text}))
	if v.atLeast(8, 16) {
		names := []string{"additional_fields"}
		for _, p := range properties {
			names = append(names, p.name)
		}
		properties = append(properties, nullable("additional_fields",
			schema{kind: anything, refine: freeFields("additional_fields", maximumAdditionalFields, names)}))
	}
	return strict(append(properties, more...)...)
}

// freeFields checks a map of further fields, given as an object or as its JSON text.
func freeFields(name string, maximum int, reserved []string) func(any) string {
	return func(value any) string {
		fields, isObject := asObject(value)
		if !isObject {
			return "Expected object, received " + typeName(value)
		}
		if len(fields) > maximum {
			return fmt.Sprintf("A maximum of %d fields in %s can be updated at a time.", maximum, name)
		}
		for _, key := range sortedKeys(fields) {
			if slices.Contains(reserved, key) {
				return fmt.Sprintf("The following properties cannot be defined inside %s: %s.", name, key)
			}
		}
		return ""
	}
}

// asObject reads an object, or the JSON text of one.
func asObject(value any) (map[string]any, bool) {
	if encoded, isText := value.(string); isText {
		var decoded map[string]any
		if json.Unmarshal([]byte(encoded), &decoded) != nil || decoded == nil {
			return nil, false
		}
		return decoded, true
	}
	fields, isObject := value.(map[string]any)
	return fields, isObject
}

func pushSchema(incident schema) schema {
	return strict(property{"incident", incident}, commentsSchema)
}

// pushingSubActions are those of both types that push incidents; their order shows in the faults of older releases.
func pushingSubActions(incident schema) []subAction {
	return []subAction{
		{name: "getFields", params: schema{kind: record}},
		{name: "getIncident", params: strict(required("externalId", text))},
		{name: "handshake", params: strict()},
		{name: "pushToService", params: pushSchema(incident)},
		{name: "getChoices", params: choicesSchema()},
	}
}

func choicesSchema() schema {
	return strict(property{"fields", listOf(schema{kind: text})})
}

func itsmSubActions(v version) []subAction {
	incident := commonIncident(v, nullables("severity", "urgency", "impact")...)
	actions := pushingSubActions(incident)
	if v.atLeast(8, 14) {
		correlation := nullable("correlation_id", schema{kind: text})
		correlation.fallback = defaultCorrelationID
		actions = append(actions, subAction{name: "closeIncident", params: strict(
			property{"incident", strict(nullable("externalId", schema{kind: text}), correlation)})})
	}
	return actions
}

func secOpsSubActions(v version) []subAction {
	observables := schema{kind: anything, refine: func(value any) string {
		if list, isList := value.([]any); isList {
			if slices.ContainsFunc(list, func(item any) bool { return typeName(item) != "string" }) {
				return "Expected an array of strings"
			}
			return ""
		}
		if typeName(value) != "string" {
			return "Expected string or array, received " + typeName(value)
		}
		return ""
	}}
	incident := commonIncident(v, nullable("dest_ip", observables), nullable("malware_hash", observables),
		nullable("malware_url", observables), nullable("source_ip", observables),
		nullable("priority", schema{kind: text}))
	return pushingSubActions(incident)
}

func itomSubActions(version) []subAction {
	messageKey := nullable("message_key", schema{kind: text})
	messageKey.fallback = defaultCorrelationID
	event := append(nullables("source", "event_class", "resource", "node", "metric_name", "type", "severity",
		"description", "additional_info", "time_of_event"), messageKey)
	return []subAction{
		{name: "addEvent", params: strict(event...)},
		{name: "getChoices", params: choicesSchema()},
	}
}

func executeITSM(ctx context.Context, e *execution) (any, error) {
	service := e.serviceNow(itsm)
	switch e.subAction {
	case "pushToService":
		return service.push(ctx, nil)
	case "closeIncident":
		return service.closeIncident(ctx)
	}
	return service.read(ctx)
}

func executeSecOps(ctx context.Context, e *execution) (any, error) {
	service := e.serviceNow(secOps)
	if e.subAction != "pushToService" {
		return service.read(ctx)
	}
	// With the app, observables go in a call of their own and the incident's columns are sent empty; on the Table API
	// they are comma lists in the incident itself.
	columns := map[string]any{}
	incident, _ := e.params["incident"].(map[string]any)
	for _, key := range []string{"dest_ip", "malware_hash", "malware_url", "source_ip"} {
		columns[key] = nil
		if list, isList := incident[key].([]any); service.useTableAPI && isList {
			columns[key] = strings.Join(texts(list), ",")
		} else if service.useTableAPI {
			columns[key] = incident[key]
		}
	}
	pushed, err := service.push(ctx, columns)
	if err != nil || service.useTableAPI {
		return pushed, err
	}
	observables := observablesOf(incident)
	if len(observables) > 0 {
		err = service.addObservables(ctx, pushed.ID, observables)
	}
	return pushed, err
}

func executeITOM(ctx context.Context, e *execution) (any, error) {
	service := e.serviceNow(itom)
	if e.subAction == "addEvent" {
		return nil, service.addEvent(ctx)
	}
	return service.read(ctx)
}

// serviceNow is a connector's view of its instance.
type serviceNow struct {
	*execution
	product
	url         string
	useTableAPI bool
}

func (e *execution) serviceNow(p product) serviceNow {
	usesTableAPI := e.config["usesTableApi"] == true || e.version.before(7, 16)
	return serviceNow{
		execution: e, product: p, url: withoutTrailingSlash(stringOf(e.config["apiUrl"])),
		useTableAPI: p.importTable == "" || usesTableAPI,
	}
}

// endpoint names the place of a fault, which builds since 9.3 append to the message.
type endpoint struct{ name, method string }

var (
	tableGet  = endpoint{"table", "get"}
	healthGet = endpoint{"health", "get"}
)

func (s serviceNow) writeEndpoint(method string) endpoint {
	if s.useTableAPI {
		return endpoint{"table", method}
	}
	return endpoint{"import_set", "post"}
}

// call makes one authorised request and refuses answers that are no ServiceNow answers.
func (s serviceNow) call(ctx context.Context, method, target string, body any) (*response, error) {
	header, err := s.authorized(ctx, s.url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := s.send(ctx, method, target, header, body)
	if err != nil {
		// A 4xx may be the token's fault, so Kibana forgets it whatever the cause.
		if remote := asRemote(err); remote.response != nil && remote.response.status/100 == 4 {
			s.dropToken()
		}
		return nil, err
	}
	if answer.field("result") == nil {
		return nil, thrown("There is an issue with your Service Now Instance. Please check %s.", answer.servername)
	}
	return answer, nil
}

// wrap words a fault as "[Action][ServiceNow]: what. Error: … Reason: …". It keeps the response, so that outer calls
// repeat the reason, as Kibana's nested messages do.
func (s serviceNow) wrap(err error, what string, at endpoint) error {
	inner := asRemote(err)
	message, reason := inner.message, ""
	if inner.response != nil {
		reason = "unknown: no error in error response"
		if told, isObject := inner.response.field("error").(map[string]any); isObject {
			reason = stringOf(told["message"])
			if detail := stringOf(told["detail"]); detail != "" {
				reason += ": " + detail
			} else if s.version.before(9, 3) {
				reason += ": null" // older builds print whatever is there
			}
		}
	}
	var text string
	if s.version.before(9, 3) {
		if inner.response == nil {
			reason = "unknown: errorResponse was null"
		}
		text = fmt.Sprintf("%s. Error: %s Reason: %s", what, message, reason)
	} else {
		if inner.response == nil {
			message, reason = oauthFault(message)
		}
		text = what + ". Error: " + message
		if reason != "" {
			text += " Reason: " + reason
		}
		if at != (endpoint{}) {
			text += fmt.Sprintf(" [status=%s] [method=%s] [endpoint=%s]", inner.statusText(), at.method, at.name)
		}
	}
	outer := *inner
	outer.message = "[Action][ServiceNow]: " + text
	return &outer
}

// oauthFault takes the JSON of a refused token apart into error and description.
func oauthFault(message string) (fault, reason string) {
	var told struct {
		Error       *string `json:"error"`
		Description string  `json:"error_description"`
	}
	if json.Unmarshal([]byte(message), &told) == nil && told.Error != nil {
		return *told.Error, told.Description
	}
	return message, ""
}

func (e *remoteError) statusText() string {
	switch {
	case e.response != nil:
		return strconv.Itoa(e.response.status)
	case e.status != 0:
		return strconv.Itoa(e.status)
	case e.code != "":
		return e.code
	}
	return "none"
}

// read runs the sub-actions that change nothing.
func (s serviceNow) read(ctx context.Context) (any, error) {
	switch s.subAction {
	case "getFields":
		target := fmt.Sprintf("%s/api/now/table/sys_dictionary?sysparm_query=name=task^ORname=%s^internal_type=string"+
			"&active=true&array=false&read_only=false&sysparm_fields=max_length,element,column_label,mandatory",
			s.url, s.table)
		answer, err := s.call(ctx, http.MethodGet, target, nil)
		if err != nil {
			return nil, s.wrap(err, "Unable to get fields", tableGet)
		}
		return answer.field("result"), nil
	case "getChoices":
		var elements []string
		fields, _ := s.params["fields"].([]any)
		for _, field := range texts(fields) {
			elements = append(elements, "element="+field)
		}
		target := fmt.Sprintf("%s/api/now/table/sys_choice?sysparm_query=name=task^ORname=%s^%s^language=en"+
			"&sysparm_fields=label,value,dependent_value,element", s.url, s.table, strings.Join(elements, "^OR"))
		answer, err := s.call(ctx, http.MethodGet, target, nil)
		if err != nil {
			return nil, s.wrap(err, "Unable to get choices", tableGet)
		}
		return answer.field("result"), nil
	case "getIncident":
		return nil, nil // accepted, and nothing in the executor does it
	}
	return nil, notImplemented(s.subAction)
}

func (s serviceNow) tableURL() string { return s.url + "/api/now/v2/table/" + s.table }

// push creates or updates the incident of the params, then writes each comment as an update of its own. columns replace
// columns of the incident.
func (s serviceNow) push(ctx context.Context, columns map[string]any) (*pushResult, error) {
	externalID, incident, comments := s.pushParams()
	maps.Copy(incident, columns)
	var (
		pushed *pushResult
		err    error
	)
	if externalID != "" {
		pushed, err = s.update(ctx, externalID, incident)
	} else {
		created := maps.Clone(incident)
		created["caller_id"], created["opened_by"] = s.secrets["username"], s.secrets["username"]
		pushed, err = s.create(ctx, created)
	}
	if err != nil {
		return nil, err
	}
	for _, c := range comments {
		noted := maps.Clone(incident)
		noted["work_notes"] = c.text
		if _, err := s.update(ctx, pushed.ID, noted); err != nil {
			return nil, err
		}
		pushed.Comments = append(pushed.Comments, pushedComment{c.id, pushed.PushedDate})
	}
	return pushed, nil
}

// checkApp asks the Elastic app for its version, which fails where the app is not installed. The Table API needs none.
func (s serviceNow) checkApp(ctx context.Context) error {
	if s.useTableAPI {
		return nil
	}
	target := fmt.Sprintf("%s/api/%s/elastic_api/health", s.url, s.scope)
	if _, err := s.call(ctx, http.MethodGet, target, nil); err != nil {
		return s.wrap(err, "Unable to get application version", healthGet)
	}
	return nil
}

func (s serviceNow) create(ctx context.Context, incident map[string]any) (*pushResult, error) {
	target := s.tableURL()
	if !s.useTableAPI {
		target = s.url + "/api/now/import/" + s.importTable
	}
	stored, err := s.write(ctx, http.MethodPost, target, incident, "")
	if err != nil {
		return nil, s.wrap(err, "Unable to create incident", s.writeEndpoint("post"))
	}
	return s.pushed(stored, "sys_created_on")
}

func (s serviceNow) update(ctx context.Context, id string, incident map[string]any) (*pushResult, error) {
	method, target := http.MethodPatch, s.tableURL()+"/"+id
	if !s.useTableAPI {
		// An import set is only ever posted to; elastic_incident_id says which incident it is about.
		method, target = http.MethodPost, s.url+"/api/now/import/"+s.importTable
	}
	stored, err := s.write(ctx, method, target, incident, id)
	if err != nil {
		return nil, s.wrap(err, "Unable to update incident with id "+id, s.writeEndpoint("patch"))
	}
	return s.pushed(stored, "sys_updated_on")
}

func (s serviceNow) write(
	ctx context.Context, method, target string, incident map[string]any, id string,
) (map[string]any, error) {
	further, hasFurther := asObject(incident["additional_fields"])
	if s.useTableAPI && hasFurther {
		return nil, &remoteError{
			message: "ServiceNow additional fields are not supported for deprecated connectors.", code: "400",
		}
	}
	if err := s.checkApp(ctx); err != nil {
		return nil, err
	}
	body := map[string]any{}
	if s.useTableAPI {
		maps.Copy(body, incident)
		delete(body, "additional_fields")
	} else {
		maps.Copy(body, further)
		for key, value := range incident {
			if key != "additional_fields" {
				body["u_"+key] = value
			}
		}
		if id != "" {
			body["elastic_incident_id"] = id
		}
	}
	answer, err := s.call(ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	row, _ := answer.field("result").(map[string]any)
	if !s.useTableAPI {
		rows, _ := answer.field("result").([]any)
		if len(rows) == 0 {
			return nil, &remoteError{message: "Unexpected result", status: answer.status, source: "user"}
		}
		row, _ = rows[0].(map[string]any)
		if row["status"] == "error" {
			return nil, &remoteError{message: stringOf(row["error_message"]), status: answer.status, source: "user"}
		}
	}
	return s.incident(ctx, stringOf(row["sys_id"]))
}

func (s serviceNow) incident(ctx context.Context, id string) (map[string]any, error) {
	what := "Unable to get incident with id " + id
	if strings.TrimSpace(id) == "" {
		return nil, s.wrap(thrown("Incident id is empty."), what, tableGet)
	}
	answer, err := s.call(ctx, http.MethodGet, s.tableURL()+"/"+id, nil)
	if err != nil {
		return nil, s.wrap(err, what, tableGet)
	}
	found, _ := answer.field("result").(map[string]any)
	return found, nil
}

func (s serviceNow) pushed(stored map[string]any, dateColumn string) (*pushResult, error) {
	id := stringOf(stored["sys_id"])
	date := isoTime(s.server.options.Clock())
	if given := stringOf(stored[dateColumn]); given != "" {
		at, err := time.Parse(time.DateTime, given)
		if err != nil {
			return nil, thrown("Invalid time value")
		}
		date = isoTime(at)
	}
	return &pushResult{
		ID: id, Title: stringOf(stored["number"]), PushedDate: date,
		URL: fmt.Sprintf("%s/nav_to.do?uri=%s.do?sys_id=%s", s.url, s.table, id),
	}, nil
}

// closedState is the incident state "closed".
const closedState = "7"

func (s serviceNow) closeIncident(ctx context.Context) (any, error) {
	given, _ := s.params["incident"].(map[string]any)
	id, correlation := stringOf(given["externalId"]), stringOf(given["correlation_id"])
	found, err := s.incidentToClose(ctx, id, correlation)
	if err == nil && len(found) > 0 {
		if found["state"] == closedState {
			return s.pushed(found, "sys_updated_on")
		}
		var closed *pushResult
		closed, err = s.update(ctx, stringOf(found["sys_id"]), map[string]any{
			"state": closedState, "close_code": "Closed/Resolved by Caller", "close_notes": "Closed by Caller",
		})
		if err == nil {
			return closed, nil
		}
	}
	if err != nil {
		if remote := asRemote(err); remote.response != nil && remote.response.status == http.StatusNotFound {
			return nil, nil
		}
		return nil, s.wrap(err, "Unable to close incident", s.writeEndpoint("patch"))
	}
	return nil, nil
}

func (s serviceNow) incidentToClose(ctx context.Context, id, correlation string) (map[string]any, error) {
	if id != "" {
		return s.incident(ctx, id)
	}
	if correlation == "" {
		return nil, thrown("No correlationId or incidentId found.")
	}
	target := s.tableURL() + "?sysparm_query=ORDERBYDESCsys_created_on^correlation_id=" + correlation
	answer, err := s.call(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, s.wrap(err, "Unable to get incident by correlation ID "+correlation, tableGet)
	}
	rows, _ := answer.field("result").([]any)
	if len(rows) == 0 {
		return nil, nil
	}
	found, _ := rows[0].(map[string]any)
	return found, nil
}

// observable is one value that the SecOps app attaches to an incident.
type observable struct {
	Value string `json:"value"`
	Type  string `json:"type"`
}

func observablesOf(incident map[string]any) []observable {
	var all []observable
	add := func(kind string, keys ...string) {
		seen := map[string]bool{}
		for _, key := range keys {
			values, isList := incident[key].([]any)
			found := texts(values)
			if !isList {
				found = strings.FieldsFunc(stringOf(incident[key]), func(r rune) bool {
					return strings.ContainsRune(" ,|\r\n\t", r)
				})
			}
			for _, value := range found {
				if value != "" && !seen[value] {
					seen[value] = true
					all = append(all, observable{value, kind})
				}
			}
		}
	}
	add("ipv4-addr", "dest_ip", "source_ip")
	add("SHA256", "malware_hash")
	add("URL", "malware_url")
	return all
}

func (s serviceNow) addObservables(ctx context.Context, id string, observables []observable) error {
	err := s.checkApp(ctx)
	if err == nil {
		_, err = s.call(ctx, http.MethodPost,
			fmt.Sprintf("%s/api/%s/elastic_api/incident/%s/observables/bulk", s.url, s.scope, id), observables)
	}
	if err != nil {
		return s.wrap(err, "Unable to add observables to security incident with id "+id, endpoint{"other", "post"})
	}
	return nil
}

// addEvent sends one event. Null columns are left out, and the time is told in the instance's own format.
func (s serviceNow) addEvent(ctx context.Context) error {
	event := map[string]any{}
	for key, value := range s.params {
		if value != nil {
			event[key] = value
		}
	}
	delete(event, "time_of_event")
	if at, known := eventTime(stringOf(s.params["time_of_event"])); known {
		event["time_of_event"] = at.UTC().Format(time.DateTime)
	}
	_, err := s.call(ctx, http.MethodPost, s.url+"/api/global/em/jsonv2", map[string]any{"records": []any{event}})
	if err != nil {
		return s.wrap(err, "Unable to add event", endpoint{})
	}
	return nil
}

// eventTime reads an ISO time or a number of milliseconds since 1970.
func eventTime(text string) (time.Time, bool) {
	if milliseconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(milliseconds), true
	}
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}

func texts(list []any) []string {
	out := make([]string, 0, len(list))
	for _, item := range list {
		out = append(out, stringOf(item))
	}
	return out
}
