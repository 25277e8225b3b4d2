// SPDX-License-Identifier: Apache-2.0

// Package process starts other processes, and tells what one has cost so far, as
// the kernel accounts for it in /proc (proc(5)). It is for tests and benchmarks,
// which see servers from the outside, ours and other people's alike.
package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc: USER_HZ, 100 on Linux.
const clockTick = 10 * time.Millisecond

// CPU is the user and system time of a process with all its threads, to 10 ms:
// fields 14 and 15 of /proc/PID/stat.
func CPU(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return parseCPU(string(text))
}

func parseCPU(stat string) (time.Duration, error) {
	// The name, field 2, is in brackets and may hold anything.
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("process: %d fields behind the name in /proc/PID/stat", len(fields))
	}
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("process: CPU time in /proc/PID/stat: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// Resident is the memory of a process that is in RAM, in octets: field 2 of
// /proc/PID/statm, in pages.
func Resident(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	return parseResident(string(text))
}

func parseResident(statm string) (int64, error) {
	fields := strings.Fields(statm)
	if len(fields) < 2 {
		return 0, fmt.Errorf("process: %d fields in /proc/PID/statm", len(fields))
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("process: memory in /proc/PID/statm: %w", err)
	}
	return pages * int64(os.Getpagesize()), nil
}
