package servicenowapi

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// tableSnapshot is what was read of a whole table, by a key: one row each, or several. Its zero value is empty.
type tableSnapshot[R any] struct {
	mu sync.Mutex
	// rows are the whole table as it was at loaded, after as many writes of the client, with these columns. The map is
	// replaced, and never changed.
	rows    map[string]R
	columns map[string]bool
	loaded  time.Time
	writes  int64
	// wanted are the columns that reads asked for.
	wanted  map[string]bool
	loading loading
	// unproven means that a list of the whole table could not be had, or was found not to prove what it holds.
	unproven bool
	// loadMu lets one join read the whole table while others wait for what it finds.
	loadMu sync.Mutex
}

// known returns the rows where they are fresh and hold the columns, nil otherwise, and notes what is wanted of them.
func (s *tableSnapshot[R]) known(t *Table, columns []string) map[string]R {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wanted == nil {
		s.wanted = map[string]bool{}
	}
	for _, column := range columns {
		s.wanted[column] = true
	}
	if !s.fresh(t, columns) {
		return nil
	}
	return s.rows
}

// fresh reports whether the rows are there, young, as new as our last write, and hold the columns. A write to one table
// may change others by a business rule or a cascade, so each counts. s.mu is held.
func (s *tableSnapshot[R]) fresh(t *Table, columns []string) bool {
	if s.rows == nil || s.writes != t.sn.writes.Load() || time.Since(s.loaded) > record.SnapshotLife {
		return false
	}
	return !slices.ContainsFunc(columns, func(column string) bool { return !s.columns[column] })
}

// worth returns how many rows the table may have to be read as a whole now, for a join of some questions; 0 when it is
// not worth that.
func (s *tableSnapshot[R]) worth(t *Table, questions int) (most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if most = s.loading.next(t.sn.writes.Load(), questions); s.unproven {
		return 0
	}
	return most
}

// canDoWithout reports whether a table that could not be read as a whole, being too large or too slow, is asked for
// what is needed of it instead. Credentials that were refused are not sent once more.
func canDoWithout(ctx context.Context, err error) bool {
	return ctx.Err() == nil && !rest.HasStatus(err, http.StatusUnauthorized)
}

// load returns the whole table: what another join has just read, or what the server answers now, by the key that index
// gives the rows. There is none when the table has more than most rows or cannot be read, or index finds that the list
// proves nothing.
func (s *tableSnapshot[R]) load(
	ctx context.Context, t *Table, columns []string, most int, index func(wholeList) (rows map[string]R, proven bool),
) (map[string]R, error) {
	s.loadMu.Lock()
	defer s.loadMu.Unlock()
	s.mu.Lock()
	unfit := s.unproven || s.loading.total > most
	if unfit || s.fresh(t, columns) {
		rows := s.rows
		s.mu.Unlock()
		if unfit {
			return nil, nil
		}
		return rows, nil
	}
	writes, wanted := t.sn.writes.Load(), slices.Sorted(maps.Keys(s.wanted))
	s.mu.Unlock()

	list, err := t.whole(ctx, "", wanted, most)
	if err != nil && !canDoWithout(ctx, err) {
		return nil, err
	}
	rows, proven := index(list)
	proven = proven && err == nil
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loading.total = list.total; list.cut {
		return nil, nil
	}
	if s.unproven = !proven; s.unproven {
		return nil, nil
	}
	if writes == t.sn.writes.Load() {
		s.rows, s.loaded, s.writes, s.columns = rows, time.Now(), writes, map[string]bool{}
		for _, column := range wanted {
			s.columns[column] = true
		}
	}
	return rows, nil
}
