package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cost is what one command took.
type cost struct {
	WallSeconds        float64        `json:"wall_seconds"`
	CLICPUSeconds      float64        `json:"cli_cpu_seconds"`
	ProviderCPUSeconds float64        `json:"provider_cpu_seconds"` // of all its processes: Terraform starts several
	CLIPeakBytes       int64          `json:"cli_peak_bytes"`       // resident; 0 where the system does not say
	ProviderPeakBytes  int64          `json:"provider_peak_bytes"`  // of its largest process
	Requests           map[string]int `json:"requests"`             // by server and kind
}

// binaries are what Terraform starts in place of the providers it is asked for.
type binaries struct {
	meter    string            // the program that stands in for each
	provider map[string]string // the true ones by source, such as seed-e98ff420/servicenow
}

// workspace is a directory with one configuration and its state.
type workspace struct {
	estate estate
	dir    string
	env    []string
}

// newWorkspace writes the configuration below parent, for one provider at most: the meter starts only that one.
func newWorkspace(parent string, e estate, b binaries, source string) (*workspace, error) {
	dir, err := os.MkdirTemp(parent, "workspace-")
	if err != nil {
		return nil, err
	}
	w := &workspace{estate: e, dir: dir}
	cli := "provider_installation {\n  direct {}\n}\n"
	if source != "" {
		stand := filepath.Join(dir, "bin")
		name := "terraform-provider-" + source[strings.LastIndex(source, "/")+1:]
		if err := errors.Join(os.Mkdir(stand, 0o700), os.Symlink(b.meter, filepath.Join(stand, name))); err != nil {
			return nil, err
		}
		cli = fmt.Sprintf("provider_installation {\n  dev_overrides {\n    %q = %q\n  }\n  direct {}\n}\n", source, stand)
	}
	w.env = append(withoutTerraform(os.Environ()), "TF_CLI_CONFIG_FILE="+w.file("terraformrc"), "TF_IN_AUTOMATION=1",
		"TF_INPUT=0", "CHECKPOINT_DISABLE=1", "BENCH_PROVIDER="+b.provider[source], "BENCH_USAGE="+w.file("usage"))
	return w, errors.Join(
		os.WriteFile(w.file("terraformrc"), []byte(cli), 0o600), os.WriteFile(w.file("main.tf"), []byte(e.hcl), 0o600),
	)
}

func (w *workspace) file(name string) string { return filepath.Join(w.dir, name) }

// withoutTerraform drops what would bring the user's own servers, credentials or settings into the benchmark.
func withoutTerraform(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		return slices.ContainsFunc([]string{"TF_", "SERVICENOW_", "KIBANA_", "ELASTICSEARCH_"},
			func(prefix string) bool { return strings.HasPrefix(entry, prefix) })
	})
}

// run runs one command and fails unless its output holds want: a benchmark of what did not happen is worthless.
func (w *workspace) run(ctx context.Context, want string, env []string, args ...string) (cost, error) {
	if err := os.Remove(w.file("usage")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cost{}, err
	}
	//nolint:gosec // Terraform, with arguments of this program
	command := exec.CommandContext(ctx, "terraform", append(args, "-no-color")...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = time.Minute
	command.Dir, command.Env = w.dir, append(slices.Clone(w.env), env...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	started := time.Now()
	if err := command.Start(); err != nil {
		return cost{}, fmt.Errorf("starting terraform: %w", err)
	}
	peak, ended := make(chan int64), make(chan struct{})
	go func() { peak <- watchPeak(command.Process.Pid, ended) }()
	err := command.Wait()
	c := cost{WallSeconds: time.Since(started).Seconds()}
	close(ended)
	c.CLIPeakBytes = <-peak
	if err != nil {
		return c, fmt.Errorf("terraform %s: %w\n%s", args[0], err, tail(out.Bytes()))
	}
	if !bytes.Contains(out.Bytes(), []byte(want)) {
		return c, fmt.Errorf("terraform %s did not say %q:\n%s", args[0], want, tail(out.Bytes()))
	}
	if c.ProviderCPUSeconds, c.ProviderPeakBytes, err = readUsage(w.file("usage")); err != nil {
		return c, err
	}
	// A process's times include those of its children that it waited for, as Terraform does for providers.
	total := (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds()
	c.CLICPUSeconds = max(0, total-c.ProviderCPUSeconds)
	return c, nil
}

func tail(text []byte) []byte { return text[max(0, len(text)-4000):] }

// readUsage adds up what the meter noted; no file means that no provider ran.
func readUsage(name string) (cpuSeconds float64, peakBytes int64, err error) {
	text, err := os.ReadFile(name) //nolint:gosec // in the benchmark's own directory
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	for line := range bytes.Lines(text) {
		var used struct {
			CPUSeconds float64 `json:"cpu_seconds"`
			PeakBytes  int64   `json:"peak_bytes"`
		}
		if err := json.Unmarshal(line, &used); err != nil {
			return 0, 0, fmt.Errorf("reading what the provider used: %w", err)
		}
		cpuSeconds += used.CPUSeconds
		peakBytes = max(peakBytes, used.PeakBytes)
	}
	return cpuSeconds, peakBytes, err
}

// watchPeak returns the largest resident size of a process, in bytes, as Linux counts it; 0 elsewhere.
func watchPeak(pid int, ended <-chan struct{}) int64 {
	var peak int64
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		peak = max(peak, residentPeak(pid))
		select {
		case <-ended:
			return peak
		case <-ticker.C:
		}
	}
}

func residentPeak(pid int) int64 {
	status, err := os.Open(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0
	}
	defer func() { _ = status.Close() }()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}
