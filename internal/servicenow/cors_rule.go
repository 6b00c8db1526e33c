package servicenow

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewCORSRule manages a CORS rule (sys_cors_rule): which web origin may call one REST API from a browser.
var NewCORSRule = lifecycle.New[corsRule](lifecycle.Definition{
	Type:       "cors_rule",
	Table:      "sys_cors_rule",
	Key:        []string{"name"},
	MayBeEmpty: []string{"http_methods"},
	Needs:      lifecycle.Needs{Roles: lifecycle.OneOf("cors_rule_admin", "web_service_admin")},
	Description: "A CORS rule (`sys_cors_rule`, *System Web Services > REST > CORS Rules*): which web origin may call a " +
		"REST API from a browser.",
	Attributes: attribute.Schema{
		"name": attribute.RequiredText("The rule's name, unique on the instance."),
		"domain": attribute.RequiredText("The web origin, with its scheme and, where it has one, its port: " +
			"`https://kibana.example.com:5601`. One `*` may stand right after `://`."),
		"rest_api_id": attribute.Text("The REST API that the rule opens: the `sys_id` of its `sys_ws_definition`, which "+
			"`data.servicenow_rest_api` finds. Exactly one of this and `resource_path`.",
			attribute.ExactlyOneOf("rest_api_id", "resource_path")),
		"resource_path": attribute.Text("The path of a web resource that is not a REST API."),
		"http_methods": attribute.NamesOr([]string{"GET"}, "The methods that are allowed: `GET`, `POST`, `PUT`, `PATCH`, "+
			"`DELETE`. A rule that allows none is not made, but one that is there may be kept so, with `[]`.",
			attribute.OneOf("GET", "POST", "PUT", "PATCH", "DELETE")),
		"allow_credentials": attribute.FlagOr(false, "Whether the browser may send cookies and authentication. Not with a "+
			"`*` in `domain`."),
		"allow_headers":  attribute.Names("The request headers that the browser may send.", headerName),
		"expose_headers": attribute.Names("The response headers that scripts may read.", headerName),
		"max_age": attribute.IntOr(0, "How long a browser may keep the answer to its preflight request, in seconds.",
			attribute.AtLeast(0)),
		"active": attribute.Active("Whether the rule applies."),
	},
})

type corsRule struct {
	lifecycle.Base
	lifecycle.AdditionalColumns
	lifecycle.Scope
	Name             types.String `tfsdk:"name"`
	Domain           types.String `tfsdk:"domain"`
	RESTAPIID        types.String `tfsdk:"rest_api_id"`
	ResourcePath     types.String `tfsdk:"resource_path"`
	HTTPMethods      types.Set    `tfsdk:"http_methods"`
	AllowCredentials types.Bool   `tfsdk:"allow_credentials"`
	AllowHeaders     types.Set    `tfsdk:"allow_headers"`
	ExposeHeaders    types.Set    `tfsdk:"expose_headers"`
	MaxAge           types.Int64  `tfsdk:"max_age"`
	Active           types.Bool   `tfsdk:"active"`
}

func (m *corsRule) Fields() []field.Field {
	return []field.Field{
		field.String("name", &m.Name),
		field.String("domain", &m.Domain),
		field.String("rest_api", &m.RESTAPIID),
		switched("resource_path", "use_resource_path", &m.ResourcePath),
		methods{&m.HTTPMethods},
		field.Bool("access_control_allow_credentials", &m.AllowCredentials),
		field.Set("access_control_allow_headers", &m.AllowHeaders),
		field.Set("exposed_headers", &m.ExposeHeaders),
		field.Int("max_age", &m.MaxAge),
		field.Bool("active", &m.Active),
	}
}

// headerName is the name of one header: the column is a comma list, so that "a,b" would read back as two.
var headerName = attribute.Matching("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", "must be the name of one header, or *")

// PlanChange refuses to make a rule that allows nothing. Some that people made by hand do, and are kept as they are.
func (m *corsRule) PlanChange(
	_ context.Context, _ *lifecycle.Servers, change lifecycle.Change, report *lifecycle.Report,
) {
	if change.Before == nil && !m.HTTPMethods.IsUnknown() && len(m.HTTPMethods.Elements()) == 0 {
		report.Error(&m.HTTPMethods, "An empty set", "A CORS rule without a method allows nothing. Name the methods, or use "+
			"null, which stands for GET.")
	}
}

func (m *corsRule) Check(_ context.Context, report *lifecycle.Report) {
	checkOrigin(&m.Domain, m.AllowCredentials.ValueBool(), report)
	warnUnlessSysID(&m.RESTAPIID, "The REST API of a CORS rule", report)
}
