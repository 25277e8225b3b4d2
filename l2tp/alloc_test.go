// SPDX-License-Identifier: Apache-2.0

package l2tp_test

import (
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"holdfast/l2tp"
	"holdfast/l2tp/l2tptest"
	"holdfast/l2tp/wire"
)

// steady is an LNS with one call, for what happens millions of times.
type steady struct {
	e           *l2tp.Endpoint
	fx          l2tp.Effects
	now         time.Time
	peer, local netip.AddrPort
	tunnel      uint16
	session     uint16
	element     l2tp.Element
	ns, nr      uint16
}

func newSteady(tb testing.TB, cfg *l2tp.TunnelConfig) *steady {
	p := l2tptest.New(1, l2tp.Config{})
	p.LNS.Config = cfg
	h := p.NewHostile("192.0.2.9:1701", 7)
	id := h.Establish("lac")
	session := h.Dial(5)
	h.ZLB()
	el, ok := p.LNS.Lookup(id, l2tp.SessionID(session))
	if !ok {
		tb.Fatal("no session")
	}
	return &steady{
		e: p.LNS.Endpoint, now: p.Now, peer: h.Addr, local: p.LNS.Addr, tunnel: h.Peer, session: session, element: el, ns: h.Ns, nr: h.Nr,
	}
}

func wantNoAllocations(t *testing.T, why string, f func()) {
	t.Helper()
	for range 100 {
		f() // queues and arenas grow to their size
	}
	if n := testing.AllocsPerRun(1000, f); n != 0 {
		t.Errorf("%s: %v allocations", why, n)
	}
}

// Nothing that happens while a call is up allocates.
func TestSteadyMessagesAllocateNothing(t *testing.T) {
	s := newSteady(t, &l2tp.TunnelConfig{HelloInterval: time.Second, Sequencing: true})
	hello := l2tptest.Message(wire.HELLO)
	var b [64]byte
	wantNoAllocations(t, "HELLO in, ZLB out", func() {
		d := wire.AppendControlHeader(b[:0], wire.ControlHeader{TunnelID: s.tunnel, Ns: s.ns, Nr: s.nr})
		d = wire.AppendMessage(d, hello, wire.Hiding{})
		wire.SetLength(d)
		s.ns++
		s.e.Handle(s.now, s.peer, s.local, d, &s.fx)
		s.e.Flush(s.now, &s.fx)
		if len(s.fx.List) != 1 {
			t.Fatalf("%d effects", len(s.fx.List))
		}
		s.fx.Reset()
	})
	wantNoAllocations(t, "HELLO out, ZLB in", func() {
		s.now = s.now.Add(1100 * time.Millisecond)
		s.e.Advance(s.now, &s.fx)
		if len(s.fx.List) != 1 {
			t.Fatalf("%d effects", len(s.fx.List))
		}
		s.fx.Reset()
		s.nr++
		d := wire.AppendControlHeader(b[:0], wire.ControlHeader{TunnelID: s.tunnel, Ns: s.ns, Nr: s.nr})
		s.e.Handle(s.now, s.peer, s.local, d, &s.fx)
		s.e.Flush(s.now, &s.fx)
	})
	frame := make([]byte, 1400)
	in := append(wire.AppendDataHeader(nil, wire.DataHeader{TunnelID: s.tunnel, SessionID: s.session}, len(frame)), frame...)
	wantNoAllocations(t, "data in", func() {
		s.e.Handle(s.now, s.peer, s.local, in, &s.fx)
		if len(s.fx.List) != 1 {
			t.Fatalf("%d effects", len(s.fx.List))
		}
		s.fx.Reset()
	})
	out := make([]byte, 0, 2000)
	wantNoAllocations(t, "data out", func() { out = s.e.AppendData(out[:0], s.element, frame) })
	wantNoAllocations(t, "Alive, Next, Peek", func() {
		s.e.Alive(s.now, l2tp.TunnelID(s.tunnel))
		s.e.Next()
		l2tp.Peek(in)
	})
}

// loop carries what two endpoints say to one another until both are silent.
type loop struct {
	now      time.Time
	lac, lns *l2tp.Endpoint
	at       [2]netip.AddrPort
	a, b     l2tp.Effects
	cfg      l2tp.TunnelConfig
	up       int
}

func newLoop() *loop {
	return &loop{
		now: l2tptest.Epoch,
		lac: l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(1, 0))}), lns: l2tp.New(l2tp.Config{Rand: rand.New(rand.NewPCG(2, 0))}),
		at: [2]netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:1701"), netip.MustParseAddrPort("198.51.100.1:1701")},
	}
}

// open opens a tunnel.
func (l *loop) open(tb testing.TB) l2tp.TunnelID {
	id, err := l.lac.OpenTunnel(l.now, l.at[1], l.at[0], &l.cfg, &l.a)
	if err != nil {
		tb.Fatal(err)
	}
	l.run()
	return id
}

func (l *loop) run() {
	for len(l.a.List) > 0 {
		for i := 0; i < len(l.a.List); i++ {
			switch f := &l.a.List[i]; f.Kind {
			case l2tp.Send:
				l.lns.Handle(l.now, l.at[0], l.at[1], f.Packet, &l.b)
			case l2tp.CallAccepted:
				l.lac.ConnectCall(l.now, f.Element, nil, &l.a)
			}
		}
		l.a.Reset()
		for i := 0; i < len(l.b.List); i++ {
			switch f := &l.b.List[i]; f.Kind {
			case l2tp.TunnelRequested:
				l.lns.AcceptTunnel(l.now, f.Tunnel, &l.cfg, &l.b)
			case l2tp.CallRequested:
				l.lns.AcceptCall(l.now, f.Element, &l.b)
			case l2tp.CallUp:
				l.up++
			}
		}
		l.lns.Flush(l.now, &l.b)
		for i := range l.b.List {
			if f := &l.b.List[i]; f.Kind == l2tp.Send {
				l.lac.Handle(l.now, l.at[1], l.at[0], f.Packet, &l.a)
			}
		}
		l.b.Reset()
		l.lac.Flush(l.now, &l.a)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// wantHeap checks what each of n things has cost since before.
func wantHeap(t *testing.T, what string, before uint64, n int, limit float64) {
	t.Helper()
	each := float64(heap()-before) / float64(n)
	t.Logf("%.0f octets per %s", each, what)
	if each > limit {
		t.Errorf("%.0f octets per %s, at most %.0f", each, what, limit)
	}
}

// A hundred thousand calls over a hundred tunnels: about 200 octets each beside
// their strings; an LNS and a LAC in this process together.
func TestMemoryOfManySessions(t *testing.T) {
	const tunnels, calls = 100, 1000
	before := heap()
	l := newLoop()
	for range tunnels {
		id := l.open(t)
		for i := range calls {
			if _, err := l.lac.OpenCall(l.now, id, &l2tp.Call{Serial: uint32(i)}, &l.a); err != nil {
				t.Fatal(err)
			}
			l.run()
		}
	}
	if l.up != tunnels*calls {
		t.Fatalf("%d calls up", l.up)
	}
	wantHeap(t, "session and end", before, 2*tunnels*calls, 350)
	runtime.KeepAlive(l)
}

// An established tunnel without calls costs no more than its struct, its names
// and its places in tables: queues are released when they are empty.
func TestMemoryOfIdleTunnels(t *testing.T) {
	const tunnels = 20_000
	before := heap()
	l := newLoop()
	for range tunnels {
		l.open(t)
	}
	if n := l.lns.Counters().TunnelsUp; n != tunnels {
		t.Fatalf("%d tunnels up", n)
	}
	wantHeap(t, "tunnel and end", before, 2*tunnels, 900)
	runtime.KeepAlive(l)
}

// BenchmarkCall is ICRQ, ICRP, ICCN, CDN and their acknowledgements at both ends.
func BenchmarkCall(b *testing.B) {
	l := newLoop()
	id := l.open(b)
	call := &l2tp.Call{Serial: 1, CallingNumber: "5551234", CalledNumber: "0800", TxSpeed: 100_000_000}
	b.ReportAllocs()
	for b.Loop() {
		el, err := l.lac.OpenCall(l.now, id, call, &l.a)
		if err != nil {
			b.Fatal(err)
		}
		l.run()
		l.lac.CloseCall(l.now, el, l2tp.Result{Code: 1}, nil, &l.a)
		l.run()
		l.now = l.now.Add(time.Millisecond)
	}
	if l.up == 0 {
		b.Fatal("no call was up")
	}
}

// BenchmarkHello is a HELLO and its acknowledgement at the receiving end.
func BenchmarkHello(b *testing.B) {
	s := newSteady(b, &l2tp.TunnelConfig{})
	hello := l2tptest.Message(wire.HELLO)
	var buf [64]byte
	b.ReportAllocs()
	for b.Loop() {
		d := wire.AppendMessage(wire.AppendControlHeader(buf[:0], wire.ControlHeader{TunnelID: s.tunnel, Ns: s.ns, Nr: s.nr}), hello, wire.Hiding{})
		wire.SetLength(d)
		s.ns++
		s.e.Handle(s.now, s.peer, s.local, d, &s.fx)
		s.e.Flush(s.now, &s.fx)
		s.fx.Reset()
	}
}
