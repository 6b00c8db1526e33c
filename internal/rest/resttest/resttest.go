// Package resttest starts servers for tests of what speaks over package rest.
package resttest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// Serve starts a server that ends with the test, and returns its URL.
func Serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// BasicConfig is a connection with a password to a server on loopback.
func BasicConfig(baseURL string) rest.Config {
	return rest.Config{
		BaseURL: baseURL, Kind: rest.KindServiceNow, HTTP: rest.DefaultHTTP(),
		Auth: rest.BasicAuth{Username: "admin", Password: "canary-password"},
	}
}

// AnswerJSON writes an answer as ServiceNow does.
func AnswerJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
