package servicenow

import (
	"context"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/lifecycle"
)

// NewCORSRule manages a CORS rule (sys_cors_rule): which web origin may call one REST API from a browser.
var NewCORSRule = lifecycle.New[corsRule](lifecycle.Definition{
	Type:  "cors_rule",
	Table: "sys_cors_rule",
	Key:   []string{"name"},
	Description: "A CORS rule (`sys_cors_rule`, *System Web Services > REST > CORS Rules*): which web origin may call a " +
		"REST API from a browser. Needs the role `cors_rule_admin`, `web_service_admin` or `admin`.",
	Attributes: map[string]schema.Attribute{
		"name": schema.StringAttribute{Required: true, MarkdownDescription: "The rule's name, unique on the instance."},
		"domain": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "The web origin, with its scheme and, where it has one, its port: " +
				"`https://kibana.example.com:5601`. One `*` may stand right after `://`.",
		},
		"rest_api_id": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "The REST API that the rule opens: the `sys_id` of its `sys_ws_definition`, as " +
				"`data.servicenow_rest_api` finds it. Exactly one of this and `resource_path`.",
			Validators: []validator.String{
				stringvalidator.ExactlyOneOf(path.MatchRoot("rest_api_id"), path.MatchRoot("resource_path")),
			},
		},
		"resource_path": schema.StringAttribute{
			Optional: true, MarkdownDescription: "The path of a web resource that is no REST API.",
		},
		"http_methods": schema.SetAttribute{
			Optional: true, Computed: true, ElementType: types.StringType,
			MarkdownDescription: "The methods that are allowed: `GET`, `POST`, `PUT`, `PATCH`, `DELETE`. Default: `[\"GET\"]`.",
			Default: setdefault.StaticValue(types.SetValueMust(types.StringType,
				[]attr.Value{types.StringValue("GET")})),
			Validators: []validator.Set{setvalidator.ValueStringsAre(
				stringvalidator.OneOf("GET", "POST", "PUT", "PATCH", "DELETE"))},
		},
		"allow_credentials": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(false),
			MarkdownDescription: "Whether the browser may send cookies and authentication. Not with a `*` in `domain`. " +
				"Default: `false`.",
		},
		"allow_headers": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "The request headers that the browser may send.",
			Validators:          []validator.Set{headerNames()},
		},
		"expose_headers": schema.SetAttribute{
			Optional: true, ElementType: types.StringType,
			MarkdownDescription: "The response headers that scripts may read.",
			Validators:          []validator.Set{headerNames()},
		},
		"max_age": schema.Int64Attribute{
			Optional: true, Computed: true, Default: int64default.StaticInt64(0),
			MarkdownDescription: "How long a browser may keep the answer to its preflight request, in seconds. Default: `0`.",
			Validators:          []validator.Int64{int64validator.AtLeast(0)},
		},
		"active": schema.BoolAttribute{
			Optional: true, Computed: true, Default: booldefault.StaticBool(true),
			MarkdownDescription: "Whether the rule applies. Default: `true`.",
		},
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
		field.Switched("resource_path", "use_resource_path", &m.ResourcePath),
		field.Flags(&m.HTTPMethods, map[string]string{
			"GET": "get", "POST": "post", "PUT": "put", "PATCH": "patch", "DELETE": "delete",
		}),
		field.Bool("access_control_allow_credentials", &m.AllowCredentials),
		field.Set("access_control_allow_headers", &m.AllowHeaders),
		field.Set("exposed_headers", &m.ExposeHeaders),
		field.Int("max_age", &m.MaxAge),
		field.Bool("active", &m.Active),
	}
}

// headerNames holds that every element is one header's name, or *: the column is a comma list, so that "a,b" would read
// back as two.
func headerNames() validator.Set {
	return setvalidator.ValueStringsAre(stringvalidator.RegexMatches(
		regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"), "must be the name of one header, or *"))
}

// documentedOrigin is the documented pattern. Instances hold origins outside it, http://localhost:3000 among them, so
// it only warns.
var documentedOrigin = regexp.MustCompile(
	`^https?://(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z0-9]+(:\d+)?$`)

func (m *corsRule) Check(_ context.Context, report *lifecycle.Report) {
	if domain := m.Domain.ValueString(); domain != "" {
		if strings.Contains(domain, "*") && m.AllowCredentials.ValueBool() {
			report.Error(&m.Domain, "A wildcard with credentials", "Browsers and ServiceNow refuse credentials for a domain "+
				"with *. Name the origin in full, or set allow_credentials = false.")
		}
		if !documentedOrigin.MatchString(domain) {
			report.Warn(&m.Domain, "An unusual origin", "ServiceNow documents http:// or https://, a host name with a dot or "+
				"an IP address, at most one * right after ://, and a port. "+domain+" is something else. It is sent as it is.")
		}
	}
	if id := m.RESTAPIID.ValueString(); id != "" && !lifecycle.IsSysID(id) {
		report.Warn(&m.RESTAPIID, "Not a sys_id", "The REST API of a CORS rule is the sys_id of its sys_ws_definition. Some "+
			"APIs that are built into the platform may differ, so "+id+" is sent as it is.")
	}
}
