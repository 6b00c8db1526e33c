package kibana

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// connector is a stored connector (the saved object "action").
type connector struct {
	id, space, name, typeID string
	config, secrets         map[string]any
	missingSecrets          bool
	// revision moves with every write, so that a token fetched with older credentials is never kept.
	revision int

	preconfigured, exposeConfig bool
}

// dialect is the casing of an API: snake_case from 7.13 on, camelCase on the routes before it.
type dialect bool

const (
	modern dialect = false
	legacy dialect = true
)

// key answers the name that the dialect gives to a snake_case key.
func (d dialect) key(name string) string {
	if d == modern {
		return name
	}
	if name == "connector_type_id" {
		return "actionTypeId"
	}
	if name == "connector_id" {
		return "actionId"
	}
	words := strings.Split(name, "_")
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	return strings.Join(words, "")
}

// renamed answers body with its top-level keys in the dialect.
func (d dialect) renamed(body map[string]any) map[string]any {
	out := make(map[string]any, len(body))
	for key, value := range body {
		out[d.key(key)] = value
	}
	return out
}

// notBlank refuses blank strings at any depth, as the routes since 7.13 do before a type is even looked at.
func (d dialect) notBlank(s schema) schema {
	if d == legacy {
		return s
	}
	s.refine = func(value any) string {
		if holdsBlank(value) {
			return "value '' is not valid"
		}
		return ""
	}
	return s
}

func holdsBlank(value any) bool {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v) == ""
	case []any:
		return slices.ContainsFunc(v, holdsBlank)
	case map[string]any:
		for _, item := range v {
			if holdsBlank(item) {
				return true
			}
		}
	}
	return false
}

func (d dialect) connectorBody(v version, withType bool) schema {
	values := d.notBlank(schema{kind: anything})
	settings := schema{kind: record, element: &values, hasDefault: true, fallback: map[string]any{}}
	properties := []property{{"name", d.notBlank(schema{kind: text})}}
	if withType {
		properties = append(properties, required(d.key("connector_type_id"), text))
		if d == modern && v.atLeast(9, 4) { // the release is an estimate
			properties = append(properties, maybe("inbound_events_enabled", schema{kind: boolean}))
		}
	}
	return strict(append(properties, property{"config", settings}, property{"secrets", settings})...)
}

// typeByID answers the type as release v knows it, or nil.
func (s *Server) typeByID(v version, id string) *connectorType {
	for _, t := range s.types {
		if t.id == id && v.atLeast(t.since.major, t.since.minor) {
			return t
		}
	}
	return nil
}

func (s *Server) create(d dialect) handler {
	return func(c *call) reply {
		// Routes check the path before the body, and both before any privilege.
		if refused := s.connectorIDFault(c); refused != nil {
			return *refused
		}
		body, refused := c.validBody(d.connectorBody(c.version, true))
		if refused != nil {
			return *refused
		}
		typeID := stringOf(body[d.key("connector_type_id")])
		if c.user.connectors(c.space) != PrivilegeAll {
			return failure(http.StatusForbidden, "Unauthorized to create a %q action", typeID)
		}
		id := c.PathValue("id")
		if s.preconfiguredByID(id) != nil || id == systemConnectorID {
			return failure(http.StatusBadRequest, "This %s already exists in a preconfigured action.", id)
		}
		t := s.typeByID(c.version, typeID)
		if t == nil {
			return failure(http.StatusBadRequest, "Action type %q is not registered.", typeID)
		}
		config, secrets, refused := s.validConnector(c.version, t, body)
		if refused != nil {
			return *refused
		}
		if t.system {
			return failure(http.StatusBadRequest, "System action creation is forbidden. Action type: %s.", t.id)
		}

		s.mu.Lock()
		defer s.mu.Unlock()
		if id == "" {
			id = s.newID(c.space, typeID, stringOf(body["name"]))
		} else if c.version.before(9, 4) && !rfc4122.MatchString(id) {
			return failure(http.StatusBadRequest, "%s", predefinedIDRefusal)
		}
		// Saved objects of this type are isolated, not duplicated, by space: an id taken in any of them conflicts.
		if s.connectors[id] != nil {
			return failure(http.StatusConflict, "Saved object [action/%s] conflict", id)
		}
		created := &connector{
			id: id, space: c.space, name: stringOf(body["name"]), typeID: t.id, config: config, secrets: secrets,
		}
		s.connectors[id] = created
		return ok(d.renamed(s.render(c.version, created)))
	}
}

func (s *Server) update(d dialect) handler {
	return func(c *call) reply {
		body, refused := c.validBody(d.connectorBody(c.version, false))
		if refused != nil {
			return *refused
		}
		if c.user.connectors(c.space) != PrivilegeAll {
			return failure(http.StatusForbidden, "Unauthorized to update actions")
		}
		id := c.PathValue("id")
		if id == systemConnectorID {
			return failure(http.StatusBadRequest, "System action %s can not be updated.", id)
		}
		if s.preconfiguredByID(id) != nil {
			return failure(http.StatusBadRequest, "Preconfigured action %s can not be updated.", id)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		stored := s.stored(c.space, id)
		if stored == nil {
			return notFound("action", id)
		}
		t := s.typeByID(c.version, stored.typeID)
		if t == nil {
			return failure(http.StatusBadRequest, "Action type %q is not registered.", stored.typeID)
		}
		config, secrets, refused := s.validConnector(c.version, t, body)
		if refused != nil {
			return *refused
		}
		stored.name, stored.config, stored.secrets = stringOf(body["name"]), config, secrets
		stored.missingSecrets = false
		stored.revision++
		delete(s.tokens, id)
		return ok(d.renamed(s.render(c.version, stored)))
	}
}

func (s *Server) get(d dialect) handler {
	return func(c *call) reply {
		if !c.user.connectors(c.space).reads() {
			return failure(http.StatusForbidden, "Unauthorized to get actions")
		}
		id := c.PathValue("id")
		if id == systemConnectorID {
			return failure(http.StatusNotFound, "Connector %s not found", id)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		found := s.visible(c.space, id)
		if found == nil {
			return notFound("action", id)
		}
		body := s.render(c.version, found)
		if c.version.atLeast(9, 3) {
			body["auth_mode"] = "shared"
		}
		return ok(d.renamed(body))
	}
}

func (s *Server) delete(c *call) reply {
	if c.user.connectors(c.space) != PrivilegeAll {
		return failure(http.StatusForbidden, "Unauthorized to delete actions")
	}
	id := c.PathValue("id")
	if id == systemConnectorID {
		return failure(http.StatusBadRequest, "System action %s is not allowed to delete.", id)
	}
	if s.preconfiguredByID(id) != nil {
		return failure(http.StatusBadRequest, "Preconfigured action %s is not allowed to delete.", id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stored(c.space, id) == nil {
		return notFound("action", id)
	}
	delete(s.connectors, id)
	delete(s.tokens, id)
	return reply{status: http.StatusNoContent}
}

func (s *Server) list(d dialect) handler {
	return func(c *call) reply {
		if !c.user.connectors(c.space).reads() {
			return failure(http.StatusForbidden, "Unauthorized to get actions")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		rows := []map[string]any{}
		for _, found := range s.visibleAll(c.space) {
			row := s.render(c.version, found)
			row["referenced_by_count"] = 0
			rows = append(rows, d.renamed(row))
		}
		return ok(rows)
	}
}

func (s *Server) listTypes(d dialect) handler {
	return func(c *call) reply {
		if !c.user.connectors(c.space).reads() {
			return failure(http.StatusForbidden, "Unauthorized to get actions")
		}
		feature := c.URL.Query().Get("feature_id")
		rows := []map[string]any{}
		for _, t := range s.types {
			if t.system || s.typeByID(c.version, t.id) == nil ||
				feature != "" && !slices.Contains(t.features, feature) {
				continue
			}
			inConfig, inLicense := s.enabledInConfig(t), s.licenseRefusal(t) == ""
			row := map[string]any{
				"id": t.id, "name": t.name, "enabled": inConfig && inLicense, "enabled_in_config": inConfig,
				"enabled_in_license": inLicense, "minimum_license_required": t.license,
			}
			if d == modern && c.version.atLeast(8, 3) {
				row["supported_feature_ids"] = t.features
			}
			if d == modern && c.version.atLeast(8, 11) {
				row["is_system_action_type"] = false
			}
			if d == modern && c.version.atLeast(9, 1) {
				row["is_deprecated"] = false
			}
			if d == modern && c.version.atLeast(9, 3) {
				row["source"] = "stack"
			}
			rows = append(rows, d.renamed(row))
		}
		return ok(rows)
	}
}

// validConnector runs Kibana's checks in its order: config schema, config rules (hosts first), secrets schema, secrets
// rules, the two compared, and only then whether the type is enabled and licensed.
func (s *Server) validConnector(
	v version, t *connectorType, body map[string]any,
) (config, secrets map[string]any, refused *reply) {
	fail := func(status int, message string) (map[string]any, map[string]any, *reply) {
		r := failure(status, "%s", message)
		return nil, nil, &r
	}
	given, _ := body["config"].(map[string]any)
	config, problem := s.validConfig(v, t, given)
	if problem != "" {
		return fail(http.StatusBadRequest, problem)
	}
	given, _ = body["secrets"].(map[string]any)
	secrets, problem = s.validSecrets(v, t, given)
	if problem != "" {
		return fail(http.StatusBadRequest, problem)
	}
	// Before OAuth (8.3) the schema itself demands both secrets and there is nothing to compare.
	if t.checkConnector != nil && v.atLeast(8, 3) {
		if message := t.checkConnector(config, secrets); message != "" {
			return fail(http.StatusBadRequest, "error validating action type connector: "+message)
		}
	}
	if refusal := s.disabled(t); refusal != "" {
		return fail(http.StatusForbidden, refusal)
	}
	return config, secrets, nil
}

func (s *Server) validConfig(v version, t *connectorType, given map[string]any) (map[string]any, string) {
	w := v.wordingOf(t.id)
	prefix := fmt.Sprintf("error validating %s config: ", w.noun())
	completed, faults := t.config(v).validate(w, given)
	if len(faults) > 0 {
		return nil, prefix + w.tell(faults)
	}
	config, _ := completed.(map[string]any)
	if t.checkConfig != nil {
		if message := t.checkConfig(s.Switches().AllowedHosts, config); message != "" {
			return nil, prefix + message
		}
	}
	return config, ""
}

func (s *Server) validSecrets(v version, t *connectorType, given map[string]any) (map[string]any, string) {
	w := v.wordingOf(t.id)
	prefix := fmt.Sprintf("error validating %s secrets: ", w.noun())
	completed, faults := t.secrets(v).validate(w, given)
	if len(faults) > 0 {
		return nil, prefix + w.tell(faults)
	}
	secrets, _ := completed.(map[string]any)
	if t.checkSecrets != nil {
		if message := t.checkSecrets(s.Switches().AllowedHosts, secrets); message != "" {
			return nil, prefix + message
		}
	}
	return secrets, ""
}

func (s *Server) enabledInConfig(t *connectorType) bool {
	return slices.Contains(s.Switches().EnabledActionTypes, "*") || slices.Contains(s.Switches().EnabledActionTypes, t.id)
}

func (s *Server) licenseRefusal(t *connectorType) string {
	license := s.Switches().License
	switch {
	case s.Switches().LicenseExpired && t.license != "basic":
		return fmt.Sprintf("Action type %s is disabled because your %s license has expired.", t.id, license)
	case licenseRank(license) < licenseRank(t.license):
		return fmt.Sprintf("Action type %s is disabled because your %s license does not support it. "+
			"Please upgrade your license.", t.id, license)
	}
	return ""
}

// disabled answers why the type may not be used, or "".
func (s *Server) disabled(t *connectorType) string {
	if !s.enabledInConfig(t) {
		return fmt.Sprintf("action type %q is not enabled in the Kibana config xpack.actions.enabledActionTypes", t.id)
	}
	return s.licenseRefusal(t)
}

// systemConnectorID is the one connector that Kibana makes for itself.
const systemConnectorID = "system-connector-.cases"

func (s *Server) preconfiguredByID(id string) *connector {
	for _, p := range s.options.Preconfigured {
		if p.ID == id {
			return &connector{
				id: p.ID, name: p.Name, typeID: p.TypeID, config: maps.Clone(p.Config), secrets: maps.Clone(p.Secrets),
				preconfigured: true, exposeConfig: p.ExposeConfig,
			}
		}
	}
	return nil
}

// stored answers the saved connector of a space, or nil. The caller holds s.mu.
func (s *Server) stored(space, id string) *connector {
	if found := s.connectors[id]; found != nil && found.space == space {
		return found
	}
	return nil
}

// visible is stored, preconfigured ones included.
func (s *Server) visible(space, id string) *connector {
	if found := s.preconfiguredByID(id); found != nil {
		return found
	}
	return s.stored(space, id)
}

// visibleAll answers all connectors of a space, by name. The caller holds s.mu.
func (s *Server) visibleAll(space string) []*connector {
	var all []*connector
	for _, found := range s.connectors {
		if found.space == space {
			all = append(all, found)
		}
	}
	for _, p := range s.options.Preconfigured {
		all = append(all, s.preconfiguredByID(p.ID))
	}
	slices.SortFunc(all, func(a, b *connector) int {
		return strings.Compare(strings.ToLower(a.name)+"\x00"+a.id, strings.ToLower(b.name)+"\x00"+b.id)
	})
	return all
}

// render answers a connector as the API shows it in release v: never a secret.
func (s *Server) render(v version, found *connector) map[string]any {
	body := map[string]any{
		"id": found.id, "name": found.name, "connector_type_id": found.typeID, "is_preconfigured": found.preconfigured,
	}
	if v.atLeast(8, 2) {
		body["is_deprecated"] = s.isDeprecated(v, found)
	}
	if v.atLeast(8, 11) {
		body["is_system_action"] = false
	}
	if v.atLeast(9, 1) {
		body["is_connector_type_deprecated"] = false
	}
	if found.preconfigured {
		if found.exposeConfig {
			body["config"] = maps.Clone(found.config)
		}
		return body
	}
	body["config"] = maps.Clone(found.config)
	if v.atLeast(7, 14) {
		body["is_missing_secrets"] = found.missingSecrets
	}
	return body
}

// isDeprecated: a ServiceNow connector on the Table API, or one that does not say (saved or preconfigured before 7.16).
func (s *Server) isDeprecated(v version, found *connector) bool {
	t := s.typeByID(v, found.typeID)
	if t == nil || !t.deprecatable() || found.config == nil {
		return false
	}
	usesTableAPI, present := found.config["usesTableApi"]
	return !present || usesTableAPI == true
}
