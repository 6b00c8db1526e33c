package kibana

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

func (m *caseSettings) Check(_ context.Context, report *lifecycle.Report) {
	m.caseLists.check(report)
	checkObject(report, &m.ConnectorFields, m.ConnectorFields)
	if m.ConnectorID.IsNull() && !m.ConnectorFields.IsNull() {
		report.Error(&m.ConnectorFields, "Fields without a connector", "connector_fields are values for the connector's "+
			"service. Set connector_id too.")
	}
	if slices.Contains([]string{"none", ".none"}, m.ConnectorID.ValueString()) {
		report.Error(&m.ConnectorID, "Not the id of a connector", "To push cases with no connector, leave connector_id out.")
	}
}

func (m *caseSettings) Plan(ctx context.Context, c *lifecycle.Servers, _ []string, report *lifecycle.Report) {
	checkSpace(ctx, c, report, &m.SpaceID)
	checkReleases(ctx, c, report, append(m.caseLists.bounds(), bounded{
		attribute: &m.Owner, name: "servicenow_kibana_case_settings", set: true,
		since: kibanaapi.Version{Major: 7, Minor: 14},
	})...)
	m.fieldsOfReleases(ctx, c, report)
	m.checkConnector(ctx, c, report)
}

// PlanChange plans to set the connector's name again where somebody has changed it in the settings. A connector that
// was renamed is not a reason to write. Which name it will have then, only the apply knows: the same one may rename it.
func (m *caseSettings) PlanChange(
	_ context.Context, _ *lifecycle.Servers, change lifecycle.Change, report *lifecycle.Report,
) {
	before, ok := change.Before.(*caseSettings)
	if !ok {
		return
	}
	m.planLists(&before.caseLists, report)
	writtenName, known := kibanaapi.WrittenName(change.Remembered)
	changed := known && isKnown(m.ConnectorID) && before.ConnectorName.ValueString() != writtenName
	if changed || change.Writes && !m.ConnectorID.IsNull() {
		m.ConnectorName = types.StringUnknown()
	}
}
