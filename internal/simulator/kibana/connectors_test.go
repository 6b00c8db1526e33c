package kibana_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

func TestStatusTellsTheVersionToUsersOnly(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Version: "8.19.2-SNAPSHOT"})
	version, _ := k.do("GET", "/api/status", nil).body["version"].(object)
	same(t, "number", "8.19.2", version["number"])
	same(t, "snapshot", true, version["build_snapshot"])

	redacted := k.do("GET", "/api/status", nil, "Authorization", "")
	same(t, "redacted", object{"status": object{"overall": object{"level": "available"}}}, redacted.body)

	denied := start(t, kibana.Options{UnauthenticatedStatusRedacted: new(bool)})
	same(t, "denied", 401, denied.do("GET", "/api/status", nil, "Authorization", "").status)

	old, _ := start(t, kibana.Options{Version: "7.7"}).do("GET", "/api/status", nil).body["status"].(object)
	overall, _ := old["overall"].(object)
	same(t, "7.x state", "green", overall["state"])
}

func TestNewRefusesWhatNoKibanaIs(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]kibana.Options{
		"version":       {Version: "nine"},
		"old version":   {Version: "7.6.2"},
		"licence":       {License: "diamond"},
		"preconfigured": {Preconfigured: []kibana.Preconfigured{{ID: "x", TypeID: ".nothing"}}},
	} {
		if _, err := kibana.New(options); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestCredentialsAndHeaders(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{APIKeys: []string{"a2V5OnNlY3JldA=="}, BearerTokens: []string{"token"}})
	for _, test := range []struct {
		name, method, path string
		headers            []string
		status             int
		message            string
	}{
		{"API key", "GET", "/api/actions/connectors", []string{"Authorization", "ApiKey a2V5OnNlY3JldA=="}, 200, ""},
		{"bearer", "GET", "/api/actions/connectors", []string{"Authorization", "Bearer token"}, 200, ""},
		{"none", "GET", "/api/actions/connectors", []string{"Authorization", ""}, 401, "Unauthorized"},
		{
			"wrong key", "GET", "/api/actions/connectors",
			[]string{"Authorization", "ApiKey no"},
			401,
			"security_exception",
		},
		{
			"wrong password", "GET", "/api/status",
			[]string{"Authorization", "Basic ZWxhc3RpYzpubw=="},
			401,
			"security_exception",
		},
		{
			"no xsrf", "POST", "/api/actions/connector",
			[]string{"kbn-xsrf", ""},
			400,
			"Request must contain a kbn-xsrf header.",
		},
		{
			"credentials come before xsrf", "POST", "/api/actions/connector",
			[]string{"kbn-xsrf", "", "Authorization", ""},
			401, "Unauthorized",
		},
		{
			"media type", "POST", "/api/actions/connector",
			[]string{"Content-Type", "text/plain"},
			415,
			"Unsupported Media Type",
		},
		{"unknown route", "GET", "/api/actions/nothing", nil, 404, "Not Found"},
		{"unknown method", "PATCH", "/api/actions/connectors", nil, 404, "Not Found"},
		{"unknown space", "GET", "/s/other/api/actions/connectors", nil, 200, ""},
	} {
		a := k.do(test.method, test.path, nil, test.headers...)
		if a.status != test.status || !strings.Contains(a.message(), test.message) {
			t.Errorf("%s: %d %s", test.name, a.status, a.raw)
		}
	}
	same(t, "bad JSON", "Invalid request payload JSON format", k.do("POST", "/api/actions/connector", "{").message())
}

func TestConnectorLifeCycle(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Version: "9.0.0"})
	created := k.do("POST", "/api/actions/connector", basicITSM("https://sn.example.com"))
	id, _ := created.body["id"].(string)
	want := object{
		"id": id, "name": "A servicenow action", "connector_type_id": ".servicenow", "is_preconfigured": false,
		"is_deprecated": false, "is_system_action": false, "is_missing_secrets": false,
		"config": object{
			"apiUrl": "https://sn.example.com", "usesTableApi": false, "isOAuth": false, "clientId": nil,
			"jwtKeyId": nil, "userIdentifierValue": nil,
		},
	}
	same(t, "create", want, created.body)
	same(t, "get", want, k.do("GET", "/api/actions/connector/"+id, nil).body)

	listed := maps.Clone(want)
	listed["referenced_by_count"] = 0.0
	same(t, "list", []any{listed}, k.do("GET", "/api/actions/connectors", nil).list)

	same(t, "stored secrets", object{
		"username": "changeme", "password": "elastic", "clientSecret": nil,
		"privateKey": nil, "privateKeyPassword": nil,
	}, k.Secrets(id))

	updated := k.do("PUT", "/api/actions/connector/"+id, object{
		"name": "renamed", "config": object{"apiUrl": "https://sn.example.com"},
		"secrets": object{"username": "u", "password": "p"},
	})
	same(t, "an omitted usesTableApi is stored as true", true, updated.body["is_deprecated"])
	same(t, "secrets were replaced", any("u"), k.Secrets(id)["username"])

	gone := k.do("DELETE", "/api/actions/connector/"+id, nil)
	same(t, "delete", [2]any{204, ""}, [2]any{gone.status, gone.raw})
	for _, again := range []answer{
		k.do("DELETE", "/api/actions/connector/"+id, nil), k.do("GET", "/api/actions/connector/"+id, nil),
	} {
		same(t, "gone", object{
			"statusCode": 404.0, "error": "Not Found",
			"message": fmt.Sprintf("Saved object [action/%s] not found", id),
		}, again.body)
	}
	if len(k.Requests()) == 0 {
		t.Error("no request is in the log")
	}
	for _, r := range k.Requests() {
		if strings.Contains(string(r.Body), "changeme") || strings.Contains(string(r.Body), `"p"`) {
			t.Errorf("a secret is in the request log: %s", r.Body)
		}
	}
}

func TestRefusedBodies(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Version: "9.0.0", AllowedHosts: []string{"sn.example.com"}})
	with := func(changes object) object {
		body := basicITSM("https://sn.example.com")
		for key, value := range changes {
			if value == "absent" {
				delete(body, key)
			} else {
				body[key] = value
			}
		}
		return body
	}
	oauth := func(config, secrets object) object {
		c := object{
			"apiUrl": "https://sn.example.com", "isOAuth": true, "clientId": "c", "jwtKeyId": "k",
			"userIdentifierValue": "u",
		}
		s := object{"clientSecret": "s", "privateKey": "p"}
		maps.Copy(c, config)
		maps.Copy(s, secrets)
		return with(object{"config": c, "secrets": s})
	}
	const (
		config    = "error validating action type config: "
		secrets   = "error validating action type secrets: "
		connector = "error validating action type connector: "
		notAdded  = ` is not added to the Kibana config xpack.actions.allowedHosts`
	)
	for _, test := range []struct {
		name    string
		body    any
		message string
	}{
		{"nothing", nil, "[request body]: expected a plain object value, but found [null] instead."},
		{"empty", object{}, "[request body.name]: expected value of type [string] but got [undefined]"},
		{
			"null config", with(object{"config": nil}),
			"[request body.config]: expected value of type [object] but got [null]",
		},
		{"unknown key", with(object{"extra": 1}), "[request body.extra]: definition for this key is missing"},
		{
			"blank config value", with(object{"config": object{"apiUrl": " "}}),
			"[request body.config.apiUrl]: value '' is not valid",
		},
		{
			"blank secret", with(object{"secrets": object{"username": ""}}),
			"[request body.secrets.username]: value '' is not valid",
		},
		{"blank name", with(object{"name": ""}), "[request body.name]: value '' is not valid"},
		{"unknown type", with(object{"connector_type_id": ".x"}), `Action type ".x" is not registered.`},
		{
			"system type",
			object{"name": "n", "connector_type_id": ".cases"},
			"System action creation is forbidden. Action type: .cases.",
		},
		{"no apiUrl", with(object{"config": "absent"}), config +
			"[apiUrl]: expected value of type [string] but got [undefined]"},
		{
			"unknown config key", with(object{"config": object{"apiUrl": "https://sn.example.com", "x": 1}}),
			config + "[x]: definition for this key is missing",
		},
		{"wrong nullable", oauth(object{"clientId": 1}, nil), config + "[clientId]: types that failed validation:\n" +
			"- [clientId.0]: expected value of type [string] but got [number]\n- [clientId.1]: expected value to " +
			"equal [null]"},
		{"host", with(object{"config": object{"apiUrl": "http://no.example.com"}}), config +
			`error configuring connector action: target url "http://no.example.com"` + notAdded},
		{
			"no user identifier", oauth(object{"userIdentifierValue": nil, "clientId": nil}, nil),
			config + "userIdentifierValue must be provided when isOAuth = true",
		},
		{"no client id", oauth(object{"clientId": nil}, nil), config + "clientId must be provided when isOAuth = true"},
		{"no key id", oauth(object{"jwtKeyId": nil}, nil), config + "jwtKeyId must be provided when isOAuth = true"},
		{"no secrets", with(object{"secrets": "absent"}), secrets +
			"Either basic auth or OAuth credentials must be specified"},
		{"user only", with(object{"secrets": object{"username": "u"}}), secrets +
			"username and password must both be specified"},
		{"key only", oauth(nil, object{"clientSecret": nil}), secrets +
			"clientSecret and privateKey must both be specified"},
		{
			"both ways", oauth(nil, object{"username": "u", "password": "p"}),
			connector + "Username and password should not be provided with isOAuth = true",
		},
		{
			"OAuth with basic secrets", oauth(nil, object{
				"clientSecret": nil, "privateKey": nil, "username": "u",
				"password": "p",
			}),
			connector + "clientSecret must be provided when isOAuth = true",
		},
		{
			"basic with OAuth secrets", with(object{"secrets": object{"clientSecret": "s", "privateKey": "p"}}),
			connector + "username must be provided when isOAuth = false",
		},
		{
			"basic with a client id", with(object{"config": object{
				"apiUrl":   "https://sn.example.com",
				"clientId": "c",
			}}),
			connector + "clientId, clientSecret, userIdentifierValue, jwtKeyId and privateKey should not be " +
				"provided with isOAuth = false",
		},
		{
			"itom with usesTableApi", with(object{"connector_type_id": ".servicenow-itom"}),
			config + "[usesTableApi]: definition for this key is missing",
		},
		{
			"resilient host",
			object{
				"name": "n", "connector_type_id": ".resilient",
				"config": object{"apiUrl": "http://no.example.com", "orgId": "1"},
			},
			config + `error validating url: target url "http://no.example.com"` + notAdded,
		},
		{
			"resilient number",
			object{"name": "n", "connector_type_id": ".resilient", "config": object{"apiUrl": "x", "orgId": 1}},
			config + "[orgId]: expected value of type [string] but got [number]",
		},
		{
			"jira",
			object{"name": "n", "connector_type_id": ".jira", "config": object{"apiUrl": "https://sn.example.com"}},
			config + "[projectKey]: expected value of type [string] but got [undefined]",
		},
		{
			"swimlane",
			object{
				"name": "n", "connector_type_id": ".swimlane",
				"config": object{
					"apiUrl": "https://sn.example.com", "appId": "a", "connectorType": "none",
					"mappings": object{},
				},
			},
			config + "[connectorType]: types that failed validation:\n- [connectorType.0]: expected value to equal " +
				"[all]\n" +
				"- [connectorType.1]: expected value to equal [alerts]\n- [connectorType.2]: expected value to " +
				"equal [cases]",
		},
		{
			"swimlane mapping",
			object{
				"name": "n", "connector_type_id": ".swimlane",
				"config": object{
					"apiUrl": "https://sn.example.com", "appId": "a", "connectorType": "all",
					"mappings": object{"caseIdConfig": object{"id": "1", "key": "k", "name": "n"}},
				},
			},
			config + "[mappings.caseIdConfig]: types that failed validation:\n- [mappings.caseIdConfig.0.fieldType]: " +
				"expected value of type [string] but got [undefined]\n- [mappings.caseIdConfig.1]: expected value to " +
				"equal [null]",
		},
	} {
		a := k.do("POST", "/api/actions/connector", test.body)
		if a.status != http.StatusBadRequest || a.message() != test.message {
			t.Errorf("%s: %d\n got %s\nwant %s", test.name, a.status, a.message(), test.message)
		}
	}
	same(t, "nothing was stored", 0, len(k.Connectors()))
}

func TestThreeGenerationsOfWording(t *testing.T) {
	t.Parallel()
	body := basicITSM("x")
	body["config"] = object{}
	for version, want := range map[string]string{
		"8.15.0": "error validating action type config: [apiUrl]: expected value of type [string] but got [undefined]",
		"9.1.0": "error validating action type config: [\n  {\n    \"code\": \"invalid_type\",\n    \"expected\": " +
			"\"string\",\n" +
			"    \"received\": \"undefined\",\n    \"path\": [\n      \"apiUrl\"\n    ],\n    \"message\": " +
			"\"Required\"\n  }\n]",
		"9.3.0": "error validating connector type config: ✖ Invalid input: expected string, received undefined\n  → " +
			"at apiUrl",
	} {
		k := start(t, kibana.Options{Version: version})
		same(t, version, want, k.do("POST", "/api/actions/connector", body).message())
	}
	body["config"] = object{"apiUrl": "x", "a": 1, "b": 2, "isOAuth": "yes"}
	for version, want := range map[string]string{
		"9.0.0": "error validating action type config: [isOAuth]: expected value of type [boolean] but got [string]",
		"9.2.0": `"Unrecognized key(s) in object: 'a', 'b'"`,
		"9.4.0": "error validating connector type config: ✖ Unrecognized keys: \"a\", \"b\"\n" +
			"✖ Invalid input: expected boolean, received string\n  → at isOAuth",
	} {
		got := start(t, kibana.Options{Version: version}).do("POST", "/api/actions/connector", body).message()
		if !strings.Contains(got, want) {
			t.Errorf("%s: got %s\nwant %s", version, got, want)
		}
	}
	swimlane := object{
		"name": "n", "connector_type_id": ".swimlane",
		"config": object{"apiUrl": "x", "appId": "a", "mappings": object{}},
	}
	same(t, "choice", "error validating connector type config: ✖ Invalid option: expected one of "+
		`"all"|"alerts"|"cases"`+"\n  → at connectorType",
		start(t, kibana.Options{Version: "9.3.0"}).do("POST", "/api/actions/connector", swimlane).message())
}

func TestClientChosenIDs(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Spaces: []string{"soc"}, Preconfigured: []kibana.Preconfigured{
		{ID: "built-in", Name: "Built in", TypeID: ".servicenow", Config: object{"apiUrl": "https://x"}},
	}})
	const id = "3b0f2a56-8d4e-4a2b-9b9f-7b0d8c1f6f11"
	same(t, "honoured", any(id), k.do("POST", "/api/actions/connector/"+id, basicITSM("https://x")).body["id"])
	for _, space := range []string{"", "/s/soc"} {
		taken := k.do("POST", space+"/api/actions/connector/"+id, basicITSM("https://x"))
		same(t, "taken"+space, object{
			"statusCode": 409.0, "error": "Conflict",
			"message": "Saved object [action/" + id + "] conflict",
		}, taken.body)
	}
	same(t, "preconfigured", "This built-in already exists in a preconfigured action.",
		k.do("POST", "/api/actions/connector/built-in", basicITSM("https://x")).message())
	same(t, "not before 8.8", 404, start(t, kibana.Options{Version: "8.7.1"}).
		do("POST", "/api/actions/connector/"+id, basicITSM("https://x")).status)
}

func TestWhichConnectorIDsEachReleaseTakes(t *testing.T) {
	t.Parallel()
	const (
		predefined = "Predefined IDs are not allowed for saved objects with encrypted attributes unless the ID is a " +
			"UUID.: Bad Request"
		tooLong = "[request params.id]: value has length [37] but it must have a maximum length of [36]."
		charset = "[request params.id]: Connector ID must contain only lowercase letters, numbers, and hyphens."
	)
	for _, test := range []struct{ version, id, message string }{
		{"8.8.0", "3b0f2a56-8d4e-4a2b-9b9f-7b0d8c1f6f11", ""},
		{"8.8.0", "3B0F2A56-8D4E-1A2B-AB9F-7B0D8C1F6F11", ""},
		{"8.8.0", "00000000-0000-0000-0000-000000000000", ""},
		{"8.8.0", "servicenow-itsm", predefined},
		{"8.19.0", "3b0f2a56-8d4e-0a2b-9b9f-7b0d8c1f6f11", predefined}, // no version
		{"9.0.0", "3b0f2a56-8d4e-6a2b-9b9f-7b0d8c1f6f11", predefined},  // version 6
		{"9.3.2", "3b0f2a56-8d4e-4a2b-7b9f-7b0d8c1f6f11", predefined},  // another variant
		{"9.3.2", "3b0f2a568d4e4a2b9b9f7b0d8c1f6f11", predefined},
		{"9.3.2", "3b0f2a56-8d4e-4a2b-9b9f-7b0d8c1f6f11", ""},
		{"9.4.0", "3b0f2a56-8d4e-4a2b-9b9f-7b0d8c1f6f11", ""},
		{"9.4.0", "servicenow-itsm-2", ""},
		{"9.4.0", strings.Repeat("a", 36), ""},
		{"9.4.0", strings.Repeat("a", 37), tooLong},
		{"9.4.0", strings.Repeat("A", 37), tooLong},
		{"9.4.0", "ServiceNow", charset},
		{"9.4.0", "service_now", charset},
		{"9.4.0", "service%20now", charset},
		{"9.4.0", "3B0F2A56-8D4E-4A2B-9B9F-7B0D8C1F6F11", charset},
	} {
		k := start(t, kibana.Options{Version: test.version})
		a := k.do("POST", "/api/actions/connector/"+test.id, basicITSM("https://x"))
		want := http.StatusBadRequest
		if test.message == "" {
			want = http.StatusOK
		}
		if a.status != want || a.message() != test.message {
			t.Errorf("%s %s: %d %s", test.version, test.id, a.status, a.raw)
		}
	}
	lax := start(t, kibana.Options{Version: "9.4.0", ConnectorIDUnderscores: true})
	same(t, "underscore", 200, lax.do("POST", "/api/actions/connector/a_b", basicITSM("https://x")).status)

	// The saved objects client is asked last, the route first.
	bad := basicITSM("https://x")
	bad["secrets"] = object{}
	for version, want := range map[string]string{
		"9.0.0": "error validating action type secrets: Either basic auth or OAuth credentials must be specified",
		"9.4.0": charset,
	} {
		same(t, version, want, start(t, kibana.Options{Version: version}).
			do("POST", "/api/actions/connector/Not_An_ID", bad).message())
	}
	same(t, "an empty id is none", 200, start(t, kibana.Options{Version: "9.0.0"}).
		do("POST", "/api/actions/connector/", basicITSM("https://x")).status)
}

func TestSpacesAreApart(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Spaces: []string{"soc"}})
	id := k.create(basicITSM("https://x"))
	for _, path := range []string{"/api/actions/connector/" + id, "/s/default/api/actions/connector/" + id} {
		same(t, path, 200, k.do("GET", path, nil).status)
	}
	elsewhere := "/s/soc/api/actions/connector/" + id
	same(t, "get", 404, k.do("GET", elsewhere, nil).status)
	same(t, "put", 404, k.do("PUT", elsewhere, object{"name": "n"}).status)
	same(t, "delete", 404, k.do("DELETE", elsewhere, nil).status)
	same(t, "run", 404, k.do("POST", elsewhere+"/_execute", object{"params": object{}}).status)
	same(t, "list", []any{}, k.do("GET", "/s/soc/api/actions/connectors", nil).list)
}

func TestPreconfiguredAndSystemConnectors(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Spaces: []string{"soc"}, Preconfigured: []kibana.Preconfigured{
		{ID: "shown", Name: "Shown", TypeID: ".servicenow", Config: object{"apiUrl": "https://x"}, ExposeConfig: true},
		{ID: "hidden", Name: "Hidden", TypeID: ".servicenow-itom", Config: object{"apiUrl": "https://x"}},
	}})
	list := k.do("GET", "/s/soc/api/actions/connectors", nil).list
	if len(list) != 2 {
		t.Fatalf("list: %v", list)
	}
	same(t, "hidden", any(object{
		"id":                           "hidden",
		"name":                         "Hidden",
		"connector_type_id":            ".servicenow-itom",
		"is_preconfigured":             true,
		"is_deprecated":                false,
		"is_system_action":             false,
		"is_connector_type_deprecated": false,
		"referenced_by_count":          0.0,
	}), list[0])
	same(t, "no usesTableApi means deprecated", any(true), dig(list[1], "is_deprecated"))
	for id, want := range map[string][2]string{
		"shown": {
			"Preconfigured action shown can not be updated.",
			"Preconfigured action shown is not allowed to delete.",
		},
		"system-connector-.cases": {
			"System action system-connector-.cases can not be updated.",
			"System action system-connector-.cases is not allowed to delete.",
		},
	} {
		update := k.do("PUT", "/api/actions/connector/"+id, object{"name": "n"})
		remove := k.do("DELETE", "/api/actions/connector/"+id, nil)
		same(t, id, want, [2]string{update.message(), remove.message()})
		same(t, id, [2]int{400, 400}, [2]int{update.status, remove.status})
	}
}

func TestLicenceAndEnabledTypes(t *testing.T) {
	t.Parallel()
	bad := basicITSM("https://x")
	bad["secrets"] = object{}
	basic := start(t, kibana.Options{License: "basic"})
	refused := basic.do("POST", "/api/actions/connector", basicITSM("https://x"))
	same(t, "licence", "Action type .servicenow is disabled because your basic license does not support it. "+
		"Please upgrade your license.", refused.message())
	same(t, "licence", 403, refused.status)
	same(t, "a bad body is told first", 400, basic.do("POST", "/api/actions/connector", bad).status)
	same(t, "basic type", 200, basic.do("POST", "/api/actions/connector", object{
		"name":              "log",
		"connector_type_id": ".server-log",
	}).status)

	expired := start(t, kibana.Options{License: "platinum", LicenseExpired: true})
	same(t, "expired", "Action type .servicenow is disabled because your platinum license has expired.",
		expired.do("POST", "/api/actions/connector", basicITSM("https://x")).message())

	off := start(t, kibana.Options{EnabledActionTypes: []string{".jira"}})
	same(t, "off", `action type ".servicenow" is not enabled in the Kibana config xpack.actions.enabledActionTypes`,
		off.do("POST", "/api/actions/connector", basicITSM("https://x")).message())
	for _, row := range off.do("GET", "/api/actions/connector_types?feature_id=cases", nil).list {
		row, _ := row.(object)
		same(t, fmt.Sprint(row["id"]), row["id"] == ".jira", row["enabled"] == true)
	}
}

func TestPrivileges(t *testing.T) {
	t.Parallel()
	k := start(
		t,
		kibana.Options{
			Users: []kibana.User{
				{Username: "reader", Password: "r", Privilege: kibana.PrivilegeRead},
				{Username: "nobody", Password: "n", Privilege: kibana.PrivilegeNone},
			},
		},
	)
	id := k.create(basicITSM("https://x"))
	reader, nobody := []string{"Authorization", "Basic cmVhZGVyOnI="}, []string{"Authorization", "Basic bm9ib2R5Om4="}
	for _, test := range []struct {
		method, path string
		body         any
		as           []string
		message      string
	}{
		{
			"POST", "/api/actions/connector", basicITSM("https://x"), reader,
			`Unauthorized to create a ".servicenow" action`,
		},
		{"PUT", "/api/actions/connector/nothing", object{"name": "n"}, reader, "Unauthorized to update actions"},
		{"DELETE", "/api/actions/connector/nothing", nil, reader, "Unauthorized to delete actions"},
		{"GET", "/api/actions/connector/" + id, nil, nobody, "Unauthorized to get actions"},
		{"GET", "/api/actions/connectors", nil, nobody, "Unauthorized to get actions"},
		{
			"POST", "/api/actions/connector/" + id + "/_execute",
			object{"params": object{}},
			nobody,
			"Unauthorized to execute actions",
		},
	} {
		a := k.do(test.method, test.path, test.body, test.as...)
		same(
			t,
			test.method+" "+test.path,
			object{"statusCode": 403.0, "error": "Forbidden", "message": test.message},
			a.body,
		)
	}
	same(t, "reader reads", 200, k.do("GET", "/api/actions/connector/"+id, nil, reader...).status)
}

func TestLegacyRoutes(t *testing.T) {
	t.Parallel()
	mapping := object{
		"mapping": []any{object{"source": "title", "target": "short_description", "actionType": "overwrite"}},
	}
	secrets := object{"username": "u", "password": "p"}
	for _, test := range []struct {
		version, path, list, types string
		config                     object
		keys                       []string
	}{
		{
			"7.7.1", "/api/action", "/api/action/_getAll", "/api/action/types",
			object{"apiUrl": "https://x", "casesConfiguration": mapping},
			[]string{"apiUrl", "casesConfiguration"},
		},
		{
			"7.9.0", "/api/actions/action", "/api/actions", "/api/actions/list_action_types",
			object{"apiUrl": "https://x", "incidentConfiguration": mapping, "isCaseOwned": true},
			[]string{"apiUrl", "incidentConfiguration", "isCaseOwned"},
		},
		{
			"7.12.0", "/api/actions/action", "/api/actions", "/api/actions/list_action_types",
			object{"apiUrl": "https://x"},
			[]string{"apiUrl"},
		},
		{
			"8.19.0", "/api/actions/action", "/api/actions", "/api/actions/list_action_types",
			object{"apiUrl": "https://x"},
			[]string{"apiUrl", "clientId", "isOAuth", "jwtKeyId", "userIdentifierValue", "usesTableApi"},
		},
	} {
		k := start(t, kibana.Options{Version: test.version})
		created := k.do(
			"POST",
			test.path,
			object{"name": "n", "actionTypeId": ".servicenow", "config": test.config, "secrets": secrets},
		)
		config, _ := created.body["config"].(object)
		if created.status != 200 || created.body["actionTypeId"] != ".servicenow" ||
			created.body["isPreconfigured"] != false {
			t.Errorf("%s: create: %d %s", test.version, created.status, created.raw)
			continue
		}
		for _, key := range test.keys {
			if _, found := config[key]; !found {
				t.Errorf("%s: no config.%s", test.version, key)
			}
		}
		same(t, test.version, len(test.keys), len(config))
		id, _ := created.body["id"].(string)
		same(t, "get", created.body, k.do("GET", test.path+"/"+id, nil).body)
		row, _ := k.do("GET", test.list, nil).list[0].(object)
		same(t, "list", 0.0, row["referencedByCount"])
		types, _ := k.do("GET", test.types, nil).list[0].(object)
		same(t, "types", "platinum", types["minimumLicenseRequired"])
		same(t, "update", 200, k.do("PUT", test.path+"/"+id,
			object{"name": "m", "config": test.config, "secrets": secrets}).status)
		same(t, "delete", 204, k.do("DELETE", test.path+"/"+id, nil).status)
	}
	for version, gone := range map[string]string{
		"7.7.0": "/api/actions", "7.8.0": "/api/action/_getAll", "7.12.1": "/api/actions/connectors",
		"9.0.0": "/api/actions",
	} {
		same(t, version+gone, 404, start(t, kibana.Options{Version: version}).do("GET", gone, nil).status)
	}
}

func TestKeysByVersion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ version, key string }{{"7.15.2", "usesTableApi"}, {"8.2.3", "isOAuth"}} {
		body := basicITSM("https://x")
		body["config"] = object{"apiUrl": "https://x", test.key: false}
		same(t, test.version, "error validating action type config: ["+test.key+"]: definition for this key is missing",
			start(t, kibana.Options{Version: test.version}).do("POST", "/api/actions/connector", body).message())
	}
}

func TestUpgradeMigratesWhatIsStored(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Version: "7.7.0"})
	mapping := object{
		"mapping": []any{object{"source": "title", "target": "short_description", "actionType": "overwrite"}},
	}
	created := k.do("POST", "/api/action", object{
		"name": "n", "actionTypeId": ".servicenow",
		"config":  object{"apiUrl": "https://x", "casesConfiguration": mapping},
		"secrets": object{"username": "u", "password": "p"},
	})
	id, _ := created.body["id"].(string)
	for _, step := range []struct {
		version string
		config  object
	}{
		{"7.8.0", object{"apiUrl": "https://x", "incidentConfiguration": mapping, "isCaseOwned": true}},
		{"7.15.0", object{"apiUrl": "https://x"}},
		{"7.17.0", object{"apiUrl": "https://x", "usesTableApi": true}},
		{"9.1.0", object{"apiUrl": "https://x", "usesTableApi": true, "isOAuth": false}},
	} {
		if err := k.Upgrade(step.version); err != nil {
			t.Fatalf("Upgrade: %v", err)
		}
		same(t, step.version, step.config, k.Connectors()[0].Config)
	}
	same(t, "deprecated", true, k.do("GET", "/api/actions/connector/"+id, nil).body["is_deprecated"])
	if k.Upgrade("8.0.0") == nil {
		t.Error("a downgrade was accepted")
	}
}

func TestChangesBehindTerraformsBack(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{})
	id := k.create(basicITSM("https://x"))
	admin := "/simulator/kibana/connectors/" + id
	same(t, "set", 204, k.do("PATCH", admin, object{"name": "changed", "config": object{"usesTableApi": true}}).status)
	body := k.do("GET", "/api/actions/connector/"+id, nil).body
	same(t, "name", "changed", body["name"])
	same(t, "deprecated", true, body["is_deprecated"])

	secrets := k.do("GET", admin+"/secrets", nil)
	if strings.Contains(secrets.raw, "changeme") || secrets.body["username"] == nil {
		t.Errorf("secrets: %s", secrets.raw)
	}
	same(t, "mark", 204, k.do("POST", admin+"/missing_secrets", nil).status)
	same(t, "missing", true, k.do("GET", "/api/actions/connector/"+id, nil).body["is_missing_secrets"])
	run := k.do("POST", "/api/actions/connector/"+id+"/_execute", object{"params": object{}})
	same(
		t,
		"run",
		"error validating action type secrets: Either basic auth or OAuth credentials must be specified",
		run.message(),
	)
	k.do("PUT", "/api/actions/connector/"+id, object{
		"name": "n", "config": object{"apiUrl": "https://x"},
		"secrets": object{"username": "u", "password": "p"},
	})
	same(t, "sent again", false, k.do("GET", "/api/actions/connector/"+id, nil).body["is_missing_secrets"])

	if requests := k.do("GET", "/simulator/kibana/requests", nil); len(requests.list) != 6 {
		t.Errorf("requests: %s", requests.raw)
	}
	same(t, "upgrade", 204, k.do("POST", "/simulator/kibana/upgrade", object{"version": "9.4.0"}).status)
	same(t, "delete", 204, k.do("DELETE", admin, nil).status)
	same(t, "gone", 404, k.do("GET", "/api/actions/connector/"+id, nil).status)
	same(t, "no such", 404, k.do("DELETE", admin, nil).status)
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{})
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			id := k.create(basicITSM(fmt.Sprintf("https://x%d", i)))
			k.do("GET", "/api/actions/connectors", nil)
			k.do("PUT", "/api/actions/connector/"+id, object{
				"name": "n", "config": object{"apiUrl": "https://x"},
				"secrets": object{"username": "u", "password": "p"},
			})
			k.do("DELETE", "/api/actions/connector/"+id, nil)
		})
	}
	wait.Wait()
	same(t, "left", 0, len(k.Connectors()))
}
