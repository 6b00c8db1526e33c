package servicenow_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const elastic = "x_elas2_inc_int"

func scopeOf(r response) string { return text(object(r.record()["sys_scope"])["value"]) }

func TestCreatesLandInTheScopeOfTheRequest(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	app := in.Records("sys_scope", "scope="+elastic)[0]["sys_id"]
	body := map[string]any{"name": "r", "sys_scope": app}
	post := func(query string) string {
		return scopeOf(in.must(http.StatusCreated, http.MethodPost, table+"sys_user_role"+query, body))
	}
	if got := post(""); got != "global" {
		t.Errorf("sys_scope in the body put the record into %s", got)
	}
	in.must(http.StatusOK, http.MethodPost, "/simulator/current-application", map[string]any{
		"user_name": "admin", "scope": elastic,
	})
	if got := post(""); got != app {
		t.Errorf("with the picker on the application: %s", got)
	}
	if got := post(query("sysparm_transaction_scope", "global")); got != "global" {
		t.Errorf("a named scope loses against the picker: %s", got)
	}
	if got := post(query("sysparm_transaction_scope", "nonsense")); got != app {
		t.Errorf("a scope that does not exist: %s", got)
	}
	in.must(http.StatusBadRequest, http.MethodPost, "/simulator/current-application", map[string]any{
		"user_name": "admin", "scope": "x_nobody",
	})

	everybody := start(t, servicenow.Options{CurrentApplication: elastic})
	r := everybody.must(http.StatusCreated, http.MethodPost, table+"sys_user_role", body)
	if got := scopeOf(r); got != app {
		t.Errorf("with the picker of everybody on the application: %s", got)
	}
	admin := everybody.Records("sys_user", "user_name=admin")[0]["sys_id"]
	everybody.create("sys_user_preference", map[string]any{"user": admin, "name": "apps.current_app", "value": "global"})
	if got := scopeOf(everybody.must(http.StatusCreated, http.MethodPost, table+"sys_user_role",
		body)); got != "global" {
		t.Errorf("with a preference of its own: %s", got)
	}
}

func TestScopedRecordsAreChangedInTheirScopeOnly(t *testing.T) {
	t.Parallel()
	for _, lenient := range []bool{false, true} {
		in := start(t, servicenow.Options{AllowCrossScopeWrites: lenient})
		app := in.Records("sys_scope", "scope="+elastic)[0]["sys_id"]
		want := http.StatusForbidden
		if lenient {
			want = http.StatusOK
		}
		inApp := query("sysparm_transaction_scope", app)
		id := text(in.must(http.StatusCreated, http.MethodPost, table+"sys_cors_rule"+inApp, map[string]any{"name": "a"}).
			record()["sys_id"])
		change := map[string]any{"max_age": "5"}
		in.must(want, http.MethodPatch, table+"sys_cors_rule/"+id, change)
		if got, _ := in.Record("sys_cors_rule", id); (got["max_age"] == "5") != lenient {
			t.Errorf("lenient %t: max_age %s", lenient, got["max_age"])
		}
		in.must(http.StatusOK, http.MethodPatch, table+"sys_cors_rule/"+id+inApp, change)
		if !lenient {
			in.must(want, http.MethodDelete, table+"sys_cors_rule/"+id, nil)
		}
		in.must(http.StatusNoContent, http.MethodDelete, table+"sys_cors_rule/"+id+inApp, nil)
		global := in.create("sys_cors_rule", map[string]any{"name": "g"})
		in.must(http.StatusOK, http.MethodPatch, table+"sys_cors_rule/"+global+inApp, change)
	}
}

func TestInstancesThatRefuseANamedScope(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusForbidden} {
		in := start(t, servicenow.Options{RefuseTransactionScope: status})
		id := in.create("sys_user_role", map[string]any{"name": "before"})
		named := query("sysparm_transaction_scope", "global")
		in.must(status, http.MethodPost, table+"sys_user_role"+named, map[string]any{"name": "refused"})
		in.must(status, http.MethodPatch, table+"sys_user_role/"+id+named, map[string]any{"name": "refused"})
		in.must(status, http.MethodDelete, table+"sys_user_role/"+id+named, nil)
		if found := in.Records("sys_user_role", "name=refused"); len(found) > 0 {
			t.Errorf("%d: written all the same: %v", status, found)
		}
		if _, ok := in.Record("sys_user_role", id); !ok {
			t.Errorf("%d: deleted all the same", status)
		}
		in.must(http.StatusOK, http.MethodGet, table+"sys_user_role/"+id+named, nil)
	}
}

func TestTablesTellTheirScopeAndWebServiceAccess(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	const staging = elastic + "_elastic_incident"
	app := in.Records("sys_scope", "scope="+elastic)[0]["sys_id"]
	for name, scope := range map[string]string{"incident": "global", staging: app} {
		row := in.must(http.StatusOK, http.MethodGet, table+"sys_db_object"+query("sysparm_query", "name="+name),
			nil).list()[0]
		if object(row["sys_scope"])["value"] != scope || row["ws_access"] != "true" {
			t.Errorf("%s: %v", name, row)
		}
	}
	in.must(http.StatusOK, http.MethodPost, "/simulator/web-service-access", map[string]any{"table": staging})
	in.must(http.StatusOK, http.MethodPost, "/simulator/web-service-access", map[string]any{"table": "incident"})
	for path, method := range map[string]string{
		table + "incident": http.MethodGet, "/api/now/stats/incident": http.MethodGet,
		table + "incident?x=1":       http.MethodPost,
		table + "incident/abc":       http.MethodDelete,
		"/api/now/import/" + staging: http.MethodPost,
	} {
		r := in.must(http.StatusForbidden, method, path, map[string]any{})
		if message, _ := r.errorText(); !strings.Contains(message, "WebServicePolicyValidator") {
			t.Errorf("%s %s: %s", method, path, r.text)
		}
	}
	in.must(http.StatusOK, http.MethodGet, table+"task", nil)
	in.must(http.StatusBadRequest, http.MethodPost, "/simulator/web-service-access", map[string]any{"table": "nothing"})
	object := in.Records("sys_db_object", "name=incident")[0]["sys_id"]
	in.must(http.StatusOK, http.MethodPatch, table+"sys_db_object/"+object, map[string]any{"ws_access": "true"})
	in.must(http.StatusOK, http.MethodGet, table+"incident", nil)
}

func TestInactiveUsersAreInvisibleWithoutAdmin(t *testing.T) {
	t.Parallel()
	for _, visible := range []bool{false, true} {
		in := start(t, servicenow.Options{ShowInactiveUsers: visible})
		_, plain := in.user("plain", "itil")
		gone := in.insert("sys_user", servicenow.Record{"user_name": "gone", "active": "false"})
		search := table + "sys_user" + query("sysparm_query", "user_name=gone")
		count := "/api/now/stats/sys_user" + query("sysparm_query", "user_name=gone", "sysparm_count", "true")
		look := func(as *instance) (listed int, counted, one string) {
			r := as.must(http.StatusOK, http.MethodGet, search, nil)
			stats := object(as.must(http.StatusOK, http.MethodGet, count, nil).record()["stats"])
			if text(stats["count"]) != r.header.Get("X-Total-Count") {
				t.Errorf("stats %v, X-Total-Count %s", stats, r.header.Get("X-Total-Count"))
			}
			return len(r.list()), r.header.Get("X-Total-Count"), http.StatusText(as.do(http.MethodGet,
				table+"sys_user/"+gone, nil).status)
		}
		if n, total, one := look(in); n != 1 || total != "1" || one != "OK" {
			t.Errorf("admin sees %d of %s, %s", n, total, one)
		}
		n, total, one := look(plain)
		if seen := n == 1 && total == "1" && one == "OK"; seen != visible || !seen && (n != 0 || total != "0" ||
			one != "Not Found") {
			t.Errorf("visible %t: without admin %d of %s, %s", visible, n, total, one)
		}
	}
}

func TestDictionaryIsEmptyWithoutAdmin(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	_, plain := in.user("plain", "itil")
	columns := func(as *instance, table string) []string {
		var names []string
		for _, r := range as.must(http.StatusOK, http.MethodGet, "/api/now/table/sys_dictionary"+
			query("sysparm_query", "name="+table+"^elementISNOTEMPTY"), nil).list() {
			names = append(names, text(r["element"]))
		}
		return names
	}
	if got := columns(plain, "incident"); len(got) != 0 {
		t.Errorf("without admin: %v", got)
	}
	own, inherited := columns(in, "oauth_jwt"), columns(in, "oauth_entity")
	has := func(names []string, name string) bool {
		return strings.Contains(","+strings.Join(names, ",")+",",
			","+name+",")
	}
	if !has(own, "user_field") || has(own, "client_id") || !has(inherited, "client_id") || has(inherited, "sys_scope") {
		t.Errorf("oauth_jwt %v\noauth_entity %v", own, inherited)
	}
}

func TestRESTRoleSwitch(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{RequireRESTRole: true})
	_, plain := in.user("plain", "itil")
	_, able := in.user("able", "itil", "snc_platform_rest_api_access")
	r := plain.must(http.StatusForbidden, http.MethodGet, table+"incident", nil)
	if _, detail := r.errorText(); !strings.Contains(detail, "snc_platform_rest_api_access") {
		t.Errorf("refusal %s", r.text)
	}
	able.must(http.StatusOK, http.MethodGet, table+"incident", nil)
	in.must(http.StatusOK, http.MethodGet, table+"incident", nil)
}

// Each cause of a 403 has words of its own.
func TestForbiddenCausesAreTold(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	_, plain := in.user("plain")
	id := in.create("sys_certificate", map[string]any{"name": "c"})
	for _, test := range []struct{ method, path, message, detail string }{
		{"GET", table + "sys_certificate", "Insufficient rights to query records", ""},
		{
			"GET", table + "sys_certificate?name=c", "Insufficient rights to query records",
			"Field(s) present in the query do not have permission to be read",
		},
		{"POST", table + "incident", "Operation Failed", "ACL Exception Insert Failed due to security constraints"},
	} {
		message, detail := plain.must(http.StatusForbidden, test.method, test.path, map[string]any{}).errorText()
		if message != test.message || detail != test.detail {
			t.Errorf("%s %s: %q, %q", test.method, test.path, message, detail)
		}
	}
	plain.must(http.StatusNotFound, http.MethodGet, table+"sys_certificate/"+id, nil)
}

func TestPropertiesOfPasswordTypesAreWithheld(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	id := in.create("sys_properties", map[string]any{"name": "my.flag", "value": "true"})
	r := in.must(http.StatusOK, http.MethodPatch, table+"sys_properties/"+id, map[string]any{"value": "false"}).record()
	if r["value"] != "false" || r["type"] != "string" || r["sys_mod_count"] != "1" {
		t.Errorf("a plain property: %v", r)
	}
	for _, typ := range []string{"password", "password2"} {
		made := in.must(http.StatusCreated, http.MethodPost, table+"sys_properties",
			map[string]any{"name": "my." + typ, "value": "c4nary", "type": typ})
		id := text(made.record()["sys_id"])
		all := in.must(http.StatusOK, http.MethodGet, table+"sys_properties/"+id+"?sysparm_display_value=all", nil)
		changed := in.must(http.StatusOK, http.MethodPatch, table+"sys_properties/"+id, map[string]any{"value": "c4nary2"})
		found := in.must(http.StatusOK, http.MethodGet, table+"sys_properties"+query("sysparm_query", "valueLIKEc4nary"),
			nil)
		if joined := made.text + all.text + changed.text; strings.Contains(joined, "c4nary") || len(found.list()) > 0 {
			t.Errorf("%s is shown: %s", typ, joined)
		}
		if got := in.Secret("sys_properties", id, "value"); got != "c4nary2" {
			t.Errorf("%s holds %q", typ, got)
		}
	}
	_, plain := in.user("plain", "itil")
	plain.must(http.StatusForbidden, http.MethodGet, table+"sys_properties", nil)
}

func TestApplyAllOfAPolicyCoversEverything(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	_, token := keyed(in, nil)
	profile := in.insert("http_key_auth", servicenow.Record{"name": "k", "auth_parameter": parameter(in,
		"type=auth_header")})
	basic := in.insert("std_http_auth", servicenow.Record{"name": "b", "type": "basic_auth"})
	policy := protect(in, map[string]any{
		"apply_all_methods": "false", "http_method": "POST", "apply_all_versions": "false", "version": "v2",
	}, profile, basic)
	key := in.with("x-sn-apikey", token)
	key.must(http.StatusUnauthorized, http.MethodGet, table+"incident", nil)
	in.must(http.StatusOK, http.MethodPatch, table+"sys_api_access_policy/"+policy, map[string]any{"apply_all": "true"})
	key.must(http.StatusOK, http.MethodGet, table+"incident", nil)
}

func TestInsertMultipleStagesEachRecord(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	const to = "/api/now/import/" + elastic + "_elastic_incident/insertMultiple"
	r := in.must(http.StatusCreated, http.MethodPost, to, map[string]any{"records": []map[string]any{
		{"u_short_description": "a"}, {"u_short_description": "b"},
	}})
	if len(text(r.body["import_set_id"])) != 32 || len(text(r.body["multi_import_set_id"])) != 32 {
		t.Errorf("answer %s", r.text)
	}
	staged := in.Records(elastic+"_elastic_incident", "")
	if len(staged) != 2 || staged[0]["sys_import_set"] != staged[1]["sys_import_set"] ||
		staged[0]["sys_import_state"] == "pending" {
		t.Errorf("staged %v", staged)
	}
	for _, bad := range []any{map[string]any{}, map[string]any{"records": []int{1}}} {
		in.must(http.StatusBadRequest, http.MethodPost, to, bad)
	}
	_, plain := in.user("plain")
	plain.must(http.StatusForbidden, http.MethodPost, to, map[string]any{"records": []map[string]any{{}}})
}
