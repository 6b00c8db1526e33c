//go:build browser

package simulator_test

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// browser is a headless Chromium; BROWSER names another program.
type browser struct {
	t       *testing.T
	program string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	for _, name := range []string{os.Getenv("BROWSER"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return &browser{t, path}
		}
	}
	t.Fatal("no Chromium is on PATH: install it, or name it in BROWSER")
	return nil
}

// run opens a page, lets its scripts end, and returns what the browser prints.
func (b *browser) run(address string, arguments ...string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Minute)
	defer cancel()
	arguments = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--virtual-time-budget=10000",
		"--user-data-dir=" + b.t.TempDir(),
	}, arguments...)
	arguments = append(arguments, address)
	out, err := exec.CommandContext(ctx, b.program, arguments...).Output() //nolint:gosec // BROWSER is the developer's own
	if err != nil {
		b.t.Fatalf("%s: %v", address, err)
	}
	return string(out)
}

func (b *browser) dom(address string) string { b.t.Helper(); return b.run(address, "--dump-dom") }

func TestBrowserShowsThePages(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	p := start(t, simulator.Options{})
	p.insert("incident", servicenow.Record{"short_description": `<script>document.title = "owned"</script>`})
	for _, c := range []struct{ url, want string }{
		{p.ServiceNowURL() + "/", "INC0010001"},
		{p.ServiceNowURL() + "/simulator/page/policies", "Table GET API Access Policy"},
		{p.KibanaURL() + "/", "Simulated Kibana"},
	} {
		dom := b.dom(c.url)
		if !strings.Contains(dom, c.want) || strings.Contains(dom, "<title>owned") {
			t.Errorf("%s: %s", c.url, dom)
		}
	}
}

// TestBrowserDrawsThePictures makes the pictures of the guide, in the folder that SCREENSHOTS names.
func TestBrowserDrawsThePictures(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	clock := func() time.Time { return time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC) }
	p := start(t, simulator.Options{
		ServiceNow: servicenow.Options{DeterministicIDs: true, Clock: clock},
		Kibana:     kibana.Options{DeterministicIDs: true, Clock: clock},
		Seed: readSeed(t, `
servicenow:
  users: [{user_name: kibana, password: example, roles: [x_elas2_inc_int.integration_user]}]
  records:
    sys_user_group: [{name: Network}]
    incident:
      - {short_description: Malware on host web-1, assignment_group: Network, impact: 1, urgency: 1}
      - {short_description: Login from a new country, assignment_group: Network, impact: 2, urgency: 2}
      - {short_description: Certificate expires in 7 days, impact: 3, urgency: 3}
kibana:
  connectors:
    - {name: ServiceNow ITSM, connector_type_id: .servicenow, config: {apiUrl: "https://dev12345.service-now.com",
       usesTableApi: false}, secrets: {username: kibana, password: example}}
  case_settings: [{owner: securitySolution, connector: ServiceNow ITSM, closure_type: close-by-pushing}]
  cases:
    - {owner: securitySolution, title: Malware on host web-1, description: Found it., severity: high,
       connector: ServiceNow ITSM}
`),
	})
	directory := os.Getenv("SCREENSHOTS")
	if directory == "" {
		directory = t.TempDir()
	}
	ask := `<form method="post" action="/simulator/page/policies"><input name="method" value="POST">` +
		`<input name="path" value="/api/now/table/incident"><input name="user" value="kibana">` +
		`<input name="password" value="example"></form><script>document.forms[0].submit()</script>`
	if _, err := p.ServiceNow.Faults.Add(htmlPage(ask)); err != nil {
		t.Fatal(err)
	}
	const most = 100_000 // bytes of each picture: a page of documentation loads all
	for name, address := range map[string]string{
		"simulator-table":    p.ServiceNowURL() + "/simulator/page/table?name=incident",
		"simulator-policies": p.ServiceNowURL() + "/forged",
		"simulator-kibana":   p.KibanaURL() + "/",
	} {
		shot := filepath.Join(directory, name+".png")
		b.run(address, "--window-size=1100,560", "--hide-scrollbars", "--screenshot="+shot)
		info, err := os.Stat(shot) //nolint:gosec // SCREENSHOTS is the developer's own
		if err != nil || info.Size() < 10_000 || info.Size() > most {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// The rule of Elastic's documentation: the Elastic ITSM API, Kibana's address, GET. A call with credentials needs the
// header Authorization allowed besides.
func TestBrowserNeedsTheCORSRule(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	p := start(t, simulator.Options{})
	api := p.ServiceNow.Records("sys_ws_definition", "base_uri=/api/x_elas2_inc_int/elastic_api")
	if len(api) != 1 {
		t.Fatalf("%d definitions of the Elastic ITSM API", len(api))
	}
	call := func(user string) string {
		t.Helper()
		dom := b.dom(p.KibanaURL() + "/simulator/page/cors?" + url.Values{"user": {user}}.Encode() + "#send&password=admin")
		_, after, found := strings.Cut(dom, `id="cors-result"`)
		text, _, _ := strings.Cut(after, "</pre>")
		_, text, _ = strings.Cut(text, ">")
		if !found {
			t.Fatalf("no result: %s", dom)
		}
		return html.UnescapeString(text)
	}
	expect := func(user, want string) {
		t.Helper()
		if got := call(user); !strings.HasPrefix(got, want) {
			t.Errorf("user %q: %q, want %q", user, got, want)
		}
	}
	expect("", "blocked by the browser")
	rule := p.insert("sys_cors_rule", servicenow.Record{
		"name": "Kibana", "rest_api": api[0]["sys_id"], "domain": "https://elsewhere.example.com", "get": "true",
		"active": "true",
	})
	expect("", "blocked by the browser")
	change := func(values servicenow.Record) {
		t.Helper()
		if err := p.ServiceNow.Set("sys_cors_rule", rule, values); err != nil {
			t.Fatal(err)
		}
	}
	change(servicenow.Record{"domain": p.KibanaURL()})
	expect("", "allowed: status")
	expect("admin", "blocked by the browser")
	change(servicenow.Record{"access_control_allow_headers": "Authorization, Accept"})
	expect("admin", "allowed: status 200")
	change(servicenow.Record{"active": "false"})
	expect("admin", "blocked by the browser")
}

// htmlPage makes a server answer with a page of our own.
func htmlPage(body string) fault.Rule {
	return fault.Rule{Kind: fault.HTML, PathPrefix: "/forged", Body: body}
}

// A page of another origin posts a form to the simulator: it changes nothing.
func TestBrowserMayNotPostFromElsewhere(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	p := start(t, simulator.Options{})
	other := start(t, simulator.Options{})
	target := p.ServiceNowURL() + "/simulator/page/state"
	form := func(to string) string {
		return `<form method="post" action="` + to + `"><input name="id" value="forged"></form>` +
			`<script>document.forms[0].submit()</script>`
	}
	if _, err := other.ServiceNow.Faults.Add(htmlPage(form(target))); err != nil {
		t.Fatal(err)
	}
	b.dom(other.ServiceNowURL() + "/forged")
	if got := p.ServiceNow.Snapshots(); len(got) > 0 {
		t.Errorf("another origin's form made the snapshots %v", got)
	}
	// The same form from the same origin works, so it was the origin that stopped the other.
	if _, err := p.ServiceNow.Faults.Add(htmlPage(form(target))); err != nil {
		t.Fatal(err)
	}
	b.dom(p.ServiceNowURL() + "/forged")
	if got := p.ServiceNow.Snapshots(); len(got) != 1 {
		t.Errorf("snapshots %v, want one", got)
	}
	if status, _ := p.send(http.MethodGet, p.ServiceNowURL()+"/simulator/health"); status != http.StatusOK {
		t.Errorf("health: status %d", status)
	}
}
