// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// ProcessUsage is what this process has cost the system so far.
type ProcessUsage struct {
	User, System  time.Duration // CPU time of all threads
	ResidentBytes uint64        // memory in RAM
	Descriptors   int           // open files and sockets
}

// Process reads the usage of this process.
func Process() (ProcessUsage, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return ProcessUsage{}, fmt.Errorf("kernel: getrusage: %w", err)
	}
	resident, err := residentBytes()
	if err != nil {
		return ProcessUsage{}, fmt.Errorf("kernel: process memory: %w", err)
	}
	descriptors, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return ProcessUsage{}, fmt.Errorf("kernel: open files: %w", err)
	}
	return ProcessUsage{
		User: time.Duration(u.Utime.Nano()), System: time.Duration(u.Stime.Nano()),
		ResidentBytes: resident,
		Descriptors:   len(descriptors) - 1, // without the one that read the directory
	}, nil
}

// residentBytes reads the second field of /proc/self/statm, in pages.
func residentBytes() (uint64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, errors.New("/proc/self/statm has no second field")
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64)
	return pages * uint64(os.Getpagesize()), err
}
