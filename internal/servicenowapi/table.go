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

// Table gives the store of a table's rows.
func (s *Client) Table(name string) *Table { return &Table{Name: name, sn: s} }

// scopeColumn holds a record's application scope. It is read like any column, and written by a parameter of the
// request.
const scopeColumn = "sys_scope"

// Create sends one POST. With the duplicate check on, a look-up of the natural key goes before it.
// A POST whose answer was lost is resolved, never blindly repeated.
func (t *Table) Create(ctx context.Context, want record.Record) (record.Record, error) {
	if t.sn.DuplicateCheck && !want.LookedUp {
		if err := t.refuseDuplicate(ctx, want); err != nil {
			return record.Record{}, err
		}
	}
	if want.ID == "" {
		want.ID = NewSysID()
	}
	body := t.body(want.Values, want.Secrets)
	body["sys_id"] = want.ID
	began := t.sn.now().Add(-time.Second)
	ctx, cancel := rest.GraceContext(ctx)
	defer cancel()
	for resent := 0; ; resent++ {
		got, err := t.write(ctx, http.MethodPost, "", body, want, want.Secrets)
		got.SecretsSent = err == nil && len(want.Secrets) > 0
		lost := errors.Is(err, record.ErrOutcomeUnknown)
		if err == nil || (!lost && resent == 0) {
			return got, err
		}
		found, ferr := t.landed(ctx, want, began)
		switch {
		case ferr == nil:
			found.SecretsSent = len(want.Secrets) > 0
			return found, nil
		case !errors.Is(ferr, record.ErrNotFound):
			return record.Record{}, fmt.Errorf(
				"%w (and it could not be told whether the record was made: %w)",
				err,
				ferr,
			)
		case !lost || resent == record.MaxResends || rest.OperationContext(ctx).Err() != nil:
			return record.Record{}, err
		}
	}
}

func (t *Table) refuseDuplicate(ctx context.Context, want record.Record) error {
	match := record.KeyOf(want)
	if len(match) == 0 {
		return nil
	}
	found, err := t.Find(ctx, match, want.Key, 5)
	if err != nil || len(found) == 0 {
		return err
	}
	exists := &record.ExistsError{Key: record.DescribeKey(match)}
	for _, r := range found {
		exists.IDs = append(exists.IDs, r.ID)
	}
	return exists
}

// landed looks for the record of a POST whose answer was lost: by the id it carried, then, for instances that make
// their own ids, by its natural key among the records created since.
func (t *Table) landed(ctx context.Context, want record.Record, began time.Time) (record.Record, error) {
	got, err := t.readOne(ctx, want)
	if !errors.Is(err, record.ErrNotFound) {
		return got, err
	}
	match := record.KeyOf(want)
	if len(match) == 0 {
		return record.Record{}, record.ErrNotFound
	}
	query, err := encodedQuery(match)
	if err != nil {
		return record.Record{}, err
	}
	query += "^sys_created_on>=" + began.Format(record.TimeLayout)
	rows, _, err := t.list(ctx, query, append([]string{"sys_created_on"}, want.Columns...), 5)
	if err != nil {
		return record.Record{}, err
	}
	rows = slices.DeleteFunc(rows, func(r record.Record) bool {
		return !matches(r, match) || record.Text(r.Values["sys_created_on"]) < began.Format(record.TimeLayout)
	})
	switch len(rows) {
	case 0:
		return record.Record{}, record.ErrNotFound
	case 1:
		return rows[0], nil
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	return record.Record{}, fmt.Errorf(
		"several new records with %s: %s",
		record.DescribeKey(match),
		strings.Join(ids, ", "),
	)
}

// Read gives one row. In bulk mode it waits for other reads of the table, to ask for all of them at once.
func (t *Table) Read(ctx context.Context, have record.Record) (record.Record, error) {
	if have.ID == "" {
		return record.Record{}, record.ErrNotFound
	}
	if t.sn.SingleReads {
		return t.readOne(ctx, have)
	}
	return t.sn.readsOf(t.Name).read(ctx, t, have)
}

// readOne asks for the row by a query of its own, whose count tells a hidden row from a deleted one; a GET by id
// answers 404 to both.
func (t *Table) readOne(ctx context.Context, have record.Record) (record.Record, error) {
	found, err := t.readMany(ctx, map[string]bool{have.ID: true}, have.Columns)
	if err != nil {
		return record.Record{}, err
	}
	return found[have.ID].row, found[have.ID].err
}

// Update sends the columns that differ and the secrets that moved, or nothing at all.
func (t *Table) Update(ctx context.Context, have, want record.Record) (record.Record, error) {
	values, secrets := record.Changes(have, want)
	if len(values)+len(secrets) == 0 {
		return have, nil
	}
	want.ID = have.ID
	if _, ok := want.Values[scopeColumn]; !ok && have.Values[scopeColumn] != nil {
		want.Values[scopeColumn] = have.Values[scopeColumn]
	}
	got, err := t.write(ctx, http.MethodPatch, "/"+rest.PathElement(have.ID), t.body(values, secrets), want, secrets)
	if err != nil {
		return record.Record{}, err
	}
	if have.Revision != "" && got.Revision == have.Revision {
		// Nothing was written, although the call answered 200: the answer may show what was sent, so look again.
		if got, err = t.readOne(ctx, want); err != nil {
			return record.Record{}, err
		}
	}
	got.SecretsSent = len(secrets) > 0
	return got, nil
}

// WriteAsDisplayed patches columns in a request of their own with sysparm_input_display_value=true, which makes the
// instance hash a password. The flag changes how every column of the request is read, so nothing else travels along.
func (t *Table) WriteAsDisplayed(
	ctx context.Context,
	have record.Record,
	secrets map[string]record.Secret,
) (record.Record, error) {
	r := t.request(http.MethodPatch, "/"+rest.PathElement(have.ID), t.body(nil, secrets), have)
	r.Secrets = record.Plaintexts(secrets)
	r.Query.Set("sysparm_input_display_value", "true")
	got, err := t.send(ctx, r)
	got.SecretsSent = err == nil
	return got, err
}

// Delete removes the row. ServiceNow answers 404 both to a row that is gone and to one that is hidden.
func (t *Table) Delete(ctx context.Context, have record.Record) ([]string, error) {
	r := t.request(http.MethodDelete, "/"+rest.PathElement(have.ID), nil, have)
	r.Query = url.Values{}
	if scope := record.Text(have.Values[scopeColumn]); scope != "" {
		r.Query.Set("sysparm_transaction_scope", scope)
	}
	defer t.sn.wrote(t.Name)
	_, err := t.sn.do(ctx, r, nil)
	if !errors.Is(err, record.ErrNotFound) {
		return nil, err
	}
	if _, rerr := t.readOne(ctx, have); errors.Is(rerr, record.ErrNotFound) {
		return nil, nil
	}
	return nil, err
}

// Find looks rows up by the values of some columns. Values that hold "^" are refused.
func (t *Table) Find(
	ctx context.Context,
	match map[string]string,
	columns []string,
	limit int,
) ([]record.Record, error) {
	query, err := encodedQuery(match)
	if err != nil {
		return nil, err
	}
	rows, _, err := t.list(ctx, query, append(slices.Clone(columns), slices.Collect(maps.Keys(match))...), limit)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(rows, func(r record.Record) bool { return !matches(r, match) }), nil
}

// Query lists rows by an encoded query, at most limit of them. The server drops invalid terms of it silently.
func (t *Table) Query(ctx context.Context, query string, columns []string, limit int) ([]record.Record, error) {
	rows, _, err := t.list(ctx, query, columns, limit)
	return rows, err
}

// list reads the first rows that match. The total counts what the query matched before access control.
func (t *Table) list(ctx context.Context, query string, columns []string, limit int) ([]record.Record, int, error) {
	return t.page(ctx, query, append([]string{"sys_id"}, columns...), limit, 0)
}

// write is the one place where rows are written; it answers with the stored row.
func (t *Table) write(
	ctx context.Context,
	method, suffix string,
	body map[string]string,
	want record.Record,
	secrets map[string]record.Secret,
) (record.Record, error) {
	r := t.request(method, suffix, body, want)
	r.Secrets = record.Plaintexts(secrets)
	return t.send(ctx, r)
}

func (t *Table) send(ctx context.Context, r rest.Request) (record.Record, error) {
	var out struct {
		Result map[string]any `json:"result"`
	}
	defer t.sn.wrote(t.Name)
	if _, err := t.sn.do(ctx, r, &out); err != nil {
		return record.Record{}, err
	}
	got := newRecord(out.Result)
	if got.ID == "" {
		return record.Record{}, fmt.Errorf(
			"%s %s: the answer holds no record: %w",
			r.Method,
			r.Path,
			record.ErrOutcomeUnknown,
		)
	}
	return got, nil
}

func (t *Table) request(method, suffix string, body map[string]string, want record.Record) rest.Request {
	query := url.Values{
		"sysparm_fields":                 {fieldList(want.Columns)},
		"sysparm_exclude_reference_link": {"true"},
		"sysparm_display_value":          {"false"},
	}
	if scope := record.Text(want.Values[scopeColumn]); scope != "" {
		query.Set("sysparm_transaction_scope", scope)
	}
	r := rest.Request{Method: method, Path: t.path(suffix), Query: query, Write: true}
	if body != nil {
		r.Body = body
	}
	return r
}

func (t *Table) path(suffix string) string {
	return "/api/now/table/" + rest.PathElement(t.Name) + suffix
}

// body flattens values and secrets: every ServiceNow column is a string on the wire.
func (t *Table) body(values map[string]any, secrets map[string]record.Secret) map[string]string {
	body := map[string]string{}
	for column, value := range values {
		if column != scopeColumn {
			body[column] = record.Text(value)
		}
	}
	for column, secret := range secrets {
		body[column] = secret.Value
	}
	return body
}

func newRecord(row map[string]any) record.Record {
	r := record.Record{
		ID:       record.Text(row["sys_id"]),
		Revision: record.Text(row["sys_mod_count"]),
		Values:   map[string]any{},
	}
	for column, value := range row {
		r.Values[column] = record.Text(value)
	}
	return r
}

// matches tells whether a row holds the values that were asked for; ServiceNow compares without case.
func matches(r record.Record, match map[string]string) bool {
	for column, value := range match {
		if !strings.EqualFold(record.Text(r.Values[column]), value) {
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
