package servicenow_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		servicenow.New(servicenow.Options{})
	}
}

// BenchmarkList asks a table of 30,000 rows for what a refresh asks for.
func BenchmarkList(b *testing.B) {
	server := servicenow.New(servicenow.Options{})
	var ids []string
	for i := range 30000 {
		id, err := server.Insert("sys_user_group", servicenow.Record{"name": fmt.Sprintf("group %d", i)})
		if err != nil {
			b.Fatal(err)
		}
		ids = append(ids, id)
	}
	for name, target := range map[string]string{
		"100ids":    "?sysparm_query=sys_idIN" + strings.Join(ids[15000:15100], ","),
		"ByName":    "?sysparm_query=name=group+15000",
		"Page1000":  "?sysparm_query=ORDERBYsys_id&sysparm_limit=1000&sysparm_offset=10000",
		"PageOf1":   "?sysparm_limit=1",
		"OneRecord": "/" + ids[15000],
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				request := httptest.NewRequestWithContext(b.Context(), http.MethodGet, table+"sys_user_group"+target,
					nil)
				request.SetBasicAuth("admin", "admin")
				recorder := httptest.NewRecorder()
				server.ServeHTTP(recorder, request)
				if recorder.Code != http.StatusOK {
					b.Fatal(recorder.Body.String())
				}
			}
		})
	}
}

// FuzzQuery looks for a query that breaks the parser or finds rows that a narrower one would not.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"name=a^ORname=b^NQactive=true^ORDERBYname", "nameINa,b,,^", "^OR^NQ^EQ",
		"manager.manager.nameLIKEx",
		"nameBETWEENa@", "sys_idIN", "sys_created_onON2026-01-01", "ORDERBYDESC", "=x",
		"name=javascript:gs.getUserID()",
	} {
		f.Add(seed)
	}
	server := servicenow.New(servicenow.Options{})
	for _, name := range []string{"a", "b", ""} {
		if _, err := server.Insert("sys_user_group", servicenow.Record{"name": name}); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, query string) {
		if found := server.Records("sys_user_group", query); len(found) > 3 {
			t.Errorf("%d rows of 3", len(found))
		}
		if narrowed := server.Records("sys_user_group", query+"^sys_id=none"); !strings.Contains(query, "^NQ") &&
			!strings.Contains(query, "^OR") && len(narrowed) > 0 {
			t.Errorf("%d rows without an id", len(narrowed))
		}
	})
}
