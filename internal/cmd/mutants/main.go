// Command mutants measures what the tests notice: it puts small faults into the packages given, one at a time, runs the
// tests that need no terraform, and lists the faults that no test noticed.
//
//	mutants [-seed N] [-n N] [-near] PACKAGE...
//
// The faults are a random sample; the same seed over the same code is the same sample. No file is touched: a fault
// reaches the compiler by `go test -overlay`. A package's own tests run first, then those of the given packages that
// depend on it, then those of every other one that does.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	seed := flag.Uint64("seed", uint64(time.Now().Unix()), "seed of the sample") //nolint:gosec // no time before 1970
	n := flag.Int("n", 60, "size of the sample")
	near := flag.Bool("near", false, "run the tests of the given packages only, which takes a fraction of the time")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, options{dir: ".", seed: *seed, n: *n, packages: flag.Args(), near: *near, out: os.Stdout})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

var errNothing = errors.New("no place for a fault in these packages")
