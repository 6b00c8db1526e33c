package servicenowapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// The tables that decide what our own user may do, and with which key.
const (
	userTable        = "sys_user"
	hasRoleTable     = "sys_user_has_role"
	memberTable      = "sys_user_grmember"
	groupTable       = "sys_user_group"
	groupRoleTable   = "sys_group_has_role"
	roleTable        = "sys_user_role"
	apiKeyTable      = "api_key"
	passwordColumn   = "user_password"
	adminRole        = "admin"
	userAdminRole    = "user_admin"
	platformRESTRole = "snc_platform_rest_api_access"
)

// accountColumns are, by table, the columns by whose change our own user may lose its access; nil: only a delete takes
// it away. Any column of a key may: the one that holds its auth scopes has no name that is known.
var accountColumns = map[string][]string{
	userTable:      {"active", "locked_out", "web_service_access_only", "user_name", passwordColumn},
	hasRoleTable:   {"user", "role", "state"},
	memberTable:    {"user", "group"},
	groupTable:     nil,
	groupRoleTable: {"group", "role", "inherits"},
	roleTable:      {"name"},
}

// harmlessKeyColumns are those of a key that decide nothing.
var harmlessKeyColumns = []string{"name", "description"}

// mayTouchAccount reports, from a change alone, whether it could take our own user's access away. New rows take
// nothing.
func (s *Client) mayTouchAccount(c RowChange) bool {
	if c.Table == apiKeyTable {
		return s.AuthKind() == AuthAPIKey && !c.New && (c.Deleted ||
			slices.ContainsFunc(slices.Collect(maps.Keys(c.Values)), func(column string) bool {
				return !slices.Contains(harmlessKeyColumns, column)
			}))
	}
	columns, guarded := accountColumns[c.Table]
	return guarded && !c.New && (c.Deleted ||
		slices.ContainsFunc(columns, func(column string) bool { _, ok := c.Values[column]; return ok }))
}

// keepAccount refuses changes after which this connection's own user could not log in, or not undo them, any more. The
// result must be called when the write is done: two that are harmless each may do it together.
func (s *Client) keepAccount(ctx context.Context, changes []RowChange) (done func(), err error) {
	var own ownUser
	var touching []RowChange
	for _, c := range changes {
		if !s.mayTouchAccount(c) || s.creations.isMade(c.Table, c.ID) {
			continue // what this process has made, it does not log in with
		}
		if own, err = s.account(ctx); err != nil && !errors.Is(err, errNoUser) {
			return nil, unseen(err)
		}
		concerned, err := s.concernsAccount(ctx, own, c)
		if err != nil {
			return nil, err
		}
		if concerned {
			touching = append(touching, c)
		}
	}
	if len(touching) == 0 {
		return func() {}, nil
	}
	if err := s.self.guard.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	for _, c := range touching {
		if err := s.accountRefusal(ctx, own, c); err != nil {
			s.self.guard.Release(1)
			return nil, err
		}
	}
	return func() { s.self.guard.Release(1) }, nil
}

// concernsAccount reports whether a change is about a row that our own user's access stands on. An account that is not
// shown can hardly change itself.
func (s *Client) concernsAccount(ctx context.Context, own ownUser, c RowChange) (bool, error) {
	switch {
	case c.Table == apiKeyTable:
		return true, nil
	case own.id == "":
		return false, nil
	case c.Table == userTable:
		return c.ID == own.id, nil
	}
	s.self.mu.Lock()
	defer s.self.mu.Unlock()
	if s.self.rows == nil || time.Since(s.self.seen) > sightingLife {
		seen := time.Now()
		rows, err := s.accountRows(ctx, own)
		if err != nil {
			return false, err
		}
		s.self.rows, s.self.seen = rows, seen
	}
	return s.self.rows[c.ID], nil
}

// accountRows are the sys_ids of the grants of roles to our own user and its groups, of its memberships, and of those
// roles and groups.
func (s *Client) accountRows(ctx context.Context, own ownUser) (map[string]bool, error) {
	r, err := s.readGrants(ctx, own)
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for _, row := range slices.Concat(r.held, r.members, r.grants) {
		ids[row.ID], ids[row.Text("role")], ids[row.Text("group")] = true, true, true
	}
	return ids, nil
}

// forgetAccountRows makes the next look read anew, since a row was made that our own access may stand on.
func (s *Client) forgetAccountRows(table string) {
	if _, guarded := accountColumns[table]; !guarded {
		return
	}
	s.self.mu.Lock()
	defer s.self.mu.Unlock()
	s.self.rows = nil
}

// accountRefusal reports why a change would take our own user's access away; nil when nothing is known against it.
func (s *Client) accountRefusal(ctx context.Context, own ownUser, c RowChange) error {
	switch c.Table {
	case apiKeyTable:
		return s.keyRefusal(ctx, own, c)
	case userTable:
		return s.userRefusal(ctx, own, c)
	}
	return s.roleRefusal(ctx, own, c)
}

func unseen(err error) error {
	return fmt.Errorf("it was not sent, since whether it locks the provider itself out could not be seen: %w", err)
}

// accountLockout is the refusal of a change of our own user's access.
func accountLockout(own ownUser, after string) error {
	who := "the user " + own.name
	if own.name == "" {
		who = "a user whose API key this is"
	}
	return &LockoutError{lockoutSummary, fmt.Sprintf("The provider logs in as %s, and afterwards %s, so that it could "+
		"not undo this either. Let the provider log in as another user for this change. If the lock-out is meant, set "+
		"allow_lockout = true in the provider block.", who, after)}
}

func (s *Client) userRefusal(ctx context.Context, own ownUser, c RowChange) error {
	if c.Deleted {
		return accountLockout(own, "that user does not exist")
	}
	values := stringValues(c.Values)
	is := func(column string) bool { value, set := values[column]; return set && IsTrue(value) }
	isNot := func(column string) bool { value, set := values[column]; return set && !IsTrue(value) }
	name, renamed := values["user_name"]
	password, moved := values[passwordColumn]
	basic, _ := s.config.Auth.(rest.BasicAuth)
	switch {
	case isNot("active"):
		return accountLockout(own, "that user is not active")
	case is("locked_out"):
		return accountLockout(own, "that user is locked out")
	case renamed && s.userName() != "" && !strings.EqualFold(name, own.name):
		return accountLockout(own, "that user has another user name")
	case moved && s.AuthKind() == AuthBasic && password != basic.Password:
		return accountLockout(own, "that user has another password than the provider block")
	case isNot("web_service_access_only") && s.AuthKind() == AuthBasic:
		return s.restrictedRefusal(ctx, own, nil)
	}
	return nil
}

// restrictedRefusal refuses what would bring the restriction of basic authentication upon our own user: that it is no
// web-service-only one any more, or, with one, the loss of a role.
func (s *Client) restrictedRefusal(ctx context.Context, own ownUser, lost *roleLoss) error {
	if s.AuthKind() != AuthBasic {
		return nil
	}
	restriction := s.BasicAuthRestriction(ctx)
	if !restriction.Begun(s) {
		return nil
	}
	rows, err := s.ownRows(ctx, userTable, "sys_id="+own.id, "web_service_access_only")
	if err != nil {
		return err
	}
	only := len(rows) == 1 && IsTrue(rows[0].Text("web_service_access_only"))
	exempt := func(roles map[string]bool) bool {
		return slices.ContainsFunc(restriction.roles, func(role string) bool { return roles[role] })
	}
	if lost == nil {
		held, err := s.heldRoles(ctx, own, RowChange{})
		if err != nil || !only || exempt(held.after) {
			return err
		}
	} else if only || !exempt(lost.before) || exempt(lost.after) {
		return nil
	}
	return accountLockout(own, "the instance's restriction of basic authentication hits that user, which is neither "+
		"web-service-only nor holds the role "+strings.Join(restriction.roles, " or "))
}

// roleLoss is what a change does to the roles that our own user holds, by name.
type roleLoss struct{ before, after map[string]bool }

// roleRefusal refuses to take from our own user the roles without which it could not give them back: those that manage
// users' roles, and those that open the REST APIs.
func (s *Client) roleRefusal(ctx context.Context, own ownUser, c RowChange) error {
	loss, err := s.heldRoles(ctx, own, c)
	if err != nil {
		return err
	}
	for _, role := range []string{adminRole, userAdminRole, platformRESTRole} {
		if loss.before[role] && !loss.after[role] && !loss.after[adminRole] {
			return accountLockout(own, "that user does not hold the role "+role)
		}
	}
	if maps.Equal(loss.before, loss.after) {
		return nil
	}
	return s.restrictedRefusal(ctx, own, &loss)
}

// ownRows lists what belongs to our own user. What the account may not see at all is an empty list.
func (s *Client) ownRows(ctx context.Context, table, query string, columns ...string) ([]record.Record, error) {
	rows, err := s.Table(table).Query(ctx, query, columns, pageSize)
	if rest.HasStatus(err, http.StatusForbidden) || IsMissingTable(err) {
		return nil, nil
	}
	if err != nil {
		return nil, unseen(err)
	}
	return rows, nil
}

// grants are the rows that give our own user its roles: its own, its memberships, and those of its groups.
type grants struct{ held, members, grants []record.Record }

func (s *Client) readGrants(ctx context.Context, own ownUser) (r grants, err error) {
	notOwn := func(row record.Record) bool { return row.Text("user") != own.id }
	columns := []string{"user", "role", "role.name", "inherited", "state"}
	if r.held, err = s.ownRows(ctx, hasRoleTable, "user="+own.id, columns...); err != nil {
		return r, err
	}
	r.held = slices.DeleteFunc(r.held, notOwn)
	if r.members, err = s.ownRows(ctx, memberTable, "user="+own.id, "user", "group"); err != nil {
		return r, err
	}
	r.members = slices.DeleteFunc(r.members, notOwn)
	if len(r.members) == 0 {
		return r, nil
	}
	groups := make([]string, 0, len(r.members))
	for _, m := range r.members {
		groups = append(groups, m.Text("group"))
	}
	columns = []string{"group", "role", "role.name", "inherits"}
	r.grants, err = s.ownRows(ctx, groupRoleTable, "groupIN"+strings.Join(groups, ","), columns...)
	return r, err
}

// heldRoles works out which roles our own user holds before and after a change: those of its own, those of its groups,
// and those that one of these contains.
func (s *Client) heldRoles(ctx context.Context, own ownUser, c RowChange) (roleLoss, error) {
	r, err := s.readGrants(ctx, own)
	if err != nil {
		return roleLoss{}, err
	}
	contained, err := s.ownRows(ctx, "sys_user_role_contains", "contains.nameIN"+strings.Join([]string{
		adminRole, userAdminRole, platformRESTRole,
	}, ","), "role", "contains", "contains.name")
	if err != nil {
		return roleLoss{}, err
	}
	return roleLoss{
		before: rolesAfter(own, RowChange{}, r, contained), after: rolesAfter(own, c, r, contained),
	}, nil
}

// rolesAfter names the roles that our own user holds once a change is made.
func rolesAfter(own ownUser, c RowChange, r grants, contained []record.Record) map[string]bool {
	changed := func(table string, r record.Record) (accessRow, bool) {
		row := stringValues(r.Values)
		if c.Table != table || c.ID != r.ID {
			return row, true
		}
		maps.Copy(row, stringValues(c.Values))
		return row, !c.Deleted
	}
	names, ids := map[string]bool{}, map[string]bool{}
	gone := func(role string) bool {
		return c.Table == roleTable && c.ID == role && (c.Deleted || c.Values["name"] != nil)
	}
	hold := func(id, name string) {
		if !gone(id) {
			names[name], ids[id] = true, true
		}
	}
	for _, held := range r.held {
		row, there := changed(hasRoleTable, held)
		active := row["state"] == "" || row["state"] == "active"
		if there && active && !IsTrue(row["inherited"]) && row["user"] == own.id && row["role"] == held.Text("role") {
			hold(row["role"], row["role.name"])
		}
	}
	in := map[string]bool{}
	for _, member := range r.members {
		row, there := changed(memberTable, member)
		if there && row["user"] == own.id && (c.Table != groupTable || c.ID != row["group"] || !c.Deleted) {
			in[row["group"]] = true
		}
	}
	for _, grant := range r.grants {
		row, there := changed(groupRoleTable, grant)
		if there && in[row["group"]] && row["inherits"] != "false" && row["role"] == grant.Text("role") {
			hold(row["role"], row["role.name"])
		}
	}
	for range contained { // roles contain roles, so once for each step
		for _, inner := range contained {
			if ids[inner.Text("role")] {
				hold(inner.Text("contains"), inner.Text("contains.name"))
			}
		}
	}
	return names
}

// keyRefusal refuses to take away the last key that may be our own: no instance shows the token of a key, so the
// candidates are the keys of our own user, or all where that is not known, but for those that this process made.
func (s *Client) keyRefusal(ctx context.Context, own ownUser, c RowChange) error {
	query := ""
	if own.id != "" {
		query = "user=" + own.id
	}
	scopeColumn, err := s.ReferringColumn(ctx, apiKeyTable, authScopeTable, "user")
	if err != nil {
		scopeColumn = "" // it is then one that nobody can name
	}
	columns := []string{"name", "user", "active", "expires"}
	if scopeColumn != "" {
		columns = append(columns, scopeColumn)
	}
	keys, err := s.ownRows(ctx, apiKeyTable, query, columns...)
	if err != nil {
		return err
	}
	now := s.now().Format(record.TimeLayout)
	opens := func(key accessRow) bool {
		return isActive(key) && (key["expires"] == "" || key["expires"] > now) && (own.id == "" || key["user"] == own.id)
	}
	var before, after []accessRow
	for _, key := range keys {
		row := stringValues(key.Values)
		if !opens(row) || s.creations.isMade(apiKeyTable, key.ID) {
			continue
		}
		before = append(before, row)
		if key.ID == c.ID {
			row = maps.Clone(row)
			maps.Copy(row, stringValues(c.Values))
			key, _ := s.config.Auth.(rest.APIKey)
			if token, set := row["token"]; c.Deleted || !opens(row) || set && token != key.Key {
				continue
			}
		}
		after = append(after, row)
	}
	if len(before) > 0 && len(after) == 0 {
		return accountLockout(own, "no active key of that user is left")
	}
	if scopeColumn == "" || c.Values[scopeColumn] == nil {
		return nil
	}
	return s.keyScopeRefusal(ctx, own, scopeColumn, before, after)
}

// keyScopeRefusal refuses to narrow the last key that opens the whole Table API. A key without scopes opens all that
// its user may do.
func (s *Client) keyScopeRefusal(
	ctx context.Context, own ownUser, column string, before, after []accessRow,
) error {
	seen := &sighting{rows: accessRows{}}
	if err := s.see(ctx, seen, accessScopeTable, authScopeTable); err != nil {
		return err
	}
	open := func(keys []accessRow) bool {
		return slices.ContainsFunc(keys, func(key accessRow) bool { return seen.rows.keyOpens(key[column]) })
	}
	if open(before) && !open(after) {
		return accountLockout(own, "no key of that user holds the auth scopes that the Table API asks for")
	}
	return nil
}

// keyOpens reports whether a key with these auth scopes, separated by commas, opens every request to the Table API.
func (a accessRows) keyOpens(scopes string) bool {
	if scopes == "" {
		return true
	}
	held := tokenScopes{held: map[string]bool{}}
	for scope := range strings.SplitSeq(scopes, ",") {
		held.held[scope] = true
		held.everything = held.everything || a[authScopeTable][scope]["name"] == universalScope
	}
	return !slices.ContainsFunc(requests(narrowedBy(accessScopeTable, a)), func(request map[string]string) bool {
		return request["api"] == tableAPIPath && !a.opens(request, held)
	})
}
