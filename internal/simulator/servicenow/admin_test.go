package servicenow_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

func TestAdminEndpointDoesWhatTheMethodsDo(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	admin := in.with("X-Nothing", "1")
	ok := func(method, path string, body any) response {
		t.Helper()
		return admin.must(http.StatusOK, method, "/simulator/"+path, body)
	}
	made := ok("POST", "records/sys_cors_rule", map[string]string{"name": "a", "domain": "https://a.example.com"})
	id := text(made.body["sys_id"])
	ok("PATCH", "records/sys_cors_rule/"+id, map[string]string{"domain": "https://b.example.com"})
	if got := ok("GET", "records/sys_cors_rule/"+id, nil).body["domain"]; got != "https://b.example.com" {
		t.Errorf("domain %v", got)
	}
	var list []map[string]string
	if err := json.Unmarshal(
		[]byte(ok("GET", "records/sys_cors_rule?query=name=a", nil).text),
		&list,
	); err != nil ||
		len(list) != 1 {
		t.Errorf("list %v, %v", list, err)
	}
	path := table + "sys_cors_rule/" + id
	ok("POST", "hide", map[string]any{"sys_id": id})
	in.must(http.StatusNotFound, http.MethodGet, path, nil)
	ok("POST", "hide", map[string]any{"sys_id": id, "hidden": false})
	ok("POST", "column-acl", map[string]any{"table": "sys_cors_rule", "column": "domain", "drop_write": true})
	kept := in.must(http.StatusOK, http.MethodPatch, path, map[string]any{"domain": "x"}).record()
	if kept["domain"] == "x" {
		t.Error("the column was written")
	}
	ok(
		"POST",
		"abort-writes",
		map[string]any{"table": "sys_cors_rule", "rule": "Stop", "operations": []string{"delete"}},
	)
	in.must(http.StatusForbidden, http.MethodDelete, path, nil)
	ok("POST", "abort-writes", map[string]any{"table": "sys_cors_rule"})
	ok("POST", "data-policy", map[string]any{"table": "sys_cors_rule", "columns": []string{"rest_api"}})
	in.must(http.StatusForbidden, http.MethodPost, table+"sys_cors_rule", map[string]any{})
	ok("POST", "property", map[string]string{"name": "p", "value": "v"})
	ok("POST", "install", map[string]string{"id": "sn_em_connector"})
	ok("POST", "outcome", map[string]string{"id": "sn_vul", "result": "failed", "message": "no"})
	ok("POST", "revoke-tokens", nil)
	before := in.Records("sys_user", "")[0]
	ok("POST", "advance", map[string]int{"seconds": 3600})
	later := in.create("sys_user_group", map[string]any{"name": "later"})
	if got, _ := in.Record("sys_user_group", later); got["sys_created_on"] <= before["sys_created_on"] {
		t.Errorf("created on %s, an hour after %s", got["sys_created_on"], before["sys_created_on"])
	}
	key := in.create("api_key", map[string]any{"name": "k", "user": in.Records("sys_user", "")[0]["sys_id"]})
	if got := text(ok("GET", "secrets/api_key/"+key+"/token", nil).body["value"]); !strings.HasPrefix(
		got,
		"now_",
	) {
		t.Errorf("token %q", got)
	}
	ok("GET", "oauth-log", nil)
	ok("DELETE", "records/sys_cors_rule/"+id, nil)
	admin.must(http.StatusNotFound, http.MethodGet, "/simulator/records/sys_cors_rule/"+id, nil)
	admin.must(http.StatusBadRequest, http.MethodPost, "/simulator/install", map[string]string{"id": "nobody"})
	admin.must(http.StatusBadRequest, http.MethodPost, "/simulator/hide", map[string]string{"unknown": "x"})
	admin.must(
		http.StatusCreated,
		http.MethodPost,
		"/simulator/faults",
		map[string]any{"kind": "status", "status": 503, "count": 1},
	)
	in.must(http.StatusServiceUnavailable, http.MethodGet, table+"sys_user", nil)
	in.must(http.StatusOK, http.MethodGet, table+"sys_user", nil)
	ok("DELETE", "requests", nil)
	ok("POST", "reset", nil)
}

func TestRequestLogNamesColumnsAndNoSecrets(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	in.ForgetRequests()
	in.create("sys_user", map[string]any{"user_name": "canary", "user_password": "canary-secret-1"})
	in.do(http.MethodPost, "/oauth_token.do", nil)
	in.do(http.MethodGet, table+"sys_user?x-sn-apikey=canary-secret-2", nil)
	if _, err := in.Faults.Add(fault.Rule{Kind: fault.Status, Status: 429, RetryAfter: 7, Count: 1}); err != nil {
		t.Fatal(err)
	}
	limited := in.do(http.MethodGet, table+"sys_user", nil)
	if limited.status != http.StatusTooManyRequests || limited.header.Get("Retry-After") != "7" {
		t.Errorf("limited: %d %v", limited.status, limited.header)
	}
	log := in.Requests()
	if len(log) != 4 {
		t.Fatalf("%d requests", len(log))
	}
	first := log[0]
	if first.Method != http.MethodPost || first.Path != table+"sys_user" || first.Status != http.StatusCreated ||
		first.Auth != "Basic" || !slices.Equal(first.Columns, []string{"user_name", "user_password"}) {
		t.Errorf("first %+v", first)
	}
	if log[3].Status != http.StatusTooManyRequests {
		t.Errorf("a fault is logged as %d", log[3].Status)
	}
	text, err := json.Marshal(log)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "canary-secret") {
		t.Errorf("the log holds a secret: %s", text)
	}
}

// Many writers and readers at once: run with -race to mean anything.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	in := start(t, servicenow.Options{})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 10 {
				id := in.create("sys_user_group", map[string]any{"name": "g"})
				in.must(http.StatusOK, http.MethodGet, table+"sys_user_group?sysparm_limit=5", nil)
				in.must(http.StatusNoContent, http.MethodDelete, table+"sys_user_group/"+id, nil)
			}
		})
	}
	group.Wait()
	if left := in.Records("sys_user_group", "name=g"); len(left) != 0 {
		t.Errorf("%d groups left", len(left))
	}
}

// The instance logs in front of its faults: a reset must reach the connection through the log, and be logged.
func TestLostAnswersAreLogged(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]error{fault.Reset: syscall.ECONNRESET, fault.CommitThenDrop: io.EOF} {
		in := start(t, servicenow.Options{})
		in.ForgetRequests()
		if _, err := in.Faults.Add(fault.Rule{Kind: kind, Method: http.MethodPost}); err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, in.url+table+"sys_user_group",
			strings.NewReader(`{"name": "lost"}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		in.login(request)
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		if response, err := client.Do(request); !errors.Is(err, want) {
			if err == nil {
				_ = response.Body.Close()
			}
			t.Errorf("%s: error %v, want %v", kind, err, want)
		}
		if made := len(in.Records("sys_user_group", "name=lost")); (made == 1) != (kind == fault.CommitThenDrop) {
			t.Errorf("%s: %d records", kind, made)
		}
		if log := in.Requests(); len(log) != 1 || log[0].Status != 0 {
			t.Errorf("%s: log %+v", kind, log)
		}
	}
}
