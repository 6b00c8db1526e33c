package kibana_test

import "testing"

// itsm is an ITSM connector as a release can hold it: with basic authentication that becomes OAuth where that exists,
// and with mappings before 7.10.
func itsm(version string) connectorTest {
	c := connectorTest{
		resource: "itsm_connector", typeID: ".servicenow", version: "credentials_wo_version",
		is:        `  api_url = "https://dev1.service-now.com"`,
		becomes:   `  api_url = "https://dev2.service-now.com"`,
		writeOnly: `  basic_auth = { username_wo = "elastic", password_wo = "password%s" }`,
		config:    map[string]any{"apiUrl": "https://dev1.service-now.com"},
		changed:   map[string]any{"apiUrl": "https://dev2.service-now.com"},
		stored:    map[string]string{"username": "elastic", "password": "password%s"},
		drift:     map[string]any{"apiUrl": "https://evil.example.com"},
		drifting:  []string{"api_url"},
	}
	switch version {
	case first:
		withMappings(&c, version, "casesConfiguration")
	case second:
		withMappings(&c, version, "incidentConfiguration")
		c.config["isCaseOwned"], c.changed["isCaseOwned"] = true, true
	}
	if version == first || version == second {
		return c
	}
	c.config["usesTableApi"], c.changed["usesTableApi"] = false, true
	c.becomes += "\n  uses_table_api = true"
	c.drift["usesTableApi"] = false
	c.drifting = append(c.drifting, "uses_table_api")
	return c
}

func TestITSMConnector(t *testing.T) {
	t.Parallel()
	eachRelease(t, first, itsm)
}
