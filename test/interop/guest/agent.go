// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Guest is what the host may ask for.
type Guest struct{}

// RunArgs is a program to run to its end.
type RunArgs struct {
	Argv    []string
	Seconds int // after which it is killed; 0: 30
}

// RunReply is how it went: what it wrote to both outputs, and its exit code (-1: killed).
type RunReply struct {
	Output string
	Code   int
}

// StartArgs is a program to leave running; its output goes to /run/log/NAME.log.
type StartArgs struct {
	Name string
	Argv []string
}

// FileArgs is a file and its new text.
type FileArgs struct{ Path, Text string }

// WaitArgs is a condition on a file: that it is there and holds Text, or, with
// Gone, that it is not there. Path may be a pattern; Count files must then match.
type WaitArgs struct {
	Path, Text string
	Gone       bool
	Count      int // 0: 1
	Seconds    int
}

// SignalArgs is a process and what to send it.
type SignalArgs struct{ PID, Signal int }

// serve answers requests from a console until it closes.
func serve(console string) error {
	if err := syscall.Mount("tmp", "/tmp", "tmpfs", 0, ""); err != nil {
		return err
	}
	if out, err := exec.Command("stty", "-F", console, "raw", "-echo").CombinedOutput(); err != nil {
		return fmt.Errorf("stty: %v: %s", err, out)
	}
	tty, err := os.OpenFile(console, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	// The host waits for this line before it speaks, so that nothing is lost in a
	// console that still echoes.
	if _, err := tty.WriteString("ready\n"); err != nil {
		return err
	}
	s := rpc.NewServer()
	if err := s.Register(Guest{}); err != nil {
		return err
	}
	s.ServeCodec(jsonrpc.NewServerCodec(tty))
	return nil
}

// Run runs a program to its end.
func (Guest) Run(a RunArgs, r *RunReply) error {
	if a.Seconds == 0 {
		a.Seconds = 30
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(a.Seconds)*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, a.Argv[0], a.Argv[1:]...).CombinedOutput()
	r.Output = string(out)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		r.Code = exit.ExitCode()
		return nil
	}
	return err
}

// Start leaves a program running and says its process id.
func (Guest) Start(a StartArgs, pid *int) error {
	log, err := os.OpenFile("/run/log/"+a.Name+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	argv := a.Argv
	if argv[0] == "lac" {
		argv = append([]string{"/proc/self/exe"}, argv...)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return err
	}
	*pid = cmd.Process.Pid
	go func() { _ = cmd.Wait() }() // only to be reaped; how it ended is in its log
	return nil
}

// Signal sends a process a signal; one that has gone already is no error.
func (Guest) Signal(a SignalArgs, _ *bool) error {
	if err := syscall.Kill(a.PID, syscall.Signal(a.Signal)); err != nil && err != syscall.ESRCH {
		return err
	}
	return nil
}

// Write makes a file.
func (Guest) Write(a FileArgs, _ *bool) error { return os.WriteFile(a.Path, []byte(a.Text), 0o600) }

// Read reads all files that match a pattern, one after the other; none: no text.
func (Guest) Read(pattern string, text *string) error {
	names, err := filepath.Glob(pattern)
	for _, name := range names {
		b, readErr := os.ReadFile(name)
		err = errors.Join(err, readErr)
		*text += string(b)
	}
	return err
}

// Remove removes all files that match a pattern.
func (Guest) Remove(pattern string, _ *bool) error {
	names, err := filepath.Glob(pattern)
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// Wait waits for a condition, and says whether it came in time.
func (Guest) Wait(a WaitArgs, met *bool) error {
	for end := time.Now().Add(time.Duration(a.Seconds) * time.Second); ; time.Sleep(50 * time.Millisecond) {
		names, err := filepath.Glob(a.Path)
		if err != nil {
			return err
		}
		n := 0
		for _, name := range names {
			if b, err := os.ReadFile(name); err == nil && strings.Contains(string(b), a.Text) {
				n++
			}
		}
		if *met = a.Gone && len(names) == 0 || !a.Gone && n >= max(a.Count, 1); *met || time.Now().After(end) {
			return nil
		}
	}
}
