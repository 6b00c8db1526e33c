// Package kibanaapi speaks to Kibana: connectors and case settings as record.Stores, connector runs.
package kibanaapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
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
	reserved reservations
	missing  missingConnectors
	spaces   knownSpaces
	shared   joined // reads that several callers want at once

	versionOnce sync.Mutex // guards what follows, and is never held over a request
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

// Version is a Kibana release, such as 8.8.
type Version struct{ Major, Minor int }

// AtLeast compares releases.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// newest stands for servers that do not tell their version: serverless, and those whose status is redacted.
var newest = Version{Major: 9, Minor: 4}

// versionPatience is how long a failed look-up of the version answers those who wait in line behind it.
const versionPatience = 5 * time.Second

// Version asks /api/status, once in a connection's life: callers who come together share the request, and each stops
// waiting when its own context ends. A Kibana that does not tell its version is taken for a current one: serverless has
// none, and the answer is redacted, or refused, for accounts that may not see it; kibana.version states it then. While
// Kibana is degraded it answers 503, which is retried like any other and is then an error, since guessing would send
// what an older one does not know.
func (k *Client) Version(ctx context.Context) (Version, error) {
	if version, known, err := k.knownVersion(); known {
		return version, err
	}
	got, err := k.shared.do(ctx, "version", func(ctx context.Context) (any, error) {
		if version, known, err := k.knownVersion(); known {
			return version, err
		}
		version, err := k.askVersion(ctx)
		k.versionOnce.Lock()
		defer k.versionOnce.Unlock()
		switch {
		case err == nil:
			k.version = &version
		case ctx.Err() == nil:
			k.versionErr, k.versionFail = err, time.Now()
		}
		return version, err
	})
	if err != nil && ctx.Err() != nil {
		return Version{}, fmt.Errorf("asking Kibana for its version: %w", context.Cause(ctx))
	}
	if err != nil {
		return Version{}, err
	}
	version, _ := got.(Version)
	return version, nil
}

// knownVersion is what was learned before: the version, or, for a short while, why it cannot be had.
func (k *Client) knownVersion() (version Version, known bool, err error) {
	k.versionOnce.Lock()
	defer k.versionOnce.Unlock()
	switch {
	case k.version != nil:
		return *k.version, true, nil
	case k.versionErr != nil && time.Since(k.versionFail) < versionPatience:
		return Version{}, true, k.versionErr
	}
	return Version{}, false, nil
}

// doesNotTell reports whether /api/status is refused by a Kibana that serves other requests: 403 and 404 for want of
// privileges, 400 where serverless does not offer the route. A 401 may come from something in front of this one route;
// it is about the credentials unless the connector API takes them.
func (k *Client) doesNotTell(ctx context.Context, err error) bool {
	switch {
	case rest.HasStatus(err, http.StatusBadRequest), rest.HasStatus(err, http.StatusForbidden),
		rest.HasStatus(err, http.StatusNotFound):
		return true
	case rest.HasStatus(err, http.StatusUnauthorized):
		var connectorTypes []any
		r := rest.Request{Method: http.MethodGet, Path: "/api/actions/connector_types"}
		return k.do(ctx, DefaultSpace, r, &connectorTypes) == nil
	}
	return false
}

func (k *Client) askVersion(ctx context.Context) (Version, error) {
	var status struct {
		Version struct {
			Number      string `json:"number"`
			BuildFlavor string `json:"build_flavor"`
		} `json:"version"`
	}
	err := k.do(ctx, DefaultSpace, rest.Request{Method: http.MethodGet, Path: "/api/status"}, &status)
	if err != nil && !k.doesNotTell(ctx, err) {
		return Version{}, fmt.Errorf("asking Kibana for its version: %w", err)
	}
	version := newest
	if number := status.Version.Number; number != "" && status.Version.BuildFlavor != "serverless" {
		major, rest, _ := strings.Cut(number, ".")
		minor, _, _ := strings.Cut(rest, ".")
		var err1, err2 error
		version.Major, err1 = strconv.Atoi(major)
		version.Minor, err2 = strconv.Atoi(minor)
		if err1 != nil || err2 != nil {
			return Version{}, fmt.Errorf("asking Kibana for its version: cannot read %q", number)
		}
	}
	return version, nil
}
