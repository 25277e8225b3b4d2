// SPDX-License-Identifier: Apache-2.0

package interop

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"holdfast/internal/api/holdfastv1"
	"holdfast/internal/testenv"
	"holdfast/test/process"
)

// Addresses of the drawing in doc.go.
const (
	underlayGateway = "192.0.2.1"
	underlayGuest   = "192.0.2.2"
	quick           = "203.0.113.1" // the gateway that notices things fast
	patient         = "203.0.113.2" // the gateway with the timers of a production LNS
	ipcpAddress     = "198.51.100.254"
	inside          = "198.51.100.1" // behind the LNS
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
		for program, pkg := range map[string]string{guestProgram: "holdfast/test/interop/guest", holdfast: "holdfast/cmd/holdfast"} {
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
	for _, a := range []string{quick + "/32", patient + "/32", inside + "/32", inside6 + "/128"} {
		must(t, "ip", "-n", ns, "addr", "add", a, "dev", "lo")
	}
	must(t, "ip", "netns", "exec", ns, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
	return ns
}

// background runs a program in a namespace until the test ends, or stop is called.
func background(t *testing.T, ns, log string, argv ...string) (stop func()) {
	t.Helper()
	f, err := os.Create(log)
	check(t, err)
	defer f.Close()
	cmd := exec.Command("ip", append([]string{"netns", "exec", ns}, argv...)...)
	cmd.Stdout, cmd.Stderr = f, f
	check(t, process.Start(cmd))
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its log says how it went
		close(done)
	}()
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt) // gone already is as good
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Errorf("%s does not end", argv[0])
			_ = cmd.Process.Kill()
			<-done
		}
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			text, _ := os.ReadFile(log)
			t.Logf("%s:\n%s", argv[0], tail(string(text), 60))
		}
	})
	return stop
}

// lns is a daemon under test.
type lns struct {
	t          *testing.T
	ns, socket string
}

// startLNS runs the daemon with testdata/interop.conf, and a TCP sink behind it.
func startLNS(t *testing.T) *lns {
	t.Helper()
	testenv.TUN(t)
	testenv.Commands(t, "linux.uml", "modprobe", "pppd", "xl2tpd", "iperf3", "tcpdump", "tshark", "ping", "unshare", "pkill")
	dir := t.TempDir()
	n := &lns{t: t, ns: newNamespace(t), socket: filepath.Join(dir, "socket")}
	background(t, n.ns, filepath.Join(dir, "iperf3"), "iperf3", "-s", "-B", inside)
	background(t, n.ns, filepath.Join(dir, "holdfast"), holdfast, "serve", "-c", "testdata/interop.conf", "--socket", n.socket)
	eventually(t, 10*time.Second, func() string {
		out, err := exec.Command(holdfast, "--socket", n.socket, "show", "services", "l2tp", "summary").CombinedOutput()
		if err != nil {
			return fmt.Sprintf("holdfast does not answer: %v: %s", err, out)
		}
		return ""
	})
	return n
}

// on gives the LNS to a subtest, which then is the one that fails.
func (n *lns) on(t *testing.T) *lns {
	c := *n
	c.t = t
	return &c
}

// command runs an operational command.
func (n *lns) command(words ...string) string {
	n.t.Helper()
	return must(n.t, append([]string{holdfast, "--socket", n.socket}, words...)...)
}

// rows runs a show command and reads its rows.
func rows[T any, P interface {
	*T
	proto.Message
}](n *lns, words ...string) (all []P) {
	n.t.Helper()
	text := n.command(append(words, "|", "display", "json")...)
	var raw map[string][]json.RawMessage
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		n.t.Fatalf("%v: %v\n%s", words, err, text)
	}
	for _, list := range raw {
		for _, r := range list {
			row := P(new(T))
			if err := protojson.Unmarshal(r, row); err != nil {
				n.t.Fatalf("%v: %v\n%s", words, err, r)
			}
			all = append(all, row)
		}
	}
	return all
}

// one is the only row.
func one[P any](n *lns, all []P) P {
	n.t.Helper()
	if len(all) != 1 {
		n.t.Fatalf("%d rows, want 1: %v", len(all), all)
	}
	return all[0]
}

func (n *lns) subscriber(user string) *holdfastv1.Subscriber {
	n.t.Helper()
	return one(n, rows[holdfastv1.Subscriber](n, "show", "subscribers", "extensive", "user-name", user, "subscriber-state", "active"))
}

func (n *lns) session(user string) *holdfastv1.Session {
	n.t.Helper()
	return one(n, rows[holdfastv1.Session](n, "show", "services", "l2tp", "session", "extensive", "user", user))
}

func (n *lns) tunnel(lac string) *holdfastv1.Tunnel {
	n.t.Helper()
	return one(n, rows[holdfastv1.Tunnel](n, "show", "services", "l2tp", "tunnel", "extensive", "peer-gateway-name", lac))
}

// up counts established tunnels and sessions, and active subscribers.
func (n *lns) up() (tunnels, sessions, active int) {
	n.t.Helper()
	for _, x := range rows[holdfastv1.Tunnel](n, "show", "services", "l2tp", "tunnel") {
		if x.State == "Established" {
			tunnels++
		}
	}
	for _, x := range rows[holdfastv1.Session](n, "show", "services", "l2tp", "session") {
		if x.State == "Established" {
			sessions++
		}
	}
	active = len(rows[holdfastv1.Subscriber](n, "show", "subscribers", "subscriber-state", "active"))
	return tunnels, sessions, active
}

func (n *lns) wantUp(tunnels, sessions int) {
	n.t.Helper()
	n.wantUpWithin(5*time.Second, tunnels, sessions)
}

// wantUpWithin waits until just so many tunnels and sessions are up.
func (n *lns) wantUpWithin(limit time.Duration, tunnels, sessions int) {
	n.t.Helper()
	eventually(n.t, limit, func() string {
		t, s, a := n.up()
		if t == tunnels && s == sessions && a == sessions {
			return ""
		}
		return fmt.Sprintf("%d tunnels, %d sessions and %d active subscribers, want %d, %d and %d", t, s, a, tunnels, sessions, sessions)
	})
}

// wantNothingLeft wants no tunnel, no session and no subscriber, soon.
func (n *lns) wantNothingLeft() {
	n.t.Helper()
	n.wantNothingLeftWithin(5 * time.Second)
}

func (n *lns) wantNothingLeftWithin(limit time.Duration) {
	n.t.Helper()
	n.wantUpWithin(limit, 0, 0)
}

// eventually waits for a condition of the host's side: until it says nothing more.
func eventually(t *testing.T, limit time.Duration, missing func() string) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); ; <-tick.C {
		what := missing()
		if what == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("still after %v: %s", limit, what)
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
