package examples_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/terraformcli"
)

// A guide says by comments, which no reader sees, what the fenced block below each is:
//
//	<!-- file: main.tf -->     a file to write
//	<!-- add: main.tf -->      lines to add to a file
//	<!-- run -->               commands for a shell; they succeed
//	<!-- run: exit 2 -->       commands, of which the last ends with this status
//	<!-- steps: exit 2 -->     a pipeline in YAML, whose commands are run in order
//	<!-- prints -->            lines that the commands above printed, in this order, with … for anything
//	<!-- not run: REASON -->   what no test can run here, and why, or the test that holds it
//
// and, without a block, what the reader does by hand:
//
//	<!-- by hand: NAME -->     runs the guide's function NAME
//
// A mark may end in "from Terraform 1.14", such as <!-- run: from Terraform 1.14 -->: it is left out before. "in
// OpenTofu" after the first word, such as <!-- run in OpenTofu -->, keeps readers with Terraform out. Diagrams and
// whole files of this directory, which have tests of their own, carry no mark.
var (
	marked = regexp.MustCompile("(?m)^(?:<!-- (file|add|run|steps|prints|not run)( in OpenTofu)?" +
		"(?:: ([^\n]*?))? -->\n\n*)?" + " *```([a-z]*)\n((?s:.*?))\n *```$|^<!-- (by hand): ([^\n]*) -->$")
	mark   = regexp.MustCompile(`(?m)^<!-- ?(file|add|run|steps|prints|not run|by hand)\b.*$`)
	opened = regexp.MustCompile("(?m)^ *```[a-z]+$")
)

// part is something to do in a guide.
type part struct {
	kind, argument, release string
	language, block         string
	tofu                    bool // for OpenTofu only
}

// parts returns what there is to do in a page, in order, and every fenced block of it.
func parts(page string) []part {
	var all []part
	for _, found := range marked.FindAllStringSubmatch(page, -1) {
		p := part{
			kind: found[1] + found[6], argument: found[3] + found[7], language: found[4], block: found[5], tofu: found[2] != "",
		}
		if before, release, ok := strings.Cut(p.argument, "from Terraform "); ok && p.kind != "not run" {
			p.argument, p.release = strings.TrimSuffix(before, ", "), release
		}
		all = append(all, p)
	}
	return all
}

// TestGuides does what the guides say, block after block, as a reader would who copies and pastes.
func TestGuides(t *testing.T) {
	t.Parallel()
	terraform := acctest.Terraform(t)
	mirror := terraformcli.Mirror{Dir: t.TempDir(), Version: "0.1.1"}
	if err := mirror.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	programs := standIns(t, terraform)
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
			r := &reader{t: t, w: w, dir: t.TempDir(), own: g.own(t, w)}
			r.env = append(os.Environ(), "PATH="+programs+string(os.PathListSeparator)+os.Getenv("PATH"),
				"TF_CLI_CONFIG_FILE="+cli, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_CLI_ARGS=-no-color",
				"GITHUB_STEP_SUMMARY="+filepath.Join(r.dir, "summary.md"))
			r.reads(string(text), g)
		})
	}
}

// standIns returns a folder of programs that do here what they do on a reader's machine: git clones this repository as
// it is, and go runs its commands as they are here.
func standIns(t *testing.T, terraform terraformcli.CLI) string {
	t.Helper()
	programs := t.TempDir()
	repository, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	adopt := filepath.Join(programs, "servicenow-adopt"+terraformcli.Suffix())
	if err := terraformcli.Build(t.Context(), adopt, terraformcli.Module+"/internal/cmd/servicenow-adopt"); err != nil {
		t.Fatal(err)
	}
	for name, script := range map[string]string{
		"terraform": fmt.Sprintf("exec %q \"$@\"\n", filepath.ToSlash(terraform.Path)),
		"tofu":      fmt.Sprintf("exec %q \"$@\"\n", filepath.ToSlash(terraform.Path)),
		"git": fmt.Sprintf("[ \"$1\" = clone ] || exit 1\nmkdir terraform-provider-servicenow &&\n"+
			"cp -R %q terraform-provider-servicenow/\n", filepath.Join(repository, "examples")),
		"go": fmt.Sprintf("[ \"$1 $2\" = 'run %s/internal/cmd/servicenow-adopt@latest' ] || exit 1\nshift 2\n"+
			"exec %q \"$@\"\n", terraformcli.Module, filepath.ToSlash(adopt)),
	} {
		write(t, filepath.Join(programs, name), "#!/bin/sh\n"+script, 0o700)
	}
	return programs
}

// TestGuidesAreTried holds that every block of every guide is run, compared, a file that has tests of its own, or says
// why not; and that no more blocks say so than are known here.
func TestGuidesAreTried(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join("..", "docs", "guides", "*.md"))
	if err != nil || len(pages) == 0 {
		t.Fatal(err, pages)
	}
	tests, whole := testsOf(t), wholeFiles(t)
	notRun, counted := map[string]int{}, 0
	var tried []string
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		name, blocks := strings.TrimSuffix(filepath.Base(page), ".md"), 0
		doing, marks := false, 0
		for _, p := range parts(string(text)) {
			if p.kind != "by hand" {
				blocks++
			}
			if p.kind != "" {
				marks++
			}
			switch {
			case p.kind == "not run":
				notRun[name]++
				for _, test := range testName.FindAllStringSubmatch(p.argument, -1) {
					if !tests[test[1]] {
						t.Errorf("%s: there is no test %s", page, test[1])
					}
				}
				if p.argument == "" {
					t.Errorf("%s says not why this is not run:\n%s", page, p.block)
				}
			case p.kind != "":
				doing = true
			case p.language != "mermaid" && !whole[p.block]:
				t.Errorf("%s: nothing says what this is:\n%s", page, p.block)
			}
		}
		if all := len(opened.FindAllString(string(text), -1)); all != blocks {
			t.Errorf("%s: %d fenced blocks, and %d were understood", page, all, blocks)
		}
		if all := mark.FindAllString(string(text), -1); len(all) != marks {
			t.Errorf("%s: %d marks, and %d were understood: %q", page, len(all), marks, all)
		}
		if doing {
			tried = append(tried, name)
		}
		counted += blocks
	}
	if counted < 100 {
		t.Errorf("%d blocks were found, which cannot be all", counted)
	}
	if known := slices.Sorted(maps.Keys(guides)); !slices.Equal(known, tried) {
		t.Errorf("guides with something to do: %v\ntried: %v", tried, known)
	}
	if !maps.Equal(notRun, guidesNotRun) {
		t.Errorf("blocks that are not run: %v, known are %v", notRun, guidesNotRun)
	}
}

// wholeFiles returns the texts of the configurations that pages show as they are.
func wholeFiles(t *testing.T) map[string]bool {
	t.Helper()
	whole := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".tf" {
			return err
		}
		text, err := os.ReadFile(path) //nolint:gosec // G304: a file of this directory
		whole[strings.TrimSpace(string(text))] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return whole
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
	for _, p := range parts(text) {
		if p.tofu && !acctest.Terraform(r.t).Tofu {
			continue
		}
		if p.release == "" {
			r.does(p, g)
			continue
		}
		whole := r.t
		whole.Run("from Terraform "+p.release, func(t *testing.T) {
			acctest.Needs(t, p.release)
			r.t = t
			r.does(p, g)
		})
		if r.t = whole; whole.Failed() {
			whole.FailNow()
		}
	}
}

func (r *reader) does(p part, g guide) {
	r.t.Helper()
	block := p.block
	for theirs, own := range r.own {
		block = strings.ReplaceAll(block, theirs, own)
	}
	path := filepath.Join(r.place(), filepath.FromSlash(p.argument))
	switch p.kind {
	case "by hand":
		do, ok := g.byHand[p.argument]
		if !ok {
			r.t.Fatalf("nobody knows how to do %q by hand", p.argument)
		}
		maps.Copy(r.own, do(r))
	case "file":
		write(r.t, path, block, 0o600)
	case "add":
		before, err := os.ReadFile(path)
		if err != nil {
			r.t.Fatal(err)
		}
		write(r.t, path, string(before)+"\n"+block+"\n", 0o600)
	case "run":
		r.runs(block, r.status(p.argument))
	case "steps":
		commands := pipeline(r.t, block)
		for _, command := range commands[:len(commands)-1] {
			r.runs(command, 0)
		}
		r.runs(commands[len(commands)-1], r.status(p.argument))
	case "prints":
		if p.language == "json" {
			r.sawJSON(block)
			return
		}
		r.saw(block)
	}
}

// status reads "exit 2".
func (r *reader) status(argument string) int {
	r.t.Helper()
	if argument == "" {
		return 0
	}
	status, err := strconv.Atoi(strings.TrimPrefix(argument, "exit "))
	if err != nil {
		r.t.Fatal(err)
	}
	return status
}

// pipeline returns the commands of the one job in a workflow of GitHub Actions or a configuration of GitLab CI.
func pipeline(t *testing.T, text string) []string {
	t.Helper()
	type job struct {
		Script []string `yaml:"script"`
		Steps  []struct {
			Run string `yaml:"run"`
		} `yaml:"steps"`
	}
	var github struct {
		Jobs map[string]job `yaml:"jobs"`
	}
	if err := yaml.Unmarshal([]byte(text), &github); err != nil {
		t.Fatal(err)
	}
	jobs := github.Jobs
	if jobs == nil {
		if err := yaml.Unmarshal([]byte(text), &jobs); err != nil {
			t.Fatal(err)
		}
	}
	var commands []string
	for _, j := range jobs {
		commands = append(commands, j.Script...)
		for _, s := range j.Steps {
			if s.Run != "" {
				commands = append(commands, s.Run)
			}
		}
	}
	if len(jobs) != 1 || len(commands) == 0 {
		t.Fatalf("%d jobs with %d commands:\n%s", len(jobs), len(commands), text)
	}
	return commands
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

// sawJSON holds that what was answered is this value; the order of keys is the server's.
func (r *reader) sawJSON(block string) {
	r.t.Helper()
	var want, got any
	if err := json.Unmarshal([]byte(block), &want); err != nil {
		r.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(r.printed), &got); err != nil || !reflect.DeepEqual(got, want) {
		r.t.Fatalf("it answered, %v, not %s:\n%s", err, block, r.printed)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	//nolint:gosec // the path is in a folder of the test's own
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
