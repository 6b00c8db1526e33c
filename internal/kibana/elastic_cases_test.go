package kibana_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tfconfig "github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana/ticketing"
)

// exampleCases is the module elastic-cases as a configuration of its own.
func exampleCases(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{"main.tf", "variables.tf", "checks.tf", "outputs.tf"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "examples", "modules", "elastic-cases", name))
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// TestElasticCases applies the example, and pushes a case to the system that it chooses, which closes the case.
func TestElasticCases(t *testing.T) {
	t.Parallel()
	remote := ticketing.NewJira(ticketing.JiraOptions{})
	listener := httptest.NewServer(remote)
	t.Cleanup(listener.Close)
	w := acctest.New(t, onKibana(newest))
	object := func(keys map[string]string) tfconfig.Variable {
		variables := map[string]tfconfig.Variable{}
		for key, value := range keys {
			variables[key] = tfconfig.StringVariable(value)
		}
		return tfconfig.ObjectVariable(variables)
	}
	field := object(map[string]string{"id": "a", "key": "b", "name": "c", "field_type": "text"})
	variables := tfconfig.Variables{
		"close_when_pushed": tfconfig.BoolVariable(true),
		"push_to":           tfconfig.StringVariable("jira"),
		"jira": object(map[string]string{
			"url": listener.URL, "project_key": "ES", "email": "elastic@example.com",
		}),
		"jira_api_token":             tfconfig.StringVariable("token"),
		"servicenow_itsm":            object(map[string]string{"url": w.ServiceNowURL(), "username": "admin"}),
		"servicenow_itsm_password":   tfconfig.StringVariable(w.ServiceNow.AdminPassword()),
		"servicenow_secops":          object(map[string]string{"url": w.ServiceNowURL(), "username": "secops"}),
		"servicenow_secops_password": tfconfig.StringVariable("password"),
		"resilient": object(map[string]string{
			"url": "https://resilient.example.com", "organization_id": "201", "api_key_id": "key",
		}),
		"resilient_api_key_secret": tfconfig.StringVariable("secret"),
		"swimlane_api_token":       tfconfig.StringVariable("token"),
		"swimlane": tfconfig.ObjectVariable(map[string]tfconfig.Variable{
			"url": tfconfig.StringVariable("https://swimlane.example.com"), "application_id": tfconfig.StringVariable("app"),
			"mappings": tfconfig.MapVariable(map[string]tfconfig.Variable{
				"case_id": field, "case_name": field, "comments": field, "description": field,
			}),
		}),
	}
	itsm := tfconfig.Variables{}
	for name, value := range variables {
		itsm[name] = value
	}
	itsm["push_to"] = tfconfig.StringVariable("servicenow_itsm")
	itsm["close_when_pushed"] = tfconfig.BoolVariable(false)
	itsm["fields"] = object(map[string]string{"impact": "1", "urgency": "2"})
	w.Run(
		resource.TestStep{
			Config: exampleCases(t), ConfigVariables: variables,
			Check: func(*terraform.State) error {
				if made := len(w.Kibana.Connectors()); made != 5 {
					return fmt.Errorf("%d connectors were made", made)
				}
				settings := w.Kibana.CaseSettings()[0]
				opened := post(t, w, "/api/cases", map[string]any{
					"title": "Disk full", "description": "It is.", "tags": []any{}, "owner": "securitySolution",
					"connector": settings.Connector, "settings": map[string]any{"syncAlerts": false},
				})
				pushed := post(t, w, fmt.Sprintf("/api/cases/%s/connector/%s/_push", opened["id"],
					settings.Connector["id"]), map[string]any{})
				if pushed["status"] != "closed" {
					return fmt.Errorf("the case is %v after the push", pushed["status"])
				}
				if tickets := remote.Tickets(); len(tickets) != 1 || tickets[0].Fields["summary"] != "Disk full" {
					return fmt.Errorf("Jira holds %+v", tickets)
				}
				return nil
			},
		},
		resource.TestStep{
			Config: exampleCases(t), ConfigVariables: itsm,
			Check: stored(w, "securitySolution", "close-by-user", ".servicenow", map[string]any{
				"impact": "1", "urgency": "2", "severity": nil, "category": nil, "subcategory": nil,
			}),
		},
		resource.TestStep{
			Config: exampleCases(t),
			Check:  stored(w, "securitySolution", "close-by-user", ".none", nil),
		},
	)
}
