package servicenow_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const elasticScope = `
data "servicenow_application" "elastic" { scope = "x_elas2_inc_int" }
`

func TestCrossScopePrivilege(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_cross_scope_privilege", Table: "sys_scope_privilege", Needs: elasticScope,
		NaturalKey: func(r servicenow.Record) string {
			return fmt.Sprintf("%s/%s/%s/%s/%s", r["source_scope"], r["target_scope"], r["target_type"], r["target_name"],
				r["operation"])
		},
		Attributes: []acctest.Attribute{
			{
				Name: "source_scope_id", Column: "source_scope", Is: `data.servicenow_application.elastic.id`, Becomes: `"global"`,
				Replaces: true,
			},
			{
				Name: "target_scope_id", Column: "target_scope", Is: `"global"`, Becomes: `data.servicenow_application.elastic.id`,
				Replaces: true,
			},
			{
				Name: "target_name", Column: "target_name", Is: `"incident"`, Becomes: `"problem"`, Replaces: true,
			},
			{Name: "target_type", Column: "target_type", Is: `"sys_db_object"`, Becomes: `"sys_db_object"`},
			{Name: "operation", Column: "operation", Is: `"read"`, Becomes: `"write"`, Replaces: true},
			{
				Name: "status", Column: "status", Is: `"denied"`, Becomes: `"allowed"`,
				Drift: map[string]string{"status": "requested"},
			},
		},
	}.Test(t)
}

// TestCrossScopePrivilegeAdopted takes over the row that the platform wrote at run time, and gives it back as it was.
func TestCrossScopePrivilegeAdopted(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	scope := w.ServiceNow.Records("sys_scope", "scope=x_elas2_inc_int")[0]["sys_id"]
	written, err := w.ServiceNow.Insert("sys_scope_privilege", servicenow.Record{
		"source_scope": scope, "target_scope": "global", "target_name": "GlideRecord.insert", "target_type": "scriptable",
		"operation": "execute", "status": "requested", "sys_scope": "global",
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Settled()
	config := func(rest string) string {
		return elasticScope + privilegeBlock("test", "GlideRecord.insert", rest)
	}
	w.Run(
		resource.TestStep{
			Config: config("adopt_existing = false"), ExpectError: regexp.MustCompile(`terraform import\s+\S+\s+` + written),
		},
		resource.TestStep{
			PreConfig: w.Forget,
			Config:    config(""),
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr("servicenow_cross_scope_privilege.test", "id", written),
				resource.TestCheckResourceAttr("servicenow_cross_scope_privilege.test", "scope_id", "global"),
				resource.TestCheckResourceAttr("servicenow_cross_scope_privilege.test", "adopted", "true"),
				func(*terraform.State) error {
					record, _ := w.ServiceNow.Record("sys_scope_privilege", written)
					if writes := fmt.Sprint(w.Writes()); writes != "[PATCH sys_scope_privilege status]" ||
						record["status"] != "allowed" {
						return fmt.Errorf("%s, and the status is %s", writes, record["status"])
					}
					return nil
				},
			),
		},
		resource.TestStep{Config: config(`status = "denied"`)}, // still adopted, and still knows what it found
		resource.TestStep{
			Config: elasticScope,
			Check:  holds(w, "sys_scope_privilege", "target_name=GlideRecord.insert", "status", "requested"),
		},
	)
}

// privilegeBlock is a privilege of the Elastic application to call a script of the global scope.
func privilegeBlock(name, target, rest string) string {
	return fmt.Sprintf(`
resource "servicenow_cross_scope_privilege" %q {
  source_scope_id = data.servicenow_application.elastic.id
  target_scope_id = "global"
  target_name     = %q
  target_type     = "scriptable"
  operation       = "execute"
  %s
}
`, name, target, rest)
}

// TestCrossScopePrivilegeShared lets two configurations rely on one row: the one that took it over is destroyed, and
// the other's plan stays empty.
func TestCrossScopePrivilegeShared(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	config := w.Provider() + elasticScope + privilegeBlock("test", "GlideRecord.insert", "")
	check := func(want string) resource.TestCheckFunc {
		return resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr("servicenow_cross_scope_privilege.test", "adopted", want),
			holds(w, "sys_scope_privilege", "target_name=GlideRecord.insert", "status", "allowed"),
		)
	}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: config, Check: check("false")},
		{
			PreConfig: func() { // a second configuration comes and goes
				resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
					{Config: config, Check: check("true")},
				}})
			},
			Config: config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectEmptyPlan(),
			}},
			Check: check("false"),
		},
	}})
	if left := w.Leftovers(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestAdoptedTwice refuses the second of two blocks that want one row, whichever comes first.
func TestAdoptedTwice(t *testing.T) {
	t.Parallel()
	refused := regexp.MustCompile(`another\s+resource\s+of\s+this\s+configuration`)
	for name, config := range map[string]string{
		"made": elasticScope + privilegeBlock("a", "x", "") +
			privilegeBlock("b", "x", "depends_on = [servicenow_cross_scope_privilege.a]"),
		"adopted": twoProperties("glide.taken"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			w.ServiceNow.SetProperty("glide.taken", "before")
			w.Settled()
			w.Run(
				resource.TestStep{Config: config, ExpectError: refused},
				resource.TestStep{Config: `data "servicenow_role" "any" { name = "admin" }`},
			)
			if got := w.ServiceNow.Records("sys_properties", "name=glide.taken")[0]["value"]; got != "before" {
				t.Errorf("the property is left as %s", got)
			}
		})
	}
}

func TestCrossScopePrivilegeRefusesOperation(t *testing.T) {
	t.Parallel()
	for target, operation := range map[string]string{"sys_db_object": "execute", "scriptable": "read"} {
		acctest.New(t).Run(resource.TestStep{
			Config: fmt.Sprintf(`
resource "servicenow_cross_scope_privilege" "test" {
  source_scope_id = "global"
  target_scope_id = "global"
  target_name     = "x"
  target_type     = %q
  operation       = %q
}`, target, operation),
			PlanOnly:    true,
			ExpectError: regexp.MustCompile(`An operation that the target does not have`),
		})
	}
}

// TestUserRoleInherited takes over the one row of Role Management V2, and leaves it on destroy.
func TestUserRoleInherited(t *testing.T) {
	t.Parallel()
	const setUp = twoUsers + twoRoles + `
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
`
	const grant = `
resource "servicenow_user_role" "test" {
  user_id    = servicenow_user.a.id
  role_id    = data.servicenow_role.a.id
  depends_on = [servicenow_group_member.g]
}
`
	acctest.New(t).Run(
		resource.TestStep{Config: setUp},
		resource.TestStep{
			Config: setUp + grant,
			Check:  resource.TestCheckResourceAttr("servicenow_user_role.test", "inherited", "true"),
		},
		resource.TestStep{Config: setUp}, // the row stays, and with it the role
		resource.TestStep{
			Config: setUp + grant,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction("servicenow_user_role.test", plancheck.ResourceActionCreate),
			}},
		},
	)
}
