package servicenow

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// listedRows is a list in a record that stands for rows of another table, one for each id in the list.
type listedRows struct {
	table string // which also names the list among the record's columns
	id    string // the column of the rows that holds the id
}

// in returns the ids that a record lists; owned is false where the configuration leaves the rows alone.
func (l listedRows) in(r record.Record) (ids []string, owned bool) {
	ids, owned = r.Values[l.table].([]string)
	return ids, owned
}

// with adds the list to an answer.
func (l listedRows) with(got record.Answer, ids []string) record.Answer {
	got.Values = maps.Clone(got.Values)
	got.Values[l.table] = slices.Sorted(slices.Values(ids))
	return got
}

// outOf takes the list out of a record, which leaves its own row.
func (l listedRows) outOf(r record.Record) record.Record {
	r.Values = maps.Clone(r.Values)
	delete(r.Values, l.table)
	return r
}

// outOfColumns takes the list out of the columns to ask for.
func (l listedRows) outOfColumns(columns []string) []string {
	return slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return c == l.table })
}

// idsOf lists the ids in rows.
func (l listedRows) idsOf(rows []record.Record) []string {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.Text(l.id)
	}
	return ids
}

// nullableRows binds a set of ids to a list of rows as field.Members does, where an empty list and null are one thing.
type nullableRows struct {
	field.Field
	p *types.Set
}

func (f nullableRows) Assign(from field.Field) { *f.p = *field.Same[nullableRows](from).p }
func (f nullableRows) Same(as field.Field) bool {
	return f.Field.Same(field.Same[nullableRows](as).Field)
}

// Shapes are none: the rows are those of another table.
func (f nullableRows) Shapes() map[string]field.Shape { return nil }

func (f nullableRows) Decode(from record.Record) error {
	err := f.Field.Decode(from)
	if !f.p.IsUnknown() && len(f.p.Elements()) == 0 {
		*f.p = types.SetNull(types.StringType)
	}
	return err
}
