package kibana_test

import (
	"testing"
)

// itsm is an ITSM connector as a release can hold it: with basic authentication that becomes OAuth where that exists,
// and with mappings before 7.10.
func itsm(version string) connectorTest {
	c := connectorTest{
		resource: "itsm_connector", typeID: ".servicenow", version: "credentials_wo_version",
		is:       `  api_url = "https://dev1.service-now.com"`,
		becomes:  `  api_url = "https://dev2.service-now.com"`,
		secrets:  `  basic_auth = { username_wo = "elastic", password_wo = "password%s" }`,
		config:   map[string]any{"apiUrl": "https://dev1.service-now.com"},
		changed:  map[string]any{"apiUrl": "https://dev2.service-now.com"},
		stored:   map[string]string{"username": "elastic", "password": "password%s"},
		drift:    map[string]any{"apiUrl": "https://evil.example.com"},
		drifting: []string{"api_url"},
	}
	mapping := func(target string) (hcl string, stored []any) {
		return "\n  case_field_mappings = [\n" +
				"    { source = \"title\", target = \"" + target + "\", action = \"overwrite\" },\n" +
				"    { source = \"comments\", target = \"work_notes\", action = \"append\" },\n  ]",
			[]any{
				map[string]any{"source": "title", "target": target, "actionType": "overwrite"},
				map[string]any{"source": "comments", "target": "work_notes", "actionType": "append"},
			}
	}
	key := map[string]string{first: "casesConfiguration", second: "incidentConfiguration"}[version]
	if key != "" {
		is, isStored := mapping("short_description")
		becomes, becomesStored := mapping("description")
		c.is, c.becomes = c.is+is, c.becomes+becomes
		c.config[key], c.changed[key] = map[string]any{"mapping": isStored}, map[string]any{"mapping": becomesStored}
		c.drift[key] = map[string]any{"mapping": isStored[:1]}
		c.drifting = append(c.drifting, "case_field_mappings")
		if version == second {
			c.config["isCaseOwned"], c.changed["isCaseOwned"] = true, true
		}
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
	eachRelease(t, []string{first, second, third, beforeIDs, withIDs, newest}, itsm)
}
