package lifecycle

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// display makes the name by which a list shows a record: a text with columns in braces.
type display string

var displayColumn = regexp.MustCompile(`\{([a-z0-9_.]+)\}`)

// display is the definition's own, or the last part of its natural key.
func (r *lifecycle[T, M]) display() display {
	if r.Display != "" {
		return display(r.Display)
	}
	columns := r.keyColumns(M(new(T)))
	if len(columns) == 0 {
		return ""
	}
	return display("{" + columns[len(columns)-1] + "}")
}

// columns are those that the text consists of, and the references that it walks through.
func (d display) columns() []string {
	var columns []string
	for _, found := range displayColumn.FindAllStringSubmatch(string(d), -1) {
		reference, _, _ := strings.Cut(found[1], ".")
		columns = append(columns, found[1], reference)
	}
	return columns
}

// of fills the text in. A referred record that cannot be read is shown by its id, and one that has no words for itself
// by its own.
func (d display) of(rec record.Record) string {
	filled := false
	name := displayColumn.ReplaceAllStringFunc(string(d), func(placeholder string) string {
		column := placeholder[1 : len(placeholder)-1]
		reference, _, _ := strings.Cut(column, ".")
		value := cmp.Or(rec.Text(column), rec.Text(reference))
		filled = filled || value != ""
		return cmp.Or(value, "?")
	})
	if !filled {
		return rec.ID
	}
	return name
}
