package examples_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/terraformcli"
)

// A guide says by comments, which no reader sees, what the fenced block below each is:
//
//	<!-- file: main.tf -->   a file to write
//	<!-- run -->             commands for a shell; they succeed
//	<!-- run: exit 2 -->     commands that end with this status
//	<!-- prints -->          lines that the commands above printed, in this order, with … for anything
//
// and, without a block, what the reader does by hand:
//
//	<!-- by hand: NAME -->   runs the guide's function NAME
//
// "in OpenTofu" after the first word keeps readers with Terraform out.
var marked = regexp.MustCompile("(?m)^<!-- (file|run|prints|by hand)( in OpenTofu)?(?:: ([^\n]*?))? -->\n" +
	"(?:\n*```[a-z]*\n((?s:.*?)\n)```$)?")

// guide is what stands in for the servers and the people of a guide.
type guide struct {
	options func(*simulator.Options)
	// roles are those of Terraform's own account, for guides that say what it needs. Without, it is the administrator.
	roles []string
	// fill is what readers have instead of what the guide says.
	fill   map[string]string
	byHand map[string]byHand
}

// byHand is what readers do in a browser. It returns what they fill in from then on, by what the guide has there.
type byHand func(t *testing.T, w *acctest.World) map[string]string

var guides = map[string]guide{
	"drift": {
		byHand: map[string]byHand{
			"change the group": changes("sys_user_group", "name=Network operations", servicenow.Record{"description": "Mine"}),
		},
	},
	"elastic-cases": {
		byHand: map[string]byHand{
			"make the integration user": func(t *testing.T, w *acctest.World) map[string]string {
				t.Helper()
				person(t, w, servicenow.Record{"user_name": "elastic.integration", "user_password": "a-long-password"},
					"import_set_loader", "import_transformer", "personalize_choices", "x_elas2_inc_int.integration_user")
				const variable = "TF_VAR_servicenow_itsm_password="
				return map[string]string{variable + "…": variable + "a-long-password"}
			},
			"close cases by hand": func(t *testing.T, w *acctest.World) map[string]string {
				t.Helper()
				closeByHand(t, w)
				return nil
			},
		},
	},
	"elastic-itsm": {},
	"elastic-secops": {
		options: func(o *simulator.Options) { o.ServiceNow.Apps = []string{servicenow.ElasticSecOps} },
		byHand: map[string]byHand{
			"lock the integration user out": changes("sys_user", "user_name=elastic.secops",
				servicenow.Record{"locked_out": "true"}),
		},
	},
	"kibana-connectors": {
		fill: map[string]string{
			"TF_VAR_jira_api_token=… TF_VAR_servicenow_password=…": "TF_VAR_jira_api_token=jira-token " +
				"TF_VAR_servicenow_password=a-long-password",
		},
		byHand: map[string]byHand{
			"have a deprecated connector": func(t *testing.T, w *acctest.World) map[string]string {
				t.Helper()
				person(t, w, servicenow.Record{"user_name": "elastic.integration", "user_password": "a-long-password"},
					"import_set_loader", "import_transformer", "personalize_choices", "x_elas2_inc_int.integration_user")
				request(t, w, http.MethodPost, "/api/actions/connector", fmt.Sprintf(`{"name": "ServiceNow",
					"connector_type_id": ".servicenow", "config": {"apiUrl": %q, "usesTableApi": true},
					"secrets": {"username": "elastic.integration", "password": "a-long-password"}}`, w.ServiceNowURL()))
				return nil
			},
			"have an authority": func(t *testing.T, _ *acctest.World) map[string]string {
				t.Helper()
				_, certificate := acctest.KeyPair(t, "authority")
				path := filepath.Join(t.TempDir(), "authority.pem")
				write(t, path, certificate, 0o600)
				return map[string]string{`file("authority.pem")`: fmt.Sprintf("file(%q)", path)}
			},
		},
	},
	"migrating": {
		byHand: map[string]byHand{
			"have an integration made by hand": func(t *testing.T, w *acctest.World) map[string]string {
				t.Helper()
				person(t, w, servicenow.Record{"user_name": "elastic.integration", "web_service_access_only": "true"})
				api := w.ServiceNow.Records("sys_ws_definition", "namespace=x_elas2_inc_int")[0]["sys_id"]
				rule := servicenow.Record{
					"name": "Elastic CORS", "domain": "https://kibana.example.com", "rest_api": api, "get": "true",
				}
				if _, err := w.ServiceNow.Insert("sys_cors_rule", rule); err != nil {
					t.Fatal(err)
				}
				request(t, w, http.MethodPost, "/api/actions/connector", `{"name": "ServiceNow", "connector_type_id": ".servicenow",
					"config": {"apiUrl": "https://dev12345.service-now.com", "usesTableApi": false},
					"secrets": {"username": "elastic.integration", "password": "a-long-password"}}`)
				return nil
			},
		},
	},
	"rapid7-insightvm": {
		options: func(o *simulator.Options) { o.ServiceNow.Apps = []string{servicenow.Rapid7Integration} },
		fill:    map[string]string{"TF_VAR_api_key=…": "TF_VAR_api_key=insight-key"},
	},
	"several-instances": {
		byHand: map[string]byHand{
			"have two instances": func(t *testing.T, _ *acctest.World) map[string]string {
				t.Helper()
				return map[string]string{"https://test12345.service-now.com": acctest.New(t).ServiceNowURL()}
			},
		},
	},
	"quick-start": {
		options: func(o *simulator.Options) { o.ServiceNow.Release = servicenow.Australia },
		byHand: map[string]byHand{
			"let Terraform in": func(t *testing.T, w *acctest.World) map[string]string {
				t.Helper()
				user := person(t, w, servicenow.Record{"user_name": "terraform", "web_service_access_only": "true"}, "user_admin")
				w.ServiceNow.SetProperty("glide.oauth.inbound.client.credential.grant_type.enabled", "true")
				client := servicenow.Record{
					"name": "Terraform", "user": user, "client_id": "terraform-client", "client_secret": "a-secret", "type": "client",
					"inbound_grant_type": "client_credentials", "default_grant_type": "client_credentials",
					"scope_restriction_status": "unrestricted",
				}
				if _, err := w.ServiceNow.Insert("oauth_entity", client); err != nil {
					t.Fatal(err)
				}
				return map[string]string{"TF_VAR_client_id=… TF_VAR_client_secret=…": "TF_VAR_client_id=terraform-client " +
					"TF_VAR_client_secret=a-secret"}
			},
			"change the group": changes("sys_user_group", "name=Monitoring", servicenow.Record{"description": "Mine"}),
		},
	},
	"event-management-api-keys": {
		options: func(o *simulator.Options) { o.ServiceNow.Apps = []string{servicenow.EventConnectors} },
		roles: []string{
			"sn_cicd.sys_ci_automation", "web_service_admin", "api_service_admin", "adaptive_auth_policy_admin",
			"evt_mgmt_admin", "user_admin",
		},
		byHand: map[string]byHand{
			"copy the key":        copiesKey("a"),
			"copy the second key": copiesKey("b"),
		},
	},
}

// copiesKey is somebody who copies the key in a slot of the sender from its form.
func copiesKey(slot string) byHand {
	return func(t *testing.T, w *acctest.World) map[string]string {
		t.Helper()
		keys := w.ServiceNow.Records("api_key", "nameENDSWITH("+slot+")")
		if len(keys) != 1 {
			t.Fatalf("%d keys are in the slot %s", len(keys), slot)
		}
		return map[string]string{"now_…": w.ServiceNow.Secret("api_key", keys[0]["sys_id"], "token")}
	}
}

// changes is somebody who changes a record in its form.
func changes(table, query string, values servicenow.Record) byHand {
	return func(t *testing.T, w *acctest.World) map[string]string {
		t.Helper()
		rows := w.ServiceNow.Records(table, query)
		if len(rows) != 1 {
			t.Fatalf("%d records of %s match %s", len(rows), table, query)
		}
		if err := w.ServiceNow.Set(table, rows[0]["sys_id"], values); err != nil {
			t.Fatal(err)
		}
		return nil
	}
}

// request is what somebody does in Kibana's own pages.
func request(t *testing.T, w *acctest.World, method, path, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.KibanaURL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(acctest.KibanaUser, acctest.KibanaPassword)
	r.Header.Set("Kbn-Xsrf", "true")
	r.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	var answer any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s, %v, %v", method, path, response.Status, answer, err)
	}
	if list, ok := answer.([]any); ok && len(list) == 1 {
		answer = list[0]
	}
	object, _ := answer.(map[string]any)
	return object
}

// closeByHand sets in Kibana that a push leaves a case open.
func closeByHand(t *testing.T, w *acctest.World) {
	t.Helper()
	settings := request(t, w, http.MethodGet, "/api/cases/configure?owner=securitySolution", "")
	request(t, w, http.MethodPatch, fmt.Sprintf("/api/cases/configure/%v", settings["id"]),
		fmt.Sprintf(`{"closure_type": "close-by-user", "version": %q}`, settings["version"]))
}

// Parts of guides that the reader replaces by their own.
const (
	guideInstance    = "https://dev12345.service-now.com"
	guideKibana      = "https://kibana.example.com:5601"
	guideCredentials = "SERVICENOW_USERNAME=terraform SERVICENOW_PASSWORD=…"
	guideKibanaKey   = "KIBANA_API_KEY=…"
)

var kibanaKey = base64.StdEncoding.EncodeToString([]byte("terraform:key"))

// TestGuides does what the guides say, block after block, as a reader would who copies and pastes.
func TestGuides(t *testing.T) {
	t.Parallel()
	terraform := acctest.Terraform(t)
	mirror := terraformcli.Mirror{Dir: t.TempDir(), Version: "0.1.1"}
	if err := mirror.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	programs := t.TempDir()
	for _, name := range []string{"terraform", "tofu"} {
		write(t, filepath.Join(programs, name), fmt.Sprintf("#!/bin/sh\nexec %q \"$@\"\n",
			filepath.ToSlash(terraform.Path)), 0o700)
	}
	repository, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	// What is cloned is this repository, as it is here.
	clone := fmt.Sprintf("#!/bin/sh\n[ \"$1\" = clone ] || exit 1\nmkdir terraform-provider-servicenow &&\n"+
		"cp -R %q terraform-provider-servicenow/\n", filepath.Join(repository, "examples"))
	write(t, filepath.Join(programs, "git"), clone, 0o700)
	cli := filepath.Join(programs, "cli.tfrc")
	write(t, cli, mirror.Configuration(), 0o600)
	for name, g := range guides {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("..", "docs", "guides", name+".md"))
			if err != nil {
				t.Fatal(err)
			}
			w := acctest.New(t, func(o *simulator.Options) {
				o.Kibana.APIKeys = []string{kibanaKey}
				if g.options != nil {
					g.options(o)
				}
			})
			r := &reader{t: t, w: w, dir: t.TempDir(), own: g.own(t, w), env: append(os.Environ(),
				"PATH="+programs+string(os.PathListSeparator)+os.Getenv("PATH"), "TF_CLI_CONFIG_FILE="+cli,
				"CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color")}
			r.reads(string(text), g)
		})
	}
}

// TestGuidesAreTried holds that every guide which has something to do is in the table above, and the reverse.
func TestGuidesAreTried(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join("..", "docs", "guides", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal(err, pages)
	}
	var marks []string
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if marked.Match(text) {
			marks = append(marks, strings.TrimSuffix(filepath.Base(page), ".md"))
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "<!--") && regexp.MustCompile(`^<!-- ?(file|run|prints|by hand)`).MatchString(line) &&
				!marked.MatchString(line) {
				t.Errorf("%s: %s is no mark that a test understands", page, strings.TrimSpace(line))
			}
		}
	}
	if tried := slices.Sorted(maps.Keys(guides)); !slices.Equal(tried, marks) {
		t.Errorf("guides with marks: %v\ntried: %v", marks, tried)
	}
}

// own is what a reader has instead of the guide's examples.
func (g guide) own(t *testing.T, w *acctest.World) map[string]string {
	t.Helper()
	user, password := w.ServiceNow.AdminUser(), w.ServiceNow.AdminPassword()
	if g.roles != nil {
		user, password = "terraform", "a-long-password"
		person(t, w, servicenow.Record{"user_name": user, "user_password": password}, g.roles...)
	}
	own := map[string]string{
		guideInstance: w.ServiceNowURL(), guideKibana: w.KibanaURL(), guideKibanaKey: "KIBANA_API_KEY=" + kibanaKey,
		guideCredentials: fmt.Sprintf("SERVICENOW_USERNAME=%s SERVICENOW_PASSWORD=%s", user, password),
	}
	maps.Copy(own, g.fill)
	return own
}

// person makes a user that has exactly these roles.
func person(t *testing.T, w *acctest.World, values servicenow.Record, roles ...string) (id string) {
	t.Helper()
	id, err := w.ServiceNow.InsertDisplayed("sys_user", values)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range roles {
		rows := w.ServiceNow.Records("sys_user_role", "name="+role)
		if len(rows) != 1 {
			t.Fatalf("%d roles have the name %s", len(rows), role)
		}
		grant := servicenow.Record{"user": id, "role": rows[0]["sys_id"]}
		if _, err := w.ServiceNow.Insert("sys_user_has_role", grant); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// reader follows a guide in a directory of their own. Their shell remembers its variables and where it is.
type reader struct {
	t       *testing.T
	w       *acctest.World
	dir     string
	env     []string
	own     map[string]string
	printed string
}

func (r *reader) reads(text string, g guide) {
	r.t.Helper()
	for _, found := range marked.FindAllStringSubmatch(text, -1) {
		kind, argument, block := found[1], found[3], found[4]
		if found[2] != "" && !acctest.Terraform(r.t).Tofu {
			continue
		}
		for theirs, own := range r.own {
			block = strings.ReplaceAll(block, theirs, own)
		}
		switch kind {
		case "by hand":
			do, ok := g.byHand[argument]
			if !ok {
				r.t.Fatalf("nobody knows how to do %q by hand", argument)
			}
			maps.Copy(r.own, do(r.t, r.w))
		case "file":
			write(r.t, filepath.Join(r.place(), filepath.FromSlash(argument)), block, 0o600)
		case "run":
			status := 0
			if exit, ok := strings.CutPrefix(argument, "exit "); ok {
				var err error
				if status, err = strconv.Atoi(exit); err != nil {
					r.t.Fatal(err)
				}
			}
			r.runs(block, status)
		case "prints":
			r.saw(block)
		}
	}
}

// place is where the shell is.
func (r *reader) place() string {
	text, err := os.ReadFile(filepath.Join(r.dir, ".place"))
	if errors.Is(err, os.ErrNotExist) {
		return r.dir
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func (r *reader) runs(block string, want int) {
	r.t.Helper()
	if strings.Contains(block, "…") {
		r.t.Fatalf("a reader could not run this, since nothing says what … is:\n%s", block)
	}
	variables, place := filepath.Join(r.dir, ".variables"), filepath.Join(r.dir, ".place")
	script := fmt.Sprintf("[ ! -f %[1]q ] || . %[1]q\nset -e\n%[3]s\nexport -p >%[1]q\npwd >%[2]q\n",
		variables, place, block)
	command := exec.CommandContext(r.t.Context(), "sh", "-c", script)
	command.Dir, command.Env = r.place(), r.env
	out, err := command.CombinedOutput()
	r.printed = string(out)
	status := 0
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		status = exit.ExitCode()
	} else if err != nil {
		r.t.Fatal(err)
	}
	if status != want {
		r.t.Fatalf("it ended with %d, not %d:\n%s\n%s", status, want, block, out)
	}
}

// saw holds that the commands before printed these lines.
func (r *reader) saw(block string) {
	r.t.Helper()
	rest := strings.Join(strings.Fields(r.printed), " ") // Terraform aligns values, and folds lines
	for line := range strings.Lines(block) {
		for _, part := range strings.Split(strings.TrimSpace(line), "…") {
			_, after, found := strings.Cut(rest, strings.Join(strings.Fields(part), " "))
			if !found {
				r.t.Fatalf("it did not print, or not here, %q:\n%s", part, r.printed)
			}
			rest = after
		}
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	//nolint:gosec // the path is in a folder of the test's own
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	//nolint:gosec // as above
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
