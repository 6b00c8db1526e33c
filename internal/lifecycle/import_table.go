package lifecycle

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
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
	var place, id string
	var columns []string
	asked := req.ID
	if req.ID == "" && req.Identity != nil {
		var key, table types.String
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("id"), &key)...)
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root(r.TableAttribute), &table)...)
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root(columnsAttribute), &columns)...)
		place, id = table.ValueString(), key.ValueString()
		asked = place + "/" + id
	} else {
		var names string
		place, id, _ = strings.Cut(req.ID, "/")
		id, names, _ = strings.Cut(id, "/")
		for column := range strings.SplitSeq(names, ",") {
			if column = strings.TrimSpace(column); column != "" {
				columns = append(columns, column)
			}
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if place == "" || !IsSysID(id) {
		resp.Diagnostics.AddError("Cannot import servicenow_"+r.Type, fmt.Sprintf("%q is neither %s/SYS_ID nor "+
			"%[2]s/SYS_ID/COLUMN,COLUMN… (a sys_id has 32 hex digits).", asked, strings.ToUpper(r.TableAttribute)))
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(r.TableAttribute), place)...)
	resp.Diagnostics.Append(r.own(ctx, &resp.State, columns)...)
	setPrivate(ctx, resp.Private, importedKey, "yes", &resp.Diagnostics)
}

// own makes columns those that the resource owns; reading it then fills them.
func (r *lifecycle[T, M]) own(ctx context.Context, in settable, columns []string) diag.Diagnostics {
	if len(columns) == 0 {
		return nil
	}
	owned := map[string]string{}
	for _, column := range columns {
		owned[column] = ""
	}
	var diags diag.Diagnostics
	for _, leaf := range leavesOf[T](M(new(T))) {
		if _, ok := field.As[field.Columns](leaf.Field); ok {
			diags.Append(in.SetAttribute(ctx, leaf.Path, owned)...)
		}
	}
	return diags
}
