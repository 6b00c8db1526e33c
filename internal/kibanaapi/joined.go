package kibanaapi

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"
)

// joined lets callers who want the same answer share one request, each with a deadline of its own. The request ends
// when the last of them gives up. Its zero value is ready for use.
type joined struct {
	group   singleflight.Group
	mu      sync.Mutex
	flights map[string]*joinedFlight
}

type joinedFlight struct {
	ctx     context.Context //nolint:containedctx // that of the request, which outlives its first caller
	cancel  context.CancelFunc
	waiters int
}

// do calls ask, or joins the call for key that is under way.
func (j *joined) do(ctx context.Context, key string, ask func(context.Context) (any, error)) (any, error) {
	j.mu.Lock()
	f := j.flights[key]
	if f == nil {
		f = &joinedFlight{}
		f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
		if j.flights == nil {
			j.flights = map[string]*joinedFlight{}
		}
		j.flights[key] = f
		j.group.Forget(key) // one that has just ended answers nobody who comes later
	}
	f.waiters++
	answer := j.group.DoChan(key, func() (any, error) {
		defer j.end(key, f)
		return ask(f.ctx)
	})
	j.mu.Unlock()
	select {
	case got := <-answer:
		return got.Val, got.Err
	case <-ctx.Done():
		j.mu.Lock()
		f.waiters--
		last := f.waiters == 0
		j.mu.Unlock()
		if last {
			j.end(key, f)
		}
		return nil, context.Cause(ctx)
	}
}

// end lets nobody join a flight any more.
func (j *joined) end(key string, f *joinedFlight) {
	f.cancel()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.flights[key] == f {
		delete(j.flights, key)
	}
}
