package terraformcli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Module is the path of the provider's module, Source what a configuration writes in required_providers.
const (
	Module = "github.com/seed-e98ff420/terraform-provider-servicenow"
	Source = "seed-e98ff420/servicenow"
)

// The registries that the two products take Source to be in.
const (
	terraformHost = "registry.terraform.io"
	tofuHost      = "registry.opentofu.org"
)

var hosts = []string{terraformHost, tofuHost}

// Mirror is a folder that Terraform and OpenTofu install the provider from instead of a registry.
type Mirror struct {
	Dir     string // absolute
	Version string // of the provider in it, such as 0.1.0
}

// Build compiles the provider from the module that the working directory is in, and lays it out for this platform.
// Versions that the mirror held before are removed.
func (m Mirror) Build(ctx context.Context) error {
	var first string
	for _, host := range hosts {
		provider := filepath.Join(m.Dir, host, filepath.FromSlash(Source))
		if err := os.RemoveAll(provider); err != nil {
			return fmt.Errorf("emptying the mirror: %w", err)
		}
		binary := filepath.Join(provider, m.Version, runtime.GOOS+"_"+runtime.GOARCH,
			"terraform-provider-servicenow_v"+m.Version+Suffix())
		if first != "" {
			if err := link(first, binary); err != nil {
				return err
			}
			continue
		}
		first = binary
		if err := Build(ctx, binary, Module, "-ldflags", "-X main.version="+m.Version); err != nil {
			return err
		}
	}
	return nil
}

// link makes one file stand in two places.
func link(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // a folder of programs
		return fmt.Errorf("making the mirror's folder: %w", err)
	}
	if err := os.Link(from, to); err != nil {
		return fmt.Errorf("laying the mirror out: %w", err)
	}
	return nil
}

// Build compiles a package into the file binary, as a release does. Further arguments go to `go build`.
func Build(ctx context.Context, binary, pkg string, args ...string) error {
	args = append([]string{"build", "-trimpath", "-o", binary}, append(args, pkg)...)
	command := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the package is this module's own
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// Configuration returns the CLI configuration that takes the provider from the mirror and every other one from its
// registry.
func (m Mirror) Configuration() string {
	addresses := make([]string, 0, len(hosts))
	for _, host := range hosts {
		addresses = append(addresses, fmt.Sprintf("%q", host+"/"+Source))
	}
	list := strings.Join(addresses, ", ")
	return fmt.Sprintf(`provider_installation {
  filesystem_mirror {
    path    = %q
    include = [%s]
  }
  direct {
    exclude = [%s]
  }
}
`, filepath.ToSlash(m.Dir), list, list)
}

// Overrides returns the CLI configuration that runs the provider in the folder dir without `terraform init`.
func Overrides(dir string) string {
	var text strings.Builder
	text.WriteString("provider_installation {\n  dev_overrides {\n")
	for _, host := range hosts {
		fmt.Fprintf(&text, "    %q = %q\n", host+"/"+Source, filepath.ToSlash(dir))
	}
	text.WriteString("  }\n  direct {}\n}\n")
	return text.String()
}
