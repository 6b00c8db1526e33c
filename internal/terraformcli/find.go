// Package terraformcli finds the Terraform or OpenTofu that the demo, the tests and the documentation run, installs one
// where there is none, and writes the filesystem mirror from which it takes a provider that no registry has.
package terraformcli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hc-install/product"
	"github.com/hashicorp/hc-install/releases"
)

const (
	// Oldest is the oldest release, of Terraform as of OpenTofu, that has write-only attributes.
	Oldest = "1.11"
	// Installed is the release of Terraform that Find installs: the one that every change is checked with.
	Installed = "1.11.4"
)

// CLI is an executable that was asked for its version.
type CLI struct {
	Path    string // absolute
	Tofu    bool   // OpenTofu, which looks providers up in a registry of its own
	Version *version.Version
}

// Name returns the product's name and release, such as "Terraform 1.11.4".
func (c CLI) Name() string {
	if c.Tofu {
		return "OpenTofu " + c.Version.String()
	}
	return "Terraform " + c.Version.String()
}

// Address returns what the provider is called in plans, states and schemas: Source in the product's own registry.
func (c CLI) Address() string {
	if c.Tofu {
		return tofuHost + "/" + Source
	}
	return terraformHost + "/" + Source
}

// Environment returns what programs need to use this executable and no other: the tests of this module read TERRAFORM,
// terraform-plugin-testing reads TF_ACC_*, and scripts find the executable's folder first on PATH.
func (c CLI) Environment() []string {
	environment := []string{
		"TERRAFORM=" + c.Path,
		"TF_ACC_TERRAFORM_PATH=" + c.Path,
		"PATH=" + filepath.Dir(c.Path) + string(os.PathListSeparator) + os.Getenv("PATH"),
	}
	if c.Tofu {
		// Where OpenTofu looks for the provider that a test calls "servicenow".
		environment = append(environment, "TF_ACC_PROVIDER_HOST="+tofuHost, "TF_ACC_PROVIDER_NAMESPACE=hashicorp")
	}
	return environment
}

// Finder says where to look.
type Finder struct {
	// Named is a path, or a name on PATH. When it is set, nothing else is looked at: the variable TERRAFORM.
	Named string
	// Dir is the folder that Find installs Terraform into. Without it, Find installs nothing.
	Dir string
	// Notice gets one line before a download.
	Notice io.Writer

	releases  string // address of the server with HashiCorp's releases, if it is another one
	publicKey string // armored key that signs them, if it is another one
}

// Find returns the first usable executable: the named one; terraform or tofu on PATH; the one installed by an earlier
// call; or a download from HashiCorp, whose signature is checked. Its error is one line that says what to do.
func (f Finder) Find(ctx context.Context) (CLI, error) {
	if f.Named != "" {
		cli, err := look(ctx, f.Named)
		if err != nil {
			return CLI{}, fmt.Errorf("TERRAFORM is %q: %w", f.Named, err)
		}
		return cli, nil
	}
	var reasons []string
	candidates := []string{"terraform", "tofu"}
	installed := f.installed()
	if installed != "" {
		candidates = append(candidates, installed)
	}
	for _, candidate := range candidates {
		cli, err := look(ctx, candidate)
		switch {
		case err == nil:
			return cli, nil
		case ctx.Err() != nil:
			return CLI{}, ctx.Err()
		case !errors.Is(err, exec.ErrNotFound) && !errors.Is(err, os.ErrNotExist):
			reasons = append(reasons, err.Error())
		}
	}
	reason := cmp.Or(strings.Join(reasons, "; "), "none is on PATH")
	if installed == "" {
		return CLI{}, fmt.Errorf("no Terraform or OpenTofu %s or newer (%s): %s", Oldest, reason, remedy)
	}
	_, _ = fmt.Fprintf(f.Notice, "Installing Terraform %s into %s, since %s. HashiCorp's signature is checked.\n",
		Installed, filepath.Dir(installed), reason)
	if err := f.install(ctx, installed); err != nil {
		if ctx.Err() != nil {
			return CLI{}, ctx.Err()
		}
		return CLI{}, fmt.Errorf("no Terraform or OpenTofu %s or newer (%s), and none could be downloaded (%w): %s",
			Oldest, reason, err, remedy)
	}
	return look(ctx, installed)
}

const remedy = "install one (https://developer.hashicorp.com/terraform/install or " +
	"https://opentofu.org/docs/intro/install) or set TERRAFORM to the path of one"

// installed returns the path of the executable that Find installs.
func (f Finder) installed() string {
	if f.Dir == "" {
		return ""
	}
	return filepath.Join(f.Dir, "terraform-"+Installed, "terraform"+Suffix())
}

// Suffix is what the names of executables end with on this platform.
func Suffix() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// install downloads into a folder beside the final one and renames it when it is whole, so that neither an interrupted
// run nor two at once leave half of it.
func (f Finder) install(ctx context.Context, executable string) error {
	if err := os.MkdirAll(f.Dir, 0o755); err != nil { //nolint:gosec // a folder of programs
		return fmt.Errorf("making the folder to install into: %w", err)
	}
	scratch, err := os.MkdirTemp(f.Dir, ".terraform-")
	if err != nil {
		return fmt.Errorf("making a scratch folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	source := &releases.ExactVersion{
		Product:          product.Terraform,
		Version:          version.Must(version.NewVersion(Installed)),
		InstallDir:       scratch,
		ApiBaseURL:       f.releases,
		ArmoredPublicKey: f.publicKey,
		HTTPClient:       &http.Client{Timeout: 10 * time.Minute}, // hc-install's own waits 15 s for a missing network
		Timeout:          10 * time.Minute,
	}
	downloaded, err := source.Install(ctx)
	if errors.Is(err, os.ErrNotExist) {
		// hc-install unpacks nothing then, but loses the reason.
		return errors.New("the archive was cut short or is not the one that HashiCorp signed")
	}
	if err == nil {
		_, err = look(ctx, downloaded)
	}
	if err != nil {
		return err
	}
	final := filepath.Dir(executable)
	if err := os.Rename(scratch, final); err != nil {
		if _, missing := os.Stat(executable); missing == nil {
			return nil // another run was faster
		}
		return fmt.Errorf("keeping the download: %w", err)
	}
	return nil
}

// answer is the first line of `terraform version` and of `tofu version`.
var answer = regexp.MustCompile(`(?m)^(Terraform|OpenTofu) v(\S+)`)

// look asks the executable of a name or path for its version, and refuses what is too old.
func look(ctx context.Context, name string) (CLI, error) {
	path, err := exec.LookPath(name)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return CLI{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, path, "version") //nolint:gosec // the user's own Terraform
	command.WaitDelay = time.Second
	command.Env = append(withoutSettings(os.Environ()), "CHECKPOINT_DISABLE=1")
	out, err := command.CombinedOutput()
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return CLI{}, fmt.Errorf("%s does not run: %w (it printed %q)", path, err, first)
	}
	match := answer.FindSubmatch(out)
	if match == nil {
		return CLI{}, fmt.Errorf("%s is neither Terraform nor OpenTofu", path)
	}
	number, err := version.NewVersion(string(match[2]))
	if err != nil {
		return CLI{}, fmt.Errorf("%s: %w", path, err)
	}
	cli := CLI{Path: path, Tofu: string(match[1]) == "OpenTofu", Version: number}
	if number.Core().LessThan(version.Must(version.NewVersion(Oldest))) {
		return CLI{}, fmt.Errorf("%s is %s, and %s or newer is needed", path, cli.Name(), Oldest)
	}
	return cli, nil
}

// withoutSettings returns environ without the variables that bring somebody's Terraform settings along.
func withoutSettings(environ []string) []string {
	var kept []string
	for _, entry := range environ {
		if !strings.HasPrefix(entry, "TF_") {
			kept = append(kept, entry)
		}
	}
	return kept
}
