package kibana_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana/ticketing"
)

func none() object { return object{"id": "none", "name": "none", "type": ".none", "fields": nil} }

func settingsFor(owner string) object {
	return object{"owner": owner, "closure_type": "close-by-user", "connector": none()}
}

const casesPath = "/api/cases/configure"

func TestCaseSettingsLifeCycle(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Spaces: []string{"soc"}, Clock: ticketClock})
	same(t, "unset", []any{}, k.do("GET", casesPath+"?owner=cases", nil).list)

	body := settingsFor("cases")
	body["connector"] = object{"id": "not-exists", "name": "my-jira", "type": ".jira", "fields": nil}
	body["customFields"] = []any{object{"key": "a", "label": "A", "type": "text", "required": false}}
	created := k.do("POST", casesPath, body)
	id, _ := created.body["id"].(string)
	version, _ := created.body["version"].(string)
	row := func(source, target, action string) object {
		return object{"source": source, "target": target, "action_type": action}
	}
	elastic := object{"username": "elastic", "email": nil, "full_name": nil}
	want := object{
		"id":           id,
		"version":      version,
		"owner":        "cases",
		"closure_type": "close-by-user",
		"connector":    body["connector"],
		"mappings": []any{
			row("title", "summary", "overwrite"), row("description", "description", "overwrite"),
			row("tags", "labels", "overwrite"), row("comments", "comments", "append"),
		},
		"error":           nil,
		"created_at":      "2021-06-01T17:29:51.092Z",
		"created_by":      elastic,
		"updated_at":      nil,
		"updated_by":      nil,
		"customFields":    body["customFields"],
		"templates":       []any{},
		"observableTypes": []any{},
	}
	same(t, "create", want, created.body)
	same(t, "get", []any{want}, k.do("GET", casesPath+"?owner=observability&owner=cases", nil).list)
	same(t, "other owner", []any{}, k.do("GET", casesPath+"?owner=securitySolution", nil).list)
	same(t, "other space", []any{}, k.do("GET", "/s/soc"+casesPath, nil).list)

	patched := k.do("PATCH", casesPath+"/"+id, object{"version": version, "closure_type": "close-by-pushing"})
	same(t, "others' fields survive a PATCH", want["customFields"], patched.body["customFields"])
	same(t, "closure", any("close-by-pushing"), patched.body["closure_type"])
	same(t, "updated by", any(elastic), patched.body["updated_by"])

	stale := k.do("PATCH", casesPath+"/"+id, object{"version": version, "closure_type": "close-by-user"})
	same(
		t,
		"stale",
		object{"statusCode": 409.0, "error": "Conflict", "message": "This configuration has been updated. " +
			"Please refresh before saving additional updates."},
		stale.body,
	)
	for path, status := range map[string]int{casesPath + "/not-exist": 404, "/s/soc" + casesPath + "/" + id: 404} {
		a := k.do("PATCH", path, object{"version": version})
		same(t, path, status, a.status)
		if !strings.HasPrefix(a.message(), "Saved object [cases-configure/") {
			t.Errorf("%s: %s", path, a.raw)
		}
	}

	again := k.do("POST", casesPath, settingsFor("cases"))
	same(t, "a POST wipes", any([]any{}), again.body["customFields"])
	if again.body["id"] == id || len(k.CaseSettings()) != 1 {
		t.Errorf("the configuration of the owner was not replaced: %s", again.raw)
	}
	k.do("POST", casesPath, settingsFor("securitySolution"))
	same(t, "one per owner", 2, len(k.CaseSettings()))
}

func TestRefusedCaseSettings(t *testing.T) {
	t.Parallel()
	k := start(
		t,
		kibana.Options{Users: []kibana.User{{Username: "reader", Password: "r", Privilege: kibana.PrivilegeRead}}},
	)
	with := func(key string, value any) object {
		body := settingsFor("cases")
		body[key] = value
		return body
	}
	connector := func(kind string, fields any) object {
		return with("connector", object{"id": "x", "name": "x", "type": kind, "fields": fields})
	}
	custom := func(changes ...object) object {
		fields := []any{}
		for _, change := range changes {
			field := object{"key": "a", "label": "A", "type": "text", "required": false}
			for key, value := range change {
				field[key] = value
			}
			fields = append(fields, field)
		}
		return with("customFields", fields)
	}
	noFields := with("connector", object{"id": "none", "name": "none", "type": ".none"})
	itsm := object{"impact": nil, "severity": nil, "urgency": nil, "category": nil, "subcategory": nil}
	for name, body := range map[string]object{
		"no owner":             {"closure_type": "close-by-user", "connector": none()},
		"mappings":             with("mappings", []any{}),
		"closure":              with("closure_type", "never"),
		"no connector":         with("connector", nil),
		"no fields":            noFields,
		"none with fields":     connector(".none", object{}),
		"unknown type":         connector(".servicenow-itom", nil),
		"unknown field":        connector(".swimlane", object{"caseId": nil, "x": 1}),
		"missing field":        connector(".jira", object{"issueType": "1"}),
		"incident types":       connector(".resilient", object{"incidentTypes": []any{1}, "severityCode": nil}),
		"flag":                 connector(".servicenow-sir", object{"destIp": "yes"}),
		"custom field key":     custom(object{"key": "Bad Key"}),
		"repeated key":         custom(object{}, object{}),
		"unknown custom type":  custom(object{"type": "date"}),
		"too many observables": with("observableTypes", make([]any, 11)),
	} {
		if a := k.do("POST", casesPath, body); a.status != 400 || a.body["error"] != "Bad Request" {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
	same(t, "nothing was stored", 0, len(k.CaseSettings()))

	for _, body := range []object{connector(".servicenow", itsm), connector(".cases-webhook", nil), custom(object{})} {
		same(t, "accepted", 200, k.do("POST", casesPath, body).status)
	}
	stored := k.CaseSettings()[0]
	retyped := custom(object{"type": "toggle"})["customFields"]
	a := k.do("PATCH", casesPath+"/"+stored.ID, object{"version": stored.Version, "customFields": retyped})
	same(t, "type change", `Invalid custom field types in request for the following labels: "A"`, a.message())
	a = k.do("PATCH", casesPath+"/"+stored.ID, object{"version": stored.Version, "owner": "cases"})
	same(t, "excess key", `invalid keys "owner"`, a.message())
	same(t, "reader", 403, k.do("POST", casesPath, settingsFor("cases"), "Authorization", "Basic cmVhZGVyOnI=").status)
}

func TestMappingsFollowTheConnectorType(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{})
	for kind, want := range map[string]string{
		".servicenow":     "short_description description work_notes",
		".servicenow-sir": "short_description description work_notes",
		".resilient":      "name description comments", ".swimlane": "caseName description comments", ".none": "",
	} {
		body := settingsFor("cases")
		body["connector"] = object{"id": "x", "name": "x", "type": kind, "fields": nil}
		rows, _ := k.do("POST", casesPath, body).body["mappings"].([]any)
		var targets []string
		for _, row := range rows {
			target, _ := row.(object)["target"].(string)
			targets = append(targets, target)
		}
		same(t, kind, want, strings.Join(targets, " "))
	}
}

func TestCaseSettingsChangedBehindTerraformsBack(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{})
	created := k.do("POST", casesPath, settingsFor("cases")).body
	id, _ := created["id"].(string)
	same(
		t,
		"admin",
		204,
		k.do("PATCH", "/simulator/kibana/case_settings/"+id, object{"closure_type": "close-by-pushing"}).status,
	)
	same(t, "stale", 409, k.do("PATCH", casesPath+"/"+id, object{"version": created["version"]}).status)
	listed, _ := k.do("GET", "/simulator/kibana/case_settings", nil).list[0].(object)
	same(t, "changed", any("close-by-pushing"), listed["closure_type"])
	same(t, "admin", 204, k.do("DELETE", "/simulator/kibana/case_settings/"+id, nil).status)
	same(t, "gone", []any{}, k.do("GET", casesPath, nil).list)
	if k.SetCaseSettings("nothing", nil) == nil || k.DeleteCaseSettings("nothing") == nil {
		t.Error("an unknown id was accepted")
	}
}

func TestCaseConnectors(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{License: "gold"})
	id := k.create(jiraBody("https://jira.example.com", "token"))
	k.create(object{"name": "log", "connector_type_id": ".server-log"})
	found := k.do("GET", casesPath+"/connectors/_find", nil).list
	same(t, "find", []any{object{
		"id": id, "actionTypeId": ".jira", "name": "A jira action", "isPreconfigured": false,
		"isDeprecated": false, "isMissingSecrets": false, "referencedByCount": 0.0, "isSystemAction": false,
		"isConnectorTypeDeprecated": false,
		"config":                    object{"apiUrl": "https://jira.example.com", "projectKey": "ES"},
	}}, found)
}

func TestCasesArePushed(t *testing.T) {
	t.Parallel()
	sn := newInstance(t)
	k := start(t, kibana.Options{Clock: ticketClock})
	connector := k.create(basicITSM(sn.URL))
	closing := settingsFor("securitySolution")
	created := k.do("POST", "/api/cases", object{
		"title": "Malware", "description": "Found it.", "tags": []any{"a tag"}, "owner": "securitySolution",
		"settings": object{"syncAlerts": false},
		"connector": object{"id": connector, "name": "A servicenow action", "type": ".servicenow", "fields": object{
			"impact": "1", "severity": nil, "urgency": "2", "category": nil, "subcategory": nil,
		}},
	})
	id, _ := created.body["id"].(string)
	same(t, "create", [4]any{200, "open", "low", nil}, [4]any{
		created.status, created.body["status"], created.body["severity"],
		created.body["external_service"],
	})
	same(t, "comment", 200, k.do("POST", "/api/cases/"+id+"/comments",
		object{"type": "user", "comment": "Look.", "owner": "securitySolution"}).status)

	push := "/api/cases/" + id + "/connector/" + connector + "/_push"
	pushed := k.do("POST", push, object{})
	same(t, "external service", any(object{
		"connector_id":   connector,
		"connector_name": "A servicenow action",
		"external_id":    "123",
		"external_title": "INC01",
		"external_url":   sn.URL + "/nav_to.do?uri=incident.do?sys_id=123",
		"pushed_at":      "2021-06-01T17:29:51.092Z",
		"pushed_by":      object{"username": "elastic", "email": nil, "full_name": nil},
	}), pushed.body["external_service"])
	calls := sn.reset()
	sent, _ := calls[1].Body.(object)
	same(t, "incident", [5]any{"Malware", "Found it.\n\nAdded by elastic.", id, "Elastic Case", "1"}, [5]any{
		sent["u_short_description"], sent["u_description"], sent["u_correlation_id"], sent["u_correlation_display"],
		sent["u_impact"],
	})
	noted, _ := calls[4].Body.(object)
	same(t, "comment", any("Look.\n\nAdded by elastic."), noted["u_work_notes"])

	closing["closure_type"] = "close-by-pushing"
	k.do("POST", casesPath, closing)
	sn.reset()
	again := k.do("POST", push, nil)
	same(t, "closed by pushing", any("closed"), again.body["status"])
	calls = sn.reset()
	updated, _ := calls[1].Body.(object)
	same(
		t,
		"updates what it made, without the old comment",
		[2]any{"123", 3},
		[2]any{updated["elastic_incident_id"], len(calls)},
	)
	same(t, "closed", 409, k.do("POST", push, nil).status)
	same(t, "get", any("closed"), k.do("GET", "/api/cases/"+id, nil).body["status"])
	same(t, "unknown", "Saved object [cases/x] not found", k.do("GET", "/api/cases/x", nil).message())

	sn.noApp = true
	other := k.do("POST", "/api/cases", object{
		"title": "t", "description": "d", "tags": []any{}, "owner": "cases",
		"settings": object{"syncAlerts": false}, "connector": none(),
	}).body
	otherID, _ := other["id"].(string)
	failed := k.do("POST", "/api/cases/"+otherID+"/connector/"+connector+"/_push", nil)
	same(t, "a failed push", 424, failed.status)
	same(t, "unknown connector", 404, k.do("POST", "/api/cases/"+otherID+"/connector/x/_push", nil).status)
}

// Every case connector takes its own shape of incident from a case.
func TestCasesArePushedToEverySystem(t *testing.T) {
	t.Parallel()
	jira := ticketing.NewJira(ticketing.JiraOptions{Clock: ticketClock})
	resilient := ticketing.NewResilient(ticketing.ResilientOptions{Clock: ticketClock})
	swimlane := ticketing.NewSwimlane(ticketing.SwimlaneOptions{Clock: ticketClock})
	sn := newInstance(t)
	k := start(t, kibana.Options{Clock: ticketClock})
	serve := func(handler http.Handler) string {
		listener := httptest.NewServer(handler)
		t.Cleanup(listener.Close)
		return listener.URL
	}
	secOps := basicITSM(sn.URL)
	secOps["connector_type_id"] = ".servicenow-sir"
	for _, test := range []struct {
		connector, fields object
		check             func() (want, got any)
	}{
		{
			jiraBody(serve(jira), "token"),
			object{"issueType": "10004", "priority": "Low", "parent": nil},
			func() (any, any) {
				f := jira.Tickets()[0].Fields
				return [4]any{"Title", []any{"a-tag"}, "10004", "Low"}, [4]any{
					f["summary"], f["labels"], dig(f, "issuetype", "id"), dig(f, "priority", "name"),
				}
			},
		},
		{
			resilientBody(serve(resilient)),
			object{"incidentTypes": []any{"1001"}, "severityCode": "6"},
			func() (any, any) {
				f := resilient.Tickets()[0].Fields
				return [3]any{"Title", []any{1001.0}, 6.0}, [3]any{
					f["name"], f["incident_type_ids"],
					f["severity_code"],
				}
			},
		},
		{
			swimlaneBody(serve(swimlane)),
			object{"caseId": nil},
			func() (any, any) { return any("Title"), swimlane.Tickets()[0].Fields["name"] },
		},
		{
			secOps,
			object{
				"category": "c", "subcategory": nil, "priority": "1", "destIp": true, "sourceIp": nil,
				"malwareHash": nil,
				"malwareUrl":  nil,
			},
			func() (any, any) {
				sent, _ := sn.reset()[1].Body.(object)
				return [3]any{"Title", "c", "1"}, [3]any{
					sent["u_short_description"], sent["u_category"],
					sent["u_priority"],
				}
			},
		},
	} {
		id := k.create(test.connector)
		created := k.do("POST", "/api/cases", object{
			"title": "Title", "description": "d", "tags": []any{"a tag"}, "owner": "cases",
			"settings": object{"syncAlerts": false}, "connector": object{
				"id": id, "name": "n", "type": test.connector["connector_type_id"], "fields": test.fields,
			},
		})
		caseID, _ := created.body["id"].(string)
		pushed := k.do("POST", "/api/cases/"+caseID+"/connector/"+id+"/_push", object{})
		if pushed.status != http.StatusOK {
			t.Errorf("%v: %d %s", test.connector["connector_type_id"], pushed.status, pushed.raw)
			continue
		}
		want, got := test.check()
		same(t, "incident", want, got)
	}
}
