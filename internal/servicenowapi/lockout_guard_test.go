package servicenowapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// simulated is a client of a simulated instance, which enforces its access policies.
func simulated(tb rapid.TB, wrap func(http.Handler) http.Handler) (*servicenow.Server, *Client, func()) {
	tb.Helper()
	server := servicenow.New(servicenow.Options{Apps: []string{}})
	var handler http.Handler = server
	if wrap != nil {
		handler = wrap(server)
	}
	listener := httptest.NewServer(handler)
	options := rest.DefaultHTTP()
	options.MaxRetries = 0
	client, err := New(rest.Config{
		BaseURL: listener.URL, HTTP: options,
		Auth: rest.BasicAuth{Username: server.AdminUser(), Password: server.AdminPassword()},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return server, client, func() {
		client.endpoint.Close()
		listener.Close()
	}
}

func put(tb rapid.TB, server *servicenow.Server, table string, values servicenow.Record) string {
	tb.Helper()
	id, err := server.Insert(table, values)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// guarded is an instance whose one policy on the Table API maps the profiles named, of the types named.
func guarded(tb rapid.TB, server *servicenow.Server, profiles ...string) (policy string, ids []string) {
	tb.Helper()
	policy = put(tb, server, policyTable, servicenow.Record{
		"name": "Tables", "api": servicenow.TableAPI, "apply_all_methods": "true", "active": "false",
	})
	for i, kind := range profiles {
		id := put(tb, server, standardProfileTable, servicenow.Record{"name": fmt.Sprint(kind, i), "type": kind})
		put(tb, server, mappingTable, servicenow.Record{"api_access_policy": policy, "inbound_auth_profile": id})
		ids = append(ids, id)
	}
	if err := server.Set(policyTable, policy, servicenow.Record{"active": "true"}); err != nil {
		tb.Fatal(err)
	}
	return policy, ids
}

func refused(err error) bool {
	var lockout *LockoutError
	return errors.As(err, &lockout)
}

// getsIn reports whether the instance still lets the client into the Table API.
func getsIn(ctx context.Context, client *Client) bool {
	_, err := client.Table("sys_user").Query(ctx, "", nil, 1)
	return err == nil
}

// TestGuardedWrites refuses what would shut the own method out, before it is sent, and lets everything else through.
func TestGuardedWrites(t *testing.T) {
	t.Parallel()
	server, client, end := simulated(t, nil)
	t.Cleanup(end)
	policy, ids := guarded(t, server, "basic_auth", "oauth")
	basic, oauth := ids[0], ids[1]
	ctx := t.Context()
	update := func(table, id, column, value string, options record.Options) error {
		want := record.Write{Record: record.Record{Values: map[string]any{column: value}}, Options: options}
		_, err := client.Table(table).Update(ctx, record.Record{ID: id, Values: map[string]any{}}, want)
		return err
	}
	remove := func(table, id string) error {
		_, err := client.Table(table).Delete(ctx, record.Record{ID: id}, record.Options{})
		return err
	}
	for name, err := range map[string]error{
		"the profile deleted":      remove(standardProfileTable, basic),
		"the profile switched off": update(standardProfileTable, basic, "active", "false", record.Options{}),
		"its type changed":         update(standardProfileTable, basic, "type", "oauth", record.Options{}),
		"by its base table":        remove("inbound_auth_profile", basic),
	} {
		if !refused(err) || !strings.Contains(err.Error(), "allow_lockout") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, request := range server.Requests() {
		if request.Method != http.MethodGet {
			t.Errorf("sent %s %s", request.Method, request.Path)
		}
	}
	refusal := client.CheckLockout(ctx, []RowChange{{Table: standardProfileTable, ID: basic, Deleted: true}})
	if !refused(refusal) {
		t.Errorf("a plan reports %v", refusal)
	}
	server.ForgetRequests()
	if err := client.CheckLockout(ctx, []RowChange{{Table: "sys_user", Deleted: true}}); err != nil ||
		len(server.Requests()) > 0 {
		t.Errorf("a plan of something else looks: %v", err)
	}
	// The guard is free again after a refusal, for what matters and for what does not.
	for name, err := range map[string]error{
		"another method's profile": remove(standardProfileTable, oauth),
		"a name":                   update(standardProfileTable, basic, "name", "other", record.Options{}),
		"a policy's method":        update(policyTable, policy, "apply_all_methods", "true", record.Options{}),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !getsIn(ctx, client) {
		t.Fatal("locked out")
	}
	if err := update(standardProfileTable, basic, "type", "oauth", record.Options{AllowLockout: true}); refused(err) {
		t.Errorf("a permitted lock-out is refused: %v", err)
	}
	if getsIn(ctx, client) {
		t.Error("a lock-out that is permitted was not sent")
	}
}

// TestGuardOfWritesAtOnce lets only one of two writes through that are harmless each, and shut us out together.
func TestGuardOfWritesAtOnce(t *testing.T) {
	t.Parallel()
	server, client, end := simulated(t, nil)
	t.Cleanup(end)
	_, ids := guarded(t, server, "basic_auth", "basic_auth", "basic_auth")
	results := make(chan error, len(ids))
	for _, id := range ids {
		go func() {
			_, err := client.Table(standardProfileTable).Delete(t.Context(), record.Record{ID: id}, record.Options{})
			results <- err
		}()
	}
	stopped := 0
	for range ids {
		switch err := <-results; {
		case refused(err):
			stopped++
		case err != nil:
			t.Error(err)
		}
	}
	if stopped != 1 || !getsIn(t.Context(), client) {
		t.Errorf("%d of %d deletes were refused", stopped, len(ids))
	}
}

// TestGuardWaitsForWritesUnderWay decides about a write that matters only when those under way that do not are done:
// what they change counts.
func TestGuardWaitsForWritesUnderWay(t *testing.T) {
	t.Parallel()
	server, client, end := simulated(t, nil)
	t.Cleanup(end)
	policy, ids := guarded(t, server, "basic_auth", "basic_auth")
	unmapped := put(t, server, standardProfileTable, servicenow.Record{"name": "unmapped", "type": "basic_auth"})
	deletion := func(id string) []RowChange {
		return []RowChange{{Table: standardProfileTable, ID: id, Deleted: true}}
	}
	began, finish, decided := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() { // it deletes what nothing maps, and meanwhile somebody takes one of the two mapped ones away
		_ = client.Guarded(t.Context(), record.Options{}, deletion(unmapped), func(context.Context) error {
			close(began)
			<-finish
			return server.Delete(standardProfileTable, ids[0])
		})
	}()
	<-began
	go func() {
		decided <- client.Guarded(t.Context(), record.Options{}, deletion(ids[1]), func(context.Context) error { return nil })
	}()
	select {
	case err := <-decided:
		t.Fatalf("decided while a write was under way: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := client.CheckLockout(canceled, deletion(policy)); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled plan goes on: %v", err)
	}
	err := client.Guarded(canceled, record.Options{}, deletion(ids[1]), func(context.Context) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled write goes on: %v", err)
	}
	close(finish)
	if err := <-decided; !refused(err) {
		t.Errorf("what changed meanwhile does not count: %v", err)
	}
}

// TestGuardForgetsFailedWrites does not count on what a write would have come to that the instance refused.
func TestGuardForgetsFailedWrites(t *testing.T) {
	t.Parallel()
	server, client, end := simulated(t, nil)
	t.Cleanup(end)
	_, ids := guarded(t, server, "basic_auth", "basic_auth")
	if err := server.Set(standardProfileTable, ids[1], servicenow.Record{"active": "false"}); err != nil {
		t.Fatal(err)
	}
	table := client.Table(standardProfileTable)
	server.AbortWrites(standardProfileTable, "Frozen", "update")
	on := record.Write{Record: record.Record{Values: map[string]any{"active": "true"}}}
	have := record.Record{ID: ids[1], Values: map[string]any{"active": "false"}}
	if _, err := table.Update(t.Context(), have, on); !rest.HasStatus(err, http.StatusForbidden) {
		t.Fatalf("the instance refuses no write: %v", err)
	}
	if _, err := table.Delete(t.Context(), record.Record{ID: ids[0]}, record.Options{}); !refused(err) {
		t.Errorf("the guard counts on a profile that was never switched on: %v", err)
	}
	server.AbortWrites(standardProfileTable, "")
	if _, err := table.Update(t.Context(), have, on); err != nil {
		t.Fatal(err)
	}
	if _, err := table.Delete(t.Context(), record.Record{ID: ids[0]}, record.Options{}); err != nil {
		t.Errorf("the guard does not count on a profile that was switched on: %v", err)
	}
}

// TestGuardThatCannotLook sends nothing where the tables that decide cannot be read, and takes a table that the
// instance does not have for empty.
func TestGuardThatCannotLook(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		answer string
		table  string
		want   string // empty: the write goes through
	}{
		"forbidden": {
			http.StatusForbidden, `{"error":{"message":"no","detail":""},"status":"failure"}`, policyTable,
			"may not read sys_api",
		},
		"broken":  {http.StatusBadGateway, `<html>`, mappingTable, "could not be seen"},
		"missing": {http.StatusBadRequest, `{"error":{"message":"Invalid table x","detail":null}}`, keyProfileTable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int32
			server, client, end := simulated(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method != http.MethodGet {
						sent.Add(1)
					}
					if r.URL.Path == "/api/now/table/"+test.table {
						w.Header().Set("Content-Type", "application/json")
						w.WriteHeader(test.status)
						_, _ = w.Write([]byte(test.answer))
						return
					}
					next.ServeHTTP(w, r)
				})
			})
			t.Cleanup(end)
			_, ids := guarded(t, server, "basic_auth", "basic_auth")
			_, err := client.Table(standardProfileTable).Delete(t.Context(), record.Record{ID: ids[0]}, record.Options{})
			if test.want == "" {
				if err != nil || sent.Load() != 1 {
					t.Errorf("%d writes were sent: %v", sent.Load(), err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || refused(err) || sent.Load() > 0 {
				t.Errorf("%d writes were sent: %v", sent.Load(), err)
			}
		})
	}
	t.Run("hidden rows", func(t *testing.T) {
		t.Parallel()
		server, client, end := simulated(t, nil)
		t.Cleanup(end)
		policy, ids := guarded(t, server, "basic_auth", "basic_auth")
		server.Hide(policy, true)
		_, err := client.Table(standardProfileTable).Delete(t.Context(), record.Record{ID: ids[0]}, record.Options{})
		if !errors.Is(err, record.ErrHidden) || !strings.Contains(err.Error(), "allow_lockout") {
			t.Errorf("the error is %v", err)
		}
	})
}

// TestGuardOfUnknownAPIs refuses a policy on an API that may be the Table API, and not one on an API that is known to
// be another.
func TestGuardOfUnknownAPIs(t *testing.T) {
	t.Parallel()
	const scripted, listed = "5c10000000000000000000000000000a", "5c10000000000000000000000000000b"
	server, client, end := simulated(t, nil)
	t.Cleanup(end)
	put(t, server, "sys_ws_definition", servicenow.Record{
		"sys_id": scripted, "name": "Mine", "service_id": "mine", "base_uri": "/x/mine",
	})
	put(t, server, "sys_ws_definition", servicenow.Record{
		"sys_id": listed, "name": "Table API", "service_id": "table", "base_uri": "/api/now/table",
	})
	key := put(t, server, keyProfileTable, servicenow.Record{"name": "key"})
	other := put(t, server, "sys_choice", servicenow.Record{
		"name": policyTable, "element": "api", "value": NewSysID(), "label": "Other API [now/other]",
	})
	row, _ := server.Record("sys_choice", other)
	for name, test := range map[string]struct {
		api     string
		refused bool
	}{
		"the Table API":          {servicenow.TableAPI, true},
		"told by a choice":       {row["value"], false},
		"a scripted one":         {scripted, false},
		"listed among these":     {listed, true},
		"told by nothing":        {NewSysID(), true},
		"told by nothing, again": {NewSysID(), true},
	} {
		err := client.CheckLockout(t.Context(), []RowChange{{
			Table: policyTable, ID: NewSysID(), New: true, Profiles: []string{key},
			Values: map[string]any{"name": "p", "active": "true", "api": test.api, "apply_all_methods": "true"},
		}})
		if refused(err) != test.refused || err != nil && !refused(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGuardNeverLocksOut makes random writes through the guard, to policies, mappings and profiles of each kind: the
// connection always gets in afterwards.
func TestGuardNeverLocksOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		server, client, end := simulated(t, nil)
		defer end()
		client.DuplicateCheck = false
		ctx := t.Context()
		flag := rapid.SampledFrom([]string{"true", "false"})
		draw := map[string]func(label string) map[string]any{
			policyTable: func(label string) map[string]any {
				return map[string]any{
					"name": label, "api": servicenow.TableAPI, "active": flag.Draw(t, "active"),
					"apply_all_methods":   flag.Draw(t, "all methods"),
					"http_method":         rapid.SampledFrom([]string{"", "GET", "PATCH", "get"}).Draw(t, "method"),
					"apply_all_resources": "true", "apply_all_versions": "true",
					"apply_all_tables": flag.Draw(t, "all tables"),
					"api_tablename":    rapid.SampledFrom([]string{"", "sys_user", "incident"}).Draw(t, "tables"),
				}
			},
			standardProfileTable: func(label string) map[string]any {
				return map[string]any{
					"name": label, "active": flag.Draw(t, "active"),
					"type": rapid.SampledFrom([]string{"basic_auth", "oauth", "id_token"}).Draw(t, "type"),
				}
			},
			keyProfileTable: func(label string) map[string]any {
				return map[string]any{"name": label, "active": flag.Draw(t, "active")}
			},
		}
		ids := map[string][]string{}
		_, ids[standardProfileTable] = guarded(t, server, "basic_auth", "oauth")
		for _, row := range server.Records(policyTable, "") {
			ids[policyTable] = append(ids[policyTable], row["sys_id"])
		}
		for _, row := range server.Records(mappingTable, "") {
			ids[mappingTable] = append(ids[mappingTable], row["sys_id"])
		}
		changed := 0
		for range rapid.IntRange(1, 12).Draw(t, "writes") {
			table := rapid.SampledFrom([]string{
				policyTable, mappingTable, standardProfileTable, keyProfileTable,
			}).Draw(t, "table")
			values := map[string]any{}
			if table == mappingTable {
				profiles := append(ids[standardProfileTable], ids[keyProfileTable]...) //nolint:gocritic // both
				values["api_access_policy"] = rapid.SampledFrom(ids[policyTable]).Draw(t, "policy")
				values["inbound_auth_profile"] = rapid.SampledFrom(profiles).Draw(t, "profile")
			} else {
				values = draw[table](fmt.Sprint("row ", changed))
			}
			action := rapid.SampledFrom([]string{"create", "update", "delete"}).Draw(t, "action")
			if len(ids[table]) == 0 {
				action = "create"
			}
			var err error
			store := client.Table(table)
			switch action {
			case "create":
				var got record.Answer
				got, err = store.Create(ctx, record.Write{Record: record.Record{Values: values}})
				if err == nil {
					ids[table] = append(ids[table], got.ID)
				}
			case "update":
				id := rapid.SampledFrom(ids[table]).Draw(t, "row")
				have := record.Record{ID: id, Values: map[string]any{}}
				_, err = store.Update(ctx, have, record.Write{Record: record.Record{Values: values}})
			case "delete":
				id := rapid.SampledFrom(ids[table]).Draw(t, "row")
				_, err = store.Delete(ctx, record.Record{ID: id}, record.Options{})
			}
			if err == nil {
				changed++
			}
			if rest.HasStatus(err, http.StatusUnauthorized) || !getsIn(ctx, client) {
				t.Fatalf("%s of %s with %v locked us out: %v", action, table, values, err)
			}
			if _, err := client.Table("incident").Query(ctx, "", nil, 1); rest.HasStatus(err, http.StatusUnauthorized) {
				t.Fatalf("%s of %s with %v locked us out of incidents: %v", action, table, values, err)
			}
		}
	})
}
