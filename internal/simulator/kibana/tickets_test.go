package kibana_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana/ticketing"
)

var ticketTime = time.Date(2021, 6, 1, 17, 29, 51, 92e6, time.UTC)

func ticketClock() time.Time { return ticketTime }

func jiraBody(url, token string) object {
	return object{
		"name": "A jira action", "connector_type_id": ".jira", "config": object{"apiUrl": url, "projectKey": "ES"},
		"secrets": object{"email": "elastic@example.com", "apiToken": token},
	}
}

func TestJira(t *testing.T) {
	t.Parallel()
	remote := ticketing.NewJira(ticketing.JiraOptions{Clock: ticketClock})
	listener := httptest.NewServer(remote)
	t.Cleanup(listener.Close)
	k := start(t, kibana.Options{Version: "9.3.0"})
	id := k.create(jiraBody(listener.URL+"/", "token"))

	pushed := k.run(id, "pushToService", object{
		"incident": object{
			"summary": "a\n title ", "description": "d", "labels": []any{"x"}, "priority": "Low",
			"otherFields": object{"customfield_1": "v"},
		},
		"comments": []any{object{"comment": "first", "commentId": "456"}},
	})
	same(t, "push", any(object{
		"id": "10001", "title": "ES-1", "url": listener.URL + "/browse/ES-1",
		"pushedDate": "2021-06-01T17:29:51.092Z",
		"comments":   []any{object{"commentId": "456", "pushedDate": "2021-06-01T17:29:51.092Z"}},
	}), pushed["data"])
	stored := remote.Tickets()[0]
	same(t, "stored", ticketing.Ticket{
		ID: "10001", Title: "ES-1", Comments: []string{"first"}, Created: ticketTime,
		Updated: ticketTime, Fields: object{
			"summary": "a, title", "description": "d", "labels": []any{"x"},
			"priority": object{"name": "Low"}, "project": object{"key": "ES"}, "issuetype": object{"id": "10002"},
			"customfield_1": "v",
		},
	}, stored)

	k.run(id, "pushToService", object{"incident": object{"summary": "b", "externalId": "10001"}})
	same(t, "updated", any("b"), remote.Tickets()[0].Fields["summary"])

	same(t, "issueTypes", any([]any{object{"id": "10002", "name": "Task"}, object{"id": "10004", "name": "Bug"}}),
		k.run(id, "issueTypes", object{})["data"])
	fields, _ := k.run(id, "fieldsByIssueType", object{"id": "10004"})["data"].(object)
	common, _ := k.run(id, "getFields", object{})["data"].(object)
	same(t, "fields of one type and of all", [2]int{5, 4}, [2]int{len(fields), len(common)})
	same(
		t,
		"issues",
		any([]any{object{"id": "10001", "key": "ES-1", "title": "b"}}),
		k.run(id, "issues", object{"title": "b"})["data"],
	)
	same(
		t,
		"issue",
		any(object{"id": "10001", "key": "ES-1", "title": "b"}),
		k.run(id, "issue", object{"id": "10001"})["data"],
	)
	incident, _ := k.run(id, "getIncident", object{"externalId": "ES-1"})["data"].(object)
	same(t, "incident", any("10001"), incident["id"])

	for _, test := range []struct {
		subAction string
		params    object
		want      string
	}{
		{
			"getIncident",
			object{"externalId": "x"},
			"[Action][Jira]: Unable to get incident with id x. Error: Request failed " +
				"with status code 404. Reason: Issue does not exist or you do not have permission to see it.",
		},
		{
			"pushToService",
			object{"incident": object{"summary": "s", "issueType": "1"}},
			"[Action][Jira]: Unable to create " +
				"incident. Error: Request failed with status code 400. Reason: Specify a valid issue type",
		},
		{"handshake", object{}, "[Action][ExternalService] subAction handshake not implemented."},
	} {
		same(t, test.subAction, any(test.want), k.run(id, test.subAction, test.params)["service_message"])
	}
	same(t, "labels", any("error validating action params: ✖ The label a b cannot contain spaces\n  → at "+
		"subActionParams.incident.labels[0]"), k.run(id, "pushToService",
		object{"incident": object{"summary": "s", "labels": []any{"a b"}}})["message"])
	said, _ := k.run(k.create(jiraBody(listener.URL, "wrong")), "issueTypes", object{})["service_message"].(string)
	if !strings.Contains(said, "401. Reason: Client must be authenticated") {
		t.Errorf("wrong token: %s", said)
	}
}

func resilientBody(url string) object {
	return object{
		"name": "An IBM Resilient action", "connector_type_id": ".resilient",
		"config":  object{"apiUrl": url, "orgId": "201"},
		"secrets": object{"apiKeyId": "key", "apiKeySecret": "secret"},
	}
}

func TestResilient(t *testing.T) {
	t.Parallel()
	remote := ticketing.NewResilient(ticketing.ResilientOptions{Clock: ticketClock})
	listener := httptest.NewServer(remote)
	t.Cleanup(listener.Close)
	k := start(t, kibana.Options{Version: "9.0.0"})
	id := k.create(resilientBody(listener.URL + "/")) // the framework joins URLs without doubling the slash

	pushed := k.run(id, "pushToService", object{
		"incident": object{"name": "a title", "description": "d", "incidentTypes": []any{1001}, "severityCode": 6},
		"comments": []any{object{"comment": "first", "commentId": "456"}},
	})
	same(t, "push", any(object{
		"id": "2001", "title": "2001", "url": listener.URL + "/#incidents/2001",
		"pushedDate": "2021-06-01T17:29:51.092Z",
		"comments":   []any{object{"commentId": "456", "pushedDate": "2021-06-01T17:29:51.092Z"}},
	}), pushed["data"])
	k.run(id, "pushToService", object{"incident": object{"name": "b", "severityCode": "4", "externalId": "2001"}})
	fields := remote.Tickets()[0].Fields
	same(
		t,
		"stored",
		[3]any{"b", 4.0, []any{1001.0}},
		[3]any{fields["name"], fields["severity_code"], fields["incident_type_ids"]},
	)

	same(t, "severity", any([]any{
		object{"id": "4", "name": "Low"},
		object{"id": "5", "name": "Medium"},
		object{"id": "6", "name": "High"},
	}), k.run(id, "severity", object{})["data"])
	types, _ := k.run(id, "incidentTypes", object{})["data"].([]any)
	all, _ := k.run(id, "getFields", object{})["data"].([]any)
	same(t, "lists", [2]int{2, 4}, [2]int{len(types), len(all)})

	unknown := k.run(id, "non-supported", object{})
	same(t, "unknown", object{
		"status": "error", "connector_id": id, "retry": true, "errorSource": "framework",
		"message": "an error occurred while running the action",
		"service_message": `Sub action "non-supported" is not registered. Connector id: ` + id +
			". Connector name: IBM Resilient. Connector type: .resilient",
	}, unknown)
	said, _ := k.run(id, "pushToService", object{"incident": object{}})["service_message"].(string)
	same(
		t,
		"invalid",
		"Request validation failed (Error: [incident.name]: expected value of type [string] but got [undefined])",
		said,
	)

	other := resilientBody(listener.URL)
	other["secrets"] = object{"apiKeyId": "key", "apiKeySecret": "wrong"}
	same(t, "wrong secret", any("[Action][IBM Resilient]: Unable to get severity. Error: Status code: 401. Message: "+
		"Unauthorized API Error."), k.run(k.create(other), "severity", object{})["service_message"])
	other = resilientBody(listener.URL)
	other["config"] = object{"apiUrl": listener.URL, "orgId": "1"}
	same(
		t,
		"wrong organisation",
		any("[Action][IBM Resilient]: Unable to get severity. Error: Status code: 403. Message: "+
			"API Error: The organization is not accessible.."),
		k.run(k.create(other), "severity", object{})["service_message"],
	)
}

func swimlaneBody(url string) object {
	field := func(id, kind string) object { return object{"id": id, "key": id, "name": id, "fieldType": kind} }
	return object{
		"name": "A swimlane action", "connector_type_id": ".swimlane", "secrets": object{"apiToken": "token"},
		"config": object{"apiUrl": url, "appId": "123456asdf", "connectorType": "all", "mappings": object{
			"caseNameConfig": field("name", "text"), "severityConfig": field("severity", "numeric"),
			"descriptionConfig": field("text", "text"), "commentsConfig": field("notes", "notes"),
		}},
	}
}

func TestSwimlane(t *testing.T) {
	t.Parallel()
	remote := ticketing.NewSwimlane(ticketing.SwimlaneOptions{Clock: ticketClock})
	listener := httptest.NewServer(remote)
	t.Cleanup(listener.Close)
	k := start(t, kibana.Options{Clock: ticketClock})
	id := k.create(swimlaneBody(listener.URL))
	created, _ := k.do("GET", "/api/actions/connector/"+id, nil).body["config"].(object)
	mappings, _ := created["mappings"].(object)
	same(t, "absent mappings are null", [2]any{nil, 7}, [2]any{mappings["alertIdConfig"], len(mappings)})

	pushed := k.run(id, "pushToService", object{
		"incident": object{"caseName": "Case", "severity": "Critical", "description": "d", "alertId": "unmapped"},
		"comments": []any{object{"comment": "first", "commentId": "456"}},
	})
	same(t, "push", any(object{
		"id": "record1", "title": "ET-1", "url": listener.URL + "/record/123456asdf/record1",
		"pushedDate": "2021-06-01T17:29:51.092Z",
		"comments":   []any{object{"commentId": "456", "pushedDate": "2021-06-01T17:29:51.092Z"}},
	}), pushed["data"])
	k.run(id, "pushToService", object{"incident": object{"caseName": "Other", "externalId": "record1"}})
	same(t, "stored", ticketing.Ticket{
		ID: "record1", Title: "ET-1", Created: ticketTime, Updated: ticketTime,
		Fields: object{"name": "Other", "severity": 0.0, "text": "d"}, Comments: []string{"first"},
	}, remote.Tickets()[0])

	same(
		t,
		"unknown record",
		any("[Action][Swimlane]: Unable to update record in application with id 123456asdf. Status: 404. "+
			"Error: Request failed with status code 404. Reason: recordId (1003)"),
		k.run(id, "pushToService", object{"incident": object{"externalId": "x"}})["service_message"],
	)
	body := swimlaneBody(listener.URL)
	mapped, _ := dig(body, "config", "mappings").(object)
	delete(mapped, "commentsConfig")
	said, _ := k.run(k.create(body), "pushToService", object{
		"incident": object{"caseName": "c"},
		"comments": []any{object{"comment": "x", "commentId": "1"}},
	})["service_message"].(string)
	if !strings.Contains(said, "No comment field mapped in Swimlane connector") {
		t.Errorf("no comment field: %s", said)
	}
	same(t, "no other sub-action", "error", k.run(id, "getFields", object{})["status"])
}

func TestConnectorsWithoutARun(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{})
	log := k.create(object{"name": "log", "connector_type_id": ".server-log"})
	same(t, "server log", object{"status": "ok", "connector_id": log, "data": object{}},
		k.do("POST", "/api/actions/connector/"+log+"/_execute", object{"params": object{"message": "m"}}).body)
	index := k.create(object{"name": "index", "connector_type_id": ".index", "config": object{"index": "i"}})
	same(t, "index", any(object{"index": "i", "refresh": false, "executionTimeField": nil}),
		k.do("GET", "/api/actions/connector/"+index, nil).body["config"])
	same(t, "not run", any("error"), k.run(index, "x", nil)["status"])
}
