package kibanaapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// CaseSettings is the Store of the settings that Kibana's cases have, one per owner and space.
//
// Its columns are owner, closure_type, connector_id, connector_fields (a JSON object), and, read only, connector_name and
// mappings (a list of {source, target, action_type}). The record's id is the owner: Kibana's own id changes whenever
// somebody sends a POST. Its Revision is that id and the version, joined by a space.
//
// Source: Kibana's cases API, /api/cases/configure. A POST throws away every setting of the owner, custom fields and
// templates included, so it is sent only where a well-formed list proves that there is none; everything else is a PATCH.
type CaseSettings struct{ kibana *Client }

var _ record.Store = (*CaseSettings)(nil)

// CaseSettings returns the store of the case settings.
func (k *Client) CaseSettings() *CaseSettings { return &CaseSettings{k} }

const (
	ownerColumn   = "owner"
	closureColumn = "closure_type"
	casePath      = "/api/cases/configure"
	closeByUser   = "close-by-user"
)

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
}

// caseFields are the keys that connector_fields must have, null where nothing is set, by connector type. Kibana refuses
// the fields of types that are not listed here unless they are null.
var caseFields = map[string][]string{
	typeITSM:     {"impact", "severity", "urgency", "category", "subcategory"},
	typeSecOps:   {"category", "subcategory", "priority", "destIp", "sourceIp", "malwareHash", "malwareUrl"},
	".jira":      {"issueType", "priority", "parent"},
	".resilient": {"incidentTypes", "severityCode"},
	typeSwimlane: {"caseId"},
}

// Create sets the owner's settings. Settings that somebody has made are taken over only with AdoptExisting; those that
// are as Kibana delivers them need no adoption.
func (s *CaseSettings) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	space, owner := s.space(want.Record), s.owner(want.Record)
	connector, err := s.connector(ctx, want, space)
	if err != nil {
		return record.Answer{}, err
	}
	body := map[string]any{"connector": connector, closureColumn: want.Text(closureColumn)}
	found, err := s.find(ctx, space, owner)
	switch {
	case err == nil && !found.asDelivered() && !want.AdoptExisting:
		id := owner
		if space != s.kibana.Space {
			id = space + "/" + owner
		}
		return record.Answer{}, &record.ExistsError{IDs: []string{id}, Key: fmt.Sprintf("owner = %q", owner)}
	case err == nil:
		got, err := s.patch(ctx, space, found.revision(), owner, body)
		if err == nil && !found.asDelivered() {
			got.Found = found.former()
		}
		return got, err
	case !errors.Is(err, record.ErrNotFound):
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
			return s.answer(out, space, err)
		},
		Look: func(ctx context.Context) (record.Answer, error) {
			found, err := s.find(ctx, space, owner)
			return s.answer(found, space, err)
		},
		Conclusive: func() bool { return false }, Repeatable: func() bool { return false }, // a second POST wipes
		Patience: s.kibana.Patience,
		Advice:   "Look at Stack > Cases > Settings before the next apply",
	}.Create(ctx)
}

// Read finds the owner's settings. Kibana leaves out, without an error, those of owners that the account may not see.
func (s *CaseSettings) Read(ctx context.Context, have record.Record, _ []string) (record.Answer, error) {
	space := s.space(have)
	found, err := s.find(ctx, space, s.owner(have))
	return s.answer(found, space, err)
}

// Update sends what changed: the closure type, or the connector with its fields and its present name.
func (s *CaseSettings) Update(ctx context.Context, have record.Record, want record.Write) (record.Answer, error) {
	values := record.ChangedValues(have, want.Record)
	body, space := map[string]any{}, s.space(have)
	if closure, ok := values[closureColumn]; ok {
		body[closureColumn] = closure
	}
	for _, column := range []string{"connector_id", "connector_fields", "connector_name"} {
		if _, ok := values[column]; ok && body["connector"] == nil {
			connector, err := s.connector(ctx, want, space)
			if err != nil {
				return record.Answer{}, err
			}
			body["connector"] = connector
		}
	}
	if len(body) == 0 {
		return record.Answer{Record: have}, nil
	}
	return s.patch(ctx, space, have.Revision, s.owner(have), body)
}

// Delete restores what was taken over, and resets the settings otherwise: Kibana cannot remove them.
func (s *CaseSettings) Delete(ctx context.Context, have record.Record, _ record.Options) ([]string, error) {
	space := s.space(have)
	body := map[string]any{"connector": noConnector, closureColumn: closeByUser}
	var warnings []string
	if have.Found != nil {
		body[closureColumn] = have.Found[closureColumn]
		connector, err := s.formerConnector(ctx, have.Found, space)
		if err != nil {
			return nil, err
		}
		if connector.ID == noConnector.ID && have.Found["connector_id"] != noConnector.ID {
			warnings = append(warnings, fmt.Sprintf("the connector %s that the settings named before is gone, so they name none",
				have.Found["connector_id"]))
		}
		body["connector"] = connector
	}
	_, err := s.patch(ctx, space, have.Revision, s.owner(have), body)
	if errors.Is(err, record.ErrNotFound) {
		return nil, nil
	}
	return warnings, err
}

// formerConnector is the connector that adopted settings named before, or none where it is gone.
func (s *CaseSettings) formerConnector(
	ctx context.Context, found map[string]string, space string,
) (caseConnector, error) {
	var former caseConnector
	if err := json.Unmarshal([]byte(found["connector"]), &former); err != nil || former.ID == noConnector.ID {
		return noConnector, nil //nolint:nilerr // what cannot be restored is reset
	}
	all, err := s.kibana.lists.read(ctx, s.kibana, space, true)
	if err != nil {
		return caseConnector{}, fmt.Errorf("looking for connector %s: %w", former.ID, err)
	}
	if !slices.ContainsFunc(all, func(c Connector) bool { return c.ID == former.ID }) {
		return noConnector, nil
	}
	return former, nil
}

// asDelivered reports settings that nobody has made: no connector, closing by hand, and nothing beside them.
func (c configuration) asDelivered() bool {
	return c.Connector.Type == noConnector.Type && c.ClosureType == closeByUser
}

// former is what a restore needs.
func (c configuration) former() map[string]string {
	connector, _ := json.Marshal(c.Connector) //nolint:errchkjson // texts and maps of decoded JSON
	return map[string]string{
		closureColumn: c.ClosureType, "connector": string(connector), "connector_id": c.Connector.ID,
	}
}

// complete reports whether an answer is a configuration at all.
func (c configuration) complete() bool { return c.ID != "" && c.Version != "" && c.Owner != "" }

// patch changes the settings that a revision names. When they are no longer there in that version, it looks once for
// what is there now and changes that: only the columns of this store are sent, so what others changed stays.
func (s *CaseSettings) patch(
	ctx context.Context, space, revision, owner string, body map[string]any,
) (record.Answer, error) {
	send := func(revision string) (configuration, error) {
		id, version, _ := strings.Cut(revision, " ")
		versioned := maps.Clone(body)
		versioned["version"] = version
		var out configuration
		err := s.kibana.do(ctx, space, rest.Request{
			Method: http.MethodPatch, Path: casePath + "/" + rest.PathElement(id), Body: versioned, Write: true,
		}, &out)
		if err == nil && !out.complete() {
			err = fmt.Errorf("PATCH %s: %w", casePath, errOddConfiguration)
		}
		return out, err
	}
	if strings.Contains(revision, " ") {
		out, err := send(revision)
		if !rest.HasStatus(err, http.StatusConflict) && !errors.Is(err, record.ErrNotFound) {
			return s.answer(out, space, err)
		}
	}
	found, err := s.find(ctx, space, owner)
	if err != nil {
		return record.Answer{}, err
	}
	out, err := send(found.revision())
	return s.answer(out, space, err)
}

func (s *CaseSettings) answer(c configuration, space string, err error) (record.Answer, error) {
	if err != nil {
		return record.Answer{}, err
	}
	got := record.Answer{Record: s.record(c, space)}
	if c.Error != "" {
		got.Warnings = []string{
			"Kibana saved the case settings of " + c.Owner + ", but could not set the connector's mappings: " + c.Error,
		}
	}
	return got, nil
}

func (c configuration) revision() string { return c.ID + " " + c.Version }

var errOddConfiguration = errors.New("the answer holds no case configuration with an id, a version and an owner")

// find is the one place where case settings are read. Only a list proves that an owner has none.
func (s *CaseSettings) find(ctx context.Context, space, owner string) (configuration, error) {
	var out json.RawMessage
	r := rest.Request{Method: http.MethodGet, Path: casePath, Query: url.Values{ownerColumn: {owner}}}
	if err := s.kibana.do(ctx, space, r, &out); err != nil {
		return configuration{}, err
	}
	var all []*configuration
	if !bytes.HasPrefix(bytes.TrimSpace(out), []byte("[")) || json.Unmarshal(out, &all) != nil {
		return configuration{}, fmt.Errorf("GET %s: %w", casePath, errOddList)
	}
	for _, c := range all {
		switch {
		case c == nil || !c.complete():
			return configuration{}, fmt.Errorf("GET %s: %w", casePath, errOddConfiguration)
		case c.Owner == owner:
			return *c, nil
		}
	}
	return configuration{}, record.ErrNotFound
}

// connector looks up the name and the type of the wanted connector, and completes its fields.
func (s *CaseSettings) connector(ctx context.Context, want record.Write, space string) (caseConnector, error) {
	id := want.Text("connector_id")
	if id == "" {
		return noConnector, nil
	}
	all, err := s.kibana.lists.read(ctx, s.kibana, space, true)
	if err != nil {
		return caseConnector{}, fmt.Errorf("looking for connector %s: %w", id, err)
	}
	at := slices.IndexFunc(all, func(c Connector) bool { return c.ID == id })
	if at < 0 {
		return caseConnector{}, fmt.Errorf("the space %s has no connector %s", space, id)
	}
	if all[at].TypeID == typeITOM {
		return caseConnector{}, fmt.Errorf("connector %s (%s) is of type %s, which serves rules only, not cases",
			id, all[at].Name, typeITOM)
	}
	connector := caseConnector{ID: id, Name: all[at].Name, Type: all[at].TypeID}
	if fields, _ := want.Values["connector_fields"].(map[string]any); len(fields) > 0 {
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
