package servicenow_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func byName(r servicenow.Record) string { return "name=" + r["name"] }

func TestAuthParameter(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_auth_parameter", Table: "sys_token_auth_parameter",
		NaturalKey: func(r servicenow.Record) string { return r["parameter_name"] + "/" + r["type"] },
		Attributes: []acctest.Attribute{
			{
				Name: "parameter_name", Column: "parameter_name", Is: `"x-elastic-key"`, Becomes: `"x-kibana-key"`,
				Drift: map[string]string{"parameter_name": "x-other"},
			},
			{
				Name: "type", Column: "type", Is: `"auth_header"`, Becomes: `"query_parameter"`,
				Drift: map[string]string{"type": "auth_header"},
			},
			{
				Name: "additional_columns", Is: `{ prefix = "Key " }`, Becomes: `{ prefix = "Token " }`,
				Columns: [2]map[string]string{{"prefix": "Key "}, {"prefix": "Token "}},
			},
		},
	}.Test(t)
}

const apiKeyParameters = `
data "servicenow_auth_parameter" "header" {
  parameter_name = "x-sn-apikey"
  type           = "auth_header"
}
data "servicenow_auth_parameter" "query" {
  parameter_name = "x-sn-apikey"
  type           = "query_parameter"
}
`

func TestAPIKeyAuthProfile(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_api_key_auth_profile", Table: "http_key_auth", Needs: apiKeyParameters, NaturalKey: byName,
		Attributes: []acctest.Attribute{
			{
				Name: "name", Column: "name", Is: `"Elastic key"`, Becomes: `"Key of Elastic"`,
				Drift: map[string]string{"name": "renamed"},
			},
			{Name: "description", Column: "description", Is: `"For Elastic"`, Becomes: ``},
			{
				Name: "auth_parameter_ids",
				Is:   `[data.servicenow_auth_parameter.query.id, data.servicenow_auth_parameter.header.id]`,
				// The order counts, and the server keeps it.
				Becomes: `[data.servicenow_auth_parameter.header.id, data.servicenow_auth_parameter.query.id]`,
				Drift:   map[string]string{"auth_parameter": "0123456789abcdef0123456789abcdef"},
				Columns: [2]map[string]string{{}, {}}, Column: "auth_parameter",
			},
			{
				Name: "apply_to_all_processors", Column: "auth_processor", Is: `true`, Becomes: `false`,
				Drift: map[string]string{"auth_processor": "true"},
			},
			{Name: "active", Column: "active", Is: `false`, Becomes: `true`, Drift: map[string]string{"active": "false"}},
		},
	}.Test(t)
}

func TestHTTPAuthProfile(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_http_auth_profile", Table: "std_http_auth", NaturalKey: byName,
		Attributes: []acctest.Attribute{
			{
				Name: "name", Column: "name", Is: `"Basic"`, Becomes: `"Tokens"`, Drift: map[string]string{"name": "renamed"},
			},
			{
				Name: "type", Is: ``, Becomes: `"oauth"`, Drift: map[string]string{"type": "basic_auth"},
				Columns: [2]map[string]string{{"type": "basic_auth"}, {"type": "oauth"}},
			},
			{Name: "description", Column: "description", Is: `"For all"`, Becomes: ``},
			{
				Name: "apply_to_all_processors", Column: "auth_processor", Is: `true`, Becomes: `false`,
				Drift: map[string]string{"auth_processor": "true"},
			},
			{Name: "active", Column: "active", Is: `false`, Becomes: `true`, Drift: map[string]string{"active": "false"}},
		},
	}.Test(t)
}

func TestRESTAPIKey(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, honouringTokens)
	acctest.Resource{
		World: w, Type: "servicenow_rest_api_key", Table: "api_key", NaturalKey: byName,
		Needs: `
data "servicenow_user" "admin" { user_name = "admin" }
data "servicenow_auth_scope" "all" { name = "useraccount" }
resource "servicenow_user" "sender" { user_name = "sender" }
`,
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"Elastic"`, Becomes: `"Kibana"`, Drift: map[string]string{"name": "renamed"}},
			{
				Name: "user_id", Is: `servicenow_user.sender.id`, Becomes: `data.servicenow_user.admin.id`, Column: "user",
				Drift: map[string]string{"user": "0123456789abcdef0123456789abcdef"},
			},
			{Name: "description", Column: "description", Is: `"For events"`, Becomes: ``},
			{
				Name: "expires_at", Is: `"2098-01-31T00:00:00Z"`, Becomes: `"2099-01-31T01:00:00+01:00"`,
				Columns: [2]map[string]string{{"expires": "2098-01-31 00:00:00"}, {"expires": "2099-01-31 00:00:00"}},
				Drift:   map[string]string{"expires": "2097-01-01 00:00:00"},
			},
			{
				Name: "auth_scope_ids", Is: `[data.servicenow_auth_scope.all.id]`, Becomes: ``, Column: "auth_scope",
				Columns: [2]map[string]string{{}, {"auth_scope": ""}},
			},
			{Name: "active", Column: "active", Is: `false`, Becomes: `true`, Drift: map[string]string{"active": "false"}},
			{
				Name: "token_wo", Is: `"now_first"`, Becomes: `"now_second"`, Secret: true, Column: "token",
				Columns: [2]map[string]string{{}, {}},
			},
		},
	}.Test(t)
}

func TestInboundAuthWarnings(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	w.Run(resource.TestStep{
		Config: `
data "servicenow_auth_parameter" "any" { parameter_name = "x-sn-apikey" }
`,
		ExpectError: regexp.MustCompile(`(?s)Several records.*type = "auth_header".*type = "query_parameter"`),
	}, resource.TestStep{
		Config:      `data "servicenow_auth_profile" "none" { name = "Basic Auth" }`,
		ExpectError: regexp.MustCompile(`(?s)Similar ones are:.*BasicAuth for none public`),
	}, resource.TestStep{
		Config: `data "servicenow_auth_profile" "token" { name = "ID Token" }`,
		Check:  resource.TestCheckResourceAttr("data.servicenow_auth_profile.token", "kind", "std_http_auth"),
	})
}

// An optional key that is left out does not matter where the name alone is enough.
func TestAuthParameterDataWithoutType(t *testing.T) {
	t.Parallel()
	acctest.New(t).Run(resource.TestStep{
		Config: `data "servicenow_auth_parameter" "test" { parameter_name = "ni.nolog.token" }`,
		Check:  resource.TestCheckResourceAttrSet("data.servicenow_auth_parameter.test", "id"),
	})
}

// TestRESTAPIKeyScopeColumn takes the column of the scopes from the dictionary, whatever it is called, and writes
// nothing where there is none or where that cannot be told.
func TestRESTAPIKeyScopeColumn(t *testing.T) {
	t.Parallel()
	const config = `
data "servicenow_user" "admin" { user_name = "admin" }
data "servicenow_auth_scope" "all" { name = "useraccount" }
resource "servicenow_rest_api_key" "test" {
  name           = "Elastic"
  user_id        = data.servicenow_user.admin.id
  auth_scope_ids = [data.servicenow_auth_scope.all.id]
}
`
	without := strings.ReplaceAll(config, "auth_scope_ids", "# auth_scope_ids")
	drop := func(w *acctest.World, query string) {
		for _, row := range w.ServiceNow.Records("sys_dictionary", query) {
			if err := w.ServiceNow.Delete("sys_dictionary", row["sys_id"]); err != nil {
				t.Error(err)
			}
		}
	}
	for name, test := range map[string]struct {
		change func(w *acctest.World)
		want   string // the error; none means that it works
		column string
	}{
		"another name": {func(w *acctest.World) {
			drop(w, "name=api_key^element=auth_scope")
			if _, err := w.ServiceNow.Insert("sys_dictionary", servicenow.Record{
				"name": "api_key", "element": "scopes", "internal_type": "glide_list", "reference": "sys_auth_scope",
			}); err != nil {
				t.Error(err)
			}
		}, "", "scopes"},
		"none": {
			func(w *acctest.World) { drop(w, "name=api_key^element=auth_scope") }, `Keys\s+without\s+scopes`, "",
		},
		"blind": {
			func(w *acctest.World) {
				for _, row := range w.ServiceNow.Records("sys_dictionary", "name=api_key") {
					w.ServiceNow.Hide(row["sys_id"], true)
				}
			}, `personalize_dictionary`, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			test.change(w)
			w.Settled()
			if test.want != "" {
				w.Run(
					resource.TestStep{Config: config, ExpectError: regexp.MustCompile(test.want)},
					resource.TestStep{Config: without}, // keys work without
				)
				return
			}
			w.Run(
				resource.TestStep{
					Config: config, Check: holds(w, "api_key", "name=Elastic", test.column, servicenow.UseraccountScope),
				},
				resource.TestStep{
					ResourceName: "servicenow_rest_api_key.test", ImportState: true, ImportStateVerify: true,
					ImportStateId: "name=Elastic",
				},
				resource.TestStep{Config: without, Check: holds(w, "api_key", "name=Elastic", test.column, "")},
			)
		})
	}
}
