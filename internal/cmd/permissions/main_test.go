package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const page = "# Permissions\n\n<!-- permissions: ServiceNow -->\n\n<!-- permissions: Kibana -->\n\n" +
	"<!-- permissions: columns -->\n\nThe end.\n"

func TestRunFillsThePage(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "permissions.md")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{file}); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, line := range []string{
		"| [`servicenow_cors_rule`](../resources/cors_rule.md) | `sys_cors_rule` | the role `cors_rule_admin`, " +
			"`web_service_admin` or `admin` |  |\n",
		"| [`servicenow_certificate`](../resources/certificate.md) | `sys_certificate` | the role `admin` |  |\n",
		"| [`servicenow_record`](../resources/record.md) | any | the roles that the access rules of the table demand |  |\n",
		"| [`servicenow_kibana_connector`](../resources/kibana_connector.md) | the privilege *All* for *Actions and " +
			"Connectors* in the space |\n",
		"| [`servicenow_oauth_jwt_endpoint`](../resources/oauth_jwt_endpoint.md) | `jwks_url` | Zurich and newer |\n",
		"| [`servicenow_event_connector`](../resources/event_connector.md) | `header_value_wo` | some |\n",
		"\nThe end.\n",
	} {
		if strings.Count(text, line) != 1 {
			t.Errorf("lacks the line %q:\n%s", line, text)
		}
	}
	if err := run(t.Context(), []string{file}); err == nil || !strings.Contains(err.Error(), "0 times") {
		t.Errorf("a page without the lines that ask for tables: %v", err)
	}
}

func TestRunIsReproducible(t *testing.T) {
	t.Parallel()
	first, err := fill([]byte(page), stated(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		again, err := fill([]byte(page), stated(t.Context()))
		if err != nil || string(again) != string(first) {
			t.Fatalf("another page: %v", err)
		}
	}
}
