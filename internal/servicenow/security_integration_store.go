package servicenow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// parameterPrefix stands before a parameter's name where a record holds it like a column.
const parameterPrefix = "parameter."

// securityIntegrationStore keeps an integration instance and one row per parameter as one record.
//
// The rows are found the way the platform's own script include does: by implementation, keyed by configuration.name.
type securityIntegrationStore struct {
	instances, values *servicenowapi.Table
	sn                *servicenowapi.Client
}

func newSecurityIntegrationStore(c *lifecycle.Servers) record.Store {
	return securityIntegrationStore{
		c.ServiceNow.Table("sn_sec_int_impl"), c.ServiceNow.Table("sn_sec_int_impl_config"), c.ServiceNow,
	}
}

// parameterDefinition is a row of sn_sec_int_config.
type parameterDefinition struct {
	id, label, kind, defaultValue string
	mandatory                     bool
}

// secret goes by the kind of form element, whose values nothing documents.
func (d parameterDefinition) secret() bool {
	kind := strings.ToLower(d.kind)
	return strings.Contains(kind, "pass") || strings.Contains(kind, "secret") || strings.Contains(kind, "encrypt")
}

// parameterDefinitions are the parameters of one integration, by name.
type parameterDefinitions map[string]parameterDefinition

func definedParameters(
	ctx context.Context,
	sn *servicenowapi.Client,
	integration string,
) (parameterDefinitions, error) {
	defined := parameterDefinitions{}
	columns := []string{"name", "integration", "label", "elem_type", "mandatory", "default_value"}
	query := "integration=" + integration
	_, err := sn.Table("sn_sec_int_config").Each(ctx, query, columns, 0, func(row record.Record) error {
		if record.Text(row.Values["integration"]) == integration {
			defined[record.Text(row.Values["name"])] = parameterDefinition{
				id: row.ID, label: record.Text(row.Values["label"]), kind: record.Text(row.Values["elem_type"]),
				defaultValue: record.Text(row.Values["default_value"]),
				mandatory:    record.Text(row.Values["mandatory"]) == "true",
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the parameters of the integration: %w", err)
	}
	return defined, nil
}

// refuse names the parameters that the integration does not have, and those that it has.
func (d parameterDefinitions) refuse(names []string) error {
	unknown := slices.Sorted(slices.Values(names))
	unknown = slices.DeleteFunc(unknown, func(name string) bool { _, ok := d[name]; return ok })
	switch {
	case len(unknown) == 0:
		return nil
	case len(d) == 0:
		return errors.New(
			"the integration has no parameters (sn_sec_int_config), or the account may not read them, or " +
				"integration_id is that of something else",
		)
	}
	return fmt.Errorf("the integration has no parameter %s. It has %s", strings.Join(unknown, ", "),
		strings.Join(slices.Sorted(maps.Keys(d)), ", "))
}

// instanceOf is the row of sn_sec_int_impl in a record.
func instanceOf(r record.Record) record.Record {
	r.Values = maps.Clone(r.Values)
	maps.DeleteFunc(r.Values, func(column string, _ any) bool { return strings.HasPrefix(column, parameterPrefix) })
	r.Columns = slices.DeleteFunc(slices.Clone(r.Columns), func(column string) bool {
		return strings.HasPrefix(column, parameterPrefix)
	})
	r.Secrets = nil
	return r
}

// namesIn lists the parameters that a record sets or clears.
func namesIn(r record.Record) []string {
	var names []string
	for column := range r.Values {
		if name, ok := strings.CutPrefix(column, parameterPrefix); ok && r.Values[column] != nil {
			names = append(names, name)
		}
	}
	for column, secret := range r.Secrets {
		if secret.Value != "" {
			names = append(names, strings.TrimPrefix(column, parameterPrefix))
		}
	}
	return names
}

// Find looks instances up, for imports.
func (s securityIntegrationStore) Find(
	ctx context.Context, match map[string]string, columns []string, limit int,
) ([]record.Record, error) {
	return s.instances.Find(ctx, match, instanceOf(record.Record{Columns: columns}).Columns, limit)
}

func (s securityIntegrationStore) Create(ctx context.Context, want record.Record) (record.Record, error) {
	defined, err := definedParameters(ctx, s.sn, record.Text(want.Values["integration"]))
	if err != nil {
		return record.Record{}, err
	}
	if err := defined.refuse(namesIn(want)); err != nil {
		return record.Record{}, err
	}
	got, err := s.instances.Create(ctx, instanceOf(want))
	if err != nil {
		return got, err
	}
	return s.set(ctx, record.Record{Values: map[string]any{}}, want, got, defined)
}

func (s securityIntegrationStore) Update(ctx context.Context, have, want record.Record) (record.Record, error) {
	defined, err := definedParameters(ctx, s.sn, record.Text(want.Values["integration"]))
	if err != nil {
		return record.Record{}, err
	}
	if err := defined.refuse(namesIn(want)); err != nil {
		return record.Record{}, err
	}
	got, err := s.instances.Update(ctx, instanceOf(have), instanceOf(want))
	if err != nil {
		return record.Record{}, err
	}
	got.Values = maps.Clone(got.Values)
	for column, value := range have.Values {
		if strings.HasPrefix(column, parameterPrefix) {
			got.Values[column] = value
		}
	}
	patched := got.Revision != have.Revision
	if got, err = s.set(ctx, have, want, got, defined); err != nil || patched {
		return got, err
	}
	// No answer told what the instance is now, and its validation_status depends on the parameters.
	now, err := s.instances.Read(ctx, record.Record{ID: got.ID, Columns: instanceOf(want).Columns})
	if err != nil {
		return got, err
	}
	maps.Copy(got.Values, now.Values)
	got.Revision = now.Revision
	return got, nil
}

// set writes the parameters that differ from have, into the instance got. What it answers holds those that are written,
// also when one of them failed.
func (s securityIntegrationStore) set(
	ctx context.Context, have, want, got record.Record, defined parameterDefinitions,
) (record.Record, error) {
	var rows map[string]record.Record
	for _, column := range slices.Sorted(maps.Keys(want.Values)) {
		name, ok := strings.CutPrefix(column, parameterPrefix)
		value := want.Values[column]
		known, was := have.Values[column]
		if !ok || was && record.Text(known) == record.Text(value) {
			continue
		}
		var err error
		if rows, err = s.rowsOnce(ctx, rows, got.ID); err != nil {
			return got, err
		}
		if value == nil {
			delete(got.Values, column)
			if _, secret := want.Secrets[column]; secret { // now: its row stays, but not what everybody can read of it
				_, err = s.put(ctx, rows[name], got.ID, defined[name], map[string]any{"value": ""}, nil)
				rows = nil
			} else {
				err = s.drop(ctx, rows, name)
			}
		} else {
			got.Values[column], err = s.put(ctx, rows[name], got.ID, defined[name], map[string]any{"value": value}, nil)
		}
		if err != nil {
			return got, fmt.Errorf("the parameter %s: %w", name, err)
		}
	}
	var column string
	for _, key := range slices.Sorted(maps.Keys(want.Secrets)) {
		secret, name := want.Secrets[key], strings.TrimPrefix(key, parameterPrefix)
		if !secret.Moved {
			continue
		}
		var err error
		if rows, err = s.rowsOnce(ctx, rows, got.ID); err != nil {
			return got, err
		}
		switch {
		case secret.Value != "":
			if column == "" {
				column = s.secretColumn(ctx)
			}
			_, err = s.put(ctx, rows[name], got.ID, defined[name], nil, map[string]record.Secret{column: secret})
		case want.Values[key] == nil: // else it is no secret any more, and written above
			err = s.drop(ctx, rows, name)
		}
		if err != nil {
			return got, fmt.Errorf("the parameter %s: %w", name, err)
		}
		got.SecretsSent = true
	}
	return got, nil
}

// put writes one parameter's row and answers with the value that was kept.
func (s securityIntegrationStore) put(
	ctx context.Context, row record.Record, instance string, definition parameterDefinition, values map[string]any,
	secrets map[string]record.Secret,
) (any, error) {
	want := record.Record{
		ID: row.ID, Values: map[string]any{"implementation": instance, "configuration": definition.id}, Secrets: secrets,
		Columns: []string{"implementation", "configuration", "value"},
		Key:     []string{"implementation", "configuration"}, LookedUp: true,
	}
	maps.Copy(want.Values, values)
	var got record.Record
	var err error
	if row.ID == "" {
		got, err = s.values.Create(ctx, want)
	} else {
		got, err = s.values.Update(ctx, row, want)
	}
	return got.Values["value"], err
}

func (s securityIntegrationStore) drop(ctx context.Context, rows map[string]record.Record, name string) error {
	row, ok := rows[name]
	if !ok {
		return nil
	}
	_, err := s.values.Delete(ctx, row)
	return err
}

// secretColumn is where secrets belong. Without proof that the encrypted column is missing it is taken for there: a
// secret must not fall into a column that everybody reads.
func (s securityIntegrationStore) secretColumn(ctx context.Context) string {
	const encrypted, plain = "password_value", "value"
	found := map[string]bool{}
	for _, element := range []string{encrypted, plain} {
		rows, err := s.sn.Table("sys_dictionary").Find(ctx,
			map[string]string{"name": "sn_sec_int_impl_config", "element": element}, nil, 1)
		found[element] = err == nil && len(rows) > 0
	}
	if !found[encrypted] && found[plain] {
		return plain
	}
	return encrypted
}

func (s securityIntegrationStore) rowsOnce(
	ctx context.Context, rows map[string]record.Record, instance string,
) (map[string]record.Record, error) {
	if rows != nil {
		return rows, nil
	}
	rows = map[string]record.Record{}
	columns := []string{"implementation", "configuration", "configuration.name", "configuration.elem_type", "value"}
	hidden, err := s.values.Each(ctx, "implementation="+instance, columns, 0, func(row record.Record) error {
		if record.Text(row.Values["implementation"]) == instance {
			rows[record.Text(row.Values["configuration.name"])] = row
		}
		return nil
	})
	if err == nil && hidden > 0 {
		err = fmt.Errorf("%d parameters of the integration: %w", hidden, record.ErrHidden)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the parameters' values: %w", err)
	}
	return rows, nil
}

func (s securityIntegrationStore) Read(ctx context.Context, have record.Record) (record.Record, error) {
	got, err := s.instances.Read(ctx, instanceOf(have))
	if err != nil {
		return got, err
	}
	rows, err := s.rowsOnce(ctx, nil, got.ID)
	if err != nil {
		return record.Record{}, err
	}
	got.Values = maps.Clone(got.Values)
	for name, row := range rows {
		if !(parameterDefinition{kind: record.Text(row.Values["configuration.elem_type"])}).secret() {
			got.Values[parameterPrefix+name] = row.Values["value"]
		}
	}
	return got, nil
}

func (s securityIntegrationStore) Delete(ctx context.Context, have record.Record) ([]string, error) {
	rows, err := s.rowsOnce(ctx, nil, have.ID)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		if err := s.drop(ctx, rows, name); err != nil {
			return nil, fmt.Errorf("the parameter %s: %w", name, err)
		}
	}
	return s.instances.Delete(ctx, instanceOf(have))
}
