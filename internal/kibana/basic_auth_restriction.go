package kibana

import (
	"context"
	"net/url"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// The properties by which an instance refuses basic authentication to people's accounts, administrators included.
const (
	restriction  = "glide.authenticate.basic_auth.restriction."
	allowedRoles = "glide.authenticate.basic_auth.allowed_roles"
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
	one := func(table string, match map[string]string, columns ...string) (record.Record, bool) {
		found, err := c.ServiceNow.Table(table).Find(ctx, record.Match{Values: match}, columns, 2)
		if err != nil || len(found) != 1 {
			return record.Record{}, false
		}
		return found[0], true
	}
	property := func(name string) string {
		found, _ := one("sys_properties", map[string]string{"name": name}, "name", "value")
		return found.Text("value")
	}
	if property(restriction+"active") != "true" || property(restriction+"enforce") != "true" ||
		property(restriction+"default_decision") == "allow" {
		return
	}
	user, found := one("sys_user", map[string]string{"user_name": name}, "user_name", "web_service_access_only")
	if !found || user.Text("web_service_access_only") != "false" {
		return
	}
	for role := range strings.FieldsFuncSeq("mid_server,"+property(allowedRoles), func(r rune) bool {
		return r == ',' || r == ' '
	}) {
		held := map[string]string{"user": user.ID, "role.name": role}
		if _, holds := one("sys_user_has_role", held, "user", "role.name"); holds {
			return
		}
	}
	when := ""
	if date := property(restriction + "enforcement_date"); date != "" {
		when = " from " + date + " UTC on"
	}
	report.Warn(nil, "The instance refuses this user's basic authentication", "The instance refuses basic "+
		"authentication of accounts that people sign in with"+when+" ("+restriction+"enforce), and the user of basic_auth "+
		"is not set to web service access only. The connector would be stored and fail with 401 when it runs. Set "+
		"web_service_access_only on the user (servicenow_user), or use oauth.")
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
