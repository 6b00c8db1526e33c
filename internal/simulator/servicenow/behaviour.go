package servicenow

import (
	"fmt"
	"strings"
)

// behaviour is what business rules do around writes to one table and its children.
type behaviour struct {
	before func(s *Server, op operation, r *row, old map[string]string) error
	after  func(s *Server, op operation, r *row, old map[string]string)
}

// newBehaviours is a function only because a variable would be initialised in a circle.
func newBehaviours() map[string]behaviour {
	return map[string]behaviour{
		"sys_user":               {before: userBefore, after: userAfter},
		"sys_user_has_role":      {before: grantBefore, after: grantAfter},
		"sys_user_role":          {before: roleBefore, after: rolesMoved},
		"sys_user_role_contains": {after: rolesMoved},
		"sys_user_grmember":      {after: rolesMoved},
		"sys_group_has_role":     {after: rolesMoved},
		"sys_user_group":         {after: rolesMoved},
		"sys_certificate":        {before: certificateBefore},
		"oauth_entity":           {before: oauthEntityBefore, after: oauthEntityAfter},
		"jwt_verifier_map":       {before: verifierMapBefore},
		"task":                   {before: taskBefore},
		"incident":               {before: incidentBefore},
		"sys_ws_definition":      {before: webServiceBefore},
		"sys_ws_operation":       {before: webOperationBefore},
		"sys_dictionary":         {after: dictionaryAfter},
		"sys_db_object":          {before: tableBefore, after: tableAfter},
		"sys_properties":         {before: propertyBefore},
		"api_key":                {before: apiKeyBefore},
		"sys_api_access_policy":  {before: policyBefore, after: policyAfter},
		"sys_api_access_scope":   {before: accessScopeBefore},
		"sys_auth_scope":         {after: authScopeAfter},
		"inbound_auth_profile":   {after: profileAfter},
		"sn_sec_int_impl":        {after: implementationAfter},

		"sn_em_connector_push_instance": {before: pushInstanceBefore},
	}
}

// before runs the guards and then the rules of the table and its parents.
func (s *Server) before(op operation, r *row, old map[string]string) error {
	for t := r.table; t != nil; t = t.parent {
		if b := s.behaviours[t.Name]; b.before != nil {
			if err := b.before(s, op, r, old); err != nil {
				return err
			}
		}
	}
	return s.check(op, r)
}

func (s *Server) after(op operation, r *row, old map[string]string) {
	for t := r.table; t != nil; t = t.parent {
		if b := s.behaviours[t.Name]; b.after != nil {
			b.after(s, op, r, old)
		}
	}
}

// userBefore leaves web_service_access_only alone: that "Machine" ticks it is documented for the form only.
func userBefore(_ *Server, op operation, r *row, _ map[string]string) error {
	if op != opDelete {
		r.values["name"] = strings.TrimSpace(r.values["first_name"] + " " + r.values["last_name"])
	}
	return nil
}

func userAfter(s *Server, op operation, r *row, _ map[string]string) {
	switch op {
	case opUpdate:
		delete(s.roles, r.id())
		return
	case opInsert:
		if s.opts.CacheRoles && !s.seeding {
			s.roles[r.id()] = map[string]bool{}
		}
		return
	case opDelete:
	}
	for _, link := range []string{"sys_user_has_role", "sys_user_grmember", "api_key"} {
		s.removeWhere(link, "user", r.id())
	}
	s.reconcileRoles()
}

// removeWhere deletes the rows whose columns have these values (name, value pairs), without running rules.
func (s *Server) removeWhere(name string, pairs ...string) {
	var doomed []*row
	for r := range s.rows(name) {
		if r.has(pairs...) {
			doomed = append(doomed, r)
		}
	}
	for _, r := range doomed {
		s.unlink(r)
	}
}

func roleBefore(s *Server, op operation, r *row, _ map[string]string) error {
	if op == opDelete {
		return nil
	}
	s.nameFromSuffix(op, r)
	_, suffix, dotted := strings.Cut(r.values["name"], ".")
	if !dotted {
		suffix = r.values["name"]
	}
	r.values["suffix"] = suffix
	return nil
}

// nameFromSuffix names a record that is made with a suffix alone, as forms do: the scope of its application, a dot and
// the suffix, or the suffix itself in the global scope.
func (s *Server) nameFromSuffix(op operation, r *row) {
	if op == opInsert && r.values["name"] == "" && r.values["suffix"] != "" {
		r.values["name"] = s.scopePrefix(r, ".") + r.values["suffix"]
	}
}

// scopePrefix heads the names of what an application brings; nothing in the global scope.
func (s *Server) scopePrefix(r *row, separator string) string {
	if scope := s.findIn("sys_scope", r.values["sys_scope"]); scope != nil && scope.id() != globalScope {
		return scope.values["scope"] + separator
	}
	return ""
}

// tableBefore names a table that is made with a label alone: the label in lowercase, with the prefix of custom
// tables or of the application.
func tableBefore(s *Server, op operation, r *row, _ map[string]string) error {
	if op != opInsert || r.values["name"] != "" || r.values["label"] == "" {
		return nil
	}
	words := strings.FieldsFunc(strings.ToLower(r.values["label"]), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	})
	r.values["name"] = orElse(s.scopePrefix(r, "_"), "u_") + strings.Join(words, "_")
	return nil
}

func taskBefore(s *Server, op operation, r *row, _ map[string]string) error {
	if op != opInsert {
		return nil
	}
	v := r.values
	if v["opened_at"] == "" {
		v["opened_at"] = s.stamp()
	}
	if v["opened_by"] == "" {
		if user := s.userNamed(v["sys_created_by"]); user != nil {
			v["opened_by"] = user.id()
		}
	}
	v["sys_domain"] = "global"
	return nil
}

// incidentBefore looks priority up from impact and urgency, and closes what reaches an end state.
func incidentBefore(s *Server, op operation, r *row, old map[string]string) error {
	if op == opDelete {
		return nil
	}
	v := r.values
	impact, urgency := number(v["impact"], 3), number(v["urgency"], 3)
	v["priority"] = fmt.Sprint(min(5, max(1, impact+urgency-1)))
	if old == nil || old["state"] != v["state"] {
		v["incident_state"] = v["state"]
	} else if old["incident_state"] != v["incident_state"] {
		v["state"] = v["incident_state"]
	}
	v["active"] = normaliseBool(fmt.Sprint(v["state"] != "7" && v["state"] != "8"))
	closed := v["state"] == "7"
	if closed && v["closed_at"] == "" {
		v["closed_at"] = s.stamp()
	}
	return nil
}

// webServiceBefore computes the path as the platform does: namespace is the scope of the application.
func webServiceBefore(s *Server, op operation, r *row, _ map[string]string) error {
	if op == opDelete {
		return nil
	}
	v := r.values
	if v["namespace"] == "" {
		v["namespace"] = "global"
		if scope := s.findIn("sys_scope", v["sys_scope"]); scope != nil {
			v["namespace"] = scope.values["scope"]
		}
	}
	if v["base_uri"] == "" {
		v["base_uri"] = "/api/" + v["namespace"] + "/" + v["service_id"]
	}
	if v["default_version"] == "" {
		v["default_version"] = "No active default version"
	}
	return nil
}

func webOperationBefore(s *Server, op operation, r *row, _ map[string]string) error {
	if op != opDelete {
		if api := s.findIn("sys_ws_definition", r.values["web_service_definition"]); api != nil {
			r.values["operation_uri"] = api.values["base_uri"] + r.values["relative_path"]
		}
	}
	return nil
}

// dictionaryAfter makes the dictionary drive the tables: a new entry is a new column, a deleted one is gone.
func dictionaryAfter(s *Server, op operation, r *row, _ map[string]string) {
	t, v := s.tables[r.values["name"]], r.values
	if t == nil || v["element"] == "" || s.seeding {
		return
	}
	if op == opDelete {
		s.forEachChild(t, func(child *table) { child.drop(v["element"]) })
		return
	}
	c := Column{
		Name: v["element"], Label: v["column_label"], Type: Type(v["internal_type"]), Reference: v["reference"],
		Default: v["default_value"], MaxLength: number(v["max_length"], 0), Mandatory: v["mandatory"] == "true",
		ReadOnly: v["read_only"] == "true", Unique: v["unique"] == "true",
	}
	if known := t.column(c.Name); known != nil {
		c.Computed, c.Choices = known.Computed, known.Choices
	}
	s.forEachChild(t, func(child *table) { child.add(c) })
}

func (s *Server) forEachChild(t *table, do func(*table)) {
	for _, child := range s.tables {
		if child.is(t.Name) {
			do(child)
		}
	}
}

func tableAfter(s *Server, op operation, r *row, _ map[string]string) {
	name := r.values["name"]
	if t := s.tables[name]; t != nil {
		t.closed = r.values["ws_access"] == "false"
	}
	switch {
	case s.seeding || name == "":
	case op == opDelete:
		if t := s.tables[name]; t != nil {
			delete(s.tables, name)
			s.removeWhere("sys_dictionary", "name", name)
		}
	case s.tables[name] == nil:
		parent := ""
		if super := s.findIn("sys_db_object", r.values["super_class"]); super != nil {
			parent = super.values["name"]
		}
		s.tables[name] = newTable(Table{Name: name, Label: r.values["label"], Extends: parent}, s.tables[parent])
	}
}
