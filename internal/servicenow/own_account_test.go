package servicenow_test

import (
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// ownAccount is an estate that holds the user that the provider logs in as.
type ownAccount struct {
	user, direct, group, key, more string
}

func (o ownAccount) config() string {
	user := o.user
	if user == "" {
		user = `password_wo = "a good word"`
	}
	direct := ""
	if o.direct != "none" {
		direct = `
resource "servicenow_user_role" "direct" {
  user_id = servicenow_user.own.id
  role_id = data.servicenow_role.` + o.direct + `.id
}
`
	}
	return `
data "servicenow_role" "admin" { name = "admin" }
data "servicenow_role" "user_admin" { name = "user_admin" }
data "servicenow_role" "basic" { name = "snc_basic_auth_api_access" }
resource "servicenow_user" "own" {
  user_name = "terraform"
  ` + user + `
}
resource "servicenow_user" "other" { user_name = "other" }
` + direct + o.group + o.key + o.more
}

const (
	adminGroup = `
resource "servicenow_group" "g" { name = "Admins" }
`
	adminOfGroup = `
resource "servicenow_group_role" "g" {
  group_id = servicenow_group.g.id
  role_id  = data.servicenow_role.admin.id
}
`
	memberOfGroup = `
resource "servicenow_group_member" "g" {
  group_id = servicenow_group.g.id
  user_id  = servicenow_user.own.id
}
`
	otherAdmin = `
resource "servicenow_user_role" "other" {
  user_id = servicenow_user.other.id
  role_id = data.servicenow_role.admin.id
}
`
)

// What takes the access of the user that the provider logs in as is refused before it is sent; what does not is not.
func TestGuardOfOwnUser(t *testing.T) {
	t.Parallel()
	const password = `password_wo = "a good word"`
	base := ownAccount{direct: "admin"}
	for name, test := range map[string]struct {
		before, after ownAccount
		release       servicenow.Release
		refused       string // words of the refusal; none: harmless
	}{
		"deactivated": {
			before: base, after: ownAccount{direct: "admin", user: password + "\n active = false"}, refused: "is not active",
		},
		"locked out": {
			before: base, after: ownAccount{direct: "admin", user: password + "\n locked_out = true"}, refused: "is locked out",
		},
		"another password": {
			before: base, after: ownAccount{direct: "admin", user: `password_wo = "another word"`}, refused: "another password",
		},
		"a title": {before: base, after: ownAccount{direct: "admin", user: password + "\n title = \"Robot\""}},
		"web-service-only, and no more, where nothing is restricted": {
			before: ownAccount{direct: "admin", user: password + "\n web_service_access_only = true"},
			after:  ownAccount{direct: "admin", user: password + "\n web_service_access_only = false"},
		},
		"web-service-only no more, where basic authentication is restricted": {
			before:  ownAccount{direct: "admin", user: password + "\n web_service_access_only = true"},
			after:   ownAccount{direct: "admin", user: password + "\n web_service_access_only = false"},
			release: servicenow.Australia, refused: "restriction of basic authentication",
		},
		"the role admin": {before: base, after: ownAccount{direct: "none"}, refused: "does not hold the role admin"},
		"the role user_admin": {
			before: ownAccount{direct: "user_admin"}, after: ownAccount{direct: "none"}, refused: "user_admin",
		},
		"another role":        {before: ownAccount{direct: "admin", more: more("user_admin")}, after: base},
		"the role of another": {before: ownAccount{direct: "admin", more: otherAdmin}, after: base},
		"the role, and the user": {
			before: base, after: ownAccount{direct: "none", user: password + "\n active = false"}, refused: "terraform",
		},
		"the role that a group gives too": {
			before: ownAccount{direct: "admin", group: adminGroup + adminOfGroup + memberOfGroup},
			after:  ownAccount{direct: "none", group: adminGroup + adminOfGroup + memberOfGroup},
		},
		"the membership that gives the role": {
			before: ownAccount{direct: "none", group: adminGroup + adminOfGroup + memberOfGroup},
			after:  ownAccount{direct: "none", group: adminGroup + adminOfGroup}, refused: "does not hold the role admin",
		},
		"the role of the group": {
			before: ownAccount{direct: "none", group: adminGroup + adminOfGroup + memberOfGroup},
			after:  ownAccount{direct: "none", group: adminGroup + memberOfGroup}, refused: "does not hold the role admin",
		},
		"a group beside the role": {
			before: ownAccount{direct: "admin", group: adminGroup + adminOfGroup + memberOfGroup}, after: base,
		},
		"both ways at once": {
			before: ownAccount{direct: "admin", group: adminGroup + adminOfGroup + memberOfGroup},
			after:  ownAccount{direct: "none", group: adminGroup + adminOfGroup}, refused: "does not hold the role admin",
		},
	} {
		for _, legacy := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := acctest.New(t, func(o *simulator.Options) {
					o.ServiceNow.LegacyRoleManagement, o.ServiceNow.Release = legacy, test.release
				})
				if test.release == servicenow.Australia {
					w.ServiceNow.SetProperty("glide.authenticate.basic_auth.restriction.enforcement_date", "2026-06-01 00:00:00")
				}
				core := acctest.NewCore(t, w.Provider()+test.before.config())
				if out := core.Apply(t.Context()); len(out.Errors) > 0 {
					t.Fatal(out.Texts())
				}
				core.Parallelism = 4
				core.Configure(asOwnUser(w, "") + test.after.config())
				out := core.Apply(t.Context())
				if test.refused == "" {
					if len(out.Errors) > 0 {
						t.Errorf("refused: %s", out.Texts())
					}
					return
				}
				if len(out.Errors) == 0 || !strings.Contains(out.Texts(), "would lock this provider out") ||
					!strings.Contains(out.Texts(), test.refused) {
					t.Fatalf("not refused: %s", out.Texts())
				}
				if again := core.Plan(t.Context()); len(again.Errors) > 0 {
					t.Errorf("locked out all the same: %s", again.Texts())
				}
				core.Configure(asOwnUser(w, "allow_lockout = true") + test.after.config())
				if out := core.Apply(t.Context()); strings.Contains(out.Texts(), "would lock") {
					t.Errorf("not lifted: %s", out.Texts())
				}
			})
		}
	}
}

func more(role string) string {
	return `
resource "servicenow_user_role" "more" {
  user_id = servicenow_user.own.id
  role_id = data.servicenow_role.` + role + `.id
}
`
}

// asOwnUser is the provider block that logs in as the user of ownAccount.
func asOwnUser(w *acctest.World, setting string) string {
	return strings.ReplaceAll(w.Provider(), `basic_auth   = { username = "admin", password = "admin" }`,
		`basic_auth = { username = "Terraform", password = "a good word" }`+"\n  "+setting)
}

// The generic record is guarded as the typed resources are, and so is a destroy.
func TestGuardOfOwnUserInOtherWords(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	record := func(values string) string {
		return `
resource "servicenow_record" "own" {
  table            = "sys_user"
  values           = { user_name = "terraform", ` + values + ` }
  secret_values_wo = { user_password = "a good word" }
}
resource "servicenow_record" "grant" {
  table  = "sys_user_has_role"
  values = { user = servicenow_record.own.id, role = data.servicenow_role.admin.id, state = "active" }
}
data "servicenow_role" "admin" { name = "admin" }
`
	}
	core := acctest.NewCore(t, w.Provider()+record(`active = "true"`))
	if out := core.Apply(t.Context()); len(out.Errors) > 0 {
		t.Fatal(out.Texts())
	}
	// The platform hashes a password only in a request of its own.
	own := w.ServiceNow.Records("sys_user", "user_name=terraform")[0]["sys_id"]
	if err := w.ServiceNow.Set("sys_user", own, servicenow.Record{"user_password": "a good word"}); err != nil {
		t.Fatal(err)
	}
	for _, values := range []string{`active = "false"`, `active = "true", locked_out = "true"`} {
		core.Configure(asOwnUser(w, "") + record(values))
		if out := core.Apply(t.Context()); !strings.Contains(out.Texts(), "would lock this provider out") {
			t.Errorf("%s is not refused: %s", values, out.Texts())
		}
	}
	core.Configure(asOwnUser(w, "") + record(`active = "true", title = "Robot"`))
	if out := core.Apply(t.Context()); len(out.Errors) > 0 {
		t.Errorf("a title: %s", out.Texts())
	}
	if out := core.Destroy(t.Context()); !strings.Contains(out.Texts(), "does not hold the role admin") {
		t.Errorf("the destroy is not refused: %s", out.Texts())
	}
	if len(w.ServiceNow.Records("sys_user_has_role", "user="+own)) == 0 {
		t.Error("the role is gone")
	}
	core.Configure(w.Provider() + record(`active = "true"`))
	if out := core.Destroy(t.Context()); len(out.Errors) > 0 {
		t.Errorf("as another user: %s", out.Texts())
	}
}

// The key that the provider logs in with is guarded as long as no other one of its user may be it.
func TestGuardOfOwnKey(t *testing.T) {
	t.Parallel()
	const (
		own = `
data "servicenow_user" "admin" { user_name = "admin" }
data "servicenow_auth_scope" "all" { name = "useraccount" }
resource "servicenow_rest_api_key" "own" {
  name     = "Own"
  user_id  = data.servicenow_user.admin.id
  token_wo = "now_simulated"
  %s
}
`
		scope  = "resource \"servicenow_auth_scope\" \"s\" { name = \"narrow\" }\n"
		second = `
resource "servicenow_rest_api_key" "second" {
  name     = "Second"
  user_id  = data.servicenow_user.admin.id
  token_wo = "now_second"
}
`
		foreign = `
resource "servicenow_user" "other" { user_name = "other" }
resource "servicenow_rest_api_key" "foreign" {
  name    = "Foreign"
  user_id = servicenow_user.other.id
}
`
	)
	with := func(attributes string) string { return strings.ReplaceAll(own, "%s", attributes) }
	for name, test := range map[string]struct {
		before, after string
		scoped        bool // the Table API asks for the scope
		refused       string
	}{
		"deactivated": {before: with(""), after: with("active = false"), refused: "no active key"},
		"expired":     {before: with(""), after: with(`expires_at = "2020-01-01T00:00:00Z"`), refused: "no active key"},
		"of another": {
			before: with("") + foreign, after: with("") + `resource "servicenow_user" "other" { user_name = "other" }`,
		},
		"described":    {before: with(""), after: with(`description = "d"`)},
		"expires late": {before: with(""), after: with(`expires_at = "2099-01-01T00:00:00Z"`)},
		"destroyed": {
			before: with(""), after: `data "servicenow_user" "admin" { user_name = "admin" }`, refused: "no active key",
		},
		"another one": {before: with("") + second, after: with("")},
		"narrowed, where nothing is asked for": {
			before: with("") + scope, after: with("auth_scope_ids = [servicenow_auth_scope.s.id]") + scope,
		},
		"narrowed": {
			before: with("") + scope, after: with("auth_scope_ids = [servicenow_auth_scope.s.id]") + scope, scoped: true,
			refused: "no key of that user holds the auth scopes",
		},
		"given all scopes": {
			before: with(""), after: with("auth_scope_ids = [data.servicenow_auth_scope.all.id]"), scoped: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, honouringTokens)
			openTableAPI(t, w)
			deleteRows(t, w, "api_key", "name=Key")
			core := acctest.NewCore(t, w.Provider()+test.before)
			if out := core.Apply(t.Context()); len(out.Errors) > 0 {
				t.Fatal(out.Texts())
			}
			if test.scoped {
				asked := insertRow(t, w, "sys_auth_scope", servicenow.Record{"name": "asked"})
				insertRow(t, w, "sys_api_access_scope", servicenow.Record{
					"name": "Tables", "api": servicenow.TableAPI, "auth_scope": asked, "apply_all_methods": "true",
				})
			}
			core.Configure(withAPIKey(w) + test.after)
			out := core.Apply(t.Context())
			if test.refused == "" {
				if len(out.Errors) > 0 {
					t.Errorf("refused: %s", out.Texts())
				}
			} else if !strings.Contains(out.Texts(), "would lock this provider out") ||
				!strings.Contains(out.Texts(), test.refused) {
				t.Errorf("not refused: %s", out.Texts())
			}
			if again := core.Plan(t.Context()); len(again.Errors) > 0 {
				t.Errorf("locked out: %s", again.Texts())
			}
		})
	}
}
