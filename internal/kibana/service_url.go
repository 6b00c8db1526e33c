package kibana

import (
	"context"
	"net/url"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/attribute"
)

// apiURL is where a connector's service is.
func apiURL(description string) schema.StringAttribute {
	return attribute.RequiredText(description, serviceURL{})
}

// serviceURL holds that a connector's api_url is an absolute http(s) URL without credentials: Kibana stores and shows
// config in the clear.
type serviceURL struct{}

func (serviceURL) Description(context.Context) string {
	return "an http:// or https:// URL without a user name or password"
}

func (v serviceURL) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString reports about the resource, not the attribute: Terraform prints an attribute's lines.
func (v serviceURL) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || req.ConfigValue.ValueString() == "" {
		return
	}
	u, err := url.Parse(req.ConfigValue.ValueString())
	switch {
	case err == nil && u.User != nil:
		resp.Diagnostics.AddError("A URL with credentials", req.Path.String()+" must be "+v.Description(ctx)+
			": Kibana shows it to everybody who may see the connector, and it is stored in the state. Set the connector's "+
			"credentials instead.")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		resp.Diagnostics.AddError("Not a URL", req.Path.String()+" must be "+v.Description(ctx)+
			", such as https://service.example.com.")
	}
}
