package kibana_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana/ticketing"
)

// exchange is a request and its answer as Elastic publishes them or Kibana's own functional tests assert them. In want,
// a text in braces stands for what differs by run.
type exchange struct {
	what, version string
	options       kibana.Options
	prepare       func(*kibanaUnderTest) map[string]string // puts in place what the request is about
	method, path  string
	body          any
	headers       []string
	status        int
	want          string // JSON; "" is an empty body
}

// fill replaces placeholders in texts.
func fill(text string, with map[string]string) string {
	for name, value := range with {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// resembles compares an answer with a sample. It returns what differs, "" for nothing.
func resembles(want string, got answer) string {
	if want == "" {
		return cmp.Diff("", got.raw)
	}
	var wanted, given any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		return err.Error()
	}
	if err := json.Unmarshal([]byte(got.raw), &given); err != nil {
		return err.Error() + ": " + got.raw
	}
	anything := cmp.FilterValues(func(a, b any) bool {
		for _, v := range []any{a, b} {
			if s, ok := v.(string); ok && strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}") {
				return a != nil && b != nil
			}
		}
		return false
	}, cmp.Comparer(func(_, _ any) bool { return true }))
	return cmp.Diff(wanted, given, anything)
}

func (e exchange) replay(t *testing.T) {
	t.Helper()
	e.options.Version = e.version
	k := start(t, e.options)
	var with map[string]string
	if e.prepare != nil {
		with = e.prepare(k)
	}
	body := e.body
	if text, ok := body.(string); ok {
		body = fill(text, with)
	}
	got := k.do(e.method, fill(e.path, with), body, e.headers...)
	if diff := resembles(fill(e.want, with), got); got.status != e.status || diff != "" {
		t.Errorf("%d, want %d (-want +got):\n%s", got.status, e.status, diff)
	}
}

const connectorPath = "/api/actions/connector"

// failing is the body of a refusal.
func failing(status int, message string) string {
	text, err := json.Marshal(object{
		"statusCode": status, "message": message,
		"error": map[int]string{
			400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict",
		}[status],
	})
	if err != nil {
		panic(err) // only a broken test can get here
	}
	return string(text)
}

// refusal is a request that is answered with a message.
func refusal(what, version, method, path string, body any, status int, message string) exchange {
	return exchange{
		what: what, version: version, method: method, path: path, body: body, status: status,
		want: failing(status, message),
	}
}

func (e exchange) with(options kibana.Options) exchange { e.options = options; return e }

func (e exchange) as(headers ...string) exchange { e.headers = headers; return e }

func (e exchange) after(prepare func(*kibanaUnderTest) map[string]string) exchange {
	e.prepare = prepare
	return e
}

// connectorOf makes a connector and names it in the placeholders.
func connectorOf(body func(url string) object, url func(*testing.T) string) func(*kibanaUnderTest) map[string]string {
	return func(k *kibanaUnderTest) map[string]string {
		at := url(k.t)
		return map[string]string{"url": at, "connector_id": k.create(body(at))}
	}
}

func instanceURL(t *testing.T) string { t.Helper(); return newInstance(t).URL }

// TestSamples replays what is published of Kibana's API: each key is one sample.
func TestSamples(t *testing.T) {
	t.Parallel()
	for sample, exchanges := range samples() {
		for _, e := range exchanges {
			t.Run(sample+"/"+e.what, func(t *testing.T) {
				t.Parallel()
				e.replay(t)
			})
		}
	}
}

func samples() map[string][]exchange {
	return map[string][]exchange{
		"connector_api_errors":                 connectorErrors(),
		"connectors_list":                      {connectorsList()},
		"servicenow_itsm_create_basic":         itsmCreates()[:1],
		"servicenow_itsm_create_oauth":         itsmCreates()[1:],
		"servicenow_create_errors_v9":          itsmErrors(),
		"servicenow_itsm_execute":              itsmRuns(),
		"servicenow_itom_create_and_errors_v8": itomExchanges(),
		"jira_create_execute_errors":           jiraExchanges(),
		"resilient_create_execute_errors":      resilientExchanges(),
		"swimlane_create_execute_errors":       swimlaneExchanges(),
		"legacy_7_7_create_servicenow":         legacyExchanges()[:1],
		"legacy_7_9_create_servicenow":         legacyExchanges()[1:2],
		"legacy_create_index_example":          legacyExchanges()[2:],
		"cases_configure_create":               caseSettingsExchanges()[:1],
		"cases_configure_get":                  caseSettingsExchanges()[1:2],
		"cases_configure_find_connectors":      caseSettingsExchanges()[2:3],
		"cases_configure_patch":                caseSettingsExchanges()[3:],
		"case_mappings_by_type":                mappingExchanges(),
		"cases_push_response":                  {pushExchange()},
	}
}

func connectorErrors() []exchange {
	const execute = connectorPath + "/{connector_id}/_execute"
	basic := basicITSM("https://x")
	with := func(key string, value any) object {
		body := basicITSM("https://x")
		body[key] = value
		return body
	}
	reader := kibana.Options{Users: []kibana.User{
		{Username: "reader", Password: "r", Privilege: kibana.PrivilegeRead},
		{Username: "nobody", Password: "n", Privilege: kibana.PrivilegeNone},
	}}
	asReader := []string{"Authorization", "Basic cmVhZGVyOnI="}
	asNobody := []string{"Authorization", "Basic bm9ib2R5Om4="}
	preconfigured := kibana.Options{Preconfigured: []kibana.Preconfigured{
		{ID: "my-slack1", Name: "Slack", TypeID: ".slack"},
	}}
	made := connectorOf(basicITSM, func(*testing.T) string { return "https://x" })
	const newest = "9.4.0"
	var all []exchange
	for _, method := range []string{"PUT", "DELETE"} {
		all = append(all, refusal(method+" unknown id", newest, method, connectorPath+"/1", object{"name": "n"}, 404,
			"Saved object [action/1] not found"))
	}
	return append(
		all,
		refusal("empty body", newest, "POST", connectorPath, object{}, 400,
			"[request body.name]: expected value of type [string] but got [undefined]"),
		refusal("blank value", newest, "POST", connectorPath, with("config", object{"encrypted": " "}), 400,
			"[request body.config.encrypted]: value '' is not valid"),
		refusal("unknown type", newest, "POST", connectorPath,
			with("connector_type_id", "test.unregistered-action-type"), 400,
			`Action type "test.unregistered-action-type" is not registered.`),
		refusal("type that is off", newest, "POST", connectorPath, basic, 403,
			`action type ".servicenow" is not enabled in the Kibana config xpack.actions.enabledActionTypes`).
			with(kibana.Options{EnabledActionTypes: []string{".jira"}}),
		refusal("create without privilege", newest, "POST", connectorPath, basic, 403,
			`Unauthorized to create a ".servicenow" action`).with(reader).as(asReader...),
		refusal("id of a preconfigured connector", newest, "POST", connectorPath+"/my-slack1", basic, 400,
			"This my-slack1 already exists in a preconfigured action.").with(preconfigured),
		refusal(
			"update with null",
			newest,
			"PUT",
			connectorPath+"/{connector_id}",
			object{"name": "n", "config": nil},
			400,
			"[request body.config]: expected value of type [object] but got [null]",
		).after(made),
		refusal("update without privilege", newest, "PUT", connectorPath+"/1", object{"name": "n"}, 403,
			"Unauthorized to update actions").with(reader).as(asReader...),
		refusal("run of an unknown id", newest, "POST", connectorPath+"/1/_execute", object{"params": object{}}, 404,
			"Saved object [action/1] not found"),
		refusal("update of a preconfigured one", newest, "PUT", connectorPath+"/my-slack1", object{"name": "n"}, 400,
			"Preconfigured action my-slack1 can not be updated.").with(preconfigured),
		refusal(
			"update of a system action",
			newest,
			"PUT",
			connectorPath+"/system-connector-.cases",
			object{"name": "n"},
			400,
			"System action system-connector-.cases can not be updated.",
		),
		exchange{
			what: "delete", version: newest, method: "DELETE", path: connectorPath + "/{connector_id}", prepare: made,
			status: 204,
		},
		refusal("delete without privilege", newest, "DELETE", connectorPath+"/1", nil, 403,
			"Unauthorized to delete actions").with(reader).as(asReader...),
		refusal("delete of a preconfigured one", newest, "DELETE", connectorPath+"/my-slack1", nil, 400,
			"Preconfigured action my-slack1 is not allowed to delete.").with(preconfigured),
		refusal("run without params", newest, "POST", execute, object{}, 400,
			"[request body.params]: expected value of type [object] but got [undefined]").after(made),
		refusal("run without privilege", newest, "POST", execute, object{"params": object{}}, 403,
			"Unauthorized to execute actions").with(reader).as(asNobody...),
		refusal("licence too low", newest, "POST", connectorPath, basic, 403, "Action type .servicenow is disabled "+
			"because your basic license does not support it. Please upgrade your license.").
			with(kibana.Options{License: "basic"}),
		refusal("unauthenticated", newest, "GET", connectorPath+"s", nil, 401, "Unauthorized").as("Authorization", ""),
	)
}

// The sample's index connector is used by two rules, which a simulated Kibana does not have.
func connectorsList() exchange {
	return exchange{
		what: "list", version: "8.9.0", method: "GET", path: connectorPath + "s", status: 200,
		options: kibana.Options{Preconfigured: []kibana.Preconfigured{{
			ID: "preconfigured-email-connector", Name: "my-preconfigured-email-notification", TypeID: ".email",
		}}},
		prepare: func(k *kibanaUnderTest) map[string]string {
			return map[string]string{"connector_id": k.create(object{
				"name": "my-index-connector", "connector_type_id": ".index", "config": object{"index": "test-index"},
			})}
		},
		want: `[{"id": "{connector_id}", "name": "my-index-connector", "config": {"index": "test-index",
			"refresh": false, "executionTimeField": null}, "connector_type_id": ".index", "is_preconfigured": false,
			"is_deprecated": false, "referenced_by_count": 0, "is_missing_secrets": false},
			{"id": "preconfigured-email-connector", "name": "my-preconfigured-email-notification",
			"connector_type_id": ".email", "is_preconfigured": true, "is_deprecated": false, "referenced_by_count": 0}]`,
	}
}

func itsmCreates() []exchange {
	oauth := object{
		"name": "A servicenow action", "connector_type_id": ".servicenow",
		"config": object{
			"apiUrl": "https://sn.example.com", "usesTableApi": false, "isOAuth": true, "clientId": "abc",
			"userIdentifierValue": "elastic", "jwtKeyId": "def",
		},
		"secrets": object{ //nolint:gosec // G101: published samples
			"clientSecret": "xyz",
			"privateKey":   "-----BEGIN RSA PRIVATE KEY-----\nddddddd\n-----END RSA PRIVATE KEY-----",
		},
	}
	const frame = `{"id": "{id}", "is_preconfigured": false, "is_system_action": false, "is_deprecated": false,
		"name": "A servicenow action", "connector_type_id": ".servicenow", "is_missing_secrets": false,
		"is_connector_type_deprecated": false, "config": {"apiUrl": "https://sn.example.com", "usesTableApi": false, `
	return []exchange{
		{
			what: "basic", version: "9.2.0", method: "POST", path: connectorPath,
			body: basicITSM("https://sn.example.com"), status: 200,
			want: frame + `"isOAuth": false, "clientId": null, "jwtKeyId": null, "userIdentifierValue": null}}`,
		},
		{
			what: "oauth", version: "9.2.0", method: "POST", path: connectorPath, body: oauth, status: 200,
			want: frame + `"isOAuth": true, "clientId": "abc", "jwtKeyId": "def", "userIdentifierValue": "elastic"}}`,
		},
	}
}

func itsmErrors() []exchange {
	oauth := func(part, key string) object {
		body := object{
			"name": "n", "connector_type_id": ".servicenow",
			"config": object{
				"apiUrl": "http://sn.example.com", "isOAuth": true, "clientId": "c", "userIdentifierValue": "u",
				"jwtKeyId": "k",
			},
			"secrets": object{"clientSecret": "s", "privateKey": "p"},
		}
		inner, _ := body[part].(object)
		inner[key] = nil
		return body
	}
	elsewhere := basicITSM("http://servicenow.mynonexistent.com")
	nowhere, withoutSecrets := basicITSM(""), basicITSM("http://sn.example.com")
	nowhere["config"] = object{}
	delete(withoutSecrets, "secrets")
	const (
		config  = "error validating connector type config: "
		secrets = "error validating connector type secrets: "
	)
	var all []exchange
	for _, test := range []struct {
		what    string
		body    object
		message string
	}{
		{"no apiUrl", nowhere, config + "✖ Invalid input: expected string, received undefined\n  → at apiUrl"},
		{
			"host", elsewhere, config + "error configuring connector action: target url " +
				`"http://servicenow.mynonexistent.com" is not added to the Kibana config xpack.actions.allowedHosts`,
		},
		{"no secrets", withoutSecrets, secrets + "Either basic auth or OAuth credentials must be specified"},
		{"clientId", oauth("config", "clientId"), config + "clientId must be provided when isOAuth = true"},
		{
			"userIdentifierValue", oauth("config", "userIdentifierValue"),
			config + "userIdentifierValue must be provided when isOAuth = true",
		},
		{"jwtKeyId", oauth("config", "jwtKeyId"), config + "jwtKeyId must be provided when isOAuth = true"},
		{
			"clientSecret", oauth("secrets", "clientSecret"),
			secrets + "clientSecret and privateKey must both be specified",
		},
		{
			"privateKey", oauth("secrets", "privateKey"),
			secrets + "clientSecret and privateKey must both be specified",
		},
	} {
		all = append(all, refusal(test.what, "9.3.0", "POST", connectorPath, test.body, 400, test.message).
			with(kibana.Options{AllowedHosts: []string{"sn.example.com"}}))
	}
	return all
}

// run is one execution of a connector that prepare makes.
func run(what, version string, prepare func(*kibanaUnderTest) map[string]string, params, want string) exchange {
	return exchange{
		what: what, version: version, prepare: prepare, method: "POST", path: connectorPath + "/{connector_id}/_execute",
		body: `{"params": ` + params + `}`, status: 200, want: want,
	}
}

func itsmRuns() []exchange {
	made := connectorOf(basicITSM, instanceURL)
	empty := func(k *kibanaUnderTest) map[string]string {
		sn := newInstance(k.t)
		sn.override = map[string]string{"/api/now/v2/table/incident": `{"result":[]}`}
		return map[string]string{"connector_id": k.create(basicITSM(sn.URL))}
	}
	return []exchange{
		run("push", "9.3.0", made, `{"subAction": "pushToService", "subActionParams": {"incident": {
			"description": "a description", "externalId": null, "impact": "1", "severity": "1",
			"short_description": "a title", "urgency": "1", "category": "software", "subcategory": "os"},
			"comments": []}}`,
			`{"status": "ok", "connector_id": "{connector_id}", "data": {"id": "123", "title": "INC01",
			"pushedDate": "2020-03-10T12:24:20.000Z", "url": "{url}/nav_to.do?uri=incident.do?sys_id=123"}}`),
		run("choices", "9.3.0", made, `{"subAction": "getChoices", "subActionParams": {"fields": ["priority"]}}`,
			`{"status": "ok", "connector_id": "{connector_id}", "data": [{"label": "1 - Critical"}]}`),
		run("close nothing", "9.3.0", empty, `{"subAction": "closeIncident", "subActionParams": {"incident": {
			"correlation_id": "custom_correlation_id"}}}`,
			`{"status": "ok", "connector_id": "{connector_id}", "data": {}}`),
		run("no params", "9.3.0", made, `{"subAction": "pushToService"}`,
			`{"connector_id": "{connector_id}", "status": "error", "retry": false, "errorSource": "user",
			"message": "error validating action params: ✖ Invalid input: expected object, received undefined\n  `+
				`→ at subActionParams"}`),
	}
}

func itomExchanges() []exchange {
	itom := func(config, secrets object) object {
		return object{
			"name": "A servicenow action", "connector_type_id": ".servicenow-itom", "config": config, "secrets": secrets,
		}
	}
	basic := object{"username": "changeme", "password": "elastic"}
	known := object{"apiUrl": "https://sn.example.com"}
	const eight = "8.19.0"
	hosts := kibana.Options{AllowedHosts: []string{"sn.example.com", "127.0.0.1"}}
	const config = "error validating action type config: "
	made := connectorOf(func(url string) object { return itom(object{"apiUrl": url}, basic) }, instanceURL)
	return []exchange{
		{
			what: "create", version: eight, method: "POST", path: connectorPath, body: itom(known, basic), status: 200,
			want: `{"id": "{id}", "is_preconfigured": false, "is_system_action": false, "is_deprecated": false,
				"name": "A servicenow action", "connector_type_id": ".servicenow-itom", "is_missing_secrets": false,
				"config": {"apiUrl": "https://sn.example.com", "isOAuth": false, "clientId": null, "jwtKeyId": null,
				"userIdentifierValue": null}}`,
		},
		refusal("no apiUrl", eight, "POST", connectorPath, itom(object{}, basic), 400,
			config+"[apiUrl]: expected value of type [string] but got [undefined]"),
		refusal(
			"host",
			eight,
			"POST",
			connectorPath,
			itom(object{"apiUrl": "http://servicenow.mynonexistent.com"}, basic),
			400,
			config+`error configuring connector action: target url "http://servicenow.mynonexistent.com" is not `+
				"added to the Kibana config xpack.actions.allowedHosts",
		).with(hosts),
		refusal("no secrets", eight, "POST", connectorPath, itom(known, nil), 400,
			"[request body.secrets]: expected value of type [object] but got [null]"),
		refusal("empty secrets", eight, "POST", connectorPath, itom(known, object{}), 400,
			"error validating action type secrets: Either basic auth or OAuth credentials must be specified"),
		refusal("no client id", eight, "POST", connectorPath, itom(object{
			"apiUrl": "https://sn.example.com", "isOAuth": true, "userIdentifierValue": "u", "jwtKeyId": "k",
		}, object{"clientSecret": "s", "privateKey": "p"}), 400, config+"clientId must be provided when isOAuth = true"),
		run("event", eight, made, `{"subAction": "addEvent", "subActionParams": {"source": "A source",
			"event_class": "An event class", "resource": "C:", "node": "node.example.com",
			"metric_name": "Percentage Logical Disk Free Space", "type": "Disk space", "severity": "4",
			"description": "desc", "additional_info": "{\"alert\": \"test\"}", "message_key": "a key",
			"time_of_event": "2021-10-13T10:51:44.981Z"}}`,
			`{"status": "ok", "connector_id": "{connector_id}", "data": {}}`),
	}
}

func jiraExchanges() []exchange {
	body := func(url string) object {
		return object{
			"name": "A jira action", "connector_type_id": ".jira", "config": object{"apiUrl": url, "projectKey": "CK"},
			"secrets": object{"apiToken": "elastic", "email": "elastic@elastic.co"},
		}
	}
	nowhere := body("")
	nowhere["config"] = object{"projectKey": "CK"}
	made := connectorOf(body, func(t *testing.T) string {
		t.Helper()
		listener := httptest.NewServer(ticketing.NewJira(ticketing.JiraOptions{
			Clock: ticketClock, ProjectKey: "CK", Email: "elastic@elastic.co", APIToken: "elastic",
		}))
		t.Cleanup(listener.Close)
		return listener.URL
	})
	return []exchange{
		{
			what: "create", version: "9.0.0", method: "POST", path: connectorPath, body: body("https://jira.example.com"),
			status: 200,
			want: `{"id": "{id}", "is_preconfigured": false, "is_system_action": false, "is_deprecated": false,
				"name": "A jira action", "connector_type_id": ".jira", "is_missing_secrets": false,
				"config": {"apiUrl": "https://jira.example.com", "projectKey": "CK"}}`,
		},
		refusal("no apiUrl", "9.1.0", "POST", connectorPath, nowhere, 400, "error validating action type config: [\n"+
			"  {\n    \"code\": \"invalid_type\",\n    \"expected\": \"string\",\n    \"received\": \"undefined\",\n"+
			"    \"path\": [\n      \"apiUrl\"\n    ],\n    \"message\": \"Required\"\n  }\n]"),
		run("push", "9.1.0", made, `{"subAction": "pushToService", "subActionParams": {"incident": {
			"summary": "a title", "description": "a description", "externalId": null},
			"comments": [{"comment": "first comment", "commentId": "456"}]}}`,
			`{"status": "ok", "connector_id": "{connector_id}", "data": {"id": "{id}", "title": "CK-1",
			"pushedDate": "{date}", "url": "{url}/browse/CK-1",
			"comments": [{"commentId": "456", "pushedDate": "{date}"}]}}`),
	}
}

func resilientExchanges() []exchange {
	with := func(part string, value object) object {
		body := resilientBody("http://resilient.example.com")
		body[part] = value
		return body
	}
	made := connectorOf(resilientBody, func(t *testing.T) string {
		t.Helper()
		listener := httptest.NewServer(ticketing.NewResilient(ticketing.ResilientOptions{Clock: ticketClock}))
		t.Cleanup(listener.Close)
		return listener.URL
	})
	const config = "error validating action type config: "
	return []exchange{
		{
			what: "create", version: "9.2.0", method: "POST", path: connectorPath,
			body: resilientBody("http://resilient.example.com"), status: 200,
			want: `{"id": "{id}", "is_preconfigured": false, "is_system_action": false, "is_deprecated": false,
				"name": "An IBM Resilient action", "connector_type_id": ".resilient", "is_missing_secrets": false,
				"config": {"apiUrl": "http://resilient.example.com", "orgId": "201"},
				"is_connector_type_deprecated": false}`,
		},
		refusal("no orgId", "9.2.0", "POST", connectorPath, with("config", object{"apiUrl": "http://x"}), 400,
			config+"[orgId]: expected value of type [string] but got [undefined]"),
		refusal("host", "9.2.0", "POST", connectorPath, with("config", object{
			"apiUrl": "http://resilient.mynonexistent.com", "orgId": "201",
		}), 400, config+`error validating url: target url "http://resilient.mynonexistent.com" is not added to the `+
			"Kibana config xpack.actions.allowedHosts").with(kibana.Options{AllowedHosts: []string{"127.0.0.1"}}),
		refusal("no secrets", "9.2.0", "POST", connectorPath, with("secrets", object{}), 400,
			"error validating action type secrets: [apiKeyId]: expected value of type [string] but got [undefined]"),
		run("push", "9.2.0", made, `{"subAction": "pushToService", "subActionParams": {"incident": {
			"name": "a title", "description": "a description", "incidentTypes": [1001], "severityCode": 6,
			"externalId": null}, "comments": null}}`,
			`{"status": "ok", "connector_id": "{connector_id}", "data": {"id": "2001", "title": "2001",
			"pushedDate": "{date}", "url": "{url}/#incidents/2001"}}`),
		run("unknown sub-action", "9.2.0", made, `{"subAction": "non-supported", "subActionParams": {}}`,
			`{"connector_id": "{connector_id}", "status": "error", "retry": true, "errorSource": "framework",
			"message": "an error occurred while running the action",
			"service_message": "Sub action \"non-supported\" is not registered. Connector id: {connector_id}. `+
				`Connector name: IBM Resilient. Connector type: .resilient"}`),
	}
}

func swimlaneExchanges() []exchange {
	field := func(id, key, name, kind string) object {
		return object{"id": id, "key": key, "name": name, "fieldType": kind}
	}
	body := func(url string) object {
		return object{
			"name": "A swimlane action", "connector_type_id": ".swimlane",
			"secrets": object{"apiToken": "swimlane-api-key"}, //nolint:gosec // G101: as above
			"config": object{
				"apiUrl": url, "appId": "123456asdf", "connectorType": "all", "mappings": object{
					"alertIdConfig":     field("ednjls", "alert-id", "Alert id", "text"),
					"severityConfig":    field("adnlas", "severity", "Severity", "text"),
					"ruleNameConfig":    field("adnfls", "rule-name", "Rule Name", "text"),
					"caseIdConfig":      field("a6sst", "case-id-name", "Case Id", "text"),
					"caseNameConfig":    field("a6fst", "case-name", "Case Name", "text"),
					"commentsConfig":    field("a6fdf", "comments", "Comments", "notes"),
					"descriptionConfig": field("a6fdf", "description", "Description", "text"),
				},
			},
		}
	}
	const url = "http://swimlane.example.com"
	created := object{
		"id": "{id}", "is_preconfigured": false, "is_system_action": false, "is_deprecated": false,
		"name": "A swimlane action", "connector_type_id": ".swimlane", "is_missing_secrets": false,
		"config": body(url)["config"], "is_connector_type_deprecated": false,
	}
	wanted, err := json.Marshal(created)
	if err != nil {
		panic(err) // only a broken test can get here
	}
	created["auth_mode"] = "shared"
	read, err := json.Marshal(created)
	if err != nil {
		panic(err) // only a broken test can get here
	}
	unknown, noToken := body(url), body(url)
	config, _ := unknown["config"].(object)
	config["connectorType"] = "x"
	noToken["secrets"] = object{}
	made := connectorOf(body, func(t *testing.T) string {
		t.Helper()
		listener := httptest.NewServer(ticketing.NewSwimlane(ticketing.SwimlaneOptions{ //nolint:gosec // G101: as above
			Clock: ticketClock, APIToken: "swimlane-api-key",
		}))
		t.Cleanup(listener.Close)
		return listener.URL
	})
	stored := connectorOf(body, func(*testing.T) string { return url })
	return []exchange{
		{
			what: "create", version: "9.3.0", method: "POST", path: connectorPath, body: body(url), status: 200,
			want: string(wanted),
		},
		{
			what: "get", version: "9.4.0", method: "GET", path: connectorPath + "/{connector_id}", prepare: stored,
			status: 200, want: string(read),
		},
		refusal(
			"connector type",
			"9.3.0",
			"POST",
			connectorPath,
			unknown,
			400,
			"error validating connector type config: "+
				"✖ Invalid option: expected one of \"all\"|\"alerts\"|\"cases\"\n  → at connectorType",
		),
		refusal("no token", "9.3.0", "POST", connectorPath, noToken, 400, "error validating connector type secrets: "+
			"✖ Invalid input: expected string, received undefined\n  → at apiToken"),
		run("push", "9.3.0", made, `{"subAction": "pushToService", "subActionParams": {"incident": {
			"alertId": "fs345f78g", "ruleName": "Rule Name", "severity": "Critical", "caseName": "Case Name",
			"caseId": "es3456789", "description": "This is a description", "externalId": null}, "comments": []}}`,
			`{"status": "ok", "connector_id": "{connector_id}", "data": {"id": "record1", "title": "ET-1",
			"pushedDate": "{date}", "url": "{url}/record/123456asdf/record1"}}`),
	}
}

func legacyExchanges() []exchange {
	const mapping = `{"mapping": [
		{"source": "title", "target": "short_description", "actionType": "overwrite"},
		{"source": "description", "target": "description", "actionType": "overwrite"},
		{"source": "comments", "target": "comments", "actionType": "append"}]}`
	const servicenow = `"actionTypeId": ".servicenow", "name": "ServiceNow",
		"secrets": {"username": "admin", "password": "securePassword123!"}`
	const answered = `{"id": "{id}", "actionTypeId": ".servicenow", "name": "ServiceNow", "isPreconfigured": false, `
	const first = `{"apiUrl": "https://dev87359.service-now.com", "casesConfiguration": ` + mapping + `}`
	const second = `{"apiUrl": "https://sn.example.com", "isCaseOwned": true, "incidentConfiguration": ` + mapping + `}`
	index := object{"name": "my-connector", "actionTypeId": ".index", "config": object{"index": "test-index"}}
	const stored = `{"id": "{id}", "actionTypeId": ".index", "name": "my-connector",
		"config": {"index": "test-index", "refresh": false, "executionTimeField": null}, "isPreconfigured": false`
	return []exchange{
		{
			what: "create", version: "7.7.0", method: "POST", path: "/api/action",
			body: "{" + servicenow + `, "config": ` + first + "}", status: 200, want: answered + `"config": ` + first + "}",
		},
		{
			what: "create", version: "7.9.0", method: "POST", path: "/api/actions/action",
			body: "{" + servicenow + `, "config": ` + second + "}", status: 200, want: answered + `"config": ` + second + "}",
		},
		{
			what: "create in 7.x", version: "7.11.0", method: "POST", path: "/api/actions/action", body: index, status: 200,
			want: stored + "}",
		},
		{
			what: "get in 8.5", version: "8.5.0", method: "GET", path: "/api/actions/action/{connector_id}", status: 200,
			prepare: func(k *kibanaUnderTest) map[string]string {
				return map[string]string{"connector_id": k.create(object{
					"name": "my-connector", "connector_type_id": ".index", "config": object{"index": "test-index"},
				})}
			},
			want: stored + `, "isDeprecated": false, "isMissingSecrets": false}`,
		},
	}
}

// caseClock is when the samples of case settings were made.
func caseClock() time.Time { return time.Date(2022, 6, 1, 17, 7, 17, 767e6, time.UTC) }

func caseSettingsExchanges() []exchange {
	const (
		jira = `{"id": "5e656730-e1ca-11ec-be9b-9b1838238ee6", "name": "my-jira-connector", "type": ".jira",
			"fields": null}`
		noConnector = `{"id": "none", "name": "none", "type": ".none", "fields": null}`
		frame       = `"closure_type": "close-by-user", "owner": "cases", "error": null, "id": "{id}", "version": "{version}",
			"created_at": "2022-06-01T17:07:17.767Z",
			"created_by": {"username": "elastic", "email": null, "full_name": null}, `
		untouched = `"updated_at": null, "updated_by": null, `
		fields    = `[{"key": "d312efda-ec2b-42ec-9e2c-84981795c581", "label": "my-text-field", "required": true,
			"type": "text"}, {"key": "fcc6840d-eb14-42df-8aaf-232201a705ec", "label": "my-toggle", "required": false,
			"type": "toggle"}]`
		field = `[{"key": "d312efda-ec2b-42ec-9e2c-84981795c581", "label": "my-text-field", "required": false,
			"type": "text"}]`
		rows = `{"source": "title", "target": "summary", "action_type": "overwrite"},
			{"source": "description", "target": "description", "action_type": "overwrite"}, `
		comments = `{"source": "comments", "target": "comments", "action_type": "append"}`
		tags     = `{"source": "tags", "target": "labels", "action_type": "overwrite"}, `
		create   = `{"owner": "cases", "closure_type": "close-by-user", "connector": `
	)
	saved := func(body string) func(*kibanaUnderTest) map[string]string {
		return func(k *kibanaUnderTest) map[string]string {
			made := k.do("POST", casesPath, body).body
			id, _ := made["id"].(string)
			version, _ := made["version"].(string)
			return map[string]string{"settings": id, "known": version}
		}
	}
	at := kibana.Options{Clock: caseClock}
	patch := `{"version": "{known}", "closure_type": "close-by-user", "connector": ` + jira + `, "customFields": ` +
		fields + `}`
	return []exchange{
		{
			what: "create", version: "8.5.0", options: at, method: "POST", path: casesPath, body: create + jira + "}",
			status: 200,
			want:   "{" + frame + untouched + `"connector": ` + jira + `, "mappings": [` + rows + comments + "]}",
		},
		{
			what: "get", version: "8.12.0", options: at, method: "GET", path: casesPath + "?owner=cases", status: 200,
			prepare: saved(create + noConnector + `, "customFields": ` + field + "}"),
			want: "[{" + frame + untouched + `"connector": ` + noConnector + `, "mappings": [], "customFields": ` +
				field + "}]",
		},
		{
			what: "find connectors", version: "8.6.0", method: "GET", path: casesPath + "/connectors/_find", status: 200,
			prepare: func(k *kibanaUnderTest) map[string]string {
				return map[string]string{"connector_id": k.create(object{
					"name": "my-Jira", "connector_type_id": ".jira",
					"config":  object{"apiUrl": "https://elastic.atlassian.net/", "projectKey": "ES"},
					"secrets": object{"email": "e", "apiToken": "t"},
				})}
			},
			want: `[{"id": "{connector_id}", "actionTypeId": ".jira", "name": "my-Jira", "isMissingSecrets": false,
				"config": {"apiUrl": "https://elastic.atlassian.net/", "projectKey": "ES"}, "isPreconfigured": false,
				"isDeprecated": false, "referencedByCount": 0}]`,
		},
		{
			what: "patch", version: "8.12.0", options: at, method: "PATCH", path: casesPath + "/{settings}", body: patch,
			status: 200, prepare: saved(create + noConnector + "}"),
			want: "{" + frame + `"updated_at": "2022-06-01T17:07:17.767Z",
				"updated_by": {"username": "elastic", "email": null, "full_name": null}, "connector": ` + jira +
				`, "mappings": [` + rows + tags + comments + `], "customFields": ` + fields + "}",
		},
		refusal("stale version", "8.12.0", "PATCH", casesPath+"/{settings}",
			`{"version": "WzExOSw0XQ==", "closure_type": "close-by-user"}`, 409,
			"This configuration has been updated. Please refresh before saving additional updates.").
			after(saved(create + noConnector + "}")),
		refusal("unknown id", "8.12.0", "PATCH", casesPath+"/not-exist",
			`{"version": "WzExOSw0XQ==", "closure_type": "close-by-user"}`, 404,
			"Saved object [cases-configure/not-exist] not found"),
	}
}

func mappingExchanges() []exchange {
	var all []exchange
	for typeID, rows := range map[string][][2]string{
		".servicenow":     {{"title", "short_description"}, {"description", "description"}, {"comments", "work_notes"}},
		".servicenow-sir": {{"title", "short_description"}, {"description", "description"}, {"comments", "work_notes"}},
		".jira": {
			{"title", "summary"}, {"description", "description"}, {"tags", "labels"}, {"comments", "comments"},
		},
		".resilient": {{"title", "name"}, {"description", "description"}, {"comments", "comments"}},
		".swimlane":  {{"title", "caseName"}, {"description", "description"}, {"comments", "comments"}},
		".none":      {},
	} {
		mappings := []any{}
		for _, row := range rows {
			action := "overwrite"
			if row[0] == "comments" {
				action = "append"
			}
			mappings = append(mappings, object{"source": row[0], "target": row[1], "action_type": action})
		}
		connector := object{"id": "none", "name": "none", "type": typeID, "fields": nil}
		want, err := json.Marshal(object{
			"closure_type": "close-by-user", "owner": "cases", "error": nil, "id": "{id}", "version": "{version}",
			"created_at": "{date}", "created_by": object{"username": "elastic", "email": nil, "full_name": nil},
			"updated_at": nil, "updated_by": nil, "connector": connector, "mappings": mappings, "customFields": []any{},
		})
		if err != nil {
			panic(err) // only a broken test can get here
		}
		all = append(all, exchange{
			what: typeID, version: "8.12.0", method: "POST", path: casesPath, status: 200, want: string(want),
			body: object{"owner": "cases", "closure_type": "close-by-user", "connector": connector},
		})
	}
	return all
}

func pushExchange() exchange {
	return exchange{
		what: "push", version: "9.1.0", options: kibana.Options{Clock: ticketClock}, method: "POST",
		path: "/api/cases/{case_id}/connector/{connector_id}/_push", body: object{}, status: 200,
		prepare: func(k *kibanaUnderTest) map[string]string {
			listener := httptest.NewServer(ticketing.NewJira(ticketing.JiraOptions{Clock: ticketClock}))
			k.t.Cleanup(listener.Close)
			connector := k.create(jiraBody(listener.URL, "token"))
			made := k.do("POST", "/api/cases", object{
				"title": "Case title 1", "description": "A case description.", "tags": []any{"tag-1"}, "owner": "cases",
				"settings": object{"syncAlerts": false}, "connector": object{
					"id": connector, "name": "My connector", "type": ".jira",
					"fields": object{"issueType": "10004", "parent": nil, "priority": "Low"},
				},
			}).body
			id, _ := made["id"].(string)
			return map[string]string{"connector_id": connector, "case_id": id, "url": listener.URL}
		},
		want: `{"id": "{case_id}", "version": "{version}", "comments": [], "title": "Case title 1", "owner": "cases",
			"status": "open", "description": "A case description.", "tags": ["tag-1"], "settings": {"syncAlerts": false},
			"severity": "low", "category": null, "assignees": [], "customFields": [], "totalComment": 0, "totalAlerts": 0,
			"duration": null, "created_at": "2021-06-01T17:29:51.092Z", "updated_at": "2021-06-01T17:29:51.092Z",
			"closed_at": null, "closed_by": null,
			"created_by": {"username": "elastic", "email": null, "full_name": null},
			"updated_by": {"username": "elastic", "email": null, "full_name": null},
			"connector": {"id": "{connector_id}", "name": "My connector", "type": ".jira",
			"fields": {"issueType": "10004", "parent": null, "priority": "Low"}},
			"external_service": {"pushed_at": "2021-06-01T17:29:51.092Z",
			"pushed_by": {"username": "elastic", "email": null, "full_name": null},
			"connector_name": "A jira action", "external_id": "10001", "external_title": "ES-1",
			"external_url": "{url}/browse/ES-1", "connector_id": "{connector_id}"}}`,
	}
}
