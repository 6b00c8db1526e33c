package servicenowapi

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// childRead is one read of all rows of a parent, with what it came to.
type childRead struct {
	parent  string
	columns []string

	rows []record.Record
	err  error
	// undecided means that the join proved nothing about this parent, so its own query must.
	undecided bool
}

// tableChildren joins the reads of the rows of one table by one column. Its zero value is ready for use.
type tableChildren struct {
	joiner joiner[childRead]
	// whole is the table by parent.
	whole tableSnapshot[[]record.Record]
}

func (s *Client) childrenOf(table, column string) *tableChildren {
	children, _ := s.children.LoadOrStore(table+"\n"+column, &tableChildren{})
	return children.(*tableChildren) //nolint:forcetypeassert // nothing else is stored
}

// Children returns all rows whose reference column names a parent, in the order of sys_id, read together with those of
// other parents. It fails with record.ErrHidden when access control keeps one of them back: what the rows are together
// is not known then.
func (t *Table) Children(ctx context.Context, column, parent string, columns []string) ([]record.Record, error) {
	columns = slices.Concat([]string{column}, columns)
	if t.sn.SingleReads || !joinable(parent) {
		return t.childrenAlone(ctx, column, parent, columns)
	}
	r := t.sn.childrenOf(t.Name, column)
	if rows := r.whole.known(t, columns); rows != nil {
		t.sn.joined(1)
		return ownAll(rows[fold(parent)]), nil
	}
	q := &childRead{parent: parent, columns: columns}
	err := r.joiner.ask(ctx, q, 1, joinIDs, func(ctx context.Context, asked []*childRead) {
		t.sn.joined(len(asked) - 1)
		r.answer(ctx, t, column, asked)
	})
	switch {
	case err != nil:
		return nil, err
	case q.undecided:
		return t.childrenAlone(ctx, column, parent, columns)
	}
	return q.rows, q.err
}

// joinable reports whether a value can stand in an IN list, as a sys_id can.
func joinable(parent string) bool {
	return parent != "" && len(parent) <= 32 && !strings.ContainsAny(parent, "^,:= ")
}

func ownAll(rows []record.Record) []record.Record {
	all := make([]record.Record, len(rows))
	for i, row := range rows {
		all[i] = own(row)
	}
	return all
}

// childrenAlone reads the rows of a parent by a query of their own.
func (t *Table) childrenAlone(
	ctx context.Context, column, parent string, columns []string,
) ([]record.Record, error) {
	query, err := encodedQuery(map[string]string{column: parent})
	if err != nil {
		return nil, err
	}
	var rows []record.Record
	hidden, err := t.Each(ctx, query, columns, 0, func(row record.Record) error {
		if strings.EqualFold(row.Text(column), parent) {
			rows = append(rows, row)
		}
		return nil
	})
	if err == nil && hidden > 0 {
		err = fmt.Errorf("%d rows of %s with %s = %s: %w", hidden, t.Name, column, parent, record.ErrHidden)
	}
	return rows, err
}

// answer answers a join from a list that is proven to be complete: that of the whole table where it is worth reading,
// or that of the parents that were asked for.
func (r *tableChildren) answer(ctx context.Context, t *Table, column string, asked []*childRead) {
	columns, parents := map[string]bool{}, map[string]bool{}
	for _, q := range asked {
		parents[q.parent] = true
		for _, name := range q.columns {
			columns[name] = true
		}
	}
	rows, err := r.wholeTable(ctx, t, column, len(parents), slices.Sorted(maps.Keys(columns)))
	if err == nil && rows == nil {
		rows, err = t.childrenOfAll(ctx, column, slices.Sorted(maps.Keys(parents)), slices.Sorted(maps.Keys(columns)))
	}
	for _, q := range asked {
		q.rows, q.err = ownAll(rows[fold(q.parent)]), err
		q.undecided = err == nil && rows == nil
	}
}

// childrenOfAll reads the rows of several parents by one query; nil when the list does not prove to be what was asked.
func (t *Table) childrenOfAll(
	ctx context.Context, column string, parents, columns []string,
) (map[string][]record.Record, error) {
	list, err := t.whole(ctx, column+"IN"+strings.Join(parents, ","), columns, loadRows)
	if err != nil || !list.complete {
		return nil, err
	}
	rows := map[string][]record.Record{}
	for _, parent := range parents {
		rows[fold(parent)] = nil
	}
	for _, row := range list.rows {
		parent := fold(row.Text(column))
		if _, wanted := rows[parent]; !wanted {
			return nil, nil // the instance did not run the query as it was sent, or withholds the column
		}
		rows[parent] = append(rows[parent], row)
	}
	return rows, nil
}

// wholeTable returns the rows of the whole table by parent, of whom some are asked for: those that another join has
// just read, or what the server answers now; nil when the table is not worth reading, or its list is not proven to be
// complete.
func (r *tableChildren) wholeTable(
	ctx context.Context, t *Table, column string, parents int, columns []string,
) (map[string][]record.Record, error) {
	most := r.whole.worth(t, parents)
	if most == 0 {
		return nil, nil
	}
	return r.whole.load(ctx, t, columns, most, func(list wholeList) (map[string][]record.Record, bool) {
		rows, answered := map[string][]record.Record{}, true
		for _, row := range list.rows {
			_, held := row.Values[column]
			answered = answered && held
			parent := fold(row.Text(column))
			rows[parent] = append(rows[parent], row)
		}
		return rows, list.complete && answered
	})
}
