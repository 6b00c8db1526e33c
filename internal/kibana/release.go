package kibana

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

var _ = []lifecycle.Planner{
	(*itsmConnector)(nil), (*secOpsConnector)(nil), (*itomConnector)(nil), (*jiraConnector)(nil),
	(*resilientConnector)(nil), (*swimlaneConnector)(nil), (*genericConnector)(nil), (*caseSettings)(nil),
}

// bounded states which releases of Kibana take an attribute.
type bounded struct {
	// attribute points into the model; nil makes findings be about the resource.
	attribute any
	name      string
	// set means that the plan holds the attribute, so that the bounds matter.
	set bool
	// since is the first release; until is the first one that no longer has it, zero when there is none.
	since, until kibanaapi.Version
	// instead says what to do on a release after until.
	instead string
}

// checkReleases reports attributes that this Kibana does not take. It asks for the version only where it matters, and
// finds nothing when there is no answer: the apply will then.
func checkReleases(ctx context.Context, c *lifecycle.Servers, report *lifecycle.Report, all ...bounded) {
	for _, b := range all {
		if !b.set {
			continue
		}
		version, err := c.Kibana.Version(ctx)
		switch {
		case err != nil:
			return
		case !version.AtLeast(b.since.Major, b.since.Minor):
			report.Error(b.attribute, "Kibana is too old", fmt.Sprintf("%s needs Kibana %s or newer, and this one is %s. "+
				"Leave it out, or upgrade Kibana.", b.name, b.since, version))
		case b.until != kibanaapi.Version{} && version.AtLeast(b.until.Major, b.until.Minor):
			report.Error(b.attribute, "Kibana is too new", fmt.Sprintf("%s was taken out of Kibana with %s, and this one is "+
				"%s. %s", b.name, b.until, version, b.instead))
		}
	}
}

// plan checks what every connector has. typeID is the connector's type; empty when it is not known yet. The rules about
// the type and about connector_id hold for connectors that are to be made: the id of one that is there already may be
// configured whatever the release.
func (m *connector) plan(ctx context.Context, c *lifecycle.Servers, typeID string, report *lifecycle.Report) {
	checkSpace(ctx, c, report, &m.SpaceID)
	if m.ID.IsUnknown() && typeID != "" {
		if refusal := c.Kibana.TypeRefusal(ctx, spaceOf(c, m.SpaceID), typeID); refusal != "" {
			report.Error(nil, "Kibana refuses connectors of this type", refusal+".")
		}
	}
	if !isKnown(m.ConnectorID) || m.ConnectorID.Equal(m.ID) {
		return
	}
	version, err := c.Kibana.Version(ctx)
	if err != nil {
		return // the apply will report it
	}
	if err := kibanaapi.CheckConnectorID(version, m.ConnectorID.ValueString()); err != nil {
		report.Error(&m.ConnectorID, "This connector_id cannot be used", err.Error()+".")
	}
}

// checkSpace warns of a space that is not there. It is not an error yet, since the same apply may make it.
func checkSpace(ctx context.Context, c *lifecycle.Servers, report *lifecycle.Report, attribute *types.String) {
	space := spaceOf(c, *attribute)
	if c.Kibana.SpaceMissing(ctx, space) {
		report.Warn(attribute, "No such space", fmt.Sprintf("Kibana has no space %q (space_id). Unless something makes it "+
			"before this resource, the apply is going to fail.", space))
	}
}

// spaceOf is the space that an attribute names, else the provider's.
func spaceOf(c *lifecycle.Servers, attribute types.String) string {
	if isKnown(attribute) {
		return attribute.ValueString()
	}
	return c.Kibana.Space
}

func isKnown(v types.String) bool { return !v.IsNull() && !v.IsUnknown() }
