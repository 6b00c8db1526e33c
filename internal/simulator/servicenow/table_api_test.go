package servicenow_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const table = "/api/now/table/"

func TestTableRecordLifecycle(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	in := start(t, servicenow.Options{Clock: func() time.Time { return now }})
	id := "0123456789abcdef0123456789abcdef"
	api := in.Records("sys_ws_definition", "base_uri=/api/x_elas2_inc_int/elastic_api")[0]["sys_id"]

	created := in.must(http.StatusCreated, http.MethodPost, table+"sys_cors_rule", map[string]any{
		"sys_id": id, "name": "Elastic CORS", "domain": "https://kibana.example.com", "rest_api": api,
		"get": true, "post": "1", "max_age": 3600, "no_such_column": "x", "sys_created_by": "mallory",
	})
	if want := in.url + table + "sys_cors_rule/" + id; created.header.Get("Location") != want {
		t.Errorf("Location %q, want %q", created.header.Get("Location"), want)
	}
	got := created.record()
	want := map[string]any{
		"sys_id": id, "name": "Elastic CORS", "rest_api": api, "get": "true", "post": "true",
		"put": "false", "max_age": "3600", "active": "true", "sys_mod_count": "0", "sys_created_by": "admin",
		"sys_created_on": "2026-03-01 12:00:00", "exposed_headers": "", "sys_class_name": "sys_cors_rule",
		"sys_scope": map[string]any{"value": "global", "link": in.url + table + "sys_scope/global"},
	}
	for name, value := range want {
		if !cmp.Equal(got[name], value) {
			t.Errorf("%s = %v, want %v", name, got[name], value)
		}
	}
	if _, ok := got["no_such_column"]; ok {
		t.Error("an unknown body column came back")
	}

	now = now.Add(time.Minute)
	same := in.must(http.StatusOK, http.MethodPatch, table+"sys_cors_rule/"+id, map[string]any{"get": "true"})
	if same.record()["sys_mod_count"] != "0" {
		t.Error("a PATCH that changes nothing moved sys_mod_count")
	}
	changed := in.must(http.StatusOK, http.MethodPut, table+"sys_cors_rule/"+id, map[string]any{"get": "false"})
	if changed.record()["sys_mod_count"] != "1" || changed.record()["sys_updated_on"] != "2026-03-01 12:01:00" {
		t.Errorf("after a change: %v", changed.record())
	}
	if changed.record()["name"] != "Elastic CORS" {
		t.Error("PUT dropped a column that it did not name")
	}
	if gone := in.must(http.StatusNoContent, http.MethodDelete, table+"sys_cors_rule/"+id, nil); gone.text != "" {
		t.Errorf("DELETE has a body: %s", gone.text)
	}
	in.must(http.StatusNotFound, http.MethodGet, table+"sys_cors_rule/"+id, nil)
}

func TestErrorEnvelopes(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	_, plain := in.user("plain")
	taken := in.create("sys_cors_rule", map[string]any{"name": "taken"})
	for _, test := range []struct {
		name         string
		by           *instance
		method, path string
		body         any
		status       int
		message      string
		detail       string
	}{
		{
			"no credentials", in.with("X-Nothing", "1"), "GET", table + "sys_user", nil, 401,
			"User Not Authenticated", "Required to provide Auth information",
		},
		{
			"wrong password", in.as("admin", "nope"), "GET", table + "sys_user", nil, 401,
			"User Not Authenticated", "Required to provide Auth information",
		},
		{"unknown table", in, "GET", table + "u_missing", nil, 400, "Invalid table u_missing", ""},
		{
			"unknown record", in, "GET", table + "sys_user/00000000000000000000000000000000", nil, 404,
			"No Record found", "Record doesn't exist or ACL restricts the record retrieval",
		},
		{
			"update of nothing", in, "PATCH", table + "sys_user/00000000000000000000000000000000", "{}", 404,
			"No Record found", "Record doesn't exist or ACL restricts the record retrieval",
		},
		{
			"table not readable", plain, "GET", table + "sys_certificate", nil, 403,
			"Insufficient rights to query records", "",
		},
		{
			"filter not readable", plain, "GET", table + "sys_certificate?name=x", nil, 403,
			"Insufficient rights to query records", "Field(s) present in the query do not have permission to be read",
		},
		{
			"insert not allowed", plain, "POST", table + "sys_user", "{}", 403,
			"Operation Failed", "ACL Exception Insert Failed due to security constraints",
		},
		{
			"update not allowed", plain, "PATCH", table + "sys_user_role/" + in.role("itil"), "{}", 403,
			"Operation Failed", "ACL Exception Update Failed due to security constraints",
		},
		{
			"delete not allowed", plain, "DELETE", table + "sys_user_role/" + in.role("itil"), nil, 403,
			"Operation Failed", "ACL Exception Delete Failed due to security constraints",
		},
		{
			"broken JSON", in, "POST", table + "sys_user", "{", 400,
			"Exception while reading request", "The payload is not valid JSON.",
		},
		{
			"sys_id in use", in, "POST", table + "sys_cors_rule",
			map[string]any{"sys_id": taken},
			403, "Operation Failed",
			"Unique Key violation detected by database (Duplicate entry '" + taken + "' for key 'PRIMARY')",
		},
		{
			"user_name in use", in, "POST", table + "sys_user",
			map[string]any{"user_name": "plain"},
			403, "Operation Failed",
			"Unique Key violation detected by database (Duplicate entry 'plain' for key 'user_name')",
		},
		{
			"no such API", in, "GET", "/api/x_nobody/thing", nil, 400, "Requested URI does not represent any resource",
			"",
		},
		{
			"no first-version match", in, "GET", "/api/now/v1/table/sys_cors_rule?name=none", nil, 404,
			"No Record found", "Record doesn't exist or ACL restricts the record retrieval",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := test.by.do(test.method, test.path, test.body)
			message, detail := r.errorText()
			if r.status != test.status || message != test.message || detail != test.detail ||
				r.body["status"] != "failure" {
				t.Errorf("%d %s", r.status, r.text)
			}
		})
	}
	form := *in
	form.header = http.Header{"Content-Type": {"text/plain"}}
	form.must(http.StatusUnsupportedMediaType, http.MethodPost, table+"sys_user", "name=x")
}

func TestValuesAreStoredByType(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	in.AddTable(servicenow.Table{Name: "u_asset", Columns: []servicenow.Column{
		{Name: "u_flag", Type: servicenow.Boolean},
		{Name: "u_count", Type: servicenow.Integer},
		{Name: "u_when", Type: servicenow.DateTime},
		{Name: "u_short", Type: servicenow.String, MaxLength: 5},
		{Name: "u_owner", Type: servicenow.Reference, Reference: "sys_user"},
		{Name: "u_groups", Type: servicenow.GlideList, Reference: "sys_user_group"},
		{Name: "u_secret", Type: servicenow.Password2},
	}})
	for _, test := range []struct {
		column string
		sent   any
		want   any
	}{
		{"u_flag", true, "true"},
		{"u_flag", "1", "true"},
		{"u_flag", "false", "false"},
		{"u_flag", "", "false"},
		{"u_count", 12, "12"},
		{"u_count", "12.9", "12"},
		{"u_count", "twelve", ""},
		{"u_count", nil, ""},
		{"u_when", "2027-01-02 03:04:05", "2027-01-02 03:04:05"},
		{"u_when", "2027-01-02T03:04:05Z", "2027-01-02 00:00:00"},
		{"u_when", "2027-01-02", "2027-01-02 00:00:00"},
		{"u_when", "tomorrow", ""},
		{"u_short", "abcdefgh", "abcde"},
		{"u_short", "日本語日本語", "日本語日本"},
		{"u_groups", "a, b", "a,b"},
		{"u_secret", "hush", ""},
		{"u_owner", "", ""},
		{"u_owner", "dangling", map[string]any{"value": "dangling", "link": in.url + table + "sys_user/dangling"}},
	} {
		t.Run(fmt.Sprintf("%s=%v", test.column, test.sent), func(t *testing.T) {
			t.Parallel()
			r := in.must(http.StatusCreated, http.MethodPost, table+"u_asset", map[string]any{test.column: test.sent})
			if got := r.record()[test.column]; !cmp.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestDisplayValuesFieldsAndDotWalks(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	admin := in.Records("sys_user", "user_name=admin")[0]["sys_id"]
	id := in.create("incident", map[string]any{"caller_id": admin, "impact": "1", "urgency": "2", "reopen_count": 1234})
	get := func(pairs ...string) map[string]any {
		return in.must(http.StatusOK, http.MethodGet, table+"incident/"+id+query(pairs...), nil).record()
	}
	link := in.url + table + "sys_user/" + admin
	for _, test := range []struct {
		name string
		got  map[string]any
		want map[string]any
	}{
		{"plain", get("sysparm_fields", "caller_id,priority,reopen_count,nonsense,caller_id.user_name"), map[string]any{
			"caller_id": map[string]any{"value": admin, "link": link}, "priority": "2", "reopen_count": "1234",
			"caller_id.user_name": "admin",
		}},
		{
			"without links", get("sysparm_fields", "caller_id", "sysparm_exclude_reference_link", "true"),
			map[string]any{"caller_id": admin},
		},
		{
			"display", get("sysparm_fields", "caller_id,priority,reopen_count", "sysparm_display_value", "true"),
			map[string]any{
				"caller_id": map[string]any{"display_value": "System Administrator", "link": link}, "priority": "2 - High",
				"reopen_count": "1,234",
			},
		},
		{"both", get("sysparm_fields", "caller_id,impact", "sysparm_display_value", "all"), map[string]any{
			"caller_id": map[string]any{"display_value": "System Administrator", "value": admin, "link": link},
			"impact":    map[string]any{"display_value": "1 - High", "value": "1"},
		}},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestInputDisplayValueResolvesEveryColumn(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	admin := in.Records("sys_user", "user_name=admin")[0]["sys_id"]
	r := in.must(http.StatusCreated, http.MethodPost, table+"incident?sysparm_input_display_value=true"+
		"&sysparm_exclude_reference_link=true",
		map[string]any{"caller_id": "System Administrator", "state": "In Progress"})
	if got := r.record(); got["caller_id"] != admin || got["state"] != "2" {
		t.Errorf("caller_id %v, state %v", got["caller_id"], got["state"])
	}
}

func TestPagingCountsBeforeACLs(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		t.Run(fmt.Sprintf("CountAfterACL=%v", after), func(t *testing.T) {
			t.Parallel()
			in := start(t, servicenow.Options{CountAfterACL: after})
			var ids []string
			for i := range 5 {
				ids = append(ids, in.create("sys_user_group", map[string]any{"name": fmt.Sprintf("page %d", i)}))
			}
			page := func(limit, offset string) response {
				return in.must(http.StatusOK, http.MethodGet, table+"sys_user_group"+query("sysparm_query",
					"nameSTARTSWITHpage^ORDERBYname", "sysparm_limit", limit, "sysparm_offset", offset), nil)
			}
			second := page("2", "2")
			if got := second.list(); len(got) != 2 || got[0]["name"] != "page 2" {
				t.Errorf("second page %v", got)
			}
			link := second.header.Get("Link")
			for _, rel := range []string{`rel="first"`, `rel="prev"`, `rel="next"`, `rel="last"`} {
				if !strings.Contains(link, rel) {
					t.Errorf("Link %s lacks %s", link, rel)
				}
			}
			in.Hide(ids[2], true)
			in.Hide(ids[3], true)
			hidden := page("2", "2")
			want := "5"
			if after {
				want = "3"
			}
			if got := hidden.header.Get("X-Total-Count"); got != want || len(hidden.list()) != 0 {
				t.Errorf("X-Total-Count %s with %d rows, want %s with none", got, len(hidden.list()), want)
			}
			if last := page("2", "4"); strings.Contains(last.header.Get("Link"), `rel="next"`) {
				t.Error("the last page has a next one")
			}
			in.must(http.StatusNotFound, http.MethodGet, table+"sys_user_group/"+ids[2], nil)
			in.Hide(ids[2], false)
			in.must(http.StatusOK, http.MethodGet, table+"sys_user_group/"+ids[2], nil)
		})
	}
}

func TestRequestOptions(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	quiet := *in
	quiet.header = http.Header{"X-No-Response-Body": {"true"}}
	if r := quiet.must(
		http.StatusCreated,
		http.MethodPost,
		table+"sys_user_group",
		map[string]any{"name": "q"},
	); r.text != "" {
		t.Errorf("X-no-response-body: %s", r.text)
	}
	id := in.create("sys_user_group", map[string]any{"name": "override"})
	override := *in
	override.header = http.Header{"X-Http-Method-Override": {"PATCH"}}
	override.must(http.StatusOK, http.MethodPost, table+"sys_user_group/"+id, map[string]any{"name": "overridden"})
	if got, _ := in.Record("sys_user_group", id); got["name"] != "overridden" {
		t.Errorf("name %q", got["name"])
	}
	scope := in.Records("sys_scope", "scope=x_elas2_inc_int")[0]["sys_id"]
	scoped := in.must(http.StatusCreated, http.MethodPost, table+"sys_cors_rule?sysparm_transaction_scope="+scope,
		map[string]any{"name": "scoped", "sys_scope": "global"}).record()
	if got := object(scoped["sys_scope"])["value"]; got != scope {
		t.Errorf("sys_scope %v, want %s", got, scope)
	}
	if r := in.must(
		http.StatusOK,
		http.MethodGet,
		table+"sys_user?sysparm_no_count=true",
		nil,
	); r.header.Get(
		"X-Total-Count",
	) != "" {
		t.Error("sysparm_no_count still counted")
	}
	// Name=value filters count only without sysparm_query.
	both := in.must(http.StatusOK, http.MethodGet, table+"sys_user?user_name=nobody&sysparm_query=user_name=admin", nil)
	if len(both.list()) != 1 {
		t.Errorf("%d users", len(both.list()))
	}
}

func TestClientSysIDIsHonouredOrNot(t *testing.T) {
	t.Parallel()
	const id = "0123456789abcdef0123456789abcdef"
	for _, ignore := range []bool{false, true} {
		in := start(t, servicenow.Options{IgnoreClientSysID: ignore})
		if got := in.create("sys_user_group", map[string]any{"sys_id": id, "name": "mine"}); (got == id) == ignore {
			t.Errorf("IgnoreClientSysID=%v: sys_id %s", ignore, got)
		}
	}
}

func TestInheritanceBetweenTables(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	id := in.create("oauth_jwt", map[string]any{"name": "jwt", "user_field": "email"})
	parent := in.must(http.StatusOK, http.MethodGet, table+"oauth_entity/"+id, nil).record()
	if parent["sys_class_name"] != "oauth_jwt" || parent["name"] != "jwt" {
		t.Errorf("seen through oauth_entity: %v", parent)
	}
	if _, ok := parent["user_field"]; ok {
		t.Error("the parent table shows a child's column")
	}
	in.must(
		http.StatusOK,
		http.MethodPatch,
		table+"oauth_entity/"+id,
		map[string]any{"user_field": "sys_id", "comments": "c"},
	)
	if got, _ := in.Record("oauth_jwt", id); got["user_field"] != "email" || got["comments"] != "c" {
		t.Errorf("after a PATCH through the parent: %v", got)
	}
	entity := in.create("oauth_entity", map[string]any{"name": "plain"})
	in.must(http.StatusNotFound, http.MethodGet, table+"oauth_jwt/"+entity, nil)
	profile := in.create("inbound_auth_profile", map[string]any{"name": "p", "sys_class_name": "http_key_auth"})
	in.must(http.StatusOK, http.MethodGet, table+"http_key_auth/"+profile, nil)
}

func TestIncidentDefaultsAndJournal(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	id := in.create("incident", map[string]any{"short_description": "it burns", "comments": "first"})
	in.must(http.StatusOK, http.MethodPatch, table+"incident/"+id, map[string]any{"comments": "second"})
	raw := in.must(http.StatusOK, http.MethodGet, table+"incident/"+id, nil).record()
	if raw["number"] != "INC0010001" || raw["priority"] != "5" || raw["comments"] != "" || raw["active"] != "true" {
		t.Errorf("incident %v", raw)
	}
	shown := in.must(http.StatusOK, http.MethodGet, table+"incident/"+id+"?sysparm_display_value=true", nil).record()
	journal := text(shown["comments"])
	if !strings.Contains(journal, " - System Administrator (Additional comments)\nsecond\n\n") {
		t.Errorf("journal %q", journal)
	}
	if !strings.Contains(journal, "first") || strings.Index(journal, "second") > strings.Index(journal, "first") {
		t.Errorf("journal %q", journal)
	}
	in.must(http.StatusOK, http.MethodPatch, table+"incident/"+id,
		map[string]any{"work_notes": "secret", "comments_and_work_notes": "ignored"})
	all := in.must(http.StatusOK, http.MethodGet, table+"incident/"+id+"?sysparm_display_value=all", nil).record()
	joined := object(all["comments_and_work_notes"])
	want := []string{"(Work notes)\nsecret", "(Additional comments)\nsecond", "(Additional comments)\nfirst"}
	for i, entry := range strings.Split(strings.TrimSpace(text(joined["display_value"])), "\n\n") {
		if i >= len(want) || !strings.HasSuffix(entry, want[i]) {
			t.Errorf("entry %d of the joined journal: %q", i, entry)
		}
	}
	if joined["value"] != "" || strings.Contains(text(object(all["comments"])["display_value"]), "secret") {
		t.Errorf("journals %v, %v", joined, all["comments"])
	}
	closed := in.must(http.StatusOK, http.MethodPatch, table+"incident/"+id, map[string]any{"state": "7"}).record()
	if closed["active"] != "false" || closed["closed_at"] == "" || closed["incident_state"] != "7" {
		t.Errorf("closed %v", closed)
	}
}

func TestEncodedQueries(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	manager, _ := in.user("zeno")
	for i, name := range []string{"alpha", "beta", "gamma", "delta"} {
		values := servicenow.Record{"name": name, "description": strings.Repeat("x", i)}
		if i%2 == 0 {
			values["manager"] = manager
		}
		if name == "delta" {
			values["active"] = "false"
		}
		in.insert("sys_user_group", values)
	}
	all := "alpha beta gamma delta"
	for _, test := range []struct{ query, want string }{
		{"name=alpha", "alpha"},
		{"name=ALPHA", "alpha"},
		{"name!=alpha", "beta gamma delta"},
		{"nameLIKEet", "beta"},
		{"nameNOT LIKEet", "alpha gamma delta"},
		{"nameSTARTSWITHga", "gamma"},
		{"nameENDSWITHta", "beta delta"},
		{"nameINalpha,delta", "alpha delta"},
		{"nameNOT INalpha,delta", "beta gamma"},
		{"managerISEMPTY", "beta delta"},
		{"managerISNOTEMPTY", "alpha gamma"},
		{"nameANYTHING", all},
		{"active=false", "delta"},
		{"active=0", "delta"},
		{"active=true^managerISEMPTY", "beta"},
		{"name=alpha^ORname=beta", "alpha beta"},
		{"active=true^name=alpha^ORname=delta", "alpha"},
		{"name=alpha^NQname=delta", "alpha delta"},
		{"name>b^name<e", "beta delta"},
		{"nameBETWEENalpha@beta", "alpha beta"},
		{"manager.user_name=zeno", "alpha gamma"},
		{"nonsense=1", all},
		{"name=alpha^nonsense=1", "alpha"},
		{"nonsense=1^ORname=beta", "beta"},
		{"name@alpha", all},
		{"ORDERBYname", "alpha beta delta gamma"},
		{"ORDERBYDESCname", "gamma delta beta alpha"},
		{"active=true^ORDERBYDESCname", "gamma beta alpha"},
		{"^ORDERBYDESCactive^ORDERBYname", "alpha beta gamma delta"},
		{"name=alpha^EQ", "alpha"},
		{"manager.nonsense=1^name=beta", "beta"},
		{"description>=xx", "gamma delta"},
		{"sys_created_onON2026-03-01@x", ""},
		{"manager=javascript:gs.getUserID()", ""},
	} {
		t.Run(test.query, func(t *testing.T) {
			t.Parallel()
			r := in.must(http.StatusOK, http.MethodGet, table+"sys_user_group"+query("sysparm_query", test.query), nil)
			names := make([]string, 0, 4)
			for _, record := range r.list() {
				names = append(names, text(record["name"]))
			}
			if got := strings.Join(names, " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	admin := in.Records("sys_user", "user_name=admin")[0]["sys_id"]
	mine := in.must(http.StatusOK, http.MethodGet, table+"sys_user"+query("sysparm_query",
		"sys_id=javascript:gs.getUserID()"), nil)
	if got := mine.list(); len(got) != 1 || got[0]["sys_id"] != admin {
		t.Errorf("the caller by script: %v", got)
	}
}

func TestInvalidQueriesCanReturnNothing(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	in.SetProperty("glide.invalid_query.returns_no_rows", "true")
	if r := in.must(http.StatusOK, http.MethodGet, table+"sys_user?sysparm_query=nonsense=1", nil); len(r.list()) != 0 {
		t.Errorf("%d rows", len(r.list()))
	}
}

func TestManyIDsInOneQuery(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	var ids []string
	for range 50 {
		ids = append(ids, in.insert("sys_user_group", servicenow.Record{"name": "x"}))
	}
	r := in.must(http.StatusOK, http.MethodGet, table+"sys_user_group"+query("sysparm_query",
		"sys_idIN"+strings.Join(append(ids, ids[0], "missing"), ",")), nil)
	if len(r.list()) != 50 || r.header.Get("X-Total-Count") != "50" {
		t.Errorf("%d rows, count %s", len(r.list()), r.header.Get("X-Total-Count"))
	}
}

func TestDictionaryDrivesTables(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	entry := in.create("sys_dictionary", map[string]any{
		"name": "task", "element": "u_region", "internal_type": "string",
		"max_length": "3", "column_label": "Region",
	})
	r := in.must(http.StatusCreated, http.MethodPost, table+"incident", map[string]any{"u_region": "europe"})
	if got := r.record()["u_region"]; got != "eur" {
		t.Errorf("u_region %v", got)
	}
	in.must(http.StatusNoContent, http.MethodDelete, table+"sys_dictionary/"+entry, nil)
	later := in.must(http.StatusCreated, http.MethodPost, table+"incident", map[string]any{"u_region": "x"})
	if _, ok := later.record()["u_region"]; ok {
		t.Error("the column outlived its dictionary entry")
	}
	// What preflight reads: every column of a table is described on the table or one of its parents.
	for _, name := range []string{"sys_cors_rule", "oauth_entity", "oauth_jwt", "sys_certificate", "incident"} {
		if len(in.Records("sys_dictionary", "name="+name+"^internal_type=collection")) != 1 ||
			len(in.Records("sys_db_object", "name="+name)) != 1 {
			t.Errorf("%s is not described", name)
		}
	}
	if got := in.Records(
		"sys_dictionary",
		"name=oauth_jwt^element=user_field",
	); len(got) != 1 ||
		got[0]["internal_type"] != "string" {
		t.Errorf("oauth_jwt.user_field: %v", got)
	}
	// Kibana asks this of getFields, with its own filter after the query.
	fields := in.must(http.StatusOK, http.MethodGet, table+"sys_dictionary?sysparm_query=name=task^ORname=incident"+
		"^internal_type=string&active=true&array=false&read_only=false"+
		"&sysparm_fields=max_length,element,column_label,mandatory", nil)
	if len(fields.list()) < 5 {
		t.Errorf("getFields sees %v", fields.list())
	}
	object := in.create("sys_db_object", map[string]any{"name": "u_thing", "label": "Thing"})
	in.create("u_thing", map[string]any{})
	in.must(http.StatusNoContent, http.MethodDelete, table+"sys_db_object/"+object, nil)
	in.must(http.StatusBadRequest, http.MethodGet, table+"u_thing", nil)
}

func TestGuards(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	id := in.create("sys_cors_rule", map[string]any{"name": "guarded", "domain": "https://a.example.com"})
	path := table + "sys_cors_rule/" + id

	in.ForbidColumn("sys_cors_rule", "domain", true)
	dropped := in.must(http.StatusOK, http.MethodPatch, path, map[string]any{"domain": "https://b.example.com"}).
		record()
	if dropped["domain"] != "https://a.example.com" || dropped["sys_mod_count"] != "0" {
		t.Errorf("a forbidden column: %v", dropped)
	}
	in.ForbidColumn("sys_cors_rule", "domain", false)

	in.HideColumn("sys_cors_rule", "domain", true)
	if _, ok := in.must(http.StatusOK, http.MethodGet, path, nil).record()["domain"]; ok {
		t.Error("a hidden column is shown")
	}
	in.HideColumn("sys_cors_rule", "domain", false)

	in.AbortWrites("sys_cors_rule", "Keep out", "update")
	message, detail := in.must(http.StatusForbidden, http.MethodPatch, path, map[string]any{"domain": "x"}).errorText()
	if message != "Operation Failed" || !strings.HasPrefix(detail,
		"Operation against file 'sys_cors_rule' was aborted by Business Rule 'Keep out^") ||
		!strings.HasSuffix(detail, "'. Business Rule Stack:Keep out") {
		t.Errorf("%s: %s", message, detail)
	}
	if got, _ := in.Record("sys_cors_rule", id); got["domain"] != "https://a.example.com" {
		t.Errorf("an aborted write was kept: %v", got)
	}
	in.AbortWrites("sys_cors_rule", "")

	in.RequireColumns("sys_cors_rule", "domain")
	_, detail = in.must(http.StatusForbidden, http.MethodPost, table+"sys_cors_rule", map[string]any{"name": "n"}).
		errorText()
	if detail != "Data Policy Exception: The following fields are mandatory: Domain" {
		t.Errorf("detail %q", detail)
	}
}

func TestBehindTheBack(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	id := in.create("sys_cors_rule", map[string]any{"name": "mine"})
	if err := in.Set("sys_cors_rule", id, servicenow.Record{"name": "theirs"}); err != nil {
		t.Fatal(err)
	}
	got := in.must(http.StatusOK, http.MethodGet, table+"sys_cors_rule/"+id, nil).record()
	if got["name"] != "theirs" || got["sys_mod_count"] != "0" {
		t.Errorf("record %v", got)
	}
	if err := in.Set("sys_cors_rule", id, servicenow.Record{"nonsense": "x"}); err == nil {
		t.Error("a column that does not exist was set")
	}
	if err := in.Delete("sys_cors_rule", id); err != nil {
		t.Fatal(err)
	}
	if err := in.Delete("sys_cors_rule", id); err == nil {
		t.Error("a record was deleted twice")
	}
	in.Reset()
	if len(in.Records("sys_cors_rule", "")) != 0 || len(in.Requests()) != 0 {
		t.Error("Reset left something")
	}
}

func TestStatsAndBatch(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	for i := range 4 {
		in.create("incident", map[string]any{"reopen_count": i, "category": []string{"software", "network"}[i%2]})
	}
	r := in.must(http.StatusOK, http.MethodGet, "/api/now/stats/incident"+query("sysparm_count", "true",
		"sysparm_sum_fields", "reopen_count", "sysparm_max_fields", "reopen_count"), nil)
	want := map[string]any{"stats": map[string]any{
		"count": "4", "sum": map[string]any{"reopen_count": "6"},
		"max": map[string]any{"reopen_count": "3"},
	}}
	if diff := cmp.Diff(want, r.record()); diff != "" {
		t.Error(diff)
	}
	grouped := in.must(
		http.StatusOK,
		http.MethodGet,
		"/api/now/stats/incident?sysparm_count=true&sysparm_group_by=category",
		nil,
	)
	if got := grouped.list(); len(got) != 2 || got[0]["groupby_fields"] == nil {
		t.Errorf("grouped %v", got)
	}
	batch := in.must(http.StatusOK, http.MethodPost, "/api/now/v1/batch", map[string]any{
		"batch_request_id": "1",
		"rest_requests": []map[string]any{
			{"id": "a", "method": "GET", "url": "/api/now/table/sys_user?sysparm_limit=1"},
			{"id": "b", "method": "GET", "url": "/api/now/table/u_missing"},
		},
	})
	serviced, _ := batch.body["serviced_requests"].([]any)
	if len(serviced) != 2 || object(serviced[0])["status_code"] != 200.0 ||
		object(serviced[1])["status_code"] != 400.0 {
		t.Errorf("batch %s", batch.text)
	}
}

func TestUniqueViolationsAreASwitch(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, 400, 409, 500} {
		in := start(t, servicenow.Options{UniqueViolationStatus: status})
		in.create("sys_user", map[string]any{"user_name": "twin"})
		id := in.create("sys_user", map[string]any{"user_name": "other"})
		want := max(status, map[int]int{0: 403}[status])
		for method, path := range map[string]string{"POST": table + "sys_user", "PATCH": table + "sys_user/" + id} {
			message, detail := in.must(want, method, path, map[string]any{"user_name": "TWIN"}).errorText()
			if message != "Operation Failed" || !strings.Contains(detail, "Unique Key violation") {
				t.Errorf("%d: %s: %s", status, message, detail)
			}
		}
		in.AbortWrites("sys_user", "No") // another refusal keeps its status
		in.must(http.StatusForbidden, http.MethodPost, table+"sys_user", map[string]any{"user_name": "third"})
	}
}

func TestInvalidValuesAreASwitch(t *testing.T) {
	t.Parallel()
	for _, drop := range []bool{false, true} {
		in := start(t, servicenow.Options{DropInvalidValues: drop})
		admin := in.Records("sys_user", "user_name=admin")[0]["sys_id"]
		good := map[string]any{"impact": "1", "caller_id": admin, "approval": "whatever"}
		keeps(t, in, "incident", in.create("incident", good), good)
		bad := map[string]any{"impact": "17", "caller_id": "00000000000000000000000000000000"}
		id := in.create("incident", bad)
		if drop {
			bad = map[string]any{"impact": "", "caller_id": ""}
		}
		keeps(t, in, "incident", id, bad)
	}
}
