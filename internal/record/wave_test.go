package record

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestWave(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for name, test := range map[string]struct {
		every time.Duration   // from one beginning to the next
		take  []time.Duration // how long each takes
		want  []time.Duration // when each is proven
	}{
		"one alone": {0, []time.Duration{50 * ms}, []time.Duration{55 * ms}},
		"the slowest is waited for": {
			0, []time.Duration{50 * ms, 52 * ms, 90 * ms}, []time.Duration{95 * ms, 95 * ms, 95 * ms},
		},
		"but not for long": {0, []time.Duration{50 * ms, 900 * ms}, []time.Duration{550 * ms, 905 * ms}},
		"one after the other": {
			200 * ms, []time.Duration{50 * ms, 50 * ms, 50 * ms}, []time.Duration{55 * ms, 255 * ms, 455 * ms},
		},
		"enough": {
			10 * ms, slices.Repeat([]time.Duration{50 * ms}, waveFull+1),
			append(slices.Repeat([]time.Duration{140 * ms}, waveFull), 165*ms),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var w Wave
				began := time.Now()
				took := make([]time.Duration, len(test.take))
				for i, duration := range test.take {
					answered := w.Begin()
					go func() {
						time.Sleep(duration)
						answered()
						w.Settle(t.Context())
						took[i] = time.Since(began)
					}()
					time.Sleep(test.every)
				}
				time.Sleep(2 * time.Second)
				synctest.Wait()
				for i, want := range test.want {
					if took[i] < want || took[i] > want+2*waveQuiet {
						t.Errorf("write %d was proven after %v, want %v", i, took[i], want)
					}
				}
			})
		})
	}
	t.Run("goes by the pace", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var w Wave
			var mu sync.Mutex
			proofs := map[time.Time]int{}
			var writes sync.WaitGroup
			slots := make(chan struct{}, waveFull)
			for range 200 {
				time.Sleep(35 * ms) // Terraform, busy with its state
				slots <- struct{}{}
				answered := w.Begin()
				writes.Go(func() {
					defer func() { <-slots }()
					time.Sleep(50 * ms)
					answered()
					w.Settle(t.Context())
					mu.Lock()
					defer mu.Unlock()
					proofs[time.Now()]++
				})
			}
			writes.Wait()
			if len(proofs) > 25 {
				t.Errorf("200 writes took %d proofs", len(proofs))
			}
		})
	})
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
