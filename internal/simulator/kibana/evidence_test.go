package kibana_test

import (
	"crypto/x509"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

// grade says how a statement about Kibana is known.
type grade string

const (
	source    grade = "read in Kibana's source"
	tested    grade = "asserted by a test of Kibana's"
	inferred  grade = "inferred"
	published grade = "published by Elastic"
)

// statement is something that a release of Kibana does, and a request that shows it.
type statement struct {
	says  string
	grade grade
	// version and options are of the Kibana that is asked.
	version string
	options kibana.Options
	shows   func(t *testing.T, k *kibanaUnderTest)
}

func posting(path string, body any, status int, message string) func(*testing.T, *kibanaUnderTest) {
	return func(t *testing.T, k *kibanaUnderTest) {
		t.Helper()
		a := k.do("POST", path, body)
		if a.status != status || a.message() != message {
			t.Errorf("POST %s: %d\n got %s\nwant %d %s", path, a.status, a.raw, status, message)
		}
	}
}

// storing checks that a connector's config comes back as want.
func storing(body, want object) func(*testing.T, *kibanaUnderTest) {
	return func(t *testing.T, k *kibanaUnderTest) {
		t.Helper()
		same(t, "config", any(want), k.do("POST", "/api/actions/connector", body).body["config"])
	}
}

// TestEvidence asks each release for what is known about it.
func TestEvidence(t *testing.T) {
	t.Parallel()
	const (
		connector  = "/api/actions/connector"
		random     = connector + "/3b0f2a56-8d4e-4a2b-9b9f-7b0d8c1f6f11"
		variantOff = connector + "/3b0f2a56-8d4e-4a2b-cb9f-7b0d8c1f6f11"
		predefined = "Predefined IDs are not allowed for saved objects with encrypted attributes unless the ID is a " +
			"UUID.: Bad Request"
		url = "https://sn.example.com"
	)
	itsm := func(typeID string, config object) object {
		body := basicITSM(url)
		body["connector_type_id"], body["config"] = typeID, config
		return body
	}
	oauth := object{"apiUrl": url, "isOAuth": false, "userIdentifierValue": nil, "clientId": nil, "jwtKeyId": nil}
	whole := maps.Clone(oauth)
	whole["usesTableApi"] = true
	key := pemText("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey(t)), nil)
	fields := func(typeID string, fields object) object {
		return settingsWith(object{"connector": object{"id": "x", "name": "x", "type": typeID, "fields": fields}})
	}
	itsmFields := object{"impact": nil, "severity": nil, "urgency": nil, "category": nil, "subcategory": nil}
	more := maps.Clone(itsmFields)
	more["additionalFields"] = nil

	statements := []statement{
		{
			"before 8.8 no id can be chosen", source, "8.7.1",
			kibana.Options{},
			posting(random, basicITSM(url), 404, "Not Found"),
		},
		{
			"from 8.8 on a version 4 UUID can be chosen", source, "8.8.0",
			kibana.Options{},
			posting(random, basicITSM(url), 200, ""),
		},
		{
			"8.8 refuses a UUID without the variant of RFC 4122", source, "8.8.0",
			kibana.Options{},
			posting(variantOff, basicITSM(url), 400, predefined),
		},
		{
			"9.3 still refuses a readable id", tested, "9.3.0",
			kibana.Options{},
			posting(connector+"/servicenow", basicITSM(url), 400, predefined),
		},
		{
			"from 9.4 on an id can be readable", published, "9.4.0",
			kibana.Options{},
			posting(connector+"/servicenow", basicITSM(url), 200, ""),
		},
		{
			"9.4 takes a UUID of any kind", source, "9.4.0",
			kibana.Options{},
			posting(variantOff, basicITSM(url), 200, ""),
		},
		{
			"9.4 takes at most 36 characters", source, "9.4.0",
			kibana.Options{},
			posting(connector+"/"+strings.Repeat("a", 37), basicITSM(url), 400,
				"[request params.id]: value has length [37] but it must have a maximum length of [36]."),
		},
		{
			"9.4 takes lowercase letters, digits and hyphens", source, "9.4.0",
			kibana.Options{},
			posting(connector+"/A", basicITSM(url), 400,
				"[request params.id]: Connector ID must contain only lowercase letters, numbers, and hyphens."),
		},
		{
			"the first builds of 9.4 take an underscore too", source, "9.4.0",
			kibana.Options{ConnectorIDUnderscores: true},
			posting(connector+"/a_b", basicITSM(url), 200, ""),
		},
		{
			"OAuth came with 8.3", source, "8.2.0",
			kibana.Options{},
			posting(connector, oauthITSM(url, key, ""), 400,
				"error validating action type config: [clientId]: definition for this key is missing"),
		},
		{
			"OAuth works from 8.3 on", source, "8.3.0",
			kibana.Options{},
			posting(connector, oauthITSM(url, key, ""), 200, ""),
		},
		{
			"the API raises no CORS error for OAuth connectors; the form does", published, "9.4.0",
			kibana.Options{},
			posting(connector, oauthITSM(url, key, ""), 200, ""),
		},
		{
			"the newest config of ITSM has these keys and defaults", source, "9.4.0",
			kibana.Options{},
			storing(itsm(".servicenow", object{"apiUrl": url}), whole),
		},
		{
			"the newest config of SecOps has the same", source, "9.4.0",
			kibana.Options{},
			storing(itsm(".servicenow-sir", object{"apiUrl": url}), whole),
		},
		{
			"ITOM's has no usesTableApi", source, "9.4.0",
			kibana.Options{},
			storing(itsm(".servicenow-itom", object{"apiUrl": url}), oauth),
		},
		{
			"these objects are strict", source, "9.4.0",
			kibana.Options{},
			posting(connector, itsm(".servicenow-sir", object{"apiUrl": url, "x": 1}), 400,
				`error validating connector type config: ✖ Unrecognized key: "x"`),
		},
		{
			"case settings need no optional part", source, "9.4.0",
			kibana.Options{},
			posting(casesPath, settingsFor("cases"), 200, ""),
		},
		{
			"case settings may hold every optional part", source, "9.4.0",
			kibana.Options{},
			posting(casesPath, settingsWith(object{
				"customFields": list(), "templates": list(), "observableTypes": list(), "analytics_enabled": false,
			}), 200, ""),
		},
		{
			"connector fields are required and nullable", source, "9.4.0",
			kibana.Options{},
			posting(casesPath, fields(".servicenow", itsmFields), 200, ""),
		},
		{
			"additionalFields is optional", source, "9.4.0",
			kibana.Options{},
			posting(casesPath, fields(".servicenow", more), 200, ""),
		},
		{
			"the other fields are not", source, "9.4.0",
			kibana.Options{},
			posting(casesPath, fields(".servicenow", object{"impact": "1"}), 400, strings.Join([]string{
				`Invalid value "undefined" supplied to "connector,fields,severity"`,
				`Invalid value "undefined" supplied to "connector,fields,urgency"`,
				`Invalid value "undefined" supplied to "connector,fields,category"`,
				`Invalid value "undefined" supplied to "connector,fields,subcategory"`,
			}, ",")),
		},
		{
			"a create may hold inbound_events_enabled", source, "9.4.0",
			kibana.Options{},
			posting(connector, object{
				"name": "n", "connector_type_id": ".server-log", "inbound_events_enabled": false,
			}, 200, ""),
		},
		{
			"a space that does not exist stops no request of the API", source, "9.4.0",
			kibana.Options{},
			posting("/s/nowhere"+connector, basicITSM(url), 200, ""),
		},
		{
			"something in front of Kibana may refuse it", inferred, "9.4.0",
			kibana.Options{UnknownSpaces: kibana.UnknownSpacesRefused},
			posting("/s/nowhere"+connector, basicITSM(url), 404, "Saved object [space/nowhere] not found"),
		},
		{
			"a licence that does not suffice is told after the body's faults", source, "9.4.0",
			kibana.Options{License: "gold"},
			posting(
				connector,
				basicITSM(url),
				403,
				"Action type .servicenow is disabled because your gold license does not support it. Please upgrade your "+
					"license.",
			),
		},
	}
	for _, s := range statements {
		t.Run(fmt.Sprintf("%s (%s)", s.says, s.grade), func(t *testing.T) {
			t.Parallel()
			s.options.Version = s.version
			s.shows(t, start(t, s.options))
		})
	}
}
