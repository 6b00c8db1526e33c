package kibana

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// caseDocument is a case: what its author gave, and what became of it.
type caseDocument struct {
	id, space, version, owner, status string
	given                             map[string]any // title, description, tags, connector, settings, …
	comments                          []caseComment
	external                          map[string]any // external_service: the last push, or nil
	created, updated, closed          map[string]any
}

type caseComment struct {
	id, text string
	created  map[string]any
	pushed   map[string]any // nil until a push took it along
}

func caseSchema() schema {
	tags := property{"tags", listOf(schema{kind: text})}
	settings := property{"settings", strict(required("syncAlerts", boolean))}
	settings.open = true // extractObservables, in newer releases
	properties := []property{
		{"title", limited("title", 1, maximumCaseTitle)},
		{"description", limited("description", 1, maximumCaseDescription)},
		tags,
		{"connector", caseConnectorSchema()},
		settings,
		required("owner", text), nullable("category", schema{kind: text}),
	}
	severity := oneOf("severity", "low", "medium", "high", "critical")
	severity.hasDefault, severity.fallback = true, "low"
	values := limitedList("customFields", caseValueSchema(), maximumCustomFields)
	values.hasDefault, values.fallback = true, []any{}
	properties = append(properties, property{"customFields", values},
		property{"assignees", schema{kind: array, hasDefault: true, fallback: []any{}}})
	return strict(append(properties, severity)...)
}

func (s *Server) createCase(c *call) reply {
	body, refused := c.caseBody(caseSchema())
	if refused != nil {
		return *refused
	}
	owner := stringOf(body["owner"])
	if refused := c.caseWriter("create case", owner); refused != nil {
		return *refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	values, _ := body["customFields"].([]any)
	configured := s.customFieldsOf(c.space, owner)
	if repeated := repeatedKeys(values); len(repeated) > 0 {
		return failure(http.StatusBadRequest, "Invalid duplicated customFields keys in request: %s",
			strings.Join(repeated, ","))
	}
	for _, problem := range []string{caseValueFault(values, configured), requiredFault(values, configured)} {
		if problem != "" {
			return failure(http.StatusBadRequest, "%s", problem)
		}
	}
	body["customFields"] = filledValues(values, configured)
	created := &caseDocument{
		id: s.newID("case", c.space, owner, stringOf(body["title"])), space: c.space, version: s.nextVersion(),
		owner: owner, status: "open", given: body,
		created: s.signature(c.user),
	}
	s.cases[created.id] = created
	return ok(created.render())
}

// customFieldsOf answers the custom fields that an owner has configured in a space. The caller holds s.mu.
func (s *Server) customFieldsOf(space, owner string) []any {
	for _, settings := range s.caseSettings {
		if settings.space == space && settings.owner == owner {
			return settings.customFields
		}
	}
	return nil
}

func (s *Server) getCase(c *call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.caseByID(c.space, c.PathValue("id"))
	if found == nil {
		return notFound("cases", c.PathValue("id"))
	}
	if !c.user.cases(c.space, found.owner).reads() {
		return failure(http.StatusForbidden, "Unauthorized to access case with owners: %q", found.owner)
	}
	return ok(found.render())
}

// caseByID answers a case of a space, or nil. The caller holds s.mu.
func (s *Server) caseByID(space, id string) *caseDocument {
	if found := s.cases[id]; found != nil && found.space == space {
		return found
	}
	return nil
}

func (s *Server) commentCase(c *call) reply {
	body, refused := c.caseBody(strict(oneOf("type", "user"), required("comment", text), required("owner", text)))
	if refused != nil {
		return *refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.caseByID(c.space, c.PathValue("id"))
	if found == nil {
		return notFound("cases", c.PathValue("id"))
	}
	if refused := c.caseWriter("add comment to case", found.owner); refused != nil {
		return *refused
	}
	found.comments = append(found.comments, caseComment{
		id: s.newID("comment", c.PathValue("id")), text: stringOf(body["comment"]), created: s.signature(c.user),
	})
	found.version, found.updated = s.nextVersion(), s.signature(c.user)
	return ok(found.render())
}

// pushCase runs a connector with the case as its incident. A case pushed before with the same connector updates what
// that push made. A failed run is 424, unlike the 200 of _execute.
func (s *Server) pushCase(c *call) reply {
	s.mu.Lock()
	found := s.caseByID(c.space, c.PathValue("id"))
	if found == nil {
		s.mu.Unlock()
		return notFound("cases", c.PathValue("id"))
	}
	if refused := c.caseWriter("push case", found.owner); refused != nil {
		s.mu.Unlock()
		return *refused
	}
	if found.status == "closed" {
		s.mu.Unlock()
		return failure(http.StatusConflict, "The %v case is closed. Pushing it is not allowed.", found.given["title"])
	}
	id := c.PathValue("connector")
	used := s.visible(c.space, id)
	if used == nil {
		s.mu.Unlock()
		return notFound("action", id)
	}
	params, sent := found.incident(used.typeID, id)
	name := used.name
	s.mu.Unlock()

	ran := s.execute(c.Context(), c.version, c.space, id, params)
	switch {
	case ran.refused != nil:
		return *ran.refused
	case ran.invalid != "":
		return failure(http.StatusFailedDependency, "%s", ran.invalid)
	case ran.err != nil:
		return failure(http.StatusFailedDependency, "%s", ran.err)
	}
	pushed, isPush := ran.data.(*pushResult)
	if !isPush {
		return failure(http.StatusFailedDependency, "Error pushing to service")
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	by := s.signature(c.user)
	found.external = map[string]any{
		"connector_id": id, "connector_name": name, "external_id": pushed.ID, "external_title": pushed.Title,
		"external_url": pushed.URL, "pushed_at": by["at"], "pushed_by": by["by"],
	}
	for i := range found.comments {
		if slices.Contains(sent, found.comments[i].id) {
			found.comments[i].pushed = by
		}
	}
	for _, settings := range s.caseSettings {
		if settings.space == c.space && settings.owner == found.owner && settings.closure == "close-by-pushing" {
			found.status, found.closed = "closed", by
		}
	}
	found.version, found.updated = s.nextVersion(), by
	return ok(found.render())
}

// incident answers the params of pushToService for a case, and the ids of the comments among them.
func (d *caseDocument) incident(typeID, connectorID string) (params map[string]any, sent []string) {
	author := signedBy(d.created)
	incident := map[string]any{
		"description": fmt.Sprintf("%v\n\nAdded by %s.", d.given["description"], author), "externalId": nil,
	}
	if d.external != nil && d.external["connector_id"] == connectorID {
		incident["externalId"] = d.external["external_id"]
	}
	chosen, _ := d.given["connector"].(map[string]any)
	fields, _ := chosen["fields"].(map[string]any)
	take := func(names ...string) {
		for _, name := range names {
			incident[name] = fields[name]
		}
	}
	title := d.given["title"]
	switch typeID {
	case typeITSM, typeSecOps:
		incident["short_description"] = title
		incident["correlation_id"], incident["correlation_display"] = d.id, "Elastic Case"
		if typeID == typeITSM {
			take("severity", "urgency", "impact", "category", "subcategory")
		} else {
			// The flags of SecOps fields ask for values of the case's alerts, and a simulated case has none.
			take("category", "subcategory", "priority")
		}
	case typeJira:
		incident["summary"] = title
		labels := []any{}
		tags, _ := d.given["tags"].([]any)
		for _, tag := range texts(tags) {
			labels = append(labels, strings.Map(spaceToDash, tag)) // Jira refuses labels with spaces
		}
		incident["labels"] = labels
		take("issueType", "priority", "parent")
	case typeResilient:
		incident["name"] = title
		take("incidentTypes", "severityCode")
	case typeSwimlane:
		incident["caseName"], incident["caseId"] = title, d.id
		if own := fields["caseId"]; own != nil {
			incident["caseId"] = own
		}
	}
	comments := []any{}
	for _, c := range d.comments {
		if c.pushed == nil {
			sent = append(sent, c.id)
			comments = append(comments, map[string]any{
				"commentId": c.id, "comment": fmt.Sprintf("%s\n\nAdded by %s.", c.text, signedBy(c.created)),
			})
		}
	}
	return map[string]any{
		"subAction": "pushToService", "subActionParams": map[string]any{"incident": incident, "comments": comments},
	}, sent
}

func spaceToDash(r rune) rune {
	if unicode.IsSpace(r) {
		return '-'
	}
	return r
}

func signedBy(signature map[string]any) string {
	by, _ := signature["by"].(map[string]any)
	return stringOf(by["username"])
}

func (d *caseDocument) render() map[string]any {
	comments := []map[string]any{}
	for _, c := range d.comments {
		comments = append(comments, map[string]any{
			"id": c.id, "type": "user", "comment": c.text, "owner": d.owner, "created_at": c.created["at"],
			"created_by": c.created["by"], "pushed_at": c.pushed["at"], "pushed_by": c.pushed["by"],
		})
	}
	body := maps.Clone(d.given)
	maps.Copy(body, map[string]any{
		"id": d.id, "version": d.version, "status": d.status, "comments": comments, "totalComment": len(comments),
		"totalAlerts": 0, "duration": nil, "external_service": nil,
		"created_at": d.created["at"], "created_by": d.created["by"],
		"updated_at": d.updated["at"], "updated_by": d.updated["by"],
		"closed_at": d.closed["at"], "closed_by": d.closed["by"],
	})
	if d.external != nil {
		body["external_service"] = d.external
	}
	return body
}
