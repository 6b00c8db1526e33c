package fault

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Request is one request as the Injector saw it, numbered so that a rule can be aimed at it in another run.
type Request struct {
	Index  int    `json:"index"` // position among all since the start or ForgetRequests, from 0
	Route  string `json:"route"` // method and path, ids as {id}: "PATCH /api/now/table/sys_user/{id}"
	Nth    int    `json:"nth"`   // position among those of its route, from 0
	Method string `json:"method"`
	Path   string `json:"path"`

	Handled bool     `json:"handled"` // the server processed it, or a request in its place
	Status  int      `json:"status"`  // as answered; 0 while there is no answer, or where the connection was dropped
	Faults  []string `json:"faults,omitempty"`
}

// Aim returns the rule, addressed to the request that has this one's route and position. A rule counts from when it
// is added, so add it before the run begins.
func (r Request) Aim(rule Rule) Rule {
	rule.Route, rule.Skip, rule.Count = r.Route, r.Nth, 1
	return rule
}

// Requests returns the requests so far in order of arrival; those below /simulator/ are not among them.
func (i *Injector) Requests() []Request {
	i.mu.Lock()
	defer i.mu.Unlock()
	log := make([]Request, 0, len(i.requests))
	for _, entry := range i.requests {
		copied := *entry
		copied.Faults = slices.Clone(entry.Faults)
		log = append(log, copied)
	}
	return log
}

// ForgetRequests empties the log and starts counting anew. Rules keep their own counters.
func (i *Injector) ForgetRequests() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.requests = nil
	clear(i.perRoute)
}

// maxLogged bounds the log of a long-lived simulator; later requests are served, but not logged.
const maxLogged = 100000

// log numbers a request. The lock is held.
func (i *Injector) log(r *http.Request) *Request {
	route := r.Method + " " + template(r.URL.Path)
	entry := &Request{Index: len(i.requests), Route: route, Nth: i.perRoute[route], Method: r.Method, Path: r.URL.Path}
	if len(i.requests) < maxLogged {
		i.perRoute[route]++
		i.requests = append(i.requests, entry)
	}
	return entry
}

var (
	madeID = regexp.MustCompile(`(?i)^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	// connectorID is an id that a user may choose freely.
	connectorID = regexp.MustCompile(`(/api/actions?/(?:connector/|action/)?|/api/cases/configure/)([^/]+)`)
	collection  = regexp.MustCompile(`^(?:connectors?|connector_types|actions?|list_action_types|types|_.*)$`)
)

// template is a path with its ids as {id}.
func template(path string) string {
	path = connectorID.ReplaceAllStringFunc(path, func(found string) string {
		parts := connectorID.FindStringSubmatch(found)
		if collection.MatchString(parts[2]) {
			return found
		}
		return parts[1] + "{id}"
	})
	steps := strings.Split(path, "/")
	for n, step := range steps {
		if madeID.MatchString(step) {
			steps[n] = "{id}"
		}
	}
	return strings.Join(steps, "/")
}

// observed notes in the log that the server processes the request.
func (i *Injector) observed(next http.Handler, entry *Request) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		entry.Handled = true
		i.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// observedWriter notes the status of the answer in the log.
type observedWriter struct {
	http.ResponseWriter

	injector *Injector
	entry    *Request
}

func (w *observedWriter) note(status int) {
	w.injector.mu.Lock()
	defer w.injector.mu.Unlock()
	if w.entry.Status == 0 {
		w.entry.Status = status
	}
}

func (w *observedWriter) WriteHeader(status int) {
	w.note(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *observedWriter) Write(b []byte) (int, error) {
	w.note(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *observedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// maxKept is how much of a request's body rules look at: more than either server accepts.
const maxKept = 16 << 20

// keepBody reads the body and puts it back.
func keepBody(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxKept)) // the server meets the same error when it reads on
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), r.Body), r.Body}
	return body
}

// detach returns the request in a form that outlives its connection.
func detach(r *http.Request) *http.Request {
	body := keepBody(r)
	return withBody(r.Clone(context.WithoutCancel(r.Context())), body)
}

func withBody(r *http.Request, body []byte) *http.Request {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Del("Content-Length")
	return r
}

// recorder keeps an answer that is to be thrown away, changed or sent late.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
	cutOff bool // the connection breaks in the middle of the body
}

func newRecorder() *recorder { return &recorder{header: http.Header{}, status: http.StatusOK} }

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
func (r *recorder) succeeded() bool             { return r.status >= 200 && r.status < 300 }

func (r *recorder) setBody(body []byte) {
	r.body.Reset()
	r.body.Write(body)
	r.header.Del("Content-Length")
}

// begin sends status and headers. A body that the status forbids would be lost, so the status gives way.
func (r *recorder) begin(w http.ResponseWriter) {
	for name, values := range r.header {
		w.Header()[name] = values
	}
	if r.body.Len() > 0 && !allowsBody(r.status) {
		r.status = http.StatusOK
	}
	if allowsBody(r.status) {
		w.Header().Set("Content-Length", strconv.Itoa(r.body.Len()))
	}
	w.WriteHeader(r.status)
}

func (r *recorder) replay(w http.ResponseWriter) {
	r.begin(w)
	body := r.body.Bytes()
	if r.cutOff {
		_, _ = w.Write(body[:len(body)/2]) //nolint:gosec // G705: a loopback server for tests; quoting is a fault
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body) //nolint:gosec // G705: as above
}

// replaySlowly announces the whole length first, so that a client which gives up early sees a truncated body.
func (r *recorder) replaySlowly(w http.ResponseWriter, req *http.Request, pause time.Duration) {
	r.begin(w)
	body := r.body.Bytes()
	const pieces = 16
	size := max(1, (len(body)+pieces-1)/pieces)
	flusher := http.NewResponseController(w)
	for len(body) > 0 {
		n := min(size, len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return
		}
		_ = flusher.Flush()
		body = body[n:]
		if len(body) > 0 && !sleep(req, pause) {
			return
		}
	}
}
