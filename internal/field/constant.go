package field

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// constant sends a value that no attribute carries.
type constant struct {
	column string
	value  any
}

// Constant is sent with every create.
func Constant(column string, value any) Field { return constant{column, value} }

func (constant) Attribute() any              { return nil }
func (constant) Columns() []string           { return nil }
func (constant) Decode(record.Record) error  { return nil }
func (constant) Value() attr.Value           { return types.StringNull() }
func (constant) Assign(Field)                {}
func (constant) Same(Field) bool             { return true }
func (f constant) Encode(into *record.Write) { into.Values[f.column] = f.value }
func (f constant) Shapes() map[string]Shape  { return map[string]Shape{f.column: Text} }
