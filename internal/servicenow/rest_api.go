package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// restAPI is embedded in the models of records that cover a REST API, or a part of one.
type restAPI struct {
	RESTAPIID    types.String `tfsdk:"rest_api_id"`
	RESTAPIPath  types.String `tfsdk:"rest_api_path"`
	HTTPMethod   types.String `tfsdk:"http_method"`
	Version      types.String `tfsdk:"version"`
	Resource     types.String `tfsdk:"resource"`
	AllMethods   types.Bool   `tfsdk:"all_methods"`
	AllResources types.Bool   `tfsdk:"all_resources"`
	AllVersions  types.Bool   `tfsdk:"all_versions"`
}

// restAPIAttributes are those of the API that a record covers, except rest_api_id, which not every record needs. who is
// the subject of the descriptions, such as "the policy".
func restAPIAttributes(who string) attribute.Schema {
	return attribute.Schema{
		"rest_api_path": attribute.ComputedText("The API's path, such as `now/table`."),
		"http_method":   attribute.Text("The HTTP method, such as `GET`. Default: all, see `all_methods`."),
		"version":       attribute.Text("The API's version, such as `v1`. Default: all, see `all_versions`."),
		"resource":      attribute.Text("The resource, such as `/now/table/{tableName}`. Default: all, see `all_resources`."),
		"all_methods":   allUnless("http_method", "Whether "+who+" covers every HTTP method."),
		"all_resources": allUnless("resource", "Whether "+who+" covers every resource."),
		"all_versions":  allUnless("version", "Whether "+who+" covers every version."),
	}
}

// fields binds what the resources have in common. pathMovesWith points at what else decides about the API.
func (m *restAPI) fields(pathMovesWith ...any) []field.Field {
	return []field.Field{
		field.String("api", &m.RESTAPIID),
		field.MovesWith(field.Computed(field.String("api_path", &m.RESTAPIPath)), append(pathMovesWith, &m.RESTAPIID)...),
		field.String("http_method", &m.HTTPMethod),
		field.String("version", &m.Version),
		field.String("api_resource", &m.Resource),
		field.Bool("apply_all_methods", &m.AllMethods),
		field.Bool("apply_all_resources", &m.AllResources),
		field.Bool("apply_all_versions", &m.AllVersions),
	}
}

// PlanChange leaves open whether a record covers all of what may turn out to be narrowed.
func (m *restAPI) PlanChange(
	_ context.Context, _ *lifecycle.Servers, change lifecycle.Change, _ *lifecycle.Report,
) {
	configured := change.Config.(interface{ parts() []coverage }).parts() //nolint:forcetypeassert // this model's type
	for i, part := range m.parts() {
		if part.narrowed.IsUnknown() && configured[i].all.IsNull() {
			*part.all = types.BoolUnknown()
		}
	}
}

// coverage is what a record covers of one kind: all of them, or one.
type coverage struct {
	all      *types.Bool
	narrowed types.String
}

func (m *restAPI) parts() []coverage {
	return []coverage{{&m.AllMethods, m.HTTPMethod}, {&m.AllResources, m.Resource}, {&m.AllVersions, m.Version}}
}

// check refuses one of a kind together with all of them. everything, which may be nil, is one flag for all three kinds.
func (m *restAPI) check(everything *types.Bool, report *lifecycle.Report) {
	for _, pair := range m.parts() {
		if pair.narrowed.ValueString() == "" {
			continue
		}
		switch {
		case everything != nil && everything.ValueBool():
			report.Error(everything, "All, and one", "apply_all = true applies to all methods, versions and resources, so it "+
				"cannot apply to "+pair.narrowed.String()+" only. Remove one of the two attributes.")
		case pair.all.ValueBool():
			report.Error(pair.all, "All, and one", "It cannot cover all of them and "+pair.narrowed.String()+" only. Remove "+
				"one of the two attributes.")
		}
	}
}

// warnUnlessSysID warns of an API that is named in another way than most are.
func warnUnlessSysID(id *types.String, what string, report *lifecycle.Report) {
	if text := id.ValueString(); text != "" && !lifecycle.IsSysID(text) {
		report.Warn(id, "Not a sys_id", what+" is usually the sys_id of its sys_ws_definition. APIs that are built into the "+
			"platform may differ, so "+text+" is sent as it is.")
	}
}

// allUnless is a flag that is on by default as long as the one thing it could be narrowed to is not named.
func allUnless(narrowed, description string) schema.BoolAttribute {
	a := attribute.ServerFlag(description + " Default: `true` unless `" + narrowed + "` is set.")
	a.PlanModifiers = []planmodifier.Bool{unlessSet{narrowed}}
	return a
}

type unlessSet struct{ attribute string }

func (m unlessSet) Description(context.Context) string {
	return "defaults to true unless " + m.attribute + " is set"
}
func (m unlessSet) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

func (m unlessSet) PlanModifyBool(ctx context.Context, req planmodifier.BoolRequest, resp *planmodifier.BoolResponse) {
	if !req.ConfigValue.IsNull() {
		return
	}
	var narrowed types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(m.attribute), &narrowed)...)
	if narrowed.IsUnknown() {
		resp.PlanValue = types.BoolUnknown()
		return
	}
	resp.PlanValue = types.BoolValue(narrowed.IsNull())
}
