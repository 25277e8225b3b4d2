// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"holdfast/internal/api/holdfastv1"
	"holdfast/internal/netlab"
	"holdfast/internal/testenv"
	"holdfast/test/process"
)

// holdfast is the program under test, which TestMain builds.
var holdfast string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "hf-radius-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		holdfast = filepath.Join(dir, "holdfast")
		if out, err := exec.Command("go", "build", "-o", holdfast, "holdfast/cmd/holdfast").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building holdfast: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

var (
	gateway = netip.MustParseAddrPort("192.0.2.1:1701")
	// The host behind the LNS, and where it takes datagrams.
	inside  = netip.MustParseAddrPort("203.0.113.2:9")
	inside6 = netip.MustParseAddrPort("[2001:db8:2::2]:9")
)

// world is the network of the drawing in doc.go.
type world struct {
	t              *testing.T
	dir            string
	lns, lac, core *netlab.Namespace
	server         *freeradius // nil: another one is asked
	daemon         *daemon
	sink           [2]*sink // inside and inside6
}

var worlds atomic.Int32 // to name them

// newWorld makes the network; nothing runs in it yet.
func newWorld(t *testing.T) *world {
	t.Helper()
	testenv.TUN(t)
	lab, err := netlab.New(fmt.Sprintf("hf-radius-%d-%d", os.Getpid(), worlds.Add(1)))
	check(t, err)
	t.Cleanup(func() { check(t, lab.Close()) })
	w := &world{t: t, dir: t.TempDir()}
	for name, n := range map[string]**netlab.Namespace{"lns": &w.lns, "lac": &w.lac, "core": &w.core} {
		*n, err = lab.Namespace(name)
		check(t, err)
	}
	p := netip.MustParsePrefix
	check(t, lab.Veth(
		netlab.End{In: w.lns, Device: "lac0", Addresses: []netip.Prefix{p("192.0.2.254/24")}},
		netlab.End{In: w.lac, Device: "lns0", Addresses: []netip.Prefix{p("192.0.2.11/24"), p("192.0.2.12/24")}}, 1))
	check(t, lab.Veth(
		netlab.End{In: w.lns, Device: "core0", Addresses: []netip.Prefix{p("203.0.113.1/24"), p("2001:db8:2::1/64")}},
		netlab.End{In: w.core, Device: "lns0", Addresses: []netip.Prefix{p("203.0.113.2/24"), p("2001:db8:2::2/64")}}, 1))
	check(t, w.lns.Forward())
	check(t, w.lac.Route(p("0.0.0.0/0"), "lns0", netip.MustParseAddr("192.0.2.254")))
	check(t, w.core.Route(p("0.0.0.0/0"), "lns0", netip.MustParseAddr("203.0.113.1")))
	check(t, w.core.Route(p("::/0"), "lns0", netip.MustParseAddr("2001:db8:2::1")))
	w.sink = [2]*sink{newSink(t, w.core, inside), newSink(t, w.core, inside6)}
	return w
}

// freeradius starts a FreeRADIUS beside the LNS. Empty users are those of the example.
func (w *world) freeradius(users string) {
	w.t.Helper()
	var edit []string
	if users != "" {
		path := filepath.Join(w.dir, "users")
		check(w.t, os.WriteFile(path, []byte(users), 0o600))
		edit = []string{"EXAMPLES/users", path}
	}
	w.server = startIn(w.t, w.lns, edit...)
}

// daemon is a holdfast that runs, or has run.
type daemon struct {
	cmd    *exec.Cmd
	ended  chan struct{}
	mu     sync.Mutex
	log    strings.Builder
	socket string
}

// configure writes the configuration of the LNS: testdata/holdfast.conf, with words
// replaced, by pairs.
func (w *world) configure(edit ...string) {
	w.t.Helper()
	text, err := os.ReadFile("testdata/holdfast.conf")
	check(w.t, err)
	words := append(edit, "SPOOL", filepath.Join(w.dir, "spool.db"))
	if w.server != nil {
		words = append(words, "AUTHENTICATION", strconv.Itoa(int(w.server.authentication)), "ACCOUNTING", strconv.Itoa(int(w.server.accounting)))
	}
	check(w.t, os.WriteFile(filepath.Join(w.dir, "holdfast.conf"), []byte(strings.NewReplacer(words...).Replace(string(text))), 0o600))
}

// serve runs the daemon and waits until it serves.
func (w *world) serve() {
	w.t.Helper()
	d := &daemon{ended: make(chan struct{}), socket: filepath.Join(w.dir, "api")}
	d.cmd = exec.Command("ip", "netns", "exec", w.lns.Name(), holdfast, "serve", "-c", filepath.Join(w.dir, "holdfast.conf"), "--socket", d.socket)
	out, err := d.cmd.StderrPipe()
	check(w.t, err)
	check(w.t, process.Start(d.cmd))
	ready := make(chan struct{})
	go func() {
		defer close(d.ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			d.mu.Lock()
			fmt.Fprintln(&d.log, lines.Text())
			d.mu.Unlock()
			if strings.Contains(lines.Text(), "DAEMON_READY") {
				close(ready)
			}
		}
	}()
	w.daemon = d
	w.t.Cleanup(func() {
		d.stop(syscall.SIGTERM)
		if w.t.Failed() {
			w.t.Log(d.journal())
		}
	})
	select {
	case <-ready:
	case <-d.ended:
		w.t.Fatalf("the daemon has ended:\n%s", d.journal())
	case <-time.After(patience):
		w.t.Fatalf("the daemon does not become ready:\n%s", d.journal())
	}
}

// stop ends the daemon by a signal and waits.
func (d *daemon) stop(s syscall.Signal) {
	_ = d.cmd.Process.Signal(s) // it may have ended
	<-d.ended
	_ = d.cmd.Wait() // killed, it says so
}

func (d *daemon) logged(event string) bool { return strings.Contains(d.journal(), event) }

func (d *daemon) journal() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.String()
}

// command runs an operational command.
func (w *world) command(words ...string) string {
	w.t.Helper()
	out, err := exec.Command(holdfast, append([]string{"--socket", w.daemon.socket}, words...)...).CombinedOutput()
	if err != nil {
		w.t.Fatalf("%s: %v: %s", strings.Join(words, " "), err, out)
	}
	return string(out)
}

// rows runs a show command and reads its rows.
func rows[T any, P interface {
	*T
	proto.Message
}](w *world, words ...string) (all []P) {
	w.t.Helper()
	text := w.command(append(words, "|", "display", "json")...)
	var raw map[string][]json.RawMessage
	check(w.t, json.Unmarshal([]byte(text), &raw))
	for _, list := range raw {
		for _, r := range list {
			row := P(new(T))
			check(w.t, protojson.Unmarshal(r, row))
			all = append(all, row)
		}
	}
	return all
}

// whole runs a show command that answers with one message.
func whole[T any, P interface {
	*T
	proto.Message
}](w *world, words ...string) P {
	w.t.Helper()
	m := P(new(T))
	check(w.t, protojson.Unmarshal([]byte(w.command(append(words, "|", "display", "json")...)), m))
	return m
}

// subscriber is the row of the one who is active by that name.
func (w *world) subscriber(user string) *holdfastv1.Subscriber {
	w.t.Helper()
	all := rows[holdfastv1.Subscriber](w, "show", "subscribers", "extensive", "user-name", user, "subscriber-state", "active")
	if len(all) != 1 {
		w.t.Fatalf("%d rows of %s", len(all), user)
	}
	return all[0]
}

// sink is a host's UDP port that counts by source what comes.
type sink struct {
	conn *net.UDPConn

	mu    sync.Mutex
	bytes map[netip.Addr]int // of IP
}

func newSink(t *testing.T, in *netlab.Namespace, at netip.AddrPort) *sink {
	t.Helper()
	s := &sink{bytes: map[netip.Addr]int{}}
	check(t, in.Do(func() (err error) {
		s.conn, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		return err
	}))
	check(t, s.conn.SetReadBuffer(8<<20))
	done := make(chan struct{})
	go func() {
		defer close(done)
		header := ipv4Header
		if at.Addr().Is6() {
			header = ipv6Header
		}
		b := make([]byte, 65536)
		for {
			n, from, err := s.conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return // closed
			}
			s.mu.Lock()
			s.bytes[from.Addr().Unmap()] += header + udpHeader + n
			s.mu.Unlock()
		}
	}()
	t.Cleanup(func() { s.conn.Close(); <-done })
	return s
}

// from is how many octets of IP have come from a host.
func (s *sink) from(a netip.Addr) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes[a]
}

// send sends n packets of size octets of IP to a host.
func (s *sink) send(t *testing.T, to netip.Addr, n, size int) {
	t.Helper()
	header := ipv4Header
	if to.Is6() {
		header = ipv6Header
	}
	for range n {
		_, err := s.conn.WriteToUDPAddrPort(make([]byte, size-header-udpHeader), netip.AddrPortFrom(to, 9))
		check(t, err)
	}
}

// routes is the kernel's routing table of the LNS.
func (w *world) routes() string {
	w.t.Helper()
	var all strings.Builder
	for _, family := range []string{"-4", "-6"} {
		out, err := exec.Command("ip", "-n", w.lns.Name(), family, "route", "show", "table", "all").CombinedOutput()
		check(w.t, err)
		all.Write(out)
	}
	return all.String()
}

// eventually waits until missing says nothing more.
func eventually(t *testing.T, missing func() string) {
	t.Helper()
	within(t, patience, missing)
}

// within is eventually with a limit.
func within(t *testing.T, limit time.Duration, missing func() string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
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

// radclient sends a request to the LNS from a namespace and returns what it prints.
func (w *world) radclient(in *netlab.Namespace, to, kind, secret, attributes string) string {
	w.t.Helper()
	testenv.Commands(w.t, "radclient")
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	cmd := in.Command(ctx, "radclient", "-x", "-r", "2", "-t", "1", to, kind, secret)
	cmd.Stdin = strings.NewReader(attributes)
	out, _ := cmd.CombinedOutput() // it fails for a NAK, and says so
	return string(out)
}
