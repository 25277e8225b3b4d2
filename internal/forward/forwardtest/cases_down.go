// SPDX-License-Identifier: Apache-2.0

package forwardtest

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"holdfast/internal/forward"
)

// A packet from the core leaves in the forms that the peer takes.
func encapsulation(k *kit) {
	for n, form := range []struct {
		pfc, acfc bool
		four, six []byte // PPP header
	}{
		{false, false, []byte{0xff, 3, 0, 0x21}, []byte{0xff, 3, 0, 0x57}},
		{false, true, []byte{0, 0x21}, []byte{0, 0x57}},
		{true, false, []byte{0xff, 3, 0x21}, []byte{0xff, 3, 0x57}},
		{true, true, []byte{0x21}, []byte{0x57}},
	} {
		s := k.subscriber(n)
		s.PFC, s.ACFC = form.pfc, form.acfc
		s.Routes = []netip.Prefix{netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(n << 6)}), 26)}
		k.install(s)
		header := []byte{0, 2, 0, 71}
		header = binary.BigEndian.AppendUint16(header, s.PeerSessionID)
		var want [][]byte
		bytes := 0
		for _, to := range []netip.Addr{s.IPv4, inside(s), s.Routes[0].Addr().Next()} {
			from, ppp := core4(), form.four
			if to.Is6() {
				from, ppp = core6(), form.six
			}
			ip := IP{From: from, To: to, Size: 1492 - n}.Bytes()
			k.Down(ip)
			want = append(want, slices.Concat(header, ppp, ip))
			bytes += len(ip)
		}
		k.wantSent("encapsulated", want...)
		k.wantCounters("encapsulated", s, forward.Counters{DownPackets: 3, DownBytes: uint64(bytes)})
	}
	k.wantTotals("nothing else happened", forward.Totals{})
}

// No session has the address: it is counted, and nobody is bothered.
func noRoute(k *kit) {
	s := k.subscriber(1)
	k.install(s)
	k.Down(IP{From: core4(), To: addr("100.64.200.200")}.Bytes())
	k.Down(IP{From: core6(), To: addr("2001:db8:1ff::1")}.Bytes())
	k.wantSent("no route")
	k.wantTotals("no route", forward.Totals{NoRoute: 2})
}

// A packet that must not be cut and does not fit: its sender learns the size.
func tooBig(k *kit) {
	s := k.subscriber(1)
	s.MTU = 1300
	k.install(s)
	four := IP{From: core4(), To: s.IPv4, Size: 1301, DF: true}.Bytes()
	k.Down(four)
	o := k.Settle()
	if len(o.Sent) != 0 || len(o.Core) != 1 {
		k.Fatalf("%d datagrams sent, %d packets at the core; want 0 and 1", len(o.Sent), len(o.Core))
	}
	e := o.Core[0]
	from, to := Instance().Addresses[0].Addr().As4(), core4().As4()
	switch {
	case len(e) != 576 || e[9] != 1 || Sum(e[:20]) != 0xffff || Sum(e[20:]) != 0xffff:
		k.Errorf("not a sound ICMP packet: %x", e)
	case [4]byte(e[12:16]) != from || [4]byte(e[16:20]) != to:
		k.Errorf("ICMP from %v to %v", e[12:16], e[16:20])
	case e[20] != 3 || e[21] != 4 || binary.BigEndian.Uint16(e[26:]) != 1300:
		k.Errorf("not Fragmentation Needed with MTU 1300: %x", e[20:28])
	case !slices.Equal(e[28:], four[:548]):
		k.Errorf("quotes another packet")
	}

	six := IP{From: core6(), To: inside(s), Size: 1301}.Bytes()
	k.Down(six)
	o = k.Settle()
	if len(o.Sent) != 0 || len(o.Core) != 1 {
		k.Fatalf("IPv6: %d datagrams sent, %d packets at the core; want 0 and 1", len(o.Sent), len(o.Core))
	}
	e = o.Core[0]
	switch {
	case len(e) != 1280 || e[6] != 58 || TransportSum(e) != 0xffff:
		k.Errorf("not a sound ICMPv6 packet: %x", e)
	case [16]byte(e[8:24]) != inside(s).As16() || [16]byte(e[24:40]) != core6().As16():
		k.Errorf("ICMPv6 from %x to %x", e[8:24], e[24:40])
	case e[40] != 2 || binary.BigEndian.Uint32(e[44:]) != 1300:
		k.Errorf("not Packet Too Big with MTU 1300: %x", e[40:48])
	case !slices.Equal(e[48:], six[:1232]):
		k.Errorf("quotes another packet")
	}
	k.wantCounters("too big", s, forward.Counters{TooBig: 2})
	k.wantTotals("too big", forward.Totals{ICMPSent: 2})
}

// "An ICMP error message MUST NOT be sent as the result of receiving: an ICMP
// error message ... or any fragment of a datagram other than the first
// fragment". RFC 1812 §4.3.2.7
func tooBigUnanswered(k *kit) {
	s := k.subscriber(1)
	s.MTU = 600
	k.install(s)
	icmp := make([]byte, 700)
	icmp[0] = 3
	later := IP{From: core4(), To: s.IPv4, Size: 700, DF: true}.Bytes()
	later[7] = 99 // fragment offset
	later[10], later[11] = 0, 0
	binary.BigEndian.PutUint16(later[10:], ^Sum(later[:20]))
	for _, ip := range [][]byte{
		IP{From: core4(), To: s.IPv4, DF: true, Protocol: 1, Payload: icmp}.Bytes(),
		IP{From: core6(), To: inside(s), Protocol: 58, Payload: icmp}.Bytes(),
		IP{From: addr("ff02::1"), To: inside(s), Size: 700}.Bytes(),
		later,
	} {
		k.Down(ip)
	}
	o := k.wantCore("unanswered")
	if len(o.Sent) != 0 {
		k.Errorf("%d datagrams sent, want none", len(o.Sent))
	}
	k.wantCounters("unanswered", s, forward.Counters{TooBig: 4})
	k.wantTotals("unanswered", forward.Totals{ICMPSuppressed: 4})
}

// An IPv4 packet without DF arrives in fragments that make it whole again, each
// within the MTU and with a right header.
func fragments(k *kit) {
	s := k.subscriber(1)
	s.MTU = 606 // no multiple of 8 above the header
	k.install(s)
	ip := IP{From: core4(), To: s.IPv4, Size: 1499, ID: 0x7788}.Bytes()
	k.Down(ip)
	o := k.Settle()
	if len(o.Sent) != 3 {
		k.Fatalf("%d fragments, want 3", len(o.Sent))
	}
	whole := make([]byte, len(ip)-20)
	total, bytes := 0, 0
	for i, d := range o.Sent {
		f := d.Data[10:]
		field := binary.BigEndian.Uint16(f[6:])
		at, more := int(field&0x1fff)*8, field&0x2000 != 0
		if len(f) > 606 || Sum(f[:20]) != 0xffff || int(binary.BigEndian.Uint16(f[2:])) != len(f) || more != (i < 2) {
			k.Errorf("fragment %d has no sound header: %x", i, f[:20])
		}
		if !slices.Equal(f[12:20], ip[12:20]) || !slices.Equal(f[4:6], ip[4:6]) || f[9] != ip[9] {
			k.Errorf("fragment %d belongs to another packet: %x", i, f[:20])
		}
		total += copy(whole[at:], f[20:])
		bytes += len(f)
	}
	if total != len(whole) || !slices.Equal(whole, ip[20:]) {
		k.Errorf("%d octets in fragments make another packet", total)
	}
	k.wantCounters("fragments", s, forward.Counters{DownPackets: 3, DownBytes: uint64(bytes)})
	k.wantTotals("fragments", forward.Totals{})
}
