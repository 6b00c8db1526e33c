package servicenowapi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// creations are the rows that this process makes, by table. A row that is found by its values alone must be none of
// the others. Its zero value is ready for use.
type creations struct {
	mu      sync.Mutex
	made    map[string]bool // by table and sys_id
	pending map[string][]*creation
}

// creation is a create that was sent and whose row is not known, because it is under way or its outcome is lost.
type creation struct{ values map[string]string }

// begin notes a create. The result must be called with the sys_id that came of it: "" where none is known, and settled
// false where a row may exist all the same.
func (c *creations) begin(table string, values map[string]any) (own *creation, end func(id string, settled bool)) {
	own = &creation{values: nonEmptyTexts(values)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending == nil {
		c.pending, c.made = map[string][]*creation{}, map[string]bool{}
	}
	c.pending[table] = append(c.pending[table], own)
	return own, func(id string, settled bool) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if id != "" {
			c.made[table+"\n"+id] = true
		}
		if settled {
			c.pending[table] = slices.DeleteFunc(c.pending[table], func(p *creation) bool { return p == own })
		}
	}
}

// othersMayMatch reports whether another create of this process, whose row is not known, may have made a row that
// holds the values of own.
func (c *creations) othersMayMatch(table string, own *creation) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.pending[table], func(other *creation) bool {
		if other == own {
			return false
		}
		for column, value := range own.values {
			if theirs, set := other.values[column]; set && theirs != value {
				return false
			}
		}
		return true
	})
}

func (c *creations) isMade(table, id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made[table+"\n"+id]
}

// nonEmptyTexts are the columns that a create sets, as texts.
func nonEmptyTexts(values map[string]any) map[string]string {
	texts := map[string]string{}
	for column, value := range values {
		if text := record.Text(value); text != "" {
			texts[column] = text
		}
	}
	return texts
}

// mostCandidates bounds how many rows of our own account are compared. Where there are more, nothing is proven.
const mostCandidates = 100

// findByValues looks for the row of a create without a natural key: the one row that this account has made since the
// create began and that holds every value that was written. Rows that other creates of this process made, or may have
// made, prove nothing; where our own account is not known, nothing does.
func (t *Table) findByValues(
	ctx context.Context, want record.Write, own *creation, began time.Time,
) (record.Record, error) {
	if len(own.values) == 0 || t.sn.creations.othersMayMatch(t.Name, own) {
		return record.Record{}, record.ErrNotFound
	}
	name, err := t.sn.accountName(ctx)
	if err != nil || Queryable(name) != nil {
		return record.Record{}, record.ErrNotFound
	}
	since := began.Format(record.TimeLayout)
	query := "sys_created_by=" + name + "^sys_created_on>=" + since
	columns := slices.Concat([]string{"sys_created_by", "sys_created_on"}, want.Columns)
	for column := range own.values {
		columns = append(columns, column)
	}
	rows, counted, err := t.list(ctx, query, columns, mostCandidates)
	if err != nil {
		return record.Record{}, err
	}
	if counted.total > len(rows) {
		return record.Record{}, record.ErrNotFound // rows that are not seen may match as well
	}
	// Asked before which rows are known to be made: what is answered in between is so known to one of the two.
	if t.sn.creations.othersMayMatch(t.Name, own) {
		return record.Record{}, record.ErrNotFound
	}
	rows = slices.DeleteFunc(rows, func(r record.Record) bool {
		return !strings.EqualFold(r.Text("sys_created_by"), name) || r.Text("sys_created_on") < since ||
			t.sn.creations.isMade(t.Name, r.ID) || !holds(r, own.values)
	})
	switch {
	case len(rows) == 1:
		return rows[0], nil
	case len(rows) > 1:
		ids := make([]string, 0, len(rows))
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		return record.Record{}, fmt.Errorf("%s made several records with these values since: %q", name, ids)
	}
	return record.Record{}, record.ErrNotFound
}

// holds reports whether a row has these values, to the letter.
func holds(r record.Record, values map[string]string) bool {
	for column, value := range values {
		if r.Text(column) != value {
			return false
		}
	}
	return true
}
