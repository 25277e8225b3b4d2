// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/netip"

	"testing"
	"time"

	"holdfast/internal/kernel"
	"holdfast/internal/lns"
	"holdfast/internal/netio"
	"holdfast/internal/packet"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// wired is a shard behind real sockets on loopback, and a LAC's socket.
type wired struct {
	shard *Shard
	local netip.AddrPort // of the gateway
	lac   *kernel.UDPSocket
	into  packet.Batch
}

// wire runs an engine behind one gateway for the time of the test.
func wire(tb testing.TB, engine func(local netip.AddrPort) Engine) *wired {
	tb.Helper()
	lac, err := kernel.ListenUDP(netip.MustParseAddrPort("127.0.0.1:0"), kernel.UDPOptions{GRO: true, ReceiveBuffer: 4 << 20})
	if err != nil {
		tb.Fatal(err)
	}
	// The gateway takes the LAC's port on another loopback address: it is free there.
	sockets, err := netio.Open(netio.Config{Gateways: []netip.Addr{netip.MustParseAddr("127.0.0.2")}, Port: lac.LocalAddr().Port(), Shards: 1})
	if err != nil {
		tb.Fatal(err)
	}
	g := sockets.Groups[0]
	s := New(Options{
		Engine: engine(g.Local), Plane: &outside{}, Sender: sockets.Sender(0), Packets: 2 * netio.QueueLength,
		Log: NewLog(slog.New(slog.NewTextHandler(io.Discard, nil))),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	tasks := []func(context.Context) error{
		s.Run, netio.NewReader(g.Control[0], s.Packets(), nil).Run, netio.NewReader(g.Data[0], s.Packets(), nil).Run,
	}
	for _, task := range tasks {
		go func() { ended <- task(ctx) }()
	}
	tb.Cleanup(func() {
		cancel()
		for range tasks {
			if err := <-ended; err != nil {
				tb.Error(err)
			}
		}
		sockets.Close()
		lac.Close()
		if n := s.Stats().Recovered; n > 0 {
			tb.Errorf("the engine panicked %d times", n)
		}
	})
	return &wired{s, g.Local, lac, packet.Batch{Datagrams: make([]packet.Datagram, 256)}}
}

// send sends d to the gateway.
func (w *wired) send(tb testing.TB, d []packet.Datagram) {
	if n, err := w.lac.WriteBatch(d); n != len(d) || err != nil {
		tb.Fatalf("WriteBatch: %d, %v", n, err)
	}
}

// receive waits for datagrams.
func (w *wired) receive(tb testing.TB) []packet.Datagram {
	w.lac.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, err := w.lac.ReadBatch(&w.into)
	if err != nil {
		tb.Fatal(err)
	}
	return w.into.Datagrams[:n]
}

// echo sends a batch and waits until all of it has come back.
func (w *wired) echo(tb testing.TB, d []packet.Datagram) {
	w.send(tb, d)
	for left := len(d); left > 0; {
		left -= len(w.receive(tb))
	}
}

// echoer is an engine that sends everything back.
func echoer(netip.AddrPort) Engine {
	return &machine{quiet: true, packets: func(_ time.Time, d []packet.Datagram, fx *lns.Effects) {
		fx.Transmit = append(fx.Transmit, d...)
	}}
}

func controls(n int, to netip.AddrPort) []packet.Datagram {
	d := make([]packet.Datagram, n)
	for i := range d {
		b := make([]byte, 60)
		b[0], b[1], b[3] = 0xc8, 2, 60
		b[4], b[5] = byte(i), 1 // tunnel ids differ, as a LAC's do
		d[i] = packet.Datagram{Data: b, Peer: to}
	}
	return d
}

// From recvmmsg through reader, shard, engine and sender to sendmmsg nothing is
// allocated.
func TestWireDoesNotAllocate(t *testing.T) {
	w := wire(t, echoer)
	d := controls(64, w.local)
	for range 100 {
		w.echo(t, d)
	}
	if allocs := testing.AllocsPerRun(200, func() { w.echo(t, d) }); allocs != 0 {
		t.Errorf("%v allocations for %d datagrams there and back", allocs, len(d))
	}
}

// realEngine is an LNS that lets everybody in without authentication.
func realEngine(local netip.AddrPort) Engine {
	pool := &lns.Pool{Name: "pool-v4", Prefix: netip.MustParsePrefix("100.64.0.0/24")}
	terms := &lns.Terms{
		Client: &lns.Client{}, Tunnel: &l2tp.TunnelConfig{HostName: "lns1"},
		AAA: &lns.AAAProfile{Order: []lns.AuthSource{lns.AuthNone}}, Profile: &lns.DynamicProfile{IPv4: true},
		PPP: &lns.PPPProfile{Link: ppp.Config{IPCP: true}, LocalIPv4: netip.MustParseAddr("198.51.100.1"), Pool: pool},
	}
	cfg := &lns.Config{
		Pools:      []*lns.Pool{pool},
		Interfaces: []lns.Interface{{Name: "si-1/0/0", SessionMax: 8}},
		Groups: []*lns.TunnelGroup{{
			Name: "north", Gateway: local.Addr(), Clients: &lns.AccessProfile{}, Interfaces: []string{"si-1/0/0"}, TermsDefault: terms,
		}},
	}
	return lns.New(lns.Options{Config: cfg, Shards: 1, Rand: rand.New(rand.NewPCG(1, 0)), Now: time.Now()})
}

// The same with the real engine and a tunnel that is up: HELLOs and their
// acknowledgements, which is what an idle tunnel lives of, cost no allocation.
func TestHelloDoesNotAllocate(t *testing.T) {
	w := wire(t, realEngine)
	lac := w.dial(t)
	lac.until(t, l2tp.TunnelUp)
	info, _ := lac.ep.Tunnel(lac.tunnel)

	hello := []byte{0xc8, 2, 0, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0x80, 8, 0, 0, 0, 0, 0, 6}
	binary.BigEndian.PutUint16(hello[4:], uint16(info.PeerTunnelID))
	d := []packet.Datagram{{Data: hello, Peer: w.local}}
	ns := uint16(2) // after SCCRQ and SCCCN
	exchange := func() {
		binary.BigEndian.PutUint16(hello[8:], ns)
		ns++
		w.send(t, d)
		for acknowledged := false; !acknowledged; {
			for _, a := range w.receive(t) {
				acknowledged = acknowledged || len(a.Data) == 12 && binary.BigEndian.Uint16(a.Data[10:]) == ns
			}
		}
	}
	for range 100 {
		exchange()
	}
	if allocs := testing.AllocsPerRun(200, exchange); allocs != 0 {
		t.Errorf("%v allocations for a HELLO", allocs)
	}
}

// LCP Echo-Requests of a modem and their answers, which is what an idle session
// lives of, come by the data socket and cost no allocation either.
func TestLCPEchoDoesNotAllocate(t *testing.T) {
	w := wire(t, realEngine)
	lac := w.dial(t)
	lac.until(t, l2tp.TunnelUp)
	el, err := lac.ep.OpenCall(time.Now(), lac.tunnel, &l2tp.Call{Serial: 1}, &lac.fx)
	if err != nil {
		t.Fatal(err)
	}
	lac.until(t, l2tp.CallAccepted)
	lac.ep.ConnectCall(time.Now(), el, nil, &lac.fx)
	lac.openLCP(t, el)

	echo := lac.ep.AppendData(nil, el, []byte{0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0})
	d := []packet.Datagram{{Data: echo, Peer: w.local}}
	const echoReply = 10
	exchange := func() {
		w.send(t, d)
		for answered := false; !answered; {
			for _, a := range w.receive(t) {
				at := bytes.Index(a.Data, []byte{0xc0, 0x21})
				answered = answered || at > 0 && a.Data[at+2] == echoReply
			}
		}
	}
	for range 100 {
		exchange()
	}
	if allocs := testing.AllocsPerRun(200, exchange); allocs != 0 {
		t.Errorf("%v allocations for an LCP echo", allocs)
	}
}

// caller is a LAC at the other end of the wire.
type caller struct {
	w      *wired
	ep     *l2tp.Endpoint
	tunnel l2tp.TunnelID
	fx     l2tp.Effects
}

// dial opens a tunnel.
func (w *wired) dial(t *testing.T) *caller {
	t.Helper()
	c := &caller{w: w, ep: l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(2, 0))})}
	var err error
	if c.tunnel, err = c.ep.OpenTunnel(time.Now(), w.local, w.lac.LocalAddr(), &l2tp.TunnelConfig{HostName: "lac1"}, &c.fx); err != nil {
		t.Fatal(err)
	}
	return c
}

// until sends what the endpoint wants sent and hears what comes, until it
// reports kind.
func (c *caller) until(t *testing.T, kind l2tp.EffectKind) {
	t.Helper()
	for !c.each(t, func(e *l2tp.Effect) bool { return e.Kind == kind }) {
		c.hear(t)
	}
}

// hear handles the next datagrams.
func (c *caller) hear(t *testing.T) {
	t.Helper()
	for _, d := range c.w.receive(t) {
		c.ep.Handle(time.Now(), d.Peer, d.Local, d.Data, &c.fx)
	}
	c.ep.Flush(time.Now(), &c.fx)
}

// each carries out all effects and reports whether one was looked for.
func (c *caller) each(t *testing.T, wanted func(e *l2tp.Effect) bool) (found bool) {
	t.Helper()
	for i := range c.fx.List {
		e := &c.fx.List[i]
		switch e.Kind {
		case l2tp.Send:
			c.w.send(t, []packet.Datagram{{Data: e.Packet, Peer: c.w.local}})
		case l2tp.TunnelDown, l2tp.CallDown:
			t.Fatalf("the LNS ended it: %v %+v", e.Err, e.Result)
		}
		found = wanted(e) || found
	}
	c.fx.Reset()
	return found
}

// openLCP is a modem that asks for nothing and grants everything, until both
// ends have acknowledged.
func (c *caller) openLCP(t *testing.T, el l2tp.Element) {
	t.Helper()
	const configureRequest, configureAck = 1, 2
	lcp := func(code, id byte, options []byte) {
		frame := append([]byte{0xff, 3, 0xc0, 0x21, code, id, 0, byte(4 + len(options))}, options...)
		c.w.send(t, []packet.Datagram{{Data: c.ep.AppendData(nil, el, frame), Peer: c.w.local}})
	}
	c.each(t, func(*l2tp.Effect) bool { return false }) // ICCN
	lcp(configureRequest, 1, nil)
	for asked, acknowledged := false, false; ; c.hear(t) {
		c.each(t, func(e *l2tp.Effect) bool {
			if e.Kind != l2tp.Data {
				return false
			}
			frame := bytes.TrimPrefix(e.Packet, []byte{0xff, 3})
			if len(frame) < 6 || frame[0] != 0xc0 {
				return false
			}
			switch frame[2] {
			case configureRequest:
				asked = true
				lcp(configureAck, frame[3], frame[6:])
			case configureAck:
				acknowledged = true
			}
			return false
		})
		if asked && acknowledged {
			return
		}
	}
}

// Datagrams there and back through the whole path, by size of the batch.
func BenchmarkWireEcho(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"1", 1}, {"16", 16}, {"256", 256}} {
		b.Run(size.name, func(b *testing.B) {
			w := wire(b, echoer)
			d := controls(size.n, w.local)
			w.echo(b, d)
			b.ReportAllocs()
			for b.Loop() {
				w.echo(b, d)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size.n), "ns/datagram")
		})
	}
}

// What the loop itself costs for one datagram: everything but the kernel.
func BenchmarkLoop(b *testing.B) {
	r := newRig(echoer(netip.AddrPort{}).(*machine))
	r.outside.counted = true
	in := &packet.Batch{Datagrams: controls(1, netip.MustParseAddrPort("127.0.0.1:1701"))}
	b.ReportAllocs()
	for b.Loop() {
		r.Packets() <- in
		r.advance()
		r.turn()
	}
}
