package servicenow_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/echoprovider"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// chain is a working JWT set-up, made behind Terraform's back.
type chain struct {
	w                    *acctest.World
	key, clientID, keyID string
	client               string // client_id of an application for the other grants, with the same secret
	user, pass           string
}

func newChain(t *testing.T) chain {
	t.Helper()
	w := acctest.New(t)
	insert := func(table string, values servicenow.Record) servicenow.Record {
		id, err := w.ServiceNow.Insert(table, values)
		if err != nil {
			t.Fatal(err)
		}
		record, _ := w.ServiceNow.Record(table, id)
		return record
	}
	key, certificate := acctest.KeyPair(t, "chain")
	user := insert("sys_user", servicenow.Record{
		"user_name": "elastic", "user_password": "canary-password", "active": "true",
	})
	cert := insert("sys_certificate", servicenow.Record{"name": "chain", "pem_certificate": certificate, "active": "true"})
	endpoint := insert("oauth_jwt", servicenow.Record{
		"name": "chain", "user_field": "user_name", "client_secret": "canary-secret", "inbound_grant_type": "jwt",
		"enable_jti_verification": "false", "active": "true", "user": user["sys_id"],
	})
	m := insert("jwt_verifier_map", servicenow.Record{
		"name": "chain", "oauth_jwt": endpoint["sys_id"], "sys_certificate": cert["sys_id"],
	})
	application := insert("oauth_entity", servicenow.Record{
		"name": "application", "type": "client", "client_secret": "canary-secret", "active": "true", "user": user["sys_id"],
		"inbound_grant_type": "client_credential",
	})
	return chain{w, key, endpoint["client_id"], m["kid"], application["client_id"], "elastic", "canary-password"}
}

func (c chain) jwt(keyID, user string) string {
	return fmt.Sprintf(`{
  client_id       = %q
  client_secret   = "canary-secret"
  key_id          = %q
  user_identifier = %q
  private_key     = <<-EOT
%sEOT
}`, c.clientID, keyID, user, c.key)
}

// TestOAuthToken proves the chain, and tells why it is broken without failing.
func TestOAuthToken(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	test := func(jwt, rest string) resource.TestStep {
		return resource.TestStep{Config: c.w.Provider() + `
ephemeral "servicenow_oauth_token" "test" {
  jwt = ` + jwt + "\n" + rest + `
}
provider "echo" {
  data = { ok = ephemeral.servicenow_oauth_token.test.ok, message = ephemeral.servicenow_oauth_token.test.message }
}
resource "echo" "test" {}
`}
	}
	works, denied := test(c.jwt(c.keyID, c.user), ""), test(c.jwt(c.keyID, "nobody"), "")
	works.Check = resource.ComposeAggregateTestCheckFunc(
		resource.TestCheckResourceAttr("echo.test", "data.ok", "true"),
		resource.TestCheckResourceAttr("echo.test", "data.message", ""),
	)
	opens := test(c.jwt(c.keyID, c.user), `probe_path = "/api/now/table/sys_user?sysparm_limit=1"`)
	opens.Taint, opens.Check = []string{"echo.test"}, works.Check
	shut := test(c.jwt(c.keyID, c.user), `probe_path = "/api/now/table/x_none?sysparm_limit=1"`)
	shut.Taint = []string{"echo.test"}
	shut.Check = resource.ComposeAggregateTestCheckFunc(
		resource.TestCheckResourceAttr("echo.test", "data.ok", "false"),
		resource.TestMatchResourceAttr("echo.test", "data.message",
			regexp.MustCompile(`does not open probe_path: GET .*Invalid table`)),
	)
	denied.Taint = []string{"echo.test"} // echo reads only when it is created
	denied.Check = resource.ComposeAggregateTestCheckFunc(
		resource.TestCheckResourceAttr("echo.test", "data.ok", "false"),
		resource.TestMatchResourceAttr("echo.test", "data.message", regexp.MustCompile(`401.*access_denied`)),
	)
	wrongKID := test(c.jwt("other", c.user), "fail_if_denied = true")
	wrongKID.ExpectError = regexp.MustCompile(`401\s+Unauthorized`)
	noKey := test(`{
  client_id       = "c"
  client_secret   = "s"
  user_identifier = "u"
  key_id          = "k"
  private_key     = "no key"
}`, "")
	noKey.ExpectError = regexp.MustCompile(`jwt\.private_key\s`)
	elsewhere := test(c.jwt(c.keyID, c.user), `instance_url = "http://elsewhere.example.com"`)
	elsewhere.ExpectError = regexp.MustCompile(`instance_url\s`)
	factories := acctest.Factories()
	factories["echo"] = func() (tfprotov6.ProviderServer, error) { return echoprovider.NewProviderServer()() }
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{works, opens, shut, denied},
	})
	for _, step := range []resource.TestStep{wrongKID, noKey, elsewhere} {
		resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: factories, Steps: []resource.TestStep{step}})
	}
}

// TestAuthMethods logs the provider in by each of ServiceNow's methods.
func TestAuthMethods(t *testing.T) {
	t.Parallel()
	c := newChain(t)
	c.w.ServiceNow.SetProperty("glide.oauth.inbound.client.credential.grant_type.enabled", "true")
	token, err := rest.FetchToken(t.Context(), rest.Config{BaseURL: c.w.ServiceNowURL(), HTTP: rest.DefaultHTTP()},
		rest.PasswordGrant{ClientID: c.client, ClientSecret: "canary-secret", Username: c.user, Password: c.pass})
	if err != nil {
		t.Fatal(err)
	}
	for name, auth := range map[string]string{
		"basic":  fmt.Sprintf(`basic_auth = { username = %q, password = %q }`, c.user, c.pass),
		"bearer": fmt.Sprintf(`bearer_token = %q`, token.AccessToken),
		"JWT":    `oauth_jwt = ` + c.jwt(c.keyID, c.user),
		"client credentials": fmt.Sprintf(`oauth_client_credentials = {
			client_id = %q, client_secret = "canary-secret"
		}`, c.client),
		"password": fmt.Sprintf(`oauth_password = {
			client_id = %q, client_secret = "canary-secret", username = %q, password = %q
		}`, c.client, c.user, c.pass),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps: []resource.TestStep{{
					Config: fmt.Sprintf("provider \"servicenow\" {\n instance_url = %q\n %s\n}\n", c.w.ServiceNowURL(), auth) +
						`data "servicenow_user" "self" { user_name = "elastic" }`,
					Check: resource.TestCheckResourceAttrSet("data.servicenow_user.self", "id"),
				}},
			})
		})
	}
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		resource.Test(t, resource.TestCase{
			ProtoV6ProviderFactories: acctest.Factories(),
			Steps: []resource.TestStep{{
				Config: fmt.Sprintf("provider \"servicenow\" {\n instance_url = %q\n oauth_jwt = %s\n}\n", c.w.ServiceNowURL(),
					c.jwt(c.keyID, "admin")) + `data "servicenow_user" "self" { user_name = "elastic" }`,
				ExpectError: regexp.MustCompile(`access_denied`),
			}},
			ErrorCheck: func(err error) error {
				if strings.Contains(err.Error(), "canary") {
					return fmt.Errorf("the error holds a secret")
				}
				return err
			},
		})
	})
}
