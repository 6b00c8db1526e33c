package simulator_test

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// platformEvidence is what is known of the platform's tables besides what the samples hold.
func platformEvidence() []statement {
	const health = "/api/" + elasticScope + "/elastic_api/health"
	writes := func(table string, values servicenow.Record, able ...string) func(*witness) {
		return func(w *witness) {
			for _, role := range able {
				_, as := w.account("with-"+role, role)
				w.answers(role, as.table(http.MethodPost, table, values), http.StatusCreated)
			}
			_, plain := w.account("plain", "itil")
			w.answers("without", plain.table(http.MethodPost, table, values), http.StatusForbidden)
		}
	}
	lines := func(unwrapped int) func(*witness) {
		return func(w *witness) {
			pem := w.certificate()
			head, body, _ := strings.Cut(pem, "\n")
			body, tail, _ := strings.Cut(body, "\n-----END")
			flat := head + "\n" + strings.ReplaceAll(body, "\n", "") + "\n-----END" + tail
			post := func(text string) reply {
				return w.table(
					http.MethodPost,
					"sys_certificate",
					servicenow.Record{"name": "c", "pem_certificate": text},
				)
			}
			w.answers("wrapped", post(pem), http.StatusCreated)
			w.answers("one line", post(flat), unwrapped)
		}
	}
	has := func(table string, columns ...string) func(*witness) {
		return func(w *witness) {
			r := w.create(table, servicenow.Record{"name": "n"})
			for _, column := range columns {
				if !r.hasColumn(column) {
					w.t.Errorf("%s has no %s", table, column)
				}
			}
		}
	}
	chosen := func(table, column string, values ...string) func(*witness) {
		return func(w *witness) {
			for _, value := range values {
				w.columns(w.create(table, servicenow.Record{"name": "n", "parameter_name": "p", column: value}),
					servicenow.Record{column: value})
			}
		}
	}
	unique := func(status int) func(*witness) {
		return func(w *witness) {
			w.create("sys_user", servicenow.Record{"user_name": "twin"})
			w.answers("twin", w.table(http.MethodPost, "sys_user", servicenow.Record{"user_name": "twin"}), status,
				"Unique Key violation detected by database (Duplicate entry 'twin' for key 'user_name')")
		}
	}
	sent := func(stored bool) func(*witness) {
		return func(w *witness) {
			values := servicenow.Record{"impact": "17", "caller_id": "00000000000000000000000000000000"}
			r := w.create("incident", values)
			for column, value := range values {
				if (r.column(column) == value) != stored {
					w.t.Errorf("%s is %q", column, r.column(column))
				}
			}
		}
	}
	pluginActive := func(want string) func(*witness) {
		return func(w *witness) {
			r := w.table(
				http.MethodGet,
				"v_plugin?sysparm_query=id=com.glide.tokenbased_auth&sysparm_fields=active",
				nil,
			)
			w.answers("v_plugin", r, http.StatusOK, `"active":"`+want+`"`)
		}
	}
	grants := func(rows int) func(*witness) {
		return func(w *witness) {
			user, _ := w.account("heir")
			role := w.ServiceNow.Records("sys_user_role", "name=itil")[0]["sys_id"]
			body := servicenow.Record{"user": user, "role": role}
			w.create("sys_user_has_role", body)
			w.table(http.MethodPost, "sys_user_has_role", body)
			if got := w.ServiceNow.Records("sys_user_has_role", "user="+user+"^role="+role); len(got) != rows {
				w.t.Errorf("%d rows", len(got))
			}
		}
	}
	// The header and the query parameter of the key, whatever the second one's type is called.
	parameters := func(rename string) func(*witness) {
		return func(w *witness) {
			find := func(more string) []servicenow.Record {
				return w.ServiceNow.Records("sys_token_auth_parameter", "parameter_name=x-sn-apikey"+more)
			}
			if rename != "" {
				if err := w.ServiceNow.Set("sys_token_auth_parameter", find("^type!=auth_header")[0]["sys_id"],
					servicenow.Record{"type": rename}); err != nil {
					w.t.Fatal(err)
				}
			}
			if all, header, query := find(""), find("^type=auth_header"), find("^type!=auth_header"); len(all) != 2 ||
				len(header) != 1 || len(query) != 1 || rename != "" && query[0]["type"] != rename {
				w.t.Errorf("parameters %v", all)
			}
		}
	}
	rapid7 := func(name string) func(*witness) {
		return func(w *witness) {
			row := w.ServiceNow.Records("sn_sec_int_config", "name=api_key")[0]
			if err := w.ServiceNow.Set("sn_sec_int_config", row["sys_id"], servicenow.Record{"name": name}); err != nil {
				w.t.Fatal(err)
			}
			r := w.table(http.MethodGet, "sn_sec_int_config?sysparm_query=name="+name, nil)
			w.answers("parameter", r, http.StatusOK, `"name":"`+name+`"`)
		}
	}
	r7 := instance(servicenow.Options{Apps: []string{servicenow.Rapid7Integration}})
	events := instance(servicenow.Options{Apps: []string{servicenow.EventConnectors}})
	sirHealth := func(status int) func(*witness) {
		return func(w *witness) {
			if status != http.StatusOK {
				api := w.ServiceNow.Records("sys_ws_definition", "namespace="+servicenow.ElasticSecOps)[0]["sys_id"]
				if err := w.ServiceNow.Set("sys_ws_definition", api, servicenow.Record{"active": "false"}); err != nil {
					w.t.Fatal(err)
				}
			}
			path := "/api/" + servicenow.ElasticSecOps + "/elastic_api/health"
			w.answers("health", w.do(http.MethodGet, w.ServiceNowURL()+path, nil), status)
		}
	}
	secOps := instance(servicenow.Options{Apps: []string{servicenow.ElasticSecOps}})
	return []statement{
		{
			id: "cors-roles", grade: documented, source: manual,
			says: "CORS rules are written with `cors_rule_admin`, `web_service_admin` or `admin`",
			shows: writes(
				"sys_cors_rule",
				servicenow.Record{"name": "c"},
				"cors_rule_admin",
				"web_service_admin",
				"admin",
			),
		},
		{
			id: "certificate-role", grade: documented, source: manual,
			says:  "Certificates are written with `admin` alone",
			shows: writes("sys_certificate", servicenow.Record{"name": "c"}, "admin"),
		},
		{
			id: "oauth-roles", grade: documented, source: manual,
			says:  "OAuth clients are written with `oauth_admin`, `mi_admin` or `admin`",
			shows: writes("oauth_entity", servicenow.Record{"name": "c"}, "oauth_admin", "mi_admin", "admin"),
		},
		{
			id: "cors-switch", grade: documented, source: manual,
			says: "The property `glide.rest.cors.enabled` turns CORS off, and without it is on",
			shows: func(w *witness) {
				api := w.ServiceNow.Records("sys_ws_definition", "namespace="+elasticScope)[0]["sys_id"]
				w.create("sys_cors_rule", servicenow.Record{
					"name": "c", "domain": "https://kibana.example.com", "rest_api": api, "get": "true",
				})
				allowed := func() string {
					request, err := http.NewRequestWithContext(
						w.t.Context(),
						http.MethodOptions,
						w.ServiceNowURL()+health,
						nil,
					)
					if err != nil {
						w.t.Fatal(err)
					}
					request.Header.Set("Origin", "https://kibana.example.com")
					request.Header.Set("Access-Control-Request-Method", http.MethodGet)
					response, err := w.client.Do(request)
					if err != nil {
						w.t.Fatal(err)
					}
					_ = response.Body.Close()
					return response.Header.Get("Access-Control-Allow-Origin")
				}
				if allowed() == "" {
					w.t.Error("off at the start")
				}
				w.ServiceNow.SetProperty("glide.rest.cors.enabled", "false")
				if allowed() != "" {
					w.t.Error("the property does nothing")
				}
			},
		},
		{
			id: "certificate-lines", grade: seen, source: clientCode, shows: lines(http.StatusCreated),
			says:    "A PEM in one line is taken; some instances refuse it",
			flip:    instance(servicenow.Options{StrictPEM: true}),
			flipped: lines(http.StatusForbidden),
		},
		{
			id: "certificate-parent", grade: seen, source: export,
			says: "`sys_certificate` does not extend `sys_metadata`: it has no scope",
			shows: func(w *witness) {
				if r := w.create("sys_certificate", servicenow.Record{"name": "c"}); r.hasColumn("sys_scope") {
					w.t.Errorf("%s", r.text)
				}
			},
		},
		{
			id: "certificate-types", grade: seen, source: platformScript + " and clients",
			says:  "`pkcs12_key_store` and `key_store` are the other types of a certificate",
			shows: chosen("sys_certificate", "type", "pkcs12_key_store", "key_store", "trust_store_cert"),
		},
		{
			id: "oauth-columns", grade: seen, source: export,
			says: "`oauth_entity` extends `sys_metadata` and has the columns of an older release's dictionary",
			shows: has(
				"oauth_entity",
				"access",
				"access_token_lifespan",
				"active",
				"auth_code_lifespan",
				"auth_url",
				"client_id",
				"client_secret",
				"comments",
				"default_grant_type",
				"id_token_lifespan",
				"logo_url",
				"name",
				"public_client",
				"redirect_url",
				"refresh_token_lifespan",
				"revoke_token_url",
				"send_client_credentials_as",
				"token_url",
				"type",
				"use_mutual_auth",
				"user",
				"sys_scope",
				"sys_package",
				"sys_policy",
				"sys_name",
				"sys_update_name",
			),
		},
		{
			id: "oauth-side-tables", grade: seen, source: clientCode,
			says: "Clients have profiles, scopes and auth scopes in tables beside `oauth_entity`",
			shows: func(w *witness) {
				client := w.create("oauth_entity", servicenow.Record{"name": "c"}).column("sys_id")
				profile := w.create("oauth_entity_profile", servicenow.Record{
					"name": "p", "oauth_entity": client, "grant_type": "client_credentials", "default": "true",
				}).column("sys_id")
				scope := w.create("oauth_entity_scope", servicenow.Record{
					"name": "s", "oauth_entity": client, "oauth_entity_scope": "useraccount",
				}).column("sys_id")
				row := servicenow.Record{"oauth_entity_profile": profile, "oauth_entity_scope": scope}
				w.columns(w.create("oauth_entity_profile_scope", row), row)
			},
		},
		{
			id: "oauth-types", grade: seen, source: clientCode,
			says: "The types of `oauth_entity`, its grant types and its token formats",
			shows: func(w *witness) {
				for column, values := range map[string][]string{
					"type": {"snc_instance", "oauth_provider", "auth_server", "client"},
					"inbound_grant_type": {
						"jwt", "oidc", "authz_code", "client_credential", "ropc", "internal", "multiple", "default",
						"not_applicable", "uncertain",
					},
					"token_format": {"opaque", "jwt"},
				} {
					chosen("oauth_entity", column, values...)(w)
				}
			},
		},
		{
			id: "jwt-defaults", grade: documented, source: manual,
			says: "A JWT endpoint checks `jti` and allows a clock skew of 300 seconds by default (another page says 0)",
			shows: func(w *witness) {
				w.columns(w.create("oauth_jwt", servicenow.Record{"name": "c"}),
					servicenow.Record{"enable_jti_verification": "true", "clock_skew": "300", "jti_claim": "jti"})
			},
		},
		{
			id: "several-verifiers", grade: documented, source: manual,
			says: "An endpoint may have several verifier maps, each with its key",
			shows: func(w *witness) {
				endpoint := w.create("oauth_jwt", servicenow.Record{"name": "c"}).column("sys_id")
				row := servicenow.Record{"name": "v", "oauth_jwt": endpoint}
				if a, b := w.create("jwt_verifier_map", row).column("kid"),
					w.create("jwt_verifier_map", row).column("kid"); a == "" || a == b {
					w.t.Errorf("kid %q and %q", a, b)
				}
			},
		},
		{
			id: "auth-parameters", grade: seen, source: "screenshots of instances",
			says: "Five auth parameters are shipped: header and query for keys and for signatures, and a token",
			shows: func(w *witness) {
				var got []string
				for _, row := range w.ServiceNow.Records("sys_token_auth_parameter", "ORDERBYparameter_name^ORDERBYtype") {
					got = append(got, row["parameter_name"])
				}
				if s := strings.Join(got, " "); s != "ni.nolog.token x-sn-apikey x-sn-apikey x-sn-hmac-signature-256 "+
					"x-sn-hmac-signature-256" {
					w.t.Errorf("%s", s)
				}
			},
		},
		{
			id: "auth-parameter-types", grade: inferred, source: nobody, shows: parameters(""),
			says:    "The parameter in the query has another `type` than `auth_header`, whatever it is called",
			flipped: parameters("auth_query"),
		},
		{
			id: "shipped-profiles", grade: seen, source: "screenshots of instances",
			says: "Profiles for basic authentication, certificates and ID tokens are shipped; the first one's name ends in a " +
				"blank",
			shows: func(w *witness) {
				for name, want := range map[string]servicenow.Record{
					"BasicAuth for none public processors ":             {"active": "false", "auth_processor": "true"},
					"Certificase Based Auth for none public processors": {"active": "false", "auth_processor": "true"},
					"ID Token": {"active": "true", "auth_processor": "false"},
				} {
					rows := w.ServiceNow.Records("inbound_auth_profile", "name="+name)
					if len(rows) != 1 || rows[0]["active"] != want["active"] ||
						rows[0]["auth_processor"] != want["auth_processor"] {
						w.t.Errorf("%s: %v", name, rows)
					}
				}
			},
		},
		{
			id: "shipped-policies", grade: seen, source: "screenshots of instances",
			says: "Inactive policies for GET and POST of the Table API are shipped",
			shows: func(w *witness) {
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					rows := w.ServiceNow.Records("sys_api_access_policy", "name=Table "+method+" API Access Policy")
					if len(rows) != 1 || rows[0]["active"] != "false" || rows[0]["api_path"] != "now/table" {
						w.t.Errorf("%s: %v", method, rows)
					}
				}
			},
		},
		{
			id: "scope-lock", grade: seen, source: export,
			says: "An ACL locks `disable_client_restriction` of an access scope",
			shows: func(w *witness) {
				scope := w.create("sys_auth_scope", servicenow.Record{"name": "s"}).column("sys_id")
				w.columns(w.create("sys_api_access_scope", servicenow.Record{
					"name": "a", "auth_scope": scope, "api": servicenow.TableAPI, "disable_client_restriction": "true",
				}), servicenow.Record{"disable_client_restriction": "false"})
			},
		},
		{
			id: "user-columns", grade: documented, source: snSDK,
			says: "`sys_user` has the SDK's columns and defaults; the name is made of first and last name",
			shows: func(w *witness) {
				r := w.create("sys_user", servicenow.Record{"user_name": "u", "first_name": "A", "last_name": "B"})
				w.columns(r, servicenow.Record{
					"name": "A B", "active": "true", "locked_out": "false", "password_needs_reset": "false",
					"web_service_access_only": "false", "internal_integration_user": "false",
					"enable_multifactor_authn": "false", "notification": "2", "calendar_integration": "1",
				})
				for _, column := range []string{
					"middle_name", "email", "title", "source", "federated_id", "identity_type", "manager", "department",
					"company", "location", "roles", "failed_attempts", "last_login_time",
				} {
					if !r.hasColumn(column) {
						w.t.Errorf("no %s", column)
					}
				}
			},
		},
		{
			id: "user-unique", grade: inferred, source: nobody, shows: unique(http.StatusForbidden),
			says:    "A second user of a name is 403 with the text of the platform's log",
			flip:    instance(servicenow.Options{UniqueViolationStatus: http.StatusBadRequest}),
			flipped: unique(http.StatusBadRequest),
		},
		{
			id: "invalid-values", grade: inferred, source: nobody, shows: sent(true),
			says:    "A choice that is none, and a reference to no row, are stored as sent",
			flip:    instance(servicenow.Options{DropInvalidValues: true}),
			flipped: sent(false),
		},
		{
			id: "role-columns", grade: documented, source: snSDK,
			says: "`sys_user_role` and its containment have the SDK's columns and defaults",
			shows: func(w *witness) {
				outer := w.create("sys_user_role", servicenow.Record{"name": "u_outer"})
				w.columns(outer, servicenow.Record{
					"elevated_privilege": "false", "can_delegate": "true", "grantable": "true", "scoped_admin": "false",
					"suffix": "u_outer",
				})
				inner := w.create("sys_user_role", servicenow.Record{"name": "u_inner"}).column("sys_id")
				row := servicenow.Record{"role": outer.column("sys_id"), "contains": inner}
				w.columns(w.create("sys_user_role_contains", row), row)
			},
		},
		{
			id: "grant-rows", grade: documented, source: noteArticles, shows: grants(1),
			says:    "A second grant of a role adds no row; with the older role management it does",
			flip:    instance(servicenow.Options{LegacyRoleManagement: true}),
			flipped: grants(2),
		},
		{
			id: "web-service-path", grade: documented, source: snSDK,
			says: "A web service's `base_uri` is made of namespace and API id, an operation's URI of both paths",
			shows: func(w *witness) {
				app := w.ServiceNow.Records("sys_scope", "scope="+elasticScope)[0]["sys_id"]
				api := w.create("sys_ws_definition?sysparm_transaction_scope="+app,
					servicenow.Record{"name": "a", "service_id": "mine"})
				w.columns(api, servicenow.Record{
					"namespace": elasticScope, "base_uri": "/api/" + elasticScope + "/mine",
					"default_version": "No active default version",
				})
				w.columns(w.create("sys_ws_operation?sysparm_transaction_scope="+app, servicenow.Record{
					"name": "o", "web_service_definition": api.column("sys_id"), "relative_path": "/x", "http_method": "GET",
				}), servicenow.Record{
					"operation_uri": "/api/" + elasticScope + "/mine/x", "requires_authentication": "true",
				})
			},
		},
		{
			id: "event-tables", grade: seen, source: platformScript, options: events,
			says: "`em_connector_instance` has host, credential, definition and what its last run said; its values are rows " +
				"of `em_connector_instance_value`",
			shows: func(w *witness) {
				has(
					"em_connector_instance",
					"host",
					"credential",
					"connector_definition",
					"last_run_time",
					"last_status",
					"last_error_message",
					"last_bi_directional_status",
					"last_event_signature",
					"active",
					"running",
				)(
					w,
				)
				pulls := w.create("em_connector_instance", servicenow.Record{"name": "z"}).column("sys_id")
				row := servicenow.Record{"connector_instance": pulls, "name": "port", "value": "443"}
				w.columns(w.create("em_connector_instance_value", row), row)
			},
		},
		{
			id: "integration-tables", grade: seen, source: clientCode, options: r7,
			says: "`sn_sec_int_integration`, `sn_sec_int_impl` and `sn_sec_int_config` have the columns that clients read",
			shows: func(w *witness) {
				has("sn_sec_int_integration", "id", "source", "integration_type", "short_description", "configurable",
					"order")(w)
				has("sn_sec_int_impl", "active", "integration", "is_default", "validation_status")(w)
				has("sn_sec_int_config", "label", "display_name", "elem_type", "mandatory", "default_value", "order",
					"integration", "password_value")(w)
			},
		},
		{
			id: "rapid7-names", grade: inferred, source: nobody, options: r7, shows: rapid7("api_key"),
			says: "Rapid7's API key is the parameter `api_key`; the row can be called otherwise", flip: r7,
			flipped: rapid7("insightvm_key"),
		},
		{
			id: "secops-health", grade: inferred, source: "by analogy with its CORS rule", options: secOps,
			says:  "The health API of Elastic's SecOps application is at its own `elastic_api`",
			shows: sirHealth(http.StatusOK), flip: secOps, flipped: sirHealth(http.StatusBadRequest),
		},
		{
			id: "plugin-active", grade: seen, source: clientCode, shows: pluginActive("active"),
			says:    "An active plugin reads `active`; on other instances `true`",
			flip:    instance(servicenow.Options{V2PluginActiveTrue: true}),
			flipped: pluginActive("true"),
		},
		{
			id: "privilege-runtime", grade: seen, source: clientCode,
			says: "The platform adds a privilege's row by itself when an application first asks for it",
			shows: func(w *witness) {
				to := w.ServiceNowURL() + "/api/now/import/" + elasticScope + "_elastic_incident"
				w.do(http.MethodPost, to, servicenow.Record{})
				if got := w.ServiceNow.Records("sys_scope_privilege", "status=requested"); len(got) != 6 {
					w.t.Errorf("%d rows", len(got))
				}
			},
		},
		{
			id: "query-no-escape", grade: documented, source: snSDK,
			says: "Nothing escapes `^` in a query, nor `,` in IN",
			shows: func(w *witness) {
				for _, name := range []string{"a^b", "a,b"} {
					w.create("sys_user_group", servicenow.Record{"name": name})
				}
				for _, query := range []string{"name=a^b", `name=a\^b`, "nameINa,b", `nameINa\,b`} {
					r := w.table(http.MethodGet, "sys_user_group?sysparm_query="+url.QueryEscape(query), nil)
					for _, name := range []string{`"a^b"`, `"a,b"`} {
						if strings.Contains(r.text, name) {
							w.t.Errorf("%s finds %s", query, name)
						}
					}
				}
			},
		},
		{
			id: "first-limit", grade: documented, source: manual,
			says: "A list without a limit has at most 10,000 rows",
			shows: func(w *witness) {
				for range 10_001 {
					w.insert("sys_user_group", servicenow.Record{"name": "many"})
				}
				r := w.table(http.MethodGet, "sys_user_group?sysparm_query=name=many&sysparm_fields=name", nil)
				if n := strings.Count(r.text, `"name":"many"`); n != 10_000 {
					w.t.Errorf("%d rows", n)
				}
			},
		},
	}
}
