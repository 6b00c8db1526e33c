package provider_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/servicenow"
)

const (
	// smallEstate is how many resources a plain test run takes.
	smallEstate = 140
	// disturbedShare is how many of all requests meet a fault, and smallShare of those of a small estate.
	disturbedShare = 0.02
	smallShare     = 0.05
	// mostRounds is how often somebody runs a command again before giving up.
	mostRounds = 20
)

// TestScale makes and destroys an estate while one request in fifty meets a random fault, as a user does who runs the
// command again until it works and takes the imports that errors ask for: nothing is lost, nothing is doubled, and
// nothing is left.
//
// The environment says how much: SCALE resources, SCALE_SEED chooses other faults.
func TestScale(t *testing.T) {
	t.Parallel()
	if faults, _ := newScaleRun(t, scaleNumber(t, "SCALE", smallEstate), false).live(); faults == 0 {
		t.Error("nothing was disturbed")
	}
}

// TestScaleOwnIDs is TestScale on an instance that makes its own ids, whatever a create carries.
func TestScaleOwnIDs(t *testing.T) {
	t.Parallel()
	if faults, _ := newScaleRun(t, scaleNumber(t, "SCALE", smallEstate), true).live(); faults == 0 {
		t.Error("nothing was disturbed")
	}
}

// TestScaleImports takes over what is there already, such as what a run made whose state was lost.
func TestScaleImports(t *testing.T) {
	t.Parallel()
	s := newScaleRun(t, 20, false)
	if _, err := s.w.ServiceNow.Insert("sys_user_group", servicenow.Record{"name": "Scale group 0"}); err != nil {
		t.Fatal(err)
	}
	if _, imports := s.live(); imports == 0 {
		t.Error("nothing was imported")
	}
}

func newScaleRun(t *testing.T, size int, ownIDs bool) *scaleRun {
	t.Helper()
	seed := scaleNumber(t, "SCALE_SEED", 1)
	w := acctest.New(t, func(o *simulator.Options) {
		o.ServiceNow.Apps = []string{servicenow.ElasticITSM, servicenow.TokenBasedAuthPlugin}
		o.ServiceNow.IgnoreClientSysID = ownIDs
	})
	core := acctest.NewCore(t, w.Provider()+scaleEstate(size))
	core.Parallelism, core.Quiet = 10, true
	return &scaleRun{
		t: t, w: w, core: core, size: size, injected: map[string]int{},
		random: rand.New(rand.NewPCG(uint64(seed), 0)), //nolint:gosec // G404: the same faults for the same seed
	}
}

func scaleNumber(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		t.Fatalf("%s is %q, not a number above 0", name, text)
	}
	return n
}

// scaleEstate is a configuration of size resources, rounded up to a multiple of 20, spread over tables and connectors.
func scaleEstate(size int) string {
	var b strings.Builder
	block := func(kind string, n int, attributes ...string) {
		fmt.Fprintf(&b, "resource \"servicenow_%s\" \"r%d\" {\n  %s\n}\n", kind, n, strings.Join(attributes, "\n  "))
	}
	for i := range (size + 19) / 20 {
		for n := i * 5; n < i*5+5; n++ {
			block("role", n, fmt.Sprintf("name = \"x_scale.role_%d\"", n), fmt.Sprintf("description = \"Role %d\"", n))
		}
		for n := i * 3; n < i*3+3; n++ {
			block("group", n, fmt.Sprintf("name = \"Scale group %d\"", n), fmt.Sprintf("description = \"Group %d\"", n))
		}
		for n := i * 4; n < i*4+4; n++ {
			block("user", n, fmt.Sprintf("user_name = \"scale.user.%d\"", n), fmt.Sprintf("last_name = \"Number %d\"", n))
		}
		for n := i * 2; n < i*2+2; n++ {
			block("system_property", n, fmt.Sprintf("name = \"x_scale.property_%d\"", n), fmt.Sprintf("value = \"%d\"", n))
			block("kibana_itsm_connector", n, fmt.Sprintf("name = \"Scale connector %d\"", n),
				`api_url = "https://dev1.service-now.com"`,
				fmt.Sprintf("basic_auth = { username_wo = %q, password_wo = %q }", canaryUser, canary))
		}
		block("cors_rule", i, fmt.Sprintf("name = \"Scale rule %d\"", i),
			fmt.Sprintf("domain = \"https://kibana%d.example.com\"", i), fmt.Sprintf("resource_path = \"scale%d.do\"", i))
		block("auth_parameter", i, fmt.Sprintf("parameter_name = \"x-scale-%d\"", i), `type = "auth_header"`)
		block("api_key_auth_profile", i, fmt.Sprintf("name = \"Scale profile %d\"", i),
			fmt.Sprintf("auth_parameter_ids = [servicenow_auth_parameter.r%d.id]", i))
		block("group_member", i, fmt.Sprintf("group_id = servicenow_group.r%d.id", i*3),
			fmt.Sprintf("user_id = servicenow_user.r%d.id", i*4))
	}
	return b.String()
}

// scaleKeys are what tells the records of an estate apart, and how many there are of 20.
var scaleKeys = []struct {
	table, column, prefix string
	of20                  int
}{
	{"sys_user_role", "name", "x_scale.role_", 5},
	{"sys_user_group", "name", "Scale group ", 3},
	{"sys_user", "user_name", "scale.user.", 4},
	{"sys_properties", "name", "x_scale.property_", 2},
	{"sys_cors_rule", "name", "Scale rule ", 1},
	{"sys_token_auth_parameter", "parameter_name", "x-scale-", 1},
	{"http_key_auth", "name", "Scale profile ", 1},
}

type scaleRun struct {
	t      *testing.T
	w      *acctest.World
	core   *acctest.Core
	size   int
	random *rand.Rand
	// injected counts the faults by their names.
	injected map[string]int
}

// live takes the estate through its life, and returns what the faults and the imports were.
func (s *scaleRun) live() (faults, imports int) {
	s.t.Helper()
	t, ctx := s.t, s.t.Context()
	stop := peakMemory()
	began := time.Now()
	applies, imports := s.until("apply", s.core.Apply)
	applied := time.Since(began)
	if t.Failed() {
		return 0, imports
	}
	s.complete()
	began = time.Now()
	if plan := s.core.Plan(ctx); len(plan.Changes)+len(plan.Errors) > 0 {
		t.Errorf("the plan is not empty: %q %q", plan.Changes, plan.Errors)
	}
	planned := time.Since(began)
	began = time.Now()
	destroys, _ := s.until("destroy", s.core.Destroy)
	destroyed := time.Since(began)
	if left := s.w.Leftovers(); len(left) > 0 {
		t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
	}
	for _, n := range s.injected {
		faults += n
	}
	second := func(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }
	t.Logf("%d resources, %d faults of %d kinds: apply %s in %d rounds with %d imports, plan %s, destroy %s in %d "+
		"rounds, at most %d MiB", s.size, faults, len(s.injected), second(applied), applies, imports, second(planned),
		second(destroyed), destroys, stop()>>20)
	return faults, imports
}

// until repeats a command, disturbed, until it works, and takes the imports that its errors ask for.
func (s *scaleRun) until(what string, command func(context.Context) acctest.Outcome) (rounds, imports int) {
	s.t.Helper()
	s.disturb()
	defer s.calm()
	var out acctest.Outcome
	vanished := 0
	for rounds = 1; rounds <= mostRounds; rounds++ {
		out = command(s.t.Context())
		s.said(out)
		if len(out.Errors) == 0 {
			s.accept(false)
			return rounds, imports
		}
		if strings.Contains(out.Texts(), "set accept_vanished = true") {
			vanished++
		}
		s.accept(vanished >= 2) // the first time may be an odd list
		ids := map[string]string{}
		for address, texts := range out.Failed {
			for _, text := range texts {
				if found := importCommand.FindStringSubmatch(text); found != nil {
					ids[address] = found[2]
				}
			}
		}
		if len(ids) > 0 {
			taken := s.core.Import(s.t.Context(), ids)
			s.said(taken)
			imports += len(taken.Changes)
		}
	}
	s.t.Errorf("%s fails after %d rounds: %s", what, mostRounds, strings.Join(out.Errors, "\n"))
	return rounds, imports
}

// accept allows or forbids that many records vanish at once.
func (s *scaleRun) accept(vanished bool) {
	s.w.Settings = fmt.Sprintf("accept_vanished = %t", vanished)
	s.core.Configure(s.w.Provider() + scaleEstate(s.size))
}

var importCommand = regexp.MustCompile(`terraform import (servicenow_\w+)\.NAME (\S+)`)

// said holds what no text may say.
func (s *scaleRun) said(out acctest.Outcome) {
	s.t.Helper()
	for _, e := range out.Errors {
		if strings.Contains(e, "Provider produced") || strings.Contains(e, "bug in the provider") ||
			strings.Contains(e, "panic") || strings.HasPrefix(e, "protocol: ") {
			s.t.Error(e)
		}
	}
	if form := leaks(out.Texts(), canary); form != "" {
		s.t.Errorf("a diagnostic holds a secret (%s)", form)
	}
}

// disturb arms faults of all kinds for a share of the requests to come, whichever they are.
func (s *scaleRun) disturb() {
	s.t.Helper()
	entries, share := fault.Catalogue(), disturbedShare
	if s.size <= smallEstate {
		share = smallShare
	}
	for _, injector := range []*fault.Injector{s.w.ServiceNow.Faults, s.w.KibanaFaults} {
		for _, method := range []string{
			http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete,
		} {
			fit := slices.DeleteFunc(slices.Clone(entries), func(e fault.Entry) bool { return !e.AppliesTo(method) })
			for nth := range 4 * s.size {
				if s.random.Float64() >= share {
					continue
				}
				e := fit[s.random.IntN(len(fit))]
				rule := e.Rule
				rule.ID = fmt.Sprintf("%s #%d: %s", method, nth, e.Name)
				rule.Method, rule.Skip, rule.Count, rule.DelayMS = method, nth, 1, min(rule.DelayMS, delay)
				if _, err := injector.Add(rule); err != nil {
					s.t.Fatal(err)
				}
			}
		}
	}
}

// calm ends the faults, and counts those that were met.
func (s *scaleRun) calm() {
	for _, injector := range []*fault.Injector{s.w.ServiceNow.Faults, s.w.KibanaFaults} {
		injector.Settle()
		for _, rule := range injector.Rules() {
			if _, name, _ := strings.Cut(rule.ID, ": "); rule.Injected > 0 {
				s.injected[name] += rule.Injected
			}
		}
		injector.Clear()
	}
}

// complete holds that each configured record is there once. What its columns hold, the empty plan shows.
func (s *scaleRun) complete() {
	s.t.Helper()
	twenties := (s.size + 19) / 20
	for _, k := range scaleKeys {
		found := map[string]int{}
		for _, row := range s.w.ServiceNow.Records(k.table, "") {
			if strings.HasPrefix(row[k.column], k.prefix) {
				found[row[k.column]]++
			}
		}
		s.once(k.table, found, k.prefix, k.of20*twenties)
	}
	connectors := map[string]int{}
	for _, c := range s.w.Kibana.Connectors() {
		connectors[c.Name]++
	}
	s.once("connectors", connectors, "Scale connector ", 2*twenties)
	members := map[string]int{}
	for _, row := range s.w.ServiceNow.Records("sys_user_grmember", "group.nameSTARTSWITHScale group ") {
		members[row["group"]+" "+row["user"]]++
	}
	if len(members) != twenties {
		s.t.Errorf("%d members of groups, %d are configured", len(members), twenties)
	}
	for member, n := range members {
		if n != 1 {
			s.t.Errorf("the member %s is there %d times", member, n)
		}
	}
}

// once reports names that are missing, or there more than once.
func (s *scaleRun) once(where string, found map[string]int, prefix string, count int) {
	s.t.Helper()
	for n := range count {
		name := prefix + strconv.Itoa(n)
		if found[name] != 1 {
			s.t.Errorf("%s: %q is there %d times", where, name, found[name])
		}
		delete(found, name)
	}
	if len(found) > 0 {
		s.t.Errorf("%s: nobody configured %q", where, slices.Sorted(maps.Keys(found)))
	}
}

// peakMemory looks at how much memory the process holds until stop, which returns the most, in bytes.
func peakMemory() (stop func() uint64) {
	done, peak := make(chan struct{}), make(chan uint64)
	go func() {
		samples := []metrics.Sample{
			{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
		}
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		var most uint64
		for {
			metrics.Read(samples)
			most = max(most, samples[0].Value.Uint64()-samples[1].Value.Uint64())
			select {
			case <-ticker.C:
			case <-done:
				peak <- most
				return
			}
		}
	}()
	return func() uint64 {
		close(done)
		return <-peak
	}
}
