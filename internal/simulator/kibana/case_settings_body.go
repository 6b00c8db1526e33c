package kibana

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits of a case configuration.
const (
	maximumCustomFields     = 10
	maximumTemplates        = 10
	maximumObservableTypes  = 10
	maximumKey              = 36
	maximumLabel            = 50
	maximumTextValue        = 160
	maximumTemplateText     = 1000
	maximumTemplateTags     = 10
	maximumCaseTitle        = 160
	maximumCaseDescription  = 30_000
	maximumSafeInteger      = 1<<53 - 1
	maximumCaseTags         = 200
	maximumCaseTag          = 256
	maximumCaseAssignees    = 10
	maximumCaseCategory     = 50
	maximumCustomListValues = 10
)

var customFieldKey = regexp.MustCompile(`^[a-z0-9_-]+$`)

// builtInObservables are the types that Kibana has itself: no configuration may repeat their labels or keys.
var builtInObservables = []string{
	"IPv4", "IPv6", "URL", "Hostname", "File hash", "File path", "Email", "Domain",
}

// limited is a text with a length after trimming; field is how its faults name it.
func limited(field string, minimum, maximum int) schema {
	return schema{kind: text, refine: func(value any) string {
		switch length := utf8.RuneCountInString(strings.TrimSpace(stringOf(value))); {
		case length == 0 && minimum > 0:
			return fmt.Sprintf("The %s field cannot be an empty string.", field)
		case length < minimum:
			return fmt.Sprintf("The length of the %s is too short. The minimum length is %d.", field, minimum)
		case length > maximum:
			return fmt.Sprintf("The length of the %s is too long. The maximum length is %d.", field, maximum)
		}
		return ""
	}}
}

func limitedList(field string, element schema, maximum int) schema {
	list := listOf(element)
	list.refine = func(value any) string {
		if items, _ := value.([]any); len(items) > maximum {
			return fmt.Sprintf("The length of the field %s is too long. Array must be of length <= %d.", field, maximum)
		}
		return ""
	}
	return list
}

func maybe(name string, s schema) property {
	s.optional = true
	return property{name, s}
}

func keyed() property {
	key := limited("key", 1, maximumKey)
	length := key.refine
	key.refine = func(value any) string {
		if problem := length(value); problem != "" {
			return problem
		}
		if !customFieldKey.MatchString(stringOf(value)) {
			return "Key must be lower case, a-z, 0-9, '_', and '-' are allowed"
		}
		return ""
	}
	return property{"key", key}
}

// settingsBody is the body of POST and PATCH; which parts a release knows depends on its age.
func (s *Server) settingsBody(v version, patch bool) schema {
	closure := oneOf("closure_type", "close-by-user", "close-by-pushing")
	connector := property{"connector", caseConnectorSchema()}
	properties := []property{connector, closure}
	if patch {
		properties[0].optional, properties[1].optional = true, true
		properties = append(properties, required("version", text))
	} else {
		properties = append(properties, required("owner", text))
	}
	if v.atLeast(8, 11) {
		properties = append(properties, maybe("customFields", limitedList("customFields", s.customFieldSchema(v),
			maximumCustomFields)))
	}
	if v.atLeast(8, 15) {
		properties = append(properties, maybe("templates", limitedList("templates", templateSchema(v), maximumTemplates)))
	}
	if v.atLeast(8, 18) {
		properties = append(properties, maybe("observableTypes", limitedList("observableTypes",
			strict(keyed(), property{"label", limited("label", 1, maximumLabel)}), maximumObservableTypes)))
	}
	if v.atLeast(9, 2) { // the release is an estimate
		properties = append(properties, maybe("analytics_enabled", schema{kind: boolean}))
	}
	return strict(properties...)
}

// customFieldTypes are those of a release: numbers came with 8.18, and a list is in no release that was seen.
func (s *Server) customFieldTypes(v version) []string {
	types := []string{"text", "toggle"}
	if v.atLeast(8, 18) {
		types = append(types, "number")
	}
	if s.Switches().CustomFieldLists {
		types = append(types, "list")
	}
	return types
}

func (s *Server) customFieldSchema(v version) schema {
	properties := []property{
		keyed(),
		{"label", limited("label", 1, maximumLabel)},
		oneOf("type", s.customFieldTypes(v)...), required("required", boolean),
	}
	if v.atLeast(8, 13) { // the release is an estimate
		properties = append(properties, maybe("defaultValue", schema{kind: anything}))
	}
	if s.Switches().CustomFieldLists {
		properties = append(properties, maybe("options", limitedList("options",
			strict(keyed(), property{"label", limited("label", 1, maximumLabel)}), maximumCustomListValues)))
	}
	field := strict(properties...)
	field.refine = func(value any) string {
		given, _ := value.(map[string]any)
		if options, has := given["options"]; has && given["type"] != "list" && options != nil {
			return `invalid keys "options"`
		}
		return customValueFault("defaultValue", given, given["defaultValue"])
	}
	return field
}

// customValueFault checks the value of a custom field, or its default, against the field's type. Null is none.
func customValueFault(name string, field map[string]any, value any) string {
	if value == nil {
		return ""
	}
	wrong := fmt.Sprintf("Invalid value %q supplied to %q", printed(value), "customFields,"+name)
	switch field["type"] {
	case "text":
		if _, isText := value.(string); !isText {
			return wrong
		}
		return limited(name, 1, maximumTextValue).refine(value)
	case "toggle":
		if _, isFlag := value.(bool); !isFlag {
			return wrong
		}
	case "number":
		n, isNumber := value.(float64)
		if !isNumber {
			return wrong
		}
		if n != float64(int64(n)) || n > maximumSafeInteger || n < -maximumSafeInteger {
			return fmt.Sprintf("The %s field should be an integer between -(2^53 - 1) and 2^53 - 1, inclusive.", name)
		}
	case "list":
		options, _ := field["options"].([]any)
		known := slices.ContainsFunc(options, func(o any) bool {
			option, _ := o.(map[string]any)
			return option["key"] == value
		})
		if field["options"] != nil && !known {
			return wrong
		}
	}
	return ""
}

// caseValueSchema is a custom field as a case, or a template, holds it.
func caseValueSchema() schema {
	field := strict(required("key", text), oneOf("type", "text", "toggle", "number", "list"),
		property{"value", schema{kind: anything}})
	field.refine = func(value any) string {
		given, _ := value.(map[string]any)
		return customValueFault("value", given, given["value"])
	}
	return field
}

func templateSchema(v version) schema {
	tags := limitedList("tags", limited("tag", 1, maximumCaseTag), maximumCaseTags)
	severity := oneOf("severity", "low", "medium", "high", "critical")
	severity.optional = true
	category := limited("category", 1, maximumCaseCategory)
	category.nullable = true
	settings := strict(required("syncAlerts", boolean))
	if v.atLeast(9, 2) {
		settings.properties = append(settings.properties, maybe("extractObservables", schema{kind: boolean}))
	}
	fields := strict(
		maybe("description", limited("description", 1, maximumCaseDescription)), maybe("tags", tags),
		maybe("title", limited("title", 1, maximumCaseTitle)), maybe("connector", caseConnectorSchema()), severity,
		maybe("assignees", limitedList("assignees", strict(required("uid", text)), maximumCaseAssignees)),
		maybe("category", category), maybe("settings", settings),
		maybe("customFields", limitedList("customFields", caseValueSchema(), maximumCustomFields)),
	)
	fields.nullable = true
	return strict(keyed(), property{"name", limited("name", 1, maximumLabel)}, property{"caseFields", fields},
		maybe("description", limited("description", 0, maximumTemplateText)),
		maybe("tags", limitedList("template's tags", limited("template's tag", 1, maximumLabel), maximumTemplateTags)))
}

// caseBody reads a body of the cases API, whose faults are worded by a validator of its own (io-ts).
func (c *call) caseBody(s schema) (map[string]any, *reply) {
	given, refused := c.decodeBody()
	if refused != nil {
		return nil, refused
	}
	completed, faults := s.validate(zod4, given)
	if len(faults) > 0 {
		r := failure(http.StatusBadRequest, "%s", ioTS(faults))
		return nil, &r
	}
	body, _ := completed.(map[string]any)
	chosen := []any{body["connector"]}
	templates, _ := body["templates"].([]any)
	for _, template := range objects(templates) {
		fields, _ := template["caseFields"].(map[string]any)
		chosen = append(chosen, fields["connector"])
	}
	for _, connector := range objects(chosen) {
		if refused := caseConnectorFault(c.version, connector); refused != nil {
			return nil, refused
		}
	}
	return body, nil
}

// caseConnectorFault refuses an unknown type of case connector, and fields that are not those of its type.
func caseConnectorFault(v version, connector map[string]any) *reply {
	fields, known := caseFields(v, stringOf(connector["type"]))
	if !known {
		r := failure(http.StatusBadRequest, "Invalid value %q supplied to \"connector,type\"", connector["type"])
		return &r
	}
	_, faults := fields.validate(zod4, connector["fields"])
	if len(faults) == 0 {
		return nil
	}
	for i := range faults {
		faults[i].path = append([]step{key("connector"), key("fields")}, faults[i].path...)
	}
	r := failure(http.StatusBadRequest, "%s", ioTS(faults))
	return &r
}

// ioTS words faults: indices are left out of paths, and the same words are told once.
func ioTS(faults []fault) string {
	var told []string
	for _, f := range faults {
		var words string
		switch f.code {
		case unknownKeys:
			words = fmt.Sprintf("invalid keys %q", strings.Join(f.names, ","))
		case custom:
			words = f.message
		case wrongType, wrongChoice, emptyList, unionOfNull:
			var path []string
			for _, s := range f.path {
				if !s.index {
					path = append(path, s.name)
				}
			}
			words = fmt.Sprintf("Invalid value \"%s\" supplied to \"%s\"", f.value, strings.Join(path, ","))
		}
		if !slices.Contains(told, words) {
			told = append(told, words)
		}
	}
	return strings.Join(told, ",")
}

// objects are the members of a list that are objects.
func objects(list []any) []map[string]any {
	var all []map[string]any
	for _, item := range list {
		if object, isObject := item.(map[string]any); isObject {
			all = append(all, object)
		}
	}
	return all
}

// duplicates refuses keys given twice, observable types that Kibana has already, and another type for a custom field
// that is stored.
func duplicates(body map[string]any, stored []any) string {
	fields, _ := body["customFields"].([]any)
	if repeated := repeatedKeys(fields); len(repeated) > 0 {
		return "Invalid duplicated customFields keys in request: " + strings.Join(repeated, ",")
	}
	templates, _ := body["templates"].([]any)
	if repeated := repeatedKeys(templates); len(repeated) > 0 {
		return "Invalid duplicated templates keys in request: " + strings.Join(repeated, ",")
	}
	observables, _ := body["observableTypes"].([]any)
	if repeated := repeatedObservables(observables); len(repeated) > 0 {
		return "Invalid duplicated observable types in request: " + strings.Join(repeated, ",")
	}
	types := map[string]any{}
	for _, field := range objects(stored) {
		types[stringOf(field["key"])] = field["type"]
	}
	var changed []string
	for _, field := range objects(fields) {
		if before, known := types[stringOf(field["key"])]; known && before != field["type"] {
			changed = append(changed, fmt.Sprintf("%q", field["label"]))
		}
	}
	if len(changed) > 0 {
		return "Invalid custom field types in request for the following labels: " + strings.Join(changed, ", ")
	}
	return ""
}

func repeatedKeys(list []any) []string {
	var repeated []string
	seen := map[string]bool{}
	for _, item := range objects(list) {
		key := stringOf(item["key"])
		if seen[key] && !slices.Contains(repeated, key) {
			repeated = append(repeated, key)
		}
		seen[key] = true
	}
	return repeated
}

// repeatedObservables answers labels: of a repeated label, or of a repeated key.
func repeatedObservables(list []any) []string {
	var repeated []string
	seen := map[string]bool{}
	for _, label := range builtInObservables {
		lower := strings.ToLower(label)
		seen["label "+lower], seen["key observable-type-"+strings.ReplaceAll(lower, " ", "-")] = true, true
	}
	for _, item := range objects(list) {
		label := strings.ToLower(stringOf(item["label"]))
		names := []string{"label " + label, "key " + strings.ToLower(stringOf(item["key"]))}
		if slices.ContainsFunc(names, func(name string) bool { return seen[name] }) &&
			!slices.Contains(repeated, label) {
			repeated = append(repeated, label)
		}
		for _, name := range names {
			seen[name] = true
		}
	}
	return repeated
}

// templateFault checks the custom fields of templates against those that the same request configures, and not against
// stored ones. Assignees need a platinum licence.
func (s *Server) templateFault(templates, customFields any) *reply {
	refuse := func(status int, format string, args ...any) *reply {
		r := failure(status, format, args...)
		return &r
	}
	list, _ := templates.([]any)
	configured, _ := customFields.([]any)
	for i, template := range objects(list) {
		fields, _ := template["caseFields"].(map[string]any)
		values, _ := fields["customFields"].([]any)
		switch {
		case customFields == nil && len(values) > 0:
			return refuse(http.StatusBadRequest, "No custom fields configured.")
		case len(values) == 0 && len(configured) > 0:
			return refuse(http.StatusBadRequest, "No custom fields added to template.")
		}
		if repeated := repeatedKeys(values); len(repeated) > 0 {
			return refuse(http.StatusBadRequest, "Invalid duplicated templates[%d]'s customFields keys in request: %s", i,
				strings.Join(repeated, ","))
		}
		if problem := caseValueFault(values, configured); problem != "" {
			return refuse(http.StatusBadRequest, "%s", problem)
		}
		assignees, _ := fields["assignees"].([]any)
		if len(assignees) > 0 && licenseRank(s.Switches().License) < licenseRank("platinum") {
			return refuse(http.StatusForbidden,
				"In order to assign users to cases, you must be subscribed to an Elastic Platinum license")
		}
	}
	return nil
}

// caseValueFault refuses custom fields of a case that are not configured, or are of another type.
func caseValueFault(values, configured []any) string {
	byKey := map[string]map[string]any{}
	for _, field := range objects(configured) {
		byKey[stringOf(field["key"])] = field
	}
	var unknown, wrong []string
	for _, value := range objects(values) {
		field := byKey[stringOf(value["key"])]
		switch {
		case field == nil:
			unknown = append(unknown, stringOf(value["key"]))
		case field["type"] != value["type"]:
			wrong = append(wrong, fmt.Sprintf("%q", field["label"]))
		}
	}
	if len(unknown) > 0 {
		return "Invalid custom field keys: " + strings.Join(unknown, ",")
	}
	if len(wrong) > 0 {
		return "The following custom fields have the wrong type in the request: " + strings.Join(wrong, ", ")
	}
	return ""
}

// requiredFault refuses a case that leaves a required custom field without default out, or null.
func requiredFault(values, configured []any) string {
	byKey := map[string]map[string]any{}
	for _, value := range objects(values) {
		byKey[stringOf(value["key"])] = value
	}
	var missing, null []string
	for _, field := range objects(configured) {
		if field["required"] != true {
			continue
		}
		value := byKey[stringOf(field["key"])]
		label := fmt.Sprintf("%q", field["label"])
		switch {
		case value == nil && field["defaultValue"] == nil:
			missing = append(missing, label)
		case value != nil && value["value"] == nil:
			null = append(null, label)
		}
	}
	if len(missing) > 0 {
		return "Missing required custom fields without default value configured: " + strings.Join(missing, ", ")
	}
	if len(null) > 0 {
		return "Invalid value \"null\" supplied for the following required custom fields: " + strings.Join(null, ", ")
	}
	return ""
}

// filledValues completes the custom fields of a case, or a template: fields that are configured and not given get their
// default, a toggle without one false, anything else null.
func filledValues(values, configured []any) []any {
	filled := slices.Clone(values)
	for _, field := range objects(configured) {
		if slices.ContainsFunc(objects(values), func(v map[string]any) bool { return v["key"] == field["key"] }) {
			continue
		}
		value := field["defaultValue"]
		if value == nil && field["type"] == "toggle" {
			value = false
		}
		filled = append(filled, map[string]any{"key": field["key"], "type": field["type"], "value": value})
	}
	return filled
}

// fittedTemplates makes the templates of a PATCH fit the custom fields of the same body: values of fields that are not
// in it are dropped, missing ones are filled. No templates are an empty list.
func fittedTemplates(templates, customFields any) []any {
	list, _ := templates.([]any)
	configured, _ := customFields.([]any)
	fitted := []any{}
	for _, template := range objects(list) {
		fields := map[string]any{}
		given, _ := template["caseFields"].(map[string]any)
		for name, value := range given {
			fields[name] = value
		}
		kept := []any{}
		values, _ := fields["customFields"].([]any)
		for _, value := range objects(values) {
			if slices.ContainsFunc(objects(configured), func(f map[string]any) bool { return f["key"] == value["key"] }) {
				kept = append(kept, value)
			}
		}
		fields["customFields"] = filledValues(kept, configured)
		whole := map[string]any{}
		for name, value := range template {
			whole[name] = value
		}
		whole["caseFields"] = fields
		fitted = append(fitted, whole)
	}
	return fitted
}
