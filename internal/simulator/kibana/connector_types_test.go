package kibana_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

func TestWhatOtherConnectorTypesDemand(t *testing.T) {
	t.Parallel()
	const (
		config    = "error validating action type config: "
		secrets   = "error validating action type secrets: "
		connector = "error validating action type connector: "
		undefined = "expected value of type [string] but got [undefined]"
		notAdded  = ` is not added to the Kibana config xpack.actions.allowedHosts`
	)
	const good = "https://good.example.com"
	for _, test := range []struct {
		version, typeID string
		config, secrets object
		message         string
	}{
		{"8.15.0", ".pagerduty", nil, object{"routingKey": "k"}, ""},
		{"8.15.0", ".pagerduty", nil, nil, secrets + "[routingKey]: " + undefined},
		{
			"8.15.0", ".pagerduty",
			object{"apiUrl": "https://bad"},
			object{"routingKey": "k"},
			config + `error configuring pagerduty action: target url "https://bad"` + notAdded,
		},
		{"8.15.0", ".teams", nil, object{"webhookUrl": good}, ""},
		{"8.15.0", ".teams", nil, nil, secrets + "[webhookUrl]: " + undefined},
		{"8.15.0", ".opsgenie", object{"apiUrl": good}, object{"apiKey": "k"}, ""},
		{"8.15.0", ".opsgenie", object{"apiUrl": good}, nil, secrets + "[apiKey]: " + undefined},
		{"8.15.0", ".opsgenie", nil, object{"apiKey": "k"}, config + "[apiUrl]: " + undefined},
		{"8.15.0", ".xmatters", object{"configUrl": good}, object{"user": "u", "password": "p"}, ""},
		{"8.15.0", ".xmatters", object{"usesBasic": false}, object{"secretsUrl": good}, ""},
		{"8.15.0", ".xmatters", object{"configUrl": good}, nil, connector + "Provide valid Username"},
		{"8.15.0", ".xmatters", object{"usesBasic": false}, nil, connector + "Provide valid secretsUrl with API Key"},
		{"8.15.0", ".tines", object{"url": good}, object{"email": "e", "token": "t"}, ""},
		{"8.15.0", ".torq", object{"webhookIntegrationUrl": good}, nil, secrets + "[token]: " + undefined},
		{"8.15.0", ".slack_api", nil, nil, secrets + "[token]: " + undefined},
		{"8.16.0", ".thehive", object{"url": good}, object{"apiKey": "k"}, ""},
		{"8.15.0", ".thehive", object{"url": good}, object{"apiKey": "k"}, `Action type ".thehive" is not registered.`},
		{"8.9.0", ".gen-ai", object{"apiProvider": "OpenAI", "apiUrl": good}, object{"apiKey": "k"}, ""},
		{"8.8.0", ".gen-ai", nil, nil, `Action type ".gen-ai" is not registered.`},
		{
			"8.15.0", ".gemini",
			object{"apiUrl": good, "gcpRegion": "r", "gcpProjectID": "p"},
			object{"credentialsJson": "{}"},
			"",
		},
		{
			"8.15.0", ".gemini",
			object{"apiUrl": good, "gcpRegion": "r"},
			object{"credentialsJson": "{}"},
			config + "[gcpProjectID]: " + undefined,
		},
		{"8.14.0", ".gemini", nil, nil, `Action type ".gemini" is not registered.`},
		{"9.4.0", ".webhook", object{"url": good, "method": "delete"}, nil, ""},
		{
			"9.3.0", ".webhook",
			object{"url": good, "method": "delete"},
			nil,
			"error validating connector type config: ✖ Invalid option: expected one of \"post\"|\"put\"\n  → at method",
		},
		{
			"8.15.0", ".webhook",
			object{"url": good, "verb": "post"},
			nil,
			config + "[verb]: definition for this key is missing",
		},
		{"8.15.0", ".webhook", object{"url": good, "authType": "webhook-authentication-basic"}, nil, ""},
		{
			"9.2.0", ".resilient", object{"apiUrl": good}, nil, config + "[orgId]: " + undefined,
		},
		{"9.3.0", ".resilient", object{"apiUrl": good}, nil, "error validating connector type config: ✖ Invalid input: " +
			"expected string, received undefined\n  → at orgId"},
	} {
		k := start(t, kibana.Options{Version: test.version, AllowedHosts: []string{"good.example.com"}})
		body := object{"name": "n", "connector_type_id": test.typeID, "config": object{}, "secrets": object{}}
		if test.config != nil {
			body["config"] = test.config
		}
		if test.secrets != nil {
			body["secrets"] = test.secrets
		}
		a := k.do("POST", "/api/actions/connector", body)
		if a.message() != test.message || (a.status == 200) != (test.message == "") {
			t.Errorf("%s %s %v: %d\n got %s\nwant %s", test.version, test.typeID, test.config, a.status, a.raw,
				test.message)
		}
	}
}

func TestCaseWebhooksAreStoredWithDefaults(t *testing.T) {
	t.Parallel()
	given := object{
		"createIncidentUrl": "https://x", "createIncidentJson": "{}", "createIncidentResponseKey": "id",
		"getIncidentUrl": "https://x", "getIncidentResponseExternalTitleKey": "id", "viewIncidentUrl": "https://x",
		"updateIncidentUrl": "https://x", "updateIncidentJson": "{}",
	}
	stored := maps.Clone(given)
	maps.Copy(stored, object{
		"createIncidentMethod": "post", "updateIncidentMethod": "put", "createCommentUrl": nil,
		"createCommentMethod": "put", "createCommentJson": nil, "headers": nil, "hasAuth": true,
	})
	for _, version := range []string{"8.15.0", "9.4.0"} {
		if version == "9.4.0" {
			stored["getIncidentMethod"], stored["getIncidentJson"] = "get", nil
		}
		k := start(t, kibana.Options{Version: version})
		id := k.create(object{
			"name": "n", "connector_type_id": ".cases-webhook", "config": given,
			"secrets": object{"user": "u", "password": "p"},
		})
		same(t, version, any(stored), k.do("GET", "/api/actions/connector/"+id, nil).body["config"])
		same(t, "a case connector", 1, len(k.do("GET", casesPath+"/connectors/_find", nil).list))
	}
}

func TestLicenceLevelsOfEveryType(t *testing.T) {
	t.Parallel()
	enabled := map[string]int{}
	for _, license := range []string{"basic", "standard", "gold", "platinum", "enterprise", "trial"} {
		k := start(t, kibana.Options{Version: "9.4.0", License: license})
		rows := k.do("GET", "/api/actions/connector_types", nil).list
		for _, row := range rows {
			if dig(row, "enabled_in_license") == true {
				enabled[license]++
			}
		}
		created := k.do("POST", "/api/actions/connector", object{
			"name": "n", "connector_type_id": ".gen-ai",
			"config":  object{"apiProvider": "OpenAI", "apiUrl": "https://x"},
			"secrets": object{"apiKey": "k"},
		})
		want := "Action type .gen-ai is disabled because your " + license + " license does not support it. Please " +
			"upgrade your license."
		if license == "enterprise" || license == "trial" {
			want = ""
		}
		same(t, license, want, created.message())
		if license == "trial" {
			same(t, "all", len(rows), enabled[license])
		}
	}
	if enabled["basic"] >= enabled["gold"] || enabled["gold"] >= enabled["platinum"] ||
		enabled["platinum"] >= enabled["enterprise"] {
		t.Errorf("levels do not rise: %v", enabled)
	}
}

func TestInboundEventsMayBeNamed(t *testing.T) {
	t.Parallel()
	body := basicITSM("https://x")
	body["inbound_events_enabled"] = false
	for version, want := range map[string]string{
		"9.4.0": "", "9.3.0": "[request body.inbound_events_enabled]: definition for this key is missing",
	} {
		same(t, version, want, start(t, kibana.Options{Version: version}).
			do("POST", "/api/actions/connector", body).message())
	}
}

func TestTheRequestLogHoldsNoSecret(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{BasePath: "/kibana"})
	created := k.do("POST", "/kibana/api/actions/connector", basicITSM("https://x"))
	log := k.do("GET", "/simulator/kibana/requests", nil)
	same(t, "one", 1, len(log.list))
	same(t, "path", any("/kibana/api/actions/connector"), dig(log.list[0], "path"))
	same(t, "masked", any("[redacted]"), dig(log.list[0], "body", "secrets", "password"))
	if created.status != 200 || strings.Contains(log.raw, "changeme") {
		t.Errorf("log: %s", log.raw)
	}
	same(t, "forget", 204, k.do("DELETE", "/simulator/kibana/requests", nil).status)
	same(t, "forgotten", 0, len(k.do("GET", "/simulator/kibana/requests", nil).list))
}
