package field

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/client"
)

// Set binds a set of strings to a column that holds them separated by commas, as glide_list does.
func Set(column string, p *types.Set) Field {
	return scalar[types.Set]{
		column: column, p: p,
		wire: func(v types.Set) any { return strings.Join(sorted(v.Elements()), ",") },
		parse: func(said any) (types.Set, error) {
			items := split(said)
			if len(items) == 0 {
				return types.SetNull(types.StringType), nil
			}
			slices.SortFunc(items, func(a, b attr.Value) int { return strings.Compare(a.String(), b.String()) })
			return types.SetValueMust(types.StringType, slices.CompactFunc(items, attr.Value.Equal)), nil
		},
	}
}

// List binds an ordered list of strings to a column that holds them separated by commas.
func List(column string, p *types.List) Field {
	return scalar[types.List]{
		column: column, p: p,
		wire: func(v types.List) any {
			items := make([]string, 0, len(v.Elements()))
			for _, e := range v.Elements() {
				items = append(items, text(e))
			}
			return strings.Join(items, ",")
		},
		parse: func(said any) (types.List, error) {
			items := split(said)
			if len(items) == 0 {
				return types.ListNull(types.StringType), nil
			}
			return types.ListValueMust(types.StringType, items), nil
		},
	}
}

func split(said any) []attr.Value {
	var items []attr.Value
	for item := range strings.SplitSeq(client.Text(said), ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, types.StringValue(item))
		}
	}
	return items
}

func sorted(elements []attr.Value) []string {
	items := make([]string, len(elements))
	for i, e := range elements {
		items[i] = text(e)
	}
	slices.Sort(items)
	return items
}

func text(v attr.Value) string {
	if s, ok := v.(types.String); ok {
		return s.ValueString()
	}
	return ""
}

// plain carries what the kinds below share: an attribute that is not one column.
type plain[V attr.Value] struct{ p *V }

func (f plain[V]) Attribute() any    { return f.p }
func (f plain[V]) Value() attr.Value { return *f.p }

// flags binds a set of names to one boolean column each.
type flags struct {
	plain[types.Set]
	columns map[string]string
}

// Flags binds a set of names, each of which is a boolean column of its own.
func Flags(p *types.Set, columnOf map[string]string) Field {
	return flags{plain[types.Set]{p}, columnOf}
}

func (f flags) Columns() []string  { return slices.Sorted(maps.Values(f.columns)) }
func (f flags) Assign(from Field)  { *f.p = *twin[flags](from).p }
func (f flags) Same(as Field) bool { return f.p.Equal(as.Value()) }

func (f flags) Encode(into *client.Record) {
	if f.p.IsUnknown() {
		return
	}
	set := sorted(f.p.Elements())
	for name, column := range f.columns {
		into.Values[column] = slices.Contains(set, name)
	}
}

func (f flags) Decode(from client.Record) error {
	if !f.p.IsUnknown() && !slices.ContainsFunc(f.Columns(), func(c string) bool { return from.Values[c] != nil }) {
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
	value := types.SetNull(types.StringType)
	if len(set) > 0 {
		value = types.SetValueMust(types.StringType, set)
	}
	*f.p = value
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
func (f switched) Assign(from Field)  { *f.p = *twin[switched](from).p }
func (f switched) Same(as Field) bool { return f.p.Equal(as.Value()) }

func (f switched) Encode(into *client.Record) {
	f.scalar.Encode(into)
	if !f.p.IsUnknown() {
		into.Values[f.on] = !f.p.IsNull()
	}
}

func (f switched) Decode(from client.Record) error {
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

// constant sends a value that no attribute carries.
type constant struct {
	column string
	value  any
}

// Constant is sent with every create and belongs to no attribute.
func Constant(column string, value any) Field { return constant{column, value} }

func (f constant) Attribute() any             { return nil }
func (f constant) Columns() []string          { return nil }
func (f constant) Encode(into *client.Record) { into.Values[f.column] = f.value }
func (f constant) Decode(client.Record) error { return nil }
func (f constant) Value() attr.Value          { return types.StringNull() }
func (f constant) Assign(Field)               {}
func (f constant) Same(Field) bool            { return true }

// presence sends whether an attribute is set.
type presence struct {
	column string
	of     func() attr.Value
}

// Presence sends to a boolean column whether a value is set. It belongs to no attribute of its own.
func Presence(column string, of func() attr.Value) Field { return presence{column, of} }

func (f presence) Attribute() any             { return nil }
func (f presence) Columns() []string          { return []string{f.column} }
func (f presence) Decode(client.Record) error { return nil }
func (f presence) Value() attr.Value          { return types.StringNull() }
func (f presence) Assign(Field)               {}
func (f presence) Same(Field) bool            { return true }

func (f presence) Encode(into *client.Record) {
	if v := f.of(); !v.IsUnknown() {
		into.Values[f.column] = !v.IsNull()
	}
}

// identity binds an attribute to the record's own id.
type identity struct{ plain[types.String] }

// ID binds an attribute to the id of the record. A configured value is the wish of a create.
func ID(p *types.String) Field { return identity{plain[types.String]{p}} }

func (f identity) Columns() []string  { return nil }
func (f identity) Assign(from Field)  { *f.p = *twin[identity](from).p }
func (f identity) Same(as Field) bool { return f.p.Equal(as.Value()) }

func (f identity) Encode(into *client.Record) {
	if !f.p.IsUnknown() && !f.p.IsNull() {
		into.ID = f.p.ValueString()
	}
}

func (f identity) Decode(from client.Record) error {
	if from.ID != "" {
		*f.p = types.StringValue(from.ID)
	}
	return nil
}

// Columns binds a map of further columns: only those that it names are owned, compared and cleared.
type Columns struct {
	plain[types.Map]
	prefix string
}

// FurtherColumns binds a map from column to value.
func FurtherColumns(p *types.Map) Field { return Columns{plain[types.Map]{p}, ""} }

// Members binds a map whose entries are records of their own, which a composed store gives as columns named prefix and
// key. Where Terraform knows of no entry, as after an import, every one that the answer holds is read.
func Members(prefix string, p *types.Map) Field { return Columns{plain[types.Map]{p}, prefix} }

// Columns are those the map names now.
func (f Columns) Columns() []string {
	columns := slices.Sorted(maps.Keys(f.p.Elements()))
	for i := range columns {
		columns[i] = f.prefix + columns[i]
	}
	return columns
}

// Assign takes the map of the same field of another model.
func (f Columns) Assign(from Field) { *f.p = *twin[Columns](from).p }

// Same compares the maps.
func (f Columns) Same(as Field) bool { return f.p.Equal(as.Value()) }

// Encode adds the columns whose values are known.
func (f Columns) Encode(into *client.Record) {
	for key, value := range f.p.Elements() {
		switch {
		case value.IsUnknown():
		case value.IsNull():
			into.Values[f.prefix+key] = nil
		default:
			into.Values[f.prefix+key] = text(value)
		}
	}
}

// Decode reads the columns that the map names, and no others.
func (f Columns) Decode(from client.Record) error {
	read := map[string]attr.Value{}
	for key, known := range f.p.Elements() {
		said := client.Text(from.Values[f.prefix+key])
		if known.IsNull() && said == "" {
			read[key] = known
			continue
		}
		read[key] = types.StringValue(said)
	}
	if f.p.IsNull() && f.prefix != "" {
		for column, said := range from.Values {
			if key, ok := strings.CutPrefix(column, f.prefix); ok && client.Text(said) != "" {
				read[key] = types.StringValue(client.Text(said))
			}
		}
	}
	if f.p.IsUnknown() || f.p.IsNull() && len(read) == 0 {
		return nil
	}
	*f.p = types.MapValueMust(types.StringType, read)
	return nil
}

// Dropped names the columns that the same field of an earlier model owned and this one does not.
func (f Columns) Dropped(since Field) []string {
	var dropped []string
	for _, column := range since.Columns() {
		if _, ok := f.p.Elements()[strings.TrimPrefix(column, f.prefix)]; !ok {
			dropped = append(dropped, column)
		}
	}
	return dropped
}

// SecretField binds a write-only attribute: sent from the configuration, never read, never stored.
type SecretField struct {
	plain[types.String]
	column string
	// Version points at the attribute whose change sends the secret again; nil when there is none.
	Version *types.Int64
	// Required tells that a create, and an update that sends secrets, cannot do without it.
	Required bool
}

// Secret binds a write-only attribute. With a version set, only a change of the version sends it again.
func Secret(column string, p *types.String, version *types.Int64) SecretField {
	return SecretField{plain[types.String]{p}, column, version, false}
}

// RequiredSecret binds a write-only attribute that no create can do without.
func RequiredSecret(column string, p *types.String, version *types.Int64) SecretField {
	return SecretField{plain[types.String]{p}, column, version, true}
}

// Column is where the secret is sent.
func (f SecretField) Column() string { return f.column }

// Columns is empty: a secret is never asked for.
func (f SecretField) Columns() []string { return nil }

// Encode does nothing: secrets travel apart from values.
func (f SecretField) Encode(*client.Record) {}

// Decode leaves the attribute null, as write-only attributes are in state.
func (f SecretField) Decode(client.Record) error { return nil }

// Assign does nothing: a secret is null in every plan and state.
func (f SecretField) Assign(Field) {}

// Same is always true: whether a secret moved is not told by values.
func (f SecretField) Same(Field) bool { return true }

// Plaintext is the configured secret.
func (f SecretField) Plaintext() types.String { return *f.p }

// option binds a setting of the store that the server never hears of.
type option struct {
	plain[types.Bool]
	name string
}

// Option binds a setting that only the configuration holds: it is passed to the store, and neither sent nor read.
func Option(name string, p *types.Bool) Field { return option{plain[types.Bool]{p}, name} }

func (f option) Columns() []string          { return nil }
func (f option) Decode(client.Record) error { return nil }
func (f option) Assign(from Field)          { *f.p = *twin[option](from).p }
func (f option) Same(as Field) bool         { return f.p.Equal(as.Value()) }

func (f option) Encode(into *client.Record) {
	if into.Options == nil {
		into.Options = map[string]bool{}
	}
	into.Options[f.name] = f.p.ValueBool()
}

// Derived binds a text that is worked out from what a column holds.
func Derived(column string, p *types.String, derive func(string) string) Field {
	f := String(column, p).(scalar[types.String]) //nolint:forcetypeassert // String's own type
	f.parse = func(said any) (types.String, error) { return parseString(derive(client.Text(said))) }
	return Computed(f)
}
