package lifecycle

import (
	"fmt"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// Server is one of the two sides that a provider configuration can name.
type Server int

// The sides.
const (
	ServiceNow Server = iota
	Kibana
)

// Servers holds the connections of one provider configuration. A side that is not configured is nil.
type Servers struct {
	ServiceNow *servicenowapi.Client
	Kibana     *kibanaapi.Client
}

// Connection is what the provider hands to everything it serves.
type Connection struct {
	Servers
	// Unknown reports, by side, that its configuration holds values known only after apply.
	Unknown map[Server]bool
	// AllowLockout permits writes that shut out the provider's own login.
	AllowLockout bool
	// SecretChangeDetection says how changed secrets without a version are noticed.
	SecretChangeDetection SecretChangeDetection
	// failures holds the failures of the connection that were explained, by their words.
	failures sync.Map
	// Redactor takes every secret that the process was given out of a text.
	Redactor *rest.Redactor
}

func connectionOf(data any, diags *diag.Diagnostics) *Connection {
	if data == nil {
		return nil // validation runs before the provider is configured
	}
	c, ok := data.(*Connection)
	if !ok {
		diags.AddError("Unexpected provider data",
			fmt.Sprintf("Got %T. This is a bug in the provider; please report it.", data))
		return nil
	}
	return c
}

// reachable reports whether a side can be talked to, and reports why not. A side whose configuration is unknown is
// reported only where it is needed now.
func (c *Connection) reachable(server Server, subject string, now bool, diags *diag.Diagnostics) bool {
	if c == nil {
		return false
	}
	if server == ServiceNow && c.ServiceNow != nil || server == Kibana && c.Kibana != nil {
		return true
	}
	side := "ServiceNow"
	detail := subject + " lives on a ServiceNow instance, and the provider block names none. Set instance_url and one " +
		"of basic_auth, api_key, bearer_token, oauth_jwt, oauth_client_credentials and oauth_password in the block " +
		"provider \"servicenow\", or the environment variables SERVICENOW_INSTANCE_URL and, for example, " +
		"SERVICENOW_USERNAME and SERVICENOW_PASSWORD."
	if server == Kibana {
		side = "Kibana"
		detail = subject + " lives in Kibana, and the provider block names none. Set kibana = { url = …, api_key = … } " +
			"(or basic_auth, or bearer_token) in the block provider \"servicenow\", or the environment variables " +
			"KIBANA_ENDPOINT and, for example, KIBANA_API_KEY."
	}
	switch {
	case !c.Unknown[server]:
		diags.AddError("No connection to "+side, detail)
	case now:
		diags.AddError("The connection to "+side+" is not known yet", "The provider block holds values that are known "+
			"only after apply, and "+subject+" must be read now. Apply what those values come from first, for "+
			"example with terraform apply -target.")
	}
	return false
}
