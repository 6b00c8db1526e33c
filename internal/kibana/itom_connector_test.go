package kibana_test

import "testing"

func TestITOMConnector(t *testing.T) {
	t.Parallel()
	eachRelease(t, third, func(string) connectorTest {
		return connectorTest{
			resource: "itom_connector", typeID: ".servicenow-itom", version: "credentials_wo_version",
			is:        `  api_url = "https://dev1.service-now.com"`,
			becomes:   `  api_url = "https://dev2.service-now.com"`,
			writeOnly: `  basic_auth = { username_wo = "elastic", password_wo = "password%s" }`,
			config:    map[string]any{"apiUrl": "https://dev1.service-now.com"},
			changed:   map[string]any{"apiUrl": "https://dev2.service-now.com"},
			stored:    map[string]string{"username": "elastic", "password": "password%s"},
			drift:     map[string]any{"apiUrl": "https://evil.example.com"},
			drifting:  []string{"api_url"},
		}
	})
}
