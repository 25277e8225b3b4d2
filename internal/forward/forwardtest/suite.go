// SPDX-License-Identifier: Apache-2.0

package forwardtest

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/forward"
)

// Run puts a plane to the test. open makes a fresh one for each case and cleans
// up by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, c := range []struct {
		name string
		run  func(*kit)
	}{
		{"HeaderForms", headerForms},
		{"FlowOrder", flowOrder},
		{"PaddingIsCut", paddingIsCut},
		{"Encapsulation", encapsulation},
		{"Spoofed", spoofedSources},
		{"WrongPeer", wrongPeer},
		{"UnknownSession", unknownSession},
		{"ControlIsPunted", controlIsPunted},
		{"LinkScopedIsPunted", linkScopedIsPunted},
		{"LaneFull", laneFull},
		{"Malformed", malformed},
		{"TTL", ttl},
		{"MSS", mss},
		{"MSSLeftAlone", mssLeftAlone},
		{"TooBig", tooBig},
		{"TooBigUnanswered", tooBigUnanswered},
		{"Fragments", fragments},
		{"NoRoute", noRoute},
		{"ReplacementKeepsCounters", replacementKeepsCounters},
		{"Removal", removal},
		{"ElementTakenOver", elementTakenOver},
		{"AddressesSwapped", addressesSwapped},
		{"AddressMoves", addressMoves},
		{"AddressReturns", addressReturns},
		{"InstallIsIdempotent", installIsIdempotent},
		{"InstallNamesWhatFailed", installNamesWhatFailed},
		{"RemoveUnknown", removeUnknown},
		{"Sequenced", sequenced},
		{"Policed", policed},
		{"PolicedWhole", policedWhole},
		{"PolicedSequenced", policedSequenced},
		{"PolicedReplaced", policedReplaced},
		{"PolicedInTime", policedInTime},
		{"ManySessions", manySessions},
		{"Closed", closed},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(&kit{T: t, Harness: open(t)}) })
	}
}

// kit is a case's hands and eyes.
type kit struct {
	*testing.T
	Harness
}

// Addresses in the cases: the subscriber's, and somebody in the core.
func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func core4() netip.Addr { return addr("203.0.113.9") }
func core6() netip.Addr { return addr("2001:db8:ffff::9") }

// subscriber is session n: tunnels of both shards, dense elements in each.
func (k *kit) subscriber(n int) forward.Session {
	tunnel := uint16(0x0105 + n%2<<8)
	return forward.Session{
		Key:          forward.Key{TunnelID: tunnel, SessionID: uint16(1000 + 37*n)},
		Element:      uint32(n / 2),
		PeerTunnelID: 71, PeerSessionID: uint16(20000 + n),
		Local: k.Local, Peer: k.Peer,
		IPv4: netip.AddrFrom4([4]byte{100, 64, byte(n >> 8), byte(n)}),
		IPv6: netip.PrefixFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 1, 0, byte(n >> 8), byte(n)}), 64),
		MTU:  1492,
	}
}

// inside is an address of the session's /64.
func inside(s forward.Session) netip.Addr {
	a := s.IPv6.Addr().As16()
	a[15] = 0x42
	return netip.AddrFrom16(a)
}

func (k *kit) handle(s forward.Session) forward.Handle { return k.Plane.Handle(ShardOf(s.TunnelID)) }

func (k *kit) install(sessions ...forward.Session) {
	k.Helper()
	for _, s := range sessions {
		if err := k.handle(s).Install([]forward.Session{s}); err != nil {
			k.Fatalf("install %v: %v", s.Key, err)
		}
	}
}

func (k *kit) remove(sessions ...forward.Session) {
	k.Helper()
	for _, s := range sessions {
		if err := k.handle(s).Remove([]forward.Key{s.Key}); err != nil {
			k.Fatalf("remove %v: %v", s.Key, err)
		}
	}
}

// carry is a packet in the plainest header.
func carry(s forward.Session, ip []byte) []byte {
	h := L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x0021}
	if ip[0]>>4 == 6 {
		h.Protocol = 0x0057
	}
	return h.Bytes(ip)
}

func (k *kit) up(s forward.Session, ip []byte) { k.Up(k.Peer, carry(s, ip)) }

// wantCore settles and asks for exactly these packets at the core. Order between
// flows is nobody's promise; order within one is flowOrder's case.
func (k *kit) wantCore(why string, want ...[]byte) Output {
	k.Helper()
	o := k.Settle()
	got, want := slices.SortedFunc(slices.Values(o.Core), bytes.Compare), slices.SortedFunc(slices.Values(want), bytes.Compare)
	if d := cmp.Diff(want, got); d != "" {
		k.Fatalf("%s: packets at the core (-want +got):\n%s", why, d)
	}
	return o
}

// wantSent settles and asks for exactly these datagrams at the session's peer.
func (k *kit) wantSent(why string, want ...[]byte) Output {
	k.Helper()
	o := k.Settle()
	if len(o.Sent) != len(want) {
		k.Fatalf("%s: %d datagrams sent, want %d", why, len(o.Sent), len(want))
	}
	for i, d := range o.Sent {
		if diff := cmp.Diff(want[i], d.Data); diff != "" {
			k.Fatalf("%s: datagram %d (-want +got):\n%s", why, i, diff)
		}
		if d.Peer != k.Peer {
			k.Fatalf("%s: datagram %d went to %v, want %v", why, i, d.Peer, k.Peer)
		}
	}
	return o
}

// wantPunted settles and asks for exactly these datagrams at the shard of s.
func (k *kit) wantPunted(why string, s forward.Session, from netip.AddrPort, want ...[]byte) {
	k.Helper()
	o := k.Settle()
	if len(o.Core) != 0 {
		k.Errorf("%s: %d packets at the core", why, len(o.Core))
	}
	var expect []Punted
	for _, b := range want {
		expect = append(expect, Punted{ShardOf(s.TunnelID), from, b})
	}
	if d := cmp.Diff(expect, o.Punted, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); d != "" {
		k.Fatalf("%s: punted (-want +got):\n%s", why, d)
	}
}

func (k *kit) counters(s forward.Session) forward.Counters {
	var c [1]forward.Counters
	k.handle(s).Read([]uint32{s.Element}, c[:])
	return c[0]
}

func (k *kit) wantCounters(why string, s forward.Session, want forward.Counters) {
	k.Helper()
	if d := cmp.Diff(want, k.counters(s)); d != "" {
		k.Errorf("%s: counters of %v (-want +got):\n%s", why, s.Key, d)
	}
}

// wantTotals asks for exactly these totals since the plane was made.
func (k *kit) wantTotals(why string, want forward.Totals) {
	k.Helper()
	got := k.Plane.Totals()
	got.RoutesAdded, got.RoutesDeleted, got.RoutesPending = 0, 0, 0 // a kernel's, in its own time
	if d := cmp.Diff(want, got); d != "" {
		k.Errorf("%s: totals (-want +got):\n%s", why, d)
	}
}
