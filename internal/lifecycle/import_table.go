package lifecycle

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
)

// tableOf is the field that says in which table a record is.
func (r *lifecycle[T, M]) tableOf(m M) field.Field {
	for _, leaf := range leavesOf[T](m) {
		if leaf.Path.Equal(path.Root(r.TableAttribute)) {
			return leaf
		}
	}
	return nil
}

// importFromTable imports `<table>/<id>`, or `<table>/<id>/<column>,<column>…`. The columns are owned from the start;
// without them Terraform knows of none until the configuration names some.
func (r *lifecycle[T, M]) importFromTable(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	var place, id, columns string
	if req.ID == "" && req.Identity != nil {
		var key, table types.String
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("id"), &key)...)
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root(r.TableAttribute), &table)...)
		place, id = table.ValueString(), key.ValueString()
	} else {
		var rest string
		place, rest, _ = strings.Cut(req.ID, "/")
		id, columns, _ = strings.Cut(rest, "/")
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if place == "" || !IsSysID(id) {
		resp.Diagnostics.AddError("Cannot import servicenow_"+r.Type, fmt.Sprintf("%q is not %s/SYS_ID nor "+
			"%[2]s/SYS_ID/COLUMN,COLUMN… (a sys_id has 32 hex digits).", req.ID, strings.ToUpper(r.TableAttribute)))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(r.TableAttribute), place)...)
	owned := map[string]string{}
	for column := range strings.SplitSeq(columns, ",") {
		if column = strings.TrimSpace(column); column != "" {
			owned[column] = ""
		}
	}
	for _, leaf := range leavesOf[T](M(new(T))) {
		if _, ok := field.As[field.Columns](leaf.Field); ok && len(owned) > 0 {
			resp.Diagnostics.Append(resp.State.SetAttribute(ctx, leaf.Path, owned)...)
		}
	}
	setPrivate(ctx, resp.Private, importedKey, "yes", &resp.Diagnostics)
}
