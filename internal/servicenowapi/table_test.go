package servicenowapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// scripted is a client of a server that answers as handle says, and a log of its requests.
func scripted(t *testing.T, handle func(w http.ResponseWriter, r *http.Request, body map[string]string)) (
	client *Client, log func() []string,
) {
	t.Helper()
	var mu sync.Mutex
	var requests []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		_ = json.NewDecoder(r.Body).Decode(&body)
		mu.Lock()
		requests = append(requests, r.Method+" "+r.URL.Path)
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		handle(w, r, body)
	}))
	t.Cleanup(server.Close)
	options := rest.DefaultHTTP()
	options.MaxRetries = 0
	client, err := New(rest.Config{
		BaseURL: server.URL, Auth: rest.BasicAuth{Username: "u", Password: "pass"}, HTTP: options,
	})
	if err != nil {
		t.Fatal(err)
	}
	client.Patience, client.SingleReads, client.DuplicateCheck = 100*time.Millisecond, true, false
	return client, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(requests)
	}
}

func answerRows(w http.ResponseWriter, rows ...map[string]string) {
	if rows == nil {
		rows = []map[string]string{}
	}
	w.Header().Set("X-Total-Count", record.Text(int64(len(rows))))
	_ = json.NewEncoder(w).Encode(map[string]any{"result": rows})
}

func answerRow(w http.ResponseWriter, row map[string]string) {
	_ = json.NewEncoder(w).Encode(map[string]any{"result": row})
}

// TestCreateWithoutTheDefaultScope sends a create again without a scope where the instance refuses the one that nobody
// but the provider named, and says where the record went.
func TestCreateWithoutTheDefaultScope(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		configured string
		refusal    int
		landed     string
		sent       []string // the scopes, in order
		warning    string   // empty: the create fails
	}{
		"forbidden":  {"", http.StatusForbidden, "x_app", []string{"global", ""}, "went to the scope x_app"},
		"bad":        {"", http.StatusBadRequest, "", []string{"global", ""}, "went to a scope that it does not report"},
		"configured": {"mine", http.StatusForbidden, "x_app", []string{"mine"}, ""},
		"conflict":   {"", http.StatusConflict, "x_app", []string{"global"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent []string
			client, _ := scripted(t, func(w http.ResponseWriter, r *http.Request, body map[string]string) {
				if r.Method == http.MethodGet {
					answerRows(w)
					return
				}
				scope := r.URL.Query().Get("sysparm_transaction_scope")
				if sent = append(sent, scope); scope != "" {
					refuse(w, test.refusal)
					return
				}
				w.WriteHeader(http.StatusCreated)
				answerRow(w, map[string]string{"sys_id": body["sys_id"], "sys_scope": test.landed})
			})
			got, err := client.Table("c").Create(t.Context(), record.Write{
				Record:  record.Record{Scope: test.configured, Values: map[string]any{"name": "n"}},
				Columns: []string{"name", scopeColumn},
			})
			if !slices.Equal(sent, test.sent) || (err == nil) != (test.warning != "") {
				t.Errorf("sent with the scopes %q: %v", sent, err)
			}
			if warned := strings.Join(got.Warnings, ""); !strings.Contains(warned, test.warning) ||
				(warned == "") != (test.warning == "") {
				t.Errorf("warned %q", warned)
			}
		})
	}
}

// TestChangesWithoutTheScope sends a change again without a scope where the instance refuses the row's own, and keeps
// the first refusal where that is no cure.
func TestChangesWithoutTheScope(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		named, unnamed int
		sent           []string // the scopes of the PATCHes, in order
		fails          string
	}{
		"no scope may be named": {http.StatusForbidden, http.StatusOK, []string{"mine", ""}, ""},
		"a bad request":         {http.StatusBadRequest, http.StatusOK, []string{"mine", ""}, ""},
		"another cause":         {http.StatusForbidden, http.StatusBadRequest, []string{"mine", ""}, "403"},
		"no answer to it":       {http.StatusForbidden, http.StatusConflict, []string{"mine", ""}, "409"},
		"not a matter of scope": {http.StatusConflict, http.StatusOK, []string{"mine"}, "409"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent []string
			client, _ := scripted(t, func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
				if r.Method == http.MethodGet {
					answerRows(w)
					return
				}
				scope, status := r.URL.Query().Get("sysparm_transaction_scope"), test.unnamed
				if sent = append(sent, scope); scope != "" {
					status = test.named
				}
				if status != http.StatusOK {
					refuse(w, status)
					return
				}
				answerRow(w, map[string]string{"sys_id": rowID(1), "sys_mod_count": "4", "name": "new"})
			})
			have := record.Record{ID: rowID(1), Revision: "3", Scope: "mine", Values: map[string]any{"name": "old"}}
			_, err := client.Table("c").Update(t.Context(), have, record.Write{
				Record: record.Record{Values: map[string]any{"name": "new"}}, Columns: []string{"name"},
			})
			updated := slices.Clone(sent)
			sent = nil
			_, derr := client.Table("c").Delete(t.Context(), have, record.Options{})
			for what, got := range map[string]error{"update": err, "delete": derr} {
				if (got == nil) != (test.fails == "") || got != nil && !strings.Contains(got.Error(), test.fails) {
					t.Errorf("%s: %v", what, got)
				}
			}
			if !slices.Equal(updated, test.sent) || !slices.Equal(sent, test.sent) {
				t.Errorf("sent with the scopes %q and %q", updated, sent)
			}
		})
	}
}

// TestLostCreateIsFoundByItsKey finds what an instance that makes its own ids has made of a create whose answer was
// lost: the one row of that natural key that is not older than the create.
func TestLostCreateIsFoundByItsKey(t *testing.T) {
	t.Parallel()
	type made struct {
		id   int
		name string
		ago  time.Duration
		by   string
	}
	for name, test := range map[string]struct {
		rows      []made
		key       []string
		found     string
		want      string
		unchecked bool // no look-up before the create said that there was none
	}{
		"one":             {rows: []made{{1, "n", 0, ""}}, key: []string{"name"}, found: rowID(1)},
		"by an old clock": {rows: []made{{1, "n", time.Hour, "U"}}, key: []string{"name"}, found: rowID(1)},
		"another account's": {
			rows: []made{{1, "n", time.Hour, "b"}}, key: []string{"name"}, want: "may be an older record",
		},
		"old, unchecked": {
			rows: []made{{1, "n", time.Hour, ""}}, key: []string{"name"}, want: "may be an older record", unchecked: true,
		},
		"one and old": {
			rows: []made{{1, "n", time.Hour, ""}, {2, "n", 0, ""}}, key: []string{"name"}, found: rowID(2),
		},
		"another's":       {rows: []made{{1, "m", 0, ""}}, key: []string{"name"}, want: "may or may not"},
		"several":         {rows: []made{{1, "n", 0, ""}, {2, "N", 0, ""}}, key: []string{"name"}, want: rowID(2)},
		"without a key":   {rows: []made{{1, "n", 0, ""}}, want: "sys_created_on>="},
		"none":            {key: []string{"name"}, want: "may or may not"},
		"a key of nobody": {rows: []made{{1, "n", 0, ""}}, key: []string{"nosuch"}, want: "may or may not"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var posted atomic.Bool
			client, log := scripted(t, func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
				switch query := r.URL.Query().Get("sysparm_query"); {
				case r.Method == http.MethodPost:
					posted.Store(true)
					panic(http.ErrAbortHandler)
				case posted.Load() && (strings.HasPrefix(query, "name=") || strings.Contains(query, "sys_created_on")):
					var rows []map[string]string
					for _, row := range test.rows {
						rows = append(rows, map[string]string{
							"sys_id": rowID(row.id), "name": row.name,
							"sys_created_on": time.Now().UTC().Add(-row.ago).Format(record.TimeLayout), "sys_created_by": row.by,
						})
					}
					answerRows(w, rows...)
				default:
					answerRows(w) // the id that the create carried
				}
			})
			client.DuplicateCheck = !test.unchecked
			got, err := client.Table("c").Create(t.Context(), record.Write{
				Record: record.Record{Values: map[string]any{"name": "n"}}, Columns: []string{"name"}, Key: test.key,
				Secrets: map[string]record.Secret{"token": {Value: "s", Send: true}},
			})
			if got.ID != test.found || (err == nil) != (test.want == "") ||
				err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("found %q: %v", got.ID, err)
			}
			if err == nil && !slices.Equal(got.KeptSecrets, []string{"token"}) {
				t.Errorf("kept %v: the create carried the secret", got.KeptSecrets)
			}
			if err != nil && !errors.Is(err, record.ErrOutcomeUnknown) && test.want == "may or may not" {
				t.Errorf("the error is %v", err)
			}
			posts := 0
			for _, request := range log() {
				if strings.HasPrefix(request, "POST") {
					posts++
				}
			}
			if maximum := 2; posts > maximum || (test.key == nil || strings.Contains(test.want, "older")) && posts != 1 {
				t.Errorf("sent %d times", posts)
			}
		})
	}
}

// TestUpdates sends what differs, and trusts no answer that proves nothing.
func TestUpdates(t *testing.T) {
	t.Parallel()
	id := rowID(1)
	have := record.Record{ID: id, Revision: "3", Scope: "mine", Values: map[string]any{"name": "old", "note": "n"}}
	secrets := map[string]record.Secret{"token": {Value: "s", Send: true}}
	known := map[string]record.Secret{"token": {Value: "s"}}
	for name, test := range map[string]struct {
		values   map[string]any
		secrets  map[string]record.Secret
		patch    func(w http.ResponseWriter)
		sent     map[string]string
		requests int
		want     string // the name that the answer holds; empty: it fails
		kept     []string
	}{
		"nothing differs": {map[string]any{"name": "old"}, known, nil, nil, 0, "old", nil},
		"one differs": {map[string]any{"name": "new", "note": "n"}, known, func(w http.ResponseWriter) {
			answerRow(w, map[string]string{"sys_id": id, "sys_mod_count": "4", "name": "new"})
		}, map[string]string{"name": "new"}, 1, "new", nil},
		"a secret": {map[string]any{"name": "old"}, secrets, func(w http.ResponseWriter) {
			answerRow(w, map[string]string{"sys_id": id, "sys_mod_count": "4", "name": "old"})
		}, map[string]string{"token": "s"}, 1, "old", []string{"token"}},
		"an answer that only echoes": {map[string]any{"name": "new"}, nil, func(w http.ResponseWriter) {
			answerRow(w, map[string]string{"sys_id": id, "sys_mod_count": "3", "name": "new"})
		}, map[string]string{"name": "new"}, 2, "stored", nil},
		"an answer of the sys_id alone": {map[string]any{"name": "new"}, nil, func(w http.ResponseWriter) {
			answerRow(w, map[string]string{"sys_id": id})
		}, map[string]string{"name": "new"}, 2, "stored", nil},
		"no answer": {map[string]any{"name": "new"}, nil, func(http.ResponseWriter) {
			panic(http.ErrAbortHandler)
		}, map[string]string{"name": "new"}, 1, "", nil},
		"an answer that is none": {map[string]any{"name": "new"}, nil, func(w http.ResponseWriter) {
			answerRow(w, map[string]string{"name": "new"})
		}, map[string]string{"name": "new"}, 2, "stored", nil},
		"one that is none, to a secret": {map[string]any{"name": "new"}, secrets, func(w http.ResponseWriter) {
			answerRow(w, map[string]string{"name": "new"})
		}, map[string]string{"name": "new", "token": "s"}, 1, "", nil},
		"about another row": {map[string]any{"name": "new"}, nil, func(w http.ResponseWriter) {
			answerRow(w, map[string]string{"sys_id": rowID(2), "sys_mod_count": "4", "name": "new"})
		}, map[string]string{"name": "new"}, 2, "stored", nil},
		"refused": {map[string]any{"name": "new"}, nil, func(w http.ResponseWriter) {
			refuse(w, http.StatusForbidden)
		}, map[string]string{"name": "new"}, 2, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent map[string]string
			client, log := scripted(t, func(w http.ResponseWriter, r *http.Request, body map[string]string) {
				if r.Method == http.MethodGet {
					answerRows(w, map[string]string{"sys_id": id, "sys_mod_count": "4", "name": "stored"})
					return
				}
				if scope := r.URL.Query().Get("sysparm_transaction_scope"); scope != "mine" && sent == nil {
					t.Errorf("sent in the scope %q", scope)
				}
				sent = body
				test.patch(w)
			})
			got, err := client.Table("c").Update(t.Context(), have, record.Write{
				Record: record.Record{Values: test.values}, Columns: []string{"name", "absent"}, Secrets: test.secrets,
			})
			if diff := cmp.Diff(test.sent, sent); diff != "" || len(log()) != test.requests {
				t.Errorf("requests %v, sent (-want +got):\n%s", log(), diff)
			}
			if (err == nil) != (test.want != "") || err == nil && got.Text("name") != test.want {
				t.Errorf("read %v: %v", got.Values, err)
			}
			if !slices.Equal(got.KeptSecrets, test.kept) {
				t.Errorf("kept %v, not %v", got.KeptSecrets, test.kept)
			}
		})
	}
}

// TestUpdateThatCannotBeRead reports both that the answer was none and that the row could not be read.
func TestUpdateThatCannotBeRead(t *testing.T) {
	t.Parallel()
	client, _ := scripted(t, func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
		if r.Method == http.MethodGet {
			refuse(w, http.StatusForbidden)
			return
		}
		answerRow(w, map[string]string{"name": "n"})
	})
	have := record.Record{ID: rowID(1), Values: map[string]any{}}
	want := record.Write{Record: record.Record{Values: map[string]any{"name": "n"}}}
	got, err := client.Table("c").Update(t.Context(), have, want)
	if !errors.Is(err, record.ErrOutcomeUnknown) || !rest.HasStatus(err, http.StatusForbidden) || got.ID != "" {
		t.Errorf("%+v: %v", got, err)
	}
}

// TestWriteAsDisplayed sends secrets alone, with the flag that has the instance hash them.
func TestWriteAsDisplayed(t *testing.T) {
	t.Parallel()
	var sent map[string]string
	status, revision := http.StatusOK, "4"
	client, _ := scripted(t, func(w http.ResponseWriter, r *http.Request, body map[string]string) {
		sent = body
		query := r.URL.Query()
		if r.Method != http.MethodPatch || query.Get("sysparm_input_display_value") != "true" ||
			query.Get("sysparm_transaction_scope") != "mine" && status == http.StatusOK ||
			!strings.HasSuffix(r.URL.Path, "/"+rowID(1)) {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		if status != http.StatusOK {
			refuse(w, status)
			return
		}
		answerRow(w, map[string]string{"sys_id": rowID(1), "name": "n", "sys_mod_count": revision})
	})
	unguarded := record.Options{AllowLockout: true}
	have := record.Record{ID: rowID(1), Scope: "mine", Values: map[string]any{"name": "n"}}
	secrets := map[string]record.Secret{"user_password": {Value: "s", Send: true}}
	got, err := client.Table("sys_user").WriteAsDisplayed(t.Context(), have, []string{"name"}, secrets,
		unguarded)
	if err != nil || got.Text("name") != "n" || !slices.Equal(got.KeptSecrets, []string{"user_password"}) {
		t.Errorf("read %v: %v", got, err)
	}
	if diff := cmp.Diff(map[string]string{"user_password": "s"}, sent); diff != "" {
		t.Error(diff)
	}
	if len(got.Warnings) > 0 {
		t.Errorf("it warns without a reason: %q", got.Warnings)
	}
	have.Revision, revision = "3", "3"
	got, err = client.Table("sys_user").WriteAsDisplayed(t.Context(), have, nil, secrets, unguarded)
	if err != nil || len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "user_password") {
		t.Errorf("a write that moves nothing: %q, %v", got.Warnings, err)
	}
	status = http.StatusForbidden
	if got, err := client.Table("sys_user").WriteAsDisplayed(t.Context(), have, nil, secrets, unguarded); err == nil ||
		len(got.KeptSecrets) > 0 {
		t.Errorf("a refused secret counts as kept: %v", got.KeptSecrets)
	}
}

// TestSecretsThatMoveNothing warns of a secret that an ACL may have dropped: sys_mod_count is all there is to tell.
func TestSecretsThatMoveNothing(t *testing.T) {
	t.Parallel()
	for revision, warned := range map[string]bool{"3": true, "4": false} {
		client, _ := scripted(t, func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
			row := map[string]string{"sys_id": rowID(1), "name": "n", "sys_mod_count": revision}
			if r.Method == http.MethodGet {
				answerRows(w, row)
				return
			}
			answerRow(w, row)
		})
		have := record.Record{ID: rowID(1), Revision: "3", Values: map[string]any{"name": "n"}}
		got, err := client.Table("c").Update(t.Context(), have, record.Write{
			Record: have, Columns: []string{"name"}, Secrets: map[string]record.Secret{"token": {Value: "canary", Send: true}},
		})
		if err != nil || (len(got.Warnings) == 1) != warned || !slices.Equal(got.KeptSecrets, []string{"token"}) ||
			strings.Contains(fmt.Sprint(got.Warnings), "canary") {
			t.Errorf("revision %s: %q, kept %q, %v", revision, got.Warnings, got.KeptSecrets, err)
		}
	}
}

// TestDeletesThatComeLate finds a row gone that the server deletes a moment after its answer.
func TestDeletesThatComeLate(t *testing.T) {
	t.Parallel()
	looks := 0
	client, _ := scripted(t, func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
		switch {
		case r.Method == http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		case looks < 2:
			looks++
			answerRows(w, map[string]string{"sys_id": rowID(1)})
		default:
			answerRows(w)
		}
	})
	if _, err := client.Table("c").Delete(t.Context(), record.Record{ID: rowID(1)}, record.Options{}); err != nil {
		t.Error(err)
	}
}

// TestDeletes counts a row as gone only when that is proven.
func TestDeletes(t *testing.T) {
	t.Parallel()
	gone := func(w http.ResponseWriter) { answerRows(w) }
	there := func(w http.ResponseWriter) { answerRows(w, map[string]string{"sys_id": rowID(1)}) }
	hidden := func(w http.ResponseWriter) {
		w.Header().Set("X-Total-Count", "1")
		_, _ = w.Write([]byte(`{"result":[]}`))
	}
	for name, test := range map[string]struct {
		status int
		look   func(w http.ResponseWriter)
		want   string // empty: it is gone
	}{
		"deleted":            {http.StatusNoContent, gone, ""},
		"gone already":       {http.StatusNotFound, gone, ""},
		"answered, and kept": {http.StatusNoContent, there, "is still there"},
		"hidden":             {http.StatusNotFound, hidden, "may not read"},
		"answered, hidden":   {http.StatusNoContent, hidden, "could not be found out"},
		"not found, there":   {http.StatusNotFound, there, "404"},
		"refused":            {http.StatusForbidden, gone, "403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := scripted(t, func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
				switch {
				case r.Method == http.MethodGet:
					test.look(w)
				case test.status >= http.StatusBadRequest:
					refuse(w, test.status)
				default:
					w.WriteHeader(test.status)
				}
				if r.Method == http.MethodDelete && r.URL.RawQuery != "sysparm_transaction_scope=mine" &&
					test.status != http.StatusForbidden {
					t.Errorf("sent with %s", r.URL.RawQuery)
				}
			})
			_, err := client.Table("c").Delete(t.Context(), record.Record{ID: rowID(1), Scope: "mine"}, record.Options{})
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestValuesOnTheWire reads every shape that a column has, and no row without a sys_id.
func TestValuesOnTheWire(t *testing.T) {
	t.Parallel()
	got, err := newRow(map[string]any{
		"sys_id": "i", "sys_mod_count": json.Number("7"), "owner": map[string]any{"link": "l", "value": "o"},
		"sys_scope": map[string]any{"value": "s"}, "flag": true, "none": nil, "odd": map[string]any{"a": "b"},
	})
	want := record.Record{ID: "i", Revision: "7", Scope: "s", Values: map[string]any{
		"sys_id": "i", "sys_mod_count": "7", "owner": "o", "sys_scope": "s", "flag": "true", "none": "", "odd": `{"a":"b"}`,
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	for _, odd := range []any{nil, "text", []any{}, map[string]any{}, map[string]any{"sys_id": ""}} {
		if _, err := newRow(odd); err == nil {
			t.Errorf("%v is a row", odd)
		}
	}
}

// TestDuplicatesAreRefused names the records that are there already, and asks again before it believes what it
// remembers.
func TestDuplicatesAreRefused(t *testing.T) {
	t.Parallel()
	s, sn := newInstance(t)
	s.add("c", map[string]string{"sys_id": rowID(1), "name": "n"}, map[string]string{"sys_id": rowID(2), "name": "N"})
	create := func(name string, lookedUp bool) error {
		_, err := sn.Table("c").Create(t.Context(), record.Write{
			Record: record.Record{Values: map[string]any{"name": name}}, Key: []string{"name"}, LookedUp: lookedUp,
		})
		return err
	}
	var exists *record.ExistsError
	if err := create("n", false); !errors.As(err, &exists) || !slices.Equal(exists.IDs, []string{rowID(1), rowID(2)}) ||
		exists.Key != `name = "n"` {
		t.Errorf("the error is %v", err)
	}
	if s.writes > 0 {
		t.Error("a duplicate was sent")
	}
	if err := create("n", true); err != nil || s.writes != 1 {
		t.Errorf("a create that was looked up: %v", err)
	}
	s.mu.Lock()
	clear(s.tables["c"]) // somebody has deleted them
	s.mu.Unlock()
	if err := create("n", false); err != nil {
		t.Errorf("refused by a memory: %v", err)
	}
	if err := create("", false); err != nil {
		t.Errorf("a record without a key: %v", err)
	}
	sn.DuplicateCheck = false
	if err := create("n", false); err != nil {
		t.Errorf("without the check: %v", err)
	}
}
