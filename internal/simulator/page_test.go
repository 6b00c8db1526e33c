package simulator_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const browserAccepts = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

func (p *pair) page(address string) (int, string) {
	p.t.Helper()
	return p.send(http.MethodGet, address, "Accept", browserAccepts)
}

func (p *pair) post(address string, values url.Values, headers ...string) (int, string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, address, strings.NewReader(values.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	return p.read(request)
}

func TestPageIsForBrowsersOnly(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	for side, c := range map[string]struct {
		url  string
		want int // of an API client
	}{
		"ServiceNow": {p.ServiceNowURL(), http.StatusNotFound}, "Kibana": {p.KibanaURL(), http.StatusUnauthorized},
	} {
		status, body := p.page(c.url + "/")
		if status != http.StatusOK || !strings.Contains(body, "<strong>Simulated "+side+"</strong>") {
			t.Errorf("%s: %d %s", side, status, body)
		}
		for _, accept := range []string{"application/json", "*/*", ""} {
			if status, _ := p.send(http.MethodGet, c.url+"/", "Accept", accept); status != c.want {
				t.Errorf("%s, Accept %q: status %d, want %d", side, accept, status, c.want)
			}
		}
		if status, _ := p.page(c.url + "/api/now/table/incident"); status == http.StatusOK {
			t.Errorf("%s: a browser reads the API without logging in", side)
		}
	}
}

// Every page, reached by the links of the others, shows markup as text and no secret.
func TestPagesEscapeMarkupAndShowNoSecret(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	const markup, secret = `"><script>alert(1)</script><img src=x onerror=alert(2)>`, "dont-show-me"
	user := p.insert("sys_user", servicenow.Record{"user_name": markup, "user_password": secret})
	p.insert("incident", servicenow.Record{"short_description": markup, "number": markup})
	key := p.ServiceNow.Secret("api_key", p.insert("api_key", servicenow.Record{"name": markup, "user": user}), "token")
	p.insert("sys_api_access_policy", servicenow.Record{"name": markup})
	p.ServiceNow.AddTable(servicenow.Table{Name: "u_evil", Label: markup, Columns: []servicenow.Column{
		{Name: "u_evil", Label: markup, Default: markup, Choices: []servicenow.Choice{{Value: markup, Label: markup}}},
	}})
	p.insert("u_evil", servicenow.Record{})
	p.ServiceNow.SaveSnapshot(markup)
	if _, err := p.Kibana.Insert(kibana.Connector{
		Name: markup, TypeID: ".servicenow", Config: map[string]any{"apiUrl": markup},
	}, map[string]any{"password": secret}); err != nil {
		t.Fatal(err)
	}
	p.ask(http.MethodPost, p.KibanaURL()+"/api/actions/connector?"+url.QueryEscape(markup), "elastic", "changeme",
		map[string]any{
			"name": markup, "connector_type_id": ".servicenow", "config": map[string]any{"apiUrl": "https://example.com"},
			"secrets": map[string]any{"username": "u", "password": secret},
		})
	p.send(http.MethodGet, p.ServiceNowURL()+"/api/now/table/incident?x-sn-apikey="+key, "User-Agent", markup)
	p.post(p.ServiceNowURL()+"/oauth_token.do", url.Values{"grant_type": {markup}, "client_id": {markup}})

	href := regexp.MustCompile(`href="(/[^"]*)"`)
	for _, side := range []string{p.ServiceNowURL(), p.KibanaURL()} {
		seen, queue := map[string]bool{"/": true}, []string{"/", "/simulator/page/cors?path=" + url.QueryEscape(markup)}
		if side == p.ServiceNowURL() {
			queue[1] = "/simulator/page/table?name=sys_user&query=" + url.QueryEscape(markup)
		}
		shown := false
		for len(queue) > 0 && len(seen) < 400 {
			path := queue[0]
			queue = queue[1:]
			status, body := p.page(side + path)
			shown = shown || strings.Contains(body, html.EscapeString("<script>alert(1)</script>"))
			switch {
			case status != http.StatusOK:
				t.Errorf("%s: status %d", path, status)
			case strings.Contains(body, "<script>alert") || strings.Contains(body, "<img"):
				t.Errorf("%s lets markup through", path)
			case strings.Contains(body, secret) || strings.Contains(body, key):
				t.Errorf("%s shows a secret", path)
			}
			for _, found := range href.FindAllStringSubmatch(body, -1) {
				if next := html.UnescapeString(found[1]); !seen[next] && !strings.HasSuffix(next, ".css") {
					seen[next] = true
					queue = append(queue, next)
				}
			}
		}
		if !shown || len(seen) < 5 {
			t.Errorf("%s: the markup was not met on %d pages", side, len(seen))
		}
	}
}

func TestPageSetsSecurityHeaders(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	response, err := p.client.Do(p.request(p.ServiceNowURL() + "/simulator/page/tables"))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	policy := response.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("%q lacks %s", policy, want)
		}
	}
	if strings.Contains(policy, "script-src") {
		t.Errorf("%q allows scripts", policy)
	}
}

func TestPageSwitchesFaults(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	for _, side := range []string{p.ServiceNowURL(), p.KibanaURL()} {
		const faults = "/simulator/page/faults"
		values := url.Values{"kind": {"status"}, "path": {"/api/"}, "status": {"502"}, "count": {""}, "method": {""}}
		if status, _ := p.post(side+faults, values, "Sec-Fetch-Site", "cross-site"); status != http.StatusForbidden {
			t.Errorf("a form of another site: status %d", status)
		}
		if status, _ := p.send(http.MethodGet, side+"/api/status"); status == http.StatusBadGateway {
			t.Error("the fault of another site's form strikes")
		}
		if status, body := p.post(side+faults, values, "Sec-Fetch-Site", "same-origin"); status != http.StatusOK ||
			!strings.Contains(body, "fault-1") {
			t.Errorf("%d %s", status, body)
		}
		if status, _ := p.send(http.MethodGet, side+"/api/status"); status != http.StatusBadGateway {
			t.Errorf("status %d: the fault does not strike", status)
		}
		p.post(side+faults+"/remove", url.Values{"id": {"fault-1"}})
		if status, _ := p.send(http.MethodGet, side+"/api/status"); status == http.StatusBadGateway {
			t.Error("the fault strikes though it was removed")
		}
		values.Set("count", "many")
		if status, body := p.post(side+faults, values); status != http.StatusBadRequest ||
			!strings.Contains(body, "not a number") {
			t.Errorf("%d %s", status, body)
		}
	}
}

func TestPageMovesTheClockAndKeepsState(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	before := p.ServiceNow.Now()
	p.post(p.ServiceNowURL()+"/simulator/page/advance", url.Values{"by": {"24h"}})
	if moved := p.ServiceNow.Now().Sub(before).Hours(); moved < 24 || moved > 25 {
		t.Errorf("the clock moved by %.1f hours", moved)
	}
	for side, snapshots := range map[string]func() []string{
		p.ServiceNowURL(): p.ServiceNow.Snapshots, p.KibanaURL(): p.Kibana.Snapshots,
	} {
		const state = "/simulator/page/state"
		p.post(side+state, url.Values{"id": {"a"}})
		if got := snapshots(); len(got) != 1 {
			t.Errorf("snapshots %v", got)
		}
		if status, _ := p.post(side+state+"/restore", url.Values{"id": {"a"}}); status != http.StatusOK {
			t.Errorf("restore: status %d", status)
		}
		if status, _ := p.post(side+state+"/restore", url.Values{"id": {"b"}}); status != http.StatusBadRequest {
			t.Errorf("restore of none: status %d", status)
		}
		p.post(side+state+"/delete", url.Values{"id": {"a"}})
		if got := snapshots(); len(got) != 0 {
			t.Errorf("snapshots %v", got)
		}
		if status, _ := p.post(side+state+"/reset", nil); status != http.StatusOK {
			t.Errorf("reset: status %d", status)
		}
	}
}

// What the page explains is what a request meets.
func TestExplanationAgreesWithRequests(t *testing.T) {
	t.Parallel()
	p := start(t, simulator.Options{})
	user := p.insert("sys_user", servicenow.Record{"user_name": "robot", "user_password": "pw"})
	key := p.ServiceNow.Secret("api_key", p.insert("api_key", servicenow.Record{"name": "k", "user": user}), "token")
	const path = "/api/now/table/incident"
	check := func(q servicenow.Question, reason string) {
		t.Helper()
		q.Path = path
		request := p.request(p.ServiceNowURL() + path)
		switch {
		case q.APIKey != "":
			request.Header.Set("x-sn-apikey", q.APIKey)
		case q.User != "":
			request.SetBasicAuth(q.User, q.Password)
		}
		status, _ := p.read(request)
		got := p.ServiceNow.Explain(q)
		if got.Passes != (status != http.StatusUnauthorized) || !strings.Contains(got.Reason, reason) {
			t.Errorf("%+v, and a request meets %d; want the reason %q", got, status, reason)
		}
		form := url.Values{
			"method": {"GET"}, "path": {path}, "user": {q.User}, "password": {q.Password}, "api_key": {q.APIKey},
		}
		if _, body := p.post(p.ServiceNowURL()+"/simulator/page/policies", form); !strings.Contains(
			html.UnescapeString(body), got.Reason) || q.APIKey != "" && strings.Contains(body, q.APIKey) {
			t.Errorf("the page lacks the reason or shows the key: %s", body)
		}
	}
	check(servicenow.Question{}, "no credential")
	check(servicenow.Question{User: "admin", Password: "wrong"}, "wrong user name")
	check(servicenow.Question{User: "admin", Password: "admin"}, "no access policy")
	check(servicenow.Question{APIKey: key}, "only where one maps a profile")
	policy := p.ServiceNow.Records("sys_api_access_policy", "http_method=GET")[0]["sys_id"]
	if err := p.ServiceNow.Set("sys_api_access_policy", policy, servicenow.Record{"active": "true"}); err != nil {
		t.Fatal(err)
	}
	parameter := p.ServiceNow.Records("sys_token_auth_parameter", "type=auth_header^parameter_name=x-sn-apikey")[0]
	profile := p.insert("http_key_auth", servicenow.Record{
		"name": "keys", "type": "http_key_auth", "auth_parameter": parameter["sys_id"], "active": "true",
	})
	p.insert("sys_auth_profile_mapping", servicenow.Record{
		"api_access_policy": policy, "inbound_auth_profile": profile,
	})
	check(servicenow.Question{APIKey: key}, "maps a profile for this method")
	check(servicenow.Question{User: "admin", Password: "admin"}, "maps other profiles only")
	got := p.ServiceNow.Explain(servicenow.Question{Path: path, APIKey: key})
	if len(got.Policies) != 1 || got.Policies[0].ID != policy || got.User != "robot" {
		t.Errorf("%+v", got)
	}
}
