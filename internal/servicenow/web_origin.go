package servicenow

import (
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// documentedOrigin is the documented pattern. Instances hold origins outside it, http://localhost:3000 among them, so
// it only warns.
var documentedOrigin = regexp.MustCompile(
	`^https?://(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z0-9]+(:\d+)?$`)

// checkOrigin reports what browsers or the instance would not take for the origin of a rule.
func checkOrigin(origin *types.String, credentials bool, report *lifecycle.Report) {
	text := origin.ValueString()
	if text == "" {
		return
	}
	if credentials && strings.Contains(text, "*") {
		report.Error(origin, "A wildcard with credentials", "Browsers and ServiceNow refuse credentials for a domain "+
			"with *. Name the origin in full, or set allow_credentials = false.")
	}
	if !documentedOrigin.MatchString(text) {
		report.Warn(origin, "An unusual origin", "ServiceNow documents http:// or https://, a host name with a dot or "+
			"an IP address, at most one * right after ://, and a port. "+text+" is something else. It is sent as it is.")
	}
}
