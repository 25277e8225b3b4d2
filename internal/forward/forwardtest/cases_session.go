// SPDX-License-Identifier: Apache-2.0

package forwardtest

import (
	"net/netip"
	"strings"

	"holdfast/internal/forward"
)

// deliver is a packet of s in its uncompressed form towards the peer.
func deliver(s forward.Session, ip []byte) []byte {
	b := []byte{0, 2, byte(s.PeerTunnelID >> 8), byte(s.PeerTunnelID), byte(s.PeerSessionID >> 8), byte(s.PeerSessionID), 0xff, 3, 0, 0x21}
	if ip[0]>>4 == 6 {
		b[9] = 0x57
	}
	return append(b, ip...)
}

// A session that is installed again is changed in place: its counters go on.
func replacementKeepsCounters(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	up := IP{From: s.IPv4, To: core4()}.Bytes()
	down := IP{From: core4(), To: s.IPv4}.Bytes()
	k.up(s, up)
	k.Down(down)
	k.Settle()
	s.PeerSessionID, s.IPv4 = 4711, addr("100.64.7.7")
	k.install(s)
	k.wantCounters("kept", s, forward.Counters{UpPackets: 1, UpBytes: 100, DownPackets: 1, DownBytes: 100})
	k.up(s, up) // the old address is not its own any more
	k.Down(down)
	k.wantSent("old address")
	moved := IP{From: core4(), To: s.IPv4}.Bytes()
	k.Down(moved)
	k.wantSent("new address", deliver(s, moved))
	k.wantCounters("goes on", s, forward.Counters{UpPackets: 1, UpBytes: 100, DownPackets: 2, DownBytes: 200, Spoofed: 1})
	k.wantTotals("old address", forward.Totals{NoRoute: 1, Spoofed: 1})
}

// A removed session is unknown in both directions. Its counters stay for the
// final accounting until the element is used again.
func removal(k *kit) {
	s := k.subscriber(1)
	s.Routes = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	k.install(s)
	up := IP{From: s.IPv4, To: core4()}.Bytes()
	k.up(s, up)
	k.wantCore("installed", up)
	k.remove(s)
	k.up(s, up)
	k.wantPunted("removed", s, k.Peer, carry(s, up))
	for _, to := range []netip.Addr{s.IPv4, addr("192.0.2.1")} {
		k.Down(IP{From: core4(), To: to}.Bytes())
	}
	k.Down(IP{From: core6(), To: inside(s)}.Bytes())
	k.wantSent("removed")
	k.wantTotals("removed", forward.Totals{UnknownSession: 1, NoRoute: 3})
	k.wantCounters("still there", s, forward.Counters{UpPackets: 1, UpBytes: 100})
	k.install(s)
	k.wantCounters("a new life", s, forward.Counters{})
	k.up(s, up)
	k.wantCore("installed again", up)
}

// An element carries one session: a new key ends the old one.
func elementTakenOver(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	up := IP{From: s.IPv4, To: core4()}.Bytes()
	k.up(s, up)
	k.Settle()
	other := s
	other.SessionID, other.IPv4, other.IPv6 = s.SessionID+1, addr("100.64.9.9"), netip.MustParsePrefix("2001:db8:109::/64")
	k.install(other)
	k.wantCounters("new key", other, forward.Counters{})
	k.up(s, up)
	k.wantPunted("the old key", s, k.Peer, carry(s, up))
	k.Down(IP{From: core4(), To: s.IPv4}.Bytes())
	k.wantSent("the old address")

	// A key that moves to another element leaves nothing behind either.
	moved := other
	moved.Element += 5
	k.install(moved)
	ip := IP{From: core4(), To: moved.IPv4}.Bytes()
	k.Down(ip)
	k.wantSent("moved", deliver(moved, ip))
	k.wantCounters("moved", moved, forward.Counters{DownPackets: 1, DownBytes: 100})
	k.remove(moved)
	k.Down(ip)
	k.wantSent("removed")
}

// Two sessions exchange their addresses in one batch.
func addressesSwapped(k *kit) {
	a, b := k.subscriber(1), k.subscriber(3)
	k.install(a, b)
	a.IPv4, b.IPv4 = b.IPv4, a.IPv4
	a.IPv6, b.IPv6 = b.IPv6, a.IPv6
	if err := k.handle(a).Install([]forward.Session{a, b}); err != nil {
		k.Fatal(err)
	}
	for _, s := range []forward.Session{a, b} {
		for _, to := range []netip.Addr{s.IPv4, inside(s)} {
			from := core4()
			if to.Is6() {
				from = core6()
			}
			down := IP{From: from, To: to}.Bytes()
			k.Down(down)
			k.wantSent("swapped", deliver(s, down))
			up := IP{From: to, To: from}.Bytes()
			k.up(s, up)
			k.wantCore("swapped", up)
		}
	}
	k.wantTotals("swapped", forward.Totals{})
}

// An address goes to the session that came last with it, and the end of the
// first does not take it away.
func addressMoves(k *kit) {
	first, second := k.subscriber(1), k.subscriber(2) // of different shards
	second.IPv4, second.IPv6 = first.IPv4, first.IPv6
	k.install(first, second)
	k.remove(first)
	down := IP{From: core4(), To: second.IPv4}.Bytes()
	six := IP{From: core6(), To: inside(second)}.Bytes()
	k.Down(down)
	k.Down(six)
	k.wantSent("moved", deliver(second, down), deliver(second, six))
	k.remove(second)
	k.Down(down)
	k.wantSent("gone")
}

// What several sessions claim, be it an address or a route, goes to the last of
// them, and back to the one before when that ends: two lines into one site.
// Sources are right from any of them.
func addressReturns(k *kit) {
	s := []forward.Session{k.subscriber(1), k.subscriber(2), k.subscriber(3)}
	for i := range s {
		s[i].IPv4, s[i].IPv6 = s[0].IPv4, s[0].IPv6
		s[i].Routes = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.77/32"), netip.MustParsePrefix("2001:db8:200::/48")}
	}
	k.install(s...)
	wantAt := func(why string, to ...forward.Session) {
		k.Helper()
		var want [][]byte
		for _, a := range []netip.Addr{s[0].IPv4, inside(s[0]), addr("192.0.2.9"), addr("198.51.100.77"), addr("2001:db8:200:1::9")} {
			from := core4()
			if a.Is6() {
				from = core6()
			}
			ip := IP{From: from, To: a}.Bytes()
			k.Down(ip)
			for _, s := range to {
				want = append(want, deliver(s, ip))
			}
		}
		k.wantSent(why, want...)
	}
	wantAt("the last", s[2])
	up := IP{From: addr("192.0.2.9"), To: core4()}.Bytes()
	k.up(s[0], up)
	k.wantCore("from the first", up)
	k.remove(s[1])
	wantAt("one in between ends", s[2])
	k.install(s[1])
	wantAt("who comes again is the last", s[1])
	k.remove(s[1])
	wantAt("the one before", s[2])
	k.install(s[2], s[2])
	wantAt("said again", s[2])
	bare := s[2]
	bare.IPv4, bare.IPv6, bare.Routes = addr("100.64.5.5"), netip.Prefix{}, nil
	k.install(bare)
	wantAt("given up", s[0])
	k.remove(bare, s[0])
	wantAt("nobody")
}

// To say the same again changes nothing.
func installIsIdempotent(k *kit) {
	s := k.subscriber(1)
	for range 3 {
		if err := k.handle(s).Install([]forward.Session{s, s}); err != nil {
			k.Fatal(err)
		}
	}
	if err := k.Plane.Instance(Instance()); err != nil {
		k.Fatal(err)
	}
	up := IP{From: s.IPv4, To: core4()}.Bytes()
	k.up(s, up)
	k.wantCore("once", up)
	k.install(s)
	k.wantCounters("once", s, forward.Counters{UpPackets: 1, UpBytes: 100})
}

// What cannot be installed is named; the rest of the batch is.
func installNamesWhatFailed(k *kit) {
	good := k.subscriber(1)
	noInstance, noPeer, badRoute := k.subscriber(3), k.subscriber(5), k.subscriber(7)
	noInstance.Instance = 9
	noPeer.Peer = netip.AddrPort{}
	badRoute.Routes = []netip.Prefix{{}}
	err := k.handle(good).Install([]forward.Session{noInstance, noPeer, good, badRoute})
	if err == nil {
		k.Fatal("no error")
	}
	for _, name := range []string{"517/1111", "517/1185", "517/1259"} {
		if !strings.Contains(err.Error(), name) {
			k.Errorf("error %q does not name session %s", err, name)
		}
	}
	if strings.Contains(err.Error(), "517/1037") {
		k.Errorf("error %q names the good session", err)
	}
	up := IP{From: good.IPv4, To: core4()}.Bytes()
	k.up(good, up)
	k.wantCore("the good one", up)
	k.Down(IP{From: core4(), To: badRoute.IPv4}.Bytes())
	k.wantSent("a bad one")
}

// To remove what is not there is no error, and to ask for it reads zero.
func removeUnknown(k *kit) {
	s := k.subscriber(1)
	k.remove(s)
	k.install(s)
	k.up(s, IP{From: s.IPv4, To: core4()}.Bytes())
	k.Settle()
	k.remove(k.subscriber(3))
	into := []forward.Counters{{UpPackets: 99}, {UpPackets: 99}, {UpPackets: 99}}
	k.handle(s).Read([]uint32{77, s.Element, 1 << 31}, into)
	if into[0] != (forward.Counters{}) || into[1].UpPackets != 1 || into[2] != (forward.Counters{}) {
		k.Errorf("read %v, want zero, one packet, zero", into)
	}
}

// A sequenced session's data goes through its shard both ways: what comes up is
// handed over whole and comes back by Inject, what goes down is handed over to
// be numbered.
func sequenced(k *kit) {
	s := k.subscriber(2)
	s.Element, s.Sequenced = 6, true
	k.install(s)
	up := IP{From: s.IPv4, To: core4()}.Bytes()
	h := L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, S: true, Protocol: 0x0021}
	k.Up(k.Peer, h.Bytes(up))
	k.wantPunted("up", s, k.Peer, h.Bytes(up))
	k.Up(k.Stranger, h.Bytes(up))
	k.wantPunted("up from a stranger", s, k.Peer)
	k.handle(s).Inject(s.Key, up)
	k.handle(s).Inject(s.Key, IP{From: addr("192.0.2.200"), To: core4()}.Bytes())
	k.handle(s).Inject(s.Key, []byte{1, 2, 3})
	k.handle(s).Inject(k.subscriber(4).Key, up)
	k.wantCore("injected", up)
	k.wantCounters("injected", s, forward.Counters{UpPackets: 1, UpBytes: 100, Spoofed: 1, Dropped: 1})
	k.wantTotals("injected", forward.Totals{WrongPeer: 1, Malformed: 1, UnknownSession: 1, Spoofed: 1})

	down := IP{From: core4(), To: s.IPv4}.Bytes()
	k.Down(down)
	o := k.wantSent("down")
	if len(o.Sequenced) != 1 {
		k.Fatalf("%d packets to number, want 1", len(o.Sequenced))
	}
	if n := o.Sequenced[0]; n.Shard != ShardOf(s.TunnelID) || n.Element != 6 || string(n.IP) != string(down) {
		k.Errorf("to number: shard %d element %d %x", n.Shard, n.Element, n.IP)
	}
	k.Recorder.Refuse()
	k.Down(down)
	k.wantSent("down, no room")
	k.wantCounters("down", s, forward.Counters{UpPackets: 1, UpBytes: 100, Spoofed: 1, Dropped: 2, DownPackets: 1, DownBytes: 100})
}

// Many sessions come and go in batches; each of those that stay is found.
func manySessions(k *kit) {
	const n = 3000
	var batches [Shards][]forward.Session
	for i := range n {
		s := k.subscriber(i)
		batches[ShardOf(s.TunnelID)] = append(batches[ShardOf(s.TunnelID)], s)
	}
	for shard, batch := range batches {
		h := k.Plane.Handle(shard)
		if err := h.Install(batch); err != nil {
			k.Fatal(err)
		}
		var gone []forward.Key
		for i, s := range batch {
			if i%3 != 0 {
				gone = append(gone, s.Key)
			}
		}
		if err := h.Remove(gone); err != nil {
			k.Fatal(err)
		}
	}
	up, down := 0, 0
	for i := 0; i < n; i += 7 {
		s := k.subscriber(i)
		k.up(s, IP{From: s.IPv4, To: core4()}.Bytes())
		k.Down(IP{From: core4(), To: s.IPv4}.Bytes())
		if i/2%3 == 0 {
			up, down = up+1, down+1
		}
	}
	o := k.Settle()
	if len(o.Core) != up || len(o.Sent) != down {
		k.Errorf("%d up and %d down, want %d and %d", len(o.Core), len(o.Sent), up, down)
	}
}

// A closed plane takes nothing, and closing it again is no error.
func closed(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	for range 2 {
		if err := k.Plane.Close(); err != nil {
			k.Fatal(err)
		}
	}
	if k.handle(s).Install([]forward.Session{s}) == nil || k.handle(s).Remove([]forward.Key{s.Key}) == nil || k.Plane.Instance(Instance()) == nil {
		k.Error("a closed plane takes calls")
	}
}
