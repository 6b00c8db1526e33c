package servicenow

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// query is a parsed encoded query: alternatives (^NQ) of conditions that all must hold, each of which is one term or
// several joined by ^OR. Grammar and the dropping of invalid parts follow the platform's documentation.
type query struct {
	groups  [][][]term
	order   []sortKey
	invalid bool   // some part named no column or no operator and was dropped
	unbuilt string // a part that instances evaluate and the simulator does not
}

type term struct {
	path     string // column, dot-walked
	operator string
	value    string // in lower case: the platform's database compares without case
	pattern  *regexp.Regexp
}

type sortKey struct {
	path string
	desc bool
}

// operators, longest first where one begins with another.
var operators = []string{
	"SUBQUERY", "GT_OR_EQUALS_FIELD", "LT_OR_EQUALS_FIELD", "DOES NOT CONTAIN", "CHANGESFROM", "INSTANCEOF", "RELATIVEGT",
	"RELATIVELT", "RELATIVEGE", "RELATIVELE", "RELATIVEEE", "VALCHANGES", "CHANGESTO", "MATCH_PAT", "MATCH_RGX",
	"DATEPART", "GT_FIELD", "LT_FIELD", "MORETHAN", "LESSTHAN", "NSAMEAS", "DYNAMIC", "SAMEAS", "ISNOTEMPTY",
	"EMPTYSTRING", "STARTSWITH", "NOT LIKE", "ENDSWITH", "ANYTHING", "CONTAINS",
	"BETWEEN", "NOTLIKE", "ISEMPTY", "NOT IN", "NOTON", "LIKE", "IN", "ON", "!=", ">=", "<=", "=", ">", "<", "!*", "*",
	"%",
}

// outside is what a NOTON with a range is evaluated as; no query spells it so.
const outside = "not BETWEEN"

// textSearch heads the term that searches all texts of a record.
const textSearch = "123TEXTQUERY321"

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
			if part == "" || part == "EQ" || strings.HasPrefix(part, "GROUPBY") { // a list shows its groups' rows
				continue
			}
			if key, ok := orderBy(part); ok {
				if s.columnAt(t, key.path) != nil {
					q.order = append(q.order, key)
				}
				continue
			}
			parsed, fate := s.parseTerm(t, part, c)
			switch fate {
			case termDropped:
				q.invalid = true
				continue
			case termUnbuilt:
				q.unbuilt = part
				continue
			case termHolds:
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

// fate is what becomes of one part of a query.
type fate int

const (
	termHolds   fate = iota // it is evaluated
	termDropped             // instances drop it
	termUnbuilt             // instances evaluate it, the simulator does not
)

// unbuiltHeads begin parts that instances evaluate: related lists, joins, tags, and searches in the text index.
var unbuiltHeads = []string{
	"RLQUERY", "JOIN", "sys_tags.", "IR_AND_QUERY=", "IR_OR_QUERY=", "GOTO" + textSearch + "=",
}

func (s *Server) parseTerm(t *table, part string, c *caller) (term, fate) {
	for _, head := range unbuiltHeads {
		if strings.HasPrefix(part, head) {
			return term{}, termUnbuilt
		}
	}
	if words, ok := strings.CutPrefix(part, textSearch+"="); ok {
		return term{operator: textSearch, value: strings.ToLower(words)}, termHolds
	}
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
		return term{}, termDropped
	}
	for _, op := range operators {
		value, ok := strings.CutPrefix(rest, op)
		if !ok {
			continue
		}
		return s.termOf(t, column, term{path: path, operator: op, value: value}, c)
	}
	return term{}, termDropped
}

// termOf makes an operator's value comparable.
func (s *Server) termOf(t *table, column *Column, parsed term, c *caller) (term, fate) {
	value, ok := s.evaluate(parsed.value, c)
	switch op := parsed.operator; op {
	case "SUBQUERY", "MATCH_PAT", "VALCHANGES", "CHANGESFROM", "CHANGESTO", "DATEPART", "MORETHAN", "LESSTHAN",
		"RELATIVEEE":
		return term{}, termUnbuilt
	case "MATCH_RGX":
		pattern, err := regexp.Compile("(?i)" + value)
		parsed.pattern, ok = pattern, err == nil
	case "DYNAMIC":
		// Other dynamic filter options are scripts of the instance.
		parsed.operator, ok = "=", value == meFilter && c != nil
		if ok {
			value = c.userID
		}
	case "RELATIVEGT", "RELATIVELT", "RELATIVEGE", "RELATIVELE":
		parsed.operator = map[string]string{"GT": ">", "LT": "<", "GE": ">=", "LE": "<="}[strings.TrimPrefix(op,
			"RELATIVE")]
		value, ok = relative(s.now(), value)
	case "SAMEAS", "NSAMEAS", "GT_FIELD", "LT_FIELD", "GT_OR_EQUALS_FIELD", "LT_OR_EQUALS_FIELD":
		if s.columnAt(t, value) == nil {
			return term{}, termDropped
		}
	case "=", "!=":
		if column.Type == Boolean {
			value = normaliseBool(value)
		}
	case "ON", "NOTON":
		// Condition builders write a label, the first and the last second.
		if _, edges, ranged := strings.Cut(value, "@"); ranged {
			parsed.operator, value = map[string]string{"ON": "BETWEEN", "NOTON": outside}[op], edges
		} else {
			ok = ok && datePrefix.MatchString(value)
		}
	}
	if !ok {
		return term{}, termUnbuilt
	}
	parsed.value = strings.ToLower(value)
	return parsed, termHolds
}

// unbuiltQuery refuses a query that an instance would evaluate and the simulator cannot: dropping the term would return
// rows that do not match.
func unbuiltQuery(q query) answer {
	return refused(http.StatusBadRequest, "Not built in the simulator",
		"The simulator does not evaluate this part of the query, which an instance would: "+q.unbuilt)
}

// columnAt follows a dot-walked path; nil when a step is not a column or no reference.
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
	if t.operator == textSearch {
		return containsWords(r, t.value)
	}
	value, typ := s.valueAt(r, t.path)
	have, want := strings.ToLower(value), t.value
	switch t.operator {
	case "=":
		return have == want
	case "!=":
		return have != want
	case "SAMEAS", "NSAMEAS", "GT_FIELD", "LT_FIELD", "GT_OR_EQUALS_FIELD", "LT_OR_EQUALS_FIELD":
		other, _ := s.valueAt(r, t.value)
		return holdsBetween(t.operator, have, strings.ToLower(other), typ)
	case "INSTANCEOF":
		return s.tables[have].is(want)
	case "MATCH_RGX":
		return t.pattern.MatchString(value)
	case "LIKE", "CONTAINS", "*":
		return strings.Contains(have, want)
	case "NOTLIKE", "NOT LIKE", "DOES NOT CONTAIN", "!*":
		return !strings.Contains(have, want)
	case "STARTSWITH":
		return strings.HasPrefix(have, want)
	case "ENDSWITH", "%":
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
	case outside:
		low, high, ok := strings.Cut(want, "@")
		return ok && (have == "" || compare(have, low, typ) < 0 || compare(have, high, typ) > 0)
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

// holdsBetween compares two columns of one row; an empty one is neither greater nor less.
func holdsBetween(operator, a, b string, typ Type) bool {
	d := compare(a, b, typ)
	switch operator {
	case "SAMEAS":
		return a == b
	case "NSAMEAS":
		return a != b
	case "GT_FIELD":
		return a != "" && b != "" && d > 0
	case "LT_FIELD":
		return a != "" && b != "" && d < 0
	case "GT_OR_EQUALS_FIELD":
		return a != "" && b != "" && d >= 0
	default:
		return a != "" && b != "" && d <= 0
	}
}

// containsWords reports whether each word stands in some text of the row, as a full-text search finds it.
func containsWords(r *row, words string) bool {
	for _, word := range strings.Fields(words) {
		if !slices.ContainsFunc(r.table.columns, func(c *Column) bool {
			return c.Type == String && strings.Contains(strings.ToLower(r.values[c.Name]), word)
		}) {
			return false
		}
	}
	return true
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
	if q.unbuilt != "" || q.invalid && s.property("glide.invalid_query.returns_no_rows") == "true" {
		return nil
	}
	var found []*row
	candidates := s.candidates(t, q)
	if len(q.groups) == 1 && len(q.groups[0]) == 0 { // nothing filters
		found = make([]*row, 0, len(candidates))
	}
	for _, r := range candidates {
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
