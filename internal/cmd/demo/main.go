// Command demo runs the whole life of an integration with the real terraform against the simulated ServiceNow and
// Kibana: the example examples/complete/elastic-itsm is applied, used, broken behind Terraform's back, repaired and
// destroyed. It fails at the first thing that is not as it should be.
//
//	demo [-trace FILE]
//
// With -trace, Terraform and the provider log everything they can into FILE, and the demo fails if a secret is found
// there, in a plan or in the state.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	trace := flag.String("trace", "", "log everything into `FILE` and search it for secrets")
	flag.Parse()

	// SIGPIPE and SIGHUP too, so that neither `demo | head` nor a closed terminal leaves a process or a folder behind.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	err := run(ctx, *trace, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}
