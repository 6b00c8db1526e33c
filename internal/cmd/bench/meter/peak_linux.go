package main

import (
	"os"
	"syscall"
)

func peakBytes(state *os.ProcessState) int64 {
	if used, ok := state.SysUsage().(*syscall.Rusage); ok {
		return used.Maxrss << 10 // Linux counts in KiB
	}
	return 0
}
