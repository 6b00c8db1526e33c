package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/hashicorp/go-uuid"
)

// Connectors is the Store of the Kibana connectors of one type.
//
// Its columns are name and space_id, each key of the connector's config as "config.<key>" (or the whole of it as
// "config"), and what Kibana tells of the connector: is_deprecated, is_missing_secrets, is_preconfigured. Secrets are
// named by their keys.
//
// Source: Kibana's connector API, in the three generations that routes names.
type Connectors struct {
	// TypeID is the connector type, as ".servicenow"; empty finds connectors of every type.
	TypeID string
	kibana *Kibana
}

// Connectors gives the store of the connectors of one type.
func (k *Kibana) Connectors(typeID string) *Connectors { return &Connectors{TypeID: typeID, kibana: k} }

const (
	spaceColumn  = "space_id"
	nameColumn   = "name"
	configColumn = "config"
)

// Connector is one connector as Kibana answers. Every is_* key is missing from some release.
type Connector struct {
	ID               string         `json:"id"`
	Name             string         `json:"name"`
	TypeID           string         `json:"connector_type_id"`
	Config           map[string]any `json:"config"`
	IsPreconfigured  bool           `json:"is_preconfigured"`
	IsDeprecated     bool           `json:"is_deprecated"`
	IsMissingSecrets bool           `json:"is_missing_secrets"`
}

// ErrPreconfigured tells that a connector stands in kibana.yml and cannot be changed over the API.
var ErrPreconfigured = errors.New("the connector is preconfigured in kibana.yml, so it cannot be managed here")

// Create sends one POST. Since Kibana 8.8 it carries the connector's id, so that a lost answer is resolved by a GET.
func (s *Connectors) Create(ctx context.Context, want Record) (Record, error) {
	routes, err := s.routes(ctx)
	if err != nil {
		return Record{}, err
	}
	space := s.space(want)
	ours := want.ID == ""
	switch {
	case want.ID != "" && !routes.clientIDs:
		return Record{}, fmt.Errorf("connector_id cannot be chosen on Kibana %s; 8.8 and newer can", routes.version)
	case ours && routes.clientIDs:
		if want.ID, err = uuid.GenerateUUID(); err != nil {
			return Record{}, err
		}
	}
	if !routes.clientIDs {
		return s.createUnnamed(ctx, routes, want, space)
	}
	ctx, cancel := graceContext(ctx)
	defer cancel()
	for resent := 0; ; resent++ {
		got, err := s.send(ctx, routes, http.MethodPost, routes.one(want.ID), want, space)
		lost := errors.Is(err, ErrOutcomeUnknown)
		conflict := hasStatus(err, http.StatusConflict) && (ours || resent > 0)
		if err == nil || (!lost && !conflict) {
			return got, err
		}
		found, ferr := s.Read(ctx, want)
		switch {
		case ferr == nil:
			found.SecretsSent = len(want.Secrets) > 0
			return found, nil
		case !errors.Is(ferr, ErrNotFound):
			return Record{}, fmt.Errorf("%w (and it could not be told whether the connector was made: %w)", err, ferr)
		case conflict || resent == maxResends || origin(ctx).Err() != nil:
			return Record{}, err
		}
	}
}

// createUnnamed serves Kibana before 8.8, which chooses the id: a lost answer is resolved by comparing lists, and never
// by a second POST.
func (s *Connectors) createUnnamed(ctx context.Context, routes routes, want Record, space string) (Record, error) {
	before, err := s.List(ctx, space)
	if err != nil {
		return Record{}, err
	}
	ctx, cancel := graceContext(ctx)
	defer cancel()
	got, err := s.send(ctx, routes, http.MethodPost, routes.create, want, space)
	if !errors.Is(err, ErrOutcomeUnknown) {
		return got, err
	}
	after, lerr := s.List(ctx, space)
	if lerr != nil {
		return Record{}, fmt.Errorf("%w (and it could not be told whether the connector was made: %w)", err, lerr)
	}
	known := map[string]bool{}
	for _, c := range before {
		known[c.ID] = true
	}
	var fresh []Connector
	for _, c := range after {
		if !known[c.ID] && c.TypeID == s.TypeID && c.Name == Text(want.Values[nameColumn]) && s.holds(c, want) {
			fresh = append(fresh, c)
		}
	}
	if len(fresh) == 1 {
		got = s.record(fresh[0], space)
		got.SecretsSent = len(want.Secrets) > 0
		return got, nil
	}
	return Record{}, fmt.Errorf("%w; Kibana %s has no ids made by the client, and %d new connectors of this name and "+
		"configuration are there: look for it under Stack Management > Connectors before the next apply",
		err, routes.version, len(fresh))
}

// holds tells whether a connector's config is the wanted one, as far as that one goes.
func (s *Connectors) holds(c Connector, want Record) bool {
	for key, value := range config(want) {
		if !reflect.DeepEqual(c.Config[key], value) {
			return false
		}
	}
	return true
}

// Read asks for one connector. Kibana answers 403, not 404, to accounts without the privilege, so 404 means gone.
func (s *Connectors) Read(ctx context.Context, have Record) (Record, error) {
	routes, err := s.routes(ctx)
	if err != nil {
		return Record{}, err
	}
	space := s.space(have)
	var out map[string]any
	if err := s.kibana.do(ctx, space, request{Method: http.MethodGet, Path: routes.one(have.ID)}, &out); err != nil {
		return Record{}, err
	}
	c := routes.decode(out)
	switch {
	case c.IsPreconfigured:
		return Record{}, ErrPreconfigured
	case s.TypeID != "" && c.TypeID != s.TypeID:
		return Record{}, fmt.Errorf("connector %s is of type %s, not %s", have.ID, c.TypeID, s.TypeID)
	}
	return s.record(c, space), nil
}

// Update replaces the connector: Kibana's PUT forgets whatever config and secrets it does not carry.
func (s *Connectors) Update(ctx context.Context, have, want Record) (Record, error) {
	values, secrets := changes(have, want)
	if len(values)+len(secrets) == 0 {
		return have, nil
	}
	routes, err := s.routes(ctx)
	if err != nil {
		return Record{}, err
	}
	return s.send(ctx, routes, http.MethodPut, routes.one(have.ID), want, s.space(have))
}

// Delete removes the connector, even one that rules and cases refer to.
func (s *Connectors) Delete(ctx context.Context, have Record) ([]string, error) {
	routes, err := s.routes(ctx)
	if err != nil {
		return nil, err
	}
	r := request{Method: http.MethodDelete, Path: routes.one(have.ID), Write: true}
	if err := s.kibana.do(ctx, s.space(have), r, nil); err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	return nil, nil
}

// List gives every connector of a space, preconfigured ones included. Kibana does not page this list.
func (s *Connectors) List(ctx context.Context, space string) ([]Connector, error) {
	routes, err := s.routes(ctx)
	if err != nil {
		return nil, err
	}
	var out []map[string]any
	if err := s.kibana.do(ctx, space, request{Method: http.MethodGet, Path: routes.list}, &out); err != nil {
		return nil, err
	}
	connectors := make([]Connector, len(out))
	for i, c := range out {
		connectors[i] = routes.decode(c)
	}
	return connectors, nil
}

// Find looks connectors up by name and space; other columns are config keys.
func (s *Connectors) Find(ctx context.Context, match map[string]string, _ []string, limit int) ([]Record, error) {
	space := match[spaceColumn]
	if space == "" {
		space = s.kibana.Space
	}
	all, err := s.List(ctx, space)
	if err != nil {
		return nil, err
	}
	var found []Record
	for _, c := range all {
		if s.TypeID != "" && c.TypeID != s.TypeID {
			continue
		}
		if r := s.record(c, space); matches(r, match) && len(found) < limit {
			found = append(found, r)
		}
	}
	return found, nil
}

func (s *Connectors) space(r Record) string {
	if space := Text(r.Values[spaceColumn]); space != "" {
		return space
	}
	return s.kibana.Space
}

func (s *Connectors) send(
	ctx context.Context, routes routes, method, path string, want Record, space string,
) (Record, error) {
	body := map[string]any{nameColumn: want.Values[nameColumn], "config": config(want), "secrets": secretsOf(want)}
	if method == http.MethodPost {
		body[routes.typeKey] = s.TypeID
	}
	var out map[string]any
	r := request{Method: method, Path: path, Body: body, Write: true, Secrets: plaintexts(want.Secrets)}
	if err := s.kibana.do(ctx, space, r, &out); err != nil {
		return Record{}, err
	}
	got := s.record(routes.decode(out), space)
	got.SecretsSent = len(want.Secrets) > 0
	return got, nil
}

// config gathers the config keys of a record. Kibana takes an absent key and null for the same.
func config(r Record) map[string]any {
	all := map[string]any{}
	if whole, ok := r.Values[configColumn].(map[string]any); ok {
		all = whole
	}
	for column, value := range r.Values {
		if key, ok := strings.CutPrefix(column, configColumn+"."); ok && value != nil {
			all[key] = value
		}
	}
	return all
}

func secretsOf(r Record) map[string]string {
	all := map[string]string{}
	for key, secret := range r.Secrets {
		all[key] = secret.Value
	}
	return all
}

func (s *Connectors) record(c Connector, space string) Record {
	r := Record{ID: c.ID, Values: map[string]any{
		nameColumn: c.Name, spaceColumn: space, configColumn: c.Config, "connector_type_id": c.TypeID,
		"is_deprecated": c.IsDeprecated, "is_missing_secrets": c.IsMissingSecrets, "is_preconfigured": c.IsPreconfigured,
	}}
	for key, value := range c.Config {
		r.Values[configColumn+"."+key] = value
	}
	return r
}

// routes are the paths and spellings of one generation of the connector API.
type routes struct {
	version             Version
	create, list, types string
	base                string
	typeKey             string
	clientIDs           bool
	camelCase           bool
}

func (r routes) one(id string) string { return r.base + "/" + escape(id) }

func (s *Connectors) routes(ctx context.Context) (routes, error) {
	v, err := s.kibana.Version(ctx)
	switch {
	case err != nil:
		return routes{}, err
	case v.AtLeast(7, 13):
		const base = "/api/actions/connector"
		return routes{
			version: v, base: base, create: base, list: "/api/actions/connectors",
			types: "/api/actions/connector_types", typeKey: "connector_type_id", clientIDs: v.AtLeast(8, 8),
		}, nil
	case v.AtLeast(7, 8):
		const base = "/api/actions/action"
		return routes{
			version: v, base: base, create: base, list: "/api/actions", types: "/api/actions/list_action_types",
			typeKey: "actionTypeId", camelCase: true,
		}, nil
	}
	const base = "/api/action"
	return routes{
		version: v, base: base, create: base, list: base + "/_getAll", types: base + "/types",
		typeKey: "actionTypeId", camelCase: true,
	}, nil
}

// decode reads a connector of either spelling.
func (r routes) decode(in map[string]any) Connector {
	key := func(snake, camel string) any {
		if r.camelCase {
			return in[camel]
		}
		return in[snake]
	}
	c := Connector{ID: Text(in["id"]), Name: Text(in["name"]), TypeID: Text(key("connector_type_id", "actionTypeId"))}
	c.Config, _ = in["config"].(map[string]any)
	c.IsPreconfigured, _ = key("is_preconfigured", "isPreconfigured").(bool)
	c.IsDeprecated, _ = key("is_deprecated", "isDeprecated").(bool)
	c.IsMissingSecrets, _ = key("is_missing_secrets", "isMissingSecrets").(bool)
	return c
}

func hasStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
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

// Get reads one connector, of whatever type, preconfigured ones included.
func (s *Connectors) Get(ctx context.Context, space, id string) (Connector, error) {
	routes, err := s.routes(ctx)
	if err != nil {
		return Connector{}, err
	}
	var out map[string]any
	if err := s.kibana.do(ctx, space, request{Method: http.MethodGet, Path: routes.one(id)}, &out); err != nil {
		return Connector{}, err
	}
	return routes.decode(out), nil
}

// Run lets a connector run a sub-action. readOnly says that it may be sent again when its answer is lost.
func (s *Connectors) Run(ctx context.Context, space, id, subAction string, params any, readOnly bool) (Run, error) {
	routes, err := s.routes(ctx)
	if err != nil {
		return Run{}, err
	}
	var out map[string]any
	r := request{
		Method: http.MethodPost, Path: routes.one(id) + "/_execute", Write: !readOnly, Idempotent: readOnly,
		Body: map[string]any{"params": map[string]any{"subAction": subAction, "subActionParams": params}},
	}
	if err := s.kibana.do(ctx, space, r, &out); err != nil {
		return Run{}, err
	}
	run := Run{Status: Text(out["status"]), Message: Text(out["message"]), Data: out["data"]}
	run.ServiceMessage = Text(out["service_message"])
	if routes.camelCase {
		run.ServiceMessage = Text(out["serviceMessage"])
	}
	return run, nil
}
