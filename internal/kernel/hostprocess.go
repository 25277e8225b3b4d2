// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// errNoProcess is what reading about a process that has ended comes to.
var errNoProcess error = syscall.ESRCH

// HostProcess is a process of the computer at one moment.
type HostProcess struct {
	PID           int
	UID           uint32
	Command       string
	State         byte // as /proc has it: R, S, D, I, Z, T, ...
	Threads       int
	Priority      int
	Nice          int
	SizeBytes     uint64
	ResidentBytes uint64
	CPU           time.Duration // of all of its threads, since it began
}

// Processes reads what processes there are. One that ends meanwhile is left out.
func (t Tree) Processes() ([]HostProcess, error) {
	entries, err := os.ReadDir(t.path("proc"))
	if err != nil {
		return nil, fmt.Errorf("kernel: processes: %w", err)
	}
	var list []HostProcess
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		p, err := t.process(pid)
		switch {
		case err == nil:
			list = append(list, p)
		case !gone(err):
			return nil, fmt.Errorf("kernel: process %d: %w", pid, err)
		}
	}
	return list, nil
}

// The fields of /proc/PID/stat that come after the command, from the third on.
const (
	statState    = 0
	statUser     = 11
	statSystem   = 12
	statPriority = 15
	statNice     = 16
	statThreads  = 17
	statSize     = 20
	statResident = 21
)

// process reads /proc/PID/stat and who the process belongs to.
func (t Tree) process(pid int) (HostProcess, error) {
	dir := filepath.Join(t.path("proc"), strconv.Itoa(pid))
	b, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return HostProcess{}, err
	}
	// The command is in brackets and may hold blanks and brackets itself.
	line := string(b)
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return HostProcess{}, errors.New("stat has no command")
	}
	f := strings.Fields(line[end+1:])
	if len(f) <= statResident {
		return HostProcess{}, errors.New("stat is too short")
	}
	p := HostProcess{PID: pid, Command: line[open+1 : end], State: f[statState][0]}
	for _, n := range []struct {
		at int
		to *int
	}{{statPriority, &p.Priority}, {statNice, &p.Nice}, {statThreads, &p.Threads}} {
		if *n.to, err = strconv.Atoi(f[n.at]); err != nil {
			return HostProcess{}, err
		}
	}
	n, ok := numbers(strings.Join([]string{f[statUser], f[statSystem], f[statSize], f[statResident]}, " "))
	if !ok {
		return HostProcess{}, errors.New("stat holds no numbers")
	}
	p.CPU, p.SizeBytes, p.ResidentBytes = ticks(n[0]+n[1]), n[2], n[3]*uint64(os.Getpagesize())
	info, err := os.Stat(dir)
	if err != nil {
		return HostProcess{}, err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		p.UID = s.Uid
	}
	return p, nil
}
