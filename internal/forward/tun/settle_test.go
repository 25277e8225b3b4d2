// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/forward/frame"
	"holdfast/internal/packet"
)

// What is read right after a session was removed in the middle of its traffic,
// of several readers, is what it has carried: no octet less, and none more
// later.
func TestFinalCounters(t *testing.T) {
	local := netip.MustParseAddrPort("192.0.2.1:1701")
	sockets := []*twinSocket{newTwinSocket(local), newTwinSocket(local), newTwinSocket(local)}
	w := newTwin(t, func(o *Options) {
		o.settleMax = patience
		for _, s := range sockets {
			o.Sockets = append(o.Sockets, s)
		}
	})
	cut := 0 // rounds in which the session went before its traffic
	for round := range uint16(200) {
		s := w.session(round)
		s.PeerSessionID = 9
		w.install(t, s)
		up := forwardtest.L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x21}
		tcp := append(forwardtest.TCPHeader(0x10, nil)[:20], make([]byte, 500)...)
		for i := range uint16(150) {
			b := up.Bytes(forwardtest.IP{From: s.IPv4, To: core, ID: i, TCP: tcp}.Bytes())
			for _, socket := range sockets {
				socket.in.hold(packet.Datagram{Peer: w.Peer, Data: slices.Clone(b)})
			}
			w.device.in.hold(append(frame.AppendVNet(nil, frame.VNet{}), forwardtest.IP{From: core, To: s.IPv4, ID: i, Size: 400}.Bytes()...))
		}
		for _, socket := range sockets {
			socket.in.release()
		}
		w.device.in.release()
		for end := time.Now().Add(patience); ; runtime.Gosched() {
			if c := w.read(s); c.UpPackets > 0 && c.DownPackets > 0 {
				break
			}
			if time.Now().After(end) {
				t.Fatal("nothing is carried")
			}
		}
		if err := w.Plane.Handle(1).Remove([]forward.Key{s.Key}); err != nil {
			t.Fatal(err)
		}
		got := w.read(s)
		for _, socket := range sockets {
			socket.in.settle()
		}
		o := w.Settle()
		var want forward.Counters
		for _, ip := range o.Core {
			want.UpPackets++
			want.UpBytes += uint64(len(ip))
		}
		for _, socket := range append(sockets, w.socket) {
			for _, d := range append(o.Sent, socket.taken()...) {
				want.DownPackets++
				want.DownBytes += uint64(len(d.Data) - 10)
			}
			o.Sent = nil
		}
		if got != want {
			t.Fatalf("round %d: read %+v, carried %+v", round, got, want)
		}
		if again := w.read(s); again != got {
			t.Fatalf("round %d: read %+v, and %+v later", round, got, again)
		}
		if got.UpPackets < 450 || got.DownPackets < 150 {
			cut++
		}
	}
	if cut == 0 {
		t.Error("no session was removed in the middle")
	}
	if n := w.Totals().ReadsUnsettled; n != 0 {
		t.Errorf("%d readers were not waited for", n)
	}
}

// A reader that does not move on is not waited for without end, nor twice.
func TestSettleIsBounded(t *testing.T) {
	w := newTwin(t, func(o *Options) { o.settleMax = time.Microsecond })
	s := w.session(1)
	w.install(t, s)
	stuck := w.newSlot()
	stuck.turns.busy()
	w.read(s)
	if n := w.Totals().ReadsUnsettled; n != 0 {
		t.Errorf("waited %d times though nothing was removed", n)
	}
	if err := w.Plane.Handle(1).Remove([]forward.Key{s.Key}); err != nil {
		t.Fatal(err)
	}
	w.read(s)
	w.read(s)
	if n := w.Totals().ReadsUnsettled; n != 1 {
		t.Errorf("given up %d times, want once", n)
	}
}
