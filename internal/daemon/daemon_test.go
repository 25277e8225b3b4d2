// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/internal/cli"
	"holdfast/internal/kernel"
	"holdfast/internal/storm"
)

func TestMain(m *testing.M) {
	if files := strings.Fields(os.Getenv(asDaemon)); len(files) == 2 {
		beDaemon(files[0], files[1])
	}
	goleak.VerifyTestMain(m)
}

// beDaemon is the process that TestRootHostIsLeftAsItWas starts.
func beDaemon(config, socket string) {
	ctx, restore := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer restore()
	if err := Serve(ctx, Options{ConfigFile: config, Socket: socket, Version: "test"}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// configuration needs no privileges: it forwards nothing, and its gateway is an
// address that every host has. GATEWAY, METRICS, POOL and EXTRA are filled in.
const configuration = `
system {
    host-name lns1;
    processes holdfast {
        shards SHARDS;
        forwarding-plane type none;
        metrics listen METRICS;
    }
}
interfaces {
    lo0 unit 0 family inet address 198.51.100.1/32;
    si-1/0/0;
}
access {
    profile lacs client default user-group-profile subscribers;
    profile all authentication-order none;
    group-profile subscribers ppp framed-pool pool-v4;
    address-assignment pool pool-v4 family inet network POOL;
}
services l2tp {
    tunnel-group north {
        l2tp-access-profile lacs;
        aaa-access-profile all;
        local-gateway address GATEWAY;
        service-interface si-1/0/0;
        dynamic-profile lns-session;
    }
    EXTRA
}
dynamic-profiles lns-session interfaces "$junos-interface-ifd-name" unit "$junos-interface-unit" {
    ppp-options { chap; pap; }
    family inet unnumbered-address "$junos-loopback-interface";
}
`

// text is the configuration with some of its words replaced.
func text(replace ...string) string {
	defaults := []string{"SHARDS", "2", "GATEWAY", "127.0.0.1", "METRICS", "127.0.0.1:0", "POOL", "100.64.0.0/16", "EXTRA", ""}
	return strings.NewReplacer(append(replace, defaults...)...).Replace(configuration)
}

// journal is a log that a test may read while it is written.
type journal struct {
	mu    sync.Mutex
	text  bytes.Buffer
	wrote chan struct{} // holds a token when there is something new
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case j.wrote <- struct{}{}:
	default:
	}
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// rig is a running daemon.
type rig struct {
	t       *testing.T
	opt     Options
	gateway netip.Addr
	log     journal
	reload  chan os.Signal
	notify  *net.UnixConn // what the daemon tells the service manager
	cancel  context.CancelFunc
	done    chan error
	metrics string
}

// prepare makes everything a daemon needs.
func prepare(t *testing.T, config string) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{t: t, gateway: netip.MustParseAddr("127.0.0.1"), reload: make(chan os.Signal), done: make(chan error, 1)}
	r.log.wrote = make(chan struct{}, 1)
	r.metrics = freeTCP(t)
	r.opt = Options{
		ConfigFile: filepath.Join(dir, "holdfast.conf"), Socket: filepath.Join(dir, "run", "holdfast.sock"),
		Version: "test", Log: &r.log, Reload: r.reload, Port: freeUDP(t),
	}
	r.write(config)
	var err error
	address := filepath.Join(dir, "notify")
	if r.notify, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.notify.Close() })
	t.Setenv("NOTIFY_SOCKET", address)
	return r
}

// write makes config the configuration file.
func (r *rig) write(config string) {
	r.t.Helper()
	config = strings.ReplaceAll(config, "127.0.0.1:0", r.metrics)
	if err := os.WriteFile(r.opt.ConfigFile, []byte(config), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// start runs the daemon and waits until it says that it is ready.
func (r *rig) start() *rig {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	go func() { r.done <- Run(ctx, r.opt) }()
	r.wantNotice("READY=1")
	return r
}

// stop ends the daemon and wants it to end well.
func (r *rig) stop() {
	r.t.Helper()
	r.cancel()
	if err := <-r.done; err != nil {
		r.t.Errorf("the daemon ended with %v\n%s", err, &r.log)
	}
}

// wantNotice waits for a line to the service manager.
func (r *rig) wantNotice(want string) {
	r.t.Helper()
	r.notify.SetReadDeadline(time.Now().Add(20 * time.Second))
	b := make([]byte, 4096)
	for {
		n, err := r.notify.Read(b)
		if err != nil {
			r.t.Fatalf("no %s: %v\n%s", want, err, &r.log)
		}
		if strings.Contains(string(b[:n]), want) {
			return
		}
	}
}

func freeUDP(t *testing.T) uint16 {
	t.Helper()
	s, err := kernel.ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"), kernel.UDPOptions{Messages: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.LocalAddr().Port()
}

func freeTCP(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// storm dials the daemon and calls at while the sessions are up.
func (r *rig) storm(tunnels, sessions int, at func()) *storm.Result {
	r.t.Helper()
	result, err := storm.Run(r.t.Context(), storm.Options{
		Plan: storm.Plan{
			LNS:      []netip.AddrPort{netip.AddrPortFrom(r.gateway, r.opt.Port)},
			Tunnels:  tunnels,
			Sessions: sessions,
			IPv4:     true,

			RedialDelay: -1,
		},
		Stall:   2 * time.Second,
		Sources: []netip.AddrPort{netip.AddrPortFrom(r.gateway, 0)},
		AtHold:  at,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return result
}

// show runs an operational command.
func (r *rig) show(words ...string) string {
	r.t.Helper()
	var out, errOut bytes.Buffer
	if code := cli.Run(r.t.Context(), r.opt.Socket, words, strings.NewReader(""), &out, &errOut); code != 0 {
		r.t.Errorf("%v: exit status %d, %s", words, code, &errOut)
	}
	return out.String()
}

// scrape gets the metrics.
func (r *rig) scrape() string {
	r.t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://" + r.metrics + "/metrics")
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		r.t.Fatalf("metrics: %s, %v: %s", answer.Status, err, body)
	}
	return string(body)
}

func want(t *testing.T, where, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s: no %q in\n%s", where, p, text)
		}
	}
}

// The daemon serves: sessions come up over its sockets and shards, the API and
// the metrics tell of them, they end in order, and nothing is left when it stops.
func TestServe(t *testing.T) {
	for _, gateway := range []string{"127.0.0.1", "::1"} {
		t.Run(gateway, func(t *testing.T) { serveAt(t, gateway) })
	}
}

func serveAt(t *testing.T, gateway string) {
	r := prepare(t, text("GATEWAY", gateway))
	r.gateway = netip.MustParseAddr(gateway)
	r.start()
	result := r.storm(6, 60, func() {
		want(t, "summary", r.show("show", "services", "l2tp", "summary"), "Tunnels: 6, Sessions: 60")
		want(t, "metrics", r.scrape(),
			`holdfast_group_sessions{group="north"} 60`,
			`holdfast_socket_received_datagrams_total{gateway="`+gateway+`",role="data",socket="1"}`,
			`holdfast_build_info{plane="none",version="test"} 1`)
	})
	if !result.Complete {
		t.Errorf("not every session came up and ended in order: %+v\n%s", result, &r.log)
	}
	want(t, "summary", r.show("show", "services", "l2tp", "summary"), "Tunnels: 0, Sessions: 0")
	r.stop()
	r.wantNotice("STOPPING=1")
	want(t, "log", r.log.String(), "DAEMON_READY", "L2TP_TUNNEL_UP", "L2TP_SESSION_DOWN", "DAEMON_STOPPING")
	if _, err := os.Stat(r.opt.Socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the API socket is left behind: %v", err)
	}
}

// A stop tells every tunnel, so that LACs know at once, and is quick.
func TestStopTellsTunnels(t *testing.T) {
	r := prepare(t, text()).start()
	result := r.storm(5, 10, func() {
		began := time.Now()
		r.stop()
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("the stop took %v", took)
		}
	})
	if result.Lost != 5 {
		t.Errorf("%d of 5 tunnels were told\n%s", result.Lost, &r.log)
	}
}

// A service manager that is gone when the daemon stops does not make the stop a failure.
func TestStopWithoutServiceManager(t *testing.T) {
	r := prepare(t, text()).start()
	if err := errors.Join(r.notify.Close(), os.Remove(os.Getenv("NOTIFY_SOCKET"))); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	r.stop()
}

// LACs that do not answer hold a stop up for StopTimeout and no longer.
func TestStopIsBounded(t *testing.T) {
	r := prepare(t, text())
	r.opt.StopTimeout = 300 * time.Millisecond
	r.start()
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	deaf := make(chan *kernel.UDPSocket, 1)
	up := make(chan struct{})
	go storm.Run(ctx, storm.Options{
		Plan:    storm.Plan{LNS: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), r.opt.Port)}, Tunnels: 1, IPv4: true},
		Sources: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")},
		Listen: func(local netip.AddrPort, o kernel.UDPOptions) (*kernel.UDPSocket, error) {
			s, err := kernel.ListenUDP(local, o)
			deaf <- s
			return s, err
		},
		AtHold: func() { close(up) },
	})
	socket := <-deaf
	<-up
	socket.Close() // the LAC is gone without a word
	began := time.Now()
	r.stop()
	if took := time.Since(began); took < 250*time.Millisecond || took > 3*time.Second {
		t.Errorf("the stop took %v", took)
	}
}

// SIGHUP puts a sound configuration in force for what comes. One that is not
// sound, or that needs a restart, changes nothing and is reported.
func TestReload(t *testing.T) {
	r := prepare(t, text()).start()
	defer r.stop()
	limited := text("EXTRA", "maximum-sessions 3;")
	r.load(limited)
	result := r.storm(1, 8, nil)
	if result.SessionsUp != 3 {
		t.Errorf("%d sessions came up with a limit of 3\n%s", result.SessionsUp, &r.log)
	}
	for _, c := range []struct{ why, config, log string }{
		{"not sound", strings.Replace(text(), "host-name", "hots-name", 1), "unknown statement 'hots-name'"},
		{"shards", text("SHARDS", "3"), "number of shards: takes effect only after a restart"},
		{"gateway", text("GATEWAY", "127.0.0.2"), "gateway addresses: takes effect only after a restart"},
		{"pool", text("POOL", "100.65.0.0/16"), "takes effect only after a restart: change of address-assignment pool pool-v4"},
	} {
		r.load(c.config)
		if !strings.Contains(r.awaitLog(c.log), "CONFIGURATION_REJECTED") {
			t.Errorf("%s: not rejected\n%s", c.why, &r.log)
		}
	}
	r.load(text())
	if result := r.storm(1, 8, nil); result.SessionsUp != 8 {
		t.Errorf("%d of 8 sessions came up when the limit was gone\n%s", result.SessionsUp, &r.log)
	}
}

// awaitLog waits until a line with part is in the log, and returns it.
func (r *rig) awaitLog(part string) string {
	r.t.Helper()
	end := time.After(10 * time.Second)
	for {
		for line := range strings.Lines(r.log.String()) {
			if strings.Contains(line, part) {
				return line
			}
		}
		select {
		case <-r.log.wrote:
		case <-end:
			r.t.Fatalf("no %q in the log\n%s", part, &r.log)
		}
	}
}

// A daemon that cannot start says why in the operator's words, and leaves
// nothing behind: no socket, no goroutine, no file.
func TestStartErrors(t *testing.T) {
	busyUDP, err := kernel.ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"), kernel.UDPOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer busyUDP.Close()
	busyTCP, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busyTCP.Close()
	for _, c := range []struct {
		why, config string
		set         func(o *Options)
		want        string
	}{
		{"no file", text(), func(o *Options) { o.ConfigFile += ".missing" }, "no such file or directory"},
		{"not sound", strings.Replace(text(), "north", "", 1), nil, "holdfast.conf:"},
		{"foreign gateway", text("GATEWAY", "192.0.2.77"), nil, "gateway 192.0.2.77 is not an address of this host: "},
		{"port in use", text(), func(o *Options) { o.Port = busyUDP.LocalAddr().Port() }, "in use by another program: "},
		{"metrics port in use", text("METRICS", busyTCP.Addr().String()), nil, "metrics: listen tcp"},
		{"no directory for the socket", text(), func(o *Options) { o.Socket = o.ConfigFile + "/x/y" }, "directory of the API socket: "},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := prepare(t, c.config)
			if c.set != nil {
				c.set(&r.opt)
			}
			attempt := func() error { return Run(t.Context(), r.opt) }
			err := attempt()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want %q in it", err, c.want)
			}
			before := descriptors(t)
			attempt()
			if after := descriptors(t); after != before {
				t.Errorf("%d descriptors before, %d after", before, after)
			}
		})
	}
}

// Starting and stopping leaves no descriptor behind.
func TestServeLeaksNothing(t *testing.T) {
	cycle := func() { prepare(t, text()).start().stop() }
	cycle()
	before := descriptors(t)
	cycle()
	// The notify socket of the second rig is open until the test ends.
	if after := descriptors(t); after != before+1 {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	u, err := kernel.Process()
	if err != nil {
		t.Fatal(err)
	}
	return u.Descriptors
}
