package field

import (
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// identity binds an attribute to the record's own id.
type identity struct{ plain[types.String] }

// ID binds an attribute to the id of the record. A configured value is the wish of a create.
func ID(p *types.String) Field { return identity{plain[types.String]{p}} }

func (f identity) Columns() []string  { return nil }
func (f identity) Assign(from Field)  { *f.p = *Same[identity](from).p }
func (f identity) Same(as Field) bool { return f.p.Equal(as.Value()) }

func (f identity) Encode(into *record.Write) {
	if !f.p.IsUnknown() && !f.p.IsNull() {
		into.ID = f.p.ValueString()
	}
}

func (f identity) Decode(from record.Record) error {
	if from.ID != "" {
		*f.p = types.StringValue(from.ID)
	}
	return nil
}

// addressPart binds an attribute to a part of the record's address: its scope, space or table.
type addressPart struct {
	plain[types.String]
	column string // where the server keeps it among the columns; empty when it does not
	of     func(*record.Record) *string
}

// Scope binds the application scope of a row.
func Scope(p *types.String) Field {
	return addressPart{plain[types.String]{p}, "sys_scope", func(r *record.Record) *string { return &r.Scope }}
}

// Space binds the Kibana space of an object.
func Space(p *types.String) Field {
	return addressPart{plain[types.String]{p}, "", func(r *record.Record) *string { return &r.Space }}
}

// Table binds the table of a row, for stores that serve every table.
func Table(p *types.String) Field {
	return addressPart{plain[types.String]{p}, "", func(r *record.Record) *string { return &r.Table }}
}

func (f addressPart) Assign(from Field)  { *f.p = *Same[addressPart](from).p }
func (f addressPart) Same(as Field) bool { return f.p.Equal(as.Value()) }

func (f addressPart) Columns() []string {
	if f.column == "" {
		return nil
	}
	return []string{f.column}
}

func (f addressPart) Encode(into *record.Write) {
	if !f.p.IsUnknown() && !f.p.IsNull() {
		*f.of(&into.Record) = f.p.ValueString()
	}
}

func (f addressPart) Decode(from record.Record) error {
	if at := *f.of(&from); at != "" {
		*f.p = types.StringValue(at)
	} else if f.p.IsUnknown() {
		*f.p = types.StringNull()
	}
	return nil
}

// option binds a setting of the store that the server never hears of.
type option struct {
	plain[types.Bool]
	of func(*record.Options) *bool
}

// Option binds a setting that only the configuration holds: it is passed to the store, and neither sent nor read.
func Option(p *types.Bool, of func(*record.Options) *bool) Field {
	return option{plain[types.Bool]{p}, of}
}

func (f option) Columns() []string          { return nil }
func (f option) Decode(record.Record) error { return nil }
func (f option) Assign(from Field)          { *f.p = *Same[option](from).p }
func (f option) Same(as Field) bool         { return f.p.Equal(as.Value()) }
func (f option) Encode(into *record.Write)  { *f.of(&into.Options) = f.p.ValueBool() }
