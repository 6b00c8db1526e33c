package lifecycle

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// candidates bounds how many records an ambiguous import lists.
const candidates = 10

func (r *lifecycle[T, M]) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	if r.Server == Kibana {
		resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
			r.IdentityAttribute: identityschema.StringAttribute{RequiredForImport: true, Description: "The object's id."},
			"space_id": identityschema.StringAttribute{
				OptionalForImport: true, Description: "The Kibana space; the provider's when absent.",
			},
		}}
		return
	}
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{RequiredForImport: true, Description: "The record's sys_id, 32 hex digits."},
	}}
	if r.TableAttribute != "" {
		resp.IdentitySchema.Attributes[r.TableAttribute] = identityschema.StringAttribute{
			RequiredForImport: true, Description: "The " + r.TableAttribute + " that holds the record.",
		}
		resp.IdentitySchema.Attributes[columnsAttribute] = identityschema.ListAttribute{
			OptionalForImport: true, ElementType: types.StringType,
			Description: "The columns that the import reads and the resource owns.",
		}
	}
}

// identify sets the identity that Terraform 1.12 and newer keep next to the state; older ones pass none.
func (r *lifecycle[T, M]) identify(ctx context.Context, identity *tfsdk.ResourceIdentity, m M) diag.Diagnostics {
	var diags diag.Diagnostics
	if identity == nil {
		return diags
	}
	if r.Server != Kibana {
		diags.Append(identity.SetAttribute(ctx, path.Root("id"), m.base().ID)...)
		if r.TableAttribute != "" {
			diags.Append(identity.SetAttribute(ctx, path.Root(r.TableAttribute), r.tableOf(m).Value())...)
		}
		return diags
	}
	diags.Append(identity.SetAttribute(ctx, path.Root(r.IdentityAttribute), m.base().ID)...)
	if p, ok := any(m).(inSpace); ok {
		diags.Append(identity.SetAttribute(ctx, path.Root("space_id"), *p.spaceID())...)
	}
	return diags
}

func (r *lifecycle[T, M]) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	if !r.connection.reachable(r.Server, "servicenow_"+r.Type, true, &resp.Diagnostics) {
		return
	}
	if r.TableAttribute != "" {
		r.importFromTable(ctx, req, resp)
		return
	}
	id, space, asked := req.ID, "", req.ID
	if id == "" && req.Identity != nil {
		id, space = r.importIdentity(ctx, req, resp)
		asked = id
	} else if r.Server == Kibana {
		if before, after, ok := strings.Cut(req.ID, "/"); ok && !strings.Contains(before, "=") {
			space, id = before, after
		}
	}
	if match := r.naturalKey(id); match != nil {
		id = r.lookUp(ctx, asked, record.Match{Space: space, Values: match}, &resp.Diagnostics)
	} else if r.Server == ServiceNow && !IsSysID(id) && !resp.Diagnostics.HasError() {
		resp.Diagnostics.AddError("Cannot import servicenow_"+r.Type,
			fmt.Sprintf("%q is no sys_id (32 hex digits)%s.", id, r.orKeyForm()))
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), id)...)
	if space != "" {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("space_id"), space)...)
	}
	resp.Diagnostics.Append(r.setDefaults(ctx, &resp.State)...)
	setPrivate(ctx, resp.Private, importedKey, "yes", &resp.Diagnostics)
}

func (r *lifecycle[T, M]) importIdentity(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) (id, space string) {
	var key, place types.String
	if r.Server == Kibana {
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root(r.IdentityAttribute), &key)...)
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("space_id"), &place)...)
	} else {
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("id"), &key)...)
	}
	return key.ValueString(), place.ValueString()
}

// orKeyForm says, behind what an import id is not, how the natural key is written in one.
func (r *lifecycle[T, M]) orKeyForm() string {
	switch len(r.Key) {
	case 0:
		return ", and this resource has no other key"
	case 1:
		return " and not of the form " + r.Key[0] + "=VALUE"
	}
	return " and not of the form " + strings.Join(r.Key, "/")
}

// naturalKey takes an import id apart into the values of the natural key, by column; nil when it is something else.
func (r *lifecycle[T, M]) naturalKey(id string) map[string]string {
	columns := r.keyColumns(M(new(T)))
	var values []string
	switch {
	case len(columns) == 0:
		return nil
	case len(columns) == 1:
		value, ok := strings.CutPrefix(id, r.Key[0]+"=")
		if !ok {
			return nil
		}
		values = []string{value}
	default:
		values = strings.SplitN(id, "/", len(columns))
		if len(values) != len(columns) {
			return nil
		}
	}
	match := map[string]string{}
	for i, column := range columns {
		match[column] = values[i]
	}
	return match
}

// lookUp finds the one record with a natural key. None or several is an error that lists what there is.
func (r *lifecycle[T, M]) lookUp(
	ctx context.Context, asked string, match record.Match, diags *diag.Diagnostics,
) string {
	summary := "Cannot import servicenow_" + r.Type
	finder, ok := r.Store(&r.connection.Servers).(record.Finder)
	if !ok {
		diags.AddError(summary, "This resource is imported by its id only.")
		return ""
	}
	found, err := finder.Find(ctx, match, nil, candidates)
	switch {
	case err != nil:
		diags.AddError(summary, fmt.Sprintf("Looking for %s: %s.", asked, err))
		return ""
	case len(found) == 1:
		return found[0].ID
	case len(found) == 0:
		diags.AddError(summary, fmt.Sprintf("There is no record with %s in %s.", asked, r.Table))
		return ""
	}
	lines := make([]string, len(found))
	for i, rec := range found {
		id := rec.ID
		if match.Space != "" {
			id = match.Space + "/" + id
		}
		lines[i] = "  terraform import servicenow_" + r.Type + ".NAME " + id
	}
	diags.AddError(summary, fmt.Sprintf("Several records have %s. Import one of them by its id:\n\n%s",
		asked, strings.Join(lines, "\n")))
	return ""
}

// settable is a state or a listed resource.
type settable interface {
	SetAttribute(ctx context.Context, at path.Path, value any) diag.Diagnostics
}

// setDefaults gives attributes that only the configuration knows their defaults, so that an import plans no change.
func (r *lifecycle[T, M]) setDefaults(ctx context.Context, in settable) diag.Diagnostics {
	var diags diag.Diagnostics
	for name, a := range r.Attributes {
		b, ok := a.(schema.BoolAttribute)
		if !ok || b.Default == nil {
			continue
		}
		var def defaults.BoolResponse
		b.Default.DefaultBool(ctx, defaults.BoolRequest{Path: path.Root(name)}, &def)
		diags.Append(in.SetAttribute(ctx, path.Root(name), def.PlanValue)...)
	}
	return diags
}
