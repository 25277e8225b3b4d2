// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/packet"
	"holdfast/internal/police"
	"holdfast/internal/police/policetest"
)

// strict is a world in which no stranger passes the L2TP and PPP aggregates, but
// what belongs to an established tunnel does: their bandwidth is 0, but nobody has configured it.
func strict(t testing.TB) *world {
	return newWorld(t, func(c *police.Config) {
		for _, y := range []police.Type{police.L2TPAggregate, police.PPPAggregate} {
			c.Types[y].Bandwidth, c.Types[y].Burst = 0, 1
		}
		for i := range c.Slots {
			c.Slots[i].Device = uint32(10 + i)
		}
	})
}

// numbered is a control message with Ns.
func numbered(lac byte, tunnelID, ns uint16) *packet.Datagram {
	d := datagram(police.Hello, lac, tunnelID, 0)
	binary.BigEndian.PutUint16(d.Data[8:], ns)
	return d
}

// Whoever is not the peer of an established tunnel, at its address and port and in
// its window, is a stranger.
func TestStanding(t *testing.T) {
	w := strict(t)
	peer := datagram(police.Hello, 7, 1, 0).Peer
	w.Stand(5, peer, 65_530, 8)
	elsewhere := func(d *packet.Datagram) *packet.Datagram {
		d.Peer = netip.AddrPortFrom(d.Peer.Addr(), 1702)
		return d
	}
	for _, c := range []struct {
		why  string
		d    *packet.Datagram
		pass bool
	}{
		{"the next message", numbered(7, 5, 65_530), true},
		{"the last of the window, over the wrap", numbered(7, 5, 1), true},
		{"beyond the window", numbered(7, 5, 2), false},
		{"sent again", numbered(7, 5, 65_522), true},
		{"long ago", numbered(7, 5, 65_521), false},
		{"another tunnel", numbered(7, 6, 65_530), false},
		{"another LAC", numbered(8, 5, 65_530), false},
		{"another port", elsewhere(numbered(7, 5, 65_530)), false},
		{"PPP", datagram(police.LCP, 7, 5, 3), true},
		{"PPP of another LAC", datagram(police.LCP, 8, 5, 3), false},
		{"no tunnel", datagram(police.SCCRQ, 7, 0, 0), false},
		{"nothing", &packet.Datagram{Peer: peer}, false},
	} {
		if got := w.Screen(w.now, c.d) == police.Pass; got != c.pass {
			t.Errorf("%s: passes %v", c.why, got)
		}
		if c.pass && w.ScreenHost(w.now, c.d) != police.Pass {
			t.Errorf("%s: does not pass the host level", c.why)
		}
	}
	w.Expect(5, 2)
	if w.Screen(w.now, numbered(7, 5, 2)) != police.Pass {
		t.Error("the window did not follow")
	}
	w.Expect(6, 2)
	if w.Screen(w.now, numbered(7, 6, 2)) == police.Pass {
		t.Error("a tunnel stands that was never established")
	}
	w.Fall(5)
	if w.Screen(w.now, numbered(7, 5, 2)) == police.Pass {
		t.Error("a tunnel stands that has ended")
	}
}

// A datagram counts at the device where it came in, at both levels once and under
// its type; data, which does not tell its device, where its tunnel's control does.
func TestScreenCounts(t *testing.T) {
	w := newWorld(t, func(c *police.Config) {
		for i := range c.Slots {
			c.Slots[i].Device = uint32(10 + i)
		}
	})
	peer := datagram(police.Hello, 7, 1, 0).Peer
	w.Stand(5, peer, 0, 8)
	send := func(d *packet.Datagram, device uint32) {
		d.Device = device
		if w.Screen(w.now, d) != police.Pass || w.ScreenHost(w.now, d) != police.Pass {
			t.Fatalf("%v from device %d is dropped", police.Classify(d.Data), device)
		}
	}
	send(datagram(police.LCP, 7, 5, 3), 0) // where nobody knows yet
	send(numbered(7, 5, 0), 12)
	send(datagram(police.LCP, 7, 5, 3), 0)
	send(datagram(police.LCP, 7, 5, 3), 0)
	send(numbered(7, 5, 0), 99) // a device that nobody has told us of
	send(datagram(police.None, 7, 5, 3), 0)
	send(datagram(police.None, 7, 6, 3), 0) // no subscriber: nobody's tunnel
	for _, c := range []struct {
		of   police.Type
		want [3]uint64
	}{{police.Hello, [3]uint64{1, 0, 1}}, {police.LCP, [3]uint64{1, 0, 2}}, {police.PPPUnclassified, [3]uint64{1, 0, 0}}} {
		s, host := w.of(c.of), c.want[0]+c.want[1]+c.want[2]
		for i, want := range c.want {
			if got := s.Slots[i].Counts.Received; got != want {
				t.Errorf("%v at slot %d: %d received, want %d", c.of, i, got, want)
			}
		}
		if s.Host.Counts.Received != host {
			t.Errorf("%v at the host: %d received, want %d", c.of, s.Host.Counts.Received, host)
		}
	}
}

// A LAC that follows its protocol is never made a stranger: whatever of a window
// is lost, late or repeated, its messages are in the window that the owner tells.
func TestEstablishedAtEachStep(t *testing.T) {
	w := strict(t)
	peer := datagram(police.Hello, 7, 1, 0).Peer
	const window = 16
	nr := uint16(65_500)
	w.Stand(5, peer, nr, window)
	for range 200 {
		for ahead := range uint16(window) {
			for _, ns := range []uint16{nr + ahead, nr - 1 - ahead} {
				if w.Screen(w.now, numbered(7, 5, ns)) != police.Pass {
					t.Fatalf("Ns %d is dropped while %d is expected", ns, nr)
				}
			}
		}
		nr++
		w.Expect(5, nr)
		w.now = w.now.Add(time.Millisecond)
	}
}

// Screening allocates nothing, whether a datagram passes or not.
func TestScreenDoesNotAllocate(t *testing.T) {
	w := strict(t)
	known, stranger := numbered(7, 5, 0), datagram(police.ICRQ, 8, 9, 0)
	w.Stand(5, known.Peer, 0, 8)
	known.Device = 11
	if n := testing.AllocsPerRun(1000, func() {
		w.Screen(w.now, known)
		w.ScreenHost(w.now, known)
		w.Screen(w.now, stranger)
		w.Expect(5, 0)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkScreen(b *testing.B) {
	w := strict(b)
	known := numbered(7, 5, 0)
	known.Device = 11
	w.Stand(5, known.Peer, 0, 8)
	data := &packet.Datagram{Data: policetest.Octets(police.EchoReply, 5, 3), Peer: known.Peer, Local: known.Local}
	for _, c := range []struct {
		name string
		d    *packet.Datagram
	}{{"established control", known}, {"established PPP", data}, {"stranger, dropped", datagram(police.ICRQ, 8, 9, 0)}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w.Screen(w.now, c.d)
			}
		})
	}
	b.Run("host level", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.ScreenHost(w.now, known)
		}
	})
}
