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

// Shaped is a field whose columns do not follow from the type of its attribute.
type Shaped interface{ Shapes() map[string]Shape }

// Shapes returns what each column of a field must hold, the columns that are written without being read included. The
// members of a list that are rows of another table are no column.
func Shapes(f Field) map[string]Shape {
	if s, ok := As[Shaped](f); ok {
		return s.Shapes()
	}
	shapes := map[string]Shape{}
	if s, ok := As[scalar[types.Set]](f); ok && s.rows {
		return shapes
	}
	if shape := shapeOf(f.Value()); shape != noShape {
		for _, column := range f.Columns() {
			shapes[column] = shape
		}
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

// ConstantColumn returns the column of a field that sends a constant.
func ConstantColumn(f Field) (column string, ok bool) {
	c, ok := As[constant](f)
	return c.column, ok
}

// IsSent reports whether a field's columns are ever sent. A part of the record's address is not sent as a column.
func IsSent(f Field) bool {
	_, readOnly := As[ReadOnly](f)
	_, address := As[addressPart](f)
	return !readOnly && !address
}
