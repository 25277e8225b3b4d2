// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"fmt"
	"testing"

	"holdfast/internal/forward"
	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/forward/frame"
	"holdfast/internal/packet"
)

// nowhere takes everything and keeps nothing.
type nowhere struct{}

func (nowhere) Write([][]byte) error                        { return nil }
func (nowhere) WriteBatch(d []packet.Datagram) (int, error) { return len(d), nil }

// paths are a reader and a queue that are driven by hand.
func paths(t testing.TB) (w *twin, r *reader, d *downlink) {
	w = newTwin(t, func(o *Options) {
		o.Punt = func(_ int, b *packet.Batch) bool { b.Release(); return true }
	})
	bound := w.session(3)
	bound.Up, bound.Down = forward.Rate{Bits: 1 << 50}, forward.Rate{Bits: 1 << 50}
	over := w.session(4)
	over.Up, over.Down = forward.Rate{Bits: 1}, forward.Rate{Bits: 1}
	w.install(t, w.session(1), w.session(2), bound, over)
	r = newReader(w.Plane, w.socket)
	r.writers = []deviceWriter{nowhere{}}
	d = newDownlink(w.Plane, w.instances[0], w.device, 0)
	d.outs = []out{{writer: nowhere{}, batch: make([]packet.Datagram, 0, sendMax)}}
	d.back = nowhere{}
	return w, r, d
}

// A packet costs no allocation, in any of its ways through the plane.
func TestNoAllocation(t *testing.T) {
	w, r, d := paths(t)
	s := w.session(1)
	h := forwardtest.L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, L: true, Protocol: 0x21}
	udp4 := forwardtest.IP{From: s.IPv4, To: core}.Bytes()
	of := func(s forward.Session) []byte {
		return forwardtest.L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x21}.Bytes(forwardtest.IP{From: s.IPv4, To: core}.Bytes())
	}
	for name, b := range map[string][]byte{
		"data": h.Bytes(udp4), "SYN": h.Bytes(forwardtest.IP{From: s.IPv4, To: core, TCP: forwardtest.SYN(1460, true)}.Bytes()),
		"policed": of(w.session(3)), "above the rate": of(w.session(4)),
		"spoofed": h.Bytes(forwardtest.IP{From: core, To: core}.Bytes()),
		"unknown": forwardtest.L2TP{TunnelID: 9, SessionID: 9, Protocol: 0x21}.Bytes(udp4),
		"LCP":     forwardtest.L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0xc021}.Bytes([]byte{9, 1, 0, 4}),
	} {
		datagram := packet.Datagram{Data: b, Peer: w.Peer, Local: w.Local}
		if n := testing.AllocsPerRun(1000, func() { r.datagram(&datagram); r.datagram(&datagram); r.flush(); r.punts.flush() }); n != 0 {
			t.Errorf("up, %s: %v allocations", name, n)
		}
	}
	for name, c := range map[string]struct {
		v  frame.VNet
		ip []byte
	}{
		"data":      {ip: forwardtest.IP{From: core, To: s.IPv4}.Bytes()},
		"SYN":       {ip: forwardtest.IP{From: core, To: s.IPv4, TCP: forwardtest.SYN(1460, true)}.Bytes()},
		"no route":  {ip: forwardtest.IP{From: core, To: core}.Bytes()},
		"fragments": {ip: forwardtest.IP{From: core, To: s.IPv4, Size: 4000}.Bytes()},
		"too big":   {ip: forwardtest.IP{From: core, To: s.IPv4, Size: 1500, DF: true}.Bytes()},
		"policed":   {ip: forwardtest.IP{From: core, To: w.session(3).IPv4}.Bytes()},
		"above":     {v: frame.VNet{GSO: frame.GSOTCPv4, GSOSize: 1400}, ip: superTCP(w.session(4), 40*1400)},
		"super":     {v: frame.VNet{GSO: frame.GSOTCPv4, GSOSize: 1400}, ip: superTCP(s, 40*1400)},
	} {
		b := append(frame.AppendVNet(nil, c.v), c.ip...)
		if n := testing.AllocsPerRun(1000, func() { d.packet(b); d.flush() }); n != 0 {
			t.Errorf("down, %s: %v allocations", name, n)
		}
	}
	if got := w.Totals(); got.Malformed != 0 || got.SendDropped != 0 || got.PuntDropped != 0 || got.MSSClamped == 0 || got.Policed == 0 {
		t.Errorf("not the ways that were meant: %+v", got)
	}
}

// BenchmarkPath is the plane's own work on a packet, without system calls: of a
// session without rates, of one that keeps to them, and of one that does not.
func BenchmarkPath(b *testing.B) {
	w, r, d := paths(b)
	w.opt.clock = since() // the machine's, which costs
	for _, c := range []struct {
		name string
		n    uint16
	}{{"", 1}, {"-policed", 3}, {"-above", 4}} {
		s := w.session(c.n)
		b.Run("up"+c.name, func(b *testing.B) {
			ip := forwardtest.IP{From: s.IPv4, To: core}.Bytes()
			datagram := packet.Datagram{Data: forwardtest.L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x21}.Bytes(ip), Peer: w.Peer}
			b.ReportAllocs()
			for b.Loop() {
				r.datagram(&datagram)
				r.flush()
			}
		})
		for _, size := range []int{64, 1400} {
			b.Run(fmt.Sprintf("down%d%s", size, c.name), func(b *testing.B) {
				packet := append(frame.AppendVNet(nil, frame.VNet{}), forwardtest.IP{From: core, To: s.IPv4, Size: size}.Bytes()...)
				b.ReportAllocs()
				for b.Loop() {
					d.packet(packet)
				}
			})
		}
		b.Run("down-super-1400"+c.name, func(b *testing.B) {
			packet := append(frame.AppendVNet(nil, frame.VNet{GSO: frame.GSOTCPv4, GSOSize: 1400}), superTCP(s, 44*1400)...)
			b.ReportAllocs()
			for b.Loop() {
				d.packet(packet)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/44, "ns/packet")
		})
	}
}
