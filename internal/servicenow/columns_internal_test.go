package servicenow

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/field"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/pemkey/keytest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

func setOf(items ...string) types.Set {
	values := make([]attr.Value, len(items))
	for i, item := range items {
		values[i] = types.StringValue(item)
	}
	return types.SetValueMust(types.StringType, values)
}

func encoded(f field.Field) map[string]any {
	w := record.Write{Record: record.Record{Values: map[string]any{}}}
	f.Encode(&w)
	return w.Values
}

func answered(values map[string]any) record.Record { return record.Record{Values: values} }

func TestMethods(t *testing.T) {
	t.Parallel()
	allowed, null, unknown := setOf("GET"), types.SetNull(types.StringType), types.SetUnknown(types.StringType)
	want := map[string]any{"get": true, "post": false, "put": false, "patch": false, "delete": false}
	if diff := cmp.Diff(want, encoded(methods{&allowed})); diff != "" {
		t.Error(diff)
	}
	if len(encoded(methods{&unknown})) > 0 {
		t.Error("an unknown set is sent")
	}
	none := setOf()
	if !(methods{&none}).Same(methods{&null}) || (methods{&none}).Same(methods{&allowed}) ||
		(methods{&unknown}).Same(methods{&null}) || !(methods{&unknown}).Same(methods{&unknown}) {
		t.Error("only null and the empty set are the same")
	}
	read := setOf("PUT")
	if err := (methods{&read}).Decode(answered(nil)); err != nil || !read.Equal(setOf("PUT")) {
		t.Errorf("an answer without the columns reads %v (%v)", read, err)
	}
	if err := (methods{&unknown}).Decode(answered(nil)); err != nil || !unknown.IsNull() {
		t.Errorf("an answer without the columns leaves %v (%v)", unknown, err)
	}
	err := (methods{&read}).Decode(answered(map[string]any{"get": "1", "post": "true", "put": "false"}))
	if err != nil || !read.Equal(setOf("GET", "POST")) {
		t.Errorf("read %v (%v)", read, err)
	}
	if err := (methods{&read}).Decode(answered(map[string]any{"get": "false"})); err != nil || !read.Equal(setOf()) {
		t.Errorf("all columns off read %v (%v)", read, err)
	}
	if err := (methods{&read}).Decode(answered(map[string]any{"get": "perhaps"})); err == nil {
		t.Error("a column that is no boolean is read")
	}
	methods{&read}.Assign(field.MovesWith(methods{&allowed}))
	if !read.Equal(allowed) {
		t.Error("not assigned")
	}
	if shapes := field.Shapes(methods{&read}); len(shapes) != len(methodColumns) || shapes["patch"] != field.Flag {
		t.Errorf("the shapes are %v", shapes)
	}
}

func TestSwitched(t *testing.T) {
	t.Parallel()
	path, null, unknown := types.StringValue("p"), types.StringNull(), types.StringUnknown()
	for name, test := range map[string]struct {
		of   *types.String
		want map[string]any
	}{
		"on": {&path, map[string]any{"c": "p", "use": true}}, "off": {&null, map[string]any{"c": nil, "use": false}},
		"unknown": {&unknown, map[string]any{}},
	} {
		if diff := cmp.Diff(test.want, encoded(switched("c", "use", test.of))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for name, test := range map[string]struct {
		answer map[string]any
		want   types.String
	}{
		"off, whatever text lingers": {map[string]any{"c": "old", "use": "false"}, types.StringNull()},
		"on":                         {map[string]any{"c": "new", "use": "true"}, types.StringValue("new")},
		"without the switch":         {map[string]any{"c": "new"}, types.StringValue("new")},
	} {
		read := types.StringValue("p")
		if err := switched("c", "use", &read).Decode(answered(test.answer)); err != nil || !read.Equal(test.want) {
			t.Errorf("%s: read %v (%v)", name, read, err)
		}
	}
	f, other := switched("c", "use", &null), switched("c", "use", &path)
	if f.Same(other) {
		t.Error("null is the same as a text")
	}
	f.Assign(other)
	if !f.Same(other) {
		t.Error("not assigned")
	}
	want := map[string]field.Shape{"c": field.Text, "use": field.Flag}
	if diff := cmp.Diff(want, field.Shapes(f)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"c", "use"}, f.Columns()); diff != "" {
		t.Error(diff)
	}
}

// TestContents reads attributes from the certificate, and from the instance's own columns only where there is none.
func TestContents(t *testing.T) {
	t.Parallel()
	text := keytest.Certificate(t, keytest.RSA(t))
	cert, err := pemkey.ParseCertificate(text)
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]any{"issuer": "theirs", "expires": "2027-01-02 03:04:05"}
	for name, test := range map[string]struct {
		pem             any
		issuer, expires string
		fingerprint     bool
	}{
		"a certificate": {text, "CN=test", cert.NotAfter.UTC().Format(time.RFC3339), true},
		"a key store":   {"MIIJ", "theirs", "2027-01-02T03:04:05Z", false},
		"nothing":       {"", "theirs", "2027-01-02T03:04:05Z", false},
	} {
		m := &certificate{
			Issuer: types.StringUnknown(), ExpiresAt: timetypes.NewRFC3339Unknown(),
			FingerprintSHA256: types.StringValue("of another certificate"),
		}
		answer := map[string]any{pemColumn: test.pem, "issuer": own["issuer"], "expires": own["expires"]}
		for _, f := range m.contents() {
			if err := f.Decode(answered(answer)); err != nil {
				t.Fatal(err)
			}
			if len(encoded(f)) > 0 {
				t.Error("it is sent")
			}
		}
		if m.Issuer.ValueString() != test.issuer || m.ExpiresAt.ValueString() != test.expires ||
			(len(m.FingerprintSHA256.ValueString()) == 64) != test.fingerprint ||
			m.FingerprintSHA256.IsNull() == test.fingerprint {
			t.Errorf("%s: read %s, %s, %s", name, m.Issuer, m.ExpiresAt, m.FingerprintSHA256)
		}
		// An answer that withholds the certificate changes nothing.
		was := m.Issuer
		for _, f := range m.contents() {
			if err := f.Decode(answered(map[string]any{"issuer": "spelled otherwise"})); err != nil {
				t.Fatal(err)
			}
		}
		if !m.Issuer.Equal(was) {
			t.Errorf("%s: an answer without the certificate reads %s", name, m.Issuer)
		}
		other := &certificate{Issuer: types.StringNull()}
		to, from := other.contents()[0], m.contents()[0]
		if to.Same(from) {
			t.Errorf("%s: null is the same", name)
		}
		if to.Assign(from); !to.Same(from) {
			t.Errorf("%s: not assigned", name)
		}
	}
	for i, want := range []map[string]field.Shape{
		0: {pemColumn: field.Text, "issuer": field.Text},
		4: {pemColumn: field.Text, "expires": field.Moment},
		5: {pemColumn: field.Text},
	} {
		f := new(certificate).contents()[i]
		if diff := cmp.Diff(want, field.Shapes(f)); want != nil && diff != "" {
			t.Error(diff)
		}
		if want != nil && len(f.Columns()) != len(want) {
			t.Errorf("asks for %v", f.Columns())
		}
	}
}

// TestComputedColumns reads the columns that a set names.
func TestComputedColumns(t *testing.T) {
	t.Parallel()
	names, values := setOf("number", "active", ""), types.MapUnknown(types.StringType)
	read := columnValues{&names, &values}
	if diff := cmp.Diff([]string{"active", "number"}, read.Columns()); diff != "" {
		t.Error(diff)
	}
	if err := read.Decode(answered(map[string]any{"number": "INC1", "other": "x"})); err != nil {
		t.Fatal(err)
	}
	want := types.MapValueMust(types.StringType, map[string]attr.Value{
		"number": types.StringValue("INC1"), "active": types.StringValue(""),
	})
	if !values.Equal(want) || len(encoded(read)) > 0 {
		t.Errorf("read %v", values)
	}
	again := types.MapNull(types.StringType)
	copied := columnValues{&names, &again}
	if copied.Same(read) {
		t.Error("null is the same as what was read")
	}
	if copied.Assign(read); !copied.Same(read) {
		t.Error("not assigned")
	}
	names = types.SetNull(types.StringType)
	if err := read.Decode(record.Record{}); err != nil || !values.IsNull() {
		t.Errorf("without names it reads %v", values)
	}
	others := setOf("x")
	n, o := columnNames{&names}, columnNames{&others}
	if n.Same(o) || len(encoded(o)) > 0 || n.Columns() != nil || o.Decode(record.Record{}) != nil {
		t.Error("names are sent or read")
	}
	if n.Assign(o); !n.Same(o) {
		t.Error("not assigned")
	}
}

// TestNullableRows takes an empty list for null.
func TestNullableRows(t *testing.T) {
	t.Parallel()
	ids, others := setOf("a"), setOf("b", "c")
	f := nullableRows{field.Members("c", &ids), &ids}
	if err := f.Decode(answered(map[string]any{"c": []string{}})); err != nil || !ids.IsNull() {
		t.Errorf("read %v (%v)", ids, err)
	}
	if err := f.Decode(answered(map[string]any{"c": []string{"b", "a"}})); err != nil || !ids.Equal(setOf("a", "b")) {
		t.Errorf("read %v (%v)", ids, err)
	}
	other := nullableRows{field.Members("c", &others), &others}
	if f.Same(other) {
		t.Error("other rows are the same")
	}
	if f.Assign(other); !f.Same(other) {
		t.Error("not assigned")
	}
	if diff := cmp.Diff(map[string]any{"c": []string{"b", "c"}}, encoded(f)); diff != "" {
		t.Error(diff)
	}
	if shapes := field.Shapes(f); len(shapes) > 0 {
		t.Errorf("rows of another table are columns: %v", shapes)
	}
}
