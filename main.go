// Command terraform-provider-servicenow serves the provider to Terraform.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/process"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/provider"
)

// version is set by the release.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve for a debugger, such as delve")
	flag.Parse()

	if err := serve(*debug); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(debug bool) error {
	process.TuneGC()
	if !debug { // logs of a provider that is being debugged go straight to the terminal
		if err := process.QuietLogs(); err != nil {
			return err
		}
	}
	return providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: "registry.terraform.io/seed-e98ff420/servicenow",
		Debug:   debug,
	})
}
