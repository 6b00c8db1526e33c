package servicenow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// guards are the rules that tests set: rows hidden from the API, columns that nobody may write, writes that a business
// rule aborts, columns that a data policy demands.
type guards struct {
	hidden    map[string]bool // sys_id
	columns   map[string]bool // table.column
	unread    map[string]bool // table.column
	aborts    map[string]abort
	mandatory map[string][]string
}

type abort struct {
	rule string
	ops  []string // empty: all
}

func newGuards() guards {
	return guards{
		hidden: map[string]bool{}, columns: map[string]bool{}, unread: map[string]bool{},
		aborts: map[string]abort{}, mandatory: map[string][]string{},
	}
}

func (g guards) columnForbidden(t *table, column string) bool {
	for ; t != nil; t = t.parent {
		if g.columns[t.Name+"."+column] {
			return true
		}
	}
	return false
}

func (g guards) columnUnreadable(t *table, column string) bool {
	for ; t != nil && len(g.unread) > 0; t = t.parent {
		if g.unread[t.Name+"."+column] {
			return true
		}
	}
	return false
}

// check refuses a write that a business rule or a data policy stops.
func (s *Server) check(op operation, r *row) error {
	var demanded []string
	for t := r.table; t != nil; t = t.parent {
		if a, ok := s.guards.aborts[t.Name]; ok && (len(a.ops) == 0 || slices.Contains(a.ops, string(op))) {
			return abortedBy(r.table.Name, a.rule)
		}
		demanded = append(demanded, s.guards.mandatory[t.Name]...)
	}
	if op == opDelete {
		return nil
	}
	return leftEmpty(r, demanded)
}

// checkMandatory is the data policy of EnforceMandatory: the dictionary's mandatory columns.
func (s *Server) checkMandatory(r *row) error {
	if !s.opts.EnforceMandatory {
		return nil
	}
	var demanded []string
	for _, c := range r.table.columns {
		if c.Mandatory {
			demanded = append(demanded, c.Name)
		}
	}
	return leftEmpty(r, demanded)
}

// leftEmpty is a data policy's refusal of a row in which one of these columns is empty.
func leftEmpty(r *row, demanded []string) error {
	var missing []string
	for _, name := range demanded {
		c := r.table.column(name)
		if c != nil && r.values[name] == "" && r.secrets[name] == "" && !slices.Contains(missing, c.Label) {
			missing = append(missing, c.Label)
		}
	}
	if len(missing) > 0 {
		return &refusal{
			detail: "Data Policy Exception: The following fields are mandatory: " + strings.Join(missing, ", "),
		}
	}
	return nil
}

// abortedBy is how a business rule's abort reads over REST; what the rule says to the user does not travel.
func abortedBy(table, rule string) error {
	return &refusal{detail: fmt.Sprintf("Operation against file '%s' was aborted by Business Rule '%s^%s'. "+
		"Business Rule Stack:%s", table, rule, seedID("sys_script", rule), rule)}
}

// readable reports whether an ACL lets the caller see this row.
func (s *Server) readable(c *caller, r *row) bool {
	if s.guards.hidden[r.id()] {
		return false
	}
	if c.may(readersOf(r.table)) {
		return true
	}
	// Shipped ACLs let people see their own tickets, their own user record, their own keys and grants.
	switch {
	case r.table.is("task"):
		return r.values["opened_by"] == c.userID || r.values["caller_id"] == c.userID ||
			r.values["sys_created_by"] == c.userName
	case r.table.is("api_key"):
		return r.values["user"] == c.userID
	}
	return false
}

// readersOf and writersOf take the nearest table of the hierarchy that says anything.
func readersOf(t *table) []string {
	for ; t != nil; t = t.parent {
		if len(t.Access.Read) > 0 {
			return t.Access.Read
		}
	}
	return nil
}

func writersOf(t *table) []string {
	for ; t != nil; t = t.parent {
		if len(t.Access.Write) > 0 {
			return t.Access.Write
		}
	}
	return nil
}

func (g guards) clone() guards {
	return guards{
		hidden: maps.Clone(g.hidden), columns: maps.Clone(g.columns), unread: maps.Clone(g.unread),
		aborts: maps.Clone(g.aborts), mandatory: maps.Clone(g.mandatory),
	}
}
