// Command vulncheck runs govulncheck over the module. Where the vulnerability database is out of reach it says that
// nothing was checked and succeeds; it fails on findings, and on every other failure.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// database is where govulncheck reads what is known; index is the file that it reads first.
const (
	database = "https://vuln.go.dev"
	index    = "/index/modules.json.gz"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, database, govulncheck, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "vulncheck:", err)
		os.Exit(1)
	}
}

func govulncheck(ctx context.Context) error {
	command := exec.CommandContext(ctx, "go", "tool", "-modfile=tools/go.mod", "govulncheck", "-db", database, "./...")
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}

// run calls check unless the database at address cannot be reached.
func run(ctx context.Context, address string, check func(context.Context) error, out io.Writer) error {
	switch err := reach(ctx, address); {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && offline(err):
		_, err = fmt.Fprintf(out, "vulncheck DID NOT RUN: %s is out of reach (%v). Nothing was checked.\n", address, err)
		return err
	case err != nil:
		return err
	}
	return check(ctx)
}

// reach asks for the index of the database.
func reach(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, address+index, nil)
	if err != nil {
		return fmt.Errorf("asking the database: %w", err)
	}
	response, err := (&http.Client{Timeout: 30 * time.Second}).Do(request)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s%s: %s", address, index, response.Status)
	}
	return nil
}

// offline reports whether there is no way to the server, in contrast to a server that answers something unexpected.
func offline(err error) bool {
	var failed *url.Error
	var network *net.OpError
	var name *net.DNSError
	return errors.As(err, &name) || errors.As(err, &network) && network.Op == "dial" ||
		errors.As(err, &failed) && failed.Timeout()
}
