package servicenow_test

import (
	"net/http"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func grants(in *instance, user, role string) []servicenow.Record {
	return in.Records("sys_user_has_role", "user="+user+"^role="+in.role(role))
}

func TestRolesAreInheritedFromRolesAndGroups(t *testing.T) {
	t.Parallel()
	for _, legacy := range []bool{false, true} {
		in := start(t, servicenow.Options{LegacyRoleManagement: legacy})
		user, by := in.user("heir")
		direct := in.create("sys_user_has_role", map[string]any{"user": user, "role": in.role("itil")})
		inner := grants(in, user, "sn_incident_read")
		if len(inner) != 1 || inner[0]["inherited"] != "true" {
			t.Fatalf("legacy=%v: contained role %v", legacy, inner)
		}
		if legacy && (inner[0]["included_in_role_instance"] != direct || inner[0]["inh_count"] != "") ||
			!legacy && inner[0]["inh_count"] != "1" {
			t.Errorf("legacy=%v: contained role %v", legacy, inner)
		}
		by.must(http.StatusCreated, http.MethodPost, table+"incident", map[string]any{})

		group := in.create("sys_user_group", map[string]any{"name": "ops"})
		in.create("sys_group_has_role", map[string]any{"group": group, "role": in.role("itil")})
		member := in.create("sys_user_grmember", map[string]any{"group": group, "user": user})
		rows := grants(in, user, "itil")
		if legacy && len(rows) != 2 ||
			!legacy && (len(rows) != 1 || rows[0]["inherited"] != "false" || rows[0]["inh_count"] != "1") {
			t.Errorf("legacy=%v: direct and by group: %v", legacy, rows)
		}
		in.must(http.StatusNoContent, http.MethodDelete, table+"sys_user_has_role/"+direct, nil)
		if rows := grants(in, user, "itil"); len(rows) != 1 || rows[0]["inherited"] != "true" {
			t.Errorf("legacy=%v: after the direct grant went: %v", legacy, rows)
		}
		in.must(http.StatusNoContent, http.MethodDelete, table+"sys_user_grmember/"+member, nil)
		if rows := in.Records("sys_user_has_role", "user="+user); len(rows) != 0 {
			t.Errorf("legacy=%v: left over: %v", legacy, rows)
		}
		by.must(http.StatusForbidden, http.MethodPost, table+"incident", map[string]any{})
	}
}

func TestGrantingAnInheritedRole(t *testing.T) {
	t.Parallel()
	grant := func(in *instance) (inherited, granted string, user string) {
		user, _ = in.user("heir", "itil")
		inherited = grants(in, user, "sn_incident_read")[0]["sys_id"]
		return inherited, in.create(
			"sys_user_has_role",
			map[string]any{"user": user, "role": in.role("sn_incident_read")},
		), user
	}
	v2 := start(t, servicenow.Options{})
	before, after, user := grant(v2)
	if before != after {
		t.Error("version 2 made a second row for one user and role")
	}
	if rows := grants(v2, user, "sn_incident_read"); len(rows) != 1 || rows[0]["inherited"] != "false" {
		t.Errorf("version 2: %v", rows)
	}
	v2.must(http.StatusForbidden, http.MethodPost, table+"sys_user_has_role",
		map[string]any{"user": user, "role": v2.role("sn_incident_read")})
	legacy := start(t, servicenow.Options{LegacyRoleManagement: true})
	before, after, user = grant(legacy)
	if before == after || len(grants(legacy, user, "sn_incident_read")) != 2 {
		t.Errorf("legacy: %v", grants(legacy, user, "sn_incident_read"))
	}
}

func TestCircularContainmentEnds(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	a, b := in.create(
		"sys_user_role",
		map[string]any{"name": "a"},
	), in.create(
		"sys_user_role",
		map[string]any{"name": "b"},
	)
	in.create("sys_user_role_contains", map[string]any{"role": a, "contains": b})
	in.create("sys_user_role_contains", map[string]any{"role": b, "contains": a})
	user, _ := in.user("loop", "a")
	if rows := in.Records("sys_user_has_role", "user="+user); len(rows) != 2 {
		t.Errorf("rows %v", rows)
	}
	in.must(http.StatusNoContent, http.MethodDelete, table+"sys_user_role/"+b, nil)
	if rows := in.Records("sys_user_has_role", "user="+user); len(rows) != 1 {
		t.Errorf("after a role went: %v", rows)
	}
	in.must(http.StatusNoContent, http.MethodDelete, table+"sys_user/"+user, nil)
	if rows := in.Records("sys_user_has_role", "user="+user); len(rows) != 0 {
		t.Errorf("after the user went: %v", rows)
	}
}
