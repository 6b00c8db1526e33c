package servicenow_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func withEvents(o *simulator.Options) { o.ServiceNow.Apps = []string{servicenow.EventConnectors} }

func TestEventConnector(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		World: acctest.New(t, withEvents), NaturalKey: byName,
		Type: "servicenow_event_connector", Table: "sn_em_connector_listener",
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"Elastic"`, Becomes: `"Kibana"`, Drift: map[string]string{"name": "renamed"}},
			{
				Name: "source", Column: "source", Is: `"elastic"`, Becomes: `"kibana"`,
				Drift: map[string]string{"source": "other"},
			},
			{Name: "source_label", Column: "event_source_label", Is: `"Elastic"`, Becomes: ``},
			{
				Name: "description", Column: "description", Is: `"Alerts"`, Becomes: `"Rules"`,
				Drift: map[string]string{"description": ""},
			},
			{Name: "script", Column: "script", Is: `"a()"`, Becomes: `"b()"`, Drift: map[string]string{"script": "c()"}},
			{
				Name: "header_name", Column: "header_name", Is: `"X-A"`, Becomes: `"X-B"`,
				Drift: map[string]string{"header_name": "X-C"},
			},
			{
				Name: "header_value_wo", Secret: true, Column: "header_value", Is: `"first"`, Becomes: `"second"`,
				Columns: [2]map[string]string{{}, {}},
			},
			{
				Name: "mid_server_script_include_id", Column: "mid_server_script_include",
				Is: `"0123456789abcdef0123456789abcdef"`, Becomes: ``,
			},
			{Name: "type", Column: "type", Is: `"1"`, Becomes: `"2"`, Drift: map[string]string{"type": "1"}},
			{Name: "order", Column: "order", Is: `5`, Becomes: `7`, Drift: map[string]string{"order": "9"}},
			{Name: "active", Column: "active", Is: `false`, Becomes: `true`, Drift: map[string]string{"active": "false"}},
		},
	}.Test(t)
	acctest.New(t, withEvents).Run(resource.TestStep{
		Config: `resource "servicenow_event_connector" "test" {
  name            = "n"
  source          = "s"
  header_value_wo = "v"
}`,
		ExpectError: regexp.MustCompile(`A\s+header\s+without\s+a\s+name`),
	}, resource.TestStep{Config: `data "servicenow_role" "x" { name = "admin" }`})
}

func TestEventConnectorInstance(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, withEvents)
	acctest.Resource{
		World: w, Type: "servicenow_event_connector_instance", Table: "sn_em_connector_push_instance", NaturalKey: byName,
		Needs: `
data "servicenow_event_connector" "aws" { source = "aws" }
resource "servicenow_event_connector" "elastic" {
  name   = "Elastic"
  source = "elastic"
}
`,
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"One"`, Becomes: `"Two"`, Drift: map[string]string{"name": "renamed"}},
			{
				Name: "event_connector_id", Column: "push_connector_definition", Is: `data.servicenow_event_connector.aws.id`,
				Becomes: `servicenow_event_connector.elastic.id`,
				Drift:   map[string]string{"push_connector_definition": "0123456789abcdef0123456789abcdef"},
			},
			{Name: "description", Column: "description", Is: `"x"`, Becomes: ``},
			{Name: "active", Column: "active", Is: `false`, Becomes: `true`, Drift: map[string]string{"active": "false"}},
		},
	}.Test(t)
	w = acctest.New(t, withEvents)
	w.Run(resource.TestStep{
		Config: `
data "servicenow_event_connector" "aws" { name = "AWS" }
resource "servicenow_event_connector_instance" "test" {
  name               = "Lambda"
  event_connector_id = data.servicenow_event_connector.aws.id
}
output "same" {
  value = servicenow_event_connector_instance.test.url == provider::servicenow::inbound_event_url(
    "` + w.ServiceNowURL() + `/",
    data.servicenow_event_connector.aws.source, servicenow_event_connector_instance.test.id)
}
`,
		Check: resource.TestCheckOutput("same", "true"),
	})
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	const connectors, mid = "https://a.example.com/api/sn_em_connector/em/inbound_event",
		"https://a.example.com/api/mid/em/inbound_event"
	for call, want := range map[string]string{
		`inbound_event_url("https://a.example.com/", "my source", null)`:  connectors + "?source=my+source",
		`inbound_event_url("https://a.example.com", "s", "abc")`:          connectors + "?source=s&sys_id=abc",
		`inbound_event_url("https://a.example.com", "s", "abc", "mid")`:   mid + "?source=s&sys_id=abc",
		`inbound_event_url("https://a.example.com", "s", null, "jsonv2")`: "https://a.example.com/api/global/em/jsonv2",
		`rapid7_api_host("United States")`:                                "us.api.insight.rapid7.com",
		`rapid7_api_host("ap")`:                                           "ap.api.insight.rapid7.com",
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			acctest.New(t).Run(resource.TestStep{
				Config: `output "test" { value = provider::servicenow::` + call + ` }`,
				Check:  resource.TestCheckOutput("test", want),
			})
		})
	}
	for call, want := range map[string]string{
		`inbound_event_url("a.example.com", "s", null)`:              `root\s+of\s+a\s+server`,
		`inbound_event_url("https://u:p@a.example.com", "s", null)`:  `root\s+of\s+a\s+server`,
		`inbound_event_url("https://a.example.com", "s", null, "x")`: `mid\s+or\s+jsonv2`,
		`rapid7_api_host("Mars")`:                                    `not\s+Mars`,
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			acctest.New(t).Run(resource.TestStep{
				Config:      fmt.Sprintf(`output "test" { value = provider::servicenow::%s }`, call),
				ExpectError: regexp.MustCompile(want),
			})
		})
	}
}
