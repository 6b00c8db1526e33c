package field_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey/keytest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// everything has one attribute of each kind that is sent and read.
type everything struct {
	ID      types.String      `tfsdk:"id"`
	Scope   types.String      `tfsdk:"scope_id"`
	Space   types.String      `tfsdk:"space_id"`
	Table   types.String      `tfsdk:"table"`
	Text    types.String      `tfsdk:"text"`
	Flag    types.Bool        `tfsdk:"flag"`
	Number  types.Int64       `tfsdk:"number"`
	Time    timetypes.RFC3339 `tfsdk:"time"`
	PEM     types.String      `tfsdk:"pem"`
	Set     types.Set         `tfsdk:"set"`
	List    types.List        `tfsdk:"list"`
	Members types.Set         `tfsdk:"members"`
	Further types.Map         `tfsdk:"further"`
	Entries types.Map         `tfsdk:"entries"`
	Shape   types.Object      `tfsdk:"shape"`
	JSON    types.String      `tfsdk:"json"`
	Users   types.Set         `tfsdk:"user_ids"`
	Group   types.List        `tfsdk:"group_ids"`
	App     types.String      `tfsdk:"application_id"`
	Nested  types.Object      `tfsdk:"nested"`
}

// nested is an object of an attribute and a secret.
type nested struct {
	Name   types.String `tfsdk:"name"`
	Number types.Int64  `tfsdk:"number"`
	Secret types.String `tfsdk:"secret_wo"`
}

var nestedTypes = map[string]attr.Type{
	"name": types.StringType, "number": types.Int64Type, "secret_wo": types.StringType,
}

func (m *everything) fields() []field.Field {
	return []field.Field{
		field.ID(&m.ID),
		field.Scope(&m.Scope),
		field.Space(&m.Space),
		field.Table(&m.Table),
		field.String("text", &m.Text),
		field.Bool("flag", &m.Flag),
		field.Int("number", &m.Number),
		field.Time("time", &m.Time),
		field.PEM("pem", &m.PEM),
		field.Set("set", &m.Set),
		field.List("list", &m.List),
		field.Members("members", &m.Members),
		field.FurtherColumns(&m.Further),
		field.Entries("entry.", &m.Entries),
		field.Structure("shape", &m.Shape, map[string]string{"field_type": "fieldType"}),
		field.MovesWith(field.Document("json", &m.JSON, nil), &m.Text),
		field.Reference(field.Set("users", &m.Users), "sys_user"),
		field.Reference(field.List("groups", &m.Group), "sys_user_group"),
		field.ApplicationOf("app", &m.App),
		field.Group(&m.Nested, func(r record.Record) bool { return r.Values["nested_name"] != nil },
			func(n *nested) []field.Field {
				return []field.Field{
					field.String("nested_name", &n.Name), field.Int("nested_number", &n.Number),
					field.RequiredSecret("nested_secret", &n.Secret, nil), field.Constant("nested_kind", nil),
				}
			}),
	}
}

var shapeTypes = map[string]attr.Type{
	"field_type": types.StringType, "items": types.ListType{ElemType: types.StringType},
}

func filled(t *testing.T) *everything {
	t.Helper()
	_, certificate := keytest.RSAPair(t)
	strings := func(items ...string) []attr.Value {
		values := make([]attr.Value, len(items))
		for i, item := range items {
			values[i] = types.StringValue(item)
		}
		return values
	}
	return &everything{
		ID: types.StringValue("id"), Scope: types.StringValue("global"), Space: types.StringValue("default"),
		Table: types.StringValue("u_table"), Text: types.StringValue("text"), Flag: types.BoolValue(true),
		Number: types.Int64Value(7), Time: timetypes.NewRFC3339ValueMust("2027-01-02T03:04:05Z"),
		PEM: types.StringValue(certificate), Set: types.SetValueMust(types.StringType, strings("a", "b")),
		List:    types.ListValueMust(types.StringType, strings("b", "a")),
		Members: types.SetValueMust(types.StringType, strings("m", "n")),
		Further: types.MapValueMust(types.StringType, map[string]attr.Value{"u_x": types.StringValue("x")}),
		Entries: types.MapValueMust(types.StringType, map[string]attr.Value{"e": types.StringValue("y")}),
		Shape: types.ObjectValueMust(shapeTypes, map[string]attr.Value{
			"field_type": types.StringValue("number"), "items": types.ListValueMust(types.StringType, strings("i", "j")),
		}),
		JSON:  types.StringValue(`{"a":1,"b":{"c":true}}`),
		Users: types.SetValueMust(types.StringType, strings("u1", "u2")),
		Group: types.ListValueMust(types.StringType, strings("g2", "g1", "g2")), App: types.StringValue("sn_si"),
		Nested: types.ObjectValueMust(nestedTypes, map[string]attr.Value{
			"name": types.StringValue("n"), "number": types.Int64Value(3), "secret_wo": types.StringNull(),
		}),
	}
}

// every makes a model of attributes that are all null, or all unknown.
func every(t *testing.T, like *everything, value any) *everything {
	t.Helper()
	m := filled(t)
	from := like.fields()
	for i, f := range m.fields() {
		ctx := t.Context()
		kind := from[i].Value().Type(ctx)
		v, err := kind.ValueFromTerraform(ctx, tftypes.NewValue(kind.TerraformType(ctx), value))
		if err != nil {
			t.Fatal(err)
		}
		set(f.Attribute(), v)
	}
	return m
}

func set(attribute any, v attr.Value) {
	switch p := attribute.(type) {
	case *types.String:
		*p = v.(types.String)
	case *types.Bool:
		*p = v.(types.Bool)
	case *types.Int64:
		*p = v.(types.Int64)
	case *timetypes.RFC3339:
		*p = v.(timetypes.RFC3339)
	case *types.Set:
		*p = v.(types.Set)
	case *types.List:
		*p = v.(types.List)
	case *types.Map:
		*p = v.(types.Map)
	case *types.Object:
		*p = v.(types.Object)
	default:
		panic(fmt.Sprintf("no way to set a %T", p))
	}
}

// TestEveryKind holds for every kind of field what the lifecycle relies on: what is sent reads back as it was, unknown
// sends nothing, null sends nil or false, and the list of fields does not depend on their values.
func TestEveryKind(t *testing.T) {
	t.Parallel()
	like := filled(t)
	null, unknown := every(t, like, nil), every(t, like, tftypes.UnknownValue)
	names := []string{}
	for i, f := range like.fields() {
		at := field.PathOf(like, f.Attribute()).String()
		names = append(names, at)
		n, u := null.fields()[i], unknown.fields()[i]
		for state, other := range map[string]field.Field{"null": n, "unknown": u} {
			if at != "further" && at != "entries" && !slices.Equal(f.Columns(), other.Columns()) {
				t.Errorf("%s: the columns of a %s value are %v, not %v", at, state, other.Columns(), f.Columns())
			}
			if f.Same(other) || other.Same(f) {
				t.Errorf("%s: a filled value is the same as a %s one", at, state)
			}
		}
		var write, empty, nothing record.Write
		for _, w := range []*record.Write{&write, &empty, &nothing} {
			w.Values = map[string]any{}
		}
		f.Encode(&write)
		n.Encode(&empty)
		u.Encode(&nothing)
		if len(nothing.Values) > 0 || nothing.ID+nothing.Scope+nothing.Space+nothing.Table != "" {
			t.Errorf("%s: an unknown value sends %v", at, nothing)
		}
		for column, value := range empty.Values {
			if value != nil && value != false {
				t.Errorf("%s: null sends %v as %s", at, value, column)
			}
		}
		// The server answers what it was sent, scalars as text.
		answer := write.Record
		answer.Values = maps.Clone(write.Values)
		for column, value := range answer.Values {
			switch value.(type) {
			case bool, int64:
				answer.Values[column] = record.Text(value)
			}
		}
		back := every(t, like, tftypes.UnknownValue)
		if at == "further" { // which columns are owned is known from the configuration only
			back.Further = like.Further
		}
		if at == "entries" {
			back.Entries = types.MapNull(types.StringType)
		}
		b := back.fields()[i]
		if err := b.Decode(answer); err != nil {
			t.Errorf("%s: %v", at, err)
		}
		if !b.Value().Equal(f.Value()) || !b.Same(f) {
			t.Errorf("%s: sent %v, read %v", at, f.Value(), b.Value())
		}
		n.Assign(f)
		if !n.Value().Equal(f.Value()) {
			t.Errorf("%s: assigned %v", at, n.Value())
		}
		// Reading nothing leaves nothing unknown.
		err := u.Decode(record.Record{})
		if err != nil || u.Value().IsUnknown() && !slices.Contains([]string{"id", "further", "entries"}, at) {
			t.Errorf("%s: an empty answer reads %v (%v)", at, u.Value(), err)
		}
	}
	names = append(names, "nested.name", "nested.number", "nested.secret_wo")
	var leaves []string
	for _, leaf := range field.Leaves(like, like.fields()) {
		leaves = append(leaves, leaf.Path.String())
		if (leaf.Parent != nil) != (len(leaf.Path.Steps()) > 1) {
			t.Errorf("%s has the parent %v", leaf.Path, leaf.Parent)
		}
	}
	if diff := cmp.Diff(names, leaves); diff != "" {
		t.Error(diff)
	}
}

// TestWrappers looks through them.
func TestWrappers(t *testing.T) {
	t.Parallel()
	name, other := types.StringValue("n"), types.StringValue("o")
	f := field.MovesWith(field.Computed(field.String("c", &name)), &other)
	following, ok := field.As[field.Following](f)
	if !ok || len(following.Attributes) != 1 {
		t.Error("the wrapper is not found")
	}
	if _, ok := field.As[field.ReadOnly](f); !ok {
		t.Error("the inner wrapper is not found")
	}
	if _, ok := field.As[field.SecretField](f); ok {
		t.Error("a wrapper is found that is not there")
	}
	if len(encoded(f)) > 0 {
		t.Error("a computed value is sent")
	}
	if !f.Same(field.MovesWith(field.Computed(field.String("c", new(types.StringValue("n")))))) {
		t.Error("wrapped fields of one value differ")
	}
}

// TestSecrets keeps them out of values, columns and comparisons.
func TestSecrets(t *testing.T) {
	t.Parallel()
	value, version := types.StringValue("canary"), types.Int64Value(1)
	f := field.RequiredSecret("token", &value, &version)
	if len(encoded(f)) > 0 || f.Columns() != nil || f.Column() != "token" || f.Plaintext().ValueString() != "canary" {
		t.Errorf("the field is %v", f)
	}
	if !f.Same(field.Secret("token", new(types.StringValue("other")), nil)) {
		t.Error("a secret counts in a comparison")
	}
	entries := types.MapValueMust(types.StringType, map[string]attr.Value{"a": types.StringValue("canary")})
	m := field.SecretMap("key.", &entries, &version)
	if got := m.Entries(); len(got) != 1 || got["key.a"].ValueString() != "canary" || m.Prefix() != "key." {
		t.Errorf("the entries are %v", got)
	}
	before := entries
	for _, secret := range []field.Field{f, m} {
		secret.Assign(secret)
		if err := secret.Decode(record.Record{Values: map[string]any{"token": "x"}}); err != nil {
			t.Error(err)
		}
	}
	if !before.Equal(entries) || value.ValueString() != "canary" {
		t.Error("an answer changed a secret")
	}
}

// TestConstant sends what no attribute carries.
func TestConstant(t *testing.T) {
	t.Parallel()
	f := field.Constant("k", "v")
	f.Assign(f)
	if f.Attribute() != nil || !f.Value().IsNull() || !f.Same(f) || f.Decode(record.Record{}) != nil {
		t.Errorf("%T is bound", f)
	}
	if diff := cmp.Diff(map[string]any{"k": "v"}, encoded(f)); diff != "" {
		t.Error(diff)
	}
}

// TestOption passes a setting to the store, and nothing to the server.
func TestOption(t *testing.T) {
	t.Parallel()
	adopt := types.BoolValue(true)
	f := field.Option(&adopt, func(o *record.Options) *bool { return &o.AdoptExisting })
	write := record.Write{Record: record.Record{Values: map[string]any{}}}
	f.Encode(&write)
	if !write.AdoptExisting || len(write.Values) > 0 || f.Columns() != nil {
		t.Errorf("wrote %+v", write)
	}
	if err := f.Decode(record.Record{}); err != nil || !adopt.ValueBool() {
		t.Error("an answer changed a setting")
	}
	f.Assign(field.Option(new(types.BoolValue(false)), nil))
	if adopt.ValueBool() {
		t.Error("not assigned")
	}
}

// TestReferences lists each sys_id once, and none that is not known.
func TestReferences(t *testing.T) {
	t.Parallel()
	m := filled(t)
	for i, want := range map[string][]string{"user_ids": {"u1", "u2"}, "group_ids": {"g2", "g1"}} {
		for _, f := range m.fields() {
			if field.PathOf(m, f.Attribute()).String() != i {
				continue
			}
			r, ok := field.As[field.Referring](f)
			if got := r.IDs(); !ok || !slices.Equal(got, want) {
				t.Errorf("%s refers to %v", i, got)
			}
		}
	}
	unknown := types.SetValueMust(types.StringType, []attr.Value{types.StringUnknown(), types.StringValue("a")})
	one, none, number := types.StringValue("a"), types.StringNull(), types.Int64Value(1)
	for name, test := range map[string]struct {
		of   field.Field
		want []string
	}{
		"a text": {field.String("c", &one), []string{"a"}}, "null": {field.String("c", &none), nil},
		"partly unknown": {field.Set("c", &unknown), []string{"a"}}, "a number": {field.Int("c", &number), nil},
	} {
		r, ok := field.As[field.Referring](field.MovesWith(field.Reference(test.of, "t")))
		if got := r.IDs(); !ok || r.Table != "t" || !slices.Equal(got, test.want) {
			t.Errorf("%s refers to %v in %s", name, got, r.Table)
		}
	}
}

// TestApplicationOf keeps a scope's name where the answer refers to the application of that name.
func TestApplicationOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ before, id, scope, want string }{
		"a name":           {"sn_si", "0123", "sn_si", "sn_si"},
		"in another case":  {"SN_SI", "0123", "sn_si", "SN_SI"},
		"a sys_id":         {"0123", "0123", "sn_si", "0123"},
		"another name":     {"sn_sir", "0123", "sn_si", "0123"},
		"a name not told":  {"sn_si", "0123", "", "0123"},
		"of no one's name": {"", "0123", "", "0123"},
	} {
		scope := types.StringValue(test.before)
		f := field.ApplicationOf("c", &scope)
		err := f.Decode(record.Record{Values: map[string]any{"c": test.id, field.ScopeNameColumn("c"): test.scope}})
		if err != nil || scope.ValueString() != test.want {
			t.Errorf("%s: read %s (%v)", name, scope, err)
		}
	}
	one, other := types.StringValue("a"), types.StringValue("a")
	if !field.ApplicationOf("c", &one).Same(field.ApplicationOf("c", &other)) {
		t.Error("one spelling is two scopes")
	}
	if field.ApplicationOf("c", &one).Same(field.String("c", &other)) {
		t.Error("a scope is the same as a text")
	}
}

// TestDocument takes spelling, nulls and what is ignorable for no difference, and everything else for one.
func TestDocument(t *testing.T) {
	t.Parallel()
	ignorable := func(key string, value any) bool { return key == "defaulted" && value == "x" }
	for name, test := range map[string]struct {
		mine, theirs string
		same         bool
	}{
		"spelling":             {`{ "a" : 1 , "b" : [2] }`, `{"b":[2],"a":1}`, true},
		"another value":        {`{"a":1}`, `{"a":2}`, false},
		"a key less":           {`{"a":1,"b":2}`, `{"a":1}`, false},
		"a key more":           {`{"a":1}`, `{"a":1,"b":2}`, false},
		"a null key more":      {`{"a":1}`, `{"a":1,"b":null}`, true},
		"an ignorable key":     {`{"a":1}`, `{"a":1,"defaulted":"x"}`, true},
		"its other value":      {`{"a":1}`, `{"a":1,"defaulted":"y"}`, false},
		"ignorable, but mine":  {`{"defaulted":"z"}`, `{"defaulted":"x"}`, false},
		"nested key more":      {`{"a":{"b":1}}`, `{"a":{"b":1,"c":2}}`, false},
		"nested null more":     {`{"a":{"b":1}}`, `{"a":{"b":1,"c":null}}`, true},
		"nested and gone":      {`{}`, `{"a":{"b":1}}`, false},
		"nested and empty":     {`{}`, `{"a":{"b":null}}`, true},
		"none":                 {`{}`, `{}`, true},
		"an object for a text": {`{"a":"b"}`, `{"a":{"b":1}}`, false},
	} {
		mine, theirs := types.StringValue(test.mine), types.StringValue(test.theirs)
		f := field.Document("c", &mine, ignorable)
		if f.Same(field.Document("c", &theirs, nil)) != test.same {
			t.Errorf("%s: the same is %v", name, !test.same)
		}
		err := f.Decode(record.Record{Values: map[string]any{"c": field.ParseObject(test.theirs)}})
		if err != nil || (mine.ValueString() == test.mine) != (test.same || test.mine == test.theirs) {
			t.Errorf("%s: read %s (%v)", name, mine, err)
		}
	}
	text, other := types.StringValue(`{"a":1}`), types.StringValue(`{"a":1}`)
	if field.Document("c", &text, nil).Same(field.String("c", &other)) {
		t.Error("a document is the same as a text")
	}
	if field.ParseObject("[1]") != nil || field.ParseObject("{") != nil {
		t.Error("what is no object is one")
	}
	err := field.Document("c", &text, nil).Decode(record.Record{Values: map[string]any{"c": "text"}})
	if err != nil || !text.IsNull() {
		t.Errorf("what is no object reads %s (%v)", text, err)
	}
}

// TestStructureOfOtherShapes reads what fits of an answer of another shape, and refuses types that it does not know.
func TestStructureOfOtherShapes(t *testing.T) {
	t.Parallel()
	list := types.ListType{ElemType: types.ObjectType{AttrTypes: shapeTypes}}
	shapes := types.ListUnknown(list.ElemType)
	f := field.Structure("c", &shapes, map[string]string{"field_type": "fieldType"})
	err := f.Decode(record.Record{Values: map[string]any{"c": []any{
		map[string]any{"fieldType": "number", "items": []any{"a"}, "more": 1.0}, map[string]any{"items": "text"},
	}}})
	if err != nil || len(shapes.Elements()) != 2 || !shapes.Elements()[1].IsNull() {
		t.Errorf("read %s (%v)", shapes, err)
	}
	if diff := cmp.Diff(map[string]any{"c": []any{
		map[string]any{"fieldType": "number", "items": []any{"a"}}, nil,
	}}, encoded(f)); diff != "" {
		t.Error(diff)
	}
	if err := f.Decode(record.Record{Values: map[string]any{"c": "text"}}); err != nil || !shapes.IsNull() {
		t.Errorf("read %s (%v)", shapes, err)
	}
	for _, said := range []any{map[string]any{"n": 1.0}, []any{map[string]any{"n": 1.0}}} {
		kinds := map[string]attr.Type{"n": types.Int64Type}
		object, objects := types.ObjectNull(kinds), types.ListNull(types.ObjectType{AttrTypes: kinds})
		f := field.Structure("c", &object, nil)
		if _, several := said.([]any); several {
			f = field.Structure("c", &objects, nil)
		}
		if err := f.Decode(record.Record{Values: map[string]any{"c": said}}); err == nil {
			t.Errorf("%v was read as numbers", said)
		}
	}
}

// TestGroupsThatDoNotFit fails where an attribute cannot be read, and panics where schema and object differ: that is a
// bug of ours.
func TestGroupsThatDoNotFit(t *testing.T) {
	t.Parallel()
	m := filled(t)
	for _, f := range m.fields() {
		if field.PathOf(m, f.Attribute()).String() != "nested" {
			continue
		}
		if err := f.Decode(record.Record{Values: map[string]any{"nested_name": "n", "nested_number": "x"}}); err == nil {
			t.Error("an odd number was read")
		}
		if f.Same(field.String("c", &m.Text)) {
			t.Error("an object is the same as a text")
		}
		other := filled(t)
		for _, o := range other.fields() {
			if field.PathOf(other, o.Attribute()).String() == "nested" {
				if err := o.Decode(record.Record{Values: map[string]any{"nested_name": "other"}}); err != nil || f.Same(o) {
					t.Errorf("objects of other names are the same (%v)", err)
				}
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("an object of other attributes was bound")
		}
	}()
	odd := types.ObjectValueMust(shapeTypes, filled(t).Shape.Attributes())
	field.Group(&odd, nil, func(*nested) []field.Field { return nil })
}

// TestPathOf finds attributes of embedded structs, and not those of others.
func TestPathOf(t *testing.T) {
	t.Parallel()
	m := &outer{}
	if at := field.PathOf(m, &m.ID); !at.Equal(path.Root("id")) {
		t.Errorf("found %s", at)
	}
	if at := field.PathOf(m, &m.Object); !at.Equal(path.Root("object")) {
		t.Errorf("found %s", at)
	}
}

// TestIsSent tells which fields send columns.
func TestIsSent(t *testing.T) {
	t.Parallel()
	p := new(types.String)
	for name, test := range map[string]struct {
		of   field.Field
		want bool
	}{
		"text": {field.String("c", p), true}, "computed": {field.Computed(field.String("c", p)), false},
		"an address": {field.Scope(p), false}, "a computed address": {field.Computed(field.Scope(p)), false},
		"one that moves": {field.MovesWith(field.String("c", p)), true}, "a secret": {field.Secret("c", p, nil), true},
	} {
		if field.IsSent(test.of) != test.want {
			t.Errorf("%s is sent: %v", name, !test.want)
		}
	}
}

// One JSON value in two spellings is no change: Terraform's generated configuration spells it anew.
func TestJSONTextsAreComparedByMeaning(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`{"a": 1}`, `{"a":1}`, true},
		{`["x", {"b": null}]`, "[\"x\",{\"b\":null}]\n", true},
		{`{"a":1}`, `{"a":2}`, false},
		{`{"a":1}`, `{"a":1,"b":2}`, false},
		{`{"a":1}`, `{"a":1} {"a":1}`, false},
		{`{"a":12345678901234567890}`, `{"a":12345678901234567891}`, false},
		{`{a}`, `{a} `, false},
		{"text", "text ", false},
		{"1", "1.0", false},
	} {
		a, b := types.StringValue(c.a), types.StringValue(c.b)
		if field.String("x", &a).Same(field.String("x", &b)) != c.same {
			t.Errorf("String: %q and %q", c.a, c.b)
		}
		mapOf := func(text string) types.Map {
			return types.MapValueMust(types.StringType, map[string]attr.Value{"x": types.StringValue(text)})
		}
		first, second := mapOf(c.a), mapOf(c.b)
		if field.FurtherColumns(&first).Same(field.FurtherColumns(&second)) != c.same {
			t.Errorf("FurtherColumns: %q and %q", c.a, c.b)
		}
		kept := mapOf(c.a)
		if err := field.FurtherColumns(&kept).Decode(record.Record{Values: map[string]any{"x": c.b}}); err != nil ||
			kept.Equal(mapOf(c.a)) != c.same {
			t.Errorf("reading %q over %q leaves %s: %v", c.b, c.a, kept, err)
		}
	}
}

// TestShapes tells what the columns of each kind of field must hold.
func TestShapes(t *testing.T) {
	t.Parallel()
	m := filled(t)
	got := map[string]field.Shape{}
	for _, f := range append(m.fields(), field.Constant("constant", 1), field.RequiredSecret("secret", &m.Text, nil)) {
		maps.Copy(got, field.Shapes(f))
	}
	want := map[string]field.Shape{
		"text": field.Text, "pem": field.Text, "app": field.Text, "constant": field.Text, "flag": field.Flag,
		"number": field.Number, "time": field.Moment, "set": field.Items, "list": field.Items,
		"users": field.Items, "groups": field.Items, "secret": field.Sealed,
	}
	for column, shape := range want {
		if got[column] != shape {
			t.Errorf("%s must hold %q, not %q", column, shape, got[column])
		}
	}
	for _, rows := range []string{"members", "entry.e", "app.scope"} {
		if shape, ok := got[rows]; ok {
			t.Errorf("rows of another table are the column %s, which must hold %q", rows, shape)
		}
	}
}

// TestNullEntries leaves a null entry null while the column is empty, and reads what somebody has put there.
func TestNullEntries(t *testing.T) {
	t.Parallel()
	for said, want := range map[any]types.String{
		"": types.StringNull(), nil: types.StringNull(), "theirs": types.StringValue("theirs"),
	} {
		owned := types.MapValueMust(types.StringType, map[string]attr.Value{
			"u_null": types.StringNull(), "u_set": types.StringValue("x"),
		})
		err := field.FurtherColumns(&owned).Decode(record.Record{Values: map[string]any{"u_null": said, "u_set": ""}})
		if err != nil || !owned.Elements()["u_null"].Equal(want) || !owned.Elements()["u_set"].Equal(types.StringValue("")) {
			t.Errorf("%q reads %v (%v)", said, owned, err)
		}
	}
}
