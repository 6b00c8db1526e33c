package kibana

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// instance is embedded in the models of the two connectors that write records either through an Elastic application or
// by the Table API.
type instance struct {
	credentials
	UsesTableAPI types.Bool `tfsdk:"uses_table_api"`
}

// fields always sends usesTableApi: Kibana takes its absence for true, and the connector would be deprecated.
func (m *instance) fields() []field.Field {
	return append(m.credentials.fields(), field.Bool("config.usesTableApi", &m.UsesTableAPI))
}

func (m *instance) bounds() []bounded {
	return append(m.credentials.bounds(), bounded{
		attribute: &m.UsesTableAPI, name: "uses_table_api", set: m.UsesTableAPI.ValueBool(),
		since: kibanaapi.Version{Major: 7, Minor: 16},
	})
}

// Check adds a warning to the rules about credentials.
func (m *instance) Check(ctx context.Context, report *lifecycle.Report) {
	m.credentials.Check(ctx, report)
	if m.UsesTableAPI.ValueBool() {
		report.Warn(&m.UsesTableAPI, "A deprecated connector", "Kibana calls a connector that uses the Table API "+
			"deprecated: it cannot update incidents of alerts by correlation id, nor send additional fields. Install the "+
			"Elastic application on the instance, and leave uses_table_api out.")
	}
}

func instanceAttributes() attribute.Schema {
	return attribute.Join(credentialAttributes(), attribute.Schema{
		"uses_table_api": attribute.FlagOr(false, "Whether incidents are written through the Table API, which needs no "+
			"Elastic application and makes the connector deprecated. Kibana before 7.16 always does so, and is not sent this."),
	})
}
