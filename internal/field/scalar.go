package field

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// scalar binds an attribute to one column.
type scalar[V attr.Value] struct {
	column string
	p      *V
	// wire is called for known values that are not null.
	wire func(V) any
	// parse gets what the server said; nil and "" are null.
	parse func(any) (V, error)
	// same compares two known values that are not null, where Equal is too strict.
	same func(a, b V) bool
	// rows says that the column stands for rows of another table.
	rows bool
}

func (f scalar[V]) Attribute() any    { return f.p }
func (f scalar[V]) Columns() []string { return []string{f.column} }
func (f scalar[V]) Value() attr.Value { return *f.p }
func (f scalar[V]) Assign(from Field) { *f.p = *Same[scalar[V]](from).p }

func (f scalar[V]) Encode(into *record.Write) {
	switch {
	case (*f.p).IsUnknown():
	case (*f.p).IsNull():
		into.Values[f.column] = nil
	default:
		into.Values[f.column] = f.wire(*f.p)
	}
}

func (f scalar[V]) Decode(from record.Record) error {
	answer, ok := from.Values[f.column]
	if !ok && !(*f.p).IsUnknown() {
		return nil
	}
	value, err := f.parse(answer)
	if err != nil {
		return fmt.Errorf("the server answered %q in the column %s: %w", record.Text(answer), f.column, err)
	}
	if !f.equal(*f.p, value) {
		*f.p = value
	}
	return nil
}

func (f scalar[V]) Same(as Field) bool {
	other, ok := Unwrap(as).(scalar[V])
	return ok && f.equal(*f.p, *other.p)
}

func (f scalar[V]) equal(a, b V) bool {
	if a.Equal(b) {
		return true
	}
	if f.same == nil || a.IsNull() || b.IsNull() || a.IsUnknown() || b.IsUnknown() {
		return false
	}
	return f.same(a, b)
}

// String binds a text column. Two spellings of one JSON object or array are the same: Terraform's generated
// configuration writes such a text as a call of jsonencode.
func String(column string, p *types.String) Field {
	return scalar[types.String]{
		column: column, p: p, wire: func(v types.String) any { return v.ValueString() }, parse: parseString,
		same: func(a, b types.String) bool { return sameJSON(a.ValueString(), b.ValueString()) },
	}
}

func parseString(answer any) (types.String, error) {
	if s := record.Text(answer); s != "" {
		return types.StringValue(s), nil
	}
	return types.StringNull(), nil
}

// Bool binds a true/false column, whether the server writes JSON or "true", "1", "false" and "0".
func Bool(column string, p *types.Bool) Field {
	return scalar[types.Bool]{
		column: column, p: p, wire: func(v types.Bool) any { return v.ValueBool() }, parse: parseBool,
	}
}

func parseBool(answer any) (types.Bool, error) {
	s := record.Text(answer)
	if s == "" {
		return types.BoolNull(), nil
	}
	b, err := strconv.ParseBool(s)
	if err != nil {
		return types.BoolNull(), fmt.Errorf("neither true nor false")
	}
	return types.BoolValue(b), nil
}

// Int binds a whole number.
func Int(column string, p *types.Int64) Field {
	return scalar[types.Int64]{
		column: column, p: p, wire: func(v types.Int64) any { return v.ValueInt64() }, parse: parseInt,
	}
}

func parseInt(answer any) (types.Int64, error) {
	switch v := answer.(type) {
	case float64:
		return types.Int64Value(int64(v)), nil
	case json.Number:
		answer = v.String()
	}
	s := record.Text(answer)
	if s == "" {
		return types.Int64Null(), nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return types.Int64Null(), fmt.Errorf("not a whole number")
	}
	return types.Int64Value(n), nil
}

// Time binds a time: RFC 3339 in Terraform, UTC without a zone in ServiceNow.
func Time(column string, p *timetypes.RFC3339) Field {
	return scalar[timetypes.RFC3339]{
		column: column, p: p,
		wire: func(v timetypes.RFC3339) any {
			t, diags := v.ValueRFC3339Time()
			if diags.HasError() {
				return v.ValueString() // the type's own validation has refused it before
			}
			return t.UTC().Format(record.TimeLayout)
		},
		parse: func(answer any) (timetypes.RFC3339, error) {
			s := record.Text(answer)
			if s == "" {
				return timetypes.NewRFC3339Null(), nil
			}
			t, err := time.Parse(record.TimeLayout, s)
			if err != nil {
				return timetypes.NewRFC3339Null(), fmt.Errorf("not a time as %s", record.TimeLayout)
			}
			return timetypes.NewRFC3339TimeValue(t.UTC()), nil
		},
		same: func(a, b timetypes.RFC3339) bool {
			x, d1 := a.ValueRFC3339Time()
			y, d2 := b.ValueRFC3339Time()
			return !d1.HasError() && !d2.HasError() && x.Truncate(time.Second).Equal(y.Truncate(time.Second))
		},
	}
}

// PEM binds a certificate. Two texts of the same DER bytes are one value, so wrapping and newlines are no change.
func PEM(column string, p *types.String) Field {
	f := String(column, p).(scalar[types.String]) //nolint:forcetypeassert // String's own type
	f.same = func(a, b types.String) bool {
		x, err1 := pemkey.ParseCertificate(a.ValueString())
		y, err2 := pemkey.ParseCertificate(b.ValueString())
		return err1 == nil && err2 == nil && x.Equal(y)
	}
	return f
}
