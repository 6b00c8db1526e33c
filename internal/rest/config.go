package rest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey"
)

// Kind is the kind of server at the other end. It decides the fixed headers and how an API key is presented.
type Kind int

const (
	// KindServiceNow is a ServiceNow instance: API keys travel in x-sn-apikey, tokens come from /oauth_token.do.
	KindServiceNow Kind = iota + 1
	// KindKibana is a Kibana: API keys travel as "Authorization: ApiKey", and writes need kbn-xsrf.
	KindKibana
)

func (k Kind) String() string {
	if k == KindKibana {
		return "Kibana"
	}
	return "ServiceNow"
}

// Config describes how to reach one server.
type Config struct {
	// BaseURL is scheme://host[:port], without query, fragment or credentials. A Kibana's may have a path
	// (server.basePath).
	BaseURL   string
	AllowHTTP bool // permit http:// to a host that is not loopback
	Auth      Auth // one of BasicAuth, APIKey, BearerToken, JWTBearer, ClientCredentials, PasswordGrant
	HTTP      HTTP
	UserAgent string // "terraform-provider-servicenow/<version> terraform/<version>"
	Log       LogFunc
	Kind      Kind
	// Redactor learns every secret of this configuration, and of the requests and tokens that follow; nil: one of the
	// endpoint's own. Connections that share one hide each other's secrets.
	Redactor *Redactor
	Usage    *Usage // counts what is sent; nil: nobody does
}

// HTTP holds what is the same for every kind of authentication. Its zero value is not usable: see DefaultHTTP.
type HTTP struct {
	CACertificate     string // PEM text or path; added to the system's roots
	ClientCertificate string // PEM text or path, the chain leaf first; needs ClientPrivateKey
	ClientPrivateKey  string // PEM text or path, not encrypted
	// InsecureSkipVerify trusts any server. It is for a test server with a certificate of its own.
	InsecureSkipVerify bool
	ProxyURL           string            // http, https or socks5; empty: HTTPS_PROXY, HTTP_PROXY and NO_PROXY
	Headers            map[string]string // sent with every request, for a gateway before the server

	RequestTimeout        time.Duration // of one attempt, to the end of the answer's body; > 0
	MaxRetries            int           // attempts after the first
	MaxConcurrentRequests int           // > 0
	RequestsPerSecond     float64       // 0: no limit
}

// DefaultHTTP returns the settings that apply where a configuration is silent.
func DefaultHTTP() HTTP {
	return HTTP{RequestTimeout: time.Minute, MaxRetries: 6, MaxConcurrentRequests: 10}
}

// String names the server and the kind of authentication; the rest may hold secrets.
func (c Config) String() string {
	auth := "no authentication"
	if c.Auth != nil {
		auth = c.Auth.String()
	}
	return withoutUserinfo(c.BaseURL) + " with " + auth
}

// GoString is String, for %#v.
func (c Config) GoString() string { return c.String() }

// String says nothing: headers, the proxy's URL and the private key may all be secret.
func (h HTTP) String() string { return "rest.HTTP{…}" }

// GoString is String, for %#v.
func (h HTTP) GoString() string { return h.String() }

// ConfigError is a mistake in a Config. Its text never repeats a value that may be secret.
type ConfigError struct {
	// Field is the Go path of the field at fault: "BaseURL", "Auth", "Auth.PrivateKey", "HTTP.CACertificate".
	Field string
	Err   error
	// Confidential reports that the value at fault holds a secret, so that its source line must not be printed.
	Confidential bool
}

func (e *ConfigError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap returns the mistake without the field's name.
func (e *ConfigError) Unwrap() error { return e.Err }

// options are the fields of Config by the names that configurations give them.
var options = map[string]string{
	"ClientID": "client_id", "ClientSecret": "client_secret", "PrivateKey": "private_key",
	"PrivateKeyPassword": "private_key_password", "KeyID": "key_id", "UserIdentifier": "user_identifier",
	"SigningAlgorithm": "signing_algorithm", "Username": "username", "Password": "password",
	"CACertificate": "ca_certificate", "ClientCertificate": "client_certificate", "ClientPrivateKey": "client_private_key",
	"ProxyURL": "proxy_url", "Headers": "headers", "RequestTimeout": "request_timeout", "MaxRetries": "max_retries",
	"MaxConcurrentRequests": "max_concurrent_requests", "RequestsPerSecond": "requests_per_second",
}

// Option is the name of the field at fault inside HTTP or Auth as configurations spell it, such as "private_key"; empty
// for the others.
func (e *ConfigError) Option() string {
	_, name, _ := strings.Cut(e.Field, ".")
	return options[name]
}

// ValidateConfig checks all that can be checked without a request, reading key and certificate files on the way.
// It returns every mistake found, none when the configuration is sound.
func ValidateConfig(c Config) []*ConfigError {
	_, errs := c.resolve()
	return errs
}

// settings is a Config after parsing.
type settings struct {
	base    *url.URL
	proxy   *url.URL
	tls     *tls.Config
	headers http.Header
	auth    credentials
}

func (c Config) resolve() (settings, []*ConfigError) {
	var s settings
	var errs []*ConfigError
	check := func(field string, err error) {
		if err != nil {
			errs = append(errs, &ConfigError{Field: field, Err: err})
		}
	}
	if c.Kind != KindServiceNow && c.Kind != KindKibana {
		check("Kind", errors.New("must be KindServiceNow or KindKibana"))
	}
	var err error
	s.base, err = parseBaseURL(c.BaseURL, c.AllowHTTP, c.Kind)
	if err != nil {
		errs = append(errs, &ConfigError{Field: "BaseURL", Err: err, Confidential: strings.Contains(c.BaseURL, "@")})
	}

	if c.Auth == nil {
		check("Auth", errors.New("no authentication is configured"))
	} else {
		var authErrs []*ConfigError
		s.auth, authErrs = c.Auth.resolve(c.Kind)
		errs = append(errs, authErrs...)
	}

	s.proxy, err = parseProxyURL(c.HTTP.ProxyURL)
	check("HTTP.ProxyURL", err)
	s.headers, err = fixedHeaders(c)
	check("HTTP.Headers", err)
	if strings.ContainsAny(c.UserAgent, "\r\n") {
		check("UserAgent", errors.New("holds a line break"))
	}

	// TLS 1.2 is Go's own minimum; stating it keeps a GODEBUG setting from lowering it.
	s.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	s.tls.InsecureSkipVerify = c.HTTP.InsecureSkipVerify
	s.tls.RootCAs, err = rootCAs(c.HTTP.CACertificate)
	check("HTTP.CACertificate", err)
	cert, certErrs := clientCertificate(c.HTTP.ClientCertificate, c.HTTP.ClientPrivateKey)
	errs = append(errs, certErrs...)
	if cert != nil {
		s.tls.Certificates = []tls.Certificate{*cert}
	}

	if c.HTTP.RequestTimeout <= 0 {
		check("HTTP.RequestTimeout", errors.New("must be longer than 0s"))
	}
	if c.HTTP.MaxRetries < 0 {
		check("HTTP.MaxRetries", errors.New("must not be negative"))
	}
	if c.HTTP.MaxConcurrentRequests < 1 {
		check("HTTP.MaxConcurrentRequests", errors.New("must be at least 1"))
	}
	if rps := c.HTTP.RequestsPerSecond; rps < 0 || rps != rps || rps > 1e6 {
		check("HTTP.RequestsPerSecond", errors.New("must be greater than 0 (or 0 for no limit)"))
	}
	return s, errs
}

// addSecrets makes known what no error and no log line may repeat. A path in place of a key is no secret.
func (c Config) addSecrets(s settings, r *Redactor) {
	r.Add(s.auth.secrets...)
	if strings.Contains(c.HTTP.ClientPrivateKey, "-----BEGIN") {
		r.Add(c.HTTP.ClientPrivateKey)
	}
	for _, value := range c.HTTP.Headers {
		r.AddNames(value) // a gateway's token, but also "dev"
	}
	if s.proxy != nil {
		if password, ok := s.proxy.User.Password(); ok {
			r.Add(password)
		}
	}
}

// parseBaseURL accepts scheme://host[:port] with at most one trailing slash, and for Kibana with a path.
func parseBaseURL(raw string, allowHTTP bool, kind Kind) (*url.URL, error) {
	if raw == "" {
		return nil, errors.New("no URL is configured")
	}
	if strings.TrimSpace(raw) != raw {
		return nil, errors.New("has white space before or after the URL")
	}
	if !strings.Contains(raw, "://") {
		return nil, errors.New("needs a scheme, such as https://dev12345.service-now.com")
	}
	u, err := url.Parse(raw)
	if err != nil {
		// The error of url.Parse quotes the whole URL, and with it any password in it.
		var parseErr *url.Error
		if errors.As(err, &parseErr) && !strings.Contains(raw, "@") {
			return nil, fmt.Errorf("is not a URL: %w", parseErr.Err)
		}
		return nil, errors.New("is not a URL")
	}
	switch {
	case u.User != nil:
		return nil, errors.New("must not hold a user name or password; configure an authentication method instead")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("has the scheme %q; use https", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("names no host")
	case kind != KindKibana && u.Path != "" && u.Path != "/":
		return nil, fmt.Errorf("must not have a path (%s): give the server's root, such as %s://%s",
			u.EscapedPath(), u.Scheme, u.Host)
	case u.RawQuery != "" || u.ForceQuery:
		return nil, errors.New("must not have a query")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return nil, errors.New("must not have a fragment")
	case u.Scheme == "http" && !allowHTTP && !isLoopback(u.Hostname()):
		return nil, errors.New("sends credentials unencrypted over http; use https, or permit it with allow_http")
	}
	base := &url.URL{Scheme: u.Scheme, Host: u.Host}
	if path := strings.TrimSuffix(u.EscapedPath(), "/"); path != "" {
		if err := checkBasePath(path); err != nil {
			return nil, err
		}
		base.Path, base.RawPath = strings.TrimSuffix(u.Path, "/"), path
	}
	return base, nil
}

// checkBasePath refuses a path that a request's own path, put behind it, would lead elsewhere.
func checkBasePath(path string) error {
	elements := strings.Split(path[1:], "/")
	for _, element := range elements {
		if plain, err := url.PathUnescape(element); err != nil || plain == "" || plain == "." || plain == ".." {
			return fmt.Errorf("has the path %s, with an empty or relative element", path)
		}
	}
	switch n := len(elements); {
	case n >= 2 && elements[n-2] == "s":
		return fmt.Errorf("names a space (%s): leave it out, and set space_id = %q", path, elements[n-1])
	case slices.Contains([]string{"app", "api", "login"}, elements[0]):
		return fmt.Errorf("names a page of Kibana (%s): leave it out", path)
	}
	return nil
}

// isLoopback reports hosts that cannot be anywhere but on this machine. Names below localhost are left to resolvers, so
// that they do not count.
func isLoopback(host string) bool {
	if isLocalhost(host) {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func isLocalhost(host string) bool { return strings.EqualFold(host, "localhost") }

func withoutUserinfo(raw string) string {
	if at := strings.LastIndex(raw, "@"); at >= 0 {
		return "…" + raw[at:]
	}
	return raw
}

func parseProxyURL(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, nil
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme):
		return nil, errors.New("needs the scheme http, https or socks5, such as http://proxy.example.com:3128")
	case u.Hostname() == "":
		return nil, errors.New("names no host")
	}
	return u, nil
}

// reservedHeaders are set by the client itself, or would change what it means: a second value would break
// authentication or the message's framing, and an overridden method makes a DELETE of a GET.
var reservedHeaders = []string{
	"X-Http-Method-Override", "X-Method-Override", "X-Http-Method", "Proxy-Authorization", "X-Usertoken",
	"Authorization", "X-Sn-Apikey", "Host", "Content-Type", "Content-Length", "Content-Encoding", "Accept",
	"Accept-Encoding", "Connection", "Transfer-Encoding", "Te", "Trailer", "Upgrade", "Kbn-Xsrf",
}

// fixedHeaders returns the headers of every request, those for access tokens included.
func fixedHeaders(c Config) (http.Header, error) {
	h := make(http.Header)
	h.Set("User-Agent", "terraform-provider-servicenow")
	if c.UserAgent != "" {
		h.Set("User-Agent", c.UserAgent)
	}
	if c.Kind == KindKibana {
		// Kibana refuses writes without this header and ignores its value.
		h.Set("kbn-xsrf", "terraform-provider-servicenow")
	}
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(c.HTTP.Headers)) {
		value, canonical := c.HTTP.Headers[name], http.CanonicalHeaderKey(name)
		switch {
		case seen[canonical]:
			return nil, fmt.Errorf("%s is given twice, in different spellings", canonical)
		case !httpguts.ValidHeaderFieldName(name):
			return nil, fmt.Errorf("%q is not a header's name", name)
		case slices.Contains(reservedHeaders, canonical):
			return nil, fmt.Errorf("%s is set by the provider itself and cannot be configured", canonical)
		case !httpguts.ValidHeaderFieldValue(value):
			return nil, fmt.Errorf("the value of %s holds a line break or another character that a header cannot carry",
				name)
		}
		seen[canonical] = true
		h.Set(canonical, value)
	}
	return h, nil
}

// rootCAs adds certificates to the system's, or returns nil, which stands for the system's alone.
func rootCAs(pemOrPath string) (*x509.CertPool, error) {
	if pemOrPath == "" {
		return nil, nil
	}
	certs, err := pemkey.ReadCertificates(pemOrPath)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		// A system without a readable pool is a reason to configure a certificate, not to fail.
		pool = x509.NewCertPool()
	}
	for _, cert := range certs {
		pool.AddCert(cert)
	}
	return pool, nil
}

func clientCertificate(certificate, privateKey string) (*tls.Certificate, []*ConfigError) {
	const certField, keyField = "HTTP.ClientCertificate", "HTTP.ClientPrivateKey"
	switch {
	case certificate == "" && privateKey == "":
		return nil, nil
	case certificate == "":
		return nil, []*ConfigError{{Field: certField, Err: errors.New("is missing: its private key is there without it")}}
	case privateKey == "":
		return nil, []*ConfigError{{Field: keyField, Err: errors.New("is missing: its certificate is there without it")}}
	}
	var errs []*ConfigError
	chain, err := pemkey.ReadCertificates(certificate)
	if err != nil {
		errs = append(errs, &ConfigError{Field: certField, Err: err})
	}
	key, err := pemkey.ParsePrivateKey(privateKey, "")
	if err != nil {
		errs = append(errs, &ConfigError{Field: keyField, Err: err})
	}
	if len(errs) > 0 {
		return nil, errs
	}
	if !pemkey.KeyMatchesCertificate(key, chain[0]) {
		err := errors.New("does not belong to the certificate (the first one, if it is a chain)")
		return nil, []*ConfigError{{Field: keyField, Err: err}}
	}
	cert := &tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, c := range chain {
		cert.Certificate = append(cert.Certificate, c.Raw)
	}
	return cert, nil
}
