package servicenowapi

import (
	"context"
	"sync"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// How questions about one table are joined. A refresh of many records of a table so costs a few requests.
const (
	joinQuiet = 10 * time.Millisecond  // a join is sent when no question about the table arrived for this long,
	joinMost  = 100 * time.Millisecond // and this long after its first one at the latest
)

// joiner gathers what is asked at the same time, so that one request asks for all of it. Its zero value is ready.
type joiner[Q any] struct {
	mu   sync.Mutex
	open *join[Q] // nil when nothing is being gathered
}

// join is a group of questions that wait to be sent together.
type join[Q any] struct {
	asked   []*Q
	size    int
	first   time.Time
	timer   *time.Timer
	ctx     context.Context //nolint:containedctx // of the first question, for its logger; its cancellation does not count
	cancel  context.CancelFunc
	waiting int
	sent    bool
	send    func(context.Context, []*Q)
	done    chan struct{}
}

// ask returns once send has answered a group of questions, q among them, by writing into each. size is what q adds to
// the group, which never exceeds most unless q does so alone. A canceled ctx lets only its own caller go; the request
// is canceled with the last one.
//
// A group that is not sent yet may be joined after a write: what answers it is read later.
func (r *joiner[Q]) ask(ctx context.Context, q *Q, size, most int, send func(context.Context, []*Q)) error {
	j := r.enqueue(ctx, q, size, most, send)
	select {
	case <-j.done:
		return nil
	case <-ctx.Done():
		r.mu.Lock()
		defer r.mu.Unlock()
		if j.waiting--; j.waiting == 0 {
			j.cancel()
			if r.open == j {
				r.open = nil
			}
		}
		return ctx.Err()
	}
}

func (r *joiner[Q]) enqueue(
	ctx context.Context, q *Q, size, most int, send func(context.Context, []*Q),
) *join[Q] {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open != nil && r.open.size+size > most {
		r.sendNow()
	}
	j := r.open
	if j == nil {
		j = &join[Q]{first: time.Now(), send: send, done: make(chan struct{})}
		j.ctx, j.cancel = context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // dispatch and ask call it
		j.timer = time.AfterFunc(joinQuiet, func() { r.dispatch(j) })
		r.open = j
	} else {
		j.timer.Reset(max(0, min(joinQuiet, joinMost-time.Since(j.first))))
	}
	j.waiting++
	j.size += size
	j.asked = append(j.asked, q)
	if j.size >= most {
		r.sendNow()
	}
	return j
}

// sendNow sends the open group without waiting for more. r.mu is held.
func (r *joiner[Q]) sendNow() {
	j := r.open
	r.open = nil
	j.timer.Stop()
	go r.dispatch(j)
}

// dispatch sends a group, once.
func (r *joiner[Q]) dispatch(j *join[Q]) {
	r.mu.Lock()
	if j.sent {
		r.mu.Unlock()
		return
	}
	j.sent = true
	if r.open == j {
		r.open = nil
	}
	r.mu.Unlock()
	defer close(j.done)
	defer j.cancel()
	j.send(j.ctx, j.asked)
}

// When a table is read as a whole.
const (
	// loadRows is the most that a table may hold to be read as a whole at all.
	loadRows = 10000
	// loadPages run at once, beside whatever the connection's own limits allow.
	loadPages = 4
	// crowd is how many questions of one join say that more will come: as many as Terraform works on at once, unless told
	// otherwise. It goes through a block's instances one after the other, so whoever waits for the second join waits for
	// nothing else.
	crowd = 10
)

// loading decides when a table is read as a whole instead of by joins: at the second join, or the first of a crowd,
// where that takes one round of pages, and later if it holds at most loadRows. Its zero value is ready for use.
type loading struct {
	joins  int // since began
	began  time.Time
	writes int64
	// total is how many rows the table was found to hold; unknown when zero.
	total int
}

// next counts a join of some questions and returns up to how many rows the table is worth reading as a whole instead; 0
// for not at all. What was read before a write is worth nothing after it, so joins between which writes moves do not
// count together.
func (l *loading) next(writes int64, questions int) (most int) {
	if time.Since(l.began) > record.SnapshotLife || writes != l.writes {
		l.joins, l.began, l.writes = 0, time.Now(), writes
	}
	l.joins++
	if l.joins == 1 && questions >= crowd {
		l.joins = 2
	}
	switch {
	case l.joins == 2:
		most = loadPages * pageSize
	case l.joins > 2:
		most = loadRows
	}
	if l.total > most {
		return 0
	}
	return most
}
