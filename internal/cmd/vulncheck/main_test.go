package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRunPassesOnlyWhenCheckedOrOffline(t *testing.T) {
	t.Parallel()
	findings := errors.New("exit status 3")
	serving := func(status int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(server.Close)
		return server.URL
	}
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	tests := map[string]struct {
		address string
		found   error // what govulncheck ends with
		checked bool
		says    string
		fails   bool
	}{
		"nothing found":           {address: serving(http.StatusOK), checked: true},
		"something found":         {address: serving(http.StatusOK), found: findings, checked: true, fails: true},
		"server out of reach":     {address: gone.URL, says: "DID NOT RUN"},
		"name unknown":            {address: "http://vuln.invalid", says: "DID NOT RUN"},
		"database is not there":   {address: serving(http.StatusNotFound), fails: true},
		"database does not serve": {address: serving(http.StatusServiceUnavailable), fails: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			checked := false
			err := run(t.Context(), test.address, func(context.Context) error {
				checked = true
				return test.found
			}, &out)
			if (err != nil) != test.fails || checked != test.checked || !strings.Contains(out.String(), test.says) ||
				test.says == "" && out.Len() > 0 {
				t.Errorf("run() = %v, checked %v, said %q", err, checked, &out)
			}
		})
	}
}
