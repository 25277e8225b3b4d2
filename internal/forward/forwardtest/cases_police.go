// SPDX-License-Identifier: Apache-2.0

package forwardtest

import (
	"net/netip"
	"time"

	"holdfast/internal/forward"
)

// still is a rate whose bucket gains nothing while a case lasts: what passes is
// the burst, to the octet.
func still(burst uint64) forward.Rate { return forward.Rate{Bits: 1, Burst: burst} }

// Each direction has its rate; what is above is counted and gone.
func policed(k *kit) {
	s := k.subscriber(1)
	s.Up, s.Down = still(2000), still(3150)
	k.install(s)
	for range 30 {
		k.up(s, IP{From: s.IPv4, To: core4()}.Bytes())
	}
	k.up(s, IP{From: addr("192.0.2.200"), To: core4()}.Bytes()) // takes nothing from the rate
	for range 15 {
		k.Down(IP{From: core4(), To: s.IPv4}.Bytes())
		k.Down(IP{From: core6(), To: inside(s)}.Bytes())
	}
	o := k.Settle()
	if len(o.Core) != 20 || len(o.Sent) != 30 {
		k.Errorf("%d up and %d down, want 20 and 30", len(o.Core), len(o.Sent))
	}
	k.Down(IP{From: core4(), To: s.IPv4, Size: 151}.Bytes())
	k.Down(IP{From: core4(), To: s.IPv4, Size: 150}.Bytes())
	if o = k.Settle(); len(o.Sent) != 1 || len(o.Sent[0].Data) != 160 {
		k.Errorf("%d datagrams, want the one of the very octets that were left", len(o.Sent))
	}
	k.wantCounters("policed", s, forward.Counters{
		UpPackets: 20, UpBytes: 2000, DownPackets: 31, DownBytes: 3150, Spoofed: 1, Policed: 11,
	})
	k.wantTotals("policed", forward.Totals{Policed: 11, Spoofed: 1})

	other := k.subscriber(3) // has rates of its own: none
	k.install(other)
	for range 40 {
		k.up(other, IP{From: other.IPv4, To: core4()}.Bytes())
	}
	if o = k.Settle(); len(o.Core) != 40 {
		k.Errorf("%d packets of a session without a rate, want 40", len(o.Core))
	}
}

// A packet above the rate is dropped whole, not in fragments; one that is too
// big is answered, and takes nothing from the rate.
func policedWhole(k *kit) {
	s := k.subscriber(1)
	s.MTU, s.Down = 1000, still(4500)
	k.install(s)
	k.Down(IP{From: core4(), To: s.IPv4, Size: 1500, DF: true}.Bytes())
	for range 4 {
		k.Down(IP{From: core4(), To: s.IPv4, Size: 1500}.Bytes())
	}
	if o := k.Settle(); len(o.Sent) != 6 || len(o.Core) != 1 {
		k.Errorf("%d fragments and %d errors, want 6 and 1", len(o.Sent), len(o.Core))
	}
	k.wantCounters("policed", s, forward.Counters{DownPackets: 6, DownBytes: 3 * (1500 + 20), TooBig: 1, Policed: 1})
}

// Numbered data keeps to the rate too, though it goes through the shard.
func policedSequenced(k *kit) {
	s := k.subscriber(2)
	s.Sequenced, s.Up, s.Down = true, still(1500), still(1600)
	k.install(s)
	for range 20 {
		k.handle(s).Inject(s.Key, IP{From: s.IPv4, To: core4()}.Bytes())
		k.Down(IP{From: core4(), To: s.IPv4}.Bytes())
	}
	if o := k.Settle(); len(o.Core) != 15 || len(o.Sequenced) != 16 || len(o.Sent) != 0 {
		k.Errorf("%d injected, %d to number, %d sent, want 15, 16 and 0", len(o.Core), len(o.Sequenced), len(o.Sent))
	}
	k.wantCounters("policed", s, forward.Counters{UpPackets: 15, UpBytes: 1500, DownPackets: 16, DownBytes: 1600, Policed: 9})
}

// A session that is installed again has what its bucket held, be the rate the
// same or another: it gets no burst by it, and keeps its counters.
func policedReplaced(k *kit) {
	s := k.subscriber(1)
	s.Up = still(2000)
	k.install(s)
	up := IP{From: s.IPv4, To: core4()}.Bytes()
	send := func(why string, count, want int) {
		k.Helper()
		for range count {
			k.up(s, up)
		}
		if o := k.Settle(); len(o.Core) != want {
			k.Errorf("%s: %d packets passed, want %d", why, len(o.Core), want)
		}
	}
	send("at first", 15, 15)
	k.install(s)
	send("the same again", 3, 3)
	s.Up = still(1_000_000)
	s.IPv6 = netip.Prefix{}
	k.install(s)
	send("a larger burst", 5, 2)
	s.Up = forward.Rate{}
	k.install(s)
	send("no bound", 50, 50)
	s.Up = still(1500)
	k.install(s)
	send("a bound again", 20, 15)
	k.wantCounters("over all", s, forward.Counters{UpPackets: 85, UpBytes: 8500, Policed: 8})

	k.remove(s)
	k.install(s)
	send("a new life", 20, 15)
	k.wantCounters("a new life", s, forward.Counters{UpPackets: 15, UpBytes: 1500, Policed: 5})
}

// Time fills the bucket. Where a plane's clock is the machine's, the meter's own
// tests stand for this.
func policedInTime(k *kit) {
	if k.Advance == nil {
		return
	}
	s := k.subscriber(1)
	s.Up, s.Down = forward.Rate{Bits: 800_000, Burst: 2000}, forward.Rate{Bits: 8_000_000}
	k.install(s)
	const second = 100 // steps of 10 ms
	upPassed, downPassed := 0, 0
	for range second {
		k.Advance(10 * time.Millisecond)
		for range 20 { // 2,000 octets; 1,000 are earned
			k.up(s, IP{From: s.IPv4, To: core4()}.Bytes())
		}
		for range 12 { // 12,000; 10,000 are earned
			k.Down(IP{From: core4(), To: s.IPv4, Size: 1000}.Bytes())
		}
		o := k.Settle()
		upPassed += len(o.Core)
		downPassed += len(o.Sent)
	}
	// The rate of a second, and what the bucket held at first.
	for _, c := range []struct {
		name      string
		got, want int
	}{{"up", upPassed * 100, 100_000 + 1000}, {"down", downPassed * 1000, 1_000_000 + 90_000}} {
		if c.got < c.want*99/100 || c.got > c.want*101/100 {
			k.Errorf("%s: %d octets passed, want %d within 1 %%", c.name, c.got, c.want)
		}
	}
	c := k.counters(s)
	if all := uint64(second * (20 + 12)); c.UpPackets+c.DownPackets+c.Policed != all || k.Plane.Totals().Policed != c.Policed {
		k.Errorf("%+v of %d packets, %d policed over all", c, all, k.Plane.Totals().Policed)
	}
}
