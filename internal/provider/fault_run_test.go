package provider_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// sampled is the share of the matrix that a plain test run takes: one cell in so many.
const sampled = 300

// TestFaults disturbs each request of each life in each way that the simulator knows, lets the next run repair, and
// holds what was promised: exactly what is configured, an empty plan, nothing left over, no secret shown.
//
// The environment says how much of it: FAULTS=all or one cell in FAULTS=50, FAULTS_SEED chooses others, FAULTS_ONLY is
// a part of the names of the wanted cells, and FAULTS_REPORT the file for the table.
func TestFaults(t *testing.T) {
	t.Parallel()
	oneIn := uint64(sampled)
	if wish := os.Getenv("FAULTS"); wish == "all" {
		oneIn = 1
	} else if wish != "" {
		var err error
		if oneIn, err = strconv.ParseUint(wish, 10, 32); err != nil || oneIn == 0 {
			t.Fatalf("FAULTS is %q, neither all nor a number above 0", wish)
		}
	}
	seed, only := os.Getenv("FAULTS_SEED"), os.Getenv("FAULTS_ONLY")
	var table faultTable
	began := time.Now()
	var mu sync.Mutex
	lives, wanted := map[string]life{}, []cell{}
	inParallel(t, "lives", subjects(t), subject.String, func(t *testing.T, s subject) {
		t.Helper()
		l := undisturbed(t, s)
		mu.Lock()
		defer mu.Unlock()
		lives[s.name] = l
		for _, c := range l.cells() {
			chosen := strings.Contains(c.String(), only) && c.chosen(seed, uint32(oneIn)) //nolint:gosec // parsed as 32 bits
			table.count(c, chosen)
			if chosen {
				wanted = append(wanted, c)
			}
		}
	})
	inParallel(t, "cells", wanted, cell.String, func(t *testing.T, c cell) {
		t.Helper()
		problems, missed := c.check(t, lives[c.subject.name])
		if missed {
			table.missed.Add(1)
		}
		if len(problems) > 0 {
			table.red(c)
			t.Errorf("%s\n%s", c, strings.Join(problems, "\n"))
		}
	})
	if missed := table.missed.Load(); int(missed) > len(wanted)/20 {
		t.Errorf("%d of %d cells disturbed nothing", missed, len(wanted))
	}
	report := fmt.Sprintf("%s\n%s of work on one machine, %s.\n", table.String(), time.Since(began).Round(time.Second),
		time.Now().UTC().Format("2006-01-02"))
	t.Log("\n" + report)
	if file := os.Getenv("FAULTS_REPORT"); file != "" {
		if err := os.WriteFile(file, []byte(report), 0o600); err != nil { //nolint:gosec // G703: the developer names it
			t.Error(err)
		}
	}
}

// workers is how many lives are lived at once. They wait for servers most of the time.
const workers = 16

// inParallel runs a test of each item, some at once whatever -parallel says.
func inParallel[T any](t *testing.T, name string, items []T, nameOf func(T) string, test func(*testing.T, T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		next := make(chan T)
		var working sync.WaitGroup
		for range workers {
			working.Go(func() {
				for item := range next {
					t.Run(nameOf(item), func(t *testing.T) { test(t, item) })
				}
			})
		}
		for _, item := range items {
			next <- item
		}
		close(next)
		working.Wait()
	})
}

// faultTable counts cells by what is disturbed and when. Its zero value is ready for use.
type faultTable struct {
	mu   sync.Mutex
	rows map[string]map[phase]*faultCount
	// missed counts cells whose request did not come.
	missed atomic.Int32
}

type faultCount struct{ all, run, red int }

func (f *faultTable) at(name string, p phase) *faultCount {
	if f.rows == nil {
		f.rows = map[string]map[phase]*faultCount{}
	}
	if f.rows[name] == nil {
		f.rows[name] = map[phase]*faultCount{}
	}
	if f.rows[name][p] == nil {
		f.rows[name][p] = &faultCount{}
	}
	return f.rows[name][p]
}

func (f *faultTable) count(c cell, chosen bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.at(c.subject.name, c.phase)
	n.all++
	if chosen {
		n.run++
	}
}

func (f *faultTable) red(c cell) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at(c.subject.name, c.phase).red++
}

// String is the table in Markdown: how many cells were run and held, by what was disturbed and when.
func (f *faultTable) String() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	phases := []phase{creating, refreshing, updating, destroying}
	var b strings.Builder
	b.WriteString("| | create | refresh | update | destroy |\n|---|--:|--:|--:|--:|\n")
	var total faultCount
	names := make([]string, 0, len(f.rows))
	for name := range f.rows {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "| %s |", name)
		for _, p := range phases {
			n := f.rows[name][p]
			if n == nil {
				b.WriteString(" – |")
				continue
			}
			total.all, total.run, total.red = total.all+n.all, total.run+n.run, total.red+n.red
			fmt.Fprintf(&b, " %s |", n)
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\n%d of %d cells were run, %d held, %d did not.\n",
		total.run, total.all, total.run-total.red, total.red)
	return b.String()
}

func (n *faultCount) String() string {
	if n.red > 0 {
		return fmt.Sprintf("**%d of %d red**", n.red, n.run)
	}
	return strconv.Itoa(n.run)
}

// TestFaultsCoverEverything lets no resource or data source stay out of the matrix.
func TestFaultsCoverEverything(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{}
	for _, s := range subjects(t) {
		covered[s.name] = true
	}
	for _, e := range served(t) {
		name := e.name
		switch e.kind {
		case "data-sources":
			name = "data." + name
		case "resources":
		default:
			continue
		}
		if !covered[name] {
			t.Errorf("%s is not in subjects: add it in fault_subjects_test.go, as it is made and as it is changed", name)
		}
	}
}
