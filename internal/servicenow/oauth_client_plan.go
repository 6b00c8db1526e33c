package servicenow

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// clientCredentialsProperty switches the grant of these clients on.
const clientCredentialsProperty = "glide.oauth.inbound.client.credential.grant_type.enabled" //nolint:gosec // a name

// grantTypes are the values of inbound_grant_type that were seen to work; the first is written.
var grantTypes = []string{"client_credential", "client_credentials"}

// PlanChange puts another grant right.
func (m *oauthClient) PlanChange(
	_ context.Context, _ *lifecycle.Servers, _ lifecycle.Change, _ *lifecycle.Report,
) {
	if now := m.InboundGrantType.ValueString(); now != "" && !slices.Contains(grantTypes, now) {
		m.InboundGrantType = types.StringValue(grantTypes[0])
	}
}

// Plan warns while the instance does not take the grant. The property may be set by the same apply, and an account that
// may not read it proves nothing, so it is a warning at most.
func (m *oauthClient) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	rows, err := c.ServiceNow.Table("sys_properties").Find(ctx,
		record.Match{Values: map[string]string{"name": clientCredentialsProperty}}, []string{"value"}, 1)
	if err != nil || len(rows) == 1 && rows[0].Text("value") == "true" {
		return
	}
	now := "is not set, or the account may not read it"
	if len(rows) == 1 {
		now = fmt.Sprintf("is %q", rows[0].Text("value"))
	}
	report.Warn(nil, "The client-credentials grant is off", "The property "+clientCredentialsProperty+" "+now+". Until "+
		"it is true the instance refuses this grant (unsupported_grant_type or access_denied). Set it with "+
		"servicenow_system_property; if this configuration does, ignore this warning.")
}
