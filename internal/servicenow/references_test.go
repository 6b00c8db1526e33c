package servicenow_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// TestReferenceToNothing stops before the write, and names the attribute, the table and the id. A plan only warns.
func TestReferenceToNothing(t *testing.T) {
	t.Parallel()
	const nothing = "0123456789abcdef0123456789abcdef"
	for name, config := range map[string]string{
		"role of a user": twoUsers + `
resource "servicenow_user_role" "test" {
  user_id = servicenow_user.a.id
  role_id = "` + nothing + `"
}`,
		"manager of a group": `
resource "servicenow_group" "test" {
  name       = "SOC"
  manager_id = "` + nothing + `"
}`,
		"scope of a client": `
resource "servicenow_oauth_jwt_endpoint" "test" {
  name           = "n"
  user_field     = "email"
  auth_scope_ids = ["` + nothing + `"]
}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			w.Run(
				resource.TestStep{Config: config, PlanOnly: true, ExpectNonEmptyPlan: true},
				resource.TestStep{
					Config:      config,
					ExpectError: regexp.MustCompile(`(?s)No such record on this instance.*` + nothing + `.*Nothing\s+was\s+written`),
				},
			)
			for _, write := range w.Writes() {
				if !strings.HasPrefix(write, "POST sys_user ") && !strings.HasPrefix(write, "DELETE sys_user") {
					t.Errorf("written was %s", write)
				}
			}
		})
	}
}

// TestReferenceOfABlindAccount writes all the same what the account may not see: not to see is no proof.
func TestReferenceOfABlindAccount(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options func(*simulator.Options)
		blind   func(w *acctest.World, role string)
	}{
		"hidden": {nil, func(w *acctest.World, role string) { w.ServiceNow.Hide(role, true) }},
		"table unseen, counted after access control": {
			func(o *simulator.Options) { o.ServiceNow.CountAfterACL = true },
			func(w *acctest.World, _ string) {
				for _, row := range w.ServiceNow.Records("sys_user_role", "") {
					w.ServiceNow.Hide(row["sys_id"], true)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := test.options
			if options == nil {
				options = func(*simulator.Options) {}
			}
			w := acctest.New(t, options)
			role := w.ServiceNow.Records("sys_user_role", "name=import_set_loader")[0]["sys_id"]
			test.blind(w, role)
			w.Run(resource.TestStep{Config: twoUsers + fmt.Sprintf(`
resource "servicenow_user_role" "test" {
  user_id = servicenow_user.a.id
  role_id = %q
}
`, role)})
		})
	}
}

// TestReferenceToAnInactiveUser writes what only administrators see.
func TestReferenceToAnInactiveUser(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	insert := func(table string, row servicenow.Record) string {
		id, err := w.ServiceNow.Insert(table, row)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	gone := insert("sys_user", servicenow.Record{"user_name": "gone", "active": "false"})
	user := insert("sys_user", servicenow.Record{"user_name": "delegate", "user_password": "secret"})
	role := w.ServiceNow.Records("sys_user_role", "name=user_admin")[0]["sys_id"]
	insert("sys_user_has_role", servicenow.Record{"user": user, "role": role})
	w.Settled()
	config := strings.ReplaceAll(w.Provider(), `username = "admin", password = "admin"`,
		`username = "delegate", password = "secret"`)
	w.Run(resource.TestStep{Config: config + fmt.Sprintf(`
resource "servicenow_group" "test" {
  name       = "SOC"
  manager_id = %q
}
`, gone)})
}

// TestReferencesCostOneLook asks for all the roles of a plan and of an apply together.
func TestReferencesCostOneLook(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	var roles []string
	for _, row := range w.ServiceNow.Records("sys_user_role",
		"nameINimport_set_loader,import_transformer,itil,user_admin") {
		roles = append(roles, fmt.Sprintf("%q", row["sys_id"]))
	}
	config := fmt.Sprintf(`
resource "servicenow_user" "a" { user_name = "a" }
resource "servicenow_user_role" "test" {
  count   = %d
  user_id = servicenow_user.a.id
  role_id = [%s][count.index]
}
`, len(roles), strings.Join(roles, ", "))
	w.Run(
		resource.TestStep{Config: `resource "servicenow_user" "a" { user_name = "a" }`},
		resource.TestStep{
			PreConfig: w.Forget,
			Config:    config,
			Check: func(*terraform.State) error {
				looks := 0
				for _, path := range w.Reads() {
					if strings.HasSuffix(path, "/sys_user_role") {
						looks++
					}
				}
				if most := 4; looks > most { // a plan, an apply, and the test framework's own plans
					return fmt.Errorf("%d looks at sys_user_role for %d roles", looks, len(roles))
				}
				return nil
			},
		},
	)
}

// TestPrivilegeByScopeName takes the name of a scope and its sys_id for one value: in plans, imports and keys.
func TestPrivilegeByScopeName(t *testing.T) {
	t.Parallel()
	const address = "servicenow_cross_scope_privilege.test"
	w := acctest.New(t, func(o *simulator.Options) {
		o.ServiceNow.Apps = []string{servicenow.ElasticITSM, servicenow.ElasticSecOps}
	})
	id := func(scope string) string { return w.ServiceNow.Records("sys_scope", "scope="+scope)[0]["sys_id"] }
	config := func(source, target string) string {
		return fmt.Sprintf(`
resource "servicenow_cross_scope_privilege" "test" {
  source_scope_id = %q
  target_scope_id = %q
  target_name     = "sn_si_incident"
  target_type     = "sys_db_object"
  operation       = "read"
}
`, source, target)
	}
	quiet := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	w.Run(
		resource.TestStep{
			Config: config("x_elas2_sir_int", "sn_si"),
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(address, "target_scope_id", "sn_si"),
				holds(w, "sys_scope_privilege", "target_name=sn_si_incident", "target_scope", id("sn_si")),
				holds(w, "sys_scope_privilege", "target_name=sn_si_incident", "sys_scope", id("x_elas2_sir_int")),
			),
		},
		resource.TestStep{Config: config(id("x_elas2_sir_int"), id("sn_si")), ConfigPlanChecks: quiet},
		resource.TestStep{Config: config(id("x_elas2_sir_int"), "sn_si"), ConfigPlanChecks: quiet},
		resource.TestStep{
			Config: config("x_elas2_sir_int", "sn_si"), ResourceName: address, ImportState: true,
			ImportStateKind: resource.ImportBlockWithID,
		},
		resource.TestStep{
			ResourceName: address, ImportState: true,
			ImportStateId: "x_elas2_sir_int/sn_si/sys_db_object/sn_si_incident/read",
			ImportStateCheck: func(states []*terraform.InstanceState) error {
				if got := states[0].Attributes["target_scope_id"]; got != id("sn_si") {
					return fmt.Errorf("imported as %s", got)
				}
				return nil
			},
		},
		resource.TestStep{
			Config: config("x_elas2_sir_int", "sn_ti"),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(address, plancheck.ResourceActionReplace),
			}},
			Check: holds(w, "sys_scope_privilege", "target_name=sn_si_incident", "target_scope", id("sn_ti")),
		},
		resource.TestStep{Config: config("x_elas2_sir_int", "sn_none"), ExpectError: regexp.MustCompile(`sn_none`)},
		resource.TestStep{Config: config("X Elastic", "sn_si"), ExpectError: regexp.MustCompile(`Not a sys_id`)},
		resource.TestStep{Config: config("x_elas2_sir_int", "sn_ti"), ConfigPlanChecks: quiet},
	)
}

// TestPrivilegeWithoutScopeNames keeps the configured name where the instance withholds what is dot-walked.
func TestPrivilegeWithoutScopeNames(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	rule := fault.Rule{Kind: fault.Withhold, PathPrefix: "/api/now/table", Columns: []string{"*.*"}}
	if _, err := w.ServiceNow.Faults.Add(rule); err != nil {
		t.Fatal(err)
	}
	w.Run(resource.TestStep{
		Config: strings.ReplaceAll(privilegeBlock("test", "x", ""), "data.servicenow_application.elastic.id",
			`"x_elas2_inc_int"`),
		Check: resource.TestCheckResourceAttr("servicenow_cross_scope_privilege.test", "source_scope_id", "x_elas2_inc_int"),
	})
}

// TestElasticPrivilegesAsTheyAre gives what the function lists to the resource without a look-up in between.
func TestElasticPrivilegesAsTheyAre(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, func(o *simulator.Options) { o.ServiceNow.Apps = []string{servicenow.ElasticSecOps} })
	w.Run(resource.TestStep{
		Config: `
locals { privileges = provider::servicenow::elastic_privileges("secops") }
resource "servicenow_cross_scope_privilege" "elastic" {
  count           = length(local.privileges)
  source_scope_id = "x_elas2_sir_int"
  target_scope_id = local.privileges[count.index].target_scope
  target_type     = local.privileges[count.index].target_type
  target_name     = local.privileges[count.index].target_name
  operation       = local.privileges[count.index].operation
}
`,
		Check: func(*terraform.State) error {
			if got := len(w.ServiceNow.Records("sys_scope_privilege", "target_scope!=global")); got != 6 {
				return fmt.Errorf("%d privileges on other scopes than global", got)
			}
			return nil
		},
	})
}
