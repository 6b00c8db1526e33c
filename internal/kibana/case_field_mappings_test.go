package kibana_test

import "testing"

// withMappings adds the mappings of case fields to a connector on the releases that keep them there.
func withMappings(c *connectorTest, version, key string) {
	if version != first && version != second {
		return
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
	is, isStored := mapping("short_description")
	becomes, becomesStored := mapping("description")
	c.is, c.becomes = c.is+is, c.becomes+becomes
	c.config[key], c.changed[key] = map[string]any{"mapping": isStored}, map[string]any{"mapping": becomesStored}
	c.drift[key] = map[string]any{"mapping": isStored[:1]}
	c.drifting = append(c.drifting, "case_field_mappings")
}

func TestCaseFieldMappingsMoved(t *testing.T) {
	t.Parallel()
	refuses(t, newest, `
resource "servicenow_kibana_itsm_connector" "test" {
  name       = "Elastic"
  api_url    = "https://dev1.service-now.com"
  basic_auth = { username_wo = "elastic", password_wo = "password" }
  case_field_mappings = [{ source = "title", target = "short_description", action = "overwrite" }]
}`, `moved to the case settings`)
}
