package rest

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Auth is one way to prove to a server on whose behalf a request comes. Its String names the method and nothing else.
type Auth interface {
	String() string
	GoString() string
	// resolve checks the settings and returns the credentials made of them.
	resolve(Kind) (credentials, []*ConfigError)
}

// credentials are resolved settings: either a fixed header or a grant by which access tokens are obtained.
type credentials struct {
	header, value string
	grant         grant
	secrets       []string // what no error and no log line may repeat
	doubt         string   // what may be wrong with them, should the server refuse them; often empty
}

// BasicAuth presents a user name and a password with every request.
type BasicAuth struct{ Username, Password string }

// APIKey presents a key: ServiceNow's REST API key in x-sn-apikey, or Kibana's base64 of "id:key" as
// "Authorization: ApiKey".
type APIKey struct{ Key string }

// BearerToken presents an access token that was obtained elsewhere. It is not renewed.
type BearerToken struct{ Token string }

func (BasicAuth) String() string   { return "basic authentication" }
func (APIKey) String() string      { return "an API key" }
func (BearerToken) String() string { return "a bearer token" }

// GoString keeps the values out of %#v.
func (BasicAuth) GoString() string { return "rest.BasicAuth{…}" }

// GoString keeps the values out of %#v.
func (APIKey) GoString() string { return "rest.APIKey{…}" }

// GoString keeps the values out of %#v.
func (BearerToken) GoString() string { return "rest.BearerToken{…}" }

func (a BasicAuth) resolve(Kind) (credentials, []*ConfigError) {
	var errs fieldErrors
	errs.require("Auth.Username", a.Username)
	errs.require("Auth.Password", a.Password)
	if strings.Contains(a.Username, ":") {
		errs.add("Auth.Username", errors.New("holds a colon, which basic authentication cannot carry"))
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(a.Username + ":" + a.Password))
	return credentials{header: "Authorization", value: "Basic " + encoded, secrets: []string{a.Password, encoded}}, errs
}

func (a APIKey) resolve(kind Kind) (credentials, []*ConfigError) {
	var errs fieldErrors
	errs.requireHeaderValue("Auth.Key", a.Key)
	c := credentials{header: "x-sn-apikey", value: a.Key, secrets: []string{a.Key}}
	if kind == KindKibana {
		c.header, c.value = "Authorization", "ApiKey "+a.Key
		// The server may name the decoded half: the key without its id.
		decoded, err := base64.StdEncoding.DecodeString(a.Key)
		_, key, ok := strings.Cut(string(decoded), ":")
		switch {
		case err == nil && ok:
			c.secrets = append(c.secrets, key)
		case strings.Contains(a.Key, ":"):
			_, key, _ := strings.Cut(a.Key, ":")
			c.secrets = append(c.secrets, key)
			errs.add("Auth.Key", errors.New("is id:key in plain: give its encoded form, base64 of that text, which "+
				"Elasticsearch returns as \"encoded\" and Kibana shows as Base64"))
		default:
			c.doubt = "the API key does not look like its encoded form, base64 of id:key, which Elasticsearch returns as " +
				"\"encoded\" and Kibana shows as Base64"
		}
	}
	return c, errs
}

func (a BearerToken) resolve(Kind) (credentials, []*ConfigError) {
	var errs fieldErrors
	errs.requireHeaderValue("Auth.Token", a.Token)
	return credentials{header: "Authorization", value: "Bearer " + a.Token, secrets: []string{a.Token}}, errs
}

// fieldErrors collects mistakes by field.
type fieldErrors []*ConfigError

func (e *fieldErrors) add(field string, err error) {
	*e = append(*e, &ConfigError{Field: field, Err: err})
}

func (e *fieldErrors) require(field, value string) {
	if value == "" {
		e.add(field, errors.New("is missing or empty"))
	}
}

func (e *fieldErrors) requireHeaderValue(field, value string) {
	e.require(field, value)
	switch {
	case strings.TrimSpace(value) != value:
		e.add(field, errors.New("has white space or a line break before or after it (from a file? use trimspace)"))
	case !httpguts.ValidHeaderFieldValue(value):
		e.add(field, errors.New("holds a line break or another character that a header cannot carry"))
	}
}

// authenticator is the link of the chain that adds credentials.
type authenticator interface {
	http.RoundTripper
	// prepare obtains what RoundTrip will need, so that it counts neither as the request nor against its timeout.
	prepare(context.Context) error
}

// headerAuth adds one fixed header.
type headerAuth struct {
	next        http.RoundTripper
	credentials credentials
}

func (a *headerAuth) prepare(context.Context) error { return nil }

func (a *headerAuth) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set(a.credentials.header, a.credentials.value)
	return a.next.RoundTrip(req)
}
