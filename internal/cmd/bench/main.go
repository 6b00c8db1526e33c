// Command bench measures what plans and applies cost: the real terraform, this provider and the simulated servers with
// latency, beside Terraform's own terraform_data and beside refresh_mode = "single", one after the other in each round.
// It prints a table and writes the results as JSON.
//
//	bench [-quick] [-runs N] [-out DIR] [-publish GUIDE] [-peer PATH] [-profile]
//
// With -peer, the binary of the provider elastic/elasticstack, 200 connectors are planned with both, and nothing else
// is measured. With -profile, applies and plans of 1,000 roles and of 200 connectors are profiled into DIR, and nothing
// else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const (
	module   = "github.com/seed-e98ff420/terraform-provider-servicenow"
	ownName  = "seed-e98ff420/servicenow"
	peerName = "elastic/elasticstack"

	kibanaUser     = "elastic"
	kibanaPassword = "changeme"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	quick, profile     bool
	runs               int
	out, peer, publish string
}

func run(ctx context.Context, arguments []string) (err error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.BoolVar(&o.quick, "quick", false, "measure small estates only, in under 4 minutes")
	flags.IntVar(&o.runs, "runs", 3, "rounds that the medians are taken of")
	flags.StringVar(&o.out, "out", filepath.Join("bin", "bench"), "`directory` for results and profiles")
	flags.StringVar(&o.peer, "peer", "", "`path` of elasticstack's binary: plan 200 connectors with both")
	flags.BoolVar(&o.profile, "profile", false, "profile plans of 1,000 roles and of 200 connectors")
	flags.StringVar(&o.publish, "publish", "", "`guide` whose results are replaced by this run's")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if o.runs < 1 {
		return errors.New("-runs must be at least 1")
	}
	if o.out, err = filepath.Abs(o.out); err != nil {
		return err
	}
	if err := os.MkdirAll(o.out, 0o700); err != nil {
		return err
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	switch {
	case o.profile:
		return b.profile(ctx)
	case o.peer != "":
		return b.comparePeer(ctx)
	default:
		return b.measure(ctx)
	}
}

// bench is one run of this program.
type bench struct {
	options
	binaries
	dir     string // scratch, removed at the end
	sim     *simulator.Simulator
	results *results
}

func newBench(ctx context.Context, o options) (*bench, error) {
	dir, err := os.MkdirTemp("", "terraform-provider-servicenow-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, dir: dir, results: newResults(ctx, o.runs)}
	b.binaries = binaries{meter: filepath.Join(dir, "meter"), provider: map[string]string{
		ownName: filepath.Join(dir, "provider"), peerName: o.peer,
	}}
	own := module
	if o.profile {
		own += "/internal/cmd/bench/profiled"
	}
	err = errors.Join(
		build(ctx, b.meter, module+"/internal/cmd/bench/meter"), build(ctx, b.provider[ownName], own),
		build(ctx, b.small(), module+"/internal/cmd/bench/oneresource"),
	)
	if err == nil {
		//nolint:contextcheck // requests bring their own contexts; Close ends the servers
		b.sim, err = simulator.Start(simulator.Options{
			ServiceNow: servicenow.Options{Apps: []string{servicenow.ElasticITSM}},
			Kibana:     kibana.Options{Username: kibanaUser, Password: kibanaPassword},
		})
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// small is the binary of the one-resource provider.
func (b *bench) small() string { return filepath.Join(b.dir, "small") }

func (b *bench) close() error {
	err := os.RemoveAll(b.dir)
	if b.sim != nil {
		err = errors.Join(err, b.sim.Close())
	}
	return err
}

// build compiles as a release does.
func build(ctx context.Context, binary, pkg string) error {
	//nolint:gosec // the package is this module's own
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, pkg)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	return nil
}
