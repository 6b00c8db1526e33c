package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

// NamedKey presents an API key in a header or query parameter of any name, as ServiceNow's authentication parameters
// allow.
type NamedKey struct {
	Name, Key string
	InQuery   bool
}

func (NamedKey) String() string { return "an API key" }

// GoString keeps the value out of %#v.
func (NamedKey) GoString() string { return "client.NamedKey{…}" }

func (a NamedKey) resolve(Kind) (credentials, []*ConfigError) {
	var errs fieldErrors
	errs.require("Auth.Name", a.Name)
	errs.requireHeaderValue("Auth.Key", a.Key)
	return credentials{header: a.Name, value: a.Key, secrets: []string{a.Key}}, errs
}

// Probe sends one request with other credentials than the connection's own, and tells what came of it: the status, 0
// without an answer, and the server's words, empty on success. The error is one that kept the request from the server.
func (s *ServiceNow) Probe(
	ctx context.Context, method, path string, query url.Values, auth Auth,
) (status int, message string, err error) {
	config := s.config
	config.Auth, config.Kind = auth, KindServiceNow
	e, err := newEndpoint(config)
	if err != nil {
		return 0, "", err
	}
	defer e.close()
	seen := &statusAuth{authenticator: e.auth}
	if key, ok := auth.(NamedKey); ok && key.InQuery {
		seen.authenticator = &queryAuth{next: &headerTransport{next: e.transport, headers: headersOf(config)}, key: key}
	}
	e.auth = seen
	e.client = e.httpClient(seen)
	r := request{Method: method, Path: path, Query: query, Write: method != http.MethodGet}
	_, err = e.do(ctx, r, nil)
	var refused *Error
	if seen.status != 0 && errors.As(err, &refused) {
		return seen.status, refused.Error(), nil
	}
	return seen.status, "", err
}

// headersOf gives the fixed headers of a configuration that has been found sound.
func headersOf(config Config) http.Header {
	headers, _ := fixedHeaders(config)
	return headers
}

// statusAuth remembers the status of the last answer.
type statusAuth struct {
	authenticator
	status int
}

func (a *statusAuth) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := a.authenticator.RoundTrip(req)
	if resp != nil {
		a.status = resp.StatusCode
	}
	return resp, err
}

// queryAuth adds a key to the query, inside the log, which therefore never sees it.
type queryAuth struct {
	next http.RoundTripper
	key  NamedKey
}

func (a *queryAuth) prepare(context.Context) error { return nil }
func (a *queryAuth) secrets() []string             { return []string{a.key.Key} }

func (a *queryAuth) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	query := req.URL.Query()
	query.Set(a.key.Name, a.key.Key)
	req.URL.RawQuery = query.Encode()
	return a.next.RoundTrip(req)
}
