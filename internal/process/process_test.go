package process

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// asChild makes the test binary tune itself and print the GC percentage.
const asChild = "TEST_PRINT_GC_PERCENT"

func TestMain(m *testing.M) {
	if held, err := strconv.Atoi(os.Getenv(asChild)); err == nil {
		TuneGC()
		live := make([]byte, held)
		for range 3 { // the finalizer of one collection runs before the end of the next but one
			runtime.GC()
			settle()
		}
		_, _ = os.Stdout.WriteString(strconv.Itoa(debug.SetGCPercent(-1)))
		runtime.KeepAlive(live)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// settle waits until the finalizers that are due have run: they run one after the other.
func settle() {
	done := make(chan struct{})
	runtime.SetFinalizer(&struct{ held [16]byte }{}, func(any) { close(done) })
	runtime.GC()
	<-done
}

func TestTuneGC(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		gogc string
		held int
		want string
	}{
		"small heap":             {"", 0, "400"},
		"large heap":             {"", 300 << 20, "100"},
		"the user's own":         {"50", 0, "50"},
		"the user's own, large":  {"250", 300 << 20, "250"},
		"the user turned it off": {"off", 0, "-1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this test itself
			command.Env = append(os.Environ(), asChild+"="+strconv.Itoa(test.held), "GOGC="+test.gogc)
			out, err := command.CombinedOutput()
			if got := strings.TrimSpace(string(out)); err != nil || got != test.want {
				t.Errorf("GC percentage = %q, %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestGCPercent(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{
		0: 400, 1: 400, 16 << 20: 400, cheapHeap / 5: 400, cheapHeap / 4: 300, cheapHeap * 2 / 5: 150, cheapHeap / 2: 100,
		cheapHeap: 100, 16 << 30: 100, 1 << 62: 100,
	} {
		got := gcPercent(live)
		if got != want {
			t.Errorf("gcPercent(%d) = %d, want %d", live, got, want)
		}
		if grown := live / 100 * (100 + uint64(max(0, got))); got > usualGC && grown > cheapHeap {
			t.Errorf("%d bytes may grow to %d before they are collected", live, grown)
		}
	}
}
