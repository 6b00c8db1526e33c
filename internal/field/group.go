package field

import (
	"context"
	"fmt"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

type grouped interface {
	children() (object any, fields []Field)
}

// group binds a nested object, whose own attributes are bound like those of a model.
type group[T any] struct {
	plain[types.Object]
	present func(record.Record) bool
	object  *T
	fields  []Field
}

// Group binds a nested object of type T. present reports, from an answer, whether the object is there at all, since its
// write-only attributes cannot tell: so an import rebuilds it. bind lists its fields.
func Group[T any](p *types.Object, present func(record.Record) bool, bind func(*T) []Field) Field {
	object := new(T)
	if !p.IsNull() && !p.IsUnknown() {
		fill(object, p.Attributes())
	}
	return group[T]{plain[types.Object]{p}, present, object, bind(object)}
}

// fill sets the fields of an object from its attributes. The schema and the object describe the same ones, as a
// conformance test holds. The framework's As does as much, with a regular expression compiled for each.
func fill(object any, attributes map[string]attr.Value) {
	into := reflect.ValueOf(object).Elem()
	for i := range into.NumField() {
		into.Field(i).Set(reflect.ValueOf(attributes[into.Type().Field(i).Tag.Get("tfsdk")]))
	}
}

func (f group[T]) children() (any, []Field) { return f.object, f.fields }

func (f group[T]) Columns() []string {
	var columns []string
	for _, child := range f.fields {
		columns = append(columns, child.Columns()...)
	}
	return columns
}

func (f group[T]) Encode(into *record.Write) {
	if f.p.IsUnknown() {
		return
	}
	for _, child := range f.fields {
		child.Encode(into)
	}
}

func (f group[T]) Decode(from record.Record) error {
	if !f.present(from) {
		*f.p = types.ObjectNull(f.p.AttributeTypes(context.Background()))
		return nil
	}
	for _, child := range f.fields {
		if err := child.Decode(from); err != nil {
			return err
		}
	}
	return f.rebuild()
}

// rebuild makes the object from its attributes, write-only ones null.
func (f group[T]) rebuild() error {
	values := map[string]attr.Value{}
	for _, child := range f.fields {
		if child.Attribute() != nil {
			values[name(f.object, child.Attribute())] = child.Value()
			if _, secret := As[SecretField](child); secret {
				values[name(f.object, child.Attribute())] = types.StringNull()
			}
		}
	}
	object, diags := types.ObjectValue(f.p.AttributeTypes(context.Background()), values)
	if diags.HasError() {
		return fmt.Errorf("%v", diags)
	}
	*f.p = object
	return nil
}

func (f group[T]) Assign(from Field) {
	other := Same[group[T]](from)
	*f.p = *other.p
	*f.object = *other.object
}

// Same compares the attributes one by one, so secrets do not count.
func (f group[T]) Same(as Field) bool {
	other, ok := Unwrap(as).(group[T])
	if !ok || f.p.IsNull() != other.p.IsNull() || f.p.IsUnknown() != other.p.IsUnknown() {
		return false
	}
	if f.p.IsNull() || f.p.IsUnknown() {
		return true // what the object held before it was read does not count
	}
	for i, child := range f.fields {
		if !child.Same(other.fields[i]) {
			return false
		}
	}
	return true
}
