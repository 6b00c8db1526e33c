package field

import (
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Shape is what a column must be able to hold.
type Shape string

// The shapes.
const (
	Text    Shape = "text"
	Flag    Shape = "true or false"
	Number  Shape = "a whole number"
	Moment  Shape = "a time"
	Items   Shape = "a list separated by commas"
	Sealed  Shape = "a secret"
	noShape Shape = ""
)

// Shapes returns what each column of a field must hold, the columns that are written without being read included. The
// members of a list that are rows of another table are no column.
func Shapes(f Field) map[string]Shape {
	shapes := map[string]Shape{}
	all := func(shape Shape, columns ...string) map[string]Shape {
		for _, column := range columns {
			shapes[column] = shape
		}
		return shapes
	}
	if e, ok := As[either](f); ok {
		for _, inner := range []Field{e.Field, e.otherwise} {
			for column, shape := range Shapes(inner) {
				shapes[column] = shape
			}
		}
		return shapes
	}
	if s, ok := As[SecretField](f); ok {
		return all(Sealed, s.Column())
	}
	if s, ok := As[switched](f); ok {
		all(Text, s.column)
		return all(Flag, s.on)
	}
	if c, ok := As[constant](f); ok {
		return all(Text, c.column)
	}
	if a, ok := As[ApplicationScope](f); ok {
		return all(Text, a.column)
	}
	if d, ok := As[derivedFrom](f); ok {
		return all(Text, d.Columns()...)
	}
	if _, ok := As[flags](f); ok {
		return all(Flag, f.Columns()...)
	}
	if _, ok := As[presence](f); ok {
		return all(Flag, f.Columns()...)
	}
	if s, ok := As[scalar[types.Set]](f); ok && s.rows {
		return shapes
	}
	if shape := shapeOf(f.Value()); shape != noShape {
		return all(shape, f.Columns()...)
	}
	return shapes
}

// shapeOf is the shape of one attribute that is one column.
func shapeOf(v attr.Value) Shape {
	switch v.(type) {
	case types.String:
		return Text
	case types.Bool:
		return Flag
	case types.Int64:
		return Number
	case timetypes.RFC3339:
		return Moment
	case types.Set, types.List:
		return Items
	}
	return noShape
}

// Sent returns the column of a field that sends a constant.
func Sent(f Field) (column string, ok bool) {
	c, ok := As[constant](f)
	return c.column, ok
}

// Written reports whether a field's columns are ever sent. A place in the server is not sent as a column.
func Written(f Field) bool {
	_, readOnly := As[ReadOnly](f)
	_, place := As[place](f)
	return !readOnly && !place
}
