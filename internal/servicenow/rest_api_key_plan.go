package servicenow

import (
	"context"
	"errors"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

func (m *restAPIKey) Check(_ context.Context, report *lifecycle.Report) {
	if !m.TokenWO.IsNull() {
		report.Warn(nil, "The instance may ignore the token", "Many instances make the token of a key themselves and "+
			"take no other, without an error. Prove that this one took it with the ephemeral resource "+
			"servicenow_inbound_access_check.")
	}
	if m.ExpiresAt.IsNull() || m.ExpiresAt.IsUnknown() {
		return
	}
	if end, diags := m.ExpiresAt.ValueRFC3339Time(); !diags.HasError() && end.Before(time.Now()) {
		report.Warn(&m.ExpiresAt, "An expired key", "expires_at = "+m.ExpiresAt.ValueString()+" is past: the key opens "+
			"nothing, and the platform deletes it 7 days after that time.")
	}
}

// Plan refuses scopes at plan where the dictionary proves that keys have none. That the account may not read the
// dictionary proves nothing yet: the same apply may grant it the role.
func (m *restAPIKey) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	if m.AuthScopeIDs.IsNull() {
		return
	}
	_, err := restAPIKeyStore{sn: c.ServiceNow}.scopeColumn(ctx)
	if errors.As(err, new(*servicenowapi.NoColumnError)) {
		report.Error(&m.AuthScopeIDs, "Keys without scopes", err.Error()+".")
	}
}
