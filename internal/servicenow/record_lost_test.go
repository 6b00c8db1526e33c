package servicenow_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// ownIDs is an instance that makes the ids of its records itself.
func ownIDs(o *simulator.Options) { o.ServiceNow.IgnoreClientSysID = true }

func rules(blocks ...string) string {
	var b strings.Builder
	for i, values := range blocks {
		fmt.Fprintf(&b, "resource \"servicenow_record\" \"r%d\" {\n  table = \"sys_cors_rule\"\n  values = { %s }\n}\n",
			i, values)
	}
	return b.String()
}

// loseCreates makes the answers of some creates of rules get lost after the commit.
func loseCreates(t *testing.T, w *acctest.World, skip, count int) {
	t.Helper()
	if _, err := w.ServiceNow.Faults.Add(fault.Rule{
		Kind: fault.CommitThenDrop, Method: "POST", PathPrefix: "/api/now/table/sys_cors_rule", Skip: skip, Count: count,
	}); err != nil {
		t.Fatal(err)
	}
}

// A record that no natural key tells from others, on an instance that makes its own ids, is found again by the account
// that made it and by all that was written.
func TestLostRecordIsFoundByItsValues(t *testing.T) {
	t.Parallel()
	for name, ownName := range map[string]bool{"configured name": true, "name that only the instance knows": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, ownIDs, honouringTokens)
			block := w.Provider()
			if !ownName {
				openTableAPI(t, w)
				w.Settled()
				block = withAPIKey(w)
			}
			for _, other := range []servicenow.Record{
				{"name": "a.b", "domain": "2"}, {"name": "another", "domain": "1"},
			} {
				insertRow(t, w, "sys_cors_rule", other)
			}
			loseCreates(t, w, 0, 1)
			core := acctest.NewCore(t, block+rules(`name = "a.b", domain = "1"`))
			if out := core.Apply(t.Context()); len(out.Errors) > 0 {
				t.Fatal(out.Texts())
			}
			if rows := w.ServiceNow.Records("sys_cors_rule", "name=a.b^domain=1"); len(rows) != 1 ||
				!strings.Contains(core.State(), rows[0]["sys_id"]) {
				t.Errorf("%d records, and the state is\n%s", len(rows), core.State())
			}
			if out := core.Plan(t.Context()); len(out.Changes)+len(out.Errors) > 0 {
				t.Errorf("the plan is not empty: %v", out)
			}
		})
	}
}

// What is no proof is not adopted: rows of another account, older rows, several rows, and rows that another create of
// the same run made or may have made.
func TestLostRecordIsNotGuessed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		blocks []string
		// lost creates are carried out unless dropped says that none is.
		skip, count int
		dropped     bool
		others      []servicenow.Record
		states      int // how many records end up in the state, at least
	}{
		"of another account": {
			blocks: []string{`name = "a.b", domain = "1"`}, count: 1, dropped: true,
			others: []servicenow.Record{{"name": "a.b", "domain": "1"}},
		},
		"made by the sibling": {
			blocks: []string{`name = "a.b", domain = "1"`, `name = "a.b", domain = "1"`}, count: 1, dropped: true, states: 1,
		},
		"of a sibling that writes more": {
			blocks: []string{`name = "a.b"`, `name = "a.b", domain = "1"`}, count: 1, dropped: true, states: 1,
		},
		"two that are lost": {
			blocks: []string{`name = "a.b", domain = "1"`, `name = "a.b", domain = "1"`}, count: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := acctest.New(t, ownIDs)
			kind := fault.CommitThenDrop
			if test.dropped {
				kind = fault.Reset
			}
			if _, err := w.ServiceNow.Faults.Add(fault.Rule{
				Kind: kind, Method: "POST", PathPrefix: "/api/now/table/sys_cors_rule", Skip: test.skip, Count: test.count,
			}); err != nil {
				t.Fatal(err)
			}
			core := acctest.NewCore(t, w.Provider()+rules(test.blocks...))
			core.Parallelism = 2
			for _, other := range test.others {
				id := insertRow(t, w, "sys_cors_rule", other)
				if err := w.ServiceNow.Set("sys_cors_rule", id, servicenow.Record{"sys_created_by": "guest"}); err != nil {
					t.Fatal(err)
				}
			}
			out := core.Apply(t.Context())
			got := strings.Count(core.State(), "servicenow_record.")
			if got < test.states || len(out.Errors) != len(test.blocks)-got {
				t.Errorf("the state holds %d records, and there are %d errors: %s", got, len(out.Errors), out.Texts())
			}
			for _, e := range out.Errors {
				if !strings.Contains(e, "Look for it on the instance") {
					t.Errorf("the error does not say how to look: %s", e)
				}
			}
			// Whatever is in the state was made by this run, and each row by one block.
			held := 0
			for _, row := range w.ServiceNow.Records("sys_cors_rule", "name=a.b^sys_created_by=admin") {
				n := strings.Count(core.State(), row["sys_id"])
				if n > 1 {
					t.Errorf("two blocks have taken %s", row["sys_id"])
				}
				held += n
			}
			if held != got {
				t.Errorf("%d of %d records of the state are this run's", held, got)
			}
		})
	}
}
