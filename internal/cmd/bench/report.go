package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// key names a measurement.
type key struct {
	Resources int    `json:"resources"`
	Latency   int    `json:"latency_ms"`
	Operation string `json:"operation"`
	Variant   string `json:"variant"`
}

// measurement is the median of several runs, of each figure by itself.
type measurement struct {
	key
	cost
}

// results are what the program prints and writes.
type results struct {
	Date           string             `json:"date"`
	Machine        string             `json:"machine"`
	Terraform      string             `json:"terraform"`
	Runs           int                `json:"runs"`
	BinaryBytes    int64              `json:"binary_bytes,omitempty"` // stripped
	StartUpSeconds map[string]float64 `json:"start_up_seconds,omitempty"`
	Measurements   []measurement      `json:"measurements"`

	startUps map[string][]float64
	costs    map[key][]cost
}

func newResults(ctx context.Context, runs int) *results {
	return &results{
		Date: time.Now().UTC().Format(time.DateOnly), Machine: machine(), Terraform: terraformVersion(ctx), Runs: runs,
		startUps: map[string][]float64{}, costs: map[key][]cost{},
	}
}

func (r *results) add(k key, c cost) { r.costs[k] = append(r.costs[k], c) }

// write takes the medians, writes results.json and results.md into dir, and prints the latter.
func (r *results) write(dir string, w io.Writer) error {
	r.StartUpSeconds = map[string]float64{}
	for name, all := range r.startUps {
		r.StartUpSeconds[name] = median(all, func(s float64) float64 { return s })
	}
	r.Measurements = nil
	for k, all := range r.costs {
		r.Measurements = append(r.Measurements, measurement{k, medians(all)})
	}
	slices.SortFunc(r.Measurements, func(a, b measurement) int {
		order := []string{firstApply, noChangePlan, oneChange, destroy}
		return cmp.Or(cmp.Compare(a.Resources, b.Resources),
			cmp.Compare(slices.Index(order, a.Operation), slices.Index(order, b.Operation)),
			cmp.Compare(a.Latency, b.Latency), cmp.Compare(a.Variant, b.Variant))
	})
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	table := r.markdown()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "results.json"), append(text, '\n'), 0o600),
		os.WriteFile(filepath.Join(dir, "results.md"), table, 0o600),
		printed(w.Write(table)),
	)
}

// The marks between which a guide shows results.
const (
	resultsBegin = "<!-- results: written by `make bench PUBLISH=1` -->\n"
	resultsEnd   = "<!-- end of results -->\n"
)

// publish puts the tables into a guide.
func (r *results) publish(guide string) error {
	text, err := os.ReadFile(guide) //nolint:gosec // the file that the user named
	if err != nil {
		return err
	}
	before, rest, begins := strings.Cut(string(text), resultsBegin)
	_, after, ends := strings.Cut(rest, resultsEnd)
	if !begins || !ends {
		return fmt.Errorf("%s has no place for results: it needs the lines %q and %q", guide, resultsBegin, resultsEnd)
	}
	whole := before + resultsBegin + "\n" + string(r.markdown()) + "\n" + resultsEnd + after
	return os.WriteFile(guide, []byte(whole), 0o644) //nolint:gosec // a page of documentation is for everybody
}

func printed(_ int, err error) error { return err }

// median returns the middle one of what of returns for each; of an even number, the mean of the middle two.
func median[T any](all []T, of func(T) float64) float64 {
	values := make([]float64, 0, len(all))
	for _, one := range all {
		values = append(values, of(one))
	}
	slices.Sort(values)
	half := len(values) / 2
	if len(values)%2 == 1 {
		return values[half]
	}
	return (values[half-1] + values[half]) / 2
}

func medians(all []cost) cost {
	c := cost{
		WallSeconds:        median(all, func(c cost) float64 { return c.WallSeconds }),
		CLICPUSeconds:      median(all, func(c cost) float64 { return c.CLICPUSeconds }),
		ProviderCPUSeconds: median(all, func(c cost) float64 { return c.ProviderCPUSeconds }),
		CLIPeakBytes:       int64(median(all, func(c cost) float64 { return float64(c.CLIPeakBytes) })),
		ProviderPeakBytes:  int64(median(all, func(c cost) float64 { return float64(c.ProviderPeakBytes) })),
		Requests:           map[string]int{},
	}
	for _, one := range all {
		for kind := range one.Requests {
			c.Requests[kind] = int(median(all, func(c cost) float64 { return float64(c.Requests[kind]) }))
		}
	}
	return c
}

// markdown is the results as tables, one for each size.
func (r *results) markdown() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s, %s, %s, medians of %d.\n", r.Date, r.Machine, r.Terraform, r.Runs)
	if own, small := r.StartUpSeconds["servicenow"], r.StartUpSeconds["one resource"]; small > 0 {
		fmt.Fprintf(&out, "\nFirst schema: %.0f ms, %.2f × a provider of one resource (%.0f ms). Binary: %.1f MB.\n",
			own*1000, own/small, small*1000, float64(r.BinaryBytes)/1e6)
	}
	size := 0
	for _, m := range r.Measurements {
		if m.Resources != size {
			size = m.Resources
			fmt.Fprintf(&out, "\n**%d resources**\n\n"+
				"| operation | latency | | wall | CPU: provider | CPU: Terraform | peak: provider | peak: Terraform | requests |\n"+
				"|---|--:|---|--:|--:|--:|--:|--:|---|\n", size)
		}
		fmt.Fprintf(&out, "| %s | %d ms | %s | %.2f s | %.2f s | %.2f s | %.0f MB | %.0f MB | %s |\n", m.Operation, m.Latency,
			m.Variant, m.WallSeconds, m.ProviderCPUSeconds, m.CLICPUSeconds, float64(m.ProviderPeakBytes)/1e6,
			float64(m.CLIPeakBytes)/1e6, traffic(m.Requests))
	}
	return out.Bytes()
}

// traffic is the number of requests and what they are.
func traffic(requests map[string]int) string {
	var kinds []string
	total := 0
	for _, kind := range slices.Sorted(maps.Keys(requests)) {
		total += requests[kind]
		kinds = append(kinds, fmt.Sprintf("%s %d", kind, requests[kind]))
	}
	if total == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%s)", total, strings.Join(kinds, ", "))
}

// machine is the processor, as far as the system says, and how much of it this program may use.
func machine() string {
	name := runtime.GOOS + "/" + runtime.GOARCH
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if _, model, found := strings.Cut(line, ": "); found && strings.HasPrefix(line, "model name") {
				name = strings.TrimSpace(model)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores", name, runtime.GOMAXPROCS(0))
}

func terraformVersion(ctx context.Context) string {
	command := exec.CommandContext(ctx, "terraform", "version")
	command.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1")
	out, err := command.Output()
	if err != nil {
		return "Terraform of unknown version"
	}
	first, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(first)
}
