package fault

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
)

// complete fills in defaults and refuses what would do nothing: a rule without effect makes a test green.
func (r *Rule) complete(opts Options) error {
	if err := r.check(opts); err != nil {
		return err
	}
	if r.Skip < 0 || r.Count < 0 || r.DelayMS < 0 {
		return errors.New("skip, count and delay_ms cannot be negative")
	}
	if r.Status != 0 && (r.Status < 200 || r.Status > 599) {
		return fmt.Errorf("status %d is not an HTTP status", r.Status)
	}
	if r.Quote != "" && !slices.Contains(Encodings(), r.Quote) {
		return fmt.Errorf("unknown quote %q", r.Quote)
	}
	for _, pattern := range r.Columns {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("columns: %q: %w", pattern, err)
		}
	}
	return r.misplaced()
}

// check looks at what the kind needs.
func (r *Rule) check(opts Options) error {
	switch r.Kind {
	case Latency, SlowBody, LateCommit, SlowCommit:
		if r.DelayMS <= 0 {
			return errors.New("needs delay_ms")
		}
	case RateLimit:
		if r.Limit <= 0 {
			return errors.New("needs limit")
		}
		if r.WindowMS == 0 {
			r.WindowMS = 1000
		}
	case Status, CommitThenStatus:
		if r.Status == 0 {
			r.Status = http.StatusServiceUnavailable
		}
	case Answer, CommitThenAnswer:
		return r.checkShape()
	case Withhold:
		if len(r.Columns) == 0 {
			return errors.New("needs columns")
		}
	case RevokeTokens:
		if opts.RevokeTokens == nil {
			return errors.New("this server issues no tokens to revoke")
		}
	case CommitThenDrop, Reset, HTML, Ignore, OwnID, DropTerm:
	default:
		return errors.New("unknown kind")
	}
	return nil
}

func (r *Rule) checkShape() error {
	if (r.Shape == "") == (r.Body == "") {
		return errors.New("needs either shape or body")
	}
	if r.Shape == "" {
		return nil
	}
	s, known := shapes[r.Shape]
	if !known {
		return fmt.Errorf("unknown shape %q", r.Shape)
	}
	if r.Kind == Answer && s.edit != nil {
		return fmt.Errorf("shape %q changes the server's answer: use %q", r.Shape, CommitThenAnswer)
	}
	return nil
}

// misplaced refuses a field that its kind does not look at.
func (r *Rule) misplaced() error {
	answer := []Kind{Answer, CommitThenAnswer}
	status := []Kind{Status, CommitThenStatus, LateCommit}
	invented := slices.Concat(status, answer)
	limits := slices.Concat(status, []Kind{RateLimit})
	pages := slices.Concat(invented, []Kind{RateLimit, HTML})
	for _, field := range []struct {
		name  string
		set   bool
		kinds []Kind
	}{
		{"delay_ms", r.DelayMS != 0, []Kind{Latency, SlowBody, LateCommit, SlowCommit}},
		{"status", r.Status != 0, invented},
		{"retry_after", r.RetryAfter != 0, limits},
		{"header", len(r.Header) > 0, pages},
		{"content_type", r.ContentType != "", invented},
		{"body", r.Body != "", pages},
		{"shape", r.Shape != "", answer},
		{"quote", r.Quote != "", []Kind{Status, CommitThenStatus}},
		{"echo", r.Echo, []Kind{Ignore}},
		{"columns", len(r.Columns) > 0, []Kind{Withhold}},
		{"limit", r.Limit != 0, []Kind{RateLimit}},
		{"window_ms", r.WindowMS != 0, []Kind{RateLimit}},
	} {
		if field.set && !slices.Contains(field.kinds, r.Kind) {
			return fmt.Errorf("%s has no effect", field.name)
		}
	}
	if r.Quote != "" && r.Body != "" {
		return errors.New("quote replaces body: set one of them")
	}
	return nil
}

// address is a rule's addressing fields, ready to match.
type address struct {
	method, path, prefix, route string
	regexp                      *regexp.Regexp
	body                        []byte
}

func newAddress(r Rule) (*address, error) {
	a := &address{method: r.Method, path: r.Path, prefix: r.PathPrefix, route: r.Route, body: []byte(r.BodyContains)}
	if r.PathRegexp != "" {
		re, err := regexp.Compile(r.PathRegexp)
		if err != nil {
			return nil, fmt.Errorf("path_regexp: %w", err)
		}
		a.regexp = re
	}
	return a, nil
}

func (a *address) matches(r *http.Request, route string, body []byte) bool {
	return (a.method == "" || a.method == r.Method) &&
		(a.path == "" || a.path == r.URL.Path) &&
		strings.HasPrefix(r.URL.Path, a.prefix) &&
		(a.route == "" || a.route == route) &&
		(a.regexp == nil || a.regexp.MatchString(r.URL.Path)) &&
		bytes.Contains(body, a.body)
}
