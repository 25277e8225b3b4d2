// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Addresses of the drawing in doc.go.
const (
	underlayGateway = "192.0.2.1"
	underlayGuest   = "192.0.2.2"
	lnsAddress      = "203.0.113.1"
	inside          = "198.51.100.1"
	inside6         = "2001:db8:98::1"
)

// Programs that TestMain builds.
var guestProgram, holdfast string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "hf-interop-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		guestProgram, holdfast = filepath.Join(dir, "guest"), filepath.Join(dir, "holdfast")
		for program, pkg := range map[string]string{guestProgram: "holdfast/test/interop/guest"} {
			build := exec.Command("go", "build", "-o", program, pkg)
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			if out, err := build.CombinedOutput(); err != nil {
				fmt.Fprintf(os.Stderr, "building %s: %v\n%s", pkg, err, out)
				return 1
			}
		}
		return m.Run()
	}())
}

var namespaces atomic.Int32 // to name them

// newNamespace makes a network namespace with the addresses of the drawing.
func newNamespace(t *testing.T) string {
	t.Helper()
	ns := fmt.Sprintf("hf-interop-%d-%d", os.Getpid(), namespaces.Add(1))
	must(t, "ip", "netns", "add", ns)
	t.Cleanup(func() { must(t, "ip", "netns", "del", ns) })
	must(t, "ip", "-n", ns, "link", "set", "lo", "up")
	for _, a := range []string{lnsAddress + "/32", inside + "/32", inside6 + "/128"} {
		must(t, "ip", "-n", ns, "addr", "add", a, "dev", "lo")
	}
	must(t, "ip", "netns", "exec", ns, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
	return ns
}

// background runs a program in a namespace until the test ends.
func background(t *testing.T, ns, log string, argv ...string) {
	t.Helper()
	f, err := os.Create(log)
	check(t, err)
	defer f.Close()
	cmd := exec.Command("ip", append([]string{"netns", "exec", ns}, argv...)...)
	cmd.Stdout, cmd.Stderr = f, f
	check(t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // gone already is as good
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Errorf("%s does not end", argv[0])
			_ = cmd.Process.Kill()
			<-done
		}
		if t.Failed() {
			text, _ := os.ReadFile(log)
			t.Logf("%s:\n%s", argv[0], tail(string(text), 60))
		}
	})
}

// eventually waits for a condition of the host's side.
func eventually(t *testing.T, why string, limit time.Duration, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); !condition(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", limit, why)
		}
	}
}

func must(t *testing.T, argv ...string) string {
	t.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
