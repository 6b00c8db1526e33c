package servicenow_test

import (
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const twoUsers = `
resource "servicenow_user" "a" { user_name = "test.a" }
resource "servicenow_user" "b" { user_name = "test.b" }
`

const twoGroups = `
resource "servicenow_group" "a" { name = "Group A" }
resource "servicenow_group" "b" { name = "Group B" }
`

const twoRoles = `
data "servicenow_role" "a" { name = "import_set_loader" }
data "servicenow_role" "b" { name = "import_transformer" }
`

func TestGroup(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_group", Table: "sys_user_group", Needs: twoUsers + twoGroups,
		Unread:     []string{"additional_columns.default_assignee"},
		NaturalKey: func(r servicenow.Record) string { return "name=" + r["name"] },
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"SOC"`, Becomes: `"SOC 2"`, Drift: map[string]string{"name": "renamed"}},
			{
				Name: "description", Column: "description", Is: `"first"`, Becomes: `"second"`,
				Drift: map[string]string{"description": "third"},
			},
			{Name: "email", Column: "email", Is: `"soc@example.com"`, Becomes: ``},
			{
				Name: "manager_id", Column: "manager", Is: `servicenow_user.a.id`, Becomes: `servicenow_user.b.id`,
				Drift: map[string]string{"manager": ""},
			},
			{
				Name: "parent_id", Column: "parent", Is: `servicenow_group.a.id`, Becomes: `servicenow_group.b.id`,
				Drift: map[string]string{"parent": ""},
			},
			{Name: "type", Column: "type", Is: `"itil"`, Becomes: `"catalog"`, Drift: map[string]string{"type": "other"}},
			{Name: "active", Column: "active", Is: `false`, Becomes: `true`, Drift: map[string]string{"active": "false"}},
			{
				Name: "additional_columns", Is: `{ source = "ldap", default_assignee = servicenow_user.a.id }`,
				Becomes: `{ source = "saml" }`,
				Columns: [2]map[string]string{{"source": "ldap"}, {"source": "saml", "default_assignee": ""}},
				Drift:   map[string]string{"source": "scim"},
			},
		},
	}.Test(t)
}

func TestGroupMember(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_group_member", Table: "sys_user_grmember", Needs: twoUsers + twoGroups,
		NaturalKey: func(r servicenow.Record) string { return r["group"] + "/" + r["user"] },
		Attributes: []acctest.Attribute{
			{
				Name: "group_id", Column: "group", Is: `servicenow_group.a.id`, Becomes: `servicenow_group.b.id`, Replaces: true,
			},
			{Name: "user_id", Column: "user", Is: `servicenow_user.a.id`, Becomes: `servicenow_user.b.id`, Replaces: true},
		},
	}.Test(t)
}

func TestGroupRole(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_group_role", Table: "sys_group_has_role", Needs: twoRoles + twoGroups,
		NaturalKey: func(r servicenow.Record) string { return r["group"] + "/" + r["role"] },
		Attributes: []acctest.Attribute{
			{
				Name: "group_id", Column: "group", Is: `servicenow_group.a.id`, Becomes: `servicenow_group.b.id`, Replaces: true,
			},
			{
				Name: "role_id", Column: "role", Is: `data.servicenow_role.a.id`, Becomes: `data.servicenow_role.b.id`,
				Replaces: true,
			},
		},
	}.Test(t)
}

func TestUserRole(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_user_role", Table: "sys_user_has_role", Needs: twoRoles + twoUsers,
		NaturalKey: func(r servicenow.Record) string { return r["user"] + "/" + r["role"] },
		Attributes: []acctest.Attribute{
			{Name: "user_id", Column: "user", Is: `servicenow_user.a.id`, Becomes: `servicenow_user.b.id`, Replaces: true},
			{
				Name: "role_id", Column: "role", Is: `data.servicenow_role.a.id`, Becomes: `data.servicenow_role.b.id`,
				Replaces: true,
			},
		},
	}.Test(t)
}

func TestRole(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_role", Table: "sys_user_role",
		NaturalKey: func(r servicenow.Record) string { return "name=" + r["name"] },
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"x_test.reader"`, Becomes: `"x_test.writer"`, Replaces: true},
			{
				Name: "description", Column: "description", Is: `"first"`, Becomes: `"second"`,
				Drift: map[string]string{"description": "third"},
			},
			{
				Name: "elevated_privilege", Column: "elevated_privilege", Is: `true`, Becomes: `false`,
				Drift: map[string]string{"elevated_privilege": "true"},
			},
			{
				Name: "grantable", Column: "grantable", Is: `false`, Becomes: `true`,
				Drift: map[string]string{"grantable": "false"},
			},
			{
				Name: "scope_id", Column: "sys_scope", Is: `"global"`,
				Becomes: `data.servicenow_application.elastic.id`, Replaces: true,
			},
		},
		Needs: `data "servicenow_application" "elastic" { scope = "x_elas2_inc_int" }`,
	}.Test(t)
}
