package lifecycle

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// notEmpty refuses "" and [], which a server reads back as nothing.
type notEmpty struct{}

func (notEmpty) Description(context.Context) string {
	return "must not be empty; use null to set nothing"
}

func (v notEmpty) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (notEmpty) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if !req.ConfigValue.IsNull() && !req.ConfigValue.IsUnknown() && req.ConfigValue.ValueString() == "" {
		refuseEmpty("string", req.Path, &resp.Diagnostics)
	}
}

func (notEmpty) ValidateSet(ctx context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	if !req.ConfigValue.IsNull() && !req.ConfigValue.IsUnknown() && len(req.ConfigValue.Elements()) == 0 {
		refuseEmpty("set", req.Path, &resp.Diagnostics)
	}
	wholeElements{}.ValidateSet(ctx, req, resp)
}

func (notEmpty) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	if !req.ConfigValue.IsNull() && !req.ConfigValue.IsUnknown() && len(req.ConfigValue.Elements()) == 0 {
		refuseEmpty("list", req.Path, &resp.Diagnostics)
	}
	refuseEmptyElements(req.ConfigValue.Elements(), req.Path, &resp.Diagnostics)
}

func (notEmpty) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	if !req.ConfigValue.IsNull() && !req.ConfigValue.IsUnknown() && len(req.ConfigValue.Elements()) == 0 {
		refuseEmpty("map", req.Path, &resp.Diagnostics)
	}
}

// wholeElements refuses "" and null inside a set that may be empty itself.
type wholeElements struct{}

func (wholeElements) Description(context.Context) string { return "must not hold empty elements" }

func (v wholeElements) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (wholeElements) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	refuseEmptyElements(req.ConfigValue.Elements(), req.Path, &resp.Diagnostics)
}

// refuseEmptyElements refuses elements that no server reads back: they would fail the apply, and taint the record.
func refuseEmptyElements(elements []attr.Value, at path.Path, diags *diag.Diagnostics) {
	for _, element := range elements {
		text, isText := element.(types.String)
		if element.IsNull() || isText && !element.IsUnknown() && text.ValueString() == "" {
			addError(diags, at, "An empty element", at.String()+" holds an element that is null or \"\", which would never "+
				"read back. Leave it out, for example with compact([…]).")
			return
		}
	}
}

func refuseEmpty(kind string, at path.Path, diags *diag.Diagnostics) {
	addError(diags, at, "An empty "+kind, "The server takes an empty value for none at all, so it would never "+
		"read back. Use null, or leave "+at.String()+" out.")
}

var sysID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// columnName is the form of a column's name.
var columnName = regexp.MustCompile(`^[a-z0-9_]+$`)

// IsSysID reports whether a value has the form of a sys_id: 32 hex digits, in lower case.
func IsSysID(value string) bool { return sysID.MatchString(value) }

// withinTime holds that the durations of timeouts leave time for a request; the library takes negative ones.
func withinTime(timeouts schema.Attribute) schema.Attribute {
	nested, ok := timeouts.(schema.SingleNestedAttribute)
	if !ok {
		return timeouts
	}
	for name, inner := range nested.Attributes {
		if text, ok := inner.(schema.StringAttribute); ok {
			text.Validators = append(slices.Clone(text.Validators), positiveDuration{})
			nested.Attributes[name] = text
		}
	}
	return nested
}

// positiveDuration holds that a duration is above zero. What is no duration is another validator's to report.
type positiveDuration struct{}

func (positiveDuration) Description(context.Context) string { return "a duration above zero" }

func (v positiveDuration) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (positiveDuration) ValidateString(
	_ context.Context, req validator.StringRequest, resp *validator.StringResponse,
) {
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err == nil && d <= 0 {
		resp.Diagnostics.AddAttributeError(req.Path, "No time at all", req.Path.String()+" is "+
			quoted(req.ConfigValue.ValueString())+", which leaves no time for a request. Give a duration above zero, such "+
			"as 5m.")
	}
}

// sysIDOr holds that a value is a sys_id, or one of a few words.
type sysIDOr struct{ words []string }

// SysID holds that a value is a sys_id.
func SysID() validator.String { return sysIDOr{} }

// SysIDOr holds that a value is a sys_id or one of the words.
func SysIDOr(words ...string) validator.String { return sysIDOr{words} }

// scopeName is the form of the name of an application scope, such as global or x_elas2_inc_int.
var scopeName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// SysIDOrScope holds that a value is a sys_id or the name of an application scope.
func SysIDOrScope() validator.String { return sysIDOr{[]string{scopeWord}} }

const scopeWord = "the name of an application scope"

func (v sysIDOr) Description(context.Context) string {
	return strings.Join(append([]string{"a sys_id (32 hex digits)"}, v.words...), " or ")
}

func (v sysIDOr) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v sysIDOr) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	value := req.ConfigValue.ValueString()
	for _, word := range v.words {
		if value == word || word == scopeWord && scopeName.MatchString(value) {
			return
		}
	}
	if !IsSysID(value) {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a sys_id", req.Path.String()+" must be "+v.Description(ctx)+
			": got "+quoted(value)+". Refer to the id attribute of a resource or data source.")
	}
}

// quoted shows a value in a message, shortened.
func quoted(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:most] + "…"
	}
	return "\"" + s + "\""
}
