package kibanaapi

import (
	"fmt"
	"regexp"
)

// What a connector's id may be. Before 9.4 Kibana demands a UUID of an id that comes from outside, since connectors
// hold encrypted secrets: core's saved_objects_utils.ts. From 9.4 on: the actions plugin's validate_connector_id.ts.
var (
	uuidID = regexp.MustCompile(`(?i)^(?:[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|` +
		`00000000-0000-0000-0000-000000000000)$`)
	readableID = regexp.MustCompile(`^[a-z0-9-]{1,36}$`)
)

// CheckConnectorID reports why a release does not take an id for a new connector; nil when it does.
func CheckConnectorID(v Version, id string) error {
	switch {
	case !v.AtLeast(8, 8):
		return fmt.Errorf("connector_id needs Kibana 8.8 or newer, and this one is %s; leave it out", v)
	case !v.AtLeast(9, 4) && !uuidID.MatchString(id):
		return fmt.Errorf("connector_id %q is not what Kibana %s takes: 8.8 to 9.3 take a UUID (RFC 4122, such as "+
			"6f1c0c1e-2f5d-4c0a-9a53-0e8f4c1b7a21) and nothing else; readable ids need 9.4 or newer", id, v)
	case v.AtLeast(9, 4) && !readableID.MatchString(id):
		return fmt.Errorf("connector_id %q is not what Kibana %s takes: 9.4 and newer take at most 36 lowercase letters, "+
			"digits and hyphens", id, v)
	}
	return nil
}
