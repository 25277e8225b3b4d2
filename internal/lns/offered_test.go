// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/packet"
	"holdfast/l2tp/wire"
)

// flood offers calls that nobody will set up, through many tunnels of three LACs,
// with no endpoint on the other side: only the engine works.
type flood struct {
	w       *world
	tunnels []floodTunnel
	offered []floodCall // a ring
	next    int         // place of the next call in the ring
	serial  uint64
	message wire.Message
	arena   []byte
	batch   []packet.Datagram
}

// floodTunnel is the LAC's end of a tunnel.
type floodTunnel struct {
	lac     *lac
	id      uint16 // the LNS's
	peer    uint16 // its own
	ns, nr  uint16
	session uint16 // assigned last
}

// floodCall is a call that was offered.
type floodCall struct {
	tunnel  *floodTunnel
	session uint16
}

// newFlood sets tunnels up; every call is given up when ago others have been
// offered, and park may wait; 0: the default.
func newFlood(t testing.TB, tunnels, ago, park int) *flood {
	cfg := testConfig()
	cfg.Admission.ParkMax = park
	cfg.terms().Tunnel.HelloInterval = -1
	w := newWorld(t, cfg, 1)
	f := &flood{w: w, offered: make([]floodCall, ago), tunnels: make([]floodTunnel, tunnels)}
	lacs := []*lac{w.lac(0), w.lac(1), w.lac(2)}
	for i := range f.tunnels {
		l := lacs[i%len(lacs)]
		id := l.tunnel()
		info, _ := l.ep.Tunnel(id)
		f.tunnels[i] = floodTunnel{lac: l, id: uint16(info.PeerTunnelID), peer: uint16(id), ns: info.Ns, nr: info.Nr}
	}
	w.holdBegin = true
	return f
}

// send puts a message of a tunnel into the batch.
func (f *flood) send(t *floodTunnel) {
	at := len(f.arena)
	f.arena = wire.AppendControlHeader(f.arena, wire.ControlHeader{TunnelID: t.id, Ns: t.ns, Nr: t.nr})
	f.arena = wire.AppendMessage(f.arena, &f.message, wire.Hiding{})
	wire.SetLength(f.arena[at:])
	t.ns++
	f.batch = append(f.batch, packet.Datagram{Data: f.arena[at:], Peer: t.lac.addr, Local: gateway, At: f.w.now})
}

// offer sends an ICRQ, and a CDN for the call that was offered so many calls ago.
func (f *flood) offer() {
	m := &f.message
	c := &f.offered[f.next]
	f.next = (f.next + 1) % len(f.offered)
	if c.tunnel != nil {
		m.Reset(wire.CDN)
		m.AssignedSessionID = c.session
		m.Result = wire.Result{Code: 1}
		m.Add(wire.ResultCodeAVP, wire.AssignedSessionID)
		f.send(c.tunnel)
	}
	t := &f.tunnels[f.serial*0x9e3779b97f4a7c15>>33%uint64(len(f.tunnels))]
	f.serial++
	if t.session++; t.session == 0 {
		t.session = 1
	}
	m.Reset(wire.ICRQ)
	m.AssignedSessionID, m.CallSerialNumber = t.session, uint32(f.serial)
	m.CallingNumber = binary.BigEndian.AppendUint64(m.CallingNumber[:0], f.serial)
	m.Add(wire.AssignedSessionID, wire.CallSerialNumber, wire.CallingNumber)
	f.send(t)
	*c = floodCall{t, t.session}
}

// turn gives the engine what was sent, and takes its answers.
func (f *flood) turn() {
	w := f.w
	began := time.Now()
	w.engines[0].Advance(w.now, w.fx[0])
	w.engines[0].Packets(w.now, f.batch, w.fx[0])
	w.spent += time.Since(began)
	for _, d := range w.fx[0].Transmit {
		if h, payload, err := wire.ParseControlHeader(d.Data); err == nil && len(payload) > 0 {
			f.heard(d.Peer, h)
		}
	}
	w.sent += len(w.fx[0].Transmit)
	w.fx[0].Reset()
	clear(f.batch)
	f.batch, f.arena = f.batch[:0], f.arena[:0]
}

// heard notes a message of the LNS, so that the next one acknowledges it.
func (f *flood) heard(lac netip.AddrPort, h wire.ControlHeader) {
	for i := range f.tunnels {
		t := &f.tunnels[i]
		if t.lac.addr == lac && t.peer == h.TunnelID {
			t.nr = h.Ns + 1
		}
	}
}

// run offers n calls, 64 in a batch, at so many a second.
func (f *flood) run(n, rate int) {
	for i := range n {
		f.offer()
		if i%64 == 63 {
			f.w.now = f.w.now.Add(64 * time.Second / time.Duration(rate))
			f.turn()
		}
	}
}

// What one call costs that is offered and never set up, from its ICRQ to its CDN:
// given up while it is parked, or long after it was dismissed for want of room.
func BenchmarkOffered(b *testing.B) {
	for _, ago := range []int{1000, 40_000, 160_000} {
		b.Run(fmt.Sprintf("given-up-after-%d", ago), func(b *testing.B) {
			const rate = 20_000
			f := newFlood(b, 600, ago, 0)
			f.run(ago+rate, rate)
			f.w.spent, f.w.sent = 0, 0
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				f.run(64, rate)
				n += 64
			}
			b.ReportMetric(float64(f.w.spent.Nanoseconds())/float64(n), "engine-ns/call")
			b.ReportMetric(float64(f.w.sent)/float64(n), "datagrams/call")
		})
	}
}

// A call that is offered and never set up costs one small allocation, the name of
// its line, and most of a flood's calls are turned away at the door.
func TestOfferedCallsAllocateLittle(t *testing.T) {
	const rate = 20_000
	f := newFlood(t, 60, 4000, 1000)
	f.run(2*rate, rate)
	before := f.w.engines[0].serial
	perCall := testing.AllocsPerRun(200, func() { f.run(64, rate) }) / 64
	if perCall > 2.2 { // a second one for each of those that are told so: the text of the CDN
		t.Errorf("%.2f allocations for a call", perCall)
	}
	if made := f.w.engines[0].serial - before; made > 201*64/2 {
		t.Errorf("a session was made for %d of %d calls", made, 201*64)
	}
	if h := f.w.engines[0].Held(); h.Live != h.Sessions {
		t.Errorf("%d subscribers, %d sessions", h.Live, h.Sessions)
	}
}

// What a LAC has kept while its link was cut stands aside until the CDN behind it
// has come; a tunnel that was merely quiet has its call begun at once.
func TestCallsOfAReturningTunnelStandAside(t *testing.T) {
	for _, cut := range []bool{false, true} {
		w := newWorld(t, testConfig(), 1)
		l := w.lac(0)
		id := l.tunnel()
		m := l.login(id, "user1@example")
		if cut {
			m.silent = true
			w.lose = func(*packet.Datagram) bool { return true }
			w.advance(45 * time.Second)
			w.lose = nil
		} else {
			w.advance(45 * time.Second)
		}
		e := w.engines[0]
		begun := func() uint64 { return e.Admission(w.now).Counters.Admitted }
		before := begun()
		l.dial(id, "user2@example", "pw")
		if !cut {
			if w.run(); begun() != before+1 {
				t.Error("a call of a tunnel that was merely quiet is not begun at once")
			}
			continue
		}
		w.until("the call stands aside", func() bool { return !e.aside.at().IsZero() })
		if begun() != before {
			t.Error("a call is begun before the CDN behind it can have come")
		}
		w.advance(2 * asideFor)
		if w.begin(); begun() != before+1 || !e.aside.at().IsZero() {
			t.Error("a call that stood aside is not begun")
		}
	}
}
