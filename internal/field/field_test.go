package field_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"pgregory.net/rapid"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

func encoded(f field.Field) map[string]any {
	write := record.Write{Record: record.Record{Values: map[string]any{}}}
	f.Encode(&write)
	return write.Values
}

func setOf(items ...string) types.Set {
	values := make([]attr.Value, len(items))
	for i, item := range items {
		values[i] = types.StringValue(item)
	}
	return types.SetValueMust(types.StringType, values)
}

// TestDecode reads what servers write, in all the spellings that they have.
func TestDecode(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		field field.Field
		said  any
		want  attr.Value
		fails bool
	}{
		"text":        {field: field.String("c", new(types.String)), said: "a", want: types.StringValue("a")},
		"empty text":  {field: field.String("c", new(types.StringValue("old"))), said: "", want: types.StringNull()},
		"JSON null":   {field: field.String("c", new(types.StringValue("old"))), said: nil, want: types.StringNull()},
		"true":        {field: field.Bool("c", new(types.Bool)), said: "true", want: types.BoolValue(true)},
		"1":           {field: field.Bool("c", new(types.Bool)), said: "1", want: types.BoolValue(true)},
		"JSON false":  {field: field.Bool("c", new(types.Bool)), said: false, want: types.BoolValue(false)},
		"no bool":     {field: field.Bool("c", new(types.BoolValue(true))), said: "", want: types.BoolNull()},
		"maybe":       {field: field.Bool("c", new(types.Bool)), said: "maybe", fails: true},
		"number":      {field: field.Int("c", new(types.Int64)), said: "-7", want: types.Int64Value(-7)},
		"JSON number": {field: field.Int("c", new(types.Int64)), said: float64(7), want: types.Int64Value(7)},
		"no number":   {field: field.Int("c", new(types.Int64)), said: "seven", fails: true},
		"time": {
			field: field.Time("c", new(timetypes.RFC3339)), said: "2027-01-02 03:04:05",
			want: timetypes.NewRFC3339ValueMust("2027-01-02T03:04:05Z"),
		},
		"no time": {
			field: field.Time("c", new(timetypes.NewRFC3339ValueMust("2027-01-02T03:04:05Z"))), said: "",
			want: timetypes.NewRFC3339Null(),
		},
		"tomorrow": {field: field.Time("c", new(timetypes.RFC3339)), said: "tomorrow", fails: true},
		"set":      {field: field.Set("c", new(types.Set)), said: "b, a,b", want: setOf("a", "b")},
		"no set":   {field: field.Set("c", new(setOf("old"))), said: "", want: types.SetNull(types.StringType)},
		"list keeps its order": {
			field: field.List("c", new(types.List)), said: "b,a",
			want: types.ListValueMust(types.StringType, []attr.Value{types.StringValue("b"), types.StringValue("a")}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.field.Decode(record.Record{Values: map[string]any{"c": test.said}})
			if (err != nil) != test.fails {
				t.Fatalf("the error is %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), "column c") {
				t.Errorf("the error does not name the column: %v", err)
			}
			if !test.fails && !test.field.Value().Equal(test.want) {
				t.Errorf("read %v, not %v", test.field.Value(), test.want)
			}
		})
	}
}

// TestDecodeKeepsTheSpelling leaves a value alone where the server's means the same, or where the answer lacks it.
func TestDecodeKeepsTheSpelling(t *testing.T) {
	t.Parallel()
	when := timetypes.NewRFC3339ValueMust("2027-01-02T05:04:05+02:00")
	f := field.Time("c", &when)
	if err := f.Decode(record.Record{Values: map[string]any{"c": "2027-01-02 03:04:05"}}); err != nil {
		t.Fatal(err)
	}
	if when.ValueString() != "2027-01-02T05:04:05+02:00" {
		t.Errorf("the time was written anew: %s", when)
	}
	if got := encoded(f)["c"]; got != "2027-01-02 03:04:05" {
		t.Errorf("sent %v, not UTC", got)
	}
	text := types.StringValue("here")
	if err := field.String("c", &text).Decode(record.Record{}); err != nil || text.ValueString() != "here" {
		t.Errorf("an answer without the column changed the value to %v (%v)", text, err)
	}
	text = types.StringUnknown()
	if err := field.String("c", &text).Decode(record.Record{}); err != nil || !text.IsNull() {
		t.Errorf("an unknown value that the answer lacks is %v, not null (%v)", text, err)
	}
}

// TestEncode sends nothing for unknown values and nil, which empties a column, for null.
func TestEncode(t *testing.T) {
	t.Parallel()
	unknown, null, path := types.StringUnknown(), types.StringNull(), types.StringValue("p")
	for name, test := range map[string]struct {
		field field.Field
		want  map[string]any
	}{
		"unknown":  {field.String("c", &unknown), map[string]any{}},
		"null":     {field.String("c", &null), map[string]any{"c": nil}},
		"computed": {field.Computed(field.String("c", &path)), map[string]any{}},
		"constant": {field.Constant("c", "jwt"), map[string]any{"c": "jwt"}},
		"secret":   {field.Secret("c", &path, nil), map[string]any{}},
	} {
		if diff := cmp.Diff(test.want, encoded(test.field)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestRoundTrips sends any value and reads it back as it was, through ServiceNow's texts.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	back := func(t *rapid.T, send, receive field.Field) {
		sent := record.Write{Record: record.Record{Values: map[string]any{}}}
		send.Encode(&sent)
		for column, value := range sent.Values {
			sent.Values[column] = record.Text(value)
		}
		if err := receive.Decode(sent.Record); err != nil {
			t.Fatal(err)
		}
		if !send.Value().Equal(receive.Value()) || !send.Same(receive) {
			t.Fatalf("sent %v, read %v", send.Value(), receive.Value())
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := types.StringValue(rapid.StringN(1, 50, -1).Draw(t, "text")), types.StringUnknown()
		back(t, field.String("c", &a), field.String("c", &b))
		x, y := types.Int64Value(rapid.Int64().Draw(t, "number")), types.Int64Unknown()
		back(t, field.Int("c", &x), field.Int("c", &y))
		p, q := types.BoolValue(rapid.Bool().Draw(t, "flag")), types.BoolUnknown()
		back(t, field.Bool("c", &p), field.Bool("c", &q))
		items := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zA-Z0-9*-]{1,8}`), 1, 5, rapid.ID).Draw(t, "items")
		s, u := setOf(items...), types.SetUnknown(types.StringType)
		back(t, field.Set("c", &s), field.Set("c", &u))
	})
}

// TestFurtherColumns owns the columns that the map names, and no others.
func TestFurtherColumns(t *testing.T) {
	t.Parallel()
	of := func(entries map[string]string) types.Map {
		values := map[string]attr.Value{}
		for column, value := range entries {
			values[column] = types.StringValue(value)
		}
		return types.MapValueMust(types.StringType, values)
	}
	was, is := of(map[string]string{"u_a": "1", "u_b": "2"}), of(map[string]string{"u_b": "2"})
	f, ok := field.As[field.Columns](field.FurtherColumns(&is))
	if !ok {
		t.Fatal("not a map of columns")
	}
	if diff := cmp.Diff([]string{"u_a"}, f.Dropped(field.FurtherColumns(&was))); diff != "" {
		t.Error(diff)
	}
	if err := f.Decode(record.Record{Values: map[string]any{"u_b": "3", "u_c": "4"}}); err != nil {
		t.Fatal(err)
	}
	if !is.Equal(of(map[string]string{"u_b": "3"})) {
		t.Errorf("read %v", is)
	}
}

type inner struct {
	Name   types.String `tfsdk:"name"`
	Secret types.String `tfsdk:"secret_wo"`
}

type base struct {
	ID types.String `tfsdk:"id"`
}

type outer struct {
	base
	Object types.Object `tfsdk:"object"`
}

func (m *outer) fields() []field.Field {
	return []field.Field{
		field.ID(&m.ID),
		field.Group(&m.Object, func(r record.Record) bool { return r.Values["on"] == true }, func(i *inner) []field.Field {
			return []field.Field{field.String("n", &i.Name), field.RequiredSecret("s", &i.Secret, nil)}
		}),
	}
}

// TestGroup finds the places of nested attributes, rebuilds the object from an answer, and keeps secrets out of it.
func TestGroup(t *testing.T) {
	t.Parallel()
	kinds := map[string]attr.Type{"name": types.StringType, "secret_wo": types.StringType}
	m := &outer{Object: types.ObjectValueMust(kinds, map[string]attr.Value{
		"name": types.StringValue("a"), "secret_wo": types.StringValue("canary"),
	})}
	var places []string
	for _, leaf := range field.Leaves(m, m.fields()) {
		places = append(places, leaf.Path.String())
	}
	if diff := cmp.Diff([]string{"id", "object", "object.name", "object.secret_wo"}, places); diff != "" {
		t.Error(diff)
	}
	group := m.fields()[1]
	if diff := cmp.Diff(map[string]any{"n": "a"}, encoded(group)); diff != "" {
		t.Error(diff)
	}
	if err := group.Decode(record.Record{Values: map[string]any{"on": true, "n": "b"}}); err != nil {
		t.Fatal(err)
	}
	want := types.ObjectValueMust(kinds, map[string]attr.Value{
		"name": types.StringValue("b"), "secret_wo": types.StringNull(),
	})
	if !m.Object.Equal(want) {
		t.Errorf("read %v", m.Object)
	}
	if err := m.fields()[1].Decode(record.Record{Values: map[string]any{"on": false}}); err != nil || !m.Object.IsNull() {
		t.Errorf("an absent object reads %v (%v)", m.Object, err)
	}
	err := m.fields()[1].Decode(record.Record{Values: map[string]any{"on": true, "n": "c"}})
	if err != nil || m.Object.IsNull() {
		t.Errorf("an import does not rebuild the object: %v (%v)", m.Object, err)
	}
}
