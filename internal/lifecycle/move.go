package lifecycle

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// MovedFrom says which resource of another provider a moved block may turn into this one.
type MovedFrom struct {
	// Provider is its address without the registry, such as "elastic/elasticstack".
	Provider string
	// Type is its resource type, whole.
	Type string
	// Read returns what identifies the object by what that state holds, and what else of it is known. It must leave
	// secrets out: the state they come from keeps them in clear, and ours keeps none.
	Read func(state map[string]any) (Moved, error)
}

// Moved is what a move carries over. Everything else is read from the server.
type Moved struct {
	ID, Space string
	// Attributes are texts by name.
	Attributes map[string]string
}

// MoveState takes over the state of another provider's resource for the same object, as an import does.
func (r *lifecycle[T, M]) MoveState(context.Context) []resource.StateMover {
	if r.MovedFrom == nil {
		return nil
	}
	return []resource.StateMover{{StateMover: r.move}}
}

func (r *lifecycle[T, M]) move(ctx context.Context, req resource.MoveStateRequest, resp *resource.MoveStateResponse) {
	if req.SourceTypeName != r.MovedFrom.Type ||
		!strings.HasSuffix(req.SourceProviderAddress, "/"+r.MovedFrom.Provider) || req.SourceRawState == nil {
		return // the framework reports what nobody took
	}
	var held map[string]any
	err := json.Unmarshal(req.SourceRawState.JSON, &held)
	var moved Moved
	if err == nil {
		moved, err = r.MovedFrom.Read(held)
	}
	if err != nil {
		resp.Diagnostics.AddError("Cannot move "+req.SourceTypeName+" to servicenow_"+r.Type, err.Error()+".")
		return
	}
	resp.Diagnostics.Append(resp.TargetState.SetAttribute(ctx, path.Root("id"), moved.ID)...)
	if moved.Space != "" {
		resp.Diagnostics.Append(resp.TargetState.SetAttribute(ctx, path.Root("space_id"), moved.Space)...)
	}
	for name, value := range moved.Attributes {
		resp.Diagnostics.Append(resp.TargetState.SetAttribute(ctx, path.Root(name), value)...)
	}
	resp.Diagnostics.Append(r.setDefaults(ctx, &resp.TargetState)...)
	setPrivate(ctx, resp.TargetPrivate, importedKey, "yes", &resp.Diagnostics)
}
