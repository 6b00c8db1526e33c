// Command profiled is the provider with profiles: of its CPU and its allocations over the whole life of the process,
// and of its heap when it was largest. They are written to the directory BENCH_PROFILES, named after the process.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"runtime/pprof"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/process"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
)

func main() {
	runtime.MemProfileRate = 16 << 10
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	name := filepath.Join(os.Getenv("BENCH_PROFILES"), fmt.Sprintf("%d", os.Getpid()))
	cpu, err := os.Create(name + ".cpu.pprof") //nolint:gosec // the directory that the benchmark named
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cpu.Close()) }()
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	watched := make(chan error, 1)
	go func() { watched <- watchHeap(ctx, name+".heap.pprof") }()

	process.TuneGC()
	if err := process.QuietLogs(); err != nil {
		stop()
		return err
	}
	server, err := provider.NewServer("bench", provider.WithoutLog())
	if err == nil {
		err = tf6server.Serve("registry.terraform.io/seed-e98ff420/servicenow",
			func() tfprotov6.ProviderServer { return server })
	}
	pprof.StopCPUProfile()
	stop()
	return errors.Join(err, <-watched, writeProfile("allocs", name+".allocs.pprof"))
}

// watchHeap writes the heap's profile whenever a collection left a tenth more alive than at the last profile.
func watchHeap(ctx context.Context, name string) error {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var largest uint64
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		metrics.Read(live)
		if now := live[0].Value.Uint64(); now > largest+largest/10 {
			largest = now
			if err := writeProfile("heap", name); err != nil {
				return err
			}
		}
	}
}

func writeProfile(kind, name string) (err error) {
	file, err := os.Create(name) //nolint:gosec // the directory that the benchmark named
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return pprof.Lookup(kind).WriteTo(file, 0)
}
