package servicenow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
)

// UseDictionary makes the tables those of an instance's own dictionary: a table that is not there yet is added, and one
// that is takes the file's columns, and loses the columns of its own that the file does not list unless the file calls
// itself partial there. The columns that stand in every table stay. Rows that are there keep their values.
func (s *Server) UseDictionary(file *dictionary.File) error {
	ordered, err := file.ParentsFirst()
	if err != nil {
		return fmt.Errorf("dictionary: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeding = true
	defer func() { s.seeding = false }()
	for _, t := range ordered {
		if t.Extends != "" && s.tables[t.Extends] == nil {
			return fmt.Errorf("dictionary: table %s extends %s, which is in neither the file nor the simulator",
				t.Name, t.Extends)
		}
		known := s.tables[t.Name]
		if known == nil {
			s.addTables([]Table{tableOf(t)}, s.scopeOf(t))
			s.allowWebServices(t)
			continue
		}
		if t.Extends != "" && (known.parent == nil || known.parent.Name != t.Extends) {
			t.Columns = s.flatColumns(t)
		}
		s.refit(known, t)
		s.allowWebServices(t)
	}
	return nil
}

// flatColumns are a table's columns with those of the table that it extends, for a table that extends another one here:
// its rows stay where they are, with the columns that the instance has.
func (s *Server) flatColumns(t dictionary.Table) []dictionary.Column {
	own := map[string]bool{}
	for _, c := range t.Columns {
		own[c.Name] = true
	}
	columns := slices.Clone(t.Columns)
	for _, c := range s.tables[t.Extends].columns {
		if own[c.Name] {
			continue
		}
		inherited := dictionary.Column{
			Name: c.Name, Label: c.Label, Type: string(c.Type), Reference: c.Reference, MaxLength: c.MaxLength,
			Mandatory: c.Mandatory, ReadOnly: c.ReadOnly, Unique: c.Unique, Default: c.Default,
		}
		for _, choice := range c.Choices {
			inherited.Choices = append(inherited.Choices, dictionary.Choice(choice))
		}
		columns = append(columns, inherited)
	}
	return columns
}

// allowWebServices ticks or clears what the file knows of web service access.
func (s *Server) allowWebServices(t dictionary.Table) {
	if r := s.where("sys_db_object", "name", t.Name); r != nil && t.WebServiceAccess != nil {
		_ = s.update(r, write{trusted: true, by: "system", values: anyValues(Record{
			"ws_access": strconv.FormatBool(*t.WebServiceAccess),
		})}) // no rule refuses a shipped row's change
	}
}

// scopeOf is the sys_id of a table's application, which is added where it is not installed.
func (s *Server) scopeOf(t dictionary.Table) string {
	if t.Scope == "" {
		return globalScope
	}
	if id := s.scopeID(t.Scope); id != "" {
		return id
	}
	id := seedID("scope", t.Scope)
	s.put("sys_scope", Record{"sys_id": id, "name": t.Scope, "scope": t.Scope, "source": t.Scope})
	return id
}

// refit returns a table that exists the columns of the file.
func (s *Server) refit(t *table, file dictionary.Table) {
	def := tableOf(file)
	if !file.Partial {
		s.dropOthers(t, def.Columns)
	}
	for i := range def.Columns {
		if known := t.column(def.Columns[i].Name); known != nil {
			def.Columns[i].Computed = known.Computed // who fills a column stands in no dictionary
		}
		s.forEachChild(t, func(child *table) { child.add(def.Columns[i]) })
	}
	t.Label, t.Number = orElse(file.Label, t.Label), orElse(file.NumberPrefix, t.Number)
	t.Display = orElse(file.Display, t.Display)
	for _, index := range def.UniqueIndexes {
		if !slices.ContainsFunc(t.UniqueIndexes, func(known []string) bool { return slices.Equal(known, index) }) {
			t.UniqueIndexes = append(t.UniqueIndexes, index)
		}
	}
	if file.ReadRoles != nil {
		t.Access.Read = file.ReadRoles
	}
	if file.WriteRoles != nil {
		t.Access.Write = file.WriteRoles
	}
	for _, c := range def.Columns {
		s.removeWhere("sys_dictionary", "name", t.Name, "element", c.Name)
		s.removeWhere("sys_choice", "name", t.Name, "element", c.Name)
		s.removeWhere("sys_dictionary_override", "name", t.Name, "element", c.Name)
	}
	s.removeWhere("sys_index", "logical_table_name", t.Name)
	s.describe(t, def.Columns)
}

// dropOthers takes away the columns that t defines itself and that are not among those listed.
func (s *Server) dropOthers(t *table, listed []Column) {
	keep := map[string]bool{}
	for _, c := range append(append([]Column{}, baseColumns...), listed...) {
		keep[c.Name] = true
	}
	for _, name := range t.ownColumns() {
		if keep[name] {
			continue
		}
		s.forEachChild(t, func(child *table) { child.drop(name) })
		s.removeWhere("sys_dictionary", "name", t.Name, "element", name)
		s.removeWhere("sys_choice", "name", t.Name, "element", name)
		s.removeWhere("sys_dictionary_override", "name", t.Name, "element", name)
	}
}

// ownColumns names the columns that are not the parent's.
func (t *table) ownColumns() []string {
	var names []string
	for _, c := range t.columns {
		if t.parent == nil || t.parent.column(c.Name) == nil {
			names = append(names, c.Name)
		}
	}
	return names
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// plainDefault leaves scripts out, which nothing runs here.
func plainDefault(value string) string {
	if strings.HasPrefix(value, scriptPrefix) {
		return ""
	}
	return value
}

func tableOf(file dictionary.Table) Table {
	t := Table{
		Name: file.Name, Label: file.Label, Extends: file.Extends, Display: file.Display, Number: file.NumberPrefix,
		UniqueIndexes: file.UniqueIndexes, Access: Access{Read: file.ReadRoles, Write: file.WriteRoles},
	}
	for _, c := range file.Columns {
		column := Column{
			Name: c.Name, Label: c.Label, Type: Type(c.Type), Reference: c.Reference, Default: plainDefault(c.Default),
			MaxLength: c.MaxLength, Mandatory: c.Mandatory, ReadOnly: c.ReadOnly, Unique: c.Unique,
		}
		for _, choice := range c.Choices {
			column.Choices = append(column.Choices, Choice{
				Value: choice.Value, Label: orElse(choice.Label, choice.Value), Dependent: choice.Dependent,
			})
		}
		t.Columns = append(t.Columns, column)
	}
	return t
}
