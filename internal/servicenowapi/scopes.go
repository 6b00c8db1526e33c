package servicenowapi

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
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
// their own, as sys_db_object says, and the picker's where the account may not read that. An answer that
// proves nothing is an error: a row in the wrong scope stays there.
func (s *Client) scopeOf(ctx context.Context, table string) (string, error) {
	if !strings.HasPrefix(table, "sn_") && !strings.HasPrefix(table, "x_") {
		return globalScope, nil
	}
	if scope, ok := s.scopes.known.Load(table); ok {
		return scope.(string), nil //nolint:forcetypeassert // nothing else is stored
	}
	scope, err, _ := s.scopes.flight.Do(table, func() (any, error) {
		t := s.Table("sys_db_object")
		rows, counted, err := t.list(ctx, "name="+table, []string{"name", scopeColumn}, 1)
		switch {
		case rest.HasStatus(err, http.StatusForbidden), rest.HasStatus(err, http.StatusNotFound):
			return "", nil
		case err != nil:
			return "", err
		case len(rows) == 0 && !counted.reported:
			return "", &OddListError{Table: t.Name, Reason: "it is empty and does not count (X-Total-Count)"}
		case len(rows) == 0:
			return "", nil
		case rows[0].Text("name") != table:
			return "", &OddListError{Table: t.Name, Reason: "it holds a record that was not asked for"}
		}
		s.scopes.known.Store(table, rows[0].Scope)
		return rows[0].Scope, nil
	})
	if err != nil {
		return "", err
	}
	return scope.(string), nil //nolint:forcetypeassert // as above
}
