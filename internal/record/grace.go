package record

import (
	"context"
	"errors"
	"time"
)

// GracePeriod is how long a write that has begun, and the reads that resolve its outcome, may go on after the
// operation was canceled. Terraform gives a provider longer than this before it kills it.
const GracePeriod = 10 * time.Second

var errGraceOver = errors.New("canceled, and not finished within the 10 seconds that a write in flight is given")

type graceKey struct{}

// GraceContext returns a context that outlives parent's cancellation by GracePeriod. The period runs once, from the
// cancellation of the outermost parent, however many requests share the context: a grace context made from a grace
// context adds nothing. The values of parent (loggers) stay.
//
// A caller whose write may need resolving makes one, runs the write and the resolving reads on it, and ends it by
// cancel. Under a grace context whose origin is canceled no further write starts.
func GraceContext(parent context.Context) (ctx context.Context, cancel context.CancelFunc) {
	if OperationContext(parent) != parent {
		return context.WithCancel(parent)
	}
	ctx = context.WithValue(context.WithoutCancel(parent), graceKey{}, parent)
	ctx, end := context.WithCancelCause(ctx)
	stop := context.AfterFunc(parent, func() {
		timer := time.NewTimer(GracePeriod)
		defer timer.Stop()
		select {
		case <-timer.C:
			end(errGraceOver)
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		stop()
		end(context.Canceled)
	}
}

// OperationContext returns the context whose cancellation began the grace period, or ctx itself when it is not a grace
// context.
func OperationContext(ctx context.Context) context.Context {
	if parent, ok := ctx.Value(graceKey{}).(context.Context); ok {
		return parent
	}
	return ctx
}
