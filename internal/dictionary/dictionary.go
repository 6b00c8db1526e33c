// Package dictionary is the file format of a ServiceNow instance's dictionary: tables, columns, types, defaults,
// choices and unique indexes as sys_db_object, sys_dictionary, sys_choice and sys_index hold them.
// servicenow-dictionary writes such a file, and servicenow-simulator takes it with -dictionary. The package knows
// neither of them.
package dictionary

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
)

// Format is the version of the file format that this package reads and writes.
const Format = 1

// Schema is the JSON schema (2020-12) of a file.
//
//go:embed schema.json
var Schema []byte

// File is one instance's dictionary.
type File struct {
	Schema   string `json:"$schema,omitempty"`  // where an editor finds the JSON schema; ignored
	Format   int    `json:"format"`             // 1
	Instance string `json:"instance,omitempty"` // where it was read, such as "https://dev12345.service-now.com"
	Release  string `json:"release,omitempty"`  // release family, such as "Zurich"
	Build    string `json:"build,omitempty"`    // glide.buildtag.last
	ReadAt   string `json:"read_at,omitempty"`  // RFC 3339
	// Plugins and Applications are those that were asked about, not all that the instance has.
	Plugins      []Plugin      `json:"plugins,omitempty"`
	Applications []Application `json:"applications,omitempty"`
	Tables       []Table       `json:"tables"`
	// Missing names tables that were asked for and that the instance proved not to have.
	Missing []string `json:"missing_tables,omitempty"`
	// Unseen is what the account could not see. It proves nothing: what stands here is neither there nor absent.
	Unseen []Unseen `json:"unseen,omitempty"`
}

// Plugin is a row of v_plugin, or its absence.
type Plugin struct {
	ID      string `json:"id"`
	Active  bool   `json:"active"`
	Version string `json:"version,omitempty"`
}

// Application is a row of sys_scope, or its absence.
type Application struct {
	Scope     string `json:"scope"`
	Installed bool   `json:"installed"`
	Version   string `json:"version,omitempty"`
}

// Part is what of a table, or of the instance, was not seen.
type Part string

// The parts. What has a table stands with one in Unseen.
const (
	PartTable        Part = "table"     // whether there is one, and all about it
	PartColumns      Part = "columns"   // some of them, or all
	PartOverrides    Part = "overrides" // what the table changes of inherited columns
	PartChoices      Part = "choices"
	PartIndexes      Part = "indexes"
	PartRelease      Part = "release"
	PartPlugins      Part = "plugins"
	PartApplications Part = "applications"
)

var (
	tableParts = []Part{PartTable, PartColumns, PartOverrides, PartChoices, PartIndexes}
	parts      = append([]Part{PartRelease, PartPlugins, PartApplications}, tableParts...)
)

// Unseen is what an account could not see.
type Unseen struct {
	Table string `json:"table,omitempty"`
	Part  Part   `json:"part"`
	Why   string `json:"why"`
}

// Sees reports whether the account saw a part of a table whole, as far as the file says.
func (f *File) Sees(table string, part Part) bool {
	return !slices.ContainsFunc(f.Unseen, func(u Unseen) bool {
		return u.Table == table && (u.Part == part || u.Part == PartTable)
	})
}

// Table returns a table by its name.
func (f *File) Table(name string) (Table, bool) {
	i := slices.IndexFunc(f.Tables, func(t Table) bool { return t.Name == name })
	if i < 0 {
		return Table{}, false
	}
	return f.Tables[i], true
}

// Table is a sys_db_object row with the columns that it adds to those of the table that it extends.
type Table struct {
	Name    string `json:"name"`
	Label   string `json:"label,omitempty"`
	Extends string `json:"extends,omitempty"` // super_class, by name
	Scope   string `json:"scope,omitempty"`   // scope of its application; empty: global
	Display string `json:"display,omitempty"` // display column; empty: name, else number
	// WebServiceAccess is ws_access: whether the REST APIs reach the table. Nil is not known.
	WebServiceAccess *bool `json:"web_service_access,omitempty"`
	// NumberPrefix is that of sys_number, such as "INC"; the table's number column is then filled.
	NumberPrefix string `json:"number_prefix,omitempty"`
	// Partial means that Columns is not all: columns that are not listed are as they would be without this file.
	Partial bool     `json:"partial,omitempty"`
	Columns []Column `json:"columns,omitempty"`
	// UniqueIndexes are the unique indexes over more than one column; for one column there is Column.Unique.
	UniqueIndexes [][]string `json:"unique_indexes,omitempty"`
	// ReadRoles and WriteRoles may do so besides admin; "*" is everybody who has logged in.
	ReadRoles  []string `json:"read_roles,omitempty"`
	WriteRoles []string `json:"write_roles,omitempty"`
}

// Column is a sys_dictionary row.
type Column struct {
	Name      string   `json:"name"` // element
	Label     string   `json:"label,omitempty"`
	Type      string   `json:"type"`                // internal_type, such as "string", "reference", "glide_date_time"
	Reference string   `json:"reference,omitempty"` // table that a reference or a glide_list points to
	MaxLength int      `json:"max_length,omitempty"`
	Mandatory bool     `json:"mandatory,omitempty"`
	ReadOnly  bool     `json:"read_only,omitempty"`
	Unique    bool     `json:"unique,omitempty"`
	Default   string   `json:"default,omitempty"`
	Choices   []Choice `json:"choices,omitempty"`
}

// Choice is a sys_choice row, of the language en.
type Choice struct {
	Value     string `json:"value"`
	Label     string `json:"label,omitempty"`
	Dependent string `json:"dependent,omitempty"` // dependent_value
}

// Read reads a file and checks it. An error names the table and column that it is about.
func Read(r io.Reader) (*File, error) {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	f := &File{}
	if err := decoder.Decode(f); err != nil {
		return nil, fmt.Errorf("dictionary: %w", err)
	}
	if err := decoder.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		return nil, errors.New("dictionary: something follows the JSON document")
	}
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("dictionary: %w", err)
	}
	return f, nil
}

// Write writes the file, indented, ending in a newline.
func (f *File) Write(w io.Writer) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("dictionary: %w", err)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(f)
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

func (f *File) check() error {
	if f.Format != Format {
		return fmt.Errorf("format %d is not supported; want %d", f.Format, Format)
	}
	seen := map[string]bool{}
	for _, t := range f.Tables {
		if !nameForm.MatchString(t.Name) {
			return fmt.Errorf("table name %q is not valid", t.Name)
		}
		if seen[t.Name] {
			return fmt.Errorf("table %s is listed twice", t.Name)
		}
		seen[t.Name] = true
		if err := t.check(); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
	}
	for _, name := range f.Missing {
		if seen[name] {
			return fmt.Errorf("table %s is listed, and missing", name)
		}
	}
	for _, u := range f.Unseen {
		if (u.Table != "") != slices.Contains(tableParts, u.Part) || !slices.Contains(parts, u.Part) {
			return fmt.Errorf("unseen: part %q of table %q is not valid", u.Part, u.Table)
		}
	}
	_, err := f.ParentsFirst()
	return err
}

func (t Table) check() error {
	var names []string
	for _, c := range t.Columns {
		switch {
		case !nameForm.MatchString(c.Name):
			return fmt.Errorf("column name %q is not valid", c.Name)
		case slices.Contains(names, c.Name):
			return fmt.Errorf("column %s is listed twice", c.Name)
		case c.Type == "":
			return fmt.Errorf("column %s has no type", c.Name)
		case c.Type == "reference" && c.Reference == "":
			return fmt.Errorf("column %s is a reference to no table", c.Name)
		case c.MaxLength < 0:
			return fmt.Errorf("column %s: max_length %d is negative", c.Name, c.MaxLength)
		}
		names = append(names, c.Name)
	}
	for _, index := range t.UniqueIndexes {
		if len(index) < 2 {
			return fmt.Errorf("unique index %v: one over a single column is that column's unique", index)
		}
	}
	return nil
}

// ParentsFirst returns the tables so that each follows the one that it extends. A table that extends itself, by however
// many steps, is an error; one that extends a table that the file lacks is not.
func (f *File) ParentsFirst() ([]Table, error) {
	byName := make(map[string]Table, len(f.Tables))
	for _, t := range f.Tables {
		byName[t.Name] = t
	}
	ordered := make([]Table, 0, len(f.Tables))
	done := map[string]bool{}
	for _, t := range f.Tables {
		var line []Table // t and its ancestors, the oldest last
		for at, ok := t, true; ok && !done[at.Name]; at, ok = byName[at.Extends] {
			if slices.ContainsFunc(line, func(below Table) bool { return below.Name == at.Name }) {
				return nil, fmt.Errorf("table %s extends itself", at.Name)
			}
			line = append(line, at)
		}
		slices.Reverse(line)
		for _, at := range line {
			done[at.Name] = true
		}
		ordered = append(ordered, line...)
	}
	return ordered, nil
}
