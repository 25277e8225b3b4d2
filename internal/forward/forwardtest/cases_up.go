// SPDX-License-Identifier: Apache-2.0

package forwardtest

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/internal/forward"
)

// All 16 forms of the data header (RFC 2661 §3.1: L, S, O and P are each 0 or
// 1), with every form of the PPP header, carry a packet to the core.
func headerForms(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	four := IP{From: s.IPv4, To: core4()}.Bytes()
	six := IP{From: inside(s), To: core6()}.Bytes()
	var want [][]byte
	for form := range 64 {
		h := L2TP{
			TunnelID: s.TunnelID, SessionID: s.SessionID,
			L: form&1 != 0, S: form&2 != 0, O: form&4 != 0, P: form&8 != 0, Offset: form % 5,
			ACFC: form&16 != 0, PFC: form&32 != 0, Protocol: 0x0021,
		}
		k.Up(k.Peer, h.Bytes(four))
		h.Protocol = 0x0057
		k.Up(k.Peer, h.Bytes(six))
		want = append(want, four, six)
	}
	k.wantCore("64 forms of each family", want...)
	k.wantCounters("64 forms", s, forward.Counters{UpPackets: 128, UpBytes: 64 * uint64(len(four)+len(six))})
	k.wantTotals("nothing else happened", forward.Totals{})
}

// Packets of a flow arrive in the order in which they were sent, whatever else
// is between them, however well they fit together, and unchanged.
func flowOrder(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	const flows, rounds = 11, 60
	var sent [flows][][]byte
	seq := [flows]uint32{}
	for round := range rounds {
		for f := range flows {
			if (round+f)%7 == 3 {
				continue
			}
			p := IP{From: s.IPv4, To: core4(), DF: f%2 == 0}
			if f%3 == 0 {
				p.From, p.To = inside(s), core6()
			}
			tcp := TCPHeader(0x10, []byte{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2})
			binary.BigEndian.PutUint16(tcp, uint16(2000+f))
			binary.BigEndian.PutUint32(tcp[4:], seq[f])
			switch round % 20 {
			case 5:
				tcp[13] = 0x18 // PSH
			case 9:
				tcp[13] = 0x11 // FIN
			case 13:
				tcp = tcp[:32] // no data
			case 16:
				tcp = append(tcp, "and more"...)
			}
			seq[f] += uint32(len(tcp) - 32)
			p.ID, p.TCP = uint16(len(sent[f])), tcp
			ip := p.Bytes()
			if round == 30 {
				ip[len(ip)-1] ^= 1 // the checksum is wrong, and stays so
			}
			sent[f] = append(sent[f], ip)
			k.up(s, ip)
		}
	}
	o := k.Settle()
	var got [flows][][]byte
	for _, ip := range o.Core {
		at := 20
		if ip[0]>>4 == 6 {
			at = 40
		}
		f := int(binary.BigEndian.Uint16(ip[at:])) - 2000
		if f < 0 || f >= flows {
			k.Fatalf("a packet nobody sent: %x", ip)
		}
		got[f] = append(got[f], ip)
	}
	for f := range flows {
		if d := cmp.Diff(sent[f], got[f]); d != "" {
			k.Errorf("flow %d (-want +got):\n%s", f, d)
		}
	}
	packets, octets := 0, 0
	for _, list := range sent {
		for _, ip := range list {
			packets, octets = packets+1, octets+len(ip)
		}
	}
	k.wantCounters("as sent", s, forward.Counters{UpPackets: uint64(packets), UpBytes: uint64(octets)})
}

// Octets behind the message and behind the inner packet do not reach the core.
func paddingIsCut(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	ip := IP{From: s.IPv4, To: core4(), Size: 61}.Bytes()
	h := L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x0021}
	k.Up(k.Peer, h.Bytes(append(append([]byte(nil), ip...), 1, 2, 3)))
	h.L, h.Padding = true, []byte{9, 9, 9, 9}
	k.Up(k.Peer, h.Bytes(ip))
	k.wantCore("padded", ip, ip)
	k.wantCounters("octets of the IP packet", s, forward.Counters{UpPackets: 2, UpBytes: 2 * 61})
}

// A source that is not the subscriber's does not reach the core; one behind its
// routes does.
func spoofedSources(k *kit) {
	s, other := k.subscriber(1), k.subscriber(3)
	s.Routes = []netip.Prefix{netip.MustParsePrefix("192.0.2.64/26"), netip.MustParsePrefix("2001:db8:7::/48")}
	k.install(s, other)
	good := [][]byte{
		IP{From: s.IPv4, To: core4()}.Bytes(),
		IP{From: addr("192.0.2.65"), To: core4()}.Bytes(),
		IP{From: inside(s), To: core6()}.Bytes(),
		IP{From: addr("2001:db8:7:1::5"), To: core6()}.Bytes(),
	}
	bad := []netip.Addr{
		other.IPv4, addr("192.0.2.63"), addr("198.51.100.1"), addr("0.0.0.0"), addr("255.255.255.255"),
		inside(other), addr("2001:db8:8::1"), addr("::"), addr("::1"),
	}
	for _, a := range bad {
		to := core4()
		if a.Is6() {
			to = core6()
		}
		k.up(s, IP{From: a, To: to}.Bytes())
	}
	for _, ip := range good {
		k.up(s, ip)
	}
	k.wantCore("only right sources", good...)
	k.wantCounters("spoofed", s, forward.Counters{UpPackets: 4, UpBytes: 400, Spoofed: uint64(len(bad))})
	k.wantCounters("the victim", other, forward.Counters{})

	// A family that is not up has no right source.
	s.IPv4, s.IPv6, s.Routes = netip.Addr{}, netip.Prefix{}, nil
	k.install(s)
	k.up(s, good[0])
	k.up(s, good[2])
	k.wantCore("no family is up")
	k.wantCounters("no family is up", s, forward.Counters{UpPackets: 4, UpBytes: 400, Spoofed: uint64(len(bad)) + 2})
	k.wantTotals("spoofed, all in all", forward.Totals{Spoofed: uint64(len(bad)) + 2})
}

// Data of a session counts only from its tunnel's address and port.
func wrongPeer(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	ip := IP{From: s.IPv4, To: core4()}.Bytes()
	k.Up(k.Stranger, carry(s, ip))
	k.Up(k.Stranger, L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0xc021}.Bytes([]byte{9, 1, 0, 8, 0, 0, 0, 0}))
	k.wantCore("from a stranger")
	k.wantTotals("from a stranger", forward.Totals{WrongPeer: 2})
	k.wantCounters("from a stranger", s, forward.Counters{})
}

// Data of a session that is not installed goes to the shard of its tunnel: the
// session may be on its way up.
func unknownSession(k *kit) {
	s, never := k.subscriber(1), k.subscriber(2)
	k.install(s)
	ip := IP{From: s.IPv4, To: core4()}.Bytes()
	data := carry(never, ip)
	lcp := L2TP{TunnelID: never.TunnelID, SessionID: never.SessionID, Protocol: 0xc021}.Bytes([]byte{1, 1, 0, 4})
	k.Up(k.Stranger, data)
	k.wantPunted("data", never, k.Stranger, data)
	k.wantTotals("data", forward.Totals{UnknownSession: 1})
	k.Up(k.Stranger, lcp)
	k.wantPunted("LCP", never, k.Stranger, lcp)
	k.wantTotals("LCP", forward.Totals{UnknownSession: 1, PuntedControl: 1})
	same := s
	same.SessionID++ // of a tunnel that has another session
	k.Up(k.Peer, carry(same, ip))
	k.wantPunted("same tunnel", s, k.Peer, carry(same, ip))
}

// PPP control of an installed session goes to its shard, and so does what the
// link must reject and L2TP control that came to the wrong socket.
func controlIsPunted(k *kit) {
	for n := range 2 { // a tunnel of each shard
		s := k.subscriber(n)
		k.install(s)
		var want [][]byte
		for _, protocol := range []uint16{0xc021, 0xc023, 0xc223, 0xc025, 0x8021, 0x8057, 0x80fd, 0x002d} {
			for _, acfc := range []bool{true, false} {
				h := L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, L: true, ACFC: acfc, Protocol: protocol}
				want = append(want, h.Bytes([]byte{1, 1, 0, 4}))
			}
		}
		// HELLO of this tunnel.
		want = append(want, []byte{0xc8, 2, 0, 20, byte(s.TunnelID >> 8), byte(s.TunnelID), 0, 0, 0, 1, 0, 1, 0x80, 8, 0, 0, 0, 0, 0, 6})
		control, other := want[:14:14], want[14:16]
		control = append(control, want[16])
		for _, b := range control {
			k.Up(k.Peer, b)
		}
		k.wantPunted("control", s, k.Peer, control...)
		for _, b := range other {
			k.Up(k.Peer, b)
		}
		k.wantPunted("VJ", s, k.Peer, other...)
		k.wantCounters("control is no data", s, forward.Counters{})
	}
	k.wantTotals("control", forward.Totals{PuntedControl: 2 * 15})
}

// Router Solicitations, neighbour discovery and DHCPv6 are for the LNS.
func linkScopedIsPunted(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	local := addr("fe80::1:2:3:4")
	var want [][]byte
	for _, p := range []IP{
		{From: local, To: addr("ff02::2")}, {From: local, To: addr("fe80::1")},
		{From: inside(s), To: addr("ff02::1:2")}, {From: addr("::"), To: addr("ff02::1:ff00:1")}, {From: inside(s), To: addr("fe80::1")},
	} {
		want = append(want, carry(s, p.Bytes()))
		k.Up(k.Peer, want[len(want)-1])
	}
	k.wantPunted("link-scoped", s, k.Peer, want...)
	k.wantTotals("link-scoped", forward.Totals{PuntedControl: uint64(len(want))})
	k.wantCounters("link-scoped", s, forward.Counters{})
}

// A full lane costs what is in it, counted, and nothing else.
func laneFull(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	k.Recorder.Refuse()
	lcp := L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0xc021}.Bytes([]byte{9, 1, 0, 8, 0, 0, 0, 0})
	for range 100 {
		k.Up(k.Peer, lcp)
	}
	ip := IP{From: s.IPv4, To: core4()}.Bytes()
	k.up(s, ip)
	k.wantCore("data passes", ip)
	if got := k.Plane.Totals().PuntDropped; got != 100 {
		k.Errorf("%d punts dropped, want 100", got)
	}
}

// What is no L2TP, no PPP or no IP is dropped and counted.
func malformed(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	id := []byte{byte(s.TunnelID >> 8), byte(s.TunnelID), byte(s.SessionID >> 8), byte(s.SessionID)}
	headers := [][]byte{
		{0}, {0, 2, 1, 5, 4}, append([]byte{0, 3}, id...), append([]byte{0, 0}, id...),
		append([]byte{0x40, 2, 0, 99}, id...),           // longer than the datagram
		append([]byte{0x40, 2, 0, 4}, id...),            // shorter than its header
		append(append([]byte{8, 2}, id...), 0, 1, 0),    // Ns and Nr cut
		append(append([]byte{2, 2}, id...), 0, 9, 0, 0), // offset beyond the end
		append(append([]byte{2, 2}, id...), 0),          // offset cut
		append([]byte{0, 2, 9, 9, 9, 9}, 0xff, 0x03),    // unknown, and no protocol
	}
	for _, b := range headers {
		k.Up(k.Peer, b)
	}
	k.wantCore("headers")
	k.wantTotals("headers", forward.Totals{Malformed: uint64(len(headers))})

	good := IP{From: s.IPv4, To: core4()}.Bytes()
	good6 := IP{From: inside(s), To: core6()}.Bytes()
	edit := func(ip []byte, at int, v byte) []byte { b := append([]byte(nil), ip...); b[at] = v; return b }
	inner := [][]byte{
		carry(s, edit(good, 10, good[10]+1)), // header checksum
		carry(s, good[:99]), carry(s, good6[:99]), carry(s, good[:19]), carry(s, good6[:39]),
		carry(s, edit(good, 0, 0x44)), carry(s, edit(good, 0, 0x55)),
		L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x0057}.Bytes(good), // IPv4 said to be IPv6
		L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x0021}.Bytes(good6),
		L2TP{TunnelID: s.TunnelID, SessionID: s.SessionID, Protocol: 0x0021}.Bytes(nil),
		append([]byte{0, 2}, id...),                        // nothing at all
		append(append([]byte{0, 2}, id...), 0xff, 3, 0, 0), // no PPP protocol is even
	}
	for _, b := range inner {
		k.Up(k.Peer, b)
	}
	k.wantCore("inner")
	k.wantTotals("inner", forward.Totals{Malformed: uint64(len(headers) + len(inner))})
	k.wantCounters("inner", s, forward.Counters{Dropped: uint64(len(inner))})
}

// A packet that dies here by its TTL is counted; the kernel, or whoever routes,
// answers it. One for ourselves does not die.
func ttl(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	four := IP{From: s.IPv4, To: core4(), TTL: 1}.Bytes()
	six := IP{From: inside(s), To: core6(), TTL: 1}.Bytes()
	own := IP{From: s.IPv4, To: Instance().Addresses[0].Addr(), TTL: 1}.Bytes()
	two := IP{From: s.IPv4, To: core4(), TTL: 2}.Bytes()
	for _, ip := range [][]byte{four, six, own, two} {
		k.up(s, ip)
	}
	o := k.Settle()
	if len(o.Core) != 4 {
		k.Errorf("%d packets reached the kernel, want 4", len(o.Core))
	}
	if got := k.Plane.Totals().TTLExpired; got != 2 {
		k.Errorf("%d expired, want 2", got)
	}
}

// A subscriber's SYN never offers more than its link carries.
func mss(k *kit) {
	s := k.subscriber(1)
	s.MTU = 1400
	k.install(s)
	clamped := uint64(0)
	for _, odd := range []bool{false, true} {
		for _, six := range []bool{false, true} {
			here, there, want := s.IPv4, core4(), uint16(1360)
			if six {
				here, there, want = inside(s), core6(), 1340
			}
			k.up(s, IP{From: here, To: there, TCP: SYN(1460, odd)}.Bytes())
			up := k.Settle()
			if len(up.Core) != 1 {
				k.Fatalf("%d packets at the core, want 1", len(up.Core))
			}
			checkSYN(k.T, up.Core[0], IP{From: here, To: there, TCP: SYN(want, odd)}.Bytes())
			k.Down(IP{From: there, To: here, TCP: SYN(1460, odd)}.Bytes())
			down := k.Settle()
			if len(down.Sent) != 1 {
				k.Fatalf("%d datagrams sent, want 1", len(down.Sent))
			}
			checkSYN(k.T, down.Sent[0].Data[10:], IP{From: there, To: here, TCP: SYN(want, odd)}.Bytes())
			clamped += 2
		}
	}
	k.wantTotals("clamped", forward.Totals{MSSClamped: clamped})
}

func checkSYN(t *testing.T, got, want []byte) {
	t.Helper()
	if string(got) != string(want) {
		t.Fatalf("SYN:\n got %x\nwant %x", got, want)
	}
	if s := TransportSum(got); s != 0xffff {
		t.Fatalf("TCP checksum is wrong: sum %#x", s)
	}
}

// What is no SYN, has no such option, fits anyway or is cut short stays as it is.
func mssLeftAlone(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	var want [][]byte
	for _, tcp := range [][]byte{
		SYN(1452, false), SYN(536, true), // fits
		TCPHeader(0x10, []byte{2, 4, 0xff, 0xff}), // no SYN
		TCPHeader(0x02, nil),                      // no option
		TCPHeader(0x02, []byte{0, 2, 4, 0xff}),    // behind the end of options
		TCPHeader(0x02, []byte{3, 0, 2, 4}),       // option of length 0
		TCPHeader(0x02, []byte{8, 40, 2, 4}),      // option beyond the header
		TCPHeader(0x02, []byte{1, 1, 1, 2}),       // kind without a length
		TCPHeader(0x02, []byte{2, 3, 0xff, 1}),    // wrong length
		SYN(1460, false)[:14],                     // cut before the option
	} {
		want = append(want, IP{From: s.IPv4, To: core4(), TCP: append(tcp, make([]byte, max(0, 18-len(tcp)))...)}.Bytes())
	}
	for _, ip := range want {
		k.up(s, ip)
	}
	k.wantCore("left alone", want...)
	k.wantTotals("left alone", forward.Totals{})
}
