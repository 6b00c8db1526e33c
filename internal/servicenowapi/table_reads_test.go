package servicenowapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// rowServer answers list requests over rows that it makes up: "%032x" of 0 to total-1, less the hidden ones.
type rowServer struct {
	mu      sync.Mutex
	total   int
	refuses int // the status of lists of the whole table; 0 for none
	hidden  map[string]bool
	queries []url.Values
}

func rowID(i int) string { return fmt.Sprintf("%032x", i) }

func (s *rowServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method != http.MethodGet {
		_ = json.NewEncoder(w).Encode(map[string]any{"result": map[string]string{"sys_id": rowID(0)}})
		return
	}
	query := r.URL.Query()
	s.queries = append(s.queries, query)
	var ids []string
	if asked, ok := strings.CutPrefix(query.Get("sysparm_query"), "sys_idIN"); ok {
		for id := range strings.SplitSeq(asked, ",") {
			n, err := strconv.ParseInt(id, 16, 64)
			if err == nil && int(n) < s.total {
				ids = append(ids, id)
			}
		}
	} else if s.refuses != 0 {
		refuse(w, s.refuses)
		return
	} else {
		for i := range s.total {
			ids = append(ids, rowID(i))
		}
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(len(ids)))
	offset, _ := strconv.Atoi(query.Get("sysparm_offset"))
	limit, _ := strconv.Atoi(query.Get("sysparm_limit"))
	ids = ids[min(offset, len(ids)):min(offset+limit, len(ids))]
	ids = slices.DeleteFunc(ids, func(id string) bool { return s.hidden[id] })
	rows := make([]map[string]string, len(ids))
	for i, id := range ids {
		rows[i] = map[string]string{"sys_id": id, "name": "n" + id}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"result": rows})
}

func (s *rowServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.queries)
	s.queries = nil
	return n
}

func rows(t *testing.T, total int) (*rowServer, *Table) {
	t.Helper()
	s := &rowServer{total: total, hidden: map[string]bool{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	sn, err := New(rest.Config{
		BaseURL: server.URL, Auth: rest.BasicAuth{Username: "u", Password: "pass"}, HTTP: rest.DefaultHTTP(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, sn.Table("sys_cors_rule")
}

// readAll reads the records 0 to n-1 with as many goroutines as Terraform has by default, and gives the errors.
func readAll(table *Table, n int) []error {
	errs := make([]error, n)
	work := make(chan int)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for i := range work {
				have := record.Record{ID: rowID(i)}
				got, err := table.Read(context.Background(), have, []string{"name"})
				if err == nil && (got.ID != have.ID || got.Values["name"] != "n"+have.ID) {
					err = fmt.Errorf("asked for %s, got %v", have.ID, got)
				}
				errs[i] = err
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
	return errs
}

func TestReadsAreJoined(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ total, read, most int }{
		"a few records":          {30000, 6, 7},
		"many of a small table":  {2500, 2500, 2 + 3},
		"many of a large table":  {30000, 200, 1 + 200},
		"all of a one-row table": {1, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, table := rows(t, test.total)
			for i, err := range readAll(table, test.read) {
				if err != nil {
					t.Fatalf("record %d: %v", i, err)
				}
			}
			if n := server.count(); n > test.most {
				t.Errorf("%d requests for %d records, at most %d are meant", n, test.read, test.most)
			}
		})
	}
}

func TestJoinedReadsTellHiddenFromGone(t *testing.T) {
	t.Parallel()
	for _, single := range []bool{false, true} {
		server, table := rows(t, 8)
		table.sn.SingleReads = single
		server.hidden[rowID(2)], server.hidden[rowID(5)] = true, true
		for i, err := range readAll(table, 10) {
			want := error(nil)
			switch {
			case i >= 8:
				want = record.ErrNotFound
			case i == 2 || i == 5:
				want = record.ErrHidden
			}
			if !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("single %t, record %d: %v, not %v", single, i, err, want)
			}
		}
	}
}

// TestLargeTablesAreNotLoaded joins what is asked for at once, and reads one page of the table at the most.
func TestLargeTablesAreNotLoaded(t *testing.T) {
	t.Parallel()
	server, table := rows(t, 30000)
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			if _, err := table.Read(t.Context(), record.Record{ID: rowID(i)}, []string{"name"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := server.count(); n > 30 {
		t.Errorf("%d requests for 300 records that were asked for at once", n)
	}
}

// TestACrowdReadsTheTable reads a table as a whole as soon as ten ask at once, since more will come, not when nine do.
func TestACrowdReadsTheTable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ total, at, first, more int }{
		"ten":                  {500, 10, 1, 0},
		"nine":                 {500, 9, 1, 1},
		"ten of a large table": {30000, 10, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, table := rows(t, test.total)
			readAtOnce := func(from int) {
				t.Helper()
				var wg sync.WaitGroup
				for i := range test.at {
					wg.Go(func() {
						if _, err := table.Read(t.Context(), record.Record{ID: rowID(from + i)}, []string{"name"}); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
			}
			readAtOnce(0)
			if n := server.count(); n != test.first {
				t.Errorf("%d requests for the first %d records, want %d", n, test.at, test.first)
			}
			readAtOnce(100)
			if n := server.count(); n != test.more {
				t.Errorf("%d requests for %d more, want %d", n, test.at, test.more)
			}
		})
	}
}

// TestOneQuestionIsNoCrowd asks for one row, however many want it.
func TestOneQuestionIsNoCrowd(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	s.add("sys_properties", map[string]string{"name": "a", "value": "1"}, map[string]string{"name": "b", "value": "2"})
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			match := record.Match{Values: map[string]string{"name": "a"}}
			found, err := sn.Table("sys_properties").Find(t.Context(), match, []string{"value"}, 1)
			if err != nil || len(found) != 1 {
				t.Errorf("%v, %v", found, err)
			}
		})
	}
	wg.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if asked := s.gets["sys_properties"]; len(asked) != 1 || asked[0].Get("sysparm_query") != "name=a" {
		t.Errorf("%v", asked)
	}
}

// TestTablesThatCannotBeReadWhole asks for the rows themselves, but not with credentials that were refused.
func TestTablesThatCannotBeReadWhole(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{http.StatusForbidden: nil, http.StatusUnauthorized: errors.New("401")} {
		server, table := rows(t, 50)
		server.refuses = status
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				_, err := table.Read(t.Context(), record.Record{ID: rowID(i)}, []string{"name"})
				if (err == nil) != (want == nil) {
					t.Errorf("status %d: %v", status, err)
				}
			})
		}
		wg.Wait()
		if n := server.count(); n != 2 && want == nil || n != 1 && want != nil {
			t.Errorf("status %d: %d requests", status, n)
		}
	}
}

// TestWritesDropTheSnapshot asks the server again after a write, and not before.
func TestWritesDropTheSnapshot(t *testing.T) {
	t.Parallel()
	server, table := rows(t, 500)
	readAll(table, 500)
	server.count()
	read := func() { _, _ = table.Read(t.Context(), record.Record{ID: rowID(7)}, []string{"name"}) }
	if read(); server.count() != 0 {
		t.Error("a snapshot that is seconds old was not used")
	}
	_, err := table.Read(t.Context(), record.Record{ID: rowID(7)}, []string{"other"})
	if err != nil || server.count() == 0 {
		t.Errorf("a column that the snapshot lacks was not asked for: %v", err)
	}
	have := record.Record{ID: rowID(7), Values: map[string]any{"name": "a"}}
	want := record.Write{Record: record.Record{Values: map[string]any{"name": "b"}}}
	if _, err := table.Update(t.Context(), have, want); err != nil {
		t.Fatal(err)
	}
	if read(); server.count() == 0 {
		t.Error("a record that was just written came from an older snapshot")
	}
}

// TestJoinedReadsObeyTheirContexts lets one caller go without taking the others along.
func TestJoinedReadsObeyTheirContexts(t *testing.T) {
	t.Parallel()
	_, table := rows(t, 10)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := table.Read(gone, record.Record{ID: rowID(1)}, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("the canceled read answered %v", err)
		}
	})
	wg.Go(func() {
		if _, err := table.Read(t.Context(), record.Record{ID: rowID(2)}, []string{"name"}); err != nil {
			t.Errorf("the other read failed: %v", err)
		}
	})
	wg.Wait()
}

// TestEmptyAnswerToCreate finds the record by the id that it was sent with.
func TestEmptyAnswerToCreate(t *testing.T) {
	t.Parallel()
	var made atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			var body map[string]string
			_ = json.NewDecoder(r.Body).Decode(&body)
			made.Store(body["sys_id"])
			w.WriteHeader(http.StatusCreated) // as with X-no-response-body, which a gateway may add
			return
		}
		w.Header().Set("X-Total-Count", "1")
		_ = json.NewEncoder(w).Encode(map[string]any{"result": []any{map[string]any{"sys_id": made.Load(), "name": "n"}}})
	}))
	t.Cleanup(server.Close)
	auth := rest.BasicAuth{Username: "u", Password: "pass"}
	sn, err := New(rest.Config{BaseURL: server.URL, Auth: auth, HTTP: rest.DefaultHTTP()})
	if err != nil {
		t.Fatal(err)
	}
	want := record.Write{Record: record.Record{Values: map[string]any{"name": "n"}}, Columns: []string{"name"}}
	got, err := sn.Table("sys_cors_rule").Create(t.Context(), want)
	if err != nil || got.ID != made.Load() || got.Values["name"] != "n" {
		t.Errorf("made %v: %v", got, err)
	}
}
