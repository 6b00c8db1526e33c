package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// maxBody caps an answer, after gzip is undone. A page of 1,000 rows with all columns is a few MiB.
const maxBody = 64 << 20

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", maxBody>>20)

// Request is one HTTP request to a server's API.
type Request struct {
	Method string
	Path   string // begins with "/"; elements made of data are escaped by escape
	Query  url.Values
	// Body is sent as a form when it is url.Values, or a func() (url.Values, error), which is called for each attempt.
	// Anything else is sent as JSON; nil sends nothing.
	Body   any
	Header http.Header
	// Write marks a request that changes something: once begun it survives the cancellation of its context by a grace
	// period, so that what it made is not unknown to the state; and it does not begin, or repeat, after the cancellation.
	Write bool
	// Idempotent marks a POST that may be repeated when its answer was lost. Other methods may be always.
	Idempotent bool
	// Secrets are values in the body that no error may repeat, should the server quote them.
	Secrets []string
	// Answered means that a 2xx must hold what was asked for: one JSON value that is not null, no empty object and, on
	// ServiceNow, no such result. Anything else is an error, and leaves unknown what a POST has done.
	Answered bool
	// Accepts reports whether an answer serves although its status is an error; nil: none does.
	Accepts func(status int, body []byte) bool
}

func (r Request) repeatable() bool { return r.Method != http.MethodPost || r.Idempotent }

// PathElement makes one element of a path from data, so that a "/" or "?" in it cannot lead elsewhere.
func PathElement(element string) string { return url.PathEscape(element) }

// answer is a response whose body has been read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// Endpoint is a connection to one server. It is safe for concurrent use.
type Endpoint struct {
	URL       string // scheme://host[:port][/path]
	basePath  string // not escaped; empty: the root
	kind      Kind
	client    *http.Client
	transport *http.Transport
	auth      authenticator // nil for requests for tokens
	slots     chan struct{} // one per request in flight; nil: no limit of its own
	rate      *rate.Limiter // nil: no limit
	retry     *retryPolicy
	timeout   time.Duration
	log       LogFunc // nil: nobody reads
	usage     *Usage
	redactor  *Redactor
	login     string // how requests log in
	doubt     string // what may be wrong with the credentials, for a 401
}

// NewEndpoint validates the configuration and makes the connection pool. It sends nothing.
// Its error joins *ConfigErrors.
func NewEndpoint(c Config) (*Endpoint, error) {
	s, mistakes := c.resolve()
	if len(mistakes) > 0 {
		errs := make([]error, len(mistakes))
		for i, mistake := range mistakes {
			errs[i] = mistake
		}
		return nil, errors.Join(errs...)
	}
	e := &Endpoint{
		URL:       s.base.String(),
		basePath:  s.base.Path,
		kind:      c.Kind,
		transport: newTransport(s, c.HTTP.MaxConcurrentRequests),
		slots:     make(chan struct{}, c.HTTP.MaxConcurrentRequests),
		retry:     newRetryPolicy(c.HTTP.MaxRetries),
		timeout:   c.HTTP.RequestTimeout,
		redactor:  c.Redactor,
		doubt:     s.auth.doubt,
		usage:     c.Usage,
	}
	if c.Auth != nil {
		e.login = c.Auth.String()
	}
	if e.redactor == nil {
		e.redactor = NewRedactor()
	}
	e.log = redactedLog(c.Log, e.redactor)
	if rps := c.HTTP.RequestsPerSecond; rps > 0 {
		// One at a time, evenly: with a fuller bucket, the first second would see twice as many.
		e.rate = rate.NewLimiter(rate.Limit(rps), 1)
	}
	c.addSecrets(s, e.redactor)

	base := &headerTransport{
		next: &usageTransport{next: e.transport, usage: e.usage, kind: c.Kind}, headers: s.headers,
	}
	if s.auth.grant != nil {
		// Requests for tokens take no slot: the request that waits for the token may hold the last one.
		tokens := *e
		tokens.slots = nil
		tokens.client = tokens.httpClient(base)
		e.auth = &tokenAuth{next: base, pace: e.pace, tokens: &tokenSource{
			grant: s.auth.grant, server: &tokens, now: time.Now,
		}}
	} else {
		e.auth = &headerAuth{next: base, credentials: s.auth}
	}
	e.client = e.httpClient(e.auth)
	return e, nil
}

// httpClient puts the log before next, if there is one.
func (e *Endpoint) httpClient(next http.RoundTripper) *http.Client {
	if e.log != nil {
		next = &logTransport{next: next, log: e.log}
	}
	return &http.Client{Transport: next, CheckRedirect: e.checkRedirect}
}

// Usage counts this connection's requests; nil when nobody does.
func (e *Endpoint) Usage() *Usage { return e.usage }

// Close ends idle connections. The endpoint stays usable.
func (e *Endpoint) Close() { e.transport.CloseIdleConnections() }

// Do sends a request, repeats it where that is safe, and decodes the JSON of the answer into out; a nil out discards
// it, and an empty answer (204) leaves out as it was. Numbers that land in an `any` are json.Number.
// The header is that of the last answer, also when the error is not nil; nil when there was none.
// The error is an *Error.
func (e *Endpoint) Do(ctx context.Context, r Request, out any) (http.Header, error) {
	e.redactor.Add(r.Secrets...)
	target, err := e.target(r)
	if err != nil {
		return nil, &Error{Method: r.Method, Path: r.Path, Message: err.Error(), Err: err}
	}
	newBody, contentType, err := encodeBody(r.Body)
	if err != nil {
		return nil, &Error{Method: r.Method, Path: r.Path, Message: "the request's body cannot be encoded", Err: err}
	}
	// Waiting, unlike the write itself, ends with the operation and not with the grace period.
	waiting := ctx
	if r.Write {
		waiting = record.OperationContext(ctx)
	}
	began := time.Now()
	for attempt := 0; ; attempt++ {
		a, failed := e.attempt(ctx, waiting, r, target, contentType, newBody)
		var header http.Header
		if a != nil {
			header = a.header
		}
		if failed == nil {
			failed = e.decode(r, a, out)
		}
		if failed == nil {
			return header, nil
		}
		failed.err.tries, failed.err.took = attempt+1, time.Since(began)
		failed.err.unknown = (failed.outcome == lost || failed.outcome == undecided) && !r.repeatable()
		wait, again := e.retry.next(*failed, r.repeatable(), attempt)
		if !again || waiting.Err() != nil || endsWithin(waiting, wait) {
			return header, failed.err
		}
		e.logRetry(ctx, r, attempt, wait, failed.err)
		if err := e.retry.sleep(waiting, wait); err != nil {
			return header, failed.err
		}
		e.usage.repeated(wait, failed.err.Status == http.StatusTooManyRequests)
	}
}

func (e *Endpoint) logRetry(ctx context.Context, r Request, attempt int, wait time.Duration, failed *Error) {
	if e.log == nil {
		return
	}
	e.log(ctx, LevelWarn, "Retrying HTTP request", map[string]any{
		"method": r.Method, "path": r.Path, "attempt": attempt + 1, "wait_ms": wait.Milliseconds(),
		"error": failed.Error(),
	})
}

// endsWithin reports whether a context's deadline comes before d has passed: then what the server said is worth more
// than a wait that can only end in "deadline exceeded".
func endsWithin(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) < d
}

// target makes the URL. A path that is not what its maker thought it was, because an element of it was empty or "..",
// would address something else: the whole table instead of one record.
func (e *Endpoint) target(r Request) (string, error) {
	decoded, err := url.PathUnescape(r.Path)
	if err != nil || !strings.HasPrefix(r.Path, "/") || strings.ContainsAny(r.Path, "?# ") {
		return "", errors.New("the path is malformed")
	}
	if slices.Contains(strings.Split(r.Path[1:], "/"), "") {
		return "", errors.New("the path has an empty element")
	}
	for element := range strings.SplitSeq(decoded, "/") {
		if element == "." || element == ".." {
			return "", fmt.Errorf("the path has the element %q", element)
		}
	}
	target := e.URL + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	return target, nil
}

// encodeBody returns a function that makes the body anew for each attempt.
func encodeBody(body any) (newBody func() ([]byte, error), contentType string, err error) {
	const form = "application/x-www-form-urlencoded"
	switch b := body.(type) {
	case nil:
		return nil, "", nil
	case func() (url.Values, error):
		return func() ([]byte, error) {
			values, err := b()
			return []byte(values.Encode()), err
		}, form, nil
	case url.Values:
		return func() ([]byte, error) { return []byte(b.Encode()), nil }, form, nil
	}
	encoded, err := json.Marshal(body)
	return func() ([]byte, error) { return encoded, nil }, "application/json", err
}

// attempt sends the request once and reads the answer. The answer comes also with a failure, when there was one.
func (e *Endpoint) attempt(ctx, waiting context.Context, r Request, target, contentType string,
	newBody func() ([]byte, error),
) (*answer, *failure) {
	release, err := e.acquire(waiting)
	if err != nil {
		return nil, e.notSent(r, err)
	}
	defer release()
	if e.auth != nil {
		// In this request's slot, so that a request for a token does not come on top of the limit.
		if err := e.auth.prepare(waiting); err != nil {
			return nil, e.notSent(r, err)
		}
	}
	if err := e.pace(waiting); err != nil {
		return nil, e.notSent(r, err)
	}

	if r.Write {
		var cancel context.CancelFunc
		ctx, cancel = record.GraceContext(ctx)
		defer cancel()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, e.timeout, errAttemptTimeout)
	defer cancel()

	var body io.Reader
	if newBody != nil {
		b, err := newBody()
		if err != nil {
			return nil, e.notSent(r, err)
		}
		body = bytes.NewReader(b) // of a type for which net/http sets GetBody, which the repetition after a 401 needs
	}
	var connected atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	req, err := http.NewRequestWithContext(traced, r.Method, target, body)
	if err != nil {
		return nil, e.notSent(r, err)
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	req.Header.Set("Accept", "application/json")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}

	a, err := e.roundTrip(req)
	if err != nil {
		return nil, e.unanswered(ctx, r, err, connected.Load())
	}
	if a.status >= 200 && a.status < 300 || r.Accepts != nil && r.Accepts(a.status, a.body) {
		return a, nil
	}
	failed := statusError(r.Method, r.Path, a, e.redact)
	failed.Asked, failed.Login, failed.answeredBy = e.kind, e.login, answeredBy(a.body)
	if a.status == http.StatusUnauthorized && e.doubt != "" {
		failed.Detail = strings.TrimPrefix(failed.Detail+"; "+e.doubt, "; ")
	}
	return a, &failure{
		err:        failed,
		outcome:    outcomeOfAnswer(a),
		retryAfter: e.retry.retryAfter(a.header),
	}
}

func (e *Endpoint) roundTrip(req *http.Request) (*answer, error) {
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing can be done about it, and the body has been read
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("the answer broke off: %w", err)
	}
	if len(body) > maxBody {
		return nil, errTooLarge
	}
	body = bytes.TrimPrefix(body, []byte("\ufeff")) // a byte order mark, which RFC 8259 lets parsers ignore
	return &answer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// acquire waits for a slot.
func (e *Endpoint) acquire(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	release = func() {}
	if e.slots != nil {
		select {
		case e.slots <- struct{}{}:
			release = func() { <-e.slots }
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return release, nil
}

// pace waits for the rate limit. It comes right before whatever goes out: repetitions and redirects, too.
func (e *Endpoint) pace(ctx context.Context) error {
	if e.rate == nil {
		return nil
	}
	began := time.Now()
	err := e.rate.Wait(ctx)
	e.usage.add(func(c *UsageCount) { c.Waited += time.Since(began) })
	if err != nil && ctx.Err() == nil {
		return context.DeadlineExceeded // the limiter sees that its turn would come after the deadline
	}
	return err
}

// notSent is the failure of a request that never began.
func (e *Endpoint) notSent(r Request, err error) *failure {
	if f := tokenFailure(err); f != nil {
		return f
	}
	message := "not sent"
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		message = "not sent, because the operation was canceled or its time was over"
	}
	return &failure{err: &Error{
		Method: r.Method, Path: r.Path, Message: message, Detail: e.redact(err.Error()), Err: err,
	}}
}

// tokenFailure passes on that no access token could be obtained; that has been retried already. The error is copied,
// because all who waited for the token got the same one.
func tokenFailure(err error) *failure {
	var inner *Error
	if !errors.As(err, &inner) {
		return nil
	}
	own := *inner
	return &failure{err: &own}
}

var errAttemptTimeout = errors.New("no complete answer within the request timeout")

// unanswered is the failure of a request that got no answer, or half of one. ctx is the attempt's.
func (e *Endpoint) unanswered(ctx context.Context, r Request, err error, connected bool) *failure {
	if f := tokenFailure(err); f != nil {
		return f
	}
	message, detail := explain(err)
	switch {
	case ctx.Err() == nil:
	case errors.Is(context.Cause(ctx), errAttemptTimeout):
		// Not context.DeadlineExceeded, which is the end of the whole operation.
		message, detail, err = fmt.Sprintf("%v of %v", errAttemptTimeout, e.timeout), "", errAttemptTimeout
	default:
		// The context's error counts more than what it made the transport say.
		message, detail, err = context.Cause(ctx).Error(), "", errors.Join(ctx.Err(), context.Cause(ctx))
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the URL, whose query has no place in an error
	}
	return &failure{
		err: &Error{
			Method: r.Method, Path: r.Path, Err: err,
			Message: Excerpt(e.redact(message), MaxMessage), Detail: detail,
		},
		outcome: outcomeWithoutAnswer(err, connected, r.repeatable()),
	}
}

// decode reads the answer to a successful request. What cannot be read leaves unknown what a POST has done: by its
// status it was carried out.
func (e *Endpoint) decode(r Request, a *answer, out any) *failure {
	if a.status != http.StatusNoContent && isHTML(a) { // which has no body, whatever its header says
		return &failure{err: htmlError(r.Method, r.Path, a, e.redact), outcome: undecided}
	}
	unreadable := func(err error) *failure {
		return &failure{outcome: undecided, err: &Error{
			Method: r.Method, Path: r.Path, Status: a.status, RequestID: requestID(a.header, e.redact), Err: err,
			Message: "the answer is not the JSON that was expected", Detail: Excerpt(e.redact(err.Error()), maxExcerpt),
		}}
	}
	if len(bytes.TrimSpace(a.body)) == 0 {
		if r.Answered {
			return unreadable(errNoAnswer)
		}
		return nil
	}
	if e.kind == KindServiceNow {
		if err := failureIn200(r.Method, r.Path, a, e.redact); err != nil {
			return &failure{err: err, outcome: undecided}
		}
	}
	if r.Answered {
		if err := checkAnswer(a.body, e.kind); err != nil {
			return unreadable(err)
		}
	}
	if out == nil {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.UseNumber()
	if err := decoder.Decode(out); err != nil {
		return unreadable(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return unreadable(errTrailing)
	}
	return nil
}

var (
	errNoAnswer = errors.New("it is empty")
	errTrailing = errors.New("more follows after its end")
)

// checkAnswer reports an answer that holds nothing although something was asked for.
func checkAnswer(body []byte, kind Kind) error {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	object, isObject := value.(map[string]any)
	if kind == KindServiceNow && isObject {
		if result, ok := object["result"]; ok {
			value = result
		}
	}
	switch v := value.(type) {
	case nil:
		return errors.New("it is null")
	case map[string]any:
		if len(v) == 0 {
			return errNoAnswer
		}
	case string:
		if v == "" {
			return errNoAnswer
		}
	}
	return nil
}

// redact takes every secret that this process was given out of a text. It is the second fence: servers and gateways
// have been seen to quote a request's headers and body in their errors.
func (e *Endpoint) redact(s string) string { return e.redactor.Redact(s) }
