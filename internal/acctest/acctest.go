// Package acctest runs acceptance tests: the whole provider, the real terraform and the simulated servers.
//
// A test describes a resource once, attribute by attribute; Resource.Test then takes it through its life: create, empty
// plan, import, change, clear, drift, gone, hidden, replacement and destroy. What that cannot say is said with
// World.Run.
package acctest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// KibanaUser and KibanaPassword log in to the simulated Kibana.
const (
	KibanaUser     = "elastic"
	KibanaPassword = "changeme"
)

// World is a simulator of one test's own.
type World struct {
	*simulator.Simulator
	// Settings are further lines of the provider block, and KibanaSettings of its attribute kibana.
	Settings, KibanaSettings string
	t                        *testing.T
	records                  map[string]int
}

// New starts a simulator, with the Elastic ITSM application installed unless the options say otherwise.
func New(t *testing.T, change ...func(*simulator.Options)) *World {
	t.Helper()
	options := simulator.Options{
		ServiceNow: servicenow.Options{Apps: []string{servicenow.ElasticITSM}},
		Kibana:     kibana.Options{Username: KibanaUser, Password: KibanaPassword},
	}
	for _, c := range change {
		c(&options)
	}
	sim, err := simulator.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &World{Simulator: sim, t: t}
	w.records = w.count()
	return w
}

// count reports how many records each table and each space hold.
func (w *World) count() map[string]int {
	all := map[string]int{}
	for _, table := range w.ServiceNow.Tables() {
		all[table] = len(w.ServiceNow.Records(table, ""))
	}
	for _, c := range w.Kibana.Connectors() {
		all["connectors of space "+c.Space]++
	}
	return all
}

// kept are tables that fill by themselves and are nobody's leftovers.
var kept = []string{"sys_import_set", "sys_import_set_row", "incident", "task", "oauth_credential", "em_event"}

// Leftovers lists the tables and spaces that hold more or fewer records than at the start.
func (w *World) Leftovers() []string {
	var left []string
	now := w.count()
	for name := range w.records {
		now[name] += 0 // a space without connectors is not counted otherwise
	}
	for name, count := range now {
		if count != w.records[name] && !slices.Contains(kept, name) && !strings.HasSuffix(name, "elastic_incident") {
			left = append(left, fmt.Sprintf("%s: %d at the start, %d now", name, w.records[name], count))
		}
	}
	slices.Sort(left)
	return left
}

// Provider is the provider block for the two servers.
func (w *World) Provider() string {
	return fmt.Sprintf(`
provider "servicenow" {
  instance_url = %q
  basic_auth   = { username = %q, password = %q }
  kibana = {
    url        = %q
    basic_auth = { username = %q, password = %q }
    %s
  }
  %s
}
`, w.ServiceNowURL(), w.ServiceNow.AdminUser(), w.ServiceNow.AdminPassword(), w.KibanaURL(), KibanaUser, KibanaPassword,
		w.KibanaSettings, w.Settings)
}

// Factories serve the provider in this process.
func Factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"servicenow": func() (tfprotov6.ProviderServer, error) {
			return provider.NewServer("test")
		},
	}
}

// Run takes steps with the real terraform. The provider block goes before each step's configuration, each apply is
// followed by a plan that must be empty, and the destroy at the end must leave nothing behind.
func (w *World) Run(steps ...resource.TestStep) {
	w.t.Helper()
	for i := range steps {
		if steps[i].Config != "" && !strings.Contains(steps[i].Config, "provider \"servicenow\"") {
			steps[i].Config = w.Provider() + steps[i].Config
		}
	}
	resource.Test(w.t, resource.TestCase{
		ProtoV6ProviderFactories: Factories(),
		Steps:                    steps,
		CheckDestroy: func(*terraform.State) error {
			if left := w.Leftovers(); len(left) > 0 {
				return fmt.Errorf("left behind:\n%s", strings.Join(left, "\n"))
			}
			return nil
		},
	})
}

// Writes lists the requests since the last call that changed something, as "POST sys_cors_rule active,name": method,
// table (or path) and body columns, sys_id left out.
func (w *World) Writes() []string {
	var writes []string
	for _, r := range w.ServiceNow.Requests() {
		if r.Method == http.MethodGet {
			continue
		}
		where := r.Path
		if rest, ok := strings.CutPrefix(r.Path, "/api/now/table/"); ok {
			where, _, _ = strings.Cut(rest, "/")
		}
		columns := slices.DeleteFunc(slices.Clone(r.Columns), func(c string) bool { return c == "sys_id" })
		writes = append(writes, strings.TrimSpace(r.Method+" "+where+" "+strings.Join(columns, ",")))
	}
	for _, r := range w.Kibana.Requests() {
		if r.Method != http.MethodGet && !strings.Contains(r.Path, "_execute") {
			writes = append(writes, r.Method+" "+r.Path)
		}
	}
	w.Forget()
	return writes
}

// Reads lists the GET requests since the last call, by path.
func (w *World) Reads() []string {
	var reads []string
	for _, r := range w.ServiceNow.Requests() {
		if r.Method == http.MethodGet {
			reads = append(reads, r.Path)
		}
	}
	for _, r := range w.Kibana.Requests() {
		if r.Method == http.MethodGet {
			reads = append(reads, r.Path)
		}
	}
	w.Forget()
	return reads
}

// Forget empties both request logs.
func (w *World) Forget() {
	w.ServiceNow.ForgetRequests()
	w.Kibana.ResetRequests()
}
