package kibana_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

func TestConnectorDataSources(t *testing.T) {
	t.Parallel()
	for _, version := range []string{first, second, third, newest} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, onKibana(version), func(o *simulator.Options) {
				o.Kibana.License = "gold"
				o.Kibana.Preconfigured = []kibana.Preconfigured{{
					ID: "fixed", Name: "Fixed", TypeID: ".index", Config: map[string]any{"index": "hidden"},
				}}
			})
			w.Run(resource.TestStep{
				Config: index("one", "") + `
data "servicenow_kibana_connector" "by_name" {
  name       = servicenow_kibana_connector.one.name
  depends_on = [servicenow_kibana_connector.one]
}
data "servicenow_kibana_connector" "by_id" { connector_id = "fixed" }
data "servicenow_kibana_connectors" "all" { depends_on = [servicenow_kibana_connector.one] }
data "servicenow_kibana_connector_types" "all" {}
locals {
  types = { for t in data.servicenow_kibana_connector_types.all.connector_types : t.id => t }
  all   = { for c in data.servicenow_kibana_connectors.all.connectors : c.name => c }
}
output "found" {
  value = join(" ", [
    data.servicenow_kibana_connector.by_name.id == servicenow_kibana_connector.one.id,
    data.servicenow_kibana_connector.by_name.connector_type_id,
    jsondecode(data.servicenow_kibana_connector.by_name.config).index,
    data.servicenow_kibana_connector.by_name.is_preconfigured,
    data.servicenow_kibana_connector.by_id.name,
    data.servicenow_kibana_connector.by_id.is_preconfigured,
    data.servicenow_kibana_connector.by_id.config == null,
    data.servicenow_kibana_connector.by_id.space_id,
  ])
}
output "listed" {
  value = join(" ", [for name in sort(keys(local.all)) : "${name}=${local.all[name].connector_type_id}"])
}
output "types" {
  value = join(" ", [
    local.types[".index"].enabled, local.types[".servicenow"].enabled, local.types[".servicenow"].enabled_in_config,
    local.types[".servicenow"].enabled_in_license, local.types[".servicenow"].minimum_license_required,
    local.types[".jira"].name,
  ])
}`,
				Check: resource.ComposeAggregateTestCheckFunc(
					resource.TestCheckOutput("found", "true .index alerts false Fixed true true default"),
					resource.TestCheckOutput("listed", "Fixed=.index one=.index"),
					resource.TestCheckOutput("types", "true false true false platinum Jira"),
				),
			})
		})
	}
}

func TestConnectorDataSourceFindsExactlyOne(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ attributes, want string }{
		"none":    {`name = "nobody"`, `(?s)no\s+connector\s+with\s+the\s+name\s+"nobody".*fixed\s+Same\s+\(.index\)`},
		"several": {`name = "Same"`, `several\s+connectors\s+with\s+the\s+name\s+"Same"`},
		"no id":   {`connector_id = "nobody"`, `no\s+connector\s+with\s+the\s+id\s+"nobody"`},
		"no key":  {``, `name`},
		"two":     {"name = \"a\"\nconnector_id = \"b\"", `name`},
		"space":   {"name = \"a\"\nspace_id = \"nowhere\"", `space/nowhere`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, func(o *simulator.Options) {
				o.Kibana.UnknownSpaces = kibana.UnknownSpacesRefused
				o.Kibana.Preconfigured = []kibana.Preconfigured{
					{ID: "fixed", Name: "Same", TypeID: ".index"}, {ID: "other", Name: "Same", TypeID: ".server-log"},
				}
			})
			w.Run(resource.TestStep{
				Config:      "data \"servicenow_kibana_connector\" \"test\" {\n" + test.attributes + "\n}",
				ExpectError: regexp.MustCompile(test.want),
			})
		})
	}
}

func TestConnectorProbeNeedsAProbe(t *testing.T) {
	t.Parallel()
	acctest.New(t).Run(resource.TestStep{
		Config: index("one", "") + `
data "servicenow_kibana_connector_test" "test" { connector_id = servicenow_kibana_connector.one.id }
`,
		ExpectError: regexp.MustCompile(`no\s+sub-action\s+that\s+only\s+reads`),
	})
}
