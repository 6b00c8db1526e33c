package kibana_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
)

// oauthConnector is a connector with OAuth.
func oauthConnector(kind, keyID, key string) string {
	return "resource \"servicenow_kibana_" + kind + "_connector\" \"test\" {\n" + `
  name    = "Elastic"
  api_url = "https://dev1.service-now.com"
  oauth = {
    client_id        = "client"
    user_identifier  = "elastic@example.com"
    jwt_key_id       = "` + keyID + `"
    client_secret_wo = "secret"
    private_key_wo   = ` + acctest.Heredoc(key) + `
  }
}`
}

// withoutSecrets leaves the secrets of a configuration out, those in heredocs too.
func withoutSecrets(config string) string {
	config = regexp.MustCompile(`(?s)\w+_wo\s*=\s*<<-?(\w+)\n.*?\n\s*EOT\n`).ReplaceAllString(config, "\n")
	config = regexp.MustCompile(`secrets_wo\s*=\s*jsonencode\(.*\)`).ReplaceAllString(config, "")
	return regexp.MustCompile(`\w+_wo\s*=\s*"[^"]*",?`).ReplaceAllString(config, "")
}

func TestCredentialsSwitch(t *testing.T) {
	t.Parallel()
	key, _ := acctest.KeyPair(t, "kibana")
	for _, kind := range []string{"itsm", "secops", "itom"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, onKibana(newest))
			at := "servicenow_kibana_" + kind + "_connector.test"
			holds := func(oauth bool, secrets ...string) resource.TestCheckFunc {
				return func(*terraform.State) error {
					found, err := the(w)
					if err != nil {
						return err
					}
					var got []string
					stored := w.Kibana.Secrets(found.ID)
					for _, name := range []string{"username", "password", "clientSecret", "privateKey", "privateKeyPassword"} {
						if stored[name] != nil {
							got = append(got, name)
						}
					}
					if found.Config["isOAuth"] != oauth || fmt.Sprint(got) != fmt.Sprint(secrets) {
						return fmt.Errorf("isOAuth is %v with the secrets %v", found.Config["isOAuth"], got)
					}
					return nil
				}
			}
			basic := strings.ReplaceAll(oauthConnector(kind, "k", ""), "\n", "\x00")
			basic = regexp.MustCompile(`oauth = .*\}\x00\}`).ReplaceAllString(basic,
				`basic_auth = { username_wo = "elastic", password_wo = "password" }`+"\n}")
			basic = strings.ReplaceAll(basic, "\x00", "\n")
			updates := resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
				plancheck.ExpectResourceAction(at, plancheck.ResourceActionUpdate),
			}}
			outside := func(config map[string]any) func() {
				return func() {
					found, err := the(w)
					if err == nil {
						err = w.Kibana.Set(found.ID, "", config)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			w.Run(
				resource.TestStep{Config: basic, Check: holds(false, "username", "password")},
				resource.TestStep{ // somebody makes it log in by OAuth
					PreConfig: outside(map[string]any{
						"isOAuth": true, "clientId": "theirs", "userIdentifierValue": "theirs", "jwtKeyId": "theirs",
					}),
					Config: basic, ConfigPlanChecks: updates, Check: holds(false, "username", "password"),
				},
				resource.TestStep{
					Config: oauthConnector(kind, "key", key), ConfigPlanChecks: updates,
					Check: holds(true, "clientSecret", "privateKey"),
				},
				resource.TestStep{ // without its secrets, as generated: those that are configured would be sent
					Config:       withoutSecrets(oauthConnector(kind, "key", key)),
					ResourceName: at, ImportState: true, ImportStateKind: resource.ImportBlockWithID,
				},
				resource.TestStep{ // the key's id changes outside
					PreConfig: outside(map[string]any{"jwtKeyId": "other"}),
					Config:    oauthConnector(kind, "key", key), ConfigPlanChecks: updates,
					Check: func(*terraform.State) error { return config(w, "jwtKeyId", "key") },
				},
				resource.TestStep{ // and somebody makes it log in by password
					PreConfig: outside(map[string]any{
						"isOAuth": false, "clientId": nil, "userIdentifierValue": nil, "jwtKeyId": nil,
					}),
					Config: oauthConnector(kind, "key", key), ConfigPlanChecks: updates,
					Check: holds(true, "clientSecret", "privateKey"),
				},
				resource.TestStep{Config: basic, ConfigPlanChecks: updates, Check: holds(false, "username", "password")},
			)
		})
	}
}

func TestCredentialsRefuseWhatConfigurationDecides(t *testing.T) {
	t.Parallel()
	key, _ := acctest.KeyPair(t, "kibana")
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	ec := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	broken := strings.Replace(key, strings.Split(key, "\n")[3], "", 1)
	const tooEarly, neither = "  uses_table_api = true\n", `
resource "servicenow_kibana_itsm_connector" "test" {
  name    = "Elastic"
  api_url = "https://dev1.service-now.com"
}
`
	const basic = "  basic_auth = { username_wo = \"elastic\", password_wo = \"password\" }\n"
	for name, test := range map[string]struct{ version, config, want string }{
		"too old":      {third, oauthConnector("itsm", "key", key), `oauth needs Kibana 8.3`},
		"broken key":   {newest, oauthConnector("secops", "key", broken), `private key cannot be used`},
		"elliptic key": {newest, oauthConnector("itom", "key", ec), `signs with RS256 only`},
		"needless":     {newest, oauthConnector("itsm", "key", "certainly no key"), `private key cannot be used`},
		"no key id":    {newest, oauthConnector("itsm", "", key), `Use null`},
		"table too early": {
			first, strings.Replace(basicConnector, "  basic", tooEarly+"  basic", 1), `uses_table_api needs Kibana 7.16`,
		},
		"both": {
			newest, strings.Replace(oauthConnector("itsm", "key", key), "  oauth =", basic+"  oauth =", 1),
			`exactly one of basic_auth and oauth`,
		},
		"neither":     {newest, neither, `exactly one of basic_auth and oauth`},
		"no password": {newest, strings.Replace(basicConnector, `, password_wo = "password"`, "", 1), `A secret is missing`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, test.version, test.config, test.want)
		})
	}
}

const basicConnector = `
resource "servicenow_kibana_itsm_connector" "test" {
  name       = "Elastic"
  api_url    = "https://dev1.service-now.com"
  basic_auth = { username_wo = "elastic", password_wo = "password" }
}
`

// chain is everything that lets a connector log in by OAuth, made in the same apply as the connector.
const chain = `
data "servicenow_application" "elastic" { scope = "x_elas2_inc_int" }

# Counted, since the testing library cannot check states with for_each.
locals {
  privileges = provider::servicenow::elastic_privileges("itsm")
  roles      = provider::servicenow::elastic_roles("itsm")
}

resource "servicenow_cross_scope_privilege" "elastic" {
  count           = length(local.privileges)
  source_scope_id = data.servicenow_application.elastic.id
  target_scope_id = local.privileges[count.index].target_scope
  target_type     = local.privileges[count.index].target_type
  target_name     = local.privileges[count.index].target_name
  operation       = local.privileges[count.index].operation
}

resource "servicenow_user" "elastic" { user_name = "elastic.integration" }

data "servicenow_role" "elastic" {
  count = length(local.roles)
  name  = local.roles[count.index]
}

resource "servicenow_user_role" "elastic" {
  count   = length(local.roles)
  user_id = servicenow_user.elastic.id
  role_id = data.servicenow_role.elastic[count.index].id
}

resource "servicenow_certificate" "elastic" {
  name            = "Elastic"
  pem_certificate = CERTIFICATE
}

resource "servicenow_oauth_jwt_endpoint" "elastic" {
  name                    = "Elastic"
  user_field              = "user_name"
  client_secret_wo        = "a client secret"
  enable_jti_verification = false
}

resource "servicenow_jwt_verifier_map" "elastic" {
  name                  = "Elastic"
  oauth_jwt_endpoint_id = servicenow_oauth_jwt_endpoint.elastic.id
  certificate_id        = servicenow_certificate.elastic.id
}

resource "servicenow_kibana_itsm_connector" "test" {
  connector_id = "7a0d8f3e-0000-4000-8000-000000000001"
  name         = "Elastic"
  api_url      = "INSTANCE"
  oauth = {
    client_id        = servicenow_oauth_jwt_endpoint.elastic.client_id
    user_identifier  = servicenow_user.elastic.user_name
    jwt_key_id       = servicenow_jwt_verifier_map.elastic.key_id
    client_secret_wo = "a client secret"
    private_key_wo   = KEY
  }
  depends_on = [servicenow_user_role.elastic, servicenow_cross_scope_privilege.elastic]
}
`

const probe = `
data "servicenow_kibana_connector_test" "test" {
  connector_id = servicenow_kibana_itsm_connector.test.connector_id
}
`

// probeByID depends on nothing, so that a refresh reads it although the connector is about to be changed.
var probeByID = strings.Replace(probe, "servicenow_kibana_itsm_connector.test.connector_id",
	`"7a0d8f3e-0000-4000-8000-000000000001"`, 1)

// TestConnectorWorksEndToEnd lets a connector whose OAuth objects one apply made open, update and close an incident,
// and then breaks the chain.
func TestConnectorWorksEndToEnd(t *testing.T) {
	t.Parallel()
	key, certificate := acctest.KeyPair(t, "kibana")
	w := acctest.New(t)
	config := strings.NewReplacer(
		"CERTIFICATE", acctest.Heredoc(certificate), "KEY", acctest.Heredoc(key), "INSTANCE", w.ServiceNowURL()).
		Replace(chain)
	const at = "data.servicenow_kibana_connector_test.test"
	run := func(id, subAction string, params map[string]any) map[string]any {
		return post(t, w, "/api/actions/connector/"+id+"/_execute", map[string]any{
			"params": map[string]any{"subAction": subAction, "subActionParams": params},
		})
	}
	incident := func(ticket string, column, want string) error {
		record, ok := w.ServiceNow.Record("incident", ticket)
		if !ok || record[column] != want {
			return fmt.Errorf("incident %q: %s is %q, not %q", ticket, column, record[column], want)
		}
		return nil
	}
	w.Run(
		resource.TestStep{
			Config: config + probe,
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(at, "ok", "true"),
				resource.TestCheckResourceAttr(at, "message", ""),
				func(*terraform.State) error {
					found, err := the(w)
					if err != nil {
						return err
					}
					push := func(incident map[string]any) (map[string]any, error) {
						answer := run(found.ID, "pushToService", map[string]any{"incident": incident, "comments": nil})
						data, ok := answer["data"].(map[string]any)
						if !ok || answer["status"] != "ok" {
							return nil, fmt.Errorf("pushing: %v", answer)
						}
						return data, nil
					}
					opened, err := push(map[string]any{"short_description": "Disk full", "correlation_id": "rule:alert"})
					if err != nil {
						return err
					}
					ticket := fmt.Sprint(opened["id"])
					if err := incident(ticket, "short_description", "Disk full"); err != nil {
						return err
					}
					if _, err := push(map[string]any{"short_description": "Disk fuller", "externalId": ticket}); err != nil {
						return err
					}
					if err := incident(ticket, "short_description", "Disk fuller"); err != nil {
						return err
					}
					run(found.ID, "closeIncident", map[string]any{"incident": map[string]any{"externalId": ticket}})
					return incident(ticket, "state", "7")
				}),
		},
		resource.TestStep{Config: config + probeByID},
		resource.TestStep{
			PreConfig: func() {
				for _, m := range w.ServiceNow.Records("jwt_verifier_map", "") {
					if err := w.ServiceNow.Delete("jwt_verifier_map", m["sys_id"]); err != nil {
						t.Fatal(err)
					}
				}
				found, err := the(w)
				if err == nil {
					err = w.Kibana.Set(found.ID, "", nil) // Kibana would use the token that it has until it expires
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			RefreshState: true, ExpectNonEmptyPlan: true,
			Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(at, "ok", "false"),
				resource.TestMatchResourceAttr(at, "service_message", regexp.MustCompile(`(?i)access_denied|invalid`))),
		},
		resource.TestStep{ // an apply repairs it
			Config: config + probe, Check: resource.TestCheckResourceAttr(at, "ok", "true"),
		},
	)
}

// TestFindingsDoNotQuoteTheKey provokes errors beside a private key, whose lines Terraform would print if they were
// about the attribute around it.
func TestFindingsDoNotQuoteTheKey(t *testing.T) {
	t.Parallel()
	key, _ := acctest.KeyPair(t, "kibana")
	good := oauthConnector("itsm", "key", key)
	line := strings.Split(key, "\n")[2]
	for name, test := range map[string]struct{ version, config string }{
		"too old":    {third, good},
		"broken key": {newest, strings.Replace(good, "-----BEGIN RSA", "-----BEGIN DSA", 1)},
		"no secret":  {newest, strings.Replace(good, `"secret"`, "null", 1)},
		"empty":      {newest, strings.Replace(good, `"key"`, `""`, 1)},
		"both": {newest, strings.Replace(good, "  oauth =",
			"  basic_auth = { username_wo = \"a\", password_wo = \"b\" }\n  oauth =", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, found := acctest.New(t, onKibana(test.version)), false
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: acctest.Factories(),
				Steps:                    []resource.TestStep{{Config: w.Provider() + test.config, PlanOnly: true}},
				ErrorCheck: func(err error) error {
					found = true
					if strings.Contains(err.Error(), line) {
						t.Errorf("the key is quoted:\n%v", err)
					}
					return nil
				},
			})
			if !found {
				t.Error("there was no error")
			}
		})
	}
}
