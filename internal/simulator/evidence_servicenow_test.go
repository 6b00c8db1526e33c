package simulator_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const (
	clientCode = "clients said to work"
	export     = "exported records"
	manual     = "ServiceNow's documentation"
	measured   = "measured on an instance"
	nobody     = "not known"

	elasticScope = "x_elas2_inc_int"
	unscopedAPI  = "Access to unscoped api is not allowed"
)

func instance(opts servicenow.Options) simulator.Options { return simulator.Options{ServiceNow: opts} }

// granted switches the client-credentials grant on, as its clients need.
func (w *witness) granted() *witness {
	w.ServiceNow.SetProperty("glide.oauth.inbound.client.credential.grant_type.enabled", "true")
	return w
}

// oauthClient registers a client for the client-credentials grant by one of the recipes that are known.
func (w *witness) oauthClient(values servicenow.Record) reply {
	w.t.Helper()
	user, _ := w.account("robot", "itil")
	body := servicenow.Record{
		"name": "robot", "client_type": "integration_as_a_user", "inbound_grant_type": "client_credential",
		"default_grant_type": "client_credentials", "send_client_credentials_as": "request_body_parameter",
		"user": user, "client_secret": "secret",
	}
	maps.Copy(body, values)
	return w.create("oauth_entity", body)
}

func (w *witness) token(form url.Values) reply {
	w.t.Helper()
	return w.with("Accept", "application/json").do(http.MethodPost, w.ServiceNowURL()+"/oauth_token.do", form)
}

func (w *witness) clientToken(client reply, secret string) reply {
	w.t.Helper()
	return w.token(url.Values{
		"grant_type": {"client_credentials"}, "client_id": {client.column("client_id")}, "client_secret": {secret},
	})
}

// bearer is the witness with a token of a new client.
func (w *witness) bearer(values servicenow.Record) (client reply, as *witness) {
	w.t.Helper()
	client = w.granted().oauthClient(values)
	token := w.clientToken(client, "secret")
	w.answers("token", token, http.StatusOK)
	return client, w.with("Authorization", "Bearer "+token.at("access_token"))
}

// jwtEndpoint is a JWT endpoint with a verifier that names no kid, and with the user kibana.
type jwtEndpoint struct {
	*witness
	id, clientID, kid string
	key               any
}

// certified is the PEM of a certificate for a key.
func (w *witness) certified(key any, public any) string {
	w.t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kibana"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func (w *witness) certificate() string {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.certified(key, key.Public())
}

func (w *witness) jwtEndpoint(key any, public any, values servicenow.Record) *jwtEndpoint {
	w.t.Helper()
	w.account("kibana", "itil")
	body := servicenow.Record{
		"name": "kibana", "user_field": "email", "client_secret": "secret", "scope_restriction_status": "unrestricted",
	}
	maps.Copy(body, values)
	endpoint := w.create("oauth_jwt", body)
	certificate := w.create("sys_certificate", servicenow.Record{
		"name": "kibana", "pem_certificate": w.certified(key, public),
	})
	verifier := w.create("jwt_verifier_map", servicenow.Record{
		"name": "kibana", "oauth_jwt": endpoint.column("sys_id"), "sys_certificate": certificate.column("sys_id"),
	})
	return &jwtEndpoint{
		witness: w, key: key, id: endpoint.column("sys_id"), clientID: endpoint.column("client_id"),
		kid: verifier.column("kid"),
	}
}

// assert exchanges an assertion; a jti of "" is left out, as Kibana leaves it out.
func (e *jwtEndpoint) assert(method jwt.SigningMethod, jti string) reply {
	e.t.Helper()
	claims := jwt.MapClaims{
		"sub": "kibana@example.com", "aud": e.clientID, "iss": e.clientID, "iat": time.Now().Unix(),
		"exp": time.Now().Add(time.Hour).Unix(),
	}
	if jti != "" {
		claims["jti"] = jti
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = e.kid
	signed, err := token.SignedString(e.key)
	if err != nil {
		e.t.Fatal(err)
	}
	return e.token(url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {e.clientID},
		"client_secret": {"secret"}, "assertion": {signed},
	})
}

func (w *witness) rsaEndpoint(values servicenow.Record) *jwtEndpoint {
	w.t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.jwtEndpoint(key, key.Public(), values)
}

func (w *witness) ecEndpoint() *jwtEndpoint {
	w.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.jwtEndpoint(key, key.Public(), nil)
}

func oauthEvidence() []statement {
	recipe := func(values servicenow.Record) func(*witness) {
		return func(w *witness) {
			values := maps.Clone(values)
			values["scope_restriction_status"] = "unrestricted"
			client, bearer := w.bearer(values)
			w.columns(client, values)
			w.columns(client, servicenow.Record{"access_token_lifespan": "1800", "refresh_token_lifespan": "8640000"})
			w.answers("with the token", bearer.table(http.MethodGet, "incident", nil), http.StatusOK)
		}
	}
	defaultIs := func(want string) func(*witness) {
		return func(w *witness) {
			for _, table := range []string{"oauth_entity", "oauth_jwt"} {
				w.columns(w.create(table, servicenow.Record{"name": "c"}),
					servicenow.Record{"scope_restriction_status": want})
			}
		}
	}
	switchedOff := func(want string) func(*witness) {
		return func(w *witness) {
			w.answers("the grant is off", w.clientToken(w.oauthClient(nil), "secret"), http.StatusUnauthorized, want)
		}
	}
	readsBack := func(encrypted bool) func(*witness) {
		return func(w *witness) {
			made := w.create("oauth_entity", servicenow.Record{"name": "c", "client_secret": "c4nary"})
			record := "oauth_entity/" + made.column("sys_id")
			changed := w.table(http.MethodPatch, record, servicenow.Record{"client_secret": "c4nary"})
			read := w.table(http.MethodGet, record, nil)
			listed := w.table(http.MethodGet, "oauth_entity?sysparm_fields=client_secret&sysparm_query=name=c", nil)
			for what, r := range map[string]reply{"POST": made, "PATCH": changed, "GET": read, "list": listed} {
				w.answers(what, r, r.status, `"client_secret":"`)
				if shown := !strings.Contains(r.text, `"client_secret":""`); shown != encrypted ||
					strings.Contains(r.text, "c4nary") {
					w.t.Errorf("%s: %s", what, r.text)
				}
			}
			if encrypted && made.column("client_secret") == changed.column("client_secret") {
				w.t.Error("a second write left the encrypted text as it was")
			}
		}
	}
	withoutJTI := func(status int) func(*witness) {
		return func(w *witness) {
			e := w.rsaEndpoint(nil)
			w.answers("with jti", e.assert(jwt.SigningMethodRS256, "1"), http.StatusOK)
			w.answers("without jti", e.assert(jwt.SigningMethodRS256, ""), status)
		}
	}
	return []statement{
		{
			id: "oauth-restriction-values", grade: seen, source: clientCode,
			says: "`scope_restriction_status` of `oauth_entity` and `oauth_jwt` stores `unrestricted`, `restricted` or " +
				"the name of a scope",
			shows: func(w *witness) {
				for _, table := range []string{"oauth_entity", "oauth_jwt"} {
					for _, value := range []string{"unrestricted", "restricted", "useraccount"} {
						row := servicenow.Record{"name": value, "scope_restriction_status": value}
						w.columns(w.create(table, row), row)
					}
				}
			},
		},
		{
			id: "oauth-restriction-releases", grade: documented, source: manual,
			options: instance(servicenow.Options{Release: servicenow.Yokohama}),
			says:    "`scope_restriction_status` has existed since Yokohama",
			shows: func(w *witness) {
				if r := w.create("oauth_jwt", servicenow.Record{"name": "c"}); !r.hasColumn(
					"scope_restriction_status",
				) {
					w.t.Errorf("Yokohama: %s", r.text)
				}
				older := &witness{pair: start(w.t, instance(servicenow.Options{Release: servicenow.Xanadu}))}
				r := older.create(
					"oauth_jwt",
					servicenow.Record{"name": "c", "scope_restriction_status": "unrestricted"},
				)
				if r.hasColumn("scope_restriction_status") {
					w.t.Errorf("Xanadu: %s", r.text)
				}
			},
		},
		{
			id: "oauth-restriction-default", grade: inferred, source: nobody, shows: defaultIs("restricted"),
			says:    "From Zurich on a client that is posted without it is securely scoped",
			flip:    instance(servicenow.Options{DefaultScopeRestriction: "useraccount"}),
			flipped: defaultIs("useraccount"),
		},
		{
			id: "oauth-unscoped-api", grade: seen, source: measured,
			says: "A securely scoped client gets its token, and 403 from every API without an auth scope",
			shows: func(w *witness) {
				_, bearer := w.bearer(servicenow.Record{"scope_restriction_status": "restricted"})
				for _, path := range []string{"/api/now/table/incident", "/api/now/stats/incident?sysparm_count=true"} {
					r := bearer.do(http.MethodGet, w.ServiceNowURL()+path, nil)
					w.answers(path, r, http.StatusForbidden, `"message":"User Not Authorized"`,
						`"detail":"`+unscopedAPI+`"`, `"status":"failure"`)
				}
			},
		},
		{
			id: "oauth-useraccount", grade: seen, source: measured,
			says: "The scope `useraccount` opens every API to such a client, at once and for tokens that it has",
			shows: func(w *witness) {
				client, bearer := w.bearer(servicenow.Record{"scope_restriction_status": "restricted"})
				w.answers("before", bearer.table(http.MethodGet, "incident", nil), http.StatusForbidden)
				scope := w.ServiceNow.Records("sys_auth_scope", "name=useraccount")[0]["sys_id"]
				w.create("oauth_entity_auth_scope_mapping", servicenow.Record{
					"oauth_entity": client.column("sys_id"), "auth_scope": scope,
				})
				w.answers("after", bearer.table(http.MethodGet, "incident", nil), http.StatusOK)
			},
		},
		{
			id: "oauth-allow-unscoped", grade: seen, source: clientCode,
			says: "The property `glide.security.oauth_allow_unscoped_clients` lifts the restriction",
			shows: func(w *witness) {
				_, bearer := w.bearer(servicenow.Record{"scope_restriction_status": "restricted"})
				w.ServiceNow.SetProperty("glide.security.oauth_allow_unscoped_clients", "true")
				w.answers("lifted", bearer.table(http.MethodGet, "incident", nil), http.StatusOK)
				w.ServiceNow.SetProperty("glide.security.oauth_allow_unscoped_clients", "false")
				w.answers("back", bearer.table(http.MethodGet, "incident", nil), http.StatusForbidden, unscopedAPI)
			},
		},
		{
			id: "oauth-client-integration", grade: seen, source: clientCode,
			says: "A client for client credentials is made with `client_type` and `inbound_grant_type = client_credential`",
			shows: recipe(servicenow.Record{
				"client_type": "integration_as_a_user", "inbound_grant_type": "client_credential",
			}),
		},
		{
			id: "oauth-client-type", grade: seen, source: clientCode,
			says: "Another such client is made with `type = client` and `inbound_grant_type = client_credentials`",
			shows: recipe(servicenow.Record{
				"client_type": "", "type": "client", "inbound_grant_type": "client_credentials",
				"public_client": "false", "token_format": "opaque", "sub_claim": "sys_id",
			}),
		},
		{
			id: "oauth-grant-property", grade: seen, source: clientCode, shows: switchedOff(`"error":"server_error"`),
			says: "Without its property the client-credentials grant is refused as `server_error`, or as " +
				"`unsupported_grant_type`",
			flip:    instance(servicenow.Options{UnsupportedGrantError: true}),
			flipped: switchedOff(`"error":"unsupported_grant_type"`),
		},
		{
			id: "oauth-secret", grade: seen, source: clientCode,
			says: "A `client_secret` is posted in clear and rotated by PATCH",
			shows: func(w *witness) {
				client := w.granted().oauthClient(servicenow.Record{"client_secret": "c4nary-1"})
				w.answers("rotate", w.table(http.MethodPatch, "oauth_entity/"+client.column("sys_id"),
					servicenow.Record{"client_secret": "c4nary-2"}), http.StatusOK)
				w.answers("old secret", w.clientToken(client, "c4nary-1"), http.StatusUnauthorized)
				w.answers("new secret", w.clientToken(client, "c4nary-2"), http.StatusOK)
			},
		},
		{
			id: "oauth-secret-read", grade: seen, source: clientCode, shows: readsBack(false),
			says:    "A `client_secret` does not read back in clear: it is empty, or encrypted",
			flip:    instance(servicenow.Options{ShowEncryptedSecrets: true}),
			flipped: readsBack(true),
		},
		{
			id: "oauth-kid", grade: documented, source: manual,
			says: "A blank `kid` of a verifier map is filled in, and assertions that name it pass",
			shows: func(w *witness) {
				e := w.rsaEndpoint(nil)
				if e.kid == "" {
					w.t.Error("no kid")
				}
				w.answers("its kid", e.assert(jwt.SigningMethodRS256, "1"), http.StatusOK)
				e.kid = "another"
				w.answers("another kid", e.assert(jwt.SigningMethodRS256, "2"), http.StatusUnauthorized)
			},
		},
		{
			id: "oauth-zurich-columns", grade: documented, source: manual,
			options: instance(servicenow.Options{Release: servicenow.Yokohama}),
			says:    "`jti_claim`, `jwks_url` and ES256 are new in Zurich",
			shows: func(w *witness) {
				zurich := &witness{pair: start(w.t, instance(servicenow.Options{Release: servicenow.Zurich}))}
				for name, in := range map[string]*witness{"Yokohama": w, "Zurich": zurich} {
					status := http.StatusUnauthorized
					if in == zurich {
						status = http.StatusOK
					}
					e := in.ecEndpoint()
					in.answers(name+" ES256", e.assert(jwt.SigningMethodES256, "1"), status)
					row := in.table(http.MethodGet, "oauth_jwt/"+e.id, nil)
					for _, column := range []string{"jti_claim", "jwks_url"} {
						if row.hasColumn(column) != (in == zurich) {
							in.t.Errorf("%s: %s in %s", name, column, row.text)
						}
					}
				}
			},
		},
		{
			id: "oauth-no-ps", grade: documented, source: manual,
			says: "No release takes PS256",
			shows: func(w *witness) {
				for _, release := range servicenow.Releases() {
					in := &witness{pair: start(w.t, instance(servicenow.Options{Release: release}))}
					e := in.rsaEndpoint(nil)
					in.answers(string(release)+" RS256", e.assert(jwt.SigningMethodRS256, "1"), http.StatusOK)
					in.answers(string(release)+" PS256", e.assert(jwt.SigningMethodPS256, "2"), http.StatusUnauthorized)
				}
			},
		},
		{
			id: "oauth-jti-default", grade: documented, source: manual,
			says: "JTI verification is on by default; off, an assertion without `jti` passes",
			shows: func(w *witness) {
				w.columns(w.create("oauth_jwt", servicenow.Record{"name": "c"}),
					servicenow.Record{"enable_jti_verification": "true"})
				e := w.rsaEndpoint(servicenow.Record{"enable_jti_verification": "false"})
				w.answers("off", e.assert(jwt.SigningMethodRS256, ""), http.StatusOK)
			},
		},
		{
			id: "oauth-jti-missing", grade: inferred, source: nobody, shows: withoutJTI(http.StatusUnauthorized),
			says:    "While JTI verification is on, an assertion without `jti` is refused",
			flip:    instance(servicenow.Options{AcceptMissingJTI: true}),
			flipped: withoutJTI(http.StatusOK),
		},
	}
}

func authScopeEvidence() []statement {
	// scopeFor opens the Table API to an auth scope and returns the scope's sys_id.
	scopeFor := func(w *witness) string {
		scope := w.create("sys_auth_scope", servicenow.Record{"name": "tickets"}).column("sys_id")
		w.create("sys_api_access_scope", servicenow.Record{
			"name": "tables", "api": servicenow.TableAPI, "auth_scope": scope, "apply_all_methods": "true",
			"apply_all_resources": "true", "apply_all_versions": "true",
		})
		return scope
	}
	second := func(otherMethod int) func(*witness) {
		return func(w *witness) {
			scope := w.create("sys_auth_scope", servicenow.Record{"name": "s"}).column("sys_id")
			post := func(method string) reply {
				return w.table(http.MethodPost, "sys_api_access_scope", servicenow.Record{
					"name": "n", "api": servicenow.ImportSetAPI, "auth_scope": scope, "http_method": method,
				})
			}
			w.answers("first", post(http.MethodGet), http.StatusCreated)
			w.answers("second", post(http.MethodGet), http.StatusForbidden, "aborted by Business Rule")
			w.answers("another method", post(http.MethodPost), otherMethod)
		}
	}
	return []statement{
		{
			id: "scope-columns", grade: seen, source: export,
			says: "`sys_auth_scope` has a name and a description and no `active`; `sys_api_access_scope` names " +
				"API, method, resource and version",
			shows: func(w *witness) {
				r := w.create("sys_auth_scope", servicenow.Record{"name": "s", "description": "d", "active": "true"})
				w.columns(r, servicenow.Record{"name": "s", "description": "d"})
				if r.hasColumn("active") {
					w.t.Errorf("sys_auth_scope: %s", r.text)
				}
				row := servicenow.Record{
					"name": "a", "auth_scope": r.column("sys_id"), "api": servicenow.TableAPI, "http_method": "GET",
					"version": "v2", "api_resource": "/now/table/{tableName}", "apply_all_methods": "false",
					"apply_all_resources": "false", "apply_all_versions": "false", "active": "true",
				}
				made := w.create("sys_api_access_scope", row)
				w.columns(made, row)
				w.columns(made, servicenow.Record{"api_path": "now/table", "disable_client_restriction": "false"})
			},
		},
		{
			id: "scope-lock-out", grade: seen, source: measured,
			says: "From the moment an API has a scope record every token loses it, until its client has the scope; basic " +
				"authentication does not",
			shows: func(w *witness) {
				client, bearer := w.bearer(servicenow.Record{"scope_restriction_status": "unrestricted"})
				incidents := func() reply { return bearer.table(http.MethodGet, "incident", nil) }
				w.answers("open", incidents(), http.StatusOK)
				scope := scopeFor(w)
				w.answers("locked out", incidents(), http.StatusForbidden, "Missing required api access scope: tickets")
				w.answers("basic authentication", w.table(http.MethodGet, "incident", nil), http.StatusOK)
				w.create("oauth_entity_auth_scope_mapping", servicenow.Record{
					"oauth_entity": client.column("sys_id"), "auth_scope": scope,
				})
				w.answers("with the scope", incidents(), http.StatusOK)
			},
		},
		{
			id: "scope-opens-restricted", grade: seen, source: export,
			says: "A securely scoped client reaches the APIs of its scopes and no other",
			shows: func(w *witness) {
				client, bearer := w.bearer(servicenow.Record{"scope_restriction_status": "restricted"})
				w.create("oauth_entity_auth_scope_mapping", servicenow.Record{
					"oauth_entity": client.column("sys_id"), "auth_scope": scopeFor(w),
				})
				w.answers("its API", bearer.table(http.MethodGet, "incident", nil), http.StatusOK)
				other := w.ServiceNowURL() + "/api/now/stats/incident?sysparm_count=true"
				w.answers("another", bearer.do(http.MethodGet, other, nil), http.StatusForbidden, unscopedAPI)
			},
		},
		{
			id: "scope-one-per-path", grade: inferred, source: nobody, shows: second(http.StatusCreated),
			says:    "A business rule refuses a second scope record of one path; other methods count as other paths",
			flip:    instance(servicenow.Options{OneAccessScopePerAPI: true}),
			flipped: second(http.StatusForbidden),
		},
	}
}

func accessEvidence() []statement {
	const restriction = "glide.authenticate.basic_auth.restriction."
	restRole := func(status int) func(*witness) {
		return func(w *witness) {
			_, plain := w.account("plain", "itil")
			_, able := w.account("able", "itil", "snc_platform_rest_api_access")
			w.answers("without the role", plain.table(http.MethodGet, "incident", nil), status)
			w.answers("with the role", able.table(http.MethodGet, "incident", nil), http.StatusOK)
		}
	}
	policy := func(w *witness, values servicenow.Record) reply {
		row := servicenow.Record{
			"name": "p", "api": servicenow.TableAPI, "apply_all_methods": "true", "apply_all_resources": "true",
			"apply_all_versions": "true", "apply_all_tables": "true",
		}
		maps.Copy(row, values)
		return w.create("sys_api_access_policy", row)
	}
	// keyed makes an API key and a profile for it, and returns the witness that shows the key.
	keyed := func(w *witness) (profile string, as *witness) {
		user, _ := w.account("keyed", "itil")
		key := w.create("api_key", servicenow.Record{"name": "k", "user": user}).column("sys_id")
		header := w.ServiceNow.Records("sys_token_auth_parameter", "parameter_name=x-sn-apikey^type=auth_header")[0]
		profile = w.create("http_key_auth", servicenow.Record{"name": "k", "auth_parameter": header["sys_id"]}).
			column("sys_id")
		return profile, w.with("X-Sn-Apikey", w.ServiceNow.Secret("api_key", key, "token"))
	}
	mapProfile := func(w *witness, policy, profile string) {
		w.create("sys_auth_profile_mapping", servicenow.Record{
			"api_access_policy": policy, "inbound_auth_profile": profile,
		})
	}
	policyAPI := func(created string) func(*witness) {
		return func(w *witness) {
			made := policy(w, nil)
			w.columns(made, servicenow.Record{"api": created})
			w.columns(w.table(http.MethodPatch, "sys_api_access_policy/"+made.column("sys_id"),
				servicenow.Record{"api": servicenow.TableAPI}), servicenow.Record{"api": servicenow.TableAPI})
		}
	}
	return []statement{
		{
			id: "basic-refused", grade: seen, source: measured,
			options: instance(servicenow.Options{Release: servicenow.Australia}),
			says:    "Australia refuses basic authentication of interactive accounts, administrators included",
			shows: func(w *witness) {
				for _, role := range []string{"itil", "admin"} {
					_, person := w.account("person-"+role, role)
					w.answers(role, person.table(http.MethodGet, "incident", nil), http.StatusUnauthorized,
						"User Not Authenticated", "Required to provide Auth information")
				}
			},
		},
		{
			id: "basic-passes", grade: documented, source: manual,
			options: instance(servicenow.Options{Release: servicenow.Australia}),
			says: "Web-service-only accounts, MID servers and the role `snc_basic_auth_api_access`, or another that is " +
				"named, pass",
			shows: func(w *witness) {
				robot, asRobot := w.account("robot", "itil")
				if err := w.ServiceNow.Set("sys_user", robot,
					servicenow.Record{"web_service_access_only": "true"}); err != nil {
					w.t.Fatal(err)
				}
				_, mid := w.account("mid", "mid_server")
				_, role := w.account("role", "snc_basic_auth_api_access")
				for name, as := range map[string]*witness{"web service": asRobot, "MID server": mid, "role": role} {
					w.answers(name, as.table(http.MethodGet, "sys_user", nil), http.StatusOK)
				}
				_, other := w.account("other", "itil")
				w.answers("before", other.table(http.MethodGet, "incident", nil), http.StatusUnauthorized)
				w.ServiceNow.SetProperty("glide.authenticate.basic_auth.allowed_roles", "itil")
				w.answers("named role", other.table(http.MethodGet, "incident", nil), http.StatusOK)
			},
		},
		{
			id: "basic-zurich", grade: seen, source: measured,
			options: instance(servicenow.Options{Release: servicenow.Zurich}),
			says:    "Zurich has the restriction's properties and does not enforce it",
			shows: func(w *witness) {
				for _, name := range []string{"active", "enforce", "enforcement_date", "default_decision"} {
					r := w.table(http.MethodGet, "sys_properties?sysparm_query=name="+restriction+name, nil)
					w.answers(name, r, http.StatusOK, restriction+name)
				}
				_, person := w.account("person", "itil")
				w.answers("interactive", person.table(http.MethodGet, "incident", nil), http.StatusOK)
				w.ServiceNow.SetProperty(restriction+"enforce", "true")
				w.answers("enforced", person.table(http.MethodGet, "incident", nil), http.StatusUnauthorized)
			},
		},
		{
			id: "rest-role", grade: inferred, source: "two contradicting answers of the community",
			says:    "REST needs no `snc_platform_rest_api_access`",
			shows:   restRole(http.StatusOK),
			flip:    instance(servicenow.Options{RequireRESTRole: true}),
			flipped: restRole(http.StatusForbidden),
		},
		{
			id: "policy-apply-all", grade: seen, source: export,
			says: "`apply_all` of an access policy covers all methods, versions and resources",
			shows: func(w *witness) {
				profile, key := keyed(w)
				made := policy(
					w,
					servicenow.Record{"apply_all_methods": "false", "http_method": "POST"},
				).column("sys_id")
				mapProfile(w, made, profile)
				w.answers("other method", key.table(http.MethodGet, "incident", nil), http.StatusUnauthorized)
				w.answers("apply_all", w.table(http.MethodPatch, "sys_api_access_policy/"+made,
					servicenow.Record{"apply_all": "true"}), http.StatusOK)
				w.answers("all methods", key.table(http.MethodGet, "incident", nil), http.StatusOK)
			},
		},
		{
			id: "policy-profiles", grade: documented, source: manual,
			says: "A policy may map several profiles; methods that none of them is for are refused",
			shows: func(w *witness) {
				profile, key := keyed(w)
				basic := w.create("std_http_auth", servicenow.Record{"name": "b", "type": "basic_auth"}).
					column("sys_id")
				made := policy(w, nil).column("sys_id")
				mapProfile(w, made, basic)
				w.answers("key alone", key.table(http.MethodGet, "incident", nil), http.StatusUnauthorized)
				mapProfile(w, made, profile)
				w.answers("key", key.table(http.MethodGet, "incident", nil), http.StatusOK)
				w.answers("basic", w.table(http.MethodGet, "incident", nil), http.StatusOK)
			},
		},
		{
			id: "policy-api", grade: inferred, source: "one source that contradicts others",
			says:    "`api` of an access policy is kept from a create",
			shows:   policyAPI(servicenow.TableAPI),
			flip:    instance(servicenow.Options{DropAPIOnPolicyCreate: true}),
			flipped: policyAPI(""),
		},
		{
			id: "api-key-without-scope", grade: seen, source: clientCode,
			says: "An API key works without an auth scope",
			shows: func(w *witness) {
				profile, key := keyed(w)
				mapProfile(w, policy(w, nil).column("sys_id"), profile)
				w.answers("key", key.table(http.MethodGet, "incident", nil), http.StatusOK)
			},
		},
	}
}

func tableAPIEvidence() []statement {
	application := func(w *witness) string { return w.ServiceNow.Records("sys_scope", "scope="+elasticScope)[0]["sys_id"] }
	const named = "?sysparm_transaction_scope="
	crossing := func(status int) func(*witness) {
		return func(w *witness) {
			app := application(w)
			made := w.table(http.MethodPost, "sys_cors_rule"+named+app, servicenow.Record{"name": "c"})
			path := "sys_cors_rule/" + made.column("sys_id")
			change := servicenow.Record{"max_age": "5"}
			w.answers("as Global", w.table(http.MethodPatch, path, change), status)
			w.answers("in its scope", w.table(http.MethodPatch, path+named+app, change), http.StatusOK)
			if status == http.StatusForbidden {
				w.answers("delete as Global", w.table(http.MethodDelete, path, nil), status)
			}
			w.answers("delete in its scope", w.table(http.MethodDelete, path+named+app, nil), http.StatusNoContent)
		}
	}
	naming := func(status int) func(*witness) {
		return func(w *witness) {
			row := servicenow.Record{"name": "u_role"}
			w.answers("named", w.table(http.MethodPost, "sys_user_role"+named+"global", row), status)
			written := len(w.ServiceNow.Records("sys_user_role", "name=u_role")) > 0
			if written != (status == http.StatusCreated) {
				w.t.Errorf("written: %t", written)
			}
			if !written {
				w.answers("without", w.table(http.MethodPost, "sys_user_role", row), http.StatusCreated)
			}
		}
	}
	ownID := func(honoured bool) func(*witness) {
		return func(w *witness) {
			const id = "0123456789abcdef0123456789abcdef"
			made := w.create("sys_user_group", servicenow.Record{"name": "g", "sys_id": id})
			if got := made.column("sys_id"); (got == id) != honoured || len(got) != 32 {
				w.t.Errorf("sys_id %q", got)
			}
		}
	}
	plainPassword := func(status int) func(*witness) {
		return func(w *witness) {
			w.create("sys_user", servicenow.Record{"user_name": "plain", "user_password": "pw"})
			w.answers("plain", w.as("plain", "pw").table(http.MethodGet, "sys_user", nil), status)
			w.create("sys_user?sysparm_input_display_value=true",
				servicenow.Record{"user_name": "hashed", "user_password": "pw"})
			w.answers("hashed", w.as("hashed", "pw").table(http.MethodGet, "sys_user", nil), http.StatusOK)
		}
	}
	return []statement{
		{
			id: "scope-of-creates", grade: seen, source: measured,
			says: "`sys_scope` in a body does nothing: a record lands in the scope that the request names, else in the " +
				"account's current application",
			shows: func(w *witness) {
				app := application(w)
				post := func(query, name string) reply {
					return w.create("sys_user_role"+query, servicenow.Record{"name": name, "sys_scope": app})
				}
				w.columns(post("", "a"), servicenow.Record{"sys_scope": "global"})
				w.columns(post(named+app, "b"), servicenow.Record{"sys_scope": app})
				if err := w.ServiceNow.SetCurrentApplication("admin", elasticScope); err != nil {
					w.t.Fatal(err)
				}
				w.columns(post("", "c"), servicenow.Record{"sys_scope": app})
				w.columns(post(named+"global", "d"), servicenow.Record{"sys_scope": "global"})
			},
		},
		{
			id: "cross-scope-writes", grade: seen, source: measured, shows: crossing(http.StatusForbidden),
			says:    "A scoped record is changed and deleted in its own scope only; as Global that is a 403",
			flip:    instance(servicenow.Options{AllowCrossScopeWrites: true}),
			flipped: crossing(http.StatusOK),
		},
		{
			id: "named-scope-400", grade: seen, source: measured, shows: naming(http.StatusCreated),
			says:    "A write may name its scope; some instances answer 400 to that and write nothing",
			flip:    instance(servicenow.Options{RefuseTransactionScope: http.StatusBadRequest}),
			flipped: naming(http.StatusBadRequest),
		},
		{
			id: "named-scope-403", grade: seen, source: measured, shows: naming(http.StatusCreated),
			says:    "Other instances answer 403 to a named scope and write nothing",
			flip:    instance(servicenow.Options{RefuseTransactionScope: http.StatusForbidden}),
			flipped: naming(http.StatusForbidden),
		},
		{
			id: "scope-of-tables", grade: seen, source: clientCode,
			options: instance(servicenow.Options{Apps: []string{servicenow.EventConnectors}}),
			says:    "`sys_db_object` names the scope of a table, which records of a scoped application's tables take",
			shows: func(w *witness) {
				app := w.ServiceNow.Records("sys_scope", "scope="+servicenow.EventConnectors)[0]["sys_id"]
				r := w.table(http.MethodGet, "sys_db_object?sysparm_query=name=sn_em_connector_listener", nil)
				w.answers("the table's scope", r, http.StatusOK, app)
				w.columns(w.create("sn_em_connector_listener"+named+app, servicenow.Record{"name": "l", "source": "s"}),
					servicenow.Record{"sys_scope": app})
			},
		},
		{
			id: "web-service-access", grade: seen, source: measured,
			says: "A table without web service access answers 403 with `WebServicePolicyValidator`",
			shows: func(w *witness) {
				if err := w.ServiceNow.SetWebServiceAccess("incident", false); err != nil {
					w.t.Fatal(err)
				}
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					w.answers(method, w.table(method, "incident", servicenow.Record{}), http.StatusForbidden,
						"WebServicePolicyValidator")
				}
				w.answers("another table", w.table(http.MethodGet, "sys_user", nil), http.StatusOK)
			},
		},
		{
			id: "client-sys-id", grade: seen, source: measured, shows: ownID(true),
			says:    "An insert honours a given `sys_id`",
			flip:    instance(servicenow.Options{IgnoreClientSysID: true}),
			flipped: ownID(false),
		},
		{
			id: "put-merges", grade: seen, source: measured,
			says: "PUT merges like PATCH",
			shows: func(w *witness) {
				made := w.create("sys_user_group", servicenow.Record{"name": "g", "description": "kept"})
				w.columns(
					w.table(http.MethodPut, "sys_user_group/"+made.column("sys_id"), servicenow.Record{"name": "h"}),
					servicenow.Record{"name": "h", "description": "kept"},
				)
			},
		},
		{
			id: "plain-password", grade: seen, source: measured, shows: plainPassword(http.StatusUnauthorized),
			says:    "A plain `user_password` matches no login; `sysparm_input_display_value=true` hashes it",
			flip:    instance(servicenow.Options{PasswordHashedAlways: true}),
			flipped: plainPassword(http.StatusOK),
		},
	}
}

func tableEvidence() []statement {
	integrationTables := []string{"sn_sec_int_integration", "sn_sec_int_impl", "sn_sec_int_impl_config"}
	events := instance(servicenow.Options{Apps: []string{servicenow.EventConnectors}})
	integrations := instance(servicenow.Options{Apps: []string{servicenow.SecurityIntegrations}})
	return []statement{
		{
			id: "listener-columns", grade: seen, source: measured, options: events,
			says: "`sn_em_connector_listener` has script, order, header, event source label and MID script " +
				"include, `type` is 1, and a record posted without a scope is in Global",
			shows: func(w *witness) {
				script := w.create("sys_script_include", servicenow.Record{"name": "s"}).column("sys_id")
				row := servicenow.Record{
					"name": "l", "source": "s", "script": "1", "active": "true", "order": "7", "header_name": "X-A",
					"event_source_label": "S", "description": "d", "mid_server_script_include": script,
				}
				made := w.create("sn_em_connector_listener", row)
				w.columns(made, row)
				w.columns(made, servicenow.Record{"type": "1", "sys_scope": "global"})
			},
		},
		{
			id: "listener-alone", grade: seen, source: measured, options: events,
			says: "Inbound events work with the listener alone",
			shows: func(w *witness) {
				_, sender := w.account("sender", "evt_mgmt_integration")
				post := func() reply {
					return sender.do(http.MethodPost, w.ServiceNowURL()+
						"/api/sn_em_connector/em/inbound_event?source=mine", map[string]any{"node": "db1"})
				}
				w.answers("without", post(), http.StatusBadRequest)
				w.create("sn_em_connector_listener", servicenow.Record{"name": "l", "source": "mine"})
				w.answers("with", post(), http.StatusOK)
				if found := w.ServiceNow.Records("em_event", "node=db1"); len(found) != 1 ||
					found[0]["source"] != "mine" {
					w.t.Errorf("events %v", found)
				}
			},
		},
		{
			id: "cors-rest-api", grade: seen, source: export,
			says: "`rest_api` of a CORS rule is the sys_id of a `sys_ws_definition`; lists of headers keep their blanks",
			shows: func(w *witness) {
				api := w.ServiceNow.Records("sys_ws_definition", "namespace="+elasticScope)[0]["sys_id"]
				for _, headers := range []string{"Authorization,Content-Type", "Authorization, Content-Type"} {
					row := servicenow.Record{
						"name": "c", "domain": "https://kibana.example.com", "rest_api": api,
						"access_control_allow_headers": headers, "exposed_headers": headers,
					}
					w.columns(w.create("sys_cors_rule", row), row)
				}
			},
		},
		{
			id: "certificate-type", grade: seen, source: clientCode,
			says: "A certificate's `type` is `trust_store_cert`",
			shows: func(w *witness) {
				w.columns(w.create("sys_certificate", servicenow.Record{"name": "c", "type": "trust_store_cert"}),
					servicenow.Record{"type": "trust_store_cert"})
			},
		},
		{
			id: "privilege-choices", grade: documented, source: "ServiceNow's SDK",
			says: "`target_type`, `operation` and `status` of a cross-scope privilege have the choices of the SDK",
			shows: func(w *witness) {
				for column, want := range map[string][]string{
					"target_type": {"scriptable", "sys_db_object", "sys_script_include"},
					"operation":   {"create", "delete", "execute", "read", "write"},
					"status":      {"allowed", "denied", "requested"},
				} {
					r := w.table(http.MethodGet, "sys_choice?sysparm_query="+
						url.QueryEscape("name=sys_scope_privilege^element="+column), nil)
					var got []string
					rows, _ := r.body["result"].([]any)
					for _, item := range rows {
						row, _ := item.(map[string]any)
						value, _ := row["value"].(string)
						got = append(got, value)
					}
					slices.Sort(got)
					if !slices.Equal(got, want) {
						w.t.Errorf("%s: %v", column, got)
					}
				}
			},
		},
		{
			id: "security-integration-access", grade: inferred, source: nobody, options: integrations,
			says: "The tables `sn_sec_int_*` allow web service access",
			shows: func(w *witness) {
				for _, table := range integrationTables {
					w.answers(table, w.table(http.MethodGet, table, nil), http.StatusOK)
				}
			},
			flip: integrations,
			flipped: func(w *witness) {
				for _, table := range integrationTables {
					if err := w.ServiceNow.SetWebServiceAccess(table, false); err != nil {
						w.t.Fatal(err)
					}
					w.answers(table, w.table(http.MethodGet, table, nil), http.StatusForbidden,
						"WebServicePolicyValidator")
				}
			},
		},
	}
}
