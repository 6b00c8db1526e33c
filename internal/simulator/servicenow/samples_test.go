package servicenow_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// sampleOf compares an answer's body with a sample; a text in braces stands for what differs by run.
func sampleOf(t *testing.T, r response, status int, want string) {
	t.Helper()
	var wanted, got any
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(r.text), &got); err != nil {
		t.Fatalf("%v: %s", err, r.text)
	}
	varies := func(v any) bool { return strings.HasPrefix(text(v), "{") && strings.HasSuffix(text(v), "}") }
	anything := cmp.FilterValues(func(a, b any) bool { return (varies(a) || varies(b)) && a != nil && b != nil },
		cmp.Comparer(func(_, _ any) bool { return true }))
	if diff := cmp.Diff(wanted, got, anything); r.status != status || diff != "" {
		t.Errorf("%d, want %d (-want +got):\n%s", r.status, status, diff)
	}
}

// envelope is a refusal of the platform; an empty detail is null.
func envelope(message, detail string) string {
	inner := map[string]any{"message": message, "detail": nil}
	if detail != "" {
		inner["detail"] = detail
	}
	body, err := json.Marshal(map[string]any{"error": inner, "status": "failure"})
	if err != nil {
		panic(err) // only a broken test can get here
	}
	return string(body)
}

// TestSampleWireBodies asks for each body that clients and the documentation show of an instance.
func TestSampleWireBodies(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	_, plain := in.user("plain")
	const missing = "00000000000000000000000000000000"
	rule := in.create("sys_cors_rule", map[string]any{"name": "r"})
	activate := in.do("POST", "/api/sn_cicd/plugin/com.glideapp.itom.snac/activate", nil)
	started := object(object(object(activate.record()["links"])["progress"]))
	in.create("oauth_entity", map[string]any{
		"name": "c", "client_id": "cid", "client_secret": "cs", "scope_restriction_status": "unrestricted",
	})
	password := url.Values{
		"grant_type": {"password"}, "client_id": {"cid"}, "client_secret": {"cs"}, "username": {"plain"},
		"password": {"pw-plain"},
	}
	wrong := maps.Clone(password)
	wrong["password"] = []string{"wrong"}
	limited := start(t, servicenow.Options{})
	if _, err := limited.Faults.Add(fault.Rule{Kind: fault.RateLimit, Limit: 1, WindowMS: 60_000}); err != nil {
		t.Fatal(err)
	}
	limited.must(http.StatusOK, "GET", table+"incident", nil)
	tooMany := limited.do("GET", table+"incident", nil)
	if tooMany.header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
	chain := newChain(t, servicenow.Options{}, rsaKey(t), nil)
	for _, test := range []struct {
		name   string
		answer response
		status int
		want   string
	}{
		{
			"401", in.as("plain", "no").do("GET", table+"incident", nil), 401,
			envelope("User Not Authenticated", "Required to provide Auth information"),
		},
		{
			"403 insert", plain.do("POST", table+"sys_cors_rule", map[string]any{}), 403,
			envelope("Operation Failed", "ACL Exception Insert Failed due to security constraints"),
		},
		{
			"403 update", plain.do("PATCH", table+"sys_user_role/"+in.role("itil"), map[string]any{"name": "x"}), 403,
			envelope("Operation Failed", "ACL Exception Update Failed due to security constraints"),
		},
		{
			"403 query", plain.do("GET", table+"sys_cors_rule?name=r", nil), 403,
			envelope("Insufficient rights to query records",
				"Field(s) present in the query do not have permission to be read"),
		},
		{
			"404", in.do("GET", table+"incident/"+missing, nil), 404,
			envelope("No Record found", "Record doesn't exist or ACL restricts the record retrieval"),
		},
		{"400", in.do("GET", table+"u_none", nil), 400, envelope("Invalid table u_none", "")},
		{
			"429", tooMany, 429,
			envelope("Rate limit exceeded", "Rate limit of 100 requests per hour for Table API exceeded"),
		},
		{
			"CI/CD", activate, 200, `{"result": {"links": {"progress": {"id": "{id}",
				"url": "` + in.url + `/api/sn_cicd/progress/` + text(started["id"]) + `"}},
				"status": "0", "status_label": "Pending", "status_message": "", "status_detail": "", "error": "",
				"percent_complete": 0}}`,
		},
		{
			"password grant", in.token(password), 200, `{"access_token": "{token}", "refresh_token": "{token}",
				"scope": "useraccount", "token_type": "Bearer", "expires_in": 1799}`,
		},
		{
			"JWT grant", chain.exchange(chain.assertion(nil)), 200, `{"access_token": "{token}", "scope": "useraccount",
				"token_type": "Bearer", "expires_in": 1799}`,
		},
		{"refused grant", in.token(wrong), 401, `{"error_description": "access_denied", "error": "server_error"}`},
		{
			"health", in.do("GET", health, nil), 200,
			`{"result": {"name": "Elastic", "scope": "x_elas2_inc_int", "version": "{version}"}}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			sampleOf(t, test.answer, test.status, test.want)
		})
	}
	if plain.must(http.StatusNotFound, "GET", table+"sys_cors_rule/"+rule, nil).status == http.StatusForbidden {
		t.Error("a hidden record is told from one that is not there")
	}
	if _, err := in.Faults.Add(fault.Rule{Kind: fault.HTML}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{table + "incident", "/oauth_token.do"} {
		asleep := in.must(http.StatusOK, "GET", path, nil)
		if !strings.Contains(asleep.text, "Instance Hibernating page") ||
			!strings.HasPrefix(asleep.header.Get("Content-Type"), "text/html") {
			t.Errorf("hibernating: %v %s", asleep.header, asleep.text)
		}
	}
}

// TestSampleDictionaries compares tables with columns that were read from a live instance's dictionary: type, what a
// reference is to, "!" where the column is mandatory.
func TestSampleDictionaries(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	for name, columns := range map[string]string{
		"sys_cors_rule": "name string! domain string! rest_api choice! use_resource_path boolean resource_path string " +
			"get boolean post boolean put boolean patch boolean delete boolean max_age integer " +
			"access_control_allow_credentials boolean access_control_allow_headers string exposed_headers string " +
			"for_embeddables boolean active boolean",
		"sys_certificate": "name string! frequency choice! type string format string pem_certificate string " +
			"key_store_password password2 short_description string active boolean expiration_notification boolean " +
			"warn_in_days_to_expire integer notify_on_expiration glide_list>sys_user " +
			"notify_groups glide_list>sys_user_group serial_number string issuer string subject string " +
			"valid_from glide_date_time expires glide_date_time expires_in_days integer",
		"sys_api_access_policy": "name string! active boolean api choice api_path string http_method choice " +
			"version choice api_resource choice api_tablename glide_list apply_global boolean apply_all boolean " +
			"apply_all_methods boolean apply_all_resources boolean apply_all_versions boolean apply_all_tables boolean " +
			"all_authn_scheme_authenticate_header boolean",
		"sys_auth_profile_mapping": "api_access_policy reference!>sys_api_access_policy " +
			"inbound_auth_profile reference!>inbound_auth_profile",
		"sys_api_access_scope": "name string! active boolean api choice! auth_scope reference!>sys_auth_scope " +
			"api_path string http_method choice version choice api_resource choice apply_all_methods boolean " +
			"apply_all_resources boolean apply_all_versions boolean disable_client_restriction boolean",
	} {
		words := strings.Fields(columns)
		var listed []string
		for i := 0; i < len(words); i += 2 {
			listed = append(listed, words[i])
			want, target, _ := strings.Cut(words[i+1], ">")
			rows := in.Records("sys_dictionary", "name="+name+"^element="+words[i])
			if len(rows) != 1 {
				t.Errorf("%s.%s: %d entries", name, words[i], len(rows))
				continue
			}
			got := rows[0]["internal_type"]
			if rows[0]["mandatory"] == "true" {
				got += "!"
			}
			if got != want || target != "" && rows[0]["reference"] != target {
				t.Errorf("%s.%s is %s to %q, want %s", name, words[i], got, rows[0]["reference"], words[i+1])
			}
		}
		for _, row := range in.Records("sys_dictionary", "name="+name+"^elementISNOTEMPTY") {
			if !strings.HasPrefix(row["element"], "sys_") && !slices.Contains(listed, row["element"]) {
				t.Errorf("%s has a column %s that the harvest has not", name, row["element"])
			}
		}
	}
}

// TestSampleCORSRules writes rows that were exported from instances and reads them back.
func TestSampleCORSRules(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	for id, row := range map[string]string{
		"1eb002d593940710153ffdc9dd03d6bd": `{"access_control_allow_credentials": "true",
			"access_control_allow_headers": "Authorization, Content-Type, Accept", "active": "true", "delete": "true",
			"domain": "http://localhost:3000", "for_embeddables": "false", "get": "true", "max_age": "3600",
			"name": "Local 3000", "patch": "true", "post": "true", "put": "true",
			"rest_api": "def2963093d80310153ffdc9dd03d6e1", "use_resource_path": "false"}`,
		"3ed716f893d80310153ffdc9dd03d681": `{"access_control_allow_credentials": "true",
			"access_control_allow_headers": "Content-Type,Accept,Authorization", "active": "true", "delete": "true",
			"domain": "https://instance.example.com", "for_embeddables": "false", "get": "true", "max_age": "0",
			"name": "CORS", "patch": "true", "post": "true", "put": "true",
			"rest_api": "def2963093d80310153ffdc9dd03d6e1", "use_resource_path": "false"}`,
		"b892098e93d84b10153ffdc9dd03d6ae": `{"access_control_allow_credentials": "true",
			"access_control_allow_headers": "Content-Type,Accept,Authorization", "active": "true", "delete": "false",
			"domain": "http://localhost:3000", "for_embeddables": "false", "get": "true", "max_age": "0",
			"name": "OAuth CORS", "patch": "false", "post": "true", "put": "false",
			"rest_api": "090c5ee353721110c733ddeeff7b1299", "use_resource_path": "false"}`,
	} {
		posted := map[string]any{}
		if err := json.Unmarshal([]byte(row), &posted); err != nil {
			t.Fatal(err)
		}
		posted["sys_id"] = id
		in.must(http.StatusCreated, "POST", table+"sys_cors_rule", posted)
		keeps(t, in, "sys_cors_rule", id, posted)
	}
}

// keeps checks that a record reads back as it was written.
func keeps(t *testing.T, in *instance, name, id string, want map[string]any) {
	t.Helper()
	got := in.must(http.StatusOK, "GET", table+name+"/"+id+"?sysparm_exclude_reference_link=true", nil).record()
	for column, value := range want {
		if got[column] != value {
			t.Errorf("%s.%s = %v, want %v", name, column, got[column], value)
		}
	}
}

// TestSamplePayloads posts what clients post to register keys and JWT endpoints.
func TestSamplePayloads(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	parameter := in.must(http.StatusOK, "GET", table+"sys_token_auth_parameter"+query("sysparm_query",
		"parameter_name=x-sn-apikey^type=auth_header"), nil).list()
	if len(parameter) != 1 {
		t.Fatalf("parameters %v", parameter)
	}
	user, _ := in.user("audit")
	endpoint := in.create("oauth_jwt", map[string]any{"name": "e"})
	certificate := in.create("sys_certificate", map[string]any{"name": "c"})
	policy := in.create("sys_api_access_policy", map[string]any{"name": "p", "active": "false"})
	profile := in.create("std_http_auth", map[string]any{"name": "Basic Auth", "type": "basic_auth"})
	keeps(t, in, "std_http_auth", profile, map[string]any{"name": "Basic Auth", "type": "basic_auth"})
	for _, test := range []struct {
		table    string
		values   map[string]any
		unstored []string // columns that do not read back
	}{
		{"http_key_auth", map[string]any{
			"name": "API Key Auth", "auth_parameter": parameter[0]["sys_id"], "active": "true", "auth_processor": "true",
			"sys_class_name": "http_key_auth",
		}, nil},
		{"sys_auth_profile_mapping", map[string]any{"api_access_policy": policy, "inbound_auth_profile": profile}, nil},
		{"api_key", map[string]any{
			"name": "Audit Key", "user": user, "active": "true", "expires": "2027-01-01 00:00:00",
		}, nil},
		{"sys_certificate", map[string]any{"name": "a", "type": "trust_store_cert"}, nil},
		{"sys_certificate", map[string]any{"name": "b", "type": "trust_store", "format": "PEM"}, nil},
		{"sys_certificate", map[string]any{"name": "c", "type": "Trust Store Cert", "format": "PEM"}, nil},
		{
			"sys_certificate",
			map[string]any{"name": "d", "type": "jks", "key_store_password": "secret"},
			[]string{"key_store_password"},
		},
		{"oauth_jwt", map[string]any{
			"name": "jwt", "active": "true", "user_field": "email", "enable_jti_verification": "true", "jti_claim": "jti",
			"clock_skew": "300", "access_token_lifespan": "1800", "public_client": "true", "inbound_grant_type": "jwt",
			"default_grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "comments": "…",
		}, nil},
		{"oauth_jwt", map[string]any{
			"name": "second", "client_id": "sir-xxxxxxxx", "client_secret": "0123456789abcdef0123456789abcdef",
			"access_token_lifespan": "3600", "refresh_token_lifespan": "8640000", "user_field": "sys_id",
			"sub_claim": "sys_id", "clock_skew": "300", "enable_jti_verification": "true", "jti_claim": "jti",
			"jwks_cache_lifespan": "720", "inbound_grant_type": "jwt",
		}, []string{"client_secret"}},
		{"jwt_verifier_map", map[string]any{
			"name": "v", "oauth_jwt": endpoint, "sys_certificate": certificate, "kid": "mine",
		}, nil},
	} {
		id := in.create(test.table, test.values)
		want := maps.Clone(test.values)
		for _, column := range test.unstored {
			want[column] = ""
		}
		keeps(t, in, test.table, id, want)
	}
}

// TestSampleUpstream asks the instance for what Kibana's own stand-in of ServiceNow answers to connectors.
func TestSampleUpstream(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{Apps: []string{
		servicenow.ElasticITSM, servicenow.ElasticSecOps, servicenow.EventManagementPlugin,
	}})
	for _, source := range []string{servicenow.ElasticITSM, servicenow.ElasticSecOps} {
		path := "/api/now/import/" + map[string]string{
			servicenow.ElasticITSM:   "x_elas2_inc_int_elastic_incident",
			servicenow.ElasticSecOps: "x_elas2_sir_int_elastic_si_incident",
		}[source]
		in.must(http.StatusCreated, "POST", path, map[string]any{}) // asks for its privileges
	}
	for _, p := range in.Records("sys_scope_privilege", "status=requested") {
		if err := in.Set("sys_scope_privilege", p["sys_id"], servicenow.Record{"status": "allowed"}); err != nil {
			t.Fatal(err)
		}
	}
	sampleOf(t, in.do("GET", health, nil), 200,
		`{"result": {"name": "Elastic", "scope": "x_elas2_inc_int", "version": "{version}"}}`)
	const imported = `{"import_set": "{number}", "staging_table": "x_elas2_inc_int_elastic_incident", "result": [{
		"transform_map": "Elastic Incident", "table": "incident", "display_name": "number",
		"display_value": "{number}", "record_link": "{link}", "status": "%", "sys_id": "{id}"}]}`
	first := in.do("POST", importTo, map[string]any{"u_short_description": "a title"})
	sampleOf(t, first, 201, strings.ReplaceAll(imported, "%", "inserted"))
	id := text(row(first)["sys_id"])
	sampleOf(t, in.do("POST", importTo, map[string]any{"elastic_incident_id": id}), 201,
		strings.ReplaceAll(imported, "%", "updated"))
	for _, path := range []string{"/api/now/v2/table/incident", "/api/now/v2/table/sn_si_incident"} {
		made := in.must(http.StatusCreated, "POST", path, map[string]any{"short_description": "t"}).record()
		one := path + "/" + text(made["sys_id"])
		read := in.must(http.StatusOK, "GET", one, nil).record()
		changed := in.must(http.StatusOK, "PATCH", one, map[string]any{"short_description": "u"}).record()
		for _, key := range []string{"sys_id", "number", "sys_created_on", "sys_updated_on"} {
			if text(made[key]) == "" || read[key] != made[key] || key != "sys_updated_on" && changed[key] != made[key] {
				t.Errorf("%s: %s is %v, then %v, then %v", path, key, made[key], read[key], changed[key])
			}
		}
	}
	security := in.Records("sn_si_incident", "")[0]["sys_id"]
	sampleOf(t, in.do("POST", "/api/x_elas2_sir_int/elastic_api/incident/"+security+"/observables/bulk",
		[]map[string]string{{"value": "127.0.0.1", "type": "ipv4-addr"}}), 200,
		`{"result": [{"value": "127.0.0.1", "observable_sys_id": "{id}"}]}`)
	fields := in.must(http.StatusOK, "GET", table+"sys_dictionary?sysparm_query=name=task^element=short_description"+
		"&sysparm_fields=max_length,element,column_label,mandatory", nil)
	sampleOf(t, fields, 200, `{"result": [{"column_label": "Short description", "mandatory": "false",
		"max_length": "160", "element": "short_description"}]}`)
	choices := in.must(http.StatusOK, "GET", table+"sys_choice?sysparm_query=name=task^element=priority^value=1"+
		"&sysparm_fields=label,value,dependent_value", nil)
	sampleOf(t, choices, 200, `{"result": [{"dependent_value": "", "label": "1 - Critical", "value": "1"}]}`)
	sampleOf(
		t,
		in.do("POST", "/api/global/em/jsonv2", map[string]any{"records": []map[string]any{{"source": "s"}}}),
		200,
		`{"result": {"Default Bulk Endpoint": "1 events were inserted"}}`,
	)
}
