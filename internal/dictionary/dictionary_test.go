package dictionary_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/dictionary"
)

func TestReadBringsBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	no := false
	want := &dictionary.File{Format: dictionary.Format, Release: "Zurich", Tables: []dictionary.Table{{
		Name: "u_thing", Extends: "task", NumberPrefix: "THG", Partial: true, WebServiceAccess: &no,
		Columns: []dictionary.Column{{
			Name: "u_kind", Type: "string", MaxLength: 40, Mandatory: true, Default: "a<b",
			Choices: []dictionary.Choice{{Value: "a", Label: "A"}, {Value: "b", Dependent: "a"}},
		}},
		UniqueIndexes: [][]string{{"u_kind", "number"}}, ReadRoles: []string{"*"},
	}}, Missing: []string{"u_gone"}, Unseen: []dictionary.Unseen{
		{Table: "u_thing", Part: dictionary.PartChoices, Why: "x"},
	}}
	var buffer bytes.Buffer
	if err := want.Write(&buffer); err != nil {
		t.Fatal(err)
	}
	got, err := dictionary.Read(&buffer)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		``:                                     "EOF",
		`{"format":2,"tables":[]}`:             "format 2 is not supported",
		`{"format":1,"tables":[]} {}`:          "something follows",
		`{"format":1,"tabels":[]}`:             `unknown field "tabels"`,
		`{"format":1,"tables":[{"name":"A"}]}`: `table name "A" is not valid`,
		`{"format":1,"tables":[{"name":"a"},{"name":"a"}]}`:                                "table a is listed twice",
		`{"format":1,"tables":[{"name":"a","extends":"b"},{"name":"b","extends":"a"}]}`:    "extends itself",
		`{"format":1,"tables":[{"name":"a","columns":[{"name":"x"}]}]}`:                    "table a: column x has no type",
		`{"format":1,"tables":[{"name":"a","columns":[{"name":"x","type":"reference"}]}]}`: "reference to no table",
		`{"format":1,"tables":[{"name":"a","unique_indexes":[["x"]]}]}`:                    "single column",
		`{"format":1,"tables":[{"name":"a"}],"missing_tables":["a"]}`:                      "listed, and missing",
		`{"format":1,"tables":[],"unseen":[{"part":"columns","why":""}]}`:                  "is not valid",
		`{"format":1,"tables":[],"unseen":[{"table":"a","part":"release","why":""}]}`:      "is not valid",
		`{"format":1,"tables":[],"unseen":[{"part":"anything","why":""}]}`:                 "is not valid",
	} {
		if _, err := dictionary.Read(strings.NewReader(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", body, err, want)
		}
	}
}

func TestParentsComeFirst(t *testing.T) {
	t.Parallel()
	f := dictionary.File{Format: dictionary.Format, Tables: []dictionary.Table{
		{Name: "c", Extends: "b"}, {Name: "d", Extends: "elsewhere"}, {Name: "b", Extends: "a"}, {Name: "a"},
	}}
	ordered, err := f.ParentsFirst()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, table := range ordered {
		names = append(names, table.Name)
	}
	if want := []string{"a", "b", "c", "d"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
}

// The schema is written by hand, for people and editors: it must name each key of the Go types and no other.
func TestSchemaNamesEachKey(t *testing.T) {
	t.Parallel()
	var schema struct {
		Properties map[string]any `json:"properties"`
		Defs       map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(dictionary.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		value      any
		properties map[string]any
	}{
		{dictionary.File{}, schema.Properties},
		{dictionary.Plugin{}, schema.Defs["plugin"].Properties},
		{dictionary.Application{}, schema.Defs["application"].Properties},
		{dictionary.Unseen{}, schema.Defs["unseen"].Properties},
		{dictionary.Table{}, schema.Defs["table"].Properties},
		{dictionary.Column{}, schema.Defs["column"].Properties},
		{dictionary.Choice{}, schema.Defs["choice"].Properties},
	} {
		typ := reflect.TypeOf(c.value)
		if typ.NumField() != len(c.properties) {
			t.Errorf("%s has %d fields, its schema %d", typ, typ.NumField(), len(c.properties))
		}
		for i := range typ.NumField() {
			key, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if c.properties[key] == nil {
				t.Errorf("the schema of %s lacks %q", typ, key)
			}
		}
	}
}
