package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/seed"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func (p *pair) request(url string) *http.Request {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return request
}

// send sends a request with these headers (name, value pairs) and returns status and body.
func (p *pair) send(method, url string, headers ...string) (int, string) {
	p.t.Helper()
	request := p.request(url)
	request.Method = method
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return p.read(request)
}

func (p *pair) read(request *http.Request) (int, string) {
	p.t.Helper()
	response, err := p.client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestBothSidesReportHealth(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	for side, url := range map[string]string{"servicenow": p.ServiceNowURL(), "kibana": p.KibanaURL()} {
		status, body := p.send(http.MethodGet, url+"/simulator/health")
		if status != http.StatusOK || !strings.Contains(body, `"side":"`+side+`"`) {
			t.Errorf("%s: %d %s", side, status, body)
		}
	}
}

// The description of the admin API names each route and no other.
func TestSchemaNamesEachAdminRoute(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	_, body := p.send(http.MethodGet, p.KibanaURL()+"/simulator/schema")
	var schema struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal([]byte(body), &schema); err != nil {
		t.Fatal(err)
	}
	var described []string
	for path, methods := range schema.Paths {
		for method := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	routes := append(p.ServiceNow.AdminRoutes(), "GET /simulator/health", "GET /simulator/schema",
		"GET /simulator/faults", "POST /simulator/faults", "DELETE /simulator/faults",
		"GET /simulator/faults/catalogue", "GET /simulator/faults/requests", "DELETE /simulator/faults/requests")
	pattern := regexp.MustCompile(`"([A-Z]+) "\s*\+\s*adminPrefix\s*\+\s*"([^"]*)"`)
	for _, file := range []string{"kibana/admin.go", "kibana/case_settings.go", "kibana/switches.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range pattern.FindAllStringSubmatch(string(source), -1) {
			routes = append(routes, found[1]+" /simulator/kibana/"+found[2])
		}
	}
	slices.Sort(described)
	slices.Sort(routes)
	if !slices.Equal(described, routes) {
		t.Errorf("described:\n%s\nroutes:\n%s", strings.Join(described, "\n"), strings.Join(routes, "\n"))
	}
}

// Each switch is in the README, and in the description of the admin API with the type that it has.
func TestSwitchesAreDescribed(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]struct {
					Schema struct {
						Properties map[string]struct {
							Type string `json:"type"`
						} `json:"properties"`
					} `json:"schema"`
				} `json:"content"`
			} `json:"responses"`
		} `json:"paths"`
	}
	_, body := p.send(http.MethodGet, p.ServiceNowURL()+"/simulator/schema")
	if err := json.Unmarshal([]byte(body), &schema); err != nil {
		t.Fatal(err)
	}
	for path, options := range map[string]reflect.Type{
		"/simulator/switches":        reflect.TypeFor[servicenow.Options](),
		"/simulator/kibana/switches": reflect.TypeFor[kibana.Switches](),
	} {
		described := schema.Paths[path]["get"].Responses["200"].Content["application/json"].Schema.Properties
		for field := range options.Fields() {
			name := field.Tag.Get("json")
			if name == "-" {
				name = ""
			}
			for _, text := range []string{"`" + field.Name + "`", "`" + name + "`"} {
				if text != "``" && !strings.Contains(string(readme), text) {
					t.Errorf("README.md lacks %s", text)
				}
			}
			want := map[reflect.Kind]string{
				reflect.Bool: "boolean", reflect.Int: "integer", reflect.String: "string", reflect.Slice: "array",
			}[field.Type.Kind()]
			if got := described[name].Type; name != "" && got != want {
				t.Errorf("%s: %s is described as %q, want %q", path, name, got, want)
			}
			delete(described, name)
		}
		for name := range described {
			t.Errorf("%s: there is no switch %s", path, name)
		}
	}
}

const seedFile = `
servicenow:
  properties: {glide.example: "7"}
  roles:
    - {name: u_reader, contains: [itil]}
  users:
    - {user_name: integration, password: s3cret, roles: [u_reader], columns: {email: i@example.com}}
  records:
    sys_user_group: [{name: Network}]
    incident:
      - {short_description: Down, assignment_group: Network, impact: 1}
kibana:
  connectors:
    - {id: itsm, name: ITSM, connector_type_id: .servicenow, config: {apiUrl: "https://example.com"}, secrets: {a: b}}
  users:
    - {username: reader, password: r, privilege: read}
  case_settings:
    - owner: cases
      connector: ITSM
      closure_type: close-by-pushing
      custom_fields: [{key: region, label: Region, type: text, required: false}]
  cases:
    - owner: cases
      title: Intrusion
      description: Somebody is in.
      tags: [soc]
      severity: high
      connector: ITSM
      fields: {impact: "1", severity: null, urgency: null, category: null, subcategory: null}
      custom_fields: [{key: region, type: text, value: EU}]
      comments: [Seen., Contained.]
`

func readSeed(t *testing.T, text string) *seed.Seed {
	t.Helper()
	s, err := seed.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSeedFillsBothSidesAndSurvivesReset(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{Seed: readSeed(t, seedFile)})
	check := func() {
		t.Helper()
		incident := p.ServiceNow.Records("incident", "short_description=Down")
		if len(incident) != 1 {
			t.Fatalf("%d incidents", len(incident))
		}
		group, _ := p.ServiceNow.Record("sys_user_group", incident[0]["assignment_group"])
		if group["name"] != "Network" || incident[0]["impact"] != "1" {
			t.Errorf("incident %v of group %v", incident[0], group)
		}
		status, _ := p.ask(http.MethodGet, p.ServiceNowURL()+"/api/now/table/incident", "integration", "s3cret", nil)
		if status != http.StatusOK {
			t.Errorf("the seeded user: status %d", status)
		}
		if c := p.Kibana.Connectors(); len(c) != 1 || c[0].ID != "itsm" {
			t.Errorf("connectors %v", c)
		}
		settings := p.Kibana.CaseSettings()
		if len(settings) != 1 || settings[0].Connector["id"] != "itsm" ||
			settings[0].ClosureType != "close-by-pushing" {
			t.Errorf("case settings %v", settings)
		}
		status, cases := p.send(http.MethodGet, p.KibanaURL()+"/simulator/cases")
		for _, want := range []string{
			`"title":"Intrusion"`, `"severity":"high"`, `"value":"EU"`, `"comment":"Contained."`, `"impact":"1"`,
		} {
			if status != http.StatusOK || strings.Count(cases, want) != 1 {
				t.Errorf("cases: no %s: %d %s", want, status, cases)
			}
		}
		one := p.KibanaURL() + "/api/actions/connector/itsm"
		if status, _ := p.ask(http.MethodGet, one, "reader", "r", nil); status != http.StatusOK {
			t.Errorf("the seeded reader: status %d", status)
		}
		if status, _ := p.ask(http.MethodDelete, one, "reader", "r", nil); status != http.StatusForbidden {
			t.Errorf("the seeded reader deletes: status %d", status)
		}
	}
	check()
	for _, record := range p.ServiceNow.Records("incident", "") {
		if err := p.ServiceNow.Delete("incident", record["sys_id"]); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Kibana.Delete("itsm"); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{p.ServiceNowURL(), p.KibanaURL()} {
		if status, body := p.send(http.MethodPost, url+"/simulator/reset"); status/100 != 2 {
			t.Fatalf("reset: %d %s", status, body)
		}
	}
	check()
}

func TestSeedRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"servicenow: {usres: []}":                                      "usres",
		"{}\n---\n{}":                                                  "more than one document",
		"servicenow: {users: [{columns: {}}]}":                         "user_name is missing",
		"servicenow: {users: [{user_name: a, roles: [none]}]}":         "no role none",
		"servicenow: {records: {none: [{a: b}]}}":                      "row 1 of none: no table none",
		"servicenow: {records: {incident: [{shortdesc: b}]}}":          "no column shortdesc",
		"servicenow: {records: {incident: [{caller_id: Nobody}]}}":     `called "Nobody"`,
		"servicenow: {apps: [x_none]}":                                 "x_none",
		"servicenow: {faults: [{kind: sunshine}]}":                     "sunshine",
		"kibana: {connectors: [{name: a, connector_type_id: .none2}]}": ".none2",
		"kibana: {users: [{username: a, privilege: some}]}":            `privilege "some"`,
		"kibana: {case_settings: [{owner: cases, connector: X}]}":      `no connector is called "X"`,
		"kibana: {case_settings: [{owner: c, closure_type: never}]}":   "closure_type",
		"kibana: {cases: [{owner: cases, title: t}]}":                  "description",
		"kibana: {cases: [{owner: cases, space: none}]}":               `no space "none"`,
	} {
		s, err := seed.Read(strings.NewReader(text))
		if err == nil {
			var sim *simulator.Simulator
			if sim, err = simulator.Start(simulator.Options{Seed: s}); err == nil {
				_ = sim.Close()
			}
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", text, err, want)
		}
	}
}

func TestSnapshotsOnBothSides(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{Seed: readSeed(t, seedFile)})
	urls := []string{p.ServiceNowURL(), p.KibanaURL()}
	must := func(method, path string) {
		t.Helper()
		for _, url := range urls {
			if status, body := p.send(method, url+path); status/100 != 2 {
				t.Fatalf("%s %s: %d %s", method, path, status, body)
			}
		}
	}
	must(http.MethodPut, "/simulator/snapshots/before")
	incident := p.ServiceNow.Records("incident", "")[0]["sys_id"]
	for range 2 { // a snapshot is as good the second time
		if err := p.ServiceNow.Set("incident", incident, servicenow.Record{"short_description": "Changed"}); err != nil {
			t.Fatal(err)
		}
		p.ServiceNow.AddTable(servicenow.Table{Name: "u_new"})
		p.ServiceNow.Hide(incident, true)
		if err := p.Kibana.Set("itsm", "Changed", map[string]any{"apiUrl": "https://elsewhere.example.com"}); err != nil {
			t.Fatal(err)
		}
		must(http.MethodPost, "/simulator/snapshots/before/restore")
		record, _ := p.ServiceNow.Record("incident", incident)
		if record["short_description"] != "Down" || slices.Contains(p.ServiceNow.Tables(), "u_new") {
			t.Errorf("incident %v, tables %v", record["short_description"], p.ServiceNow.Tables())
		}
		status, _ := p.ask(http.MethodGet, p.ServiceNowURL()+"/api/now/table/incident/"+incident, "admin", "admin", nil)
		if status != http.StatusOK {
			t.Errorf("status %d: the ACL outlived the restore", status)
		}
		if c := p.Kibana.Connectors()[0]; c.Name != "ITSM" || c.Config["apiUrl"] != "https://example.com" {
			t.Errorf("connector %v", c)
		}
	}
	must(http.MethodPost, "/simulator/reset")
	for _, url := range urls {
		if _, body := p.send(http.MethodGet, url+"/simulator/snapshots"); strings.TrimSpace(body) != `["before"]` {
			t.Errorf("snapshots after a reset: %s", body)
		}
	}
	must(http.MethodDelete, "/simulator/snapshots/before")
	for _, url := range urls {
		for _, request := range [][2]string{
			{http.MethodPost, "/simulator/snapshots/before/restore"}, {http.MethodDelete, "/simulator/snapshots/before"},
		} {
			if status, _ := p.send(request[0], url+request[1]); status != http.StatusNotFound {
				t.Errorf("%s %s: status %d", request[0], request[1], status)
			}
		}
	}
}

func TestLatencyDelaysTheAPIsAndNotTheAdminAPI(t *testing.T) {
	t.Parallel()
	const latency = 150 * time.Millisecond
	p := start(t, simulator.Options{Latency: latency})
	for _, url := range []string{p.ServiceNowURL(), p.KibanaURL()} {
		began := time.Now()
		p.send(http.MethodGet, url+"/api/status")
		if took := time.Since(began); took < latency {
			t.Errorf("%s: answered after %s", url, took)
		}
		began = time.Now()
		p.send(http.MethodGet, url+"/simulator/health")
		if took := time.Since(began); took >= latency {
			t.Errorf("%s: health after %s", url, took)
		}
	}
}

// The same writes get the same ids in whatever order they arrive.
func TestDeterministicIDs(t *testing.T) {
	t.Parallel()
	ids := func(names ...string) map[string]string {
		p := start(t, simulator.Options{
			ServiceNow: servicenow.Options{DeterministicIDs: true}, Kibana: kibana.Options{DeterministicIDs: true},
		})
		out := map[string]string{}
		for _, name := range names {
			group := p.insert("sys_user_group", servicenow.Record{"name": name})
			user := p.ServiceNow.Records("sys_user", "")[0]["sys_id"]
			key := p.insert("api_key", servicenow.Record{"name": name, "user": user})
			out["group "+name], out["token "+name] = group, p.ServiceNow.Secret("api_key", key, "token")
			_, body := p.ask(
				http.MethodPost,
				p.KibanaURL()+"/api/actions/connector",
				"elastic",
				"changeme",
				map[string]any{
					"name": name, "connector_type_id": ".index", "config": map[string]any{"index": "i"},
				},
			)
			out["connector "+name], _ = body["id"].(string)
		}
		return out
	}
	first, second := ids("a", "b"), ids("b", "a")
	seen := map[string]bool{}
	for what, id := range first {
		if id == "" || id != second[what] || seen[id] {
			t.Errorf("%s: %q, then %q", what, id, second[what])
		}
		seen[id] = true
	}
}

func TestDictionaryShapesTheInstance(t *testing.T) {
	t.Parallel()
	file, err := dictionary.Read(strings.NewReader(`{"format": 1, "tables": [
		{"name": "u_sensor", "extends": "u_device", "columns": [{"name": "u_range", "type": "integer"}]},
		{"name": "u_device", "number_prefix": "DEV", "read_roles": ["*"], "unique_indexes": [["u_site", "u_slot"]],
		 "columns": [
			{"name": "number", "type": "string", "max_length": 40},
			{"name": "u_site", "type": "string", "max_length": 4, "default": "main"},
			{"name": "u_slot", "type": "integer"},
			{"name": "u_colour", "type": "string", "choices": [{"value": "1", "label": "Red"}]}]},
		{"name": "sys_user_group", "columns": [{"name": "name", "type": "string", "max_length": 5}]},
		{"name": "incident", "partial": true, "columns": [{"name": "u_cost", "type": "integer", "default": "3"}]}
	]}`))
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, simulator.Options{Dictionary: file})
	table := p.ServiceNowURL() + "/api/now/table/"
	create := func(name string, values map[string]string) (int, map[string]any) {
		t.Helper()
		status, body := p.ask(http.MethodPost, table+name, "admin", "admin", values)
		result, _ := body["result"].(map[string]any)
		return status, result
	}
	status, sensor := create("u_sensor", map[string]string{"u_slot": "2", "u_range": "9", "u_colour": "1"})
	if status != http.StatusCreated || sensor["number"] != "DEV0010001" || sensor["u_site"] != "main" {
		t.Errorf("%d %v", status, sensor)
	}
	id, _ := sensor["sys_id"].(string)
	_, shown := p.ask(http.MethodGet, table+"u_sensor/"+id+"?sysparm_display_value=true", "admin", "admin", nil)
	if result, _ := shown["result"].(map[string]any); result["u_colour"] != "Red" {
		t.Errorf("display value %v", result["u_colour"])
	}
	if status, twin := create("u_device", map[string]string{"u_slot": "2"}); status != http.StatusForbidden {
		t.Errorf("a second row of a unique pair: %d %v", status, twin)
	}
	if status, other := create("u_device", map[string]string{"u_slot": "2", "u_site": "b"}); status != http.StatusCreated {
		t.Errorf("%d %v", status, other)
	}
	_, group := create("sys_user_group", map[string]string{"name": "abcdefg", "description": "gone"})
	if _, kept := group["description"]; kept || group["name"] != "abcde" {
		t.Errorf("group %v", group)
	}
	_, incident := create("incident", map[string]string{"short_description": "still there"})
	if incident["u_cost"] != "3" || incident["short_description"] != "still there" {
		t.Errorf("incident %v", incident)
	}
	for query, want := range map[string]int{
		"name=u_device^element=u_site^default_value=main": 1, "name=sys_user_group^element=description": 0,
		"name=sys_user_group^element=name^max_length=5": 1,
	} {
		if rows := p.ServiceNow.Records("sys_dictionary", query); len(rows) != want {
			t.Errorf("%s: %d rows, want %d", query, len(rows), want)
		}
	}
}

// A page of another origin may not steer the simulator, and a script may.
func TestAdminAPIRefusesOtherOrigins(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	for _, url := range []string{p.ServiceNowURL(), p.KibanaURL()} {
		for _, c := range []struct {
			want    int
			headers []string
		}{
			{http.StatusForbidden, []string{"Sec-Fetch-Site", "cross-site"}},
			{http.StatusForbidden, []string{"Sec-Fetch-Site", "same-site"}},
			{http.StatusForbidden, []string{"Origin", "https://evil.example.com"}},
			{http.StatusOK, []string{"Sec-Fetch-Site", "same-origin"}},
			{http.StatusOK, []string{"Origin", url}},
			{http.StatusOK, nil},
		} {
			status, _ := p.send(http.MethodPost, url+"/simulator/reset", c.headers...)
			if status == http.StatusNoContent {
				status = http.StatusOK
			}
			if status != c.want {
				t.Errorf("%v: status %d, want %d", c.headers, status, c.want)
			}
		}
	}
}
