package lifecycle

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// Lookup is a data source that finds one row of a table by the attributes that are configured.
type Lookup struct {
	// Type is the data source's name without the provider's.
	Type        string
	Description string
	Table       string
	// Keys are the attributes to look up by. One is required; of several, exactly one.
	Keys       []string
	Attributes map[string]schema.Attribute
	// Store makes the finder; by default it is the table.
	Store func(*Servers) record.Finder
}

// LookupModel is a pointer to the model of a lookup.
type LookupModel[T any] interface {
	*T
	identified
	Fields() []field.Field
}

// identified is what embedding Found makes of a model.
type identified interface{ key() *types.String }

// Found is embedded in every lookup's model.
type Found struct {
	ID types.String `tfsdk:"id"`
}

func (f *Found) key() *types.String { return &f.ID }

// NewLookup makes a constructor for the provider's list of data sources.
func NewLookup[T any, M LookupModel[T]](l Lookup) func() datasource.DataSource {
	if l.Store == nil {
		l.Store = func(c *Servers) record.Finder { return c.ServiceNow.Table(l.Table) }
	}
	return func() datasource.DataSource { return &lookup[T, M]{Lookup: l} }
}

type lookup[T any, M LookupModel[T]] struct {
	Lookup
	connection *Connection
}

func (l *lookup[T, M]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + l.Type
}

func (l *lookup[T, M]) Configure(
	_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse,
) {
	l.connection = connectionOf(req.ProviderData, &resp.Diagnostics)
}

func (l *lookup[T, M]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"id": schema.StringAttribute{Computed: true, MarkdownDescription: "The record's `sys_id`."},
	}
	for name, a := range l.Attributes {
		attributes[name] = a
	}
	resp.Schema = schema.Schema{MarkdownDescription: l.Description, Attributes: attributes}
}

// ValidateConfig demands exactly one key where there are several, and none that is empty.
func (l *lookup[T, M]) ValidateConfig(
	ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse,
) {
	set, unknown := 0, false
	for _, key := range l.Keys {
		var value types.String
		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(key), &value)...)
		unknown = unknown || value.IsUnknown()
		if !value.IsNull() {
			set++
		}
		if err := servicenowapi.Queryable(value.ValueString()); err != nil {
			resp.Diagnostics.AddAttributeError(path.Root(key), "A value that cannot be looked up",
				"The value of "+key+" "+err.Error()+".")
		}
		if !value.IsNull() && !value.IsUnknown() && value.ValueString() == "" {
			resp.Diagnostics.AddAttributeError(path.Root(key), "An empty value", "Nothing can be found by an empty value.")
		}
	}
	if len(l.Keys) > 1 && (set > 1 || set == 0) && !unknown {
		resp.Diagnostics.AddAttributeError(path.Root(l.Keys[0]), "Exactly one key",
			"Exactly one of "+strings.Join(l.Keys, " and ")+" must be set.")
	}
}

func (l *lookup[T, M]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	m := M(new(T))
	resp.Diagnostics.Append(req.Config.Get(ctx, m)...)
	subject := "data.servicenow_" + l.Type
	if resp.Diagnostics.HasError() || !l.connection.reachable(ServiceNow, subject, true, &resp.Diagnostics) {
		return
	}
	match, columns := map[string]string{}, []string{}
	for _, leaf := range field.Leaves(m, m.Fields()) {
		columns = append(columns, leaf.Columns()...)
		if value, ok := leaf.Value().(types.String); ok && !value.IsNull() {
			match[leaf.Columns()[0]] = value.ValueString()
		}
	}
	found, err := l.Store(&l.connection.Servers).Find(ctx, record.Match{Values: match}, columns, candidates)
	if err != nil {
		resp.Diagnostics.AddError("Cannot read "+subject,
			fmt.Sprintf("Looking for %s in %s: %s", describe(match), l.Table, l.connection.explain(err, Needs{})))
		return
	}
	if len(found) != 1 {
		l.report(ctx, match, found, &resp.Diagnostics)
		return
	}
	*m.key() = types.StringValue(found[0].ID)
	for _, f := range m.Fields() {
		if err := f.Decode(found[0]); err != nil {
			resp.Diagnostics.AddError("Cannot understand "+subject, err.Error())
			return
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}

// report lists what was found instead of one record: the several, or what is similar.
func (l *lookup[T, M]) report(
	ctx context.Context, match map[string]string, found []record.Record, diags *diag.Diagnostics,
) {
	summary := "Cannot find servicenow_" + l.Type
	if len(found) > 1 {
		diags.AddError(summary, fmt.Sprintf("Several records of %s have %s:\n\n%s\n\n"+
			"Use a key that only one has, or its sys_id.", l.Table, describe(match), listed(found)))
		return
	}
	detail := fmt.Sprintf("No record of %s has %s, or the account may not read it.", l.Table, describe(match))
	if similar := l.similar(ctx, match); len(similar) > 0 {
		detail += "\n\nSimilar ones are:\n\n" + listed(similar)
	}
	diags.AddError(summary, detail)
}

// similar finds records that hold the longest word of what was asked for.
func (l *lookup[T, M]) similar(ctx context.Context, match map[string]string) []record.Record {
	searcher, ok := l.Store(&l.connection.Servers).(record.Searcher)
	if !ok {
		return nil
	}
	for column, value := range match {
		words := strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ./_-:@[]", r) })
		if len(words) == 0 {
			continue
		}
		word := slices.MaxFunc(words, func(a, b string) int { return len(a) - len(b) })
		found, err := searcher.Query(ctx, column+"LIKE"+word, []string{column}, candidates)
		if err != nil {
			return nil // the error that counts is reported already
		}
		return slices.DeleteFunc(found, func(r record.Record) bool {
			return !strings.Contains(strings.ToLower(record.Text(r.Values[column])), strings.ToLower(word))
		})
	}
	return nil
}

// listed shows records by all that was read of them, so that their differences show what to ask for.
func listed(found []record.Record) string {
	lines := make([]string, len(found))
	for i, r := range found {
		lines[i] = "  " + r.ID
		for _, column := range slices.Sorted(maps.Keys(r.Values)) {
			if value := record.Text(r.Values[column]); value != "" && !strings.HasPrefix(column, "sys_") {
				lines[i] += "  " + column + " = " + quoted(value)
			}
		}
	}
	return strings.Join(lines, "\n")
}

func describe(match map[string]string) string {
	parts := make([]string, 0, len(match))
	for column, value := range match {
		parts = append(parts, column+" = "+quoted(value))
	}
	slices.Sort(parts)
	return strings.Join(parts, " and ")
}
