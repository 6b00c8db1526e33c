package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Client holds the connections of one provider configuration. A side that is not configured is nil.
type Client struct {
	ServiceNow *ServiceNow
	Kibana     *Kibana
}

// ServiceNow is a connection to one instance, safe for concurrent use.
type ServiceNow struct {
	config   Config
	endpoint *endpoint
	// DuplicateCheck makes every create look its natural key up first, since ServiceNow enforces unique names on few
	// tables.
	DuplicateCheck bool
	// SingleReads sends one request per record read, instead of joining the reads of a table.
	SingleReads bool
	// reads holds a *tableReads by table name.
	reads sync.Map
	// clockAhead is how far the server's clock runs before ours, in nanoseconds.
	clockAhead atomic.Int64
}

// NewServiceNow checks the configuration and prepares the connection. It sends nothing.
func NewServiceNow(config Config) (*ServiceNow, error) {
	config.Kind = KindServiceNow
	e, err := newEndpoint(config)
	if err != nil {
		return nil, err
	}
	return &ServiceNow{config: config, endpoint: e, DuplicateCheck: true}, nil
}

// URL is the instance's base URL, without a trailing slash.
func (s *ServiceNow) URL() string { return s.endpoint.url }

// AuthKind is how the connection proves who it is, as ServiceNow's inbound authentication profiles tell methods apart.
type AuthKind string

// The kinds: a password, a REST API key, an access token however it was had.
const (
	AuthBasic  AuthKind = "basic authentication"
	AuthAPIKey AuthKind = "an API key" //nolint:gosec // words for messages, not credentials
	AuthToken  AuthKind = "an access token"
)

// AuthKind tells how this connection proves who it is.
func (s *ServiceNow) AuthKind() AuthKind {
	switch s.config.Auth.(type) {
	case BasicAuth:
		return AuthBasic
	case APIKey:
		return AuthAPIKey
	}
	return AuthToken
}

// Get reads a REST resource other than a table into out.
func (s *ServiceNow) Get(ctx context.Context, path string, query url.Values, out any) error {
	_, err := s.do(ctx, request{Method: http.MethodGet, Path: path, Query: query}, out)
	return err
}

// FetchToken exchanges auth for a new access token, at this instance or, with a URL, at another one. See FetchToken.
func (s *ServiceNow) FetchToken(ctx context.Context, instanceURL string, auth Auth) (Token, error) {
	config := s.config
	if instanceURL != "" {
		config.BaseURL = instanceURL
		config.HTTP.Headers = nil // they may hold secrets of the way to the configured instance
	}
	return FetchToken(ctx, config, auth)
}

func (s *ServiceNow) do(ctx context.Context, r request, out any) (http.Header, error) {
	header, err := s.endpoint.do(ctx, r, out)
	if date, perr := http.ParseTime(header.Get("Date")); perr == nil {
		s.clockAhead.Store(int64(time.Until(date)))
	}
	return header, err
}

// now is the server's clock, as far as its answers told; whole seconds, as ServiceNow stores them.
func (s *ServiceNow) now() time.Time {
	return time.Now().Add(time.Duration(s.clockAhead.Load())).UTC().Truncate(time.Second)
}

// TimeLayout is how ServiceNow stores times, in UTC. It cuts ISO-8601 to midnight.
const TimeLayout = "2006-01-02 15:04:05"

// Text gives a value as ServiceNow stores it: every scalar is a string, and empty is "".
func Text(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case json.Number:
		return v.String()
	case map[string]any:
		// A reference or sys_domain: {"link":…,"value":…}.
		if inner, ok := v["value"]; ok {
			return Text(inner)
		}
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

// encodedQuery joins conditions. The grammar has no escape for "^", so a value that holds one is refused.
func encodedQuery(match map[string]string) (string, error) {
	parts := make([]string, 0, len(match))
	for column, value := range match {
		if strings.Contains(value, "^") {
			return "", fmt.Errorf("%s: ServiceNow queries cannot hold the character ^, so %q cannot be looked up", column, value)
		}
		parts = append(parts, column+"="+value)
	}
	slices.Sort(parts)
	return strings.Join(parts, "^"), nil
}
