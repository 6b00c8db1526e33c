package servicenow_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const twoAuthScopes = `
data "servicenow_auth_scope" "useraccount" { name = "useraccount" }
resource "servicenow_auth_scope" "a" { name = "scope a" }
resource "servicenow_auth_scope" "b" { name = "scope b" }
`

const endpointBlock = `
resource "servicenow_oauth_jwt_endpoint" "test" {
  name       = "n"
  user_field = "email"
  %s
}
`

func at(release servicenow.Release) func(*simulator.Options) {
	return func(o *simulator.Options) { o.ServiceNow.Release = release }
}

// holds checks a column of the one record that a query finds.
func holds(w *acctest.World, table, query, column, want string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		records := w.ServiceNow.Records(table, query)
		if len(records) != 1 || records[0][column] != want {
			return fmt.Errorf("%s %s: %s is not %q in %v", table, query, column, want, records)
		}
		return nil
	}
}

func TestOAuthClient(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	w.ServiceNow.SetProperty("glide.oauth.inbound.client.credential.grant_type.enabled", "true")
	w.Settled()
	acctest.Resource{
		World: w, Type: "servicenow_oauth_client", Table: "oauth_entity", Needs: twoUsers + twoAuthScopes, NaturalKey: byName,
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"Reports"`, Becomes: `"Events"`, Drift: map[string]string{"name": "renamed"}},
			{
				Name: "client_id", Column: "client_id", Is: `"first"`, Becomes: `"second"`,
				Drift: map[string]string{"client_id": "third"},
			},
			{
				Name: "client_secret_wo", Is: `"canary-first"`, Becomes: `"canary-second"`, Secret: true,
				Columns: [2]map[string]string{{}, {"client_secret": ""}},
			},
			{
				Name: "user_id", Column: "user", Is: `servicenow_user.a.id`, Becomes: `servicenow_user.b.id`,
				Drift: map[string]string{"user": ""},
			},
			{
				Name: "scope_restriction", Column: "scope_restriction_status", Is: `"restricted"`, Becomes: `"unrestricted"`,
				Drift: map[string]string{"scope_restriction_status": "restricted"},
			},
			{
				Name: "auth_scope_ids", Is: `[servicenow_auth_scope.a.id, servicenow_auth_scope.b.id]`,
				Becomes: `[servicenow_auth_scope.b.id]`,
			},
			{
				Name: "access_token_lifespan", Column: "access_token_lifespan", Is: `600`, Becomes: `900`,
				Drift: map[string]string{"access_token_lifespan": "1"},
			},
			{
				Name: "refresh_token_lifespan", Column: "refresh_token_lifespan", Is: `6000`, Becomes: `9000`,
				Drift: map[string]string{"refresh_token_lifespan": "1"},
			},
			{
				Name: "public_client", Column: "public_client", Is: `true`, Becomes: `false`,
				Drift: map[string]string{"public_client": "true"},
			},
			{Name: "active", Column: "active", Is: `false`, Becomes: `true`, Drift: map[string]string{"active": "false"}},
			{Name: "comments", Column: "comments", Is: `"x"`, Becomes: `"y"`, Drift: map[string]string{"comments": "z"}},
		},
	}.Test(t)
}

// TestOAuthClientBesideEndpoint makes a client with the name of a JWT endpoint, which is another class of the same
// table, and imports each as what it is.
func TestOAuthClientBesideEndpoint(t *testing.T) {
	t.Parallel()
	w := acctest.New(t, func(o *simulator.Options) { o.ServiceNow.IgnoreClientSysID = true })
	const config = twoUsers + `
resource "servicenow_oauth_jwt_endpoint" "test" {
  name       = "Elastic"
  user_field = "email"
}
resource "servicenow_oauth_client" "test" {
  name       = "Elastic"
  user_id    = servicenow_user.a.id
  depends_on = [servicenow_oauth_jwt_endpoint.test]
}
`
	w.Run(
		resource.TestStep{
			Config: config,
			Check: resource.ComposeAggregateTestCheckFunc(
				holds(w, "oauth_entity", "name=Elastic^sys_class_name=oauth_entity", "inbound_grant_type", "client_credential"),
				holds(w, "oauth_jwt", "name=Elastic", "inbound_grant_type", "jwt"),
			),
		},
		resource.TestStep{
			ResourceName: "servicenow_oauth_client.test", ImportState: true, ImportStateId: "name=Elastic",
			ImportStateVerify: true,
		},
		resource.TestStep{
			ResourceName: "servicenow_oauth_client.test", ImportState: true,
			ImportStateIdFunc: func(s *terraform.State) (string, error) {
				return s.RootModule().Resources["servicenow_oauth_jwt_endpoint.test"].Primary.ID, nil
			},
			ExpectError: regexp.MustCompile(`class\s+oauth_jwt`),
		},
	)
}

// TestOAuthClientGetsTokens uses the client as its caller would, with a scope that opens one API and no other.
func TestOAuthClientGetsTokens(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	const table = "/api/now/table/sys_user?sysparm_limit=1"
	w.Run(resource.TestStep{
		Config: `
data "servicenow_role" "admin" { name = "admin" }
resource "servicenow_user" "caller" { user_name = "caller" }
resource "servicenow_system_property" "grant" {
  name  = "glide.oauth.inbound.client.credential.grant_type.enabled"
  value = "true"
}
data "servicenow_auth_scope" "useraccount" { name = "useraccount" }
resource "servicenow_oauth_client" "open" {
  name             = "Open"
  client_id        = "open"
  client_secret_wo = "secret"
  user_id          = servicenow_user.caller.id
}
resource "servicenow_oauth_client" "none" {
  name              = "None"
  client_id         = "none"
  client_secret_wo  = "secret"
  user_id           = servicenow_user.caller.id
  scope_restriction = "restricted"
}
resource "servicenow_oauth_client" "scoped" {
  name             = "Scoped"
  client_id        = "scoped"
  client_secret_wo = "secret"
  user_id          = servicenow_user.caller.id
  auth_scope_ids   = [data.servicenow_auth_scope.useraccount.id]
}
`,
		Check: func(*terraform.State) error {
			for client, want := range map[string]int{"open": 200, "none": 403, "scoped": 200} {
				if got := callAs(t, w, client, table); got != want {
					return fmt.Errorf("the client %s was answered %d, not %d", client, got, want)
				}
			}
			return nil
		},
	})
}

// TestScopeRestrictionByRelease writes what each release needs, and takes it without a word where the column is
// missing.
func TestScopeRestrictionByRelease(t *testing.T) {
	t.Parallel()
	const address = "servicenow_oauth_jwt_endpoint.test"
	config := func(rest string) string {
		return fmt.Sprintf(endpointBlock, rest)
	}
	for _, release := range servicenow.Releases() {
		t.Run(string(release), func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, at(release))
			known := resource.TestCheckResourceAttr(address, "scope_restriction", "unrestricted")
			restricted := resource.TestStep{Config: config(`scope_restriction = "restricted"`)}
			if release == servicenow.Washington || release == servicenow.Xanadu { // which do not have the column
				known = resource.TestCheckNoResourceAttr(address, "scope_restriction")
				restricted.ExpectError = regexp.MustCompile(`no\s+column\s+scope_restriction_status`)
			}
			w.Run(
				resource.TestStep{Config: config(""), Check: known},
				resource.TestStep{
					ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateId: "name=n",
				},
				resource.TestStep{Config: config(`scope_restriction = "unrestricted"`)},
				restricted,
				resource.TestStep{Config: config(`scope_restriction = "unrestricted"`)},
			)
		})
	}
}

// TestAuthScopesDrift shows each change of a client's scopes behind Terraform's back, and leaves those alone that no
// configuration owns.
func TestAuthScopesDrift(t *testing.T) {
	t.Parallel()
	const address, mappings = "servicenow_oauth_jwt_endpoint.test", "oauth_entity_auth_scope_mapping"
	w := acctest.New(t)
	config := func(rest string) string {
		return twoAuthScopes + fmt.Sprintf(endpointBlock, rest)
	}
	const owned = `auth_scope_ids = [servicenow_auth_scope.a.id]`
	scope := func(name string) string { return w.ServiceNow.Records("sys_auth_scope", "name="+name)[0]["sys_id"] }
	give := func(name string) {
		client := w.ServiceNow.Records("oauth_jwt", "name=n")[0]["sys_id"]
		row := servicenow.Record{"oauth_entity": client, "auth_scope": scope(name)}
		if _, err := w.ServiceNow.Insert(mappings, row); err != nil {
			t.Fatal(err)
		}
	}
	mapped := func(names ...string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			var got, want []string
			for _, row := range w.ServiceNow.Records(mappings, "") {
				got = append(got, row["auth_scope"])
			}
			for _, name := range names {
				want = append(want, scope(name))
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				return fmt.Errorf("mapped are %v, not %v", got, want)
			}
			return nil
		}
	}
	shows := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{acctest.Drifts(address, "auth_scope_ids")}}
	quiet := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}
	w.Run(
		resource.TestStep{
			Config: config(owned),
			Check: resource.ComposeAggregateTestCheckFunc(
				mapped("scope a"), holds(w, "oauth_jwt", "name=n", "scope_restriction_status", "restricted")),
		},
		resource.TestStep{
			PreConfig: func() { give("scope b") }, Config: config(owned), ConfigPlanChecks: shows, Check: mapped("scope a"),
		},
		resource.TestStep{
			PreConfig: func() {
				if err := w.ServiceNow.Delete(mappings, w.ServiceNow.Records(mappings, "")[0]["sys_id"]); err != nil {
					t.Fatal(err)
				}
			},
			Config: config(owned), ConfigPlanChecks: shows, Check: mapped("scope a"),
		},
		// A scope twice does not show in a set. The next write repairs it.
		resource.TestStep{
			PreConfig: func() { give("scope a") },
			Config:    config(owned + "\ncomments = \"x\""), Check: mapped("scope a"),
		},
		resource.TestStep{Config: config(`comments = "x"`), Check: mapped()},
		resource.TestStep{
			PreConfig: func() { give("scope b") },
			Config:    config(`comments = "x"`), ConfigPlanChecks: quiet, Check: mapped("scope b"),
		},
		// Another grant type is put right, although no attribute can set it.
		resource.TestStep{
			PreConfig: func() {
				client := w.ServiceNow.Records("oauth_jwt", "name=n")[0]["sys_id"]
				if err := w.ServiceNow.Set("oauth_jwt", client, servicenow.Record{"inbound_grant_type": "ropc"}); err != nil {
					t.Fatal(err)
				}
			},
			Config: config(`comments = "x"`),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				acctest.Drifts(address, "inbound_grant_type"),
			}},
			Check: holds(w, "oauth_jwt", "name=n", "inbound_grant_type", "jwt"),
		},
	)
}

func TestAuthScope(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_auth_scope", Table: "sys_auth_scope", NaturalKey: byName,
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"reports"`, Becomes: `"events"`, Drift: map[string]string{"name": "renamed"}},
			{
				Name: "description", Column: "description", Is: `"first"`, Becomes: `"second"`,
				Drift: map[string]string{"description": "third"},
			},
		},
	}.Test(t)
}

func TestRESTAPIAuthScope(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_rest_api_auth_scope", Table: "sys_api_access_scope", NaturalKey: byName,
		Elsewhere: []string{"all_methods", "all_resources", "all_versions"},
		Needs: twoAuthScopes + `
data "servicenow_rest_api" "elastic" { base_path = "/api/x_elas2_inc_int/elastic_api" }
`,
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"Reports"`, Becomes: `"Events"`, Drift: map[string]string{"name": "renamed"}},
			{
				Name: "auth_scope_id", Column: "auth_scope", Is: `servicenow_auth_scope.a.id`,
				Becomes: `servicenow_auth_scope.b.id`, Drift: map[string]string{"auth_scope": servicenow.UseraccountScope},
			},
			{
				Name: "rest_api_id", Column: "api", Is: `data.servicenow_rest_api.elastic.id`,
				Becomes: `data.servicenow_rest_api.elastic.id`,
			},
			{
				Name: "http_method", Is: `"GET"`, Becomes: ``,
				Columns: [2]map[string]string{
					{"http_method": "GET", "apply_all_methods": "false"}, {"http_method": "", "apply_all_methods": "true"},
				},
			},
			{Name: "version", Column: "version", Is: `"v1"`, Becomes: `"v2"`, Drift: map[string]string{"version": "v1"}},
			{
				Name: "resource", Column: "api_resource", Is: `"/a"`, Becomes: `"/b"`,
				Drift: map[string]string{"api_resource": "/c"},
			},
			{Name: "active", Column: "active", Is: `false`, Becomes: `true`, Drift: map[string]string{"active": "false"}},
		},
	}.Test(t)
	// What narrows the API may be known at apply only.
	narrowed := func(version, of string) string {
		return twoAuthScopes + `
data "servicenow_rest_api" "elastic" { base_path = "/api/x_elas2_inc_int/elastic_api" }

resource "terraform_data" "version" { triggers_replace = ["` + version + `"] }

resource "servicenow_rest_api_auth_scope" "test" {
  name          = "n"
  auth_scope_id = servicenow_auth_scope.a.id
  rest_api_id   = data.servicenow_rest_api.elastic.id
  version       = ` + of + `
}`
	}
	acctest.New(t).Run(
		resource.TestStep{
			Config: narrowed("1", "null"),
			Check:  resource.TestCheckResourceAttr("servicenow_rest_api_auth_scope.test", "all_versions", "true"),
		},
		resource.TestStep{
			Config: narrowed("2", `terraform_data.version.id == "" ? null : "v1"`),
			Check:  resource.TestCheckResourceAttr("servicenow_rest_api_auth_scope.test", "all_versions", "false"),
		},
	)
	acctest.New(t).Run(resource.TestStep{
		Config: `
resource "servicenow_rest_api_auth_scope" "test" {
  name          = "n"
  auth_scope_id = "0123456789abcdef0123456789abcdef"
  rest_api_id   = "0123456789abcdef0123456789abcdef"
  http_method   = "GET"
  all_methods   = true
}`,
		PlanOnly: true, ExpectError: regexp.MustCompile(`All, and one`),
	})
}

// callAs gets a token by the client-credentials grant and returns how a request with it is answered; 401 when there is
// no token.
func callAs(t *testing.T, w *acctest.World, client, path string) int {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {"secret"}}
	status, body := send(t, "POST", w.ServiceNowURL()+"/oauth_token.do", "", strings.NewReader(form.Encode()))
	if status != 200 {
		return 401
	}
	token, _ := body["access_token"].(string)
	status, _ = send(t, "GET", w.ServiceNowURL()+path, token, nil)
	return status
}

// send sends one request, with a token unless it is empty.
func send(t *testing.T, method, url, token string, form io.Reader) (status int, body map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, form)
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

// TestFlagsOfWholeAPIs sets in so many words that a policy or an auth scope is about all of an API.
func TestFlagsOfWholeAPIs(t *testing.T) {
	t.Parallel()
	const flags = `
  all_methods   = true
  all_resources = true
  all_versions  = true
}`
	w := acctest.New(t)
	config := twoAuthScopes + `
data "servicenow_rest_api" "elastic" { base_path = "/api/x_elas2_inc_int/elastic_api" }
resource "servicenow_rest_api_auth_scope" "test" {
  name          = "n"
  auth_scope_id = servicenow_auth_scope.a.id
  rest_api_id   = data.servicenow_rest_api.elastic.id` + flags + `
resource "servicenow_rest_api_access_policy" "test" {
  name        = "n"
  rest_api_id = data.servicenow_rest_api.elastic.id` + flags
	columns := func(table string) resource.TestCheckFunc {
		return func(*terraform.State) error {
			rows := w.ServiceNow.Records(table, "name=n")
			if len(rows) != 1 {
				return fmt.Errorf("%d rows in %s", len(rows), table)
			}
			for _, column := range []string{"apply_all_methods", "apply_all_resources", "apply_all_versions"} {
				if rows[0][column] != "true" {
					return fmt.Errorf("%s.%s is %q", table, column, rows[0][column])
				}
			}
			return nil
		}
	}
	w.Run(
		resource.TestStep{Config: config, Check: resource.ComposeAggregateTestCheckFunc(
			columns("sys_api_access_scope"), columns("sys_api_access_policy"))},
		resource.TestStep{Config: config, PlanOnly: true},
	)
}
