// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	readyTimeout = 20 * time.Second
	stopTimeout  = 10 * time.Second
	pollInterval = 20 * time.Millisecond
)

// program is a server that runs as a process in the LNS's namespace.
type program struct {
	name   string
	cmd    *exec.Cmd
	output string        // file with what it wrote
	exited chan struct{} // closed when it has ended
}

// startProgram starts a program with a session, and so a process group, of its
// own: no signal of a terminal reaches it, and none that it sends to its group
// reaches anybody else. A mount namespace of its own lets it have its own /etc.
func startProgram(n *network, dir string, argv, env []string) (*program, error) {
	p := &program{name: filepath.Base(argv[0]), output: filepath.Join(dir, "output"), exited: make(chan struct{})}
	out, err := os.Create(p.output)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd = exec.Command(argv[0], argv[1:]...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Unshareflags: syscall.CLONE_NEWNS}
	if err := n.lns.Do(p.cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	go func() {
		_ = p.cmd.Wait() // whoever needs it to live notices that it does not
		close(p.exited)
	}()
	return p, nil
}

// pid is its process id.
func (p *program) pid() int { return p.cmd.Process.Pid }

// await polls until ready reports so.
func (p *program) await(ctx context.Context, ready func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for !ready() {
		select {
		case <-p.exited:
			return fmt.Errorf("%s has ended:\n%s", p.name, p.tail())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.name, ctx.Err(), p.tail())
		case <-tick.C:
		}
	}
	return nil
}

// listens reports whether somebody in the process's network namespace has the
// L2TP port open.
func (p *program) listens() bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/udp", p.pid()))
	return err == nil && strings.Contains(string(text), fmt.Sprintf(":%04X ", gateway.Port()))
}

func (p *program) tail() string {
	const most = 4096
	text, err := os.ReadFile(p.output)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text[max(0, len(text)-most):]))
}

// close ends the process, by its id alone.
func (p *program) close() error {
	select {
	case <-p.exited:
		return fmt.Errorf("%s ended before its time:\n%s", p.name, p.tail())
	default:
	}
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-p.exited:
		return nil // it may have ended just before the signal
	case <-timer.C:
		err = errors.Join(err, p.cmd.Process.Kill())
		<-p.exited
		return err
	}
}
