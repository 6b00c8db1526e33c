package kibana_test

import "testing"

func TestSwimlaneConnector(t *testing.T) {
	t.Parallel()
	swimlaneField := func(id string) map[string]any {
		return map[string]any{"id": id, "key": "key-" + id, "name": "Name " + id, "fieldType": "text"}
	}
	hcl := func(id string) string {
		return `{ id = "` + id + `", key = "key-` + id + `", name = "Name ` + id + `", field_type = "text" }`
	}
	eachRelease(t, third, func(string) connectorTest {
		return connectorTest{
			resource: "swimlane_connector", typeID: ".swimlane", version: "credentials_wo_version",
			is: "  api_url = \"https://one.example.com\"\n  application_id = \"app1\"\n  connector_type = \"all\"",
			becomes: "  api_url = \"https://two.example.com\"\n  application_id = \"app2\"\n  connector_type = \"alerts\"\n" +
				"  mappings = { alert_id = " + hcl("a1") + ", rule_name = " + hcl("r1") + " }",
			writeOnly: `  api_token_wo = "token%s"`,
			config:    map[string]any{"apiUrl": "https://one.example.com", "appId": "app1", "connectorType": "all"},
			changed: map[string]any{
				"apiUrl": "https://two.example.com", "appId": "app2", "connectorType": "alerts",
				"mappings": map[string]any{
					"alertIdConfig": swimlaneField("a1"), "ruleNameConfig": swimlaneField("r1"), "caseIdConfig": nil,
					"caseNameConfig": nil, "commentsConfig": nil, "severityConfig": nil, "descriptionConfig": nil,
				},
			},
			stored: map[string]string{"apiToken": "token%s"},
			drift: map[string]any{
				"apiUrl": "https://evil.example.com", "appId": "evil", "connectorType": "cases",
				"mappings": map[string]any{"alertIdConfig": swimlaneField("evil")},
			},
			drifting: []string{"api_url", "application_id", "connector_type", "mappings"},
		}
	})
}

func TestSwimlaneConnectorDemandsMappings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ attributes, want string }{
		"alerts without": {`connector_type = "alerts"`, `needs the mappings alert_id, rule_name`},
		"cases with some": {
			"connector_type = \"cases\"\nmappings = { case_id = local.field }", `case_name, comments, description`,
		},
		"nothing mapped":    {"connector_type = \"all\"\nmappings = {}", `Leave it out`},
		"no connector type": {`connector_type = "alarm"`, `alerts`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, newest, `
locals { field = { id = "a", key = "b", name = "c", field_type = "text" } }
resource "servicenow_kibana_swimlane_connector" "test" {
  name           = "Elastic"
  api_url        = "https://one.example.com"
  application_id = "app"
  api_token_wo   = "token"
  `+test.attributes+`
}`, test.want)
		})
	}
}
