package kibanaapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// Version is a Kibana release, such as 8.8.
type Version struct{ Major, Minor int }

// AtLeast compares releases.
func (v Version) AtLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

func (v Version) String() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// StateVersion sets the release, such as "9.1" or "8.19.2", in place of asking /api/status for it, which serverless and
// some proxies do not answer. It is called before the first request.
func (k *Client) StateVersion(release string) error {
	numbers, _, _ := strings.Cut(release, "-")
	parts := strings.Split(numbers, ".")
	if len(parts) < 2 {
		return fmt.Errorf("%q is not a release such as 9.1", release)
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil {
		return fmt.Errorf("%q is not a release such as 9.1", release)
	}
	k.versionMu.Lock()
	defer k.versionMu.Unlock()
	k.version = &Version{Major: major, Minor: minor}
	return nil
}

// newest stands for servers that do not report their version: serverless, and those whose status is redacted.
var newest = Version{Major: 9, Minor: 4}

// versionPatience is how long a failed look-up of the version answers those who wait in line behind it.
const versionPatience = 5 * time.Second

// Version asks /api/status, once in a connection's life: callers who come together share the request, and each stops
// waiting when its own context ends. A Kibana that does not report its version is taken to be current: serverless has
// none, and the answer is redacted, or refused, for accounts that may not see it; kibana.version states it then. A 503
// that holds no version is retried like any other and is then an error, since guessing would send what an older Kibana
// does not know.
func (k *Client) Version(ctx context.Context) (Version, error) {
	if version, known, err := k.knownVersion(); known {
		return version, err
	}
	got, err := k.shared.do(ctx, "version", func(ctx context.Context) (any, error) {
		if version, known, err := k.knownVersion(); known {
			return version, err
		}
		version, err := k.askVersion(ctx)
		k.versionMu.Lock()
		defer k.versionMu.Unlock()
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

// knownVersion is what was learned before: the version, or, for a short while, why it cannot be obtained.
func (k *Client) knownVersion() (version Version, known bool, err error) {
	k.versionMu.Lock()
	defer k.versionMu.Unlock()
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

// status is what is read of the answer to /api/status.
type status struct {
	Version struct {
		Number      string `json:"number"`
		BuildFlavor string `json:"build_flavor"`
	} `json:"version"`
}

// tellsVersion accepts the 503 of a Kibana of which one plugin is unavailable: its report is whole, and its other
// routes may well serve.
func tellsVersion(code int, body []byte) bool {
	var report status
	return code == http.StatusServiceUnavailable && json.Unmarshal(body, &report) == nil && report.Version.Number != ""
}

func (k *Client) askStatus(ctx context.Context) (report status, err error) {
	r := rest.Request{Method: http.MethodGet, Path: "/api/status", Accepts: tellsVersion}
	err = k.do(ctx, DefaultSpace, r, &report)
	return report, err
}

func (k *Client) askVersion(ctx context.Context) (Version, error) {
	report, err := k.askStatus(ctx)
	if err != nil && !k.doesNotTell(ctx, err) {
		return Version{}, fmt.Errorf("asking Kibana for its version: %w", err)
	}
	version := newest
	if number := report.Version.Number; number != "" && report.Version.BuildFlavor != "serverless" {
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
