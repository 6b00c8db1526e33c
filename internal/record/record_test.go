package record_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// TestSecretsPrintNothing prints a secret in every way that Go knows.
func TestSecretsPrintNothing(t *testing.T) {
	t.Parallel()
	secret := record.Secret{Value: "canary", Send: true}
	write := record.Write{Secrets: map[string]record.Secret{"password": secret}}
	data, err := json.Marshal(map[string]any{"secret": secret, "write": write})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{string(data), fmt.Sprint(secret), fmt.Sprint(&secret), fmt.Sprint(write)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10.3s", "%-20v"} {
		texts = append(texts, fmt.Sprintf(verb, secret), fmt.Sprintf(verb, &secret), fmt.Sprintf(verb, write))
	}
	for _, text := range texts {
		if strings.Contains(text, "canary") || strings.Contains(text, "63616e617279") {
			t.Errorf("printed %s", text)
		}
	}
}

// TestChangedValues finds what an update has to send.
func TestChangedValues(t *testing.T) {
	t.Parallel()
	have := record.Record{Values: map[string]any{
		"same": "a", "bool": "true", "number": "3", "gone": "x", "empty": "",
		"object": map[string]any{"value": "v", "other": json.Number("1")}, "list": []string{"a", "b"},
	}}
	want := record.Record{Values: map[string]any{
		"same": "a", "bool": true, "number": int64(3), "gone": nil, "empty": nil, "new": "n",
		// An edit beside a key called value is an edit.
		"object": map[string]any{"value": "v", "other": 2}, "list": []string{"a", "b"},
	}}
	expected := map[string]any{"gone": nil, "new": "n", "object": map[string]any{"value": "v", "other": 2}}
	if diff := cmp.Diff(expected, record.ChangedValues(have, want)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want.Values["object"] = map[string]any{"other": 1, "value": "v"}
	if _, changed := record.ChangedValues(have, want)["object"]; changed {
		t.Error("another spelling of the same JSON is a change")
	}
}

// TestCovers compares JSON by what it holds.
func TestCovers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		whole, part string
		want        bool
	}{
		"equal":               {`{"a": 1}`, `{"a": 1.0}`, true},
		"further keys":        {`{"a": 1, "b": 2}`, `{"a": 1}`, true},
		"a missing key":       {`{"b": 2}`, `{"a": 1}`, false},
		"null is absent":      {`{}`, `{"a": null}`, true},
		"nested":              {`{"a": {"b": 1, "c": 2}}`, `{"a": {"b": 1}}`, true},
		"another nested":      {`{"a": {"b": 2}}`, `{"a": {"b": 1}}`, false},
		"lists are wholes":    {`{"a": [1, 2]}`, `{"a": [1]}`, false},
		"not an object":       {`[1]`, `{"a": 1}`, false},
		"objects inside list": {`[{"a": 1, "b": 2}]`, `[{"a": 1}]`, false},
	} {
		var whole, part any
		if json.Unmarshal([]byte(test.whole), &whole) != nil || json.Unmarshal([]byte(test.part), &part) != nil {
			t.Fatal(name)
		}
		if got := record.Covers(whole, part); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestKeyValues takes a natural key only whole.
func TestKeyValues(t *testing.T) {
	t.Parallel()
	want := record.Write{
		Record: record.Record{Values: map[string]any{"user": "u", "role": "r", "order": int64(2), "empty": ""}},
		Key:    []string{"user", "order"},
	}
	if diff := cmp.Diff(map[string]string{"user": "u", "order": "2"}, want.KeyValues()); diff != "" {
		t.Error(diff)
	}
	for _, key := range [][]string{nil, {"user", "empty"}, {"user", "absent"}} {
		want.Key = key
		if match := want.KeyValues(); match != nil {
			t.Errorf("the key %v has the values %v", key, match)
		}
	}
	if text := record.DescribeKey(map[string]string{"b": "2", "a": `x"y`}); text != `a = "x\"y", b = "2"` {
		t.Error(text)
	}
}

// TestErrorsName says what was found, and where.
func TestErrorsName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ err, want string }{
		{(&record.ExistsError{IDs: []string{"1", "2"}, Key: "name"}).Error(), "exists already: 1, 2"},
		{(&record.ExistsError{IDs: []string{"1"}, Key: "name", SameRun: true}).Error(), "another resource of this " +
			"configuration"},
		{(&record.VanishedError{Where: "sys_user", Asked: 7}).Error(), "none of the 7 records"},
		{(&record.SeveralError{IDs: []string{"1", "2"}, Key: " named x"}).Error(), `["1" "2"] named x`},
	} {
		if !strings.Contains(test.err, test.want) {
			t.Errorf("%q lacks %q", test.err, test.want)
		}
	}
}
