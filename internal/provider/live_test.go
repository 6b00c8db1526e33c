//go:build live

package provider_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/acctest"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	harness "github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// What the live tests make begins with this, and the sweepers delete nothing else.
const livePrefix = "tf-live-"

func TestMain(m *testing.M) { resource.TestMain(m) }

// liveTables are swept by a column that holds the name; dependents come first.
var liveTables = map[string]struct {
	column string
	after  []string
}{
	"sys_user_group":   {column: "name"},
	"sys_user":         {column: "user_name", after: []string{"sys_user_group"}},
	"sys_user_role":    {column: "name", after: []string{"sys_user"}},
	"sys_cors_rule":    {column: "name"},
	"jwt_verifier_map": {column: "name"},
	"oauth_jwt":        {column: "name", after: []string{"jwt_verifier_map"}},
	"sys_certificate":  {column: "name", after: []string{"jwt_verifier_map"}},
}

func init() { //nolint:gochecknoinits // how terraform-plugin-testing wants sweepers
	for table, sweep := range liveTables {
		resource.AddTestSweepers(table, &resource.Sweeper{
			Name: table, Dependencies: sweep.after,
			F: func(string) error { return sweepTable(table, sweep.column) },
		})
	}
	resource.AddTestSweepers("connectors", &resource.Sweeper{Name: "connectors", F: sweepConnectors})
}

func liveConfig(url string, auth rest.Auth) rest.Config {
	return rest.Config{BaseURL: url, Auth: auth, HTTP: rest.DefaultHTTP()}
}

func sweepTable(table, column string) error {
	url := os.Getenv("SERVICENOW_INSTANCE_URL")
	if url == "" {
		return nil // only Kibana is tested
	}
	sn, err := servicenowapi.New(liveConfig(url, rest.BasicAuth{
		Username: os.Getenv("SERVICENOW_USERNAME"), Password: os.Getenv("SERVICENOW_PASSWORD"),
	}))
	if err != nil {
		return err
	}
	ctx, rows := context.Background(), sn.Table(table)
	found, err := rows.Query(ctx, column+"STARTSWITH"+livePrefix, []string{column}, 1000)
	if err != nil {
		return err
	}
	for _, row := range found {
		// The server drops a query term that it does not understand, and the rest matches every row.
		if name := record.Text(row.Values[column]); !strings.HasPrefix(name, livePrefix) {
			return fmt.Errorf("%s: asked for names that begin with %s, got %q", table, livePrefix, name)
		}
		if _, err := rows.Delete(ctx, row, record.Options{}); err != nil {
			return err
		}
	}
	return nil
}

func sweepConnectors(string) error {
	url := os.Getenv("KIBANA_ENDPOINT")
	if url == "" {
		return nil // only ServiceNow is tested
	}
	var auth rest.Auth = rest.APIKey{Key: os.Getenv("KIBANA_API_KEY")}
	if user := os.Getenv("KIBANA_USERNAME"); user != "" {
		auth = rest.BasicAuth{Username: user, Password: os.Getenv("KIBANA_PASSWORD")}
	}
	kibana, err := kibanaapi.New(liveConfig(url, auth), os.Getenv("KIBANA_SPACE_ID"))
	if err != nil {
		return err
	}
	ctx, connectors := context.Background(), kibana.Connectors("")
	all, err := kibana.List(ctx, kibana.Space)
	if err != nil {
		return err
	}
	for _, c := range all {
		if !strings.HasPrefix(c.Name, livePrefix) || c.IsPreconfigured {
			continue
		}
		have := record.Record{ID: c.ID, Space: kibana.Space}
		if _, err := connectors.Delete(ctx, have, record.Options{}); err != nil {
			return err
		}
	}
	return nil
}

// live runs a configuration against the servers of the environment: create, empty plan, import of one resource,
// destroy.
func live(t *testing.T, variable, address, config string) {
	t.Helper()
	if os.Getenv(variable) == "" {
		t.Fatalf("set %s, and the credentials beside it", variable)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: harness.Factories(),
		Steps: []resource.TestStep{
			{Config: config},
			{Config: config, ResourceName: address, ImportState: true, ImportStateKind: resource.ImportBlockWithID},
		},
	})
}

func TestLiveServiceNow(t *testing.T) {
	t.Parallel()
	name := livePrefix + acctest.RandString(6)
	live(t, "SERVICENOW_INSTANCE_URL", "servicenow_cors_rule.live", fmt.Sprintf(`
resource "servicenow_cors_rule" "live" {
  name          = %[1]q
  domain        = "https://kibana.example.com:5601"
  resource_path = "tf_live.do"
  allow_headers = ["X-A", "X-B"]
}
resource "servicenow_user" "live" {
  user_name   = %[1]q
  password_wo = "Tf-live-%[1]s-1!"
}
resource "servicenow_role" "live" { name = %[1]q }
resource "servicenow_user_role" "live" {
  user_id = servicenow_user.live.id
  role_id = servicenow_role.live.id
}
resource "servicenow_group" "live" { name = %[1]q }
resource "servicenow_group_member" "live" {
  group_id = servicenow_group.live.id
  user_id  = servicenow_user.live.id
}
resource "servicenow_oauth_jwt_endpoint" "live" {
  name                    = %[1]q
  user_field              = "user_name"
  enable_jti_verification = false
}
`, name))
}

func TestLiveKibana(t *testing.T) {
	t.Parallel()
	live(t, "KIBANA_ENDPOINT", "servicenow_kibana_itsm_connector.live", fmt.Sprintf(`
resource "servicenow_kibana_itsm_connector" "live" {
  name       = %q
  api_url    = "https://dev12345.service-now.com"
  basic_auth = { username_wo = "nobody", password_wo = "nothing" }
}
`, livePrefix+acctest.RandString(6)))
}
