package field

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// Structure binds a nested attribute of texts, lists and objects to a column that holds JSON of the same shape. keys
// gives the JSON keys of attributes that are called otherwise there. An object of nothing but nulls is null.
func Structure[V attr.Value](column string, p *V, keys map[string]string) Field {
	return scalar[V]{
		column: column, p: p,
		wire: func(v V) any { return toJSON(v, keys) },
		parse: func(answer any) (V, error) {
			value, err := fromJSON(answer, (*p).Type(context.Background()), keys)
			if err != nil {
				var none V
				return none, err
			}
			return value.(V), nil //nolint:forcetypeassert // made for the type of p
		},
	}
}

func toJSON(value attr.Value, keys map[string]string) any {
	if value.IsNull() || value.IsUnknown() {
		return nil
	}
	switch v := value.(type) {
	case types.Object:
		object := map[string]any{}
		for name, inner := range v.Attributes() {
			if answer := toJSON(inner, keys); answer != nil {
				object[keyOf(name, keys)] = answer
			}
		}
		return object
	case types.List:
		list := make([]any, len(v.Elements()))
		for i, inner := range v.Elements() {
			list[i] = toJSON(inner, keys)
		}
		return list
	}
	return text(value)
}

func keyOf(name string, keys map[string]string) string {
	if key, ok := keys[name]; ok {
		return key
	}
	return name
}

func fromJSON(answer any, as attr.Type, keys map[string]string) (attr.Value, error) {
	switch t := as.(type) {
	case types.ObjectType:
		object, _ := answer.(map[string]any)
		values, empty := map[string]attr.Value{}, true
		for name, inner := range t.AttrTypes {
			value, err := fromJSON(object[keyOf(name, keys)], inner, keys)
			if err != nil {
				return nil, err
			}
			values[name], empty = value, empty && value.IsNull()
		}
		if empty {
			return types.ObjectNull(t.AttrTypes), nil
		}
		return types.ObjectValueMust(t.AttrTypes, values), nil
	case types.ListType:
		items, _ := answer.([]any)
		if len(items) == 0 {
			return types.ListNull(t.ElemType), nil
		}
		values := make([]attr.Value, len(items))
		for i, item := range items {
			value, err := fromJSON(item, t.ElemType, keys)
			if err != nil {
				return nil, err
			}
			values[i] = value
		}
		return types.ListValueMust(t.ElemType, values), nil
	}
	if !as.Equal(types.StringType) {
		return nil, fmt.Errorf("no JSON is known for %s", as)
	}
	return parseString(answer)
}

// document binds a JSON object in a text.
type document struct {
	scalar[types.String]
	// ignorable reports that a key that the configuration leaves out means nothing when the server holds this value.
	ignorable func(key string, value any) bool
}

// Document binds a text that holds a JSON object to a column that holds the object. Spelling is no difference; an empty
// object is as good as none. A key that the text does not have is a difference, unless it holds null or ignorable,
// which may be nil, says that the server would set the same by itself.
func Document(column string, p *types.String, ignorable func(key string, value any) bool) Field {
	if ignorable == nil {
		ignorable = func(string, any) bool { return false }
	}
	return document{scalar[types.String]{
		column: column, p: p,
		wire: func(v types.String) any { return ParseObject(v.ValueString()) },
		parse: func(answer any) (types.String, error) {
			object, ok := answer.(map[string]any)
			if !ok || len(object) == 0 {
				return types.StringNull(), nil
			}
			data, err := json.Marshal(object)
			if err != nil {
				return types.StringNull(), fmt.Errorf("no JSON: %w", err)
			}
			return types.StringValue(string(data)), nil
		},
	}, ignorable}
}

// ParseObject reads a JSON object; nil when the text is none.
func ParseObject(text string) map[string]any {
	var object map[string]any
	if json.Unmarshal([]byte(text), &object) != nil {
		return nil
	}
	return object
}

func (f document) Assign(from Field) { *f.p = *Same[document](from).p }

// Decode keeps a text that says what the server does.
func (f document) Decode(from record.Record) error {
	if !f.p.IsNull() && !f.p.IsUnknown() {
		answer, _ := from.Values[f.column].(map[string]any)
		if f.says(ParseObject(f.p.ValueString()), answer) {
			return nil
		}
	}
	return f.scalar.Decode(from)
}

// says reports whether an object holds all of another one but what is ignorable, and nothing else.
func (f document) says(mine, theirs map[string]any) bool {
	if !record.Covers(theirs, mine) {
		return false
	}
	for key, value := range theirs {
		if dropped(mine[key], value) && (mine[key] != nil || !f.ignorable(key, value)) {
			return false
		}
	}
	return true
}

// Same compares a text with an earlier one, whose further keys count unless they are ignorable.
func (f document) Same(as Field) bool {
	other, ok := Unwrap(as).(document)
	switch {
	case !ok:
		return false
	case f.p.IsUnknown() || other.p.IsUnknown():
		return f.p.Equal(*other.p)
	}
	return f.says(ParseObject(f.p.ValueString()), ParseObject(other.p.ValueString()))
}

// dropped reports whether an earlier value holds something that is not null where the present one holds nothing.
func dropped(now, before any) bool {
	object, ok := before.(map[string]any)
	if !ok {
		return now == nil && before != nil
	}
	present, _ := now.(map[string]any)
	for key, value := range object {
		if dropped(present[key], value) {
			return true
		}
	}
	return false
}
