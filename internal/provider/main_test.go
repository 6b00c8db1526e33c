//go:build !live

package provider_test

import (
	"os"
	"strings"
	"testing"
)

// TestMain keeps the developer's own servers out of the tests.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "SERVICENOW_") || strings.HasPrefix(name, "KIBANA_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
	os.Exit(m.Run())
}
