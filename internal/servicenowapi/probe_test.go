package servicenowapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// A server, or a gateway before it, may quote what it refuses; the log shows queries and headers.
func TestProbeKeepsTheKeyToItself(t *testing.T) {
	t.Parallel()
	const key = "now_very-secret/key"
	for _, inQuery := range []bool{false, true} {
		t.Run(fmt.Sprint(inQuery), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				quoted := r.Header.Get("X-Key") + r.URL.Query().Get("X-Key")
				if r.URL.Query().Get("other") != "1" || r.Header.Get("Authorization") != "" {
					quoted = "" // the query was lost, or the connection's own password travelled along
				}
				w.WriteHeader(http.StatusUnauthorized)
				_ = json.NewEncoder(w).Encode(map[string]any{
					"error": map[string]string{"message": "refused " + quoted, "detail": r.URL.RawQuery}, "status": "failure",
				})
			}))
			t.Cleanup(server.Close)
			var mu sync.Mutex
			var logged strings.Builder
			sn, err := New(rest.Config{
				BaseURL: server.URL, Auth: rest.BasicAuth{Username: "admin", Password: "password"}, HTTP: rest.DefaultHTTP(),
				Log: func(_ context.Context, _ rest.Level, message string, fields map[string]any) {
					mu.Lock()
					defer mu.Unlock()
					_, _ = fmt.Fprintln(&logged, message, fields)
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			status, message, err := sn.Probe(t.Context(), http.MethodGet, "/api/x", url.Values{"other": {"1"}},
				rest.NamedKey{Name: "X-Key", Key: key, InQuery: inQuery})
			if err != nil || status != http.StatusUnauthorized {
				t.Fatalf("status %d, error %v", status, err)
			}
			if !strings.Contains(message, "refused "+rest.Redacted) {
				t.Errorf("the server did not get the key, or the message lost too much: %q", message)
			}
			for where, text := range map[string]string{"message": message, "log": logged.String()} {
				if strings.Contains(text, key) || strings.Contains(text, url.QueryEscape(key)) {
					t.Errorf("the %s holds the key: %s", where, text)
				}
			}
		})
	}
}
