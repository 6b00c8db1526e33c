package evidence

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
)

// Risk is what a difference does to somebody who uses the provider.
type Risk int

// The risks, the worst first.
const (
	// Breaks: what the provider does without being asked fails, or does something else.
	Breaks Risk = iota
	// Surprises: some configurations fail, or plan something odd.
	Surprises
	// Harmless: nothing follows from it.
	Harmless
)

func (r Risk) String() string { return [...]string{"breaks", "surprises", "harmless"}[r] }

// Difference is one way in which an instance differs from what is assumed.
type Difference struct {
	Risk          Risk
	Table, Column string // Column is empty for the table as a whole; both are for the instance
	Message       string
}

func (d Difference) String() string {
	where := d.Table
	if d.Column != "" {
		where += "." + d.Column
	}
	if where == "" {
		where = "instance"
	}
	return where + ": " + d.Message
}

// Compare returns how an instance's dictionary differs from what is assumed, the worst first, then by table and column.
// What the file says was not seen is no difference.
func Compare(file *dictionary.File, assumed Assumptions) []Difference {
	c := comparison{file: file}
	c.brought(assumed)
	for _, t := range assumed.Tables {
		c.table(t)
	}
	slices.SortStableFunc(c.found, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Risk, b.Risk), cmp.Compare(a.Table, b.Table), cmp.Compare(a.Column, b.Column))
	})
	return c.found
}

type comparison struct {
	file  *dictionary.File
	found []Difference
	// absent are the applications that are not installed.
	absent []string
}

func (c *comparison) find(risk Risk, table, column, format string, args ...any) {
	c.found = append(c.found, Difference{risk, table, column, fmt.Sprintf(format, args...)})
}

func (c *comparison) brought(assumed Assumptions) {
	for _, p := range c.file.Plugins {
		if slices.Contains(assumed.Plugins, p.ID) && !p.Active {
			c.find(Surprises, "", "", "The plugin %s is not active, and what comes with it is not there.", p.ID)
		}
	}
	for _, a := range c.file.Applications {
		if slices.Contains(assumed.Applications, a.Scope) && !a.Installed {
			c.absent = append(c.absent, a.Scope)
			c.find(Harmless, "", "", "The application %s is not installed.", a.Scope)
		}
	}
}

func (c *comparison) table(want Table) {
	got, ok := c.file.Table(want.Name)
	switch {
	case ok:
	case !slices.Contains(c.file.Missing, want.Name):
		return // not told
	case slices.ContainsFunc(c.absent, func(scope string) bool { return strings.HasPrefix(want.Name, scope) }):
		c.find(Harmless, want.Name, "", "The table is missing, since its application is not installed%s.", usedBy(want))
		return
	default:
		c.find(Breaks, want.Name, "", "The table is missing%s.", usedBy(want))
		return
	}
	if got.WebServiceAccess != nil && !*got.WebServiceAccess {
		c.find(Breaks, want.Name, "", "The table does not allow web service access, so every request to it is refused with "+
			"403 (WebServicePolicyValidator)%s.", usedBy(want))
	}
	scoped := strings.HasPrefix(want.Name, "sn_") || strings.HasPrefix(want.Name, "x_")
	if want.Written && !scoped && got.Scope != "" && got.Scope != "global" {
		c.find(Surprises, want.Name, "", "The table is of the application %s, and records are made in the scope global: set "+
			"scope_id.", got.Scope)
	}
	columns, whole := c.columnsOf(want.Name)
	if want.InScope && whole && columns["sys_scope"].Name == "" {
		c.find(Surprises, want.Name, "", "The table's records live in no application scope, so scope_id stays null.")
	}
	for _, column := range want.Columns {
		c.column(want, column, columns, whole)
	}
	if want.Written {
		c.mandatory(want, columns)
		c.unique(want, columns)
	}
	if want.Name == "api_key" && whole && !slices.ContainsFunc(slices.Collect(maps.Values(columns)),
		func(column dictionary.Column) bool { return column.Reference == "sys_auth_scope" }) {
		c.find(Harmless, want.Name, "", "No column refers to sys_auth_scope, so auth_scope_ids cannot be set.")
	}
}

func usedBy(t Table) string {
	if len(t.Uses) == 0 {
		return ""
	}
	return ": " + strings.Join(t.Uses, ", ")
}

// columnsOf returns a table's columns, inherited ones included, and whether the file tells them all.
func (c *comparison) columnsOf(name string) (columns map[string]dictionary.Column, whole bool) {
	columns, whole = map[string]dictionary.Column{}, true
	for name != "" {
		t, ok := c.file.Table(name)
		if !ok {
			return columns, false
		}
		whole = whole && !t.Partial && c.file.Sees(name, dictionary.PartColumns)
		for _, column := range t.Columns {
			known, below := columns[column.Name]
			switch {
			case !below:
				columns[column.Name] = column
			case len(known.Choices) == 0: // choices of a parent hold where the child lists none
				known.Choices = column.Choices
				columns[column.Name] = known
			}
		}
		name = t.Extends
	}
	return columns, whole
}

func (c *comparison) column(t Table, want Column, columns map[string]dictionary.Column, whole bool) {
	got, ok := columns[want.Name]
	if !ok {
		if whole {
			c.absentColumn(t, want)
		}
		return
	}
	if risk, message := fits(want, got); message != "" {
		c.find(risk, t.Name, want.Name, "%s%s", message, called(want))
	}
	if want.Written && got.ReadOnly {
		c.find(Surprises, t.Name, want.Name, "The column is read-only, and is written: a value may be dropped%s.",
			called(want))
	}
	for _, value := range slices.Sorted(maps.Keys(want.Sends)) {
		c.choice(t, want, got, value)
	}
	if want.Usually != "" && got.Default != want.Usually {
		c.find(Surprises, t.Name, want.Name, "The default is %q, and the documentation says that it is usually %q%s.",
			got.Default, want.Usually, called(want))
	}
}

func called(c Column) string {
	if c.Attribute == "" {
		return ""
	}
	return " (" + c.Attribute + ")"
}

func (c *comparison) absentColumn(t Table, want Column) {
	switch {
	case want.Newer:
		c.find(Harmless, t.Name, want.Name, "The column is missing, as on some releases: leave its attribute out%s.",
			called(want))
	case want.Needed || want.Always:
		c.find(Breaks, t.Name, want.Name, "The column is missing%s.", called(want))
	case want.Name == "sys_scope": // said of the table
	case want.Written:
		c.find(Surprises, t.Name, want.Name, "The column is missing, so that a configured value is not kept%s.", called(want))
	default:
		c.find(Surprises, t.Name, want.Name, "The column is missing, and reads as null%s.", called(want))
	}
}

// choice looks whether a value that is sent is among the choices, which a column without any leaves open.
func (c *comparison) choice(t Table, want Column, got dictionary.Column, value string) {
	if want.Shape != field.Text && want.Shape != "" {
		return
	}
	if got.MaxLength > 0 && len(value) > got.MaxLength {
		c.find(Breaks, t.Name, want.Name, "%q is sent, and the column holds %d characters%s.", value, got.MaxLength,
			called(want))
	}
	if len(got.Choices) == 0 {
		return
	}
	listed := make([]string, len(got.Choices))
	for i, choice := range got.Choices {
		listed[i] = choice.Value
	}
	if slices.Contains(listed, value) {
		return
	}
	slices.Sort(listed)
	risk, how := Surprises, "by default or on your behalf"
	if want.Sends[value] || want.Attribute == "" {
		risk, how = Breaks, "always"
	}
	c.find(risk, t.Name, want.Name, "%q is sent %s, and the instance lists %s%s.", value, how,
		strings.Join(slices.Compact(listed), ", "), called(want))
}

// Types that hold what a shape needs, and those that hold it in another form. Of a text all but secrets do.
//
// Source: the names of internal_type in exported dictionaries.
var (
	flagTypes   = []string{"boolean"}
	numberTypes = []string{"integer", "longint", "auto_increment"}
	timeTypes   = []string{"glide_date_time", "due_date"}
	itemTypes   = []string{"glide_list", "list"}
	secretTypes = []string{"password", "password2", "glide_encrypted"}
	textTypes   = []string{
		"string", "choice", "conditions", "email", "script", "script_plain", "html", "url", "table_name", "field_name",
		"GUID", "sys_class_name", "translated_text", "translated_field", "document_id", "user_input", "char", "json",
		"string_full_utf8", "multi_two_lines", "compressed", "decoration",
	}
)

// fits says what is wrong with a column's type; nothing where it is right.
func fits(want Column, got dictionary.Column) (risk Risk, message string) {
	one := func(of ...[]string) bool { return slices.Contains(slices.Concat(of...), got.Type) }
	is := "The type is " + got.Type + ", "
	switch want.Shape {
	case field.Text:
		if one(secretTypes) {
			return Breaks, is + "which is never read back."
		}
		return refers(want, got)
	case field.Flag:
		return misfit(one(flagTypes), one(textTypes, numberTypes), is+"and true or false is written.")
	case field.Number:
		return misfit(one(numberTypes), one(textTypes), is+"and a whole number is expected.")
	case field.Moment:
		return misfit(one(timeTypes), one(textTypes), is+"and a time of day is expected.")
	case field.Items:
		if risk, message := refers(want, got); message != "" {
			return risk, message
		}
		return misfit(one(itemTypes, textTypes), got.Type == "reference", is+"and a list is written.")
	case field.Sealed:
		return misfit(one(secretTypes), true, is+"so that the secret can be read on the instance.")
	}
	return Harmless, ""
}

func misfit(right, similar bool, message string) (Risk, string) {
	switch {
	case right:
		return Harmless, ""
	case similar:
		return Surprises, message
	}
	return Breaks, message
}

func refers(want Column, got dictionary.Column) (Risk, string) {
	switch {
	case want.Refers == "" || got.Reference == want.Refers:
		return Harmless, ""
	case got.Reference == "":
		return Surprises, fmt.Sprintf("The type is %s, and a reference to %s is expected.", got.Type, want.Refers)
	}
	return Breaks, fmt.Sprintf("The column refers to %s, and %s is expected.", got.Reference, want.Refers)
}

// filled are columns that the platform fills by itself.
var filled = []string{
	"sys_id", "sys_created_on", "sys_created_by", "sys_updated_on", "sys_updated_by", "sys_mod_count", "sys_class_name",
	"sys_scope", "sys_package", "sys_name", "sys_update_name",
}

func (c *comparison) mandatory(t Table, columns map[string]dictionary.Column) {
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		got := columns[name]
		if !got.Mandatory || got.Default != "" || slices.Contains(filled, name) {
			continue
		}
		i := slices.IndexFunc(t.Columns, func(column Column) bool { return column.Name == name && column.Written })
		switch {
		case i < 0:
			c.find(Breaks, t.Name, name, "The column is mandatory, has no default, and is not sent: set it in "+
				"additional_columns.")
		case !t.Columns[i].Always:
			c.find(Surprises, t.Name, name, "The column is mandatory and has no default: set %s.", t.Columns[i].Attribute)
		}
	}
}

// unique looks for unique keys that refuse rows which the provider holds to be different.
func (c *comparison) unique(t Table, columns map[string]dictionary.Column) {
	var indexes [][]string
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		if columns[name].Unique {
			indexes = append(indexes, []string{name})
		}
	}
	for name := t.Name; name != ""; {
		of, _ := c.file.Table(name)
		indexes, name = append(indexes, of.UniqueIndexes...), of.Extends
	}
	for _, index := range indexes {
		whole := len(t.Key) > 0 && !slices.ContainsFunc(t.Key, func(key string) bool { return !slices.Contains(index, key) })
		made := !slices.ContainsFunc(index, func(name string) bool { return !slices.Contains(filled, name) })
		known := slices.ContainsFunc(index, func(name string) bool {
			return slices.ContainsFunc(t.Columns, func(column Column) bool { return column.Name == name && column.Written })
		})
		if whole || made || !known {
			continue // the duplicate check says so first, or no configuration makes two such rows
		}
		c.find(Surprises, t.Name, strings.Join(index, ","), "No two rows may have the same value here, and the natural key "+
			"is %s: the instance refuses the second of two resources.", strings.Join(t.Key, ", "))
	}
}

// Untold lists what a file does not tell, so that nothing is concluded from it.
func Untold(file *dictionary.File, assumed Assumptions) []string {
	var untold []string
	for _, u := range file.Unseen {
		untold = append(untold, strings.TrimSpace(u.Table+" "+string(u.Part))+": "+u.Why)
	}
	for _, t := range assumed.Tables {
		_, there := file.Table(t.Name)
		if !there && !slices.Contains(file.Missing, t.Name) && file.Sees(t.Name, dictionary.PartTable) {
			untold = append(untold, t.Name+" table: the file does not name it")
		}
	}
	return untold
}
