package kibanaapi

import (
	"context"
	"fmt"
	"net/http"
	"regexp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// licenseRefusal is how the actions plugin refuses a type that the license does not include.
var licenseRefusal = regexp.MustCompile(`because your (\w+) license (?:does not support it|has expired)`)

// explainLicense adds to a refusal of a connector type which license it needs and which one Kibana has.
func (k *Client) explainLicense(ctx context.Context, space, typeID string, err error) error {
	if !rest.HasStatus(err, http.StatusForbidden) && !rest.HasStatus(err, http.StatusBadRequest) {
		return err
	}
	found := licenseRefusal.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	needs := "a higher one"
	if types, terr := k.Types(ctx, space); terr == nil {
		for _, t := range types {
			if t.ID == typeID && t.MinimumLicense != "" {
				needs = t.MinimumLicense + " or higher"
			}
		}
	}
	return fmt.Errorf("%w. Connectors of type %s need the license %s, and this Kibana has %s",
		err, typeID, needs, found[1])
}
