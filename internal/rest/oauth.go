package rest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
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
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey"
)

// All grants share one way to the token endpoint, which is this client's own chain: golang.org/x/oauth2 has no JWT
// bearer grant with a client secret, quotes bodies in its errors, retries nothing, and takes the page that a
// hibernating instance serves on this path, too, for a malformed token.

// tokenPath is the same on every instance.
const tokenPath = "/oauth_token.do" //nolint:gosec // a path, not a credential

// JWTBearer presents an access token obtained for an assertion signed with a private key (RFC 7523). The claims are
// those that Kibana sends: aud and iss are the client id, sub is the user identifier, exp is an hour after iat.
type JWTBearer struct {
	ClientID     string
	ClientSecret string // empty for a public client
	// PrivateKey is PEM text or a path.
	PrivateKey         string
	PrivateKeyPassword string
	// KeyID is the kid of the verifier map; empty sends none.
	KeyID string
	// UserIdentifier is the sub claim: the value of the endpoint's user field for the user to act as.
	UserIdentifier string
	// SigningAlgorithm is one of RS256, RS384, RS512, ES256, ES384, ES512 (ES from Zurich on); empty stands for
	// RS256.
	SigningAlgorithm string
	// IncludeJTI adds a jti, new in each assertion. Kibana sends none.
	IncludeJTI bool
}

// ClientCredentials presents an access token obtained for a client id and secret alone. The instance must permit the
// grant (glide.oauth.inbound.client.credential.grant_type.enabled).
type ClientCredentials struct{ ClientID, ClientSecret string }

// PasswordGrant presents an access token obtained for a user's password, renewed with the refresh token.
type PasswordGrant struct{ ClientID, ClientSecret, Username, Password string }

func (JWTBearer) String() string         { return "OAuth (JWT bearer)" }
func (ClientCredentials) String() string { return "OAuth (client credentials)" }
func (PasswordGrant) String() string     { return "OAuth (password)" }

// GoString keeps the values out of %#v.
func (JWTBearer) GoString() string { return "rest.JWTBearer{…}" }

// GoString keeps the values out of %#v.
func (ClientCredentials) GoString() string { return "rest.ClientCredentials{…}" }

// GoString keeps the values out of %#v.
func (PasswordGrant) GoString() string { return "rest.PasswordGrant{…}" }

// grant makes the forms that are exchanged for tokens.
type grant interface {
	// form is called for each attempt: an assertion that was sent once is spent.
	form() (url.Values, error)
	// refreshForm returns nil where a refresh token is of no use.
	refreshForm(refreshToken string) url.Values
	// causes lists why an instance refuses, the likeliest first.
	causes() string
}

func (a JWTBearer) resolve(kind Kind) (credentials, []*ConfigError) {
	errs := onlyServiceNow(kind, a)
	errs.require("Auth.ClientID", a.ClientID)
	errs.require("Auth.UserIdentifier", a.UserIdentifier)
	if a.SigningAlgorithm == "" {
		a.SigningAlgorithm = jwt.SigningMethodRS256.Alg()
	}
	g := &jwtGrant{JWTBearer: a}
	var err error
	if a.PrivateKey == "" {
		errs.require("Auth.PrivateKey", "")
	} else if g.key, err = pemkey.ParsePrivateKey(a.PrivateKey, a.PrivateKeyPassword); err != nil {
		field := "Auth.PrivateKey"
		if errors.Is(err, pemkey.ErrPasswordMissing) || errors.Is(err, pemkey.ErrPasswordWrong) ||
			errors.Is(err, pemkey.ErrPasswordUnused) {
			field = "Auth.PrivateKeyPassword"
		}
		errs.add(field, err)
	}
	if g.method, err = signingMethod(a.SigningAlgorithm, g.key); err != nil {
		errs.add("Auth.SigningAlgorithm", err)
	}
	secrets := []string{a.ClientSecret, a.PrivateKeyPassword}
	if strings.Contains(a.PrivateKey, "-----BEGIN") { // else it is a path
		secrets = append(secrets, a.PrivateKey)
	}
	return credentials{grant: g, secrets: secrets}, errs
}

func (a ClientCredentials) resolve(kind Kind) (credentials, []*ConfigError) {
	errs := onlyServiceNow(kind, a)
	errs.require("Auth.ClientID", a.ClientID)
	errs.require("Auth.ClientSecret", a.ClientSecret)
	return credentials{grant: clientCredentialsGrant{a}, secrets: []string{a.ClientSecret}}, errs
}

func (a PasswordGrant) resolve(kind Kind) (credentials, []*ConfigError) {
	errs := onlyServiceNow(kind, a)
	errs.require("Auth.ClientID", a.ClientID)
	errs.require("Auth.ClientSecret", a.ClientSecret)
	errs.require("Auth.Username", a.Username)
	errs.require("Auth.Password", a.Password)
	return credentials{grant: passwordGrant{a}, secrets: []string{a.ClientSecret, a.Password}}, errs
}

func onlyServiceNow(kind Kind, a Auth) (errs fieldErrors) {
	if kind == KindKibana {
		errs.add("Auth", fmt.Errorf("%s is not a way to sign in to Kibana", a))
	}
	return errs
}

// signingMethod finds the algorithm and checks that the key is of its kind. A nil key is not checked.
func signingMethod(algorithm string, key crypto.Signer) (jwt.SigningMethod, error) {
	family, bits := algorithm, ""
	if len(algorithm) == 5 {
		family, bits = algorithm[:2], algorithm[2:]
	}
	if !slices.Contains([]string{"RS", "ES"}, family) || !slices.Contains([]string{"256", "384", "512"}, bits) {
		return nil, fmt.Errorf("%q is not one of RS256, RS384, RS512, ES256, ES384, ES512", algorithm)
	}
	method := jwt.GetSigningMethod(algorithm)
	switch k := key.(type) {
	case nil:
	case *rsa.PrivateKey:
		if family == "ES" {
			return nil, fmt.Errorf("%s needs an EC key, and the private key is an RSA key", algorithm)
		}
		if k.N.BitLen() < 2048 {
			return nil, fmt.Errorf("%s needs an RSA key of at least 2048 bits, and this one has %d",
				algorithm, k.N.BitLen())
		}
	case *ecdsa.PrivateKey:
		curve := map[string]string{"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}[algorithm]
		switch have := k.Curve.Params().Name; curve {
		case have:
		case "":
			return nil, fmt.Errorf("%s needs an RSA key, and the private key is an EC key", algorithm)
		default:
			return nil, fmt.Errorf("%s needs a key on the curve %s, and this one is on %s", algorithm, curve, have)
		}
	default:
		return nil, fmt.Errorf("%s needs an RSA or EC key, and the private key is neither", algorithm)
	}
	return method, nil
}

type jwtGrant struct {
	JWTBearer
	key    crypto.Signer
	method jwt.SigningMethod
}

func (g *jwtGrant) form() (url.Values, error) {
	now := time.Now().Unix()
	claims := jwt.MapClaims{
		"iss": g.ClientID, "aud": g.ClientID, "sub": g.UserIdentifier,
		"iat": now, "exp": now + int64(time.Hour/time.Second),
	}
	if g.IncludeJTI {
		claims["jti"] = rand.Text()
	}
	assertion := jwt.NewWithClaims(g.method, claims)
	if g.KeyID != "" {
		assertion.Header["kid"] = g.KeyID
	}
	signed, err := assertion.SignedString(g.key)
	if err != nil {
		return nil, fmt.Errorf("signing the assertion: %w", err)
	}
	form := url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
		"client_id":  {g.ClientID},
		"assertion":  {signed},
	}
	if g.ClientSecret != "" {
		form.Set("client_secret", g.ClientSecret)
	}
	return form, nil
}

func (*jwtGrant) refreshForm(string) url.Values { return nil }

func (g *jwtGrant) causes() string {
	jti := "an endpoint that demands a jti claim (jti verification), while this assertion has none"
	if g.IncludeJTI {
		jti = "a jti claim that the endpoint has seen or does not accept"
	}
	return "a user identifier that is nobody's value in the endpoint's user field, or whose user is locked out, " +
		"inactive or an administrator (administrators are refused); a certificate that is not the private key's, or a " +
		"verifier map " +
		"with another kid; a wrong client id or client secret, or an inactive registry entry; " + jti +
		"; a clock that is off"
}

type clientCredentialsGrant struct{ ClientCredentials }

func (g clientCredentialsGrant) form() (url.Values, error) {
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {g.ClientID}, "client_secret": {g.ClientSecret},
	}, nil
}

func (clientCredentialsGrant) refreshForm(string) url.Values { return nil }

func (clientCredentialsGrant) causes() string {
	return "a wrong client id or client secret; a grant that the instance does not permit " +
		"(glide.oauth.inbound.client.credential.grant_type.enabled); a registry entry that is inactive, of another grant " +
		"type, or without a user (OAuth Application User)"
}

type passwordGrant struct{ PasswordGrant }

func (g passwordGrant) form() (url.Values, error) {
	return url.Values{
		"grant_type": {"password"}, "client_id": {g.ClientID}, "client_secret": {g.ClientSecret},
		"username": {g.Username}, "password": {g.Password},
	}, nil
}

func (g passwordGrant) refreshForm(refreshToken string) url.Values {
	return url.Values{
		"grant_type": {"refresh_token"}, "client_id": {g.ClientID}, "client_secret": {g.ClientSecret},
		"refresh_token": {refreshToken},
	}
}

func (passwordGrant) causes() string {
	return "a wrong user name or password; a user who is locked out, inactive or must change the password; a wrong " +
		"client id or client secret; a registry entry that is inactive or of another grant type"
}

// Token is an access token.
type Token struct {
	AccessToken string
	ExpiresAt   time.Time // zero when the server did not say
}

// String keeps the token out of every text.
func (t Token) String() string { return "rest.Token{…}" }

// GoString is String, for %#v.
func (t Token) GoString() string { return t.String() }

// FetchToken exchanges auth, one of JWTBearer, ClientCredentials and PasswordGrant, for an access token of the instance
// in c. The token is always a new one. c.Auth and c.Kind are ignored.
// The error is an *Error when the server refused or could not be reached; it joins *ConfigErrors when auth or c is bad.
func FetchToken(ctx context.Context, c Config, auth Auth) (Token, error) {
	c.Auth, c.Kind = auth, KindServiceNow
	e, err := NewEndpoint(c)
	if err != nil {
		return Token{}, err
	}
	defer e.Close()
	source, ok := e.auth.(*tokenAuth)
	if !ok {
		return Token{}, &ConfigError{Field: "Auth", Err: fmt.Errorf("%s has no access token to fetch", auth)}
	}
	return source.tokens.get(ctx)
}

// tokenSource holds one access token for all who need it.
type tokenSource struct {
	grant  grant
	server *Endpoint // without authentication
	now    func() time.Time

	mu       sync.Mutex
	token    Token
	renewAt  time.Time // zero: never by time
	refresh  string
	denied   error // the last refusal
	deniedAt time.Time
	fetching *fetch
}

// fetch is a request for a token that is under way. Its result may be read once done is closed.
type fetch struct {
	done  chan struct{}
	token Token
	err   error
}

// denialHolds is how long a refusal stands in for asking again. Without it each of a hundred resources would present
// the wrong password once more, and ServiceNow locks users out for that.
const denialHolds = 10 * time.Second

// get returns a token that is not due for renewal. Of the callers that need a new one, one asks and the others wait;
// should that one be canceled, another takes over.
func (s *tokenSource) get(ctx context.Context) (Token, error) {
	for {
		s.mu.Lock()
		now := s.now()
		switch {
		case s.token.AccessToken != "" && (s.renewAt.IsZero() || now.Before(s.renewAt)):
			defer s.mu.Unlock()
			return s.token, nil
		case s.denied != nil && now.Sub(s.deniedAt) < denialHolds:
			defer s.mu.Unlock()
			return Token{}, s.denied
		}
		f := s.fetching
		if f == nil {
			f = &fetch{done: make(chan struct{})}
			s.fetching = f
			refresh := s.refresh
			s.mu.Unlock()
			s.run(ctx, f, refresh)
			return f.token, f.err
		}
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return Token{}, ctx.Err()
		case <-f.done:
		}
		if !errors.Is(f.err, context.Canceled) && !errors.Is(f.err, context.DeadlineExceeded) {
			return f.token, f.err
		}
	}
}

// run asks for a token and publishes the result.
func (s *tokenSource) run(ctx context.Context, f *fetch, refresh string) {
	began := s.now()
	got, err := s.ask(ctx, refresh)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetching = nil
	defer close(f.done)
	if err == nil {
		s.denied = nil
		if got.refresh != "" {
			s.refresh = got.refresh // an answer without one leaves the old one in force (RFC 6749, section 6)
		}
		s.token, s.renewAt = Token{AccessToken: got.access}, time.Time{}
		if got.life > 0 {
			s.token.ExpiresAt = began.Add(got.life)
			s.renewAt = began.Add(got.life * 4 / 5)
		}
		f.token = s.token
		return
	}
	if s.now().Before(s.token.ExpiresAt) && ctx.Err() == nil {
		// The renewal failed, but the present token has a fifth of its life left: go on with it, and ask again soon.
		s.renewAt = s.now().Add(s.token.ExpiresAt.Sub(s.now()) / 4)
		f.token = s.token
		return
	}
	f.err = err
	var e *Error
	if errors.As(err, &e) && isDenial(e.Status) {
		s.denied, s.deniedAt = err, s.now()
	}
}

// drop forgets a token that the server no longer takes, unless another has taken its place already.
func (s *tokenSource) drop(accessToken string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token.AccessToken == accessToken {
		s.token, s.renewAt = Token{}, time.Time{}
	}
}

// isDenial reports whether a status says no to what was presented. The standard asks for 400; ServiceNow answers 401.
func isDenial(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusUnauthorized || status == http.StatusForbidden
}

type tokenAnswer struct {
	access, refresh string
	life            time.Duration // 0: unknown
}

func (s *tokenSource) ask(ctx context.Context, refresh string) (tokenAnswer, error) {
	if refresh != "" {
		if form := s.grant.refreshForm(refresh); form != nil {
			got, err := s.post(ctx, func() (url.Values, error) { return form, nil })
			var e *Error
			if err == nil || !errors.As(err, &e) || !isDenial(e.Status) {
				return got, err
			}
			// The refresh token was refused, as it is after its own lifetime or a revocation: begin anew.
		}
	}
	return s.post(ctx, s.grant.form)
}

func (s *tokenSource) post(ctx context.Context, form func() (url.Values, error)) (tokenAnswer, error) {
	var out struct {
		AccessToken  text            `json:"access_token"`
		RefreshToken text            `json:"refresh_token"`
		ExpiresIn    json.RawMessage `json:"expires_in"`
		Error        text            `json:"error"`
		Description  text            `json:"error_description"`
	}
	r := Request{Method: http.MethodPost, Path: tokenPath, Body: form, Idempotent: true}
	_, err := s.server.Do(ctx, r, &out)
	if err == nil && out.AccessToken == "" {
		err = &Error{
			Method: r.Method, Path: r.Path, Status: http.StatusOK, Message: "the answer holds no access token",
			Detail: Excerpt(s.server.redact(strings.TrimSpace(string(out.Error+" "+out.Description))), maxExcerpt),
		}
	}
	var e *Error
	if errors.As(err, &e) {
		e.token = true
		if isDenial(e.Status) {
			// ServiceNow answers access_denied to nearly every cause and tells the real one in its own log only.
			e.Message = strings.TrimPrefix(e.Message+", ", ", ") + "no access token was given"
			if e.Detail != "" {
				e.Detail = "(" + e.Detail + ") "
			}
			e.Detail += "the reason is in the instance's system log; the usual ones, the likeliest first, are " +
				s.grant.causes()
		}
	}
	if err != nil {
		return tokenAnswer{}, err
	}
	got := tokenAnswer{access: string(out.AccessToken), refresh: string(out.RefreshToken)}
	s.server.redactor.Add(got.access, got.refresh)
	// A number by the standard, a string on some servers.
	if seconds, err := strconv.ParseFloat(strings.Trim(string(out.ExpiresIn), `"`), 64); err == nil && seconds > 0 {
		got.life = time.Duration(min(seconds, 1e9) * float64(time.Second))
	}
	return got, nil
}

// tokenAuth presents the access token, and once more a new one when the server does not take it.
type tokenAuth struct {
	next   http.RoundTripper
	pace   func(context.Context) error
	tokens *tokenSource
}

func (a *tokenAuth) prepare(ctx context.Context) error {
	_, err := a.tokens.get(ctx)
	return err
}

func (a *tokenAuth) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := a.tokens.get(req.Context())
	if err != nil {
		closeBody(req)
		return nil, err
	}
	resp, err := a.next.RoundTrip(withToken(req, token))
	if err != nil || resp.StatusCode != http.StatusUnauthorized || (req.Body != nil && req.GetBody == nil) {
		return resp, err
	}
	// A 401 means that nothing was done, so this repetition is safe for every method.
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	_ = resp.Body.Close()
	a.tokens.drop(token.AccessToken)
	if token, err = a.tokens.get(req.Context()); err != nil {
		return nil, err
	}
	if err := a.pace(req.Context()); err != nil {
		return nil, err
	}
	again := withToken(req, token)
	if req.GetBody != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return a.next.RoundTrip(again)
}

func withToken(req *http.Request, token Token) *http.Request {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	return req
}

// closeBody keeps the promise of every RoundTripper, to close the body also when it fails.
func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
