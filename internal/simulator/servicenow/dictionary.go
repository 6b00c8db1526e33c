package servicenow

import (
	"fmt"

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
			s.addTables([]Table{tableOf(t)}, scopeOf(t))
			continue
		}
		if parent := parentName(known); t.Extends != "" && parent != t.Extends {
			return fmt.Errorf("dictionary: table %s extends %s, and %s in the simulator", t.Name, t.Extends, parent)
		}
		s.refit(known, t)
	}
	return nil
}

func parentName(t *table) string {
	if t.parent == nil {
		return "no table"
	}
	return t.parent.Name
}

func scopeOf(t dictionary.Table) string {
	if t.Scope == "" {
		return "global"
	}
	return t.Scope
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
	t.UniqueIndexes = append(t.UniqueIndexes, def.UniqueIndexes...)
	if file.ReadRoles != nil {
		t.Access.Read = file.ReadRoles
	}
	if file.WriteRoles != nil {
		t.Access.Write = file.WriteRoles
	}
	for _, c := range def.Columns {
		s.removeWhere("sys_dictionary", "name", t.Name, "element", c.Name)
		s.removeWhere("sys_choice", "name", t.Name, "element", c.Name)
	}
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

func tableOf(file dictionary.Table) Table {
	t := Table{
		Name: file.Name, Label: file.Label, Extends: file.Extends, Display: file.Display, Number: file.NumberPrefix,
		UniqueIndexes: file.UniqueIndexes, Access: Access{Read: file.ReadRoles, Write: file.WriteRoles},
	}
	for _, c := range file.Columns {
		column := Column{
			Name: c.Name, Label: c.Label, Type: Type(c.Type), Reference: c.Reference, Default: c.Default,
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
