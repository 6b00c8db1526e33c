package servicenow

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// columnNames binds the set that tells columnValues what to read: it is neither sent nor read itself.
type columnNames struct{ p *types.Set }

func (f columnNames) Attribute() any             { return f.p }
func (f columnNames) Value() attr.Value          { return *f.p }
func (f columnNames) Columns() []string          { return nil }
func (f columnNames) Encode(*record.Write)       {}
func (f columnNames) Decode(record.Record) error { return nil }
func (f columnNames) Assign(from field.Field)    { *f.p = *field.Same[columnNames](from).p }
func (f columnNames) Same(as field.Field) bool   { return f.p.Equal(as.Value()) }

// columnValues binds a map from column to value, for the columns that a set names.
type columnValues struct {
	names *types.Set
	p     *types.Map
}

func (f columnValues) Attribute() any           { return f.p }
func (f columnValues) Value() attr.Value        { return *f.p }
func (f columnValues) Encode(*record.Write)     {}
func (f columnValues) Assign(from field.Field)  { *f.p = *field.Same[columnValues](from).p }
func (f columnValues) Same(as field.Field) bool { return f.p.Equal(as.Value()) }

// Columns are the known elements of the set.
func (f columnValues) Columns() []string {
	named := map[string]bool{}
	for _, element := range f.names.Elements() {
		if name, ok := element.(types.String); ok && name.ValueString() != "" {
			named[name.ValueString()] = true
		}
	}
	return slices.Sorted(maps.Keys(named))
}

func (f columnValues) Decode(from record.Record) error {
	columns := f.Columns()
	if len(columns) == 0 {
		*f.p = types.MapNull(types.StringType)
		return nil
	}
	read := map[string]attr.Value{}
	for _, column := range columns {
		read[column] = types.StringValue(from.Text(column))
	}
	*f.p = types.MapValueMust(types.StringType, read)
	return nil
}
