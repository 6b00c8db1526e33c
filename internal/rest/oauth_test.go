package rest

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey/keytest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// tokenServer is an instance that gives numbered tokens and takes those it has not revoked.
type tokenServer struct {
	mu      sync.Mutex
	forms   []url.Values
	valid   map[string]bool
	expires any // expires_in; nil leaves it out
	refresh bool
	deny    func(form url.Values, n int) (status int, body string) // status 0: give a token
	api     func(w http.ResponseWriter, r *http.Request)
}

func (s *tokenServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == tokenPath {
		s.giveToken(w, r)
		return
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	valid := s.valid[token]
	s.mu.Unlock()
	switch {
	case !valid:
		answerJSON(
			w,
			http.StatusUnauthorized,
			`{"error":{"message":"User Not Authenticated","detail":null},"status":"failure"}`,
		)
	case s.api != nil:
		s.api(w, r)
	default:
		answerJSON(w, http.StatusOK, `{}`)
	}
}

func (s *tokenServer) giveToken(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forms = append(s.forms, form)
	n := len(s.forms)
	if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.Header.Get("Authorization") != "" {
		answerJSON(w, http.StatusUnsupportedMediaType, `{}`)
		return
	}
	if s.deny != nil {
		if status, body := s.deny(form, n); status != 0 {
			answerJSON(w, status, body)
			return
		}
	}
	token := "canary-token-" + strconv.Itoa(n)
	if s.valid == nil {
		s.valid = map[string]bool{}
	}
	s.valid[token] = true
	out := map[string]any{"access_token": token, "token_type": "Bearer", "scope": "useraccount"}
	if s.expires != nil {
		out["expires_in"] = s.expires
	}
	if s.refresh {
		out["refresh_token"] = "canary-refresh-" + strconv.Itoa(n)
	}
	answer, _ := json.Marshal(out)
	answerJSON(w, http.StatusOK, string(answer))
}

func (s *tokenServer) revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.valid = nil
}

func (s *tokenServer) grants() (types []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range s.forms {
		types = append(types, form.Get("grant_type"))
	}
	return types
}

var (
	testClientCredentials = ClientCredentials{ClientID: "id", ClientSecret: "canary-client-secret"}
	testPasswordGrant     = PasswordGrant{
		ClientID: "id", ClientSecret: "canary-client-secret", Username: "user", Password: "canary-password",
	}
)

// connectOAuth connects to a tokenServer with a clock that the test moves.
func connectOAuth(t *testing.T, s *tokenServer, auth Auth) (e *Endpoint, advance func(time.Duration)) {
	t.Helper()
	config := basicConfig(serve(t, s.ServeHTTP))
	config.Auth = auth
	e, _ = connect(t, config)
	var offset atomic.Int64
	source, ok := e.auth.(*tokenAuth)
	if !ok {
		t.Fatalf("%s gives %T", auth, e.auth)
	}
	source.tokens.now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	return e, func(d time.Duration) { offset.Add(int64(d)) }
}

func get(t *testing.T, e *Endpoint) error {
	t.Helper()
	_, err := e.Do(t.Context(), Request{Method: "GET", Path: "/api"}, nil)
	return err
}

func TestJWTBearerAssertion(t *testing.T) {
	t.Parallel()
	rsaText := keytest.PKCS8(t, keytest.RSA(t))
	tests := map[string]struct {
		auth   JWTBearer
		public crypto.PublicKey
		alg    string
	}{
		"default":  {JWTBearer{PrivateKey: rsaText}, keytest.RSA(t).Public(), "RS256"},
		"RS384":    {JWTBearer{PrivateKey: rsaText, SigningAlgorithm: "RS384"}, keytest.RSA(t).Public(), "RS384"},
		"RS512":    {JWTBearer{PrivateKey: rsaText, SigningAlgorithm: "RS512"}, keytest.RSA(t).Public(), "RS512"},
		"with kid": {JWTBearer{PrivateKey: rsaText, KeyID: "key-1"}, keytest.RSA(t).Public(), "RS256"},
		"with jti": {JWTBearer{PrivateKey: rsaText, IncludeJTI: true}, keytest.RSA(t).Public(), "RS256"},
		"secret":   {JWTBearer{PrivateKey: rsaText, ClientSecret: "canary-client-secret"}, keytest.RSA(t).Public(), "RS256"},
	}
	for alg, curve := range map[string]elliptic.Curve{
		"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521(),
	} {
		key := keytest.EC(t, curve)
		test := tests["default"]
		test.auth = JWTBearer{PrivateKey: keytest.PKCS8(t, key), SigningAlgorithm: alg}
		test.public, test.alg = key.Public(), alg
		tests[alg] = test
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.auth.ClientID, test.auth.UserIdentifier = "client-id", "elastic@example.com"
			s := &tokenServer{expires: 1799, deny: func(_ url.Values, n int) (int, string) {
				if n == 1 {
					return http.StatusServiceUnavailable, `{}` // makes a second attempt, with a second assertion
				}
				return 0, ""
			}}
			e, _ := connectOAuth(t, s, test.auth)
			if err := get(t, e); err != nil {
				t.Fatal(err)
			}
			if len(s.forms) != 2 {
				t.Fatalf("%d requests for a token, want 2", len(s.forms))
			}
			var ids []string
			for _, form := range s.forms {
				want := url.Values{
					"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "client_id": {"client-id"},
					"assertion": form["assertion"],
				}
				if test.auth.ClientSecret != "" {
					want.Set("client_secret", test.auth.ClientSecret)
				}
				if diff := cmp.Diff(want, form); diff != "" {
					t.Errorf("form (-want +got):\n%s", diff)
				}
				claims := jwt.MapClaims{}
				token, err := jwt.ParseWithClaims(form.Get("assertion"), claims, func(*jwt.Token) (any, error) {
					return test.public, nil
				}, jwt.WithValidMethods([]string{test.alg}), jwt.WithIssuedAt(), jwt.WithAudience("client-id"))
				if err != nil {
					t.Fatal(err)
				}
				header := map[string]any{"alg": test.alg, "typ": "JWT"}
				if test.auth.KeyID != "" {
					header["kid"] = test.auth.KeyID
				}
				if diff := cmp.Diff(header, token.Header); diff != "" {
					t.Errorf("header (-want +got):\n%s", diff)
				}
				issued, err := claims.GetIssuedAt()
				if err != nil {
					t.Fatal(err)
				}
				expires, err := claims.GetExpirationTime()
				if err != nil || expires.Sub(issued.Time) != time.Hour {
					t.Errorf("issued at %v, expires at %v (%v)", issued, expires, err)
				}
				if id, ok := claims["jti"].(string); ok {
					ids = append(ids, id)
				}
				for _, name := range []string{"jti", "exp", "iat"} {
					delete(claims, name)
				}
				wantClaims := jwt.MapClaims{"iss": "client-id", "aud": "client-id", "sub": "elastic@example.com"}
				if diff := cmp.Diff(wantClaims, claims); diff != "" {
					t.Errorf("claims (-want +got):\n%s", diff)
				}
			}
			switch {
			case !test.auth.IncludeJTI && len(ids) > 0:
				t.Errorf("jti was sent: %v", ids)
			case test.auth.IncludeJTI && (len(ids) != 2 || ids[0] == ids[1]):
				t.Errorf("jti of two attempts: %v", ids)
			}
		})
	}
}

func TestOneTokenForAll(t *testing.T) {
	t.Parallel()
	s := &tokenServer{expires: 1799}
	e, _ := connectOAuth(t, s, testClientCredentials)
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			if err := get(t, e); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	want := []url.Values{{
		"grant_type": {"client_credentials"}, "client_id": {"id"}, "client_secret": {"canary-client-secret"},
	}}
	if diff := cmp.Diff(want, s.forms); diff != "" {
		t.Errorf("requests for tokens (-want +got):\n%s", diff)
	}
}

func TestOneRenewalForAllAfterRevocation(t *testing.T) {
	t.Parallel()
	s := &tokenServer{expires: 1799}
	e, _ := connectOAuth(t, s, testClientCredentials)
	if err := get(t, e); err != nil {
		t.Fatal(err)
	}
	s.revoke()
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if err := get(t, e); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := len(s.grants()); n != 2 {
		t.Errorf("%d requests for tokens, want 2", n)
	}
}

func TestRenewalByTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		expires any
		after   time.Duration
		want    int
	}{
		"young":               {1000, 799 * time.Second, 1},
		"at 80 % of its life": {1000, 801 * time.Second, 2},
		"as a string":         {"1000", 801 * time.Second, 2},
		"no expiry":           {nil, 1000 * time.Hour, 1},
		"nonsense":            {"soon", 1000 * time.Hour, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &tokenServer{expires: test.expires}
			e, advance := connectOAuth(t, s, testClientCredentials)
			if err := get(t, e); err != nil {
				t.Fatal(err)
			}
			advance(test.after)
			if err := get(t, e); err != nil {
				t.Fatal(err)
			}
			if n := len(s.grants()); n != test.want {
				t.Errorf("%d requests for tokens, want %d", n, test.want)
			}
		})
	}
}

func TestFailedRenewalKeepsTheTokenWhileItLives(t *testing.T) {
	t.Parallel()
	s := &tokenServer{expires: 1000, deny: func(_ url.Values, n int) (int, string) {
		if n > 1 {
			return http.StatusInternalServerError, `{}`
		}
		return 0, ""
	}}
	e, advance := connectOAuth(t, s, testClientCredentials)
	for _, at := range []time.Duration{0, 801 * time.Second, time.Second} {
		advance(at)
		if err := get(t, e); err != nil {
			t.Fatalf("after %v: %v", at, err)
		}
	}
	if n := len(s.grants()); n != 2 {
		t.Errorf("%d requests for tokens, want 2", n)
	}
	advance(300 * time.Second)
	if err := get(t, e); err == nil || asError(t, err).Path != tokenPath {
		t.Errorf("with an expired token: %v", err)
	}
}

func TestPasswordGrantRefreshes(t *testing.T) {
	t.Parallel()
	s := &tokenServer{expires: 1000, refresh: true}
	e, advance := connectOAuth(t, s, testPasswordGrant)
	step := func(d time.Duration) {
		t.Helper()
		advance(d)
		if err := get(t, e); err != nil {
			t.Fatal(err)
		}
	}
	step(0)
	step(801 * time.Second)
	s.mu.Lock()
	s.deny = func(form url.Values, _ int) (int, string) {
		if form.Get("grant_type") == "refresh_token" {
			return http.StatusUnauthorized, `{"error":"invalid_grant","error_description":"expired"}`
		}
		return 0, ""
	}
	s.mu.Unlock()
	step(801 * time.Second)
	want := []url.Values{
		{
			"grant_type": {"password"}, "client_id": {"id"}, "client_secret": {"canary-client-secret"},
			"username": {"user"}, "password": {"canary-password"},
		},
		{
			"grant_type": {"refresh_token"}, "client_id": {"id"}, "client_secret": {"canary-client-secret"},
			"refresh_token": {"canary-refresh-1"},
		},
		{
			"grant_type": {"refresh_token"}, "client_id": {"id"}, "client_secret": {"canary-client-secret"},
			"refresh_token": {"canary-refresh-2"},
		},
	}
	want = append(want, want[0])
	if diff := cmp.Diff(want, s.forms); diff != "" {
		t.Errorf("requests for tokens (-want +got):\n%s", diff)
	}
}

// TestRefreshTokenStaysInForce holds that an answer to a refresh without a refresh token leaves the old one (RFC 6749,
// section 6), so that the password is sent once.
func TestRefreshTokenStaysInForce(t *testing.T) {
	t.Parallel()
	s := &tokenServer{expires: 1000, refresh: true}
	e, advance := connectOAuth(t, s, testPasswordGrant)
	for i := range 3 {
		if err := get(t, e); err != nil {
			t.Fatal(err)
		}
		advance(801 * time.Second)
		s.mu.Lock()
		s.refresh = false
		s.mu.Unlock()
		if i > 0 && s.forms[i].Get("refresh_token") != "canary-refresh-1" {
			t.Errorf("request %d: %v", i, s.grants())
		}
	}
}

// TestRefusedJWTNamesAllCauses holds that what stops people most comes first.
func TestRefusedJWTNamesAllCauses(t *testing.T) {
	t.Parallel()
	for jti, want := range map[bool]string{false: "this assertion has none", true: "has seen"} {
		s := &tokenServer{deny: func(url.Values, int) (int, string) {
			return http.StatusUnauthorized, `{"error_description":"access_denied","error":"server_error"}`
		}}
		auth := JWTBearer{
			ClientID: "id", UserIdentifier: "u", PrivateKey: keytest.PKCS8(t, keytest.RSA(t)), IncludeJTI: jti,
		}
		e, _ := connectOAuth(t, s, auth)
		said := asError(t, get(t, e)).Error()
		last := -1
		for _, cause := range []string{"administrator", "kid", "client secret", want, "clock"} {
			if at := strings.Index(said, cause); at <= last {
				t.Errorf("%q is missing or out of order in %q", cause, said)
			} else {
				last = at
			}
		}
	}
}

func TestRepetitionAfter401(t *testing.T) {
	t.Parallel()
	var bodies []string
	s := &tokenServer{expires: 1799, api: func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		answerJSON(w, http.StatusCreated, `{}`)
	}}
	e, _ := connectOAuth(t, s, testClientCredentials)
	if err := get(t, e); err != nil {
		t.Fatal(err)
	}
	s.revoke()
	bodies = nil
	r := Request{Method: "POST", Path: "/api", Body: map[string]string{"k": "v"}, Write: true}
	if _, err := e.Do(t.Context(), r, nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(bodies, []string{`{"k":"v"}`}) {
		t.Errorf("bodies that arrived: %q", bodies)
	}
}

func TestA401ThatStaysIsReported(t *testing.T) {
	t.Parallel()
	s := &tokenServer{expires: 1799, api: func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusUnauthorized, `{"error":{"message":"User Not Authenticated","detail":null}}`)
	}}
	e, _ := connectOAuth(t, s, testClientCredentials)
	err := get(t, e)
	if e := asError(t, err); e.Status != http.StatusUnauthorized || e.Path != "/api" {
		t.Errorf("error %v", err)
	}
	if n := len(s.grants()); n != 2 {
		t.Errorf("%d requests for tokens, want 2", n)
	}
}

func TestRefusedTokens(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status   int
		body     string
		requests int // for tokens, by two requests of the API
		want     string
	}{
		"ServiceNow's refusal": {
			401, `{"error_description":"access_denied","error":"server_error"}`, 1,
			"POST /oauth_token.do: 401 Unauthorized: access_denied, no access token was given: " +
				"(server_error) the reason is",
		},
		"by the standard": {
			400, `{"error":"invalid_grant"}`, 1,
			"400 Bad Request: invalid_grant, no access token was given: the reason is",
		},
		"without a word": {401, ``, 1, "401 Unauthorized: no access token was given: the reason is"},
		"no endpoint":    {404, `{"error":{"message":"gone","detail":null}}`, 2, "404 Not Found: gone"},
		"no token": {
			200, `{"error":"server_error"}`, 2, "200 OK: the answer holds no access token: server_error",
		},
		"not JSON":    {200, `ok`, 2, "not the JSON that was expected"},
		"overloaded":  {503, `{}`, 14, "503 Service Unavailable"},
		"bad gateway": {502, `{}`, 14, "502 Bad Gateway"},
		"hibernating": {200, `<html>Instance Hibernating page</html>`, 2, "the instance is hibernating"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &tokenServer{deny: func(url.Values, int) (int, string) { return test.status, test.body }}
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(test.body, "<") {
					w.Header().Set("Content-Type", "text/html")
					_, _ = io.WriteString(w, test.body)
					s.mu.Lock()
					defer s.mu.Unlock()
					s.forms = append(s.forms, nil)
					return
				}
				s.ServeHTTP(w, r)
			})
			config := basicConfig(base)
			config.Auth = testClientCredentials
			e, _ := connect(t, config)
			for range 2 {
				_, err := e.Do(t.Context(), Request{Method: "POST", Path: "/api", Write: true}, nil)
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				if errors.Is(err, record.ErrNotFound) || errors.Is(err, record.ErrOutcomeUnknown) {
					t.Errorf("%v was taken for news of a record", err)
				}
			}
			if n := len(s.grants()); n != test.requests {
				t.Errorf("%d requests for tokens, want %d", n, test.requests)
			}
		})
	}
}

// A caller that gives up takes nobody with it: another one asks in its place.
func TestWaitersSurviveTheCancellationOfWhoAsks(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 2)
	hold := make(chan struct{})
	s := &tokenServer{expires: 1799}
	var n atomic.Int32
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == tokenPath && n.Add(1) == 1 {
			asked <- struct{}{}
			select {
			case <-hold:
			case <-r.Context().Done():
			}
		}
		s.ServeHTTP(w, r)
	})
	config := basicConfig(base)
	config.Auth = testClientCredentials
	e, _ := connect(t, config)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := e.Do(ctx, Request{Method: "GET", Path: "/api"}, nil)
		first <- err
	}()
	<-asked
	go func() { second <- get(t, e) }()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("the canceled one: %v", err)
	}
	if err := <-second; err != nil {
		t.Errorf("the waiting one: %v", err)
	}
	close(hold)
}

func TestFetchToken(t *testing.T) {
	t.Parallel()
	s := &tokenServer{expires: 1799, refresh: true}
	config := basicConfig(serve(t, s.ServeHTTP))
	config.Kind, config.Auth = 0, nil
	began := time.Now()
	token, err := FetchToken(t.Context(), config, testPasswordGrant)
	if err != nil {
		t.Fatal(err)
	}
	if token.AccessToken != "canary-token-1" {
		t.Errorf("token %q", token.AccessToken)
	}
	if life := token.ExpiresAt.Sub(began); life < 1799*time.Second || life > 1900*time.Second {
		t.Errorf("a life of %v", life)
	}
	var configErr *ConfigError
	if _, err := FetchToken(t.Context(), config, BearerToken{Token: "x"}); !errors.As(err, &configErr) {
		t.Errorf("with a fixed token: %v", err)
	}
	if _, err := FetchToken(t.Context(), config, ClientCredentials{}); !errors.As(err, &configErr) {
		t.Errorf("with nothing: %v", err)
	}
	s.deny = func(url.Values, int) (int, string) {
		return http.StatusUnauthorized, `{"error_description":"access_denied","error":"server_error"}`
	}
	if _, err := FetchToken(t.Context(), config, testPasswordGrant); asError(t, err).Status != http.StatusUnauthorized {
		t.Errorf("denied: %v", err)
	}
}

// TestSecrecy sends every kind of credential to servers that quote it back in every way, with the log at its loudest.
func TestSecrecy(t *testing.T) {
	t.Parallel()
	jwtBearer := JWTBearer{
		ClientID: "id", ClientSecret: "canary-client-secret", UserIdentifier: "user", IncludeJTI: true,
		PrivateKey: keytest.Encrypt(t, keytest.RSA(t), nil), PrivateKeyPassword: keytest.Password,
	}
	auths := map[string]Auth{
		"basic":              BasicAuth{Username: "admin", Password: "canary-pass&word/with=signs"},
		"API key":            APIKey{Key: "canary-key"},
		"bearer":             BearerToken{Token: "canary-bearer"},
		"JWT bearer":         jwtBearer,
		"client credentials": testClientCredentials,
		"password":           testPasswordGrant,
	}
	// What a server answers, given all of the request that it has seen.
	answers := map[string]func(w http.ResponseWriter, seen string){
		"echo in an envelope": func(w http.ResponseWriter, seen string) {
			body, _ := json.Marshal(map[string]any{"error": map[string]string{"message": seen, "detail": seen}})
			answerJSON(w, http.StatusBadRequest, string(body))
		},
		"echo in OAuth's envelope": func(w http.ResponseWriter, seen string) {
			body, _ := json.Marshal(map[string]any{"error": seen, "error_description": seen})
			answerJSON(w, http.StatusUnauthorized, string(body))
		},
		"echo in text": func(w http.ResponseWriter, seen string) {
			w.Header().Set("X-Request-Id", seen[max(0, len(seen)-60):])
			http.Error(w, strings.Repeat(".", 150)+seen, http.StatusInternalServerError)
		},
		"echo in a page": func(w http.ResponseWriter, seen string) {
			w.Header().Set("Content-Type", "text/html")
			//nolint:gosec // quoting the request unescaped is the point
			_, _ = fmt.Fprintf(w, "<html><title>%s</title><body>%s</body></html>", seen, seen)
		},
		"redirect": func(w http.ResponseWriter, seen string) {
			w.Header().Set("Location", "https://elsewhere.example.com/?"+url.QueryEscape(seen))
			w.WriteHeader(http.StatusFound)
		},
		"other JSON":  func(w http.ResponseWriter, seen string) { answerJSON(w, http.StatusOK, strconv.Quote(seen)) },
		"unavailable": func(w http.ResponseWriter, seen string) { http.Error(w, seen, http.StatusServiceUnavailable) },
		"hang-up":     func(http.ResponseWriter, string) { panic(http.ErrAbortHandler) },
	}
	for authName, auth := range auths {
		for answerName, answer := range answers {
			for _, at := range []string{"api", "token"} {
				c, _ := auth.resolve(KindServiceNow)
				if at == "token" && c.grant == nil {
					continue
				}
				t.Run(authName+"/"+answerName+"/"+at, func(t *testing.T) {
					t.Parallel()
					tokens := &tokenServer{expires: 1799, refresh: true}
					base := serve(t, func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == tokenPath && at == "api" {
							tokens.ServeHTTP(w, r)
							return
						}
						body, _ := io.ReadAll(r.Body)
						form, _ := url.ParseQuery(string(body))
						seen := fmt.Sprintf("%s %v %s %v", r.URL, r.Header, body, form)
						if user, password, ok := r.BasicAuth(); ok {
							seen += user + ":" + password
						}
						answer(w, strings.ReplaceAll(seen, "\n", " "))
					})
					var log strings.Builder
					var mu sync.Mutex
					config := basicConfig(base)
					config.Auth = auth
					config.HTTP.MaxRetries = 1
					config.HTTP.Headers = map[string]string{"X-Gateway": "canary-gateway"}
					config.Log = func(_ context.Context, level Level, message string, fields map[string]any) {
						mu.Lock()
						defer mu.Unlock()
						fmt.Fprintf(&log, "%d %s %v\n", level, message, fields)
					}
					e, _ := connect(t, config)
					_, err := e.Do(t.Context(), Request{
						Method: "POST",
						Path:   "/api",
						Query:  url.Values{"x-sn-apikey": {"canary-query"}, "sysparm_limit": {"1"}},
						Body: map[string]string{
							"password": "canary-body",
						},
						Secrets: []string{"canary-body", "canary-query"},
						Write:   true,
					}, &struct{}{})
					if err == nil {
						t.Fatal("no error")
					}
					mu.Lock()
					defer mu.Unlock()
					for where, text := range map[string]string{
						"error": err.Error(), "error in depth": deepText(err), "log": log.String(),
					} {
						if i := strings.Index(text, "canary"); i >= 0 {
							t.Errorf("the %s holds a secret: …%s…", where, text[max(0, i-100):min(len(text), i+60)])
						}
						if c.header != "" && strings.Contains(text, c.value) {
							t.Errorf("the %s holds the header %s", where, c.header)
						}
						if strings.Contains(text, "eyJ") {
							t.Errorf("the %s holds an assertion", where)
						}
					}
					if !strings.Contains(log.String(), "Sending HTTP request") {
						t.Error("nothing was logged")
					}
				})
			}
		}
	}
}

// deepText prints every error of a chain as a debugger would.
func deepText(err error) string {
	var b strings.Builder
	for ; err != nil; err = errors.Unwrap(err) {
		fmt.Fprintf(&b, "%v %+v %#v\n", err, err, err)
	}
	return b.String()
}
