package kibana

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// TestUsesOAuth sends whether oauth is set, and nothing while that is not known.
func TestUsesOAuth(t *testing.T) {
	t.Parallel()
	set := types.ObjectValueMust(map[string]attr.Type{}, map[string]attr.Value{})
	for _, test := range []struct {
		oauth types.Object
		want  any
	}{{types.ObjectNull(nil), false}, {types.ObjectUnknown(nil), nil}, {set, true}} {
		w := record.Write{Record: record.Record{Values: map[string]any{}}}
		usesOAuth{&test.oauth}.Encode(&w)
		if got := w.Values[isOAuthColumn]; got != test.want {
			t.Errorf("%s: sent %v, not %v", test.oauth, got, test.want)
		}
	}
}
