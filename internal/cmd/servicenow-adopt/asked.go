package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/embedded"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// asked is what flags ask for beside what makes up integrations.
type asked struct {
	kinds   []askedKind
	records []askedRecords
}

// askedKind are the records of a resource of the provider that match a query.
type askedKind struct{ kind, query string }

// askedRecords are the records of any table that match a query, with the columns that the configuration owns; nil for
// all that hold something and are no secrets.
type askedRecords struct {
	table, query string
	columns      []string
}

var askedForm = regexp.MustCompile(`^([a-z0-9_]+)(?::([a-z0-9_]+(?:,[a-z0-9_]+)*))?=(.+)$`)

func (a *asked) kind(value string) error {
	parts := askedForm.FindStringSubmatch(value)
	if parts == nil || parts[2] != "" {
		return fmt.Errorf("want KIND=QUERY, such as plugin=idSTARTSWITHcom.glide.tokenbased, not %q", value)
	}
	a.kinds = append(a.kinds, askedKind{"servicenow_" + strings.TrimPrefix(parts[1], "servicenow_"), parts[3]})
	return nil
}

func (a *asked) record(value string) error {
	parts := askedForm.FindStringSubmatch(value)
	if parts == nil {
		return fmt.Errorf("want TABLE=QUERY or TABLE:COLUMN,COLUMN=QUERY, such as cmn_location=country=DE, not %q", value)
	}
	records := askedRecords{table: parts[1], query: parts[3]}
	if parts[2] != "" {
		records.columns = strings.Split(parts[2], ",")
	}
	a.records = append(a.records, records)
	return nil
}

// check refuses kinds that there are not, and tables that have a resource of their own.
func (a *asked) check(all []kind) error {
	for _, some := range a.kinds {
		if !slices.ContainsFunc(all, func(k kind) bool { return k.name == some.kind && k.Server == lifecycle.ServiceNow }) {
			return fmt.Errorf("-with: %s is no resource that ServiceNow lists", some.kind)
		}
	}
	for _, records := range a.records {
		for _, k := range all {
			if k.Table == records.table {
				return fmt.Errorf("-record: %s has a resource of its own, so ask for -with %s=%s", records.table,
					strings.TrimPrefix(k.name, "servicenow_"), records.query)
			}
		}
	}
	return nil
}

// more reads what flags ask for. What cannot be read is an error, since somebody wants exactly that.
func (e *estate) more(ctx context.Context, p *embedded.Provider, all []kind, asked asked) error {
	for _, some := range asked.kinds {
		i := slices.IndexFunc(all, func(k kind) bool { return k.name == some.kind })
		records, err := p.List(ctx, some.kind, map[string]any{"query": some.query})
		if err != nil {
			return fmt.Errorf("-with %s: %w", some.kind, err)
		}
		if len(records) == 0 {
			return fmt.Errorf("-with %s: nothing matches %s", some.kind, some.query)
		}
		for _, record := range records {
			if f := e.add(all[i], i, record); f != nil {
				f.asked = true
			}
		}
	}
	for _, some := range asked.records {
		if err := e.records(ctx, p, some, len(all)); err != nil {
			return fmt.Errorf("-record %s: %w", some.table, err)
		}
	}
	return nil
}

const anyRecord = "servicenow_record"

// records reads rows of any table.
func (e *estate) records(ctx context.Context, p *embedded.Provider, some askedRecords, order int) error {
	columns := some.columns
	if columns == nil {
		var err error
		if columns, err = e.ownable(ctx, p, some); err != nil {
			return err
		}
	}
	listed, err := p.List(ctx, anyRecord, map[string]any{"table": some.table, "query": some.query, "columns": columns})
	if err != nil {
		return err
	}
	if len(listed) == 0 {
		return fmt.Errorf("nothing matches %s", some.query)
	}
	for _, record := range listed {
		var values map[string]tftypes.Value
		if err := record.Resource["values"].As(&values); err != nil {
			return err
		}
		if some.columns == nil {
			maps.DeleteFunc(values, func(_ string, value tftypes.Value) bool { return value.IsNull() })
			record.Resource["values"] = tftypes.NewValue(record.Resource["values"].Type(), values)
		}
		record.Name = some.table
		for _, column := range []string{"name", "number", "u_name", "short_description", "label"} {
			if text, ok := embedded.Text(values[column]); ok {
				record.Name += " " + text
				break
			}
		}
		k := kind{name: anyRecord}
		if f := e.add(k, order, record); f != nil {
			f.asked = true
		}
	}
	return nil
}

// kept by the platform itself, in every table that has them.
var platformColumns = []string{
	"sys_id", "sys_created_by", "sys_created_on", "sys_updated_by", "sys_updated_on", "sys_mod_count", "sys_tags",
	"sys_class_name", "sys_class_path", "sys_class_code", "sys_scope", "sys_package", "sys_policy", "sys_update_name",
	"sys_name", "sys_domain", "sys_domain_path", "sys_overrides", "sys_customer_update", "sys_replace_on_upgrade",
	"sys_view_count",
}

// unownable are the dictionary's types of columns that hold secrets, or no value of their own.
var unownable = []string{
	"password", "password2", "glide_encrypted", "journal", "journal_input", "journal_list", "collection",
}

// ownable are the columns that hold something in one of the records, but for the platform's own and those of secrets.
func (e *estate) ownable(ctx context.Context, p *embedded.Provider, some askedRecords) ([]string, error) {
	kept := map[string]bool{}
	ancestors, err := ancestry(ctx, p, some.table)
	if err != nil {
		return nil, err
	}
	dictionary, err := rows(ctx, p, "sys_dictionary", "nameIN"+strings.Join(ancestors, ",")+"^elementISNOTEMPTY",
		"element", "internal_type")
	if err != nil {
		return nil, err
	}
	if len(dictionary) == 0 {
		return nil, errors.New("sys_dictionary shows no column of the table, so that secrets cannot be told from other " +
			"values: name the columns, as table:column,column=query")
	}
	for _, column := range dictionary {
		name := column["element"]
		switch {
		case slices.Contains(unownable, column["internal_type"]) || slices.Contains(platformColumns, name):
		case secretName(name, secretNames) && column["internal_type"] != "boolean":
			e.note("The column %s of %s, by whose name it holds a secret; `-record %s:%s=QUERY` takes it",
				name, some.table, some.table, name)
		default:
			kept[name] = false
		}
	}
	found, err := rows(ctx, p, some.table, some.query)
	if err != nil {
		return nil, err
	}
	for _, row := range found {
		for column, value := range row {
			if _, ok := kept[column]; ok && value != "" {
				kept[column] = true
			}
		}
	}
	maps.DeleteFunc(kept, func(_ string, holds bool) bool { return !holds })
	if len(found) > 0 && len(kept) == 0 {
		return nil, errors.New("no column holds anything that could be managed")
	}
	return slices.Sorted(maps.Keys(kept)), nil
}

// ancestry is a table and those that it extends.
func ancestry(ctx context.Context, p *embedded.Provider, table string) ([]string, error) {
	tables := []string{table}
	for {
		found, err := rows(ctx, p, "sys_db_object", "name="+tables[len(tables)-1], "name", "super_class.name")
		if err != nil {
			return nil, err
		}
		if len(found) == 0 || found[0]["super_class.name"] == "" ||
			slices.Contains(tables, found[0]["super_class.name"]) {
			return tables, nil
		}
		tables = append(tables, found[0]["super_class.name"])
	}
}

// rows reads columns of a table as texts; all of them when none is named.
func rows(
	ctx context.Context, p *embedded.Provider, table, query string, columns ...string,
) ([]map[string]string, error) {
	config := map[string]any{"table": table, "query": query}
	if len(columns) > 0 {
		config["columns"] = columns
	}
	read, err := p.Data(ctx, "servicenow_records", config)
	if err != nil {
		return nil, err
	}
	var all []map[string]string
	for _, row := range embedded.Objects(read["records"]) {
		texts := map[string]string{}
		for column, value := range row {
			texts[column], _ = embedded.Text(value)
		}
		all = append(all, texts)
	}
	return all, nil
}
