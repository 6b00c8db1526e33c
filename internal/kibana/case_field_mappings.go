package kibana

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
)

// caseFieldMappings is embedded in the models of connectors that, before Kibana 7.10, said themselves which field of a
// case goes where: casesConfiguration, or incidentConfiguration with isCaseOwned. The store writes the release's form.
type caseFieldMappings struct {
	CaseFieldMappings types.List `tfsdk:"case_field_mappings"`
}

func (m *caseFieldMappings) field() field.Field {
	return field.Structure("case_field_mappings", &m.CaseFieldMappings, map[string]string{"action": "actionType"})
}

// gone is the rule that connectors hold mappings only up to 7.9.
func (m *caseFieldMappings) gone() bounded {
	return bounded{
		attribute: &m.CaseFieldMappings, name: "case_field_mappings", set: !m.CaseFieldMappings.IsNull(),
		until: kibanaapi.Version{Major: 7, Minor: 10},
		instead: "The mappings moved to the case settings, where they follow from the connector's type: see " +
			"servicenow_kibana_case_settings.",
	}
}

func caseFieldMappingsAttribute() attribute.Schema {
	return attribute.Schema{
		"case_field_mappings": attribute.Objects("Which field of a case is pushed to which field of the other service. Only "+
			"on Kibana 7.6 to 7.9 (7.7 demands it); later releases keep the mappings in the case settings, and setting it "+
			"there is an error.", attribute.Schema{
			"source": attribute.RequiredText("The case's field: `title`, `description` or `comments`.",
				attribute.OneOf("title", "description", "comments")),
			"target": attribute.RequiredText("The other service's field, such as `short_description`."),
			"action": attribute.RequiredText("What a later push does to the field: `overwrite` or `append`.",
				attribute.OneOf("overwrite", "append")),
		}),
	}
}
