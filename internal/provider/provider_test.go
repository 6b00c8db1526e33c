package provider_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

const role = `
resource "servicenow_role" "test" { name = "x_test.reader" }
`

const connector = `
resource "servicenow_kibana_itsm_connector" "test" {
  name       = "n"
  api_url    = "https://dev1.service-now.com"
  basic_auth = { username_wo = "u", password_wo = "p" }
}
`

// TestProviderBlock holds that each mistake in the provider block is an error at plan, before any request.
func TestProviderBlock(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	plain := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	block, err := x509.EncryptPEMBlock( //nolint:staticcheck // the legacy form is still in use, so it is tested
		rand.Reader, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), []byte("right"), x509.PEMCipherAES256)
	if err != nil {
		t.Fatal(err)
	}
	jwt := func(key []byte, password string) string {
		return fmt.Sprintf(`
instance_url = "http://127.0.0.1:1"
oauth_jwt = {
  client_id            = "c"
  client_secret        = "canary-secret"
  user_identifier      = "u"
  private_key_password = %s
  private_key          = <<-EOT
%sEOT
}`, password, key)
	}
	const here, there = "instance_url = \"http://127.0.0.1:1\"\n", "instance_url = \"https://dev1.service-now.com"
	const token = "\nbearer_token = \"t\"\n" //nolint:gosec // no credential of anything
	for name, test := range map[string]struct{ block, uses, want string }{
		"nothing configured": {``, role, `instance_url.*SERVICENOW_INSTANCE_URL`},
		"only Kibana": {
			`kibana = { url = "http://127.0.0.1:1", api_key = "k" }`, role, `No connection to ServiceNow`,
		},
		"only ServiceNow": {
			`instance_url = "http://127.0.0.1:1"
			bearer_token = "t"`, connector, `No connection to Kibana`,
		},
		"two methods": {
			`instance_url = "http://127.0.0.1:1"
			bearer_token = "t"
			api_key = "k"`, role, `Two authentication methods`,
		},
		"two methods of Kibana": {
			`kibana = { url = "http://127.0.0.1:1", api_key = "k", bearer_token = "t" }`, connector,
			`Two authentication methods`,
		},
		"no method":   {`instance_url = "http://127.0.0.1:1"`, role, `No authentication method`},
		"no URL":      {`bearer_token = "t"`, role, `The server's URL is missing`},
		"remote http": {"instance_url = \"http://dev1.service-now.com\"" + token, role, `allow_http`},
		"a path":      {there + "/nav_to.do\"" + token, role, `must not have a path`},
		"a query":     {there + "?x=1\"" + token, role, `must not have a query`},
		"bad timeout": {
			here + token + `http = { request_timeout = "soon" }`, role,
			`http\.request_timeout\s+"soon"\s+is\s+not\s+a\s+duration`,
		},
		"broken key": {
			jwt([]byte("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"), "null"), role, `private_key`,
		},
		"wrong password": {jwt(pem.EncodeToMemory(block), `"wrong"`), role, `(?s)password`},
		"no password":    {jwt(pem.EncodeToMemory(block), `null`), role, `(?s)password`},
		"useless password": {
			jwt(plain, `"canary-password"`), role, `(?s)password`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps: []resource.TestStep{{
					Config:      "provider \"servicenow\" {\n" + test.block + "\n}\n" + test.uses,
					PlanOnly:    true,
					ExpectError: regexp.MustCompile(`(?s)` + strings.ReplaceAll(test.want, " ", `\s+`)),
				}},
				ErrorCheck: func(err error) error {
					if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), string(plain[40:80])) {
						return fmt.Errorf("the error holds a secret")
					}
					return err
				},
			})
		})
	}
}

// TestWholeNumbers says in our words, in the provider block, resources and data sources, that a number has a fraction.
func TestWholeNumbers(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	for name, config := range map[string]string{
		"provider": strings.Replace(w.Provider(), "kibana = {", "http = { max_retries = 1.5 }\n  kibana = {", 1) + role,
		"resource": w.Provider() + `
resource "servicenow_cors_rule" "test" {
  name    = "n"
  domain  = "https://kibana.example.com"
  max_age = 1.5
}`,
		"version of a secret": w.Provider() +
			strings.Replace(connector, "api_url", "credentials_wo_version = 1.5\n  api_url", 1),
		"data source": w.Provider() + `
data "servicenow_records" "test" {
  table = "sys_user"
  limit = 1.5
}`,
	} {
		said := strings.Join(acctest.NewCore(t, config).Plan(t.Context()).Errors, "\n")
		if !strings.Contains(said, "takes whole numbers only, and 1.5 has a fraction.") ||
			strings.Contains(said, "provider developer") {
			t.Errorf("%s: %s", name, said)
		}
	}
}

// TestSpaceFromTheEnvironment refuses what would lead every path elsewhere.
func TestSpaceFromTheEnvironment(t *testing.T) {
	w := acctest.New(t)
	t.Setenv("KIBANA_SPACE_ID", "a/../b")
	out := acctest.NewCore(t, w.Provider()+connector).Plan(t.Context())
	if !strings.Contains(out.Texts(), `lowercase letters, digits, - and _, and it is "a/../b"`) || len(w.Reads()) > 0 {
		t.Errorf("planned: %+v", out)
	}
}

// TestProviderUnknown plans resources although the connection is known only after apply.
func TestProviderUnknown(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config: fmt.Sprintf(`
resource "terraform_data" "instance" { input = %q }
provider "servicenow" {
  instance_url = terraform_data.instance.output
  basic_auth   = { username = %q, password = %q }
}
`, w.ServiceNowURL(), w.ServiceNow.AdminUser(), w.ServiceNow.AdminPassword()) + role,
		}},
	})
}

// TestProviderEnvironment takes everything from the environment; the block beats it.
func TestProviderEnvironment(t *testing.T) {
	w := acctest.New(t)
	t.Setenv("SERVICENOW_INSTANCE_URL", w.ServiceNowURL())
	t.Setenv("SERVICENOW_USERNAME", w.ServiceNow.AdminUser())
	t.Setenv("SERVICENOW_PASSWORD", "wrong")
	t.Setenv("KIBANA_ENDPOINT", w.KibanaURL())
	t.Setenv("KIBANA_USERNAME", acctest.KibanaUser)
	t.Setenv("KIBANA_PASSWORD", acctest.KibanaPassword)
	t.Setenv("KIBANA_SPACE_ID", "default")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			{
				Config:      "provider \"servicenow\" {}" + role + connector,
				ExpectError: regexp.MustCompile(`401 Unauthorized`),
			},
			{
				Config: fmt.Sprintf("provider \"servicenow\" {\n basic_auth = { password = %q }\n}", w.ServiceNow.AdminPassword()) +
					role + connector,
			},
		},
	})
	t.Setenv("SERVICENOW_API_KEY", "now_canary")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{{
			Config: "provider \"servicenow\" {}" + role, PlanOnly: true,
			ExpectError: regexp.MustCompile(`Two authentication methods in the\s+environment`),
		}},
	})
}
