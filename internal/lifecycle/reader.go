package lifecycle

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
)

// Reader is a data source that asks the server in its own way.
type Reader struct {
	// Type is the data source's name without the provider's.
	Type        string
	Description string
	Server      Server
	Attributes  map[string]schema.Attribute
}

// ReaderModel is a pointer to the model of a reader, which fills itself.
type ReaderModel[T any] interface {
	*T
	Read(ctx context.Context, c *Servers) error
}

// NewReader makes a constructor for the provider's list of data sources.
func NewReader[T any, M ReaderModel[T]](r Reader) func() datasource.DataSource {
	return func() datasource.DataSource { return &reader[T, M]{Reader: r} }
}

type reader[T any, M ReaderModel[T]] struct {
	Reader
	connection *Connection
}

func (r *reader[T, M]) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.Type
}

func (r *reader[T, M]) Configure(
	_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse,
) {
	r.connection = connectionOf(req.ProviderData, &resp.Diagnostics)
}

func (r *reader[T, M]) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{MarkdownDescription: r.Description, Attributes: r.Attributes}
}

func (r *reader[T, M]) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	m := M(new(T))
	resp.Diagnostics.Append(req.Config.Get(ctx, m)...)
	subject := "data.servicenow_" + r.Type
	if resp.Diagnostics.HasError() || !r.connection.reachable(r.Server, subject, true, &resp.Diagnostics) {
		return
	}
	if err := m.Read(ctx, &r.connection.Servers); err != nil {
		resp.Diagnostics.AddError("Cannot read "+subject, r.connection.explain(err, Needs{}))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, m)...)
}
