package kibana_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/kibana"
)

func customField(changes object) object {
	field := object{"key": "team", "label": "Team", "type": "text", "required": false}
	maps.Copy(field, changes)
	return field
}

func template(caseFields any, changes object) object {
	t := object{"key": "one", "name": "One", "caseFields": caseFields}
	maps.Copy(t, changes)
	return t
}

func settingsWith(changes object) object {
	body := settingsFor("cases")
	maps.Copy(body, changes)
	return body
}

func list(items ...any) []any { return append([]any{}, items...) }

func TestCaseSettingsAreRefusedInKibanasWords(t *testing.T) {
	t.Parallel()
	many := func(count int, item func(i int) any) []any {
		var items []any
		for i := range count {
			items = append(items, item(i))
		}
		return items
	}
	field := func(changes object) object { return object{"customFields": list(customField(changes))} }
	observable := func(key, label string) object {
		return object{"observableTypes": list(object{"key": key, "label": label})}
	}
	const slug = "Key must be lower case, a-z, 0-9, '_', and '-' are allowed"
	for _, test := range []struct {
		version string
		change  object
		message string // "" where it is accepted
	}{
		{"8.10.0", field(nil), `invalid keys "customFields"`},
		{"8.11.0", field(nil), ""},
		{"8.11.0", field(object{"defaultValue": "x"}), `invalid keys "defaultValue"`},
		{"8.15.0", field(object{"type": "number"}), `Invalid value "number" supplied to "customFields,type"`},
		{"8.18.0", field(object{"type": "number", "defaultValue": 3}), ""},
		{"9.4.0", field(object{"type": "list"}), `Invalid value "list" supplied to "customFields,type"`},
		{"9.4.0", field(object{"required": true}), ""}, // a default is not demanded here, but of every case
		{"9.4.0", field(object{"defaultValue": ""}), "The defaultValue field cannot be an empty string."},
		{
			"9.4.0", field(object{"defaultValue": strings.Repeat("x", 161)}),
			"The length of the defaultValue is too long. The maximum length is 160.",
		},
		{"9.4.0", field(object{"defaultValue": 1}), `Invalid value "1" supplied to "customFields,defaultValue"`},
		{
			"9.4.0", field(object{"type": "toggle", "defaultValue": "true"}),
			`Invalid value "true" supplied to "customFields,defaultValue"`,
		},
		{
			"9.4.0", field(object{"type": "number", "defaultValue": 1.5}),
			"The defaultValue field should be an integer between -(2^53 - 1) and 2^53 - 1, inclusive.",
		},
		{"9.4.0", field(object{"defaultValue": nil}), ""},
		{"9.4.0", field(object{"key": "My Team"}), slug},
		{
			"9.4.0", field(object{"key": strings.Repeat("k", 37)}),
			"The length of the key is too long. The maximum length is 36.",
		},
		{"9.4.0", field(object{"label": " "}), "The label field cannot be an empty string."},
		{
			"9.4.0", field(object{"label": strings.Repeat("l", 51)}),
			"The length of the label is too long. The maximum length is 50.",
		},
		{"9.4.0", field(object{"colour": "red"}), `invalid keys "colour"`},
		{"9.4.0", field(object{"options": list()}), `invalid keys "options"`},
		{
			"9.4.0",
			object{"customFields": list(customField(nil), customField(nil))},
			"Invalid duplicated customFields keys in request: team",
		},
		{
			"9.4.0",
			object{"customFields": many(11, func(i int) any {
				return customField(object{"key": fmt.Sprint("k", i)})
			})},
			"The length of the field customFields is too long. Array must be of length <= 10.",
		},
		{"8.14.0", object{"templates": list()}, `invalid keys "templates"`},
		{"8.15.0", object{"templates": list(template(nil, nil))}, ""},
		{
			"9.4.0",
			object{"templates": list(object{"key": "one", "name": "One"})},
			`Invalid value "undefined" supplied to "templates,caseFields"`,
		},
		{
			"9.4.0", object{"templates": list(template(object{"owner": "cases"}, nil))}, `invalid keys "owner"`,
		},
		{
			"9.4.0",
			object{"templates": list(template(object{"severity": "dire"}, nil))},
			`Invalid value "dire" supplied to "templates,caseFields,severity"`,
		},
		{
			"9.4.0",
			object{"templates": list(template(object{"title": strings.Repeat("t", 161)}, nil))},
			"The length of the title is too long. The maximum length is 160.",
		},
		{
			"9.4.0",
			object{"templates": list(template(nil, object{"description": strings.Repeat("d", 1001)}))},
			"The length of the description is too long. The maximum length is 1000.",
		},
		{
			"9.4.0",
			object{"templates": list(template(nil, object{"tags": many(11, func(int) any { return "t" })}))},
			"The length of the field template's tags is too long. Array must be of length <= 10.",
		},
		{
			"9.4.0",
			object{"templates": list(template(nil, nil), template(nil, nil))},
			"Invalid duplicated templates keys in request: one",
		},
		{
			"9.4.0",
			object{"templates": list(template(object{
				"connector": object{"id": "x", "name": "x", "type": ".swimlane", "fields": object{"x": 1}},
			}, nil))},
			`Invalid value "undefined" supplied to "connector,fields,caseId",invalid keys "x"`,
		},
		{
			"9.4.0", object{"templates": list(template(object{
				"customFields": list(object{"key": "team", "type": "text", "value": "a"}),
			}, nil))}, "No custom fields configured.",
		},
		{
			"9.4.0",
			object{"customFields": list(customField(nil)), "templates": list(template(nil, nil))},
			"No custom fields added to template.",
		},
		{
			"9.4.0", object{"customFields": list(customField(nil)), "templates": list(template(object{
				"customFields": list(object{"key": "other", "type": "text", "value": "a"}),
			}, nil))}, "Invalid custom field keys: other",
		},
		{
			"9.4.0", object{"customFields": list(customField(nil)), "templates": list(template(object{
				"customFields": list(object{"key": "team", "type": "toggle", "value": true}),
			}, nil))}, `The following custom fields have the wrong type in the request: "Team"`,
		},
		{"8.17.0", observable("a", "A"), `invalid keys "observableTypes"`},
		{"8.18.0", observable("a", "A"), ""},
		{"9.4.0", observable("A", "A"), slug},
		{"9.4.0", observable("mine", "File Hash"), "Invalid duplicated observable types in request: file hash"},
		{"9.4.0", observable("observable-type-url", "Link"), "Invalid duplicated observable types in request: link"},
		{
			"9.4.0",
			object{"observableTypes": many(11, func(i int) any {
				return object{"key": fmt.Sprint("k", i), "label": fmt.Sprint("l", i)}
			})},
			"The length of the field observableTypes is too long. Array must be of length <= 10.",
		},
		{"9.4.0", object{"analytics_enabled": true}, ""},
		{"8.19.0", object{"analytics_enabled": true}, `invalid keys "analytics_enabled"`},
		{"9.4.0", object{"connector": nil}, `Invalid value "null" supplied to "connector"`},
		{"9.4.0", object{"closure_type": "never"}, `Invalid value "never" supplied to "closure_type"`},
		{
			"9.4.0", object{"connector": object{
				"id": "x", "name": "x", "type": ".jira", "fields": object{
					"issueType": nil, "priority": nil, "parent": nil, "impact": "1",
				},
			}}, `invalid keys "impact"`,
		},
		{
			"8.12.0", object{"connector": object{
				"id": "x", "name": "x", "type": ".jira", "fields": object{
					"issueType": nil, "priority": nil, "parent": nil, "otherFields": nil,
				},
			}}, `invalid keys "otherFields"`,
		},
	} {
		k := start(t, kibana.Options{Version: test.version})
		a := k.do("POST", casesPath, settingsWith(test.change))
		if a.message() != test.message || (a.status == 200) != (test.message == "") {
			t.Errorf("%s %v: %d\n got %s\nwant %s", test.version, test.change, a.status, a.raw, test.message)
		}
	}
}

func TestListsOfCustomFieldsAreASwitch(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Version: "9.4.0", CustomFieldLists: true})
	field := customField(object{
		"type": "list", "options": list(object{"key": "it", "label": "IT"}), "defaultValue": "it",
	})
	created := k.do("POST", casesPath, settingsWith(object{"customFields": list(field)}))
	same(t, "stored", any(list(field)), created.body["customFields"])
	field["defaultValue"] = "hr"
	same(t, "no such option", `Invalid value "hr" supplied to "customFields,defaultValue"`,
		k.do("POST", casesPath, settingsWith(object{"customFields": list(field)})).message())
}

// A PATCH makes templates fit the custom fields of the same body, and empties those that it leaves out.
func TestAPatchAndTheTemplates(t *testing.T) {
	t.Parallel()
	values := object{"customFields": list(object{"key": "team", "type": "text", "value": "red"})}
	whole := object{"customFields": list(customField(nil)), "templates": list(template(values, nil))}
	made := func(options kibana.Options) func(object) object {
		k := start(t, options)
		created := k.do("POST", casesPath, settingsWith(whole)).body
		version := created["version"]
		return func(change object) object {
			change["version"] = version
			patched := k.do("PATCH", fmt.Sprint(casesPath, "/", created["id"]), change)
			if patched.status != 200 {
				t.Fatalf("%v: %s", change, patched.raw)
			}
			version = patched.body["version"]
			return patched.body
		}
	}
	patch := made(kibana.Options{Version: "9.4.0"})
	added := customField(object{"key": "sure", "label": "Sure", "type": "toggle"})
	got := patch(object{"customFields": list(customField(nil), added), "templates": list(template(values, nil))})
	same(t, "a new field gets its value", any(list(
		object{"key": "team", "type": "text", "value": "red"}, object{"key": "sure", "type": "toggle", "value": false},
	)), dig(got["templates"].([]any)[0], "caseFields", "customFields"))

	got = patch(object{"templates": list(template(values, nil))})
	same(t, "no fields in the body", any(list()), dig(got["templates"].([]any)[0], "caseFields", "customFields"))
	same(t, "the fields themselves stay", 2, len(got["customFields"].([]any)))

	got = patch(object{"closure_type": "close-by-pushing"})
	same(t, "left out", any(list()), got["templates"])
	same(t, "the fields still stay", 2, len(got["customFields"].([]any)))

	patch = made(kibana.Options{Version: "9.4.0", PatchKeepsTemplates: true})
	same(t, "kept", 1, len(patch(object{"closure_type": "close-by-pushing"})["templates"].([]any)))
}

func TestCasesMindTheConfiguredFields(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Version: "9.4.0", License: "gold"})
	body := func(values ...any) object {
		return object{
			"title": "t", "description": "d", "tags": list(), "owner": "cases", "connector": none(),
			"settings": object{"syncAlerts": false}, "customFields": list(values...),
		}
	}
	k.do("POST", casesPath, settingsWith(object{"customFields": list(
		customField(object{"required": true}),
		customField(object{"key": "sure", "label": "Sure", "type": "toggle", "required": true, "defaultValue": true}),
	)}))
	value := func(v any) object { return object{"key": "team", "type": "text", "value": v} }
	for _, test := range []struct {
		values  []any
		message string
	}{
		{nil, `Missing required custom fields without default value configured: "Team"`},
		{list(value(nil)), `Invalid value "null" supplied for the following required custom fields: "Team"`},
		{list(value("a"), value("b")), "Invalid duplicated customFields keys in request: team"},
		{list(object{"key": "x", "type": "text", "value": "a"}), "Invalid custom field keys: x"},
		{
			list(object{"key": "team", "type": "toggle", "value": true}),
			`The following custom fields have the wrong type in the request: "Team"`,
		},
	} {
		same(t, test.message, test.message, k.do("POST", "/api/cases", body(test.values...)).message())
	}
	same(t, "defaults are filled in", any(list(value("red"), object{"key": "sure", "type": "toggle", "value": true})),
		k.do("POST", "/api/cases", body(value("red"))).body["customFields"])

	assigned := settingsWith(object{"templates": list(template(object{"assignees": list(object{"uid": "u"})}, nil))})
	refused := k.do("POST", casesPath, assigned)
	same(t, "assignees", "In order to assign users to cases, you must be subscribed to an Elastic Platinum license",
		refused.message())
	same(t, "assignees", 403, refused.status)
}

// Kibana looks at a PATCH in this order: body, repeated keys, the object, types, privilege, version.
func TestTheOrderOfAPatchsChecks(t *testing.T) {
	t.Parallel()
	k := start(t, kibana.Options{Version: "9.4.0", Users: []kibana.User{
		{Username: "reader", Password: "r", Privilege: kibana.PrivilegeRead},
	}})
	reader := []string{"Authorization", "Basic cmVhZGVyOnI="}
	created := k.do("POST", casesPath, settingsWith(object{"customFields": list(customField(nil))})).body
	path := fmt.Sprint(casesPath, "/", created["id"])
	retyped := list(customField(object{"type": "toggle"}))
	for _, test := range []struct {
		path   string
		body   object
		status int
	}{
		{path, object{"version": "old", "owner": "cases"}, 400},
		{casesPath + "/none", object{"version": "old", "customFields": list(customField(nil), customField(nil))}, 400},
		{casesPath + "/none", object{"version": "old", "customFields": retyped}, 404},
		{path, object{"version": "old", "customFields": retyped}, 400},
		{path, object{"version": "old"}, 403},
	} {
		same(t, fmt.Sprint(test.path, test.body), test.status, k.do("PATCH", test.path, test.body, reader...).status)
	}
	same(t, "version", 409, k.do("PATCH", path, object{"version": "old"}).status)
}
