package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunPrintsAddressesAndEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-servicenow", "127.0.0.1:0", "-kibana", "127.0.0.1:0", "-apps", ""}, writer)
	}()
	var got addresses
	if err := json.NewDecoder(reader).Decode(&got); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, got.InstanceURL+"/api/now/table/sys_user", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(got.ServiceNowUsername, got.ServiceNowPassword)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
	for _, url := range []string{got.InstanceURL, got.KibanaURL} {
		if err := run(t.Context(), []string{"-healthy", strings.TrimPrefix(url, "http://")}, io.Discard); err != nil {
			t.Error(err)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	err = run(t.Context(), []string{"-healthy", strings.TrimPrefix(got.InstanceURL, "http://")}, io.Discard)
	if err == nil {
		t.Error("a simulator that has ended is healthy")
	}
}

func TestRunRefusesBadFlags(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"-nonsense"},
		{"-servicenow", "nowhere:99999999"},
		{"-kibana-version", "x"},
		{"-kibana-version", "7.6.2"},
		{"-kibana-base-path", "kibana"},
		{"-license", "diamond"},
		{"-spaces", "Not A Space"},
		{"-apps", "x_nobody"},
		{"-servicenow-release", "tokyo"},
		{"-seed", "no-such-file"},
		{"-dictionary", "no-such-file"},
		{"-latency", "soon"},
		{"stray"},
	} {
		if err := run(t.Context(), arguments, io.Discard); err == nil {
			t.Errorf("%s ran", strings.Join(arguments, " "))
		}
	}
}

func TestRunStartsFromFiles(t *testing.T) {
	t.Parallel()
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	seedFile := write("seed.yaml", "servicenow: {users: [{user_name: u, password: p, roles: [itil]}],\n"+
		"  records: {u_thing: [{u_name: first}]}}")
	dictionaryFile := write("dictionary.json", `{"format": 1, "release": "Yokohama", "applications": [
		{"scope": "sn_em_connector", "installed": true}, {"scope": "sn_si", "installed": false},
		{"scope": "x_acme", "installed": true}], "tables": [
		{"name": "u_thing", "read_roles": ["itil"], "columns": [{"name": "u_name", "type": "string"}]}]}`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{
			"-servicenow", "127.0.0.1:0", "-kibana", "127.0.0.1:0", "-seed", seedFile, "-dictionary", dictionaryFile,
			"-deterministic-ids", "-latency", "1ms",
		}, writer)
	}()
	var got addresses
	if err := json.NewDecoder(reader).Decode(&got); err != nil {
		t.Fatal(err)
	}
	holds := func(user, password, query string) string {
		t.Helper()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, got.InstanceURL+"/api/now/table/"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(user, password)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Error(err)
		}
		return string(body)
	}
	if body := holds("u", "p", "u_thing"); !strings.Contains(body, `"u_name":"first"`) {
		t.Error(body)
	}
	// Release and applications are those of the dictionary, as far as the simulator has them.
	build := holds("admin", "admin", "sys_properties?sysparm_query=name=glide.buildtag.last")
	apps := holds("admin", "admin", "sys_scope?sysparm_fields=scope")
	if !strings.Contains(build, "glide-yokohama-") || !strings.Contains(apps, "sn_em_connector") ||
		strings.Contains(apps, "x_elas2_inc_int") || strings.Contains(apps, "x_acme") {
		t.Errorf("%s %s", build, apps)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
