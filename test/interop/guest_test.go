// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"bufio"
	"fmt"
	"io"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/test/process"
)

// guest is a running User-Mode Linux.
type guest struct {
	t       *testing.T
	rpc     *rpc.Client
	console string // file with what its kernel and process 1 said
	done    chan struct{}
}

// Requests and replies of the agent; see guest/agent.go.
type (
	runArgs struct {
		Argv    []string
		Seconds int
	}
	runReply struct {
		Output string
		Code   int
	}
	startArgs struct {
		Name string
		Argv []string
	}
	fileArgs struct{ Path, Text string }
	waitArgs struct {
		Path, Text string
		Gone       bool
		Count      int
		Seconds    int
	}
	signalArgs struct{ PID, Signal int }
)

const tap = "tap0" // in the namespace

// bootGuest starts a guest whose vec0 is a TAP device in namespace ns, and waits
// until its agent is ready: 2 to 5 s.
func bootGuest(t *testing.T, ns string) *guest {
	t.Helper()
	dir := t.TempDir()
	must(t, "ip", "-n", ns, "tuntap", "add", "dev", tap, "mode", "tap")
	must(t, "ip", "-n", ns, "addr", "add", underlayGateway+"/24", "dev", tap)
	must(t, "ip", "-n", ns, "link", "set", tap, "up")

	toGuest, hostOut, err := os.Pipe()
	check(t, err)
	hostIn, fromGuest, err := os.Pipe()
	check(t, err)
	g := &guest{t: t, console: filepath.Join(dir, "console"), done: make(chan struct{})}
	log, err := os.Create(g.console)
	check(t, err)
	defer log.Close()

	// The guest is process 1 of a process namespace of its own: with its parent dies all of it.
	cmd := exec.Command("ip", "netns", "exec", ns, "unshare", "--pid", "--fork", "--kill-child=KILL",
		"linux.uml", "mem=320M", "uml_dir="+dir, "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro", "init="+guestProgram,
		"GUEST_IP="+underlayGuest+"/24", "GUEST_GATEWAY="+underlayGateway,
		"con=null", "con0=null,fd:2", "con1=fd:3,fd:4", "panic=0", "vec0:transport=tap,ifname="+tap+",depth=128,gro=1")
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = log, log, []*os.File{toGuest, fromGuest}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	check(t, process.Start(cmd))
	toGuest.Close()
	fromGuest.Close()
	go func() {
		_ = cmd.Wait() // how a guest ends is seen on its console
		close(g.done)
	}()
	t.Cleanup(func() {
		if t.Failed() {
			g.dump()
		}
		hostOut.Close() // the agent's console closes, and the guest switches itself off
		select {
		case <-g.done:
		case <-time.After(3 * time.Second):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // gone already is as good
			<-g.done
		}
		hostIn.Close()
	})

	in := bufio.NewReader(hostIn)
	ready := make(chan error, 1)
	go func() {
		line, err := in.ReadString('\n')
		for err == nil && !strings.Contains(line, "ready") {
			line, err = in.ReadString('\n')
		}
		ready <- err
	}()
	select {
	case err := <-ready:
		if err != nil {
			t.Fatalf("guest: %v", err)
		}
	case <-g.done:
		t.Fatal("guest died while booting")
	case <-time.After(time.Minute):
		t.Fatal("guest not ready after a minute")
	}
	g.rpc = jsonrpc.NewClient(struct {
		io.Reader
		io.WriteCloser
	}{in, hostOut})
	return g
}

// on gives the guest to a subtest, which then is the one that fails.
func (g *guest) on(t *testing.T) *guest {
	c := *g
	c.t = t
	return &c
}

func (g *guest) call(method string, args, reply any) {
	g.t.Helper()
	select {
	case c := <-g.rpc.Go("Guest."+method, args, reply, make(chan *rpc.Call, 1)).Done:
		if c.Error != nil {
			g.t.Fatalf("guest: %s %+v: %v", method, args, c.Error)
		}
	case <-g.done:
		g.t.Fatalf("guest died during %s %+v", method, args)
	}
}

// run runs a program of the guest to its end.
func (g *guest) run(argv ...string) (output string, ok bool) {
	g.t.Helper()
	return g.runFor(30, argv...)
}

// runFor is run with another limit, in seconds.
func (g *guest) runFor(seconds int, argv ...string) (output string, ok bool) {
	g.t.Helper()
	var r runReply
	g.call("Run", runArgs{argv, seconds}, &r)
	return r.Output, r.Code == 0
}

// must is run of something that cannot fail on a sound guest.
func (g *guest) must(argv ...string) string {
	g.t.Helper()
	out, ok := g.run(argv...)
	if !ok {
		g.t.Fatalf("guest: %s: %s", strings.Join(argv, " "), out)
	}
	return out
}

// start leaves a program running with its output in /run/log/NAME.log.
func (g *guest) start(name string, argv ...string) (pid int) {
	g.t.Helper()
	g.call("Start", startArgs{name, argv}, &pid)
	return pid
}

func (g *guest) signal(pid int, s syscall.Signal) {
	g.t.Helper()
	var ok bool
	g.call("Signal", signalArgs{pid, int(s)}, &ok)
}

func (g *guest) write(path, text string) {
	g.t.Helper()
	var ok bool
	g.call("Write", fileArgs{path, text}, &ok)
}

func (g *guest) read(pattern string) (text string) {
	g.t.Helper()
	g.call("Read", pattern, &text)
	return text
}

func (g *guest) remove(pattern string) {
	g.t.Helper()
	var ok bool
	g.call("Remove", pattern, &ok)
}

// wait waits for files that match and hold text.
func (g *guest) wait(seconds, count int, pattern, text string) (met bool) {
	g.t.Helper()
	g.call("Wait", waitArgs{Path: pattern, Text: text, Count: count, Seconds: seconds}, &met)
	return met
}

// waitGone waits until no file matches.
func (g *guest) waitGone(seconds int, pattern string) (met bool) {
	g.t.Helper()
	g.call("Wait", waitArgs{Path: pattern, Gone: true, Seconds: seconds}, &met)
	return met
}

// pause lets real time pass: what is tested here are other people's timers.
func (g *guest) pause(seconds int) {
	g.t.Helper()
	g.runFor(seconds+10, "sleep", fmt.Sprint(seconds))
}

// dump shows the guest's logs, as far as there still is a guest.
func (g *guest) dump() {
	if text, err := os.ReadFile(g.console); err == nil {
		g.t.Logf("console:\n%s", tail(string(text), 40))
	}
	if g.rpc == nil {
		return
	}
	var r runReply
	c := g.rpc.Go("Guest.Run", runArgs{[]string{"sh", "-c", "tail -n 40 /run/log/*.log"}, 10}, &r, make(chan *rpc.Call, 1))
	select {
	case <-c.Done:
		g.t.Logf("logs:\n%s", r.Output)
	case <-g.done:
	case <-time.After(15 * time.Second):
	}
}

func tail(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
