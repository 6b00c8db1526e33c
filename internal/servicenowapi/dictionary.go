package servicenowapi

import (
	"context"
	"fmt"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// NoColumnError reports that the dictionary lists a table's columns to the account, and that the one that is looked for
// is not among them.
type NoColumnError struct{ Table, To string }

func (e *NoColumnError) Error() string {
	return fmt.Sprintf("no column of %s refers to %s on this instance, as its dictionary says", e.Table, e.To)
}

// UnknownColumnError reports that the dictionary does not say: it answers accounts that may not read it with an empty
// list.
type UnknownColumnError struct{ Table, To string }

func (e *UnknownColumnError) Error() string {
	return fmt.Sprintf("which column of %s refers to %s is not known, since the account may not read the dictionary "+
		"(sys_dictionary)", e.Table, e.To)
}

// ReferringColumn returns the column of a table, itself and not its parents, that refers to another table. known is a
// column that the table certainly has: absence is proven only where the dictionary lists that one. What is found is
// remembered.
func (s *Client) ReferringColumn(ctx context.Context, table, to, known string) (string, error) {
	key := table + "\n" + to
	if column, ok := s.referring.Load(key); ok {
		return column.(string), nil //nolint:forcetypeassert // nothing else is stored
	}
	const most = 5
	dictionary := s.Table("sys_dictionary")
	columns := []string{"name", "element", "reference"}
	match := record.Match{Values: map[string]string{"name": table, "reference": to}}
	rows, err := dictionary.Find(ctx, match, columns, most)
	switch {
	case err != nil:
		return "", fmt.Errorf("asking the dictionary which column of %s refers to %s: %w", table, to, err)
	case len(rows) == 1 && rows[0].Text("element") != "":
		s.referring.Store(key, rows[0].Text("element"))
		return rows[0].Text("element"), nil
	case len(rows) > 0:
		return "", fmt.Errorf("%d columns of %s refer to %s: name the one that is meant in additional_columns",
			len(rows), table, to)
	}
	match = record.Match{Values: map[string]string{"name": table, "element": known}}
	rows, err = dictionary.Find(ctx, match, columns, 1)
	switch {
	case err != nil:
		return "", fmt.Errorf("asking the dictionary for the columns of %s: %w", table, err)
	case len(rows) == 0:
		return "", &UnknownColumnError{table, to}
	}
	return "", &NoColumnError{table, to}
}
