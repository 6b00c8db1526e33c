package kibana_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/kibana"
)

// host is an element of the argument: an object of texts.
func host(members ...string) attr.Value {
	kinds, values := map[string]attr.Type{}, map[string]attr.Value{}
	for pair := range slices.Chunk(members, 2) {
		kinds[pair[0]], values[pair[0]] = types.StringType, types.StringValue(pair[len(pair)-1])
	}
	return types.ObjectValueMust(kinds, values)
}

// hosts is the argument, as Terraform passes a list of objects of different keys.
func hosts(t *testing.T, all ...attr.Value) attr.Value {
	t.Helper()
	kinds := make([]attr.Type, len(all))
	for i, one := range all {
		kinds[i] = one.Type(t.Context())
	}
	return types.TupleValueMust(kinds, all)
}

func TestHostSettings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		argument attr.Value
		want     string // the YAML, or a part of the error
	}{
		"one": {
			hosts(t, host("url", "https://a.example.com")),
			"xpack.actions.customHostSettings:\n  - url: https://a.example.com\n",
		},
		"none": {hosts(t), "xpack.actions.customHostSettings: []\n"},
		"two": {
			hosts(t,
				host("url", "https://a.example.com:8443", "verification_mode", "none"),
				host("url", "https://b.example.com", "ca_pem", "x\ny\n"),
			),
			"xpack.actions.customHostSettings:\n  - url: https://a.example.com:8443\n    ssl:\n      verificationMode: none\n" +
				"  - url: https://b.example.com\n    ssl:\n      certificateAuthoritiesData: |\n        x\n        y\n",
		},
		"another key":  {hosts(t, host("host", "x")), "the keys are url"},
		"a path":       {hosts(t, host("url", "https://a.example.com/path")), "must not have a path"},
		"a mode":       {hosts(t, host("url", "https://a.example.com", "verification_mode", "x")), "mode must be full"},
		"another type": {types.StringValue("x"), "list of objects"},
		"texts":        {hosts(t, types.StringValue("x")), "is not an object"},
		"a key": {
			hosts(t, host("url", "https://a.example.com", "ca_pem", "-----BEGIN PRIVATE KEY-----")), "holds a private key",
		},
		"no URL":     {hosts(t, host("url", "x")), "must be a URL"},
		"plain HTTP": {hosts(t, host("url", "http://a.example.com")), "must begin with https://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp := function.RunResponse{Result: function.NewResultData(types.StringUnknown())}
			kibana.NewHostSettings().Run(t.Context(), function.RunRequest{
				Arguments: function.NewArgumentsData([]attr.Value{types.DynamicValue(test.argument)}),
			}, &resp)
			if resp.Error != nil {
				if !strings.Contains(resp.Error.Text, test.want) {
					t.Errorf("the error is %s", resp.Error.Text)
				}
				return
			}
			if got := resp.Result.Value(); !got.Equal(types.StringValue(test.want)) {
				t.Errorf("got %s", got)
			}
		})
	}
}
