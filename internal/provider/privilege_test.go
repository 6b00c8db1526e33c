package provider_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// assumedAccess are the access rules of the simulator that no evidence decides, by resource. The runs of these hold
// that the provider and the simulator agree, and not that an instance does.
var assumedAccess = map[string]string{
	"servicenow_api_key_auth_profile":   inboundSetup,
	"servicenow_auth_parameter":         inboundSetup,
	"servicenow_http_auth_profile":      inboundSetup,
	"servicenow_rest_api_access_policy": inboundSetup,
	"servicenow_rest_api_key":           inboundSetup,
	"servicenow_auth_scope":             scopeTables,
	"servicenow_rest_api_auth_scope":    scopeTables,
	"servicenow_cross_scope_privilege":  undocumented,
	"servicenow_system_property":        undocumented,
	"servicenow_group_member":           grants,
	"servicenow_group_role":             grants,
	"servicenow_user_role":              grants,
	"servicenow_jwt_verifier_map":       registry,
	"servicenow_oauth_client":           registry,
	"servicenow_record":                 "the run is of sys_properties, of which " + undocumented,
	"servicenow_security_integration":   securitySetup,
}

const (
	inboundSetup = "api_service_admin and adaptive_auth_policy_admin are documented for the whole setup of API keys; " +
		"which of its tables one of them opens is not: the simulator asks for both to write, and for keys for the first"
	registry      = "the roles are documented for the registry, and taken for this kind of entry and what belongs to it"
	securitySetup = "sn_vul.vulnerability_admin is documented for the setup; sn_sec_int.admin is assumed"
	scopeTables   = "api_service_admin is documented for the setup of API keys, which scopes belong to"
	undocumented  = "no role is documented; the simulator opens a table that nothing is known of to admin alone"
	grants        = "user_admin is documented for users and groups; that it grants roles and membership is assumed, and " +
		"instances except roles of scoped applications from it"
)

// refusals are what servers say to an account that may not do a thing; the last is what the provider says of a list
// that counts a record and does not show it.
var refusals = regexp.MustCompile(`ACL Exception (Insert|Update|Delete) Failed due to security constraints|` +
	`Insufficient rights to query records|User Not Authorized|Insufficient rights to use the CI/CD API|` +
	`Unauthorized to (create|update|delete)|the record exists, but the account may not read it`)

// managed returns the resources of one server: a configuration of each, and what its definition says it needs.
func managed(t *testing.T, on lifecycle.Server) ([]subject, map[string]lifecycle.Needs) {
	t.Helper()
	needs := map[string]lifecycle.Needs{}
	for _, e := range served(t) {
		if e.kind != "resources" {
			continue
		}
		if d, _, ok := lifecycle.Inspect(e.resource); ok && d.Server == on {
			needs[e.name] = d.Needs
		}
	}
	configured := map[string]bool{}
	all := slices.DeleteFunc(subjects(t), func(s subject) bool {
		_, ok := needs[s.name]
		configured[s.name] = true
		return !ok
	})
	for name := range needs {
		if !configured[name] {
			t.Errorf("%s is not in subjects: add it in fault_subjects_test.go", name)
		}
	}
	return all, needs
}

// unmarked is Markdown as hints print it.
func unmarked(text string) string { return strings.NewReplacer("`", "", "*", "").Replace(text) }

// TestLeastPrivilege takes each resource of ServiceNow through its life as an account that holds exactly the roles of
// one alternative of its Definition.Needs.Roles, and then as accounts with one role less, each of which must be refused
// with the server's words and the roles that the Definition names. Where only admin is enough, one less is every role
// of the instance but admin.
//
// The access rules are the simulator's, which knows nothing of the definitions; assumedAccess lists those without
// evidence.
func TestLeastPrivilege(t *testing.T) {
	t.Parallel()
	all, needs := managed(t, lifecycle.ServiceNow)
	for name := range assumedAccess {
		if _, ok := needs[name]; !ok {
			t.Errorf("assumedAccess: there is no %s", name)
		}
	}
	for i := range all {
		// What the attribute needs beyond is TestAuthScopesOfKeysNeedTheDictionary's.
		all[i].before = withoutAuthScopes.ReplaceAllString(all[i].before, "")
		all[i].after = withoutAuthScopes.ReplaceAllString(all[i].after, "")
	}
	var accounts []account
	for _, s := range all {
		roles := needs[s.name].Roles
		if len(roles) == 0 {
			roles = lifecycle.Roles{{admin}} // AdminOnly, and servicenow_record on a table that only admin writes
		}
		for _, enough := range roles {
			named := strings.Join(enough, " and ")
			accounts = append(accounts, account{s, named, func(p privilegeRun) { p.suffices(p.withRoles(enough)) }})
			for i, without := range enough {
				accounts = append(accounts, account{s, named + " without " + without, func(p privilegeRun) {
					held := slices.Delete(slices.Clone(enough), i, i+1)
					if without == admin {
						held = p.otherRoles(admin)
					}
					p.refused(p.withRoles(held), "needs "+unmarked(needs[s.name].Account()))
				}})
			}
		}
	}
	inParallel(t, "accounts", accounts, account.String, func(t *testing.T, a account) {
		t.Helper()
		a.run(newPrivilegeRun(t, a.subject))
	})
}

// account is one run of a resource, named by what the account holds.
type account struct {
	subject subject
	holds   string
	run     func(privilegeRun)
}

func (a account) String() string { return a.subject.name + "/" + a.holds }

const admin = "admin"

var withoutAuthScopes = regexp.MustCompile(`auth_scope_ids = .*`)

// TestAuthScopesOfKeysNeedTheDictionary holds what the guide to permissions says of auth_scope_ids, beside the roles of
// the definition.
func TestAuthScopesOfKeysNeedTheDictionary(t *testing.T) {
	t.Parallel()
	all, needs := managed(t, lifecycle.ServiceNow)
	at := slices.IndexFunc(all, func(s subject) bool { return s.name == "servicenow_rest_api_key" })
	if !withoutAuthScopes.MatchString(all[at].before) {
		t.Fatal("the key has no auth_scope_ids")
	}
	roles := needs[all[at].name].Roles[0]
	p := newPrivilegeRun(t, all[at])
	p.suffices(p.withRoles(append(slices.Clone(roles), "personalize_dictionary")))
	p = newPrivilegeRun(t, all[at])
	p.words = regexp.MustCompile(`may not read the dictionary`)
	p.refused(p.withRoles(roles), "the role admin or personalize_dictionary")
}

// TestLeastPrivilegeInKibana does the same with the privilege All, which is enough, and Read, which is not. Kibana's
// source and tests are the evidence of its simulator.
func TestLeastPrivilegeInKibana(t *testing.T) {
	t.Parallel()
	all, needs := managed(t, lifecycle.Kibana)
	login := func(p privilegeRun, level kibana.Privilege) string {
		const name, password = "least.privilege", "of this account"
		user := kibana.User{
			Username: name, Password: password, Privilege: kibana.PrivilegeNone, Connectors: level,
		}
		if p.subject.name == "servicenow_kibana_case_settings" {
			user.Connectors = kibana.PrivilegeRead
			user.Cases = map[string]kibana.Privilege{"securitySolution": level}
		}
		if err := p.world.Kibana.SetUser(user); err != nil {
			t.Fatal(err)
		}
		return p.loggedIn(acctest.KibanaUser, acctest.KibanaPassword, name, password)
	}
	var accounts []account
	for _, s := range all {
		accounts = append(accounts, account{s, "All", func(p privilegeRun) {
			p.leaves = s.name == "servicenow_kibana_case_settings" // Kibana cannot remove them
			p.suffices(login(p, kibana.PrivilegeAll))
		}}, account{s, "Read", func(p privilegeRun) {
			p.refused(login(p, kibana.PrivilegeRead), "needs "+unmarked(needs[s.name].Account()))
		}})
	}
	inParallel(t, "accounts", accounts, account.String, func(t *testing.T, a account) {
		t.Helper()
		a.run(newPrivilegeRun(t, a.subject))
	})
}

// privilegeRun is the life of one resource under an account of its own, in a world where what the resource refers to is
// there already.
type privilegeRun struct {
	*testing.T
	subject subject
	world   *acctest.World
	needs   *acctest.Core
	words   *regexp.Regexp // what the server says to a refused account
	leaves  bool           // a destroy leaves something
}

func newPrivilegeRun(t *testing.T, s subject) privilegeRun {
	t.Helper()
	p := privilegeRun{T: t, subject: s, world: s.world(t), words: refusals, leaves: s.stays}
	p.needs = acctest.NewCore(t, p.world.Provider()+s.needs)
	settle(t, p.needs.Apply(t.Context()), "needs of "+s.name)
	return p
}

var reference = regexp.MustCompile(`\b(?:data\.)?servicenow_\w+\.\w+\.\w+`)

// literal puts values in the place of what a configuration refers to, so that the account neither reads nor makes it.
func (p privilegeRun) literal(config string) string {
	return reference.ReplaceAllStringFunc(config, func(r string) string {
		at := strings.LastIndex(r, ".")
		return fmt.Sprintf("%q", p.needs.Text(r[:at], r[at+1:]))
	})
}

// otherRoles are all the roles of the instance but one.
func (p privilegeRun) otherRoles(left string) []string {
	var names []string
	for _, r := range p.world.ServiceNow.Records("sys_user_role", "") {
		if r["name"] != left {
			names = append(names, r["name"])
		}
	}
	return names
}

// withRoles is the provider block of a new account that holds these roles and no others.
func (p privilegeRun) withRoles(roles []string) string {
	p.Helper()
	const name, password = "least.privilege", "of this account"
	sn := p.world.ServiceNow
	insert := func(table string, values servicenow.Record) string {
		id, err := sn.Insert(table, values)
		if err != nil {
			p.Fatal(err)
		}
		return id
	}
	user := insert("sys_user", servicenow.Record{
		"user_name": name, "user_password": password, "web_service_access_only": "true",
	})
	for _, role := range roles {
		found := sn.Records("sys_user_role", "name="+role)
		if len(found) != 1 {
			p.Fatalf("the instance has %d roles %q", len(found), role)
		}
		insert("sys_user_has_role", servicenow.Record{"user": user, "role": found[0]["sys_id"]})
	}
	return p.loggedIn(sn.AdminUser(), sn.AdminPassword(), name, password)
}

// loggedIn is the provider block with another account in the place of one.
func (p privilegeRun) loggedIn(user, password, newUser, newPassword string) string {
	const login = "basic_auth = { username = %q, password = %q }"
	block := regexp.MustCompile(` +=`).ReplaceAllString(p.world.Provider(), " =")
	changed := strings.Replace(block, fmt.Sprintf(login, user, password), fmt.Sprintf(login, newUser, newPassword), 1)
	if changed == block {
		p.Fatalf("the provider block has no login of %s:\n%s", user, block)
	}
	return changed
}

// suffices holds that an account makes, reads, changes and deletes the resource.
func (p privilegeRun) suffices(account string) {
	p.Helper()
	before := dump(p.world)
	core := acctest.NewCore(p.T, account+p.literal(p.subject.before))
	for _, config := range []string{p.subject.before, p.subject.after} {
		if config == "" {
			continue
		}
		core.Configure(account + p.literal(config))
		out := core.Apply(p.Context())
		settle(p.T, out, p.subject.name)
		if len(out.Changes) != 1 {
			p.Errorf("changes: %q", out.Changes)
		}
		if plan := core.Plan(p.Context()); len(plan.Changes)+len(plan.Errors) > 0 {
			p.Errorf("the plan is not empty: %q %q", plan.Changes, plan.Errors)
		}
	}
	settle(p.T, core.Destroy(p.Context()), p.subject.name)
	if after := dump(p.world); after != before && !p.leaves {
		p.Errorf("the destroy left:\n%s", diff(before, after))
	}
}

// refused holds that an account neither makes the resource, nor changes or deletes what an
// administrator made, and that it is told why and what it needs.
func (p privilegeRun) refused(account, needs string) {
	p.Helper()
	check := func(what, before string, out acctest.Outcome) {
		text := strings.Join(out.Errors, "\n")
		switch {
		case text == "":
			p.Errorf("%s: not refused", what)
		case !p.words.MatchString(text):
			p.Errorf("%s: without the server's words: %s", what, text)
		case !strings.Contains(text, needs):
			p.Errorf("%s: does not name %q: %s", what, needs, text)
		}
		if after := dump(p.world); after != before {
			p.Errorf("%s: refused and done:\n%s", what, diff(before, after))
		}
	}
	before := dump(p.world)
	core := acctest.NewCore(p.T, account+p.literal(p.subject.before))
	check("create", before, core.Apply(p.Context()))
	if p.subject.stays {
		return
	}
	core.Configure(p.world.Provider() + p.literal(p.subject.before))
	settle(p.T, core.Apply(p.Context()), "an administrator's "+p.subject.name)
	before = dump(p.world)
	if p.subject.after != "" {
		core.Configure(account + p.literal(p.subject.after))
		check("update", before, core.Apply(p.Context()))
	}
	core.Configure(account + p.literal(p.subject.before))
	check("delete", before, core.Destroy(p.Context()))
}
