package examples_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// everyApp is what the modules need on the instance.
func everyApp(o *simulator.Options) {
	o.ServiceNow.Apps = []string{
		servicenow.ElasticITSM, servicenow.ElasticSecOps, servicenow.EventConnectors, servicenow.Rapid7Integration,
	}
}

// user is somebody who works in a folder beside a copy of the modules, with the servers in the environment.
type user struct {
	t   *testing.T
	w   *acctest.World
	dir string
	env []string
}

func newUser(t *testing.T, w *acctest.World, cli string) *user {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "modules"), os.DirFS("modules")); err != nil {
		t.Fatal(err)
	}
	return &user{t: t, w: w, dir: filepath.Join(dir, "own"), env: append(os.Environ(), "CHECKPOINT_DISABLE=1",
		"TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE="+cli, "SERVICENOW_INSTANCE_URL="+w.ServiceNowURL(),
		"SERVICENOW_USERNAME="+w.ServiceNow.AdminUser(), "SERVICENOW_PASSWORD="+w.ServiceNow.AdminPassword(),
		"KIBANA_ENDPOINT="+w.KibanaURL(), "KIBANA_USERNAME="+acctest.KibanaUser, "KIBANA_PASSWORD="+acctest.KibanaPassword)}
}

// in is the same person in another folder, and so with another state.
func (u *user) in(folder string) *user {
	other := *u
	other.dir = filepath.Join(filepath.Dir(u.dir), folder)
	return &other
}

func (u *user) writes(name, text string) {
	u.t.Helper()
	write(u.t, filepath.Join(u.dir, name), text, 0o600)
}

// own puts the simulated servers, and the copy of the modules, in the place of a text's addresses.
func (u *user) own(text string) string {
	return strings.NewReplacer(
		"github.com/seed-e98ff420/terraform-provider-servicenow//examples/", "../",
		guideInstance, u.w.ServiceNowURL(), guideKibana, u.w.KibanaURL(),
		"http://127.0.0.1:8080", u.w.ServiceNowURL(), "http://127.0.0.1:5601", u.w.KibanaURL(),
	).Replace(text)
}

// terraform runs a command, and returns what it printed and its exit code.
func (u *user) terraform(args ...string) (out string, code int) {
	u.t.Helper()
	command := exec.CommandContext(u.t.Context(), acctest.Terraform(u.t).Path, append(args, "-no-color")...)
	command.Dir, command.Env = u.dir, u.env
	text, err := command.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		u.t.Fatal(err)
	}
	if code == 1 {
		u.t.Fatalf("terraform %v ended with 1:\n%s", args, text)
	}
	return string(text), code
}

// applies plans and applies; neither may have a failing check, and the plan after it must be empty.
func (u *user) applies() {
	u.t.Helper()
	u.terraform("get")
	for _, args := range [][]string{
		{"plan", "-input=false", "-out=tfplan"},
		{"apply", "-input=false", "tfplan"},
		{"plan", "-input=false", "-detailed-exitcode"},
	} {
		out, code := u.terraform(args...)
		if code != 0 || strings.Contains(out, "Check block assertion failed") {
			u.t.Fatalf("terraform %v: the plan is not empty, or a check fails:\n%s", args, out)
		}
	}
}

func (u *user) destroys() {
	u.t.Helper()
	u.terraform("destroy", "-auto-approve", "-input=false")
}

// works holds that the connector of a name opens incidents.
func (u *user) works(name string) {
	u.t.Helper()
	for _, c := range u.w.Kibana.Connectors() {
		if c.Name != name {
			continue
		}
		got := request(u.t, u.w, http.MethodPost, "/api/actions/connector/"+c.ID+"/_execute", `{"params": {
			"subAction": "pushToService", "subActionParams": {"incident": {"short_description": "Host is down"}, "comments": []}
		}}`)
		if got["status"] != "ok" {
			u.t.Errorf("%s opens no incident: %v", name, got)
		}
		return
	}
	u.t.Errorf("there is no connector %s", name)
}

// keyPair writes NAME.pem and NAME.crt into the user's folder.
func (u *user) keyPair(name string) {
	u.t.Helper()
	key, certificate := acctest.KeyPair(u.t, name)
	u.writes(name+".pem", key)
	u.writes(name+".crt", certificate)
}

// TestModules runs each module's own tests with `terraform test`.
func TestModules(t *testing.T) {
	t.Parallel()
	cli := acctest.Overrides(t)
	modules, err := filepath.Glob(filepath.Join("modules", "*", "main.tf"))
	if err != nil || len(modules) < 7 {
		t.Fatal(err, modules)
	}
	for _, main := range modules {
		name := filepath.Base(filepath.Dir(main))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, everyApp)
			u := newUser(t, w, cli).in(filepath.Join("modules", name))
			tests, err := filepath.Glob(filepath.Join(u.dir, "tests", "*.tftest.hcl"))
			if err != nil || len(tests) == 0 {
				t.Fatalf("%v: the module has no test", err)
			}
			for _, path := range tests {
				text, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				write(t, path, u.own(string(text)), 0o600)
			}
			u.keyPair("tests/a")
			u.keyPair("tests/b")
			u.terraform("get")
			out, _ := u.terraform("test")
			if !regexp.MustCompile(`[1-9]\d* passed, 0 failed`).MatchString(out) {
				t.Errorf("no test passed:\n%s", out)
			}
			if left := w.Leftovers(); len(left) > 0 {
				t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
			}
		})
	}
}

// TestModulesHaveNoProviderBlocks holds what count, for_each and several instances need.
func TestModulesHaveNoProviderBlocks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("modules", "*", "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`(?m)^provider\b`).Match(text) {
			t.Errorf("%s has a provider block", path)
		}
	}
}

// firstIntegration is what the page of the modules begins with.
func firstIntegration(t *testing.T) string {
	t.Helper()
	return fenced(t, filepath.Join("modules", "README.md"))
}

// TestFirstIntegration does what a stranger does: at most 15 lines, one apply, and Kibana opens incidents.
func TestFirstIntegration(t *testing.T) {
	t.Parallel()
	text := firstIntegration(t)
	lines := 0
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			lines++
		}
		if len(line) > 121 {
			t.Errorf("a line is too long to count as one: %s", line)
		}
	}
	if lines > 15 {
		t.Errorf("the first integration is %d lines:\n%s", lines, text)
	}
	w := acctest.New(t)
	u := newUser(t, w, acctest.Overrides(t))
	u.keyPair("elastic")
	u.writes("client-secret.txt", "a long random secret\n")
	u.writes("main.tf", u.own(text))
	u.applies()
	u.works("Elastic ITSM")
	u.plansWith("several-instances")
	u.destroys()
	if left := w.Leftovers(); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}

// plansWith holds that a plan takes about as many requests as a guide states; how many reads are joined varies.
func (u *user) plansWith(guide string) {
	u.t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "guides", guide+".md"))
	if err != nil {
		u.t.Fatal(err)
	}
	parts := regexp.MustCompile(`\s(\d+) requests to ServiceNow and Kibana together`).FindSubmatch(page)
	if parts == nil {
		u.t.Fatalf("%s states no number", guide)
	}
	stated, err := strconv.Atoi(string(parts[1]))
	if err != nil {
		u.t.Fatal(err)
	}
	u.w.Forget()
	u.terraform("plan", "-input=false", "-detailed-exitcode")
	took := len(u.w.ServiceNow.Requests()) + len(u.w.Kibana.Requests())
	if took*5 < stated*4 || took*5 > stated*6 {
		u.t.Errorf("a plan takes %d requests, and the guide states %d", took, stated)
	}
}

// TestKeyPairRotation replaces a key pair as the modules' page says: three applies, no failing check in any, and an
// incident can be opened after each.
func TestKeyPairRotation(t *testing.T) {
	t.Parallel()
	w := acctest.New(t)
	u := newUser(t, w, acctest.Overrides(t))
	u.keyPair("elastic")
	u.keyPair("new")
	u.writes("client-secret.txt", "a long random secret\n")
	text := u.own(firstIntegration(t))
	replace := func(old, with string) {
		t.Helper()
		if strings.Count(text, old) != 1 {
			t.Fatalf("the configuration does not hold %q once:\n%s", old, text)
		}
		text = strings.Replace(text, old, with, 1)
	}
	for _, step := range []struct {
		name   string
		change func()
		writes []string
	}{
		{name: "first apply", change: func() {}},
		{
			"adds slot b", func() {
				replace(`{ a = file("elastic.crt") }`, `{ a = file("elastic.crt"), b = file("new.crt") }`)
			},
			[]string{"POST jwt_verifier_map", "POST sys_certificate"},
		},
		{
			"switches", func() {
				replace(`"elastic.pem"`, `"new.pem"`)
				replace("  certificates ", "  active_slot = \"b\"\n  certificates ")
			},
			[]string{"PUT /api/actions/connector"},
		},
		{
			"removes slot a", func() { replace(`a = file("elastic.crt"), `, "") },
			[]string{"DELETE jwt_verifier_map", "DELETE sys_certificate"},
		},
	} {
		step.change()
		u.writes("main.tf", text)
		w.Forget()
		u.applies()
		if step.writes != nil {
			if got := changed(w.Writes()); !slices.Equal(got, step.writes) {
				t.Errorf("%s: it wrote %v, want %v", step.name, got, step.writes)
			}
		}
		u.works("Elastic ITSM")
	}
}

// changed names the tables that writes went to, without tokens that were asked for.
func changed(writes []string) []string {
	var all []string
	for _, line := range writes {
		method, where, _ := strings.Cut(line, " ")
		where, _, _ = strings.Cut(where, " ")
		switch {
		case strings.Contains(where, "oauth_token.do"):
		case strings.HasPrefix(where, "/api/actions/connector/"):
			all = append(all, method+" /api/actions/connector")
		default:
			all = append(all, method+" "+where)
		}
	}
	slices.Sort(all)
	return all
}

// TestTwoIntegrations lets two states have an integration each, beside one that owns what is the application's.
// Whichever is destroyed, the other goes on working.
func TestTwoIntegrations(t *testing.T) {
	t.Parallel()
	cli := acctest.Overrides(t)
	w := acctest.New(t)
	u := newUser(t, w, cli)
	const application = `
terraform {
  required_providers { servicenow = { source = "seed-e98ff420/servicenow" } }
}

module "application" {
  source            = "../modules/elastic-application"
  app               = "itsm"
  manage_privileges = %t
}
`
	u.writes("main.tf", fmt.Sprintf(application, true))
	u.applies()
	owners := map[string]*user{"First": u.in("first"), "Second": u.in("second")}
	for name, owner := range owners {
		owner.keyPair("elastic")
		owner.writes("main.tf", fmt.Sprintf(application, false)+u.own(fmt.Sprintf(`
module "itsm" {
  source   = "../modules/elastic-itsm"
  for_each = toset([%q])

  name           = each.key
  application    = module.application
  servicenow_url = %q
  kibana_url     = %q
  certificates   = { a = file("elastic.crt") }
  secrets        = { client_secret = "a long random secret", private_key = file("elastic.pem") }
}
`, name, guideInstance, guideKibana)))
		owner.applies()
	}
	for gone, stays := range map[string]string{"First": "Second", "Second": "First"} {
		owners[gone].destroys()
		owners[stays].works(stays)
		owners[stays].applies() // plans nothing
		owners[gone].applies()
	}
	u.applies()
	owners["First"].destroys()
	owners["Second"].destroys()
	u.destroys()
	if left := w.Leftovers(); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
}
