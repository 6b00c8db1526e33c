package servicenowapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// joinIDs is how many records a join asks for at most, which keeps the URL below 4 KiB.
const joinIDs = 100

// rowRead is one read of a row, with what it came to.
type rowRead struct {
	id      string
	columns []string
	// leaving means that this provider has just deleted the record: that it is not there is no surprise.
	leaving bool

	row record.Record
	err error
	// undecided means that some record of the join is hidden, and only the row's own query reports whether it is this
	// one.
	undecided bool
}

// tableReads joins the reads of records of one table. Its zero value is ready for use.
type tableReads struct {
	joiner joiner[rowRead]
	// whole is the table by sys_id.
	whole tableSnapshot[record.Record]
}

// readsOf returns the joined reads of a table.
func (s *Client) readsOf(table string) *tableReads {
	reads, _ := s.reads.LoadOrStore(table, &tableReads{})
	return reads.(*tableReads) //nolint:forcetypeassert // nothing else is stored
}

// read returns a row from the snapshot of the whole table where there is one, and otherwise waits for a join. leaving
// says that the record has just been deleted.
func (r *tableReads) read(
	ctx context.Context, t *Table, id string, columns []string, leaving bool,
) (record.Record, error) {
	if row, there := r.whole.known(t, columns)[id]; there {
		t.sn.joined(1)
		return own(row), nil
	}
	q := &rowRead{id: id, columns: columns, leaving: leaving}
	err := r.joiner.ask(ctx, q, 1, joinIDs, func(ctx context.Context, asked []*rowRead) {
		t.sn.joined(len(asked) - 1)
		r.answer(ctx, t, asked)
	})
	switch {
	case err != nil:
		return record.Record{}, err
	case q.undecided:
		return t.readOne(ctx, id, columns)
	}
	return q.row, q.err
}

// own returns a row that shares no values with others: stores change the records that they are given.
func own(row record.Record) record.Record {
	row.Values = maps.Clone(row.Values)
	return row
}

// answer answers a join: from the whole table where that is worth reading, and by a query for what that lacks.
func (r *tableReads) answer(ctx context.Context, t *Table, asked []*rowRead) {
	ids, columns, leaving := map[string]bool{}, map[string]bool{}, false
	for _, q := range asked {
		ids[q.id], leaving = true, leaving || q.leaving
		for _, column := range q.columns {
			columns[column] = true
		}
	}
	found, err := r.find(ctx, t, ids, slices.Sorted(maps.Keys(columns)), leaving)
	if err == nil {
		err = t.refuseVanished(asked, found)
	}
	for _, q := range asked {
		result, known := found[q.id]
		switch {
		case err != nil:
			q.err = err
		case !known:
			q.undecided = true
		default:
			q.row, q.err = own(result.row), result.err
		}
	}
}

// readResult is what the read of one record came to.
type readResult struct {
	row record.Record
	err error
}

func (r *tableReads) find(
	ctx context.Context, t *Table, ids map[string]bool, columns []string, leaving bool,
) (map[string]readResult, error) {
	found, missing := map[string]readResult{}, ids
	most := 0
	if !leaving { // what has been deleted is not found in the table
		most = r.whole.worth(t, len(ids))
	}
	if most > 0 {
		rows, err := r.whole.load(ctx, t, columns, most, bySysID)
		if err != nil {
			return nil, err
		}
		missing = map[string]bool{}
		for id := range ids {
			if row, there := rows[id]; there {
				found[id] = readResult{row: row}
			} else {
				missing[id] = true // it may have moved between two pages, so a query for it decides
			}
		}
	}
	if len(missing) == 0 {
		return found, nil
	}
	queried, err := t.readMany(ctx, missing, columns)
	maps.Copy(found, queried)
	return found, err
}

// refuseVanished fails a join of several records none of which is there, unless they have just been deleted.
func (t *Table) refuseVanished(asked []*rowRead, found map[string]readResult) error {
	gone := map[string]bool{}
	for _, q := range asked {
		result, known := found[q.id]
		if !known || result.err == nil || errors.Is(result.err, record.ErrHidden) {
			return nil
		}
		if !q.leaving {
			gone[q.id] = true
		}
	}
	if len(gone) < record.VanishedAtOnce || t.sn.AcceptVanished {
		return nil
	}
	return &record.VanishedError{Where: t.Name, Asked: len(gone)}
}

// bySysID indexes a list of a whole table. Whether it is complete does not matter, since what it lacks is asked for.
func bySysID(list wholeList) (rows map[string]record.Record, proven bool) {
	rows = make(map[string]record.Record, len(list.rows))
	for _, row := range list.rows {
		rows[row.ID] = row
	}
	return rows, true
}

// readMany reads records by one query. That one of them is gone is proven only by a count that equals the rows, all of
// which were asked for. What is neither found nor proven to be gone is left out of the result.
func (t *Table) readMany(
	ctx context.Context, ids map[string]bool, columns []string,
) (map[string]readResult, error) {
	query := "sys_idIN" + strings.Join(slices.Sorted(maps.Keys(ids)), ",")
	rows, counted, err := t.page(ctx, query, columns, len(ids), 0)
	if err != nil {
		return nil, err
	}
	found := map[string]readResult{}
	for _, row := range rows {
		if !ids[row.ID] {
			return nil, &OddListError{Table: t.Name, Reason: "it holds a record that was not asked for, so the instance did " +
				"not run the query as it was sent"}
		}
		if _, twice := found[row.ID]; twice {
			return nil, &OddListError{Table: t.Name, Reason: "it holds the record " + row.ID + " twice"}
		}
		found[row.ID] = readResult{row: row}
	}
	switch missing := len(ids) - len(found); {
	case missing == 0:
	case !counted.reported:
		return nil, &OddListError{Table: t.Name, Reason: "it lacks records and does not say how many there are " +
			"(X-Total-Count)"}
	case counted.total < len(found) || counted.total > len(ids):
		return nil, &OddListError{Table: t.Name, Reason: fmt.Sprintf("it counts %d records, where %d were asked for and %d "+
			"are listed", counted.total, len(ids), len(found))}
	case counted.total == len(found):
		for id := range ids {
			if _, ok := found[id]; !ok {
				found[id] = readResult{err: record.ErrNotFound}
			}
		}
	case len(ids) == 1:
		for id := range ids {
			found[id] = readResult{err: fmt.Errorf("%s %s: %w", t.Name, id, record.ErrHidden)}
		}
	}
	return found, nil
}

// wholeList is all that a query matches.
type wholeList struct {
	rows  []record.Record
	total int
	// cut means that the list holds too many rows, or does not say how many, and was not read to its end.
	cut bool
	// complete means that the rows are proven to be all: as many different ones as each page counted.
	complete bool
	// first is how many of them the first page held.
	first int
}

// whole reads all rows that a query matches, in the order of sys_id, unless there are more than most.
func (t *Table) whole(ctx context.Context, query string, columns []string, most int) (wholeList, error) {
	if query != "" {
		query += "^"
	}
	query += "ORDERBYsys_id"
	first, counted, err := t.page(ctx, query, columns, pageSize, 0)
	switch {
	case err != nil:
		return wholeList{}, err
	case !counted.reported:
		return wholeList{total: math.MaxInt, cut: true}, nil
	case counted.total > most:
		return wholeList{total: counted.total, cut: true}, nil
	}
	pages := make([][]record.Record, max(1, (counted.total+pageSize-1)/pageSize))
	pages[0] = first
	var moved atomic.Bool
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(loadPages)
	for i := range pages[1:] {
		group.Go(func() error {
			page, again, err := t.page(ctx, query, columns, pageSize, (i+1)*pageSize)
			pages[i+1] = page
			if again != counted {
				moved.Store(true)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return wholeList{}, fmt.Errorf("reading all of %s: %w", t.Name, err)
	}
	list := wholeList{rows: slices.Concat(pages...), total: counted.total}
	seen := make(map[string]bool, len(list.rows))
	for _, row := range list.rows {
		seen[row.ID] = true
	}
	list.complete = !moved.Load() && len(list.rows) == counted.total && len(seen) == counted.total
	list.first = len(first)
	return list, nil
}

// isCut reports, of the list of a whole table, that the server gives fewer rows at once than it is asked for, so that
// an incomplete list may lack any: a row behind a short first page, where one more was to be, is new. It is not decided
// where the table changes.
func (t *Table) isCut(ctx context.Context, list wholeList) (cut, decided bool, err error) {
	window := min(pageSize, list.total)
	if list.complete || list.first == 0 || list.first >= window || t.sn.pagesUncut.Load() >= int64(window) {
		return false, true, nil
	}
	rows, again, err := t.page(ctx, "ORDERBYsys_id", []string{"sys_id"}, min(list.first, window-list.first), list.first)
	if err != nil {
		return false, false, fmt.Errorf("reading all of %s: %w", t.Name, err)
	}
	seen := make(map[string]bool, len(list.rows))
	for _, row := range list.rows {
		seen[row.ID] = true
	}
	cut = slices.ContainsFunc(rows, func(row record.Record) bool { return !seen[row.ID] })
	if again.total != list.total {
		return false, false, nil
	}
	if !cut {
		t.sn.provenUncut(window)
	}
	return cut, true, nil
}
