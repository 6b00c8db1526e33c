package servicenowapi

import (
	"context"
	"errors"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// joinQuery bounds the query of a join as it stands in the URL, in bytes, so that the URL stays below 4 KiB.
const joinQuery = 3000

// lookUp is one look-up of rows by the values of some columns, with what it came to.
type lookUp struct {
	match   map[string]string
	query   string // match as an encoded query
	columns []string
	limit   int
	// tolerant takes a snapshot that is older than our last write to another table, which may have changed this one by a
	// business rule or a cascade.
	tolerant bool

	found []record.Record
	err   error
	// undecided means that the join proved nothing about this look-up, so its own query must.
	undecided bool
	// remembered means that found is from a snapshot that was there before.
	remembered bool
}

// tableLookUps joins the look-ups in one table. Its zero value is ready for use.
type tableLookUps struct {
	joiner joiner[lookUp]
	mu     sync.Mutex
	// rows is the snapshot of the whole table, with our writes laid over it; nil for none.
	rows *keyedRows
	// wanted are the columns that look-ups asked for.
	wanted  map[string]bool
	loading loading
	// reading counts the loads of the table under way, and during them writes gathers what they may have missed.
	reading int
	writes  []ownWrite
	// ours counts our writes to this table.
	ours int64
	// unanswered are columns that answers to our writes lack: a snapshot would lose them at the next write.
	unanswered map[string]bool
	// uncounted means that the instance does not count what a query matches, so that joins prove nothing.
	uncounted bool
	loadMu    sync.Mutex
}

// ownWrite is what came of a write of ours: a row, as answered, the sys_id of one that is deleted, or nothing, since
// the application refused it. Its zero value stands for an outcome that is not known.
type ownWrite struct {
	row     record.Record
	deleted string
	refused bool
}

func newLookUp(match record.Match, columns []string, limit int) (*lookUp, error) {
	query, err := encodedQuery(match.Values)
	if err != nil {
		return nil, err
	}
	return &lookUp{match: match.Values, query: query, columns: columns, limit: limit}, nil
}

func (s *Client) lookUpsOf(table string) *tableLookUps {
	lookUps, _ := s.lookUps.LoadOrStore(table, &tableLookUps{})
	return lookUps.(*tableLookUps) //nolint:forcetypeassert // nothing else is stored
}

// noteWrite takes note of what this provider has just written to a table. Everything that was read before is too old
// after it, but for a snapshot of keys, over which the write is laid.
func (s *Client) noteWrite(table string, write ownWrite) {
	l := s.lookUpsOf(table)
	l.mu.Lock()
	defer l.mu.Unlock()
	s.writes.Add(1)
	l.ours++
	if l.reading > 0 {
		l.writes = append(l.writes, write)
	}
	if l.rows != nil && !l.applyWrite(l.rows, write) {
		l.rows = nil
	}
}

// applyWrite lays a write over a snapshot. It fails when what the table holds now is not known. Columns that the answer
// to the write did not hold are known of no row any more. l.mu is held.
func (l *tableLookUps) applyWrite(rows *keyedRows, write ownWrite) (ok bool) {
	switch {
	case write.refused:
		return true
	case write.deleted != "":
		rows.remove(write.deleted)
		return true
	case write.row.ID == "":
		return false
	}
	for column := range rows.columns {
		if _, answered := write.row.Values[column]; !answered {
			delete(rows.columns, column)
			if l.unanswered == nil {
				l.unanswered = map[string]bool{}
			}
			l.unanswered[column] = true
		}
	}
	rows.put(write.row)
	return true
}

// writeOutcome is what the answer to a POST or PATCH says about a row. A refusal by the application changes nothing,
// and any other failure leaves open what the table holds.
func writeOutcome(row record.Record, err error) ownWrite {
	var answered *rest.Error
	switch {
	case err == nil:
		return ownWrite{row: row}
	case !errors.Is(err, record.ErrOutcomeUnknown) && errors.As(err, &answered) && isRefusal(answered.Status):
		return ownWrite{refused: true}
	}
	return ownWrite{}
}

// allColumns lists the columns that a look-up compares or returns.
func (q *lookUp) allColumns() []string {
	return slices.Concat(slices.Sorted(maps.Keys(q.match)), q.columns)
}

// needs reports whether a look-up needs one of some columns.
func (q *lookUp) needs(columns map[string]bool) bool {
	return slices.ContainsFunc(q.allColumns(), func(column string) bool { return columns[column] })
}

func isRefusal(status int) bool {
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}

// find looks rows up together with others that are looked up now, or in the snapshot of the table.
func (l *tableLookUps) find(ctx context.Context, t *Table, q *lookUp) ([]record.Record, error) {
	size := len(url.QueryEscape(q.query)) + len("%5ENQ")
	l.mu.Lock()
	remembered := l.remember(t, q)
	alone := t.sn.SingleReads || l.uncounted || size > joinQuery
	if l.wanted == nil {
		l.wanted = map[string]bool{}
	}
	for _, column := range q.allColumns() {
		l.wanted[column] = true
	}
	l.mu.Unlock()
	switch {
	case remembered:
		t.sn.joined(1)
		return q.found, nil
	case alone:
		return t.findAlone(ctx, q)
	}
	err := l.joiner.ask(ctx, q, size, joinQuery, func(ctx context.Context, asked []*lookUp) {
		t.sn.joined(len(asked) - 1)
		l.answer(ctx, t, asked)
	})
	switch {
	case err != nil:
		return nil, err
	case q.undecided:
		return t.findAlone(ctx, q)
	}
	return q.found, q.err
}

// findAlone looks rows up by a query of their own.
func (t *Table) findAlone(ctx context.Context, q *lookUp) ([]record.Record, error) {
	rows, counted, err := t.list(ctx, q.query, q.allColumns(), q.limit)
	if err != nil {
		return nil, err
	}
	read := len(rows)
	rows = slices.DeleteFunc(rows, func(r record.Record) bool { return !matches(r, q.match) })
	if len(rows) < min(read, q.limit) && counted.total > read {
		return nil, t.oddLookUp()
	}
	return rows, nil
}

// oddLookUp reports that the list holds rows that were not asked for and is cut, so that the ones asked for may be
// missing.
func (t *Table) oddLookUp() error {
	return &OddListError{Table: t.Name, Reason: "it holds records that were not asked for, so the instance did not " +
		"run the query as it was sent (a column that it does not have, or that the account may not read)"}
}

// remember answers a look-up from the snapshot, if that is fresh and holds the columns. l.mu is held.
func (l *tableLookUps) remember(t *Table, q *lookUp) bool {
	if l.rows == nil || time.Since(l.rows.loaded) > record.SnapshotLife || !l.rows.holds(q) ||
		!q.tolerant && l.rows.foreign != t.sn.writes.Load()-l.ours {
		return false
	}
	q.found, q.remembered = l.rows.find(q), true
	return true
}

// answer answers a join: from the whole table where that is worth reading, and otherwise by one query.
func (l *tableLookUps) answer(ctx context.Context, t *Table, asked []*lookUp) {
	l.mu.Lock()
	foreign := int64(0)
	if !slices.ContainsFunc(asked, func(q *lookUp) bool { return q.tolerant }) {
		foreign = t.sn.writes.Load() - l.ours
	}
	most := l.loading.next(foreign, len(differentQueries(asked)))
	if slices.ContainsFunc(asked, func(q *lookUp) bool { return q.needs(l.unanswered) }) {
		most = 0
	}
	l.mu.Unlock()
	if most > 0 {
		answered, err := l.answerWhole(ctx, t, asked, most)
		if err != nil || answered {
			fail(asked, err)
			return
		}
	}
	if err := l.answerJoined(ctx, t, asked); err != nil {
		fail(asked, err)
	}
}

// fail returns an error to all who asked. What the server has refused may have been the fault of one of them.
func fail(asked []*lookUp, err error) {
	var answered *rest.Error
	refused := len(asked) > 1 && errors.As(err, &answered) && isRefusal(answered.Status)
	for _, q := range asked {
		if refused {
			q.undecided = true
		} else if err != nil {
			q.err = err
		}
	}
}

// answerWhole reads the whole table and answers from it; not ok when it holds too many rows.
func (l *tableLookUps) answerWhole(ctx context.Context, t *Table, asked []*lookUp, most int) (ok bool, err error) {
	l.loadMu.Lock()
	defer l.loadMu.Unlock()
	l.mu.Lock()
	left := slices.DeleteFunc(slices.Clone(asked), func(q *lookUp) bool { return l.remember(t, q) })
	if len(left) == 0 || l.loading.total > most {
		l.mu.Unlock()
		return len(left) == 0, nil
	}
	l.reading++
	foreign, wanted := t.sn.writes.Load()-l.ours, slices.Sorted(maps.Keys(l.wanted))
	wanted = slices.DeleteFunc(wanted, func(column string) bool { return l.unanswered[column] })
	l.mu.Unlock()

	list, err := t.whole(ctx, "", wanted, most)
	undecided := false
	if err != nil && canDoWithout(ctx, err) {
		list, err = wholeList{total: math.MaxInt, cut: true}, nil
	}
	if err == nil && !list.cut {
		var decided bool
		list.cut, decided, err = t.isCut(ctx, list)
		if undecided = !decided; list.cut {
			list.total = math.MaxInt
		}
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	writes := l.writes
	if l.reading--; l.reading == 0 {
		l.writes = nil
	}
	if err != nil {
		return false, err
	}
	if l.loading.total = list.total; list.cut || undecided {
		return false, nil
	}
	rows := newKeyedRows(list.rows, wanted, foreign)
	for _, write := range writes {
		if !l.applyWrite(rows, write) {
			return false, nil // the join's own query decides
		}
	}
	if slices.ContainsFunc(left, func(q *lookUp) bool { return !rows.holds(q) }) {
		return false, nil
	}
	l.rows = rows
	for _, q := range left {
		q.found = rows.find(q)
	}
	return true, nil
}

// answerJoined asks one query for all look-ups. Each is answered only by a list that is proven to hold what its own
// query would have found.
func (l *tableLookUps) answerJoined(ctx context.Context, t *Table, asked []*lookUp) error {
	limit, columns := 0, map[string]bool{}
	for _, q := range asked {
		limit = min(limit+q.limit, pageSize)
		for _, column := range q.allColumns() {
			columns[column] = true
		}
	}
	rows, counted, err := t.list(ctx, joinQueries(asked), slices.Sorted(maps.Keys(columns)), limit)
	if err != nil {
		return err
	}
	if len(asked) > 1 && !counted.reported {
		l.mu.Lock()
		l.uncounted = true
		l.mu.Unlock()
	}
	found, odd := sortOut(asked, rows)
	for i, q := range asked {
		q.found = found[i]
		// A page that was cut, or lacks rows that are counted, may lack those of any look-up, and one with rows that nobody
		// asked for may have been cut by them: the server dropped a term.
		if len(asked) > 1 && (odd || !counted.reported || counted.total > len(rows)) && len(q.found) < q.limit {
			q.undecided = true
		}
		if len(asked) == 1 && odd && counted.total > len(rows) && len(q.found) < q.limit {
			q.err = t.oddLookUp()
		}
	}
	return nil
}

// sortOut finds the rows of each look-up. odd says that some row is nobody's, or listed twice.
func sortOut(asked []*lookUp, rows []record.Record) (found [][]record.Record, odd bool) {
	found = make([][]record.Record, len(asked))
	seen := map[string]bool{}
	for _, row := range rows {
		wanted := false
		for i, q := range asked {
			if !matches(row, q.match) {
				continue
			}
			wanted = true
			if len(found[i]) < q.limit && !seen[row.ID] {
				found[i] = append(found[i], q.cut(row))
			}
		}
		odd = odd || !wanted || seen[row.ID]
		seen[row.ID] = true
	}
	return found, odd
}

// cut leaves of a row, which several look-ups may share, what one asked for.
func (q *lookUp) cut(row record.Record) record.Record {
	row.Values = maps.Clone(row.Values)
	maps.DeleteFunc(row.Values, func(column string, _ any) bool {
		_, matched := q.match[column]
		return !matched && !slices.Contains(q.columns, column) && column != "sys_id" && column != "sys_mod_count"
	})
	if !slices.Contains(q.columns, scopeColumn) {
		row.Scope = ""
	}
	return row
}

// joinQueries makes one query of several. Values may hold commas, so alternatives of one column stand behind ^OR and
// not in an IN list; those of several columns are queries of their own, joined by ^NQ.
func joinQueries(asked []*lookUp) string {
	separator := "^OR"
	for _, q := range asked {
		if len(q.match) != 1 {
			separator = "^NQ"
		}
	}
	return strings.Join(differentQueries(asked), separator)
}

// differentQueries are those of some look-ups, each once, sorted.
func differentQueries(asked []*lookUp) []string {
	queries := make([]string, len(asked))
	for i, q := range asked {
		queries[i] = q.query
	}
	slices.Sort(queries)
	return slices.Compact(queries)
}

// keyedRows are the rows of a whole table, found by the values of columns without regard to case, as ServiceNow does.
type keyedRows struct {
	rows    map[string]record.Record // by sys_id
	columns map[string]bool
	loaded  time.Time
	// foreign counts our writes to other tables before the rows were read.
	foreign int64
	// indexes hold sys_ids by folded values, by the names of the columns.
	indexes map[string]map[string][]string
}

func newKeyedRows(list []record.Record, columns []string, foreign int64) *keyedRows {
	k := &keyedRows{
		rows: make(map[string]record.Record, len(list)), columns: map[string]bool{}, loaded: time.Now(), foreign: foreign,
		indexes: map[string]map[string][]string{},
	}
	for _, column := range columns {
		k.columns[column] = true
	}
	for _, row := range list {
		k.rows[row.ID] = row
	}
	return k
}

// holds reports whether the rows have all columns of a look-up.
func (k *keyedRows) holds(q *lookUp) bool {
	return !slices.ContainsFunc(q.allColumns(), func(column string) bool { return !k.columns[column] })
}

// put adds or replaces a row, of which only the columns are kept.
func (k *keyedRows) put(row record.Record) {
	values := map[string]any{"sys_id": row.ID, "sys_mod_count": row.Revision}
	for column := range k.columns {
		values[column] = row.Values[column]
	}
	row.Values = values
	k.remove(row.ID)
	k.rows[row.ID] = row
	for names, index := range k.indexes {
		key := indexKey(row.Text, strings.Split(names, ","))
		index[key] = append(index[key], row.ID)
	}
}

func (k *keyedRows) remove(id string) {
	row, there := k.rows[id]
	if !there {
		return
	}
	delete(k.rows, id)
	for names, index := range k.indexes {
		key := indexKey(row.Text, strings.Split(names, ","))
		index[key] = slices.DeleteFunc(index[key], func(other string) bool { return other == id })
	}
}

func (k *keyedRows) find(q *lookUp) []record.Record {
	columns := slices.Sorted(maps.Keys(q.match))
	names := strings.Join(columns, ",")
	index, there := k.indexes[names]
	if !there {
		index = make(map[string][]string, len(k.rows))
		for id, row := range k.rows {
			key := indexKey(row.Text, columns)
			index[key] = append(index[key], id)
		}
		k.indexes[names] = index
	}
	key := indexKey(func(column string) string { return q.match[column] }, columns)
	var found []record.Record
	for _, id := range slices.Sorted(slices.Values(index[key])) {
		if len(found) < q.limit {
			found = append(found, q.cut(k.rows[id]))
		}
	}
	return found
}

func indexKey(value func(column string) string, columns []string) string {
	values := make([]string, len(columns))
	for i, column := range columns {
		values[i] = fold(value(column))
	}
	return strings.Join(values, "\x00")
}

// fold maps texts that strings.EqualFold takes for equal to one.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, s)
}
