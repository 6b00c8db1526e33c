package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/terraformcli"
)

// version is one that satisfies the example's constraint; example is the configuration that the demo applies.
const (
	version = "0.1.0"
	example = "examples/complete/elastic-itsm"
	modules = "examples/modules" // which the example uses, by a path from its own place
)

// demo is one run.
type demo struct {
	out       io.Writer
	broken    error  // why out takes no more, such as a pipe that was closed
	dir       string // scratch, removed at the end
	root      string // the module's own directory
	cli       terraformcli.CLI
	simulator *simulator
	terraform *terraform
	secrets   secrets
	leaked    []string       // where secrets were found so far
	before    map[string]int // records on the servers at the start, by table
	started   time.Time

	incidents []string // numbers of those that were opened
	drifted   int      // resources that the drift was found in
	leftovers int
}

// run tells the whole story on out. Its error is the first surprise.
func run(ctx context.Context, trace string, out io.Writer) error {
	d := &demo{out: out, started: time.Now()}
	if err := d.look(ctx); err != nil { // before anything is built
		return interrupted(ctx, err)
	}
	dir, err := os.MkdirTemp("", "terraform-provider-servicenow-demo-")
	if err != nil {
		return fmt.Errorf("making a scratch directory: %w", err)
	}
	d.dir = dir
	defer func() { _ = os.RemoveAll(dir) }()
	defer func() {
		if d.simulator != nil {
			d.simulator.close()
		}
	}()

	steps := []func(context.Context) error{
		d.build, d.start, d.prepare(trace), d.create, d.push, d.settled, d.drift, d.repair, d.push, d.settled,
		d.destroy,
	}
	if trace != "" {
		steps = append(steps, d.searchForSecrets(trace))
	}
	for _, step := range steps {
		err := step(ctx)
		if err == nil {
			err = d.broken
		}
		if err != nil {
			return interrupted(ctx, err)
		}
	}
	d.copying()
	d.say("Done", "in %.0f s: opened %s; found drift in %d resources; %d leftovers", time.Since(d.started).Seconds(),
		strings.Join(d.incidents, " and "), d.drifted, d.leftovers)
	return d.broken
}

// interrupted returns what to report where a step ended with err.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, syscall.EPIPE) {
		return errors.New("interrupted; processes and files of the demo are removed")
	}
	return err
}

// say prints one line of the story. The demo ends after the step in which that fails.
func (d *demo) say(step, format string, args ...any) {
	if _, err := fmt.Fprintf(d.out, "%-9s %s\n", step, fmt.Sprintf(format, args...)); err != nil && d.broken == nil {
		d.broken = fmt.Errorf("telling the story: %w", err)
	}
}

func (d *demo) detail(format string, args ...any) { d.say("", "  "+format, args...) }

// look finds the module and the Terraform to use.
func (d *demo) look(ctx context.Context) error {
	//nolint:gosec // the module is this one
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", terraformcli.Module).Output()
	if err != nil {
		return fmt.Errorf("finding the module's directory: %w", err)
	}
	d.root = strings.TrimSpace(string(root))
	finder := terraformcli.Finder{Named: os.Getenv("TERRAFORM"), Dir: filepath.Join(d.root, "bin"), Notice: d.out}
	d.cli, err = finder.Find(ctx)
	return err
}

// build compiles the provider into a filesystem mirror, so that `terraform init` needs no registry, and the simulator.
func (d *demo) build(ctx context.Context) error {
	started := time.Now()
	if err := d.mirror().Build(ctx); err != nil {
		return err
	}
	err := terraformcli.Build(ctx, d.simulatorBinary(), terraformcli.Module+"/internal/cmd/servicenow-simulator")
	if err != nil {
		return err
	}
	d.say("Build", "the provider and a simulated ServiceNow and Kibana, in %.0f s, for %s",
		time.Since(started).Seconds(), d.cli.Name())
	return nil
}

func (d *demo) mirror() terraformcli.Mirror {
	return terraformcli.Mirror{Dir: filepath.Join(d.dir, "mirror"), Version: version}
}

func (d *demo) simulatorBinary() string {
	return filepath.Join(d.dir, "servicenow-simulator"+terraformcli.Suffix())
}

// start starts the simulator.
func (d *demo) start(ctx context.Context) (err error) {
	d.simulator, err = startSimulator(ctx, d.simulatorBinary())
	if err != nil {
		return err
	}
	d.say("Start", "ServiceNow at %s, Kibana at %s", d.simulator.ServiceNowURL, d.simulator.KibanaURL)
	return nil
}

// prepare copies the example, makes its key pair and runs terraform init.
func (d *demo) prepare(trace string) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, folder := range []string{example, modules} {
			folder = filepath.FromSlash(folder)
			if err := os.CopyFS(filepath.Join(d.dir, folder), os.DirFS(filepath.Join(d.root, folder))); err != nil {
				return fmt.Errorf("copying the example: %w", err)
			}
		}
		work := filepath.Join(d.dir, filepath.FromSlash(example))
		privateKey, certificate, err := newKeyPair("Elastic ITSM demo", 360*24*time.Hour)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(work, "elastic.crt"), []byte(certificate), 0o600); err != nil {
			return fmt.Errorf("writing the certificate: %w", err)
		}
		clientSecret := rand.Text()
		d.secrets = secrets{
			"the private key":               privateKey,
			"the client secret":             clientSecret,
			"the ServiceNow login":          d.simulator.ServiceNowUsername + ":" + d.simulator.ServiceNowPassword,
			"Kibana's login":                d.simulator.KibanaUsername + ":" + d.simulator.KibanaPassword,
			"the password of Kibana's user": d.simulator.KibanaPassword,
		}
		env := map[string]string{
			"TF_VAR_servicenow_url": d.simulator.ServiceNowURL,
			"TF_VAR_kibana_url":     d.simulator.KibanaURL,
			"TF_VAR_private_key":    privateKey,
			"TF_VAR_client_secret":  clientSecret,
			"SERVICENOW_USERNAME":   d.simulator.ServiceNowUsername,
			"SERVICENOW_PASSWORD":   d.simulator.ServiceNowPassword,
			"KIBANA_USERNAME":       d.simulator.KibanaUsername,
			"KIBANA_PASSWORD":       d.simulator.KibanaPassword,
		}
		if trace != "" {
			path, err := filepath.Abs(trace)
			if err != nil {
				return fmt.Errorf("finding %s: %w", trace, err)
			}
			env["TF_LOG"], env["TF_LOG_PATH"] = "TRACE", path
		}
		if d.terraform, err = newTerraform(ctx, d.cli.Path, work, d.mirror(), env); err != nil {
			return err
		}
		d.before, err = d.simulator.count(ctx)
		return err
	}
}

// create applies the example to servers that have none of it.
func (d *demo) create(ctx context.Context) error {
	started := time.Now()
	changes, err := d.plan(ctx)
	if err != nil {
		return err
	}
	if err := d.terraform.apply(ctx); err != nil {
		return err
	}
	d.say("Apply", "%s: %d resources created in %.1f s", example, len(changes), time.Since(started).Seconds())
	for _, line := range counted(changes) {
		d.detail("+ %s", line)
	}
	return nil
}

// counted lists the resources of a plan without their keys, each with how many there are of it.
func counted(changes []resourceChange) []string {
	counts := map[string]int{}
	for _, address := range addresses(changes) {
		resource, _, _ := strings.Cut(address, "[")
		counts[resource]++
	}
	lines := make([]string, 0, len(counts))
	for _, resource := range slices.Sorted(maps.Keys(counts)) {
		line := resource
		if n := counts[resource]; n > 1 {
			line += fmt.Sprintf(" (%d)", n)
		}
		lines = append(lines, line)
	}
	return lines
}

// copying says how to do the same with servers of one's own.
func (d *demo) copying() {
	directory := filepath.Join(d.root, filepath.FromSlash(example))
	if here, err := os.Getwd(); err == nil {
		if relative, err := filepath.Rel(here, directory); err == nil && filepath.IsLocal(relative) {
			directory = relative
		}
	}
	d.say("Copy", "%s is the configuration, and its README.md says what it needs. On your own servers:", directory)
	executable := strings.TrimSuffix(filepath.Base(d.cli.Path), terraformcli.Suffix())
	examples := filepath.Dir(filepath.Dir(directory)) // with the modules that it uses
	for _, line := range []string{
		"make install   # once, until a release is published",
		"cp -r " + examples + " servicenow && cd servicenow/complete/elastic-itsm",
		executable + " init && " + executable + " plan -out tfplan && " + executable + " apply tfplan",
	} {
		d.detail("%s", line)
	}
}

// push uses what was made: Kibana signs an assertion, ServiceNow answers with a token, an incident is opened with it.
func (d *demo) push(ctx context.Context) error {
	pushed, err := d.pushIncident(ctx)
	if err != nil {
		return fmt.Errorf("pushing an incident through the connector: %w", err)
	}
	if !strings.HasPrefix(pushed.Number, "INC") {
		return surprise("the push answered no incident number: %+v", pushed)
	}
	d.incidents = append(d.incidents, pushed.Number)
	d.say("Push", "Kibana opened incident %s through the connector, logged in by OAuth", pushed.Number)
	d.detail("%s", pushed.URL)
	return nil
}

func (d *demo) pushIncident(ctx context.Context) (incident, error) {
	id, err := d.terraform.output(ctx, "connector_id")
	if err != nil {
		return incident{}, err
	}
	return d.simulator.push(ctx, id, "Host web-01 does not answer")
}

// settled plans, and expects neither a change nor a failing check.
func (d *demo) settled(ctx context.Context) error {
	changes, err := d.plan(ctx)
	if err != nil {
		return err
	}
	if len(changes) > 0 {
		return surprise("the plan is not empty: %s", strings.Join(addresses(changes), ", "))
	}
	if failing := d.terraform.planned.failing(); len(failing) > 0 {
		return surprise("these checks fail: %s", strings.Join(failing, ", "))
	}
	d.say("Plan", "no changes, and every check passes")
	return nil
}

// What drift changes behind Terraform's back.
const (
	driftedRule      = "module.itsm.module.instance.servicenow_cors_rule.kibana"
	driftedUser      = "module.itsm.module.instance.servicenow_user.integration"
	driftedRole      = `module.itsm.module.instance.servicenow_user_role.integration["import_transformer"]`
	driftedConnector = "module.itsm.servicenow_kibana_itsm_connector.this"
)

// drift plays a well-meaning administrator on each side, and lets Terraform find out.
func (d *demo) drift(ctx context.Context) error {
	ids, err := d.terraform.ids(ctx)
	if err != nil {
		return err
	}
	err = errors.Join(
		d.simulator.change(ctx, "sys_cors_rule", ids[driftedRule], "domain", "https://old.example.com"),
		d.simulator.change(ctx, "sys_user", ids[driftedUser], "active", "false"),
		d.simulator.remove(ctx, "sys_user_has_role", ids[driftedRole]),
		d.simulator.changeConnector(ctx, ids[driftedConnector], map[string]any{"usesTableApi": true}),
	)
	if err != nil {
		return fmt.Errorf("changing records behind Terraform's back: %w", err)
	}
	d.say("Break", "behind Terraform's back: the CORS rule's domain, the user deactivated, a role taken away,")
	d.say("", "the connector switched back to the Table API")
	if _, err := d.pushIncident(ctx); err == nil {
		return surprise("the connector works although its user is deactivated")
	}
	d.say("Push", "fails: ServiceNow issues no token any more")

	changes, err := d.plan(ctx)
	if err != nil {
		return err
	}
	want := []string{driftedRule, driftedConnector, driftedUser, driftedRole}
	if got := addresses(changes); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		return surprise("the plan finds %v, and changed were %v", got, want)
	}
	d.drifted = len(changes)
	d.say("Plan", "Terraform found all %d:", len(changes))
	for _, change := range changes {
		d.detail("%s %s", strings.Join(change.Change.Actions, "+"), change.Address)
		for _, difference := range change.differences() {
			d.detail("  %s", difference)
		}
	}
	failing := d.terraform.planned.failing()
	if len(failing) == 0 {
		return surprise("no check fails although the integration user is deactivated")
	}
	d.detail("warning: %s fails", strings.Join(failing, ", "))
	return nil
}

// repair applies the plan that drift made. The checks must pass again by the end of the same run.
func (d *demo) repair(ctx context.Context) error {
	if err := d.terraform.apply(ctx); err != nil {
		return err
	}
	d.say("Apply", "repaired")
	return nil
}

// destroy removes everything and compares what the servers hold with what they held at the start.
func (d *demo) destroy(ctx context.Context) error {
	changes, err := d.plan(ctx, "-destroy")
	if err != nil {
		return err
	}
	if err := d.terraform.apply(ctx); err != nil {
		return err
	}
	after, err := d.simulator.count(ctx)
	if err != nil {
		return err
	}
	for name, count := range after {
		d.leftovers += count - d.before[name]
	}
	d.say("Destroy", "%d resources destroyed, %d leftovers", len(changes), d.leftovers)
	if !maps.Equal(d.before, after) {
		return surprise("records before %v, after %v", d.before, after)
	}
	return nil
}

// searchForSecrets looks for every secret of the run in what Terraform and the provider wrote.
func (d *demo) searchForSecrets(trace string) func(context.Context) error {
	return func(context.Context) error {
		found, err := d.secrets.findInFiles(d.terraform.dir, trace)
		if err != nil {
			return err
		}
		if found = append(found, d.leaked...); len(found) > 0 {
			return surprise("secrets leaked: %s", strings.Join(found, "; "))
		}
		d.say("Search", "%d secrets: none in the log at TRACE, in a plan or in the state", len(d.secrets))
		return nil
	}
}

// plan plans and remembers what secrets the plan holds.
func (d *demo) plan(ctx context.Context, args ...string) ([]resourceChange, error) {
	planned, err := d.terraform.plan(ctx, args...)
	if err != nil {
		return nil, err
	}
	d.leaked = append(d.leaked, d.secrets.find("a plan", planned.text)...)
	return planned.changes(), nil
}

func addresses(changes []resourceChange) []string {
	all := make([]string, 0, len(changes))
	for _, change := range changes {
		all = append(all, change.Address)
	}
	slices.Sort(all)
	return all
}
