package rest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey/keytest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server that ends with the test.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func basicConfig(baseURL string) Config {
	return Config{
		BaseURL: baseURL, Kind: KindServiceNow, HTTP: DefaultHTTP(),
		Auth: BasicAuth{Username: "admin", Password: "canary-password"},
	}
}

// connect makes an endpoint whose retries do not wait; the waits it would have made are recorded.
func connect(t *testing.T, c Config) (*Endpoint, *waits) {
	t.Helper()
	e, err := NewEndpoint(c)
	if err != nil {
		t.Fatalf("newEndpoint: %v", err)
	}
	t.Cleanup(e.Close)
	w := &waits{}
	e.retry.sleep = w.sleep
	e.retry.jitter = func(d time.Duration) time.Duration { return d }
	return e, w
}

type waits struct {
	mu   sync.Mutex
	made []time.Duration
}

func (w *waits) sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made = append(w.made, d)
	return ctx.Err()
}

func answerJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) //nolint:gosec // a test's own answer
}

// hangUp ends the connection without an answer.
func hangUp(http.ResponseWriter) { panic(http.ErrAbortHandler) }

func asError(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %T (%v), want *Error", err, err)
	}
	return e
}

func TestDoSendsAndDecodes(t *testing.T) {
	t.Parallel()
	type seen struct{ Method, URI, Accept, ContentType, UserAgent, Authorization, XSRF, Extra, Body string }
	tests := map[string]struct {
		config  func(*Config)
		request Request
		want    seen
	}{
		"ServiceNow read": {
			request: Request{
				Method: "GET", Path: "/api/now/table/" + PathElement("a/b?c"),
				Query: url.Values{"sysparm_query": {"name=x^y=z w"}},
			},
			want: seen{
				Method:        "GET",
				URI:           "/api/now/table/a%2Fb%3Fc?sysparm_query=name%3Dx%5Ey%3Dz+w",
				Accept:        "application/json",
				UserAgent:     "terraform-provider-servicenow",
				Authorization: "Basic YWRtaW46Y2FuYXJ5LXBhc3N3b3Jk",
			},
		},
		"JSON body": {
			config:  func(c *Config) { c.UserAgent = "terraform-provider-servicenow/1.0 terraform/1.11" },
			request: Request{Method: "POST", Path: "/api", Body: map[string]any{"a": "<1>"}, Write: true},
			want: seen{
				Method: "POST", URI: "/api", Accept: "application/json", ContentType: "application/json",
				UserAgent:     "terraform-provider-servicenow/1.0 terraform/1.11",
				Authorization: "Basic YWRtaW46Y2FuYXJ5LXBhc3N3b3Jk", Body: `{"a":"\u003c1\u003e"}`,
			},
		},
		"form, extra and configured headers": {
			config: func(c *Config) { c.HTTP.Headers = map[string]string{"user-agent": "custom"} },
			request: Request{
				Method: "POST", Path: "/api", Body: url.Values{"k": {"v w"}}, Header: http.Header{"X-Extra": {"yes"}},
			},
			want: seen{
				Method:        "POST",
				URI:           "/api",
				Accept:        "application/json",
				ContentType:   "application/x-www-form-urlencoded",
				UserAgent:     "custom",
				Authorization: "Basic YWRtaW46Y2FuYXJ5LXBhc3N3b3Jk",
				Extra:         "yes",
				Body:          "k=v+w",
			},
		},
		"Kibana API key": {
			config: func(c *Config) { c.Kind, c.Auth = KindKibana, APIKey{Key: "aWQ6a2V5"} },
			request: Request{
				Method: "DELETE", Path: "/s/space/api/actions/connector/1", Write: true,
			},
			want: seen{
				Method: "DELETE", URI: "/s/space/api/actions/connector/1", Accept: "application/json",
				UserAgent: "terraform-provider-servicenow", Authorization: "ApiKey aWQ6a2V5",
				XSRF: "terraform-provider-servicenow",
			},
		},
		"bearer token": {
			config:  func(c *Config) { c.Auth = BearerToken{Token: "token"} },
			request: Request{Method: "GET", Path: "/api"},
			want: seen{
				Method: "GET", URI: "/api", Accept: "application/json", UserAgent: "terraform-provider-servicenow",
				Authorization: "Bearer token",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				out, _ := json.Marshal(map[string]any{"n": 12345678901234567, "seen": seen{
					r.Method, r.RequestURI, r.Header.Get("Accept"), r.Header.Get("Content-Type"), r.UserAgent(),
					r.Header.Get("Authorization"), r.Header.Get("Kbn-Xsrf"), r.Header.Get("X-Extra"), string(body),
				}})
				w.Header().Set("X-Total-Count", "7")
				answerJSON(w, http.StatusOK, string(out))
			})
			config := basicConfig(base)
			if test.config != nil {
				test.config(&config)
			}
			e, _ := connect(t, config)
			var out struct {
				N    any  `json:"n"`
				Seen seen `json:"seen"`
			}
			header, err := e.Do(t.Context(), test.request, &out)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, out.Seen); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
			if out.N != json.Number("12345678901234567") {
				t.Errorf("number decoded as %#v, want it exact", out.N)
			}
			if got := header.Get("X-Total-Count"); got != "7" {
				t.Errorf("X-Total-Count = %q", got)
			}
		})
	}
}

func TestServiceNowAPIKeyHeader(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("x-sn-apikey") != "now_key" || r.Header.Get("Authorization") != "" {
			answerJSON(w, http.StatusUnauthorized, `{}`)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8") // as some frameworks send without any body
		w.WriteHeader(http.StatusNoContent)
	})
	config := basicConfig(base)
	config.Auth = APIKey{Key: "now_key"}
	e, _ := connect(t, config)
	out := map[string]any{"untouched": true}
	if _, err := e.Do(t.Context(), Request{Method: "DELETE", Path: "/x", Write: true}, &out); err != nil {
		t.Fatal(err)
	}
	if len(out) != 1 {
		t.Errorf("204 changed out: %v", out)
	}
}

func TestDoRefusesPathsThatLeadElsewhere(t *testing.T) {
	t.Parallel()
	base := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	e, _ := connect(t, basicConfig(base))
	for _, path := range []string{
		"", "api", "/api/" + PathElement(""), "/api//x", "/api/" + PathElement("..") + "/x", "/api/" + PathElement("../x"),
		"/api/%2E%2E/x", "/a?b", "/a#b",
		"/a b", "/%zz",
	} {
		if _, err := e.Do(t.Context(), Request{Method: "DELETE", Path: path, Write: true}, nil); err == nil {
			t.Errorf("path %q was accepted", path)
		}
	}
}

func TestDoGzipAndSizeCap(t *testing.T) {
	t.Parallel()
	zip := func(w io.Writer, n int) {
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, `"`)
		chunk := bytes.Repeat([]byte("a"), 1<<20)
		for ; n > 0; n -= len(chunk) {
			_, _ = z.Write(chunk[:min(n, len(chunk))])
		}
		_, _ = io.WriteString(z, `"`)
		_ = z.Close()
	}
	var attempts atomic.Int32
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		attempts.Add(1)
		if r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("Accept-Encoding = %q", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		n := map[string]int{"/small": 3, "/most": maxBody - len(`""`), "/big": maxBody - len(`""`) + 1}[r.URL.Path]
		zip(w, n)
	})
	e, _ := connect(t, basicConfig(base))
	var out string
	if _, err := e.Do(t.Context(), Request{Method: "GET", Path: "/small"}, &out); err != nil || out != "aaa" {
		t.Errorf("gzip: %q, %v", out, err)
	}
	if _, err := e.Do(t.Context(), Request{Method: "GET", Path: "/most"}, &out); err != nil || len(out) != maxBody-2 {
		t.Errorf("a body of 64 MiB: %d bytes, %v", len(out), err)
	}
	attempts.Store(0)
	_, err := e.Do(t.Context(), Request{Method: "GET", Path: "/big"}, &out)
	if !errors.Is(err, errTooLarge) {
		t.Errorf("a body of more than 64 MiB: %v", err)
	}
	if n := attempts.Load(); n != 1 {
		t.Errorf("the large answer was asked for %d times", n)
	}
	_, err = e.Do(t.Context(), Request{Method: "POST", Path: "/big"}, &out)
	if !errors.Is(err, record.ErrOutcomeUnknown) {
		t.Errorf("a large answer to a POST: %v", err)
	}
}

// TestDoIgnoresAByteOrderMark reads what a gateway that rewrites bodies puts a mark before.
func TestDoIgnoresAByteOrderMark(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, "\ufeff"+`{"result":"a"}`)
	})
	e, _ := connect(t, basicConfig(base))
	var out struct{ Result string }
	if _, err := e.Do(t.Context(), Request{Method: "GET", Path: "/marked"}, &out); err != nil || out.Result != "a" {
		t.Errorf("got %q, %v", out.Result, err)
	}
}

func TestDoKeepsItsLimits(t *testing.T) {
	t.Parallel()
	const limit = 3
	var inFlight, most atomic.Int32
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n := inFlight.Add(1)
		defer inFlight.Add(-1)
		for {
			old := most.Load()
			if n <= old || most.CompareAndSwap(old, n) {
				break
			}
		}
		answerJSON(w, http.StatusOK, `{}`)
	})
	config := basicConfig(base)
	config.HTTP.MaxConcurrentRequests = limit
	config.HTTP.RequestsPerSecond = 1000
	e, _ := connect(t, config)
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() {
			if _, err := e.Do(t.Context(), Request{Method: "GET", Path: "/x"}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := most.Load(); n > limit {
		t.Errorf("%d requests in flight at once, limit %d", n, limit)
	}
}

// TestRateLimitIsExact holds that no window of a second sees more than the limit, the first one included: with
// repetitions after a 401, requests for tokens and redirects.
func TestRateLimitIsExact(t *testing.T) {
	t.Parallel()
	const perSecond = 20
	var mu sync.Mutex
	var arrived []time.Time
	s := &tokenServer{expires: 1000}
	inFlight, most := 0, 0
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		arrived = append(arrived, time.Now())
		inFlight++
		most = max(most, inFlight)
		n := len(arrived)
		mu.Unlock()
		defer func() {
			mu.Lock()
			inFlight--
			mu.Unlock()
		}()
		time.Sleep(time.Millisecond)
		switch {
		case n == 10:
			s.revoke()
			s.ServeHTTP(w, r)
		case n == 15 && r.URL.Path != tokenPath:
			http.Redirect(w, r, "/there", http.StatusFound)
		default:
			s.ServeHTTP(w, r)
		}
	})
	config := basicConfig(base)
	config.Auth = testPasswordGrant
	config.HTTP.MaxConcurrentRequests, config.HTTP.RequestsPerSecond = 1, perSecond
	e, _ := connect(t, config)
	var group sync.WaitGroup
	for range 30 {
		group.Go(func() {
			if _, err := e.Do(t.Context(), Request{Method: "GET", Path: "/x"}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if most > 1 {
		t.Errorf("%d requests in flight, limit 1", most)
	}
	// The clock of arrivals is late by what a busy machine takes, so a window may hold one more.
	for i := 0; i+perSecond+1 < len(arrived); i++ {
		if took := arrived[i+perSecond+1].Sub(arrived[i]); took < time.Second {
			t.Errorf("%d requests in %v, beginning with number %d", perSecond+2, took, i)
		}
	}
	if took := arrived[len(arrived)-1].Sub(arrived[0]); took < time.Duration(len(arrived)-2)*time.Second/perSecond {
		t.Errorf("%d requests in %v", len(arrived), took)
	}
}

func TestRateLimitYieldsToTheDeadline(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, http.StatusOK, `{}`) })
	config := basicConfig(base)
	config.HTTP.RequestsPerSecond = 0.001
	e, _ := connect(t, config)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r := Request{Method: "GET", Path: "/x"}
	if _, err := e.Do(ctx, r, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Do(ctx, r, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a turn after the deadline: %v", err)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s %s reached the other host, with Authorization %q", r.Method, r.URL, r.Header.Get("Authorization"))
	})
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/here":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/there":
			answerJSON(w, http.StatusOK, `"arrived"`)
		case "/away":
			http.Redirect(w, r, other+"/?token=x", http.StatusTemporaryRedirect)
		case "/circle":
			http.Redirect(w, r, "/circle", http.StatusFound)
		}
	})
	e, w := connect(t, basicConfig(base))
	tests := map[string]struct{ method, path, wantErr string }{
		"GET to the same host":  {"GET", "/here", ""},
		"GET to another host":   {"GET", "/away", "redirects to " + other + ","},
		"POST to another host":  {"POST", "/away", "redirects to " + other + ","},
		"POST to the same host": {"POST", "/here", "redirects a POST to /there"},
		"circle":                {"GET", "/circle", "in a circle"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out string
			_, err := e.Do(t.Context(), Request{Method: test.method, Path: test.path}, &out)
			if test.wantErr == "" {
				if err != nil || out != "arrived" {
					t.Errorf("%q, %v", out, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.wantErr) {
				t.Errorf("error %v, want %q", err, test.wantErr)
			}
			if errors.Is(err, record.ErrOutcomeUnknown) != (test.method == "POST") || strings.Contains(err.Error(), "token") {
				t.Errorf("error %v", err)
			}
		})
	}
	if len(w.made) > 0 {
		t.Error("a refused redirect was retried")
	}
}

// TestRedirectsStayBelowTheBasePath holds that a Kibana below a path does not hand its credentials to its neighbors.
func TestRedirectsStayBelowTheBasePath(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/tools/kibana/api/here":
			http.Redirect(w, r, "/tools/kibana/api/there", http.StatusFound)
		case "/tools/kibana/api/there":
			answerJSON(w, http.StatusOK, `"arrived"`)
		case "/tools/kibana/api/out":
			http.Redirect(w, r, "/login", http.StatusFound)
		case "/tools/kibana/api/neighbor":
			http.Redirect(w, r, "/tools/kibana2/x", http.StatusFound)
		case "/tools/kibana/api/dots":
			w.Header().Set("Location", "/tools/kibana/%2e%2e/x")
			w.WriteHeader(http.StatusFound)
		default:
			t.Errorf("%s was reached, with Authorization %q", r.URL, r.Header.Get("Authorization"))
		}
	})
	config := basicConfig(base + "/tools/kibana/")
	config.Kind = KindKibana
	e, _ := connect(t, config)
	var out string
	_, err := e.Do(t.Context(), Request{Method: "GET", Path: "/api/here"}, &out)
	if err != nil || out != "arrived" || e.URL != base+"/tools/kibana" {
		t.Errorf("%q, %v, %s", out, err, e.URL)
	}
	for _, path := range []string{"/api/out", "/api/neighbor", "/api/dots"} {
		_, err := e.Do(t.Context(), Request{Method: "GET", Path: path}, &out)
		if err == nil || !strings.Contains(err.Error(), "outside of /tools/kibana") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestLoopbackStaysOnThisMachine holds that what goes to this machine passes no proxy and asks no resolver.
func TestLoopbackStaysOnThisMachine(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { answerJSON(w, http.StatusOK, `"`+r.Host+`"`) })
	proxy := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the proxy got %s, with Authorization %q", r.URL, r.Header.Get("Authorization"))
	})
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(base, "http://"))
	for _, host := range []string{"127.0.0.1", "localhost", "LOCALHOST"} {
		config := basicConfig("http://" + host + ":" + port)
		config.HTTP.ProxyURL = proxy
		e, _ := connect(t, config)
		var out string
		if _, err := e.Do(t.Context(), Request{Method: "GET", Path: "/x"}, &out); err != nil || out != host+":"+port {
			t.Errorf("%s: %q, %v", host, out, err)
		}
	}
}

func TestTLSAndConnectionErrorsSayWhatToCheck(t *testing.T) {
	t.Parallel()
	plain := serve(t, func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, http.StatusOK, `{}`) })

	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, http.StatusOK, fmt.Sprintf("%q", r.Proto))
	}))
	secure.EnableHTTP2 = true
	secure.Config.ErrorLog = quietLog()
	secure.StartTLS()
	t.Cleanup(secure.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))

	mutual := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, `"mutual"`)
	}))
	mutual.TLS = &tls.Config{MinVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert}
	mutual.Config.ErrorLog = quietLog()
	mutual.StartTLS()
	t.Cleanup(mutual.Close)
	mutualCA := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: mutual.Certificate().Raw}))
	key, cert := keytest.RSAPair(t)

	refusing := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) })

	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a port that is closed at once
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	_ = listener.Close()

	_, port, _ := net.SplitHostPort(strings.TrimPrefix(secure.URL, "https://"))
	tests := map[string]struct {
		config  func(*Config)
		url     string
		want    string // decoded answer
		wantErr string
		retries int
	}{
		"unknown authority": {url: secure.URL, wantErr: "http.ca_certificate"},
		"with its authority, HTTP/2": {
			url: secure.URL, config: func(c *Config) { c.HTTP.CACertificate = ca }, want: "HTTP/2.0",
		},
		"insecure": {
			url: secure.URL, config: func(c *Config) { c.HTTP.InsecureSkipVerify = true }, want: "HTTP/2.0",
		},
		"other host name": {
			url:     "https://localhost:" + port,
			config:  func(c *Config) { c.HTTP.CACertificate = ca },
			wantErr: "names the host as the server's certificate",
		},
		"client certificate missing": {
			url:     mutual.URL,
			config:  func(c *Config) { c.HTTP.CACertificate = mutualCA },
			wantErr: "http.client_certificate",
		},
		"client certificate": {
			url: mutual.URL, want: "mutual",
			config: func(c *Config) {
				c.HTTP.CACertificate, c.HTTP.ClientCertificate, c.HTTP.ClientPrivateKey = mutualCA, cert, key
			},
		},
		"https to a plain port": {
			url: strings.Replace(plain, "http:", "https:", 1), wantErr: "scheme and port",
		},
		"refused": {url: closed, wantErr: "that the server is running", retries: 6},
		"proxy that wants a password": {
			url: "https://dev1.example.com", config: func(c *Config) { c.HTTP.ProxyURL = refusing },
			wantErr: "in the proxy's URL",
		},
		"proxy that is down": {
			url:     "https://dev1.example.com",
			config:  func(c *Config) { c.HTTP.ProxyURL = closed },
			wantErr: "check the proxy",
			retries: 6,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := basicConfig(test.url)
			if test.config != nil {
				test.config(&config)
			}
			e, w := connect(t, config)
			var out string
			_, err := e.Do(t.Context(), Request{Method: "POST", Path: "/x"}, &out)
			if test.wantErr == "" {
				if err != nil || out != test.want {
					t.Errorf("%q, %v; want %q", out, err, test.want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.wantErr) {
				t.Errorf("error %v, want %q", err, test.wantErr)
			}
			if errors.Is(err, record.ErrOutcomeUnknown) {
				t.Errorf("%v: nothing was sent, so the outcome is known", err)
			}
			if len(w.made) != test.retries {
				t.Errorf("%d retries, want %d", len(w.made), test.retries)
			}
		})
	}
}

func TestCancellation(t *testing.T) {
	t.Parallel()
	type server struct {
		begun, release chan struct{}
		requests       atomic.Int32
		base           string
	}
	start := func(t *testing.T, answer http.HandlerFunc) *server {
		t.Helper()
		s := &server{begun: make(chan struct{}, 10), release: make(chan struct{})}
		s.base = serve(t, func(w http.ResponseWriter, r *http.Request) {
			s.requests.Add(1)
			s.begun <- struct{}{}
			select {
			case <-s.release:
				answer(w, r)
			case <-r.Context().Done():
			}
		})
		return s
	}
	ok := func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, http.StatusCreated, `{"result":"made"}`) }

	t.Run("a write in flight is finished", func(t *testing.T) {
		t.Parallel()
		s := start(t, ok)
		e, _ := connect(t, basicConfig(s.base))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-s.begun
			cancel()
			close(s.release)
		}()
		var out map[string]string
		if _, err := e.Do(ctx, Request{Method: "POST", Path: "/x", Write: true}, &out); err != nil {
			t.Fatal(err)
		}
		if out["result"] != "made" {
			t.Errorf("answer %v", out)
		}
	})

	t.Run("a write in flight is not repeated", func(t *testing.T) {
		t.Parallel()
		s := start(
			t,
			func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, http.StatusServiceUnavailable, `{}`) },
		)
		e, w := connect(t, basicConfig(s.base))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-s.begun
			cancel()
			close(s.release)
		}()
		_, err := e.Do(ctx, Request{Method: "PATCH", Path: "/x", Write: true}, nil)
		if e := asError(t, err); e.Status != http.StatusServiceUnavailable {
			t.Errorf("error %v", err)
		}
		if len(w.made) > 0 || s.requests.Load() != 1 {
			t.Errorf("%d waits, %d requests after the cancellation", len(w.made), s.requests.Load())
		}
	})

	t.Run("a read ends at once", func(t *testing.T) {
		t.Parallel()
		s := start(t, ok)
		e, _ := connect(t, basicConfig(s.base))
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-s.begun
			cancel()
		}()
		if _, err := e.Do(ctx, Request{Method: "GET", Path: "/x"}, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})

	t.Run("nothing starts", func(t *testing.T) {
		t.Parallel()
		s := start(t, ok)
		e, _ := connect(t, basicConfig(s.base))
		ctx, cancel := context.WithCancel(t.Context())
		grace, end := record.GraceContext(ctx)
		defer end()
		cancel()
		for _, try := range []context.Context{ctx, grace} {
			_, err := e.Do(try, Request{Method: "POST", Path: "/x", Write: true}, nil)
			if !errors.Is(err, context.Canceled) || errors.Is(err, record.ErrOutcomeUnknown) {
				t.Errorf("error %v", err)
			}
		}
		if s.requests.Load() != 0 {
			t.Error("a write was sent after the cancellation")
		}
		close(s.release)
		if _, err := e.Do(grace, Request{Method: "GET", Path: "/x"}, nil); err != nil {
			t.Errorf("a resolving read under grace: %v", err)
		}
	})

	t.Run("a wait for a slot ends at once", func(t *testing.T) {
		t.Parallel()
		s := start(t, ok)
		config := basicConfig(s.base)
		config.HTTP.MaxConcurrentRequests = 1
		e, _ := connect(t, config)
		first := make(chan error, 1)
		go func() {
			_, err := e.Do(t.Context(), Request{Method: "GET", Path: "/x"}, nil)
			first <- err
		}()
		<-s.begun
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := e.Do(ctx, Request{Method: "POST", Path: "/x", Write: true}, nil)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		close(s.release)
		if err := <-first; err != nil {
			t.Error(err)
		}
	})

	t.Run("a POST that outlasts its grace is of unknown outcome", func(t *testing.T) {
		t.Parallel()
		s := start(t, ok)
		e, _ := connect(t, basicConfig(s.base))
		parent, cancel := context.WithCancel(t.Context())
		grace, end := record.GraceContext(parent)
		go func() {
			<-s.begun
			cancel()
			end() // as the end of the period does
		}()
		_, err := e.Do(grace, Request{Method: "POST", Path: "/x", Write: true}, nil)
		if !errors.Is(err, record.ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}
