package servicenowapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
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
		hidden           func(int) bool
		rows, hiddenRows int
		requests         int
	}{
		"empty":                     {0, 0, none, 0, 0, 1},
		"one page":                  {1000, 0, none, 1000, 0, 1},
		"three pages":               {2500, 0, none, 2500, 0, 3},
		"half of each hidden":       {2500, 0, odd, 1250, 1250, 3},
		"all hidden":                {2500, 0, func(int) bool { return true }, 0, 2500, 3},
		"limit":                     {2500, 10, none, 10, 0, 1},
		"limit beyond hidden rows":  {2500, 1, func(i int) bool { return i < 1500 }, 1, 1500, 3},
		"limit over a page":         {2500, 1500, none, 1500, 0, 2},
		"limit above what there is": {5, 10, none, 5, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				offset, _ := strconv.Atoi(r.URL.Query().Get("sysparm_offset"))
				size, _ := strconv.Atoi(r.URL.Query().Get("sysparm_limit"))
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
			if test.limit == 0 && hidden != test.hiddenRows {
				t.Errorf("%d rows count as hidden, not %d", hidden, test.hiddenRows)
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
