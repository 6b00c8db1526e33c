package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
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
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestRunRefusesBadFlags(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"-nonsense"},
		{"-servicenow", "nowhere:99999999"},
		{"-kibana-version", "x"},
		{"-apps", "x_nobody"},
		{"-servicenow-release", "tokyo"},
	} {
		if err := run(t.Context(), arguments, io.Discard); err == nil {
			t.Errorf("%s ran", strings.Join(arguments, " "))
		}
	}
}
