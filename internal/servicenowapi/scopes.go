package servicenowapi

import (
	"context"
	"strings"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// globalScope is the sys_id of the platform's own scope.
const globalScope = "global"

// tableScopes remembers in which application scope a table's rows are made. Its zero value is ready for use.
type tableScopes struct {
	known  sync.Map // scope by table name
	flight singleflight.Group
}

// scopeOf returns the scope for a new row whose configuration names none. Without one a create would land in whatever
// application the account's picker stands on. Tables of the platform take global; those of a scoped application take
// their own, as sys_db_object says, and the picker's where that cannot be read.
func (s *Client) scopeOf(ctx context.Context, table string) string {
	if !strings.HasPrefix(table, "sn_") && !strings.HasPrefix(table, "x_") {
		return globalScope
	}
	if scope, ok := s.scopes.known.Load(table); ok {
		return scope.(string) //nolint:forcetypeassert // nothing else is stored
	}
	scope, _, _ := s.scopes.flight.Do(table, func() (any, error) {
		match := record.Match{Values: map[string]string{"name": table}}
		rows, err := s.Table("sys_db_object").Find(ctx, match, []string{scopeColumn}, 1)
		if err != nil || len(rows) != 1 {
			return "", err
		}
		s.scopes.known.Store(table, rows[0].Scope)
		return rows[0].Scope, nil
	})
	return scope.(string) //nolint:forcetypeassert // as above
}
