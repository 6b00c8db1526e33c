package servicenow

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// TestRecordKeepsWhatAWriteCameTo returns the answer of a write although the read that completes it fails.
func TestRecordKeepsWhatAWriteCameTo(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":{"message":"Not now","detail":""},"status":"failure"}`))
			return
		}
		_, _ = w.Write([]byte(`{"result":{"sys_id":"0123456789abcdef0123456789abcdef","sys_mod_count":"2","name":"new"}}`))
	}))
	t.Cleanup(server.Close)
	sn, err := servicenowapi.New(rest.Config{
		BaseURL: server.URL, Auth: rest.BasicAuth{Username: "u", Password: "pass"}, HTTP: rest.DefaultHTTP(),
	})
	if err != nil {
		t.Fatal(err)
	}
	have := record.Record{
		ID: "0123456789abcdef0123456789abcdef", Table: "u_thing", Revision: "1",
		Values: map[string]any{"name": "old", "state": ""},
	}
	want := have
	want.Values = map[string]any{"name": "new"}
	got, err := recordStore{sn}.Update(t.Context(), have, record.Write{Record: want, Columns: []string{"name", "state"}})
	if err == nil || got.ID != have.ID || got.Text("name") != "new" {
		t.Errorf("the write came to %+v, %v", got, err)
	}
}

func TestAfterLogin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status  int
		message string
		want    bool
	}{
		{200, "", true},
		{200, "a page", false},
		{302, "a page", false},
		{400, "no such table", true},
		{401, "", false},
		{403, "ACL", true},
		{404, "none", true},
		{429, "too many", false},
		{500, "script", true},
		{503, "hibernating", false},
	} {
		if got := afterLogin(test.status, test.message); got != test.want {
			t.Errorf("status %d, %q: %t", test.status, test.message, got)
		}
	}
}
