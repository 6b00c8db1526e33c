package examples_test

import (
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
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/terraformcli"
)

// ability is a row of the guide's table of engines, as something that can be tried.
type ability struct {
	// files are the configuration, in which words in capitals stand for what is there.
	files map[string]string
	// commands run one after another in its folder.
	commands [][]string
	// prints is what they print where the engine has the ability.
	prints string
	// refuses is what an engine without it says.
	refuses string
	// hides holds that neither state nor output has the password.
	hides bool
}

const enginePassword = "a-long-password"

var abilities = map[string]ability{
	"write-only attributes and ephemeral variables": {
		files: map[string]string{"main.tf": `
variable "password" {
  type      = string
  ephemeral = true
}

resource "servicenow_user" "a" {
  user_name   = "engine"
  password_wo = var.password
}
`},
		commands: [][]string{
			{"apply", "-auto-approve", "-input=false", "-var=password=" + enginePassword},
			{"plan", "-input=false", "-detailed-exitcode", "-var=password=" + enginePassword},
		},
		prints: "No changes.", hides: true,
	},
	"ephemeral resources": {
		files: map[string]string{"main.tf": `
ephemeral "servicenow_inbound_access_check" "a" {
  path           = "/api/now/table/sys_user?sysparm_limit=1"
  basic_auth     = { username = "USER", password = "PASSWORD" }
  fail_if_denied = true
}
`},
		commands: [][]string{{"apply", "-auto-approve", "-input=false"}},
		prints:   "Apply complete!",
	},
	"functions, also with null as the last argument": {
		files: map[string]string{"main.tf": `
output "a" {
  value = provider::servicenow::inbound_event_url("https://dev12345.service-now.com", "aws", null)
}
`},
		commands: [][]string{{"apply", "-auto-approve", "-input=false"}},
		prints:   "/api/sn_em_connector/em/inbound_event?source=aws",
	},
	"import blocks by id or name, with generated configuration": {
		files: map[string]string{"main.tf": `
import {
  to = servicenow_role.a
  id = "name=admin"
}
`},
		commands: [][]string{
			{"plan", "-input=false", "-generate-config-out=generated.tf"}, {"plan", "-input=false", "-detailed-exitcode"},
		},
		prints: "1 to import, 0 to add, 0 to change",
	},
	"import blocks by identity": {
		files: map[string]string{"main.tf": `
import {
  to       = servicenow_role.a
  identity = { id = "ROLE" }
}

resource "servicenow_role" "a" {
  name = "admin"
}
`},
		commands: [][]string{{"plan", "-input=false"}},
		prints:   "1 to import, 0 to add",
		refuses:  `"id" is required|Unsupported argument|not expected here`,
	},
	"list blocks and the command query": {
		files: map[string]string{"all.tfquery.hcl": `
list "servicenow_role" "a" {
  provider = servicenow
  config {
    query = "name=admin"
  }
}
`},
		commands: [][]string{
			{"query", "-generate-config-out=generated.tf"}, {"plan", "-input=false"},
		},
		prints:  "1 to import, 0 to add, 0 to change",
		refuses: `has no command named "query"`,
	},
	"actions": {
		files: map[string]string{"main.tf": `
resource "servicenow_kibana_connector" "a" {
  connector_type_id = ".server-log"
  name              = "Log"
}

action "servicenow_kibana_connector_run" "a" {
  config {
    connector_id = "CONNECTOR"
    sub_action   = "getChoices"
    params       = jsonencode({ fields = ["severity"] })
  }
}
`},
		commands: [][]string{
			{"apply", "-auto-approve", "-input=false", "-invoke=action.servicenow_kibana_connector_run.a"},
		},
		prints:  "Running getChoices on connector",
		refuses: `Blocks of type "action" are not expected here|flag provided but not defined|Unsupported block type`,
	},
	"for_each of a provider block": {
		files: map[string]string{"provider.tf": requiredProviders + `
provider "servicenow" {
  for_each     = { dev = "INSTANCE", test = "INSTANCE" }
  alias        = "by_stage"
  instance_url = each.value
  basic_auth   = { username = "USER", password = "PASSWORD" }
}
`, "main.tf": `
resource "servicenow_group" "a" {
  provider = servicenow.by_stage[each.key]
  for_each = toset(["dev", "test"])
  name     = "Engines ${each.key}"
}
`},
		commands: [][]string{{"apply", "-auto-approve", "-input=false"}},
		prints:   "2 added",
		refuses:  `Reserved argument name|reserved for use in a future version|not expected here|Invalid provider reference`,
	},
	"moved blocks from elastic/elasticstack": {
		files: map[string]string{"main.tf": `
moved {
  from = elasticstack_kibana_action_connector.servicenow
  to   = servicenow_kibana_itsm_connector.servicenow
}

resource "servicenow_kibana_itsm_connector" "servicenow" {
  name       = "From elsewhere"
  api_url    = "INSTANCE"
  basic_auth = {}
}
`, "terraform.tfstate": `{
  "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "7e5ee4f4-8e2b-4ae5-8e0c-6a1e0a9c3f11",
  "outputs": {}, "resources": [{
    "mode": "managed", "type": "elasticstack_kibana_action_connector", "name": "servicenow",
    "provider": "provider[\"REGISTRY/elastic/elasticstack\"]", "instances": [{
      "schema_version": 1, "sensitive_attributes": [[{"type": "get_attr", "value": "secrets"}]],
      "attributes": {
        "config": "{\"apiUrl\":\"INSTANCE\",\"isOAuth\":false,\"usesTableApi\":false}",
        "connector_id": "CONNECTOR", "connector_type_id": ".servicenow", "id": "default/CONNECTOR",
        "is_deprecated": false, "is_missing_secrets": false, "is_preconfigured": false, "kibana_connection": [],
        "name": "From elsewhere", "secrets": "{\"password\":\"` + enginePassword + `\",\"username\":\"USER\"}",
        "space_id": "default"
      }
    }]
  }]
}
`},
		commands: [][]string{
			{"plan", "-input=false"}, {"apply", "-auto-approve", "-input=false"}, {"plan", "-input=false", "-detailed-exitcode"},
		},
		prints: "has moved to", hides: true,
	},
	"mock_provider": {
		files: map[string]string{"main.tf": `
resource "servicenow_group" "a" {
  name = "Mocked"
}

resource "servicenow_group" "b" {
  name      = "Mocked too"
  parent_id = servicenow_group.a.id
}
`, "a.tftest.hcl": `
mock_provider "servicenow" {
  mock_resource "servicenow_group" {
    defaults = {
      id = "00000000000000000000000000000001"
    }
  }
}

run "refers" {
  assert {
    condition     = servicenow_group.b.parent_id == servicenow_group.a.id
    error_message = "the parent is another"
  }
}
`},
		commands: [][]string{{"test"}},
		prints:   "1 passed, 0 failed",
	},
}

// engine is a column of the guide's table.
type engine struct {
	tofu  bool
	minor int
}

var engineName = regexp.MustCompile(`^(Terraform|OpenTofu) 1\.(\d+)$`)

// enginesTable reads the guide's table: what each row says of each engine.
func enginesTable(t *testing.T) map[string]map[engine]string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash("../templates/guides/engines.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	var columns []engine
	table := map[string]map[engine]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case strings.HasPrefix(line, "|-"):
		case !strings.HasPrefix(line, "|") || len(cells) < 2:
			columns = nil
		case engineName.MatchString(cells[1]):
			for _, cell := range cells[1:] {
				parts := engineName.FindStringSubmatch(cell)
				if parts == nil {
					t.Fatalf("%q is no engine", cell)
				}
				minor, err := strconv.Atoi(parts[2])
				if err != nil {
					t.Fatal(err)
				}
				columns = append(columns, engine{parts[1] == "OpenTofu", minor})
			}
		case len(columns) == len(cells)-1:
			row := map[engine]string{}
			for i, cell := range cells[1:] {
				row[columns[i]] = cell
			}
			table[strings.ReplaceAll(cells[0], "`", "")] = row
		}
	}
	return table
}

// TestEngines tries each row of the guide's table of engines with the one at hand: what it can do it does, and what it
// cannot do it refuses.
func TestEngines(t *testing.T) {
	t.Parallel()
	cli := acctest.Terraform(t)
	overrides := acctest.Overrides(t)
	// The engines want every provider of a state, though none asks this one for anything. Only its name has to be right.
	const program = "terraform-provider-"
	binary, err := os.ReadFile(filepath.Join(filepath.Dir(overrides), program+"servicenow"+terraformcli.Suffix()))
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	copied := filepath.Join(other, program+"elasticstack"+terraformcli.Suffix())
	if err := os.WriteFile(copied, binary, 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	configuration, err := os.ReadFile(overrides)
	if err != nil {
		t.Fatal(err)
	}
	registry, _, _ := strings.Cut(cli.Address(), "/")
	write(t, overrides, strings.Replace(string(configuration), "dev_overrides {\n", fmt.Sprintf(
		"dev_overrides {\n    %q = %q\n", registry+"/elastic/elasticstack", filepath.ToSlash(other)), 1), 0o600)

	table := enginesTable(t)
	if len(table) != len(abilities) {
		t.Errorf("%d rows for %d abilities", len(table), len(abilities))
	}
	here := engine{cli.Tofu, cli.Version.Segments()[1]}
	for name, row := range table {
		tried, ok := abilities[name]
		if !ok {
			t.Errorf("nobody knows how to try %q", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tried.with(t, cli, registry, overrides, saidOf(row, here))
		})
	}
}

// saidOf is what a row says of an engine: of one that is newer than the table, what it says of the newest.
func saidOf(row map[engine]string, of engine) string {
	newest := engine{tofu: of.tofu, minor: -1}
	for column := range row {
		if column.tofu == of.tofu && column.minor <= of.minor && column.minor > newest.minor {
			newest = column
		}
	}
	return row[newest]
}

// with tries an ability with the engine at hand, of which the table says yes or no.
func (a ability) with(t *testing.T, cli terraformcli.CLI, registry, overrides, said string) {
	t.Helper()
	w := acctest.New(t)
	connector := request(t, w, http.MethodPost, "/api/actions/connector", fmt.Sprintf(`{"name": "From elsewhere",
		"connector_type_id": ".servicenow", "config": {"apiUrl": %q, "usesTableApi": false, "isOAuth": false},
		"secrets": {"username": %q, "password": %q}}`,
		w.ServiceNowURL(), w.ServiceNow.AdminUser(), w.ServiceNow.AdminPassword()))
	own := strings.NewReplacer("INSTANCE", w.ServiceNowURL(), "USER", w.ServiceNow.AdminUser(), "PASSWORD",
		w.ServiceNow.AdminPassword(), "CONNECTOR", fmt.Sprint(connector["id"]), "REGISTRY", registry,
		"ROLE", w.ServiceNow.Records("sys_user_role", "name=admin")[0]["sys_id"])
	dir := t.TempDir()
	files := map[string]string{"provider.tf": requiredProviders + w.Provider()}
	for name, text := range a.files {
		files[name] = own.Replace(text)
	}
	for name, text := range files {
		write(t, filepath.Join(dir, name), text, 0o600)
	}
	var printed strings.Builder
	worked := true
	for _, arguments := range a.commands {
		command := exec.CommandContext(t.Context(), cli.Path, append(slices.Clone(arguments), "-no-color")...)
		command.Dir = dir
		command.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_CONFIG_FILE="+overrides)
		out, err := command.CombinedOutput()
		printed.Write(out)
		exit := command.ProcessState.ExitCode()
		imports := slices.Contains(arguments, "-detailed-exitcode") && strings.Contains(string(out), "to import, 0 to add")
		if err != nil && (exit != 2 || !imports) {
			worked = false
			break
		}
	}
	text := strings.Join(strings.Fields(printed.String()), " ")
	switch {
	case said == "yes" && (!worked || !strings.Contains(text, a.prints)):
		t.Errorf("%s should have done it and printed %q:\n%s", cli.Name(), a.prints, printed.String())
	case said == "no" && (worked || a.refuses == "" || !regexp.MustCompile(a.refuses).MatchString(text)):
		t.Errorf("%s should have refused it by %q:\n%s", cli.Name(), a.refuses, printed.String())
	case said != "yes" && said != "no":
		t.Errorf("the table says %q of %s", said, cli.Name())
	}
	if !a.hides {
		return
	}
	state, err := os.ReadFile(filepath.Join(dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(state)+printed.String(), enginePassword) {
		t.Error("the password was shown or kept")
	}
}
