package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/servicenowapi"
)

// ListOf makes the list resource of a resource, for `terraform query` of Terraform 1.14 and newer. It is not ok for a
// resource whose records cannot be told by their table or connector type alone.
func ListOf(r resource.Resource) (func() list.ListResource, bool) {
	l, ok := r.(interface {
		lister() (list.ListResource, bool)
	})
	if !ok {
		return nil, false
	}
	if _, ok := l.lister(); !ok {
		return nil, false
	}
	return func() list.ListResource {
		made, _ := l.lister()
		return made
	}, true
}

func (r *lifecycle[T, M]) lister() (list.ListResource, bool) {
	_, table := any(M(new(T))).(withColumns)
	connector := r.Server == Kibana && len(r.Key) > 0
	return &lister[T, M]{lifecycle: &lifecycle[T, M]{Definition: r.Definition}},
		table || connector || r.TableAttribute != "" || r.Listed
}

// lister lists what a resource could import.
type lister[T any, M Model[T]] struct{ lifecycle *lifecycle[T, M] }

var _ list.ListResourceWithConfigure = (*lister[noModel, *noModel])(nil)

func (l *lister[T, M]) Metadata(ctx context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	l.lifecycle.Metadata(ctx, req, resp)
}

func (l *lister[T, M]) Configure(
	ctx context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse,
) {
	l.lifecycle.Configure(ctx, req, resp)
}

func (l *lister[T, M]) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	r := l.lifecycle
	attributes := map[string]schema.Attribute{}
	if r.Server == Kibana {
		resp.Schema = r.connectorListSchema()
		return
	}
	attributes["query"] = schema.StringAttribute{
		Optional: true,
		MarkdownDescription: "An encoded query that the records must match, such as " +
			"`nameSTARTSWITHElastic^active=true`. ServiceNow drops a term about a column that does not exist and runs the " +
			"rest: that is an error here. Default: all records.",
	}
	description := "Lists the records of the table `" + r.Table + "` that the account may read. " + limited
	if r.TableAttribute != "" {
		description = "Lists the records of any table that the account may read. " + limited
		attributes[r.TableAttribute] = schema.StringAttribute{
			Required: true, Validators: validatorsOf(r.Attributes[r.TableAttribute]),
			MarkdownDescription: "The table's name, such as `sys_properties`.",
		}
		attributes[columnsAttribute] = schema.ListAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "The columns that the resources own, so that generated configuration sets them, and the " +
				"import reads them. Default: none, and the configuration must be completed by hand.",
		}
	}
	if r.LeftOut.Query != "" && r.LeftOut.Attribute == "" {
		description += " " + r.LeftOut.Description
	}
	if r.LeftOut.Attribute != "" {
		attributes[r.LeftOut.Attribute] = schema.BoolAttribute{
			Optional: true, MarkdownDescription: r.LeftOut.Description + " Default: `false`.",
		}
	}
	resp.Schema = schema.Schema{MarkdownDescription: description, Attributes: attributes}
}

// limited is said on every list's page.
const limited = "Terraform takes the first 100 of them unless the list block says otherwise: `limit = 1000`."

// columnsAttribute names the columns of a record of any table, in lists and in identities.
const columnsAttribute = "columns"

func validatorsOf(a any) []validator.String {
	s, _ := a.(resourceschema.StringAttribute)
	return s.Validators
}

// listing is what a list block asks for.
type listing struct {
	query, space, table string
	kind                string   // of connectors; empty for all that have no list of their own
	columns             []string // that the listed records own
}

func (l *lister[T, M]) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var diags diag.Diagnostics
	asked := l.asked(ctx, req.Config, &diags)
	if diags.HasError() ||
		!l.lifecycle.connection.reachable(l.lifecycle.Server, "servicenow_"+l.lifecycle.Type, true, &diags) {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = l.results(ctx, req, asked)
}

func (l *lister[T, M]) asked(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) listing {
	r, asked := l.lifecycle, listing{table: l.lifecycle.Table}
	get := func(name string, into any) { diags.Append(config.GetAttribute(ctx, path.Root(name), into)...) }
	var text types.String
	if r.Server == Kibana {
		get("space_id", &text)
		asked.space = text.ValueString()
		if r.ListedBy != "" {
			get(r.ListedBy, &text)
			asked.kind = text.ValueString()
		}
		return asked
	}
	get("query", &text)
	asked.query = text.ValueString()
	if r.TableAttribute != "" {
		get(r.TableAttribute, &text)
		asked.table = text.ValueString()
		get(columnsAttribute, &asked.columns)
	}
	if r.LeftOut.Query != "" {
		var all types.Bool
		if r.LeftOut.Attribute != "" {
			get(r.LeftOut.Attribute, &all)
		}
		if !all.ValueBool() {
			asked.query = narrowed(asked.query, r.LeftOut.Query)
		}
	}
	return asked
}

// narrowed adds a term to each of the alternatives of an encoded query.
func narrowed(query, term string) string {
	if query == "" {
		return term
	}
	return strings.ReplaceAll(query, "^NQ", "^"+term+"^NQ") + "^" + term
}

var errEnough = errors.New("no more results are wanted")

// results pushes one result per record, as the pages come.
func (l *lister[T, M]) results(ctx context.Context, req list.ListRequest, asked listing) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		err := l.each(ctx, asked, int(req.Limit), func(rec record.Record, name string) error {
			if !push(l.result(ctx, req, asked, rec, name)) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			var diags diag.Diagnostics
			l.lifecycle.failed("list", nil, err, &diags)
			push(list.ListResult{Diagnostics: diags})
		}
	}
}

func (l *lister[T, M]) each(
	ctx context.Context, asked listing, limit int, do func(rec record.Record, name string) error,
) error {
	c := &l.lifecycle.connection.Servers
	store := l.lifecycle.Store(c)
	display := l.lifecycle.display()
	if l.lifecycle.Server == Kibana {
		return l.lifecycle.eachConnector(ctx, asked, limit, func(rec record.Record) error {
			return do(rec, display.of(rec))
		})
	}
	terms := servicenowapi.TermsOf(asked.query)
	own := slices.Concat(l.lifecycle.encode(M(new(T))).Columns, asked.columns)
	columns := slices.Concat(own, display.columns())
	for _, term := range terms {
		columns = append(columns, term.Column) // read along, to see that no term was dropped
	}
	// A store that lists its records returns them whole; one that has more to a record is asked for each.
	lister, whole := store.(record.Lister)
	if !whole {
		lister = c.ServiceNow.Table(asked.table)
	}
	_, err := lister.Each(ctx, asked.query, columns, limit, func(rec record.Record) error {
		if err := terms.Check(asked.table, rec); err != nil {
			return err
		}
		for _, column := range asked.columns {
			if _, ok := rec.Values[column]; !ok {
				return fmt.Errorf("the table %s has no column %s, or the account may not read it", asked.table, column)
			}
		}
		name := display.of(rec)
		rec.Table = asked.table
		if !whole {
			got, err := store.Read(ctx, record.Record{ID: rec.ID, Table: asked.table}, own)
			if err != nil {
				return err
			}
			rec = got.Record
		}
		return do(rec, name)
	})
	return err
}

// result shows a record as its import would read it.
func (l *lister[T, M]) result(
	ctx context.Context, req list.ListRequest, asked listing, rec record.Record, name string,
) list.ListResult {
	result := req.NewListResult(ctx)
	m := M(new(T))
	// The empty object gives every attribute its type.
	result.Diagnostics.Append(result.Resource.SetAttribute(ctx, path.Root("id"), rec.ID)...)
	result.Diagnostics.Append(l.lifecycle.setDefaults(ctx, result.Resource)...)
	result.Diagnostics.Append(l.lifecycle.own(ctx, result.Resource, asked.columns)...)
	result.Diagnostics.Append(result.Resource.Get(ctx, m)...)
	if err := decode[T](m, rec, nil); err != nil {
		result.Diagnostics.AddError("Cannot understand servicenow_"+l.lifecycle.Type, err.Error())
	}
	l.lifecycle.fillZeros(ctx, m, rec)
	if result.Diagnostics.HasError() {
		return result
	}
	result.Diagnostics.Append(l.lifecycle.identify(ctx, result.Identity, m)...)
	if len(asked.columns) > 0 {
		result.Diagnostics.Append(result.Identity.SetAttribute(ctx, path.Root(columnsAttribute), asked.columns)...)
	}
	result.DisplayName = name
	if req.IncludeResource {
		result.Diagnostics.Append(result.Resource.Set(ctx, m)...)
	}
	return result
}
