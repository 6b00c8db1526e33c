package kibana

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// keyedList binds a list of objects that are told apart by their attribute key to a column that holds the same list as
// JSON, of which the store returns only the entries that this configuration owns.
type keyedList struct {
	column string
	p      *types.List
	// keys are the JSON keys of attributes that are called otherwise there, and documents the attributes that hold JSON.
	keys      map[string]string
	documents map[string]bool
}

var _ field.Field = keyedList{}

func (f keyedList) Attribute() any    { return f.p }
func (f keyedList) Columns() []string { return []string{f.column} }
func (f keyedList) Value() attr.Value { return *f.p }

func (f keyedList) Assign(from field.Field) {
	if other, ok := field.Unwrap(from).(keyedList); ok {
		*f.p = *other.p
	}
}

// Same compares what the entries mean.
func (f keyedList) Same(as field.Field) bool {
	other, ok := field.Unwrap(as).(keyedList)
	if !ok || f.p.IsNull() != other.p.IsNull() || unknownWithin(*f.p) || unknownWithin(*other.p) {
		return ok && f.p.Equal(*other.p)
	}
	return sameEntries(f.wire(), other.wire())
}

func (f keyedList) Encode(into *record.Write) {
	switch {
	case f.p.IsUnknown():
	case f.p.IsNull():
		into.Values[f.column] = nil
	default:
		entries := f.wire()
		list := make([]any, len(entries))
		for i, entry := range entries {
			list[i] = entry
		}
		into.Values[f.column] = list
	}
}

// Decode keeps the spelling of each entry that means what the server holds.
func (f keyedList) Decode(from record.Record) error {
	answer, ok := from.Values[f.column]
	if !ok && !f.p.IsUnknown() {
		return nil
	}
	object, isObject := f.p.ElementType(context.Background()).(types.ObjectType)
	if !isObject {
		return fmt.Errorf("%s is not a list of objects", f.column)
	}
	present := map[string]attr.Value{}
	if !unknownWithin(*f.p) {
		for i, entry := range f.wire() {
			present[record.Text(entry["key"])] = f.p.Elements()[i]
		}
	}
	items, _ := answer.([]any)
	values := make([]attr.Value, 0, len(items))
	for _, item := range items {
		entry, isObject := item.(map[string]any)
		if !isObject {
			return fmt.Errorf("the server answered %s in %s", record.Text(item), f.column)
		}
		value := f.value(entry, object)
		if mine, ok := present[record.Text(entry["key"])]; ok {
			if sameEntries([]map[string]any{f.object(mine)}, []map[string]any{entry}) {
				value = mine
			}
		}
		values = append(values, value)
	}
	if len(values) == 0 {
		*f.p = types.ListNull(object)
		return nil
	}
	list, diags := types.ListValue(object, values)
	if diags.HasError() {
		return fmt.Errorf("%s: %v", f.column, diags)
	}
	*f.p = list
	return nil
}

// wire lists the entries as Kibana spells them.
func (f keyedList) wire() []map[string]any {
	all := make([]map[string]any, len(f.p.Elements()))
	for i, element := range f.p.Elements() {
		all[i] = f.object(element)
	}
	return all
}

func (f keyedList) object(element attr.Value) map[string]any {
	entry := map[string]any{}
	object, _ := element.(types.Object)
	for name, value := range object.Attributes() {
		if value.IsNull() || value.IsUnknown() {
			continue
		}
		entry[f.keyOf(name)] = f.plain(name, value)
	}
	if _, has := object.Attributes()["required"]; has && entry["required"] == nil {
		entry["required"] = false // Kibana demands it
	}
	return entry
}

func (f keyedList) plain(name string, value attr.Value) any {
	switch v := value.(type) {
	case types.Bool:
		return v.ValueBool()
	case types.List:
		items := make([]any, len(v.Elements()))
		for i, item := range v.Elements() {
			if _, isObject := item.(types.Object); isObject {
				items[i] = f.object(item)
			} else {
				items[i] = f.plain(name, item)
			}
		}
		return items
	case types.String:
		if !f.documents[name] {
			return v.ValueString()
		}
		var decoded any
		if json.Unmarshal([]byte(v.ValueString()), &decoded) != nil {
			return nil // Check has reported it
		}
		return decoded
	}
	return nil
}

func (f keyedList) keyOf(name string) string {
	if key, ok := f.keys[name]; ok {
		return key
	}
	return name
}

// value makes an entry of what Kibana holds. What cannot be represented is null.
func (f keyedList) value(entry map[string]any, kind types.ObjectType) attr.Value {
	values := map[string]attr.Value{}
	for name, inner := range kind.AttrTypes {
		answer := entry[f.keyOf(name)]
		switch of := inner.(type) {
		case types.ListType:
			values[name] = f.list(answer, of)
		default:
			values[name] = types.StringNull()
			if text := record.Text(answer); f.documents[name] && answer != nil {
				values[name] = types.StringValue(jsonText(answer))
			} else if text != "" {
				values[name] = types.StringValue(text)
			}
			if inner.Equal(types.BoolType) {
				on, isBool := answer.(bool)
				values[name] = types.BoolNull()
				if isBool {
					values[name] = types.BoolValue(on)
				}
			}
		}
	}
	return types.ObjectValueMust(kind.AttrTypes, values)
}

func (f keyedList) list(answer any, kind types.ListType) attr.Value {
	items, _ := answer.([]any)
	if len(items) == 0 {
		return types.ListNull(kind.ElemType)
	}
	values := make([]attr.Value, len(items))
	for i, item := range items {
		object, isObject := kind.ElemType.(types.ObjectType)
		if entry, ok := item.(map[string]any); ok && isObject {
			values[i] = f.value(entry, object)
		} else {
			values[i] = types.StringValue(record.Text(item))
		}
	}
	return types.ListValueMust(kind.ElemType, values)
}

func jsonText(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return record.Text(value)
	}
	return string(data)
}

// sameEntries compares lists of entries; what is null, empty or left out is one thing.
func sameEntries(a, b []map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !record.Equal(significant(a[i]), significant(b[i])) {
			return false
		}
	}
	return true
}

// significant is an entry without what means nothing.
func significant(entry map[string]any) map[string]any {
	entry = maps.Clone(entry)
	maps.DeleteFunc(entry, func(_ string, value any) bool { return significantValue(value) == nil })
	for key, value := range entry {
		entry[key] = significantValue(value)
	}
	return entry
}

// significantValue is a JSON value without the nulls and the empty lists in its objects; nil when nothing is left.
func significantValue(value any) any {
	switch v := value.(type) {
	case string:
		if v == "" {
			return nil
		}
	case []any:
		if len(v) == 0 {
			return nil
		}
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = significantValue(item)
		}
		return items
	case map[string]any:
		if object := significant(v); len(object) > 0 {
			return object
		}
		return nil
	}
	return value
}

// unknownWithin reports whether a value, or anything inside it, is known only at apply.
func unknownWithin(value attr.Value) bool {
	if value.IsUnknown() {
		return true
	}
	var inner []attr.Value
	switch v := value.(type) {
	case types.List:
		inner = v.Elements()
	case types.Object:
		for _, member := range v.Attributes() {
			inner = append(inner, member)
		}
	}
	for _, member := range inner {
		if unknownWithin(member) {
			return true
		}
	}
	return false
}
