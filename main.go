// Command terraform-provider-servicenow serves the provider to Terraform.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

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
	server, err := provider.NewServer(version, process.NewServer)
	if err != nil {
		return err
	}
	var options []tf6server.ServeOpt
	if debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	return tf6server.Serve("registry.terraform.io/seed-e98ff420/servicenow",
		func() tfprotov6.ProviderServer { return server }, options...)
}
