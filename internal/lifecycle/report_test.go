package lifecycle

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func TestCauseOfChange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		planned, kept attr.Value
		want          string
	}{
		"trimmed":        {types.StringValue(" a b\n"), types.StringValue("a b"), "blanks at its ends"},
		"lower case":     {types.StringValue("Ops Team"), types.StringValue("ops team"), "upper and lower case"},
		"too long":       {types.StringValue("größer"), types.StringValue("größ"), "after 4 characters"},
		"something else": {types.StringValue("a"), types.StringValue("b"), "a business rule"},
		"dropped":        {types.StringValue("a"), types.StringValue(""), "a business rule"},
		"absent":         {types.StringValue("a"), types.StringNull(), "a business rule"},
		"a number":       {types.Int64Value(60), types.Int64Value(6), "a business rule"},
	} {
		if got := (keptValue{planned: test.planned, stored: test.kept}).cause(ServiceNow); !strings.Contains(got, test.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	dropped := keptValue{planned: types.StringValue("a:1"), stored: types.StringValue("a"), unchanged: true}
	if got := dropped.cause(ServiceNow); !strings.Contains(got, "an ACL of the column dropped it") {
		t.Errorf("of a write that did nothing: %s", got)
	}
	got := keptValue{planned: types.StringValue("a"), stored: types.StringValue("b")}.cause(Kibana)
	if strings.Contains(got, "business rule") || !strings.Contains(got, "Kibana rewrites") {
		t.Errorf("of Kibana: %s", got)
	}
}
