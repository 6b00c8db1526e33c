package record_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// TestSecretsToSend leaves out what the server holds, and lists every plaintext for whoever redacts.
func TestSecretsToSend(t *testing.T) {
	t.Parallel()
	write := record.Write{Secrets: map[string]record.Secret{
		"new": {Value: "a", Send: true}, "known": {Value: "b"}, "cleared": {Send: true},
	}}
	var sent []string
	for column := range write.SecretsToSend() {
		sent = append(sent, column)
	}
	slices.Sort(sent)
	if !slices.Equal(sent, []string{"cleared", "new"}) {
		t.Errorf("sends %v", sent)
	}
	plain := record.Plaintexts(write.Secrets)
	slices.Sort(plain)
	if !slices.Equal(plain, []string{"", "a", "b"}) {
		t.Errorf("redacts %q", plain)
	}
}

// TestText writes values as ServiceNow stores them.
func TestText(t *testing.T) {
	t.Parallel()
	for want, value := range map[string]any{
		"": nil, "a": "a", "true": true, "-7": int64(-7), "1.50": json.Number("1.50"), "a,b": []string{"a", "b"},
		`{"a":[1]}`: map[string]any{"a": []any{1}}, "0.5": 0.5,
	} {
		if got := record.Text(value); got != want {
			t.Errorf("%v is written as %q, not %q", value, got, want)
		}
	}
	if got := record.Text(func() {}); got == "" {
		t.Error("what JSON cannot hold is written as nothing")
	}
	if got := (record.Record{}).Text("absent"); got != "" {
		t.Errorf("an absent column is %q", got)
	}
}
