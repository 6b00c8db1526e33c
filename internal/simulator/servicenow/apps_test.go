package servicenow_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const (
	health   = "/api/x_elas2_inc_int/elastic_api/health"
	importTo = "/api/now/import/x_elas2_inc_int_elastic_incident"
)

var elasticRoles = []string{
	"import_set_loader", "import_transformer", "personalize_choices",
	"x_elas2_inc_int.integration_user",
}

var itsmPrivileges = [][3]string{
	{"GlideRecord.insert", "scriptable", "execute"},
	{"GlideRecord.setValue", "scriptable", "execute"},
	{"GlideRecordSecure.getValue", "scriptable", "execute"},
	{"incident", "sys_db_object", "read"},
	{"ScriptableServiceResultBuilder.setBody", "scriptable", "execute"},
	{"ScopedGlideElement", "scriptable", "execute"},
}

// allow grants the Elastic ITSM application what its documentation lists.
func allow(in *instance) {
	scope := in.Records("sys_scope", "scope=x_elas2_inc_int")[0]["sys_id"]
	for _, p := range itsmPrivileges {
		in.create("sys_scope_privilege", map[string]any{
			"source_scope": scope, "target_scope": "global",
			"target_name": p[0], "target_type": p[1], "operation": p[2], "status": "allowed",
		})
	}
}

// row returns the one result row of an import.
func row(r response) map[string]any {
	rows, _ := r.body["result"].([]any)
	if len(rows) != 1 {
		return nil
	}
	return object(rows[0])
}

func TestElasticImportInsertsAndUpdates(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	allow(in)
	userID, kibana := in.user("kibana", elasticRoles...)
	kibana.must(http.StatusOK, http.MethodGet, health, nil)
	r := kibana.must(http.StatusCreated, http.MethodPost, importTo, map[string]any{
		"u_short_description": "a title",
		"u_description":       "text", "u_impact": "1", "u_urgency": "1", "u_severity": nil, "u_caller_id": "kibana",
		"u_opened_by": "kibana", "u_correlation_id": "corr",
	})
	inserted := row(r)
	id := text(inserted["sys_id"])
	want := map[string]any{
		"transform_map": "Elastic Incident", "table": "incident", "display_name": "number",
		"display_value": "INC0010001", "record_link": in.url + "/api/now/table/incident/" + id, "status": "inserted",
		"sys_id": id,
	}
	if diff := cmp.Diff(want, inserted); diff != "" {
		t.Error(diff)
	}
	if r.body["staging_table"] != "x_elas2_inc_int_elastic_incident" || !strings.HasPrefix(text(r.body["import_set"]),
		"ISET") {
		t.Errorf("answer %s", r.text)
	}
	incident := kibana.must(http.StatusOK, http.MethodGet, "/api/now/v2/table/incident/"+id+
		"?sysparm_exclude_reference_link=true", nil).record()
	if incident["short_description"] != "a title" || incident["priority"] != "1" || incident["caller_id"] != userID {
		t.Errorf("incident %v", incident)
	}
	updated := row(kibana.must(http.StatusCreated, http.MethodPost, importTo,
		map[string]any{"elastic_incident_id": id, "u_short_description": "new title", "u_comments": "more"}))
	if updated["status"] != "updated" || updated["sys_id"] != id {
		t.Errorf("update %v", updated)
	}
	if got, _ := in.Record("incident", id); got["short_description"] != "new title" {
		t.Errorf("incident %v", got)
	}
	missing := row(kibana.must(http.StatusCreated, http.MethodPost, importTo,
		map[string]any{"elastic_incident_id": "none"}))
	if missing["status"] != "error" {
		t.Errorf("update of nothing: %v", missing)
	}
	if staged := in.Records("x_elas2_inc_int_elastic_incident", "sys_import_state=inserted"); len(staged) != 1 ||
		staged[0]["u_short_description"] != "a title" || staged[0]["sys_target_sys_id"] != id {
		t.Errorf("staged %v", staged)
	}
	found := kibana.must(http.StatusOK, http.MethodGet,
		table+"incident?sysparm_query=ORDERBYDESCsys_created_on^correlation_id=corr", nil)
	if len(found.list()) != 1 {
		t.Errorf("by correlation id: %v", found.list())
	}
	choices := kibana.must(http.StatusOK, http.MethodGet,
		table+"sys_choice?sysparm_query=name=task^ORname=incident^element=urgency"+
			"^ORelement=subcategory^language=en&sysparm_fields=label,value,dependent_value,element", nil)
	if len(choices.list()) < 10 {
		t.Errorf("choices %v", choices.list())
	}
}

func TestElasticImportNeedsEveryRole(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	allow(in)
	for _, missing := range []string{"import_set_loader", "import_transformer", "x_elas2_inc_int.integration_user"} {
		var roles []string
		for _, role := range elasticRoles {
			if role != missing {
				roles = append(roles, role)
			}
		}
		_, by := in.user("without "+missing, roles...)
		if r := by.do(http.MethodPost, importTo, map[string]any{}); r.status != http.StatusForbidden {
			t.Errorf("without %s: %d", missing, r.status)
		}
	}
}

func TestElasticImportNeedsEveryPrivilege(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	post := func() map[string]any {
		return row(in.must(http.StatusCreated, http.MethodPost, importTo, map[string]any{"u_short_description": "x"}))
	}
	first := post()
	if first["status"] != "error" || !strings.Contains(text(first["error_message"]), "GlideRecord.insert") {
		t.Errorf("row %v", first)
	}
	// The platform has noted what the application asked for.
	requested := in.Records("sys_scope_privilege", "status=requested")
	if len(requested) != 6 {
		t.Fatalf("%d rows requested", len(requested))
	}
	for i, p := range requested {
		if post()["status"] != "error" {
			t.Fatalf("works with %d of 6 privileges", i)
		}
		in.must(http.StatusOK, http.MethodPatch, table+"sys_scope_privilege/"+p["sys_id"]+in.scoped(p),
			map[string]any{"status": "allowed"})
	}
	if last := post(); last["status"] != "inserted" {
		t.Errorf("with all: %v", last)
	}
	in.must(http.StatusOK, http.MethodPatch, table+"sys_scope_privilege/"+requested[3]["sys_id"]+in.scoped(requested[3]),
		map[string]any{"status": "denied"})
	if last := post(); !strings.Contains(text(last["error_message"]), "Read operation against 'incident'") {
		t.Errorf("denied: %v", last)
	}
}

func TestApplicationsBringTheirAPIsTablesAndRoles(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{Apps: []string{}})
	in.must(http.StatusBadRequest, http.MethodGet, health, nil)
	in.must(http.StatusBadRequest, http.MethodPost, importTo, map[string]any{})
	in.must(http.StatusBadRequest, http.MethodGet, table+"x_elas2_inc_int_elastic_incident", nil)
	if got := in.Records("sys_user_role", "name=x_elas2_inc_int.integration_user"); len(got) != 0 {
		t.Errorf("roles %v", got)
	}
	if err := in.Install("x_elas2_inc_int", "1.0.0"); err != nil {
		t.Fatal(err)
	}
	if got := in.must(http.StatusOK, http.MethodGet, health, nil).record()["version"]; got != "1.0.0" {
		t.Errorf("version %v", got)
	}
	in.must(http.StatusOK, http.MethodGet, table+"x_elas2_inc_int_elastic_incident", nil)
	api := in.Records("sys_ws_definition", "namespace=x_elas2_inc_int")[0]["sys_id"]
	if err := in.Set("sys_ws_definition", api, servicenow.Record{"active": "false"}); err != nil {
		t.Fatal(err)
	}
	in.must(http.StatusBadRequest, http.MethodGet, health, nil)
	if in.Install("x_nobody", "") == nil || in.Install("x_elas2_inc_int", "99") == nil {
		t.Error("what the catalogue lacks was installed")
	}
}

func TestSecOpsImportAndObservables(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{Apps: []string{servicenow.ElasticSecOps}})
	_, kibana := in.user("kibana", "import_set_loader", "import_transformer", "sn_si.basic",
		"x_elas2_sir_int.integration_user")
	const to = "/api/now/import/x_elas2_sir_int_elastic_si_incident"
	if got := row(kibana.must(http.StatusCreated, http.MethodPost, to, map[string]any{})); got["status"] != "error" {
		t.Errorf("without privileges: %v", got)
	}
	requested := in.Records("sys_scope_privilege", "")
	if len(requested) != 14 {
		t.Fatalf("%d privileges", len(requested))
	}
	for _, p := range requested {
		in.must(http.StatusOK, http.MethodPatch, table+"sys_scope_privilege/"+p["sys_id"]+in.scoped(p),
			map[string]any{"status": "allowed"})
	}
	got := row(kibana.must(http.StatusCreated, http.MethodPost, to, map[string]any{"u_short_description": "breach"}))
	if got["status"] != "inserted" || got["display_value"] != "SIR0010001" {
		t.Fatalf("row %v", got)
	}
	base := "/api/x_elas2_sir_int/elastic_api/incident/" + text(got["sys_id"]) + "/observables"
	bulk := kibana.must(http.StatusOK, http.MethodPost, base+"/bulk",
		[]map[string]string{{"value": "127.0.0.1", "type": "ipv4"}, {"value": "example.com", "type": "domain"}})
	if list := bulk.list(); len(list) != 2 || list[0]["value"] != "127.0.0.1" || list[0]["observable_sys_id"] == "" {
		t.Errorf("bulk %s", bulk.text)
	}
	kibana.must(http.StatusOK, http.MethodPost, base, map[string]string{"value": "127.0.0.1"})
	if links := in.Records("sn_ti_m2m_task_observable", "observable.value=127.0.0.1"); len(links) != 1 {
		t.Errorf("links %v", links)
	}
}

func TestPluginActivationAndItsProgress(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	const activate = "/api/sn_cicd/plugin/com.glideapp.itom.snac/activate"
	in.must(http.StatusBadRequest, http.MethodGet, table+"em_event", nil)
	r := in.must(http.StatusOK, http.MethodPost, activate, nil).record()
	progress := object(object(r["links"])["progress"])
	id := text(progress["id"])
	if r["status"] != "0" || r["status_label"] != "Pending" || r["percent_complete"] != 0.0 ||
		progress["url"] != in.url+"/api/sn_cicd/progress/"+id {
		t.Errorf("started %v", r)
	}
	var labels []string
	for range 3 {
		r := in.must(http.StatusOK, http.MethodGet, "/api/sn_cicd/progress/"+id, nil)
		labels = append(labels, text(r.record()["status_label"]))
	}
	if diff := cmp.Diff([]string{"Pending", "Running", "Successful"}, labels); diff != "" {
		t.Error(diff)
	}
	in.must(http.StatusOK, http.MethodGet, table+"em_event", nil)
	if got := in.Records("v_plugin", "id=com.glideapp.itom.snac")[0]["active"]; got != "active" {
		t.Errorf("v_plugin.active %q", got)
	}
	if again := in.must(http.StatusOK, http.MethodPost, activate, nil).record(); again["status"] != "2" {
		t.Errorf("activated twice: %v", again)
	}
	in.must(http.StatusNotFound, http.MethodPost, "/api/sn_cicd/plugin/com.nobody/activate", nil)
	in.must(http.StatusNotFound, http.MethodGet, "/api/sn_cicd/progress/none", nil)
	in.must(http.StatusMethodNotAllowed, http.MethodGet, activate, nil)
	_, plain := in.user("plain")
	plain.must(http.StatusForbidden, http.MethodPost, activate, nil)
	_, ci := in.user("ci", "sn_cicd.sys_ci_automation")
	ci.must(http.StatusOK, http.MethodPost, activate, nil)
}

func TestApplicationInstallation(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{Apps: []string{}})
	finish := func(query string) map[string]any {
		r := in.must(http.StatusOK, http.MethodPost, "/api/sn_cicd/app_repo/install?"+query, nil).record()
		id := text(object(object(r["links"])["progress"])["id"])
		for r["status"] == "0" || r["status"] == "1" {
			r = in.must(http.StatusOK, http.MethodGet, "/api/sn_cicd/progress/"+id, nil).record()
		}
		return r
	}
	if got := finish("scope=x_elas2_inc_int&version=1.0.0"); got["status"] != "2" || got["rollback_version"] != "" {
		t.Errorf("install %v", got)
	}
	upgraded := finish("sys_id=7148dbc91bf1f450ced060a7234bcb88")
	if upgraded["status"] != "2" || upgraded["rollback_version"] != "1.0.0" {
		t.Errorf("upgrade %v", upgraded)
	}
	apps := in.Records("sys_store_app", "scope=x_elas2_inc_int")
	if len(apps) != 1 || apps[0]["version"] != "1.2.0" || apps[0]["sys_id"] != "7148dbc91bf1f450ced060a7234bcb88" {
		t.Errorf("sys_store_app %v", apps)
	}
	in.SetOutcome("sn_vul_r7", servicenow.Outcome{Result: "failed", Message: "No entitlement", Polls: 1})
	if got := finish("scope=sn_vul_r7"); got["status"] != "3" || got["error"] != "No entitlement" {
		t.Errorf("failed %v", got)
	}
	in.SetOutcome("sn_vul_r7", servicenow.Outcome{Result: "canceled"})
	if got := finish("scope=sn_vul_r7"); got["status_label"] != "Canceled" {
		t.Errorf("canceled %v", got)
	}
	in.SetOutcome("sn_vul_r7", servicenow.Outcome{Result: "never"})
	r := in.must(http.StatusOK, http.MethodPost, "/api/sn_cicd/app_repo/install?scope=sn_vul_r7", nil).record()
	id := text(object(object(r["links"])["progress"])["id"])
	for range 10 {
		r = in.must(http.StatusOK, http.MethodGet, "/api/sn_cicd/progress/"+id, nil).record()
	}
	if r["status"] != "0" {
		t.Errorf("never %v", r)
	}
	for _, bad := range []string{"scope=x_nobody", "", "scope=x_elas2_inc_int&version=9.9"} {
		in.must(http.StatusNotFound, http.MethodPost, "/api/sn_cicd/app_repo/install?"+bad, nil)
	}
}

func TestRapid7Integration(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{Apps: []string{servicenow.Rapid7Integration}})
	definition := in.must(http.StatusOK, http.MethodGet,
		table+"sn_sec_int_config?sysparm_query=integration.nameLIKERapid7", nil)
	if len(definition.list()) != 8 {
		t.Fatalf("%d parameters", len(definition.list()))
	}
	integration := in.Records("sn_sec_int_integration", "")[0]["sys_id"]
	impl := in.create("sn_sec_int_impl", map[string]any{
		"name": "InsightVM EU", "integration": integration,
		"validation_status": "valid",
	})
	if got, _ := in.Record("sn_sec_int_impl", impl); got["validation_status"] != "not_validated" {
		t.Errorf("validation_status %q", got["validation_status"])
	}
	key := in.Records("sn_sec_int_config", "name=api_key")[0]["sys_id"]
	value := in.create("sn_sec_int_impl_config", map[string]any{
		"implementation": impl, "configuration": key,
		"password_value": "rapid7-key", "value": strings.Repeat("x", 600),
	})
	read := in.must(http.StatusOK, http.MethodGet, table+"sn_sec_int_impl_config"+query("sysparm_query",
		"implementation="+impl+"^configuration.name=api_key"), nil).list()
	if len(read) != 1 || read[0]["password_value"] != "" || len(text(read[0]["value"])) != 512 {
		t.Errorf("read %v", read)
	}
	if in.Secret("sn_sec_int_impl_config", value, "password_value") != "rapid7-key" {
		t.Error("the secret was not kept")
	}
	in.must(http.StatusNoContent, http.MethodDelete, table+"sn_sec_int_impl/"+impl, nil)
	if left := in.Records("sn_sec_int_impl_config", ""); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

func TestEventManagement(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{Apps: []string{servicenow.EventConnectors}})
	listener := in.create("sn_em_connector_listener", map[string]any{
		"name": "Elastic", "source": "elastic",
		"event_source_label": "Elastic Stack", "header_name": "X-Source", "header_value": "hush",
	})
	instance := in.must(http.StatusCreated, http.MethodPost, table+"sn_em_connector_push_instance",
		map[string]any{"name": "prod", "push_connector_definition": listener, "url": "forged"}).record()
	id := text(instance["sys_id"])
	path := "/api/sn_em_connector/em/inbound_event?source=elastic&sys_id=" + id
	if instance["url"] != in.url+path {
		t.Errorf("url %v", instance["url"])
	}
	_, sender := in.user("sender", "evt_mgmt_integration")
	sender.must(http.StatusOK, http.MethodPost, path, map[string]any{"node": "db1", "severity": "1", "host": "x"})
	event := in.Records("em_event", "node=db1")
	if len(event) != 1 || event[0]["source"] != "Elastic Stack" || event[0]["additional_info"] != `{"host":"x"}` {
		t.Errorf("event %v", event)
	}
	byHeader := *sender
	byHeader.header = http.Header{"X-Source": {"hush"}}
	byHeader.must(http.StatusOK, http.MethodPost, "/api/mid/em/inbound_event",
		[]map[string]any{{"node": "a"}, {"node": "b"}})
	bulk := sender.must(http.StatusOK, http.MethodPost, "/api/global/em/jsonv2",
		map[string]any{"records": []map[string]any{{"node": "c", "severity": "2"}}})
	if bulk.record()["Default Bulk Endpoint"] != "1 events were inserted" {
		t.Errorf("bulk %s", bulk.text)
	}
	if n := len(in.Records("em_event", "")); n != 4 {
		t.Errorf("%d events", n)
	}
	sender.must(http.StatusBadRequest, http.MethodPost, "/api/sn_em_connector/em/inbound_event?source=nobody",
		map[string]any{})
	sender.must(http.StatusBadRequest, http.MethodPost, path+"x", map[string]any{})
	_, plain := in.user("plain")
	plain.must(http.StatusForbidden, http.MethodPost, path, map[string]any{})
	in.with("X-Nothing", "1").must(http.StatusUnauthorized, http.MethodPost, path, map[string]any{})
}

func TestAPIKeySendsEventsByQueryParameter(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{Apps: []string{servicenow.EventConnectors}})
	user, _ := in.user("sender", "evt_mgmt_integration")
	key := in.create("api_key", map[string]any{"name": "events", "user": user})
	path := "/api/sn_em_connector/em/inbound_event?source=aws&x-sn-apikey=" + in.Secret("api_key", key, "token")
	anonymous := in.with("X-Nothing", "1")
	anonymous.must(http.StatusUnauthorized, http.MethodPost, path, map[string]any{"node": "n"})
	api := in.Records("sys_ws_definition", "base_uri=/api/sn_em_connector/em")[0]["sys_id"]
	profile := in.create("http_key_auth",
		map[string]any{"name": "k", "auth_parameter": parameter(in, "type!=auth_header")})
	protect(in, map[string]any{"api": api}, profile)
	anonymous.must(http.StatusOK, http.MethodPost, path, map[string]any{"node": "n"})
}
