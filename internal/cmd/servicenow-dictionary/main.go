// Command servicenow-dictionary writes down how the tables that the provider touches look on one instance: columns,
// types, references, mandatory, read-only and unique columns, defaults, choices, unique indexes, scope, web service
// access, the plugins and applications that they come with, and the release. It reads only, one request at a time, and
// no record's data is in the file: look through it before you hand it on all the same, since labels, choices and
// defaults are what the instance's administrators made them.
//
//	servicenow-dictionary -out FILE
//
// Address and credentials come from the provider's environment variables (SERVICENOW_*). The same instance gives the
// same file. It exits with 0 when done, and with 1 and one line when not.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/embedded"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/evidence"
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
		fmt.Fprintln(os.Stderr, "servicenow-dictionary: "+strings.Join(strings.Fields(err.Error()), " "))
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string, out io.Writer) error {
	flags := flag.NewFlagSet("servicenow-dictionary", flag.ContinueOnError)
	name := flags.String("out", "", "`file` to write; one that is there is replaced")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *name == "" || flags.NArg() > 0 {
		return errors.New("usage: servicenow-dictionary -out FILE")
	}
	if _, err := os.Stat(filepath.Dir(*name)); err != nil { // before anything is asked
		return err
	}
	connection, err := embedded.Connect(ctx, version)
	if err != nil {
		return err
	}
	if connection.ServiceNow == nil {
		return errors.New("no instance is named: set SERVICENOW_INSTANCE_URL, and for example SERVICENOW_USERNAME and " +
			"SERVICENOW_PASSWORD")
	}
	file, err := read(ctx, connection.ServiceNow, evidence.Assumed(ctx))
	if err != nil {
		return errors.New(connection.Redactor.Redact(err.Error()))
	}
	if err := write(*name, file); err != nil {
		return err
	}
	return report(out, *name, file)
}

// write replaces the file as a whole.
func write(name string, file *dictionary.File) error {
	var text bytes.Buffer
	if err := file.Write(&text); err != nil {
		return err
	}
	made, err := os.CreateTemp(filepath.Dir(name), ".dictionary-*") // 0600
	if err != nil {
		return err
	}
	_, err = made.Write(text.Bytes())
	err = errors.Join(err, made.Close())
	if err == nil {
		err = os.Rename(made.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(made.Name()))
	}
	return nil
}

func report(out io.Writer, name string, file *dictionary.File) error {
	columns := 0
	for _, t := range file.Tables {
		columns += len(t.Columns)
	}
	said := fmt.Sprintf("Wrote %d tables with %d columns to %s.\n", len(file.Tables), columns, name)
	if len(file.Missing) > 0 {
		said += "The instance does not have " + strings.Join(file.Missing, ", ") + ".\n"
	}
	for _, u := range file.Unseen {
		said += "Not seen: " + strings.TrimSpace(u.Table+" "+string(u.Part)) + ": " + u.Why + ".\n"
	}
	said += "Look through the file before you hand it on. What it means for the provider: make evidence FILE=" +
		name + "\n"
	_, err := io.WriteString(out, said)
	return err
}
