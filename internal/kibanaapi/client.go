// Package kibanaapi speaks to Kibana: connectors and case settings as record.Stores, connector runs.
package kibanaapi

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// Client is a connection to one Kibana, safe for concurrent use.
type Client struct {
	endpoint *rest.Endpoint
	// Space serves resources that name none.
	Space string
	// DuplicateCheck makes every create of a connector look its name up first, since Kibana lets several have one.
	DuplicateCheck bool
	// SingleReads makes every read of a connector a request of its own, instead of one list per space.
	SingleReads bool

	// AcceptVanished takes it for a fact that none of several connectors that were asked for together is there.
	AcceptVanished bool
	// Patience is how long a create whose outcome is unknown is looked for.
	Patience time.Duration

	lists    connectorLists
	deletes  record.Wave // proven together, by one list
	reserved reservations
	missing  missingConnectors
	spaces   knownSpaces
	shared   joined // reads that several callers want at once

	typesMu sync.Mutex
	types   map[string]map[string]ConnectorType // by space and id

	versionMu   sync.Mutex // guards what follows, and is never held over a request
	version     *Version
	versionErr  error
	versionFail time.Time
}

// New checks the configuration and prepares the connection. It sends nothing.
func New(config rest.Config, space string) (*Client, error) {
	config.Kind = rest.KindKibana
	e, err := rest.NewEndpoint(config)
	if err != nil {
		return nil, err
	}
	if space == "" {
		space = DefaultSpace
	}
	if !SpaceID.MatchString(space) {
		return nil, fmt.Errorf("kibana.space_id (or KIBANA_SPACE_ID) %s, and it is %q", NoSpaceID, space)
	}
	return &Client{endpoint: e, Space: space, DuplicateCheck: true, Patience: record.Patience}, nil
}

// DefaultSpace is the space every Kibana has; its paths carry no prefix.
const DefaultSpace = "default"

// URL is Kibana's base URL, without a trailing slash.
func (k *Client) URL() string { return k.endpoint.URL }

// Do sends a request to a path of a space. The answer is decoded into out; a nil out discards it.
func (k *Client) do(ctx context.Context, space string, r rest.Request, out any) error {
	if space != "" && space != DefaultSpace {
		r.Path = "/s/" + rest.PathElement(space) + r.Path
	}
	_, err := k.endpoint.Do(ctx, r, out)
	return err
}
