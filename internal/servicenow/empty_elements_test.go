package servicenow_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

// TestEmptyElements refuses at plan what no instance reads back, such as an optional variable inside a list: an apply
// would taint the record.
func TestEmptyElements(t *testing.T) {
	t.Parallel()
	const rule = `resource "servicenow_cors_rule" "test" {
  name          = "Elastic"
  domain        = "https://kibana.example.com"
  resource_path = "/x.do"
  `
	const policy = `resource "servicenow_rest_api_access_policy" "test" {
  name        = "Events"
  rest_api_id = "00000000000000000000000000000000"
  `
	empty := regexp.MustCompile("An empty element")
	var steps []resource.TestStep
	for config, want := range map[string]*regexp.Regexp{
		rule + "allow_headers = [null]\n}":              empty,
		rule + "http_methods = [\"GET\", null]\n}":      empty,
		policy + "auth_profile_ids = [null]\n}":         empty,
		policy + "table_names = [\"\"]\n}":              empty,
		policy + "table_names = [\"incident,cmdb\"]\n}": regexp.MustCompile("a table's name"),
		`resource "servicenow_api_key_auth_profile" "test" {
  name               = "Keys"
  auth_parameter_ids = [null]
}`: empty,
	} {
		steps = append(steps, resource.TestStep{Config: config, PlanOnly: true, ExpectError: want})
	}
	acctest.New(t).Run(steps...)
}
