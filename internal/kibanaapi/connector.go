package kibanaapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// Connectors is the Store of the Kibana connectors of one type.
//
// Its columns are name and space_id, each key of the connector's config as "config.<key>" (or the whole of it as
// "config"), case_field_mappings as a list of {source, target, actionType}, and what Kibana tells of the connector:
// connector_type_id, is_deprecated, is_missing_secrets, is_preconfigured. Secrets are named by their keys; the secret
// "secrets" is all of them as a JSON object.
//
// What depends on Kibana's release is decided here: routes, spellings, and which keys are sent.
type Connectors struct {
	// TypeID is the connector type, as ".servicenow"; empty finds connectors of every type.
	TypeID string
	kibana *Client
}

// Connectors gives the store of the connectors of one type. Without a type it takes that of each record's column
// connector_type_id.
func (k *Client) Connectors(typeID string) *Connectors { return &Connectors{TypeID: typeID, kibana: k} }

const (
	spaceColumn    = "space_id"
	nameColumn     = "name"
	configColumn   = "config"
	typeColumn     = "connector_type_id"
	mappingsColumn = "case_field_mappings"
	secretsSecret  = "secrets"

	typeITSM     = ".servicenow"
	typeSecOps   = ".servicenow-sir"
	typeITOM     = ".servicenow-itom"
	typeSwimlane = ".swimlane"

	usesTableAPIKey = "usesTableApi"
)

// keySince tells when config keys of the ServiceNow connectors came. Kibana refuses keys that it does not know.
var keySince = map[string]Version{
	usesTableAPIKey: {7, 16}, "isOAuth": {8, 3}, "clientId": {8, 3}, "userIdentifierValue": {8, 3}, "jwtKeyId": {8, 3},
}

// ErrPreconfigured tells that a connector stands in kibana.yml and cannot be changed over the API.
var ErrPreconfigured = errors.New("the connector is preconfigured in kibana.yml, so it cannot be managed here; a " +
	"data source can refer to it")

// Create sends one POST. Since Kibana 8.8 it carries the connector's id, so that a lost answer is resolved by a GET.
// Before it goes a look-up of the name among the space's connectors, which creates that come together share.
func (s *Connectors) Create(ctx context.Context, want record.Record) (record.Record, error) {
	routes, err := s.kibana.routes(ctx)
	if err != nil {
		return record.Record{}, err
	}
	chosen := want.ID != ""
	if chosen && !routes.clientIDs {
		return record.Record{}, fmt.Errorf(
			"connector_id cannot be chosen on Kibana %s; 8.8 and newer can",
			routes.version,
		)
	}
	body, err := s.body(routes, want)
	if err != nil {
		return record.Record{}, err
	}
	space := s.space(want)
	before, err := s.refuseDuplicate(ctx, routes, want, space)
	if err != nil {
		return record.Record{}, err
	}
	if !routes.clientIDs {
		return s.createUnnamed(ctx, routes, want, body, space, before)
	}
	if !chosen {
		random, err := uuid.NewRandom() // Kibana before 9.4 demands the version and variant bits
		if err != nil {
			return record.Record{}, fmt.Errorf("making an id: %w", err)
		}
		want.ID = random.String()
	}
	ctx, cancel := rest.GraceContext(ctx)
	defer cancel()
	for resent := 0; ; resent++ {
		got, err := s.send(ctx, routes, http.MethodPost, routes.one(want.ID), body, want, space)
		lost, conflict := errors.Is(err, record.ErrOutcomeUnknown), hasStatus(err, http.StatusConflict)
		switch {
		case err == nil || !lost && !conflict:
			return got, err
		case conflict && chosen && resent == 0:
			return record.Record{}, fmt.Errorf(
				"connector_id %s is taken, perhaps in another space, since Kibana's ids are unique "+
					"across them: %w",
				want.ID,
				err,
			)
		}
		found, ferr := s.kibana.Get(ctx, space, want.ID)
		switch {
		case ferr == nil && s.holds(found, want, body):
			s.kibana.lists.wrote(space, found.ID, &found)
			return s.sent(routes, found, want, space), nil
		case ferr == nil:
			return record.Record{}, fmt.Errorf(
				"%w (and connector_id %s is that of another connector, %q)",
				err,
				want.ID,
				found.Name,
			)
		case !errors.Is(ferr, record.ErrNotFound):
			return record.Record{}, fmt.Errorf(
				"%w (and it could not be told whether the connector was made: %w)",
				err,
				ferr,
			)
		case conflict || resent == record.MaxResends || rest.OperationContext(ctx).Err() != nil:
			return record.Record{}, err
		}
	}
}

// refuseDuplicate looks for a connector of this type with the wanted name, or for any with the wanted id. It answers
// with the space's connectors where they were asked for.
func (s *Connectors) refuseDuplicate(
	ctx context.Context, routes routes, want record.Record, space string,
) ([]Connector, error) {
	check := s.kibana.DuplicateCheck
	if !check && routes.clientIDs {
		return nil, nil
	}
	all, err := s.kibana.lists.read(ctx, s.kibana, space, true)
	if err != nil && !errors.Is(err, record.ErrNotFound) { // of a space that is not there, the POST will tell
		return nil, err
	}
	if !check {
		return all, nil
	}
	name, typeID := record.Text(want.Values[nameColumn]), s.typeOf(want)
	exists := &record.ExistsError{Key: fmt.Sprintf("name = %q", name)}
	for _, c := range all {
		switch {
		case want.ID != "" && c.ID == want.ID && c.TypeID != typeID:
			return nil, fmt.Errorf("connector_id %s is taken by the connector %q of type %s", c.ID, c.Name, c.TypeID)
		case want.ID != "" && c.ID == want.ID:
			return nil, &record.ExistsError{
				IDs: []string{s.importID(c, space)},
				Key: fmt.Sprintf("connector_id = %q", c.ID),
			}
		case c.Name == name && c.TypeID == typeID && !c.IsPreconfigured:
			exists.IDs = append(exists.IDs, s.importID(c, space))
		}
	}
	if len(exists.IDs) > 0 {
		return nil, exists
	}
	return all, nil
}

// importID is how a connector is written in an import command.
func (s *Connectors) importID(c Connector, space string) string {
	if space == s.kibana.Space {
		return c.ID
	}
	return space + "/" + c.ID
}

// createUnnamed serves Kibana before 8.8, which chooses the id: a lost answer is resolved by comparing lists, and never
// by a second POST.
func (s *Connectors) createUnnamed(
	ctx context.Context, routes routes, want record.Record, body map[string]any, space string, before []Connector,
) (record.Record, error) {
	ctx, cancel := rest.GraceContext(ctx)
	defer cancel()
	got, err := s.send(ctx, routes, http.MethodPost, routes.create, body, want, space)
	if !errors.Is(err, record.ErrOutcomeUnknown) {
		return got, err
	}
	after, lerr := s.kibana.requestList(ctx, space)
	if lerr != nil {
		return record.Record{}, fmt.Errorf(
			"%w (and it could not be told whether the connector was made: %w)",
			err,
			lerr,
		)
	}
	known := map[string]bool{}
	for _, c := range before {
		known[c.ID] = true
	}
	fresh := slices.DeleteFunc(after, func(c Connector) bool { return known[c.ID] || !s.holds(c, want, body) })
	if len(fresh) == 1 {
		s.kibana.lists.wrote(space, fresh[0].ID, &fresh[0])
		return s.sent(routes, fresh[0], want, space), nil
	}
	return record.Record{}, fmt.Errorf(
		"%w; Kibana %s has no ids made by the client, and %d new connectors of this name and "+
			"configuration are there: look for it under Stack Management > Connectors before the next apply",
		err,
		routes.version,
		len(fresh),
	)
}

// holds tells whether a connector is the wanted one: its name, its type, and its config as far as the wanted one goes.
func (s *Connectors) holds(c Connector, want record.Record, body map[string]any) bool {
	if c.Name != record.Text(want.Values[nameColumn]) || c.TypeID != s.typeOf(want) {
		return false
	}
	config, _ := body[configColumn].(map[string]any)
	return record.Covers(c.Config, config)
}

// Read finds the connector in its space's list, which all reads of a refresh share, or, with SingleReads, by a GET of
// its own. A GET also confirms that a connector which is not listed is gone: Kibana answers 403, not 404, to accounts
// without the privilege.
func (s *Connectors) Read(ctx context.Context, have record.Record) (record.Record, error) {
	if have.ID == "" {
		return record.Record{}, record.ErrNotFound
	}
	routes, err := s.kibana.routes(ctx)
	if err != nil {
		return record.Record{}, err
	}
	space := s.space(have)
	if !s.kibana.SingleReads {
		all, err := s.kibana.List(ctx, space)
		if err != nil &&
			!errors.Is(err, record.ErrNotFound) { // a 404 is about the list or the space, not about the connector
			return record.Record{}, err
		}
		if at := slices.IndexFunc(all, func(c Connector) bool { return c.ID == have.ID }); at >= 0 {
			return s.managed(routes, all[at], space)
		}
	}
	found, err := s.kibana.Get(ctx, space, have.ID)
	if err != nil {
		return record.Record{}, err
	}
	return s.managed(routes, found, space)
}

// managed refuses connectors that this store cannot manage.
func (s *Connectors) managed(routes routes, c Connector, space string) (record.Record, error) {
	switch {
	case c.IsPreconfigured:
		return record.Record{}, fmt.Errorf("connector %s (%s): %w", c.ID, c.Name, ErrPreconfigured)
	case s.TypeID != "" && c.TypeID != s.TypeID:
		return record.Record{}, fmt.Errorf("connector %s (%s) is of type %s, not %s", c.ID, c.Name, c.TypeID, s.TypeID)
	}
	return s.record(routes, c, space), nil
}

// Update replaces the connector: Kibana's PUT forgets whatever config and secrets it does not carry. It answers 409
// when another PUT came between its own reading and writing; the same PUT is then sent once more.
func (s *Connectors) Update(ctx context.Context, have, want record.Record) (record.Record, error) {
	values, secrets := record.Changes(have, want)
	if len(values)+len(secrets) == 0 {
		return have, nil
	}
	routes, err := s.kibana.routes(ctx)
	if err != nil {
		return record.Record{}, err
	}
	body, err := s.body(routes, want)
	if err != nil {
		return record.Record{}, err
	}
	delete(body, routes.typeKey)
	got, err := s.send(ctx, routes, http.MethodPut, routes.one(have.ID), body, want, s.space(have))
	if hasStatus(err, http.StatusConflict) {
		got, err = s.send(ctx, routes, http.MethodPut, routes.one(have.ID), body, want, s.space(have))
	}
	return got, err
}

// Delete removes the connector, even one that rules and cases refer to.
func (s *Connectors) Delete(ctx context.Context, have record.Record) ([]string, error) {
	routes, err := s.kibana.routes(ctx)
	if err != nil {
		return nil, err
	}
	space := s.space(have)
	r := rest.Request{Method: http.MethodDelete, Path: routes.one(have.ID), Write: true}
	if err := s.kibana.do(ctx, space, r, nil); err != nil && !errors.Is(err, record.ErrNotFound) {
		s.kibana.lists.forget(space)
		return nil, err
	}
	s.kibana.lists.wrote(space, have.ID, nil)
	return nil, nil
}

// Find looks connectors up by name and space; other columns are config keys.
func (s *Connectors) Find(
	ctx context.Context,
	match map[string]string,
	_ []string,
	limit int,
) ([]record.Record, error) {
	match = maps.Clone(match)
	space := match[spaceColumn]
	if space == "" {
		space = s.kibana.Space
	}
	delete(match, spaceColumn)
	routes, err := s.kibana.routes(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.kibana.List(ctx, space)
	if err != nil {
		return nil, err
	}
	var found []record.Record
	for _, c := range all {
		if s.TypeID != "" && c.TypeID != s.TypeID {
			continue
		}
		r := s.record(routes, c, space)
		differs := func(column string) bool { return record.Text(r.Values[column]) != match[column] }
		if len(found) < limit && !slices.ContainsFunc(slices.Collect(maps.Keys(match)), differs) {
			found = append(found, r)
		}
	}
	return found, nil
}

func (s *Connectors) space(r record.Record) string {
	if space := record.Text(r.Values[spaceColumn]); space != "" {
		return space
	}
	return s.kibana.Space
}

func (s *Connectors) typeOf(r record.Record) string {
	if s.TypeID != "" {
		return s.TypeID
	}
	return record.Text(r.Values[typeColumn])
}

// send is the one place where connectors are written; it answers with the stored connector.
func (s *Connectors) send(
	ctx context.Context, routes routes, method, path string, body map[string]any, want record.Record, space string,
) (record.Record, error) {
	r := rest.Request{
		Method: method, Path: path, Body: body, Write: true,
		Secrets: append(record.Plaintexts(want.Secrets), flatten(body[secretsSecret])...),
	}
	var out map[string]any
	if err := s.kibana.do(ctx, space, r, &out); err != nil {
		s.kibana.lists.forget(space)
		return record.Record{}, err
	}
	c := routes.decode(out)
	if c.ID == "" {
		s.kibana.lists.forget(space)
		return record.Record{}, fmt.Errorf("%s %s: the answer holds no id", method, path)
	}
	s.kibana.lists.wrote(space, c.ID, &c)
	return s.sent(routes, c, want, space), nil
}

func (s *Connectors) sent(routes routes, c Connector, want record.Record, space string) record.Record {
	got := s.record(routes, c, space)
	got.SecretsSent = len(want.Secrets) > 0
	return got
}

// body makes the body of a POST; a PUT's lacks the type.
func (s *Connectors) body(routes routes, want record.Record) (map[string]any, error) {
	config, err := s.config(routes, want)
	if err != nil {
		return nil, err
	}
	secrets := map[string]any{}
	for key, secret := range want.Secrets {
		if key != secretsSecret {
			secrets[key] = secret.Value
		} else if json.Unmarshal([]byte(secret.Value), &secrets) != nil {
			return nil, errors.New("the secrets are no JSON object") // without the cause, which could quote them
		}
	}
	return map[string]any{
		nameColumn: want.Values[nameColumn], configColumn: config, secretsSecret: secrets, routes.typeKey: s.typeOf(want),
	}, nil
}

// config gathers the config keys of a record that this release knows. A key that came later is left out when it says
// what such a release does anyway, and is an error otherwise. Kibana takes an absent key and null for the same.
func (s *Connectors) config(routes routes, r record.Record) (map[string]any, error) {
	all := map[string]any{}
	if whole, ok := r.Values[configColumn].(map[string]any); ok {
		maps.Copy(all, whole)
	}
	for column, value := range r.Values {
		key, ok := strings.CutPrefix(column, configColumn+".")
		if !ok || value == nil {
			continue
		}
		if since, ok := keySince[key]; ok && !routes.version.AtLeast(since.Major, since.Minor) {
			if value == false {
				continue
			}
			return nil, fmt.Errorf("the config key %s needs Kibana %s or newer; this is %s", key, since, routes.version)
		}
		all[key] = value
	}
	if mappings := r.Values[mappingsColumn]; mappings != nil {
		key := routes.caseMappingKey(s.typeOf(r))
		if key == "" {
			return nil, fmt.Errorf(
				"connectors hold no case_field_mappings since Kibana 7.10; this is %s",
				routes.version,
			)
		}
		all[key] = map[string]any{"mapping": mappings}
		if key == "incidentConfiguration" {
			all["isCaseOwned"] = true
		}
	}
	if s.typeOf(r) == typeSwimlane && all["mappings"] == nil {
		all["mappings"] = map[string]any{} // Kibana demands the key
	}
	return all, nil
}

func (s *Connectors) record(routes routes, c Connector, space string) record.Record {
	r := record.Record{ID: c.ID, Values: map[string]any{
		nameColumn: c.Name, spaceColumn: space, configColumn: c.Config, typeColumn: c.TypeID,
		"is_deprecated": c.IsDeprecated, "is_missing_secrets": c.IsMissingSecrets, "is_preconfigured": c.IsPreconfigured,
	}}
	for key, value := range c.Config {
		r.Values[configColumn+"."+key] = value
	}
	if routes.usesTableAPI(c) {
		r.Values[configColumn+"."+usesTableAPIKey] = true
	}
	if key := routes.caseMappingKey(c.TypeID); key != "" {
		configuration, _ := c.Config[key].(map[string]any)
		r.Values[mappingsColumn] = configuration["mapping"]
	}
	return r
}

func hasStatus(err error, status int) bool {
	var e *rest.Error
	return errors.As(err, &e) && e.Status == status
}
