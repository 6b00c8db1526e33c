// Package fault makes a simulated server misbehave on demand: latency, error answers, lost answers, resets, HTML pages,
// rate limits. One Injector wraps one http.Handler; rules come from Go (Add) or as JSON over its admin handler.
package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Kind names what a rule does to a request that it matches.
type Kind string

// The kinds of fault. "Handled" means that the wrapped server processes the request before the fault shows.
const (
	// Latency delays the request by Rule.DelayMS, then handles it.
	Latency Kind = "latency"
	// Status answers Rule.Status (default 503) without handling; RetryAfter adds the header.
	Status Kind = "status"
	// CommitThenDrop handles the request and closes the connection without an answer.
	CommitThenDrop Kind = "commit_then_drop"
	// CommitThenStatus handles the request and answers Rule.Status in place of the server's answer: a gateway timeout.
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
)

// Rule is one fault. The zero values of Method and PathPrefix match everything.
type Rule struct {
	ID         string `json:"id,omitempty"`          // given by Add when empty
	Kind       Kind   `json:"kind"`                  //
	Method     string `json:"method,omitempty"`      // exact HTTP method
	PathPrefix string `json:"path_prefix,omitempty"` // prefix of the URL path
	Skip       int    `json:"skip,omitempty"`        // matches that pass untouched first: 2 starts at the third
	Count      int    `json:"count,omitempty"`       // faults to inject; 0 means until removed
	DelayMS    int    `json:"delay_ms,omitempty"`    // Latency, SlowBody: milliseconds
	Status     int    `json:"status,omitempty"`      // Status, CommitThenStatus: default 503
	RetryAfter int    `json:"retry_after,omitempty"` // seconds; 0 sends no header (RateLimit: rest of the window)
	Body       string `json:"body,omitempty"`        // replaces the default error body or page
	Limit      int    `json:"limit,omitempty"`       // RateLimit: requests per window
	WindowMS   int    `json:"window_ms,omitempty"`   // RateLimit: default 1000
}

// State is a rule with what it has done so far.
type State struct {
	Rule

	Matched  int `json:"matched"`
	Injected int `json:"injected"`

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

	mu    sync.Mutex
	next  int
	rules []*State
}

// New returns an Injector without rules: it lets everything pass.
func New(opts Options) *Injector {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	return &Injector{opts: opts}
}

// Add appends a rule and returns its id. Among several rules that match a request, each acts in the order of adding
// until one answers.
func (i *Injector) Add(r Rule) (string, error) {
	switch r.Kind {
	case Latency, SlowBody:
		if r.DelayMS <= 0 {
			return "", fmt.Errorf("fault %q needs delay_ms", r.Kind)
		}
	case RateLimit:
		if r.Limit <= 0 {
			return "", fmt.Errorf("fault %q needs limit", r.Kind)
		}
		if r.WindowMS == 0 {
			r.WindowMS = 1000
		}
	case Status, CommitThenStatus:
		if r.Status == 0 {
			r.Status = http.StatusServiceUnavailable
		}
		if r.Status < 200 || r.Status > 599 {
			return "", fmt.Errorf("fault %q: status %d is not an HTTP status", r.Kind, r.Status)
		}
	case RevokeTokens:
		if i.opts.RevokeTokens == nil {
			return "", errors.New("this server issues no tokens to revoke")
		}
	case CommitThenDrop, Reset, HTML:
	default:
		return "", fmt.Errorf("unknown fault kind %q", r.Kind)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if r.ID == "" {
		i.next++
		r.ID = "fault-" + strconv.Itoa(i.next)
	}
	i.rules = append(i.rules, &State{Rule: r})
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
func (i *Injector) match(req *http.Request) (due []Rule, wait time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, r := range i.rules {
		if r.Method != "" && r.Method != req.Method || !strings.HasPrefix(req.URL.Path, r.PathPrefix) {
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
		due = append(due, r.Rule)
	}
	return due, wait
}

// Wrap returns next with the faults in front of it. Paths below /simulator/ are never touched: a test must be able to
// take a fault away again.
func (i *Injector) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/simulator/") {
			next.ServeHTTP(w, r)
			return
		}
		due, wait := i.match(r)
		for _, rule := range due {
			switch rule.Kind {
			case Latency:
				if !sleep(r, time.Duration(rule.DelayMS)*time.Millisecond) {
					return
				}
			case RevokeTokens:
				i.opts.RevokeTokens()
			default:
				i.inject(rule, wait, next, w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (i *Injector) inject(rule Rule, wait time.Duration, next http.Handler, w http.ResponseWriter, r *http.Request) {
	switch rule.Kind {
	case CommitThenDrop:
		next.ServeHTTP(newRecorder(), r)
		panic(http.ErrAbortHandler)
	case Reset:
		reset(w)
	case CommitThenStatus:
		next.ServeHTTP(newRecorder(), r)
		i.answer(w, rule, rule.Status, rule.RetryAfter)
	case Status:
		i.answer(w, rule, rule.Status, rule.RetryAfter)
	case RateLimit:
		after := rule.RetryAfter
		if after == 0 {
			after = int((wait + time.Second - 1) / time.Second)
		}
		w.Header().Set("X-RateLimit-Limit", strconv.Itoa(rule.Limit))
		i.answer(w, rule, http.StatusTooManyRequests, after)
	case HTML:
		page := rule.Body
		if page == "" {
			page = hibernatingPage
		}
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		_, _ = w.Write([]byte(page))
	case SlowBody:
		rec := newRecorder()
		next.ServeHTTP(rec, r)
		rec.replaySlowly(w, r, time.Duration(rule.DelayMS)*time.Millisecond)
	case Latency, RevokeTokens:
	}
}

const hibernatingPage = `<html><head><title>Instance Hibernating page</title></head>` +
	`<body>Your instance is hibernating. Sign in to the developer site to wake it.</body></html>`

func (i *Injector) answer(w http.ResponseWriter, rule Rule, status, retryAfter int) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	body := []byte(rule.Body)
	if rule.Body == "" && i.opts.ErrorBody != nil {
		body = i.opts.ErrorBody(status)
	}
	if len(body) > 0 {
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
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
// the rule of the query parameter id, or all of them.
func (i *Injector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	var answer any
	switch r.Method {
	case http.MethodGet:
		answer = i.Rules()
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
			w.WriteHeader(http.StatusBadRequest)
			answer = map[string]string{"error": err.Error()}
			break
		}
		w.WriteHeader(http.StatusCreated)
		answer = map[string]string{"id": id}
	case http.MethodDelete:
		if id := r.URL.Query().Get("id"); id != "" {
			i.Remove(id)
		} else {
			i.Clear()
		}
		answer = map[string]string{}
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
		answer = map[string]string{"error": "GET, POST or DELETE"}
	}
	_ = json.NewEncoder(w).Encode(answer)
}
