package kibanaapi

import (
	"context"
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
// Its columns are owner, space_id, closure_type, connector_id, connector_fields (a JSON object) and mappings (a list of
// {source, target, action_type}, read only). The record's id is the owner: Kibana's own id changes whenever somebody
// sends a POST. Its Revision is that id and the version, joined by a space.
//
// Source: Kibana's cases API, /api/cases/configure. A POST throws away every setting of the owner, custom fields and
// templates included, so it is sent only where there is none; everything else is a PATCH.
type CaseSettings struct{ kibana *Client }

// CaseSettings gives the store of the case settings.
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

// Create sets the owner's settings, whether Kibana has some already or not.
func (s *CaseSettings) Create(ctx context.Context, want record.Record) (record.Record, error) {
	space := s.space(want)
	connector, err := s.connector(ctx, want, space)
	if err != nil {
		return record.Record{}, err
	}
	closure := record.Text(want.Values[closureColumn])
	ctx, cancel := rest.GraceContext(ctx)
	defer cancel()
	for resent := 0; ; resent++ {
		found, err := s.find(ctx, space, s.owner(want))
		switch {
		case err == nil:
			return s.patch(ctx, space, found.revision(), s.owner(want), map[string]any{
				"connector": connector, closureColumn: closure,
			})
		case !errors.Is(err, record.ErrNotFound):
			return record.Record{}, err
		}
		var out configuration
		err = s.kibana.do(
			ctx,
			space,
			rest.Request{Method: http.MethodPost, Path: casePath, Write: true, Body: map[string]any{
				"connector": connector, closureColumn: closure, ownerColumn: s.owner(want),
			}},
			&out,
		)
		if err == nil {
			return s.record(out, space), nil
		}
		// When the answer was lost, the look-up of the next round finds what was made, and the PATCH sets it once more.
		if !errors.Is(err, record.ErrOutcomeUnknown) || resent == record.MaxResends ||
			rest.OperationContext(ctx).Err() != nil {
			return record.Record{}, err
		}
	}
}

// Read finds the owner's settings. Kibana leaves out, without an error, those of owners that the account may not see.
func (s *CaseSettings) Read(ctx context.Context, have record.Record) (record.Record, error) {
	space := s.space(have)
	found, err := s.find(ctx, space, s.owner(have))
	if err != nil {
		return record.Record{}, err
	}
	return s.record(found, space), nil
}

// Update sends what changed: the closure type, or the connector with its fields.
func (s *CaseSettings) Update(ctx context.Context, have, want record.Record) (record.Record, error) {
	values, _ := record.Changes(have, want)
	body, space := map[string]any{}, s.space(have)
	if closure, ok := values[closureColumn]; ok {
		body[closureColumn] = closure
	}
	_, id := values["connector_id"]
	_, fields := values["connector_fields"]
	if id || fields {
		connector, err := s.connector(ctx, want, space)
		if err != nil {
			return record.Record{}, err
		}
		body["connector"] = connector
	}
	if len(body) == 0 {
		return have, nil
	}
	return s.patch(ctx, space, have.Revision, s.owner(have), body)
}

// Delete resets the settings: Kibana cannot remove them.
func (s *CaseSettings) Delete(ctx context.Context, have record.Record) ([]string, error) {
	_, err := s.patch(ctx, s.space(have), have.Revision, s.owner(have), map[string]any{
		"connector": noConnector, closureColumn: closeByUser,
	})
	if errors.Is(err, record.ErrNotFound) {
		return nil, nil
	}
	return nil, err
}

// patch changes the settings that a revision names. When they are no longer there in that version, it looks once for
// what is there now and changes that: only the columns of this store are sent, so what others changed stays.
func (s *CaseSettings) patch(
	ctx context.Context, space, revision, owner string, body map[string]any,
) (record.Record, error) {
	send := func(revision string) (configuration, error) {
		id, version, _ := strings.Cut(revision, " ")
		versioned := maps.Clone(body)
		versioned["version"] = version
		var out configuration
		err := s.kibana.do(ctx, space, rest.Request{
			Method: http.MethodPatch, Path: casePath + "/" + rest.PathElement(id), Body: versioned, Write: true,
		}, &out)
		return out, err
	}
	if strings.Contains(revision, " ") {
		out, err := send(revision)
		if !hasStatus(err, http.StatusConflict) && !errors.Is(err, record.ErrNotFound) {
			return s.answer(out, space, err)
		}
	}
	found, err := s.find(ctx, space, owner)
	if err != nil {
		return record.Record{}, err
	}
	out, err := send(found.revision())
	return s.answer(out, space, err)
}

func (s *CaseSettings) answer(out configuration, space string, err error) (record.Record, error) {
	if err != nil {
		return record.Record{}, err
	}
	return s.record(out, space), nil
}

func (c configuration) revision() string { return c.ID + " " + c.Version }

// find is the one place where case settings are read.
func (s *CaseSettings) find(ctx context.Context, space, owner string) (configuration, error) {
	var all []configuration
	r := rest.Request{Method: http.MethodGet, Path: casePath, Query: url.Values{ownerColumn: {owner}}}
	if err := s.kibana.do(ctx, space, r, &all); err != nil {
		return configuration{}, err
	}
	at := slices.IndexFunc(all, func(c configuration) bool { return c.Owner == owner })
	if at < 0 {
		return configuration{}, record.ErrNotFound
	}
	return all[at], nil
}

// connector looks up the name and the type of the wanted connector, and completes its fields.
func (s *CaseSettings) connector(ctx context.Context, want record.Record, space string) (caseConnector, error) {
	id := record.Text(want.Values["connector_id"])
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
	if space := record.Text(r.Values[spaceColumn]); space != "" {
		return space
	}
	return s.kibana.Space
}

// owner is the record's id, or, of a record that is to be made, its column.
func (s *CaseSettings) owner(r record.Record) string {
	if r.ID != "" {
		return r.ID
	}
	return record.Text(r.Values[ownerColumn])
}

func (s *CaseSettings) record(c configuration, space string) record.Record {
	r := record.Record{ID: c.Owner, Revision: c.revision(), Values: map[string]any{
		ownerColumn: c.Owner, spaceColumn: space, closureColumn: c.ClosureType, "mappings": c.Mappings,
		"connector_id": nil, "connector_fields": nil,
	}}
	if c.Connector.Type != noConnector.Type {
		r.Values["connector_id"], r.Values["connector_fields"] = c.Connector.ID, c.Connector.Fields
	}
	if c.Error != "" {
		r.Warnings = []string{
			"Kibana saved the case settings of " + c.Owner + ", but could not set the connector's mappings: " + c.Error,
		}
	}
	return r
}
