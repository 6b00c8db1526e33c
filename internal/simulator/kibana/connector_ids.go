package kibana

import (
	"fmt"
	"net/http"
	"regexp"
)

// rfc4122 is what Kibana takes for a random id: versions 1 to 5 with the variant bits, or the nil UUID. A UUID without
// them, as some generators make it, is refused.
var rfc4122 = regexp.MustCompile(`(?i)^(?:[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|` +
	`00000000-0000-0000-0000-000000000000)$`)

// predefinedIDRefusal comes from the saved objects client, after everything else about the request was accepted. The
// repeated status is part of the message.
const predefinedIDRefusal = "Predefined IDs are not allowed for saved objects with encrypted attributes unless the " +
	"ID is a UUID.: Bad Request"

const maximumConnectorID = 36

var (
	readableID           = regexp.MustCompile(`^[a-z0-9-]+$`)
	readableIDUnderscore = regexp.MustCompile(`^[a-z0-9_-]+$`)
)

// connectorIDFault refuses an id in the path that a release since 9.4 does not take. Before, the route takes any. The
// length is the route's schema's to check, so the text of the function that checks the rest is never seen for it.
func (s *Server) connectorIDFault(c *call) *reply {
	id := c.PathValue("id")
	if id == "" || c.version.before(9, 4) {
		return nil
	}
	allowed, characters := readableID, "letters, numbers, and hyphens"
	if s.Switches().ConnectorIDUnderscores {
		allowed, characters = readableIDUnderscore, "letters, numbers, underscores, and hyphens"
	}
	var problem string
	switch {
	case len(id) > maximumConnectorID:
		problem = fmt.Sprintf(
			"value has length [%d] but it must have a maximum length of [%d].",
			len(id),
			maximumConnectorID,
		)
	case !allowed.MatchString(id):
		problem = "Connector ID must contain only lowercase " + characters + "."
	default:
		return nil
	}
	refused := failure(http.StatusBadRequest, "[request params.id]: %s", problem)
	return &refused
}
