// Package field binds Terraform model attributes to remote columns, as package flag binds variables to flags: one line
// names the column and points at the attribute, and serves both directions, the columns to ask for, the comparison of
// what was planned with what was kept, and which values are secret.
//
// Absent, empty and null are decided here and nowhere else: the server's "" and Terraform's null are one thing.
package field

import (
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// Field binds one attribute of a model to remote columns.
type Field interface {
	// Attribute points at the attribute inside the model; it is what tells one field from another.
	Attribute() any
	// Columns are the remote columns the attribute is read from.
	Columns() []string
	// Encode adds the attribute to a record, unless its value is unknown.
	Encode(into *record.Write)
	// Decode sets the attribute from a record. It keeps the present value where that means the same, so that another
	// spelling by the server is not a change, and where the record does not hold the column.
	Decode(from record.Record) error
	// Value is the attribute's present value.
	Value() attr.Value
	// Assign takes the value of the same field of another model.
	Assign(from Field)
	// Same reports whether the same field of another model means the same.
	Same(as Field) bool
}

// Leaf is a field at its place in the schema.
type Leaf struct {
	Field
	Path path.Path
	// Parent is the nested object that the field is part of, nil at the root.
	Parent Field
}

// unwrap lets the field be compared with that of another model in its place or without.
func (l Leaf) unwrap() Field { return l.Field }

// Leaves lists the fields of a model with their places, those of nested objects included. The order is always the same.
func Leaves(model any, fields []Field) []Leaf {
	var leaves []Leaf
	for _, f := range fields {
		if f.Attribute() == nil {
			continue
		}
		at := path.Root(name(model, f.Attribute()))
		leaves = append(leaves, Leaf{Field: f, Path: at})
		if g, ok := Unwrap(f).(grouped); ok {
			object, children := g.children()
			for _, child := range children {
				if child.Attribute() == nil {
					continue
				}
				leaves = append(leaves, Leaf{Field: child, Path: at.AtName(name(object, child.Attribute())), Parent: f})
			}
		}
	}
	return leaves
}

// PathOf finds the place of the attribute that a pointer into the model stands for.
func PathOf(model, attribute any) path.Path { return path.Root(name(model, attribute)) }

// name finds the tfsdk name of the struct field that attribute points at, embedded structs included.
func name(model, attribute any) string {
	target := reflect.ValueOf(attribute)
	var search func(reflect.Value) string
	search = func(v reflect.Value) string {
		for i := range v.NumField() {
			f := v.Field(i)
			if v.Type().Field(i).Anonymous {
				if found := search(f); found != "" {
					return found
				}
				continue
			}
			if f.Addr().Pointer() == target.Pointer() && f.Type() == target.Type().Elem() {
				return v.Type().Field(i).Tag.Get("tfsdk")
			}
		}
		return ""
	}
	return search(reflect.ValueOf(model).Elem())
}

// wrapper is a field that changes how another one behaves.
type wrapper interface{ unwrap() Field }

// Unwrap returns the field inside wrappers such as Computed.
func Unwrap(f Field) Field {
	for {
		w, ok := f.(wrapper)
		if !ok {
			return f
		}
		f = w.unwrap()
	}
}

// Same returns the same field of another model, which has the same type.
func Same[F Field](of Field) F {
	return Unwrap(of).(F) //nolint:forcetypeassert // models of one type list the same fields
}

// As finds a field or wrapper of one type, from the outside in.
func As[T any](f Field) (T, bool) {
	for {
		if t, ok := f.(T); ok {
			return t, true
		}
		w, ok := f.(wrapper)
		if !ok {
			var none T
			return none, false
		}
		f = w.unwrap()
	}
}

// ReadOnly marks a field that is read and never sent.
type ReadOnly struct{ Field }

// Computed binds an attribute that only the server sets.
func Computed(f Field) Field { return ReadOnly{f} }

// Encode sends nothing.
func (f ReadOnly) Encode(*record.Write) {}

func (f ReadOnly) unwrap() Field { return f.Field }

// Following marks a field whose value the server may change when other attributes change.
type Following struct {
	Field
	// Attributes point at the others; none means that any write may move the value.
	Attributes []any
}

// MovesWith reports that a value left to the server may move when one of the attributes does, or, with none named, at
// every write. Without it a value that the configuration leaves to the server is planned to stay as it is.
func MovesWith(f Field, attributes ...any) Field { return Following{f, attributes} }

func (f Following) unwrap() Field { return f.Field }

// plain carries what the kinds below share: an attribute that is not one column.
type plain[V attr.Value] struct{ p *V }

func (f plain[V]) Attribute() any    { return f.p }
func (f plain[V]) Value() attr.Value { return *f.p }
