// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/forward"
	"holdfast/internal/forward/forwardtest"
)

func (s *twinSocket) set(most int, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most, s.full = most, full
}

// A packet that the session takes and the path does not is too big by what the
// path leaves of it; the MSS follows.
func TestPathBounds(t *testing.T) {
	w := newTwin(t, nil)
	w.socket.set(1400, false)
	s, compressed, far6 := w.session(1), w.session(2), w.session(3)
	compressed.PFC, compressed.ACFC = true, true
	far6.Peer = netip.MustParseAddrPort("[2001:db8:9::1]:1701")
	w.install(t, s, compressed, far6)
	for _, c := range []struct {
		s    forward.Session
		most int
	}{{s, 1400 - 38}, {compressed, 1400 - 35}, {far6, 1400 - 58}} {
		w.Down(forwardtest.IP{From: core, To: c.s.IPv4, Size: c.most, DF: true}.Bytes())
		w.Down(forwardtest.IP{From: core, To: c.s.IPv4, Size: c.most + 1, DF: true}.Bytes())
		w.Down(forwardtest.IP{From: core, To: c.s.IPv4, TCP: forwardtest.SYN(1460, false)}.Bytes())
		o := w.Settle()
		if len(o.Sent) != 2 || len(o.Core) != 1 {
			t.Fatalf("%d sent and %d errors, want 2 and 1", len(o.Sent), len(o.Core))
		}
		if got := int(binary.BigEndian.Uint16(o.Core[0][26:])); got != c.most {
			t.Errorf("told an MTU of %d, want %d", got, c.most)
		}
		syn := o.Sent[1].Data
		if got := int(binary.BigEndian.Uint16(syn[len(syn)-len("some payload")-6:])); got != c.most-40 {
			t.Errorf("MSS %d, want %d", got, c.most-40)
		}
	}
}

// A path that shrinks is noticed by what the socket refuses.
func TestPathShrinks(t *testing.T) {
	w := newTwin(t, nil)
	w.socket.set(1500, false)
	s := w.session(1)
	s.MTU = 1400
	w.install(t, s)
	ip := forwardtest.IP{From: core, To: s.IPv4, Size: 1400, DF: true}.Bytes()
	w.Down(ip)
	if o := w.Settle(); len(o.Sent) != 1 {
		t.Fatalf("%d sent, want 1", len(o.Sent))
	}
	w.socket.set(1300, true)
	deadline := time.Now().Add(10 * time.Second)
	for w.Totals().ICMPSent == 0 {
		if time.Now().After(deadline) {
			t.Fatalf("the path was not looked at: %+v", w.Totals())
		}
		w.Down(ip)
		w.Settle()
	}
}

// A path goes with its last session.
func TestPathsGo(t *testing.T) {
	w := newTwin(t, nil)
	a, b := w.session(1), w.session(2)
	b.Peer = netip.MustParseAddrPort("192.0.2.77:1701")
	count := func(want int) {
		t.Helper()
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.paths) != want {
			t.Errorf("%d paths, want %d", len(w.paths), want)
		}
	}
	w.install(t, a, b)
	w.install(t, a, b)
	count(2)
	b.Peer = a.Peer
	w.install(t, b)
	count(1)
	if err := w.Plane.Handle(1).Remove([]forward.Key{a.Key, b.Key}); err != nil {
		t.Fatal(err)
	}
	count(0)
}
