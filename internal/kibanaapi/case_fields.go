package kibanaapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// caseFields are the keys that connector_fields must have, null where nothing is set, by connector type. Source:
// Kibana's cases API, common/types/domain/connector/v1.ts.
var caseFields = map[string][]string{
	typeITSM:         {"impact", "severity", "urgency", "category", "subcategory"},
	typeSecOps:       {"category", "subcategory", "priority", "destIp", "sourceIp", "malwareHash", "malwareUrl"},
	".jira":          {"issueType", "priority", "parent"},
	".resilient":     {"incidentTypes", "severityCode"},
	typeSwimlane:     {"caseId"},
	".cases-webhook": {},
}

// furtherCaseFields are keys that newer releases take, and that may be left out.
var furtherCaseFields = map[string][]string{
	typeITSM: {"additionalFields"}, typeSecOps: {"additionalFields"}, ".jira": {"otherFields"},
	".resilient": {"additionalFields"},
}

// TakesCases reports whether Kibana's cases push to connectors of a type. Source: that of caseFields.
func TakesCases(typeID string) bool {
	_, known := caseFields[typeID]
	return known || typeID == ".thehive"
}

// CheckCaseType refuses a connector of the type that Kibana itself keeps from cases.
func CheckCaseType(c Connector) error {
	if c.TypeID != typeITOM {
		return nil
	}
	return fmt.Errorf("connector %s (%s) is of type %s, which serves rules only, not cases", c.ID, c.Name, c.TypeID)
}

// CheckCaseFields reports keys of connector_fields that Kibana refuses for a type of connector; nil where there are
// none, or the type's keys are not known here.
func CheckCaseFields(typeID string, fields map[string]any) error {
	known, ok := caseFields[typeID]
	if !ok {
		return nil
	}
	known = append(slices.Clone(known), furtherCaseFields[typeID]...)
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(known, key) {
			unknown = append(unknown, key)
		}
	}
	switch {
	case len(unknown) == 0:
		return nil
	case len(known) == 0:
		return fmt.Errorf("connectors of type %s take no connector_fields, and %s is set",
			typeID, strings.Join(unknown, ", "))
	}
	return fmt.Errorf("connectors of type %s do not have the field %s in connector_fields; they have %s",
		typeID, strings.Join(unknown, ", "), strings.Join(known, ", "))
}
