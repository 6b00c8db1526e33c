package field

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// Referring marks a field that holds sys_ids of records of one table.
type Referring struct {
	Field
	Table string
	// Extensions are tables that extend Table and hold records that it may not show.
	Extensions []string
}

// Reference says which table a field's sys_ids are of, so that they are looked at before they are written.
func Reference(f Field, table string, extensions ...string) Field {
	return Referring{f, table, extensions}
}

func (f Referring) unwrap() Field { return f.Field }

// IDs are the sys_ids that are known.
func (f Referring) IDs() []string {
	var elements []attr.Value
	switch v := f.Value().(type) {
	case types.String:
		elements = []attr.Value{v}
	case types.Set:
		elements = v.Elements()
	case types.List:
		elements = v.Elements()
	}
	var ids []string
	for _, e := range elements {
		if id := text(e); id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// ApplicationScope binds a reference to an application that may be named by its sys_id or by its scope's name, such as
// sn_si: the two are one value. Another value makes another record.
type ApplicationScope struct{ scalar[types.String] }

// ApplicationOf binds a column that refers to sys_scope.
func ApplicationOf(column string, p *types.String) Field {
	return ApplicationScope{String(column, p).(scalar[types.String])} //nolint:forcetypeassert // String's own type
}

// ScopeNameColumn is where the name of the scope is read that a column refers to.
func ScopeNameColumn(column string) string { return column + ".scope" }

// Columns are the reference and the name of what it refers to.
func (f ApplicationScope) Columns() []string { return []string{f.column, ScopeNameColumn(f.column)} }

// Assign takes the value of the same field of another model.
func (f ApplicationScope) Assign(from Field) { *f.p = *Same[ApplicationScope](from).p }

// Same compares the spellings; the lifecycle asks the server whether two of them mean one scope.
func (f ApplicationScope) Same(as Field) bool {
	other, ok := Unwrap(as).(ApplicationScope)
	return ok && f.scalar.Same(other.scalar)
}

// Decode keeps a name where the answer refers to the scope of that name.
func (f ApplicationScope) Decode(from record.Record) error {
	name := from.Text(ScopeNameColumn(f.column))
	if name != "" && strings.EqualFold(name, f.p.ValueString()) {
		return nil
	}
	return f.scalar.Decode(from)
}

// Shapes are those of the reference; the name of what it refers to is no column of the table.
func (f ApplicationScope) Shapes() map[string]Shape { return map[string]Shape{f.column: Text} }
