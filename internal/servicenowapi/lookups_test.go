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
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// instance is a server of tables that understands the queries of this package, and some that a test makes it.
type instance struct {
	mu     sync.Mutex
	tables map[string]map[string]map[string]string // table, sys_id, column
	gets   map[string][]url.Values
	writes int
	urls   int // the longest URL

	hidden    map[string]bool                   // rows that access control keeps back
	forgets   int                               // lists to come that hold and count nothing
	most      int                               // rows that a list gives at once; 0: as many as it is asked for
	withheld  map[string]bool                   // columns that access control keeps back
	uncounted bool                              // no X-Total-Count
	ignores   bool                              // every query
	refuses   string                            // queries that hold this, with 403
	loses     int                               // answers of writes, which are carried out
	keeps     bool                              // rows that it answers to have deleted
	before    func(method, path, query string)  // called without the lock
	after     func(method string, c url.Values) // called without the lock
}

func newInstance(t *testing.T) (*instance, *Client) {
	t.Helper()
	s := &instance{tables: map[string]map[string]map[string]string{}, gets: map[string][]url.Values{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	sn, err := New(rest.Config{
		BaseURL: server.URL, Auth: rest.BasicAuth{Username: "u", Password: "pass"}, HTTP: rest.DefaultHTTP(),
	})
	if err != nil {
		t.Fatal(err)
	}
	sn.Patience = time.Millisecond
	return s, sn
}

func (s *instance) add(table string, rows ...map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tables[table] == nil {
		s.tables[table] = map[string]map[string]string{}
	}
	for _, row := range rows {
		if row["sys_id"] == "" {
			row["sys_id"] = NewSysID()
		}
		s.tables[table][row["sys_id"]] = row
	}
}

// asked returns how often a table was listed, and forgets it.
func (s *instance) asked(table string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.gets[table])
	delete(s.gets, table)
	return n
}

func (s *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	if s.before != nil {
		s.before(r.Method, r.URL.Path, asked.Get("sysparm_query"))
	}
	if s.after != nil {
		defer s.after(r.Method, asked)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.urls = max(s.urls, len(r.URL.String()))
	table, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/now/table/"), "/")
	if r.Method == http.MethodGet {
		s.list(w, table, asked)
		return
	}
	s.writes++
	row := s.tables[table][id]
	var body map[string]string
	_ = json.NewDecoder(r.Body).Decode(&body)
	switch {
	case r.Method == http.MethodPost:
		if s.tables[table] == nil {
			s.tables[table] = map[string]map[string]string{}
		}
		row = body
		s.tables[table][body["sys_id"]] = row
		w.WriteHeader(http.StatusCreated)
	case row == nil:
		refuse(w, http.StatusNotFound)
		return
	case r.Method == http.MethodDelete:
		if !s.keeps {
			delete(s.tables[table], id)
		}
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		for column, value := range body {
			row[column] = value
		}
	}
	if s.loses > 0 {
		s.loses--
		panic(http.ErrAbortHandler)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"result": s.visible(row, asked)})
}

func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"error":{"message":"refused","detail":""},"status":"failure"}`))
}

func (s *instance) visible(row map[string]string, asked url.Values) map[string]string {
	fields := strings.Split(asked.Get("sysparm_fields"), ",")
	seen := map[string]string{}
	for column, value := range row {
		if !s.withheld[column] && slices.Contains(fields, column) {
			seen[column] = value
		}
	}
	return seen
}

func (s *instance) list(w http.ResponseWriter, table string, asked url.Values) {
	s.gets[table] = append(s.gets[table], asked)
	query := asked.Get("sysparm_query")
	if s.forgets > 0 {
		s.forgets--
		w.Header().Set("X-Total-Count", "0")
		_, _ = w.Write([]byte(`{"result":[]}`))
		return
	}
	if s.refuses != "" && strings.Contains(query, s.refuses) {
		refuse(w, http.StatusForbidden)
		return
	}
	var matched []map[string]string
	for _, row := range s.tables[table] {
		if s.ignores || queryMatches(row, query) {
			matched = append(matched, row)
		}
	}
	slices.SortFunc(matched, func(a, b map[string]string) int { return strings.Compare(a["sys_id"], b["sys_id"]) })
	if !s.uncounted {
		w.Header().Set("X-Total-Count", strconv.Itoa(len(matched)))
	}
	offset, _ := strconv.Atoi(asked.Get("sysparm_offset"))
	limit, _ := strconv.Atoi(asked.Get("sysparm_limit"))
	rows := []map[string]string{}
	if s.most > 0 {
		limit = min(limit, s.most)
	}
	for _, row := range matched[min(offset, len(matched)):min(offset+limit, len(matched))] {
		if !s.hidden[row["sys_id"]] {
			rows = append(rows, s.visible(row, asked))
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"result": rows})
}

// queryMatches knows =, IN, ^, ^OR, ^NQ and, as far as it is dropped, ORDERBY.
func queryMatches(row map[string]string, query string) bool {
	for group := range strings.SplitSeq(query, "^NQ") {
		all, some := true, false
		for part := range strings.SplitSeq(group, "^") {
			part, or := strings.CutPrefix(part, "OR")
			if strings.HasPrefix(part, "DERBY") || part == "" {
				continue
			}
			var holds bool
			if column, list, ok := strings.Cut(part, "IN"); ok && !strings.Contains(column, "=") {
				holds = slices.Contains(strings.Split(list, ","), row[column])
			} else {
				column, value, _ := strings.Cut(part, "=")
				holds = strings.EqualFold(row[column], value)
			}
			if or {
				some = some || holds
				continue
			}
			all = all && holds
		}
		if all || some {
			return true
		}
	}
	return false
}

// atOnce runs do for 0 to n-1, ten at a time, as Terraform does.
func atOnce(n int, do func(i int)) {
	work := make(chan int)
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for i := range work {
				do(i)
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
}

func named(name string) record.Write {
	return record.Write{
		Record:  record.Record{Values: map[string]any{"name": name, "text": "t"}},
		Columns: []string{"name", "text"}, Key: []string{"name"},
	}
}

// TestCreatesShareTheirLookUps makes 1,000 records of five tables with few more requests than records, none twice.
func TestCreatesShareTheirLookUps(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	for i := range 5 {
		s.add(fmt.Sprint("t", i), map[string]string{"name": "Number 990"}, map[string]string{"name": "other"})
	}
	atOnce(1000, func(i int) {
		name := fmt.Sprintf("number %d", i)
		_, err := sn.Table(fmt.Sprint("t", i%5)).Create(t.Context(), named(name))
		if exists := new(record.ExistsError); errors.As(err, &exists) != (i == 990) || i != 990 && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
	reads := 0
	for i := range 5 {
		reads += s.asked(fmt.Sprint("t", i))
	}
	if s.writes != 999 || reads > 30 {
		t.Errorf("%d creates took %d reads", s.writes, reads)
	}
}

// TestDeletesShareTheirProofs proves the deletes of one moment by one list for each table, however long each takes.
func TestDeletesShareTheirProofs(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	for i := range 100 {
		s.add(fmt.Sprint("t", i%5), map[string]string{"sys_id": rowID(i)})
	}
	s.before = func(method, path, _ string) {
		if method == http.MethodDelete {
			time.Sleep(time.Duration(30+10*(path[len(path)-1]%4)) * time.Millisecond)
		}
	}
	atOnce(100, func(i int) {
		table, have := sn.Table(fmt.Sprint("t", i%5)), record.Record{ID: rowID(i)}
		if _, err := table.Delete(t.Context(), have, record.Options{}); err != nil {
			t.Error(err)
		}
	})
	proofs := 0
	for i := range 5 {
		proofs += s.asked(fmt.Sprint("t", i))
		if left := len(s.tables[fmt.Sprint("t", i)]); left > 0 {
			t.Errorf("%d rows are left", left)
		}
	}
	if proofs > 60 { // ten waves over five tables, and some room for a slow machine
		t.Errorf("100 deletes over five tables took %d proofs", proofs)
	}
}

// TestCreatesMeetAServerThatGivesFewRowsAtOnce finds the names that are taken although no list holds more than 30 rows.
func TestCreatesMeetAServerThatGivesFewRowsAtOnce(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	s.most = 30
	// A small table with a hidden row proves nothing about how many rows of a larger one are listed at once.
	s.hidden = map[string]bool{rowID(9999): true}
	s.add("small", map[string]string{"sys_id": rowID(9999), "name": "hidden"}, map[string]string{"name": "shown"})
	atOnce(40, func(i int) {
		_, _ = sn.Table("small").Find(t.Context(), record.Match{Values: map[string]string{"name": fmt.Sprint(i)}}, nil, 1)
	})
	for i := range 150 {
		s.add("t", map[string]string{"name": fmt.Sprintf("number %d", i)})
	}
	atOnce(300, func(i int) {
		_, err := sn.Table("t").Create(t.Context(), named(fmt.Sprintf("number %d", i)))
		if exists := new(record.ExistsError); errors.As(err, &exists) != (i < 150) || i >= 150 && err != nil {
			t.Errorf("%d: %v", i, err)
		}
	})
	if s.writes != 150 {
		t.Errorf("%d creates", s.writes)
	}
}

// TestOneEmptyListLosesNoRow asks twice before a row is gone.
func TestOneEmptyListLosesNoRow(t *testing.T) {
	t.Parallel()
	for name, single := range map[string]bool{"joined": false, "single": true} {
		for empty, gone := range map[int]bool{0: false, 1: false, 2: true} {
			s, sn := newInstance(t)
			sn.SingleReads = single
			made, err := sn.Table("t").Create(t.Context(), named("one"))
			if err != nil {
				t.Fatal(err)
			}
			s.forgets = empty
			_, err = sn.Table("t").Read(t.Context(), made.Record, []string{"name"})
			if errors.Is(err, record.ErrNotFound) != gone || !gone && err != nil {
				t.Errorf("%s, %d empty lists: %v", name, empty, err)
			}
		}
	}
}

// TestScopesThatAreNotKnownAreTold warns where a row of an application's table had to be made without a scope.
func TestScopesThatAreNotKnownAreTold(t *testing.T) {
	t.Parallel()
	for table, warned := range map[string]bool{"x_known": false, "x_unknown": true, "global": false} {
		s, sn := newInstance(t)
		s.add("sys_db_object", map[string]string{"name": "x_known", "sys_scope": rowID(7)})
		want := named("one")
		want.Columns = append(want.Columns, "sys_scope")
		got, err := sn.Table(table).Create(t.Context(), want)
		if err != nil || (len(got.Warnings) == 1) != warned {
			t.Errorf("%s: %q, %v", table, got.Warnings, err)
		}
	}
}

// TestLookUpsAreJoined finds by names with commas, of any case, for each caller its own.
func TestLookUpsAreJoined(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(s *instance, sn *Client){
		"as it is":        func(*instance, *Client) {},
		"without counts":  func(s *instance, _ *Client) { s.uncounted = true },
		"queries ignored": func(s *instance, _ *Client) { s.ignores = true },
		"one value refused": func(s *instance, _ *Client) {
			s.refuses = "ROLE 17"
			for i := range loadPages * pageSize { // so that the table is not read as a whole
				s.add("sys_user_role", map[string]string{"name": fmt.Sprint("filler ", i)})
			}
		},
		"single": func(_ *instance, sn *Client) { sn.SingleReads = true },
		"a crowd of one": func(s *instance, _ *Client) {
			for range 200 {
				s.add("sys_user_role", map[string]string{"name": "role 3, a", "text": "crowd"})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, sn := newInstance(t)
			for i := range 40 {
				s.add("sys_user_role", map[string]string{
					"name": fmt.Sprintf("Role %d, a", i), "text": fmt.Sprint(i), "other": "x",
				})
			}
			prepare(s, sn)
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					match := record.Match{Values: map[string]string{"name": fmt.Sprintf("ROLE %d, A", i)}}
					columns := []string{"text"}
					if i%2 == 0 {
						columns = []string{"text", "other"}
					}
					found, err := sn.Table("sys_user_role").Find(t.Context(), match, columns, 3)
					switch {
					case s.refuses != "" && i == 17:
						if !rest.HasStatus(err, http.StatusForbidden) {
							t.Errorf("role 17: %v", err)
						}
					case err != nil:
						t.Errorf("role %d: %v", i, err)
					case name == "a crowd of one" && i == 3:
						if len(found) != 3 {
							t.Errorf("found %d of the crowd", len(found))
						}
					case s.ignores: // a server that drops the query shows its first rows, whatever was asked for
						for _, row := range found {
							if row.Text("text") != fmt.Sprint(i) {
								t.Errorf("role %d: found %v", i, row)
							}
						}
					case i >= 40 != (len(found) == 0) || len(found) > 1:
						t.Errorf("role %d: found %v", i, found)
					case i < 40 && (found[0].Text("text") != fmt.Sprint(i) || (found[0].Text("other") == "x") != (i%2 == 0)):
						t.Errorf("role %d: found %v", i, found)
					}
				})
			}
			wg.Wait()
			// Two on an idle machine; a busy one brings the callers one after the other, in a few groups.
			if n := s.asked("sys_user_role"); name == "as it is" && n > 10 || name == "single" && n != 50 {
				t.Errorf("%d requests", n)
			}
			if s.urls > 4096 {
				t.Errorf("a URL of %d bytes", s.urls)
			}
		})
	}
}

// TestOddValuesAreRefusedAlone sends nothing for a value that no query can hold, and answers the others.
func TestOddValuesAreRefusedAlone(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	s.add("t", map[string]string{"name": "good"})
	var wg sync.WaitGroup
	for _, value := range []string{"good", "a^ORnameISNOTEMPTY", "javascript:gs.log()", "good"} {
		wg.Go(func() {
			found, err := sn.Table("t").Find(t.Context(), record.Match{Values: map[string]string{"name": value}}, nil, 5)
			if (err == nil) != (value == "good") || len(found) != map[bool]int{true: 1}[err == nil] {
				t.Errorf("%s: %v, %v", value, found, err)
			}
		})
	}
	wg.Wait()
	if n := s.asked("t"); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestCompositeKeysAreNotMixed joins keys of several columns without finding one's value beside another's.
func TestCompositeKeysAreNotMixed(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	for i := range 6 {
		s.add("t", map[string]string{"user": fmt.Sprint("u", i), "role": fmt.Sprint("r", i)})
	}
	var wg sync.WaitGroup
	for i := range 36 {
		wg.Go(func() {
			user, role := i/6, i%6
			match := record.Match{Values: map[string]string{"user": fmt.Sprint("u", user), "role": fmt.Sprint("r", role)}}
			found, err := sn.Table("t").Find(t.Context(), match, nil, 5)
			if err != nil || len(found) != map[bool]int{true: 1}[user == role] {
				t.Errorf("%v: %v, %v", match, found, err)
			}
		})
	}
	wg.Wait()
	if n := s.asked("t"); n > 2 {
		t.Errorf("%d requests", n)
	}
}

// remembering makes a client that holds a snapshot of the keys of t.
func remembering(t *testing.T, sn *Client) {
	t.Helper()
	for i := range 3 {
		if err := sn.Table("t").refuseDuplicate(t.Context(), named(fmt.Sprint("warm", i))); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOwnWritesLieOverTheSnapshot sees what this provider made, renamed and deleted without asking again.
func TestOwnWritesLieOverTheSnapshot(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	table, id := sn.Table("t"), NewSysID()
	s.add("t", map[string]string{"name": "old"}, map[string]string{"name": "doomed", "sys_id": id})
	remembering(t, sn)
	taken := func(name string) bool {
		err := table.refuseDuplicate(t.Context(), named(name))
		exists := new(record.ExistsError)
		if err != nil && !errors.As(err, &exists) {
			t.Fatal(err)
		}
		return err != nil
	}
	made, err := table.Create(t.Context(), named("Made"))
	if err != nil || !taken("made") || taken("new") {
		t.Errorf("a record that was made is not seen: %v", err)
	}
	_, err = table.Update(t.Context(), made.Record, named("renamed"))
	if err != nil || taken("made") || !taken("RENAMED") {
		t.Errorf("a record that was renamed is not seen: %v", err)
	}
	if _, err := table.Delete(t.Context(), record.Record{ID: id}, record.Options{}); err != nil || taken("doomed") {
		t.Errorf("a record that was deleted is still there: %v", err)
	}
	s.asked("t")
	if taken("unheard of") || s.asked("t") != 0 {
		t.Error("a snapshot that is seconds old was not used")
	}
}

// TestWritesBeforeTheLoadAreNotReplayed lays over a snapshot only what was written while it was read: what is older is
// in it, and may have been changed since by somebody else.
func TestWritesBeforeTheLoadAreNotReplayed(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	made, err := sn.Table("t").Create(t.Context(), record.Write{
		Record: record.Record{Values: map[string]any{"name": "made"}}, Key: []string{"name"}, LookedUp: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.tables["t"][made.ID]["name"] = "changed"
	s.mu.Unlock()
	remembering(t, sn)
	s.asked("t")
	for name, want := range map[string]int{"changed": 1, "made": 0} {
		found, err := sn.Table("t").Find(t.Context(), record.Match{Values: map[string]string{"name": name}}, nil, 5)
		if err != nil || len(found) != want {
			t.Errorf("%d records are called %s: %v", len(found), name, err)
		}
	}
	if n := s.asked("t"); n > 0 {
		t.Errorf("%d requests: the snapshot was not used", n)
	}
}

// TestTablesThatCannotBeLoaded takes a load that was refused for no empty table.
func TestTablesThatCannotBeLoaded(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	s.add("t", map[string]string{"name": "there"})
	s.refuses = "ORDERBYsys_id"
	for i := range 6 {
		found, err := sn.Table("t").Find(t.Context(), record.Match{Values: map[string]string{"name": "there"}}, nil, 5)
		if err == nil && len(found) != 1 {
			t.Errorf("look-up %d finds nothing of what is there", i)
		}
	}
}

// TestSnapshotOfKeysIsDropped asks again where what the table holds is not known any more.
func TestSnapshotOfKeysIsDropped(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(t *testing.T, s *instance, sn *Client){
		"a lost create": func(t *testing.T, s *instance, sn *Client) {
			t.Helper()
			s.loses = 1
			_, _ = sn.Table("t").Create(t.Context(), record.Write{Record: record.Record{Values: map[string]any{"name": "new"}}})
		},
		"a delete that did nothing": func(t *testing.T, s *instance, sn *Client) {
			t.Helper()
			id := NewSysID()
			s.add("t", map[string]string{"name": "new", "sys_id": id})
			s.keeps = true
			if _, err := sn.Table("t").Delete(t.Context(), record.Record{ID: id}, record.Options{}); err == nil {
				t.Error("a delete that did nothing passed")
			}
		},
		"a write that answers without the key": func(t *testing.T, s *instance, sn *Client) {
			t.Helper()
			s.withheld = map[string]bool{"name": true}
			if _, err := sn.Table("t").Create(t.Context(), record.Write{
				Record: record.Record{Values: map[string]any{"name": "new"}}, LookedUp: true,
			}); err != nil {
				t.Error(err)
			}
			s.withheld = nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, sn := newInstance(t)
			remembering(t, sn)
			happens(t, s, sn)
			if err := sn.Table("t").refuseDuplicate(t.Context(), named("new")); !errors.As(err, new(*record.ExistsError)) {
				t.Errorf("the record is not found: %v", err)
			}
		})
	}
}

// TestForeignWritesSpoilFinds asks again for what a write to another table may have made, and finds no phantom.
func TestForeignWritesSpoilFinds(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	find := func(name string) int {
		found, err := sn.Table("t").Find(t.Context(), record.Match{Values: map[string]string{"name": name}}, nil, 5)
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	for range 3 {
		find("made by a rule")
	}
	if s.asked("t"); find("made by a rule") != 0 || s.asked("t") != 0 {
		t.Error("a snapshot that is seconds old was not used")
	}
	if _, err := sn.Table("other").Create(t.Context(), named("x")); err != nil {
		t.Fatal(err)
	}
	s.add("t", map[string]string{"name": "made by a rule"})
	if find("made by a rule") != 1 {
		t.Error("what another table's rule made is not found")
	}
	// A duplicate that has been deleted since is none.
	remembering(t, sn)
	s.mu.Lock()
	clear(s.tables["t"])
	s.mu.Unlock()
	if err := sn.Table("t").refuseDuplicate(t.Context(), named("made by a rule")); err != nil {
		t.Error(err)
	}
}

// TestWritesDuringTheLoadAreNotLost makes a record after the server has listed the table and before the list is there.
func TestWritesDuringTheLoadAreNotLost(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	var once sync.Once
	s.after = func(method string, asked url.Values) {
		if method == http.MethodGet && asked.Get("sysparm_query") == "ORDERBYsys_id" {
			once.Do(func() {
				if _, err := sn.Table("t").Create(t.Context(), record.Write{
					Record:  record.Record{Values: map[string]any{"name": "meanwhile"}},
					Columns: []string{"name"}, Key: []string{"name"}, LookedUp: true,
				}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	remembering(t, sn)
	if err := sn.Table("t").refuseDuplicate(t.Context(), named("Meanwhile")); !errors.As(err, new(*record.ExistsError)) {
		t.Errorf("the record is not found: %v", err)
	}
}

// TestCanceledLookUpsLeaveTheOthers lets one caller go without taking the others along.
func TestCanceledLookUpsLeaveTheOthers(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	s.add("t", map[string]string{"name": "a"})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	for _, ctx := range []context.Context{gone, t.Context(), gone, t.Context()} {
		wg.Go(func() {
			found, err := sn.Table("t").Find(ctx, record.Match{Values: map[string]string{"name": "a"}}, nil, 5)
			if ctx == gone && !errors.Is(err, context.Canceled) || ctx != gone && (err != nil || len(found) != 1) {
				t.Errorf("found %v, %v", found, err)
			}
		})
	}
	wg.Wait()
}

// TestCanceledLookUpLeavesTheNext does not take the next caller into a group that ended with its only member.
func TestCanceledLookUpLeavesTheNext(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	s.add("t", map[string]string{"name": "a"})
	match := record.Match{Values: map[string]string{"name": "a"}}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sn.Table("t").Find(gone, match, nil, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled look-up ended with %v", err)
	}
	if found, err := sn.Table("t").Find(t.Context(), match, nil, 5); err != nil || len(found) != 1 {
		t.Errorf("the next one found %v: %v", found, err)
	}
}

// TestFold agrees with strings.EqualFold.
func TestFold(t *testing.T) {
	t.Parallel()
	texts := []string{
		"", "k", "K", "\u212a", "s", "S", "\u017f", "ß", "ẞ", "ss", "İ", "i", "I", "ı", "µ", "μ", "Μ", "σ", "ς", "Σ",
		"é", "É",
	}
	for _, a := range texts {
		for _, b := range texts {
			if strings.EqualFold(a, b) != (fold(a) == fold(b)) {
				t.Errorf("%q and %q", a, b)
			}
		}
	}
}

// TestDeletesShareTheirProof destroys 1,000 records of one table with a read for ten of them.
func TestDeletesShareTheirProof(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = NewSysID()
		s.add("t", map[string]string{"sys_id": ids[i], "name": "n"})
	}
	var step sync.WaitGroup
	for start := 0; start < len(ids); start += 10 { // as Terraform does where all answers take as long
		for _, id := range ids[start : start+10] {
			step.Go(func() {
				if _, err := sn.Table("t").Delete(t.Context(), record.Record{ID: id}, record.Options{}); err != nil {
					t.Error(err)
				}
			})
		}
		step.Wait()
	}
	if n := s.asked("t"); n > 150 {
		t.Errorf("%d reads for %d deletes", n, len(ids))
	}
}

// TestLookUpThatWasNotRun reports a look-up whose term the instance dropped: the record that it was to find may be
// behind the end of the page, and a create would make a second one.
func TestLookUpThatWasNotRun(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	s.ignores = true
	for i := range 20 {
		s.add("u_table", map[string]string{"name": fmt.Sprint("other ", i)})
	}
	want := record.Write{Record: record.Record{Values: map[string]any{"name": "one"}}, Key: []string{"name"}}
	var odd *OddListError
	if got, err := sn.Table("u_table").Create(t.Context(), want); !errors.As(err, &odd) {
		t.Errorf("made %v: %v", got, err)
	}
	sn.SingleReads = true
	if got, err := sn.Table("u_table").Create(t.Context(), want); !errors.As(err, &odd) {
		t.Errorf("made %v: %v", got, err)
	}
}

// BenchmarkLookUp looks a key up in a table of 10,000 rows, and BenchmarkOwnWrite lays a write over it.
func BenchmarkLookUp(b *testing.B) {
	k, q := manyKeys(b)
	b.ReportAllocs()
	for b.Loop() {
		if len(k.find(q)) != 1 {
			b.Fatal("not found")
		}
	}
}

func BenchmarkOwnWrite(b *testing.B) {
	k, q := manyKeys(b)
	row := k.find(q)[0]
	b.ReportAllocs()
	for b.Loop() {
		k.put(row)
	}
}

func manyKeys(tb testing.TB) (*keyedRows, *lookUp) {
	tb.Helper()
	rows := make([]record.Record, loadRows)
	for i := range rows {
		rows[i] = record.Record{ID: rowID(i), Values: map[string]any{"name": fmt.Sprintf("Role %d", i)}}
	}
	q, err := newLookUp(record.Match{Values: map[string]string{"name": "ROLE 7777"}}, nil, 5)
	if err != nil {
		tb.Fatal(err)
	}
	k := newKeyedRows(rows, []string{"name"}, 0)
	k.find(q)
	return k, q
}
