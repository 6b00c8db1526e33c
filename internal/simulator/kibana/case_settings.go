package kibana

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// caseSettings is a saved case configuration (the saved object "cases-configure"): one per owner and space.
type caseSettings struct {
	id, space, owner, version, closure string
	connector                          map[string]any
	customFields, templates            []any
	observableTypes                    []any
	analytics                          any            // analytics_enabled, where it was given
	created, updated                   map[string]any // when and by whom; updated is nil at first
}

// caseFields lists what the fields of a case's connector may hold, by connector type. All of the required ones must be
// there, null if need be; the optional ones came later (the releases are estimates).
func caseFields(v version, typeID string) (fields schema, known bool) {
	value := schema{kind: text, nullable: true}
	flag := schema{kind: boolean, nullable: true}
	with := func(s schema, names ...string) []property {
		properties := make([]property, 0, len(names))
		for _, name := range names {
			properties = append(properties, property{name, s})
		}
		return properties
	}
	later := func(properties []property, name string, major, minor int) schema {
		if v.atLeast(major, minor) {
			properties = append(properties, property{name, schema{kind: text, nullable: true, optional: true}})
		}
		return strict(properties...)
	}
	switch typeID {
	case typeJira:
		fields = later(with(value, "issueType", "priority", "parent"), "otherFields", 8, 13)
	case typeResilient:
		list := listOf(schema{kind: text})
		list.nullable = true
		fields = later([]property{{"incidentTypes", list}, {"severityCode", value}}, "additionalFields", 9, 1)
	case typeITSM:
		fields = later(with(value, "impact", "severity", "urgency", "category", "subcategory"), "additionalFields", 8, 16)
	case typeSecOps:
		fields = later(append(with(value, "category", "subcategory", "priority"),
			with(flag, "destIp", "sourceIp", "malwareHash", "malwareUrl")...), "additionalFields", 8, 16)
	case typeSwimlane:
		fields = strict(with(value, "caseId")...)
	case ".thehive":
		fields = schema{kind: record}
	case ".none", ".cases-webhook":
		fields = schema{kind: record, refine: func(any) string { return "fields must be null" }}
	default:
		return schema{}, false
	}
	fields.nullable = true
	return fields, true
}

// caseMappings answers the mapping of case fields that a connector type implies. It is derived, never given.
func caseMappings(v version, typeID string) []map[string]any {
	row := func(source, target, action string) map[string]any {
		return map[string]any{"source": source, "target": target, "action_type": action}
	}
	var title, comments string
	switch typeID {
	case typeITSM, typeSecOps:
		title, comments = "short_description", "work_notes"
	case typeJira:
		title, comments = "summary", "comments"
	case typeResilient:
		title, comments = "name", "comments"
	case typeSwimlane:
		title, comments = "caseName", "comments"
	default:
		return []map[string]any{}
	}
	rows := []map[string]any{row("title", title, "overwrite"), row("description", "description", "overwrite")}
	// Jira's tags came later than the rest; that it was 8.10 is an estimate.
	if typeID == typeJira && v.atLeast(8, 10) {
		rows = append(rows, row("tags", "labels", "overwrite"))
	}
	return append(rows, row("comments", comments, "append"))
}

func caseConnectorSchema() schema {
	return strict(required("id", text), required("name", text), required("type", text),
		property{"fields", schema{kind: anything}})
}

func (s *Server) listCaseSettings(c *call) reply {
	owners := c.URL.Query()["owner"]
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := []map[string]any{}
	for _, id := range sortedKeys(s.caseSettings) {
		found := s.caseSettings[id]
		// Filtered by privilege, not refused: what may not be read is not there.
		if found.space == c.space && c.user.cases(c.space, found.owner).reads() &&
			(len(owners) == 0 || slices.Contains(owners, found.owner)) {
			rows = append(rows, found.render(c.version))
		}
	}
	return ok(rows)
}

// createCaseSettings removes every configuration of that owner and stores a new one with a new id, so a POST that
// leaves customFields out empties them.
func (s *Server) createCaseSettings(c *call) reply {
	body, refused := c.caseBody(s.settingsBody(c.version, false))
	if refused != nil {
		return *refused
	}
	owner := stringOf(body["owner"])
	if problem := duplicates(body, nil); problem != "" {
		return failure(http.StatusBadRequest, "%s", problem)
	}
	if refused := s.templateFault(body["templates"], body["customFields"]); refused != nil {
		return *refused
	}
	if refused := c.caseWriter("create case configuration", owner); refused != nil {
		return *refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.caseSettings, func(_ string, other *caseSettings) bool {
		return other.space == c.space && other.owner == owner
	})
	created := &caseSettings{
		id: s.newID("case settings", c.space, owner), space: c.space, owner: owner,
		version: s.nextVersion(), created: s.signature(c.user),
		customFields: []any{}, templates: []any{}, observableTypes: []any{},
	}
	created.apply(body)
	s.caseSettings[created.id] = created
	return ok(created.render(c.version))
}

// updateCaseSettings changes what the body names, and the templates always: those that it leaves out are gone.
func (s *Server) updateCaseSettings(c *call) reply {
	body, refused := c.caseBody(s.settingsBody(c.version, true))
	if refused != nil {
		return *refused
	}
	id := c.PathValue("id")
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.caseSettings[id]
	if found == nil || found.space != c.space {
		if problem := duplicates(body, nil); problem != "" {
			return failure(http.StatusBadRequest, "%s", problem)
		}
		return notFound("cases-configure", id)
	}
	if problem := duplicates(body, found.customFields); problem != "" {
		return failure(http.StatusBadRequest, "%s", problem)
	}
	if _, given := body["templates"]; c.version.atLeast(8, 15) && (given || !s.Switches().PatchKeepsTemplates) {
		body["templates"] = fittedTemplates(body["templates"], body["customFields"])
		if refused := s.templateFault(body["templates"], body["customFields"]); refused != nil {
			return *refused
		}
	}
	if refused := c.caseWriter("update case configuration", found.owner); refused != nil {
		return *refused
	}
	if stringOf(body["version"]) != found.version {
		return failure(http.StatusConflict,
			"This configuration has been updated. Please refresh before saving additional updates.")
	}
	found.apply(body)
	found.version, found.updated = s.nextVersion(), s.signature(c.user)
	return ok(found.render(c.version))
}

// caseWriter refuses users who may only read.
func (c *call) caseWriter(operation, owner string) *reply {
	if c.user.cases(c.space, owner) == PrivilegeAll {
		return nil
	}
	r := failure(http.StatusForbidden, "Unauthorized to %s with owners: %q", operation, owner)
	return &r
}

// apply takes over what body names.
func (cs *caseSettings) apply(body map[string]any) {
	if analytics, given := body["analytics_enabled"]; given {
		cs.analytics = analytics
	}
	if connector, given := body["connector"].(map[string]any); given {
		cs.connector = connector
	}
	if closure := stringOf(body["closure_type"]); closure != "" {
		cs.closure = closure
	}
	for key, list := range map[string]*[]any{
		"customFields": &cs.customFields, "templates": &cs.templates, "observableTypes": &cs.observableTypes,
	} {
		if given, isList := body[key].([]any); isList {
			*list = given
		}
	}
}

// signature is when and by whom something was written.
func (s *Server) signature(user User) map[string]any {
	return map[string]any{
		"at": isoTime(s.options.Clock()),
		"by": map[string]any{"username": user.Username, "email": nil, "full_name": nil},
	}
}

func (cs *caseSettings) render(v version) map[string]any {
	body := map[string]any{
		"id": cs.id, "version": cs.version, "owner": cs.owner, "closure_type": cs.closure, "connector": cs.connector,
		"mappings": caseMappings(v, stringOf(cs.connector["type"])), "error": nil,
		"created_at": cs.created["at"], "created_by": cs.created["by"],
		"updated_at": cs.updated["at"], "updated_by": cs.updated["by"],
	}
	if cs.analytics != nil {
		body["analytics_enabled"] = cs.analytics
	}
	if v.atLeast(8, 11) {
		body["customFields"] = cs.customFields
	}
	if v.atLeast(8, 15) {
		body["templates"] = cs.templates
	}
	if v.atLeast(8, 18) {
		body["observableTypes"] = cs.observableTypes
	}
	return body
}

// listCaseConnectors answers the connectors that cases can use, in camelCase in every release.
func (s *Server) listCaseConnectors(c *call) reply {
	if !c.user.readsCases(c.space) {
		return failure(http.StatusForbidden, "Forbidden") // by the route's own tag
	}
	if !c.user.connectors(c.space).reads() {
		return failure(http.StatusForbidden, "Unauthorized to get actions")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := []map[string]any{}
	for _, found := range s.visibleAll(c.space) {
		t := s.typeByID(c.version, found.typeID)
		if t == nil || !slices.Contains(t.features, "cases") || s.disabled(t) != "" {
			continue
		}
		row := s.render(c.version, found)
		row["referenced_by_count"] = 0
		rows = append(rows, legacy.renamed(row))
	}
	return ok(rows)
}

// CaseSettings is what a test sees of a stored case configuration.
type CaseSettings struct {
	ID              string         `json:"id"`
	Space           string         `json:"space"`
	Owner           string         `json:"owner"`
	Version         string         `json:"version"`
	ClosureType     string         `json:"closure_type"`
	Connector       map[string]any `json:"connector"`
	CustomFields    []any          `json:"customFields"`
	Templates       []any          `json:"templates"`
	ObservableTypes []any          `json:"observableTypes"`
}

// CaseSettings answers the stored case configurations of all spaces, ordered by space and owner.
func (s *Server) CaseSettings() []CaseSettings {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]CaseSettings, 0, len(s.caseSettings))
	for _, found := range s.caseSettings {
		all = append(all, CaseSettings{
			ID: found.id, Space: found.space, Owner: found.owner, Version: found.version, ClosureType: found.closure,
			Connector: maps.Clone(found.connector), CustomFields: slices.Clone(found.customFields),
			Templates: slices.Clone(found.templates), ObservableTypes: slices.Clone(found.observableTypes),
		})
	}
	slices.SortFunc(all, func(a, b CaseSettings) int {
		return slices.Compare([]string{a.Space, a.Owner}, []string{b.Space, b.Owner})
	})
	return all
}

// SetCaseSettings changes a case configuration behind everyone's back and moves its version, so that a PATCH with the
// version read before answers 409. change holds any of closure_type, connector, customFields, templates and
// observableTypes, unvalidated. It fails if there is no such configuration.
func (s *Server) SetCaseSettings(id string, change map[string]any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.caseSettings[id]
	if found == nil {
		return fmt.Errorf("kibana: no case configuration %q", id)
	}
	found.apply(change)
	found.version = s.nextVersion()
	return nil
}

// DeleteCaseSettings removes a case configuration, which no API of Kibana's does but an import or a lost index may. It
// fails if there is no such configuration.
func (s *Server) DeleteCaseSettings(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.caseSettings[id] == nil {
		return fmt.Errorf("kibana: no case configuration %q", id)
	}
	delete(s.caseSettings, id)
	return nil
}

func (s *Server) adminCaseRoutes(mux *http.ServeMux, answer func(http.ResponseWriter, error, any)) {
	mux.HandleFunc("GET "+adminPrefix+"case_settings", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, nil, s.CaseSettings())
	})
	mux.HandleFunc("PATCH "+adminPrefix+"case_settings/{id}", func(w http.ResponseWriter, r *http.Request) {
		var change map[string]any
		if err := readAdmin(r, &change); err != nil {
			write(w, failure(http.StatusBadRequest, "%s", err))
			return
		}
		answer(w, s.SetCaseSettings(r.PathValue("id"), change), nil)
	})
	mux.HandleFunc("DELETE "+adminPrefix+"case_settings/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, s.DeleteCaseSettings(r.PathValue("id")), nil)
	})
	mux.HandleFunc("GET "+adminPrefix+"cases", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		rows := []json.RawMessage{}
		for _, id := range sortedKeys(s.cases) {
			if row, err := json.Marshal(s.cases[id].render()); err == nil {
				rows = append(rows, row)
			}
		}
		answer(w, nil, rows)
	})
}
