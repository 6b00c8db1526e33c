package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
)

// target counts the requests it handles and answers a long body.
type target struct {
	*fault.Injector
	url     string
	handled atomic.Int32
	revoked atomic.Int32
	handler http.HandlerFunc // answers in place of the long body
}

const body = "0123456789abcdef0123456789abcdef"

func start(t *testing.T, clock func() time.Time) *target {
	t.Helper()
	tg := &target{}
	tg.Injector = fault.New(fault.Options{
		Clock: clock, RevokeTokens: func() { tg.revoked.Add(1) },
		ErrorBody: func(int) []byte { return []byte(`{"status":"failure"}`) },
	})
	server := httptest.NewServer(tg.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tg.handled.Add(1)
		if tg.handler != nil {
			tg.handler(w, r)
			return
		}
		w.Header().Set("X-Target", "1")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, body)
	})))
	t.Cleanup(server.Close)
	tg.url = server.URL
	return tg
}

func (tg *target) add(t *testing.T, r fault.Rule) {
	t.Helper()
	if _, err := tg.Add(r); err != nil {
		t.Fatal(err)
	}
}

type answer struct {
	StatusCode int
	Header     http.Header
}

// do uses a connection of its own: a client retries by itself on a reused connection that breaks.
func (tg *target) do(ctx context.Context, method, path string) (answer, string, error) {
	return tg.send(ctx, method, path, "")
}

func (tg *target) send(ctx context.Context, method, path, payload string) (answer, string, error) {
	request, err := http.NewRequestWithContext(ctx, method, tg.url+path, strings.NewReader(payload))
	if err != nil {
		return answer{}, "", err
	}
	request.SetBasicAuth("kibana", `p<ss"w&rd`)
	request.Header.Set("X-Sn-Apikey", "key of the header")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: stay}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header}, string(text), err
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func TestStatusFault(t *testing.T) {
	t.Parallel()
	tg := start(t, nil)
	tg.add(
		t,
		fault.Rule{Kind: fault.Status, Status: 502, RetryAfter: 3, Method: "GET", PathPrefix: "/a", Skip: 1, Count: 2},
	)
	want := []int{201, 502, 502, 201}
	for i, status := range want {
		r, text, err := tg.do(t.Context(), "GET", "/a/b")
		if err != nil || r.StatusCode != status {
			t.Fatalf("request %d: %v, %v", i, r, err)
		}
		if status == 502 && (r.Header.Get("Retry-After") != "3" || text != `{"status":"failure"}`) {
			t.Errorf("request %d: %v %s", i, r.Header, text)
		}
	}
	for _, other := range [][2]string{{"POST", "/a"}, {"GET", "/b"}} {
		if r, _, err := tg.do(t.Context(), other[0], other[1]); err != nil || r.StatusCode != http.StatusCreated {
			t.Errorf("%v: %v, %v", other, r, err)
		}
	}
	if state := tg.Rules()[0]; state.Matched != 4 || state.Injected != 2 {
		t.Errorf("state %+v", state)
	}
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind    fault.Kind
		handled int32
		is      error
	}{{fault.CommitThenDrop, 1, io.EOF}, {fault.Reset, 0, syscall.ECONNRESET}} {
		t.Run(string(test.kind), func(t *testing.T) {
			t.Parallel()
			tg := start(t, nil)
			tg.add(t, fault.Rule{Kind: test.kind, Count: 1})
			if _, _, err := tg.do(t.Context(), "POST", "/"); !errors.Is(err, test.is) {
				t.Errorf("error %v, want %v", err, test.is)
			}
			if n := tg.handled.Load(); n != test.handled {
				t.Errorf("handled %d times, want %d", n, test.handled)
			}
		})
	}
	tg := start(t, nil)
	tg.add(t, fault.Rule{Kind: fault.CommitThenStatus, Status: http.StatusGatewayTimeout})
	r, _, err := tg.do(t.Context(), "POST", "/")
	if n := tg.handled.Load(); err != nil || r.StatusCode != http.StatusGatewayTimeout || n != 1 {
		t.Errorf("%v, %v, handled %d", r, err, n)
	}
}

func TestPagesBodiesAndTokens(t *testing.T) {
	t.Parallel()
	tg := start(t, nil)
	tg.add(t, fault.Rule{Kind: fault.RevokeTokens, Count: 1})
	tg.add(t, fault.Rule{Kind: fault.Latency, DelayMS: 1, Count: 1})
	tg.add(t, fault.Rule{Kind: fault.HTML, Count: 1})
	r, text, err := tg.do(t.Context(), "GET", "/")
	if err != nil || r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") ||
		!strings.Contains(text, "Instance Hibernating page") {
		t.Errorf("%v %s %v", r, text, err)
	}
	if tg.revoked.Load() != 1 {
		t.Error("no token was revoked")
	}
	tg.add(t, fault.Rule{Kind: fault.SlowBody, DelayMS: 1, Count: 1})
	r, text, err = tg.do(t.Context(), "GET", "/")
	if err != nil || r.StatusCode != http.StatusCreated || text != body || r.Header.Get("X-Target") != "1" {
		t.Errorf("%v %s %v", r, text, err)
	}
	tg.add(t, fault.Rule{Kind: fault.SlowBody, DelayMS: 60000, Count: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := tg.do(ctx, "GET", "/"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a slow body outlives the client: %v", err)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	var elapsed atomic.Int64
	began := time.Unix(0, 0)
	tg := start(t, func() time.Time { return began.Add(time.Duration(elapsed.Load())) })
	tg.add(t, fault.Rule{Kind: fault.RateLimit, Limit: 2, WindowMS: 3000})
	statuses := func(n int) (out []int) {
		for range n {
			r, _, err := tg.do(t.Context(), "GET", "/")
			if err != nil {
				t.Fatal(err)
			}
			if r.StatusCode == http.StatusTooManyRequests && r.Header.Get("Retry-After") != "3" {
				t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
			}
			out = append(out, r.StatusCode)
		}
		return out
	}
	if got := statuses(3); got[1] != 201 || got[2] != 429 {
		t.Errorf("first window %v", got)
	}
	elapsed.Store(int64(3 * time.Second))
	if got := statuses(2); got[0] != 201 || got[1] != 201 {
		t.Errorf("second window %v", got)
	}
}

func TestRulesOverHTTP(t *testing.T) {
	t.Parallel()
	injector := fault.New(fault.Options{})
	ask := func(method, target, text string) (int, string) {
		recorder := httptest.NewRecorder()
		injector.ServeHTTP(
			recorder,
			httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(text)),
		)
		return recorder.Code, recorder.Body.String()
	}
	if status, text := ask(
		"POST",
		"/",
		`{"kind":"status","status":500,"count":2}`,
	); status != 201 ||
		!strings.Contains(text, "fault-1") {
		t.Errorf("%d %s", status, text)
	}
	for _, bad := range []string{
		`{"kind":"nonsense"}`, `{"kind":"latency"}`, `{"kind":"rate_limit"}`, `{"kind":"status","status":7}`,
		`{"kind":"revoke_tokens"}`, `{"unknown":1}`, `{`,
	} {
		if status, _ := ask("POST", "/", bad); status != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, status)
		}
	}
	var rules []fault.State
	_, text := ask("GET", "/", "")
	if err := json.Unmarshal([]byte(text), &rules); err != nil || len(rules) != 1 || rules[0].Status != 500 {
		t.Errorf("%s: %v", text, err)
	}
	if _, err := injector.Add(fault.Rule{Kind: fault.Reset, ID: "mine"}); err != nil {
		t.Fatal(err)
	}
	ask("DELETE", "/?id=fault-1", "")
	if got := injector.Rules(); len(got) != 1 || got[0].ID != "mine" {
		t.Errorf("rules %v", got)
	}
	ask("DELETE", "/", "")
	if len(injector.Rules()) != 0 {
		t.Error("rules left")
	}
	if status, _ := ask("PUT", "/", ""); status != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", status)
	}
}

func TestAdminPathsAreNeverTouched(t *testing.T) {
	t.Parallel()
	tg := start(t, nil)
	tg.add(t, fault.Rule{Kind: fault.Reset})
	if r, _, err := tg.do(t.Context(), "GET", "/simulator/faults"); err != nil || r.StatusCode != http.StatusCreated {
		t.Errorf("%v, %v", r, err)
	}
}
