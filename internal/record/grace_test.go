package record

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestGraceContext(t *testing.T) {
	t.Parallel()
	t.Run("outlives its parent by the grace period", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			type key struct{}
			parent, cancel := context.WithDeadline(
				context.WithValue(t.Context(), key{}, "kept"), time.Now().Add(time.Hour))
			defer cancel()
			ctx, end := GraceContext(parent)
			defer end()
			if ctx.Value(key{}) != "kept" {
				t.Error("the parent's values are gone")
			}
			time.Sleep(time.Hour)
			canceled := time.Now()
			time.Sleep(GracePeriod / 2)
			nested, endNested := GraceContext(ctx)
			defer endNested()
			if OperationContext(nested) != parent {
				t.Error("the origin of a nested grace context is not the operation's")
			}
			if ctx.Err() != nil || nested.Err() != nil {
				t.Fatal("ended before the period was over")
			}
			<-nested.Done()
			if took := time.Since(canceled); took != GracePeriod {
				t.Errorf("ended after %v", took)
			}
			if !errors.Is(context.Cause(nested), errGraceOver) {
				t.Errorf("cause %v", context.Cause(nested))
			}
		})
	})
	t.Run("ends with its cancel and leaves nothing running", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			parent, cancel := context.WithCancel(t.Context())
			ctx, end := GraceContext(parent)
			cancel()
			synctest.Wait()
			end()
			if !errors.Is(ctx.Err(), context.Canceled) {
				t.Errorf("error %v", ctx.Err())
			}
		})
	})
}
