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
// "config"), case_field_mappings as a list of {source, target, actionType}, and what Kibana reports about the
// connector: connector_type_id, is_deprecated, is_missing_secrets, is_preconfigured. Secrets are named by their keys;
// the secret "secrets" is all of them as a JSON object.
//
// What depends on Kibana's release is decided here: routes, spellings, and which keys are sent.
type Connectors struct {
	// TypeID is the connector type, such as ".servicenow"; empty finds connectors of every type.
	TypeID string
	kibana *Client
}

// Connectors returns the store of the connectors of one type. Without a type it takes that of each record's column
// connector_type_id.
func (k *Client) Connectors(typeID string) *Connectors { return &Connectors{TypeID: typeID, kibana: k} }

var _ interface {
	record.Store
	record.Finder
} = (*Connectors)(nil)

const (
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

// keySince records when config keys of the ServiceNow connectors came. Kibana refuses keys that it does not know.
var keySince = map[string]Version{
	usesTableAPIKey: {7, 16}, "isOAuth": {8, 3}, "clientId": {8, 3}, "userIdentifierValue": {8, 3}, "jwtKeyId": {8, 3},
}

// ErrPreconfigured reports that a connector stands in kibana.yml and cannot be changed over the API.
var ErrPreconfigured = errors.New("the connector is preconfigured in kibana.yml, so it cannot be managed here; a " +
	"data source can refer to it")

// Create sends one POST. Since Kibana 8.8 it carries the connector's id, so that a lost answer is resolved by a GET.
// Before it goes a look-up of the name among the space's connectors, which creates that come together share.
func (s *Connectors) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	routes, err := s.kibana.routes(ctx)
	if err != nil {
		return record.Answer{}, err
	}
	chosen := want.ID != ""
	if chosen {
		if err := CheckConnectorID(routes.version, want.ID); err != nil {
			return record.Answer{}, err
		}
	}
	body, err := s.body(routes, want)
	if err != nil {
		return record.Answer{}, err
	}
	if !chosen && routes.clientIDs {
		random, err := uuid.NewRandom() // Kibana before 9.4 demands the version and variant bits
		if err != nil {
			return record.Answer{}, fmt.Errorf("making an id: %w", err)
		}
		want.ID = random.String()
	}
	space := s.space(want.Record)
	if err := s.kibana.requireSpace(ctx, space); err != nil {
		return record.Answer{}, err
	}
	if s.kibana.DuplicateCheck {
		key := naturalKey{space, s.typeOf(want.Record), nameColumn, want.Text(nameColumn)}
		release, err := s.kibana.reserve(key, want.ID)
		if err != nil {
			return record.Answer{}, err
		}
		defer release()
	}
	before, err := s.refuseDuplicate(ctx, routes, want, space, chosen)
	if err != nil {
		return record.Answer{}, err
	}
	known := map[string]bool{}
	for _, c := range before {
		known[c.ID] = true
	}
	never, always := func() bool { return false }, func() bool { return true }
	creation := record.Creation{
		Send: func(ctx context.Context) (record.Answer, error) {
			path := routes.create
			if routes.clientIDs {
				path = routes.one(want.ID)
			}
			got, err := s.send(ctx, routes, http.MethodPost, path, body, want, space)
			switch conflict := rest.HasStatus(err, http.StatusConflict); {
			case conflict && chosen:
				return got, fmt.Errorf("connector_id %s is taken, perhaps in another space, since Kibana's ids are unique "+
					"across them: %w", want.ID, err)
			case conflict: // an id that nobody else can have made
				return got, fmt.Errorf("%w: %w", err, record.ErrOutcomeUnknown)
			}
			return got, err
		},
		Look: func(ctx context.Context) (record.Answer, error) {
			return s.findCreated(ctx, routes, want, body, space, known, chosen)
		},
		Conclusive: never, Repeatable: never, Patience: s.kibana.Patience,
		Advice: fmt.Sprintf("Look for %q under Stack Management > Connectors in the space %s before the next apply; one "+
			"that is there is kept by an import of its id", want.Text(nameColumn), space),
	}
	if routes.clientIDs {
		creation.Conclusive, creation.Repeatable = always, always
	}
	return creation.Create(ctx)
}

// findCreated looks for the connector of a POST whose answer proves nothing: by its id, or, before Kibana 8.8, among
// the connectors that were not there before. An id that was made here names nobody else's, whatever Kibana made of its
// config; one that the user chose may.
func (s *Connectors) findCreated(
	ctx context.Context, routes routes, want record.Write, body map[string]any, space string, known map[string]bool,
	chosen bool,
) (record.Answer, error) {
	if routes.clientIDs {
		found, err := s.kibana.Get(ctx, space, want.ID)
		switch {
		case err != nil:
			return record.Answer{}, err
		case found.TypeID != s.typeOf(want.Record) || chosen && !s.holds(found, want, body):
			return record.Answer{}, fmt.Errorf("connector_id %s names the connector %q, which is not what was sent: it is "+
				"that of another connector, or Kibana has stored this one in another way", want.ID, found.Name)
		}
		s.kibana.lists.noteWrite(space, found.ID, &found)
		return s.writeAnswer(routes, found, want, space), nil
	}
	after, err := s.kibana.ListAnew(ctx, space)
	if err != nil {
		return record.Answer{}, err
	}
	after = slices.DeleteFunc(after, func(c Connector) bool { return known[c.ID] || !s.holds(c, want, body) })
	switch len(after) {
	case 0:
		return record.Answer{}, record.ErrNotFound
	case 1:
		s.kibana.lists.noteWrite(space, after[0].ID, &after[0])
		return s.writeAnswer(routes, after[0], want, space), nil
	}
	several := &record.SeveralError{Key: fmt.Sprintf(" named %q", want.Text(nameColumn))}
	for _, c := range after {
		several.IDs = append(several.IDs, c.ID)
	}
	return record.Answer{}, several
}

// refuseDuplicate looks for a connector of this type with the wanted name, or for any with the chosen id. It returns
// the space's connectors where they were asked for.
func (s *Connectors) refuseDuplicate(
	ctx context.Context, routes routes, want record.Write, space string, chosen bool,
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
	name, typeID := want.Text(nameColumn), s.typeOf(want.Record)
	exists := &record.ExistsError{Key: fmt.Sprintf("name = %q", name)}
	for _, c := range all {
		switch {
		case chosen && c.ID == want.ID && c.TypeID != typeID:
			return nil, fmt.Errorf("connector_id %s is taken by the connector %q of type %s", c.ID, c.Name, c.TypeID)
		case chosen && c.ID == want.ID:
			return nil, &record.ExistsError{IDs: []string{s.importID(c, space)}, Key: fmt.Sprintf("connector_id = %q", c.ID)}
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

// holds reports whether a connector is the wanted one: its name, its type, and its config as far as the wanted one
// goes.
func (s *Connectors) holds(c Connector, want record.Write, body map[string]any) bool {
	if c.Name != want.Text(nameColumn) || c.TypeID != s.typeOf(want.Record) {
		return false
	}
	config, _ := body[configColumn].(map[string]any)
	return record.Covers(c.Config, config)
}

// Read finds the connector in its space's list, which all reads of a refresh share, or, with SingleReads, by a GET of
// its own. One that is gone is neither in the list nor found by a GET: Kibana answers 403, not 404, to accounts without
// the privilege, and a 404 alone is what a proxy answers to everything.
func (s *Connectors) Read(ctx context.Context, have record.Record, _ []string) (record.Answer, error) {
	if have.ID == "" {
		return record.Answer{}, record.ErrNotFound
	}
	routes, err := s.kibana.routes(ctx)
	if err != nil {
		return record.Answer{}, err
	}
	space := s.space(have)
	found, err := s.kibana.present(ctx, space, have.ID)
	if errors.Is(err, record.ErrNotFound) {
		err = s.kibana.missing.confirm(space, have.ID, s.kibana.AcceptVanished, err)
	}
	if err != nil {
		return record.Answer{}, err
	}
	return s.managed(routes, found, have, space)
}

// present finds a connector, or proves that it is gone.
func (k *Client) present(ctx context.Context, space, id string) (Connector, error) {
	list := k.List
	if k.SingleReads {
		if found, err := k.Get(ctx, space, id); !errors.Is(err, record.ErrNotFound) {
			return found, err
		}
		list = k.ListAnew // as new as the GET
	}
	all, err := k.inSpace(ctx, space, list)
	if err != nil {
		return Connector{}, err
	}
	return k.amongOrGet(ctx, all, space, id)
}

// amongOrGet finds a connector in a list of its space, or, where that lacks it, by a GET.
func (k *Client) amongOrGet(ctx context.Context, all []Connector, space, id string) (Connector, error) {
	if at := slices.IndexFunc(all, func(c Connector) bool { return c.ID == id }); at >= 0 {
		return all[at], nil
	}
	return k.Get(ctx, space, id)
}

// inSpace lists the connectors of a space; none where the space is proven to be missing.
func (k *Client) inSpace(
	ctx context.Context, space string, list func(context.Context, string) ([]Connector, error),
) ([]Connector, error) {
	all, err := list(ctx, space)
	switch {
	case !errors.Is(err, record.ErrNotFound):
		return all, err
	case k.spaceGone(ctx, space):
		return nil, nil
	}
	return nil, unprovenList(space, err)
}

// managed refuses connectors that this store cannot manage.
func (s *Connectors) managed(
	routes routes, c Connector, have record.Record, space string,
) (record.Answer, error) {
	switch {
	case c.IsPreconfigured:
		return record.Answer{}, fmt.Errorf("connector %s (%s): %w", c.ID, c.Name, ErrPreconfigured)
	case s.TypeID != "" && c.TypeID != s.TypeID:
		return record.Answer{}, fmt.Errorf("connector %s (%s) is of type %s, not %s", c.ID, c.Name, c.TypeID, s.TypeID)
	}
	s.kibana.missing.found(space)
	r := s.record(routes, c, space)
	s.recall(routes, &r, c, have)
	return record.Answer{Record: r}, nil
}

// Update replaces the connector: Kibana's PUT forgets whatever config and secrets it does not carry. It answers 409
// when another PUT came between its own reading and writing; the same PUT is then sent once more.
func (s *Connectors) Update(ctx context.Context, have record.Record, want record.Write) (record.Answer, error) {
	if len(record.ChangedValues(have, want.Record))+len(want.SecretsToSend()) == 0 {
		return record.Answer{Record: have}, nil
	}
	routes, err := s.kibana.routes(ctx)
	if err != nil {
		return record.Answer{}, err
	}
	body, err := s.body(routes, want)
	if err != nil {
		return record.Answer{}, err
	}
	delete(body, routes.typeKey)
	want.ID = have.ID
	space := s.space(have)
	got, err := s.send(ctx, routes, http.MethodPut, routes.one(have.ID), body, want, space)
	if rest.HasStatus(err, http.StatusConflict) || errors.Is(err, record.ErrOutcomeUnknown) {
		got, err = s.send(ctx, routes, http.MethodPut, routes.one(have.ID), body, want, space)
	}
	return got, err
}

// Delete removes the connector, even one that rules and cases refer to, and makes sure that it is gone.
func (s *Connectors) Delete(ctx context.Context, have record.Record, _ record.Options) ([]string, error) {
	ctx, cancel := record.GraceContext(ctx) // the proof that the connector is gone is part of the write
	defer cancel()
	routes, err := s.kibana.routes(ctx)
	if err != nil {
		return nil, err
	}
	space := s.space(have)
	r := rest.Request{Method: http.MethodDelete, Path: routes.one(have.ID), Write: true}
	answered := s.kibana.deletes.Begin()
	err = s.kibana.do(ctx, space, r, nil)
	answered()
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		s.kibana.lists.forget(space)
		return nil, err
	}
	s.kibana.lists.noteWrite(space, have.ID, nil)
	s.kibana.deletes.Settle(ctx)
	all, err := s.kibana.inSpace(ctx, space, s.kibana.List)
	if err != nil {
		// One odd list would leave all deletes that it was to prove in the state.
		all, err = s.kibana.inSpace(ctx, space, s.kibana.List)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("the delete was answered, and whether the connector is gone could not be found out: %w", err)
	case slices.ContainsFunc(all, func(c Connector) bool { return c.ID == have.ID }):
		return nil, fmt.Errorf("kibana answered the delete of connector %s, and the connector is still there", have.ID)
	}
	return nil, nil
}

// Find looks connectors up by name; other columns are config keys. Preconfigured ones are found too.
func (s *Connectors) Find(ctx context.Context, match record.Match, _ []string, limit int) ([]record.Record, error) {
	space := s.space(record.Record{Space: match.Space})
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
		differs := func(column string) bool { return r.Text(column) != match.Values[column] }
		if len(found) < limit && !slices.ContainsFunc(slices.Collect(maps.Keys(match.Values)), differs) {
			s.recall(routes, &r, c, record.Record{}) // as an import reads it
			found = append(found, r)
		}
	}
	return found, nil
}

func (s *Connectors) space(r record.Record) string {
	if r.Space != "" {
		return r.Space
	}
	return s.kibana.Space
}

func (s *Connectors) typeOf(r record.Record) string {
	if s.TypeID != "" {
		return s.TypeID
	}
	return r.Text(typeColumn)
}

// send is the one place where connectors are written; it returns the stored connector.
func (s *Connectors) send(
	ctx context.Context, routes routes, method, path string, body map[string]any, want record.Write, space string,
) (record.Answer, error) {
	r := rest.Request{
		Method: method, Path: path, Body: body, Write: true,
		Secrets: secretTexts(want.Secrets, body[secretsSecret]),
	}
	var out any
	if err := s.kibana.do(ctx, space, r, &out); err != nil {
		s.kibana.lists.forget(space)
		return record.Answer{}, s.kibana.explainLicense(ctx, space, s.typeOf(want.Record), err)
	}
	c, err := routes.decode(out)
	if err == nil && want.ID != "" && c.ID != want.ID {
		err = s.confirm(ctx, method, space, c.ID, want)
	}
	if err != nil {
		s.kibana.lists.forget(space)
		return record.Answer{}, fmt.Errorf("%s %s: %w: %w", method, path, err, record.ErrOutcomeUnknown)
	}
	s.kibana.lists.noteWrite(space, c.ID, &c)
	return s.writeAnswer(routes, c, want, space), nil
}

// confirm looks at the connector that a write was answered with although another one was addressed. A create may have
// been given another id on the way; the answer to an update cannot be about another connector.
func (s *Connectors) confirm(ctx context.Context, method, space, id string, want record.Write) error {
	if method == http.MethodPost {
		found, err := s.kibana.Get(ctx, space, id)
		if err == nil && found.Name == want.Text(nameColumn) && found.TypeID == s.typeOf(want.Record) {
			return nil
		}
	}
	return fmt.Errorf("the answer is about the connector %s, not %s", id, want.ID)
}

// writeAnswer is the answer to a write, each of which carries all the secrets.
func (s *Connectors) writeAnswer(routes routes, c Connector, want record.Write, space string) record.Answer {
	wanted, _ := want.Values[configColumn].(map[string]any)
	r := s.record(routes, c, space)
	s.learn(routes, &r, c, wanted)
	return record.Answer{Record: r, KeptSecrets: slices.Collect(maps.Keys(want.Secrets))}
}

// body makes the body of a POST; a PUT's lacks the type.
func (s *Connectors) body(routes routes, want record.Write) (map[string]any, error) {
	config, err := s.config(routes, want.Record)
	if err != nil {
		return nil, err
	}
	secrets := map[string]any{}
	for key, secret := range want.Secrets {
		if key != secretsSecret {
			secrets[key] = secret.Value
		} else if json.Unmarshal([]byte(secret.Value), &secrets) != nil {
			return nil, errors.New("the secrets are not a JSON object") // without the cause, which could quote them
		}
	}
	return map[string]any{
		nameColumn: want.Values[nameColumn], configColumn: config, secretsSecret: secrets,
		routes.typeKey: s.typeOf(want.Record),
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
	r := record.Record{ID: c.ID, Space: space, Values: map[string]any{
		nameColumn: c.Name, configColumn: c.Config, typeColumn: c.TypeID,
		"is_deprecated": c.IsDeprecated, "is_missing_secrets": c.IsMissingSecrets, "is_preconfigured": c.IsPreconfigured,
	}}
	for key, value := range c.Config {
		r.Values[configColumn+"."+key] = value
	}
	switch since := keySince[usesTableAPIKey]; {
	case routes.usesTableAPI(c):
		r.Values[configColumn+"."+usesTableAPIKey] = true
	case !routes.version.AtLeast(since.Major, since.Minor):
		r.Values[configColumn+"."+usesTableAPIKey] = false // what such a release does
	}
	if key := routes.caseMappingKey(c.TypeID); key != "" {
		configuration, _ := c.Config[key].(map[string]any)
		r.Values[mappingsColumn] = configuration["mapping"]
	}
	return r
}
