package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMedians(t *testing.T) {
	t.Parallel()
	c := medians([]cost{
		{WallSeconds: 3, CLIPeakBytes: 10, Requests: map[string]int{"ServiceNow read": 5}},
		{WallSeconds: 1, CLIPeakBytes: 30, Requests: map[string]int{"ServiceNow read": 7, "Kibana read": 1}},
		{WallSeconds: 2, CLIPeakBytes: 20, Requests: map[string]int{"ServiceNow read": 6, "Kibana read": 1}},
	})
	if c.WallSeconds != 2 || c.CLIPeakBytes != 20 || c.Requests["ServiceNow read"] != 6 || c.Requests["Kibana read"] != 1 {
		t.Errorf("medians = %+v", c)
	}
	if m := median([]int{1, 2, 3, 10}, func(i int) float64 { return float64(i) }); m != 2.5 {
		t.Errorf("median of an even number = %v, want 2.5", m)
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	guide := filepath.Join(t.TempDir(), "guide.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(guide, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := results{Machine: "this machine", Measurements: []measurement{{key{20, 50, destroy, "servicenow"}, cost{}}}}
	write("before\n" + resultsBegin + "old results\n" + resultsEnd + "after\n")
	for range 2 { // the second time replaces the first
		if err := r.publish(guide); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	for part, want := range map[string]int{
		"before\n": 1, "after\n": 1, "this machine": 1, "| destroy | 50 ms | servicenow |": 1, "old results": 0,
	} {
		if got := strings.Count(string(text), part); got != want {
			t.Errorf("%q is there %d times, want %d:\n%s", part, got, want, text)
		}
	}
	write("a guide without a place\n")
	if err := r.publish(guide); err == nil {
		t.Error("results were published into a guide that has no place for them")
	}
}

// TestWholeLife takes the smallest estate through everything that is measured.
func TestWholeLife(t *testing.T) {
	t.Parallel()
	b, err := newBench(t.Context(), options{runs: 1, out: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Error(err)
		}
	})
	const size = 20
	for _, v := range b.variants() {
		if err := b.wholeLife(t.Context(), v, size, 0); err != nil {
			t.Fatal(err)
		}
	}
	var table strings.Builder
	if err := b.results.write(b.out, &table); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(b.out, "results.json")); err != nil {
		t.Error(err)
	}
	for _, v := range b.variants() {
		for _, operation := range []string{firstApply, noChangePlan, oneChange, destroy} {
			c := medians(b.results.costs[key{size, 0, operation, v.name}])
			if c.WallSeconds <= 0 || c.CLICPUSeconds <= 0 || !strings.Contains(table.String(), operation) {
				t.Errorf("%s of %s was not measured: %+v", operation, v.name, c)
			}
			creates, updates := c.Requests["ServiceNow create"], c.Requests["ServiceNow update"]
			provided := v.source != ""
			if measured := c.ProviderCPUSeconds > 0; measured != provided {
				t.Errorf("%s of %s: the provider's usage is %+v", operation, v.name, c)
			}
			if want := provided && operation == firstApply; creates == size*9/10 != want {
				t.Errorf("%s of %s: %d creates", operation, v.name, creates)
			}
			if want := provided && operation == oneChange; updates == 1 != want {
				t.Errorf("%s of %s: %d updates", operation, v.name, updates)
			}
		}
	}
}
