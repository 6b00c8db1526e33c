package servicenow_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func TestCertificate(t *testing.T) {
	t.Parallel()
	_, first := acctest.KeyPair(t, "first")
	_, second := acctest.KeyPair(t, "second")
	_, other := acctest.KeyPair(t, "other")
	acctest.Resource{
		Type: "servicenow_certificate", Table: "sys_certificate", Needs: twoUsers + twoGroups,
		NaturalKey: func(r servicenow.Record) string { return "name=" + r["name"] },
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"Elastic"`, Becomes: `"Kibana"`, Drift: map[string]string{"name": "renamed"}},
			{
				Name: "pem_certificate", Is: acctest.Heredoc(first), Becomes: acctest.Heredoc(second),
				Columns: [2]map[string]string{{}, {"subject": "CN=second", "pem_certificate": strings.TrimSpace(second) + "\n"}},
				Drift:   map[string]string{"pem_certificate": other},
			},
			{
				Name: "type", Column: "type", Is: `"trust_store"`, Becomes: `"trust_store_cert"`,
				Drift: map[string]string{"type": "other"},
			},
			{Name: "format", Column: "format", Is: `"PEM"`, Becomes: `"DER"`, Drift: map[string]string{"format": "PEM"}},
			{Name: "short_description", Column: "short_description", Is: `"x"`, Becomes: ``},
			{Name: "active", Column: "active", Is: `false`, Becomes: `true`, Drift: map[string]string{"active": "false"}},
			{
				Name: "expiration_notification", Column: "expiration_notification", Is: `true`, Becomes: `false`,
				Drift: map[string]string{"expiration_notification": "true"},
			},
			{
				Name: "warn_in_days_to_expire", Column: "warn_in_days_to_expire", Is: `30`, Becomes: `60`,
				Drift: map[string]string{"warn_in_days_to_expire": "90"},
			},
			{
				Name: "notify_user_ids", Column: "notify_on_expiration", Is: `[servicenow_user.a.id]`,
				Becomes: `[servicenow_user.b.id]`, Drift: map[string]string{"notify_on_expiration": ""},
			},
			{
				Name: "notify_group_ids", Column: "notify_groups", Is: `[servicenow_group.a.id]`,
				Becomes: `[servicenow_group.b.id, servicenow_group.a.id]`, Drift: map[string]string{"notify_groups": ""},
			},
		},
	}.Test(t)
}

// TestCertificateSpelling plans nothing for another spelling of the same certificate.
func TestCertificateSpelling(t *testing.T) {
	t.Parallel()
	_, cert := acctest.KeyPair(t, "first")
	lines := strings.Split(strings.TrimSpace(cert), "\n")
	wrapped := lines[0] + "\n" + strings.Join(lines[1:len(lines)-1], "") + "\n" + lines[len(lines)-1]
	config := func(text string) string {
		return "resource \"servicenow_certificate\" \"test\" {\n name = \"n\"\n pem_certificate = " +
			acctest.Heredoc(text) + "\n}"
	}
	w := acctest.New(t)
	w.Run(
		resource.TestStep{Config: config(cert)},
		resource.TestStep{
			Config:           config(strings.ReplaceAll(wrapped, "\n", "\r\n")),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
	)
}

// TestCertificateKnownAtPlan leaves nothing unknown that the certificate decides, also when it is another one, and does
// not depend on what the instance writes about it.
func TestCertificateKnownAtPlan(t *testing.T) {
	t.Parallel()
	_, first := acctest.KeyPair(t, "first")
	_, second := acctest.KeyPair(t, "second")
	config := func(text string) string {
		return "resource \"servicenow_certificate\" \"test\" {\n name = \"n\"\n pem_certificate = " +
			acctest.Heredoc(text) + "\n}"
	}
	const address = "servicenow_certificate.test"
	knows := func(subject string) resource.ConfigPlanChecks {
		checks := []plancheck.PlanCheck{
			plancheck.ExpectKnownValue(address, tfjsonpath.New("subject"), knownvalue.StringExact(subject)),
		}
		for _, name := range []string{"issuer", "serial_number", "valid_from", "expires_at", "fingerprint_sha256"} {
			checks = append(checks, plancheck.ExpectKnownValue(address, tfjsonpath.New(name), knownvalue.NotNull()))
		}
		return resource.ConfigPlanChecks{PreApply: checks}
	}
	w := acctest.New(t)
	rule := fault.Rule{
		Kind: fault.Withhold, PathPrefix: "/api/now/table/sys_certificate",
		Columns: []string{"issuer", "subject", "serial_number", "valid_from", "expires"},
	}
	if _, err := w.ServiceNow.Faults.Add(rule); err != nil {
		t.Fatal(err)
	}
	w.Run(
		resource.TestStep{Config: config(first), ConfigPlanChecks: knows("CN=first")},
		resource.TestStep{
			Config: config(second), ConfigPlanChecks: knows("CN=second"),
			Check: resource.TestCheckResourceAttr(address, "subject", "CN=second"),
		},
	)
}

func TestCertificateRefusesOtherContent(t *testing.T) {
	t.Parallel()
	key, _ := acctest.KeyPair(t, "x")
	for name, test := range map[string]struct{ text, more, want string }{
		"private key":             {key, "", `A private key where a certificate belongs`},
		"private key for a store": {key, `type = "key_store"`, `A private key where a certificate belongs`},
		"no PEM":                  {"hello", "", `Not a certificate`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t)
			w.Run(resource.TestStep{
				Config: "resource \"servicenow_certificate\" \"test\" {\n name = \"n\"\n" + test.more + "\n pem_certificate = " +
					acctest.Heredoc(test.text) + "\n}",
				ExpectError: regexp.MustCompile(test.want),
			})
			if requests := append(w.Writes(), w.Reads()...); len(requests) > 0 {
				t.Errorf("requests were sent: %v", requests)
			}
		})
	}
}

func TestOAuthJWTEndpoint(t *testing.T) {
	t.Parallel()
	acctest.Resource{
		Type: "servicenow_oauth_jwt_endpoint", Table: "oauth_jwt", Needs: twoAuthScopes,
		NaturalKey: func(r servicenow.Record) string { return "name=" + r["name"] },
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"Elastic"`, Becomes: `"Kibana"`, Drift: map[string]string{"name": "renamed"}},
			{
				Name: "user_field", Column: "user_field", Is: `"user_name"`, Becomes: `"email"`,
				Drift: map[string]string{"user_field": "sys_id"},
			},
			{
				Name: "client_id", Column: "client_id", Is: `"first"`, Becomes: `"second"`,
				Drift: map[string]string{"client_id": "third"},
			},
			{
				Name: "client_secret_wo", Is: `"canary-first"`, Becomes: `"canary-second"`, Secret: true,
				Columns: [2]map[string]string{{}, {"client_secret": ""}},
			},
			{
				Name: "access_token_lifespan", Column: "access_token_lifespan", Is: `600`, Becomes: `900`,
				Drift: map[string]string{"access_token_lifespan": "1"},
			},
			{Name: "clock_skew", Column: "clock_skew", Is: `10`, Becomes: `20`, Drift: map[string]string{"clock_skew": "30"}},
			{
				Name: "enable_jti_verification", Column: "enable_jti_verification", Is: `false`, Becomes: `true`,
				Drift: map[string]string{"enable_jti_verification": "false"},
			},
			{Name: "jti_claim", Column: "jti_claim", Is: `"id"`, Becomes: `"jti"`, Drift: map[string]string{"jti_claim": "x"}},
			{
				Name: "jwks_url", Column: "jwks_url", Is: `"https://a.example.com/jwks"`,
				Becomes: ``,
			},
			{
				Name: "public_client", Column: "public_client", Is: `true`, Becomes: `false`,
				Drift: map[string]string{"public_client": "true"},
			},
			{Name: "active", Column: "active", Is: `false`, Becomes: `true`, Drift: map[string]string{"active": "false"}},
			{Name: "comments", Column: "comments", Is: `"x"`, Becomes: `"y"`, Drift: map[string]string{"comments": "z"}},
			{
				Name: "scope_restriction", Column: "scope_restriction_status", Is: `"restricted"`, Becomes: `"useraccount"`,
				Drift: map[string]string{"scope_restriction_status": "unrestricted"},
			},
			{
				Name: "auth_scope_ids", Is: `[servicenow_auth_scope.a.id]`,
				Becomes: `[servicenow_auth_scope.b.id, data.servicenow_auth_scope.useraccount.id]`,
			},
		},
	}.Test(t)
}

func TestJWTVerifierMap(t *testing.T) {
	t.Parallel()
	_, first := acctest.KeyPair(t, "first")
	_, second := acctest.KeyPair(t, "second")
	acctest.Resource{
		Type: "servicenow_jwt_verifier_map", Table: "jwt_verifier_map",
		Needs: fmt.Sprintf(`
resource "servicenow_certificate" "a" {
  name            = "a"
  pem_certificate = %s
}
resource "servicenow_certificate" "b" {
  name            = "b"
  pem_certificate = %s
}
resource "servicenow_oauth_jwt_endpoint" "a" {
  name       = "a"
  user_field = "email"
}
resource "servicenow_oauth_jwt_endpoint" "b" {
  name       = "b"
  user_field = "email"
}
`, acctest.Heredoc(first), acctest.Heredoc(second)),
		NaturalKey: func(r servicenow.Record) string { return r["oauth_jwt"] + "/" + r["name"] },
		Attributes: []acctest.Attribute{
			{Name: "name", Column: "name", Is: `"Elastic"`, Becomes: `"Kibana"`, Drift: map[string]string{"name": "renamed"}},
			{
				Name: "oauth_jwt_endpoint_id", Column: "oauth_jwt", Is: `servicenow_oauth_jwt_endpoint.a.id`,
				Becomes: `servicenow_oauth_jwt_endpoint.b.id`, Replaces: true,
			},
			{
				Name: "certificate_id", Column: "sys_certificate", Is: `servicenow_certificate.a.id`,
				Becomes: `servicenow_certificate.b.id`, Drift: map[string]string{"sys_certificate": ""},
			},
			{Name: "key_id", Column: "kid", Is: `"first"`, Becomes: `"second"`, Drift: map[string]string{"kid": "third"}},
		},
	}.Test(t)
}
