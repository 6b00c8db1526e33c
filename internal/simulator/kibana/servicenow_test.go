package kibana_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/youmark/pkcs8"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

// instance is a minimal ServiceNow: it answers what Kibana asks, and keeps what it was asked.
type instance struct {
	*httptest.Server
	key *rsa.PrivateKey

	mu       sync.Mutex
	calls    []instanceCall
	tokens   int
	noApp    bool              // the Elastic app is not installed
	importer string            // an import set's error message
	refuse   map[string]int    // a status by path prefix, answered with ServiceNow's error envelope
	override map[string]string // a body by path prefix
	incident object
}

type instanceCall struct {
	Method, Path, Query, Authorization string
	Body                               any
}

func newInstance(t *testing.T) *instance {
	t.Helper()
	i := &instance{incident: object{
		"sys_id": "123", "number": "INC01", "state": "1",
		"sys_created_on": "2020-03-10 12:24:20", "sys_updated_on": "2020-03-11 12:24:20",
	}}
	i.Server = httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(i.Close)
	return i
}

func (i *instance) serve(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	call := instanceCall{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Authorization"), nil}
	answer := func(status int, body any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	if r.URL.Path == "/oauth_token.do" {
		i.calls = append(i.calls, call)
		i.token(r, answer)
		return
	}
	_ = json.NewDecoder(r.Body).Decode(&call.Body)
	i.calls = append(i.calls, call)
	for prefix, status := range i.refuse {
		if strings.HasPrefix(r.URL.Path, prefix) {
			answer(status, object{"error": object{"message": "No", "detail": "because"}, "status": "failure"})
			return
		}
	}
	for prefix, body := range i.override {
		if strings.HasPrefix(r.URL.Path, prefix) {
			_, _ = w.Write([]byte(body))
			return
		}
	}
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/elastic_api/health"):
		if i.noApp {
			answer(
				404,
				object{"error": object{"message": "Requested URI does not represent any resource", "detail": nil}},
			)
			return
		}
		answer(200, object{"result": object{"name": "Elastic", "scope": "x_elas2_inc_int", "version": "1.0.0"}})
	case strings.HasPrefix(path, "/api/now/import/"):
		row := object{"status": "inserted", "sys_id": "123"}
		if i.importer != "" {
			row = object{"status": "error", "error_message": i.importer}
		}
		answer(201, object{"import_set": "ISET01", "result": []any{row}})
	case path == "/api/now/v2/table/incident" && r.Method == http.MethodGet:
		answer(200, object{"result": []any{i.incident}})
	case strings.HasPrefix(path, "/api/now/v2/table/"):
		answer(200, object{"result": i.incident})
	case path == "/api/now/table/sys_choice", path == "/api/now/table/sys_dictionary":
		answer(200, object{"result": []any{object{"label": "1 - Critical"}}})
	case strings.HasSuffix(path, "/observables/bulk"):
		answer(200, object{"result": []any{object{"value": "1.2.3.4", "observable_sys_id": "2"}}})
	case path == "/api/global/em/jsonv2":
		answer(200, object{"result": object{"Default Bulk Endpoint": "1 events were inserted"}})
	default:
		answer(400, object{"error": object{"message": "Not supported"}})
	}
}

func (i *instance) token(r *http.Request, answer func(int, any)) {
	claims := jwt.MapClaims{}
	assertion, err := jwt.ParseWithClaims(r.PostFormValue("assertion"), claims, func(*jwt.Token) (any, error) {
		return &i.key.PublicKey, nil
	}, jwt.WithValidMethods([]string{"RS256"}))
	_, hasID := claims["jti"]
	if err != nil || assertion.Header["kid"] != "kid" || claims["aud"] != "client" || claims["iss"] != "client" ||
		hasID ||
		claims["sub"] != "user@example.com" ||
		r.PostFormValue("client_secret") != "secret" ||
		r.PostFormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		answer(401, object{"error": "access_denied", "error_description": "bad assertion"})
		return
	}
	i.tokens++
	answer(200, object{"token_type": "Bearer", "access_token": fmt.Sprintf("t%d", i.tokens), "expires_in": 1800})
}

func (i *instance) reset() []instanceCall {
	i.mu.Lock()
	defer i.mu.Unlock()
	calls := i.calls
	i.calls = nil
	return calls
}

func (i *instance) paths() []string {
	paths := []string{}
	for _, call := range i.reset() {
		paths = append(paths, call.Method+" "+call.Path)
	}
	return paths
}

func (k *kibanaUnderTest) run(id, subAction string, params any) object {
	k.t.Helper()
	a := k.do("POST", "/api/actions/connector/"+id+"/_execute",
		object{"params": object{"subAction": subAction, "subActionParams": params}})
	if a.status != http.StatusOK {
		k.t.Fatalf("%s: %d %s", subAction, a.status, a.raw)
	}
	return a.body
}

func tableITSM(url string) object {
	body := basicITSM(url)
	body["config"] = object{"apiUrl": url, "usesTableApi": true}
	return body
}

var titled = object{"incident": object{"short_description": "a title"}}

func TestPushByImportSet(t *testing.T) {
	t.Parallel()
	sn := newInstance(t)
	k := start(t, kibana.Options{})
	id := k.create(basicITSM(sn.URL + "/"))
	pushed := k.run(id, "pushToService", object{
		"incident": object{
			"short_description": "a title", "urgency": "1", "correlation_id": "c",
			"additional_fields": object{"u_custom": "x"},
		},
		"comments": []any{object{"comment": "first", "commentId": "456"}},
	})
	same(t, "result", object{"status": "ok", "connector_id": id, "data": object{
		"id": "123", "title": "INC01", "pushedDate": "2020-03-10T12:24:20.000Z",
		"url":      sn.URL + "/nav_to.do?uri=incident.do?sys_id=123",
		"comments": []any{object{"commentId": "456", "pushedDate": "2020-03-10T12:24:20.000Z"}},
	}}, pushed)

	calls := sn.reset()
	var paths []string
	for _, call := range calls {
		paths = append(paths, call.Method+" "+call.Path)
		same(t, call.Path, "Basic Y2hhbmdlbWU6ZWxhc3RpYw==", call.Authorization)
	}
	round := []string{
		"GET /api/x_elas2_inc_int/elastic_api/health",
		"POST /api/now/import/x_elas2_inc_int_elastic_incident", "GET /api/now/v2/table/incident/123",
	}
	same(t, "calls", append(round, round...), paths)
	incident := object{
		"u_short_description":   "a title",
		"u_description":         nil,
		"u_category":            nil,
		"u_subcategory":         nil,
		"u_severity":            nil,
		"u_urgency":             "1",
		"u_impact":              nil,
		"u_correlation_id":      "c",
		"u_correlation_display": nil,
		"u_custom":              "x",
	}
	created := object{"u_caller_id": "changeme", "u_opened_by": "changeme"}
	noted := object{"elastic_incident_id": "123", "u_work_notes": "first"}
	for key, value := range incident {
		created[key], noted[key] = value, value
	}
	same(t, "created", any(created), calls[1].Body)
	same(t, "noted", any(noted), calls[4].Body)
}

func TestPushByTableAPI(t *testing.T) {
	t.Parallel()
	sn := newInstance(t)
	k := start(t, kibana.Options{})
	id := k.create(tableITSM(sn.URL))
	k.run(id, "pushToService", titled)
	calls := sn.reset()
	same(t, "calls", []string{"/api/now/v2/table/incident", "/api/now/v2/table/incident/123"},
		[]string{calls[0].Path, calls[1].Path})
	same(t, "body", any(object{
		"short_description": "a title", "description": nil, "category": nil, "subcategory": nil,
		"severity": nil, "urgency": nil, "impact": nil, "correlation_id": "{{rule.id}}:{{alert.id}}",
		"correlation_display": nil, "caller_id": "changeme", "opened_by": "changeme",
	}), calls[0].Body)

	updated := k.run(id, "pushToService", object{"incident": object{"short_description": "b", "externalId": "123"}})
	same(t, "date", any("2020-03-11T12:24:20.000Z"), dig(updated, "data", "pushedDate"))
	same(t, "calls", []string{"PATCH /api/now/v2/table/incident/123", "GET /api/now/v2/table/incident/123"}, sn.paths())

	refused := k.run(
		id,
		"pushToService",
		object{"incident": object{"short_description": "b", "additional_fields": `{"a":1}`}},
	)
	same(
		t,
		"additional fields",
		"[Action][ServiceNow]: Unable to create incident. Error: ServiceNow additional fields are "+
			"not supported for deprecated connectors. Reason: unknown: errorResponse was null",
		refused["service_message"],
	)
}

func TestReadOnlySubActions(t *testing.T) {
	t.Parallel()
	sn := newInstance(t)
	k := start(t, kibana.Options{})
	id := k.create(basicITSM(sn.URL))
	same(t, "choices", any([]any{object{"label": "1 - Critical"}}),
		k.run(id, "getChoices", object{"fields": []any{"severity", "urgency"}})["data"])
	k.run(id, "getFields", object{})
	calls := sn.reset()
	same(t, "choices query", "sysparm_query=name=task^ORname=incident^element=severity^ORelement=urgency^language=en"+
		"&sysparm_fields=label,value,dependent_value,element", calls[0].Query)
	same(t, "fields query", "sysparm_query=name=task^ORname=incident^internal_type=string&active=true&array=false"+
		"&read_only=false&sysparm_fields=max_length,element,column_label,mandatory", calls[1].Query)
	same(t, "getIncident", any(object{}), k.run(id, "getIncident", object{"externalId": "1"})["data"])
	same(t, "handshake", object{
		"status": "error", "connector_id": id, "retry": true, "errorSource": "framework",
		"message":         "an error occurred while running the action",
		"service_message": "[Action][ExternalService] subAction handshake not implemented.",
	},
		k.run(id, "handshake", object{}))
}

func TestInvalidParams(t *testing.T) {
	t.Parallel()
	many := object{}
	for i := range 21 {
		many[fmt.Sprint("u_", i)] = "x"
	}
	for _, test := range []struct {
		version string
		params  object
		want    string
	}{
		{
			"9.3.0",
			object{"subAction": "pushToService"},
			"✖ Invalid input: expected object, received undefined\n  → at subActionParams",
		},
		{"9.3.0", object{"subAction": "nothing"}, "✖ Invalid input\n  → at subAction"},
		{"9.1.0", object{"subAction": "nothing"}, "invalid_union_discriminator"},
		{"8.19.0", object{}, "types that failed validation:\n- [0.subAction]: expected value to equal [getFields]"},
		{
			"8.19.0",
			object{"subAction": "pushToService", "subActionParams": object{"incident": object{}}},
			"- [3.subActionParams.incident.short_description]: expected value of type [string] but got [undefined]",
		},
		{
			"8.19.0",
			object{
				"subAction":       "pushToService",
				"subActionParams": object{"incident": object{"short_description": "t", "x": 1}},
			},
			"- [3.subActionParams.incident.x]: definition for this key is missing",
		},
		{
			"8.13.0",
			object{"subAction": "closeIncident", "subActionParams": object{"incident": object{}}},
			"- [0.subAction]: expected value to equal [getFields]",
		},
		{"9.3.0", object{"subAction": "pushToService", "subActionParams": object{"incident": object{
			"short_description": "t",
			"additional_fields": many,
		}}}, "A maximum of 20 fields"},
		{"9.3.0", object{"subAction": "pushToService", "subActionParams": object{"incident": object{
			"short_description": "t",
			"additional_fields": object{"category": "x"},
		}}}, "category"},
	} {
		k := start(t, kibana.Options{Version: test.version})
		id := k.create(basicITSM("http://127.0.0.1:1"))
		a := k.do("POST", "/api/actions/connector/"+id+"/_execute", object{"params": test.params})
		if a.status != 200 || a.body["status"] != "error" || a.body["retry"] != false ||
			a.body["service_message"] != nil ||
			!strings.HasPrefix(a.message(), "error validating action params: ") ||
			!strings.Contains(a.message(), test.want) {
			t.Errorf("%s %v: %s", test.version, test.params, a.raw)
		}
	}
	k := start(t, kibana.Options{})
	id := k.create(basicITSM("http://127.0.0.1:1"))
	same(t, "no params", "[request body.params]: expected value of type [object] but got [undefined]",
		k.do("POST", "/api/actions/connector/"+id+"/_execute", object{}).message())
}

// The texts are those of Kibana's functional tests.
func TestInvalidParamsOfEachRelease(t *testing.T) {
	t.Parallel()
	const prefix = "error validating action params: "
	comment := object{
		"subAction": "pushToService", "subActionParams": object{
			"incident": object{"short_description": "success"}, "comments": []any{object{"comment": "boo"}},
		},
	}
	eight := prefix + "types that failed validation:\n- [0.subAction]: expected value to equal [getFields]\n" +
		"- [1.subAction]: expected value to equal [getIncident]\n- [2.subAction]: expected value to equal [handshake]\n" +
		"- [3.subActionParams.comments]: types that failed validation:\n - [subActionParams.comments.0.0.commentId]: " +
		"expected value of type [string] but got [undefined]\n - [subActionParams.comments.1]: expected value to equal " +
		"[null]\n- [4.subAction]: expected value to equal [getChoices]"
	closing := "\n- [5.subAction]: expected value to equal [closeIncident]"
	for _, test := range []struct {
		version string
		params  object
		want    object
	}{
		{"8.7.0", comment, object{"retry": false, "message": eight}},
		{"8.8.0", comment, object{"retry": true, "reason": "validation", "message": eight}},
		{"8.13.0", comment, object{"retry": false, "message": eight}},
		{"8.15.0", comment, object{"retry": false, "errorSource": "user", "message": eight + closing}},
		{"8.16.0", comment, object{"retry": false, "errorSource": "framework", "message": eight + closing}},
		{
			"9.3.0", comment, object{
				"retry": false, "errorSource": "user", "message": prefix +
					"✖ Invalid input: expected string, received undefined\n  → at subActionParams.comments[0].commentId",
			},
		},
		{
			"9.3.0", object{"subAction": "pushToService", "subActionParams": object{"savedObjectId": "success"}}, object{
				"retry": false, "errorSource": "user", "message": prefix + "✖ Unrecognized key: \"savedObjectId\"\n" +
					"  → at subActionParams\n✖ Invalid input: expected object, received undefined\n" +
					"  → at subActionParams.incident",
			},
		},
		{
			"9.3.0", object{"subAction": "getChoices", "subActionParams": object{}}, object{
				"retry": false, "errorSource": "user", "message": prefix +
					"✖ Invalid input: expected array, received undefined\n  → at subActionParams.fields",
			},
		},
	} {
		k := start(t, kibana.Options{Version: test.version})
		id := k.create(basicITSM("http://127.0.0.1:1"))
		test.want["status"], test.want["connector_id"] = "error", id
		same(t, test.version, test.want,
			k.do("POST", "/api/actions/connector/"+id+"/_execute", object{"params": test.params}).body)
	}
	nine := start(t, kibana.Options{Version: "9.1.0"})
	id := nine.create(basicITSM("http://127.0.0.1:1"))
	said := nine.do("POST", "/api/actions/connector/"+id+"/_execute", object{"params": comment}).message()
	if !strings.Contains(said, "\"comments\",\n      0,\n      \"commentId\"") {
		t.Errorf("indices are numbers: %s", said)
	}
}

func TestFaultsOfTheInstance(t *testing.T) {
	t.Parallel()
	const prefix = "[Action][ServiceNow]: "
	for _, test := range []struct {
		name, version string
		prepare       func(*instance)
		want          string
		source        string
	}{
		{"no app", "8.19.0", func(i *instance) { i.noApp = true }, prefix + "Unable to create incident. Error: " +
			prefix +
			"Unable to get application version. Error: Request failed with status code 404 Reason: Requested URI " +
			"does not " +
			"represent any resource: null Reason: Requested URI does not represent any resource: null", "framework"},
		{"no app", "9.3.0", func(i *instance) { i.noApp = true }, prefix + "Unable to create incident. Error: " +
			prefix +
			"Unable to get application version. Error: Request failed with status code 404 Reason: Requested URI " +
			"does not " +
			"represent any resource [status=404] [method=get] [endpoint=health] Reason: Requested URI does not " +
			"represent any resource [status=404] [method=post] [endpoint=import_set]", "framework"},
		{"refused", "8.19.0", func(i *instance) { i.refuse = map[string]int{"/api/now/import": 403} }, prefix +
			"Unable to create incident. Error: Request failed with status code 403 Reason: No: because", "framework"},
		{
			"import error", "9.3.0", func(i *instance) { i.importer = "Insert Aborted" }, prefix +
				"Unable to create incident. Error: Insert Aborted [status=201] [method=post] [endpoint=import_set]",
			"user",
		},
		{"HTML", "8.19.0", func(i *instance) { i.override = map[string]string{"/api/now/import": "<html>"} }, prefix +
			"Unable to create incident. Error: There is an issue with your Service Now Instance. Please check . " +
			"Reason: unknown: errorResponse was null", "framework"},
		{
			"no rows", "8.19.0",
			func(i *instance) { i.override = map[string]string{"/api/now/import": `{"result":[]}`} },
			prefix + "Unable to create incident. Error: Unexpected result Reason: unknown: errorResponse was null",
			"user",
		},
		{"no host", "9.3.0", func(i *instance) { i.Close() }, "connect ECONNREFUSED 127.0.0.1:", "framework"},
	} {
		t.Run(test.name+" "+test.version, func(t *testing.T) {
			t.Parallel()
			sn := newInstance(t)
			k := start(t, kibana.Options{Version: test.version})
			id := k.create(basicITSM(sn.URL))
			test.prepare(sn)
			failed := k.run(id, "pushToService", titled)
			said, _ := failed["service_message"].(string)
			same(t, "source", any(test.source), failed["errorSource"])
			same(t, "retry", any(true), failed["retry"])
			if !strings.Contains(said, test.want) {
				t.Errorf("service_message:\n got %s\nwant %s", said, test.want)
			}
		})
	}
}

func TestHostsAreCheckedAtRunTimeToo(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{AllowedHosts: []string{"127.0.0.1"}})
	id := k.create(basicITSM("http://127.0.0.1:1"))
	if err := k.Set(id, "", object{"apiUrl": "http://no.example.com"}); err != nil {
		t.Fatal(err)
	}
	failed := k.run(id, "getFields", object{})
	same(t, "message", "error validating action type config: error configuring connector action: target url "+
		`"http://no.example.com" is not added to the Kibana config xpack.actions.allowedHosts`, failed["message"])
}

func TestCloseIncident(t *testing.T) {
	t.Parallel()
	sn := newInstance(t)
	k := start(t, kibana.Options{})
	id := k.create(basicITSM(sn.URL))
	closeIt := func(incident object) any {
		return k.run(id, "closeIncident", object{"incident": incident})["data"]
	}
	done := closeIt(object{"correlation_id": "c d"})
	same(t, "closed", any("INC01"), dig(done, "title"))
	calls := sn.reset()
	same(t, "query", "sysparm_query=ORDERBYDESCsys_created_on^correlation_id=c%20d", calls[0].Query)
	same(t, "body", any(object{
		"u_state": "7", "u_close_code": "Closed/Resolved by Caller",
		"u_close_notes": "Closed by Caller", "elastic_incident_id": "123",
	}), calls[2].Body)

	sn.incident["state"] = "7"
	closeIt(object{"externalId": "123"})
	same(t, "already closed", []string{"GET /api/now/v2/table/incident/123"}, sn.paths())

	sn.refuse = map[string]int{"/api/now/v2/table/incident/": 404}
	same(t, "unknown id", any(object{}), closeIt(object{"externalId": "x"}))
	sn.override = map[string]string{"/api/now/v2/table/incident": `{"result":[]}`}
	same(t, "unknown correlation", any(object{}), closeIt(object{"correlation_id": "x"}))
}

func TestSecOpsObservables(t *testing.T) {
	t.Parallel()
	sn := newInstance(t)
	k := start(t, kibana.Options{})
	body := basicITSM(sn.URL)
	body["connector_type_id"] = ".servicenow-sir"
	id := k.create(body)
	incident := object{"incident": object{
		"short_description": "t", "dest_ip": "1.1.1.1, 2.2.2.2",
		"source_ip": []any{"1.1.1.1"}, "malware_hash": "abc", "priority": "1",
	}}
	k.run(id, "pushToService", incident)
	calls := sn.reset()
	sent, _ := calls[1].Body.(object)
	same(t, "columns are empty", [2]any{nil, nil}, [2]any{sent["u_dest_ip"], sent["u_malware_hash"]})
	last := calls[len(calls)-1]
	same(t, "path", "/api/x_elas2_sir_int/elastic_api/incident/123/observables/bulk", last.Path)
	same(t, "observables", any([]any{
		object{"type": "ipv4-addr", "value": "1.1.1.1"},
		object{"type": "ipv4-addr", "value": "2.2.2.2"},
		object{"type": "SHA256", "value": "abc"},
	}), last.Body)

	old := tableITSM(sn.URL)
	old["connector_type_id"] = ".servicenow-sir"
	k.run(
		k.create(old),
		"pushToService",
		object{"incident": object{"short_description": "t", "dest_ip": []any{"1.1.1.1", "2.2.2.2"}}},
	)
	calls = sn.reset()
	sent, _ = calls[0].Body.(object)
	same(t, "comma list", any("1.1.1.1,2.2.2.2"), sent["dest_ip"])
	same(t, "no further call", 2, len(calls))
}

func TestITOMEvents(t *testing.T) {
	t.Parallel()
	sn := newInstance(t)
	k := start(t, kibana.Options{})
	id := k.create(object{
		"name": "n", "connector_type_id": ".servicenow-itom", "config": object{"apiUrl": sn.URL},
		"secrets": object{"username": "u", "password": "p"},
	})
	sent := k.run(
		id,
		"addEvent",
		object{"source": "Elastic", "severity": "4", "time_of_event": "2021-10-13T10:51:44.981Z"},
	)
	same(t, "data", any(object{}), sent["data"])
	calls := sn.reset()
	same(t, "path", "/api/global/em/jsonv2", calls[0].Path)
	same(t, "event", any(object{"records": []any{object{
		"source": "Elastic", "severity": "4",
		"message_key": "{{rule.id}}:{{alert.id}}", "time_of_event": "2021-10-13 10:51:44",
	}}}), calls[0].Body)
	k.run(id, "getChoices", object{"fields": []any{"severity"}})
	if calls = sn.reset(); !strings.Contains(calls[0].Query, "ORname=em_event^") {
		t.Errorf("choices: %s", calls[0].Query)
	}
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pemText(kind string, der []byte, err error) string {
	if err != nil {
		panic(err) // only a broken test can get here
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func oauthITSM(url, key, password string) object {
	secrets := object{"clientSecret": "secret", "privateKey": key}
	if password != "" {
		secrets["privateKeyPassword"] = password
	}
	return object{
		"name": "n", "connector_type_id": ".servicenow", "secrets": secrets,
		"config": object{
			"apiUrl": url, "usesTableApi": false, "isOAuth": true, "clientId": "client", "jwtKeyId": "kid",
			"userIdentifierValue": "user@example.com",
		},
	}
}

func TestOAuthKeys(t *testing.T) {
	t.Parallel()
	sn := newInstance(t)
	sn.key = rsaKey(t)
	pkcs1 := x509.MarshalPKCS1PrivateKey(sn.key)
	plain8, err := x509.MarshalPKCS8PrivateKey(sn.key)
	if err != nil {
		t.Fatal(err)
	}
	encrypted8, err8 := pkcs8.MarshalPrivateKey(sn.key, []byte("pass"), nil)
	//nolint:staticcheck // the format that openssl genrsa -traditional writes
	encrypted1, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", pkcs1, []byte("pass"), x509.PEMCipherAES256)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	elliptic8, errEC := x509.MarshalPKCS8PrivateKey(curve)
	small, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // too small on purpose: it must be refused
	if err != nil {
		t.Fatal(err)
	}
	rsaPEM := pemText("RSA PRIVATE KEY", pkcs1, nil)
	for _, test := range []struct{ name, key, password, fault string }{
		{"PKCS#1", rsaPEM, "", ""},
		{"PKCS#1, needless password", rsaPEM, "pass", ""},
		{"PKCS#8", pemText("PRIVATE KEY", plain8, nil), "", ""},
		{"PKCS#1 encrypted", string(pem.EncodeToMemory(encrypted1)), "pass", ""},
		{"PKCS#8 encrypted", pemText("ENCRYPTED PRIVATE KEY", encrypted8, err8), "pass", ""},
		{
			"PKCS#1, wrong password", string(pem.EncodeToMemory(encrypted1)), "no",
			"Unable to generate JWT token. Error: Error: ",
		},
		{"PKCS#8, wrong password", pemText("ENCRYPTED PRIVATE KEY", encrypted8, nil), "no", "bad decrypt"},
		{"PKCS#8, no password", pemText("ENCRYPTED PRIVATE KEY", encrypted8, nil), "", "interrupted or cancelled"},
		{
			"not a key", "-----BEGIN RSA PRIVATE KEY-----\nddddddd\n-----END RSA PRIVATE KEY-----", "",
			"Unable to generate JWT token",
		},
		{"elliptic", pemText("PRIVATE KEY", elliptic8, errEC), "", "ES256"},
		{
			"too small", pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(small), nil), "",
			"minimum key size of 2048 bits",
		},
		{
			"another key", pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey(t)), nil), "",
			`Error: {"error":"access_denied","error_description":"bad assertion"} Reason: unknown: ` +
				"errorResponse was null",
		},
	} {
		k := start(t, kibana.Options{Version: "9.1.0"})
		ran := k.run(k.create(oauthITSM(sn.URL, test.key, test.password)), "getFields", object{})
		said, _ := ran["service_message"].(string)
		if test.fault == "" && ran["status"] != "ok" || !strings.Contains(said, test.fault) {
			t.Errorf("%s: %v", test.name, ran)
		}
		if strings.Contains(said, "PRIVATE KEY") {
			t.Errorf("%s: the key is quoted", test.name)
		}
	}
}

func TestOAuthTokenIsKeptUntilItLapsesOrIsDoubted(t *testing.T) {
	t.Parallel()
	sn := newInstance(t)
	sn.key = rsaKey(t)
	var clock struct {
		sync.Mutex
		now time.Time
	}
	clock.now = time.Now()
	k := start(t, kibana.Options{Clock: func() time.Time {
		clock.Lock()
		defer clock.Unlock()
		return clock.now
	}})
	body := oauthITSM(sn.URL, pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(sn.key), nil), "")
	id := k.create(body)
	fields := func(want string) {
		t.Helper()
		sn.reset()
		k.run(id, "getFields", object{})
		calls := sn.reset()
		same(t, "token", want, calls[len(calls)-1].Authorization)
	}
	fields("Bearer t1")
	fields("Bearer t1")
	clock.Lock()
	clock.now = clock.now.Add(31 * time.Minute)
	clock.Unlock()
	fields("Bearer t2")

	sn.mu.Lock()
	sn.refuse = map[string]int{"/api/now/table/sys_dictionary": 400}
	sn.mu.Unlock()
	fields("Bearer t2") // this call's 4xx makes Kibana forget the token
	sn.mu.Lock()
	sn.refuse = nil
	sn.mu.Unlock()
	fields("Bearer t3")

	delete(body, "connector_type_id")
	same(t, "put", 200, k.do("PUT", "/api/actions/connector/"+id, body).status)
	fields("Bearer t4")

	sn.reset()
	k.run(id, "pushToService", titled)
	created, _ := sn.reset()[1].Body.(object)
	caller, sent := created["u_caller_id"]
	same(t, "no caller under OAuth", [2]any{nil, true}, [2]any{caller, sent})
}

func TestFaultsOfTheNetwork(t *testing.T) {
	t.Parallel()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	dropping := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(dropping.Close)
	big := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 1_000_001))
	}))
	t.Cleanup(big.Close)
	for _, test := range []struct{ url, want string }{
		{"http://no-such-host.invalid", "getaddrinfo ENOTFOUND no-such-host.invalid [status=ENOTFOUND]"},
		{secure.URL, "unable to verify the first certificate [status=UNABLE_TO_VERIFY_LEAF_SIGNATURE]"},
		{silent.URL, "timeout of 60000ms exceeded [status=ECONNABORTED]"},
		{dropping.URL, "socket hang up [status=ECONNRESET]"},
		{big.URL, "maxContentLength size of 1000000 exceeded [status=ERR_BAD_RESPONSE]"},
		{"http://[", "Invalid URL [status=ERR_INVALID_URL]"},
	} {
		patience := time.Minute
		if test.url == silent.URL {
			patience = 500 * time.Millisecond
		}
		k := start(t, kibana.Options{Version: "9.3.0", HTTPClient: &http.Client{Timeout: patience}})
		said, _ := k.run(k.create(basicITSM(test.url)), "getFields", object{})["service_message"].(string)
		want := "[Action][ServiceNow]: Unable to get fields. Error: " + test.want + " [method=get] [endpoint=table]"
		same(t, test.url, want, said)
	}
}
