// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"holdfast/internal/testenv"
)

// buildBinary makes the program as `make build` does.
func buildBinary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "holdfast")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// playDemo runs the demo in small and wants to see certain lines in this order.
func playDemo(t *testing.T, mode string, lines ...string) {
	t.Helper()
	cmd := exec.Command(buildBinary(t), "demo", "--tour", "--mode", mode, "--config", "../../examples/demo.conf",
		"--sessions", "120", "--tunnels", "12", "--hold", "1s")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rest := string(out)
	for _, line := range lines {
		_, after, found := strings.Cut(rest, line)
		if !found {
			t.Fatalf("%q is not where it should be in\n%s", line, out)
		}
		rest = after
	}
	wantNothingLeft(t, cmd.Process.Pid)
}

// wantNothingLeft says that a demo has taken its namespaces along.
func wantNothingLeft(t *testing.T, pid int) {
	t.Helper()
	if left, _ := filepath.Glob(fmt.Sprintf("/run/netns/hf-demo-%d-*", pid)); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

// An interrupt in the middle, at the terminal: it goes to the whole process
// group. The demo hangs up, stops the LNS and takes the namespaces down.
func TestRootDemoInterrupted(t *testing.T) {
	testenv.TUN(t)
	dir := t.TempDir()
	cmd := exec.Command(buildBinary(t), "demo", "--tour", "--config", "../../examples/demo.conf", "--sessions", "120", "--tunnels", "12", "--hold", "1h")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "hold ") {
			syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v", err)
	}
	wantNothingLeft(t, cmd.Process.Pid)
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

var controlLines = []string{
	"ready after", "120 subscribers dial over 12 tunnels from 3 LACs",
	"Tunnels: 12, Sessions: 120", "Subscribers by State", "Active: 120", "Total Subscribers: 120",
	"show ddos-protection protocols l2tp terse", "l2tp        aggregate", "l2tp        icrq ",
	"12 tunnels, 120 of 120 sessions", "calls failed       none", "0 left over",
	"Tunnels: 0, Sessions: 0", "has left nothing behind",
}

// Without root: log-ins, show commands and hang-up on the loopback device.
func TestDemoOnLoopback(t *testing.T) {
	playDemo(t, "loopback", append([]string{"Not shown for that reason"}, controlLines...)...)
}

// With root: the same in namespaces, and every packet comes back whole.
func TestRootDemoInNamespaces(t *testing.T) {
	testenv.TUN(t)
	playDemo(t, "namespaces", append([]string{"network namespaces lac, lns and core;"}, controlLines...)...)
}

// Without root, where users may make namespaces: the same inside one of those.
func TestRootDemoInUserNamespace(t *testing.T) {
	testenv.TUN(t)
	try := exec.Command("true")
	try.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	if err := try.Run(); err != nil {
		testenv.Missing(t, "needs user namespaces: %v", err)
	}
	playDemo(t, "user", append([]string{"inside a user namespace"}, controlLines...)...)
}
