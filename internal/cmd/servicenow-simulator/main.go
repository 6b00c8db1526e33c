// Command servicenow-simulator runs the simulated ServiceNow and Kibana until it is interrupted. It prints one line of
// JSON with their URLs and credentials as soon as both listen.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/seed"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// addresses is what a script needs to talk to the two servers.
type addresses struct {
	InstanceURL        string `json:"instance_url"`
	ServiceNowUsername string `json:"servicenow_username"`
	ServiceNowPassword string `json:"servicenow_password"`
	KibanaURL          string `json:"kibana_url"`
	KibanaUsername     string `json:"kibana_username"`
	KibanaPassword     string `json:"kibana_password"`
	CACertificate      string `json:"ca_certificate,omitempty"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errFlags): // the flags have said so
		os.Exit(2) //nolint:gocritic // nothing is left to defer
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var errFlags = errors.New("the flags are wrong")

func run(ctx context.Context, arguments []string, out io.Writer) error {
	flags := flag.NewFlagSet("servicenow-simulator", flag.ContinueOnError)
	const kibanaUser, kibanaPassword = "elastic", "changeme"
	opts := simulator.Options{Kibana: kibana.Options{Username: kibanaUser, Password: kibanaPassword}}
	flags.StringVar(
		&opts.ServiceNowAddress,
		"servicenow",
		"127.0.0.1:8080",
		"`address` of the ServiceNow side; port 0 picks one",
	)
	flags.StringVar(&opts.KibanaAddress, "kibana", "127.0.0.1:5601", "`address` of the Kibana side; port 0 picks one")
	flags.StringVar(&opts.Kibana.Version, "kibana-version", "9.1.0", "Kibana `version` to imitate")
	release := flags.String("servicenow-release", string(servicenow.DefaultRelease),
		"ServiceNow `release` to imitate: washington, xanadu, yokohama, zurich or australia")
	flags.StringVar(&opts.Kibana.BasePath, "kibana-base-path", "", "`path` that Kibana lives below, such as /kibana")
	flags.StringVar(&opts.Kibana.License, "license", "trial",
		"Kibana license `level`: basic, standard, gold, platinum, enterprise or trial")
	spaces := flags.String("spaces", "", "comma-separated `ids` of Kibana spaces besides default")
	flags.BoolVar(&opts.TLS, "tls", false, "serve HTTPS with a certificate made for the occasion")
	flags.BoolVar(&opts.ServiceNow.LegacyRoleManagement, "legacy-roles", false, "one sys_user_has_role row per grant")
	flags.BoolVar(&opts.ServiceNow.DropAPIOnPolicyCreate, "drop-policy-api", false,
		"drop sys_api_access_policy.api when a policy is created")
	flags.BoolVar(&opts.ServiceNow.DeterministicIDs, "deterministic-ids", false,
		"derive ids from what is written, so that they are the same in every run")
	flags.DurationVar(&opts.Latency, "latency", 0, "delay each answer by this `duration`, such as 50ms")
	seedFile := flags.String("seed", "", "`file` (YAML or JSON) with users, records and connectors to start with")
	dictionaryFile := flags.String("dictionary", "", "`file` (JSON, by servicenow-dictionary) with an instance's own "+
		"tables and columns; its release and applications are taken where flags name none")
	healthy := flags.String("healthy", "",
		"ask the simulator at this `address` or URL whether it is up, and end, with 0 when it is")
	apps := flags.String("apps", servicenow.ElasticITSM, "comma-separated `ids` of applications and plugins to install")
	if err := flags.Parse(arguments); err != nil {
		return fmt.Errorf("%w: %w", errFlags, err)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *healthy != "" {
		address := *healthy
		if !strings.Contains(address, "://") {
			address = "http://" + address
		}
		return askHealth(ctx, strings.TrimSuffix(address, "/"))
	}
	opts.Kibana.DeterministicIDs = opts.ServiceNow.DeterministicIDs
	var err error
	if opts.Seed, err = readFile(*seedFile, seed.Read); err != nil {
		return err
	}
	if opts.Dictionary, err = readFile(*dictionaryFile, dictionary.Read); err != nil {
		return err
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if d := opts.Dictionary; d != nil && d.Release != "" && !given["servicenow-release"] {
		*release = d.Release
	}
	opts.ServiceNow.Release, err = servicenow.ParseRelease(*release)
	if err != nil {
		return err
	}
	opts.ServiceNow.Apps = []string{}
	switch {
	case opts.Dictionary != nil && len(opts.Dictionary.Applications) > 0 && !given["apps"]:
		opts.ServiceNow.Apps = installed(opts.Dictionary)
	case *apps != "":
		opts.ServiceNow.Apps = strings.Split(*apps, ",")
	}
	if *spaces != "" {
		opts.Kibana.Spaces = strings.Split(*spaces, ",")
	}
	sim, err := simulator.Start(opts) //nolint:contextcheck // requests bring their own contexts; Close ends the servers
	if err != nil {
		return err
	}
	err = json.NewEncoder(out).Encode(addresses{
		InstanceURL: sim.ServiceNowURL(), ServiceNowUsername: sim.ServiceNow.AdminUser(),
		ServiceNowPassword: sim.ServiceNow.AdminPassword(), KibanaURL: sim.KibanaURL(),
		KibanaUsername: kibanaUser, KibanaPassword: kibanaPassword, CACertificate: sim.CACertificate(),
	})
	if err != nil {
		return fmt.Errorf("print addresses: %w", err)
	}
	<-ctx.Done()
	return sim.Close()
}

// installed are the applications of an instance that the simulator has, too.
func installed(file *dictionary.File) []string {
	scopes := []string{}
	for _, a := range file.Applications {
		if a.Installed && servicenow.Offers(a.Scope) {
			scopes = append(scopes, a.Scope)
		}
	}
	return scopes
}

// readFile reads a file with one of the readers of its format; no name means no file.
func readFile[T any](name string, read func(io.Reader) (*T, error)) (*T, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // a file that is not asked for is not there
	}
	file, err := os.Open(name) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	content, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return content, nil
}

// askHealth fails unless a simulator answers that it is up: what a container without a shell checks itself with.
func askHealth(ctx context.Context, url string) error {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/simulator/health", nil)
	if err != nil {
		return err
	}
	// The certificate was made for the occasion, and nothing secret is sent.
	insecure := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // G402: as said
	client := http.Client{Transport: &http.Transport{TLSClientConfig: insecure}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s is not healthy: %s", url, response.Status)
	}
	return nil
}
