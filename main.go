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
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
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
	usage := &rest.Usage{}
	settings := []provider.Option{provider.WithUsage(usage)}
	if !debug && !process.LogsWanted() { // logs of a provider that is being debugged go straight to the terminal
		if err := process.QuietLogs(); err != nil {
			return err
		}
		settings = append(settings, provider.WithoutLog())
	}
	server, err := provider.NewServer(version, settings...)
	if err != nil {
		return err
	}
	var options []tf6server.ServeOpt
	if debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	err = tf6server.Serve("registry.terraform.io/seed-e98ff420/servicenow",
		func() tfprotov6.ProviderServer { return server }, options...)
	process.LogUsage(usage.Count())
	return err
}
