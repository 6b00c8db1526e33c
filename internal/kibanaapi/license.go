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
	if t, ok := k.typeOf(ctx, space, typeID); ok && t.MinimumLicense != "" {
		needs = t.MinimumLicense + " or higher"
	}
	return fmt.Errorf("%w. Connectors of type %s need the license %s, and this Kibana has %s",
		err, typeID, needs, found[1])
}

// TypeRefusal says why this Kibana would make no connector of a type, as far as it tells before one is sent; empty when
// nothing speaks against it, or nothing is known. Kibana is asked once for each space.
func (k *Client) TypeRefusal(ctx context.Context, space, typeID string) string {
	t, ok := k.typeOf(ctx, space, typeID)
	switch {
	case !ok || t.Enabled:
		return ""
	case !t.EnabledInConfig:
		return "Connectors of type " + typeID + " are not enabled in this Kibana: kibana.yml leaves the type out of " +
			"xpack.actions.enabledActionTypes"
	case t.InLicense || t.MinimumLicense == "":
		return ""
	}
	refusal := fmt.Sprintf("Connectors of type %s need the license %s or higher, and this Kibana has ", typeID,
		t.MinimumLicense)
	license, expired := k.license(ctx)
	switch {
	case license == "":
		return refusal + "a lower one, or one that has expired"
	case expired:
		return refusal + license + ", which has expired"
	}
	return refusal + license
}

// typeOf finds a connector type. The list, or that it is refused, is kept while the provider runs.
func (k *Client) typeOf(ctx context.Context, space, typeID string) (ConnectorType, bool) {
	k.typesMu.Lock()
	types, known := k.types[space]
	k.typesMu.Unlock()
	if !known {
		got, err := k.shared.do(ctx, "types "+space, func(ctx context.Context) (any, error) { return k.Types(ctx, space) })
		list, ok := got.([]ConnectorType)
		refused := rest.HasStatus(err, http.StatusForbidden) || rest.HasStatus(err, http.StatusNotFound)
		if err != nil && !refused || err == nil && !ok {
			return ConnectorType{}, false
		}
		types = map[string]ConnectorType{}
		for _, t := range list {
			types[t.ID] = t
		}
		k.typesMu.Lock()
		if k.types == nil {
			k.types = map[string]map[string]ConnectorType{}
		}
		k.types[space] = types
		k.typesMu.Unlock()
	}
	t, ok := types[typeID]
	return t, ok
}

// license returns the kind of Kibana's license, and whether it has expired; empty when Kibana does not say.
//
// Source: GET /api/licensing/info of the licensing plugin, for every account, since 7.6.
func (k *Client) license(ctx context.Context) (kind string, expired bool) {
	got, err := k.shared.do(ctx, "license", func(ctx context.Context) (any, error) {
		var out struct {
			License struct {
				Type   string `json:"type"`
				Status string `json:"status"`
			} `json:"license"`
		}
		err := k.do(ctx, DefaultSpace, rest.Request{Method: http.MethodGet, Path: "/api/licensing/info"}, &out)
		return [2]string{out.License.Type, out.License.Status}, err
	})
	said, ok := got.([2]string)
	if err != nil || !ok {
		return "", false
	}
	return said[0], said[1] == "expired"
}
