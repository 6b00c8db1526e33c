// Command evidence compares the dictionary of an instance, as servicenow-dictionary writes it, with what the provider
// assumes, and prints every difference by risk: what breaks, what surprises, and what is harmless. What the file says
// that the account could not see follows, and is no difference.
//
//	evidence FILE
//
// It exits with 0 when nothing breaks, and with 1 when something does or the file cannot be read. It asks no server.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/evidence"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "evidence: "+err.Error())
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string, out io.Writer) error {
	if len(arguments) != 1 || arguments[0] == "" {
		return errors.New("usage: make evidence FILE=dictionary.json")
	}
	opened, err := os.Open(arguments[0]) //nolint:gosec // the user names the file
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }()
	file, err := dictionary.Read(opened)
	if err != nil {
		return fmt.Errorf("%s: %w", arguments[0], err)
	}
	assumed := evidence.Assumed(ctx)
	differences := evidence.Compare(file, assumed)
	if _, err := io.WriteString(out, printed(file, assumed, differences)); err != nil {
		return err
	}
	if n := count(differences, evidence.Breaks); n > 0 {
		return fmt.Errorf("%d differences break what the provider does", n)
	}
	return nil
}

func printed(file *dictionary.File, assumed evidence.Assumptions, differences []evidence.Difference) string {
	var text strings.Builder
	about := strings.TrimSpace(file.Release + " " + file.Build)
	if about == "" {
		about = "an instance of an unknown release"
	}
	fmt.Fprintf(&text, "%s: %d of %d tables that the provider touches are in the file.\n", about,
		len(assumed.Tables)-absent(file, assumed), len(assumed.Tables))
	for risk := evidence.Breaks; risk <= evidence.Harmless; risk++ {
		fmt.Fprintf(&text, "\n%s (%d)\n", strings.ToUpper(risk.String()), count(differences, risk))
		for _, d := range differences {
			if d.Risk == risk {
				fmt.Fprintf(&text, "  %s\n", d)
			}
		}
	}
	untold := evidence.Untold(file, assumed)
	fmt.Fprintf(&text, "\nNOT TOLD (%d)\n", len(untold))
	for _, line := range untold {
		fmt.Fprintf(&text, "  %s\n", line)
	}
	return text.String()
}

func absent(file *dictionary.File, assumed evidence.Assumptions) (n int) {
	for _, t := range assumed.Tables {
		if _, ok := file.Table(t.Name); !ok {
			n++
		}
	}
	return n
}

func count(differences []evidence.Difference, risk evidence.Risk) (n int) {
	for _, d := range differences {
		if d.Risk == risk {
			n++
		}
	}
	return n
}
