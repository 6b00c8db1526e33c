package kibana_test

import (
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// TestCustomFieldsByRelease plans and applies custom fields on releases that take them and on those that do not: what
// is known is an error at plan, what is an estimate a warning, and where a plan has neither the apply works.
func TestCustomFieldsByRelease(t *testing.T) {
	t.Parallel()
	const (
		number      = `{ key = "effort", label = "Effort", type = "number", required = false }`
		withDefault = `{ key = "team", label = "Team", type = "text", required = false, default_value = jsonencode("soc") }`
	)
	for _, test := range []struct {
		version, field    string
		refuses, cautions string
	}{
		{"8.15.0", number, "type number, which needs Kibana 8.18", ""},
		{"8.18.0", number, "", ""},
		{"9.4.0", number, "", ""},
		{"8.10.0", withDefault, "custom_fields needs Kibana 8.11", ""},
		{"8.11.0", withDefault, "", `may be too old: The custom field "team"`},
		{"8.15.0", withDefault, "", ""},
		{"9.4.0", withDefault, "", ""},
	} {
		w := acctest.New(t, func(o *simulator.Options) { o.Kibana.Version = test.version })
		core := acctest.NewCore(t, w.Provider()+
			"\nresource \"servicenow_kibana_case_settings\" \"s\" {\n  custom_fields = ["+test.field+"]\n}")
		planned := core.Plan(t.Context())
		if errs := strings.Join(planned.Errors, "\n"); !strings.Contains(errs, test.refuses) ||
			(errs == "") != (test.refuses == "") {
			t.Errorf("%s: %s", test.version, errs)
		}
		if said := strings.Join(planned.Warnings, "\n"); !strings.Contains(said, test.cautions) {
			t.Errorf("%s: warned %q", test.version, said)
		}
		applied := core.Apply(t.Context())
		if works := len(applied.Errors) == 0; works != (test.refuses+test.cautions == "") {
			t.Errorf("%s: %s", test.version, applied.Texts())
		}
	}
}

// TestBasicAuthThatTheInstanceRefuses warns at plan where the instance refuses the connector's user, as it does when
// the connector runs, and nowhere else.
func TestBasicAuthThatTheInstanceRefuses(t *testing.T) {
	t.Parallel()
	const refused = "refuses this user's basic authentication"
	service := servicenow.Record{"web_service_access_only": "true"}
	for name, test := range map[string]struct {
		release servicenow.Release
		user    servicenow.Record
		role    string
		host    string // of another instance; empty: the provider's
		warns   bool
	}{
		"a person":                 {servicenow.Australia, nil, "", "", true},
		"a person, by a role":      {servicenow.Australia, nil, "snc_basic_auth_api_access", "", false},
		"a service":                {servicenow.Australia, service, "", "", false},
		"before it is enforced":    {servicenow.Zurich, nil, "", "", false},
		"before there is any":      {servicenow.Washington, nil, "", "", false},
		"of another instance":      {servicenow.Australia, nil, "", "https://dev2.service-now.com", false},
		"an administrator, itself": {servicenow.Australia, nil, "admin", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, func(o *simulator.Options) { o.ServiceNow.Release = test.release })
			user := servicenow.Record{"user_name": "connector", "user_password": "p4ssword"}
			for column, value := range test.user {
				user[column] = value
			}
			id, err := w.ServiceNow.InsertDisplayed("sys_user", user)
			if err != nil {
				t.Fatal(err)
			}
			if test.role != "" {
				role := w.ServiceNow.Records("sys_user_role", "name="+test.role)[0]["sys_id"]
				grant := servicenow.Record{"user": id, "role": role}
				if _, err := w.ServiceNow.Insert("sys_user_has_role", grant); err != nil {
					t.Fatal(err)
				}
			}
			host := test.host
			if host == "" {
				host = w.ServiceNowURL()
			}
			core := acctest.NewCore(t, w.Provider()+`
resource "servicenow_kibana_itsm_connector" "c" {
  name       = "By password"
  api_url    = "`+host+`"
  basic_auth = { username_wo = "connector", password_wo = "p4ssword" }
}`)
			planned := core.Plan(t.Context())
			if len(planned.Errors) > 0 || strings.Contains(planned.Texts(), refused) != test.warns {
				t.Errorf("planned: %s", planned.Texts())
			}
			if strings.Contains(planned.Texts(), "p4ssword") {
				t.Error("the warning holds the password")
			}
		})
	}
}

// TestVersionThatIsNotTold applies a connector where an API key learns no version: on serverless, and where the status
// is redacted or refused. What the configuration states counts as told.
func TestVersionThatIsNotTold(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*kibana.Options){
		"serverless": func(o *kibana.Options) { o.BuildFlavor = "serverless" },
		"redacted":   func(o *kibana.Options) { o.StatusForAPIKeys = kibana.StatusRedacted },
		"refused":    func(o *kibana.Options) { o.StatusForAPIKeys = kibana.StatusRefused },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, func(o *simulator.Options) {
				o.Kibana.APIKeys = []string{"a2V5OnNlY3JldA=="}
				change(&o.Kibana)
			})
			config := func(settings string) string {
				return `
provider "servicenow" {
  kibana = {
    url     = "` + w.KibanaURL() + `"
    api_key = "a2V5OnNlY3JldA=="
    ` + settings + `
  }
}
resource "servicenow_kibana_jira_connector" "c" {
  name         = "Jira"
  api_url      = "https://jira.example.com"
  project_key  = "SEC"
  email_wo     = "a@example.com"
  api_token_wo = "token"
}`
			}
			core := acctest.NewCore(t, config(""))
			if got := core.Apply(t.Context()); len(got.Errors) > 0 {
				t.Fatal(got.Texts())
			}
			if got := core.Plan(t.Context()); len(got.Errors)+len(got.Changes) > 0 {
				t.Errorf("%v %s", got.Changes, got.Texts())
			}
			w.Forget()
			core.Configure(config(`version = "9.1"`))
			if got := core.Destroy(t.Context()); len(got.Errors) > 0 {
				t.Error(got.Texts())
			}
			for _, path := range w.Reads() {
				if strings.HasSuffix(path, "/api/status") {
					t.Error("asked for a version that is stated")
				}
			}
		})
	}
}
