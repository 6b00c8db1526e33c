package servicenowapi

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// references remembers what is known to be there, so that it is not looked at again. Its zero value is ready for use.
type references struct {
	rows         sync.Map // true by table and sys_id
	sight        sync.Map // true by table, where the account sees what could be meant
	applications sync.Map // sys_id by scope
	flight       singleflight.Group
}

func (s *Client) saw(table, id string)    { s.references.rows.Store(table+"\n"+id, true) }
func (s *Client) forget(table, id string) { s.references.rows.Delete(table + "\n" + id) }

// ProvesAbsent reports that a table proves not to have a row. It is false where that cannot be determined: the row is
// hidden, the table cannot be read, or the account may be blind to it.
func (t *Table) ProvesAbsent(ctx context.Context, id string) bool {
	if _, known := t.sn.references.rows.Load(t.Name + "\n" + id); known {
		return false
	}
	_, err := t.verifyGone(ctx, id) // a row that is not there is no surprise here
	if err == nil {
		t.sn.saw(t.Name, id)
	}
	return errors.Is(err, record.ErrNotFound) && t.sees(ctx)
}

// ProvesPresent reports that a table has a row. It is false where that cannot be determined.
func (t *Table) ProvesPresent(ctx context.Context, id string) bool {
	if _, known := t.sn.references.rows.Load(t.Name + "\n" + id); known {
		return true
	}
	_, err := t.verifyGone(ctx, id)
	return err == nil
}

// sees reports whether the account reads the table's rows. On instances that count after access control a row that is
// hidden looks like one that is gone, and inactive users are hidden even from accounts that read the others.
func (t *Table) sees(ctx context.Context) bool {
	if _, known := t.sn.references.sight.Load(t.Name); known {
		return true
	}
	seen, _, _ := t.sn.references.flight.Do("sight\n"+t.Name, func() (any, error) {
		rows, _, err := t.list(ctx, "", nil, 1)
		if err != nil || len(rows) == 0 || t.Name == "sys_user" && !t.sn.seesInactiveUsers(ctx) {
			return false, err
		}
		t.sn.references.sight.Store(t.Name, true)
		return true, nil
	})
	return seen == true
}

// seesInactiveUsers reports whether inactive users are proven to be visible: one is, or the account is an
// administrator.
func (s *Client) seesInactiveUsers(ctx context.Context) bool {
	rows, _, err := s.Table("sys_user").list(ctx, "active=false", []string{"active"}, 1)
	if err == nil && len(rows) == 1 && rows[0].Text("active") == "false" {
		return true
	}
	rows, _, err = s.Table("sys_user_has_role").list(ctx, "user=javascript:gs.getUserID()^role.name=admin",
		[]string{"role.name"}, 1)
	return err == nil && len(rows) == 1 && rows[0].Text("role.name") == "admin"
}

var applicationID = regexp.MustCompile(`^(global|[0-9a-f]{32})$`)

// ApplicationID returns the sys_id of the application with a scope, such as sn_si. A sys_id and global stand for
// themselves.
func (s *Client) ApplicationID(ctx context.Context, scope string) (string, error) {
	if applicationID.MatchString(scope) {
		return scope, nil
	}
	if id, ok := s.references.applications.Load(scope); ok {
		return id.(string), nil //nolint:forcetypeassert // nothing else is stored
	}
	id, err, _ := s.references.flight.Do("application\n"+scope, func() (any, error) {
		match := record.Match{Values: map[string]string{"scope": scope}}
		rows, err := s.Table("sys_scope").Find(ctx, match, nil, 2)
		switch {
		case err != nil:
			return "", fmt.Errorf("looking for the application with the scope %q: %w", scope, err)
		case len(rows) != 1:
			return "", fmt.Errorf("the instance shows %d applications with the scope %q to the account, not one: %w", len(rows),
				scope, record.ErrNotFound)
		}
		s.references.applications.Store(scope, rows[0].ID)
		return rows[0].ID, nil
	})
	return id.(string), err //nolint:forcetypeassert // as above
}
