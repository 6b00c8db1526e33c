package field

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// flags binds a set of names to one boolean column each.
type flags struct {
	plain[types.Set]
	columns map[string]string
}

// Flags binds a set of names, each of which is a boolean column of its own.
func Flags(p *types.Set, columnOf map[string]string) Field {
	return flags{plain[types.Set]{p}, columnOf}
}

func (f flags) Columns() []string { return slices.Sorted(maps.Values(f.columns)) }
func (f flags) Assign(from Field) { *f.p = *sameField[flags](from).p }

// Same takes null for no name: both are written as columns that are off.
func (f flags) Same(as Field) bool {
	other := sameField[flags](as).p
	if f.p.IsUnknown() || other.IsUnknown() {
		return f.p.Equal(*other)
	}
	return slices.Equal(sorted(f.p.Elements()), sorted(other.Elements()))
}

func (f flags) Encode(into *record.Write) {
	if f.p.IsUnknown() {
		return
	}
	set := sorted(f.p.Elements())
	for name, column := range f.columns {
		into.Values[column] = slices.Contains(set, name)
	}
}

func (f flags) Decode(from record.Record) error {
	if !slices.ContainsFunc(f.Columns(), func(c string) bool { return from.Values[c] != nil }) {
		if f.p.IsUnknown() {
			*f.p = types.SetNull(types.StringType)
		}
		return nil
	}
	var set []attr.Value
	for _, name := range slices.Sorted(maps.Keys(f.columns)) {
		var on types.Bool
		if err := Bool(f.columns[name], &on).Decode(from); err != nil {
			return err
		}
		if on.ValueBool() {
			set = append(set, types.StringValue(name))
		}
	}
	// No name is a value too: all columns are there, and off.
	*f.p = types.SetValueMust(types.StringType, set)
	return nil
}

// switched binds a text column that counts only while a boolean column is on.
type switched struct {
	scalar[types.String]
	on string
}

// Switched binds a text column together with the boolean column that makes it count: a value turns it on, null off.
func Switched(column, on string, p *types.String) Field {
	return switched{String(column, p).(scalar[types.String]), on} //nolint:forcetypeassert // String's own type
}

func (f switched) Columns() []string  { return []string{f.column, f.on} }
func (f switched) Assign(from Field)  { *f.p = *sameField[switched](from).p }
func (f switched) Same(as Field) bool { return f.p.Equal(as.Value()) }

func (f switched) Encode(into *record.Write) {
	f.scalar.Encode(into)
	if !f.p.IsUnknown() {
		into.Values[f.on] = !f.p.IsNull()
	}
}

func (f switched) Decode(from record.Record) error {
	var on types.Bool
	if err := Bool(f.on, &on).Decode(from); err != nil {
		return err
	}
	if !on.IsNull() && !on.ValueBool() {
		*f.p = types.StringNull()
		return nil
	}
	return f.scalar.Decode(from)
}
