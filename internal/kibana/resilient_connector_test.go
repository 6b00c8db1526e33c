package kibana_test

import "testing"

func TestResilientConnector(t *testing.T) {
	t.Parallel()
	eachRelease(t, second, func(version string) connectorTest {
		c := connectorTest{
			resource: "resilient_connector", typeID: ".resilient", version: "credentials_wo_version",
			is:        "  api_url = \"https://one.example.com\"\n  organization_id = \"201\"",
			becomes:   "  api_url = \"https://two.example.com\"\n  organization_id = \"202\"",
			writeOnly: "  api_key_id_wo = \"key\"\n  api_key_secret_wo = \"secret%s\"",
			config:    map[string]any{"apiUrl": "https://one.example.com", "orgId": "201"},
			changed:   map[string]any{"apiUrl": "https://two.example.com", "orgId": "202"},
			stored:    map[string]string{"apiKeyId": "key", "apiKeySecret": "secret%s"},
			drift:     map[string]any{"apiUrl": "https://evil.example.com", "orgId": "203"},
			drifting:  []string{"api_url", "organization_id"},
		}
		withMappings(&c, version, "casesConfiguration")
		return c
	})
}
