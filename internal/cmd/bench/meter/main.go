// Command meter runs a provider in place of itself and notes what it used. Terraform starts it as the provider; the
// benchmark names the true one in BENCH_PROVIDER and the file that a line of JSON is added to in BENCH_USAGE.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// usage is what one process of a provider used.
type usage struct {
	CPUSeconds float64 `json:"cpu_seconds"`
	PeakBytes  int64   `json:"peak_bytes"` // resident; 0 where the system does not say
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "meter:", err)
		os.Exit(1)
	}
}

func run() error {
	provider := exec.Command(os.Getenv("BENCH_PROVIDER"), os.Args[1:]...) //nolint:gosec,noctx // ended by Terraform
	provider.Stdin, provider.Stdout, provider.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := provider.Run(); err != nil {
		return err
	}
	state := provider.ProcessState
	line, err := json.Marshal(usage{
		CPUSeconds: (state.UserTime() + state.SystemTime()).Seconds(), PeakBytes: peakBytes(state),
	})
	if err != nil {
		return err
	}
	// One short write at the end of the file: several providers may end at the same time.
	//nolint:gosec // the file that the benchmark named
	file, err := os.OpenFile(os.Getenv("BENCH_USAGE"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}
