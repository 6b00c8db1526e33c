package kibana_test

import "testing"

func TestJiraConnector(t *testing.T) {
	t.Parallel()
	eachRelease(t, first, func(version string) connectorTest {
		c := connectorTest{
			resource: "jira_connector", typeID: ".jira", version: "credentials_wo_version",
			is:        "  api_url = \"https://one.atlassian.net\"\n  project_key = \"OPS\"",
			becomes:   "  api_url = \"https://two.atlassian.net\"\n  project_key = \"SEC\"",
			writeOnly: "  email_wo = \"elastic@example.com\"\n  api_token_wo = \"token%s\"",
			config:    map[string]any{"apiUrl": "https://one.atlassian.net", "projectKey": "OPS"},
			changed:   map[string]any{"apiUrl": "https://two.atlassian.net", "projectKey": "SEC"},
			stored:    map[string]string{"email": "elastic@example.com", "apiToken": "token%s"},
			drift:     map[string]any{"apiUrl": "https://evil.example.com", "projectKey": "EVIL"},
			drifting:  []string{"api_url", "project_key"},
		}
		withMappings(&c, version, "casesConfiguration")
		return c
	})
}
