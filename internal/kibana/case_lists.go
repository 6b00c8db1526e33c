package kibana

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibanaapi"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// caseLists is embedded in the model of case settings: the lists of which this configuration owns some entries.
type caseLists struct {
	CustomFields    types.List `tfsdk:"custom_fields"`
	Templates       types.List `tfsdk:"templates"`
	ObservableTypes types.List `tfsdk:"observable_types"`
}

func (m *caseLists) all() []keyedList {
	return []keyedList{
		{
			column: "custom_fields", p: &m.CustomFields,
			keys: map[string]string{"default_value": "defaultValue"}, documents: map[string]bool{"default_value": true},
		},
		{
			column: "templates", p: &m.Templates,
			keys: map[string]string{"case_fields": "caseFields"}, documents: map[string]bool{"case_fields": true},
		},
		{column: "observable_types", p: &m.ObservableTypes},
	}
}

func (m *caseLists) fields() []field.Field {
	var fields []field.Field
	for _, list := range m.all() {
		fields = append(fields, list)
	}
	return fields
}

// bounds are the releases that know the lists.
func (m *caseLists) bounds() []bounded {
	var all []bounded
	for _, list := range m.all() {
		all = append(all, bounded{
			attribute: list.p, name: list.column, set: !list.p.IsNull(), since: kibanaapi.CaseListSince(list.column),
		})
	}
	return all
}

// fieldsOfReleases looks for custom fields that this Kibana does not take. It asks for the version only where it
// matters.
func (m *caseLists) fieldsOfReleases(ctx context.Context, c *lifecycle.Servers, report *lifecycle.Report) {
	list := m.all()[0]
	if unknownWithin(m.CustomFields) {
		return
	}
	for _, entry := range list.wire() {
		key := record.Text(entry["key"])
		isNumber, hasDefault := entry["type"] == "number", entry["defaultValue"] != nil
		if !isNumber && !hasDefault {
			continue
		}
		version, err := c.Kibana.Version(ctx)
		if err != nil {
			return
		}
		if isNumber && !version.AtLeast(numbersSince.Major, numbersSince.Minor) {
			report.Error(list.p, "Kibana is too old", fmt.Sprintf("The custom field %q is of the type number, which needs "+
				"Kibana %s or newer, and this one is %s. Use text, or upgrade Kibana.", key, numbersSince, version))
		}
		if hasDefault && !version.AtLeast(defaultsSince.Major, defaultsSince.Minor) {
			report.Warn(list.p, "Kibana may be too old", fmt.Sprintf("The custom field %q has a default_value, which is known "+
				"of Kibana %s and newer, and this one is %s. An older one refuses it with 400: invalid keys \"defaultValue\". "+
				"Leave it out then.", key, defaultsSince, version))
		}
	}
}

// numbersSince is the release with custom fields of the type number; defaultsSince that with defaults, an estimate.
var (
	numbersSince  = kibanaapi.Version{Major: 8, Minor: 18}
	defaultsSince = kibanaapi.Version{Major: 8, Minor: 13}
)

// The limits that Kibana's cases API sets: common/constants of the cases plugin.
const (
	maximumEntries = 10
	maximumKey     = 36
	maximumLabel   = 50
)

var entryKey = regexp.MustCompile(`^[a-z0-9_-]+$`)

// builtInObservables are labels that Kibana has itself.
var builtInObservables = []string{"ipv4", "ipv6", "url", "hostname", "file hash", "file path", "email", "domain"}

// caseFieldKeys are what a template may set.
var caseFieldKeys = []string{
	"title", "description", "tags", "severity", "category", "assignees", "connector", "settings", "customFields",
}

// check holds what Kibana would refuse, as far as the configuration decides it.
func (m *caseLists) check(report *lifecycle.Report) {
	for _, list := range m.all() {
		if unknownWithin(*list.p) {
			continue
		}
		entries := list.wire()
		fault := func(format string, args ...any) {
			report.Error(list.p, "Kibana would refuse "+list.column, fmt.Sprintf(format, args...)+".")
		}
		if len(entries) > maximumEntries {
			fault("%d entries are more than the %d that Kibana takes", len(entries), maximumEntries)
		}
		seen := map[string]bool{}
		for i, entry := range entries {
			key := record.Text(entry["key"])
			switch {
			case !entryKey.MatchString(key) || len(key) > maximumKey:
				fault("the key %q must be at most %d lowercase letters, digits, - and _", key, maximumKey)
			case seen[key]:
				fault("the key %q is used twice", key)
			}
			seen[key] = true
			for _, name := range []string{"label", "name"} {
				if text := record.Text(entry[name]); utf8.RuneCountInString(text) > maximumLabel {
					fault("the %s of %q has more than %d characters", name, key, maximumLabel)
				}
			}
			object, _ := list.p.Elements()[i].(types.Object)
			switch list.column {
			case "custom_fields":
				checkCustomField(entry, object, fault)
			case "templates":
				checkTemplate(entry, object, fault)
			case "observable_types":
				if slices.Contains(builtInObservables, strings.ToLower(record.Text(entry["label"]))) {
					fault("%q is a type of observable that Kibana has itself", record.Text(entry["label"]))
				}
			}
		}
	}
}

func checkCustomField(entry map[string]any, object types.Object, fault func(string, ...any)) {
	key, kind := record.Text(entry["key"]), record.Text(entry["type"])
	if text, _ := object.Attributes()["default_value"].(types.String); !text.IsNull() {
		var value any
		if json.Unmarshal([]byte(text.ValueString()), &value) != nil {
			fault("default_value of %q is not valid JSON; use jsonencode", key)
			return
		}
		number, isNumber := value.(float64)
		_, isText := value.(string)
		_, isBool := value.(bool)
		fits := map[string]bool{
			"text": isText, "list": isText, "toggle": isBool, "number": isNumber && number == float64(int64(number)),
		}
		if !fits[kind] {
			fault("default_value of %q is %s, which is not a value of the type %s (a text for text, true or false for toggle, "+
				"a whole number for number, an option's key for list)", key, text.ValueString(), kind)
		}
	}
	options, _ := entry["options"].([]any)
	switch {
	case kind == "list" && len(options) == 0:
		fault("%q is of the type list and has no options", key)
	case kind != "list" && len(options) > 0:
		fault("%q has options, which only the type list has", key)
	}
}

func checkTemplate(entry map[string]any, object types.Object, fault func(string, ...any)) {
	key := record.Text(entry["key"])
	text, _ := object.Attributes()["case_fields"].(types.String)
	if text.IsNull() {
		return
	}
	fields := field.ParseObject(text.ValueString())
	if fields == nil {
		fault("case_fields of %q is not a JSON object; use jsonencode", key)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains(caseFieldKeys, name) {
			fault("case_fields of %q has %s; a template may set %s", key, name, strings.Join(caseFieldKeys, ", "))
		}
	}
	if connector, ok := fields["connector"].(map[string]any); ok {
		values, _ := connector["fields"].(map[string]any)
		if err := kibanaapi.CheckCaseFields(record.Text(connector["type"]), values); err != nil {
			fault("in the template %q, %s", key, err)
		}
	}
}

// removed lists the keys that a plan takes out of a list, which deletes what cases hold under them.
func removed(before, after keyedList) []string {
	if before.p.IsNull() || after.p.IsNull() || unknownWithin(*after.p) {
		return nil // a list that is no longer configured releases its entries
	}
	kept := map[string]bool{}
	for _, entry := range after.wire() {
		kept[record.Text(entry["key"])] = true
	}
	var gone []string
	for _, entry := range before.wire() {
		if key := record.Text(entry["key"]); !kept[key] {
			gone = append(gone, key)
		}
	}
	return gone
}

// planLists warns of entries that go, and refuses another type for a custom field that is there.
func (m *caseLists) planLists(before *caseLists, report *lifecycle.Report) {
	was := before.all()
	for i, list := range m.all() {
		if gone := removed(was[i], list); len(gone) > 0 {
			warnRemoved(report, list, gone)
		}
	}
	fields := m.all()[0]
	if unknownWithin(*fields.p) {
		return
	}
	for _, entry := range fields.wire() {
		for _, old := range was[0].wire() {
			if old["key"] == entry["key"] && old["type"] != entry["type"] {
				report.Error(fields.p, "A custom field cannot change its type", fmt.Sprintf("The custom field %q is of the type "+
					"%s, and Kibana refuses to make it %s. Choose another key, or take the field out in one apply, which deletes "+
					"its values, and add it in the next.", entry["key"], old["type"], entry["type"]))
			}
		}
	}
}

// PlanDestroy warns of what goes with the settings.
func (m *caseLists) PlanDestroy(report *lifecycle.Report) {
	for _, list := range m.all() {
		var gone []string
		for _, entry := range list.wire() {
			gone = append(gone, record.Text(entry["key"]))
		}
		if len(gone) > 0 {
			warnRemoved(report, list, gone)
		}
	}
}

func warnRemoved(report *lifecycle.Report, list keyedList, gone []string) {
	consequence := "Kibana does not offer them any more."
	if list.column == "custom_fields" {
		consequence = "Kibana deletes the values that cases hold in them, in every case of this owner and space, and " +
			"cannot bring them back. To keep the fields and only stop managing them, take custom_fields out as a whole."
	}
	report.Warn(list.p, "Entries of "+list.column+" are removed", strings.Join(gone, ", ")+": "+consequence)
}

// checkConnector refuses a connector that serves no cases, and connector_fields that its type does not have, where the
// connector is known.
func (m *caseSettings) checkConnector(ctx context.Context, c *lifecycle.Servers, report *lifecycle.Report) {
	if !isKnown(m.ConnectorID) {
		return
	}
	all, err := c.Kibana.List(ctx, spaceOf(c, m.SpaceID))
	if err != nil {
		return // the apply will report it
	}
	for _, connector := range all {
		if connector.ID != m.ConnectorID.ValueString() {
			continue
		}
		if err := kibanaapi.CheckCaseType(connector); err != nil {
			report.Error(&m.ConnectorID, "The connector serves no cases", err.Error()+".")
		} else if !kibanaapi.TakesCases(connector.TypeID) {
			report.Warn(&m.ConnectorID, "The connector may serve no cases", fmt.Sprintf("Connector %s (%s) is of type %s, "+
				"which is not known to serve cases. Kibana refuses such types with 400.",
				connector.ID, connector.Name, connector.TypeID))
		}
		fields := field.ParseObject(m.ConnectorFields.ValueString())
		if err := kibanaapi.CheckCaseFields(connector.TypeID, fields); err != nil {
			report.Error(&m.ConnectorFields, "The connector has no such field", err.Error()+".")
		}
	}
}

func caseListAttributes() attribute.Schema {
	key := func(of string) schema.Attribute {
		return attribute.RequiredText("What distinguishes " + of + " from others: at most 36 lowercase letters, digits, " +
			"`-` and `_`.")
	}
	const ownership = " Owned by key: entries with other keys stay as they are; leaving the attribute out releases all."
	return attribute.Schema{
		"custom_fields": attribute.Objects("Custom fields of cases, on Kibana 8.11 and newer, at most 10."+ownership+
			" Removing one deletes its values in every case; the plan warns of it.", attribute.Schema{
			"key":   key("a field"),
			"label": attribute.RequiredText("What people see; at most 50 characters."),
			"type": attribute.RequiredText("`text`, `toggle`, `number` (newer releases) or `list` (where Kibana has it). It "+
				"cannot be changed.", attribute.OneOf("text", "toggle", "number", "list")),
			"required": attribute.Flag("Whether a case must have a value. Default: `false`."),
			"default_value": attribute.Text("The value of new cases as JSON; use `jsonencode`: a text, `true` or `false`, a " +
				"whole number, or the key of an option. Default: none."),
			"options": attribute.Objects("What can be chosen, for the type `list` only.", attribute.Schema{
				"key":   key("an option"),
				"label": attribute.RequiredText("What people see."),
			}),
		}),
		"templates": attribute.Objects("Templates of cases, on Kibana 8.15 and newer, at most 10."+ownership,
			attribute.Schema{
				"key":         key("a template"),
				"name":        attribute.RequiredText("What people see, at most 50 letters."),
				"description": attribute.Text("What it is for. Default: none."),
				"tags":        attribute.List("Tags of the template itself, at most 10. Default: none."),
				"case_fields": attribute.Text("What the template sets in a case, as a JSON object in Kibana's spelling; use " +
					"`jsonencode`: `title`, `description`, `tags`, `severity`, `category`, `assignees`, `connector`, `settings`, " +
					"`customFields` (a list of `key`, `type` and `value`). Custom fields that it leaves out are set to their " +
					"defaults. Default: none."),
			}),
		"observable_types": attribute.Objects("Types of observables besides Kibana's own, on Kibana 8.18 and newer, at most "+
			"10."+ownership, attribute.Schema{
			"key":   key("a type"),
			"label": attribute.RequiredText("What people see; at most 50 characters."),
		}),
	}
}
