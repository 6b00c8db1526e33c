package kibana

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// TestUsesOAuth sends whether oauth is set, and nothing while that is not known, or where there are no credentials of
// either kind.
func TestUsesOAuth(t *testing.T) {
	t.Parallel()
	set := types.ObjectValueMust(map[string]attr.Type{}, map[string]attr.Value{})
	for _, test := range []struct {
		oauth, basic types.Object
		want         any
	}{
		{types.ObjectNull(nil), set, false},
		{types.ObjectNull(nil), types.ObjectUnknown(nil), false},
		{types.ObjectNull(nil), types.ObjectNull(nil), nil},
		{types.ObjectUnknown(nil), types.ObjectNull(nil), nil},
		{set, types.ObjectNull(nil), true},
	} {
		w := record.Write{Record: record.Record{Values: map[string]any{}}}
		usesOAuth{&test.oauth, &test.basic}.Encode(&w)
		if got := w.Values[isOAuthColumn]; got != test.want {
			t.Errorf("oauth %s, basic_auth %s: sent %v, not %v", test.oauth, test.basic, got, test.want)
		}
	}
}
