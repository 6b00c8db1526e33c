// Command permissions writes into a page what each resource needs of the servers, as the resources' definitions state.
//
//	permissions FILE
//
// Each line of FILE that is `<!-- permissions: PART -->` becomes the table of that part: ServiceNow, Kibana or columns.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: permissions FILE")
	}
	page, err := os.ReadFile(args[0]) //nolint:gosec // the page that the caller names
	if err != nil {
		return err
	}
	page, err = fill(page, stated(ctx))
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return os.WriteFile(args[0], page, 0o644) //nolint:gosec // a page of the documentation
}

// resource is what one resource states.
type resource struct {
	lifecycle.Definition
	newer []newer
}

// newer is an attribute that not every instance has, and the release that brought its column.
type newer struct{ attribute, release string }

// stated lists the resources by name.
func stated(ctx context.Context) []resource {
	var all []resource
	for _, constructor := range provider.New("permissions")().Resources(ctx) {
		d, bound, ok := lifecycle.Bindings(ctx, constructor())
		if !ok {
			continue
		}
		r := resource{Definition: d}
		for _, b := range bound {
			if release, ok := b.Since(d.Needs); ok {
				r.newer = append(r.newer, newer{b.Attribute, release})
			}
		}
		slices.SortFunc(r.newer, func(a, b newer) int { return strings.Compare(a.attribute, b.attribute) })
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b resource) int { return strings.Compare(a.Type, b.Type) })
	return all
}

// parts are the tables, by the word that asks for them.
var parts = []struct {
	name  string
	write func(*bytes.Buffer, []resource)
}{{"ServiceNow", servicenowTable}, {"Kibana", kibanaTable}, {"columns", columnsTable}}

// fill puts the tables in the place of the lines that ask for them, of which a page has one each.
func fill(page []byte, all []resource) ([]byte, error) {
	for _, part := range parts {
		line := []byte("<!-- permissions: " + part.name + " -->\n")
		if n := bytes.Count(page, line); n != 1 {
			return nil, fmt.Errorf("has the line %q %d times, and not once", bytes.TrimSpace(line), n)
		}
		var table bytes.Buffer
		part.write(&table, all)
		page = bytes.Replace(page, line, table.Bytes(), 1)
	}
	return page, nil
}

func link(r resource) string {
	return "[`servicenow_" + r.Type + "`](../resources/" + r.Type + ".md)"
}

func servicenowTable(w *bytes.Buffer, all []resource) {
	w.WriteString("| resource | table | the account needs | brought by |\n|---|---|---|---|\n")
	for _, r := range all {
		if r.Server != lifecycle.ServiceNow {
			continue
		}
		table := "any"
		if r.Table != "" {
			table = "`" + r.Table + "`"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", link(r), table, r.Needs.Account(), r.Needs.Origin())
	}
}

func kibanaTable(w *bytes.Buffer, all []resource) {
	w.WriteString("| resource | the account needs |\n|---|---|\n")
	for _, r := range all {
		if r.Server == lifecycle.Kibana {
			fmt.Fprintf(w, "| %s | %s |\n", link(r), r.Needs.Account())
		}
	}
}

func columnsTable(w *bytes.Buffer, all []resource) {
	w.WriteString("| resource | attribute | instances that have it |\n|---|---|---|\n")
	for _, r := range all {
		for _, n := range r.newer {
			since := "some"
			if n.release != lifecycle.SomeInstances {
				since = n.release + " and newer"
			}
			fmt.Fprintf(w, "| %s | `%s` | %s |\n", link(r), n.attribute, since)
		}
	}
}
