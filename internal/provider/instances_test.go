package provider_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
)

// TestInstancesDiffer applies the same configuration to instances that differ in what real ones differ in: it works, a
// plan after it is empty, and nothing is left.
func TestInstancesDiffer(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*simulator.Options){
		"makes its own ids":                   func(o *simulator.Options) { o.ServiceNow.IgnoreClientSysID = true },
		"counts after access control":         func(o *simulator.Options) { o.ServiceNow.CountAfterACL = true },
		"keeps a row for each grant":          func(o *simulator.Options) { o.ServiceNow.LegacyRoleManagement = true },
		"hashes every password":               func(o *simulator.Options) { o.ServiceNow.PasswordHashedAlways = true },
		"Kibana without ids by the client":    func(o *simulator.Options) { o.Kibana.Version = "8.7.0" },
		"Kibana with ids by the client":       func(o *simulator.Options) { o.Kibana.Version = "8.8.0" },
		"Kibana of the newest release":        func(o *simulator.Options) { o.Kibana.Version = "9.4.0" },
		"HTTPS with a certificate of its own": func(o *simulator.Options) { o.TLS = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, change)
			if ca := w.CACertificate(); ca != "" {
				trust := fmt.Sprintf("http = { ca_certificate = <<-EOT\n%s\nEOT\n}", strings.TrimSpace(ca))
				w.Settings, w.KibanaSettings = trust, trust
			}
			w.Run(resource.TestStep{Config: both + role + fmt.Sprintf(rule, 60)})
		})
	}
}
