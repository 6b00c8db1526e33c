package servicenow

import (
	"slices"
	"strconv"
	"strings"
)

// query is a parsed encoded query: alternatives (^NQ) of conditions that all must hold, each of which is one term or
// several joined by ^OR. Grammar and the dropping of invalid parts follow the platform's documentation.
type query struct {
	groups  [][][]term
	order   []sortKey
	invalid bool // some part named no column or no operator and was dropped
}

type term struct {
	path     string // column, dot-walked
	operator string
	value    string // in lower case: the platform's database compares without case
}

type sortKey struct {
	path string
	desc bool
}

// operators, longest first where one begins with another.
var operators = []string{
	"DOES NOT CONTAIN", "ISNOTEMPTY", "EMPTYSTRING", "STARTSWITH", "NOT LIKE", "ENDSWITH", "ANYTHING", "CONTAINS",
	"BETWEEN", "NOTLIKE", "ISEMPTY", "NOT IN", "NOTON", "LIKE", "IN", "ON", "!=", ">=", "<=", "=", ">", "<",
}

func (s *Server) parseQuery(t *table, encoded string, c *caller) query {
	var q query
	for _, alternative := range strings.Split(encoded, "^NQ") {
		var group [][]term
		for i, part := range strings.Split(alternative, "^") {
			part, or := strings.CutPrefix(part, "OR")
			// "^ORDERBYx" is no "^OR" with a column named DERBYx.
			if or && strings.HasPrefix(part, "DERBY") {
				part, or = "OR"+part, false
			}
			if part == "" || part == "EQ" {
				continue
			}
			if key, ok := orderBy(part); ok {
				if s.columnAt(t, key.path) != nil {
					q.order = append(q.order, key)
				}
				continue
			}
			parsed, ok := s.parseTerm(t, part, c)
			if !ok {
				q.invalid = true
				continue
			}
			if or && i > 0 && len(group) > 0 {
				group[len(group)-1] = append(group[len(group)-1], parsed)
			} else {
				group = append(group, []term{parsed})
			}
		}
		q.groups = append(q.groups, group)
	}
	return q
}

func orderBy(part string) (sortKey, bool) {
	if path, ok := strings.CutPrefix(part, "ORDERBYDESC"); ok {
		return sortKey{path, true}, true
	}
	if path, ok := strings.CutPrefix(part, "ORDERBY"); ok {
		return sortKey{path, false}, true
	}
	return sortKey{}, false
}

func (s *Server) parseTerm(t *table, part string, c *caller) (term, bool) {
	end := 0
	for end < len(part) {
		b := part[end]
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '_' && b != '.' {
			break
		}
		end++
	}
	path, rest := part[:end], part[end:]
	column := s.columnAt(t, path)
	if column == nil {
		return term{}, false
	}
	for _, op := range operators {
		value, ok := strings.CutPrefix(rest, op)
		if !ok {
			continue
		}
		if strings.HasPrefix(value, "javascript:") {
			value = s.script(value, c)
		}
		if column.Type == Boolean && (op == "=" || op == "!=") {
			value = normaliseBool(value)
		}
		return term{path, op, strings.ToLower(value)}, true
	}
	return term{}, false
}

// script evaluates the one expression that REST clients use: the caller's own id.
func (s *Server) script(expression string, c *caller) string {
	if strings.Contains(expression, "gs.getUserID()") && c != nil {
		return c.userID
	}
	return ""
}

// columnAt follows a dot-walked path; nil when a step is no column or no reference.
func (s *Server) columnAt(t *table, path string) *Column {
	steps := strings.Split(path, ".")
	for i, step := range steps {
		c := t.column(step)
		if c == nil || i == len(steps)-1 {
			return c
		}
		if c.Type != Reference || s.tables[c.Reference] == nil {
			return nil
		}
		t = s.tables[c.Reference]
	}
	return nil
}

// walk returns the row and column at the end of a path; the row is nil where a reference is empty or dangling.
func (s *Server) walk(r *row, path string) (*row, *Column) {
	steps := strings.Split(path, ".")
	for i, step := range steps {
		c := r.table.column(step)
		if c == nil || i == len(steps)-1 {
			return r, c
		}
		r = s.findIn(c.Reference, r.values[step])
		if r == nil {
			return nil, nil
		}
	}
	return nil, nil
}

func (s *Server) valueAt(r *row, path string) (string, Type) {
	if !strings.Contains(path, ".") {
		if c := r.table.column(path); c != nil {
			return r.values[path], c.Type
		}
		return "", String
	}
	at, c := s.walk(r, path)
	if at == nil || c == nil {
		return "", String
	}
	return at.values[c.Name], c.Type
}

func (s *Server) matches(r *row, q query) bool {
	for _, group := range q.groups {
		if s.matchesAll(r, group) {
			return true
		}
	}
	return false
}

func (s *Server) matchesAll(r *row, group [][]term) bool {
	for _, alternatives := range group {
		if !slices.ContainsFunc(alternatives, func(t term) bool { return s.holds(r, t) }) {
			return false
		}
	}
	return true
}

func (s *Server) holds(r *row, t term) bool {
	value, typ := s.valueAt(r, t.path)
	have, want := strings.ToLower(value), t.value
	switch t.operator {
	case "=":
		return have == want
	case "!=":
		return have != want
	case "LIKE", "CONTAINS":
		return strings.Contains(have, want)
	case "NOTLIKE", "NOT LIKE", "DOES NOT CONTAIN":
		return !strings.Contains(have, want)
	case "STARTSWITH":
		return strings.HasPrefix(have, want)
	case "ENDSWITH":
		return strings.HasSuffix(have, want)
	case "IN":
		return slices.Contains(strings.Split(want, ","), have)
	case "NOT IN":
		return !slices.Contains(strings.Split(want, ","), have)
	case "ISEMPTY", "EMPTYSTRING":
		return have == ""
	case "ISNOTEMPTY":
		return have != ""
	case "ANYTHING":
		return true
	case "ON":
		return have != "" && strings.HasPrefix(want, have[:min(len(have), len("2006-01-02"))])
	case "NOTON":
		return have == "" || !strings.HasPrefix(want, have[:min(len(have), len("2006-01-02"))])
	case "BETWEEN":
		low, high, ok := strings.Cut(want, "@")
		return ok && have != "" && compare(have, low, typ) >= 0 && compare(have, high, typ) <= 0
	case ">":
		return have != "" && compare(have, want, typ) > 0
	case ">=":
		return have != "" && compare(have, want, typ) >= 0
	case "<":
		return have != "" && compare(have, want, typ) < 0
	case "<=":
		return have != "" && compare(have, want, typ) <= 0
	}
	return false
}

func compare(a, b string, typ Type) int {
	if typ == Integer {
		x, errA := strconv.ParseInt(a, 10, 64)
		y, errB := strconv.ParseInt(b, 10, 64)
		if errA == nil && errB == nil {
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			default:
				return 0
			}
		}
	}
	return strings.Compare(a, b)
}

// candidates narrows a query that names sys_ids to those rows: refreshes ask for up to a hundred ids of a table that
// may hold tens of thousands of rows.
func (s *Server) candidates(t *table, q query) []*row {
	sh := s.shelfOf(t)
	if len(q.groups) != 1 {
		return sh.order
	}
	for _, alternatives := range q.groups[0] {
		if len(alternatives) != 1 || alternatives[0].path != "sys_id" {
			continue
		}
		if op := alternatives[0].operator; op != "=" && op != "IN" {
			continue
		}
		var found []*row
		seen := map[string]bool{}
		for _, id := range strings.Split(alternatives[0].value, ",") {
			if r := sh.byID[id]; r != nil && !seen[id] {
				seen[id] = true
				found = append(found, r)
			}
		}
		return found
	}
	return sh.order
}

// run returns the rows of t that match, sorted.
func (s *Server) run(t *table, q query) []*row {
	if q.invalid && s.property("glide.invalid_query.returns_no_rows") == "true" {
		return nil
	}
	var found []*row
	for _, r := range s.candidates(t, q) {
		if r.table.is(t.Name) && s.matches(r, q) {
			found = append(found, r)
		}
	}
	if len(q.order) > 0 {
		s.sort(found, q.order)
	}
	return found
}

// sort orders rows by keys that are looked up once: tables of tens of thousands of rows are paged through in order.
func (s *Server) sort(rows []*row, order []sortKey) {
	type keyed struct {
		row    *row
		values []string
	}
	types := make([]Type, len(order))
	list := make([]keyed, len(rows))
	for i, r := range rows {
		list[i] = keyed{r, make([]string, len(order))}
		for k, key := range order {
			value, typ := s.valueAt(r, key.path)
			list[i].values[k] = strings.ToLower(value)
			if value != "" {
				types[k] = typ // an empty reference on the way says nothing of the column
			}
		}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		for k, key := range order {
			d := compare(a.values[k], b.values[k], types[k])
			if key.desc {
				d = -d
			}
			if d != 0 {
				return d
			}
		}
		return 0
	})
	for i := range list {
		rows[i] = list[i].row
	}
}

func (s *Server) property(name string) string {
	if r := s.where("sys_properties", "name", name); r != nil {
		return r.values["value"]
	}
	return ""
}
