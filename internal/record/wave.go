package record

import (
	"context"
	"sync"
	"time"
)

// How long a proof waits for the writes beside it.
const (
	// waveFull is how many proofs wait for no more: as many writes as Terraform has under way, unless told otherwise.
	waveFull = 10
	// waveQuiet is the least time without a write that begins or ends after which no further one is expected.
	waveQuiet = 5 * time.Millisecond
	// waveMost is the longest time that a proof waits.
	waveMost = 500 * time.Millisecond
)

// Wave brings writes together that are under way at the same time, so that one question proves all of them. Terraform
// begins a write for each that ends, the more slowly the larger its state is; so a wave goes by the pace at which its
// writes begin. Its zero value is ready for use.
type Wave struct {
	mu                sync.Mutex
	underWay, waiting int
	begun             time.Time     // when the last write of this wave began; zero before the first
	last              time.Time     // when one began or ended
	pace              time.Duration // from one beginning to the next within a wave, on average
	settled           chan struct{} // closed when the wave is over; nil while nobody waits for that
	first             time.Time     // when the first began to wait
}

// Begin notes a write. end is called once, when it is answered.
func (w *Wave) Begin() (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if !w.begun.IsZero() {
		w.pace = (3*w.pace + now.Sub(w.begun)) / 4
	}
	w.underWay++
	w.begun, w.last = now, now
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.underWay--
		w.last = time.Now()
	}
}

// Settle returns once the wave is over: enough wait, or no write is under way and none seems to come, or the first has
// waited for half a second. Those who wait together return together; a canceled ctx lets only its own caller go.
func (w *Wave) Settle(ctx context.Context) {
	w.mu.Lock()
	if w.settled == nil {
		w.settled, w.first = make(chan struct{}), time.Now()
	}
	settled := w.settled
	if w.waiting++; w.waiting >= waveFull {
		w.end()
	} else if w.waiting == 1 {
		w.lookLater(settled)
	}
	w.mu.Unlock()
	select {
	case <-settled:
	case <-ctx.Done():
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.settled == settled {
			w.waiting--
		}
	}
}

// end lets those who wait go. w.mu is held.
func (w *Wave) end() {
	close(w.settled)
	w.settled, w.waiting, w.begun = nil, 0, time.Time{}
}

func (w *Wave) lookLater(settled chan struct{}) {
	time.AfterFunc(waveQuiet, func() { w.look(settled) })
}

// look ends the wave, or looks again later.
func (w *Wave) look(settled chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	quiet := w.underWay == 0 && time.Since(w.last) >= max(waveQuiet, 2*w.pace)
	switch {
	case w.settled != settled:
	case quiet || time.Since(w.first) >= waveMost:
		w.end()
	default:
		w.lookLater(settled)
	}
}
