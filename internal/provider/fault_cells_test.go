package provider_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

// phase is one part of a life: what is configured when it begins and ends.
type phase string

const (
	creating   phase = "create"
	refreshing phase = "refresh"
	updating   phase = "update"
	destroying phase = "destroy"
)

// cell is one disturbed request.
type cell struct {
	subject subject
	phase   phase
	kibana  bool // which server the request went to
	request fault.Request
	fault   fault.Entry
}

func (c cell) String() string {
	return fmt.Sprintf("%s/%s/%s #%d/%s", c.subject.name, c.phase, c.request.Route, c.request.Nth, c.fault.Name)
}

// life is what an undisturbed run of a subject does and leaves.
type life struct {
	subject  subject
	requests map[phase][2][]fault.Request // of ServiceNow and Kibana
	dumps    map[phase]string
	start    string // what is there without the subject
}

func (s subject) world(t *testing.T) *acctest.World {
	t.Helper()
	return acctest.New(t, func(o *simulator.Options) {
		o.ServiceNow.Apps = []string{servicenow.ElasticITSM, servicenow.TokenBasedAuthPlugin}
		if s.apps != "" {
			o.ServiceNow.Apps = append(o.ServiceNow.Apps, strings.Split(s.apps, ",")...)
		}
	})
}

// config is what is configured at the end of a phase.
func (s subject) config(w *acctest.World, p phase) string {
	of := s.before
	if p == updating && s.after != "" {
		of = s.after
	}
	return w.Provider() + s.needs + of
}

func (s subject) phases() []phase {
	switch {
	case strings.HasPrefix(s.name, "data."):
		return []phase{creating}
	case s.after == "":
		return []phase{creating, refreshing, destroying}
	}
	return []phase{creating, refreshing, updating, destroying}
}

// begin brings a new world to where the phase begins.
func (s subject) begin(t *testing.T, p phase) (*acctest.World, *acctest.Core) {
	t.Helper()
	w := s.world(t)
	core := acctest.NewCore(t, w.Provider()+s.needs)
	settle(t, core.Apply(t.Context()), "needs of "+s.name)
	w.Settled()
	core.Configure(s.config(w, creating))
	if p != creating {
		settle(t, core.Apply(t.Context()), s.name)
	}
	core.Configure(s.config(w, p))
	return w, core
}

// perform does what the phase is about.
func perform(t *testing.T, core *acctest.Core, p phase) acctest.Outcome {
	t.Helper()
	switch p {
	case refreshing:
		return core.Plan(t.Context())
	case destroying:
		return core.Destroy(t.Context())
	case creating, updating:
	}
	return core.Apply(t.Context())
}

func settle(t *testing.T, out acctest.Outcome, what string) {
	t.Helper()
	if len(out.Errors) > 0 {
		t.Fatalf("%s: %s", what, strings.Join(out.Errors, "\n"))
	}
}

// undisturbed takes a subject through an undisturbed life.
func undisturbed(t *testing.T, s subject) life {
	t.Helper()
	l := life{subject: s, requests: map[phase][2][]fault.Request{}, dumps: map[phase]string{}}
	w, core := s.begin(t, creating)
	l.start = dump(w)
	for _, p := range s.phases() {
		core.Configure(s.config(w, p))
		w.ServiceNow.Faults.ForgetRequests()
		w.KibanaFaults.ForgetRequests()
		out := perform(t, core, p)
		settle(t, out, fmt.Sprintf("%s of %s", p, s.name))
		l.requests[p] = [2][]fault.Request{w.ServiceNow.Faults.Requests(), w.KibanaFaults.Requests()}
		l.dumps[p] = dump(w)
		if p == destroying {
			break
		}
		if again := core.Plan(t.Context()); len(again.Changes)+len(again.Errors) > 0 {
			t.Fatalf("%s after %s: %v", s.name, p, again)
		}
	}
	return l
}

// cells are all the ways to disturb a life.
func (l life) cells() []cell {
	var all []cell
	for _, p := range l.subject.phases() {
		for side, requests := range l.requests[p] {
			for _, r := range requests {
				for _, e := range fault.Catalogue() {
					if e.AppliesTo(r.Method) {
						all = append(all, cell{l.subject, p, side == 1, r, e})
					}
				}
			}
		}
	}
	return all
}

// delay is how late a late commit is: enough for a client to have given up, little enough for thousands of tests.
const delay = 150

// check disturbs one request and then demands what was promised.
// Joined requests may come in another number than in the undisturbed life: missed says that there was none to disturb.
func (c cell) check(t *testing.T, l life) (problems []string, missed bool) {
	t.Helper()
	w, core := c.subject.begin(t, c.phase)
	rule := c.request.Aim(c.fault.Rule)
	rule.DelayMS = min(rule.DelayMS, delay)
	faults := w.ServiceNow.Faults
	if c.kibana {
		faults = w.KibanaFaults
	}
	if _, err := faults.Add(rule); err != nil {
		t.Fatal(err)
	}
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	disturbed := perform(t, core, c.phase)
	faults.Settle()
	missed = faults.Rules()[0].Injected == 0
	w.ServiceNow.Faults.Clear()
	w.KibanaFaults.Clear()
	for _, e := range disturbed.Errors {
		if strings.Contains(e, "Provider produced") || strings.Contains(e, "bug in the provider") ||
			strings.Contains(e, "panic") || strings.HasPrefix(e, "protocol: ") {
			problem("%s", e)
		}
	}
	again := disturbed
	if c.phase == destroying {
		again = core.Destroy(t.Context())
	} else {
		again = core.Apply(t.Context())
	}
	for place, text := range map[string]string{
		"a diagnostic": disturbed.Texts() + again.Texts(), "the log": core.Log(), "the state": core.State(),
		"a plan": core.Plans(),
	} {
		for _, secret := range []string{canary, canaryTwo} {
			if form := leaks(text, secret); form != "" {
				problem("%s holds a secret (%s):\n%s", place, form, around(text, form))
			}
		}
	}
	if c.fault.Rule.Shape == fault.ForeignRows && c.request.Route == "GET /api/now/table/sn_sec_int_config" {
		// Other ids of the definitions of parameters are as good as the right ones, to who sees no others.
		return problems, missed
	}
	if strings.Contains(disturbed.Texts(), "Without a scope the record went to") {
		// A refusal was taken for one of the scope that the provider chose, and a warning says so.
		return problems, missed
	}
	if len(again.Errors) > 0 {
		problem("afterwards: %s\nThe disturbed run: %s", strings.Join(again.Errors, "\n"), disturbed.Texts())
	}
	stays := c.phase == destroying && c.subject.stays
	if got, want := dump(w), l.dumps[c.phase]; got != want && !stays {
		problem("the servers hold something else:\n%s\nThe disturbed run: %s", diff(want, got), disturbed.Texts())
	}
	if c.phase != destroying {
		if plan := core.Plan(t.Context()); len(plan.Changes)+len(plan.Errors) > 0 {
			problem("the plan is not empty: %q %q", plan.Changes, plan.Errors)
		}
	}
	return problems, missed
}

var (
	ids = regexp.MustCompile(`(?i)127\.0\.0\.1:\d+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}`)
	// own are columns that a second create, or another clock, fills otherwise.
	own = map[string]bool{
		"sys_created_on": true, "sys_updated_on": true, "sys_mod_count": true, "failed_attempts": true, "status": true,
		"install_date": true, "update_date": true, "user_password": true, "client_id": true, "fingerprint": true,
		"kid": true, "sequence": true,
	}
)

// anonymous is a value without the ids and ports in it. Most values are too short to hold one, and need no look.
func anonymous(value string) string {
	if len(value) < 32 && !strings.Contains(value, "127.0.0.1:") {
		return value
	}
	return ids.ReplaceAllString(value, "{id}")
}

// dump is what both servers hold, without what differs between two lives.
func dump(w *acctest.World) string {
	var lines []string
	for _, table := range w.ServiceNow.Tables() {
		if table == "sys_progress_worker" || strings.HasPrefix(table,
			"v_") && table != "v_plugin" || table == "sys_metadata" {
			continue
		}
		rows := w.ServiceNow.Records(table, "")
		if table == "sys_dictionary" { // thousands of rows that no subject writes
			lines = append(lines, fmt.Sprintf("%s: %d rows", table, len(rows)))
			continue
		}
		for _, row := range rows {
			var b strings.Builder
			b.WriteString(table)
			for _, column := range slices.Sorted(maps.Keys(row)) {
				if !own[column] && !strings.HasPrefix(column, "last_login") && row[column] != "" {
					fmt.Fprintf(&b, " %s=%q", column, anonymous(row[column]))
				}
			}
			lines = append(lines, b.String())
		}
	}
	for _, c := range w.Kibana.Connectors() {
		lines = append(lines, fmt.Sprintf("connector %s %s %s %v %t",
			c.Space, c.Name, c.TypeID, c.Config, c.IsMissingSecrets))
	}
	for _, c := range w.Kibana.CaseSettings() {
		line := fmt.Sprintf("case settings %s %s %s %v", c.Space, c.Owner, c.ClosureType, c.Connector)
		lines = append(lines, ids.ReplaceAllString(line, "{id}"))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// diff lists the lines that only one of two dumps has.
func diff(want, got string) string {
	count := map[string]int{}
	for line := range strings.SplitSeq(want, "\n") {
		count[line]--
	}
	for line := range strings.SplitSeq(got, "\n") {
		count[line]++
	}
	var lines []string
	for line, n := range count {
		if n != 0 {
			lines = append(lines, fmt.Sprintf("%+d %s", n, line))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// chosen tells by a seed whether a cell belongs to a sample of one in so many.
func (c cell) chosen(seed string, oneIn uint32) bool {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, seed, c)
	return h.Sum32()%oneIn == 0
}
