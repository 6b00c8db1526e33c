package servicenow

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// privilegeStore takes care of the rows that the platform writes itself at run time.
type privilegeStore struct {
	*servicenowapi.Table
	sn *servicenowapi.Client
}

var _ record.Lister = privilegeStore{}

func newPrivilegeStore(c *lifecycle.Servers) record.Store {
	return privilegeStore{c.ServiceNow.Table("sys_scope_privilege"), c.ServiceNow}
}

func adoptExisting(o *record.Options) *bool { return &o.AdoptExisting }

// applicationColumns refer to applications, which a configuration may name by their scopes.
var applicationColumns = []string{"source_scope", "target_scope"}

// resolved puts sys_ids in the place of scopes.
func (s privilegeStore) resolved(ctx context.Context, r record.Record) (record.Record, error) {
	r.Values = maps.Clone(r.Values)
	for _, column := range applicationColumns {
		if scope := r.Text(column); scope != "" {
			id, err := s.sn.ApplicationID(ctx, scope)
			if err != nil {
				return r, err
			}
			r.Values[column] = id
		}
	}
	return r, nil
}

// named adds the names of the scopes of known to an answer that refers to the same applications and does not hold them.
func (s privilegeStore) named(ctx context.Context, got record.Answer, known record.Record) record.Answer {
	got.Values = maps.Clone(got.Values)
	for _, column := range applicationColumns {
		name := field.ScopeNameColumn(column)
		id, err := s.sn.ApplicationID(ctx, known.Text(column))
		if err == nil && got.Text(name) == "" && id == got.Text(column) {
			got.Values[name] = known.Text(column)
		}
	}
	return got
}

// Find looks privileges up, for imports.
func (s privilegeStore) Find(
	ctx context.Context, match record.Match, columns []string, limit int,
) ([]record.Record, error) {
	wanted := record.Record{Values: map[string]any{}}
	for column, value := range match.Values {
		wanted.Values[column] = value
	}
	wanted, err := s.resolved(ctx, wanted)
	if err != nil {
		return nil, err
	}
	match.Values = map[string]string{}
	for column := range wanted.Values {
		match.Values[column] = wanted.Text(column)
	}
	return s.Table.Find(ctx, match, columns, limit)
}

func (s privilegeStore) Read(ctx context.Context, have record.Record, columns []string) (record.Answer, error) {
	got, err := s.Table.Read(ctx, have, columns)
	if err != nil {
		return got, err
	}
	return s.named(ctx, got, have), nil
}

func (s privilegeStore) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	configured := want.Record
	var err error
	if want.Record, err = s.resolved(ctx, want.Record); err != nil {
		return record.Answer{}, err
	}
	got, err := s.create(ctx, want)
	if got.ID != "" {
		got = s.named(ctx, got, configured)
	}
	return got, err
}

func (s privilegeStore) create(ctx context.Context, want record.Write) (record.Answer, error) {
	match := record.Match{Values: map[string]string{}}
	for _, column := range want.Key {
		match.Values[column] = want.Text(column)
	}
	rows, err := s.Find(ctx, match, want.Columns, 5)
	if err != nil {
		return record.Answer{}, err
	}
	if len(rows) == 0 {
		if want.Scope == "" {
			// The platform counts a privilege only where it belongs to the application that it is for.
			want.Scope, want.Defaulted = want.Text("source_scope"), true
		}
		return adopter{s.Table, s.sn}.create(ctx, want)
	}
	if !want.AdoptExisting {
		exists := &record.ExistsError{Key: "this source, target and operation"}
		for _, row := range rows {
			exists.IDs = append(exists.IDs, row.ID)
		}
		return record.Answer{}, exists
	}
	have := rows[0]
	got, err := adopter{s.Table, s.sn}.adopt(ctx, have, want)
	if err != nil {
		return got, err
	}
	got.Warnings = append(got.Warnings, fmt.Sprintf("The privilege %s on %s existed already, with the status %q, as the "+
		"platform writes such records itself. It is managed from here now (sys_id %s); destroying it restores that status "+
		"and leaves the record in place.", have.Text("operation"), have.Text("target_name"), have.Text("status"), have.ID))
	return got, nil
}

func (s privilegeStore) Update(ctx context.Context, have record.Record, want record.Write) (record.Answer, error) {
	configured := want.Record
	for column, value := range have.Values { // the applications stay, however they are spelled
		if slices.Contains(applicationColumns, column) {
			want.Values[column] = value
		}
	}
	got, err := adopter{s.Table, s.sn}.update(ctx, have, want)
	if got.ID != "" {
		got = s.named(ctx, got, configured)
	}
	return got, err
}

// Delete releases a privilege that was taken over.
func (s privilegeStore) Delete(ctx context.Context, have record.Record, options record.Options) ([]string, error) {
	return adopter{s.Table, s.sn}.release(ctx, have, options)
}
