package examples_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// guide is what stands in for the servers and the people of a guide.
type guide struct {
	options func(*simulator.Options)
	// roles are those of Terraform's own account, for guides that say what it needs. Without, it is the administrator.
	roles []string
	// fill is what readers have instead of what the guide says.
	fill   map[string]string
	byHand map[string]byHand
}

// byHand is what readers do in a browser. It returns what they fill in from then on, by what the guide has there.
type byHand func(r *reader) map[string]string

// guidesNotRun is how many blocks of each guide no test runs. Each says why.
var guidesNotRun = map[string]int{
	"migrating":                  1,
	"performance":                1,
	"reliability":                2,
	"testing-with-the-simulator": 10,
}

var guides = map[string]guide{
	"authentication": {
		options: func(o *simulator.Options) { o.ServiceNow.Release = servicenow.Australia },
		byHand:  map[string]byHand{"let Terraform in": letsTerraformIn},
	},
	"drift": {
		byHand: map[string]byHand{
			"change the group": changes("sys_user_group", "name=Network operations", servicenow.Record{"description": "Mine"}),
		},
	},
	"elastic-cases": {
		byHand: map[string]byHand{
			"make the integration user": func(r *reader) map[string]string {
				r.t.Helper()
				person(r.t, r.w, servicenow.Record{"user_name": "elastic.integration", "user_password": "a-long-password"},
					"import_set_loader", "import_transformer", "personalize_choices", "x_elas2_inc_int.integration_user")
				const variable = "TF_VAR_servicenow_itsm_password="
				return map[string]string{variable + "…": variable + "a-long-password"}
			},
			"close cases by hand": func(r *reader) map[string]string {
				r.t.Helper()
				closeByHand(r.t, r.w)
				return nil
			},
		},
	},
	"elastic-itsm": {},
	"elastic-secops": {
		options: func(o *simulator.Options) { o.ServiceNow.Apps = []string{servicenow.ElasticSecOps} },
		byHand: map[string]byHand{
			"lock the integration user out": changes("sys_user", "user_name=elastic.secops",
				servicenow.Record{"locked_out": "true"}),
		},
	},
	"kibana-connectors": {
		fill: map[string]string{
			"TF_VAR_jira_api_token=… TF_VAR_servicenow_password=…": "TF_VAR_jira_api_token=jira-token " +
				"TF_VAR_servicenow_password=a-long-password",
		},
		byHand: map[string]byHand{
			"have a deprecated connector": func(r *reader) map[string]string {
				r.t.Helper()
				person(r.t, r.w, servicenow.Record{"user_name": "elastic.integration", "user_password": "a-long-password"},
					"import_set_loader", "import_transformer", "personalize_choices", "x_elas2_inc_int.integration_user")
				request(r.t, r.w, http.MethodPost, "/api/actions/connector", fmt.Sprintf(`{"name": "ServiceNow",
					"connector_type_id": ".servicenow", "config": {"apiUrl": %q, "usesTableApi": true},
					"secrets": {"username": "elastic.integration", "password": "a-long-password"}}`, r.w.ServiceNowURL()))
				return nil
			},
			"allow what the Elastic application asks for": func(r *reader) map[string]string {
				r.t.Helper()
				scope := r.w.ServiceNow.Records("sys_scope", "scope=x_elas2_inc_int")[0]["sys_id"]
				for _, target := range []string{
					"GlideRecord.insert", "GlideRecord.setValue", "GlideRecordSecure.getValue", "incident",
					"ScriptableServiceResultBuilder.setBody", "ScopedGlideElement",
				} {
					row := servicenow.Record{
						"source_scope": scope, "target_scope": "global", "target_name": target, "target_type": "scriptable",
						"operation": "execute", "status": "allowed",
					}
					if target == "incident" {
						row["target_type"], row["operation"] = "sys_db_object", "read"
					}
					if _, err := r.w.ServiceNow.Insert("sys_scope_privilege", row); err != nil {
						r.t.Fatal(err)
					}
				}
				return nil
			},
			"have Kibana 7.9": func(r *reader) map[string]string {
				r.t.Helper()
				old := acctest.New(r.t, func(o *simulator.Options) { o.Kibana.Version = "7.9.3" })
				const variable = `

variable "servicenow_password" {
  type      = string
  ephemeral = true
}
`
				write(r.t, filepath.Join(r.place(), "old", "main.tf"), required+old.Provider()+variable, 0o600)
				return nil
			},
			"apply it on Kibana 7.9": func(r *reader) map[string]string {
				r.t.Helper()
				r.runs("cd old\nterraform init\nterraform apply -auto-approve\nterraform plan -detailed-exitcode\ncd ..", 0)
				return nil
			},
			"leave the host out of allowedHosts": func(r *reader) map[string]string {
				r.t.Helper()
				closed := acctest.New(r.t, func(o *simulator.Options) { o.Kibana.AllowedHosts = []string{"localhost"} })
				login := base64.StdEncoding.EncodeToString([]byte(acctest.KibanaUser + ":" + acctest.KibanaPassword))
				r.answers(http.MethodPost, closed.KibanaURL()+"/api/actions/connector", fmt.Sprintf(`{"name": "ServiceNow",
					"connector_type_id": ".servicenow", "config": {"apiUrl": %q, "usesTableApi": true},
					"secrets": {"username": "elastic.integration", "password": "a-long-password"}}`, r.w.ServiceNowURL()),
					map[string]string{"Authorization": "Basic " + login, "Kbn-Xsrf": "true", "Content-Type": "application/json"})
				r.printed = strings.ReplaceAll(r.printed, `\"`, `"`)
				return nil
			},
			"have an authority": func(r *reader) map[string]string {
				r.t.Helper()
				_, certificate := acctest.KeyPair(r.t, "authority")
				path := filepath.Join(r.t.TempDir(), "authority.pem")
				write(r.t, path, certificate, 0o600)
				return map[string]string{`file("authority.pem")`: fmt.Sprintf("file(%q)", path)}
			},
		},
	},
	"migrating": {
		byHand: map[string]byHand{
			"have an integration made by hand": func(r *reader) map[string]string {
				r.t.Helper()
				person(r.t, r.w, servicenow.Record{"user_name": "elastic.integration", "web_service_access_only": "true"})
				api := r.w.ServiceNow.Records("sys_ws_definition", "namespace=x_elas2_inc_int")[0]["sys_id"]
				rule := servicenow.Record{
					"name": "Elastic CORS", "domain": "https://kibana.example.com", "rest_api": api, "get": "true",
				}
				if _, err := r.w.ServiceNow.Insert("sys_cors_rule", rule); err != nil {
					r.t.Fatal(err)
				}
				request(r.t, r.w, http.MethodPost, "/api/actions/connector", `{"name": "ServiceNow",
					"connector_type_id": ".servicenow",
					"config": {"apiUrl": "https://dev12345.service-now.com", "usesTableApi": false},
					"secrets": {"username": "elastic.integration", "password": "a-long-password"}}`)
				return nil
			},
			"look a property's sys_id up": func(r *reader) map[string]string {
				r.t.Helper()
				id, err := r.w.ServiceNow.Insert("sys_properties", servicenow.Record{"name": "com.example.mode", "value": "strict"})
				if err != nil {
					r.t.Fatal(err)
				}
				return map[string]string{"2831a114c611228501d4ea6c309d626d": id}
			},
		},
	},
	"permissions": {},
	"rapid7-insightvm": {
		byHand: map[string]byHand{
			"have an integration with other names": changes("sn_sec_int_config", "name=insightvm_region",
				servicenow.Record{"name": "server_url"}),
			"have an integration that Terraform did not make": func(r *reader) map[string]string {
				r.t.Helper()
				r.runs("terraform state rm module.insightvm.servicenow_security_integration.insightvm", 0)
				return nil
			},
		},
		options: func(o *simulator.Options) { o.ServiceNow.Apps = []string{servicenow.Rapid7Integration} },
		fill:    map[string]string{"TF_VAR_api_key=…": "TF_VAR_api_key=insight-key"},
	},
	"several-instances": {
		byHand: map[string]byHand{
			"have two instances": func(r *reader) map[string]string {
				r.t.Helper()
				return map[string]string{"https://test12345.service-now.com": acctest.New(r.t).ServiceNowURL()}
			},
		},
	},
	"quick-start": {
		options: func(o *simulator.Options) { o.ServiceNow.Release = servicenow.Australia },
		byHand: map[string]byHand{
			"let Terraform in": letsTerraformIn,
			"change the group": changes("sys_user_group", "name=Monitoring", servicenow.Record{"description": "Mine"}),
		},
	},
	"troubleshooting": {
		byHand: map[string]byHand{"use a securely scoped token": usesScopedToken},
	},
	"upgrading": {},
	"event-management-api-keys": {
		options: func(o *simulator.Options) { o.ServiceNow.Apps = []string{servicenow.EventConnectors} },
		roles: []string{
			"sn_cicd.sys_ci_automation", "web_service_admin", "api_service_admin", "adaptive_auth_policy_admin",
			"evt_mgmt_admin", "user_admin",
		},
		byHand: map[string]byHand{
			"copy the key":        copiesKey("a"),
			"copy the second key": copiesKey("b"),
			"send an event without a key": func(r *reader) map[string]string {
				r.t.Helper()
				r.answers(http.MethodPost, r.w.ServiceNowURL()+"/api/sn_em_connector/em/inbound_event?source=aws-lambda", "{}", nil)
				return nil
			},
		},
	},
}

// letsTerraformIn is an administrator who makes Terraform's user and OAuth client in their forms.
func letsTerraformIn(r *reader) map[string]string {
	r.t.Helper()
	user := person(r.t, r.w, servicenow.Record{"user_name": "terraform", "web_service_access_only": "true"}, "user_admin")
	r.w.ServiceNow.SetProperty("glide.oauth.inbound.client.credential.grant_type.enabled", "true")
	client := servicenow.Record{
		"name": "Terraform", "user": user, "client_id": "terraform-client", "client_secret": "a-secret", "type": "client",
		"inbound_grant_type": "client_credentials", "default_grant_type": "client_credentials",
		"scope_restriction_status": "unrestricted",
	}
	if _, err := r.w.ServiceNow.Insert("oauth_entity", client); err != nil {
		r.t.Fatal(err)
	}
	return map[string]string{ //nolint:gosec // G101: the simulator's
		"TF_VAR_client_id=…":     "TF_VAR_client_id=terraform-client",
		"TF_VAR_client_secret=…": "TF_VAR_client_secret=a-secret",
	}
}

// usesScopedToken asks the Table API with the token of a client that is not broadly scoped.
func usesScopedToken(r *reader) map[string]string {
	r.t.Helper()
	letsTerraformIn(r)
	changes("oauth_entity", "client_id=terraform-client", servicenow.Record{"scope_restriction_status": "restricted"})(r)
	r.answers(http.MethodPost, r.w.ServiceNowURL()+"/oauth_token.do",
		"grant_type=client_credentials&client_id=terraform-client&client_secret=a-secret",
		map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(r.printed), &token); err != nil || token.AccessToken == "" {
		r.t.Fatal(err, r.printed)
	}
	r.answers(http.MethodGet, r.w.ServiceNowURL()+"/api/now/table/sys_user", "",
		map[string]string{"Authorization": "Bearer " + token.AccessToken})
	return nil
}

// answers keeps what a server answered to a request, for the block below.
func (r *reader) answers(method, address, body string, headers map[string]string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	r.printed = string(text)
}

// copiesKey is somebody who copies the key in a slot of the sender from its form.
func copiesKey(slot string) byHand {
	return func(r *reader) map[string]string {
		r.t.Helper()
		keys := r.w.ServiceNow.Records("api_key", "nameENDSWITH("+slot+")")
		if len(keys) != 1 {
			r.t.Fatalf("%d keys are in the slot %s", len(keys), slot)
		}
		return map[string]string{"now_…": r.w.ServiceNow.Secret("api_key", keys[0]["sys_id"], "token")}
	}
}

// changes is somebody who changes a record in its form.
func changes(table, query string, values servicenow.Record) byHand {
	return func(r *reader) map[string]string {
		r.t.Helper()
		rows := r.w.ServiceNow.Records(table, query)
		if len(rows) != 1 {
			r.t.Fatalf("%d records of %s match %s", len(rows), table, query)
		}
		if err := r.w.ServiceNow.Set(table, rows[0]["sys_id"], values); err != nil {
			r.t.Fatal(err)
		}
		return nil
	}
}

// request is what somebody does in Kibana's own pages.
func request(t *testing.T, w *acctest.World, method, path, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.KibanaURL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(acctest.KibanaUser, acctest.KibanaPassword)
	r.Header.Set("Kbn-Xsrf", "true")
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	var answer any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v, %v", method, path, response.Status, answer, err)
	}
	if list, ok := answer.([]any); ok && len(list) == 1 {
		answer = list[0]
	}
	object, _ := answer.(map[string]any)
	return object
}

// closeByHand sets in Kibana that a push leaves a case open.
func closeByHand(t *testing.T, w *acctest.World) {
	t.Helper()
	settings := request(t, w, http.MethodGet, "/api/cases/configure?owner=securitySolution", "")
	request(t, w, http.MethodPatch, fmt.Sprintf("/api/cases/configure/%v", settings["id"]),
		fmt.Sprintf(`{"closure_type": "close-by-user", "version": %q}`, settings["version"]))
}

// required is how a configuration names the provider.
const required = `terraform {
  required_providers {
    servicenow = { source = "seed-e98ff420/servicenow" }
  }
}
`

// Parts of guides that the reader replaces by their own.
const (
	guideInstance    = "https://dev12345.service-now.com"
	guideKibana      = "https://kibana.example.com:5601"
	guideCredentials = "SERVICENOW_USERNAME=terraform SERVICENOW_PASSWORD=…"
	guideKibanaKey   = "KIBANA_API_KEY=…"
)

var kibanaKey = base64.StdEncoding.EncodeToString([]byte("terraform:key"))

// own is what a reader has instead of the guide's examples.
func (g guide) own(t *testing.T, w *acctest.World) map[string]string {
	t.Helper()
	user, password := w.ServiceNow.AdminUser(), w.ServiceNow.AdminPassword()
	if g.roles != nil {
		user, password = "terraform", "a-long-password"
		person(t, w, servicenow.Record{"user_name": user, "user_password": password}, g.roles...)
	}
	own := map[string]string{
		guideInstance: w.ServiceNowURL(), guideKibana: w.KibanaURL(), guideKibanaKey: "KIBANA_API_KEY=" + kibanaKey,
		guideCredentials: fmt.Sprintf("SERVICENOW_USERNAME=%s SERVICENOW_PASSWORD=%s", user, password),
	}
	maps.Copy(own, g.fill)
	return own
}

// person makes a user that has exactly these roles.
func person(t *testing.T, w *acctest.World, values servicenow.Record, roles ...string) (id string) {
	t.Helper()
	id, err := w.ServiceNow.InsertDisplayed("sys_user", values)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range roles {
		rows := w.ServiceNow.Records("sys_user_role", "name="+role)
		if len(rows) != 1 {
			t.Fatalf("%d roles have the name %s", len(rows), role)
		}
		grant := servicenow.Record{"user": id, "role": rows[0]["sys_id"]}
		if _, err := w.ServiceNow.Insert("sys_user_has_role", grant); err != nil {
			t.Fatal(err)
		}
	}
	return id
}
