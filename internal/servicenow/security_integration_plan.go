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
	names := slices.Sorted(maps.Keys(m.Parameters.Elements()))
	if err := defined.refuse(names); err != nil {
		report.Error(&m.Parameters, "An unknown parameter", err.Error()+".")
	}
	for _, name := range names {
		if definition, there := defined[name]; there && definition.secret() {
			report.Error(&m.Parameters, "A secret among the parameters", "The integration calls "+name+" a secret "+
				"(elem_type "+definition.kind+"): its value is never shown, and here it would stand in the state. Move it to "+
				"secret_parameters_wo.")
		}
	}
	for i := range secrets {
		secrets[i] = strings.TrimPrefix(secrets[i], parameterPrefix)
	}
	if err := defined.refuse(secrets); err != nil {
		report.Error(nil, "An unknown parameter", err.Error()+".")
	}
}
