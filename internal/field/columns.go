package field

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// Columns binds a map of further columns: only those that it names are owned, compared and cleared.
type Columns struct {
	plain[types.Map]
	prefix string
}

// FurtherColumns binds a map from column to value.
func FurtherColumns(p *types.Map) Field { return Columns{plain[types.Map]{p}, ""} }

// Entries binds a map whose entries are records of their own, which a composed store gives as columns named prefix and
// key. Where Terraform knows of no entry, as after an import, every one that the answer holds is read.
func Entries(prefix string, p *types.Map) Field { return Columns{plain[types.Map]{p}, prefix} }

// Columns are those the map names now.
func (f Columns) Columns() []string {
	columns := slices.Sorted(maps.Keys(f.p.Elements()))
	for i := range columns {
		columns[i] = f.prefix + columns[i]
	}
	return columns
}

// Assign takes the map of the same field of another model.
func (f Columns) Assign(from Field) { *f.p = *Same[Columns](from).p }

// Same compares the maps, texts as String does.
func (f Columns) Same(as Field) bool {
	other := *Same[Columns](as).p
	if f.p.IsUnknown() || f.p.IsNull() || other.IsUnknown() || other.IsNull() {
		return f.p.Equal(other)
	}
	return maps.EqualFunc(f.p.Elements(), other.Elements(), func(a, b attr.Value) bool {
		return a.Equal(b) || isText(a) && isText(b) && sameJSON(text(a), text(b))
	})
}

func isText(value attr.Value) bool { return !value.IsNull() && !value.IsUnknown() }

// Encode adds the columns whose values are known.
func (f Columns) Encode(into *record.Write) {
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
func (f Columns) Decode(from record.Record) error {
	read := map[string]attr.Value{}
	for key, known := range f.p.Elements() {
		answer := record.Text(from.Values[f.prefix+key])
		if known.IsNull() && answer == "" {
			read[key] = known
			continue
		}
		if isText(known) && sameJSON(text(known), answer) {
			read[key] = known
			continue
		}
		read[key] = types.StringValue(answer)
	}
	if f.p.IsNull() && f.prefix != "" {
		for column, answer := range from.Values {
			if key, ok := strings.CutPrefix(column, f.prefix); ok && record.Text(answer) != "" {
				read[key] = types.StringValue(record.Text(answer))
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
