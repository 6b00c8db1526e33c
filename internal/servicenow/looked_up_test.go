package servicenow_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
)

// TestLookedUpRecordsAreCreatedOnce loses the answer to the POST of records that are looked up first, on an instance
// that makes its own ids, so that only the natural key finds what was made.
func TestLookedUpRecordsAreCreatedOnce(t *testing.T) {
	t.Parallel()
	for table, test := range map[string]struct{ config, query string }{
		"sys_scope_privilege": {elasticScope + `
resource "servicenow_cross_scope_privilege" "test" {
  source_scope_id = data.servicenow_application.elastic.id
  target_scope_id = "global"
  target_name     = "incident"
  target_type     = "sys_db_object"
  operation       = "read"
}`, "target_name=incident"},
		"sys_user_has_role": {twoUsers + twoRoles + `
resource "servicenow_user_role" "test" {
  user_id = servicenow_user.a.id
  role_id = data.servicenow_role.a.id
}`, "user.user_name=test.a"},
	} {
		t.Run(table, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, func(o *simulator.Options) {
				o.ServiceNow.IgnoreClientSysID, o.ServiceNow.LegacyRoleManagement = true, true
			})
			if _, err := w.ServiceNow.Faults.Add(fault.Rule{
				Kind: fault.CommitThenDrop, Method: "POST", PathPrefix: "/api/now/table/" + table, Count: 1,
			}); err != nil {
				t.Fatal(err)
			}
			w.Run(resource.TestStep{
				Config: test.config,
				Check: func(*terraform.State) error {
					if n := w.ServiceNow.Faults.Rules()[0].Injected; n != 1 {
						return fmt.Errorf("%d answers were lost, not one", n)
					}
					if rows := w.ServiceNow.Records(table, test.query); len(rows) != 1 {
						return fmt.Errorf("%d records, not one", len(rows))
					}
					return nil
				},
			})
		})
	}
}
