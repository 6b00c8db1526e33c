package lifecycle

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

type decoded struct {
	Base
	Name   types.String `tfsdk:"name"`
	Active types.Bool   `tfsdk:"active"`
	Order  types.Int64  `tfsdk:"order"`
}

func (m *decoded) Fields() []field.Field {
	return []field.Field{
		field.Bool("active", &m.Active), field.Int("order", &m.Order), field.String("name", &m.Name),
	}
}

// TestDecodeLosesNothing keeps the id and whatever can be read, and leaves nothing unknown, when an answer is strange.
func TestDecodeLosesNothing(t *testing.T) {
	t.Parallel()
	m := &decoded{Active: types.BoolUnknown(), Order: types.Int64Value(7), Name: types.StringUnknown()}
	err := decode[decoded](m, record.Record{ID: "x", Values: map[string]any{
		"active": "perhaps", "order": "many", "name": "n",
	}}, nil)
	if err == nil || !strings.Contains(err.Error(), "perhaps") || !strings.Contains(err.Error(), "many") {
		t.Errorf("the error does not tell both values: %v", err)
	}
	if m.ID.ValueString() != "x" || m.Name.ValueString() != "n" || !m.Active.IsNull() || m.Order.ValueInt64() != 7 {
		t.Errorf("read %+v", m)
	}
}
