package servicenowapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// RowChange is a row that is about to be made, changed or deleted.
type RowChange struct {
	Table string
	// ID is the sys_id; that of a new row is what its create carries.
	ID           string
	New, Deleted bool
	// Values are the columns that are written.
	Values map[string]any
	// LooksAtPath means that the writer itself looks what an API is that nothing has shown, before the row counts.
	LooksAtPath bool
	// Profiles, unless nil, are all that a policy maps afterwards.
	Profiles []string
}

// Guarded carries out a write of rows that may decide who gets into the Table API, or what our own user may do, unless
// it would shut this connection out: then it fails with a LockoutError before anything is sent. Writes of other tables
// go straight through.
//
// Every create, update and delete of a Table comes by here. A store that writes several rows for one purpose calls it
// once, with what they come to; what it writes inside is not looked at again, so it has to keep an order that shuts
// nobody out half-way.
func (s *Client) Guarded(
	ctx context.Context, options record.Options, changes []RowChange, write func(context.Context) error,
) error {
	if ctx.Value(vettedKey{}) != nil {
		return write(ctx)
	}
	if !options.AllowLockout {
		release, err := s.keepAccount(ctx, changes)
		if err != nil {
			return err
		}
		defer release()
	}
	changes = slices.DeleteFunc(slices.Clone(changes), func(c RowChange) bool { return decisiveColumns[c.Table] == nil })
	if len(changes) == 0 {
		return write(ctx)
	}
	vetted := context.WithValue(ctx, vettedKey{}, true)
	if options.AllowLockout || !slices.ContainsFunc(changes, s.mayMatter) {
		defer s.guard.forget()
		return write(vetted)
	}
	done, err := s.admit(ctx, changes)
	if err != nil {
		return err
	}
	err = write(vetted)
	done(err)
	return err
}

// CheckLockout reports, for a plan, what Guarded would say now.
func (s *Client) CheckLockout(ctx context.Context, changes []RowChange) error {
	if !slices.ContainsFunc(changes, s.mayMatter) {
		return nil
	}
	if err := s.guard.deciding.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.guard.deciding.Release(1)
	view, err := s.look(ctx, changes)
	if err != nil {
		return err
	}
	return view.refusal(s)
}

type vettedKey struct{}

// lockoutGuard lets the writes that matter through one after the other: two that are harmless each may shut us out
// together.
type lockoutGuard struct {
	// deciding is held by whoever looks, and by a write that matters until it is done.
	deciding *semaphore.Weighted
	// writing is held in part by each write that does not matter, and as a whole by one that does.
	writing *semaphore.Weighted
	mu      sync.Mutex
	seen    *sighting
	// paths are those of APIs that the choice list shows, by their value.
	paths map[string]string
}

// sighting is what was read of the tables that decide.
type sighting struct {
	began time.Time
	rows  accessRows
}

// sightingLife is how long what was read may serve other writes of one wave: those that Terraform starts together.
const sightingLife = time.Second

const allWriters = 1 << 20

func newLockoutGuard() *lockoutGuard {
	return &lockoutGuard{
		deciding: semaphore.NewWeighted(1), writing: semaphore.NewWeighted(allWriters), paths: map[string]string{},
	}
}

func (g *lockoutGuard) forget() { g.keep(nil) }

func (g *lockoutGuard) keep(seen *sighting) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = seen
}

func (g *lockoutGuard) recall() *sighting {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.seen == nil || time.Since(g.seen.began) > sightingLife {
		g.seen = &sighting{began: time.Now(), rows: accessRows{}}
	}
	return g.seen
}

// admit looks and decides. Its result must be called with what became of the write.
func (s *Client) admit(ctx context.Context, changes []RowChange) (done func(error), err error) {
	g := s.guard
	if err := g.deciding.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	view, err := s.look(ctx, changes)
	if err == nil && view.matters(s) {
		if !g.writing.TryAcquire(allWriters) {
			if err = g.writing.Acquire(ctx, allWriters); err == nil {
				g.forget() // what was waited for has changed what was seen
				view, err = s.look(ctx, changes)
			}
		}
		if err == nil {
			if err = view.refusal(s); err != nil {
				g.writing.Release(allWriters)
			}
		}
		if err != nil {
			g.deciding.Release(1)
			return nil, err
		}
		return func(err error) {
			g.after(view, changes, err)
			g.writing.Release(allWriters)
			g.deciding.Release(1)
		}, nil
	}
	defer g.deciding.Release(1)
	if err != nil {
		return nil, err
	}
	if err := g.writing.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return func(error) {
		g.forget()
		g.writing.Release(1)
	}, nil
}

// after keeps what is known of the tables now that a write is done.
func (g *lockoutGuard) after(view accessView, changes []RowChange, err error) {
	plain := len(changes) == 1 && !changes[0].New && changes[0].Profiles == nil
	if err != nil || !plain {
		g.forget()
		return
	}
	g.keep(&sighting{began: view.began, rows: view.after})
}

// mayMatter reports, from a change alone, whether it could shut us out. Whatever it could, is looked into.
func (s *Client) mayMatter(c RowChange) bool {
	columns := decisiveColumns[c.Table]
	if columns == nil {
		return false
	}
	kind := s.AuthKind()
	if slices.Contains(scopeTables, c.Table) && kind != AuthToken {
		return false // scopes restrict tokens only
	}
	switch c.Table {
	case policyTable, accessScopeTable:
		if c.Profiles != nil && !c.New {
			return true
		}
		if c.New {
			return isActive(stringValues(c.Values))
		}
	case parameterTable:
		if kind != AuthAPIKey {
			return false
		}
	case keyProfileTable, standardProfileTable:
		if c.Deleted && (c.Table == keyProfileTable) != (kind == AuthAPIKey) {
			return false // another method's profile
		}
	}
	if c.New {
		return c.Table == mappingTable // nothing refers to a new row yet
	}
	return c.Deleted || slices.ContainsFunc(columns, func(column string) bool { _, ok := c.Values[column]; return ok })
}

// look foresees what a change comes to, and reads no more for it than it has to.
func (s *Client) look(ctx context.Context, changes []RowChange) (accessView, error) {
	seen := s.guard.recall()
	if err := s.lookAtPolicies(ctx, seen, changes); err != nil {
		return accessView{}, err
	}
	afterwards := func() accessView {
		return accessView{began: seen.began, before: seen.rows, after: seen.rows.with(changes, s.guard.paths)}
	}
	scopes := s.AuthKind() == AuthToken && slices.ContainsFunc(changes, func(c RowChange) bool {
		return slices.Contains(scopeTables, c.Table) || c.Table == metadataTable
	})
	policies := seen.rows[policyTable] != nil && afterwards().concerns(changes)
	var tables []string
	if policies {
		tables = append(tables, mappingTable, standardProfileTable, keyProfileTable)
		if s.AuthKind() == AuthAPIKey {
			tables = append(tables, parameterTable)
		}
	}
	if scopes {
		tables = append(tables, accessScopeTable, authScopeTable, clientScopesTable, clientTable)
	}
	if err := s.see(ctx, seen, tables...); err != nil {
		return accessView{}, err
	}
	view := afterwards()
	view.policies, view.scopes = policies, scopes
	return view, nil
}

// lookAtPolicies reads the policies if the change may touch them, and what APIs the change names.
func (s *Client) lookAtPolicies(ctx context.Context, seen *sighting, changes []RowChange) error {
	for _, c := range changes {
		if slices.Contains(scopeTables, c.Table) {
			continue
		}
		if err := s.see(ctx, seen, policyTable); err != nil {
			return err
		}
	}
	for _, c := range changes {
		s.learnPath(ctx, record.Text(c.Values["api"]), seen.rows[policyTable])
	}
	return nil
}

// see reads whole tables: they are small, and what belongs together is then seen together.
func (s *Client) see(ctx context.Context, seen *sighting, tables ...string) error {
	found := make([]map[string]accessRow, len(tables))
	group, ctx := errgroup.WithContext(ctx)
	for i, table := range tables {
		if seen.rows[table] != nil {
			found[i] = seen.rows[table]
			continue
		}
		group.Go(func() error {
			rows, err := s.accessTable(ctx, table)
			found[i] = rows
			return err
		})
	}
	if err := group.Wait(); err != nil {
		s.guard.forget()
		return err
	}
	for i, table := range tables {
		seen.rows[table] = found[i]
	}
	return nil
}

func (s *Client) accessTable(ctx context.Context, table string) (map[string]accessRow, error) {
	rows := map[string]accessRow{}
	columns := append([]string{"name"}, decisiveColumns[table]...)
	query := ""
	if table == clientTable { // the others are nobody's concern
		if s.clientID() == "" {
			return rows, nil
		}
		var err error
		if query, err = encodedQuery(map[string]string{"client_id": s.clientID()}); err != nil {
			return nil, err
		}
	}
	hidden, err := s.Table(table).Each(ctx, query, columns, 0, func(row record.Record) error {
		rows[row.ID] = stringValues(row.Values)
		return nil
	})
	if IsMissingTable(err) {
		return rows, nil
	}
	if err == nil && hidden > 0 {
		err = fmt.Errorf("%d records of %s: %w", hidden, table, record.ErrHidden)
	}
	switch {
	case err == nil:
		return rows, nil
	case errors.Is(err, record.ErrHidden), rest.HasStatus(err, http.StatusForbidden):
		return nil, fmt.Errorf("it was not sent, since the account may not read %s, which decides whether this locks the "+
			"provider itself out of the instance. Give it a role that reads access policies, their mappings, profiles, "+
			"parameters and auth scopes, or, if a lock-out is acceptable, set allow_lockout = true in the provider block: %w",
			table, err)
	}
	return nil, unseen(err)
}

// IsMissingTable reports how an instance refuses a table that it does not have.
func IsMissingTable(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) && e.Status == http.StatusBadRequest && strings.Contains(e.Message+e.Detail, "Invalid table")
}

// learnPath finds out which path an API stands for, where neither a policy on it nor an earlier look shows it. No
// sys_ws_definition stands behind the Table API, so the choice list is asked. What that does not show, the instance
// does: it fills in api_path.
func (s *Client) learnPath(ctx context.Context, api string, policies map[string]accessRow) {
	if api == "" || s.guard.paths[api] != "" {
		return
	}
	for _, row := range policies {
		if row["api"] == api && row["api_path"] != "" {
			s.guard.paths[api] = row["api_path"]
			return
		}
	}
	match := map[string]string{"name": policyTable, "element": "api", "value": api}
	choices, err := s.Table("sys_choice").Find(ctx, record.Match{Values: match}, []string{"label"}, 1)
	if err != nil || len(choices) != 1 {
		// A scripted API is none of the platform's own, unless the instance lists those too.
		apis, err := s.Table("sys_ws_definition").Find(
			ctx, record.Match{Values: map[string]string{"sys_id": api}}, []string{"base_uri"}, 1)
		switch {
		case err != nil || len(apis) != 1:
		case IsTablePath(apis[0].Text("base_uri")):
			s.guard.paths[api] = tableAPIPath
		default:
			s.guard.paths[api] = "api" + apis[0].Text("base_uri")
		}
		return
	}
	label := choices[0].Text("label")
	if strings.Contains(label, "["+tableAPIPath+"]") || strings.HasPrefix(label, "Table API") {
		s.guard.paths[api] = tableAPIPath
		return
	}
	s.guard.paths[api] = label
}

// changeOf is a change as Table makes them, secrets included: any column may be written as one.
func (t *Table) changeOf(id string, values map[string]any, secrets map[string]record.Secret) RowChange {
	all := maps.Clone(values)
	if all == nil {
		all = map[string]any{}
	}
	for column, secret := range secrets {
		all[column] = secret.Value
	}
	return RowChange{Table: t.Name, ID: id, Values: all}
}
