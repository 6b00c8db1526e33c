package rest

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// outcome is what became of a request that failed.
type outcome int

const (
	// refused: the server, or something on the way, gave an answer that will not change by asking again.
	refused outcome = iota
	// notDone: it was certainly not carried out, and may be later; any request may be repeated.
	notDone
	// lost: it may have been carried out; only a request that is safe to repeat may be repeated.
	lost
	// undecided: it may have been carried out, and asking again would be answered alike.
	undecided
)

// failure is a failed attempt.
type failure struct {
	err        *Error
	outcome    outcome
	retryAfter time.Duration // what the server asked for; 0: nothing
}

// maxRetryAfter caps what a server may ask for. ServiceNow's limits are per hour and it may ask for most of one.
const maxRetryAfter = 5 * time.Minute

// retryPolicy decides whether and when a request is repeated.
type retryPolicy struct {
	max   int           // repetitions
	base  time.Duration // the upper bound of the first wait, doubled for each further one
	limit time.Duration // the highest upper bound

	sleep  func(context.Context, time.Duration) error
	jitter func(time.Duration) time.Duration // a random duration in [0, d)
	now    func() time.Time
}

func newRetryPolicy(maxRetries int) *retryPolicy {
	return &retryPolicy{
		max: maxRetries, base: 500 * time.Millisecond, limit: 30 * time.Second,
		sleep: sleep, jitter: jitter, now: time.Now,
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func jitter(d time.Duration) time.Duration {
	return rand.N(max(d, 1)) //nolint:gosec // spreads load; nothing depends on its being unpredictable
}

// next reports whether a request that failed is repeated, and after which wait. attempt counts from 0.
func (p *retryPolicy) next(f failure, repeatable bool, attempt int) (wait time.Duration, again bool) {
	if f.outcome == refused || f.outcome == undecided || (f.outcome == lost && !repeatable) || attempt >= p.max {
		return 0, false
	}
	bound := p.limit
	if attempt < 16 {
		bound = min(p.limit, p.base<<attempt)
	}
	if f.retryAfter > 0 {
		// What the server asked for, and a little more, so that the waiting requests do not all return at once.
		return min(f.retryAfter, maxRetryAfter) + p.jitter(p.base), true
	}
	return p.jitter(bound), true
}

// retryAfter reads the header of that name: seconds or an HTTP date. 0: absent, past or unreadable.
func (p *retryPolicy) retryAfter(h http.Header) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(value, 64); err == nil {
		if !(seconds > 0) {
			return 0
		}
		return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(p.now()), 0), maxRetryAfter)
}

// outcomeOfAnswer infers the outcome of a request from an answer that is not 2xx. Only the application's own no is one:
// a gateway may look at the answer before it refuses, and speaks for a server that may be at work on the request still.
func outcomeOfAnswer(a *answer) outcome {
	switch {
	case a.status == http.StatusTooManyRequests:
		return notDone
	case statusIsTransient(a.status), a.status == http.StatusRequestTimeout:
		return lost
	case a.status < 400 || a.status >= 500:
		return undecided
	case slices.Contains(beforehand, a.status) || isJSONObject(a.body):
		return refused
	}
	return undecided
}

// beforehand are the refusals that come before anybody looks at what is asked for: of credentials and of size.
var beforehand = []int{
	http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusRequestEntityTooLarge,
	http.StatusRequestURITooLong, http.StatusRequestHeaderFieldsTooLarge,
}

func isJSONObject(body []byte) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(body, &object) == nil && object != nil
}

// outcomeWithoutAnswer infers the outcome of a request that got no answer. connected is whether it ever had a
// connection: without one, nothing of it can have reached the server. An answer too large to read, or a redirect, is an
// answer: it will not change, but leaves unknown what a POST did.
func outcomeWithoutAnswer(err error, connected, repeatable bool) outcome {
	var redirect *redirectError
	if !repeatable && (errors.Is(err, errTooLarge) || errors.As(err, &redirect)) {
		return undecided
	}
	if isPermanent(err) {
		return refused
	}
	if !connected {
		return notDone
	}
	return lost
}

// isPermanent reports errors that the next attempt would only meet again.
func isPermanent(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.IsNotFound
	}
	var proxy *proxyError
	if errors.As(err, &proxy) {
		return !statusIsTransient(proxy.status)
	}
	var redirect *redirectError
	return errors.As(err, &redirect) || errors.Is(err, errTooLarge) ||
		errors.Is(err, http.ErrSchemeMismatch) || isTLS(err)
}

// statusIsTransient reports what a later attempt may find otherwise.
func statusIsTransient(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}
