package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/evidence"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// reader reads one instance's dictionary. Requests follow one another, so that a busy instance hardly notices.
type reader struct {
	sn   *servicenowapi.Client
	file *dictionary.File
	// tables are those that were found, by name.
	tables map[string]*dictionary.Table
	// choices and overrides are by table and element; indexes by table.
	choices   map[string]map[string][]dictionary.Choice
	overrides map[string][]record.Record
}

// read exports the tables that are assumed and those that they extend. An answer that proves nothing about the
// instance, such as a lost connection, ends it; one that proves that the account may not look is written down.
func read(ctx context.Context, sn *servicenowapi.Client, assumed evidence.Assumptions) (*dictionary.File, error) {
	r := &reader{
		sn: sn, file: &dictionary.File{Format: dictionary.Format, Tables: []dictionary.Table{}},
		tables: map[string]*dictionary.Table{}, choices: map[string]map[string][]dictionary.Choice{},
		overrides: map[string][]record.Record{},
	}
	for _, step := range []func(context.Context) error{
		r.readRelease,
		func(ctx context.Context) error { return r.readPlugins(ctx, assumed.Plugins) },
		func(ctx context.Context) error { return r.readApplications(ctx, assumed.Applications) },
		func(ctx context.Context) error { return r.readTables(ctx, assumed.Names()) },
		r.readColumns, r.readOverrides, r.readChoices, r.readIndexes,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	r.inherit()
	for _, name := range slices.Sorted(maps.Keys(r.tables)) {
		t := *r.tables[name]
		slices.SortFunc(t.Columns, func(a, b dictionary.Column) int { return cmp.Compare(a.Name, b.Name) })
		r.file.Tables = append(r.file.Tables, t)
	}
	slices.Sort(r.file.Missing)
	slices.SortStableFunc(r.file.Unseen, func(a, b dictionary.Unseen) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Part, b.Part))
	})
	return r.file, nil
}

// unseen writes down what the account could not see, once.
func (r *reader) unseen(table string, part dictionary.Part, why string) {
	if !slices.ContainsFunc(r.file.Unseen, func(u dictionary.Unseen) bool { return u.Table == table && u.Part == part }) {
		r.file.Unseen = append(r.file.Unseen, dictionary.Unseen{Table: table, Part: part, Why: why})
	}
}

// refusal says in words that are the same at every run how the instance refused to show something; empty for any other
// failure, which proves nothing.
func refusal(err error) string {
	var e *rest.Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound:
		return fmt.Sprintf("the instance answered %d", e.Status)
	}
	return ""
}

// rows reads the rows that match. The platform drops a term of a query that it does not understand, so every row is
// looked at: match says whether it was asked for. kept says what the account could not see. An empty answer proves
// nothing, unless the table shows the account something else.
func (r *reader) rows(
	ctx context.Context, table, query string, columns []string, match func(record.Record) bool,
) (rows []record.Record, kept sight, err error) {
	hidden, err := r.sn.Table(table).Each(ctx, query, columns, 0, func(row record.Record) error {
		if !match(row) {
			return &servicenowapi.OddListError{Table: table, Reason: "it holds a record that was not asked for"}
		}
		rows = append(rows, row)
		return nil
	})
	switch {
	case err != nil && refusal(err) == "":
		return nil, sight{}, err
	case err != nil:
		return nil, sight{refusal(err), true}, nil
	case hidden > 0:
		return rows, sight{fmt.Sprintf("access control hides %d of the records", hidden), false}, nil
	case len(rows) > 0:
		return rows, sight{}, nil
	}
	some, total, err := r.sn.Table(table).Peek(ctx, "sys_id")
	switch {
	case err != nil && refusal(err) == "":
		return nil, sight{}, err
	case err != nil:
		return nil, sight{refusal(err), true}, nil
	case len(some) == 0 && total == 0:
		return nil, sight{"the instance shows the account none at all, which is no proof that there are none", true}, nil
	case len(some) == 0:
		return nil, sight{"access control hides the first of the records, and perhaps all", true}, nil
	}
	return nil, sight{}, nil
}

// sight is what an account could not see: why is empty where all was shown that there is, and blind says that nothing
// of the table was.
type sight struct {
	why   string
	blind bool
}

func column(name string, values ...string) func(record.Record) bool {
	return func(row record.Record) bool { return slices.Contains(values, row.Text(name)) }
}

var buildTag = regexp.MustCompile(`^glide-([a-z]+?)(?:dc)?-`)

const buildProperty = "glide.buildtag.last"

func (r *reader) readRelease(ctx context.Context) error {
	rows, kept, err := r.rows(ctx, "sys_properties", "name="+buildProperty, []string{"name", "value"},
		column("name", buildProperty))
	if err != nil {
		return err
	}
	if len(rows) != 1 || rows[0].Text("value") == "" {
		r.unseen("", dictionary.PartRelease, cmp.Or(kept.why, "the instance has no property "+buildProperty))
		return nil
	}
	r.file.Build = rows[0].Text("value")
	if found := buildTag.FindStringSubmatch(r.file.Build); found != nil {
		r.file.Release = strings.ToUpper(found[1][:1]) + found[1][1:]
	}
	return nil
}

func (r *reader) readPlugins(ctx context.Context, ids []string) error {
	rows, kept, err := r.rows(ctx, "v_plugin", "idIN"+strings.Join(ids, ","), []string{"id", "active", "version"},
		column("id", ids...))
	if err != nil {
		return err
	}
	if kept.why != "" {
		r.unseen("", dictionary.PartPlugins, kept.why)
	}
	for _, id := range ids {
		i := slices.IndexFunc(rows, func(row record.Record) bool { return row.Text("id") == id })
		switch {
		case i >= 0:
			active := rows[i].Text("active")
			r.file.Plugins = append(r.file.Plugins, dictionary.Plugin{
				ID: id, Version: rows[i].Text("version"), Active: active == "active" || active == "true",
			})
		case kept.why == "":
			r.file.Plugins = append(r.file.Plugins, dictionary.Plugin{ID: id})
		}
	}
	return nil
}

func (r *reader) readApplications(ctx context.Context, scopes []string) error {
	rows, kept, err := r.rows(ctx, "sys_scope", "scopeIN"+strings.Join(scopes, ","), []string{"scope", "version"},
		column("scope", scopes...))
	if err != nil {
		return err
	}
	if kept.why != "" {
		r.unseen("", dictionary.PartApplications, kept.why)
	}
	for _, scope := range scopes {
		i := slices.IndexFunc(rows, func(row record.Record) bool { return row.Text("scope") == scope })
		switch {
		case i >= 0:
			r.file.Applications = append(r.file.Applications, dictionary.Application{
				Scope: scope, Version: rows[i].Text("version"), Installed: true,
			})
		case kept.why == "":
			r.file.Applications = append(r.file.Applications, dictionary.Application{Scope: scope})
		}
	}
	return nil
}

// readTables finds the tables and, in further rounds, what they extend.
func (r *reader) readTables(ctx context.Context, names []string) error {
	columns := []string{"name", "label", "super_class", "super_class.name", "sys_scope.scope", "ws_access"}
	for asked := names; len(asked) > 0; {
		rows, kept, err := r.rows(ctx, "sys_db_object", "nameIN"+strings.Join(asked, ","), columns, column("name", asked...))
		if err != nil {
			return err
		}
		var next []string
		for _, row := range rows {
			t := &dictionary.Table{
				Name: row.Text("name"), Label: row.Text("label"), Extends: row.Text("super_class.name"),
				Scope: row.Text("sys_scope.scope"),
			}
			if allowed, err := strconv.ParseBool(row.Text("ws_access")); err == nil {
				t.WebServiceAccess = &allowed
			}
			r.tables[t.Name] = t
			switch {
			case t.Extends != "":
				next = append(next, t.Extends)
			case row.Text("super_class") != "":
				r.unseen(t.Name, dictionary.PartColumns, "which table it extends is hidden")
				t.Partial = true
			}
		}
		for _, name := range asked {
			if r.tables[name] == nil {
				if err := r.missing(ctx, name, kept.why); err != nil {
					return err
				}
			}
		}
		next = slices.DeleteFunc(next, func(name string) bool { return r.tables[name] != nil })
		slices.Sort(next)
		asked = slices.Compact(next)
	}
	return nil
}

// missing decides whether a table that sys_db_object does not show is there.
func (r *reader) missing(ctx context.Context, name, why string) error {
	_, _, err := r.sn.Table(name).Peek(ctx, "sys_id")
	switch {
	case rest.HasStatus(err, http.StatusBadRequest):
		r.file.Missing = append(r.file.Missing, name)
	case err != nil && refusal(err) == "":
		return err
	case err != nil:
		r.unseen(name, dictionary.PartTable, refusal(err))
	default:
		r.unseen(name, dictionary.PartTable, cmp.Or(why, "it is there, and sys_db_object does not show it"))
	}
	return nil
}

// readColumns reads the columns that each table has of its own. The dictionary has a row for the table itself, too,
// without which an empty answer means that the account may not look.
func (r *reader) readColumns(ctx context.Context) error {
	columns := []string{
		"name", "element", "column_label", "internal_type", "reference", "max_length", "mandatory", "read_only", "unique",
		"default_value", "active", "display",
	}
	for _, name := range slices.Sorted(maps.Keys(r.tables)) {
		t := r.tables[name]
		rows, kept, err := r.rows(ctx, "sys_dictionary", "name="+name, columns, column("name", name))
		if err != nil {
			return err
		}
		why := kept.why
		if why == "" && len(rows) == 0 {
			why = "the dictionary shows the account no entry of the table"
		}
		for _, row := range rows {
			c := columnOf(row)
			switch {
			case c.Name == "", row.Text("active") == "false":
				continue
			case c.Type == "", c.Type == "reference" && c.Reference == "":
				why = cmp.Or(why, "access control hides types of columns")
				continue
			}
			if row.Text("display") == "true" {
				t.Display = c.Name
			}
			t.Columns = append(t.Columns, c)
		}
		if why != "" {
			t.Partial = true
			r.unseen(name, dictionary.PartColumns, why)
		}
	}
	return nil
}

func columnOf(row record.Record) dictionary.Column {
	c := dictionary.Column{
		Name: row.Text("element"), Label: row.Text("column_label"), Type: row.Text("internal_type"),
		Reference: row.Text("reference"), Mandatory: row.Text("mandatory") == "true",
		ReadOnly: row.Text("read_only") == "true", Unique: row.Text("unique") == "true",
	}
	c.MaxLength, _ = strconv.Atoi(row.Text("max_length"))
	if !strings.HasPrefix(c.Type, "password") { // of a secret the default is one
		c.Default = row.Text("default_value")
	}
	return c
}

// readOverrides reads what tables change of the columns that they inherit.
func (r *reader) readOverrides(ctx context.Context) error {
	columns := []string{"name", "element"}
	for _, what := range []string{"default_value", "mandatory", "read_only"} {
		columns = append(columns, what, what+"_override")
	}
	return r.eachTable(ctx, "sys_dictionary_override", dictionary.PartOverrides, columns,
		func(name string) (string, func(record.Record) bool) { return "name=" + name, column("name", name) },
		func(t *dictionary.Table, row record.Record) { r.overrides[t.Name] = append(r.overrides[t.Name], row) })
}

func (r *reader) readChoices(ctx context.Context) error {
	columns := []string{"name", "element", "value", "label", "dependent_value", "sequence", "inactive", "language"}
	type ordered struct {
		choice   dictionary.Choice
		sequence int
	}
	all := map[string]map[string][]ordered{}
	err := r.eachTable(ctx, "sys_choice", dictionary.PartChoices, columns,
		func(name string) (string, func(record.Record) bool) {
			return "name=" + name + "^language=en", column("name", name)
		},
		func(t *dictionary.Table, row record.Record) {
			element := row.Text("element")
			if row.Text("inactive") == "true" || row.Text("language") != "en" || element == "" {
				return
			}
			if all[t.Name] == nil {
				all[t.Name] = map[string][]ordered{}
			}
			sequence, _ := strconv.Atoi(row.Text("sequence"))
			all[t.Name][element] = append(all[t.Name][element], ordered{dictionary.Choice{
				Value: row.Text("value"), Label: row.Text("label"), Dependent: row.Text("dependent_value"),
			}, sequence})
		})
	for table, elements := range all {
		r.choices[table] = map[string][]dictionary.Choice{}
		for element, listed := range elements {
			slices.SortFunc(listed, func(a, b ordered) int {
				return cmp.Or(cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.choice.Value, b.choice.Value),
					cmp.Compare(a.choice.Dependent, b.choice.Dependent), cmp.Compare(a.choice.Label, b.choice.Label))
			})
			for _, one := range listed {
				r.choices[table][element] = append(r.choices[table][element], one.choice)
			}
		}
	}
	return err
}

// readIndexes reads unique indexes. logical_table_name and col_name_string are the columns by which the platform's own
// script for indexes (IndexCreator) finds them.
func (r *reader) readIndexes(ctx context.Context) error {
	columns := []string{"logical_table_name", "col_name_string", "unique_index"}
	err := r.eachTable(ctx, "sys_index", dictionary.PartIndexes, columns,
		func(name string) (string, func(record.Record) bool) {
			return "logical_table_name=" + name + "^unique_index=true", column("logical_table_name", name)
		},
		func(t *dictionary.Table, row record.Record) {
			over := strings.FieldsFunc(row.Text("col_name_string"), func(c rune) bool { return c == ',' || c == ' ' })
			switch {
			case row.Text("unique_index") != "true" || len(over) == 0:
			case len(over) > 1:
				t.UniqueIndexes = append(t.UniqueIndexes, over)
			default:
				for i := range t.Columns {
					t.Columns[i].Unique = t.Columns[i].Unique || t.Columns[i].Name == over[0]
				}
			}
		})
	for _, t := range r.tables {
		slices.SortFunc(t.UniqueIndexes, slices.Compare)
		t.UniqueIndexes = slices.CompactFunc(t.UniqueIndexes, slices.Equal)
	}
	return err
}

// eachTable reads the rows of a table of metadata that are about each of the tables. Where the first answer says that
// the account may not look at all, the others are not asked for.
func (r *reader) eachTable(
	ctx context.Context, metadata string, part dictionary.Part, columns []string,
	ask func(name string) (string, func(record.Record) bool), take func(*dictionary.Table, record.Record),
) error {
	var kept sight
	for _, name := range slices.Sorted(maps.Keys(r.tables)) {
		if !kept.blind {
			query, match := ask(name)
			var rows []record.Record
			var err error
			if rows, kept, err = r.rows(ctx, metadata, query, columns, match); err != nil {
				return err
			}
			for _, row := range rows {
				take(r.tables[name], row)
			}
		}
		if kept.why != "" {
			r.unseen(name, part, kept.why)
		}
	}
	return nil
}

// inherit puts choices and overrides into the columns that they are about. A table that has some of a column which it
// inherits gets a column of its own for them.
func (r *reader) inherit() {
	depth := func(name string) (n int) {
		for t := r.tables[name]; t != nil; t = r.tables[t.Extends] {
			n++
		}
		return n
	}
	parentsFirst := slices.SortedFunc(maps.Keys(r.tables), func(a, b string) int {
		return cmp.Or(cmp.Compare(depth(a), depth(b)), cmp.Compare(a, b))
	})
	for _, name := range parentsFirst {
		t := r.tables[name]
		for element, choices := range r.choices[name] {
			if c := r.own(t, element); c != nil {
				c.Choices = choices
			}
		}
		for _, row := range r.overrides[name] {
			c := r.own(t, row.Text("element"))
			if c == nil {
				continue
			}
			if row.Text("default_value_override") == "true" && !strings.HasPrefix(c.Type, "password") {
				c.Default = row.Text("default_value")
			}
			if row.Text("mandatory_override") == "true" {
				c.Mandatory = row.Text("mandatory") == "true"
			}
			if row.Text("read_only_override") == "true" {
				c.ReadOnly = row.Text("read_only") == "true"
			}
		}
	}
}

// own returns a table's own column, made from the one that it inherits where there is none.
func (r *reader) own(t *dictionary.Table, element string) *dictionary.Column {
	at := func(of *dictionary.Table) int {
		return slices.IndexFunc(of.Columns, func(c dictionary.Column) bool { return c.Name == element })
	}
	if i := at(t); i >= 0 {
		return &t.Columns[i]
	}
	for above := r.tables[t.Extends]; above != nil; above = r.tables[above.Extends] {
		if i := at(above); i >= 0 {
			inherited := above.Columns[i]
			inherited.Choices = slices.Clone(inherited.Choices)
			t.Columns = append(t.Columns, inherited)
			return &t.Columns[len(t.Columns)-1]
		}
	}
	return nil
}
