package rest

import (
	"context"
	"errors"
	"net/http"
)

// NamedKey presents an API key in a header or query parameter of any name, as ServiceNow's authentication parameters
// allow.
type NamedKey struct {
	Name, Key string
	InQuery   bool
}

func (NamedKey) String() string { return "an API key" }

// GoString keeps the value out of %#v.
func (NamedKey) GoString() string { return "rest.NamedKey{…}" }

func (a NamedKey) resolve(Kind) (credentials, []*ConfigError) {
	var errs fieldErrors
	errs.require("Auth.Name", a.Name)
	errs.requireHeaderValue("Auth.Key", a.Key)
	return credentials{header: a.Name, value: a.Key, secrets: []string{a.Key}}, errs
}

// Probe sends one request and reports what came of it: the status, 0 without an answer, and the server's words, empty
// on success. The error is one that kept the request from the server.
func Probe(ctx context.Context, config Config, r Request) (status int, message string, err error) {
	e, err := NewEndpoint(config)
	if err != nil {
		return 0, "", err
	}
	defer e.Close()
	seen := &statusAuth{authenticator: e.auth}
	if key, ok := config.Auth.(NamedKey); ok && key.InQuery {
		seen.authenticator = &queryAuth{next: &headerTransport{next: e.transport, headers: headersOf(config)}, key: key}
	}
	e.auth = seen
	e.client = e.httpClient(seen)
	_, err = e.Do(ctx, r, nil)
	var refused *Error
	if seen.status != 0 && errors.As(err, &refused) {
		return seen.status, refused.Error(), nil
	}
	return seen.status, "", err
}

// headersOf returns the fixed headers of a configuration that has been found sound.
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

func (a *queryAuth) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	query := req.URL.Query()
	query.Set(a.key.Name, a.key.Key)
	req.URL.RawQuery = query.Encode()
	return a.next.RoundTrip(req)
}
