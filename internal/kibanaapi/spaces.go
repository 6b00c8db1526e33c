package kibanaapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"sync"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// SpaceID is what Kibana takes as the id of a space.
var SpaceID = regexp.MustCompile(`^[a-z0-9_-]+$`)

// NoSpaceID says what a text that SpaceID does not match should be.
const NoSpaceID = "must be a space's id: lowercase letters, digits, - and _"

// knownSpaces remembers which spaces are there. Its zero value is ready for use.
type knownSpaces struct {
	mu      sync.Mutex
	missing map[string]bool // false: there, or not known
}

func (s *knownSpaces) get(space string) (missing, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	missing, known = s.missing[space]
	return missing, known
}

func (s *knownSpaces) set(space string, missing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.missing == nil {
		s.missing = map[string]bool{}
	}
	s.missing[space] = missing
}

// SpaceMissing reports whether Kibana says that a space is not there. It asks for the space itself, once, since Kibana
// serves requests in a space that does not exist as if it did, and nobody would ever see what they make. An account
// that may not read spaces, or a Kibana that does not answer, proves nothing: then it is not missing.
func (k *Client) SpaceMissing(ctx context.Context, space string) bool {
	if missing, known := k.spaces.get(space); known {
		return missing
	}
	return k.askSpace(ctx, space)
}

// askSpace asks anew, since a space that was missing may have been made meanwhile.
func (k *Client) askSpace(ctx context.Context, space string) bool {
	if space == DefaultSpace {
		return false
	}
	_, err := k.shared.do(ctx, "space "+space, func(ctx context.Context) (any, error) {
		var out any
		r := rest.Request{Method: http.MethodGet, Path: "/api/spaces/space/" + rest.PathElement(space)}
		return nil, k.do(ctx, DefaultSpace, r, &out)
	})
	missing := errors.Is(err, record.ErrNotFound)
	if ctx.Err() == nil {
		k.spaces.set(space, missing)
	}
	return missing
}

// spaceGone reports whether a space is proven to be gone, with all that was in it. That it is not found is no proof: a
// proxy may answer 404 to everything. The list of spaces must lack it, too, or, where the account may not list them,
// Kibana must answer as itself.
func (k *Client) spaceGone(ctx context.Context, space string) bool {
	if !k.SpaceMissing(ctx, space) {
		return false
	}
	all, err := k.Spaces(ctx)
	switch {
	case err == nil:
		return len(all) > 0 && !slices.Contains(all, space)
	case !rest.HasStatus(err, http.StatusForbidden) && !rest.HasStatus(err, http.StatusNotFound):
		return false
	}
	report, err := k.askStatus(ctx)
	return err == nil && report.Version.Number != ""
}

// unprovenList is the error of a list in a space that was answered with 404, although the space is not proven to be
// missing.
func unprovenList(space string, err error) error {
	return record.ListError{Err: fmt.Errorf("%w (a 404 to a list proves nothing, so nothing is taken for deleted. Usual "+
		"causes: kibana.url has a wrong base path; kibana.version is not that of this Kibana; a proxy answers for a "+
		"deployment that is stopped; the space %s is gone, and the account may not list the spaces)", err, space)}
}

// requireSpace stops a create in a space that is not there.
func (k *Client) requireSpace(ctx context.Context, space string) error {
	if missing, known := k.spaces.get(space); known && !missing {
		return nil
	}
	if k.askSpace(ctx, space) {
		return fmt.Errorf("kibana has no space %q (space_id). Requests in it would work, and nobody would see what they "+
			"make", space)
	}
	return nil
}

// Spaces returns the ids of all spaces that the account sees, sorted.
//
// Source: GET /api/spaces/space; an account that sees none is refused with 403.
func (k *Client) Spaces(ctx context.Context) ([]string, error) {
	var rows []struct {
		ID string `json:"id"`
	}
	r := rest.Request{Method: http.MethodGet, Path: "/api/spaces/space"}
	if err := k.do(ctx, DefaultSpace, r, &rows); err != nil {
		return nil, fmt.Errorf("listing the spaces: %w", err)
	}
	ids := make([]string, 0, len(rows))
	for _, row := range rows {
		if row.ID == "" {
			return nil, fmt.Errorf("GET %s: %w", r.Path, errOddList)
		}
		ids = append(ids, row.ID)
	}
	slices.Sort(ids)
	return ids, nil
}
