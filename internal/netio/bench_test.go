// SPDX-License-Identifier: Apache-2.0

package netio

import (
	"net/netip"
	"testing"
	"time"

	"holdfast/internal/packet"
	"holdfast/internal/police"
)

// flooded is a reader with a batch as it was read: messages of an established
// tunnel, or of nobody's. Those pass, and of these nearly all are dropped.
func flooded(t testing.TB, known bool) (r *Reader, d []packet.Datagram) {
	c := police.Defaults()
	c.Types[police.L2TPAggregate].Bandwidth, c.Types[police.L2TPAggregate].Burst = 1, 1
	p, err := police.New(police.Options{Slots: 1, Epoch: time.Now()}, c)
	if err != nil {
		t.Fatal(err)
	}
	peer := netip.MustParseAddrPort("192.0.2.7:1701")
	if known {
		p.Stand(7, peer, 0, 4)
	}
	for range datagramsPerRead {
		d = append(d, packet.Datagram{Data: control(7, 0), Peer: peer, Device: 1})
	}
	return NewReader(nil, nil, p), d
}

// The ingress level keeps what may come in, in place and without an allocation.
func TestReaderScreens(t *testing.T) {
	for _, known := range []bool{true, false} {
		r, d := flooded(t, known)
		want := len(d)
		if !known {
			want = 0
			r.screen(d) // takes what little passes
		}
		if n := len(r.screen(d)); n != want {
			t.Errorf("established %v: %d of %d datagrams pass, want %d", known, n, len(d), want)
		}
		if n := testing.AllocsPerRun(100, func() { r.screen(d) }); n != 0 {
			t.Errorf("established %v: %v allocations", known, n)
		}
	}
}

// Strangers among what passes are told apart in place and without an allocation.
func TestReaderDivertsInPlace(t *testing.T) {
	for _, known := range []bool{true, false} {
		r, d := flooded(t, known)
		diverted := 0
		r.Divert(func(d []packet.Datagram) { diverted += len(d) })
		into := make([]packet.Datagram, len(d))
		pass := func() int {
			copy(into, d)
			return len(r.divert(into))
		}
		r.screen(d) // marks them
		if kept := pass(); known != (kept == len(d)) || known != (diverted == 0) || kept+diverted != len(d) {
			t.Errorf("established %v: %d kept, %d diverted of %d", known, kept, diverted, len(d))
		}
		if n := testing.AllocsPerRun(100, func() { pass() }); n != 0 {
			t.Errorf("established %v: %v allocations", known, n)
		}
	}
}

// BenchmarkReader is what a reader does with a datagram between the socket and its
// shard: without policers, and with them for one that passes and one that does not.
func BenchmarkReader(b *testing.B) {
	for _, c := range []struct {
		name          string
		police, known bool
	}{{"not policed", false, true}, {"passes", true, true}, {"dropped", true, false}} {
		b.Run(c.name, func(b *testing.B) {
			r, d := flooded(b, c.known)
			if !c.police {
				r.police = nil
			}
			into, batch := make([]packet.Datagram, len(d)), <-r.free
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				copy(into, d)
				batch.fill(r.screen(into))
				n += len(d)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/datagram")
		})
	}
}
