// Package evidence holds what the provider assumes of an instance's tables, taken from its own definitions, and
// compares it with the dictionary of an instance.
package evidence

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/provider"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	serviceprovider "github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenow"
)

// Assumptions are all that the provider takes for granted.
type Assumptions struct {
	Tables                []Table  // by name
	Plugins, Applications []string // that tables come with
}

// Table is what the provider assumes of one table.
type Table struct {
	Name string
	// Uses are the resources and data sources that need it, such as "servicenow_cors_rule".
	Uses []string
	// Written says that rows are made and changed.
	Written bool
	// Key are the columns of the natural key, by which a create looks for a twin.
	Key []string
	// InScope says that rows live in an application scope.
	InScope bool
	Columns []Column // by name
}

// Column is what the provider assumes of one column.
type Column struct {
	Name  string
	Shape field.Shape // empty where any will do
	// Refers is the table that sys_ids in it are of.
	Refers string
	// Written says that it is ever sent, Always that every create sends it, Needed that nothing works without it.
	Written, Always, Needed bool
	// Newer says that some instances are known not to have it.
	Newer bool
	// Attribute is what a configuration calls it.
	Attribute string
	// Sends are values that are sent without being configured; true for one that no configuration changes.
	Sends map[string]bool
	// Usually is the default that the documentation says instances usually have.
	Usually string
}

// Assumed works out what the provider assumes, from its resources, look-ups and declared needs.
func Assumed(ctx context.Context) Assumptions {
	c := collector{tables: map[string]*Table{}}
	p, ok := serviceprovider.New("evidence")().(provider.ProviderWithListResources)
	if !ok {
		return Assumptions{}
	}
	for _, constructor := range p.Resources(ctx) {
		if d, bound, ok := lifecycle.Bindings(ctx, constructor()); ok && d.Server == lifecycle.ServiceNow {
			c.resource(d, bound)
		}
	}
	for _, constructor := range p.DataSources(ctx) {
		if l, bound, ok := lifecycle.LookupBindings(constructor()); ok && l.Table != "" {
			c.lookup(l, bound)
		}
	}
	needs, plugins, applications := servicenow.Needs()
	for _, need := range needs {
		c.need(need)
	}
	all := Assumptions{Plugins: plugins, Applications: applications}
	for _, name := range slices.Sorted(maps.Keys(c.tables)) {
		t := *c.tables[name]
		slices.Sort(t.Uses)
		t.Uses = slices.Compact(t.Uses)
		slices.SortFunc(t.Columns, func(a, b Column) int { return cmp.Compare(a.Name, b.Name) })
		all.Tables = append(all.Tables, t)
	}
	return all
}

// Names are those of the tables.
func (a Assumptions) Names() []string {
	names := make([]string, len(a.Tables))
	for i, t := range a.Tables {
		names[i] = t.Name
	}
	return names
}

type collector struct{ tables map[string]*Table }

func (c collector) table(name string) *Table {
	if c.tables[name] == nil {
		c.tables[name] = &Table{Name: name}
	}
	return c.tables[name]
}

// column finds a column of t, or adds it.
func (t *Table) column(name string) *Column {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
	if i < 0 {
		t.Columns = append(t.Columns, Column{Name: name, Sends: map[string]bool{}})
		i = len(t.Columns) - 1
	}
	return &t.Columns[i]
}

var usually = regexp.MustCompile("usually `([^`]+)`")

// resource adds a resource whose records are rows of its table: one that takes further columns.
func (c collector) resource(d lifecycle.Definition, bound []lifecycle.Bound) {
	rows := slices.ContainsFunc(bound, func(b lifecycle.Bound) bool {
		_, further := field.As[field.Columns](b.Field)
		return further && b.Attribute == "additional_columns"
	})
	if !rows || d.Table == "" {
		return
	}
	t := c.table(d.Table)
	t.Written, t.Uses = true, append(t.Uses, "servicenow_"+d.Type)
	for _, b := range bound {
		for name, shape := range field.Shapes(b.Field) {
			if strings.Contains(name, ".") {
				continue // stands for something that the store works out
			}
			column := t.column(name)
			column.Shape, column.Attribute = shape, b.Attribute
			if r, ok := field.As[field.Referring](b.Field); ok {
				column.Refers = r.Table
			}
			column.Written = column.Written || field.IsSent(b.Field)
			column.Always = column.Always || b.Always
			if slices.Contains(d.Key, b.Attribute) {
				column.Needed, t.Key = true, append(t.Key, name)
			}
			if b.Default != "" {
				column.Sends[b.Default] = b.Constant
			}
			if found := usually.FindStringSubmatch(b.Description); found != nil {
				column.Usually = found[1]
			}
		}
		t.InScope = t.InScope || b.Attribute == "scope_id"
	}
}

func (c collector) lookup(l lifecycle.Lookup, bound []lifecycle.Bound) {
	t := c.table(l.Table)
	t.Uses = append(t.Uses, "data.servicenow_"+l.Type)
	for _, b := range bound {
		for name, shape := range field.Shapes(b.Field) {
			if strings.Contains(name, ".") {
				continue
			}
			column := t.column(name)
			if column.Shape == "" {
				column.Shape = shape
			}
			column.Needed = column.Needed || slices.Contains(l.Keys, b.Attribute)
		}
	}
}

func (c collector) need(n servicenow.Need) {
	t := c.table(n.Table)
	t.Written = t.Written || !n.ReadOnly
	for _, name := range n.Columns {
		bound := slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == name })
		column := t.column(name)
		column.Newer = column.Newer || slices.Contains(n.Newer, name)
		if !bound { // a row that a store keeps beside the record, or one that it reads
			column.Needed = !column.Newer
			column.Written, column.Always = !n.ReadOnly, !n.ReadOnly && !column.Newer
		}
	}
	for name, values := range n.Choices {
		column := t.column(name)
		for _, value := range values {
			if _, sent := column.Sends[value]; !sent {
				column.Sends[value] = false
			}
		}
	}
}
