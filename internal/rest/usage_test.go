package rest

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestUsage holds that every request is counted as it leaves: repetitions, redirects and those for tokens included.
func TestUsage(t *testing.T) {
	t.Parallel()
	asked := map[string]int{}
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		asked[r.URL.Path]++
		switch {
		case r.URL.Path == tokenPath:
			_, _ = io.WriteString(w, `{"access_token":"canary-token","expires_in":1800}`)
		case r.URL.Path == "/limited" && asked[r.URL.Path] == 1:
			w.Header().Set("Retry-After", "2")
			w.WriteHeader(http.StatusTooManyRequests)
		case r.URL.Path == "/down" && asked[r.URL.Path] == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "/here", http.StatusFound)
		default:
			_, _ = io.WriteString(w, `{"result":"0123456789"}`)
		}
	})
	usage := &Usage{}
	c := basicConfig(server)
	c.Auth, c.Usage = ClientCredentials{ClientID: "id", ClientSecret: "canary-secret"}, usage
	e, _ := connect(t, c)
	for _, r := range []Request{
		{Method: http.MethodGet, Path: "/limited"},
		{Method: http.MethodGet, Path: "/down"},
		{Method: http.MethodGet, Path: "/moved"},
		{Method: http.MethodPost, Path: "/made", Body: map[string]string{"a": "b"}},
	} {
		if _, err := e.Do(t.Context(), r, nil); err != nil {
			t.Fatalf("%s: %v", r.Path, err)
		}
	}
	usage.Join(3)
	got := usage.Count()
	want := map[string]map[string]int{"ServiceNow": {"GET": 6, "POST": 1, "token": 1}}
	if diff := cmp.Diff(want, got.Requests); diff != "" {
		t.Error(diff)
	}
	if got.Total() != 8 || got.Retried != 2 || got.Joined != 3 {
		t.Errorf("%+v, want 8 requests, 2 repeated, 3 joined", got)
	}
	if got.Waited < 2*time.Second || got.Waited > 3*time.Second { // the wait for 503 is not one for a rate limit
		t.Errorf("waited %v for the limit, want the 2 s of Retry-After and what is added to spread load", got.Waited)
	}
	if got.Received < 4*int64(len(`{"result":"0123456789"}`)) || got.Sent < int64(len(`{"a":"b"}`)) {
		t.Errorf("%d bytes sent, %d received", got.Sent, got.Received)
	}
}

func TestUsageCountsRateLimit(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"result":[]}`) })
	c := basicConfig(server)
	c.Usage, c.HTTP.RequestsPerSecond = &Usage{}, 1
	e, _ := connect(t, c)
	for range 2 {
		if _, err := e.Do(t.Context(), Request{Method: http.MethodGet, Path: "/x"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	// What is left of the second once the first request was answered, which on a busy machine is any part of it.
	if got := c.Usage.Count().Waited; got <= 0 || got > 2*time.Second {
		t.Errorf("waited %v, want the rest of a second", got)
	}
}

// TestNoLog holds that nothing is prepared for a log that nobody reads.
func TestNoLog(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"result":[]}`) })
	silent, _ := connect(t, basicConfig(server))
	c := basicConfig(server)
	lines := 0
	c.Log = func(context.Context, Level, string, map[string]any) { lines++ }
	spoken, _ := connect(t, c)
	for _, e := range []*Endpoint{silent, spoken} {
		if _, err := e.Do(t.Context(), Request{Method: http.MethodGet, Path: "/x"}, nil); err != nil {
			t.Fatal(err)
		}
	}
	_, logs := silent.client.Transport.(*logTransport)
	if logs || lines != 2 {
		t.Errorf("the silent one logs: %t; the other wrote %d lines, want the request and its answer", logs, lines)
	}
}
