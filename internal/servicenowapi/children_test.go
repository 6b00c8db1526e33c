package servicenowapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// families fills the table c with three children for each of n parents, and returns the parents.
func families(s *instance, n int) []string {
	parents := make([]string, n)
	for i := range parents {
		parents[i] = rowID(i)
		for child := range 3 {
			s.add("c", map[string]string{"parent": parents[i], "value": fmt.Sprint(child)})
		}
	}
	return parents
}

// TestChildrenWithoutCounts takes a list whose length the instance does not confirm for no proof that rows are missing.
func TestChildrenWithoutCounts(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	parents := families(s, 3)
	s.uncounted = true
	var odd *OddListError
	if rows, err := sn.Table("c").Children(t.Context(), "parent", parents[0], []string{"value"}); !errors.As(err, &odd) {
		t.Errorf("read %v: %v", rows, err)
	}
}

// TestChildrenAreJoined reads the rows of 200 parents with a few requests, each with its own, and what proves nothing
// with a request of its own.
func TestChildrenAreJoined(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		prepare  func(s *instance, sn *Client)
		requests int // at most
	}{
		"as it is": {func(*instance, *Client) {}, 3},
		"a large table": {func(s *instance, _ *Client) {
			for range loadRows {
				s.add("c", map[string]string{"parent": "other"})
			}
		}, 60},
		"queries ignored": {func(s *instance, _ *Client) { s.ignores = true }, 203},
		"single":          {func(_ *instance, sn *Client) { sn.SingleReads = true }, 200},
		"one hidden": {func(s *instance, _ *Client) {
			id := NewSysID()
			s.add("c", map[string]string{"sys_id": id, "parent": rowID(7)})
			s.hidden = map[string]bool{id: true}
		}, 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, sn := newInstance(t)
			parents := families(s, 200)
			test.prepare(s, sn)
			atOnce(len(parents), func(i int) {
				rows, err := sn.Table("c").Children(t.Context(), "parent", parents[i], []string{"value"})
				if name == "without counts" {
					if !errors.As(err, new(*OddListError)) {
						t.Errorf("a list that is not counted: %v, %v", rows, err)
					}
					return
				}
				if name == "one hidden" && i == 7 {
					if !errors.Is(err, record.ErrHidden) {
						t.Errorf("the parent of a hidden row: %v, %v", rows, err)
					}
					return
				}
				values := map[string]bool{}
				for _, row := range rows {
					values[row.Text("value")] = row.Text("parent") == parents[i]
				}
				if err != nil || len(rows) != 3 || !maps.Equal(values, map[string]bool{"0": true, "1": true, "2": true}) {
					t.Errorf("parent %d: %v, %v", i, rows, err)
				}
			})
			if n := s.asked("c"); n > test.requests || n == 0 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// TestChildrenAreReadAfterWrites takes nothing from before a write, whichever its table, and no row that a caller
// changed.
func TestChildrenAreReadAfterWrites(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	parent := families(s, 5)[2]
	read := func() []record.Record {
		rows, err := sn.Table("c").Children(t.Context(), "parent", parent, []string{"value"})
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	for range 3 {
		for _, row := range read() {
			row.Values["value"] = "changed by its reader"
		}
	}
	s.asked("c")
	rows := read()
	if s.asked("c") != 0 || slices.ContainsFunc(rows, func(r record.Record) bool { return len(r.Text("value")) > 1 }) {
		t.Errorf("read %v", rows)
	}
	if _, err := sn.Table("other").Create(t.Context(), named("x")); err != nil {
		t.Fatal(err)
	}
	s.add("c", map[string]string{"parent": parent, "value": "made by a rule"})
	if rows := read(); len(rows) != 4 {
		t.Errorf("read %v", rows)
	}
}

// TestChildrenOfNobody finds none, and lets a canceled caller go alone.
func TestChildrenOfNobody(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	families(s, 3)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	for _, parent := range []string{rowID(99), rowID(1), "", "a,b", "a^ORparentISNOTEMPTY"} {
		wg.Go(func() {
			rows, err := sn.Table("c").Children(t.Context(), "parent", parent, nil)
			refused, want := strings.Contains(parent, "^"), map[string]int{rowID(1): 3}[parent]
			if len(rows) != want || (err != nil) != refused {
				t.Errorf("children of %q: %v, %v", parent, rows, err)
			}
		})
		wg.Go(func() {
			if _, err := sn.Table("c").Children(gone, "parent", parent, nil); err == nil {
				t.Errorf("a canceled read of %q passed", parent)
			}
		})
	}
	wg.Wait()
}

// TestListsColumn asks the dictionary once for each column, and again after a failure.
func TestListsColumn(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	s.add("sys_dictionary", map[string]string{"name": "t", "element": "there"})
	s.refuses = "t"
	if _, err := sn.ListsColumn(t.Context(), "t", "there"); err == nil {
		t.Error("a refusal passed")
	}
	s.mu.Lock()
	s.refuses = ""
	s.mu.Unlock()
	s.asked("sys_dictionary")
	var wg sync.WaitGroup
	for range 10 {
		for _, column := range []string{"there", "missing"} {
			wg.Go(func() {
				if there, err := sn.ListsColumn(t.Context(), "t", column); err != nil || there != (column == "there") {
					t.Errorf("%s: %v, %v", column, there, err)
				}
			})
		}
	}
	wg.Wait()
	if n := s.asked("sys_dictionary"); n > 2 {
		t.Errorf("%d requests", n)
	}
}
