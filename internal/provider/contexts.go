package provider

import (
	"context"
	"sync/atomic"
	"time"
)

// callReleased makes one call with a context that is released once the call is over. terraform-plugin-framework 1.19
// keeps a cancel function of every call until the process ends, and with it the call's context, its loggers and its
// gRPC stream: 8 KB for a call, 40 KB for a record that is created.
func callReleased[Q, R any](ctx context.Context, request Q, call func(context.Context, Q) (R, error)) (R, error) {
	released := &releasedContext{}
	released.current.Store(&ctx)
	defer released.current.Store(&canceled) //nolint:contextcheck // no call is made with it
	return call(released, request)          //nolint:contextcheck // released stands for ctx
}

// canceled is what a released context is from then on.
var canceled = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// releasedContext stands for another context while a call lasts, and for a canceled one afterwards. The framework's own
// context below it was canceled with the call's before, by gRPC, or is when the call's is.
type releasedContext struct {
	current atomic.Pointer[context.Context]
}

func (c *releasedContext) of() context.Context         { return *c.current.Load() }
func (c *releasedContext) Deadline() (time.Time, bool) { return c.of().Deadline() }
func (c *releasedContext) Done() <-chan struct{}       { return c.of().Done() }
func (c *releasedContext) Err() error                  { return c.of().Err() }
func (c *releasedContext) Value(key any) any           { return c.of().Value(key) }
