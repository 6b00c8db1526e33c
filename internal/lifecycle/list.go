package lifecycle

import (
	"context"
	"errors"
	"iter"
	"math"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
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
	return &lister[T, M]{lifecycle: &lifecycle[T, M]{Definition: r.Definition}}, table || connector
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
	if l.lifecycle.Server == Kibana {
		resp.Schema = schema.Schema{
			MarkdownDescription: "Lists the connectors of this type in one Kibana space.",
			Attributes: map[string]schema.Attribute{"space_id": schema.StringAttribute{
				Optional: true, MarkdownDescription: "The Kibana space. Default: the provider's.",
			}},
		}
		return
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the records of the table `" + l.lifecycle.Table + "` that the account may read.",
		Attributes: map[string]schema.Attribute{"query": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "An encoded query that the records must match, as `nameSTARTSWITHElastic^active=true`. " +
				"ServiceNow drops a term that it does not understand, and the rest runs. Default: all records.",
		}},
	}
}

func (l *lister[T, M]) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var diags diag.Diagnostics
	name := "query"
	if l.lifecycle.Server == Kibana {
		name = "space_id"
	}
	var filter types.String
	diags.Append(req.Config.GetAttribute(ctx, path.Root(name), &filter)...)
	if diags.HasError() ||
		!l.lifecycle.connection.reachable(l.lifecycle.Server, "servicenow_"+l.lifecycle.Type, true, &diags) {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = l.results(ctx, req, filter.ValueString())
}

var errEnough = errors.New("no more results are wanted")

// results pushes one result per record, as the pages come.
func (l *lister[T, M]) results(ctx context.Context, req list.ListRequest, filter string) iter.Seq[list.ListResult] {
	return func(push func(list.ListResult) bool) {
		err := l.each(ctx, filter, int(req.Limit), func(rec record.Record) error {
			if !push(l.result(ctx, req, rec)) {
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

func (l *lister[T, M]) each(ctx context.Context, filter string, limit int, do func(record.Record) error) error {
	c := &l.lifecycle.connection.Servers
	store := l.lifecycle.Store(c)
	if l.lifecycle.Server == Kibana {
		finder, ok := store.(record.Finder)
		if !ok {
			return errors.ErrUnsupported
		}
		if limit <= 0 {
			limit = math.MaxInt
		}
		found, err := finder.Find(ctx, record.Match{Space: filter}, nil, limit)
		for _, rec := range found {
			if err == nil && rec.Text("is_preconfigured") != "true" { // those cannot be managed
				err = do(rec)
			}
		}
		return err
	}
	columns := l.lifecycle.encode(M(new(T))).Columns
	// A store that lists its records returns them whole; one that has more to a record is asked for each.
	lister, whole := store.(record.Lister)
	if !whole {
		lister = c.ServiceNow.Table(l.lifecycle.Table)
	}
	_, err := lister.Each(ctx, filter, columns, limit, func(rec record.Record) error {
		if !whole {
			got, err := store.Read(ctx, record.Record{ID: rec.ID}, columns)
			if err != nil {
				return err
			}
			rec = got.Record
		}
		return do(rec)
	})
	return err
}

// result shows a record as its import would read it.
func (l *lister[T, M]) result(ctx context.Context, req list.ListRequest, rec record.Record) list.ListResult {
	result := req.NewListResult(ctx)
	m := M(new(T))
	// The empty object gives every attribute its type.
	result.Diagnostics.Append(result.Resource.SetAttribute(ctx, path.Root("id"), rec.ID)...)
	result.Diagnostics.Append(l.lifecycle.setDefaults(ctx, result.Resource)...)
	result.Diagnostics.Append(result.Resource.Get(ctx, m)...)
	if err := decode[T](m, rec, nil); err != nil {
		result.Diagnostics.AddError("Cannot understand servicenow_"+l.lifecycle.Type, err.Error())
	}
	if result.Diagnostics.HasError() {
		return result
	}
	result.Diagnostics.Append(l.lifecycle.identify(ctx, result.Identity, m)...)
	result.DisplayName = rec.ID
	for _, column := range l.lifecycle.keyColumns(m) {
		result.DisplayName = rec.Text(column) // the last part of the key is the name
	}
	if req.IncludeResource {
		result.Diagnostics.Append(result.Resource.Set(ctx, m)...)
	}
	return result
}
