package servicenow

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// Plan refuses names that the integration does not have.
func (m *securityIntegration) Plan(
	ctx context.Context, c *lifecycle.Servers, secrets []string, report *lifecycle.Report,
) {
	if m.IntegrationID.IsUnknown() || len(m.Parameters.Elements())+len(secrets) == 0 {
		return
	}
	defined, err := definedParameters(ctx, c.ServiceNow, m.IntegrationID.ValueString())
	if err != nil {
		return // the store asks again, and reports what is wrong
	}
	if err := defined.refuse(slices.Collect(maps.Keys(m.Parameters.Elements()))); err != nil {
		report.Error(&m.Parameters, "An unknown parameter", err.Error()+".")
	}
	for i := range secrets {
		secrets[i] = strings.TrimPrefix(secrets[i], parameterPrefix)
	}
	if err := defined.refuse(secrets); err != nil {
		report.Error(nil, "An unknown parameter", err.Error()+".")
	}
}
