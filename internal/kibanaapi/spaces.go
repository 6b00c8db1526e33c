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
