package record

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestWave(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		writes []time.Duration // how long each takes; all begin at once
		want   []time.Duration // when each is proven
	}{
		"one alone":                 {[]time.Duration{50 * ms}, []time.Duration{55 * ms}},
		"the slowest is waited for": {[]time.Duration{50 * ms, 52 * ms, 90 * ms}, []time.Duration{95 * ms, 95 * ms, 95 * ms}},
		"but not for long":          {[]time.Duration{50 * ms, 300 * ms}, []time.Duration{150 * ms, 305 * ms}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var w Wave
				began := time.Now()
				took := make([]time.Duration, len(test.writes))
				for i, duration := range test.writes {
					answered := w.Begin()
					go func() {
						time.Sleep(duration)
						answered()
						w.Settle(t.Context())
						took[i] = time.Since(began)
					}()
				}
				time.Sleep(time.Second)
				synctest.Wait()
				for i, want := range test.want {
					if took[i] < want || took[i] > want+waveQuiet {
						t.Errorf("write %d was proven after %v, want %v", i, took[i], want)
					}
				}
			})
		})
	}
	t.Run("a canceled one goes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var w Wave
			defer w.Begin()()
			ctx, cancel := context.WithTimeout(t.Context(), 20*ms)
			defer cancel()
			began := time.Now()
			w.Settle(ctx)
			if took := time.Since(began); took != 20*ms {
				t.Errorf("it waited for %v", took)
			}
			time.Sleep(time.Second)
		})
	})
}
