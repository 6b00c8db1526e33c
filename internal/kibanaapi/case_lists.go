package kibanaapi

import (
	"fmt"
	"maps"
	"slices"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// The lists of case settings, whose entries are told apart by their "key". A release that does not know a list leaves
// it out of its answers. PATCH replaces a list as a whole, and empties templates that it does not carry.
const (
	customFieldsKey    = "customFields"
	templatesKey       = "templates"
	observableTypesKey = "observableTypes"

	caseFieldsKey = "caseFields"
	entryKey      = "key"
)

// caseLists are the columns of the lists, by Kibana's key.
var caseLists = map[string]string{
	customFieldsKey: "custom_fields", templatesKey: templatesKey, observableTypesKey: "observable_types",
}

// listSince says which release brought a list.
var listSince = map[string]Version{
	customFieldsKey: {8, 11}, templatesKey: {8, 15}, observableTypesKey: {8, 18},
}

// CaseListSince is the first release that knows a list, by the column of the list.
func CaseListSince(column string) Version {
	for key, name := range caseLists {
		if name == column {
			return listSince[key]
		}
	}
	return Version{}
}

// entries are the objects of a list.
func entries(list any) []map[string]any {
	items, _ := list.([]any)
	all := make([]map[string]any, 0, len(items))
	for _, item := range items {
		if entry, ok := item.(map[string]any); ok {
			all = append(all, entry)
		}
	}
	return all
}

func keyOf(entry map[string]any) string { return record.Text(entry[entryKey]) }

// entryOf finds an entry by its key; nil when there is none.
func entryOf(list any, key string) map[string]any {
	for _, entry := range entries(list) {
		if keyOf(entry) == key {
			return entry
		}
	}
	return nil
}

// merged is a list after a write: entries that the configuration owned before or owns now become what it says, or what
// they were before it took them over, and those of others stay where they are. Without a wanted list, all are released
// as they are.
func merged(found, before, wanted, former any) []any {
	list := []any{}
	for _, entry := range entries(found) {
		key := keyOf(entry)
		switch mine := entryOf(wanted, key); {
		case mine != nil:
			list = append(list, mine)
		case wanted == nil || entryOf(before, key) == nil:
			list = append(list, entry)
		case entryOf(former, key) != nil:
			list = append(list, entryOf(former, key))
		}
	}
	for _, entry := range entries(wanted) {
		if entryOf(found, keyOf(entry)) == nil {
			list = append(list, entry)
		}
	}
	return list
}

// owned is the part of a list that a configuration owns, in the configuration's order; all of it where nothing is known
// of the configuration, and nothing where it owns no list.
func owned(list, mine any) any {
	var part []any
	for _, entry := range entries(mine) {
		if found := entryOf(list, keyOf(entry)); found != nil {
			part = append(part, ownedEntry(found, entry))
		}
	}
	if len(part) == 0 {
		return nil
	}
	return part
}

// ownedEntry takes out of a template the values of custom fields that the configuration does not name: Kibana fills in
// every custom field that there is.
func ownedEntry(found, mine map[string]any) map[string]any {
	fields, isTemplate := found[caseFieldsKey].(map[string]any)
	if !isTemplate || fields[customFieldsKey] == nil {
		return found
	}
	named, _ := mine[caseFieldsKey].(map[string]any)
	var values []any
	for _, value := range entries(fields[customFieldsKey]) {
		if entryOf(named[customFieldsKey], keyOf(value)) != nil {
			values = append(values, value)
		}
	}
	fields = maps.Clone(fields)
	delete(fields, customFieldsKey)
	if len(values) > 0 {
		fields[customFieldsKey] = values
	}
	found = maps.Clone(found)
	found[caseFieldsKey] = fields
	return found
}

// fitTemplates gives each template a value for each custom field, as Kibana demands: it drops the values of fields that
// are not in the same body, and refuses templates that lack some.
func fitTemplates(templates, customFields []any) ([]any, error) {
	fitted := make([]any, 0, len(templates))
	for _, template := range entries(templates) {
		fields, _ := template[caseFieldsKey].(map[string]any)
		given := fields[customFieldsKey]
		for _, value := range entries(given) {
			if entryOf(customFields, keyOf(value)) == nil {
				return nil, fmt.Errorf("the template %q sets the custom field %q, which the settings do not have",
					keyOf(template), keyOf(value))
			}
		}
		values := make([]any, 0, len(customFields))
		for _, field := range entries(customFields) {
			if value := entryOf(given, keyOf(field)); value != nil {
				values = append(values, value)
				continue
			}
			standard := field["defaultValue"]
			if standard == nil && field["type"] == "toggle" {
				standard = false
			}
			values = append(values, map[string]any{entryKey: field[entryKey], "type": field["type"], "value": standard})
		}
		whole := map[string]any{}
		maps.Copy(whole, fields)
		delete(whole, customFieldsKey)
		if len(values) > 0 {
			whole[customFieldsKey] = values
		}
		template = maps.Clone(template)
		template[caseFieldsKey] = whole
		fitted = append(fitted, template)
	}
	return fitted, nil
}

// dropValues takes the values of custom fields that are no longer there out of templates which are not being written.
func dropValues(templates, wanted any, customFields []any) []any {
	kept := []any{}
	for _, template := range entries(templates) {
		fields, _ := template[caseFieldsKey].(map[string]any)
		if entryOf(wanted, keyOf(template)) != nil || fields[customFieldsKey] == nil {
			kept = append(kept, template)
			continue
		}
		values := slices.DeleteFunc(slices.Clone(entries(fields[customFieldsKey])), func(value map[string]any) bool {
			return entryOf(customFields, keyOf(value)) == nil
		})
		list := make([]any, len(values))
		for i, value := range values {
			list[i] = value
		}
		fields = maps.Clone(fields)
		fields[customFieldsKey] = list
		template = maps.Clone(template)
		template[caseFieldsKey] = fields
		kept = append(kept, template)
	}
	return kept
}
