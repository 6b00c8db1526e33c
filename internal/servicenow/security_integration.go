package servicenow

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewSecurityIntegration manages an integration instance of Security Operations (sn_sec_int_impl) with its parameters
// (sn_sec_int_impl_config).
var NewSecurityIntegration = lifecycle.New[securityIntegration](lifecycle.Definition{
	Type:  "security_integration",
	Table: "sn_sec_int_impl",
	Key:   []string{"name"},
	Store: newSecurityIntegrationStore,
	Description: "An instance of a security integration (`sn_sec_int_impl`) with its parameters " +
		"(`sn_sec_int_impl_config`), such as the Rapid7 InsightVM integration of Vulnerability Response. The parameters' " +
		"names differ between integrations and releases: `data.servicenow_security_integration_definition` lists them, and " +
		"one that does not exist is refused at plan. *Test credentials* of the form has no equivalent in an API: look at " +
		"`validation_status`. Needs the role `sn_sec_int.admin`, `sn_vul.vulnerability_admin` or `admin`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The name of the instance."},
		"integration_id": schema.StringAttribute{
			Required: true, Validators: []validator.String{lifecycle.SysID()},
			MarkdownDescription: "The integration: `id` of `data.servicenow_security_integration_definition`. Changing it " +
				"replaces the instance.",
			PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"active": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether the integration runs. Default: the instance's.",
		},
		"is_default": schema.BoolAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Whether this is the instance that is used where none is named. Default: the instance's.",
		},
		"parameters": schema.MapAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "The parameters that are no secrets, by name. Values are as stored, at most 512 characters " +
				"on most instances. Removing one deletes its value; parameters that are not named here are left alone.",
		},
		"secret_parameters_wo": schema.MapAttribute{
			ElementType: types.StringType,
			MarkdownDescription: "The parameters that are secrets, as the API key, by name. They are stored encrypted where " +
				"the instance has a column for that. Removing one deletes its value.",
		},
		"secret_parameters_wo_version": lifecycle.Version("`secret_parameters_wo`"),
		"validation_status": schema.StringAttribute{
			Computed: true, MarkdownDescription: "What the last test of the credentials found, as the instance stores it.",
		},
	},
})

type securityIntegration struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Secrets
	Name                      types.String `tfsdk:"name"`
	IntegrationID             types.String `tfsdk:"integration_id"`
	Active                    types.Bool   `tfsdk:"active"`
	IsDefault                 types.Bool   `tfsdk:"is_default"`
	Parameters                types.Map    `tfsdk:"parameters"`
	SecretParametersWO        types.Map    `tfsdk:"secret_parameters_wo"`
	SecretParametersWOVersion types.Int64  `tfsdk:"secret_parameters_wo_version"`
	ValidationStatus          types.String `tfsdk:"validation_status"`
}

func (m *securityIntegration) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("integration", &m.IntegrationID),
		field.Bool("active", &m.Active),
		field.Bool("is_default", &m.IsDefault),
		field.Entries(parameterPrefix, &m.Parameters),
		field.SecretMap(parameterPrefix, &m.SecretParametersWO, &m.SecretParametersWOVersion),
		field.MovesWith(field.Computed(field.String("validation_status", &m.ValidationStatus))),
	}
}

func (m *securityIntegration) Check(_ context.Context, report *lifecycle.Report) {
	for name := range m.Parameters.Elements() {
		if _, ok := m.SecretParametersWO.Elements()[name]; ok {
			report.Error(nil, "A parameter in two places", "The parameter "+name+" stands in parameters and in "+
				"secret_parameters_wo. Leave it in one of them.")
		}
	}
}

// Plan refuses names that the integration does not have.
func (m *securityIntegration) Plan(
	ctx context.Context,
	c *lifecycle.Servers,
	secrets []string,
	report *lifecycle.Report,
) {
	if m.IntegrationID.IsUnknown() || len(m.Parameters.Elements())+len(secrets) == 0 {
		return
	}
	defined, err := definedParameters(ctx, c.ServiceNow, m.IntegrationID.ValueString())
	if err != nil {
		return // the store asks again, and says what is wrong
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
