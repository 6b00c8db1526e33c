package kibana

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestServiceURL(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"https://dev1.service-now.com":                 "",
		"https://dev1.service-now.com/":                "",
		"http://127.0.0.1:8080/base":                   "",
		"dev1.service-now.com":                         "Not a URL",
		"https://":                                     "Not a URL",
		"ftp://dev1.service-now.com":                   "Not a URL",
		"https://elastic:canary@dev1.service-now.com":  "A URL with credentials",
		"https://canary@dev1.service-now.com":          "A URL with credentials",
		"https://elastic:ca%zznary@dev1.service-now.c": "Not a URL",
	} {
		var resp validator.StringResponse
		serviceURL{}.ValidateString(t.Context(), validator.StringRequest{
			Path: path.Root("api_url"), ConfigValue: types.StringValue(value),
		}, &resp)
		got := ""
		for _, d := range resp.Diagnostics {
			got += d.Summary()
			if _, located := d.(interface{ Path() path.Path }); located || strings.Contains(d.Detail(), "canary") {
				t.Errorf("%s: Terraform would print the URL: %s", value, d.Detail())
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}
