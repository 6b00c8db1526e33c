package field

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// unbound carries what the kinds below share: they are sent and belong to no attribute.
type unbound struct{ column string }

func (unbound) Attribute() any             { return nil }
func (unbound) Decode(record.Record) error { return nil }
func (unbound) Value() attr.Value          { return types.StringNull() }
func (unbound) Assign(Field)               {}
func (unbound) Same(Field) bool            { return true }

// constant sends a value that no attribute carries.
type constant struct {
	unbound
	value any
}

// Constant is sent with every create.
func Constant(column string, value any) Field { return constant{unbound{column}, value} }

func (f constant) Columns() []string         { return nil }
func (f constant) Encode(into *record.Write) { into.Values[f.column] = f.value }

// presence sends whether an attribute is set.
type presence struct {
	unbound
	of func() attr.Value
}

// Presence sends to a boolean column whether a value is set.
func Presence(column string, of func() attr.Value) Field { return presence{unbound{column}, of} }

func (f presence) Columns() []string { return []string{f.column} }

func (f presence) Encode(into *record.Write) {
	if v := f.of(); !v.IsUnknown() {
		into.Values[f.column] = !v.IsNull()
	}
}
