// SPDX-License-Identifier: Apache-2.0

package frame_test

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"holdfast/internal/forward/forwardtest"
	"holdfast/internal/forward/frame"
)

// payload draws octets of which none is special.
func payload(t *rapid.T, least, most int) []byte {
	b := make([]byte, rapid.IntRange(least, most).Draw(t, "size"))
	seed := rapid.Uint64().Draw(t, "octets")
	for i := range b {
		seed = seed*6364136223846793005 + 1442695040888963407
		b[i] = byte(seed >> 56)
	}
	return b
}

// ParseHeader reads what an independent encoder wrote, in every form.
func TestParseHeader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bit := rapid.Bool()
		h := forwardtest.L2TP{
			TunnelID: rapid.Uint16().Draw(t, "tunnel"), SessionID: rapid.Uint16().Draw(t, "session"),
			L: bit.Draw(t, "L"), S: bit.Draw(t, "S"), O: bit.Draw(t, "O"), P: bit.Draw(t, "P"),
			Offset: rapid.IntRange(0, 40).Draw(t, "offset"), ACFC: bit.Draw(t, "ACFC"), PFC: bit.Draw(t, "PFC"),
			Protocol: rapid.SampledFrom([]uint16{0x21, 0x57}).Draw(t, "protocol"),
		}
		inner := payload(t, 0, 100)
		got, ppp, ok := frame.ParseHeader(h.Bytes(inner))
		if !ok || got != (frame.Header{Sequenced: h.S, TunnelID: h.TunnelID, SessionID: h.SessionID}) {
			t.Fatalf("%+v %v", got, ok)
		}
		protocol, rest, ok := frame.ParsePPP(ppp)
		if !ok || protocol != h.Protocol || !slices.Equal(rest, inner) {
			t.Fatalf("protocol %#x, %x, %v", protocol, rest, ok)
		}
	})
}

// What AppendHeader writes, ParseHeader and ParsePPP read.
func TestAppendHeader(t *testing.T) {
	for form := range 8 {
		e := frame.Encapsulation{TunnelID: 0x1234, SessionID: 0xfffe, PFC: form&1 != 0, ACFC: form&2 != 0}
		v6 := form&4 != 0
		b := frame.AppendHeader(nil, e, v6)
		h, ppp, ok := frame.ParseHeader(b)
		if !ok || h != (frame.Header{TunnelID: 0x1234, SessionID: 0xfffe}) || len(b) > frame.HeaderMax {
			t.Errorf("form %d: %+v %v", form, h, ok)
		}
		want := uint16(frame.ProtocolIPv4)
		if v6 {
			want = frame.ProtocolIPv6
		}
		if protocol, rest, ok := frame.ParsePPP(ppp); !ok || protocol != want || len(rest) != 0 {
			t.Errorf("form %d: protocol %#x, rest %x, %v", form, protocol, rest, ok)
		}
	}
}

// The sum by words of 64 bits is the sum by words of 16.
func TestChecksum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := payload(t, 0, 200)
		if rapid.Bool().Draw(t, "ones") { // carries everywhere
			for i := range b {
				b[i] = 0xff
			}
		}
		got, want := frame.Checksum(b), ^forwardtest.Sum(b)
		if got != want && got|want != 0xffff { // the two zeros of one's complement
			t.Fatalf("%#x, want %#x", got, want)
		}
	})
}

// A clamped SYN is the SYN that would have been built with the lower value, and
// a wrong checksum stays wrong.
func TestClampMSS(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := forwardtest.IP{From: netip.MustParseAddr("192.0.2.1"), To: netip.MustParseAddr("198.51.100.7")}
		overhead := uint16(40)
		if rapid.Bool().Draw(t, "IPv6") {
			p.From, p.To, overhead = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2"), 60
		}
		odd := rapid.Bool().Draw(t, "odd")
		old, mtu := rapid.Uint16().Draw(t, "MSS"), rapid.Uint16Range(576, 9000).Draw(t, "MTU")
		want := min(old, mtu-overhead)
		p.TCP = forwardtest.SYN(old, odd)
		ip := p.Bytes()
		p.TCP = forwardtest.SYN(want, odd)
		expect := p.Bytes()
		at := len(ip) - len(p.TCP) + 16 // of the checksum
		damage := rapid.Uint16().Draw(t, "damage")
		flip := func(b []byte) {
			binary.BigEndian.PutUint16(b[at:], forwardtest.Sum(append(slices.Clone(b[at:at+2]), byte(damage>>8), byte(damage))))
		}
		flip(ip)
		flip(expect)
		if changed := frame.ClampMSS(ip, int(mtu)); changed != (want != old) {
			t.Fatalf("changed: %v", changed)
		}
		got, right := binary.BigEndian.Uint16(ip[at:]), binary.BigEndian.Uint16(expect[at:])
		if got != right && got^right == 0xffff { // +0 and -0 are one sum
			copy(ip[at:], expect[at:at+2])
		}
		if !slices.Equal(ip, expect) {
			t.Fatalf("\n got %x\nwant %x", ip, expect)
		}
	})
}

// Fragments fit, carry the options that they must, and make the packet whole
// again; a fragment that is cut once more still has its place.
func TestFragments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := forwardtest.IP{From: netip.MustParseAddr("192.0.2.1"), To: netip.MustParseAddr("198.51.100.7"), Protocol: 17, Payload: payload(t, 1, 4000)}
		options := rapid.SampledFrom([][]byte{nil, {7, 3, 4, 0}, {0x94, 4, 0, 0}, {1, 0x94, 4, 0, 0, 7, 3, 4}, {0x94, 99, 0, 0}}).Draw(t, "options")
		plain := p.Bytes()
		ip := slices.Concat(plain[:20], options, plain[20:])
		ip[0] += byte(len(options) / 4)
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
		base := rapid.Uint16Range(0, 100).Draw(t, "offset")
		more := rapid.Bool().Draw(t, "more")
		field := base
		if more {
			field |= 0x2000
		}
		binary.BigEndian.PutUint16(ip[6:], field)
		mtu := rapid.IntRange(20+len(options)+8, 1500).Draw(t, "MTU")
		cut, ok := frame.NewFragments(ip, mtu)
		if !ok {
			t.Fatalf("MTU %d does not do", mtu)
		}
		data, whole := ip[20+len(options):], []byte{}
		for {
			f, ok := cut.Append(nil)
			if !ok {
				break
			}
			header := int(f[0]&15) * 4
			got := binary.BigEndian.Uint16(f[6:])
			if len(f) > mtu || forwardtest.Sum(f[:header]) != 0xffff || int(binary.BigEndian.Uint16(f[2:])) != len(f) {
				t.Fatalf("no sound fragment: %x", f)
			}
			if int(got&0x1fff)*8 != int(base)*8+len(whole) {
				t.Fatalf("offset %d after %d octets", got&0x1fff, len(whole))
			}
			whole = append(whole, f[header:]...)
			if last := len(whole) == len(data); (got&0x2000 != 0) != (!last || more) {
				t.Fatalf("MF in %#x is wrong", got)
			}
			if at := 20; header > 20 && len(whole) > len(f)-header && f[at]&0x80 == 0 && f[at] != 0 {
				t.Fatalf("option %d must not be copied", f[at])
			}
		}
		if !slices.Equal(whole, data) {
			t.Fatalf("%d octets of %d, or others", len(whole), len(data))
		}
	})
}

func TestFragmentsNeedRoom(t *testing.T) {
	ip := forwardtest.IP{From: netip.MustParseAddr("192.0.2.1"), To: netip.MustParseAddr("198.51.100.7")}.Bytes()
	if _, ok := frame.NewFragments(ip, 27); ok {
		t.Error("27 octets hold no fragment")
	}
}

// The packets of a super-packet are those that a host without offloads would
// have sent.
func TestSegments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tcp, six := rapid.Bool().Draw(t, "TCP"), rapid.Bool().Draw(t, "IPv6")
		data, size := payload(t, 1, 9000), rapid.IntRange(1, 2000).Draw(t, "size")
		flags := byte(rapid.IntRange(0, 255).Draw(t, "flags"))
		p := forwardtest.IP{From: netip.MustParseAddr("192.0.2.1"), To: netip.MustParseAddr("198.51.100.7"), ID: 0xfffe}
		v := frame.VNet{NeedsChecksum: true, GSO: frame.GSOUDP, GSOSize: uint16(size), ChecksumStart: 20, ChecksumOffset: 6}
		if six {
			p.From, p.To, v.ChecksumStart = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2"), 40
		}
		make := func(from, to int, first, last bool) []byte {
			q := p
			q.ID = p.ID + uint16(from/size)
			if !tcp {
				udp := append([]byte{0x9c, 0x40, 0, 9, 0, 0, 0, 0}, data[from:to]...)
				binary.BigEndian.PutUint16(udp[4:], uint16(len(udp)))
				q.Protocol, q.Payload = 17, udp
				ip := q.Bytes()
				at := len(ip) - len(udp) + 6
				if c := ^forwardtest.TransportSum(ip); c != 0 {
					binary.BigEndian.PutUint16(ip[at:], c)
				} else {
					ip[at], ip[at+1] = 0xff, 0xff
				}
				return ip
			}
			f := flags
			if !last {
				f &^= 0x09
			}
			if !first {
				f &^= 0x80
			}
			q.TCP = append(forwardtest.TCPHeader(f, []byte{1, 1, 1, 1})[:24], data[from:to]...)
			binary.BigEndian.PutUint32(q.TCP[4:], binary.BigEndian.Uint32(q.TCP[4:])+uint32(from))
			return q.Bytes()
		}
		if tcp {
			v.GSO, v.ChecksumOffset = frame.GSOTCPv4, 16
			if six {
				v.GSO = frame.GSOTCPv6
			}
		}
		super := make(0, len(data), true, true)
		cut, ok := frame.NewSegments(super, v)
		if !ok {
			t.Fatal("refused")
		}
		largest := 0
		for from := 0; from < len(data); from += size {
			to := min(from+size, len(data))
			got, ok := cut.Append(nil)
			if want := make(from, to, from == 0, to == len(data)); !ok || !slices.Equal(got, want) {
				t.Fatalf("octets %d to %d:\n got %x\nwant %x", from, to, got, want)
			}
			largest = max(largest, len(got))
		}
		if _, ok := cut.Append(nil); ok || cut.Largest() != largest {
			t.Fatalf("one more: %v; largest %d, want %d", ok, cut.Largest(), largest)
		}
	})
}

// A train of segments, cut again, is those segments; and whatever else is
// offered to it, what it takes comes out unchanged.
func TestTrain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tcp, six := rapid.Bool().Draw(t, "TCP"), rapid.Bool().Draw(t, "IPv6")
		size := rapid.IntRange(1, 900).Draw(t, "size")
		count := rapid.IntRange(2, 64).Draw(t, "count")
		last := rapid.IntRange(1, size).Draw(t, "last")
		odd := rapid.IntRange(-1, count-1).Draw(t, "odd one") // is changed; -1: none
		where := rapid.IntRange(0, 59).Draw(t, "where")
		seq := uint32(0xfffffff0)
		var offered [][]byte
		for i := range count {
			n := size
			if i == count-1 {
				n = last
			}
			p := forwardtest.IP{From: netip.MustParseAddr("192.0.2.1"), To: netip.MustParseAddr("198.51.100.7"), ID: uint16(0xfff0 + i)}
			if six {
				p.From, p.To = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
			}
			data := make([]byte, n)
			for j := range data {
				data[j] = byte(i*31 + j)
			}
			p.Size = n + 28
			if six {
				p.Size += 20
			}
			if tcp {
				p.TCP = append(forwardtest.TCPHeader(0x10, []byte{1, 1, 1, 1})[:24], data...)
				binary.BigEndian.PutUint32(p.TCP[4:], seq)
				seq += uint32(n)
			}
			ip := p.Bytes()
			if i == odd && where < len(ip) {
				ip[where] ^= 1 << (i % 8)
			}
			if ip, ok := frame.Trim(ip); ok && frame.IsIPv6(ip) == six {
				offered = append(offered, ip)
			}
		}
		var train frame.Train
		var given [][]byte
		flush := func() {
			v, super, ok := frame.ParseVNet(slices.Concat(train.Vectors()...))
			if !ok {
				t.Fatal("no virtio header")
			}
			if len(given) == 1 {
				if v != (frame.VNet{}) || !slices.Equal(super, given[0]) {
					t.Fatalf("a single packet was changed: %+v", v)
				}
				return
			}
			if _, sound := frame.Trim(super); !sound {
				t.Fatalf("unsound super-packet %x", super)
			}
			cut, ok := frame.NewSegments(super, v)
			if !ok {
				t.Fatalf("%+v does not describe its packet", v)
			}
			for i, want := range given {
				if got, ok := cut.Append(nil); !ok || !slices.Equal(got, want) {
					t.Fatalf("packet %d:\n got %x\nwant %x", i, got, want)
				}
			}
			if _, more := cut.Append(nil); more {
				t.Fatal("one more")
			}
		}
		trains := 0
		for _, ip := range offered {
			if len(given) > 0 && train.Same(ip) && train.Add(ip) {
				given = append(given, ip)
				continue
			}
			if len(given) > 0 {
				flush()
				given = nil
			}
			if train.Begin(ip) {
				trains++
				given = append(given, ip)
			}
		}
		if len(given) > 0 {
			flush()
		}
		if odd < 0 && trains != 1 {
			t.Fatalf("%d trains of %d packets that fit", trains, count)
		}
	})
}

// A header that does not fit the packet is refused.
func TestSegmentsRefused(t *testing.T) {
	ip := forwardtest.IP{From: netip.MustParseAddr("192.0.2.1"), To: netip.MustParseAddr("198.51.100.7"), TCP: forwardtest.TCPHeader(0x10, nil)}.Bytes()
	good := frame.VNet{GSO: frame.GSOTCPv4, GSOSize: 5}
	if _, ok := frame.NewSegments(ip, good); !ok {
		t.Fatal("the good one is refused")
	}
	for why, v := range map[string]frame.VNet{
		"no size": {GSO: frame.GSOTCPv4}, "IPv6": {GSO: frame.GSOTCPv6, GSOSize: 5},
		"UDP": {GSO: frame.GSOUDP, GSOSize: 5}, "unknown": {GSO: 99, GSOSize: 5},
	} {
		if _, ok := frame.NewSegments(ip, v); ok {
			t.Errorf("%s: accepted", why)
		}
	}
	ip[32] = 0x10 // data offset below the least
	if _, ok := frame.NewSegments(ip, good); ok {
		t.Error("data offset 4: accepted")
	}
}

// Complete does what the device would have done.
func TestComplete(t *testing.T) {
	want := forwardtest.IP{From: netip.MustParseAddr("192.0.2.1"), To: netip.MustParseAddr("198.51.100.7"), TCP: forwardtest.SYN(1460, true)}.Bytes()
	ip := slices.Clone(want)
	pseudo := forwardtest.Sum(slices.Concat(ip[12:20], []byte{0, 6, 0, byte(len(ip) - 20)}))
	binary.BigEndian.PutUint16(ip[36:], pseudo)
	if !frame.Complete(ip, 20, 16) || !slices.Equal(ip, want) {
		t.Errorf("\n got %x\nwant %x", ip, want)
	}
	for _, bad := range [][2]int{{0, 16}, {20, len(ip)}, {len(ip), 0}, {20, -1}} {
		if frame.Complete(ip, bad[0], bad[1]) {
			t.Errorf("start %d offset %d: accepted", bad[0], bad[1])
		}
	}
}

// The virtio header survives the round trip.
func TestVNet(t *testing.T) {
	want := frame.VNet{NeedsChecksum: true, GSO: frame.GSOTCPv6, ECN: true, HeaderLength: 72, GSOSize: 1440, ChecksumStart: 40, ChecksumOffset: 16}
	got, rest, ok := frame.ParseVNet(append(frame.AppendVNet(nil, want), 1, 2))
	if !ok || got != want || !slices.Equal(rest, []byte{1, 2}) {
		t.Errorf("%+v %x %v", got, rest, ok)
	}
	if _, _, ok := frame.ParseVNet(make([]byte, 9)); ok {
		t.Error("9 octets are no header")
	}
}

// No octets from outside make anything here fail, and what comes out is sound.
func FuzzUp(f *testing.F) {
	four := forwardtest.IP{From: netip.MustParseAddr("192.0.2.1"), To: netip.MustParseAddr("198.51.100.7"), TCP: forwardtest.SYN(1460, true)}.Bytes()
	six := forwardtest.IP{From: netip.MustParseAddr("2001:db8::1"), To: netip.MustParseAddr("2001:db8::2")}.Bytes()
	f.Add(forwardtest.L2TP{L: true, S: true, O: true, Offset: 3, Protocol: 0x21}.Bytes(four), uint16(600))
	f.Add(forwardtest.L2TP{ACFC: true, PFC: true, Protocol: 0x57}.Bytes(six), uint16(60))
	f.Fuzz(func(t *testing.T, b []byte, mtu uint16) {
		_, ppp, ok := frame.ParseHeader(b)
		if !ok {
			return
		}
		_, ip, ok := frame.ParsePPP(ppp)
		if !ok {
			return
		}
		if ip, ok = frame.Trim(ip); !ok {
			return
		}
		frame.TTL(ip)
		frame.ClampMSS(ip, int(mtu))
		if e, ok := frame.AppendTooBig(nil, ip, netip.Addr{}, int(mtu)); ok {
			if _, ok := frame.Trim(e); !ok || len(e) > 1280 {
				t.Fatalf("unsound error %x", e)
			}
		}
		if !frame.MayFragment(ip) {
			return
		}
		if cut, ok := frame.NewFragments(ip, int(mtu)); ok {
			for {
				p, ok := cut.Append(nil)
				if !ok {
					break
				}
				if _, sound := frame.TrimIPv4(p); !sound || len(p) > max(int(mtu), len(ip)) {
					t.Fatalf("unsound fragment %x", p)
				}
			}
		}
	})
}

// Nor what a device says of its packets.
func FuzzDown(f *testing.F) {
	four := forwardtest.IP{From: netip.MustParseAddr("192.0.2.1"), To: netip.MustParseAddr("198.51.100.7"), TCP: forwardtest.TCPHeader(0x18, nil)}.Bytes()
	f.Add(append(frame.AppendVNet(nil, frame.VNet{NeedsChecksum: true, GSO: frame.GSOTCPv4, GSOSize: 3, ChecksumStart: 20, ChecksumOffset: 16}), four...))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, ip, ok := frame.ParseVNet(b)
		if !ok {
			return
		}
		if ip, ok = frame.Trim(ip); !ok {
			return
		}
		frame.Complete(slices.Clone(ip), int(v.ChecksumStart), int(v.ChecksumOffset))
		cut, ok := frame.NewSegments(ip, v)
		if !ok {
			return
		}
		for {
			p, ok := cut.Append(nil)
			if !ok {
				return
			}
			if _, sound := frame.Trim(p); !sound || len(p) > cut.Largest() {
				t.Fatalf("unsound segment %x", p)
			}
		}
	})
}
