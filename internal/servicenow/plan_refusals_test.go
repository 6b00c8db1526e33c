package servicenow_test

import (
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// A name that no query can hold is refused at plan, with the way out, which works; then a lost answer is found again by
// what was written.
func TestNameThatCannotBeLookedUp(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, ownIDs)
	const config = `
resource "servicenow_cors_rule" "test" {
  name          = "a^b"
  domain        = "https://a.example.com"
  resource_path = "x.do"
}
`
	core := acctest.NewCore(t, w.Provider()+config)
	out := core.Plan(t.Context())
	if !strings.Contains(out.Texts(), "A name that cannot be looked up") ||
		!strings.Contains(out.Texts(), "duplicate_check = false") {
		t.Errorf("planned: %v", out)
	}
	loseCreates(t, w, 0, 1)
	w.Settings = "duplicate_check = false"
	core.Configure(w.Provider() + config)
	if out := core.Apply(t.Context()); len(out.Errors) > 0 {
		t.Errorf("with the way out: %s", out.Texts())
	}
	if out := core.Plan(t.Context()); len(out.Changes)+len(out.Errors) > 0 {
		t.Errorf("the plan is not empty: %v", out)
	}
	if rows := w.ServiceNow.Records("sys_cors_rule", ""); len(rows) != 1 {
		t.Errorf("%d rules", len(rows))
	}
}

// References of policies, profiles and integrations are looked at before the write, extensions of the table included.
func TestReferenceOfInboundAccessToNothing(t *testing.T) {
	t.Parallel()
	const nothing = `"0123456789abcdef0123456789abcdef"`
	for name, test := range map[string]struct{ config, table string }{
		"profile of a policy": {`
data "servicenow_rest_api" "api" { base_path = "/api/x_elas2_inc_int/elastic_api" }
resource "servicenow_rest_api_access_policy" "test" {
  name             = "Elastic"
  rest_api_id      = data.servicenow_rest_api.api.id
  auth_profile_ids = [` + nothing + `]
}`, "sys_api_access_policy"},
		"parameter of a profile": {`
resource "servicenow_api_key_auth_profile" "test" {
  name               = "Keys"
  auth_parameter_ids = [` + nothing + `]
}`, "http_key_auth"},
		"definition of an integration": {`
resource "servicenow_security_integration" "test" {
  name           = "Rapid7"
  integration_id = ` + nothing + `
}`, "sn_sec_int_impl"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, func(o *simulator.Options) {
				o.ServiceNow.Apps = append(o.ServiceNow.Apps, servicenow.TokenBasedAuthPlugin, servicenow.Rapid7Integration)
			})
			before := w.ServiceNow.Count(test.table)
			core := acctest.NewCore(t, w.Provider()+test.config)
			out := core.Plan(t.Context())
			if !strings.Contains(strings.Join(out.Warnings, ""), "No such record on this instance") {
				t.Errorf("not warned: %v", out)
			}
			out = core.Apply(t.Context())
			if !strings.Contains(strings.Join(out.Errors, ""), "Nothing was written") {
				t.Errorf("not refused: %v", out)
			}
			if after := w.ServiceNow.Count(test.table); after != before {
				t.Errorf("%d records were made", after-before)
			}
		})
	}
}

// A client that was registered for another grant behind Terraform is put right, and the other recipe's value is left.
func TestOAuthClientGrantDrift(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	core := acctest.NewCore(t, w.Provider()+`
resource "servicenow_user" "u" { user_name = "u" }
resource "servicenow_oauth_client" "c" {
  name    = "c"
  user_id = servicenow_user.u.id
}
`)
	if out := core.Apply(t.Context()); len(out.Errors) > 0 {
		t.Fatal(out.Texts())
	}
	client := w.ServiceNow.Records("oauth_entity", "name=c")[0]["sys_id"]
	for grant, changes := range map[string]int{"ropc": 1, "client_credentials": 0, "client_credential": 0} {
		if err := w.ServiceNow.Set("oauth_entity", client, servicenow.Record{"inbound_grant_type": grant}); err != nil {
			t.Fatal(err)
		}
		if out := core.Plan(t.Context()); len(out.Changes) != changes || len(out.Errors) > 0 {
			t.Errorf("%s: planned %v", grant, out)
		}
		if out := core.Apply(t.Context()); len(out.Errors) > 0 {
			t.Errorf("%s: %s", grant, out.Texts())
		}
		now, _ := w.ServiceNow.Record("oauth_entity", client)
		if got := now["inbound_grant_type"]; got == "ropc" || changes == 0 && got != grant {
			t.Errorf("%s became %s", grant, got)
		}
		if out := core.Plan(t.Context()); len(out.Changes)+len(out.Errors) > 0 {
			t.Errorf("%s: the plan is not empty: %v", grant, out)
		}
	}
}

// What a set cannot show is told: a profile that a policy maps twice, a scope that a client holds twice.
func TestDuplicateMappingsAreTold(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, func(o *simulator.Options) {
		o.ServiceNow.Apps = append(o.ServiceNow.Apps, servicenow.TokenBasedAuthPlugin)
	})
	core := acctest.NewCore(t, w.Provider()+`
data "servicenow_rest_api" "api" { base_path = "/api/x_elas2_inc_int/elastic_api" }
resource "servicenow_http_auth_profile" "basic" { name = "Basic" }
resource "servicenow_rest_api_access_policy" "policy" {
  name             = "Elastic"
  rest_api_id      = data.servicenow_rest_api.api.id
  auth_profile_ids = [servicenow_http_auth_profile.basic.id]
}
resource "servicenow_auth_scope" "s" { name = "s" }
resource "servicenow_oauth_jwt_endpoint" "client" {
  name           = "n"
  user_field     = "email"
  auth_scope_ids = [servicenow_auth_scope.s.id]
}
`)
	if out := core.Apply(t.Context()); len(out.Errors) > 0 {
		t.Fatal(out.Texts())
	}
	for table, columns := range map[string][]string{
		"sys_auth_profile_mapping":        {"api_access_policy", "inbound_auth_profile"},
		"oauth_entity_auth_scope_mapping": {"oauth_entity", "auth_scope"},
	} {
		row := w.ServiceNow.Records(table, "")[0]
		insertRow(t, w, table, servicenow.Record{columns[0]: row[columns[0]], columns[1]: row[columns[1]]})
	}
	out := core.Plan(t.Context())
	if len(out.Changes)+len(out.Errors) > 0 {
		t.Errorf("planned: %v", out)
	}
	for _, words := range []string{"maps the profile", "holds the auth scope"} {
		if !strings.Contains(strings.Join(out.Warnings, "\n"), words) {
			t.Errorf("no warning %q: %v", words, out.Warnings)
		}
	}
}
