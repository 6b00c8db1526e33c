// Command terraform-path prints the path of the Terraform or OpenTofu to use: $TERRAFORM; terraform or tofu on PATH, if
// 1.11 or newer; or one that it installs under bin/.
//
//	terraform-path [-env]
//
// With -env it prints shell assignments to evaluate instead of the path.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/terraformcli"
)

func main() {
	env := flag.Bool("env", false, "print shell assignments to evaluate instead of the path")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	text, err := run(ctx, *env)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "terraform-path:", err)
		os.Exit(1)
	}
	fmt.Print(text)
}

func run(ctx context.Context, env bool) (string, error) {
	bin, err := filepath.Abs("bin")
	if err != nil {
		return "", fmt.Errorf("finding bin/: %w", err)
	}
	cli, err := terraformcli.Finder{Named: os.Getenv("TERRAFORM"), Dir: bin, Notice: os.Stderr}.Find(ctx)
	if err != nil {
		return "", err
	}
	if env {
		return assignments(cli.Environment()), nil
	}
	return cli.Path + "\n", nil
}

// assignments writes variables as a POSIX shell reads them, whatever their values hold.
func assignments(environment []string) string {
	var text strings.Builder
	for _, entry := range environment {
		name, value, _ := strings.Cut(entry, "=")
		fmt.Fprintf(&text, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
	return text.String()
}
