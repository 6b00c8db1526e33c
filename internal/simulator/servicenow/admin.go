package servicenow

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Record is a row by column name, as stored. Passwords and tokens are not in it.
type Record map[string]string

// The methods below act behind the API's back: no roles, no ACLs, no update count. They are what tests and the admin
// endpoint use to look at the instance and to change it as another administrator would.

// Records returns the rows of a table that match an encoded query ("" for all), in its order.
func (s *Server) Records(tableName, query string) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[tableName]
	if t == nil {
		return nil
	}
	records := []Record{}
	for _, r := range s.run(t, s.parseQuery(t, query, nil)) {
		records = append(records, maps.Clone(Record(r.values)))
	}
	return records
}

// Record returns one row; ok is false when it is not there.
func (s *Server) Record(tableName, id string) (record Record, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.findIn(tableName, id)
	if r == nil {
		return nil, false
	}
	return maps.Clone(Record(r.values)), true
}

// Insert adds a row (a user's user_password is hashed) and returns its sys_id. The tables' business rules run. An OAuth
// client that names no scope_restriction_status is broadly scoped here, as one that somebody has set up for use is.
func (s *Server) Insert(tableName string, values Record) (string, error) {
	return s.add(tableName, values, false)
}

// InsertDisplayed is Insert for values as a form shows them: a reference may be the display value of its row, and it
// is an error when no row has it or the table lacks a column.
func (s *Server) InsertDisplayed(tableName string, values Record) (string, error) {
	return s.add(tableName, values, true)
}

func (s *Server) add(tableName string, values Record, display bool) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[tableName]
	if t == nil {
		return "", fmt.Errorf("no table %s", tableName)
	}
	w := write{
		trusted: true, by: s.opts.AdminUser, values: anyValues(values), display: display, scope: values["sys_scope"],
	}
	for name, value := range values {
		if c := t.column(name); display && c == nil {
			return "", fmt.Errorf("table %s has no column %s", tableName, name)
		} else if display && value != "" && c.Type == Reference && s.resolve(c.Reference, value) == "" {
			return "", fmt.Errorf("column %s: no row of %s is called %q", name, c.Reference, value)
		}
	}
	if _, named := values["scope_restriction_status"]; t.is("oauth_entity") && !named {
		w.values["scope_restriction_status"] = unrestricted
	}
	r, err := s.insert(t, w)
	if err != nil {
		return "", fmt.Errorf("insert into %s: %w", tableName, err)
	}
	return r.id(), nil
}

// Set changes columns of a row without moving sys_mod_count or sys_updated_on.
func (s *Server) Set(tableName, id string, values Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.findIn(tableName, id)
	if r == nil {
		return fmt.Errorf("no record %s in %s", id, tableName)
	}
	for name := range values {
		if r.table.column(name) == nil {
			return fmt.Errorf("table %s has no column %s", r.table.Name, name)
		}
	}
	if err := s.update(r, write{trusted: true, by: s.opts.AdminUser, values: anyValues(values)}); err != nil {
		return fmt.Errorf("update of %s: %w", tableName, err)
	}
	return nil
}

// Delete removes a row; one that is not there is an error.
func (s *Server) Delete(tableName, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.findIn(tableName, id)
	if r == nil {
		return fmt.Errorf("no record %s in %s", id, tableName)
	}
	if err := s.remove(r); err != nil {
		return fmt.Errorf("delete from %s: %w", tableName, err)
	}
	return nil
}

func anyValues(values Record) map[string]any {
	out := make(map[string]any, len(values))
	for name, value := range values {
		out[name] = value
	}
	return out
}

// Secret returns a password-typed column in clear: an API key's token as its form shows it, a generated client_secret.
// A one-way password is returned as stored, which is a hash.
func (s *Server) Secret(tableName, id, column string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.findIn(tableName, id); r != nil {
		return r.secrets[column]
	}
	return ""
}

// Hide puts a row behind an ACL for everybody, admin included: lists leave it out while X-Total-Count counts it, and
// reading it answers 404. Hidden false takes the ACL away.
func (s *Server) Hide(id string, hidden bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if hidden {
		s.guards.hidden[id] = true
	} else {
		delete(s.guards.hidden, id)
	}
}

// ForbidColumn makes a field ACL drop every write to a column: silently, with 200.
func (s *Server) ForbidColumn(tableName, column string, forbidden bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.guards.columns[tableName+"."+column] = forbidden
}

// HideColumn makes a field ACL leave a column out of every answer.
func (s *Server) HideColumn(tableName, column string, hidden bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.guards.unread[tableName+"."+column] = hidden
}

// AbortWrites lets a business rule of this name abort writes: operations are "insert", "update" and "delete", none
// means all. An empty rule removes it.
func (s *Server) AbortWrites(tableName, rule string, operations ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rule == "" {
		delete(s.guards.aborts, tableName)
		return
	}
	s.guards.aborts[tableName] = abort{rule: rule, ops: operations}
}

// RequireColumns sets the data policy of a table: a write that leaves one of these empty is refused. None removes it.
func (s *Server) RequireColumns(tableName string, columns ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.guards.mandatory[tableName] = columns
}

// SetProperty writes a sys_properties row.
func (s *Server) SetProperty(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setProperty(name, value)
}

func (s *Server) setProperty(name, value string) {
	w := write{trusted: true, by: "system", values: map[string]any{"name": name, "value": value, "type": "string"}}
	if r := s.where("sys_properties", "name", name); r != nil {
		_ = s.update(r, w) // a trusted write to a table without rules
		return
	}
	_, _ = s.insert(s.tables["sys_properties"], w)
}

// AddTable adds a table, or columns to one that exists, with their dictionary rows.
func (s *Server) AddTable(def Table) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeding = true
	defer func() { s.seeding = false }()
	if t := s.tables[def.Name]; t != nil {
		for _, c := range def.Columns {
			s.forEachChild(t, func(child *table) { child.add(c) })
		}
		s.describe(t, def.Columns)
		return
	}
	s.addTables([]Table{def}, "global")
}

// Install installs an application or plugin of the catalogue at once. Version "" is the latest.
func (s *Server) Install(id, version string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.install(id, version)
}

// Advance moves the instance's clock on: tokens, keys and certificates expire.
func (s *Server) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// Tables returns the names of all tables, sorted.
func (s *Server) Tables() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.tables))
}

// AdminUser and AdminPassword are the seeded administrator's credentials.
func (s *Server) AdminUser() string { return s.Switches().AdminUser }

// AdminPassword is the password that AdminUser was seeded with.
func (s *Server) AdminPassword() string { return s.Switches().AdminPassword }

// Describe returns a table with all of its columns, the inherited ones too; ok is false when there is no such table.
func (s *Server) Describe(tableName string) (def Table, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[tableName]
	if t == nil {
		return Table{}, false
	}
	def = t.Table
	def.Display, def.Columns = t.displayColumn(), nil
	for _, c := range t.columns {
		def.Columns = append(def.Columns, *c)
	}
	return def, true
}

// Count returns the number of rows of a table, those of the tables that extend it included.
func (s *Server) Count(tableName string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for range s.rows(tableName) {
		n++
	}
	return n
}

// Now returns the instance's time.
func (s *Server) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// AccessPolicies returns the REST API access policies with the names of the active profiles that are mapped to each.
func (s *Server) AccessPolicies() []Policy {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*row
	for r := range s.rows("sys_api_access_policy") {
		all = append(all, r)
	}
	return s.policiesOf(decision{policies: all})
}
