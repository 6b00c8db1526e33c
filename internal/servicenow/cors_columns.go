package servicenow

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// methodColumns are the boolean columns of a CORS rule, one for each HTTP method.
var methodColumns = map[string]string{"GET": "get", "POST": "post", "PUT": "put", "PATCH": "patch", "DELETE": "delete"}

// methods binds a set of HTTP methods to methodColumns.
type methods struct{ p *types.Set }

func (f methods) Attribute() any          { return f.p }
func (f methods) Value() attr.Value       { return *f.p }
func (f methods) Columns() []string       { return slices.Sorted(maps.Values(methodColumns)) }
func (f methods) Assign(from field.Field) { *f.p = *field.Same[methods](from).p }

func (f methods) Shapes() map[string]field.Shape {
	shapes := map[string]field.Shape{}
	for _, column := range methodColumns {
		shapes[column] = field.Flag
	}
	return shapes
}

func (f methods) names() []string {
	names := make([]string, 0, len(f.p.Elements()))
	for _, element := range f.p.Elements() {
		if name, ok := element.(types.String); ok {
			names = append(names, name.ValueString())
		}
	}
	slices.Sort(names)
	return names
}

// Same takes null for no method: both are written as columns that are off.
func (f methods) Same(as field.Field) bool {
	other := field.Same[methods](as)
	if f.p.IsUnknown() || other.p.IsUnknown() {
		return f.p.Equal(*other.p)
	}
	return slices.Equal(f.names(), other.names())
}

func (f methods) Encode(into *record.Write) {
	if f.p.IsUnknown() {
		return
	}
	set := f.names()
	for name, column := range methodColumns {
		into.Values[column] = slices.Contains(set, name)
	}
}

func (f methods) Decode(from record.Record) error {
	if !slices.ContainsFunc(f.Columns(), func(c string) bool { return from.Values[c] != nil }) {
		if f.p.IsUnknown() {
			*f.p = types.SetNull(types.StringType)
		}
		return nil
	}
	var set []attr.Value
	for _, name := range slices.Sorted(maps.Keys(methodColumns)) {
		var on types.Bool
		if err := field.Bool(methodColumns[name], &on).Decode(from); err != nil {
			return err
		}
		if on.ValueBool() {
			set = append(set, types.StringValue(name))
		}
	}
	// No method is a value too: all columns are there, and off.
	*f.p = types.SetValueMust(types.StringType, set)
	return nil
}

// switchedText binds a text column together with the boolean column that makes it count: a value turns it on, null off.
type switchedText struct {
	field.Field
	p  *types.String
	on string
}

func switched(column, on string, p *types.String) field.Field {
	return switchedText{field.String(column, p), p, on}
}

func (f switchedText) Columns() []string        { return append(f.Field.Columns(), f.on) }
func (f switchedText) Assign(from field.Field)  { *f.p = *field.Same[switchedText](from).p }
func (f switchedText) Same(as field.Field) bool { return f.p.Equal(as.Value()) }
func (f switchedText) Shapes() map[string]field.Shape {
	return map[string]field.Shape{f.Field.Columns()[0]: field.Text, f.on: field.Flag}
}

func (f switchedText) Encode(into *record.Write) {
	f.Field.Encode(into)
	if !f.p.IsUnknown() {
		into.Values[f.on] = !f.p.IsNull()
	}
}

func (f switchedText) Decode(from record.Record) error {
	var on types.Bool
	if err := field.Bool(f.on, &on).Decode(from); err != nil {
		return err
	}
	if !on.IsNull() && !on.ValueBool() {
		*f.p = types.StringNull()
		return nil
	}
	return f.Field.Decode(from)
}
