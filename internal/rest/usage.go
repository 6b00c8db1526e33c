package rest

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Usage counts what went over the wire, for the one line that a provider logs when it ends. Connections may share one.
// Its zero value is ready, a nil one counts nothing, and it is safe for concurrent use.
type Usage struct {
	mu      sync.Mutex
	counted UsageCount
}

// UsageCount is what a Usage has counted.
type UsageCount struct {
	// Requests are all that were sent, repetitions and redirects included, by server ("ServiceNow", "Kibana") and by
	// method; those for access tokens stand under "token".
	Requests map[string]map[string]int
	// Retried are the requests that repeated one.
	Retried int
	// Joined are the reads and look-ups that needed no request of their own.
	Joined int
	// Waited is how long requests were held back by requests_per_second and by answers of 429, all together.
	Waited time.Duration
	// Sent and Received are bytes of bodies; those of answers after gzip was undone.
	Sent, Received int64
}

// Total is the number of all requests.
func (c UsageCount) Total() int {
	total := 0
	for _, methods := range c.Requests {
		for _, n := range methods {
			total += n
		}
	}
	return total
}

// Count returns what has been counted by now.
func (u *Usage) Count() UsageCount {
	u.mu.Lock()
	defer u.mu.Unlock()
	count := u.counted
	count.Requests = maps.Clone(count.Requests)
	for server, methods := range count.Requests {
		count.Requests[server] = maps.Clone(methods)
	}
	return count
}

// Join counts n reads or look-ups that were answered together with others, or from what was read before.
func (u *Usage) Join(n int) {
	u.add(func(c *UsageCount) { c.Joined += n })
}

// repeated counts a repetition, and the wait before it if a rate limit demanded it.
func (u *Usage) repeated(wait time.Duration, limited bool) {
	u.add(func(c *UsageCount) {
		c.Retried++
		if limited {
			c.Waited += wait
		}
	})
}

func (u *Usage) add(count func(*UsageCount)) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	count(&u.counted)
}

// request counts a request under its server's name.
func (u *Usage) request(kind Kind, method string, body int64) {
	u.add(func(c *UsageCount) {
		if c.Requests == nil {
			c.Requests = map[string]map[string]int{}
		}
		server := kind.String()
		if c.Requests[server] == nil {
			c.Requests[server] = map[string]int{}
		}
		c.Requests[server][method]++
		c.Sent += max(0, body)
	})
}

// usageTransport counts what leaves. It is the innermost link, so that what the others repeat or add counts, too.
type usageTransport struct {
	next  http.RoundTripper
	usage *Usage
	kind  Kind
}

func (t *usageTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	name := req.Method
	if strings.HasSuffix(req.URL.Path, tokenPath) {
		name = "token"
	}
	t.usage.request(t.kind, name, req.ContentLength)
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &countedBody{ReadCloser: resp.Body, usage: t.usage}
	return resp, nil
}

type countedBody struct {
	io.ReadCloser
	usage *Usage
}

func (b *countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.usage.add(func(c *UsageCount) { c.Received += int64(n) })
	return n, err
}
