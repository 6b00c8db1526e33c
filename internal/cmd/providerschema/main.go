// Command providerschema prints the provider's schema as `terraform providers schema -json` would, taken from the
// provider in process.
//
// The documentation generator documents only what it is given, and Terraform before 1.14 leaves actions, list resources
// and (before 1.12) identities out of its own answer. As long as 1.11 is supported, `make generate` must write the same
// pages whichever Terraform is installed, so the schema is dumped here. A test holds the dump to what the installed
// Terraform reports, in every part that it reports. Once 1.14 is the oldest supported release, this command can go.
//
//	providerschema ADDRESS
//
// ADDRESS is the key the schema stands under. The generator looks for registry.terraform.io/hashicorp/<name>, whoever
// publishes the provider.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, w io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: providerschema ADDRESS, such as registry.terraform.io/hashicorp/servicenow")
	}
	server, err := provider.NewServer("dev")
	if err != nil {
		return err
	}
	schemas, err := describe(ctx, args[0], server)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(schemas)
}
