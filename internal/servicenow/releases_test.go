package servicenow_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// releasesGuide holds the table of what runs where, between these two lines.
const (
	releasesGuide = "../../templates/guides/supported-releases.md.tmpl"
	tableBegin    = "<!-- made by make test-releases -->"
	tableEnd      = "<!-- end -->"
)

// kibanaVersions are those that routes, bodies or rules changed with, and the newest.
var kibanaVersions = []string{"7.7.0", "7.17.0", "8.8.0", "8.19.0", "9.0.0", "9.3.0", "9.4.0"}

// newestKibana and newestServiceNow run beside the other side's releases.
const (
	newestKibana     = "9.4.0"
	newestServiceNow = servicenow.Australia
)

// exampleRun is a complete example and what it takes to run it.
type exampleRun struct {
	name          string
	apps          []string
	usesInstance  bool // resources on ServiceNow, so that its release matters
	usesKibana    bool
	kibanaFrom    string // the first version that it supports
	refusedBefore string // what the error of an older version says
	variables     func(t *testing.T, w *acctest.World) map[string]any
	// proves shows that what was applied works, beyond the example's own checks.
	proves func(t *testing.T, e *completeExample)
}

func oauthVariables(t *testing.T, w *acctest.World) map[string]any {
	t.Helper()
	key, certificate := acctest.KeyPair(t, "Elastic")
	file := filepath.Join(t.TempDir(), "elastic.crt")
	if err := os.WriteFile(file, []byte(certificate), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]any{
		"kibana_url": w.KibanaURL(), "private_key": key, "client_secret": "a-long-random-secret",
		"certificate_files": map[string]string{"a": file},
	}
}

var exampleRuns = []exampleRun{
	{
		name: "elastic-itsm", apps: []string{servicenow.ElasticITSM}, usesInstance: true, usesKibana: true,
		kibanaFrom: "8.3.0", refusedBefore: "8.3", variables: oauthVariables, proves: createsIncident,
	},
	{
		name: "elastic-secops", apps: []string{servicenow.ElasticSecOps}, usesInstance: true, usesKibana: true,
		kibanaFrom: "8.3.0", refusedBefore: "8.3", variables: oauthVariables,
	},
	{
		name: "elastic-cases", apps: []string{servicenow.ElasticITSM}, usesKibana: true,
		kibanaFrom: "7.14.0", refusedBefore: "7.14",
		variables: func(t *testing.T, w *acctest.World) map[string]any {
			t.Helper()
			return map[string]any{
				"kibana_url": w.KibanaURL(), "push_to": "servicenow_itsm",
				"servicenow_itsm": map[string]string{
					"url": w.ServiceNowURL(), "username": w.ServiceNow.AdminUser(), "name": "ITSM",
				},
				"servicenow_itsm_password": w.ServiceNow.AdminPassword(),
			}
		},
	},
	{
		name: "event-management-api-keys", apps: []string{servicenow.EventConnectors}, usesInstance: true,
		variables: func(t *testing.T, _ *acctest.World) map[string]any {
			t.Helper()
			return map[string]any{
				"senders": map[string]any{"monitor": map[string]any{"user_name": "events.monitor", "source": "monitor"}},
			}
		},
		proves: func(t *testing.T, e *completeExample) {
			t.Helper()
			key := e.w.ServiceNow.Records("api_key", "")[0]["sys_id"]
			e.sends(e.w.ServiceNow.Secret("api_key", key, "token"))
		},
	},
	{
		name: "rapid7-insightvm", apps: []string{servicenow.Rapid7Integration}, usesInstance: true,
		variables: func(t *testing.T, _ *acctest.World) map[string]any {
			t.Helper()
			return map[string]any{"region": "Europe", "api_key": "insight-key"}
		},
		proves: func(t *testing.T, e *completeExample) {
			t.Helper()
			if region := parameter(e.w, "insightvm_region"); region["value"] != "eu.api.insight.rapid7.com" {
				t.Errorf("the region is %v", region["value"])
			}
		},
	},
}

// createsIncident has Kibana push an incident through the connector.
func createsIncident(t *testing.T, e *completeExample) {
	t.Helper()
	connectors := e.w.Kibana.Connectors()
	if len(connectors) != 1 {
		t.Fatalf("%d connectors", len(connectors))
	}
	body := `{"params": {"subAction": "pushToService", "subActionParams": {"comments": [],
		"incident": {"short_description": "proof", "externalId": null}}}}`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		e.w.KibanaURL()+"/api/actions/connector/"+connectors[0].ID+"/_execute", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(acctest.KibanaUser, acctest.KibanaPassword)
	request.Header.Set("Kbn-Xsrf", "true")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || !strings.Contains(string(said), `"status":"ok"`) ||
		len(e.w.ServiceNow.Records("incident", "short_description=proof")) != 1 {
		t.Errorf("%v: Kibana creates no incident: %s", err, said)
	}
}

// supports reports whether a version of Kibana is recent enough.
func (r exampleRun) supports(version string) bool {
	return r.kibanaFrom == "" || slices.Compare(numbers(version), numbers(r.kibanaFrom)) >= 0
}

func numbers(version string) []int {
	var major, minor int
	_, _ = fmt.Sscanf(version, "%d.%d", &major, &minor)
	return []int{major, minor}
}

// cell is one example on one pair of releases.
type cell struct {
	run     exampleRun
	release servicenow.Release
	kibana  string
	sample  bool // runs in make test, too
}

func cells() []cell {
	var all []cell
	for _, run := range exampleRuns {
		if run.usesInstance {
			for _, release := range servicenow.Releases() {
				all = append(all, cell{
					run: run, release: release, kibana: newestKibana,
					sample: run.name == "elastic-itsm" && release == servicenow.Washington,
				})
			}
		}
		if !run.usesKibana {
			continue
		}
		for _, version := range kibanaVersions {
			if run.usesInstance && version == newestKibana {
				continue // is there, with every release of ServiceNow
			}
			all = append(all, cell{
				run: run, release: newestServiceNow, kibana: version,
				sample: run.name == "elastic-cases" && (version == "7.7.0" || version == "8.8.0"),
			})
		}
	}
	return all
}

// TestReleases takes every complete example through its life on every release that matters to it: it applies, proves
// itself, plans nothing and is destroyed, or is refused with the error that is declared, having made nothing. Without
// TEST_RELEASES=all it runs a sample. With TEST_RELEASES_UPDATE it writes the guide's table.
func TestReleases(t *testing.T) {
	t.Parallel()
	cli := acctest.Overrides(t)
	full := os.Getenv("TEST_RELEASES") == "all"
	outcomes := map[string]bool{}
	var lock sync.Mutex
	t.Run("examples", func(t *testing.T) {
		t.Parallel()
		for _, c := range cells() {
			if !full && !c.sample {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s/%s", c.run.name, c.release, c.kibana), func(t *testing.T) {
				t.Parallel()
				supported := c.live(t, cli)
				lock.Lock()
				defer lock.Unlock()
				if !t.Failed() {
					outcomes[c.run.name+string(c.release)+c.kibana] = supported
				}
			})
		}
	})
	t.Cleanup(func() {
		if os.Getenv("TEST_RELEASES_UPDATE") == "" || t.Failed() {
			return
		}
		if !full || len(outcomes) != len(cells()) {
			t.Errorf("%d of %d runs have an outcome: the table is written from all of them", len(outcomes), len(cells()))
			return
		}
		writeReleases(t, func(c cell) bool { return outcomes[c.run.name+string(c.release)+c.kibana] })
	})
}

// live takes an example through its life, and reports whether the releases support it.
func (c cell) live(t *testing.T, cli string) bool {
	t.Helper()
	w := acctest.New(t, func(o *simulator.Options) {
		o.ServiceNow.Apps, o.ServiceNow.Release, o.Kibana.Version = c.run.apps, c.release, c.kibana
	})
	e := newExample(t, w, cli, c.run.name, c.run.variables(t, w))
	if !c.run.supports(c.kibana) {
		w.Forget()
		out, code := e.attempt("apply", "-auto-approve")
		if code != 1 || !strings.Contains(out, c.run.refusedBefore) || !strings.Contains(out, "Error:") {
			t.Errorf("Kibana %s is refused with %d, and not by naming %s:\n%s", c.kibana, code, c.run.refusedBefore, out)
		}
		if writes := w.Writes(); len(writes) > 0 {
			t.Errorf("wrote %v", writes)
		}
		return false
	}
	e.applies()
	if c.run.proves != nil {
		c.run.proves(t, e)
	}
	e.plansNothing()
	e.destroys()
	return true
}

// TestReleasesGuide holds that the guide's table is what the examples declare, which TestReleases proves.
func TestReleasesGuide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile(releasesGuide)
	if err != nil {
		t.Fatal(err)
	}
	want := releasesTable(func(c cell) bool { return c.run.supports(c.kibana) })
	if got := between(string(guide)); got != want {
		t.Errorf("the table in %s is not what make test-releases writes:\n%s\nwant\n%s", releasesGuide, got, want)
	}
	entries, err := os.ReadDir("../../examples/complete")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.ContainsFunc(exampleRuns, func(r exampleRun) bool { return r.name == entry.Name() }) {
			t.Errorf("the example %s runs on no release", entry.Name())
		}
	}
	if len(entries) != len(exampleRuns) {
		t.Errorf("%d examples, and %d are run", len(entries), len(exampleRuns))
	}
}

func between(guide string) string {
	_, rest, _ := strings.Cut(guide, tableBegin+"\n")
	table, _, _ := strings.Cut(rest, tableEnd)
	return strings.TrimSpace(table)
}

func writeReleases(t *testing.T, supported func(cell) bool) {
	t.Helper()
	guide, err := os.ReadFile(releasesGuide)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(guide), tableBegin)
	_, after, ok := strings.Cut(rest, tableEnd)
	if !ok {
		t.Fatalf("%s has no place for the table", releasesGuide)
	}
	text := before + tableBegin + "\n\n" + releasesTable(supported) + "\n\n" + tableEnd + after
	if err := os.WriteFile(releasesGuide, []byte(text), 0o644); err != nil { //nolint:gosec // a file of the repository
		t.Fatal(err)
	}
}

// releasesTable is the table, in Markdown, by the outcome of each run.
func releasesTable(supported func(cell) bool) string {
	all := cells()
	// outcome of the runs of an example that pick agrees with: yes, no, or nothing where the release does not matter.
	outcome := func(run exampleRun, pick func(cell) bool) string {
		i := slices.IndexFunc(all, func(c cell) bool { return c.run.name == run.name && pick(c) })
		switch {
		case i < 0:
			return ""
		case supported(all[i]):
			return "yes"
		}
		major := numbers(run.kibanaFrom)
		return fmt.Sprintf("no: needs %d.%d", major[0], major[1])
	}
	var text strings.Builder
	row := func(cells []string) { fmt.Fprintf(&text, "| %s |\n", strings.Join(cells, " | ")) }
	heads := []string{"example"}
	for _, release := range servicenow.Releases() {
		heads = append(heads, releaseName(release))
	}
	minor := func(version string) string { return fmt.Sprintf("%d.%d", numbers(version)[0], numbers(version)[1]) }
	fmt.Fprintf(&text, "ServiceNow, with Kibana %s where the example uses it:\n\n", minor(newestKibana))
	row(heads)
	row(slices.Repeat([]string{"---"}, len(heads)))
	for _, run := range exampleRuns {
		if !run.usesInstance {
			continue
		}
		line := []string{run.name}
		for _, release := range servicenow.Releases() {
			line = append(line, outcome(run, func(c cell) bool { return c.release == release && c.kibana == newestKibana }))
		}
		row(line)
	}
	heads = []string{"example"}
	for _, version := range kibanaVersions {
		heads = append(heads, minor(version))
	}
	fmt.Fprintf(&text, "\nKibana, with ServiceNow %s:\n\n", releaseName(newestServiceNow))
	row(heads)
	row(slices.Repeat([]string{"---"}, len(heads)))
	for _, run := range exampleRuns {
		if !run.usesKibana {
			continue
		}
		line := []string{run.name}
		for _, version := range kibanaVersions {
			line = append(line, outcome(run, func(c cell) bool {
				return c.kibana == version && c.release == newestServiceNow
			}))
		}
		row(line)
	}
	return strings.TrimSpace(text.String())
}

func releaseName(release servicenow.Release) string {
	if release == servicenow.Washington {
		return "Washington DC"
	}
	return strings.ToUpper(string(release)[:1]) + string(release)[1:]
}
