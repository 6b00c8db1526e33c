package servicenow_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// TestGeneratedConfiguration imports records that others made, lets terraform write their configuration, and holds that
// it plans nothing as it is.
func TestGeneratedConfiguration(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, func(o *simulator.Options) {
		o.ServiceNow.Apps = []string{servicenow.ElasticITSM, servicenow.EventConnectors, servicenow.Rapid7Integration}
	})
	insert := func(table string, values servicenow.Record) string {
		id, err := w.ServiceNow.Insert(table, values)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := func(table, query string) string { return w.ServiceNow.Records(table, query)[0]["sys_id"] }
	header := first("sys_token_auth_parameter", "parameter_name=x-sn-apikey^type=auth_header")
	admin := first("sys_user", "user_name=admin")
	key := insert("http_key_auth", servicenow.Record{"name": "Key", "auth_parameter": header})
	basic := insert("std_http_auth", servicenow.Record{"name": "Basic", "type": "basic_auth", "description": "x"})
	policy := insert("sys_api_access_policy", servicenow.Record{
		"name": "Elastic", "api": first("sys_ws_definition", "base_uri=/api/x_elas2_inc_int/elastic_api"),
		"http_method": "GET", "apply_all_versions": "true", "apply_all_resources": "true", "active": "true",
	})
	for _, profile := range []string{key, basic} {
		insert("sys_auth_profile_mapping", servicenow.Record{"api_access_policy": policy, "inbound_auth_profile": profile})
	}
	listener := insert("sn_em_connector_listener", servicenow.Record{
		"name": "Monitor", "source": "monitor", "script": "a()",
	})
	instance := insert("sn_sec_int_impl", servicenow.Record{
		"name": "InsightVM", "integration": first("sn_sec_int_integration", ""),
	})
	insert("sn_sec_int_impl_config", servicenow.Record{
		"implementation": instance, "configuration": first("sn_sec_int_config", "name=insightvm_region"), "value": "us",
	})
	insert("sn_sec_int_impl_config", servicenow.Record{
		"implementation": instance, "configuration": first("sn_sec_int_config", "name=api_key"), "password_value": "secret",
	})
	var config strings.Builder
	config.WriteString(`terraform {
  required_providers {
    servicenow = {
      source = "seed-e98ff420/servicenow"
    }
  }
}
provider "servicenow" {}
`)
	for resource, id := range map[string]string{
		"auth_parameter":         "x-sn-apikey/auth_header",
		"api_key_auth_profile":   key,
		"http_auth_profile":      "name=Basic",
		"rest_api_access_policy": "name=Elastic",
		"rest_api_key": insert("api_key", servicenow.Record{
			"name": "Key", "user": admin, "expires": "2099-01-01 00:00:00", "auth_scope": first("sys_auth_scope", ""),
		}),
		"event_connector": listener,
		"event_connector_instance": insert("sn_em_connector_push_instance", servicenow.Record{
			"name": "One", "push_connector_definition": listener,
		}),
		"plugin":               "plugin_id=com.glide.tokenbased_auth",
		"store_application":    "scope=sn_vul",
		"security_integration": "name=InsightVM",
		"record": "sys_properties/" + insert("sys_properties", servicenow.Record{"name": "elastic.a", "value": "1"}) +
			"/name,value",
	} {
		config.WriteString("import {\n  to = servicenow_" + resource + ".test\n  id = \"" + id + "\"\n}\n")
	}
	e := newExample(t, w, acctest.Overrides(t), "rapid7-insightvm", nil)
	e.dir = t.TempDir()
	e.env = append(e.env, "SERVICENOW_INSTANCE_URL="+w.ServiceNowURL())
	if err := os.WriteFile(filepath.Join(e.dir, "main.tf"), []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := e.terraform("plan", "-generate-config-out=generated.tf")
	if !strings.Contains(out, "11 to import, 0 to add, 0 to change, 0 to destroy") {
		t.Errorf("the imports change something:\n%s", out)
	}
	w.Forget()
	e.applies()
	if writes := w.Writes(); len(writes) > 0 {
		t.Errorf("the imports wrote %v", writes)
	}
}
