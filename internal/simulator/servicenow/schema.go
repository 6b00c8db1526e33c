package servicenow

import (
	"crypto/md5" //nolint:gosec // names for seed rows, not security
	"encoding/hex"
	"strings"
	"unicode"
)

// Type is a dictionary internal_type.
type Type string

// The types that the simulated tables use.
const (
	String    Type = "string"
	Boolean   Type = "boolean"
	Integer   Type = "integer"
	Reference Type = "reference"
	GlideList Type = "glide_list" // comma-separated sys_ids; in JSON a bare string
	ChoiceOf  Type = "choice"     // in JSON a bare string, even where it holds a sys_id
	DateTime  Type = "glide_date_time"
	Password  Type = "password"      // one-way: hashed, never read back
	Password2 Type = "password2"     // two-way encrypted, never read back
	Journal   Type = "journal_input" // appends to sys_journal_field, reads back empty
	// JournalList shows the entries of every journal field of its record, and reads back empty.
	JournalList Type = "journal_list"
	GUID        Type = "GUID"
)

// Choice is one row of sys_choice.
type Choice struct {
	Value, Label, Dependent string
}

// Column is one sys_dictionary row.
type Column struct {
	Name      string
	Label     string // derived from Name when empty
	Type      Type
	Reference string // target table of Reference and GlideList
	Default   string
	MaxLength int // characters; longer values are cut, as the database does. 0: not limited here
	Mandatory bool
	ReadOnly  bool
	Unique    bool
	Computed  bool // kept by the platform: a value in a request body is ignored
	Choices   []Choice
	Since     Release // the first release that has it; empty: all
}

// Table is one sys_db_object row with its own columns.
type Table struct {
	Name    string
	Label   string
	Extends string // parent table; its columns are inherited
	Display string // display column; "name", else "number", when empty
	Columns []Column
	Access  Access
	Number  string // prefix of the "number" column, such as INC in INC0010001
	// UniqueIndexes are those over several columns; Column.Unique is one over a single column.
	UniqueIndexes [][]string
}

// Access lists the roles that may do a thing; "*" is every authenticated user, and "a+b" is who holds both. The admin
// role may do everything, and is alone where a list is empty.
type Access struct {
	Read, Write []string
}

// table is a Table with its inherited columns resolved.
type table struct {
	Table

	parent  *table
	columns []*Column
	byName  map[string]*Column
	closed  bool          // sys_db_object.ws_access is false
	shown   []shownColumn // the columns in the order of an answer; made at need
}

func (t *table) column(name string) *Column { return t.byName[name] }

// is reports whether t is the named table or extends it.
func (t *table) is(name string) bool {
	for ; t != nil; t = t.parent {
		if t.Name == name {
			return true
		}
	}
	return false
}

// root is the table that stores the rows of t's whole hierarchy. sys_metadata is only a set of columns here: no client
// reads it, and making it the root would mix every configuration table in one store.
func (t *table) root() string {
	for t.parent != nil && t.parent.Name != metadataTable {
		t = t.parent
	}
	return t.Name
}

// numberPrefix is the table's own, or that of the nearest table above it.
func (t *table) numberPrefix() string {
	for ; t != nil; t = t.parent {
		if t.Number != "" {
			return t.Number
		}
	}
	return ""
}

func (t *table) displayColumn() string {
	for c := t; c != nil; c = c.parent {
		if c.Display != "" {
			return c.Display
		}
	}
	for _, name := range []string{"name", "number", "label"} {
		if t.column(name) != nil {
			return name
		}
	}
	return "sys_id"
}

func (t *table) add(c Column) {
	t.shown = nil
	if c.Label == "" {
		c.Label = labelOf(c.Name)
	}
	if _, exists := t.byName[c.Name]; exists {
		for i, known := range t.columns {
			if known.Name == c.Name {
				t.columns[i] = &c
			}
		}
	} else {
		t.columns = append(t.columns, &c)
	}
	t.byName[c.Name] = &c
}

func (t *table) drop(name string) {
	t.shown = nil
	delete(t.byName, name)
	for i, c := range t.columns {
		if c.Name == name {
			t.columns = append(t.columns[:i:i], t.columns[i+1:]...)
			return
		}
	}
}

// newTable resolves inheritance; parent is nil for a table of its own.
func newTable(def Table, parent *table) *table {
	if def.Label == "" {
		def.Label = labelOf(def.Name)
	}
	t := &table{Table: def, parent: parent, byName: map[string]*Column{}}
	if parent != nil {
		for _, c := range parent.columns {
			t.add(*c)
		}
	} else {
		for _, c := range baseColumns {
			t.add(c)
		}
	}
	for _, c := range def.Columns {
		t.add(c)
	}
	return t
}

const metadataTable = "sys_metadata"

// baseColumns stand in every table.
var baseColumns = []Column{
	{Name: "sys_id", Label: "Sys ID", Type: GUID, MaxLength: 32, Computed: true},
	{Name: "sys_created_on", Label: "Created", Type: DateTime, Computed: true},
	{Name: "sys_created_by", Label: "Created by", Type: String, MaxLength: 40, Computed: true},
	{Name: "sys_updated_on", Label: "Updated", Type: DateTime, Computed: true},
	{Name: "sys_updated_by", Label: "Updated by", Type: String, MaxLength: 40, Computed: true},
	{Name: "sys_mod_count", Label: "Updates", Type: Integer, Computed: true},
	{Name: "sys_tags", Label: "Tags", Type: String, Computed: true},
}

func col(name string, typ Type) Column { return Column{Name: name, Type: typ} }

func str(name string, length int) Column {
	return Column{Name: name, Type: String, MaxLength: length}
}

func boolean(name, def string) Column { return Column{Name: name, Type: Boolean, Default: def} }

func integer(name, def string) Column { return Column{Name: name, Type: Integer, Default: def} }

func ref(name, target string) Column {
	return Column{Name: name, Type: Reference, Reference: target, MaxLength: 32}
}

func list(name, target string) Column {
	return Column{Name: name, Type: GlideList, Reference: target, MaxLength: 4000}
}

// choice takes its choices as value, label pairs.
func choice(name, def string, pairs ...string) Column {
	c := Column{Name: name, Type: ChoiceOf, Default: def, MaxLength: 40}
	for i := 0; i+1 < len(pairs); i += 2 {
		c.Choices = append(c.Choices, Choice{Value: pairs[i], Label: pairs[i+1]})
	}
	return c
}

// textual keeps the choices, but not the type, of a column that is a string with a drop-down list.
func (c Column) textual() Column           { c.Type = String; return c }
func (c Column) label(label string) Column { c.Label = label; return c }
func (c Column) required() Column          { c.Mandatory = true; return c }
func (c Column) unique() Column            { c.Unique = true; return c }
func (c Column) since(r Release) Column    { c.Since = r; return c }
func (c Column) length(n int) Column       { c.MaxLength = n; return c }

// computed marks a column that the platform fills and clients cannot write.
func (c Column) computed() Column { c.Computed, c.ReadOnly = true, true; return c }

// labelOf makes "Web service access only" of web_service_access_only.
func labelOf(name string) string {
	words := strings.ReplaceAll(strings.TrimPrefix(name, "u_"), "_", " ")
	for i, r := range words {
		return words[:i] + string(unicode.ToUpper(r)) + words[i+len(string(r)):]
	}
	return words
}

// seedID is the sys_id of a row that an instance ships: the same in every run, so that examples may show it.
func seedID(parts ...string) string {
	sum := md5.Sum([]byte(strings.Join(parts, "\x00"))) //nolint:gosec // see import
	return hex.EncodeToString(sum[:])
}
