package servicenow_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func TestUser(t *testing.T) {
	t.Parallel()
	text := func(name, column string) acctest.Attribute {
		return acctest.Attribute{
			Name: name, Column: column, Is: `"first"`, Becomes: `"second"`, Drift: map[string]string{column: "third"},
		}
	}
	flag := func(name string) acctest.Attribute {
		return acctest.Attribute{
			Name: name, Column: name, Is: `true`, Becomes: `false`, Drift: map[string]string{name: "true"},
		}
	}
	title := text("title", "title")
	title.Becomes, title.Drift = "", nil
	acctest.Resource{
		Type: "servicenow_user", Table: "sys_user", CreateWrites: 2,
		NaturalKey: func(r servicenow.Record) string { return "user_name=" + r["user_name"] },
		Attributes: []acctest.Attribute{
			text("user_name", "user_name"), text("first_name", "first_name"), text("last_name", "last_name"),
			text("email", "email"), title, text("time_zone", "time_zone"),
			flag("active"), flag("locked_out"), flag("web_service_access_only"), flag("internal_integration_user"),
			flag("password_needs_reset"),
			{
				Name: "identity_type", Column: "identity_type", Is: `"machine"`, Becomes: `"human"`,
				Drift: map[string]string{"identity_type": "machine"},
			},
			{
				Name: "password_wo", Is: `"canary-first"`, Becomes: `"canary-second"`, Column: "user_password", Secret: true,
				Columns: [2]map[string]string{{}, {"user_password": ""}},
			},
		},
	}.Test(t)
}

// TestUserPassword logs in with each password, which works only when it was sent in the form that is hashed.
func TestUserPassword(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	config := func(rest string) string {
		return "resource \"servicenow_user\" \"test\" {\n user_name = \"elastic\"\n" + rest + "\n}"
	}
	logsIn := func(password string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			url := w.ServiceNowURL() + "/api/now/table/sys_user?sysparm_query=user_name=elastic&sysparm_fields=sys_id"
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			if err != nil {
				return err
			}
			req.SetBasicAuth("elastic", password)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return err
			}
			defer resp.Body.Close() //nolint:errcheck // only the status counts
			if resp.StatusCode == http.StatusUnauthorized {
				return fmt.Errorf("the password %s does not log in", password)
			}
			return nil
		}
	}
	update := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
		plancheck.ExpectResourceAction("servicenow_user.test", plancheck.ResourceActionUpdate),
	}}
	quiet := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	w.Run(
		resource.TestStep{Config: config(`password_wo = "canary-1"`), Check: logsIn("canary-1")},
		resource.TestStep{Config: config(`password_wo = "canary-2"`), ConfigPlanChecks: update, Check: logsIn("canary-2")},
		resource.TestStep{
			Config: config("password_wo = \"canary-3\"\npassword_wo_version = 1"), ConfigPlanChecks: update,
			Check: logsIn("canary-3"),
		},
		// With a version, the value alone sends nothing.
		resource.TestStep{
			Config: config("password_wo = \"canary-4\"\npassword_wo_version = 1"), ConfigPlanChecks: quiet,
			Check: logsIn("canary-3"),
		},
		resource.TestStep{
			Config: config("password_wo = \"canary-4\"\npassword_wo_version = 2"), ConfigPlanChecks: update,
			Check: logsIn("canary-4"),
		},
		// Another change leaves the password alone.
		resource.TestStep{
			PreConfig: w.Forget,
			Config:    config("title = \"x\"\npassword_wo = \"canary-5\"\npassword_wo_version = 2"),
			Check: func(*terraform.State) error {
				if writes := fmt.Sprint(w.Writes()); writes != "[PATCH sys_user title]" {
					return fmt.Errorf("the writes were %s", writes)
				}
				return nil
			},
		},
	)
}

// TestUserPasswordRefused keeps the user that was made in the state, tainted, when the password is refused.
func TestUserPasswordRefused(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	const config = `resource "servicenow_user" "test" {
		user_name   = "elastic"
		password_wo = "canary"
	}`
	w.Run(
		resource.TestStep{
			PreConfig:   func() { w.ServiceNow.AbortWrites("sys_user", "No passwords", "update") },
			Config:      config,
			ExpectError: regexp.MustCompile(`aborted by\s+Business\s+Rule`),
		},
		resource.TestStep{
			PreConfig: func() { w.ServiceNow.AbortWrites("sys_user", "") },
			Config:    config,
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction("servicenow_user.test", plancheck.ResourceActionReplace),
			}},
		},
	)
}
