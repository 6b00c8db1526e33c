package servicenow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// keyScopes stands for the column of the auth scopes until the dictionary has named it.
const keyScopes = "api_key.auth_scope_ids"

// restAPIKeyStore asks the dictionary which column holds the auth scopes, since no export shows it.
type restAPIKeyStore struct {
	*servicenowapi.Table
	sn *servicenowapi.Client
}

var _ record.Lister = restAPIKeyStore{}

func newRESTAPIKeyStore(c *lifecycle.Servers) record.Store {
	return restAPIKeyStore{c.ServiceNow.Table("api_key"), c.ServiceNow}
}

func (s restAPIKeyStore) scopeColumn(ctx context.Context) (string, error) {
	column, err := s.sn.ReferringColumn(ctx, "api_key", "sys_auth_scope", "user")
	switch {
	case errors.As(err, new(*servicenowapi.NoColumnError)):
		return "", fmt.Errorf("%w. Keys have no auth scopes there: take auth_scope_ids out; the key opens all that its user "+
			"may do", err)
	case errors.As(err, new(*servicenowapi.UnknownColumnError)):
		return "", fmt.Errorf("%w. Give the account the role admin or personalize_dictionary, take auth_scope_ids out, or "+
			"name the column in additional_columns", err)
	}
	return column, err
}

// named puts the column's name in the place of keyScopes.
func named(r record.Record, columns []string, column string) (record.Record, []string) {
	r.Values = maps.Clone(r.Values)
	if value, ok := r.Values[keyScopes]; ok {
		delete(r.Values, keyScopes)
		if column != "" {
			r.Values[column] = value
		}
	}
	columns = slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return c == keyScopes })
	if column != "" {
		columns = append(columns, column)
	}
	return r, columns
}

// unnamed is the other way. An answer without the column says nothing about the scopes.
func unnamed(got record.Answer, column string) record.Answer {
	value, ok := got.Values[column]
	if !ok || column == "" {
		return got
	}
	got.Values = maps.Clone(got.Values)
	delete(got.Values, column)
	got.Values[keyScopes] = value
	return got
}

func (s restAPIKeyStore) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	column := ""
	if want.Values[keyScopes] != nil {
		var err error
		if column, err = s.scopeColumn(ctx); err != nil {
			return record.Answer{}, err
		}
	}
	want.Record, want.Columns = named(want.Record, want.Columns, column)
	got, err := s.Table.Create(ctx, want)
	return unnamed(got, column), err
}

func (s restAPIKeyStore) Update(
	ctx context.Context, have record.Record, want record.Write,
) (record.Answer, error) {
	column := ""
	if want.Values[keyScopes] != nil || have.Values[keyScopes] != nil {
		var err error
		if column, err = s.scopeColumn(ctx); err != nil {
			return record.Answer{}, err
		}
	}
	have, _ = named(have, nil, column)
	want.Record, want.Columns = named(want.Record, want.Columns, column)
	got, err := s.Table.Update(ctx, have, want)
	return unnamed(got, column), err
}

// Read returns the scopes where they are owned, and where nothing is known of the key yet, as after an import; then
// they are left out if no column can be found.
func (s restAPIKeyStore) Read(
	ctx context.Context, have record.Record, columns []string,
) (record.Answer, error) {
	column, owned := "", have.Values[keyScopes] != nil
	if owned || have.Revision == "" {
		found, err := s.scopeColumn(ctx)
		if err != nil && owned {
			return record.Answer{}, err
		}
		column = found
	}
	_, columns = named(have, columns, column)
	got, err := s.Table.Read(ctx, have, columns)
	return unnamed(got, column), err
}

// Each lists the keys with their scopes, as far as the column can be found.
func (s restAPIKeyStore) Each(
	ctx context.Context, query string, columns []string, limit int, do func(record.Record) error,
) (hidden int, err error) {
	column, err := s.scopeColumn(ctx)
	if err != nil {
		column = ""
	}
	_, columns = named(record.Record{}, columns, column)
	return s.Table.Each(ctx, query, columns, limit, func(row record.Record) error {
		return do(unnamed(record.Answer{Record: row}, column).Record)
	})
}
