package servicenow

import (
	"context"
	"maps"
	"slices"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// recordStore finds the table in the record.
type recordStore struct{ sn *servicenowapi.Client }

func newRecordStore(c *lifecycle.Servers) record.Store { return recordStore{c.ServiceNow} }

func inTable(table string, got record.Answer) record.Answer {
	got.Table = table
	return got
}

func (s recordStore) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	got, err := s.sn.Table(want.Table).Create(ctx, want)
	return inTable(want.Table, got), err
}

func (s recordStore) Read(ctx context.Context, have record.Record, columns []string) (record.Answer, error) {
	got, err := s.sn.Table(have.Table).Read(ctx, have, columns)
	return inTable(have.Table, got), err
}

// Update reads columns that it did not know before, so that one which holds the wanted value already is not written.
func (s recordStore) Update(ctx context.Context, have record.Record, want record.Write) (record.Answer, error) {
	table := s.sn.Table(have.Table)
	if !knows(have, slices.Collect(maps.Keys(want.Values))) {
		now, err := table.Read(ctx, have, want.Columns)
		if err != nil {
			return record.Answer{}, err
		}
		have = now.Record
	}
	ctx, cancel := record.GraceContext(ctx) // what the write came to is read after a cancel, too
	defer cancel()
	got, err := table.Update(ctx, have, want)
	if err == nil && !knows(got.Record, want.Columns) {
		var now record.Answer
		if now, err = table.Read(ctx, got.Record, want.Columns); err == nil {
			got.Record = now.Record
		}
	}
	return inTable(table.Name, got), err
}

func knows(r record.Record, columns []string) bool {
	return !slices.ContainsFunc(columns, func(column string) bool { _, ok := r.Values[column]; return !ok })
}

func (s recordStore) Delete(ctx context.Context, have record.Record, options record.Options) ([]string, error) {
	return s.sn.Table(have.Table).Delete(ctx, have, options)
}
