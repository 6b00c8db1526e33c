package simulator_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// How a statement about the servers is known.
const (
	seen       = "seen"       // measured on an instance, exported from one, or what a client that works relies on
	documented = "documented" // in the vendor's documentation or sources
	inferred   = "inferred"   // nobody could be asked; a switch, whose both positions are shown
)

// statement is something that the real servers do, with the requests that show it of the simulator, or with the tests
// elsewhere that do.
type statement struct {
	id, grade, source, says string

	tests   string // as "kibana.TestSpaces servicenow.TestGuards"; a "/" before the name of a table's row
	options simulator.Options
	shows   func(w *witness)

	// The other position of the switch that the statement is about, if there is one.
	flip    simulator.Options
	flipped func(w *witness)
}

// TestEvidence asks the simulator for everything that is known about Kibana and ServiceNow.
func TestEvidence(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	sources := testSources(t)
	for _, s := range evidence() {
		if ids[s.id] || s.id == "" || s.says == "" || s.source == "" {
			t.Errorf("statement %q: not whole, or there twice", s.id)
		}
		ids[s.id] = true
		if !slices.Contains([]string{seen, documented, inferred}, s.grade) {
			t.Errorf("%s: unknown grade %q", s.id, s.grade)
		}
		if s.grade == inferred && s.flipped == nil {
			t.Errorf("%s is inferred: show the other position of its switch too", s.id)
		}
		if (s.tests == "") == (s.shows == nil) {
			t.Errorf("%s: shown by its own requests or by tests elsewhere, not both", s.id)
		}
		for _, name := range strings.Fields(s.tests) {
			if !sources.hold(name) {
				t.Errorf("%s: there is no test %s", s.id, name)
			}
		}
		if s.shows == nil {
			continue
		}
		t.Run(s.id, func(t *testing.T) {
			t.Parallel()
			s.shows(&witness{pair: start(t, s.options)})
		})
		if s.flipped != nil {
			t.Run(s.id+"/flipped", func(t *testing.T) {
				t.Parallel()
				s.flipped(&witness{pair: start(t, s.flip)})
			})
		}
	}
}

// sources are the texts of a package's tests.
type sources map[string]string

func testSources(t *testing.T) sources {
	t.Helper()
	texts := sources{}
	for name, folder := range map[string]string{
		"simulator": ".", "kibana": "kibana", "servicenow": "servicenow", "fault": "fault",
	} {
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts[name] += string(text)
		}
	}
	return texts
}

// hold reports whether there is a test of this name, and a row of its table.
func (s sources) hold(name string) bool {
	in, name, _ := strings.Cut(name, ".")
	name, row, hasRow := strings.Cut(name, "/")
	return strings.HasPrefix(name, "Test") && strings.Contains(s[in], "\nfunc "+name+"(t *testing.T) {") &&
		(!hasRow || strings.Contains(s[in], `"`+row+`"`))
}

// sampleFiles are the samples of requests, answers and records that the simulator was built by, each with the tests
// that replay it.
var sampleFiles = map[string]string{
	"API key, profile, certificate and JWT payloads of clients": "servicenow.TestSamplePayloads",
	"columns of five tables from an instance's dictionary":      "servicenow.TestSampleDictionaries",
	"exported CORS rules":                          "servicenow.TestSampleCORSRules",
	"bodies of errors, tokens, jobs and health":    "servicenow.TestSampleWireBodies",
	"errors of Kibana's connector API":             "kibana.TestSamples/connector_api_errors",
	"a list of connectors":                         "kibana.TestSamples/connectors_list",
	"an ITSM connector with basic authentication":  "kibana.TestSamples/servicenow_itsm_create_basic",
	"an ITSM connector with OAuth":                 "kibana.TestSamples/servicenow_itsm_create_oauth",
	"refused ITSM connectors of 9.x":               "kibana.TestSamples/servicenow_create_errors_v9",
	"runs of an ITSM connector":                    "kibana.TestSamples/servicenow_itsm_execute",
	"an ITOM connector and refused ones of 8.x":    "kibana.TestSamples/servicenow_itom_create_and_errors_v8",
	"a Jira connector, refused and run":            "kibana.TestSamples/jira_create_execute_errors",
	"an IBM Resilient connector, refused and run":  "kibana.TestSamples/resilient_create_execute_errors",
	"a Swimlane connector, refused and run":        "kibana.TestSamples/swimlane_create_execute_errors",
	"a connector of 7.7":                           "kibana.TestSamples/legacy_7_7_create_servicenow",
	"a connector of 7.9":                           "kibana.TestSamples/legacy_7_9_create_servicenow",
	"a connector by the legacy API of 7.x and 8.5": "kibana.TestSamples/legacy_create_index_example",
	"case settings, created":                       "kibana.TestSamples/cases_configure_create",
	"case settings, read":                          "kibana.TestSamples/cases_configure_get",
	"case settings, changed and refused":           "kibana.TestSamples/cases_configure_patch",
	"connectors that cases can use":                "kibana.TestSamples/cases_configure_find_connectors",
	"mappings by connector type":                   "kibana.TestSamples/case_mappings_by_type",
	"a case that was pushed":                       "kibana.TestSamples/cases_push_response",
	"what Kibana's stand-in of ServiceNow answers": "servicenow.TestSampleUpstream",
}

// TestSamplesAreReplayed counts the samples: each has its test, and each key of the tables of samples is one.
func TestSamplesAreReplayed(t *testing.T) {
	t.Parallel()
	const samples = 24
	if len(sampleFiles) != samples {
		t.Errorf("%d samples, of %d", len(sampleFiles), samples)
	}
	in, replayed := testSources(t), map[string]bool{}
	for sample, name := range sampleFiles {
		if !in.hold(name) || replayed[name] {
			t.Errorf("%s: no test %s of its own", sample, name)
		}
		replayed[name] = true
	}
}

// TestEvidenceIsWrittenDown keeps EVIDENCE.md to what the tests show; EVIDENCE=write writes it.
func TestEvidenceIsWrittenDown(t *testing.T) {
	t.Parallel()
	var page strings.Builder
	page.WriteString(`# What is known of the servers, and how

Each statement has its test: a row of TestEvidence, or the tests that are named. Seen: measured on an instance, exported
from one, or relied on by clients that work. Documented: in the vendor's documentation or sources. Inferred: nobody
could be asked. Of a switch both positions are tested.

` + "`EVIDENCE=write go test -run EvidenceIsWritten ./internal/simulator`" + ` writes this page.

| statement | grade | known from | test |
|---|---|---|---|
`)
	for _, s := range evidence() {
		grade, test := s.grade, s.tests
		if s.flipped != nil {
			grade += ", switch"
		}
		if test == "" {
			test = s.id
		}
		fmt.Fprintf(&page, "| %s | %s | %s | %s |\n", s.says, grade, s.source, strings.ReplaceAll(test, " ", ", "))
	}
	page.WriteString("\n## Samples\n\nPublished requests, answers and records, each of which is replayed.\n\n" +
		"| sample | test |\n|---|---|\n")
	for _, sample := range slices.Sorted(maps.Keys(sampleFiles)) {
		fmt.Fprintf(&page, "| %s | %s |\n", sample, sampleFiles[sample])
	}
	page.WriteString("\n## Not shown\n\n| known | why no test |\n|---|---|\n")
	for _, row := range leftOut() {
		fmt.Fprintf(&page, "| %s | %s |\n", row[0], row[1])
	}
	if os.Getenv("EVIDENCE") == "write" {
		if err := os.WriteFile("EVIDENCE.md", []byte(page.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile("EVIDENCE.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != page.String() {
		t.Error("EVIDENCE.md is not what the tests show: EVIDENCE=write writes it anew")
	}
}

func evidence() []statement {
	return slices.Concat(kibanaEvidence(), oauthEvidence(), authScopeEvidence(), accessEvidence(), tableAPIEvidence(),
		tableEvidence(), platformEvidence(), recordEvidence(), connectorEvidence())
}

// witness speaks to both servers; without authorize, as their administrators.
type witness struct {
	*pair
	authorize func(*http.Request)
}

// as is the witness with another user's basic authentication.
func (w *witness) as(user, password string) *witness {
	return &witness{pair: w.pair, authorize: func(r *http.Request) { r.SetBasicAuth(user, password) }}
}

// with is the witness with one header in place of a login.
func (w *witness) with(name, value string) *witness {
	return &witness{pair: w.pair, authorize: func(r *http.Request) { r.Header.Set(name, value) }}
}

type reply struct {
	status int
	text   string
	body   map[string]any
}

// at returns the text below these keys, "" where there is none.
func (r reply) at(keys ...string) string {
	var value any = r.body
	for _, key := range keys {
		inner, _ := value.(map[string]any)
		value = inner[key]
	}
	text, _ := value.(string)
	return text
}

// column returns a column of the record in the answer, of a reference its value.
func (r reply) column(name string) string {
	return r.at("result", name) + r.at("result", name, "value")
}

func (r reply) hasColumn(name string) bool {
	record, _ := r.body["result"].(map[string]any)
	_, ok := record[name]
	return ok
}

// do sends a request to an absolute URL, its body as JSON unless it is a form.
func (w *witness) do(method, address string, body any) reply {
	w.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	contentType := "application/json"
	if form, ok := body.(url.Values); ok {
		text, contentType = []byte(form.Encode()), "application/x-www-form-urlencoded"
	}
	request, err := http.NewRequestWithContext(w.t.Context(), method, address, bytes.NewReader(text))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Kbn-Xsrf", "true")
	switch {
	case w.authorize != nil:
		w.authorize(request)
	case strings.HasPrefix(address, w.KibanaURL()):
		request.SetBasicAuth("elastic", "changeme")
	default:
		request.SetBasicAuth("admin", "admin")
	}
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	r := reply{status: response.StatusCode, text: string(answer)}
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &r.body); err != nil {
			w.t.Fatalf("%s %s: %v: %s", method, address, err, answer)
		}
	}
	return r
}

// answers checks the status of an answer, and that it holds each of the texts.
func (w *witness) answers(what string, r reply, status int, texts ...string) {
	w.t.Helper()
	if r.status != status {
		w.t.Errorf("%s: %d, want %d: %s", what, r.status, status, r.text)
		return
	}
	for _, text := range texts {
		if !strings.Contains(r.text, text) {
			w.t.Errorf("%s: no %q in %s", what, text, r.text)
		}
	}
}

// columns checks columns of the record in an answer.
func (w *witness) columns(r reply, want servicenow.Record) {
	w.t.Helper()
	for name, value := range want {
		if got := r.column(name); got != value {
			w.t.Errorf("%s is %q, want %q: %s", name, got, value, r.text)
		}
	}
}

// table sends a request to a table, or to a record of it, with a query or without.
func (w *witness) table(method, path string, body any) reply {
	w.t.Helper()
	return w.do(method, w.ServiceNowURL()+"/api/now/table/"+path, body)
}

// create makes a record by the Table API.
func (w *witness) create(table string, values servicenow.Record) reply {
	w.t.Helper()
	r := w.table(http.MethodPost, table, values)
	if r.status != http.StatusCreated {
		w.t.Fatalf("create %s: %d %s", table, r.status, r.text)
	}
	return r
}

// account makes a user with roles and the password "pw".
func (w *witness) account(name string, roles ...string) (id string, as *witness) {
	w.t.Helper()
	id = w.insert("sys_user", servicenow.Record{
		"user_name": name, "user_password": "pw", "email": name + "@example.com",
	})
	for _, role := range roles {
		w.insert("sys_user_has_role", servicenow.Record{
			"user": id, "role": w.ServiceNow.Records("sys_user_role", "name="+role)[0]["sys_id"],
		})
	}
	return id, w.as(name, "pw")
}

const connectors = "/api/actions/connector"

func connectorBody(apiURL string) map[string]any {
	return map[string]any{
		"name": "ITSM", "connector_type_id": ".servicenow",
		"config":  map[string]any{"apiUrl": apiURL, "usesTableApi": false},
		"secrets": map[string]any{"username": "kibana", "password": "pw"},
	}
}

// choosing makes a connector with a chosen id.
func (w *witness) choosing(id string) reply {
	w.t.Helper()
	return w.do(http.MethodPost, w.KibanaURL()+connectors+"/"+id, connectorBody(w.ServiceNowURL()))
}

func (w *witness) oauthConnector() reply {
	w.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		w.t.Fatal(err)
	}
	body := connectorBody(w.ServiceNowURL())
	body["config"] = map[string]any{
		"apiUrl": w.ServiceNowURL(), "usesTableApi": false, "isOAuth": true, "clientId": "c", "jwtKeyId": "k",
		"userIdentifierValue": "kibana@example.com",
	}
	body["secrets"] = map[string]any{"clientSecret": "s", "privateKey": string(pem.EncodeToMemory(
		&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))}
	return w.do(http.MethodPost, w.KibanaURL()+connectors, body)
}

// caseSettings posts case settings with these members besides the required ones.
func (w *witness) caseSettings(connector, more map[string]any) reply {
	w.t.Helper()
	body := map[string]any{"closure_type": "close-by-user", "owner": "cases", "connector": connector}
	for name, value := range more {
		body[name] = value
	}
	return w.do(http.MethodPost, w.KibanaURL()+"/api/cases/configure", body)
}

func release(version string) simulator.Options {
	return simulator.Options{Kibana: kibana.Options{Version: version}}
}

func kibanaEvidence() []statement {
	const (
		version4   = "3b0f2a56-8d4e-4a2b-9b9f-7b0d8c1f6f11"
		predefined = "Predefined IDs are not allowed for saved objects with encrypted attributes unless the ID is a UUID."
		tooLong    = "value has length [37] but it must have a maximum length of [36]."
		charset    = "Connector ID must contain only lowercase letters, numbers, and hyphens."
	)
	uuidsOnly := func(w *witness) {
		for _, id := range []string{
			version4, "6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "00000000-0000-0000-0000-000000000000",
		} {
			w.answers(id, w.choosing(id), http.StatusOK, `"id":"`+id+`"`)
		}
		for _, id := range []string{
			"servicenow-itsm",
			"3b0f2a56-8d4e-0a2b-9b9f-7b0d8c1f6f11", // no version
			"3b0f2a56-8d4e-4a2b-cb9f-7b0d8c1f6f11", // another variant
			"3b0f2a568d4e4a2b9b9f7b0d8c1f6f11",
		} {
			w.answers(id, w.choosing(id), http.StatusBadRequest, predefined)
		}
	}
	underscores := release("9.4.0")
	underscores.Kibana.ConnectorIDUnderscores = true
	fields := func(more map[string]any) map[string]any {
		values := map[string]any{"impact": nil, "severity": nil, "urgency": nil, "category": nil, "subcategory": nil}
		for name, value := range more {
			values[name] = value
		}
		return map[string]any{"id": "c", "name": "c", "type": ".servicenow", "fields": values}
	}
	none := map[string]any{"id": "none", "name": "none", "type": ".none", "fields": nil}
	return []statement{
		{
			id: "kibana-ids-8.8", grade: documented, source: kibanaSource, options: release("8.8.0"), shows: uuidsOnly,
			says: "Kibana 8.8 takes only RFC 4122 UUIDs as chosen connector ids, case ignored",
		},
		{
			id: "kibana-ids-9.3", grade: documented, source: kibanaSource, options: release("9.3.0"), shows: uuidsOnly,
			says: "Kibana 9.3, too, takes only such UUIDs",
		},
		{
			id: "kibana-ids-9.4", grade: documented, source: kibanaSource, options: release("9.4.0"),
			says: "Kibana 9.4 takes at most 36 lowercase letters, digits and hyphens, and with them each version 4 UUID",
			shows: func(w *witness) {
				for _, id := range []string{version4, "servicenow-itsm", strings.Repeat("a", 36)} {
					w.answers(id, w.choosing(id), http.StatusOK)
				}
				w.answers("37 characters", w.choosing(strings.Repeat("a", 37)), http.StatusBadRequest, tooLong)
				w.answers("capitals", w.choosing("ServiceNow"), http.StatusBadRequest, charset)
				w.answers("a dot", w.choosing("service.now"), http.StatusBadRequest, charset)
			},
		},
		{
			id: "kibana-ids-underscore", grade: documented, source: kibanaSource, options: release("9.4.0"),
			says: "Kibana 9.4 refuses `_` in a connector id; its first builds took it",
			shows: func(w *witness) {
				w.answers("underscore", w.choosing("service_now"), http.StatusBadRequest, charset)
			},
			flip:    underscores,
			flipped: func(w *witness) { w.answers("underscore", w.choosing("service_now"), http.StatusOK) },
		},
		{
			id: "kibana-ids-before-8.8", grade: documented, source: kibanaSource, options: release("8.7.1"),
			says:  "Before Kibana 8.8 no connector id can be chosen",
			shows: func(w *witness) { w.answers("chosen id", w.choosing(version4), http.StatusNotFound) },
		},
		{
			id: "kibana-oauth", grade: documented, source: kibanaSource, options: release("8.3.0"),
			says:  "ServiceNow connectors can use OAuth from Kibana 8.3 on",
			shows: func(w *witness) { w.answers("OAuth", w.oauthConnector(), http.StatusOK) },
		},
		{
			id: "kibana-oauth-before-8.3", grade: documented, source: kibanaSource, options: release("8.2.0"),
			says: "Before Kibana 8.3 ServiceNow connectors cannot use OAuth",
			shows: func(w *witness) {
				w.answers("OAuth", w.oauthConnector(), http.StatusBadRequest, "definition for this key is missing")
			},
		},
		{
			id: "kibana-oauth-api", grade: documented, source: "Kibana's issues", options: release("9.4.0"),
			says:  "The API makes OAuth connectors without the false CORS error that the form shows",
			shows: func(w *witness) { w.answers("OAuth", w.oauthConnector(), http.StatusOK, `"isOAuth":true`) },
		},
		{
			id: "kibana-strict", grade: documented, source: kibanaSource, options: release("9.4.0"),
			says: "`config` and `secrets` of ITSM and SecOps connectors refuse unknown keys",
			shows: func(w *witness) {
				for _, typeID := range []string{".servicenow", ".servicenow-sir"} {
					for _, part := range []string{"config", "secrets"} {
						body := connectorBody(w.ServiceNowURL())
						body["connector_type_id"] = typeID
						w.answers(typeID, w.do(http.MethodPost, w.KibanaURL()+connectors, body), http.StatusOK)
						inner, _ := body[part].(map[string]any)
						inner["unknown"] = true
						w.answers(typeID+" "+part, w.do(http.MethodPost, w.KibanaURL()+connectors, body),
							http.StatusBadRequest, "unknown")
					}
				}
			},
		},
		{
			id: "kibana-inbound-events", grade: documented, source: kibanaSource, options: release("9.4.0"),
			says: "A connector's create may hold `inbound_events_enabled`",
			shows: func(w *witness) {
				body := connectorBody(w.ServiceNowURL())
				w.answers("without", w.do(http.MethodPost, w.KibanaURL()+connectors, body), http.StatusOK)
				body["inbound_events_enabled"] = false
				w.answers("with", w.do(http.MethodPost, w.KibanaURL()+connectors, body), http.StatusOK)
			},
		},
		{
			id: "kibana-case-settings", grade: documented, source: kibanaSource, options: release("9.4.0"),
			says: "Case settings need no custom fields, templates, observable types or analytics, and may hold them",
			shows: func(w *witness) {
				w.answers("without", w.caseSettings(none, nil), http.StatusOK)
				w.answers("with", w.caseSettings(none, map[string]any{
					"customFields": []any{}, "templates": []any{}, "observableTypes": []any{}, "analytics_enabled": true,
				}), http.StatusOK)
			},
		},
		{
			id: "kibana-case-fields", grade: documented, source: kibanaSource, options: release("9.4.0"),
			says: "Of `connector.fields` of case settings only `additionalFields` may be left out; all may be null",
			shows: func(w *witness) {
				w.answers("null", w.caseSettings(fields(nil), nil), http.StatusOK)
				more := map[string]any{"additionalFields": nil}
				w.answers("additional", w.caseSettings(fields(more), nil), http.StatusOK)
				left := fields(nil)
				left["fields"] = map[string]any{"impact": "1"}
				w.answers("left out", w.caseSettings(left, nil), http.StatusBadRequest,
					`supplied to \"connector,fields,severity\"`)
			},
		},
	}
}
