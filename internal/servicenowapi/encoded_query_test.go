package servicenowapi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/record"
)

// TestTermsOf takes queries apart into the columns that they are about.
func TestTermsOf(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		"":                                   nil,
		"name=a":                             {"name="},
		"name=a^active=true":                 {"name=", "active="},
		"name=a^ORname=b":                    {"name", "name"},
		"name=a^NQactive=true":               {"name", "active"},
		"name=a^ORDERBYname":                 {"name="},
		"name=a^ORDERBYDESCname^ORactive=1":  {"name", "active"},
		"name=a^ORDERBYname^NQactive=1":      {"name", "active"},
		"name!=a":                            {"name"},
		"count>=3^count<7":                   {"count", "count"},
		"nameSTARTSWITHa":                    {"name"},
		"nameISEMPTY^EQ":                     {"name"},
		"manager.name=x":                     {"manager"},
		"user=javascript:gs.getUserID()":     {"user"},
		"owner=DYNAMIC90d1921e5f510100a9ad2": {"owner"},
	} {
		var got []string
		for _, term := range TermsOf(query) {
			column := term.Column
			if term.equals {
				column += "="
			}
			got = append(got, column)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

// TestTermsAreChecked finds the term that an instance dropped, in the rows that it answered with.
func TestTermsAreChecked(t *testing.T) {
	t.Parallel()
	id := rowID(5)
	for name, test := range map[string]struct {
		query string
		row   map[string]any
		want  string // empty: nothing is wrong
	}{
		"holds":                 {"name=a", map[string]any{"name": "a"}, ""},
		"without case":          {"name=ADMIN", map[string]any{"name": "admin"}, ""},
		"a boolean's spelling":  {"active=1", map[string]any{"active": "true"}, ""},
		"another boolean":       {"active=0", map[string]any{"active": "true"}, `holds "true"`},
		"a number's spelling":   {"order=100", map[string]any{"order": "100.0"}, ""},
		"another number":        {"order=100", map[string]any{"order": "101"}, `order = "100"`},
		"by a display value":    {"owner=Fred", map[string]any{"owner": id}, ""},
		"by another sys_id":     {"owner=" + rowID(6), map[string]any{"owner": id}, "dropped"},
		"another value":         {"name=a", map[string]any{"name": "b"}, "dropped"},
		"a column that is none": {"nosuch=a", map[string]any{"name": "b"}, "no column nosuch"},
		"one of alternatives":   {"name=a^ORname=b", map[string]any{"name": "b"}, ""},
		"of a reference":        {"owner.name=x", map[string]any{"owner": "y"}, ""},
		"of a missing one":      {"owner.name=x", map[string]any{}, "no column owner"},
	} {
		err := TermsOf(test.query).Check("t", record.Record{ID: id, Values: test.row})
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
