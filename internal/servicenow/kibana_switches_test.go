package servicenow_test

import (
	"os"
	"slices"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

// kibanaFlips are the unknowns of Kibana, as flips are those of instances. None of them stops an example.
var kibanaFlips = []struct {
	unknown, example string
	set              func(*kibana.Options)
	byAPIKey         bool // the account logs in with a key, which the unknown is about
	sample           bool
}{
	{
		"unknown_spaces", "elastic-cases",
		func(o *kibana.Options) { o.UnknownSpaces, o.Spaces = kibana.UnknownSpacesRefused, []string{"security"} },
		false, false,
	},
	{
		"status_for_api_keys: redacted", "elastic-cases",
		func(o *kibana.Options) { o.StatusForAPIKeys = kibana.StatusRedacted }, true, true,
	},
	{
		"status_for_api_keys: refused", "elastic-itsm",
		func(o *kibana.Options) { o.StatusForAPIKeys = kibana.StatusRefused }, true, false,
	},
	{
		"connector_id_underscores", "elastic-itsm",
		func(o *kibana.Options) { o.ConnectorIDUnderscores, o.Version = true, "9.4.0" }, false, false,
	},
	{"custom_field_lists", "elastic-cases", func(o *kibana.Options) { o.CustomFieldLists = true }, false, false},
	{"patch_keeps_templates", "elastic-cases", func(o *kibana.Options) { o.PatchKeepsTemplates = true }, false, false},
	{"plugin_unavailable", "elastic-cases", func(o *kibana.Options) { o.PluginUnavailable = true }, false, true},
}

// TestFlippedUnknownsOfKibanaNeverCorrupt applies a complete example with each unknown flipped: it works, and a plan
// after it is empty. Without TEST_RELEASES=all it runs a sample.
func TestFlippedUnknownsOfKibanaNeverCorrupt(t *testing.T) {
	t.Parallel()
	cli := acctest.Overrides(t)
	for _, f := range kibanaFlips {
		if !f.sample && os.Getenv("TEST_RELEASES") != "all" {
			continue
		}
		t.Run(f.unknown+"/"+f.example, func(t *testing.T) {
			t.Parallel()
			const key = "dGVycmFmb3JtOmtleQ==" // terraform:key
			run := exampleRuns[slices.IndexFunc(exampleRuns, func(r exampleRun) bool { return r.name == f.example })]
			w := acctest.New(t, func(o *simulator.Options) {
				o.ServiceNow.Apps, o.Kibana.APIKeys = run.apps, []string{key}
				f.set(&o.Kibana)
			})
			e := newExample(t, w, cli, run.name, run.variables(t, w))
			if f.byAPIKey {
				e.env = append(e.env, "KIBANA_USERNAME=", "KIBANA_PASSWORD=", "KIBANA_API_KEY="+key)
			}
			if f.unknown == "unknown_spaces" {
				e.set("kibana_space_id", "security")
			}
			e.applies()
			if run.proves != nil {
				run.proves(t, e)
			}
			e.plansNothing()
			e.destroys()
		})
	}
}
