package lifecycle

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// UpgradeState carries states of older schema versions over. Version 0 is what builds from before 0.1.0 wrote: it has
// the attributes of version 1, or fewer.
func (r *lifecycle[T, M]) UpgradeState(context.Context) map[int64]resource.StateUpgrader {
	return map[int64]resource.StateUpgrader{0: {StateUpgrader: r.reread}}
}

// reread reads a state by today's schema: attributes that it lacks are null, and those that are gone are dropped.
func (r *lifecycle[T, M]) reread(
	ctx context.Context, req resource.UpgradeStateRequest, resp *resource.UpgradeStateResponse,
) {
	kind := resp.State.Schema.Type().TerraformType(ctx)
	options := tfprotov6.UnmarshalOpts{}
	options.ValueFromJSONOpts.IgnoreUndefinedAttributes = true
	raw, err := req.RawState.UnmarshalWithOpts(kind, options)
	if err != nil {
		resp.Diagnostics.AddError("The state cannot be read", "The state of servicenow_"+r.Type+" in version 0 does not fit "+
			"its schema: "+err.Error()+".")
		return
	}
	resp.State.Raw = raw
}
