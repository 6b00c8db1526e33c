package servicenow_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func TestReleaseIsReportedByProperties(t *testing.T) {
	t.Parallel()
	for _, release := range append(servicenow.Releases(), "") {
		in := start(t, servicenow.Options{Release: release})
		want := string(release)
		if want == "" {
			want = "zurich"
		}
		for _, name := range []string{"glide.buildtag", "glide.buildtag.last", "glide.war"} {
			found := in.must(http.StatusOK, http.MethodGet, table+"sys_properties"+query("sysparm_query", "name="+name),
				nil).list()
			if len(found) != 1 || !strings.HasPrefix(text(found[0]["value"]), "glide-"+want) {
				t.Errorf("%s: %s is %v", want, name, found)
			}
		}
	}
	if _, err := servicenow.ParseRelease("tokyo"); err == nil || !strings.Contains(err.Error(), "washington") {
		t.Errorf("tokyo: %v", err)
	}
	if release, err := servicenow.ParseRelease("Australia"); err != nil || release != servicenow.Australia {
		t.Errorf("Australia: %q, %v", release, err)
	}
}

func TestJWTColumnsByRelease(t *testing.T) {
	t.Parallel()
	for release, want := range map[servicenow.Release]struct {
		restriction any // nil: the column does not exist
		zurich      bool
	}{
		servicenow.Washington: {nil, false},
		servicenow.Xanadu:     {nil, false},
		servicenow.Yokohama:   {"unrestricted", false},
		servicenow.Zurich:     {"restricted", true},
		servicenow.Australia:  {"restricted", true},
	} {
		in := start(t, servicenow.Options{Release: release})
		row := in.must(http.StatusCreated, http.MethodPost, table+"oauth_jwt", map[string]any{
			"name": "a", "jwks_url": "https://keys.example.com",
		}).record()
		if row["scope_restriction_status"] != want.restriction {
			t.Errorf("%s: scope_restriction_status %v", release, row["scope_restriction_status"])
		}
		_, claim := row["jti_claim"]
		_, keys := row["jwks_url"]
		if claim != want.zurich || keys != want.zurich {
			t.Errorf("%s: jti_claim %v, jwks_url %v", release, claim, keys)
		}
		listed := in.Records("sys_dictionary", "name=oauth_jwt^element=jti_claim")
		if (len(listed) == 1) != want.zurich {
			t.Errorf("%s: dictionary %v", release, listed)
		}
	}
}

func TestAlgorithmsByRelease(t *testing.T) {
	t.Parallel()
	key := rsaKey(t)
	for _, release := range []servicenow.Release{servicenow.Yokohama, servicenow.Zurich} {
		c := newChain(t, servicenow.Options{Release: release}, key, nil)
		if r := c.exchange(c.assertion(nil)); r.status != http.StatusOK {
			t.Errorf("%s RS256: %s", release, lastReason(c.instance))
		}
		token := jwt.NewWithClaims(jwt.SigningMethodPS256, jwt.MapClaims{
			"sub": "elastic@example.com", "aud": c.clientID, "iss": c.clientID, "exp": 1 << 40, "jti": "1",
		})
		token.Header["kid"] = c.kid
		signed, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		if r := c.exchange(signed); r.status != http.StatusUnauthorized || !strings.Contains(lastReason(c.instance),
			"PS256") {
			t.Errorf("%s PS256: %d %s", release, r.status, lastReason(c.instance))
		}
	}
	old := newChain(t, servicenow.Options{Release: servicenow.Yokohama}, ecKey(t), nil)
	if r := old.exchange(old.assertion(nil)); r.status != http.StatusUnauthorized {
		t.Errorf("ES256 before Zurich: %d", r.status)
	}
}

// The client's scopes are looked at with each request, so one token goes through all of this.
func TestScopeRestrictionOfOAuthClients(t *testing.T) {
	t.Parallel()
	c := newChain(t, servicenow.Options{}, rsaKey(t), map[string]any{"scope_restriction_status": "restricted"})
	granted := c.exchange(c.assertion(nil))
	if granted.status != http.StatusOK {
		t.Fatalf("a restricted client gets no token: %s", lastReason(c.instance))
	}
	bearer := c.with("Authorization", "Bearer "+text(granted.body["access_token"]))
	incidents := func() response { return bearer.do(http.MethodGet, table+"incident", nil) }
	const unscoped = `{"error":{"detail":"Access to unscoped api is not allowed","message":"User Not Authorized"},` +
		`"status":"failure"}`
	if r := incidents(); r.status != http.StatusForbidden || strings.TrimSpace(r.text) != unscoped {
		t.Fatalf("unscoped API: %d %s", r.status, r.text)
	}
	batch := bearer.must(http.StatusForbidden, http.MethodPost, "/api/now/batch", map[string]any{})
	if message, detail := batch.errorText(); message != "User Not Authorized" || detail == "" {
		t.Errorf("batch: %s", batch.text)
	}

	c.SetProperty("glide.security.oauth_allow_unscoped_clients", "true")
	if r := incidents(); r.status != http.StatusOK {
		t.Errorf("with the property: %s", r.text)
	}
	c.SetProperty("glide.security.oauth_allow_unscoped_clients", "false")

	scope := c.create("sys_auth_scope", map[string]any{"name": "tickets"})
	access := c.create("sys_api_access_scope", map[string]any{
		"name": "tables", "api": servicenow.TableAPI, "auth_scope": scope, "apply_all_methods": "true",
	})
	if message, _ := incidents().errorText(); message != "Missing required api access scope: tickets" {
		t.Errorf("message %q", message)
	}
	mapping := c.create("oauth_entity_auth_scope_mapping", map[string]any{
		"oauth_entity": c.endpoint,
		"auth_scope":   scope,
	})
	if r := incidents(); r.status != http.StatusOK {
		t.Errorf("with the scope: %s", r.text)
	}
	if r := bearer.do(http.MethodGet, "/api/now/stats/incident?sysparm_count=true",
		nil); r.status != http.StatusForbidden {
		t.Errorf("an API without the scope: %d", r.status)
	}
	c.must(http.StatusNoContent, http.MethodDelete, table+"oauth_entity_auth_scope_mapping/"+mapping, nil)
	for _, test := range []struct {
		status string
		want   int
	}{
		{"tickets", http.StatusOK},
		{"useraccount", http.StatusOK},
		{"unrestricted", http.StatusForbidden}, // the API has a scope now, and the token lacks it
		{"nonsense", http.StatusForbidden},
	} {
		c.must(http.StatusOK, http.MethodPatch, table+"oauth_jwt/"+c.endpoint,
			map[string]any{"scope_restriction_status": test.status})
		if r := incidents(); r.status != test.want {
			t.Errorf("%s: %d %s", test.status, r.status, r.text)
		}
	}
	c.must(http.StatusOK, http.MethodGet, table+"incident", nil) // basic authentication has no scopes
	c.must(http.StatusNoContent, http.MethodDelete, table+"sys_api_access_scope/"+access, nil)
	if r := incidents(); r.status != http.StatusForbidden {
		t.Errorf("nonsense again: %d", r.status)
	}
}

func TestDefaultScopeRestrictionSwitch(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{DefaultScopeRestriction: "useraccount"})
	made := func() any {
		return in.must(http.StatusCreated, http.MethodPost, table+"oauth_entity", map[string]any{"name": "a"}).
			record()["scope_restriction_status"]
	}
	if got := made(); got != "useraccount" {
		t.Errorf("default %v", got)
	}
	in.must(http.StatusOK, http.MethodPost, "/simulator/switches",
		map[string]any{"default_scope_restriction": "unrestricted"})
	if got := made(); got != "unrestricted" {
		t.Errorf("after the switch: %v", got)
	}
}

func TestSecondAccessScopeOfOnePath(t *testing.T) {
	t.Parallel()
	for _, perAPI := range []bool{false, true} {
		in := start(t, servicenow.Options{OneAccessScopePerAPI: perAPI})
		scope := in.create("sys_auth_scope", map[string]any{"name": "s"})
		post := func(method string) response {
			return in.do(http.MethodPost, table+"sys_api_access_scope", map[string]any{
				"name": "n", "api": servicenow.ImportSetAPI, "auth_scope": scope, "http_method": method,
			})
		}
		if r := post("GET"); r.status != http.StatusCreated || r.record()["api_path"] != "now/import" {
			t.Fatalf("first: %s", r.text)
		}
		second := post("GET")
		if _, detail := second.errorText(); second.status != http.StatusForbidden ||
			!strings.Contains(detail, "aborted by Business Rule 'Validate unique REST API path for insert^") {
			t.Errorf("second: %d %s", second.status, second.text)
		}
		if got := post("POST").status == http.StatusCreated; got == perAPI {
			t.Errorf("another method, one per API %t: created %t", perAPI, got)
		}
	}
}

func TestClientCredentialsByBothRecipes(t *testing.T) {
	t.Parallel()
	for name, recipe := range map[string]map[string]any{
		"integration": {
			"client_type": "integration_as_a_user", "inbound_grant_type": "client_credential",
			"default_grant_type": "client_credentials", "send_client_credentials_as": "request_body_parameter",
		},
		"client": {
			"type": "client", "inbound_grant_type": "client_credentials", "default_grant_type": "client_credentials",
			"public_client": "false", "token_format": "opaque", "sub_claim": "sys_id",
		},
	} {
		in := start(t, servicenow.Options{})
		user, _ := in.user("robot", "itil")
		body := map[string]any{
			"name": "c", "client_secret": "cs", "user": user, "scope_restriction_status": "unrestricted",
		}
		for column, value := range recipe {
			body[column] = value
		}
		row := in.must(http.StatusCreated, http.MethodPost, table+"oauth_entity", body).record()
		for column, value := range recipe {
			if row[column] != value {
				t.Errorf("%s: %s is %v", name, column, row[column])
			}
		}
		if row["access_token_lifespan"] != "1800" || row["refresh_token_lifespan"] != "8640000" {
			t.Errorf("lifespans: %v", row)
		}
		form := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {text(row["client_id"])}, "client_secret": {"cs"},
		}
		if r := in.token(form); r.body["error"] != "server_error" {
			t.Errorf("%s without the property: %s", name, r.text)
		}
		if err := in.Configure(func(o *servicenow.Options) { o.UnsupportedGrantError = true }); err != nil {
			t.Fatal(err)
		}
		if r := in.token(form); r.body["error"] != "unsupported_grant_type" {
			t.Errorf("%s without the property, other answer: %s", name, r.text)
		}
		in.SetProperty("glide.oauth.inbound.client.credential.grant_type.enabled", "true")
		granted := in.token(form)
		in.with("Authorization", "Bearer "+text(granted.body["access_token"])).
			must(http.StatusOK, http.MethodGet, table+"incident", nil)
		in.must(http.StatusOK, http.MethodPatch, table+"oauth_entity/"+text(row["sys_id"]),
			map[string]any{"client_secret": "new"})
		if r := in.token(form); r.status != http.StatusUnauthorized {
			t.Errorf("%s: the old secret still works", name)
		}
		form.Set("client_secret", "new")
		if r := in.token(form); r.status != http.StatusOK {
			t.Errorf("%s: the rotated secret: %s", name, lastReason(in))
		}
	}
}

func TestBasicAuthenticationRestriction(t *testing.T) {
	t.Parallel()
	const prefix = "glide.authenticate.basic_auth.restriction."
	status := func(in *instance) int {
		return in.do(http.MethodGet, table+"sys_user"+query("sysparm_limit", "1"), nil).status
	}
	for _, release := range servicenow.Releases() {
		in := start(t, servicenow.Options{Release: release})
		var names []string
		for _, p := range in.Records("sys_properties", "nameSTARTSWITHglide.authenticate.basic_auth.") {
			names = append(names, strings.TrimPrefix(p["name"], prefix)+"="+p["value"])
		}
		_, plain := in.user("plain", "itil")
		want := http.StatusOK
		switch release {
		case servicenow.Zurich:
			if !slices.Contains(names, "enforce=false") {
				t.Errorf("%s: %v", release, names)
			}
		case servicenow.Australia:
			want = http.StatusUnauthorized
			if !slices.Contains(names, "enforce=true") {
				t.Errorf("%s: %v", release, names)
			}
		default:
			if len(names) > 0 {
				t.Errorf("%s: %v", release, names)
			}
		}
		if got := status(plain); got != want {
			t.Errorf("%s: an interactive account gets %d, want %d", release, got, want)
		}
	}

	in := start(t, servicenow.Options{Release: servicenow.Australia})
	_, other := in.user("boss", "admin")
	r := other.do(http.MethodGet, table+"incident", nil)
	message, detail := r.errorText()
	if r.status != http.StatusUnauthorized || message != "User Not Authenticated" ||
		detail != "Required to provide Auth information" {
		t.Errorf("another administrator: %d %s", r.status, r.text)
	}
	robot, asRobot := in.user("robot")
	if err := in.Set("sys_user", robot, servicenow.Record{"web_service_access_only": "true"}); err != nil {
		t.Fatal(err)
	}
	_, role := in.user("role", "snc_basic_auth_api_access")
	_, mid := in.user("mid", "mid_server")
	for name, account := range map[string]*instance{"seeded admin": in, "robot": asRobot, "role": role, "MID": mid} {
		if got := status(account); got != http.StatusOK {
			t.Errorf("%s: %d", name, got)
		}
	}
	in.SetProperty("glide.authenticate.basic_auth.allowed_roles", "itil, admin")
	if got := status(other); got != http.StatusOK {
		t.Errorf("with an allowed role: %d", got)
	}
	in.SetProperty("glide.authenticate.basic_auth.allowed_roles", "snc_basic_auth_api_access")
	for name, value := range map[string]string{
		"active": "false", "enforce": "false", "default_decision": "allow", "enforcement_date": "2999-01-01 00:00:00",
	} {
		before := in.Records("sys_properties", "name="+prefix+name)[0]["value"]
		in.SetProperty(prefix+name, value)
		if got := status(other); got != http.StatusOK {
			t.Errorf("%s = %s: %d", name, value, got)
		}
		in.SetProperty(prefix+name, before)
	}
}

func TestSwitchesByAdminEndpoint(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{CountAfterACL: true})
	r := in.must(http.StatusOK, http.MethodPost, "/simulator/switches", map[string]any{"own_ids": []string{"sys_user"}})
	if r.body["count_after_acl"] != true || r.body["own_ids"] == nil {
		t.Errorf("switches %s", r.text)
	}
	for _, secret := range []string{in.AdminPassword(), "Admin"} {
		if strings.Contains(r.text, secret) {
			t.Errorf("shows %q: %s", secret, r.text)
		}
	}
	in.must(http.StatusBadRequest, http.MethodPost, "/simulator/switches", map[string]any{"telepathy": true})
	in.must(http.StatusBadRequest, http.MethodPost, "/simulator/switches",
		map[string]any{"refuse_transaction_scope": 500})
	const id = "0123456789abcdef0123456789abcdef"
	if got := in.create("sys_user", map[string]any{"sys_id": id, "user_name": "u"}); got == id {
		t.Error("the id was honoured in a table that makes its own")
	}
	if got := in.create("sys_user_group", map[string]any{"sys_id": id, "name": "g"}); got != id {
		t.Errorf("the id was not honoured elsewhere: %s", got)
	}
}
