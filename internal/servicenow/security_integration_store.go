package servicenow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// parameterPrefix stands before a parameter's name where a record holds it like a column.
const parameterPrefix = "parameter."

// securityIntegrationStore keeps an integration instance and one row per parameter as one record.
//
// The rows are found the way the platform's own script include does, by implementation, and keyed by configuration: its
// dot-walked name may be withheld.
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
	id, name, label, kind, defaultValue string
	mandatory                           bool
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
	columns := []string{"name", "label", "elem_type", "mandatory", "default_value"}
	rows, err := sn.Table("sn_sec_int_config").Children(ctx, "integration", integration, columns)
	if err != nil {
		return nil, fmt.Errorf("reading the parameters of the integration: %w", err)
	}
	for _, row := range rows {
		defined[row.Text("name")] = parameterDefinition{
			id: row.ID, name: row.Text("name"), label: row.Text("label"), kind: row.Text("elem_type"),
			defaultValue: row.Text("default_value"),
			mandatory:    servicenowapi.IsTrue(row.Text("mandatory")),
		}
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
	return r
}

func instanceColumns(columns []string) []string {
	return slices.DeleteFunc(slices.Clone(columns), func(column string) bool {
		return strings.HasPrefix(column, parameterPrefix)
	})
}

func instanceWrite(want record.Write) record.Write {
	want.Record, want.Columns, want.Secrets = instanceOf(want.Record), instanceColumns(want.Columns), nil
	return want
}

// namesIn lists the parameters that a write sets.
func namesIn(want record.Write) []string {
	var names []string
	for column := range want.Values {
		if name, ok := strings.CutPrefix(column, parameterPrefix); ok && want.Values[column] != nil {
			names = append(names, name)
		}
	}
	for column, secret := range want.Secrets {
		if secret.Value != "" {
			names = append(names, strings.TrimPrefix(column, parameterPrefix))
		}
	}
	return names
}

// Find looks instances up, for imports.
func (s securityIntegrationStore) Find(
	ctx context.Context, match record.Match, columns []string, limit int,
) ([]record.Record, error) {
	return s.instances.Find(ctx, match, instanceColumns(columns), limit)
}

func (s securityIntegrationStore) Create(ctx context.Context, want record.Write) (record.Answer, error) {
	defined, err := s.defined(ctx, want)
	if err != nil {
		return record.Answer{}, err
	}
	got, err := s.instances.Create(ctx, instanceWrite(want))
	if err != nil {
		return got, err
	}
	return s.set(ctx, record.Record{}, want, got, defined)
}

// defined reads the parameters of the integration and refuses the names that it does not have.
func (s securityIntegrationStore) defined(ctx context.Context, want record.Write) (parameterDefinitions, error) {
	defined, err := definedParameters(ctx, s.sn, want.Text("integration"))
	if err != nil {
		return nil, err
	}
	return defined, defined.refuse(namesIn(want))
}

func (s securityIntegrationStore) Update(
	ctx context.Context, have record.Record, want record.Write,
) (record.Answer, error) {
	defined, err := s.defined(ctx, want)
	if err != nil {
		return record.Answer{}, err
	}
	got, err := s.instances.Update(ctx, instanceOf(have), instanceWrite(want))
	if err != nil {
		return record.Answer{}, err
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
	// No answer said what the instance is now, and its validation_status depends on the parameters.
	now, err := s.instances.Read(ctx, got.Record, instanceColumns(want.Columns))
	if err != nil {
		return got, err
	}
	maps.Copy(got.Values, now.Values)
	got.Revision = now.Revision
	return got, nil
}

// set writes the parameters that differ from have, and the secrets, into the instance got. What it returns holds those
// that are written, also when one of them failed.
func (s securityIntegrationStore) set(
	ctx context.Context, have record.Record, want record.Write, got record.Answer, defined parameterDefinitions,
) (record.Answer, error) {
	var rows parameterRows
	for _, column := range slices.Sorted(maps.Keys(want.Values)) {
		name, ok := strings.CutPrefix(column, parameterPrefix)
		value := want.Values[column]
		known, was := have.Values[column]
		if !ok || was && record.Equal(known, value) {
			continue
		}
		var err error
		if rows, err = s.rowsOnce(ctx, rows, got.ID); err != nil {
			return got, err
		}
		if _, there := rows[defined[name].id]; record.Text(known) != "" && !there {
			return got, fmt.Errorf("the parameter %s: its row was there at the last refresh and is not listed now, so it is "+
				"not added again; the next plan shows whether it is gone", name)
		}
		if value == nil {
			delete(got.Values, column)
			if _, secret := want.Secrets[column]; secret { // now: its row stays, but not what everybody can read of it
				_, err = s.put(ctx, rows, got.ID, defined[name], map[string]any{"value": ""}, nil)
			} else {
				err = s.drop(ctx, rows, defined[name])
			}
		} else {
			got.Values[column], err = s.put(ctx, rows, got.ID, defined[name], map[string]any{"value": value}, nil)
		}
		if err != nil {
			return got, fmt.Errorf("the parameter %s: %w", name, err)
		}
	}
	var secretColumn string
	secrets := want.SecretsToSend()
	for _, column := range slices.Sorted(maps.Keys(secrets)) {
		secret, name := secrets[column], strings.TrimPrefix(column, parameterPrefix)
		var err error
		if rows, err = s.rowsOnce(ctx, rows, got.ID); err != nil {
			return got, err
		}
		switch {
		case secret.Value != "":
			if secretColumn == "" {
				secretColumn = s.secretColumn(ctx)
			}
			_, err = s.put(ctx, rows, got.ID, defined[name], nil, map[string]record.Secret{secretColumn: secret})
		case want.Values[column] == nil: // else it is not a secret any more, and written above
			err = s.drop(ctx, rows, defined[name])
		}
		if err != nil {
			return got, fmt.Errorf("the parameter %s: %w", name, err)
		}
		got.KeptSecrets = append(got.KeptSecrets, column)
	}
	return got, nil
}

// parameterRows are the rows of sn_sec_int_impl_config of one instance, by configuration.
type parameterRows map[string]record.Record

// put writes one parameter's row and returns the value that was kept.
func (s securityIntegrationStore) put(
	ctx context.Context, rows parameterRows, instance string, definition parameterDefinition, values map[string]any,
	secrets map[string]record.Secret,
) (any, error) {
	row := rows[definition.id]
	want := record.Write{
		Record: record.Record{
			ID: row.ID, Values: map[string]any{"implementation": instance, "configuration": definition.id},
		},
		Secrets: secrets, Columns: []string{"implementation", "configuration", "value"},
		Key: []string{"implementation", "configuration"}, LookedUp: true,
	}
	maps.Copy(want.Values, values)
	var got record.Answer
	var err error
	if row.ID == "" {
		got, err = s.values.Create(ctx, want)
	} else {
		got, err = s.values.Update(ctx, row, want)
	}
	if err == nil {
		rows[definition.id] = got.Record
	}
	return got.Values["value"], err
}

func (s securityIntegrationStore) drop(
	ctx context.Context, rows parameterRows, definition parameterDefinition,
) error {
	row, ok := rows[definition.id]
	if !ok {
		return nil
	}
	if _, err := s.values.Delete(ctx, row, record.Options{}); err != nil {
		return err
	}
	delete(rows, definition.id)
	return nil
}

// secretColumn is where secrets belong. Without proof that the encrypted column is missing it is taken for there: a
// secret must not fall into a column that everybody reads. A failed look-up of the encrypted one proves nothing.
func (s securityIntegrationStore) secretColumn(ctx context.Context) string {
	const encrypted, plain = "password_value", "value"
	var listed [2]bool
	var group errgroup.Group
	for i, column := range []string{encrypted, plain} {
		group.Go(func() (err error) {
			listed[i], err = s.sn.ListsColumn(ctx, "sn_sec_int_impl_config", column)
			return err
		})
	}
	if err := group.Wait(); err != nil || listed[0] || !listed[1] {
		return encrypted
	}
	// An empty answer proves nothing; a list that has the one column and lacks the other does.
	found := map[string]bool{}
	query := "name=sn_sec_int_impl_config^elementIN" + encrypted + "," + plain
	hidden, err := s.sn.Table("sys_dictionary").Each(ctx, query, []string{"element"}, 0, func(row record.Record) error {
		found[row.Text("element")] = true
		return nil
	})
	if err == nil && hidden == 0 && found[plain] && !found[encrypted] {
		return plain
	}
	return encrypted
}

func (s securityIntegrationStore) rowsOnce(
	ctx context.Context, rows parameterRows, instance string,
) (parameterRows, error) {
	if rows != nil {
		return rows, nil
	}
	rows = parameterRows{}
	children, err := s.values.Children(ctx, "implementation", instance, []string{"configuration", "value"})
	if err != nil {
		return nil, fmt.Errorf("reading the parameters' values: %w", err)
	}
	for _, row := range children {
		if row.Text("configuration") == "" {
			return nil, fmt.Errorf("the instance withholds which parameter the row %s of sn_sec_int_impl_config is: %w",
				row.ID, record.ErrHidden)
		}
		rows[row.Text("configuration")] = row
	}
	return rows, nil
}

func (s securityIntegrationStore) Read(
	ctx context.Context, have record.Record, columns []string,
) (record.Answer, error) {
	got, err := s.instances.Read(ctx, have, instanceColumns(columns))
	if err != nil {
		return got, err
	}
	rows, err := s.rowsOnce(ctx, nil, got.ID)
	if err != nil {
		return record.Answer{}, err
	}
	defined, err := definedParameters(ctx, s.sn, got.Text("integration"))
	if err != nil {
		return record.Answer{}, err
	}
	got.Values = maps.Clone(got.Values)
	for name, definition := range defined {
		row, there := rows[definition.id]
		if !there {
			// Of a parameter that the definition does not call a secret, too: the configuration may.
			got.LostSecrets = append(got.LostSecrets, parameterPrefix+name)
		}
		switch {
		case definition.secret():
		case there:
			got.Values[parameterPrefix+name] = row.Values["value"]
		default:
			got.Values[parameterPrefix+name] = nil
		}
	}
	return got, nil
}

func (s securityIntegrationStore) Delete(
	ctx context.Context, have record.Record, options record.Options,
) ([]string, error) {
	rows, err := s.rowsOnce(ctx, nil, have.ID)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		if _, err := s.values.Delete(ctx, rows[id], record.Options{}); err != nil {
			return nil, fmt.Errorf("the parameter row %s: %w", rows[id].ID, err)
		}
	}
	return s.instances.Delete(ctx, instanceOf(have), options)
}
