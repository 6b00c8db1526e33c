package process

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// rareGC is how far, in percent of what lives, the heap grows between two collections while memory is cheap. Most of
	// what the provider allocates dies with the call that made it, and the process with the command.
	rareGC = 400
	// usualGC is Go's default, and what a large heap falls back to.
	usualGC = 100
	// cheapHeap bounds what rareGC may cost: no heap grows beyond it, in bytes, that would not with usualGC.
	cheapHeap = 128 << 20
)

// TuneGC trades memory for time, up to cheapHeap. A GOGC of the user's own is left alone; GOMEMLIMIT holds in any case,
// since the runtime collects as often as it demands.
func TuneGC() {
	if os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(rareGC)
	afterEachGC(func() { debug.SetGCPercent(gcPercent(liveHeap())) })
}

// gcPercent is the GC percentage for a heap of which live bytes survived the last collection.
func gcPercent(live uint64) int {
	if live == 0 {
		return rareGC
	}
	return int(min(rareGC, max(usualGC, int64(cheapHeap*100/live)-100))) //nolint:gosec // at most cheapHeap*100
}

// liveHeap is how many bytes the last collection found in use.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}

// generation is what nothing refers to, so that every collection finds it.
type generation struct{ after func() }

// afterEachGC calls after once each collection is over, on the runtime's goroutine for finalizers.
func afterEachGC(after func()) {
	runtime.SetFinalizer(&generation{after}, (*generation).collected)
}

func (g *generation) collected() {
	g.after()
	runtime.SetFinalizer(g, (*generation).collected)
}
