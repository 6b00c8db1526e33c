package servicenow

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// systemPropertyStore takes over properties that are there already.
type systemPropertyStore struct {
	*servicenowapi.Table
	sn *servicenowapi.Client
}

var _ record.Lister = systemPropertyStore{}

func newSystemPropertyStore(c *lifecycle.Servers) record.Store {
	return systemPropertyStore{c.ServiceNow.Table("sys_properties"), c.ServiceNow}
}

// readable refuses a property whose value must not, or cannot, be kept.
func (s systemPropertyStore) readable(row record.Record) error {
	if kind := row.Text("type"); slices.Contains(passwordTypes, kind) {
		return fmt.Errorf("the property %s is of the type %s: %s", row.Text("name"), kind, passwordProperty)
	}
	if _, readable := row.Values["value"]; !readable {
		return fmt.Errorf("the value of the property %s (sys_id %s): %w. Without it the property could be neither compared "+
			"nor restored", row.Text("name"), row.ID, record.ErrHidden)
	}
	return nil
}

func (s systemPropertyStore) columns(columns []string) []string {
	all := slices.Concat(columns, []string{"name", "value", "type"})
	slices.Sort(all)
	return slices.Compact(all)
}

func (s systemPropertyStore) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	name := want.Text("name")
	if err := servicenowapi.Queryable(name); err != nil {
		return record.Answer{}, fmt.Errorf("name %w", err)
	}
	var rows []record.Record
	hidden, err := s.Each(ctx, "name="+name, s.columns(want.Columns), 0, func(row record.Record) error {
		if row.Text("name") == name {
			rows = append(rows, row)
		}
		return nil
	})
	switch {
	case err != nil:
		return record.Answer{}, fmt.Errorf("checking whether the property exists: %w", err)
	case hidden > 0:
		return record.Answer{}, fmt.Errorf("the property %s: %w", name, record.ErrHidden)
	case len(rows) > 1:
		exists := &record.ExistsError{Key: fmt.Sprintf("name = %q", name)}
		for _, row := range rows {
			exists.IDs = append(exists.IDs, row.ID)
		}
		return record.Answer{}, exists
	case len(rows) == 0:
		return adopter{s.Table, s.sn}.create(ctx, want)
	}
	have := rows[0]
	if err := s.readable(have); err != nil {
		return record.Answer{}, err
	}
	if want.Scope != "" && want.Scope != have.Scope {
		return record.Answer{}, fmt.Errorf("the property %s exists already (sys_id %s), in the scope %s and not in %s: take "+
			"scope_id out", name, have.ID, have.Scope, want.Scope)
	}
	got, err := adopter{s.Table, s.sn}.adopt(ctx, have, want)
	if err == nil {
		got.Warnings = append(got.Warnings, fmt.Sprintf("The property %s existed already, with the value %q. It is managed "+
			"from here now (sys_id %s); destroying it restores that value and leaves it in place.", name, have.Text("value"),
			have.ID))
	}
	return got, err
}

func (s systemPropertyStore) Read(
	ctx context.Context, have record.Record, columns []string,
) (record.Answer, error) {
	got, err := s.Table.Read(ctx, have, s.columns(columns))
	if err != nil {
		return got, err
	}
	return got, s.readable(got.Record)
}

func (s systemPropertyStore) Update(
	ctx context.Context, have record.Record, want record.Write,
) (record.Answer, error) {
	return adopter{s.Table, s.sn}.update(ctx, have, want)
}

func (s systemPropertyStore) Delete(
	ctx context.Context, have record.Record, options record.Options,
) ([]string, error) {
	return adopter{s.Table, s.sn}.release(ctx, have, options)
}
