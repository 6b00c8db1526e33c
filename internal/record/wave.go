package record

import (
	"context"
	"sync"
	"time"
)

// How long a proof waits for the writes beside it. Terraform begins as many at once as its -parallelism says.
const (
	waveQuiet = 5 * time.Millisecond
	waveMost  = 100 * time.Millisecond
)

// Wave brings writes together that are under way at the same time, so that one question proves all of them. Its zero
// value is ready for use.
type Wave struct {
	mu       sync.Mutex
	underWay int
	last     time.Time     // when one began or ended
	settled  chan struct{} // closed when the wave is over; nil while nobody waits for that
	timer    *time.Timer
}

// Begin notes a write. end is called once, when it is answered.
func (w *Wave) Begin() (end func()) {
	w.move(1)
	return func() { w.move(-1) }
}

func (w *Wave) move(by int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.underWay += by
	w.last = time.Now()
}

// Settle returns once no write has been under way for a few milliseconds, after a tenth of a second at the latest, or
// when ctx ends. Those who wait together return together.
func (w *Wave) Settle(ctx context.Context) {
	w.mu.Lock()
	if w.settled == nil {
		settled, first := make(chan struct{}), time.Now()
		w.settled = settled
		w.timer = time.AfterFunc(waveQuiet, func() { w.check(settled, first) })
	}
	settled := w.settled
	w.mu.Unlock()
	select {
	case <-settled:
	case <-ctx.Done():
	}
}

// check ends the wave, or looks again later.
func (w *Wave) check(settled chan struct{}, first time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	quiet := w.underWay == 0 && time.Since(w.last) >= waveQuiet
	if quiet || time.Since(first) >= waveMost {
		w.settled = nil
		close(settled)
		return
	}
	w.timer.Reset(waveQuiet)
}
