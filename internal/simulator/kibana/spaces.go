package kibana

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
)

// UnknownSpaces is what API requests meet in a space that does not exist.
type UnknownSpaces string

// Kibana checks that a space exists only where somebody opens an application in it: an API request works, and what it
// stores is seen by nobody until a space of that id is made. Proxies, and forks, may refuse instead.
const (
	UnknownSpacesWork    UnknownSpaces = "work"
	UnknownSpacesRefused UnknownSpaces = "refused" // 404 Saved object [space/…] not found
)

const defaultSpace = "default"

var spaceID = regexp.MustCompile(`^[a-z0-9_-]+$`)

func newSpace(id, name string) map[string]any {
	space := map[string]any{"id": id, "name": name, "disabledFeatures": []any{}}
	if id == defaultSpace {
		space["description"], space["color"] = "This is your default space!", "#00bfb3"
		space["_reserved"] = true
	}
	return space
}

func spaceBody(v version) schema {
	id := schema{kind: text, refine: func(value any) string {
		if !spaceID.MatchString(stringOf(value)) {
			return "must be lower case, a-z, 0-9, '_', and '-' are allowed"
		}
		return ""
	}}
	name := schema{kind: text, refine: func(value any) string {
		if stringOf(value) == "" {
			return "value has length [0] but it must have a minimum length of [1]."
		}
		return ""
	}}
	properties := []property{{"id", id}, {"name", name}}
	for _, optional := range []string{"description", "initials", "color", "imageUrl"} {
		properties = append(properties, property{optional, schema{kind: text, optional: true}})
	}
	if v.atLeast(8, 16) {
		solution := oneOf("solution", "security", "oblt", "es", "classic")
		solution.optional = true
		properties = append(properties, solution)
	}
	reserved := property{"_reserved", schema{kind: boolean, optional: true}}
	features := listOf(schema{kind: text})
	features.hasDefault, features.fallback = true, []any{}
	return strict(append(properties, reserved, property{"disabledFeatures", features})...)
}

func (s *Server) listSpaces(c *call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := []any{}
	for _, id := range s.spaceIDs() {
		if c.user.sees(id) {
			rows = append(rows, maps.Clone(s.spaces[id]))
		}
	}
	if len(rows) == 0 {
		return failure(http.StatusForbidden, "Forbidden")
	}
	return ok(rows)
}

// spaceIDs is in the order of the list: by id, the default space among the others. The caller holds s.mu.
func (s *Server) spaceIDs() []string { return slices.Sorted(maps.Keys(s.spaces)) }

func (s *Server) getSpace(c *call) reply {
	id := c.PathValue("id")
	if !c.user.sees(id) {
		return failure(http.StatusForbidden, "Unauthorized to get %s space", id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if space := s.spaces[id]; space != nil {
		return ok(maps.Clone(space))
	}
	return failure(http.StatusNotFound, "Not Found")
}

func (s *Server) createSpace(c *call) reply {
	body, refused := c.validBody(spaceBody(c.version))
	if refused != nil {
		return *refused
	}
	if !c.user.ManageSpaces {
		return failure(http.StatusForbidden, "Unauthorized to create spaces")
	}
	id := stringOf(body["id"])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.spaces[id] != nil {
		return failure(http.StatusConflict,
			"A space with the identifier %s already exists. Please choose a different identifier", id)
	}
	delete(body, "_reserved") // only Kibana reserves a space
	s.spaces[id] = body
	return ok(maps.Clone(body))
}

func (s *Server) updateSpace(c *call) reply {
	body, refused := c.validBody(spaceBody(c.version))
	if refused != nil {
		return *refused
	}
	if !c.user.ManageSpaces {
		return failure(http.StatusForbidden, "Unauthorized to update spaces")
	}
	id := c.PathValue("id")
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.spaces[id]
	if before == nil {
		return failure(http.StatusNotFound, "Not Found")
	}
	delete(body, "_reserved")
	body["id"] = id
	if reserved, isReserved := before["_reserved"]; isReserved {
		body["_reserved"] = reserved
	}
	s.spaces[id] = body
	return ok(maps.Clone(body))
}

// deleteSpace takes everything that the space holds with it.
func (s *Server) deleteSpace(c *call) reply {
	if !c.user.ManageSpaces {
		return failure(http.StatusForbidden, "Unauthorized to delete spaces")
	}
	id := c.PathValue("id")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch space := s.spaces[id]; {
	case space == nil:
		return failure(http.StatusNotFound, "Not Found")
	case space["_reserved"] == true:
		return failure(http.StatusBadRequest, "The %s space cannot be deleted because it is reserved.", id)
	}
	delete(s.spaces, id)
	maps.DeleteFunc(s.connectors, func(_ string, found *connector) bool { return found.space == id })
	maps.DeleteFunc(s.caseSettings, func(_ string, found *caseSettings) bool { return found.space == id })
	maps.DeleteFunc(s.cases, func(_ string, found *caseDocument) bool { return found.space == id })
	return reply{status: http.StatusNoContent}
}
