package lifecycle

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// Ephemeral is an ephemeral resource that asks the server in its own way.
type Ephemeral struct {
	// Type is the name without the provider's.
	Type        string
	Description string
	Attributes  map[string]schema.Attribute
	// OneOf names the attributes of which exactly one is set.
	OneOf []string
}

// EphemeralModel is a pointer to the model of an ephemeral resource, which fills itself.
type EphemeralModel[T any] interface {
	*T
	Open(ctx context.Context, c *Servers) error
}

// NewEphemeral makes an ephemeral resource.
func NewEphemeral[T any, M EphemeralModel[T]](e Ephemeral) ephemeral.EphemeralResource {
	return &ephemeralResource[T, M]{Ephemeral: e}
}

type ephemeralResource[T any, M EphemeralModel[T]] struct {
	Ephemeral
	connection *Connection
}

func (e *ephemeralResource[T, M]) Metadata(
	_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse,
) {
	resp.TypeName = req.ProviderTypeName + "_" + e.Type
}

func (e *ephemeralResource[T, M]) Configure(
	_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse,
) {
	e.connection = connectionOf(req.ProviderData, &resp.Diagnostics)
}

func (e *ephemeralResource[T, M]) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{MarkdownDescription: e.Description, Attributes: e.Attributes}
}

// ValidateConfig reports at the resource: Terraform prints the lines of an attribute, and these hold secrets.
func (e *ephemeralResource[T, M]) ValidateConfig(
	ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse,
) {
	set, unknown := 0, false
	for _, name := range e.OneOf {
		var value attr.Value
		resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(name), &value)...)
		if resp.Diagnostics.HasError() {
			return
		}
		unknown = unknown || value.IsUnknown()
		if !value.IsNull() {
			set++
		}
	}
	if len(e.OneOf) > 0 && (set > 1 || set == 0 && !unknown) {
		resp.Diagnostics.AddError("Exactly one of several", "Set exactly one of "+strings.Join(e.OneOf, ", ")+".")
	}
}

func (e *ephemeralResource[T, M]) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	m := M(new(T))
	resp.Diagnostics.Append(req.Config.Get(ctx, m)...)
	subject := "ephemeral.servicenow_" + e.Type
	if resp.Diagnostics.HasError() || !e.connection.reachable(ServiceNow, subject, true, &resp.Diagnostics) {
		return
	}
	if err := m.Open(ctx, &e.connection.Servers); err != nil {
		resp.Diagnostics.AddError("Cannot open "+subject, err.Error()+".")
		return
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, m)...)
}
