package servicenowapi

import (
	"context"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// tableColumns remembers which columns the dictionary was found to list. Its zero value is ready for use.
type tableColumns struct {
	known  sync.Map // by table and column
	flight singleflight.Group
}

// ListsColumn reports whether the dictionary (sys_dictionary) lists a column of a table itself, not of one that it
// extends. That it does not may be for want of access. Each column is asked for once in a process, unless that fails.
func (s *Client) ListsColumn(ctx context.Context, table, column string) (bool, error) {
	key := table + "\n" + column
	if listed, ok := s.columns.known.Load(key); ok {
		return listed.(bool), nil //nolint:forcetypeassert // nothing else is stored
	}
	answer := s.columns.flight.DoChan(key, func() (any, error) {
		match := record.Match{Values: map[string]string{"name": table, "element": column}}
		// Whoever waits goes with its own context, and the others get an answer all the same.
		rows, err := s.Table("sys_dictionary").Find(context.WithoutCancel(ctx), match, nil, 1)
		if err != nil {
			return false, err
		}
		s.columns.known.Store(key, len(rows) > 0)
		return len(rows) > 0, nil
	})
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case got := <-answer:
		return got.Val.(bool), got.Err //nolint:forcetypeassert // as above
	}
}
