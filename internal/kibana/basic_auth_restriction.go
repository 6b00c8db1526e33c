package kibana

import (
	"context"
	"net/url"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

func (m *credentials) self() *credentials { return m }

// checkUser warns where the instance is going to refuse the user of basic_auth. It looks only where that costs little
// and proves something: the provider is connected to the same instance, and may read the user.
func (m *credentials) checkUser(
	ctx context.Context, c *lifecycle.Servers, change lifecycle.Change, report *lifecycle.Report,
) {
	config, ok := change.Config.(interface{ self() *credentials })
	if !ok || !change.Writes || c.ServiceNow == nil || !isKnown(m.APIURL) ||
		!sameHost(m.APIURL.ValueString(), c.ServiceNow.URL()) {
		return
	}
	name := basicUserName(config.self())
	if name == "" {
		return
	}
	restriction := c.ServiceNow.BasicAuthRestriction(ctx)
	if refused, known := c.ServiceNow.RefusesBasicAuth(ctx, restriction, name); !refused || !known {
		return
	}
	when := ""
	if restriction.From != "" {
		when = " from " + restriction.From + " UTC on"
	}
	report.Warn(nil, "The instance refuses this user's basic authentication", "The instance refuses basic "+
		"authentication of accounts that people sign in with"+when+
		" (glide.authenticate.basic_auth.restriction.enforce), and the user of basic_auth is not set to web service "+
		"access only. The connector would be stored and fail with 401 "+
		"when it runs. Set web_service_access_only on the user (servicenow_user), or use oauth.")
}

// basicUserName is the configured user's name; "" where there is none or it is not known yet.
func basicUserName(config *credentials) string {
	if name, ok := config.BasicAuth.Attributes()["username_wo"].(interface{ ValueString() string }); ok {
		return name.ValueString()
	}
	return ""
}

func sameHost(a, b string) bool {
	x, err1 := url.Parse(a)
	y, err2 := url.Parse(b)
	return err1 == nil && err2 == nil && strings.EqualFold(x.Host, y.Host)
}
