package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
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
	Needs: lifecycle.Needs{
		Roles: lifecycle.OneOf("sn_sec_int.admin", "sn_vul.vulnerability_admin"), Application: securityApplication,
	},
	Description: "An instance of a security integration (`sn_sec_int_impl`) with its parameters " +
		"(`sn_sec_int_impl_config`), such as the Rapid7 InsightVM integration of Vulnerability Response. The parameters' " +
		"names differ between integrations and releases: `data.servicenow_security_integration_definition` lists them, and " +
		"one that does not exist is refused at plan. *Test credentials* of the form has no equivalent in an API: look at " +
		"`validation_status`.",
	Attributes: attribute.Schema{
		"name": attribute.RequiredText("The name of the instance."),
		"integration_id": attribute.ReplacedReference("The integration: `id` of " +
			"`data.servicenow_security_integration_definition`."),
		"active": attribute.ServerFlag("Whether the integration runs. Default: the instance's."),
		"is_default": attribute.ServerFlag("Whether this is the instance that is used where none is named. Default: the " +
			"instance's."),
		"parameters": attribute.Texts("The parameters that are not secrets, by name. Values are as stored, at most 512 " +
			"characters on most instances. Removing one deletes its value; parameters that are not named here are left alone."),
		"secret_parameters_wo": attribute.Secrets("The parameters that are secrets, such as the API key, by name. They are " +
			"stored encrypted where the instance has a column for that. Removing one deletes its value."),
		"secret_parameters_wo_version": attribute.SecretVersion("`secret_parameters_wo`"),

		"validation_status": attribute.ComputedText("What the last test of the credentials found, as the instance stores " +
			"it."),
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
		field.Reference(field.String("integration", &m.IntegrationID), "sn_sec_int_integration"),
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
			report.Error(nil, "A parameter in two places", "The parameter "+name+" is in both parameters and "+
				"secret_parameters_wo. Leave it in one of them.")
		}
	}
}
