package provider_test

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/acctest"
	"github.com/seed-e98ff420/terraform-provider-servicenow/internal/simulator/fault"
)

// killSample is the share of the kills that a plain test run takes: one in so many.
const killSample = 40

// killed are the resources whose creates are killed: one with a request of its own for the password, two of several
// records, and one in Kibana.
var killed = []string{
	"servicenow_user", "servicenow_rest_api_access_policy", "servicenow_security_integration",
	"servicenow_kibana_itsm_connector",
}

// kill is one way to end an apply while a server holds one of its requests.
type kill struct {
	subject   subject
	how       string
	kibana    bool
	nth       int
	committed bool // held after it was carried out, not before
}

func (k kill) String() string {
	return fmt.Sprintf("%s/%s/kibana=%t #%d committed=%t", k.subject.name, k.how, k.kibana, k.nth, k.committed)
}

// TestKills ends an apply at each of its requests, before and after that is carried out: the provider or terraform
// dies, or Ctrl-C is pressed once or twice. Applies, and the imports that they ask for, then lead to what is
// configured, and a destroy leaves nothing behind.
//
// The environment says how much of it: KILLS=all or one in KILLS=10; KILLS_SEED chooses others.
func TestKills(t *testing.T) {
	t.Parallel()
	oneIn := uint64(killSample)
	if wish := os.Getenv("KILLS"); wish == "all" {
		oneIn = 1
	} else if wish != "" {
		var err error
		if oneIn, err = strconv.ParseUint(wish, 10, 32); err != nil || oneIn == 0 {
			t.Fatalf("KILLS is %q, neither all nor a number above 0", wish)
		}
	}
	cli := acctest.Overrides(t)
	var kills []kill
	dumps := map[string]string{}
	all := 0
	for _, s := range subjects(t) {
		if !slices.Contains(killed, s.name) {
			continue
		}
		w := s.world(t)
		ws := workspace{cli: cli}.at(t, w, s.needs+s.before)
		ws.must("apply")
		dumps[s.name] = dump(w)
		for side, faults := range []*fault.Injector{w.ServiceNow.Faults, w.KibanaFaults} {
			for nth := range faults.Requests() {
				for _, how := range []string{"provider", "terraform", "interrupt", "two interrupts"} {
					for _, committed := range []bool{false, true} {
						k := kill{s, how, side == 1, nth, committed}
						all++
						if k.chosen(oneIn) {
							kills = append(kills, k)
						}
					}
				}
			}
		}
	}
	var missed sync.Map
	inParallel(t, "kills", kills, kill.String, func(t *testing.T, k kill) {
		t.Helper()
		if !k.check(t, cli, dumps[k.subject.name]) {
			missed.Store(k.String(), true)
		}
	})
	left := 0
	missed.Range(func(any, any) bool { left++; return true })
	if left > len(kills)/5 {
		t.Errorf("%d of %d kills came too late", left, len(kills))
	}
	t.Logf("%d of %d kills were tried, %d of them too late", len(kills), all, left)
}

// chosen tells by KILLS_SEED whether a kill belongs to a sample of one in so many.
func (k kill) chosen(oneIn uint64) bool {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, os.Getenv("KILLS_SEED"), k)
	return uint64(h.Sum32())%oneIn == 0
}

// hold is how long a server holds the request.
const hold = 1600 * time.Millisecond

// check reports whether the kill met a request.
func (k kill) check(t *testing.T, cli, want string) (met bool) {
	t.Helper()
	w := k.subject.world(t)
	ws := workspace{cli: cli}.at(t, w, k.subject.needs+k.subject.before)
	rule := fault.Rule{Kind: fault.Latency, Skip: k.nth, Count: 1, DelayMS: int(hold.Milliseconds())}
	if k.committed {
		rule.Kind, rule.DelayMS = fault.SlowBody, int(hold.Milliseconds()/16) // which sends 16 pieces
	}
	faults := w.ServiceNow.Faults
	if k.kibana {
		faults = w.KibanaFaults
	}
	if _, err := faults.Add(rule); err != nil {
		t.Fatal(err)
	}
	out, met := k.endApply(t, ws, faults)
	faults.Settle()
	faults.Clear()
	said := ws.repair(&out)
	if said.err != nil {
		t.Errorf("not repaired: %v\n%s", said.err, out.String())
		return met
	}
	if got := dump(w); got != want {
		t.Errorf("the servers hold something else:\n%s\n%s", diff(want, got), out.String())
	}
	if plan := ws.run("plan", "-detailed-exitcode"); plan.err != nil {
		t.Errorf("the plan is not empty: %v\n%s\n%s", plan.err, plan.out, out.String())
	}
	ws.must("destroy")
	if left := w.Leftovers(); len(left) > 0 {
		t.Errorf("left behind: %v\n%s", left, out.String())
	}
	for _, form := range []string{leaks(out.String(), canary), leaks(out.String(), canaryTwo)} {
		if form != "" {
			t.Errorf("a secret is shown: %s", around(out.String(), form))
		}
	}
	return met
}

// endApply starts an apply and ends it while the server holds the request.
func (k kill) endApply(t *testing.T, ws workspace, faults *fault.Injector) (out bytes.Buffer, met bool) {
	t.Helper()
	apply := ws.command(t.Context(), "apply")
	apply.Stdout, apply.Stderr = &out, &out
	apply.WaitDelay = 2 * hold // a provider that outlives terraform holds its output
	if err := apply.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		_ = apply.Wait() // it fails, unless it is done before it is ended
		close(done)
	}()
	var providers []int
	for faults.Rules()[0].Injected == 0 {
		select {
		case <-done:
			return out, false
		case <-time.After(5 * time.Millisecond):
		}
	}
	time.Sleep(hold / 8)
	providers = children(t, apply.Process.Pid)
	signal := func(pid int, s syscall.Signal) { _ = syscall.Kill(pid, s) } // it may have ended meanwhile
	switch k.how {
	case "provider":
		for _, pid := range providers {
			signal(pid, syscall.SIGKILL)
		}
	case "terraform":
		signal(apply.Process.Pid, syscall.SIGKILL)
	case "two interrupts":
		signal(apply.Process.Pid, syscall.SIGINT)
		time.Sleep(hold / 8)
		signal(apply.Process.Pid, syscall.SIGINT)
	default:
		signal(apply.Process.Pid, syscall.SIGINT)
	}
	<-done
	if k.how != "interrupt" {
		for _, pid := range providers { // the machine went down with terraform
			signal(pid, syscall.SIGKILL)
		}
	}
	return out, true
}

// children lists the processes that a process has started.
func children(t *testing.T, parent int) []int {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, file := range stats {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(after)
		if len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// repair applies until that works, and imports what an apply says exists already, as a user would.
func (w workspace) repair(out *bytes.Buffer) result {
	w.t.Helper()
	var last result
	for range 5 {
		last = w.run("apply")
		out.WriteString(last.out)
		if last.err == nil {
			return last
		}
		found := importCommand.FindStringSubmatch(last.out)
		if found == nil {
			return last
		}
		config, err := os.ReadFile(filepath.Join(w.dir, "main.tf"))
		if err != nil {
			w.t.Fatal(err)
		}
		name := regexp.MustCompile(`resource "`+found[1]+`" "(\w+)"`).FindAllStringSubmatch(string(config), -1)
		if len(name) != 1 {
			return last
		}
		taken := exec.CommandContext(w.t.Context(), acctest.Terraform(w.t).Path, "import", "-no-color", "-input=false",
			found[1]+"."+name[0][1], found[2])
		taken.Dir, taken.Env = w.dir, append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="+w.cli)
		said, err := taken.CombinedOutput()
		out.Write(said)
		if err != nil {
			return result{string(said), err}
		}
	}
	return last
}
