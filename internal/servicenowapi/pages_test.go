package servicenowapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// TestEach reads tables whose rows access control takes out of a page after it was cut.
func TestEach(t *testing.T) {
	t.Parallel()
	odd := func(i int) bool { return i%2 == 1 }
	none := func(int) bool { return false }
	for name, test := range map[string]struct {
		total, limit     int
		most             int // rows at once; 0: no bound
		hidden           func(int) bool
		rows, hiddenRows int
		requests         int
	}{
		"empty":                     {0, 0, 0, none, 0, 0, 1},
		"one page":                  {1000, 0, 0, none, 1000, 0, 1},
		"three pages":               {2500, 0, 0, none, 2500, 0, 3},
		"half of each hidden":       {2500, 0, 0, odd, 1250, 1250, 4},
		"all hidden":                {2500, 0, 0, func(int) bool { return true }, 0, 2500, 3},
		"limit":                     {2500, 10, 0, none, 10, 0, 1},
		"limit beyond hidden rows":  {2500, 1, 0, func(i int) bool { return i < 1500 }, 1, 1500, 3},
		"limit over a page":         {2500, 1500, 0, none, 1500, 0, 2},
		"limit above what there is": {5, 10, 0, none, 5, 0, 1},
		"few at once":               {1100, 0, 250, none, 1100, 0, 5},
		"few at once, one page":     {600, 0, 250, none, 600, 0, 3},
		"few at once, limit":        {1100, 600, 250, none, 600, 0, 3},
		"few at once, some hidden":  {600, 0, 250, func(i int) bool { return i%50 == 7 }, 588, 12, 4},
		"few of many, some hidden":  {3000, 0, 250, func(i int) bool { return i%50 == 7 }, 2940, 60, 14},
		"last half hidden":          {600, 0, 0, func(i int) bool { return i >= 300 }, 300, 300, 2},
		"last page cut by hidden":   {1600, 0, 0, func(i int) bool { return i >= 1300 }, 1300, 300, 3},
		"first rows alone visible":  {2500, 0, 0, func(i int) bool { return i >= 3 && i < 1000 }, 1503, 997, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				offset, _ := strconv.Atoi(r.URL.Query().Get("sysparm_offset"))
				size, _ := strconv.Atoi(r.URL.Query().Get("sysparm_limit"))
				if test.most > 0 {
					size = min(size, test.most)
				}
				page := []map[string]string{}
				for i := offset; i < min(offset+size, test.total); i++ {
					if !test.hidden(i) {
						page = append(page, map[string]string{"sys_id": fmt.Sprintf("%032x", i)})
					}
				}
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("X-Total-Count", strconv.Itoa(test.total))
				_ = json.NewEncoder(w).Encode(map[string]any{"result": page})
			}))
			t.Cleanup(server.Close)
			sn, err := New(
				rest.Config{
					BaseURL: server.URL,
					Auth:    rest.BasicAuth{Username: "a", Password: "b"},
					HTTP:    rest.DefaultHTTP(),
				},
			)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			hidden, err := sn.Table("x").Each(t.Context(), "", nil, test.limit, func(r record.Record) error {
				seen[r.ID] = true
				return nil
			})
			if err != nil || len(seen) != test.rows || requests != test.requests {
				t.Errorf("%d rows in %d requests, error %v", len(seen), requests, err)
			}
			if hidden != test.hiddenRows && (test.limit == 0 || test.hiddenRows == 0) {
				t.Errorf("%d rows count as hidden, not %d", hidden, test.hiddenRows)
			}
		})
	}
}

// TestEachRefusesLists that cannot be true: of a server that repeats a page, whatever is asked for, or counts less than
// it lists.
func TestEachRefusesLists(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		total, rows int
		want        string
	}{
		"the offset counts for nothing": {3000, 1000, "repeats the one before"},
		"more than counted":             {10, 1000, "counts 10 records (X-Total-Count) and lists 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page := make([]map[string]string, test.rows)
			for i := range page {
				page[i] = map[string]string{"sys_id": fmt.Sprintf("%032x", i)}
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("X-Total-Count", strconv.Itoa(test.total))
				_ = json.NewEncoder(w).Encode(map[string]any{"result": page})
			}))
			t.Cleanup(server.Close)
			sn, err := New(rest.Config{
				BaseURL: server.URL, Auth: rest.BasicAuth{Username: "a", Password: "b"}, HTTP: rest.DefaultHTTP(),
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = sn.Table("x").Each(t.Context(), "", nil, 0, func(record.Record) error { return nil })
			var odd *OddListError
			if !errors.As(err, &odd) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestEachStops ends at the first error of the one who reads.
func TestEachStops(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Total-Count", "5000")
		_, _ = w.Write([]byte(`{"result":[{"sys_id":"1"},{"sys_id":"2"}]}`))
	}))
	t.Cleanup(server.Close)
	sn, err := New(
		rest.Config{BaseURL: server.URL, Auth: rest.BasicAuth{Username: "a", Password: "b"}, HTTP: rest.DefaultHTTP()},
	)
	if err != nil {
		t.Fatal(err)
	}
	stop, seen := errors.New("enough"), 0
	_, err = sn.Table("x").Each(t.Context(), "", nil, 0, func(record.Record) error {
		seen++
		return stop
	})
	if !errors.Is(err, stop) || seen != 1 {
		t.Errorf("%d rows were read, error %v", seen, err)
	}
}
