// Command servicenow-adopt writes the configuration of integrations that exist: it reads an instance and a Kibana
// through the provider's own lists, and writes a directory that plans as pure imports. It writes nothing to any server.
//
//	servicenow-adopt -out DIR [-name TEXT] [-shipped] [-with KIND=QUERY]... [-record TABLE[:COLUMN,...]=QUERY]...
//
// Kibana's spaces are read all, or the one that KIBANA_SPACE_ID names.
//
// Addresses and credentials come from the provider's environment variables; KIBANA_* may be absent. It exits with 0
// when done, and with 1 and one line when not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/embedded"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/process"
)

// version is set by the release.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := process.QuietLogs()
	if err == nil {
		err = run(ctx, os.Args[1:], os.Stdout)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "servicenow-adopt: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string, out io.Writer) error {
	flags := flag.NewFlagSet("servicenow-adopt", flag.ContinueOnError)
	dir := flags.String("out", "", "`directory` to write to; it must be empty or not exist")
	name := flags.String("name", "", "adopt only what hangs together with a record whose name holds this `text`")
	shipped := flags.Bool("shipped", false, "adopt records too that the platform ships")
	var asked asked
	flags.Func("with", "adopt more of a `kind=query`, such as system_property=nameSTARTSWITHglide.oauth", asked.kind)
	flags.Func("record", "adopt records of another table as `table=query`, or table:column,column=query", asked.record)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *dir == "" || flags.NArg() > 0 {
		return errors.New("usage: servicenow-adopt -out DIR [-name TEXT] [-shipped] [-with KIND=QUERY] " +
			"[-record TABLE[:COLUMN,...]=QUERY], the last two as often as wanted")
	}
	if entries, err := os.ReadDir(*dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", *dir)
	}
	p, err := embedded.Start(ctx, version)
	if err != nil {
		return err
	}
	found, err := read(ctx, p, *shipped, asked)
	if err != nil {
		return err
	}
	files, err := found.files(p.Schema, *name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*dir, 0o750); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(*dir, f.name), []byte(f.text), 0o600); err != nil {
			return err
		}
	}
	for _, note := range found.notes {
		_, _ = fmt.Fprintln(out, "Left out: "+note)
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.name
	}
	slices.Sort(names)
	_, err = fmt.Fprintf(out, "Wrote %s to %s. README.md there says what to do next.\n", strings.Join(names, ", "), *dir)
	return err
}
