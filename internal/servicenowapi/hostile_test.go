package servicenowapi_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// hostile is a client of an instance that answers as handle says.
func hostile(tb testing.TB, handle http.HandlerFunc) *servicenowapi.Client {
	tb.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		handle(w, r)
	}))
	tb.Cleanup(server.Close)
	http := rest.DefaultHTTP()
	http.MaxRetries = 0
	client, err := servicenowapi.New(rest.Config{
		BaseURL: server.URL, Auth: rest.BasicAuth{Username: "u", Password: "a password"}, HTTP: http,
	})
	if err != nil {
		tb.Fatal(err)
	}
	client.Patience = 50 * time.Millisecond
	return client
}

// TestNotFoundOfAListProvesNothing holds that a 404 to a list is about the table, and takes no record of it for gone.
func TestNotFoundOfAListProvesNothing(t *testing.T) {
	t.Parallel()
	for _, single := range []bool{false, true} {
		client := hostile(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"error":{"message":"No Record found","detail":""},"status":"failure"}`)
		})
		client.SingleReads = single
		have := record.Record{ID: servicenowapi.NewSysID()}
		_, err := client.Table("sys_user").Read(t.Context(), have, nil)
		if err == nil || errors.Is(err, record.ErrNotFound) || !rest.HasStatus(err, http.StatusNotFound) {
			t.Errorf("reading: %v", err)
		}
		if _, err := client.Table("sys_user").Delete(t.Context(), have, record.Options{}); err == nil {
			t.Error("a delete that nothing proves succeeded")
		}
	}
}

// TestOneOddListFailsNoDelete holds that one odd list after a delete is asked for again: five deletes that it leaves
// unproven would look like five records that vanished, and need accept_vanished.
func TestOneOddListFailsNoDelete(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]string{
		"an empty object": `{}`, "not JSON": `<html>`, "a hidden row": `{"result":[]}`,
	} {
		looks := 0
		client := hostile(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			if looks++; looks == 1 {
				w.Header().Set("X-Total-Count", "1")
				_, _ = io.WriteString(w, odd)
				return
			}
			w.Header().Set("X-Total-Count", "0")
			_, _ = io.WriteString(w, `{"result":[]}`)
		})
		have := record.Record{ID: servicenowapi.NewSysID()}
		if _, err := client.Table("sys_cors_rule").Delete(t.Context(), have, record.Options{}); err != nil || looks != 2 {
			t.Errorf("%s: looked %d times: %v", name, looks, err)
		}
	}
}

// TestRefusedLookSendsNoSecondCreate holds that a 403 met while a lost create is looked for does not count as a refusal
// of the scope, for which a create is sent again without one.
func TestRefusedLookSendsNoSecondCreate(t *testing.T) {
	t.Parallel()
	sent := 0
	client := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			sent++
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"error":{"message":"no","detail":"no"},"status":"failure"}`)
	})
	client.DuplicateCheck = false
	_, err := client.Table("sys_cors_rule").Create(t.Context(), record.Write{
		Record: record.Record{Values: map[string]any{"name": "n"}}, Columns: []string{"sys_scope"},
		Key: []string{"name"},
	})
	if !errors.Is(err, record.ErrOutcomeUnknown) || sent != 1 {
		t.Errorf("%d creates were sent, and the error is %v", sent, err)
	}
}

// TestCreateAnsweredWithAnotherRecord holds that an id other than the one sent is believed only once its row was seen.
func TestCreateAnsweredWithAnotherRecord(t *testing.T) {
	t.Parallel()
	made := ""
	client := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Total-Count", "0")
		switch query := r.URL.Query().Get("sysparm_query"); {
		case r.Method == http.MethodPost:
			body, _ := io.ReadAll(r.Body)
			made = strings.Split(string(body), `"sys_id":"`)[1][:32]
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"result":{"sys_id":"f0e1d2c3b4a5968778695a4b3c2d1e0f"}}`)
		case made != "" && strings.Contains(query, made):
			w.Header().Set("X-Total-Count", "1")
			_, _ = fmt.Fprintf(w, `{"result":[{"sys_id":%q}]}`, made)
		default:
			_, _ = io.WriteString(w, `{"result":[]}`)
		}
	})
	got, err := client.Table("sys_user").Create(t.Context(), record.Write{
		Record: record.Record{Values: map[string]any{"user_name": "n"}}, Key: []string{"user_name"},
	})
	if err != nil || got.ID != made {
		t.Errorf("got %q, %v; the instance made %q", got.ID, err, made)
	}
}

// FuzzList holds that no answer to a list makes a record that is there gone, or panics.
func FuzzList(f *testing.F) {
	for _, body := range []string{
		`{"result":[]}`, `{"result":null}`, `{}`, `null`, ``, `[]`, `{"result":[null]}`,
		`{"result":[7]}`, `{"result":{}}`,
		`{"result":[{"sys_id":"a"}]}`, `{"result":[{"sys_id":{"value":"a"}}]}`,
		`{"result":[{"sys_id":["a"]}]}`, `{"result":[`,
		`{"result":[{"sys_id":"0123456789abcdef0123456789abcdef","sys_mod_count":{"link":1}}]} trailing`,
	} {
		f.Add(body, "1")
		f.Add(body, "")
		f.Add(body, "-1")
	}
	var body, count string
	client := hostile(f, func(w http.ResponseWriter, _ *http.Request) {
		if count != "" {
			w.Header().Set("X-Total-Count", count)
		}
		_, _ = io.WriteString(w, body)
	})
	client.SingleReads = true
	const id = "0123456789abcdef0123456789abcdef"
	f.Fuzz(func(t *testing.T, answer, total string) {
		body, count = answer, strings.Map(func(r rune) rune {
			if r < ' ' || r > '~' {
				return -1
			}
			return r
		}, total)
		got, err := client.Table("sys_user").Read(t.Context(), record.Record{ID: id}, []string{"name"})
		switch {
		case err == nil && got.ID != id:
			t.Errorf("%q is not what was asked for", got.ID)
		case errors.Is(err, record.ErrNotFound) && strings.TrimSpace(count) != "0" && strings.TrimLeft(count, "+-0") != "":
			t.Errorf("gone by %s with the count %q", body, count)
		}
	})
}

// FuzzQueryable holds that no value that may stand in a query adds a condition to it.
func FuzzQueryable(f *testing.F) {
	for _, value := range []string{"a", "a^ORb", "javascript:gs.x()", " JavaScript:", "", "^", "a=b"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		err := servicenowapi.Queryable(value)
		evil := strings.Contains(value,
			"^") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(value)), "javascript:")
		if (err != nil) != evil {
			t.Errorf("%q: %v", value, err)
		}
	})
}
