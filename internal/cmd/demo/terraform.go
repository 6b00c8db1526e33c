package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/terraformcli"
)

// terraform runs the real CLI in one working directory. terraform-exec cannot serve here: it passes variables on the
// command line, where every user of the machine can read them, and refuses TF_VAR_* in the environment.
type terraform struct {
	path    string   // the executable
	dir     string   // holds the configuration, the state and the plan files
	env     []string // the whole environment
	planned *plan    // the last plan
}

// planFile is where plan leaves the plan that apply executes.
const planFile = "tfplan"

// plan is the part of `terraform show -json` that the demo reads.
type plan struct {
	ResourceChanges []resourceChange `json:"resource_changes"`
	Checks          []struct {
		Address struct {
			Display string `json:"to_display"`
		} `json:"address"`
		Status string `json:"status"`
	} `json:"checks"`

	text []byte // all of it
}

type resourceChange struct {
	Address string `json:"address"`
	Mode    string `json:"mode"`
	Change  struct {
		Actions []string       `json:"actions"`
		Before  map[string]any `json:"before"`
		After   map[string]any `json:"after"`
	} `json:"change"`
}

// changes returns the resources that the plan would change.
func (p *plan) changes() []resourceChange {
	return slices.DeleteFunc(slices.Clone(p.ResourceChanges), func(c resourceChange) bool {
		return c.Mode != "managed" || slices.Equal(c.Change.Actions, []string{"no-op"})
	})
}

// failing names the checks that failed during the plan.
func (p *plan) failing() []string {
	var names []string
	for _, check := range p.Checks {
		if check.Status == "fail" {
			names = append(names, check.Address.Display)
		}
	}
	return names
}

// newTerraform prepares dir to run against the provider in mirror, with the given variables added to the environment.
func newTerraform(
	ctx context.Context, path, dir string, mirror terraformcli.Mirror, env map[string]string,
) (*terraform, error) {
	cli := filepath.Join(dir, "cli.tfrc")
	if err := os.WriteFile(cli, []byte(mirror.Configuration()), 0o600); err != nil {
		return nil, fmt.Errorf("writing Terraform's CLI configuration: %w", err)
	}
	t := &terraform{path: path, dir: dir, env: append(foreignFree(os.Environ()),
		"TF_CLI_CONFIG_FILE="+cli, "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1")}
	for name, value := range env {
		t.env = append(t.env, name+"="+value)
	}
	_, err := t.run(ctx, "init", "-no-color")
	return t, err
}

// foreignFree drops what would bring the user's own servers, credentials or Terraform settings into the demo.
func foreignFree(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		return strings.HasPrefix(entry, "TF_") || strings.HasPrefix(entry, "SERVICENOW_") ||
			strings.HasPrefix(entry, "KIBANA_")
	})
}

// plan plans and keeps the plan for apply.
func (t *terraform) plan(ctx context.Context, args ...string) (*plan, error) {
	if _, err := t.run(ctx, append([]string{"plan", "-no-color", "-out", planFile}, args...)...); err != nil {
		return nil, err
	}
	text, err := t.run(ctx, "show", "-no-color", "-json", planFile)
	if err != nil {
		return nil, err
	}
	t.planned = &plan{text: text}
	if err := json.Unmarshal(text, t.planned); err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	return t.planned, nil
}

// apply executes the plan that the last call of plan kept. A check that fails in the end is a surprise.
func (t *terraform) apply(ctx context.Context) error {
	out, err := t.run(ctx, "apply", "-no-color", planFile)
	if err == nil && bytes.Contains(out, []byte("Check block assertion failed")) {
		err = surprise("a check fails after the apply:\n%s", out)
	}
	return err
}

// module is a module of a state, as `terraform show -json` prints it.
type module struct {
	Resources []struct {
		Address string `json:"address"`
		Values  struct {
			ID          string `json:"id"`
			ConnectorID string `json:"connector_id"`
		} `json:"values"`
	} `json:"resources"`
	ChildModules []module `json:"child_modules"`
}

// addIDs puts the ids of the module's resources, and of those below it, into ids.
func (m module) addIDs(ids map[string]string) {
	for _, resource := range m.Resources {
		// The id of a connector holds its space too.
		ids[resource.Address] = cmp.Or(resource.Values.ConnectorID, resource.Values.ID)
	}
	for _, child := range m.ChildModules {
		child.addIDs(ids)
	}
}

// ids returns the id of every managed resource by its address.
func (t *terraform) ids(ctx context.Context) (map[string]string, error) {
	text, err := t.run(ctx, "show", "-no-color", "-json")
	if err != nil {
		return nil, err
	}
	var state struct {
		Values struct {
			RootModule module `json:"root_module"`
		} `json:"values"`
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	ids := map[string]string{}
	state.Values.RootModule.addIDs(ids)
	return ids, nil
}

// output returns one string output of the configuration.
func (t *terraform) output(ctx context.Context, name string) (string, error) {
	out, err := t.run(ctx, "output", "-no-color", "-raw", name)
	return string(out), err
}

func (t *terraform) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.path, args...) //nolint:gosec // arguments are the demo's own
	cmd.Dir, cmd.Env = t.dir, t.env
	// Terraform finishes the request it is in and saves the state when interrupted; killed, it does neither.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("terraform %s: %w\n%s", args[0], err, strings.TrimSpace(stdout.String()+stderr.String()))
	}
	return stdout.Bytes(), nil
}

// differences names the attributes that a planned update changes, as "name: old → new" where both are short and known.
func (c resourceChange) differences() []string {
	if c.Change.Before == nil || c.Change.After == nil {
		return nil // made or removed, which the action says
	}
	var differences []string
	for name, after := range c.Change.After {
		before := c.Change.Before[name]
		if reflect.DeepEqual(before, after) {
			continue
		}
		text := name
		if was, is := fmt.Sprint(before), fmt.Sprint(after); len(was)+len(is) < 80 {
			text += ": " + was + " → " + is
		}
		differences = append(differences, text)
	}
	slices.Sort(differences)
	return differences
}

// errSurprise marks a run in which Terraform worked and did something else than the demo expects.
var errSurprise = errors.New("surprise")

func surprise(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errSurprise}, args...)...)
}
