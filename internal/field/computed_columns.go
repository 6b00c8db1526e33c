package field

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// readColumns binds a map that holds the columns which a set names.
type readColumns struct {
	plain[types.Map]
	names *types.Set
}

// ReadColumns binds a computed map from column to value, for the columns that a set names: read, and never sent.
func ReadColumns(names *types.Set, p *types.Map) Field {
	return readColumns{plain[types.Map]{p}, names}
}

// named are the known elements of the set.
func (f readColumns) named() map[string]bool {
	named := map[string]bool{}
	for _, e := range f.names.Elements() {
		named[text(e)] = true
	}
	delete(named, "")
	return named
}

func (f readColumns) Columns() []string    { return slices.Sorted(maps.Keys(f.named())) }
func (f readColumns) Encode(*record.Write) {}
func (f readColumns) Assign(from Field)    { *f.p = *sameField[readColumns](from).p }
func (f readColumns) Same(as Field) bool   { return f.p.Equal(as.Value()) }

func (f readColumns) Decode(from record.Record) error {
	named := f.named()
	if len(named) == 0 {
		*f.p = types.MapNull(types.StringType)
		return nil
	}
	read := map[string]attr.Value{}
	for column := range named {
		read[column] = types.StringValue(record.Text(from.Values[column]))
	}
	*f.p = types.MapValueMust(types.StringType, read)
	return nil
}

// namesOnly binds a set that tells another field what to read: it is neither sent nor read itself.
type namesOnly struct{ plain[types.Set] }

// Names binds a set of column names for ReadColumns.
func Names(p *types.Set) Field { return namesOnly{plain[types.Set]{p}} }

func (f namesOnly) Columns() []string          { return nil }
func (f namesOnly) Encode(*record.Write)       {}
func (f namesOnly) Decode(record.Record) error { return nil }
func (f namesOnly) Assign(from Field)          { *f.p = *sameField[namesOnly](from).p }
func (f namesOnly) Same(as Field) bool         { return f.p.Equal(as.Value()) }
