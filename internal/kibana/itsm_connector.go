package kibana

import (
	"context"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewITSMConnector manages a ServiceNow ITSM connector (.servicenow), which opens incidents.
var NewITSMConnector = lifecycle.New[itsmConnector](connectorDefinition(".servicenow", lifecycle.Definition{
	Type: "kibana_itsm_connector",
	Description: "A ServiceNow ITSM connector (`.servicenow`), with which Kibana's rules and cases open, update and close " +
		"incidents. A connector from before Kibana 7.16 is deprecated; importing and applying it here is what the form " +
		"calls *Update this connector*. The ServiceNow side needs the application Elastic for ITSM.",
	Attributes: with(credentialAttributes(), map[string]schema.Attribute{
		"api_url": schema.StringAttribute{
			Required: true, MarkdownDescription: "The ServiceNow instance, as `https://dev12345.service-now.com`.",
		},
		"uses_table_api": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether incidents are written by the Table API, which needs no Elastic application and makes " +
				"the connector deprecated. Default: `false`.",
		},
	}),
}))

// with joins attributes.
func with(attributes ...map[string]schema.Attribute) map[string]schema.Attribute {
	all := map[string]schema.Attribute{}
	for _, some := range attributes {
		maps.Copy(all, some)
	}
	return all
}

type itsmConnector struct {
	connector
	credentials
	APIURL       types.String `tfsdk:"api_url"`
	UsesTableAPI types.Bool   `tfsdk:"uses_table_api"`
}

func (m *itsmConnector) Fields() []field.Field {
	return m.connector.fields(append(m.credentials.fields(),
		field.String("config.apiUrl", &m.APIURL),
		field.Bool("config.usesTableApi", &m.UsesTableAPI),
	)...)
}

func (m *itsmConnector) Check(_ context.Context, report *lifecycle.Report) {
	m.credentials.check(report)
	if m.UsesTableAPI.ValueBool() {
		report.Warn(&m.UsesTableAPI, "A deprecated connector", "Kibana calls a connector that uses the Table API deprecated: it "+
			"cannot update incidents of alerts by correlation id, nor send additional fields. Install Elastic for ITSM on "+
			"the instance, and leave uses_table_api out.")
	}
}
