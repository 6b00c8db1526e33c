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
func (f identity) Assign(from Field)  { *f.p = *twin[identity](from).p }
func (f identity) Same(as Field) bool { return f.p.Equal(as.Value()) }

func (f identity) Encode(into *record.Record) {
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

// option binds a setting of the store that the server never hears of.
type option struct {
	plain[types.Bool]
	name string
}

// Option binds a setting that only the configuration holds: it is passed to the store, and neither sent nor read.
func Option(name string, p *types.Bool) Field { return option{plain[types.Bool]{p}, name} }

func (f option) Columns() []string          { return nil }
func (f option) Decode(record.Record) error { return nil }
func (f option) Assign(from Field)          { *f.p = *twin[option](from).p }
func (f option) Same(as Field) bool         { return f.p.Equal(as.Value()) }

func (f option) Encode(into *record.Record) {
	if into.Options == nil {
		into.Options = map[string]bool{}
	}
	into.Options[f.name] = f.p.ValueBool()
}
