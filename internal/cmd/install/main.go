// Command install builds the provider into a filesystem mirror, from which `terraform init` takes it as it takes other
// providers from their registry, and prints the CLI configuration that says so.
//
//	install -dir DIR
//
// The same configuration is left in DIR/terraform.tfrc, for TF_CLI_CONFIG_FILE.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/terraformcli"
)

func main() {
	dir := flag.String("dir", "", "the mirror's `FOLDER`")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *dir, time.Now(), os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "install:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir string, now time.Time, out io.Writer) error {
	if dir == "" {
		return errors.New("-dir says where the mirror is to be")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("finding the mirror: %w", err)
	}
	mirror := terraformcli.Mirror{Dir: dir, Version: version(now)}
	if err := mirror.Build(ctx); err != nil {
		return err
	}
	path := filepath.Join(dir, "terraform.tfrc")
	if err := os.WriteFile(path, []byte(mirror.Configuration()), 0o600); err != nil {
		return fmt.Errorf("writing the CLI configuration: %w", err)
	}
	_, err = fmt.Fprintf(out, `Version %s is in %s. For this shell:

  export TF_CLI_CONFIG_FILE='%s'

or for good, in ~/.terraformrc (%%APPDATA%%\terraform.rc on Windows):

%s
Then `+"`terraform init`"+` in a new folder, or `+"`terraform init -upgrade`"+` where an earlier build was used.
`, mirror.Version, dir, path, mirror.Configuration())
	return err
}

// version returns a version that no earlier build has, since a lock file admits only one content for a version, and
// that constraints such as ">= 0.1.0" and "~> 0.1" admit.
func version(now time.Time) string {
	return fmt.Sprintf("0.1.%d", now.Unix())
}
