package field

import (
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// Derived binds a text that is worked out from what a column holds.
func Derived(column string, p *types.String, derive func(string) string) Field {
	f := String(column, p).(scalar[types.String]) //nolint:forcetypeassert // String's own type
	f.parse = func(answer any) (types.String, error) { return parseString(derive(record.Text(answer))) }
	return Computed(derivedFrom{f})
}

// DerivedTime binds a time that is worked out from what a column holds; the zero time is none.
func DerivedTime(column string, p *timetypes.RFC3339, derive func(string) time.Time) Field {
	f := Time(column, p).(scalar[timetypes.RFC3339]) //nolint:forcetypeassert // Time's own type
	f.parse = func(answer any) (timetypes.RFC3339, error) {
		if t := derive(record.Text(answer)); !t.IsZero() {
			return timetypes.NewRFC3339TimeValue(t.UTC()), nil
		}
		return timetypes.NewRFC3339Null(), nil
	}
	return Computed(derivedFrom{f})
}

// derivedFrom marks a field whose attribute is of another kind than its column.
type derivedFrom struct{ Field }

func (f derivedFrom) unwrap() Field { return f.Field }

// either reads one field, and another of the same attribute where that gives nothing.
type either struct {
	Field
	otherwise Field
}

// Either binds an attribute to one field, and to another where the first reads nothing.
func Either(first, otherwise Field) Field { return either{first, otherwise} }

func (f either) unwrap() Field { return f.Field }

// Columns are those of both.
func (f either) Columns() []string { return slices.Concat(f.Field.Columns(), f.otherwise.Columns()) }

// Decode reads the second only where the first gives nothing.
func (f either) Decode(from record.Record) error {
	if err := f.Field.Decode(from); err != nil || !f.Value().IsNull() {
		return err
	}
	return f.otherwise.Decode(from)
}
