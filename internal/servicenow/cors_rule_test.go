package servicenow_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func TestCORSRule(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_cors_rule", Table: "sys_cors_rule",
		Needs: `
data "servicenow_rest_api" "elastic" { base_path = "/api/x_elas2_inc_int/elastic_api" }
`,
		NaturalKey: func(r servicenow.Record) string { return "name=" + r["name"] },
		Attributes: []acctest.Attribute{
			{
				Name: "name", Column: "name", Is: `"Elastic CORS"`, Becomes: `"Elastic"`,
				Drift: map[string]string{"name": "renamed"},
			},
			{
				Name: "domain", Column: "domain", Is: `"https://kibana.example.com:5601"`, Becomes: `"https://*.example.com"`,
				Drift: map[string]string{"domain": "https://evil.example.com"},
			},
			{
				Name: "rest_api_id", Column: "rest_api", Is: `data.servicenow_rest_api.elastic.id`, Becomes: ``,
			},
			{
				Name: "resource_path", Is: ``, Becomes: `"kb_view.do"`,
				Columns: [2]map[string]string{
					{"resource_path": "", "use_resource_path": "false"},
					{"resource_path": "kb_view.do", "use_resource_path": "true", "rest_api": ""},
				},
				Drift: map[string]string{"resource_path": "other.do"},
			},
			{
				Name: "http_methods", Is: `["GET", "POST"]`, Becomes: `["GET", "PUT", "PATCH", "DELETE"]`,
				Columns: [2]map[string]string{
					{"get": "true", "post": "true", "put": "false", "patch": "false", "delete": "false"},
					{"get": "true", "post": "false", "put": "true", "patch": "true", "delete": "true"},
				},
				Drift: map[string]string{"get": "false"},
			},
			{
				Name: "allow_credentials", Column: "access_control_allow_credentials", Is: `true`, Becomes: `false`,
				Drift: map[string]string{"access_control_allow_credentials": "true"},
			},
			{
				Name: "allow_headers", Is: `["X-B", "X-A"]`, Becomes: `["X-A"]`,
				Columns: [2]map[string]string{
					{"access_control_allow_headers": "X-A,X-B"}, {"access_control_allow_headers": "X-A"},
				},
				Drift: map[string]string{"access_control_allow_headers": "*"},
			},
			{
				Name: "expose_headers", Is: `["X-C"]`, Becomes: ``,
				Columns: [2]map[string]string{{"exposed_headers": "X-C"}, {"exposed_headers": ""}},
			},
			{
				Name: "max_age", Column: "max_age", Is: `60`, Becomes: `0`, Drift: map[string]string{"max_age": "3600"},
			},
			{
				Name: "active", Column: "active", Is: `false`, Becomes: `true`, Drift: map[string]string{"active": "false"},
			},
		},
	}.Test(t)
}

func TestCORSRuleRefusesWhatConfigurationDecides(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ attributes, want string }{
		"wildcard with credentials": {
			`domain = "https://*.example.com"
			resource_path = "x.do"
			allow_credentials = true`, `A wildcard with credentials`,
		},
		"no target":      {`domain = "https://a.example.com"`, `resource_path`},
		"two targets":    {"domain = \"https://a.example.com\"\nrest_api_id = \"x\"\nresource_path = \"y\"", `resource_path`},
		"unknown method": {"domain = \"https://a.example.com\"\nresource_path = \"y\"\nhttp_methods = [\"HEAD\"]", `HEAD`},
		"no method": {
			"domain = \"https://a.example.com\"\nresource_path = \"y\"\nhttp_methods = []", `(?s)An empty set.*null`,
		},
		"two headers in one": {
			"domain = \"https://a.example.com\"\nresource_path = \"y\"\nallow_headers = [\"X-A,X-B\"]",
			`the name of one header`,
		},
		"empty string": {"domain = \"\"\nresource_path = \"y\"", `Use null`},
		"owned column": {
			"domain = \"https://a.example.com\"\nresource_path = \"y\"\nadditional_columns = { max_age = \"1\" }",
			`attribute\s+max_age`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			w.Run(resource.TestStep{
				Config:      "resource \"servicenow_cors_rule\" \"test\" {\n name = \"n\"\n" + test.attributes + "\n}",
				ExpectError: regexp.MustCompile(test.want),
			})
			if requests := append(w.Writes(), w.Reads()...); len(requests) > 0 {
				t.Errorf("requests were sent: %v", requests)
			}
		})
	}
}

// TestEmptyColumnsAreTheirDefaults plans nothing where a form was left empty that stands for 0 or false.
func TestEmptyColumnsAreTheirDefaults(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	const rule = "servicenow_cors_rule.test"
	config := w.Provider() + `
resource "servicenow_cors_rule" "test" {
  name          = "one"
  domain        = "https://a.example.com"
  resource_path = "kb_view.do"
}
`
	var id string
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{Config: config, Check: resource.TestCheckResourceAttrWith(rule, "id", func(value string) error {
				id = value
				return nil
			})},
			{
				PreConfig: func() {
					empty := servicenow.Record{"max_age": "", "access_control_allow_credentials": ""}
					if err := w.ServiceNow.Set("sys_cors_rule", id, empty); err != nil {
						t.Fatal(err)
					}
				},
				Config: config, PlanOnly: true,
			},
			{
				Config: config, ResourceName: rule, ImportState: true, ImportStateVerify: true,
				ImportStateVerifyIgnore: []string{"timeouts"},
			},
		},
	})
}
