package field_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"pgregory.net/rapid"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey/keytest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

var (
	anyText = rapid.StringN(1, 20, -1)
	word    = rapid.StringMatching(`[a-zA-Z0-9*-]{1,8}`)
	words   = rapid.SliceOfN(word, 1, 4)
)

func texts(items []string) []attr.Value {
	values := make([]attr.Value, len(items))
	for i, item := range items {
		values[i] = types.StringValue(item)
	}
	return values
}

// anyOf draws a filled value that a configuration could hold for an attribute of everything.
func anyOf(t *rapid.T, name string, certificates []string) attr.Value {
	set := func(items []string) attr.Value {
		slices.Sort(items)
		return types.SetValueMust(types.StringType, texts(slices.Compact(items)))
	}
	switch name {
	case "flag":
		return types.BoolValue(rapid.Bool().Draw(t, name))
	case "number":
		return types.Int64Value(rapid.Int64().Draw(t, name))
	case "time":
		zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "zone"))
		when := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, name), 0).In(zone)
		return timetypes.NewRFC3339TimeValue(when)
	case "pem":
		return types.StringValue(rapid.SampledFrom(certificates).Draw(t, name))
	case "set", "members", "linked", "user_ids":
		return set(words.Draw(t, name))
	case "methods":
		return set(rapid.SliceOfN(rapid.SampledFrom([]string{"GET", "PUT"}), 1, 2).Draw(t, name))
	case "list", "group_ids":
		return types.ListValueMust(types.StringType, texts(words.Draw(t, name)))
	case "further", "entries":
		values := map[string]attr.Value{}
		for key, value := range rapid.MapOfN(word, anyText, 1, 3).Draw(t, name) {
			values[key] = types.StringValue(value)
		}
		return types.MapValueMust(types.StringType, values)
	case "shape":
		return types.ObjectValueMust(shapeTypes, map[string]attr.Value{
			"field_type": types.StringValue(anyText.Draw(t, "type")),
			"items":      types.ListValueMust(types.StringType, texts(words.Draw(t, "items"))),
		})
	case "json":
		object := map[string]any{}
		for key, value := range rapid.MapOfN(word, anyText, 1, 3).Draw(t, name) {
			object[key] = rapid.SampledFrom([]any{
				value, 1.5, true, nil, []any{value, nil}, map[string]any{value: value, "deep": map[string]any{"n": nil}},
			}).Draw(t, "value")
		}
		data, err := json.MarshalIndent(object, "", rapid.SampledFrom([]string{"", " "}).Draw(t, "indent"))
		if err != nil {
			t.Fatal(err)
		}
		return types.StringValue(string(data))
	case "nested":
		number := types.Int64Null()
		if rapid.Bool().Draw(t, "numbered") {
			number = types.Int64Value(rapid.Int64().Draw(t, "inner number"))
		}
		return types.ObjectValueMust(nestedTypes, map[string]attr.Value{
			"name": types.StringValue(anyText.Draw(t, "inner name")), "number": number, "secret_wo": types.StringNull(),
		})
	}
	return types.StringValue(anyText.Draw(t, name))
}

// anything draws a model of which each attribute is null, unknown or filled.
func anything(t *rapid.T, like *everything, certificates []string, label string) (*everything, map[string]string) {
	m := *like
	states := map[string]string{}
	for _, f := range like.fields() {
		name := field.PathOf(like, f.Attribute()).String()
		states[name] = rapid.SampledFrom([]string{"null", "unknown", "filled"}).Draw(t, label+" "+name)
		kind := f.Value().Type(t.Context())
		value, err := anyOf(t, name, certificates), error(nil)
		if states[name] != "filled" {
			raw := any(nil)
			if states[name] == "unknown" {
				raw = tftypes.UnknownValue
			}
			value, err = kind.ValueFromTerraform(t.Context(), tftypes.NewValue(kind.TerraformType(t.Context()), raw))
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, own := range m.fields() {
			if field.PathOf(&m, own.Attribute()).String() == name {
				set(own.Attribute(), value)
			}
		}
	}
	return &m, states
}

// shape describes what a list of fields is, whatever its values: kinds, places and columns.
func shape(m *everything) []string {
	var lines []string
	for _, leaf := range field.Leaves(m, m.fields()) {
		line := fmt.Sprintf("%s %T", leaf.Path, leaf.Field)
		if _, owned := field.As[field.Columns](leaf.Field); !owned {
			line += fmt.Sprint(leaf.Columns())
		}
		lines = append(lines, line)
	}
	return lines
}

// TestAnyValues holds, for every kind of field and any two models of null, unknown and filled attributes: the list of
// fields is the same; what one sends, the other reads as the same; reading again changes nothing; unknown sends
// nothing; assigning makes equal; and what is equal is the same, both ways.
func TestAnyValues(t *testing.T) {
	t.Parallel()
	like := filled(t)
	_, other := keytest.RSAPair(t)
	certificates := []string{like.PEM.ValueString(), "\n" + like.PEM.ValueString() + "\n", other}
	// What is left alone by an answer that does not hold it: where a record is, and members that nobody owns.
	kept := []string{"id", "scope_id", "space_id", "table", "members", "further", "entries"}
	rapid.Check(t, func(t *rapid.T) {
		sent, states := anything(t, like, certificates, "sent")
		held, _ := anything(t, like, certificates, "held")
		if !slices.Equal(shape(sent), shape(held)) {
			t.Fatalf("the fields are %q of one model and %q of another", shape(sent), shape(held))
		}
		for i, s := range sent.fields() {
			name := field.PathOf(sent, s.Attribute()).String()
			write := record.Write{Record: record.Record{Values: map[string]any{}}}
			s.Encode(&write)
			if states[name] == "unknown" &&
				(len(write.Values) > 0 || write.ID+write.Scope+write.Space+write.Table != "") {
				t.Fatalf("%s: unknown sends %v", name, write.Record)
			}
			h := held.fields()[i]
			if s.Value().Equal(h.Value()) && (!s.Same(h) || !h.Same(s)) || !s.Same(s) {
				t.Fatalf("%s: equal values are not the same: %v", name, s.Value())
			}
			answer := write.Record
			answer.Values = maps.Clone(write.Values)
			for column, value := range answer.Values {
				switch value.(type) {
				case bool, int64:
					answer.Values[column] = record.Text(value)
				}
			}
			if name == "further" && states[name] == "filled" {
				held.Further = sent.Further // which columns are owned is known from the configuration only
			}
			if name == "entries" && states[name] == "filled" {
				held.Entries = types.MapNull(types.StringType)
			}
			h = held.fields()[i]
			if err := h.Decode(answer); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if states[name] == "filled" || states[name] == "null" && !slices.Contains(kept, name) {
				if !h.Same(s) || !s.Same(h) {
					t.Fatalf("%s: sent %v, read %v", name, s.Value(), h.Value())
				}
			}
			if states[name] == "filled" && h.Value().IsUnknown() {
				t.Fatalf("%s: what was answered reads as unknown", name)
			}
			once := h.Value()
			if err := h.Decode(answer); err != nil || !h.Value().Equal(once) {
				t.Fatalf("%s: read %v, and again %v (%v)", name, once, h.Value(), err)
			}
			h.Assign(s)
			if !h.Value().Equal(s.Value()) || !h.Same(s) {
				t.Fatalf("%s: assigned %v, got %v", name, s.Value(), h.Value())
			}
		}
	})
}
