package servicenow

import (
	"context"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// NewElasticApplicationData asks an Elastic application for its version, at the address that Kibana asks, too.
var NewElasticApplicationData = lifecycle.NewReader[elasticApplicationData](lifecycle.Reader{
	Type: "elastic_application",
	Description: "Tells whether one of Elastic's applications is installed on the instance, and which version, by its " +
		"health endpoint, which Kibana asks before each push. The account needs the application's role `integration_user`.",
	Attributes: map[string]schema.Attribute{
		"app": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.OneOf("itsm", "secops")},
			MarkdownDescription: "The application: `itsm` or `secops`.",
		},
		"installed": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it answers."},
		"version":   schema.StringAttribute{Computed: true, MarkdownDescription: "The version that it reports."},
	},
})

type elasticApplicationData struct {
	App       types.String `tfsdk:"app"`
	Installed types.Bool   `tfsdk:"installed"`
	Version   types.String `tfsdk:"version"`
}

func (m *elasticApplicationData) Read(ctx context.Context, c *lifecycle.Servers) error {
	app, err := elasticAppNamed(m.App.ValueString())
	if err != nil {
		return err
	}
	var health struct {
		Result struct {
			Version string `json:"version"`
		} `json:"result"`
	}
	err = c.ServiceNow.Get(ctx, "/api/"+app.scope+"/elastic_api/health", nil, &health)
	if rest.HasStatus(err, http.StatusNotFound) || rest.HasStatus(err, http.StatusBadRequest) { // no API serves the path
		m.Installed, m.Version = types.BoolValue(false), types.StringNull()
		return nil
	}
	m.Installed, m.Version = types.BoolValue(err == nil), types.StringValue(health.Result.Version)
	return err
}
