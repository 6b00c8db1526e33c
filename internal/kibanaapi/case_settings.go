package kibanaapi

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// CaseSettings is the Store of the settings that Kibana's cases have, one per owner and space.
//
// Its columns are owner, closure_type, connector_id, connector_fields (a JSON object), the lists custom_fields,
// templates and observable_types of entries as Kibana spells them, and, read only, connector_name and mappings (a list
// of {source, target, action_type}). Of a list it holds the entries that the configuration owns; all of them in an
// import. The record's id is the owner: Kibana's own id changes whenever somebody sends a POST. Its Revision is that id
// and the version, joined by a space. It remembers the connector's name as it was written.
//
// Source: Kibana's cases API, /api/cases/configure. A POST throws away every setting of the owner, custom fields and
// templates included, so it is sent only where a well-formed list proves that there is none; everything else is a
// PATCH, which carries all lists as they are found.
type CaseSettings struct{ kibana *Client }

var _ interface {
	record.Store
	record.Finder
} = (*CaseSettings)(nil)

// CaseSettings returns the store of the case settings.
func (k *Client) CaseSettings() *CaseSettings { return &CaseSettings{k} }

const (
	ownerColumn   = "owner"
	closureColumn = "closure_type"
	casePath      = "/api/cases/configure"
	closeByUser   = "close-by-user"
)

// nameMemory is the name under which case settings remember the connector's name as it was written, so that a change by
// somebody else can be told from a connector that was renamed meanwhile.
const nameMemory = "connector_name"

// WrittenName is the connector's name that a record of case settings remembers; ok is false when it remembers none.
func WrittenName(remembered map[string]string) (name string, ok bool) {
	name, ok = remembered[nameMemory]
	return name, ok
}

// caseConnector is the connector of case settings as Kibana wants it: fields must be there, if only as null.
type caseConnector struct {
	ID     string         `json:"id"`
	Name   string         `json:"name"`
	Type   string         `json:"type"`
	Fields map[string]any `json:"fields"`
}

var noConnector = caseConnector{ID: "none", Name: "none", Type: ".none"}

// configuration is what Kibana answers, as far as this store has to do with it.
type configuration struct {
	ID          string        `json:"id"`
	Version     string        `json:"version"`
	Owner       string        `json:"owner"`
	ClosureType string        `json:"closure_type"`
	Connector   caseConnector `json:"connector"`
	Mappings    []any         `json:"mappings"`
	Error       string        `json:"error"`

	CustomFields    *[]any `json:"customFields"`
	Templates       *[]any `json:"templates"`
	ObservableTypes *[]any `json:"observableTypes"`
}

// list is one of the lists; nil when the release does not know it.
func (c configuration) list(key string) any {
	list := map[string]*[]any{
		customFieldsKey: c.CustomFields, templatesKey: c.Templates, observableTypesKey: c.ObservableTypes,
	}[key]
	if list == nil {
		return nil
	}
	return *list
}

// Create sets the owner's settings. Settings that somebody has made are taken over only with AdoptExisting; those that
// are as Kibana delivers them need no adoption, nor do entries of lists that stay beside the wanted ones. A second
// resource of the same owner would take the first one's for somebody else's, or wipe them.
func (s *CaseSettings) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	release, err := s.kibana.reserve(s.key(want.Record), s.owner(want.Record))
	if err != nil {
		return record.Answer{}, err
	}
	got, err := s.create(ctx, want)
	if err != nil {
		release()
	}
	return got, err
}

// key is held as long as the settings are managed from here.
func (s *CaseSettings) key(r record.Record) naturalKey {
	return naturalKey{space: s.space(r), column: ownerColumn, value: s.owner(r)}
}

func (s *CaseSettings) create(ctx context.Context, want record.Write) (record.Answer, error) {
	space, owner := s.space(want.Record), s.owner(want.Record)
	if err := s.kibana.requireSpace(ctx, space); err != nil {
		return record.Answer{}, err
	}
	connector, err := s.connector(ctx, want, space)
	if err != nil {
		return record.Answer{}, err
	}
	found, err := s.find(ctx, space, owner)
	switch {
	case err == nil && found.taken(want.Record) && !want.AdoptExisting:
		id := owner
		if space != s.kibana.Space {
			id = space + "/" + owner
		}
		return record.Answer{}, &record.ExistsError{IDs: []string{id}, Key: fmt.Sprintf("owner = %q", owner)}
	case err == nil:
		got, err := s.patch(ctx, space, found, always(connector), record.Record{}, want.Record)
		if err == nil && found.taken(want.Record) {
			got.Found = found.former()
			keepReplaced(got.Found, found.replaced(record.Record{}, want.Record))
		}
		return got, err
	case !errors.Is(err, record.ErrNotFound):
		return record.Answer{}, err
	}
	body, err := settingsBody(configuration{}, connector, record.Record{}, want.Record)
	if err != nil {
		return record.Answer{}, err
	}
	body[ownerColumn] = owner
	return record.Creation{
		Send: func(ctx context.Context) (record.Answer, error) {
			var out configuration
			r := rest.Request{Method: http.MethodPost, Path: casePath, Write: true, Body: body}
			err := s.kibana.do(ctx, space, r, &out)
			if err == nil && !out.complete() {
				err = fmt.Errorf("POST %s: %w: %w", casePath, errOddConfiguration, record.ErrOutcomeUnknown)
			}
			return s.written(ctx, out, space, want.Record, connector.Name, err)
		},
		Look: func(ctx context.Context) (record.Answer, error) {
			found, err := s.find(ctx, space, owner)
			if err == nil && (found.Connector.ID != connector.ID || found.ClosureType != want.Text(closureColumn)) {
				err = errOtherSettings
			}
			return s.written(ctx, found, space, want.Record, connector.Name, err)
		},
		Conclusive: func() bool { return false }, Repeatable: func() bool { return false }, // a second POST wipes
		Patience: s.kibana.Patience,
		Advice:   "Look at Stack > Cases > Settings before the next apply",
	}.Create(ctx)
}

var errOtherSettings = errors.New("the owner has other case settings than the ones that were sent")

// Read finds the owner's settings. Kibana leaves out, without an error, those of owners that the account may not see.
// Reads of one owner share one request.
func (s *CaseSettings) Read(ctx context.Context, have record.Record, _ []string) (record.Answer, error) {
	space, owner := s.space(have), s.owner(have)
	got, err := s.kibana.shared.do(ctx, "case settings "+space+"/"+owner, func(ctx context.Context) (any, error) {
		return s.find(ctx, space, owner)
	})
	found, _ := got.(configuration)
	name, wrote := have.Remembered[nameMemory]
	if !wrote {
		name = found.Connector.Name
	}
	mine := have
	if have.Values[closureColumn] == nil { // an import
		mine.Values = map[string]any{}
		for key, column := range caseLists {
			mine.Values[column] = found.list(key)
		}
	}
	answer, err := s.answer(found, space, mine, name, err)
	if err == nil {
		s.recallTemplates(ctx, &answer, mine)
	}
	return answer, err
}

// Update makes the settings what is wanted, with the connector's present name.
func (s *CaseSettings) Update(ctx context.Context, have record.Record, want record.Write) (record.Answer, error) {
	space, owner := s.space(have), s.owner(have)
	connector, err := s.connector(ctx, want, space)
	if err != nil {
		return record.Answer{}, err
	}
	found, err := s.find(ctx, space, owner)
	if err != nil {
		return record.Answer{}, err
	}
	replaced := found.replaced(have, want.Record)
	for _, key := range slices.Sorted(maps.Keys(replaced)) {
		for _, theirs := range replaced[key] {
			ours := entryOf(want.Values[caseLists[key]], keyOf(theirs))
			if !want.AdoptExisting && !record.Covers(ownedEntry(theirs, ours), ours) {
				return record.Answer{}, fmt.Errorf("somebody has made the entry %q of %s in the case settings of %s, and it is "+
					"not what this configuration says. Set adopt_existing to take it over, so that a destroy gives it back, or "+
					"choose another key", keyOf(theirs), caseLists[key], owner)
			}
		}
	}
	got, err := s.patch(ctx, space, found, func(found configuration) caseConnector {
		unset := func(column string) bool { return have.Values[column] == nil && want.Values[column] == nil }
		switch {
		case unset("connector_id"):
			return found.Connector // not ours
		case found.Connector.ID == connector.ID && unset("connector_fields"):
			connector.Fields = found.Connector.Fields
		}
		return connector
	}, have, want.Record)
	if err == nil && len(replaced) > 0 {
		got.Found = map[string]string{}
		maps.Copy(got.Found, have.Found)
		keepReplaced(got.Found, replaced)
	}
	return got, err
}

// Delete restores what was taken over, and resets the settings otherwise: Kibana cannot remove them. Entries of lists
// that the configuration owns are removed, and those of others stay.
func (s *CaseSettings) Delete(ctx context.Context, have record.Record, _ record.Options) ([]string, error) {
	defer s.kibana.release(s.key(have))
	ctx, cancel := record.GraceContext(ctx) // the proof that they are reset is part of the write
	defer cancel()
	space := s.space(have)
	found, err := s.find(ctx, space, s.owner(have))
	if errors.Is(err, record.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	reset := record.Record{Values: map[string]any{closureColumn: closeByUser}}
	connector := noConnector
	var warnings []string
	if _, adopted := have.Found[closureColumn]; adopted { // else only entries were taken over, if anything
		reset.Values[closureColumn] = have.Found[closureColumn]
		if connector, err = s.formerConnector(ctx, have.Found, space); err != nil {
			return nil, err
		}
		if connector.ID == noConnector.ID && have.Found["connector_id"] != noConnector.ID {
			warnings = append(warnings, fmt.Sprintf("the connector %s that the settings named before is gone, so they name none",
				have.Found["connector_id"]))
		}
	}
	for key, column := range caseLists {
		if have.Values[column] == nil {
			continue
		}
		restored := []any{} // not nil, which would release what is there
		for _, entry := range entries(formerEntries(have.Found, key)) {
			if entryOf(have.Values[column], keyOf(entry)) != nil {
				restored = append(restored, entry)
			}
		}
		reset.Values[column] = restored
	}
	_, err = s.patch(ctx, space, found, always(connector), have, reset)
	if err == nil {
		found, err = s.find(ctx, space, found.Owner)
	}
	switch {
	case errors.Is(err, record.ErrNotFound):
		return nil, nil
	case err == nil && !found.isReset(connector, have, reset):
		err = fmt.Errorf("kibana answered the reset of the case settings of %s, and they are as they were", found.Owner)
	}
	return warnings, err
}

// isReset reports whether the settings are those of reset, without the entries that have owned and reset does not
// restore.
func (c configuration) isReset(connector caseConnector, have, reset record.Record) bool {
	if c.Connector.ID != connector.ID || c.ClosureType != reset.Text(closureColumn) {
		return false
	}
	for key, column := range caseLists {
		for _, entry := range entries(have.Values[column]) {
			if entryOf(reset.Values[column], keyOf(entry)) == nil && entryOf(c.list(key), keyOf(entry)) != nil {
				return false
			}
		}
	}
	return true
}

// formerConnector is the connector that adopted settings named before, or none where it is gone.
func (s *CaseSettings) formerConnector(
	ctx context.Context, found map[string]string, space string,
) (caseConnector, error) {
	var former caseConnector
	if err := json.Unmarshal([]byte(found["connector"]), &former); err != nil || former.ID == noConnector.ID {
		return noConnector, nil //nolint:nilerr // what cannot be restored is reset
	}
	_, err := s.kibana.known(ctx, space, former.ID)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return noConnector, nil
	case err != nil:
		return caseConnector{}, fmt.Errorf("looking for connector %s: %w", former.ID, err)
	}
	return former, nil
}

// asDelivered reports settings that nobody has made: no connector, and closing by hand.
func (c configuration) asDelivered() bool {
	return c.Connector.Type == noConnector.Type && c.ClosureType == closeByUser
}

// taken reports whether the wanted settings would replace what somebody has made.
func (c configuration) taken(want record.Record) bool {
	return !c.asDelivered() || len(c.replaced(record.Record{}, want)) > 0
}

// replaced lists the entries that others made, which have does not own and want takes over, by the list's key. One that
// is what want says counts too, or a destroy would delete it.
func (c configuration) replaced(have, want record.Record) map[string][]map[string]any {
	replaced := map[string][]map[string]any{}
	for key, column := range caseLists {
		for _, entry := range entries(want.Values[column]) {
			theirs := entryOf(c.list(key), keyOf(entry))
			if theirs != nil && entryOf(have.Values[column], keyOf(entry)) == nil {
				replaced[key] = append(replaced[key], theirs)
			}
		}
	}
	return replaced
}

// former is what a restore of the settings needs, beside the entries.
func (c configuration) former() map[string]string {
	connector, _ := json.Marshal(c.Connector) //nolint:errchkjson // texts and maps of decoded JSON
	return map[string]string{
		closureColumn: c.ClosureType, "connector": string(connector), "connector_id": c.Connector.ID,
	}
}

// keepReplaced remembers entries that were taken over. One of a key that was taken over before, and released, counts as
// it was found last.
func keepReplaced(found map[string]string, replaced map[string][]map[string]any) {
	for key, taken := range replaced {
		kept := slices.DeleteFunc(entries(formerEntries(found, key)), func(e map[string]any) bool {
			return slices.ContainsFunc(taken, func(t map[string]any) bool { return keyOf(t) == keyOf(e) })
		})
		data, _ := json.Marshal(append(kept, taken...)) //nolint:errchkjson // lists and maps of decoded JSON
		found[key] = string(data)
	}
}

// formerEntries is the list of the entries that were found and taken over, by the list's key; nil for none.
func formerEntries(found map[string]string, key string) any {
	var former any
	_ = json.Unmarshal([]byte(found[key]), &former)
	return former
}

// complete reports whether an answer is a configuration at all.
func (c configuration) complete() bool { return c.ID != "" && c.Version != "" && c.Owner != "" }

// settingsBody is the body of a write over what was found: all lists that this release knows, entries of others
// included.
func settingsBody(
	found configuration, connector caseConnector, have, want record.Record,
) (map[string]any, error) {
	body := map[string]any{"connector": connector, closureColumn: want.Text(closureColumn)}
	for key, column := range caseLists {
		if present := found.list(key); present != nil || want.Values[column] != nil {
			body[key] = merged(present, have.Values[column], want.Values[column], formerEntries(have.Found, key))
		}
	}
	if templates, ok := body[templatesKey].([]any); ok {
		fields, _ := body[customFieldsKey].([]any)
		fitted, err := fitTemplates(dropValues(templates, want.Values[templatesKey], fields), fields)
		if err != nil {
			return nil, err
		}
		body[templatesKey] = fitted
	}
	return body, nil
}

func always(connector caseConnector) func(configuration) caseConnector {
	return func(configuration) caseConnector { return connector }
}

// patch makes the settings that were found what is wanted. When somebody else was faster, it looks once for what is
// there now and changes that, so what others changed stays.
func (s *CaseSettings) patch(
	ctx context.Context, space string, found configuration, connector func(configuration) caseConnector,
	have, want record.Record,
) (record.Answer, error) {
	owner, name := found.Owner, ""
	send := func(found configuration) (configuration, error) {
		chosen := connector(found)
		name = chosen.Name
		body, err := settingsBody(found, chosen, have, want)
		if err != nil || found.says(body) {
			return found, err
		}
		body["version"] = found.Version
		var out configuration
		err = s.kibana.do(ctx, space, rest.Request{
			Method: http.MethodPatch, Path: casePath + "/" + rest.PathElement(found.ID), Body: body, Write: true,
		}, &out)
		if err == nil && !out.complete() {
			err = fmt.Errorf("PATCH %s: %w", casePath, errOddConfiguration)
		}
		return out, err
	}
	out, err := send(found)
	if rest.HasStatus(err, http.StatusConflict) || errors.Is(err, record.ErrNotFound) {
		if found, err = s.find(ctx, space, owner); err == nil {
			out, err = send(found)
		}
	}
	return s.written(ctx, out, space, want, name, err)
}

// says reports whether the settings are already what a body asks for.
func (c configuration) says(body map[string]any) bool {
	if body[closureColumn] != c.ClosureType || !record.Equal(toJSON(body["connector"]), toJSON(c.Connector)) {
		return false
	}
	for key := range caseLists {
		if wanted, given := body[key]; given && !record.Equal(wanted, c.list(key)) {
			return false
		}
	}
	return true
}

// toJSON returns a struct the shape of decoded JSON.
func toJSON(value any) map[string]any {
	data, _ := json.Marshal(value) //nolint:errchkjson // texts and maps of decoded JSON
	var decoded map[string]any
	_ = json.Unmarshal(data, &decoded)
	return decoded
}

// written is the answer to a write of mine.
func (s *CaseSettings) written(
	ctx context.Context, c configuration, space string, mine record.Record, name string, err error,
) (record.Answer, error) {
	got, err := s.answer(c, space, mine, name, err)
	if err == nil {
		s.learnTemplates(ctx, &got, mine)
	}
	return got, err
}

// answer is what the settings hold of mine, the record whose lists say which entries are owned. name is the connector's
// as this provider wrote it.
func (s *CaseSettings) answer(
	c configuration, space string, mine record.Record, name string, err error,
) (record.Answer, error) {
	if err != nil {
		return record.Answer{}, err
	}
	got := record.Answer{Record: s.record(c, space)}
	for key, column := range caseLists {
		got.Values[column] = owned(c.list(key), mine.Values[column])
	}
	got.Remembered = map[string]string{nameMemory: name}
	if c.Error != "" {
		got.Warnings = []string{
			"Kibana saved the case settings of " + c.Owner + ", but could not set the connector's mappings: " + c.Error,
		}
	}
	return got, nil
}

func (c configuration) revision() string { return c.ID + " " + c.Version }

var errOddConfiguration = errors.New("the answer holds no case configuration with an id, a version and an owner")

// find is the one place where case settings are read. Only two lists prove that an owner has none, the owner's and that
// of all: Kibana has no way to delete settings, and a POST to an owner who has some would wipe them. A 404 is about the
// list, or the space.
func (s *CaseSettings) find(ctx context.Context, space, owner string) (configuration, error) {
	for _, query := range []url.Values{{ownerColumn: {owner}}, nil} {
		all, err := s.list(ctx, space, query)
		switch {
		case errors.Is(err, record.ErrNotFound) && s.kibana.spaceGone(ctx, space):
			return configuration{}, record.ErrNotFound
		case errors.Is(err, record.ErrNotFound):
			return configuration{}, unprovenList(space, err)
		case err != nil:
			return configuration{}, err
		}
		for _, c := range all {
			if c.Owner == owner {
				return *c, nil
			}
		}
	}
	return configuration{}, record.ErrNotFound
}

func (s *CaseSettings) list(ctx context.Context, space string, query url.Values) ([]*configuration, error) {
	var out json.RawMessage
	r := rest.Request{Method: http.MethodGet, Path: casePath, Query: query}
	if err := s.kibana.do(ctx, space, r, &out); err != nil {
		return nil, err
	}
	var all []*configuration
	if !bytes.HasPrefix(bytes.TrimSpace(out), []byte("[")) || json.Unmarshal(out, &all) != nil {
		return nil, fmt.Errorf("GET %s: %w", casePath, errOddList)
	}
	for _, c := range all {
		if c == nil || !c.complete() {
			return nil, fmt.Errorf("GET %s: %w", casePath, errOddConfiguration)
		}
	}
	return all, nil
}

// Find returns the settings of all owners of a space, with the whole of their lists, but for those that are as Kibana
// delivers them.
//
// Source: Kibana's cases API; without an owner it answers those of every owner whose cases the account may read.
func (s *CaseSettings) Find(ctx context.Context, match record.Match, _ []string, limit int) ([]record.Record, error) {
	space := s.space(record.Record{Space: match.Space})
	all, err := s.list(ctx, space, nil)
	if err != nil {
		return nil, err
	}
	var found []record.Record
	for _, c := range all {
		row, untouched := s.record(*c, space), c.asDelivered()
		for key, column := range caseLists {
			row.Values[column] = owned(c.list(key), c.list(key))
			untouched = untouched && row.Values[column] == nil
		}
		if !untouched && len(found) < limit {
			found = append(found, row)
		}
	}
	slices.SortFunc(found, func(a, b record.Record) int { return cmp.Compare(a.ID, b.ID) })
	return found, nil
}

// connector looks up the name and the type of the wanted connector, and completes its fields.
func (s *CaseSettings) connector(ctx context.Context, want record.Write, space string) (caseConnector, error) {
	id := want.Text("connector_id")
	if id == "" {
		return noConnector, nil
	}
	found, err := s.kibana.known(ctx, space, id)
	switch {
	case errors.Is(err, record.ErrNotFound):
		return caseConnector{}, fmt.Errorf("the space %s has no connector %s", space, id)
	case err != nil:
		return caseConnector{}, fmt.Errorf("looking for connector %s: %w", id, err)
	}
	if err := CheckCaseType(found); err != nil {
		return caseConnector{}, err
	}
	connector := caseConnector{ID: id, Name: found.Name, Type: found.TypeID}
	if fields, _ := want.Values["connector_fields"].(map[string]any); len(fields) > 0 {
		if err := CheckCaseFields(connector.Type, fields); err != nil {
			return caseConnector{}, err
		}
		connector.Fields = map[string]any{}
		for _, key := range caseFields[connector.Type] {
			connector.Fields[key] = nil
		}
		maps.Copy(connector.Fields, fields)
	}
	return connector, nil
}

func (s *CaseSettings) space(r record.Record) string {
	if r.Space != "" {
		return r.Space
	}
	return s.kibana.Space
}

// owner is the record's id, or, of a record that is to be made, its column.
func (s *CaseSettings) owner(r record.Record) string {
	if r.ID != "" {
		return r.ID
	}
	return r.Text(ownerColumn)
}

func (s *CaseSettings) record(c configuration, space string) record.Record {
	r := record.Record{ID: c.Owner, Revision: c.revision(), Space: space, Values: map[string]any{
		ownerColumn: c.Owner, closureColumn: c.ClosureType, "mappings": c.Mappings,
		"connector_id": nil, "connector_fields": nil, "connector_name": nil,
	}}
	if c.Connector.Type != noConnector.Type {
		r.Values["connector_id"], r.Values["connector_fields"] = c.Connector.ID, c.Connector.Fields
		r.Values["connector_name"] = c.Connector.Name
	}
	return r
}
