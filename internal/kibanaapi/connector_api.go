package kibanaapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// Connector is one connector as Kibana answers. Every is_* key is missing from some release.
type Connector struct {
	ID               string
	Name             string
	TypeID           string
	Config           map[string]any
	IsPreconfigured  bool
	IsDeprecated     bool
	IsMissingSecrets bool
}

// ConnectorType is a kind of connector that a Kibana knows.
type ConnectorType struct {
	ID, Name                            string
	Enabled, EnabledInConfig, InLicense bool
	// MinimumLicense is basic, gold, platinum, enterprise or trial.
	MinimumLicense string
}

// Run is what a connector answered to _execute. Kibana answers 200 also when the connector failed: Status tells.
type Run struct {
	// Status is "ok" or "error".
	Status string
	// Message says what failed, and ServiceMessage what the other service said to it; both empty when nothing did.
	Message, ServiceMessage string
	// Data is the sub-action's result.
	Data any
}

// routes are the paths and spellings of one generation of the connector API: /api/action up to 7.7, /api/actions/action
// from 7.8, both in camelCase, and /api/actions/connector from 7.13, in snake_case. 9.0 removed the first two.
type routes struct {
	version             Version
	create, list, types string
	base                string
	typeKey             string
	clientIDs           bool // since 8.8
	camelCase           bool
}

func (r routes) one(id string) string { return r.base + "/" + rest.PathElement(id) }

func (k *Client) routes(ctx context.Context) (routes, error) {
	v, err := k.Version(ctx)
	if err != nil {
		return routes{}, err
	}
	r := routes{version: v, typeKey: "actionTypeId", camelCase: true}
	switch {
	case v.AtLeast(7, 13):
		r.base, r.list, r.types = "/api/actions/connector", "/api/actions/connectors", "/api/actions/connector_types"
		r.typeKey, r.camelCase, r.clientIDs = "connector_type_id", false, v.AtLeast(8, 8)
	case v.AtLeast(7, 8):
		r.base, r.list, r.types = "/api/actions/action", "/api/actions", "/api/actions/list_action_types"
	default:
		r.base, r.list, r.types = "/api/action", "/api/action/_getAll", "/api/action/types"
	}
	r.create = r.base
	return r, nil
}

// key picks the spelling of this generation.
func (r routes) key(in map[string]any, snake, camel string) any {
	if r.camelCase {
		return in[camel]
	}
	return in[snake]
}

// errNoConnector reports that an answer holds something else than a connector.
var errNoConnector = errors.New("the answer holds no connector with an id")

var errOddConfig = errors.New("the config of a connector in the answer is not a JSON object")

// decode reads a connector of either spelling.
func (r routes) decode(decoded any) (Connector, error) {
	in, ok := decoded.(map[string]any)
	id, isText := in["id"].(string)
	if !ok || !isText || id == "" {
		return Connector{}, errNoConnector
	}
	c := Connector{
		ID: id, Name: record.Text(in["name"]), TypeID: record.Text(r.key(in, "connector_type_id", "actionTypeId")),
	}
	if c.Config, ok = in["config"].(map[string]any); !ok && in["config"] != nil {
		return Connector{}, errOddConfig
	}
	c.IsPreconfigured, _ = r.key(in, "is_preconfigured", "isPreconfigured").(bool)
	c.IsMissingSecrets, _ = r.key(in, "is_missing_secrets", "isMissingSecrets").(bool)
	deprecated, reported := r.key(in, "is_deprecated", "isDeprecated").(bool)
	if !reported && !c.IsPreconfigured {
		// 7.16 to 8.1 know deprecated connectors, but do not report them.
		deprecated = r.usesTableAPI(c)
	}
	c.IsDeprecated = deprecated
	return c, nil
}

// CanDeprecate reports whether a release knows deprecated connectors.
func CanDeprecate(v Version) bool { return v.AtLeast(7, 16) }

// usesTableAPI reports whether a connector writes by the Table API, which makes it deprecated since 7.16: also when its
// config does not say, since Kibana takes an absent key for true.
func (r routes) usesTableAPI(c Connector) bool {
	if !CanDeprecate(r.version) || c.TypeID != typeITSM && c.TypeID != typeSecOps || c.Config == nil {
		return false
	}
	uses, set := c.Config[usesTableAPIKey].(bool)
	return uses || !set
}

// caseMappingKey is where a release before 7.10 keeps the mapping of case fields inside a connector; empty: nowhere.
func (r routes) caseMappingKey(typeID string) string {
	switch {
	case r.version.AtLeast(7, 10):
		return ""
	case typeID == typeITSM && r.version.AtLeast(7, 8):
		return "incidentConfiguration"
	}
	return "casesConfiguration"
}

// Get reads one connector, of whatever type, preconfigured ones included.
func (k *Client) Get(ctx context.Context, space, id string) (Connector, error) {
	routes, err := k.routes(ctx)
	if err != nil {
		return Connector{}, err
	}
	var out any
	r := rest.Request{Method: http.MethodGet, Path: routes.one(id)}
	if err := k.do(ctx, space, r, &out); err != nil {
		return Connector{}, err
	}
	c, err := routes.decode(out)
	if err == nil && c.ID != id {
		err = fmt.Errorf("the answer holds the connector %s", c.ID)
	}
	if err != nil {
		return Connector{}, fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	return c, nil
}

// List returns every connector of a space, preconfigured ones included. Calls that come together share one request, and
// its answer serves for 30 seconds unless this provider writes a connector in between.
func (k *Client) List(ctx context.Context, space string) ([]Connector, error) {
	return k.lists.read(ctx, k, space, false)
}

// ListAnew is List by a request of its own: what it lacks is not there, whoever makes connectors beside this provider.
// It is the one place where connectors are listed. Kibana does not page this list.
func (k *Client) ListAnew(ctx context.Context, space string) ([]Connector, error) {
	routes, err := k.routes(ctx)
	if err != nil {
		return nil, err
	}
	var out any
	if err := k.do(ctx, space, rest.Request{Method: http.MethodGet, Path: routes.list}, &out); err != nil {
		return nil, err
	}
	list, ok := out.([]any)
	if !ok {
		return nil, errOddList
	}
	connectors := make([]Connector, len(list))
	for i, decoded := range list {
		if connectors[i], err = routes.decode(decoded); err != nil {
			return nil, fmt.Errorf("%w: entry %d: %w", errOddList, i, err)
		}
	}
	return connectors, nil
}

// errOddList reports that the answer to a list proves nothing about what was asked for.
var errOddList = errors.New("kibana gave an odd answer where a list was expected; it proves nothing, so nothing is " +
	"taken for deleted")

var errNotAList = errors.New("the answer is not a list")

// Types lists the connector types that this Kibana knows.
func (k *Client) Types(ctx context.Context, space string) ([]ConnectorType, error) {
	routes, err := k.routes(ctx)
	if err != nil {
		return nil, err
	}
	var out any
	if err := k.do(ctx, space, rest.Request{Method: http.MethodGet, Path: routes.types}, &out); err != nil {
		return nil, err
	}
	list, ok := out.([]any)
	if !ok {
		return nil, fmt.Errorf("GET %s: %w", routes.types, errNotAList)
	}
	types := make([]ConnectorType, len(list))
	for i, item := range list {
		in, ok := item.(map[string]any)
		if !ok || record.Text(in["id"]) == "" {
			return nil, fmt.Errorf("GET %s: entry %d is not a connector type with an id", routes.types, i)
		}
		t := ConnectorType{ID: record.Text(in["id"]), Name: record.Text(in["name"])}
		t.Enabled, _ = in["enabled"].(bool)
		t.EnabledInConfig, _ = routes.key(in, "enabled_in_config", "enabledInConfig").(bool)
		t.InLicense, _ = routes.key(in, "enabled_in_license", "enabledInLicense").(bool)
		t.MinimumLicense = record.Text(routes.key(in, "minimum_license_required", "minimumLicenseRequired"))
		types[i] = t
	}
	return types, nil
}

// Run lets a connector run a sub-action. readOnly says that it may be sent again when its answer is lost.
func (k *Client) Run(ctx context.Context, space, id string, params map[string]any, readOnly bool) (Run, error) {
	routes, err := k.routes(ctx)
	if err != nil {
		return Run{}, err
	}
	var answer any
	r := rest.Request{
		Method: http.MethodPost, Path: routes.one(id) + "/_execute", Write: !readOnly, Idempotent: readOnly,
		Body: map[string]any{"params": params},
	}
	if err := k.do(ctx, space, r, &answer); err != nil {
		return Run{}, err
	}
	out, _ := answer.(map[string]any)
	if status := out["status"]; status != "ok" && status != "error" {
		return Run{}, fmt.Errorf("POST %s: the answer does not say whether the connector's run succeeded, so it may have",
			r.Path)
	}
	run := Run{Status: record.Text(out["status"]), Message: record.Text(out["message"]), Data: out["data"]}
	run.ServiceMessage = record.Text(routes.key(out, "service_message", "serviceMessage"))
	if run.Status == "error" && strings.TrimSpace(run.Message+run.ServiceMessage) == "" {
		run.Message = "Kibana reports that the run failed, and does not say why."
	}
	return run, nil
}

// SubAction makes the params of a sub-action.
func SubAction(name string, params any) map[string]any {
	return map[string]any{"subAction": name, "subActionParams": params}
}

// flatten lists every text inside a JSON value.
func flatten(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case map[string]any:
		var all []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			all = append(all, flatten(v[key])...)
		}
		return all
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, flatten(item)...)
		}
		return all
	}
	return nil
}
