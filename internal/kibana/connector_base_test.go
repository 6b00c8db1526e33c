package kibana_test

import (
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

// One release of each generation of the connector API, and of what connectors may hold.
const (
	first     = "7.7.0"  // /api/action; mappings as casesConfiguration
	second    = "7.9.3"  // /api/actions/action; mappings as incidentConfiguration
	third     = "7.17.0" // /api/actions/connector; usesTableApi
	beforeIDs = "8.7.0"  // OAuth
	withIDs   = "8.15.0" // ids chosen by the client
	newest    = "9.4.0"
)

// releases are all of them.
var releases = []string{first, second, third, beforeIDs, withIDs, newest}

func onKibana(version string, spaces ...string) func(*simulator.Options) {
	return func(o *simulator.Options) { o.Kibana.Version, o.Kibana.Spaces = version, spaces }
}

// connectorTest says how a connector's resource is taken through its life.
type connectorTest struct {
	// resource is the type without "servicenow_kibana_", and typeID Kibana's name of it.
	resource, typeID string
	// is and becomes are attributes beside the name, and writeOnly the secrets; %s stands for a suffix of each.
	is, becomes, writeOnly string
	// config is what Kibana holds for is and becomes; only these keys are compared.
	config, changed map[string]any
	// stored are the secrets that Kibana holds for is; %s stands for the suffix.
	stored map[string]string
	// drift is what another administrator changes, by config key.
	drift map[string]any
	// drifting are the attributes that show it, beside the name.
	drifting []string
	// version names the attribute that sends the secrets again; empty when there are none.
	version string
	// unread are attributes that an import cannot read back as they are written.
	unread []string
}

const address = "test"

func (c connectorTest) full() string { return "servicenow_kibana_" + c.resource }

func (c connectorTest) hcl(name, attributes, suffix string, more ...string) string {
	secrets := strings.ReplaceAll(c.writeOnly, "%s", suffix)
	return fmt.Sprintf("resource %q \"test\" {\n  name = %q\n%s\n%s\n%s\n}\n",
		c.full(), name, attributes, secrets, strings.Join(more, "\n"))
}

// the finds the only connector in Kibana.
func the(w *acctest.World) (kibana.Connector, error) {
	all := w.Kibana.Connectors()
	if len(all) != 1 {
		return kibana.Connector{}, fmt.Errorf("kibana holds %d connectors, not one", len(all))
	}
	return all[0], nil
}

// holds compares the connector in Kibana with what it should be.
func (c connectorTest) holds(
	w *acctest.World, name string, config map[string]any, suffix string,
) resource.TestCheckFunc {
	return func(*terraform.State) error {
		found, err := the(w)
		if err != nil {
			return err
		}
		if found.Name != name || found.TypeID != c.typeID || found.IsMissingSecrets {
			return fmt.Errorf("connector is %+v", found)
		}
		for key, want := range config {
			if !reflect.DeepEqual(found.Config[key], want) {
				return fmt.Errorf("config key %s holds %#v, not %#v", key, found.Config[key], want)
			}
		}
		stored := w.Kibana.Secrets(found.ID)
		for key, want := range c.stored {
			if got := stored[key]; got != strings.ReplaceAll(want, "%s", suffix) {
				return fmt.Errorf("secret %s is not what it should be with %q", key, suffix)
			}
		}
		return nil
	}
}

// maximumLists is how often one step may list the connectors: for the refresh of each of its plans and applies, and for
// the look-up before a create.
const maximumLists = 5

// sent holds that Kibana got exactly these writes since the last look, and no more lists than there were refreshes.
func sent(w *acctest.World, methods ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		var got []string
		lists := 0
		for _, r := range w.Kibana.Requests() {
			switch {
			case r.Method != http.MethodGet:
				got = append(got, r.Method)
			case strings.HasSuffix(r.Path, "/api/actions") || strings.HasSuffix(r.Path, "/_getAll") ||
				strings.HasSuffix(r.Path, "/connectors"):
				lists++
			}
		}
		if !slices.Equal(got, methods) {
			return fmt.Errorf("kibana got the writes %v, not %v", got, methods)
		}
		if lists > maximumLists {
			return fmt.Errorf("kibana was asked for %d lists of connectors", lists)
		}
		return nil
	}
}

func (c connectorTest) action(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction(c.full()+"."+address, action),
	}}
}

// run takes the connector through its life: create, empty plan, import by id and name, change and drift, lost secrets,
// rotation without and with a version, gone, destroy.
func (c connectorTest) run(t *testing.T, version string) {
	t.Helper()
	w := acctest.New(t, onKibana(version))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	id := func() string {
		found, err := the(w)
		must(err)
		return found.ID
	}
	ignored := append([]string{"timeouts", "secrets_updated_at", c.version}, c.unread...)
	before, after := c.hcl("Elastic", c.is, "1"), c.hcl("Renamed", c.becomes, "1")
	steps := []resource.TestStep{
		{
			Config: before,
			Check: resource.ComposeAggregateTestCheckFunc(c.holds(w, "Elastic", c.config, "1"), sent(w, "POST"),
				resource.TestCheckResourceAttr(c.full()+".test", "is_preconfigured", "false"),
				resource.TestCheckResourceAttr(c.full()+".test", "is_missing_secrets", "false"),
				resource.TestCheckResourceAttr(c.full()+".test", "space_id", "default"),
				resource.TestCheckResourceAttrPair(c.full()+".test", "id", c.full()+".test", "connector_id")),
		},
		{
			// Without its secrets, as generated: those that are configured would be sent.
			Config: withoutSecrets(c.hcl("Elastic", c.is, "1")), ResourceName: c.full() + ".test",
			ImportState: true, ImportStateKind: resource.ImportBlockWithID,
		},
		{
			ResourceName: c.full() + ".test", ImportState: true, ImportStateId: "name=Elastic",
			ImportStateVerify: true, ImportStateVerifyIgnore: ignored,
		},
		{ // the configuration changes, and so does everything behind its back
			PreConfig: func() { must(w.Kibana.Set(id(), "Drifted", c.drift)); w.Forget() },
			Config:    after,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				acctest.Drifts(c.full()+".test", append([]string{"name"}, c.drifting...)...),
			}},
			Check: resource.ComposeAggregateTestCheckFunc(c.holds(w, "Renamed", c.changed, "1"), sent(w, "PUT")),
		},
	}
	if c.version != "" {
		steps = append(steps, c.secretSteps(w, version, func() { must(w.Kibana.MarkMissingSecrets(id())) })...)
	}
	steps = append(steps, resource.TestStep{
		PreConfig:        func() { must(w.Kibana.Delete(id())) },
		Config:           after,
		ConfigPlanChecks: c.action(plancheck.ResourceActionCreate),
		Check:            c.holds(w, "Renamed", c.changed, "1"),
	})
	w.Run(steps...)
}

// secretSteps lose and rotate the secrets.
func (c connectorTest) secretSteps(w *acctest.World, version string, lose func()) []resource.TestStep {
	versioned := func(suffix string, number int) string {
		return c.hcl("Renamed", c.becomes, suffix, fmt.Sprintf("  %s = %d", c.version, number))
	}
	var steps []resource.TestStep
	if !strings.HasPrefix(version, "7.7") && !strings.HasPrefix(version, "7.9") { // they do not tell of lost secrets
		steps = append(steps, resource.TestStep{
			PreConfig: func() { lose(); w.Forget() }, Config: c.hcl("Renamed", c.becomes, "1"),
			ConfigPlanChecks: c.action(plancheck.ResourceActionUpdate),
			Check: resource.ComposeAggregateTestCheckFunc(c.holds(w, "Renamed", c.changed, "1"), sent(w, "PUT"),
				resource.TestCheckResourceAttr(c.full()+".test", "is_missing_secrets", "false")),
		})
	}
	return append(steps,
		resource.TestStep{
			PreConfig: w.Forget, Config: c.hcl("Renamed", c.becomes, "2"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				acctest.Drifts(c.full()+".test", "secrets_updated_at"),
			}},
			Check: resource.ComposeAggregateTestCheckFunc(c.holds(w, "Renamed", c.changed, "2"), sent(w, "PUT")),
		},
		resource.TestStep{
			Config: versioned("3", 1), ConfigPlanChecks: c.action(plancheck.ResourceActionUpdate),
			Check: c.holds(w, "Renamed", c.changed, "3"),
		},
		resource.TestStep{
			Config: versioned("4", 1), ConfigPlanChecks: c.action(plancheck.ResourceActionNoop),
			Check: c.holds(w, "Renamed", c.changed, "3"),
		},
		resource.TestStep{
			Config: versioned("1", 2), ConfigPlanChecks: c.action(plancheck.ResourceActionUpdate),
			Check: c.holds(w, "Renamed", c.changed, "1"),
		},
		resource.TestStep{Config: c.hcl("Renamed", c.becomes, "1")},
	)
}

// eachRelease runs a connector's life on every release from since on; with -short on the newest only.
func eachRelease(t *testing.T, since string, of func(version string) connectorTest) {
	t.Helper()
	for _, version := range releases[slices.Index(releases, since):] {
		if testing.Short() && version != newest {
			continue
		}
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			of(version).run(t, version)
		})
	}
}

// refuses holds that a configuration is refused, and that Kibana was not written to.
func refuses(t *testing.T, version, config, want string) {
	t.Helper()
	w := acctest.New(t, onKibana(version))
	pattern := regexp.MustCompile(strings.ReplaceAll(want, " ", `\s+`))
	w.Run(resource.TestStep{Config: config, PlanOnly: true, ExpectError: pattern})
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("writes were sent: %v", writes)
	}
}
