package servicenow_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func TestPasswordNeedsInputDisplayValue(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	id := in.create("sys_user", map[string]any{"user_name": "robot", "user_password": "first"})
	if r := in.as("robot", "first").do(http.MethodGet, table+"sys_choice", nil); r.status != http.StatusUnauthorized {
		t.Errorf("an unhashed password logs in: %d", r.status)
	}
	r := in.must(http.StatusOK, http.MethodPatch, table+"sys_user/"+id+"?sysparm_input_display_value=true",
		map[string]any{"user_password": "second"})
	if r.record()["user_password"] != "" || r.record()["sys_mod_count"] != "1" {
		t.Errorf("after the PATCH: %v", r.record())
	}
	robot := in.as("robot", "second")
	robot.must(http.StatusOK, http.MethodGet, table+"sys_user?user_name=robot", nil)
	if stored := in.Secret("sys_user", id, "user_password"); strings.Contains(stored, "second") {
		t.Error("the password is kept in clear")
	}
	for _, change := range []servicenow.Record{{"active": "false"}, {"active": "true", "locked_out": "true"}} {
		if err := in.Set("sys_user", id, change); err != nil {
			t.Fatal(err)
		}
		robot.must(http.StatusUnauthorized, http.MethodGet, table+"sys_user", nil)
	}
	always := start(t, servicenow.Options{PasswordHashedAlways: true})
	always.create("sys_user", map[string]any{"user_name": "robot", "user_password": "first"})
	always.as("robot", "first").must(http.StatusOK, http.MethodGet, table+"sys_user", nil)
}

// keyed makes an API key for a user with the role itil and returns the key's sys_id and token.
func keyed(in *instance, values map[string]any) (id, token string) {
	user, _ := in.user("keyed", "itil")
	body := map[string]any{"name": "key", "user": user, "token": "now_mine"}
	for name, value := range values {
		body[name] = value
	}
	id = in.create("api_key", body)
	return id, in.Secret("api_key", id, "token")
}

// protect makes an active policy on the Table API with these profiles.
func protect(in *instance, values map[string]any, profiles ...string) string {
	body := map[string]any{
		"name": "policy", "api": servicenow.TableAPI, "apply_all_methods": "true",
		"apply_all_resources": "true", "apply_all_versions": "true", "apply_all_tables": "true",
	}
	for name, value := range values {
		body[name] = value
	}
	id := in.create("sys_api_access_policy", body)
	for _, profile := range profiles {
		in.insert(
			"sys_auth_profile_mapping",
			servicenow.Record{"api_access_policy": id, "inbound_auth_profile": profile},
		)
	}
	return id
}

func parameter(in *instance, query string) string {
	return in.Records("sys_token_auth_parameter", "parameter_name=x-sn-apikey^"+query)[0]["sys_id"]
}

func TestAPIKeysPassOnlyWhereAPolicyMapsThem(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	header, inQuery := parameter(in, "type=auth_header"), parameter(in, "type!=auth_header")
	_, token := keyed(in, nil)
	if !strings.HasPrefix(token, "now_") || token == "now_mine" {
		t.Fatalf("token %q", token)
	}
	byHeader := in.with("x-sn-apikey", token)
	anonymous := in.with("X-Nothing", "1")
	withQuery := table + "incident?x-sn-apikey=" + token
	byHeader.must(http.StatusUnauthorized, http.MethodGet, table+"incident", nil)

	basic := in.insert("std_http_auth", servicenow.Record{"name": "basic", "type": "basic_auth"})
	keys := in.create("http_key_auth", map[string]any{"name": "keys", "auth_parameter": header})
	policy := protect(in, nil, basic, keys)
	if got, _ := in.Record("sys_api_access_policy", policy); got["api_path"] != "now/table" {
		t.Errorf("api_path %q", got["api_path"])
	}
	byHeader.must(http.StatusOK, http.MethodGet, table+"incident", nil)
	byHeader.must(http.StatusForbidden, http.MethodGet, table+"sys_certificate", nil) // the key's user decides
	anonymous.must(http.StatusUnauthorized, http.MethodGet, withQuery, nil)
	in.must(
		http.StatusOK,
		http.MethodPatch,
		table+"http_key_auth/"+keys,
		map[string]any{"auth_parameter": header + "," + inQuery},
	)
	anonymous.must(http.StatusOK, http.MethodGet, withQuery, nil)
	if text := in.Requests()[len(in.Requests())-1].Query; strings.Contains(text, token) {
		t.Error("the request log shows a key")
	}
	in.must(http.StatusOK, http.MethodPatch, table+"http_key_auth/"+keys, map[string]any{"active": "false"})
	byHeader.must(http.StatusUnauthorized, http.MethodGet, table+"incident", nil)
}

func TestMappingOneMethodLocksTheOthersOut(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	_, token := keyed(in, nil)
	key := in.with("x-sn-apikey", token)
	profile := in.create(
		"http_key_auth",
		map[string]any{"name": "keys", "auth_parameter": parameter(in, "type=auth_header")},
	)

	inactive := protect(in, map[string]any{"active": "false"}, profile)
	in.must(http.StatusOK, http.MethodGet, table+"sys_user", nil)
	in.must(http.StatusOK, http.MethodPatch, table+"sys_api_access_policy/"+inactive, map[string]any{"active": "true"})
	in.must(http.StatusUnauthorized, http.MethodGet, table+"sys_user", nil)
	key.must(http.StatusOK, http.MethodGet, table+"sys_user", nil)
	in.must(http.StatusOK, http.MethodGet, "/api/x_elas2_inc_int/elastic_api/health", nil) // another API

	if err := in.Set("sys_api_access_policy", inactive, servicenow.Record{"active": "false"}); err != nil {
		t.Fatal(err)
	}
	in.must(http.StatusOK, http.MethodGet, table+"sys_user", nil)

	// The closest policy wins: only writes to one table are closed.
	protect(in, map[string]any{
		"http_method": "POST", "apply_all_methods": "false", "api_tablename": "incident",
		"apply_all_tables": "false",
	}, profile)
	in.must(http.StatusOK, http.MethodGet, table+"incident", nil)
	in.must(http.StatusUnauthorized, http.MethodPost, table+"incident", map[string]any{})
	in.create("sys_user_group", map[string]any{"name": "open"})
}

func TestGlobalPolicies(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	_, token := keyed(in, nil)
	keys := in.insert(
		"http_key_auth",
		servicenow.Record{"name": "keys", "auth_parameter": parameter(in, "type=auth_header")},
	)
	basic := in.insert("std_http_auth", servicenow.Record{"name": "basic", "type": "basic_auth"})
	protect(in, map[string]any{"apply_global": "true", "api": ""}, keys, basic)
	in.with("x-sn-apikey", token).must(http.StatusUnauthorized, http.MethodGet, table+"incident", nil)
	in.must(http.StatusOK, http.MethodGet, table+"incident", nil)

	protect(in, nil, keys) // a policy on the API beats the global one
	in.must(http.StatusUnauthorized, http.MethodGet, table+"incident", nil)
	in.with("x-sn-apikey", token).must(http.StatusOK, http.MethodGet, table+"incident", nil)
}

func TestInstancesThatDropThePolicysAPI(t *testing.T) {
	t.Parallel()
	api := map[string]any{"api": servicenow.TableAPI}
	in := start(t, servicenow.Options{DropAPIOnPolicyCreate: true})
	id := protect(in, nil)
	if got, _ := in.Record("sys_api_access_policy", id); got["api"] != "" {
		t.Error("api was kept on create")
	}
	r := in.must(http.StatusOK, http.MethodPatch, table+"sys_api_access_policy/"+id, api)
	if r.record()["api_path"] != "now/table" {
		t.Errorf("after a PATCH: %v", r.record())
	}
	locked := start(t, servicenow.Options{LockAPIOnPolicy: true})
	id = protect(locked, nil)
	if r := locked.must(
		http.StatusOK,
		http.MethodPatch,
		table+"sys_api_access_policy/"+id,
		api,
	); r.record()["api"] != "" {
		t.Error("api was kept on update")
	}
}

func TestAPIKeyLife(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	in := start(t, servicenow.Options{Clock: func() time.Time { return now }})
	protect(in, nil, in.insert("std_http_auth", servicenow.Record{"name": "b", "type": "basic_auth"}),
		in.insert("http_key_auth", servicenow.Record{"name": "k", "auth_parameter": parameter(in, "type=auth_header")}))
	id, token := keyed(in, map[string]any{"expires": "2026-03-02 00:00:00"})
	shown := in.must(http.StatusOK, http.MethodGet, table+"api_key/"+id, nil).record()
	if shown["token"] != "hidden" || strings.Contains(text(shown["token_hash"]), token) {
		t.Errorf("a key reads back as %v", shown)
	}
	in.must(
		http.StatusOK,
		http.MethodPatch,
		table+"api_key/"+id,
		map[string]any{"token": "now_other", "description": "d"},
	)
	if in.Secret("api_key", id, "token") != token {
		t.Error("a token was set over REST")
	}
	key := in.with("x-sn-apikey", token)
	key.must(http.StatusOK, http.MethodGet, table+"api_key?sysparm_query=user=javascript:gs.getUserID()", nil)
	now = now.Add(25 * time.Hour)
	key.must(http.StatusUnauthorized, http.MethodGet, table+"incident", nil)
	in.must(http.StatusOK, http.MethodGet, table+"api_key/"+id, nil)
	now = now.Add(7 * 24 * time.Hour)
	in.must(http.StatusNotFound, http.MethodGet, table+"api_key/"+id, nil)

	honour := start(t, servicenow.Options{HonourAPIKeyToken: true})
	if _, token := keyed(honour, nil); token != "now_mine" {
		t.Errorf("token %q", token)
	}
}

func TestNarrowAuthScopes(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	protect(in, nil, in.insert("std_http_auth", servicenow.Record{"name": "b", "type": "basic_auth"}),
		in.insert("http_key_auth", servicenow.Record{"name": "k", "auth_parameter": parameter(in, "type=auth_header")}))
	reports := in.insert("sys_auth_scope", servicenow.Record{"name": "reports"})
	events := in.insert("sys_auth_scope", servicenow.Record{"name": "events"})
	in.insert("sys_api_access_scope", servicenow.Record{"name": "s", "api": servicenow.TableAPI, "auth_scope": reports})
	_, token := keyed(in, map[string]any{"auth_scope": events})
	message, _ := in.with("x-sn-apikey", token).
		must(http.StatusForbidden, http.MethodGet, table+"incident", nil).
		errorText()
	if message != "Missing required api access scope: reports" {
		t.Errorf("message %q", message)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	api := in.Records("sys_ws_definition", "base_uri=/api/x_elas2_inc_int/elastic_api")[0]["sys_id"]
	rule := in.create("sys_cors_rule", map[string]any{
		"name": "kibana", "domain": "https://kibana.example.com:5601",
		"rest_api": api, "get": "true", "max_age": 600,
	})
	const health = "/api/x_elas2_inc_int/elastic_api/health"
	allowed := func(origin, method, path string) string {
		browser := *in
		browser.header = http.Header{"Origin": {origin}, "Access-Control-Request-Method": {method}}
		browser.login = func(*http.Request) {}
		return browser.do(http.MethodOptions, path, nil).header.Get("Access-Control-Allow-Origin")
	}
	const origin = "https://kibana.example.com:5601"
	if got := allowed(origin, "GET", health); got != origin {
		t.Errorf("preflight: %q", got)
	}
	for _, test := range [][3]string{
		{"https://evil.example.com", "GET", health},
		{origin, "POST", health},
		{origin, "GET", "/api/now/table/incident"},
	} {
		if got := allowed(test[0], test[1], test[2]); got != "" {
			t.Errorf("%v was let in", test)
		}
	}
	if err := in.Set("sys_cors_rule", rule, servicenow.Record{"domain": "https://*.example.com"}); err != nil {
		t.Fatal(err)
	}
	if got := allowed("https://any.example.com", "GET", health); got == "" {
		t.Error("the wildcard lets nobody in")
	}
}
