package servicenow_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func certify(t *testing.T, key crypto.Signer, from, until time.Time) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(4711), Subject: pkix.Name{CommonName: "kibana", Country: []string{"SE"}},
		NotBefore: from, NotAfter: until,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// chain is a JWT endpoint with everything that a token needs.
type chain struct {
	*instance
	key                    crypto.Signer
	clientID, secret, kid  string
	endpoint, user, mapRow string
}

func newChain(t *testing.T, opts servicenow.Options, key crypto.Signer, endpoint map[string]any) *chain {
	t.Helper()
	in := start(t, opts)
	now := time.Now()
	if opts.Clock != nil {
		now = opts.Clock()
	}
	certificate := in.create("sys_certificate", map[string]any{
		"name":            "kibana",
		"pem_certificate": certify(t, key, now.Add(-time.Hour), now.Add(90*24*time.Hour)),
	})
	body := map[string]any{
		"name":               "kibana",
		"user_field":         "email",
		"client_secret":      "s3cret",
		"inbound_grant_type": "jwt",

		"scope_restriction_status": "unrestricted",
	}
	for name, value := range endpoint {
		body[name] = value
	}
	row := in.must(http.StatusCreated, http.MethodPost, table+"oauth_jwt", body).record()
	c := &chain{
		instance: in,
		key:      key,
		clientID: text(row["client_id"]),
		secret:   "s3cret",
		endpoint: text(row["sys_id"]),
	}
	if row["client_secret"] != "" || len(c.clientID) != 32 {
		t.Fatalf("oauth_jwt reads back %v", row)
	}
	verifier := in.must(http.StatusCreated, http.MethodPost, table+"jwt_verifier_map", map[string]any{
		"name":      "kibana",
		"oauth_jwt": c.endpoint, "sys_certificate": certificate,
	}).record()
	c.kid, c.mapRow = text(verifier["kid"]), text(verifier["sys_id"])
	c.user, _ = in.user("elastic", "itil")
	return c
}

// assertion signs what Kibana would sign, after change has had its way.
func (c *chain) assertion(change func(header map[string]any, claims jwt.MapClaims)) string {
	c.t.Helper()
	now := time.Now()
	claims := jwt.MapClaims{
		"sub": "elastic@example.com", "aud": c.clientID, "iss": c.clientID, "iat": now.Unix(),
		"exp": now.Add(time.Hour).Unix(), "jti": fmt.Sprint(now.UnixNano()),
	}
	method := jwt.SigningMethod(jwt.SigningMethodRS256)
	if _, ok := c.key.(*ecdsa.PrivateKey); ok {
		method = jwt.SigningMethodES256
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = c.kid
	key := c.key
	if change != nil {
		change(token.Header, claims)
	}
	signed, err := token.SignedString(key)
	if err != nil {
		c.t.Fatal(err)
	}
	return signed
}

func (c *chain) exchange(assertion string) response {
	c.t.Helper()
	return c.token(url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {c.clientID},
		"client_secret": {c.secret}, "assertion": {assertion},
	})
}

func (in *instance) token(form url.Values) response {
	in.t.Helper()
	return in.with("X-Nothing", "1").do(http.MethodPost, "/oauth_token.do", form)
}

func lastReason(in *instance) string {
	log := in.OAuthLog()
	return log[len(log)-1].Reason
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ecKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestJWTBearerGrant(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"RS256": rsaKey(t), "ES256": ec} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChain(t, servicenow.Options{}, key, nil)
			r := c.exchange(c.assertion(nil))
			if r.status != http.StatusOK || r.body["token_type"] != "Bearer" || r.body["expires_in"] != 1799.0 ||
				r.body["scope"] != "useraccount" || r.body["refresh_token"] != nil {
				t.Fatalf("%d %s (%s)", r.status, r.text, lastReason(c.instance))
			}
			bearer := c.with("Authorization", "Bearer "+text(r.body["access_token"]))
			created := bearer.must(http.StatusCreated, http.MethodPost, table+"incident", map[string]any{})
			if created.record()["sys_created_by"] != "elastic" {
				t.Errorf("created by %v", created.record()["sys_created_by"])
			}
			c.RevokeTokens()
			bearer.must(http.StatusUnauthorized, http.MethodGet, table+"incident", nil)
		})
	}
}

func TestJWTRefusals(t *testing.T) {
	t.Parallel()
	key, other := rsaKey(t), rsaKey(t)
	with := func(change func(*chain)) func(*chain) response {
		return func(c *chain) response {
			change(c)
			return c.exchange(c.assertion(nil))
		}
	}
	claim := func(name string, value any) func(*chain) response {
		return func(c *chain) response {
			return c.exchange(c.assertion(func(_ map[string]any, claims jwt.MapClaims) {
				if value == nil {
					delete(claims, name)
				} else {
					claims[name] = value
				}
			}))
		}
	}
	set := func(pick func(*chain) (table, id string), values servicenow.Record) func(*chain) response {
		return func(c *chain) response {
			name, id := pick(c)
			if err := c.Set(name, id, values); err != nil {
				t.Error(err)
			}
			return c.exchange(c.assertion(nil))
		}
	}
	user := func(c *chain) (string, string) { return "sys_user", c.user }
	endpoint := func(c *chain) (string, string) { return "oauth_jwt", c.endpoint }
	for _, test := range []struct {
		name   string
		try    func(*chain) response
		reason string
	}{
		{"other key", with(func(c *chain) { c.key = other }), "verification error"},
		{"wrong kid", with(func(c *chain) { c.kid = "nobody's" }), "no verifier map"},
		{"no kid", func(c *chain) response {
			return c.exchange(c.assertion(func(h map[string]any, _ jwt.MapClaims) { delete(h, "kid") }))
		}, "no kid"},
		{"expired", claim("exp", time.Now().Add(-10*time.Minute).Unix()), "expired"},
		{"no expiry", claim("exp", nil), "exp is missing"},
		{"from the future", claim("iat", time.Now().Add(time.Hour).Unix()), "iat lies in the future"},
		{"foreign aud", claim("aud", "somebody"), "aud is not"},
		{"aud is the token URL", claim("aud", "https://dev.service-now.com/oauth_token.do"), "aud is not"},
		{"foreign iss", claim("iss", "somebody"), "iss is not"},
		{"no jti", claim("jti", nil), "jti is missing"},
		{"replayed jti", func(c *chain) response {
			assertion := c.assertion(nil)
			if r := c.exchange(assertion); r.status != http.StatusOK {
				t.Errorf("the first use: %s", r.text)
			}
			return c.exchange(assertion)
		}, "jti was used before"},
		{"unknown user", claim("sub", "nobody@example.com"), "no user has this email"},
		{"no user", claim("sub", nil), "sub is missing"},
		{"admin user", claim("sub", "admin@example.com"), "Grant access to admin is not allowed"},
		{"inactive user", set(user, servicenow.Record{"active": "false"}), "the user is inactive"},
		{"locked user", set(user, servicenow.Record{"locked_out": "true"}), "the user is locked out"},
		{"wrong secret", with(func(c *chain) { c.secret = "guess" }), "wrong client_secret"},
		{"unknown client", with(func(c *chain) { c.clientID = "guess" }), "unknown client_id"},
		{"inactive endpoint", set(endpoint, servicenow.Record{"active": "false"}), "the application is inactive"},
		{"user field that is none", set(endpoint, servicenow.Record{"user_field": "user_id"}), "not a column of sys_user"},
		{"no certificate", func(c *chain) response {
			return set(func(c *chain) (string, string) { return "jwt_verifier_map", c.mapRow },
				servicenow.Record{"sys_certificate": ""})(c)
		}, "missing or inactive"},
		{"JSON body", func(c *chain) response {
			return c.with("X-Nothing", "1").do(http.MethodPost, "/oauth_token.do",
				map[string]any{"grant_type": "password"})
		}, "form-encoded"},
		{"unsigned", func(c *chain) response {
			token := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{
				"sub": "elastic@example.com", "aud": c.clientID,
				"iss": c.clientID,
			})
			text, err := token.SignedString(jwt.UnsafeAllowNoneSignatureType)
			if err != nil {
				t.Error(err)
			}
			return c.exchange(text)
		}, "signing method none is invalid"},
		{"password grant", func(c *chain) response {
			return c.token(url.Values{
				"grant_type": {"password"}, "client_id": {c.clientID}, "client_secret": {c.secret},
				"username": {"elastic"}, "password": {"pw-elastic"},
			})
		}, "JWT assertions only"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := newChain(t, servicenow.Options{}, key, nil)
			r := test.try(c)
			if r.status != http.StatusUnauthorized || r.body["error"] != "server_error" ||
				r.body["error_description"] != "access_denied" {
				t.Errorf("%d %s", r.status, r.text)
			}
			if reason := lastReason(c.instance); !strings.Contains(reason, test.reason) {
				t.Errorf("reason %q, want %q", reason, test.reason)
			}
		})
	}
}

func TestKibanaStyleAssertionNeedsJTIVerificationOff(t *testing.T) {
	t.Parallel()
	without := func(c *chain) string {
		return c.assertion(func(_ map[string]any, claims jwt.MapClaims) { delete(claims, "jti") })
	}
	off := newChain(t, servicenow.Options{}, rsaKey(t), map[string]any{"enable_jti_verification": "false"})
	if r := off.exchange(without(off)); r.status != http.StatusOK {
		t.Errorf("check off: %s", lastReason(off.instance))
	}
	lenient := newChain(t, servicenow.Options{AcceptMissingJTI: true}, rsaKey(t), nil)
	if r := lenient.exchange(without(lenient)); r.status != http.StatusOK {
		t.Errorf("lenient instance: %s", lastReason(lenient.instance))
	}
}

func TestOtherGrants(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	in := start(t, servicenow.Options{Clock: func() time.Time { return now }})
	user, _ := in.user("robot", "itil")
	in.create("oauth_entity", map[string]any{
		"name": "client", "client_id": "cid", "client_secret": "cs",
		"access_token_lifespan": "600", "user": user,
		"inbound_grant_type": "client_credential", "scope_restriction_status": "unrestricted",
	})
	form := func(pairs ...string) url.Values {
		values := url.Values{"client_id": {"cid"}, "client_secret": {"cs"}}
		for i := 0; i+1 < len(pairs); i += 2 {
			values.Set(pairs[i], pairs[i+1])
		}
		return values
	}
	works := func(r response) int {
		token := text(r.body["access_token"])
		return in.with("Authorization", "Bearer "+token).do(http.MethodGet, table+"incident", nil).status
	}
	granted := in.token(form("grant_type", "password", "username", "robot", "password", "pw-robot"))
	if granted.status != http.StatusOK || granted.body["expires_in"] != 599.0 || works(granted) != http.StatusOK {
		t.Fatalf("password: %s (%s)", granted.text, lastReason(in))
	}
	refresh := text(granted.body["refresh_token"])
	now = now.Add(10 * time.Minute)
	if works(granted) != http.StatusUnauthorized {
		t.Error("an expired token works")
	}
	renewed := in.token(form("grant_type", "refresh_token", "refresh_token", refresh))
	if works(renewed) != http.StatusOK {
		t.Errorf("refresh: %s", lastReason(in))
	}
	if works(in.token(form("grant_type", "client_credentials"))) != http.StatusUnauthorized {
		t.Error("client credentials work without the property")
	}
	in.SetProperty("glide.oauth.inbound.client.credential.grant_type.enabled", "true")
	if works(in.token(form("grant_type", "client_credentials"))) != http.StatusOK {
		t.Errorf("client credentials: %s", lastReason(in))
	}
	for name, bad := range map[string]url.Values{
		"password": form("grant_type", "password", "username", "robot", "password", "x"),
		"refresh":  form("grant_type", "refresh_token", "refresh_token", "x"),
		"grant":    form("grant_type", "telepathy"),
	} {
		if r := in.token(bad); r.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, r.status)
		}
	}
	revoked := in.token(form("grant_type", "client_credentials"))
	in.do(http.MethodPost, "/oauth_revoke_token.do?token="+text(revoked.body["access_token"]), nil)
	if works(revoked) != http.StatusUnauthorized {
		t.Error("a revoked token works")
	}
}

func TestCertificatesAreDecoded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	in := start(t, servicenow.Options{Clock: func() time.Time { return now }})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := certify(t, key, now.Add(-time.Hour), now.Add(30*24*time.Hour))
	admin := in.Records("sys_user", "user_name=admin")[0]["sys_id"]
	row := in.must(http.StatusCreated, http.MethodPost, table+"sys_certificate", map[string]any{
		"name":            "c",
		"pem_certificate": certificate, "issuer": "forged",
	}).record()
	for name, want := range map[string]string{
		"issuer": "CN=kibana,C=SE", "subject": "CN=kibana,C=SE", "serial_number": "4711",
		"valid_from": "2026-03-01 05:00:00", "expires": "2026-03-31 06:00:00", "expires_in_days": "30",
		"warn_in_days_to_expire": "20", "notify_on_expiration": admin, "type": "trust_store_cert",
	} {
		if row[name] != want {
			t.Errorf("%s = %v, want %s", name, row[name], want)
		}
	}
	if _, ok := row["sys_scope"]; ok {
		t.Error("sys_certificate has a scope")
	}
	now = now.Add(48 * time.Hour)
	later := in.must(http.StatusOK, http.MethodGet, table+"sys_certificate/"+text(row["sys_id"]), nil).record()
	if later["expires_in_days"] != "28" || later["sys_mod_count"] != "0" {
		t.Errorf("two days later: %v", later["expires_in_days"])
	}
	_, detail := in.must(http.StatusForbidden, http.MethodPost, table+"sys_certificate",
		map[string]any{"name": "bad", "pem_certificate": "no PEM"}).errorText()
	if !strings.Contains(detail, "was aborted by Business Rule") {
		t.Errorf("a bad PEM: %s", detail)
	}
}
