package servicenow_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func TestLookups(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	check := func(address, attribute, value string) resource.TestCheckFunc {
		return resource.TestCheckResourceAttr("data."+address, attribute, value)
	}
	w.Run(resource.TestStep{
		Config: `
data "servicenow_rest_api" "path" { base_path = "/api/x_elas2_inc_int/elastic_api" }
data "servicenow_rest_api" "name" { name = data.servicenow_rest_api.path.name }
data "servicenow_application" "scope" { scope = "x_elas2_inc_int" }
data "servicenow_application" "name" { name = data.servicenow_application.scope.name }
data "servicenow_application" "global" { scope = "global" }
data "servicenow_role" "loader" { name = "import_set_loader" }
data "servicenow_user" "admin" { user_name = "admin" }
data "servicenow_elastic_application" "itsm" { app = "itsm" }
data "servicenow_elastic_application" "secops" { app = "secops" }
output "roles" { value = join(",", provider::servicenow::elastic_roles("itsm")) }
output "privileges" { value = length(provider::servicenow::elastic_privileges("secops")) }
`,
		Check: resource.ComposeAggregateTestCheckFunc(
			check("servicenow_rest_api.name", "base_path", "/api/x_elas2_inc_int/elastic_api"),
			check("servicenow_rest_api.name", "namespace", "x_elas2_inc_int"),
			check("servicenow_application.name", "scope", "x_elas2_inc_int"),
			check("servicenow_application.scope", "kind", "sys_store_app"),
			check("servicenow_application.global", "id", "global"),
			check("servicenow_elastic_application.itsm", "installed", "true"),
			check("servicenow_elastic_application.secops", "installed", "false"),
			resource.TestCheckOutput("roles",
				"import_set_loader,import_transformer,personalize_choices,x_elas2_inc_int.integration_user"),
			resource.TestCheckOutput("privileges", "14"),
		),
	})
}

// TestLookupsThatFail lists what is near, or the several.
func TestLookupsThatFail(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	for range 2 {
		if _, err := w.ServiceNow.Insert("sys_ws_definition", servicenow.Record{"name": "Twice"}); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct{ config, want string }{
		"near":    {`data "servicenow_role" "x" { name = "import_set_loder" }`, `import_set_loader`},
		"several": {`data "servicenow_rest_api" "x" { name = "Twice" }`, `Several records of sys_ws_definition`},
		"a caret": {`data "servicenow_role" "x" { name = "a^b" }`, `holds the character`},
		"no key":  {`data "servicenow_user" "x" {}`, `Exactly one of user_name and email`},
		"two keys": {
			"data \"servicenow_user\" \"x\" {\n user_name = \"a\"\n email = \"b\"\n}",
			`Exactly one of user_name and email`,
		},
		"bad app": {
			`output "x" { value = provider::servicenow::elastic_roles("jira") }`, `"itsm" and "secops", not "jira"`,
		},
		"empty key": {`data "servicenow_role" "x" { name = "" }`, `Nothing can be found by an empty value`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps: []resource.TestStep{{
					Config: w.Provider() + test.config, PlanOnly: true,
					ExpectError: regexp.MustCompile(`(?s)` + strings.ReplaceAll(regexp.QuoteMeta(test.want), " ", `\s+`)),
				}},
			})
		})
	}
}

// TestUserRoleBesideInherited gives the role directly where the instance keeps a row for each grant.
func TestUserRoleBesideInherited(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, func(o *simulator.Options) { o.ServiceNow.LegacyRoleManagement = true })
	w.Run(resource.TestStep{
		Config: twoUsers + twoRoles + `
resource "servicenow_group" "g" { name = "G" }
resource "servicenow_group_role" "g" {
  group_id = servicenow_group.g.id
  role_id  = data.servicenow_role.a.id
}
resource "servicenow_group_member" "g" {
  group_id   = servicenow_group.g.id
  user_id    = servicenow_user.a.id
  depends_on = [servicenow_group_role.g]
}
resource "servicenow_user_role" "test" {
  user_id    = servicenow_user.a.id
  role_id    = data.servicenow_role.a.id
  depends_on = [servicenow_group_member.g]
}
`,
		Check: resource.TestCheckResourceAttr("servicenow_user_role.test", "inherited", "false"),
	})
}
