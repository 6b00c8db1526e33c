package servicenow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// adopter takes rows over that somebody else made, and gives them back as they were. What it writes to such a row is
// remembered by column in Record.Found.
type adopter struct {
	table *servicenowapi.Table
	sn    *servicenowapi.Client
}

// create makes a row whose key was looked up before.
func (a adopter) create(ctx context.Context, want record.Write) (record.Answer, error) {
	want.LookedUp = true
	got, err := a.table.Create(ctx, want)
	if got.ID != "" {
		a.sn.Claim(a.table.Name, got.ID)
	}
	return got, err
}

// adopt writes what is wanted to a row that is there. Its application scope stays. One that another resource of the
// same configuration has is refused.
func (a adopter) adopt(ctx context.Context, have record.Record, want record.Write) (record.Answer, error) {
	if !a.sn.Claim(a.table.Name, have.ID) {
		return record.Answer{}, &record.ExistsError{
			IDs: []string{have.ID}, Key: record.DescribeKey(want.KeyValues()), SameRun: true,
		}
	}
	want.Scope = ""
	found := map[string]string{}
	for column := range record.ChangedValues(have, want.Record) {
		found[column] = have.Text(column)
	}
	got, err := a.table.Update(ctx, have, want)
	if err != nil {
		a.sn.Release(a.table.Name, have.ID)
		return got, err
	}
	got.Found = found
	return got, nil
}

// update changes a row, and remembers of an adopted one what a column held before its first write.
func (a adopter) update(ctx context.Context, have record.Record, want record.Write) (record.Answer, error) {
	if have.Found == nil {
		return a.table.Update(ctx, have, want)
	}
	found := maps.Clone(have.Found)
	var further []string
	for column := range record.ChangedValues(have, want.Record) {
		if _, known := found[column]; !known {
			further = append(further, column)
		}
	}
	if len(further) > 0 {
		now, err := a.table.Read(ctx, have, further)
		if err != nil {
			return record.Answer{}, err
		}
		for _, column := range further {
			found[column] = now.Text(column)
		}
	}
	got, err := a.table.Update(ctx, have, want)
	if err == nil {
		got.Found = found
	}
	return got, err
}

// release deletes a row that a create made, and restores one that was adopted.
func (a adopter) release(ctx context.Context, have record.Record, options record.Options) ([]string, error) {
	defer a.sn.Release(a.table.Name, have.ID)
	if have.Found == nil {
		return a.table.Delete(ctx, have, options)
	}
	columns := slices.Sorted(maps.Keys(have.Found))
	if len(columns) == 0 {
		return nil, nil
	}
	before := record.Write{Record: record.Record{Values: map[string]any{}}, Columns: columns}
	for column, value := range have.Found {
		before.Values[column] = value
	}
	got, err := a.table.Update(ctx, have, before)
	if errors.Is(err, record.ErrNotFound) { // which the instance says of a hidden row, too
		_, rerr := a.table.Read(ctx, have, []string{"sys_id"})
		if errors.Is(rerr, record.ErrNotFound) {
			return nil, nil
		}
		err = errors.Join(err, rerr)
	}
	if err != nil {
		return nil, fmt.Errorf("restoring what it held before it was taken over: %w", err)
	}
	for column, value := range have.Found {
		if now, answered := got.Values[column]; answered && record.Text(now) != value {
			return nil, fmt.Errorf("restoring what it held before it was taken over: the instance kept %q in the column %s, "+
				"not %q", record.Text(now), column, value)
		}
	}
	return nil, nil
}
