package kibana_test

import "testing"

func TestSecOpsConnector(t *testing.T) {
	t.Parallel()
	eachRelease(t, third, func(string) connectorTest {
		return connectorTest{
			resource: "secops_connector", typeID: ".servicenow-sir", version: "credentials_wo_version",
			is:        `  api_url = "https://dev1.service-now.com"`,
			becomes:   "  api_url = \"https://dev2.service-now.com\"\n  uses_table_api = true",
			writeOnly: `  basic_auth = { username_wo = "elastic", password_wo = "password%s" }`,
			config:    map[string]any{"apiUrl": "https://dev1.service-now.com", "usesTableApi": false},
			changed:   map[string]any{"apiUrl": "https://dev2.service-now.com", "usesTableApi": true},
			stored:    map[string]string{"username": "elastic", "password": "password%s"},
			drift:     map[string]any{"apiUrl": "https://evil.example.com", "usesTableApi": false},
			drifting:  []string{"api_url", "uses_table_api"},
		}
	})
}
