package rest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	stdlog "log" //nolint:depguard // net/http takes its error log as this type, and the tests silence it

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

func quietLog() *stdlog.Logger { return slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) }

func TestRetryTable(t *testing.T) {
	t.Parallel()
	const forever = 1 << 20
	status := func(code int, headers ...string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			for i := 0; i+1 < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			answerJSON(w, code, `{"error":{"message":"no","detail":null},"status":"failure"}`)
		}
	}
	page := func(code int, body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	broken := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, `{"result":`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	all := []string{"GET", "PUT", "PATCH", "DELETE", "POST", "POST idempotent"}
	safe := []string{"GET", "PUT", "PATCH", "DELETE", "POST idempotent"}
	ms := time.Millisecond

	tests := map[string]struct {
		fail     func(http.ResponseWriter)
		times    int
		methods  []string
		attempts int
		waits    []time.Duration
		ok       bool
		unknown  bool
	}{
		"429 without a time": {
			fail: status(
				429,
			),
			times:    3,
			methods:  all,
			attempts: 4,
			waits:    []time.Duration{500 * ms, 1000 * ms, 2000 * ms},
			ok:       true,
		},
		"429 with seconds": {
			fail: status(
				429,
				"Retry-After",
				"7",
			),
			times:    1,
			methods:  all,
			attempts: 2,
			waits:    []time.Duration{7500 * ms},
			ok:       true,
		},
		"429 with an hour": {
			fail: status(429, "Retry-After", "3600"), times: 1, methods: all, attempts: 2,
			waits: []time.Duration{maxRetryAfter + 500*ms}, ok: true,
		},
		"503 with a date": {
			fail: status(503, "Retry-After", "Tue, 06 Jan 2026 10:00:20 GMT"), times: 1, methods: safe, attempts: 2,
			waits: []time.Duration{20500 * ms}, ok: true,
		},
		"503 with a date gone by": {
			fail: status(503, "Retry-After", "Tue, 06 Jan 2026 09:00:00 GMT"), times: 1, methods: safe, attempts: 2,
			waits: []time.Duration{500 * ms}, ok: true,
		},
		"503 with nonsense": {
			fail: status(503, "Retry-After", "soon"), times: 1, methods: safe, attempts: 2,
			waits: []time.Duration{500 * ms}, ok: true,
		},
		"503 for good": {
			fail: status(503), times: forever, methods: safe, attempts: 7,
			waits: []time.Duration{500 * ms, 1000 * ms, 2000 * ms, 4000 * ms, 8000 * ms, 16000 * ms},
		},
		"502": {
			fail:     status(502),
			times:    1,
			methods:  safe,
			attempts: 2,
			waits:    []time.Duration{500 * ms},
			ok:       true,
		},
		"504": {
			fail:     status(504),
			times:    1,
			methods:  safe,
			attempts: 2,
			waits:    []time.Duration{500 * ms},
			ok:       true,
		},
		"hang-up": {
			fail:     hangUp,
			times:    1,
			methods:  safe,
			attempts: 2,
			waits:    []time.Duration{500 * ms},
			ok:       true,
		},
		"broken answer": {
			fail:     broken,
			times:    1,
			methods:  safe,
			attempts: 2,
			waits:    []time.Duration{500 * ms},
			ok:       true,
		},
		"502 to a POST":     {fail: status(502), times: forever, methods: []string{"POST"}, attempts: 1, unknown: true},
		"504 to a POST":     {fail: status(504), times: forever, methods: []string{"POST"}, attempts: 1, unknown: true},
		"hang-up on a POST": {fail: hangUp, times: forever, methods: []string{"POST"}, attempts: 1, unknown: true},
		"half an answer to a POST": {
			fail: broken, times: forever, methods: []string{"POST"}, attempts: 1, unknown: true,
		},
		"400": {fail: status(400), times: forever, methods: all, attempts: 1},
		"401": {fail: status(401), times: forever, methods: all, attempts: 1},
		"403": {fail: status(403), times: forever, methods: all, attempts: 1},
		"404": {fail: status(404), times: forever, methods: all, attempts: 1},
		"409": {fail: status(409), times: forever, methods: all, attempts: 1},
		"500": {fail: status(500), times: forever, methods: safe, attempts: 1},
		"507": {fail: status(507), times: forever, methods: safe, attempts: 1},
		"408": {
			fail: status(408), times: 1, methods: safe, attempts: 2, waits: []time.Duration{500 * ms}, ok: true,
		},
		// The server may have committed before it, or what stands before it, failed.
		"500 to a POST": {fail: status(500), times: forever, methods: []string{"POST"}, attempts: 1, unknown: true},
		"503 to a POST": {fail: status(503), times: forever, methods: []string{"POST"}, attempts: 1, unknown: true},
		"507 to a POST": {fail: status(507), times: forever, methods: []string{"POST"}, attempts: 1, unknown: true},
		"408 to a POST": {fail: status(408), times: forever, methods: []string{"POST"}, attempts: 1, unknown: true},
		"304 to a POST": {fail: status(304), times: forever, methods: []string{"POST"}, attempts: 1, unknown: true},
		"503 for a time": {
			fail: status(503, "Retry-After", "1"), times: 1, methods: []string{"POST"}, attempts: 1, unknown: true,
		},
		// A firewall that inspects answers refuses after the commit.
		"403 of a firewall": {
			fail: page(403, "<title>Blocked</title>"), times: forever, methods: []string{"POST"}, attempts: 1, unknown: true,
		},
		"404 in plain text": {fail: page(404, "nope"), times: forever, methods: []string{"POST"}, attempts: 1, unknown: true},
		"400 with nothing":  {fail: page(400, ""), times: forever, methods: []string{"POST"}, attempts: 1, unknown: true},
		"400 with null":     {fail: page(400, "null"), times: forever, methods: []string{"POST"}, attempts: 1, unknown: true},
		"401 of a firewall": {fail: page(401, "<title>No</title>"), times: forever, methods: all, attempts: 1},
		"413 of a proxy":    {fail: page(413, "<title>Too large</title>"), times: forever, methods: all, attempts: 1},
		"403 of a firewall, not a POST": {
			fail: page(403, "<title>Blocked</title>"), times: forever, methods: safe, attempts: 1,
		},
		"a page with 200": {
			fail: page(200, "<html><title>Sign in</title>"), times: forever, methods: []string{"POST"}, attempts: 1,
			unknown: true,
		},
	}
	for name, test := range tests {
		for _, method := range test.methods {
			t.Run(name+"/"+method, func(t *testing.T) {
				t.Parallel()
				var attempts atomic.Int32
				base := serve(t, func(w http.ResponseWriter, r *http.Request) {
					if body, _ := io.ReadAll(r.Body); r.Method != http.MethodGet && string(body) != `{"a":"b"}` {
						t.Errorf("attempt with the body %q", body)
					}
					if int(attempts.Add(1)) <= test.times {
						test.fail(w)
						return
					}
					answerJSON(w, http.StatusOK, `{"result":{}}`)
				})
				e, w := connect(t, basicConfig(base))
				e.retry.now = func() time.Time { return time.Date(2026, 1, 6, 10, 0, 0, 0, time.UTC) }
				method, idempotent := strings.CutSuffix(method, " idempotent")
				r := Request{Method: method, Path: "/x", Idempotent: idempotent, Write: method != http.MethodGet}
				if r.Write {
					r.Body = map[string]string{"a": "b"}
				}
				_, err := e.Do(t.Context(), r, nil)
				if (err == nil) != test.ok {
					t.Errorf("error %v", err)
				}
				if errors.Is(err, record.ErrOutcomeUnknown) != test.unknown {
					t.Errorf("error %v: outcome unknown is %v", err, !test.unknown)
				}
				if got := int(attempts.Load()); got != test.attempts {
					t.Errorf("%d attempts, want %d", got, test.attempts)
				}
				if diff := cmp.Diff(test.waits, w.made); diff != "" {
					t.Errorf("waits (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestAttemptTimeout(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "POST"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var attempts atomic.Int32
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if attempts.Add(1) == 1 {
					<-r.Context().Done()
					return
				}
				answerJSON(w, http.StatusOK, `{}`)
			})
			config := basicConfig(base)
			config.HTTP.RequestTimeout = 50 * time.Millisecond
			if method == "GET" {
				// The second attempt must not meet the limit on a busy machine.
				config.HTTP.RequestTimeout = 500 * time.Millisecond
			}
			e, _ := connect(t, config)
			_, err := e.Do(t.Context(), Request{Method: method, Path: "/x"}, nil)
			switch {
			case method == "GET" && err != nil:
				t.Errorf("a GET was not repeated: %v", err)
			case method == "POST" && !errors.Is(err, record.ErrOutcomeUnknown),
				method == "POST" && !strings.Contains(err.Error(), "within the request timeout of 50ms"):
				t.Errorf("a POST: %v", err)
			case attempts.Load() != map[string]int32{"GET": 2, "POST": 1}[method]:
				t.Errorf("%d attempts", attempts.Load())
			}
		})
	}
}

// TestErrorsTellTheTries holds that an error after repetitions tells how many there were and how long they took.
func TestErrorsTellTheTries(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusServiceUnavailable, `{"error":{"message":"down"}}`)
	})
	config := basicConfig(base)
	config.HTTP.MaxRetries = 2
	e, _ := connect(t, config)
	_, err := e.Do(t.Context(), Request{Method: "GET", Path: "/x"}, nil)
	if want := "GET /x: 503 Service Unavailable: down (after 3 tries in 0s)"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
	_, err = e.Do(t.Context(), Request{Method: "POST", Path: "/x"}, nil)
	if err == nil || strings.Contains(err.Error(), "tries") {
		t.Errorf("error %v tells of tries", err)
	}
}

func TestNoWaitBeyondTheDeadline(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		answerJSON(w, http.StatusTooManyRequests, `{"error":{"message":"Rate limit exceeded","detail":"100 per hour"}}`)
	})
	e, w := connect(t, basicConfig(base))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := e.Do(ctx, Request{Method: "GET", Path: "/x"}, nil)
	if asError(t, err).Message != "Rate limit exceeded" || len(w.made) != 0 {
		t.Errorf("%v after %v", err, w.made)
	}
}

func TestBackoffIsBoundedAndJittered(t *testing.T) {
	t.Parallel()
	p := newRetryPolicy(1000)
	for attempt := range 1000 {
		wait, again := p.next(failure{outcome: notDone}, false, attempt)
		if !again || wait < 0 || wait >= p.limit {
			t.Fatalf("attempt %d: %v, %v", attempt, wait, again)
		}
	}
}

func TestSleepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := sleep(t.Context(), time.Hour); err != nil || time.Since(began) != time.Hour {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		if err := sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{
		"", "1", "-1", "1e9", "NaN", "Inf", "0.5", "Tue, 06 Jan 2026 10:00:20 GMT", "99999999999999999999",
	} {
		f.Add(seed)
	}
	p := newRetryPolicy(1)
	f.Fuzz(func(t *testing.T, value string) {
		if got := p.retryAfter(http.Header{"Retry-After": {value}}); got < 0 || got > maxRetryAfter {
			t.Errorf("Retry-After %q: %v", value, got)
		}
	})
}
