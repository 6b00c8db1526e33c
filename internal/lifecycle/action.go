package lifecycle

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
)

// Action does something once, on Terraform 1.14 and newer, and leaves nothing in the state.
type Action struct {
	// Type is the name without the provider's.
	Type        string
	Description string
	Server      Server
	Attributes  map[string]schema.Attribute
	// WriteOnly names the attributes, with dots inside objects, that take secrets: they are served as write-only. Setting
	// it in Attributes would make the framework refuse every value.
	WriteOnly []string
}

// ActionModel is a pointer to the model of an action, which does it. progress shows a line to whoever watches.
type ActionModel[T any] interface {
	*T
	Invoke(ctx context.Context, c *Servers, progress func(line string)) error
}

// NewAction makes a constructor for the provider's list of actions. A model may be a Checker.
func NewAction[T any, M ActionModel[T]](a Action) func() action.Action {
	return func() action.Action { return &actionResource[T, M]{Action: a} }
}

type actionResource[T any, M ActionModel[T]] struct {
	Action
	connection *Connection
}

var _ interface {
	action.ActionWithConfigure
	action.ActionWithValidateConfig
	action.ActionWithModifyPlan
} = (*actionResource[noAction, *noAction])(nil)

// noAction is the least a model can be.
type noAction struct{}

func (*noAction) Invoke(context.Context, *Servers, func(string)) error { return nil }

// Secrets names the attributes that are served as write-only.
func (a *actionResource[T, M]) Secrets() []string { return a.WriteOnly }

func (a *actionResource[T, M]) subject() string { return "action.servicenow_" + a.Type }

func (a *actionResource[T, M]) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + a.Type
}

func (a *actionResource[T, M]) Configure(
	_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse,
) {
	a.connection = connectionOf(req.ProviderData, &resp.Diagnostics)
}

func (a *actionResource[T, M]) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{MarkdownDescription: a.Description, Attributes: a.Attributes}
}

func (a *actionResource[T, M]) ValidateConfig(
	ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse,
) {
	m := M(new(T))
	resp.Diagnostics.Append(req.Config.Get(ctx, m)...)
	if c, ok := any(m).(Checker); ok && !resp.Diagnostics.HasError() {
		c.Check(ctx, &Report{diags: &resp.Diagnostics, model: m})
	}
}

// ModifyPlan reports a missing connection before anything is applied.
func (a *actionResource[T, M]) ModifyPlan(
	_ context.Context,
	_ action.ModifyPlanRequest,
	resp *action.ModifyPlanResponse,
) {
	a.connection.reachable(a.Server, a.subject(), false, &resp.Diagnostics)
}

func (a *actionResource[T, M]) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	m := M(new(T))
	resp.Diagnostics.Append(req.Config.Get(ctx, m)...)
	if resp.Diagnostics.HasError() || !a.connection.reachable(a.Server, a.subject(), true, &resp.Diagnostics) {
		return
	}
	progress := func(line string) {
		resp.SendProgress(action.InvokeProgressEvent{Message: a.connection.Redactor.Redact(line)})
	}
	if err := m.Invoke(ctx, &a.connection.Servers, progress); err != nil {
		resp.Diagnostics.AddError("Cannot run "+a.subject(), a.connection.explain(err, Needs{}))
	}
}
