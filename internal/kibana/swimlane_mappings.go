package kibana

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// swimlaneField is a field of a Swimlane application, to which what Kibana knows is mapped.
func swimlaneField(what string) schema.Attribute {
	return attribute.Object("The field that gets "+what+".", attribute.Schema{
		"id":         attribute.RequiredText("The field's id."),
		"key":        attribute.RequiredText("The field's key."),
		"name":       attribute.RequiredText("The field's name."),
		"field_type": attribute.RequiredText("The field's type, such as `text`, `numeric` or `comments`."),
	})
}

// swimlaneKeys are Kibana's names of the mappings.
var swimlaneKeys = map[string]string{
	"alert_id": "alertIdConfig", "rule_name": "ruleNameConfig", "case_id": "caseIdConfig",
	"case_name": "caseNameConfig", "severity": "severityConfig", "comments": "commentsConfig",
	"description": "descriptionConfig", "field_type": "fieldType",
}

// demanded are the mappings that Kibana's form insists on. Its API does not: such a connector fails when it is run.
var demanded = map[string][]string{
	"alerts": {"alert_id", "rule_name"},
	"cases":  {"case_id", "case_name", "comments", "description"},
}

func (m *swimlaneConnector) Check(_ context.Context, report *lifecycle.Report) {
	if m.Mappings.IsUnknown() {
		return
	}
	var missing []string
	for _, name := range demanded[m.ConnectorType.ValueString()] {
		if v := m.Mappings.Attributes()[name]; v == nil || v.IsNull() {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		report.Error(&m.Mappings, "Mappings are missing", "A connector of the type \""+m.ConnectorType.ValueString()+
			"\" needs the mappings "+strings.Join(missing, ", ")+" too: Kibana would store it and fail when it is run.")
		return
	}
	if m.Mappings.IsNull() {
		return
	}
	for _, v := range m.Mappings.Attributes() {
		if !v.IsNull() {
			return
		}
	}
	report.Error(&m.Mappings, "Empty mappings", "mappings names no field. Leave it out instead.")
}
