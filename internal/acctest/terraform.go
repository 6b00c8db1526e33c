package acctest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/hashicorp/go-version"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/terraformcli"
)

// Terraform returns the Terraform or OpenTofu to run. Without TF_ACC it skips the test, as terraform-plugin-testing
// does; with it, a machine that has none fails the test.
func Terraform(t *testing.T) terraformcli.CLI {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("needs terraform: TF_ACC is not set")
	}
	cli, err := found()
	if err != nil {
		t.Fatal(err)
	}
	return cli
}

// Needs skips a test of what only Terraform knows, from a release on, and OpenTofu does not, where the CLI at hand is
// another. testaudit lists such a skip, by the words used here, and lets it pass.
func Needs(t *testing.T, release string) {
	t.Helper()
	cli := Terraform(t)
	if cli.Tofu || cli.Version.Core().LessThan(version.Must(version.NewVersion(release))) {
		t.Skipf("LEFT OUT: it needs Terraform %s, and this is %s", release, cli.Name())
	}
}

// found is asked once, since it starts a program.
var found = sync.OnceValues(func() (terraformcli.CLI, error) {
	return terraformcli.Finder{Named: os.Getenv("TERRAFORM")}.Find(context.Background())
})

// Overrides builds the provider and returns the path of a CLI configuration that runs it as a process of its own,
// without `terraform init`.
func Overrides(t *testing.T) string {
	t.Helper()
	Terraform(t)
	dir := t.TempDir()
	binary := filepath.Join(dir, "terraform-provider-servicenow"+terraformcli.Suffix())
	if err := terraformcli.Build(t.Context(), binary, terraformcli.Module); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "cli.tfrc")
	if err := os.WriteFile(path, []byte(terraformcli.Overrides(dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
