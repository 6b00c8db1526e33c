package integration_test

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const address = "data.servicenow_integration_health.test"

// TestIntegrationHealth breaks one link after the other, and looks at what is found.
func TestIntegrationHealth(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	insert := func(table string, values servicenow.Record) servicenow.Record {
		id, err := w.ServiceNow.Insert(table, values)
		if err != nil {
			t.Fatal(err)
		}
		row, _ := w.ServiceNow.Record(table, id)
		return row
	}
	change := func(table string, row servicenow.Record, values servicenow.Record) func() {
		return func() {
			if err := w.ServiceNow.Set(table, row["sys_id"], values); err != nil {
				t.Error(err)
			}
		}
	}
	key, certificate := acctest.KeyPair(t, "chain")
	user := insert("sys_user", servicenow.Record{"user_name": "elastic", "active": "true", "locked_out": "false"})
	for _, name := range []string{
		"import_set_loader", "import_transformer", "personalize_choices", "x_elas2_inc_int.integration_user",
	} {
		for _, role := range w.ServiceNow.Records("sys_user_role", "name="+name) {
			insert("sys_user_has_role", servicenow.Record{"user": user["sys_id"], "role": role["sys_id"], "state": "active"})
		}
	}
	trusted := insert("sys_certificate", servicenow.Record{
		"name": "chain", "pem_certificate": certificate, "active": "true",
	})
	endpoint := insert("oauth_jwt", servicenow.Record{
		"name": "chain", "user_field": "user_name", "client_secret": "canary-secret", "inbound_grant_type": "jwt",
		"enable_jti_verification": "false", "active": "true", "scope_restriction_status": "unrestricted",
	})
	verifier := insert("jwt_verifier_map", servicenow.Record{
		"name": "chain", "oauth_jwt": endpoint["sys_id"], "sys_certificate": trusted["sys_id"],
	})
	w.Settled()
	config := fmt.Sprintf(`
resource "servicenow_kibana_itsm_connector" "test" {
  name    = "chain"
  api_url = %q
  oauth = {
    client_id        = %q
    user_identifier  = "elastic"
    jwt_key_id       = %q
    client_secret_wo = "canary-secret"
    private_key_wo   = %s
  }
}

data "servicenow_integration_health" "test" {
  connector_id = servicenow_kibana_itsm_connector.test.connector_id
}
`, w.ServiceNowURL(), endpoint["client_id"], verifier["kid"], acctest.Heredoc(key))
	found := func(check, message string) resource.TestCheckFunc {
		return resource.ComposeAggregateTestCheckFunc(
			resource.TestCheckResourceAttr(address, "ok", "false"),
			resource.TestCheckTypeSetElemNestedAttrs(address, "findings.*", map[string]string{"check": check, "ok": "false"}),
			resource.TestMatchTypeSetElemNestedAttrs(address, "findings.*", map[string]*regexp.Regexp{
				"message": regexp.MustCompile(message),
			}),
		)
	}
	w.Run(
		resource.TestStep{
			Config: config,
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(address, "ok", "true"),
				resource.TestCheckResourceAttr(address, "findings.#", "7"),
				resource.TestCheckResourceAttr(address, "findings.6.check", "connector"),
				resource.TestCheckResourceAttr(address, "findings.6.message", ""),
			),
		},
		resource.TestStep{
			PreConfig: change("sys_user", user, servicenow.Record{"locked_out": "true"}),
			Config:    config, Check: found("user", "elastic is locked out"),
		},
		resource.TestStep{
			PreConfig: func() {
				change("sys_user", user, servicenow.Record{"locked_out": "false"})()
				change("oauth_jwt", endpoint, servicenow.Record{"scope_restriction_status": "restricted"})()
			},
			Config: config, Check: found("scope_restriction", "securely scoped"),
		},
		resource.TestStep{
			PreConfig: change("sys_certificate", trusted, servicenow.Record{"active": "false"}),
			Config:    config, Check: found("certificate", "is not active"),
		},
		resource.TestStep{
			Config: fmt.Sprintf("data \"servicenow_integration_health\" \"test\" { oauth_jwt_endpoint_id = %q }",
				endpoint["sys_id"]),
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(address, "findings.#", "4"), found("scope_restriction", "securely scoped"),
			),
		},
		resource.TestStep{
			Config:      `data "servicenow_integration_health" "test" {}`,
			ExpectError: regexp.MustCompile(`exactly\s+one\s+of\s+connector_id\s+and\s+oauth_jwt_endpoint_id`),
		},
	)
}
