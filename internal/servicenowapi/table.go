package servicenowapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/rest"
)

// Table is the Store of the rows of one ServiceNow table.
//
// Source: ServiceNow Table API, /api/now/table/{table}.
type Table struct {
	Name string
	sn   *Client
}

var _ interface {
	record.Store
	record.Finder
	record.Searcher
	record.Lister
} = (*Table)(nil)

// Table returns the store of a table's rows.
func (s *Client) Table(name string) *Table { return &Table{Name: name, sn: s} }

// scopeColumn holds a row's application scope. It is read like any column, and written by a parameter of the request:
// in a body it does nothing.
const scopeColumn = "sys_scope"

// Create sends one POST. With the duplicate check on, a look-up of the natural key goes before it.
// A POST whose answer proves nothing is resolved, never blindly repeated.
func (t *Table) Create(ctx context.Context, want record.Write) (got record.Answer, err error) {
	if want.ID == "" {
		want.ID = NewSysID()
	}
	change := t.changeOf(want.ID, want.Values, want.Secrets)
	change.New = true
	err = t.sn.Guarded(ctx, want.Options, []RowChange{change}, func(ctx context.Context) (err error) {
		got, err = t.create(ctx, want)
		return err
	})
	return got, err
}

func (t *Table) create(ctx context.Context, want record.Write) (record.Answer, error) {
	if t.sn.DuplicateCheck {
		release, err := t.sn.reserve(t.Name, want)
		if err != nil {
			return record.Answer{}, err
		}
		defer release()
		if !want.LookedUp {
			if err := t.refuseDuplicate(ctx, want); err != nil {
				return record.Answer{}, err
			}
		}
	}
	if want.Scope == "" && slices.Contains(want.Columns, scopeColumn) {
		scope, err := t.sn.scopeOf(ctx, t.Name)
		if err != nil {
			return record.Answer{}, fmt.Errorf("finding out the application scope of %s: %w", t.Name, err)
		}
		want.Scope, want.Defaulted = scope, true
	}
	got, err := t.createOnce(ctx, want)
	if err == nil && want.Defaulted && want.Scope == "" {
		got.Warnings = append(got.Warnings, fmt.Sprintf("Which application %s belongs to could not be found out: the "+
			"account may not read its row of sys_db_object. Without a scope the record went to %s: set scope_id to name the "+
			"one that is meant.", t.Name, orNone(got.Scope)))
	}
	if want.Defaulted && refusesScope(err) {
		named := want.Scope
		want.Scope = ""
		if got, err = t.createOnce(ctx, want); err == nil {
			got.Warnings = append(got.Warnings, fmt.Sprintf("The instance does not let the account write to %s in the scope "+
				"%s, which the provider chose. Without a scope the record went to %s: set scope_id to name the one that is meant.",
				t.Name, named, orNone(got.Scope)))
		}
	}
	return got, err
}

// refusesScope reports the answers of instances that do not let the account name a scope; nothing was written then. A
// refusal met while looking for a lost create is none of them.
func refusesScope(err error) bool {
	return !errors.Is(err, record.ErrOutcomeUnknown) &&
		(rest.HasStatus(err, http.StatusBadRequest) || rest.HasStatus(err, http.StatusForbidden))
}

func orNone(scope string) string {
	if scope == "" {
		return "a scope that it does not report"
	}
	return "the scope " + scope
}

func (t *Table) createOnce(ctx context.Context, want record.Write) (record.Answer, error) {
	body := body(want.Values, want.Secrets)
	body["sys_id"] = want.ID
	began := t.sn.now().Add(-time.Second)
	key := want.KeyValues()
	all := slices.Collect(maps.Keys(want.Secrets))
	own, end := t.sn.creations.begin(t.Name, want.Values)
	got, err := record.Creation{
		Send: func(ctx context.Context) (record.Answer, error) {
			got, err := t.write(ctx, http.MethodPost, "", body, want, want.Secrets)
			if err != nil {
				return got, err
			}
			t.sn.saw(t.Name, got.ID)
			got.KeptSecrets = all
			return got, t.confirmID(ctx, got.ID, want.ID)
		},
		Look: func(ctx context.Context) (record.Answer, error) {
			found, err := t.findCreated(ctx, want, key, own, began)
			return record.Answer{Record: found, KeptSecrets: all}, err
		},
		Repeatable: func() bool { return t.honorsIDs() },
		Conclusive: func() bool { return t.honorsIDs() || len(key) > 0 },
		Advice: fmt.Sprintf("Look for it on the instance before the next apply, with the query "+
			"sys_id=%s^ORsys_created_on>=%s in %s; one that is there is kept by an import of its sys_id",
			want.ID, began.Format(record.TimeLayout), t.Name),
		Patience: t.sn.Patience,
	}.Create(ctx)
	end(got.ID, !errors.Is(err, record.ErrOutcomeUnknown))
	t.sn.forgetAccountRows(t.Name)
	return got, err
}

// createdByUs reports whether nothing says that another account created a row.
func (t *Table) createdByUs(ctx context.Context, row record.Record) bool {
	by := row.Text("sys_created_by")
	if by == "" {
		return true
	}
	name, err := t.sn.accountName(ctx)
	return err != nil || strings.EqualFold(by, name)
}

// confirmID makes sure of the id that the first create of a table was answered with. Where it is not the one that was
// sent, the instance made its own, or the answer is about another row, which only a look at that row tells.
func (t *Table) confirmID(ctx context.Context, answered, sent string) error {
	honored := strings.EqualFold(answered, sent)
	if _, known := t.sn.idsHonored.Load(t.Name); !honored && (!known || t.honorsIDs()) {
		if _, err := t.readOne(ctx, answered, nil); err != nil {
			return fmt.Errorf("the create in %s was answered with the sys_id %s (%w): %w", t.Name, answered, err,
				record.ErrOutcomeUnknown)
		}
	}
	t.sn.idsHonored.Store(t.Name, honored)
	return nil
}

// honorsIDs reports whether a create of this process was answered with the id that it carried.
func (t *Table) honorsIDs() bool {
	honored, known := t.sn.idsHonored.Load(t.Name)
	return known && honored == true
}

func (t *Table) refuseDuplicate(ctx context.Context, want record.Write) error {
	match := want.KeyValues()
	if match == nil {
		return nil
	}
	q, err := newLookUp(record.Match{Values: match}, want.Key, 5)
	if err != nil {
		return fmt.Errorf("%w, or set duplicate_check = false in the provider block to create it without that check", err)
	}
	q.tolerant = true
	found, err := t.sn.lookUpsOf(t.Name).find(ctx, t, q)
	if err == nil && len(found) > 0 && q.remembered {
		found, err = t.findAlone(ctx, q) // it may be gone since, and an error must not rest on a memory
	}
	if err != nil || len(found) == 0 {
		return err
	}
	exists := &record.ExistsError{Key: record.DescribeKey(match)}
	for _, r := range found {
		exists.IDs = append(exists.IDs, r.ID)
	}
	return exists
}

// findCreated looks for the row of a POST whose answer proves nothing: by the id it carried, then, for instances that
// make their own ids, by its natural key among the rows created since; without one by all that was written. Where the
// look-up before the POST found none of that key, a row that is older by the server's clock is ours as well: columns
// may be filled by another clock than the header Date.
func (t *Table) findCreated(
	ctx context.Context, want record.Write, match map[string]string, own *creation, began time.Time,
) (record.Record, error) {
	got, err := t.readOne(ctx, want.ID, want.Columns)
	if !errors.Is(err, record.ErrNotFound) {
		return got, err
	}
	query, unspeakable := encodedQuery(match)
	if len(match) == 0 || unspeakable != nil {
		if t.honorsIDs() {
			return record.Record{}, record.ErrNotFound
		}
		return t.findByValues(ctx, want, own, began)
	}
	rows, _, err := t.list(ctx, query+"^ORDERBYDESCsys_created_on",
		slices.Concat([]string{"sys_created_on", "sys_created_by"}, want.Columns, want.Key), mostCandidates)
	if err != nil {
		return record.Record{}, err
	}
	rows = slices.DeleteFunc(rows, func(r record.Record) bool { return !matches(r, match) })
	since := began.Format(record.TimeLayout)
	fresh := slices.DeleteFunc(slices.Clone(rows), func(r record.Record) bool { return r.Text("sys_created_on") < since })
	switch {
	case len(fresh) > 0 || len(rows) == 0 || t.honorsIDs(): // which would have shown it by its id
		rows = fresh
	case !want.LookedUp && !t.sn.DuplicateCheck || !t.createdByUs(ctx, rows[0]):
		return record.Record{}, fmt.Errorf("%s, sys_id %s, is in %s since %s, and may be an older record or the one of this "+
			"create, by a clock that is behind", record.DescribeKey(match), rows[0].ID, t.Name, rows[0].Text("sys_created_on"))
	}
	switch len(rows) {
	case 0:
		return record.Record{}, record.ErrNotFound
	case 1:
		return rows[0], nil
	}
	several := &record.SeveralError{Key: " with " + record.DescribeKey(match)}
	for _, r := range rows {
		several.IDs = append(several.IDs, r.ID)
	}
	return record.Record{}, several
}

// Read returns one row. In bulk mode it waits for other reads of the table, to ask for all of them at once.
//
// That a row is gone is confirmed by a query of its own: it is made again next, and one odd list would double it.
func (t *Table) Read(ctx context.Context, have record.Record, columns []string) (record.Answer, error) {
	if have.ID == "" {
		return record.Answer{}, record.ErrNotFound
	}
	var row record.Record
	var err error
	if t.sn.SingleReads {
		row, err = t.readOne(ctx, have.ID, columns)
	} else {
		row, err = t.sn.readsOf(t.Name).read(ctx, t, have.ID, columns, false)
	}
	if errors.Is(err, record.ErrNotFound) && !t.sn.AcceptVanished {
		row, err = t.readOne(ctx, have.ID, columns)
	}
	return record.Answer{Record: row}, err
}

// readOne asks for the row by a query of its own, whose count tells a hidden row from a deleted one; a GET by id
// answers 404 to both.
func (t *Table) readOne(ctx context.Context, id string, columns []string) (record.Record, error) {
	found, err := t.readMany(ctx, map[string]bool{id: true}, columns)
	if err != nil {
		return record.Record{}, err
	}
	return found[id].row, found[id].err
}

// Update sends the columns that differ and the secrets that the instance does not hold yet, or nothing at all.
func (t *Table) Update(ctx context.Context, have record.Record, want record.Write) (got record.Answer, err error) {
	values, secrets := record.ChangedValues(have, want.Record), want.SecretsToSend()
	if len(values)+len(secrets) == 0 {
		return record.Answer{Record: have}, nil
	}
	want.ID = have.ID
	if want.Scope == "" {
		want.Scope = have.Scope
	}
	change := t.changeOf(have.ID, values, secrets)
	err = t.sn.Guarded(ctx, want.Options, []RowChange{change}, func(ctx context.Context) (err error) {
		got, err = t.update(ctx, have, want, values, secrets)
		return err
	})
	return got, err
}

func (t *Table) update(
	ctx context.Context, have record.Record, want record.Write, values map[string]any, secrets map[string]record.Secret,
) (record.Answer, error) {
	got, err := t.write(ctx, http.MethodPatch, "/"+rest.PathElement(have.ID), body(values, secrets), want, secrets)
	if errors.Is(err, record.ErrOutcomeUnknown) && len(secrets) == 0 {
		// The answer was none; what the row holds now decides.
		row, rerr := t.readOne(ctx, have.ID, want.Columns)
		if rerr != nil {
			return record.Answer{}, fmt.Errorf("%w (and the row could not be read: %w)", err, rerr)
		}
		return record.Answer{Record: row}, nil
	}
	if err != nil {
		return record.Answer{}, err
	}
	if have.Revision != "" && got.Revision == have.Revision {
		// Nothing was written, although the call answered 200: the answer may show what was sent, so look again.
		row, err := t.readOne(ctx, have.ID, want.Columns)
		if err != nil {
			return record.Answer{}, err
		}
		got.Record = row
		if len(secrets) > 0 {
			got.Warnings = append(got.Warnings, unmoved(secrets))
		}
	}
	got.KeptSecrets = slices.Collect(maps.Keys(secrets))
	return got, nil
}

// unmoved warns of secrets in a row that a write left as it was: nothing else tells what became of them.
func unmoved(secrets map[string]record.Secret) string {
	columns := strings.Join(slices.Sorted(maps.Keys(secrets)), ", ")
	return "The instance answered the write of " + columns + " with success, " +
		"and changed nothing (sys_mod_count stands still). Either it held this very value before, or it dropped the value " +
		"without a word, as an ACL of the column or a business rule does. Make sure that the secret is accepted where it " +
		"is used."
}

// WriteAsDisplayed patches secrets in a request of their own with sysparm_input_display_value=true, which makes the
// instance hash a password. The flag changes how every column of the request is read, so nothing else travels along.
func (t *Table) WriteAsDisplayed(
	ctx context.Context, have record.Record, columns []string, secrets map[string]record.Secret, options record.Options,
) (record.Answer, error) {
	want := record.Write{Record: have, Columns: columns}
	r := t.request(http.MethodPatch, "/"+rest.PathElement(have.ID), body(nil, secrets), want)
	r.Secrets = record.Plaintexts(secrets)
	r.Query.Set("sysparm_input_display_value", "true")
	var got record.Answer
	changes := []RowChange{t.changeOf(have.ID, nil, secrets)}
	err := t.sn.Guarded(ctx, options, changes, func(ctx context.Context) (err error) {
		got, err = t.send(ctx, r)
		return err
	})
	if err != nil {
		return got, err
	}
	if have.Revision != "" && got.Revision == have.Revision {
		got.Warnings = append(got.Warnings, unmoved(secrets))
	}
	got.KeptSecrets = slices.Collect(maps.Keys(secrets))
	return got, nil
}

// Delete removes the row and makes sure that it is gone: a business rule may keep it without a word, and ServiceNow
// answers 404 both to a row that is gone and to one that is hidden.
func (t *Table) Delete(ctx context.Context, have record.Record, options record.Options) ([]string, error) {
	change := RowChange{Table: t.Name, ID: have.ID, Deleted: true}
	return nil, t.sn.Guarded(ctx, options, []RowChange{change}, func(ctx context.Context) error {
		return t.delete(ctx, have)
	})
}

func (t *Table) delete(ctx context.Context, have record.Record) error {
	ctx, cancel := record.GraceContext(ctx) // the proof that the record is gone is part of the write
	defer cancel()
	r := t.request(http.MethodDelete, "/"+rest.PathElement(have.ID), nil, record.Write{})
	r.Query = url.Values{}
	if have.Scope != "" {
		r.Query.Set(transactionScope, have.Scope)
	}
	t.sn.forget(t.Name, have.ID)
	answered := t.sn.deletes.Begin()
	err := t.change(ctx, r, nil)
	answered()
	if err != nil && !errors.Is(err, record.ErrNotFound) {
		t.sn.noteWrite(t.Name, writeOutcome(record.Record{}, err))
		return err
	}
	t.sn.noteWrite(t.Name, ownWrite{deleted: have.ID})
	if !t.sn.SingleReads {
		t.sn.deletes.Settle(ctx)
	}
	_, rerr := t.verifyGone(ctx, have.ID)
	if err == nil {
		rerr = t.lookAgain(ctx, have.ID, rerr)
	}
	if !errors.Is(rerr, record.ErrNotFound) {
		t.sn.noteWrite(t.Name, ownWrite{})
	}
	switch {
	case errors.Is(rerr, record.ErrNotFound):
		return nil
	case rerr != nil && err == nil:
		return fmt.Errorf("the delete was answered, and whether the record is gone could not be found out: %w", rerr)
	case rerr != nil:
		return fmt.Errorf("%w (and %w)", err, rerr)
	case err != nil:
		return err
	}
	return fmt.Errorf("the instance answered the delete of %s in %s, and the record is still there: a business rule "+
		"or an ACL kept it without a word", have.ID, t.Name)
}

// lookAgain makes sure of what became of a row whose delete was answered. One odd list would leave all deletes that it
// was to prove in the state, and the next refresh would find that many records vanished at once; and a server may carry
// a delete out a moment after its answer.
func (t *Table) lookAgain(ctx context.Context, id string, found error) error {
	columns := []string{"sys_id"}
	if found != nil && !errors.Is(found, record.ErrNotFound) {
		_, found = t.readOne(ctx, id, columns)
	}
	for _, part := range []time.Duration{300, 60, 20} { // of half a minute: 0.1, 0.5 and 1.5 s
		if found != nil {
			return found
		}
		select {
		case <-time.After(t.sn.Patience / part):
			_, found = t.readOne(ctx, id, columns)
		case <-ctx.Done():
			return nil
		}
	}
	return found
}

// verifyGone reads a row that should be there no more, together with others.
func (t *Table) verifyGone(ctx context.Context, id string) (record.Record, error) {
	columns := []string{"sys_id"}
	if t.sn.SingleReads {
		return t.readOne(ctx, id, columns)
	}
	return t.sn.readsOf(t.Name).read(ctx, t, id, columns, true)
}

// Find looks rows up by the values of some columns, together with others that are looked up now. Values that a query
// cannot hold are refused.
func (t *Table) Find(
	ctx context.Context, match record.Match, columns []string, limit int,
) ([]record.Record, error) {
	q, err := newLookUp(match, columns, limit)
	if err != nil {
		return nil, err
	}
	rows, err := t.sn.lookUpsOf(t.Name).find(ctx, t, q)
	for _, row := range rows {
		t.sn.saw(t.Name, row.ID)
	}
	return rows, err
}

// Query lists rows by an encoded query, at most limit of them. The server drops invalid terms of it silently.
func (t *Table) Query(ctx context.Context, query string, columns []string, limit int) ([]record.Record, error) {
	rows, _, err := t.list(ctx, query, columns, limit)
	return rows, err
}

// list reads the first rows that match. The total counts what the query matched before access control.
func (t *Table) list(ctx context.Context, query string, columns []string, limit int) ([]record.Record, count, error) {
	return t.page(ctx, query, append([]string{"sys_id"}, columns...), limit, 0)
}

// write is the one place where rows are written; it returns the stored row.
func (t *Table) write(
	ctx context.Context, method, suffix string, body map[string]string, want record.Write,
	secrets map[string]record.Secret,
) (record.Answer, error) {
	r := t.request(method, suffix, body, want)
	r.Secrets = record.Plaintexts(secrets)
	return t.send(ctx, r)
}

func (t *Table) send(ctx context.Context, r rest.Request) (record.Answer, error) {
	row, err := t.sendRow(ctx, r)
	if err == nil {
		row = t.completed(ctx, row, r)
	}
	t.sn.noteWrite(t.Name, writeOutcome(row, err))
	return record.Answer{Record: row}, err
}

func (t *Table) sendRow(ctx context.Context, r rest.Request) (record.Record, error) {
	var out struct {
		Result any `json:"result"`
	}
	if err := t.change(ctx, r, &out); err != nil {
		return record.Record{}, err
	}
	row, err := newRow(out.Result)
	patched := err == nil && r.Method == http.MethodPatch
	if patched && row.ID != path.Base(r.Path) {
		err = errAnotherRow
	}
	if err != nil {
		return record.Record{}, fmt.Errorf("%s %s: the answer holds no record (%w): %w",
			r.Method, r.Path, err, record.ErrOutcomeUnknown)
	}
	return row, nil
}

// completed reads a row that was answered in part, such as with the sys_id alone. A column that the instance does not
// have leaves an answer whole: sys_mod_count, which each table has, is there then.
func (t *Table) completed(ctx context.Context, row record.Record, r rest.Request) record.Record {
	columns := strings.Split(r.Query.Get("sysparm_fields"), ",")
	missing := slices.ContainsFunc(columns, func(column string) bool {
		_, ok := row.Values[column]
		return !ok && column != "sys_mod_count"
	})
	if row.Revision != "" || !missing {
		return row
	}
	ctx, cancel := record.GraceContext(ctx) // what was written is known only with it
	defer cancel()
	stored, err := t.readOne(ctx, row.ID, columns)
	if err != nil {
		return row
	}
	return stored
}

// change sends a write. A change of a row that the instance refuses in the row's own scope is sent once more without a
// scope: where none may be named, what a create left in the account's scope could else never be changed or deleted. A
// second refusal has another cause, and the first says so.
func (t *Table) change(ctx context.Context, r rest.Request, out any) error {
	_, err := t.sn.do(ctx, r, out)
	if r.Method == http.MethodPost || !r.Query.Has(transactionScope) || !refusesScope(err) {
		return err
	}
	r.Query = maps.Clone(r.Query)
	r.Query.Del(transactionScope)
	if _, again := t.sn.do(ctx, r, out); !refusesScope(again) {
		return again
	}
	return err
}

// transactionScope names the scope that a request runs in.
const transactionScope = "sysparm_transaction_scope"

func (t *Table) request(method, suffix string, body map[string]string, want record.Write) rest.Request {
	query := url.Values{
		"sysparm_fields":                 {fieldList(want.Columns)},
		"sysparm_exclude_reference_link": {"true"},
		"sysparm_display_value":          {"false"},
	}
	if want.Scope != "" {
		query.Set(transactionScope, want.Scope)
	}
	r := rest.Request{
		Method: method, Path: t.path(suffix), Query: query, Write: true, Answered: method != http.MethodDelete,
	}
	if body != nil {
		r.Body = body
	}
	return r
}

func (t *Table) path(suffix string) string {
	return "/api/now/table/" + rest.PathElement(t.Name) + suffix
}

// body flattens values and secrets: every ServiceNow column is a string on the wire. A column that was a secret, and
// has a value now, is not cleared.
func body(values map[string]any, secrets map[string]record.Secret) map[string]string {
	body := map[string]string{}
	for column, value := range values {
		body[column] = record.Text(value)
	}
	for column, secret := range secrets {
		if secret.Value != "" || values[column] == nil {
			body[column] = secret.Value
		}
	}
	return body
}

// errAnotherRow reports that an answer is about another row than the request.
var errAnotherRow = errors.New("it is about another sys_id")

// errNoRow reports that an answer holds something else than a row.
var errNoRow = errors.New("not a row with a sys_id")

// newRow reads one row: an object with a sys_id.
func newRow(decoded any) (record.Record, error) {
	row, ok := decoded.(map[string]any)
	if !ok {
		return record.Record{}, errNoRow
	}
	r := record.Record{
		ID: text(row["sys_id"]), Revision: text(row["sys_mod_count"]), Scope: text(row[scopeColumn]), Values: row,
	}
	if r.ID == "" {
		return record.Record{}, errNoRow
	}
	for column, value := range row {
		row[column] = text(value)
	}
	return r, nil
}

// text reads a column: a scalar as its text, and of a reference or sys_domain, {"link": …, "value": …}, the value.
func text(value any) string {
	if reference, ok := value.(map[string]any); ok {
		if inner, ok := reference["value"]; ok {
			return record.Text(inner)
		}
	}
	return record.Text(value)
}

// matches reports whether a row holds the values that were asked for; ServiceNow compares without case.
func matches(r record.Record, match map[string]string) bool {
	for column, value := range match {
		if !strings.EqualFold(r.Text(column), value) {
			return false
		}
	}
	return true
}

func fieldList(columns []string) string {
	all := append([]string{"sys_id", "sys_mod_count"}, columns...)
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ",")
}

// NewSysID makes an id that an instance accepts for a new record: 32 hex digits.
func NewSysID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand
	return hex.EncodeToString(id[:])
}
