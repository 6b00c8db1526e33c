package main

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/handshake"
)

// asProvider makes the test binary be the provider.
const asProvider = "TEST_AS_PROVIDER"

func TestMain(m *testing.M) {
	if os.Getenv(asProvider) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestLogs starts the provider as Terraform does, in several environments, and looks at what it logs.
func TestLogs(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		variable string
		logs     bool
	}{
		"nobody asked":              {"", false},
		"set but empty":             {"TF_LOG=", false},
		"Terraform and providers":   {"TF_LOG=TRACE", true},
		"providers":                 {"TF_LOG_PROVIDER=DEBUG", true},
		"this provider":             {"TF_LOG_PROVIDER_SERVICENOW=TRACE", true},
		"the SDK":                   {"TF_LOG_SDK=TRACE", true},
		"part of the SDK":           {"TF_LOG_SDK_PROTO=TRACE", true},
		"only the core":             {"TF_LOG_CORE=TRACE", true}, // Terraform drops it, but that is for Terraform to decide
		"a file":                    {"TF_LOG_PATH=x.log", true},
		"the SDK, and asked not to": {"TF_LOG_SDK=off", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			command := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this test itself
			command.Stderr = &stderr
			command.Env = append(quiet(os.Environ()), asProvider+"=1", test.variable)
			size, err := handshake.Schema(t.Context(), command)
			if err != nil {
				t.Fatalf("%v\n%s", err, &stderr)
			}
			if size < 100_000 {
				t.Errorf("the schema has %d bytes, which is not all of it", size)
			}
			if logs := strings.Contains(stderr.String(), `"@module":"sdk.`); logs != test.logs {
				t.Errorf("SDK logs: %t, want %t:\n%.2000s", logs, test.logs, &stderr)
			}
		})
	}
}

func quiet(environ []string) []string {
	return slices.DeleteFunc(environ, func(entry string) bool { return strings.HasPrefix(entry, "TF_") })
}
