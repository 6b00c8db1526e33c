// Package fault makes a simulated server misbehave on demand. One Injector wraps one http.Handler; rules come from Go
// (Add) or as JSON over its admin handler.
//
// A Rule says which requests it is for (method, path, route, body, and by Skip and Count the how-manieth) and what
// happens to them (Kind). The kinds come in four families:
//
//   - The request is lost, refused or delayed: Latency, Status, Reset, HTML, RateLimit, RevokeTokens, Answer.
//   - The request is carried out and its answer is lost or replaced: CommitThenDrop, CommitThenStatus,
//     CommitThenAnswer, SlowBody; or it is carried out later than its answer says: LateCommit, SlowCommit.
//   - The request is answered as if carried out, and is not: Ignore.
//   - The server reads the request, or writes its answer, otherwise than the client expects: OwnID, DropTerm, Withhold.
//
// Catalogue lists one rule for each hostile behaviour, for tests that try them all, and Requests numbers what arrived,
// so that such a test can aim each rule at each request of a run.
package fault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind names what a rule does to a request that it matches.
type Kind string

// The kinds of fault. "Handles" means that the wrapped server processes the request.
const (
	// Latency delays the request by Rule.DelayMS, then handles it, unless the client has gone meanwhile.
	Latency Kind = "latency"
	// Status answers Rule.Status (default 503) without handling; RetryAfter adds the header, Quote the request.
	Status Kind = "status"
	// CommitThenDrop handles the request and closes the connection without an answer.
	CommitThenDrop Kind = "commit_then_drop"
	// CommitThenStatus handles the request and answers as Status does: a gateway that timed out.
	CommitThenStatus Kind = "commit_then_status"
	// Reset closes the connection with a TCP RST before handling.
	Reset Kind = "reset"
	// HTML answers 200 with the page of a hibernating instance, without handling.
	HTML Kind = "html"
	// SlowBody handles the request and sends the answer in 16 pieces, DelayMS apart.
	SlowBody Kind = "slow_body"
	// RateLimit lets Limit requests per WindowMS pass and answers 429 with Retry-After to the rest.
	RateLimit Kind = "rate_limit"
	// RevokeTokens makes every issued OAuth token invalid, then handles the request.
	RevokeTokens Kind = "revoke_tokens"
	// Answer answers Rule.Body or Rule.Shape with Rule.Status (default 200) without handling.
	Answer Kind = "answer"
	// CommitThenAnswer handles the request and answers Rule.Body, or its own answer in Rule.Shape, with Rule.Status
	// (default: the server's). An answer of the server's other than 2xx passes unchanged.
	CommitThenAnswer Kind = "commit_then_answer"
	// LateCommit answers Rule.Status as Status does, or closes the connection where it is 0, and handles the request
	// DelayMS later.
	LateCommit Kind = "late_commit"
	// SlowCommit handles the request after DelayMS whether the client still waits or not, and answers if it does.
	SlowCommit Kind = "slow_commit"
	// Ignore answers a DELETE with 204, a PATCH or PUT with 200 and the record, and changes nothing. The server is only
	// asked for the record, so its own log shows a GET. With Rule.Echo the answer shows the change as if made.
	Ignore Kind = "ignore"
	// OwnID handles a POST without the id that the client made: sys_id in a body, the last step of a connector's path.
	OwnID Kind = "own_id"
	// DropTerm handles the request without the last term of its sysparm_query, as for a column that does not exist.
	DropTerm Kind = "drop_term"
	// Withhold handles the request and leaves the columns that match Rule.Columns out of every row of the answer.
	Withhold Kind = "withhold"
)

// Rule is one fault. The zero value of each addressing field matches everything; a request must match all of them.
type Rule struct {
	ID   string `json:"id,omitempty"` // given by Add when empty
	Kind Kind   `json:"kind"`

	Method       string `json:"method,omitempty"`        // exact HTTP method
	Path         string `json:"path,omitempty"`          // exact URL path
	PathPrefix   string `json:"path_prefix,omitempty"`   // prefix of the URL path
	PathRegexp   string `json:"path_regexp,omitempty"`   // RE2, found anywhere in the URL path
	Route        string `json:"route,omitempty"`         // exact Request.Route: "GET /api/now/table/sys_user/{id}"
	BodyContains string `json:"body_contains,omitempty"` // text of the request's body
	Skip         int    `json:"skip,omitempty"`          // matches that pass untouched first: 2 starts at the third
	Count        int    `json:"count,omitempty"`         // faults to inject; 0 means until removed

	DelayMS     int               `json:"delay_ms,omitempty"`     // Latency, SlowBody, LateCommit, SlowCommit: ms
	Status      int               `json:"status,omitempty"`       // 200 to 599
	RetryAfter  int               `json:"retry_after,omitempty"`  // seconds; 0 sends none (RateLimit: rest of the window)
	Header      map[string]string `json:"header,omitempty"`       // further headers of an invented answer
	ContentType string            `json:"content_type,omitempty"` // of an invented answer; default JSON
	Body        string            `json:"body,omitempty"`         // replaces the default error body or page
	Shape       Shape             `json:"shape,omitempty"`        // Answer, CommitThenAnswer
	Quote       Encoding          `json:"quote,omitempty"`        // Status, CommitThenStatus: the request in the message
	Echo        bool              `json:"echo,omitempty"`         // Ignore
	Columns     []string          `json:"columns,omitempty"`      // Withhold: names, or path.Match patterns ("*.*")
	Limit       int               `json:"limit,omitempty"`        // RateLimit: requests per window
	WindowMS    int               `json:"window_ms,omitempty"`    // RateLimit: default 1000
}

// State is a rule with what it has done so far.
type State struct {
	Rule

	Matched  int `json:"matched"`
	Injected int `json:"injected"`

	where       *address
	windowStart time.Time
	inWindow    int
}

// Options fits an Injector to the server that it wraps.
type Options struct {
	// ErrorBody returns the JSON body that the wrapped server would send with a status. Nil sends none.
	ErrorBody func(status int) []byte
	// RevokeTokens is called by the RevokeTokens fault. Nil refuses such rules.
	RevokeTokens func()
	// Clock is used for rate windows; nil means time.Now.
	Clock func() time.Time
}

// Injector holds the rules of one server. Safe for concurrent use.
type Injector struct {
	opts Options

	mu       sync.Mutex
	settled  *sync.Cond // on mu: pending has become 0
	pending  int        // requests that are still to be handled although their client may have gone
	next     int
	rules    []*State
	requests []*Request
	perRoute map[string]int
}

// New returns an Injector without rules: it lets everything pass.
func New(opts Options) *Injector {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	i := &Injector{opts: opts, perRoute: map[string]int{}}
	i.settled = sync.NewCond(&i.mu)
	return i
}

// Add appends a rule and returns its id. Among several rules that match a request, each acts in the order of adding
// until one answers.
func (i *Injector) Add(r Rule) (string, error) {
	if err := r.complete(i.opts); err != nil {
		return "", fmt.Errorf("fault %q: %w", r.Kind, err)
	}
	where, err := newAddress(r)
	if err != nil {
		return "", fmt.Errorf("fault %q: %w", r.Kind, err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if r.ID == "" {
		i.next++
		r.ID = "fault-" + strconv.Itoa(i.next)
	}
	i.rules = append(i.rules, &State{Rule: r, where: where})
	return r.ID, nil
}

// Remove deletes one rule; an unknown id is no error.
func (i *Injector) Remove(id string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	kept := i.rules[:0]
	for _, r := range i.rules {
		if r.ID != id {
			kept = append(kept, r)
		}
	}
	i.rules = kept
}

// Clear deletes all rules.
func (i *Injector) Clear() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.rules = nil
}

// Settle waits until every request that LateCommit or SlowCommit has put off is handled.
func (i *Injector) Settle() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for i.pending > 0 {
		i.settled.Wait()
	}
}

// Rules returns a copy of the rules with their counters.
func (i *Injector) Rules() []State {
	i.mu.Lock()
	defer i.mu.Unlock()
	states := make([]State, 0, len(i.rules))
	for _, r := range i.rules {
		states = append(states, *r)
	}
	return states
}

// match returns the rules to inject into this request, in order, and for a rate limit how long the window still lasts.
// It logs the request.
func (i *Injector) match(req *http.Request, body []byte) (due []Rule, wait time.Duration, entry *Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	entry = i.log(req)
	for _, r := range i.rules {
		if !r.where.matches(req, entry.Route, body) {
			continue
		}
		r.Matched++
		if r.Matched <= r.Skip || r.Count > 0 && r.Injected >= r.Count {
			continue
		}
		if r.Kind == RateLimit {
			window := time.Duration(r.WindowMS) * time.Millisecond
			now := i.opts.Clock()
			if now.Sub(r.windowStart) >= window {
				r.windowStart, r.inWindow = now, 0
			}
			r.inWindow++
			if r.inWindow <= r.Limit {
				continue
			}
			wait = window - now.Sub(r.windowStart)
		}
		r.Injected++
		entry.Faults = append(entry.Faults, r.ID)
		due = append(due, r.Rule)
	}
	return due, wait, entry
}

// Wrap returns next with the faults in front of it. Paths below /simulator/ are never touched: a test must be able to
// take a fault away again.
func (i *Injector) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/simulator/") {
			next.ServeHTTP(w, r)
			return
		}
		body := keepBody(r)
		due, wait, entry := i.match(r, body)
		w = &observedWriter{ResponseWriter: w, injector: i, entry: entry}
		next := i.observed(next, entry)
		for _, rule := range due {
			switch rule.Kind {
			case Latency:
				if !sleep(r, time.Duration(rule.DelayMS)*time.Millisecond) {
					return
				}
			case RevokeTokens:
				i.opts.RevokeTokens()
			case OwnID:
				next = ownID(next)
			case DropTerm:
				next = dropTerm(next)
			case Withhold:
				next = withhold(rule.Columns, next)
			default:
				i.inject(rule, wait, next, w, r, body)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// inject lets the rule answer.
func (i *Injector) inject(
	rule Rule, wait time.Duration, next http.Handler, w http.ResponseWriter, r *http.Request, body []byte,
) {
	switch rule.Kind {
	case CommitThenDrop:
		next.ServeHTTP(newRecorder(), r)
		panic(http.ErrAbortHandler)
	case Reset:
		reset(w)
	case CommitThenStatus:
		next.ServeHTTP(newRecorder(), r)
		i.answer(w, rule, rule.RetryAfter, r, body)
	case Status:
		i.answer(w, rule, rule.RetryAfter, r, body)
	case RateLimit:
		after := rule.RetryAfter
		if after == 0 {
			after = int((wait + time.Second - 1) / time.Second)
		}
		rule.Status = http.StatusTooManyRequests
		w.Header().Set("X-RateLimit-Limit", strconv.Itoa(rule.Limit))
		i.answer(w, rule, after, r, body)
	case HTML:
		rule.Status, rule.ContentType = http.StatusOK, htmlType
		if rule.Body == "" {
			rule.Body = hibernatingPage
		}
		i.answer(w, rule, 0, r, body)
	case SlowBody:
		rec := newRecorder()
		next.ServeHTTP(rec, r)
		rec.replaySlowly(w, r, time.Duration(rule.DelayMS)*time.Millisecond)
	case Answer:
		rec := newRecorder()
		rec.status = http.StatusOK
		rec.shape(rule)
		rec.replay(w)
	case CommitThenAnswer:
		rec := newRecorder()
		next.ServeHTTP(rec, r)
		if rec.succeeded() {
			rec.shape(rule)
		}
		rec.replay(w)
	case LateCommit:
		i.later(rule, next, r, newRecorder())
		if rule.Status == 0 {
			panic(http.ErrAbortHandler)
		}
		i.answer(w, rule, rule.RetryAfter, r, body)
	case SlowCommit:
		rec := newRecorder()
		<-i.later(rule, next, r, rec)
		rec.replay(w)
	case Ignore:
		ignore(rule, next, w, r, body)
	case Latency, RevokeTokens, OwnID, DropTerm, Withhold:
	}
}

// later handles the request after the rule's delay, whatever becomes of its connection. The channel closes when it has.
func (i *Injector) later(rule Rule, next http.Handler, r *http.Request, rec *recorder) <-chan struct{} {
	i.mu.Lock()
	i.pending++
	i.mu.Unlock()
	detached := detach(r)
	done := make(chan struct{})
	go func() {
		defer func() {
			// The server aborts a request that it cannot read; outside a handler that would end the process.
			if p := recover(); p != nil && p != http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
				panic(p)
			}
			i.mu.Lock()
			defer i.mu.Unlock()
			i.pending--
			i.settled.Broadcast()
			close(done)
		}()
		time.Sleep(time.Duration(rule.DelayMS) * time.Millisecond)
		next.ServeHTTP(rec, detached)
	}()
	return done
}

const hibernatingPage = `<html><head><title>Instance Hibernating page</title></head>` +
	`<body>Your instance is hibernating. Sign in to the developer site to wake it.</body></html>`

// answer sends the rule's status with its body, or with the server's error envelope.
func (i *Injector) answer(w http.ResponseWriter, rule Rule, retryAfter int, r *http.Request, sent []byte) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	for name, value := range rule.Header {
		w.Header().Set(name, value)
	}
	contentType := rule.ContentType
	if contentType == "" {
		contentType = jsonType
	}
	body := []byte(rule.Body)
	if rule.Body == "" && i.opts.ErrorBody != nil {
		body = i.opts.ErrorBody(rule.Status)
	}
	if rule.Quote != "" {
		if text := quote(rule.Quote, r, sent); contentType == jsonType {
			body = withMessage(body, text)
		} else {
			body = []byte(text)
		}
	}
	if !allowsBody(rule.Status) {
		body = nil
	}
	if len(body) > 0 {
		w.Header().Set("Content-Type", contentType)
	}
	w.WriteHeader(rule.Status)
	_, _ = w.Write(body)
}

const (
	jsonType = "application/json;charset=UTF-8"
	htmlType = "text/html;charset=UTF-8"
)

func allowsBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// sleep waits, and reports false when the client went away meanwhile.
func sleep(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// reset sends a TCP RST where the connection allows it; else (HTTP/2, TLS) it just closes.
func reset(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		if tcp, ok := conn.(interface{ SetLinger(sec int) error }); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
		return
	}
	panic(http.ErrAbortHandler)
}

// ServeHTTP is the admin API: GET lists the rules, POST adds one (a JSON Rule) and answers its id, DELETE removes
// the rule of the query parameter id, or all of them. Below it, GET …/catalogue lists the Catalogue, and GET and DELETE
// …/requests list and forget the Requests.
func (i *Injector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, answer := http.StatusOK, any(map[string]string{})
	switch path := strings.TrimSuffix(r.URL.Path, "/"); {
	case strings.HasSuffix(path, "/catalogue") && r.Method == http.MethodGet:
		answer = Catalogue()
	case strings.HasSuffix(path, "/requests") && r.Method == http.MethodGet:
		answer = i.Requests()
	case strings.HasSuffix(path, "/requests") && r.Method == http.MethodDelete:
		i.ForgetRequests()
	case strings.HasSuffix(path, "/catalogue"), strings.HasSuffix(path, "/requests"):
		status, answer = http.StatusMethodNotAllowed, map[string]string{"error": "GET, or DELETE of requests"}
	default:
		status, answer = i.administer(w, r)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer)
}

func (i *Injector) administer(w http.ResponseWriter, r *http.Request) (status int, answer any) {
	switch r.Method {
	case http.MethodGet:
		return http.StatusOK, i.Rules()
	case http.MethodPost:
		var rule Rule
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20))
		decoder.DisallowUnknownFields()
		err := decoder.Decode(&rule)
		var id string
		if err == nil {
			id, err = i.Add(rule)
		}
		if err != nil {
			return http.StatusBadRequest, map[string]string{"error": err.Error()}
		}
		return http.StatusCreated, map[string]string{"id": id}
	case http.MethodDelete:
		if id := r.URL.Query().Get("id"); id != "" {
			i.Remove(id)
		} else {
			i.Clear()
		}
		return http.StatusOK, map[string]string{}
	default:
		return http.StatusMethodNotAllowed, map[string]string{"error": "GET, POST or DELETE"}
	}
}
