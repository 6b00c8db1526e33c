// Package servicenowapi speaks to a ServiceNow instance: the Table API as a record.Store, CI/CD jobs, events.
package servicenowapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// Client is a connection to one instance, safe for concurrent use.
type Client struct {
	config   rest.Config
	endpoint *rest.Endpoint
	// DuplicateCheck makes every create look its natural key up first, since ServiceNow enforces unique names on few
	// tables.
	DuplicateCheck bool
	// SingleReads sends one request per record read, instead of joining the reads of a table.
	SingleReads bool
	// AcceptVanished takes it for a fact that none of several records that were asked for together is there.
	AcceptVanished bool
	// Patience is how long a create whose outcome is unknown is looked for.
	Patience time.Duration
	// idsHonored holds by table name whether a create was answered with the sys_id that it carried.
	idsHonored sync.Map
	reserved   reservations
	creations  creations
	self       self
	guard      *lockoutGuard
	scopes     tableScopes
	references references
	columns    tableColumns
	// referring holds the names of columns that the dictionary gave. See ReferringColumn.
	referring sync.Map
	// reads holds a *tableReads by table name, lookUps a *tableLookUps, children a *tableChildren by table and column.
	reads, lookUps, children sync.Map
	// deletes are proven together, a table at a time.
	deletes record.Wave
	// pagesUncut is how many rows the server was found to look at for one page.
	pagesUncut atomic.Int64
	// writes counts what this provider wrote to any table, so that nothing read before a write serves a read after it.
	writes atomic.Int64
	// clockAhead is how far the server's clock runs before ours, in nanoseconds.
	clockAhead atomic.Int64
}

// New checks the configuration and prepares the connection. It sends nothing.
func New(config rest.Config) (*Client, error) {
	config.Kind = rest.KindServiceNow
	e, err := rest.NewEndpoint(config)
	if err != nil {
		return nil, err
	}
	return &Client{
		config: config, endpoint: e, DuplicateCheck: true, Patience: record.Patience, guard: newLockoutGuard(),
		self: self{guard: semaphore.NewWeighted(1)},
	}, nil
}

// URL is the instance's base URL, without a trailing slash.
func (s *Client) URL() string { return s.endpoint.URL }

// joined counts reads that need no request of their own.
func (s *Client) joined(n int) { s.endpoint.Usage().Join(n) }

// AuthKind is how the connection proves who it is, as ServiceNow's inbound authentication profiles tell methods apart.
type AuthKind string

// The kinds: a password, a REST API key, an access token however it was obtained.
const (
	AuthBasic  AuthKind = "basic authentication"
	AuthAPIKey AuthKind = "an API key" //nolint:gosec // words for messages, not credentials
	AuthToken  AuthKind = "an access token"
)

// AuthKind reports how this connection proves who it is.
func (s *Client) AuthKind() AuthKind {
	switch s.config.Auth.(type) {
	case rest.BasicAuth:
		return AuthBasic
	case rest.APIKey:
		return AuthAPIKey
	}
	return AuthToken
}

// Get reads a REST resource other than a table into out.
func (s *Client) Get(ctx context.Context, path string, query url.Values, out any) error {
	_, err := s.do(ctx, rest.Request{Method: http.MethodGet, Path: path, Query: query}, out)
	return err
}

// FetchToken exchanges auth for a new access token, at this instance or, with a URL, at another one. See FetchToken.
func (s *Client) FetchToken(ctx context.Context, instanceURL string, auth rest.Auth) (rest.Token, error) {
	return rest.FetchToken(ctx, s.configAt(instanceURL), auth)
}

func (s *Client) do(ctx context.Context, r rest.Request, out any) (http.Header, error) {
	header, err := s.endpoint.Do(ctx, r, out)
	if date, perr := http.ParseTime(header.Get("Date")); perr == nil {
		s.clockAhead.Store(int64(time.Until(date)))
	}
	return header, err
}

// now is the server's clock, as far as its answers show; whole seconds, as ServiceNow stores them.
func (s *Client) now() time.Time {
	return time.Now().Add(time.Duration(s.clockAhead.Load())).UTC().Truncate(time.Second)
}

// encodedQuery joins conditions. The grammar has no escape for "^", and evaluates what begins with "javascript:".
func encodedQuery(match map[string]string) (string, error) {
	parts := make([]string, 0, len(match))
	for column, value := range match {
		if err := Queryable(value); err != nil {
			return "", fmt.Errorf("%s %w", column, err)
		}
		parts = append(parts, column+"="+value)
	}
	slices.Sort(parts)
	return strings.Join(parts, "^"), nil
}

// Queryable reports why a value cannot stand in an encoded query; nil when it can.
func Queryable(value string) error {
	switch {
	case strings.Contains(value, "^"):
		return fmt.Errorf("holds the character ^, which ServiceNow's queries cannot express, so %q cannot be looked up: "+
			"use its sys_id instead", value)
	case strings.HasPrefix(strings.ToLower(strings.TrimSpace(value)), "javascript:"):
		return fmt.Errorf("begins with javascript:, which ServiceNow would run as a script, so %q cannot be looked up", value)
	}
	return nil
}
