package servicenow

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// wireTime is the only date-time format of the Table API; always UTC.
const wireTime = "2006-01-02 15:04:05"

// row is one record. Secrets are apart from values, so that nothing that renders values can show one.
type row struct {
	table   *table // its class
	values  map[string]string
	secrets map[string]string
}

func (r *row) id() string { return r.values["sys_id"] }

// shelf holds the rows of one table hierarchy in order of insertion.
type shelf struct {
	order []*row
	byID  map[string]*row
}

type operation string

const (
	opInsert operation = "insert"
	opUpdate operation = "update"
	opDelete operation = "delete"
)

// refusal is a write that the instance denies: 403 "Operation Failed" with this detail.
type refusal struct {
	detail string
	unique bool // by a unique index
}

func (e *refusal) Error() string { return e.detail }

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// newID makes a sys_id or secret. With DeterministicIDs it follows from the parts and from how many ids of the same
// parts came before, so that requests which arrive in another order get the same ids.
func (s *Server) newID(parts ...string) string {
	if !s.opts.DeterministicIDs {
		return newID()
	}
	key := strings.Join(parts, "\x00")
	s.issued[key]++
	return seedID(key, strconv.Itoa(s.issued[key]))
}

// idParts are the values that a deterministic sys_id follows from: all that is written but for secrets.
func idParts(t *table, values map[string]any) []string {
	var parts []string
	for _, name := range sortedKeys(values) {
		if c := t.column(name); c != nil && c.Type != Password && c.Type != Password2 {
			parts = append(parts, name, asText(values[name]))
		}
	}
	return parts
}

// now is the instance's time: the clock, moved on by Advance. The lock is held.
func (s *Server) now() time.Time { return s.opts.Clock().Add(s.ahead).UTC() }

func (s *Server) stamp() string { return s.now().Format(wireTime) }

// shelfOf returns the rows of t's hierarchy, making the shelf at first use.
func (s *Server) shelfOf(t *table) *shelf {
	root := t.root()
	sh := s.shelves[root]
	if sh == nil {
		sh = &shelf{byID: map[string]*row{}}
		s.shelves[root] = sh
	}
	return sh
}

// find returns the row with this sys_id as seen through t: a row of another branch of the hierarchy is not there.
func (s *Server) find(t *table, id string) *row {
	if t == nil || id == "" {
		return nil
	}
	sh := s.shelves[t.root()]
	if sh == nil {
		return nil
	}
	if r := sh.byID[id]; r != nil && r.table.is(t.Name) {
		return r
	}
	return nil
}

func (s *Server) findIn(name, id string) *row { return s.find(s.tables[name], id) }

// rows calls yield for each row visible through the named table until it returns false.
func (s *Server) rows(name string) func(yield func(*row) bool) {
	return func(yield func(*row) bool) {
		t := s.tables[name]
		if t == nil {
			return
		}
		for _, r := range s.shelfOf(t).order {
			if r.table.is(name) && !yield(r) {
				return
			}
		}
	}
}

// where returns the first row of the table whose columns have these values (name, value pairs).
func (s *Server) where(name string, pairs ...string) *row {
	for r := range s.rows(name) {
		if r.has(pairs...) {
			return r
		}
	}
	return nil
}

func (r *row) has(pairs ...string) bool {
	for i := 0; i+1 < len(pairs); i += 2 {
		if r.values[pairs[i]] != pairs[i+1] {
			return false
		}
	}
	return true
}

// write is what a request, or the test API, wants stored.
type write struct {
	values  map[string]any
	display bool   // sysparm_input_display_value=true
	scope   string // sysparm_transaction_scope
	by      string // user_name for sys_created_by, sys_updated_by
	trusted bool   // behind the API's back: computed columns may be set, no field ACL applies
}

// insert adds a row. The error is a *refusal when the instance would refuse.
func (s *Server) insert(t *table, w write) (*row, error) {
	if class, ok := w.values["sys_class_name"].(string); ok && class != t.Name {
		if child := s.tables[class]; child != nil && child.is(t.Name) {
			t = child
		}
	}
	id := s.newID(append([]string{t.Name}, idParts(t, w.values)...)...)
	if given, ok := w.values["sys_id"].(string); ok && (w.trusted && given != "" ||
		isSysID(given) && !s.opts.IgnoreClientSysID && !slices.Contains(s.opts.OwnIDs, t.Name)) {
		id = given
	}
	sh := s.shelfOf(t)
	if sh.byID[id] != nil {
		return nil, uniqueViolation(id, "PRIMARY")
	}
	r := &row{table: t, values: map[string]string{"sys_id": id}, secrets: map[string]string{}}
	for _, c := range t.columns {
		if c.Default != "" {
			r.values[c.Name] = c.Default
		}
		if c.Type == Boolean && c.Default == "" {
			r.values[c.Name] = "false"
		}
	}
	now := s.stamp()
	r.values["sys_created_on"], r.values["sys_updated_on"] = now, now
	r.values["sys_created_by"], r.values["sys_updated_by"] = w.by, w.by
	r.values["sys_mod_count"] = "0"
	if t.column("sys_class_name") != nil {
		r.values["sys_class_name"] = t.Name
	}
	if t.column("sys_scope") != nil {
		scope := "global"
		if s.findIn("sys_scope", w.scope) != nil {
			scope = w.scope
		}
		r.values["sys_scope"], r.values["sys_package"] = scope, scope
		r.values["sys_update_name"] = t.Name + "_" + id
	}
	s.assign(r, w)
	if prefix := t.numberPrefix(); prefix != "" && t.column("number") != nil && r.values["number"] == "" {
		s.numbers[prefix]++
		r.values["number"] = fmt.Sprintf("%s%07d", prefix, 10000+s.numbers[prefix])
	}
	if err := s.before(opInsert, r, nil); err != nil {
		var adopt *adoption
		if errors.As(err, &adopt) {
			err = s.update(adopt.row, write{trusted: true, values: map[string]any{"inherited": "false"}})
			return adopt.row, err
		}
		return nil, err
	}
	if !w.trusted {
		if err := s.checkMandatory(r); err != nil {
			return nil, err
		}
	}
	if err := s.checkUnique(r); err != nil {
		return nil, err
	}
	s.finish(r)
	sh.order = append(sh.order, r)
	sh.byID[id] = r
	s.after(opInsert, r, nil)
	return r, nil
}

// update changes a row in place; one that comes out as it was keeps its update count.
func (s *Server) update(r *row, w write) error {
	old := r.clone()
	moved := s.assign(r, w)
	err := s.before(opUpdate, r, old.values)
	if err == nil && !w.trusted {
		err = s.checkMandatory(r)
	}
	if err == nil {
		err = s.checkUnique(r)
	}
	if err != nil {
		r.values, r.secrets = old.values, old.secrets
		return err
	}
	moved = moved || !maps.Equal(r.values, old.values)
	if !moved {
		return nil
	}
	s.finish(r)
	if !w.trusted {
		count, _ := strconv.Atoi(r.values["sys_mod_count"])
		r.values["sys_mod_count"] = strconv.Itoa(count + 1)
		r.values["sys_updated_on"], r.values["sys_updated_by"] = s.stamp(), w.by
	}
	s.after(opUpdate, r, old.values)
	return nil
}

func (r *row) clone() *row {
	return &row{table: r.table, values: maps.Clone(r.values), secrets: maps.Clone(r.secrets)}
}

func (s *Server) remove(r *row) error {
	if err := s.before(opDelete, r, r.values); err != nil {
		return err
	}
	s.unlink(r)
	s.after(opDelete, r, r.values)
	return nil
}

// unlink takes the row out without running rules.
func (s *Server) unlink(r *row) {
	sh := s.shelfOf(r.table)
	delete(sh.byID, r.id())
	sh.order = slices.DeleteFunc(sh.order, func(other *row) bool { return other == r })
}

// assign stores the wanted columns that exist and may be written, and reports whether one moved.
func (s *Server) assign(r *row, w write) bool {
	moved := false
	for name, raw := range w.values {
		c := r.table.column(name)
		if c == nil || name == "sys_id" || name == "sys_class_name" || c.Computed && !w.trusted {
			continue // the Table API ignores columns that it does not know or keeps itself
		}
		if !w.trusted && s.guards.columnForbidden(r.table, name) {
			continue // a field ACL drops the value and the request still succeeds
		}
		switch c.Type {
		case Password, Password2:
			moved = s.assignSecret(r, c, asText(raw), w) || moved
		case Journal:
			if text := asText(raw); text != "" {
				s.addJournal(r, name, text, w.by)
				moved = true
			}
		default:
			value := s.normalise(c, raw, w.display)
			if s.opts.DropInvalidValues && !w.trusted && !s.valid(r, c, value) {
				value = ""
			}
			if r.values[name] != value {
				r.values[name] = value
				moved = true
			}
		}
	}
	return moved
}

// valid reports whether a reference has a row, or a value of a choice column is one of its choices. What a column that
// offers none may hold is not known.
func (s *Server) valid(r *row, c *Column, value string) bool {
	switch {
	case value == "":
		return true
	case c.Type == Reference:
		return s.tables[c.Reference] == nil || s.findIn(c.Reference, value) != nil
	case c.Type == ChoiceOf:
		offered := s.offered(r.table, c.Name)
		return len(offered) == 0 || slices.Contains(offered, value)
	}
	return true
}

// offered are the values of a column's choices, on its table or one of those above it.
func (s *Server) offered(t *table, column string) []string {
	var values []string
	for ; t != nil; t = t.parent {
		for ch := range s.rows("sys_choice") {
			if ch.has("name", t.Name, "element", column) {
				values = append(values, ch.values["value"])
			}
		}
	}
	return values
}

func (s *Server) addJournal(r *row, element, text, by string) {
	// A trusted insert with an id of our own making has nothing to fail on.
	_, _ = s.insert(s.tables["sys_journal_field"], write{trusted: true, by: by, values: map[string]any{
		"name": r.table.Name, "element": element, "element_id": r.id(), "value": text,
	}})
}

// finish keeps the columns that follow from others.
func (s *Server) finish(r *row) {
	if r.table.column("sys_name") != nil {
		r.values["sys_name"] = r.values[r.table.displayColumn()]
	}
}

func (s *Server) checkUnique(r *row) error {
	for _, c := range r.table.columns {
		value := r.values[c.Name]
		if !c.Unique || value == "" {
			continue
		}
		for _, other := range s.shelfOf(r.table).order {
			if other.id() != r.id() && strings.EqualFold(other.values[c.Name], value) {
				return uniqueViolation(value, c.Name)
			}
		}
	}
	for t := r.table; t != nil; t = t.parent {
		for _, index := range t.UniqueIndexes {
			if twin := s.twin(r, t, index); twin != nil {
				return uniqueViolation(joined(r, index), strings.Join(index, "_"))
			}
		}
	}
	return nil
}

// twin finds another row of t with the same values in the columns of an index. As in the database, a row in which one
// of them is empty has none.
func (s *Server) twin(r *row, t *table, index []string) *row {
	for _, name := range index {
		if r.values[name] == "" {
			return nil
		}
	}
	for other := range s.rows(t.Name) {
		if other.id() != r.id() && strings.EqualFold(joined(other, index), joined(r, index)) {
			return other
		}
	}
	return nil
}

func joined(r *row, index []string) string {
	values := make([]string, len(index))
	for i, name := range index {
		values[i] = r.values[name]
	}
	return strings.Join(values, "-")
}

// uniqueViolation uses the text of the platform's UI and log; its REST envelope was never seen and is inferred, and its
// status a switch.
func uniqueViolation(value, key string) error {
	return &refusal{
		fmt.Sprintf("Unique Key violation detected by database (Duplicate entry '%s' for key '%s')", value, key), true,
	}
}

func isSysID(s string) bool {
	if len(s) != 32 {
		return false
	}
	for _, r := range s {
		if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}
