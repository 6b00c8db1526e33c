package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEvidence(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "dictionary.json")
	for _, test := range []struct {
		content   string
		says      []string
		complains string
	}{
		{
			`{"format": 1, "release": "Zurich",
			  "tables": [{"name": "sys_user_role", "web_service_access": false, "partial": true}],
			  "missing_tables": ["api_key"], "unseen": [{"part": "release", "why": "no account"}]}`,
			[]string{
				"\nBREAKS (", "api_key: The table is missing: servicenow_rest_api_key.", "WebServicePolicyValidator",
				"\nSURPRISES (0)\n", "\nHARMLESS (0)\n", "\nNOT TOLD (", "  release: no account\n", "  oauth_jwt table: ",
			},
			"break what the provider does",
		},
		{`{"format": 1, "tables": []}`, []string{"unknown release: 0 of ", "BREAKS (0)"}, ""},
		{`{"format": 2, "tables": []}`, nil, "format 2 is not supported"},
		{`not JSON`, nil, "dictionary.json: "},
	} {
		if err := os.WriteFile(name, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := run(t.Context(), []string{name}, &out)
		if (err == nil) != (test.complains == "") || err != nil && !strings.Contains(err.Error(), test.complains) {
			t.Errorf("%s: %v", test.content, err)
		}
		for _, want := range test.says {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, out.String())
			}
		}
	}
	for _, arguments := range [][]string{nil, {""}, {"a", "b"}} {
		if err := run(t.Context(), arguments, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "usage") {
			t.Errorf("%v: %v", arguments, err)
		}
	}
}
