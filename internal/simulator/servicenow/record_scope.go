package servicenow

import (
	"fmt"
	"net/http"
)

const globalScope = "global"

// pickerPreference is the user preference that holds the sys_id of the application that a user works in. Requests of
// the Table API run in it, though nobody sees a picker there.
const pickerPreference = "apps.current_app"

// scopeOfCall is the sys_id of the scope that a request runs in: the one it names, else the one that the account's
// picker stands on. A name that is not a scope counts as none.
func (s *Server) scopeOfCall(c *call) string {
	if named := c.query.Get(transactionScope); s.findIn("sys_scope", named) != nil {
		return named
	}
	p := s.where("sys_user_preference", "user", c.caller.userID, "name", pickerPreference)
	if p != nil && s.findIn("sys_scope", p.values["value"]) != nil {
		return p.values["value"]
	}
	if id := s.scopeID(s.opts.CurrentApplication); id != "" {
		return id
	}
	return globalScope
}

const transactionScope = "sysparm_transaction_scope"

// scopeID returns the sys_id of an application by its scope or sys_id, "" when there is none.
func (s *Server) scopeID(scope string) string {
	if scope == "" {
		return ""
	}
	if r := s.findIn("sys_scope", scope); r != nil {
		return r.id()
	}
	if r := s.where("sys_scope", "scope", scope); r != nil {
		return r.id()
	}
	return ""
}

// scopeUnnameable refuses a write that names its scope, on instances that do; nil lets it pass. That nothing is written
// was measured, the text is made up.
func (s *Server) scopeUnnameable(c *call) *answer {
	if s.opts.RefuseTransactionScope == 0 || c.query.Get(transactionScope) == "" {
		return nil
	}
	a := refused(s.opts.RefuseTransactionScope, "Operation Failed",
		"The transaction scope "+c.query.Get(transactionScope)+" cannot be set")
	return &a
}

// crossesScope reports whether a request would change a record of another application. Measured for requests that run
// in Global; a record of Global may be changed from anywhere.
func (s *Server) crossesScope(c *call, r *row) bool {
	home := r.values["sys_scope"]
	if s.opts.AllowCrossScopeWrites || r.table.column("sys_scope") == nil || home == "" || home == globalScope {
		return false
	}
	return s.scopeOfCall(c) != home
}

// SetCurrentApplication puts a user's application picker on an application, by its scope or sys_id. What the Table API
// makes for that user lands there, unless the request names a scope.
func (s *Server) SetCurrentApplication(userName, scope string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, id := s.userNamed(userName), s.scopeID(scope)
	if user == nil || id == "" {
		return fmt.Errorf("no user %s or no application %s", userName, scope)
	}
	w := write{trusted: true, by: userName, values: map[string]any{
		"user": user.id(), "name": pickerPreference, "value": id, "type": "string",
	}}
	if p := s.where("sys_user_preference", "user", user.id(), "name", pickerPreference); p != nil {
		return s.update(p, w)
	}
	_, err := s.insert(s.tables["sys_user_preference"], w)
	return err
}

// SetWebServiceAccess ticks or clears "Allow access to this table via web services" of a table.
func (s *Server) SetWebServiceAccess(tableName string, allowed bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.where("sys_db_object", "name", tableName)
	if r == nil {
		return fmt.Errorf("no table %s", tableName)
	}
	return s.update(r, write{trusted: true, by: s.opts.AdminUser, values: map[string]any{"ws_access": allowed}})
}

// tableNamed returns a table that the REST APIs reach, or how they refuse it. The class name in the second refusal is
// what was seen of it; the words around it are made up.
func (s *Server) tableNamed(name string) (*table, *answer) {
	t := s.tables[name]
	if t == nil || name == metadataTable {
		a := refused(http.StatusBadRequest, "Invalid table "+name, "")
		return nil, &a
	}
	if t.closed {
		a := refused(http.StatusForbidden, "Access denied by WebServicePolicyValidator",
			"Table "+name+" does not allow access via web services")
		return nil, &a
	}
	return t, nil
}

// restRefused refuses REST as a whole to accounts without the role for it, on instances that demand it. The text is
// made up around the role's name.
func (s *Server) restRefused(c *caller) *answer {
	if !s.opts.RequireRESTRole || c.may([]string{restAPIRole}) {
		return nil
	}
	a := refused(http.StatusForbidden, "User Not Authorized",
		"User must possess the role "+restAPIRole+" to access the platform REST APIs")
	return &a
}

// ruled applies what the shipped query rules add to every query of a caller, before anything is counted: accounts
// without admin see active users only.
func (s *Server) ruled(c *caller, rows []*row) []*row {
	if c.roles["admin"] || s.opts.ShowInactiveUsers {
		return rows
	}
	kept := rows[:0:0]
	for _, r := range rows {
		if !r.table.is("sys_user") || r.values["active"] == "true" {
			kept = append(kept, r)
		}
	}
	return kept
}
