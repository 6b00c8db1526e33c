package servicenowapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// How reads of one table are joined. A refresh of many records of a table so costs a few requests.
const (
	joinQuiet = 10 * time.Millisecond  // a join is sent when no read of the table arrived for this long,
	joinMost  = 100 * time.Millisecond // and this long after its first read at the latest
	joinIDs   = 100                    // or when it holds so many, which keeps the URL below 4 KiB
	// loadAfter is the join at which the whole table is read instead, unless it holds more than loadRows.
	loadAfter = 3
	loadRows  = 10000
	// loadPages run at once, beside whatever the connection's own limits allow.
	loadPages = 4
)

// readResult is what one read of a join came to.
type readResult struct {
	row record.Record
	err error
}

// tableReads joins the reads of records of one table. Its zero value is ready for use.
type tableReads struct {
	mu   sync.Mutex
	join *join
	// joins counts since began; a refresh is over when none was sent for record.SnapshotLife.
	joins int
	began time.Time
	// large tells that the table is not worth reading as a whole.
	large bool
	// rows are the whole table as it was at loaded, by sys_id, with these columns.
	rows    map[string]record.Record
	columns map[string]bool
	loaded  time.Time
	// writes counts what this provider wrote, so that nothing read before a write serves a read after it.
	writes int
	// wanted are the columns that reads asked for.
	wanted map[string]bool
	// loading lets one join read the whole table while others wait for what it finds.
	loading sync.Mutex
}

// join is a set of reads that wait to be sent together.
type join struct {
	ids map[string]bool
	// leaving are the ids of records that this provider has just deleted: that they are not there is no surprise.
	leaving map[string]bool
	columns map[string]bool
	first   time.Time
	timer   *time.Timer
	ctx     context.Context //nolint:containedctx // of the first read, for its logger; its cancellation does not count
	cancel  context.CancelFunc
	waiting int
	sent    bool
	done    chan struct{}
	found   map[string]readResult
	err     error
}

// readsOf gives the joined reads of a table.
func (s *Client) readsOf(table string) *tableReads {
	reads, _ := s.reads.LoadOrStore(table, &tableReads{})
	return reads.(*tableReads) //nolint:forcetypeassert // nothing else is stored
}

// wrote makes everything that was read of a table before now too old.
func (s *Client) wrote(table string) {
	r := s.readsOf(table)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes++
	r.rows = nil
	r.join = nil // who waits there still gets an answer, but a read from now on does not
}

// read returns a row from the snapshot of the whole table where there is one, and otherwise waits for a join. leaving
// says that the record has just been deleted.
func (r *tableReads) read(
	ctx context.Context, t *Table, id string, columns []string, leaving bool,
) (record.Record, error) {
	r.mu.Lock()
	if row, ok := r.snapshotRow(id, columns); ok {
		r.mu.Unlock()
		return row, nil
	}
	j := r.enqueue(ctx, t, id, columns, leaving)
	r.mu.Unlock()

	select {
	case <-j.done:
	case <-ctx.Done():
		r.mu.Lock()
		if j.waiting--; j.waiting == 0 {
			j.cancel()
			if r.join == j {
				r.join = nil
			}
		}
		r.mu.Unlock()
		return record.Record{}, ctx.Err()
	}
	if j.err != nil {
		return record.Record{}, j.err
	}
	result, ok := j.found[id]
	if !ok {
		return t.readOne(ctx, id, columns) // some record of the join is hidden, and only its own query tells which
	}
	return result.row, result.err
}

// snapshotRow finds a record in the snapshot, if that is young and holds the columns.
func (r *tableReads) snapshotRow(id string, columns []string) (record.Record, bool) {
	row, ok := r.rows[id]
	if !ok || !r.fresh(columns) {
		return record.Record{}, false
	}
	// Its own copy: stores change the records that they are given.
	row.Values = maps.Clone(row.Values)
	return row, true
}

// fresh reports whether the snapshot is there, young, and holds the columns. r.mu is held.
func (r *tableReads) fresh(columns []string) bool {
	if r.rows == nil || time.Since(r.loaded) > record.SnapshotLife {
		return false
	}
	return !slices.ContainsFunc(columns, func(column string) bool { return !r.columns[column] })
}

// enqueue puts a read into the join that is being gathered. r.mu is held.
func (r *tableReads) enqueue(ctx context.Context, t *Table, id string, columns []string, leaving bool) *join {
	j := r.join
	if j == nil {
		j = &join{
			ids: map[string]bool{}, leaving: map[string]bool{}, columns: map[string]bool{}, first: time.Now(),
			done: make(chan struct{}),
		}
		j.ctx, j.cancel = context.WithCancel(context.WithoutCancel(ctx))
		j.timer = time.AfterFunc(joinQuiet, func() { r.dispatch(t, j) })
		r.join = j
	} else {
		j.timer.Reset(max(0, min(joinQuiet, joinMost-time.Since(j.first))))
	}
	j.waiting++
	j.ids[id] = true
	if leaving {
		j.leaving[id] = true
	}
	if r.wanted == nil {
		r.wanted = map[string]bool{}
	}
	for _, column := range columns {
		j.columns[column], r.wanted[column] = true, true
	}
	if len(j.ids) >= joinIDs {
		r.join = nil
		j.timer.Stop()
		go r.dispatch(t, j)
	}
	return j
}

// dispatch sends a join, once.
func (r *tableReads) dispatch(t *Table, j *join) {
	r.mu.Lock()
	if j.sent {
		r.mu.Unlock()
		return
	}
	j.sent = true
	if r.join == j {
		r.join = nil
	}
	if time.Since(r.began) > record.SnapshotLife {
		r.joins, r.began = 0, time.Now()
	}
	r.joins++
	whole := r.joins >= loadAfter && !r.large
	r.mu.Unlock()
	defer close(j.done)
	defer j.cancel()

	missing := j.ids
	if whole {
		rows, ok, err := r.wholeTable(t, j)
		if err != nil {
			j.err = err
			return
		}
		if ok {
			j.found, missing = map[string]readResult{}, map[string]bool{}
			for id := range j.ids {
				row, there := rows[id]
				if !there {
					missing[id] = true // it may have moved between two pages, so a query for it decides
					continue
				}
				row.Values = maps.Clone(row.Values)
				j.found[id] = readResult{row: row}
			}
		}
	}
	if len(missing) == 0 {
		return
	}
	found, err := t.readMany(j.ctx, missing, slices.Sorted(maps.Keys(j.columns)))
	if err != nil {
		j.err = err
		return
	}
	maps.Copy(found, j.found)
	j.found = found
	j.err = t.refuseVanished(j)
}

// refuseVanished fails a join of several records none of which is there, unless they have just been deleted.
func (t *Table) refuseVanished(j *join) error {
	asked := 0
	for id := range j.ids {
		result, known := j.found[id]
		if !known || result.err == nil || errors.Is(result.err, record.ErrHidden) {
			return nil
		}
		if !j.leaving[id] {
			asked++
		}
	}
	if asked < record.VanishedAtOnce || t.sn.AcceptVanished {
		return nil
	}
	return &record.VanishedError{Where: t.Name, Asked: asked}
}

// wholeTable gives the rows of the whole table: those that another join has just read, or what the server answers now.
// It is not ok when the table holds too many rows.
func (r *tableReads) wholeTable(t *Table, j *join) (rows map[string]record.Record, ok bool, err error) {
	r.loading.Lock()
	defer r.loading.Unlock()
	r.mu.Lock()
	if r.large || r.fresh(slices.Collect(maps.Keys(j.columns))) {
		rows, ok = r.rows, !r.large
		r.mu.Unlock()
		return rows, ok, nil
	}
	writes, wanted := r.writes, slices.Sorted(maps.Keys(r.wanted))
	r.mu.Unlock()

	rows, ok, err = t.load(j.ctx, wanted)
	if err != nil {
		return nil, false, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.large = !ok; ok && r.writes == writes {
		r.rows, r.loaded, r.columns = rows, time.Now(), map[string]bool{}
		for _, column := range wanted {
			r.columns[column] = true
		}
	}
	return rows, ok, nil
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
	case !counted.said:
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

// load reads the columns of the whole table; not ok when it holds too many rows.
func (t *Table) load(ctx context.Context, columns []string) (rows map[string]record.Record, ok bool, err error) {
	const query = "ORDERBYsys_id"
	first, counted, err := t.page(ctx, query, columns, pageSize, 0)
	if err != nil {
		return nil, false, err
	}
	if total := counted.total; total > loadRows || !counted.said {
		return nil, false, nil
	}
	rows = map[string]record.Record{}
	for _, row := range first {
		rows[row.ID] = row
	}
	var mu sync.Mutex
	pages, ctx := errgroup.WithContext(ctx)
	pages.SetLimit(loadPages)
	for offset := pageSize; offset < counted.total; offset += pageSize {
		pages.Go(func() error {
			page, _, err := t.page(ctx, query, columns, pageSize, offset)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for _, row := range page {
				rows[row.ID] = row
			}
			return nil
		})
	}
	if err := pages.Wait(); err != nil {
		return nil, false, fmt.Errorf("reading all of %s: %w", t.Name, err)
	}
	return rows, true, nil
}
