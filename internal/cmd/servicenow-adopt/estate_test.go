package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	goversion "github.com/hashicorp/go-version"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/embedded"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

type object = map[string]any

// people make an estate as scripts and forms do: through the APIs.
type people struct {
	t    *testing.T
	w    *acctest.World
	made int // records that people made
}

func (p *people) call(method, url, user, password string, body any) object {
	p.t.Helper()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, url, content)
	if err != nil {
		p.t.Fatal(err)
	}
	r.SetBasicAuth(user, password)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Kbn-Xsrf", "true")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		p.t.Fatalf("%s %s: %d %s\n%v", method, url, resp.StatusCode, text, body)
	}
	answer := object{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			p.t.Fatalf("%s %s: %v\n%s", method, url, err, text)
		}
	}
	return answer
}

// row makes a row of a table and returns it.
func (p *people) row(table string, values object) object {
	p.t.Helper()
	sn := p.w.ServiceNow
	answer := p.call(http.MethodPost, p.w.ServiceNowURL()+"/api/now/table/"+table, sn.AdminUser(), sn.AdminPassword(),
		values)
	p.made++
	made, _ := answer["result"].(object)
	return made
}

func (p *people) id(table string, values object) string {
	p.t.Helper()
	return fmt.Sprint(p.row(table, values)["sys_id"])
}

// there is the id of a row that the platform or an application brought.
func (p *people) there(table, query string) string {
	p.t.Helper()
	rows := p.w.ServiceNow.Records(table, query)
	if len(rows) == 0 {
		p.t.Fatalf("no %s with %s", table, query)
	}
	return rows[0]["sys_id"]
}

func (p *people) kibana(space, path string, body any) object {
	p.t.Helper()
	if space != "" {
		path = "/s/" + space + path
	}
	return p.call(http.MethodPost, p.w.KibanaURL()+path, acctest.KibanaUser, acctest.KibanaPassword, body)
}

func (p *people) connector(space, name, kind string, config, secrets object) string {
	p.t.Helper()
	made := p.kibana(space, "/api/actions/connector", object{
		"name": name, "connector_type_id": kind, "config": config, "secrets": secrets,
	})
	p.made++
	return fmt.Sprint(made["id"])
}

// elastic connects one Elastic deployment by OAuth: user, group, roles, certificates, endpoint, keys, CORS, connectors
// of the three types in two spaces, and the case settings of the second.
func (p *people) elastic(name, space, owner string) {
	p.t.Helper()
	user := p.id("sys_user", object{"user_name": name + ".integration", "email": name + "@example.com"})
	group := p.id("sys_user_group", object{"name": name + " machines", "description": "accounts of " + name})
	p.row("sys_user_grmember", object{"group": group, "user": user})
	p.row("sys_group_has_role", object{"group": group, "role": p.id("sys_user_role", object{"name": "u_" + name})})
	p.row("sys_user_has_role", object{
		"user": user, "role": p.there("sys_user_role", "name=x_elas2_inc_int.integration_user"),
	})
	for i := range 5 {
		p.row("sys_user_has_role", object{
			"user": user, "role": p.id("sys_user_role", object{"name": fmt.Sprintf("u_%s_%d", name, i)}),
		})
	}
	endpoint := p.row("oauth_jwt", object{
		"name": name, "user_field": "email", "inbound_grant_type": "jwt", "active": "true", "client_secret": secretText,
		"comments": "a \"quote\",\n${a} and %{b}",
	})
	oauth := object{}
	for slot := range 2 {
		slotName := fmt.Sprintf("%s %d", name, slot)
		_, certificate := acctest.KeyPair(p.t, slotName)
		pem := p.id("sys_certificate", object{
			"name": slotName, "pem_certificate": certificate, "type": "trust_store_cert", "format": "pem", "active": "true",
		})
		key := p.row("jwt_verifier_map", object{
			"name": slotName, "oauth_jwt": endpoint["sys_id"], "sys_certificate": pem, "shared_key": secretText,
		})
		oauth = object{
			"apiUrl": p.w.ServiceNowURL(), "isOAuth": true, "clientId": endpoint["client_id"], "jwtKeyId": key["kid"],
			"userIdentifierValue": name + "@example.com",
		}
	}
	p.row("sys_cors_rule", object{
		"name": name + " CORS", "domain": "https://" + name + ".example.com", "get": "true", "post": "true",
		"rest_api":                     p.there("sys_ws_definition", "base_uri=/api/x_elas2_inc_int/elastic_api"),
		"access_control_allow_headers": "X-A, X-B",
	})
	secrets := object{"clientSecret": secretText, "privateKey": "key " + secretText, "privateKeyPassword": nil}
	itom := p.connector(space, name+" ITOM", ".servicenow-itom", oauth, secrets)
	oauth["usesTableApi"] = false
	itsm := p.connector(space, name+" ITSM", ".servicenow", oauth, secrets)
	p.connector("", name+" SecOps", ".servicenow-sir", oauth, secrets)
	if itom == itsm {
		p.t.Fatal("one id twice")
	}
	p.kibana(space, "/api/cases/configure", object{
		"owner": owner, "closure_type": "close-by-pushing",
		"connector": object{
			"id": itsm, "name": name + " ITSM", "type": ".servicenow",
			"fields": nil,
		},
		"customFields": []any{object{"key": "team", "label": "Team", "type": "text", "required": true, "defaultValue": "a"}},
	})
	p.made++
}

// inbound gives one system access by API keys: parameter, profiles, policies, keys and their users.
func (p *people) inbound(name string, keys int) {
	p.t.Helper()
	own := p.id("sys_token_auth_parameter", object{"parameter_name": "x-" + name, "type": "auth_header", "name": name})
	header := p.there("sys_token_auth_parameter", "parameter_name=x-sn-apikey^type=auth_header")
	profiles := []string{
		p.id("http_key_auth", object{"name": name + " key", "auth_parameter": own + "," + header}),
		p.id("std_http_auth", object{"name": name + " basic", "type": "basic_auth", "description": "for " + name}),
	}
	for _, api := range p.w.ServiceNow.Records("sys_ws_definition", "") {
		for _, method := range []string{"GET", "POST"} {
			policy := p.id("sys_api_access_policy", object{
				"name": name + " " + method + " " + api["name"], "api": api["sys_id"], "http_method": method,
				"apply_all_versions": "true", "apply_all_resources": "true", "active": "true",
			})
			for _, profile := range profiles {
				p.w.ServiceNow.Records("sys_auth_profile_mapping", "")
				p.id("sys_auth_profile_mapping", object{"api_access_policy": policy, "inbound_auth_profile": profile})
				p.made-- // a part of the policy's resource
			}
		}
	}
	for i := range keys {
		user := p.id("sys_user", object{"user_name": fmt.Sprintf("%s.sender.%d", name, i)})
		p.row("api_key", object{"name": fmt.Sprintf("%s %d", name, i), "user": user, "expires": "2099-01-01 00:00:00"})
	}
}

// events are push connectors with their instances.
func (p *people) events(n int) {
	p.t.Helper()
	for i := range n {
		listener := p.id("sn_em_connector_listener", object{
			"name": fmt.Sprintf("Monitor %d", i), "source": fmt.Sprintf("monitor%d", i), "header_name": "X-Token",
			"header_value": secretText, "script": "var a = 1;\nreturn \"${a}\";\n", "event_source_label": "Monitor",
		})
		p.row("sn_em_connector_push_instance", object{
			"name": fmt.Sprintf("Instance %d", i), "push_connector_definition": listener,
		})
	}
}

func (p *people) insightVM() {
	p.t.Helper()
	for _, region := range []string{"us", "eu"} {
		instance := p.id("sn_sec_int_impl", object{
			"name": "InsightVM " + region, "integration": p.there("sn_sec_int_integration", ""),
		})
		for parameter, values := range map[string]object{
			"insightvm_region": {"value": region}, "api_key": {"password_value": secretText}, "vuln_comp": {"value": "a=b"},
		} {
			values["implementation"] = instance
			values["configuration"] = p.there("sn_sec_int_config", "name="+parameter)
			p.row("sn_sec_int_impl_config", values)
			p.made-- // a part of the instance's resource
		}
	}
}

// privileges are what an application of people's own may do elsewhere, and scopes what its OAuth client may.
func (p *people) application() {
	p.t.Helper()
	from := p.there("sys_scope", "scope=x_elas2_inc_int")
	for i := range 24 {
		for _, operation := range []string{"read", "write"} {
			p.row("sys_scope_privilege", object{
				"source_scope": from, "target_scope": "global", "target_name": fmt.Sprintf("u_table_%d", i),
				"target_type": "sys_db_object", "operation": operation, "status": "allowed",
			})
		}
	}
	scope := p.id("sys_auth_scope", object{"name": "acme", "description": "what Acme may"})
	client := p.id("oauth_entity", object{
		"name": "Acme", "type": "client", "inbound_grant_type": "client_credential", "client_secret": secretText,
		"default_grant_type": "client_credentials", "user": p.id("sys_user", object{"user_name": "acme"}),
	})
	p.row("oauth_entity_auth_scope_mapping", object{"oauth_entity": client, "auth_scope": scope})
	p.made-- // a part of the client's resource
	p.row("sys_api_access_scope", object{
		"name": "acme", "auth_scope": scope, "api": p.there("sys_ws_definition", "base_uri=/api/x_elas2_inc_int/elastic_api"),
		"apply_all_methods": "true", "apply_all_resources": "true", "apply_all_versions": "true",
	})
	for i := range 8 {
		p.row("sys_properties", object{"name": fmt.Sprintf("acme.limit.%d", i), "value": fmt.Sprint(i), "type": "integer"})
	}
	p.row("sys_properties", object{"name": "acme.json", "value": `{"a": 1}`, "description": "two\nlines"})
	p.id("sys_properties", object{"name": "acme.password", "value": secretText, "type": "password2"})
	p.made-- // cannot be managed without its value
	for i := range 6 {
		p.row("cmn_location", object{"name": fmt.Sprintf("Site %d", i)})
	}
	p.row("discovery_credentials", object{"name": "Probe", "type": "ssh", "user_name": "u", "password": secretText})
}

// services are connectors of every other type, in two spaces.
func (p *people) services() {
	p.t.Helper()
	const url = "https://service.example.com"
	types := map[string][2]object{
		".jira":      {{"apiUrl": url, "projectKey": "SEC"}, {"email": "a@example.com", "apiToken": secretText}},
		".resilient": {{"apiUrl": url, "orgId": "201"}, {"apiKeyId": "k", "apiKeySecret": secretText}},
		".swimlane": {
			{"apiUrl": url, "appId": "1", "connectorType": "all", "mappings": object{}},
			{"apiToken": secretText},
		},
		".index":      {{"index": "alerts", "refresh": true, "executionTimeField": nil}, {}},
		".server-log": {{}, {}},
		".slack":      {{}, {"webhookUrl": "https://hooks.slack.com/" + secretText}},
		".webhook":    {{"url": url, "method": "post", "headers": object{"X-Team": "a<b"}, "hasAuth": false}, {}},
		".email": {
			{"from": "a@example.com", "service": "other", "host": "mail.example.com", "port": 25, "hasAuth": true},
			{"user": "u", "password": secretText},
		},
		".pagerduty":     {{}, {"routingKey": secretText}},
		".teams":         {{}, {"webhookUrl": url + "/" + secretText}},
		".xmatters":      {{"configUrl": url, "usesBasic": true}, {"user": "u", "password": secretText}},
		".opsgenie":      {{"apiUrl": url}, {"apiKey": secretText}},
		".tines":         {{"url": url}, {"email": "a@example.com", "token": secretText}},
		".torq":          {{"webhookIntegrationUrl": "https://hooks.torq.io/v1/x"}, {"token": secretText}},
		".slack_api":     {{"allowedChannels": []any{}}, {"token": secretText}},
		".cases-webhook": {casesWebhook(url), {"user": "u", "password": secretText}},
		".thehive":       {{"url": url, "organisation": "o"}, {"apiKey": secretText}},
		".gen-ai":        {{"apiProvider": "OpenAI", "apiUrl": url}, {"apiKey": secretText}},
		".bedrock":       {{"apiUrl": url, "defaultModel": "m"}, {"accessKey": "a", "secret": secretText}},
		".gemini": {
			{"apiUrl": url, "gcpRegion": "r", "gcpProjectID": "p", "temperature": 0.5},
			{"credentialsJson": `{"a":"` + secretText + `"}`},
		},
	}
	for kind, body := range types {
		for _, space := range []string{"", secondSpace} {
			p.connector(space, "Service "+kind, kind, body[0], body[1])
		}
	}
	for _, space := range []string{"", secondSpace} {
		p.connector(space, "Old ITSM", ".servicenow",
			object{"apiUrl": p.w.ServiceNowURL(), "usesTableApi": true, "isOAuth": false},
			object{"username": "u", "password": secretText})
	}
}

func casesWebhook(url string) object {
	return object{
		"createIncidentUrl": url, "createIncidentJson": `{"a":{{{case.title}}}}`, "createIncidentResponseKey": "id",
		"getIncidentUrl": url, "getIncidentResponseExternalTitleKey": "id", "viewIncidentUrl": url,
		"updateIncidentUrl": url, "updateIncidentJson": "{}",
	}
}

const (
	secretText  = "s3cret"
	secondSpace = "security"
)

// handMade is an estate of eight integrations, and of all that else people make, and how many records they made.
func handMade(t *testing.T) (*acctest.World, int) {
	t.Helper()
	w := acctest.New(t, func(o *simulator.Options) {
		o.ServiceNow.Apps = []string{
			servicenow.ElasticITSM, servicenow.EventConnectors, servicenow.Rapid7Integration,
		}
		o.Kibana.Preconfigured = []kibana.Preconfigured{{ID: "fixed", Name: "Fixed", TypeID: ".index"}}
	})
	p := &people{t: t, w: w}
	p.kibana("", "/api/spaces/space", object{"id": secondSpace, "name": "Security"})
	p.elastic("berlin", "", "securitySolution")
	p.elastic("paris", "", "observability")
	p.elastic("rome", secondSpace, "securitySolution")
	p.elastic("oslo", secondSpace, "cases")
	p.inbound("billing", 16)
	p.events(20)
	p.insightVM()
	p.application()
	p.services()
	lost := p.connector("", "Lost", ".slack", object{}, object{"webhookUrl": "https://hooks.slack.com/x"})
	if err := w.Kibana.MarkMissingSecrets(lost); err != nil {
		t.Fatal(err)
	}
	p.row("sys_cors_rule", object{
		"name": "Nothing allowed", "domain": "https://none.example.com", "get": "false",
		"resource_path": "x.do", "use_resource_path": "true",
	})
	w.Forget()
	return w, p.made
}

// everything asks for what is not adopted by itself.
var everything = []string{
	"-with", "system_property=nameSTARTSWITHacme.", "-with", "plugin=idLIKEglide",
	"-record", "cmn_location=nameSTARTSWITHSite", "-record", "discovery_credentials=name=Probe",
}

// TestAnEstateIsAdopted takes over what people made in eight integrations, and writes nothing.
func TestAnEstateIsAdopted(t *testing.T) { //nolint:paralleltest // sets the environment
	cli := acctest.Overrides(t)
	w, made := handMade(t)
	const least = 300
	if made < least {
		t.Errorf("an estate of %d records", made)
	}
	dir, said, err := adopt(t, w, everything...)
	if err != nil {
		t.Fatal(err)
	}
	text := all(t, dir)
	pureImports(t, w, cli, dir, made)
	if strings.Contains(text+said, secretText) {
		t.Error("a secret was written")
	}
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"`-record TABLE=QUERY`", "\"Fixed\", which stands in kibana.yml", "Properties of a password type",
		"`-with plugin=QUERY`",
	} {
		if !strings.Contains(string(readme), want) {
			t.Errorf("README.md lacks %s:\n%s", want, readme)
		}
	}
	for _, want := range []string{
		`http_methods += \[\]`, `id = "security/`, `config += jsonencode\({`, `= servicenow_store_application\.`,
		`connector_id += servicenow_kibana_itsm_connector\.oslo`, `# secret_parameters_wo += var\.`, `type += map\(string\)`,
		`value += "{\\"a\\": 1}"`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("no %s", want)
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, "*_itom.tf"))
	if err != nil || len(names) != 4 {
		t.Errorf("%v, %v", names, err)
	}
}

// TestAnEstateIsQueried is the same with Terraform alone: lists, generated configuration, import.
func TestAnEstateIsQueried(t *testing.T) { //nolint:paralleltest // sets the environment
	cli := acctest.Overrides(t)
	w, made := handMade(t)
	for name, value := range environment(w) {
		t.Setenv(name, value)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("provider.tf", providerBlock())
	write("all.tfquery.hcl", queries(t))
	run := terraformIn(t, cli, dir)
	if hasQueries(t) {
		run("query", "-generate-config-out=adopted.tf")
	} else {
		write("imports.tf", imports(t))
		run("plan", "-generate-config-out=adopted.tf")
	}
	if err := os.Remove(filepath.Join(dir, "all.tfquery.hcl")); err != nil {
		t.Fatal(err)
	}
	pureImports(t, w, cli, dir, made)
}

// hasQueries tells whether the terraform at hand is Terraform 1.14 or newer.
func hasQueries(t *testing.T) bool {
	t.Helper()
	cli := acctest.Terraform(t)
	return !cli.Tofu && !cli.Version.LessThan(goversion.Must(goversion.NewVersion("1.14.0")))
}

// imports does by hand what `terraform query` does: an import block for whatever the lists find.
func imports(t *testing.T) string {
	t.Helper()
	p, err := embedded.Start(t.Context(), "test")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, q := range asQueried(t) {
		listed, err := p.List(t.Context(), q.name, q.config)
		if err != nil {
			t.Fatal(err)
		}
		for i, record := range listed {
			fmt.Fprintf(&text, "import {\n  to = %s.all_%d\n  id = %q\n}\n", q.name, i,
				importID(&found{Listed: record, kind: q.name}))
		}
	}
	return text.String()
}

// query is a list block.
type query struct {
	name   string
	config object
}

// asQueried lists what people made, of every kind, and what a person would ask for beside it.
func asQueried(t *testing.T) []query {
	t.Helper()
	all := []query{{"servicenow_record", object{
		"table": "cmn_location", "columns": []string{"name"}, "query": "nameSTARTSWITHSite",
	}}}
	listed, err := kinds(t.Context(), provider.New("test")())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range listed {
		config := object{"query": shippedQuery}
		switch {
		case k.Server == lifecycle.Kibana:
			config = object{"space_id": "*"}
		case k.Table == "v_plugin":
			config["query"] = "idLIKEglide"
		case k.Table == "sys_store_app":
			config["query"] = "scopeSTARTSWITHx_"
		}
		all = append(all, query{k.name, config})
	}
	return all
}

func queries(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for _, q := range asQueried(t) {
		fmt.Fprintf(&text, "list %q \"all\" {\n  provider = servicenow\n  limit = 1000\n  config {\n", q.name)
		for name, value := range q.config {
			literal, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&text, "    %s = %s\n", name, literal)
		}
		text.WriteString("  }\n}\n")
	}
	return text.String()
}
