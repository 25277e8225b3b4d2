// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

// An ICMP echo request whose octets and checksums were computed by another program.
func TestProbeOctets(t *testing.T) {
	got := appendProbe(nil, netip.MustParseAddr("192.0.2.1"), netip.MustParseAddrPort("192.0.2.2:0"), 52, probe{line: 1, sequence: 2, sentAt: 3})
	want, _ := hex.DecodeString("45000034" + "00004000" + "4001b6c5" + "c0000201" + "c0000202" +
		"0800" + "5c5d" + "0001" + "0001" + "48465354" + "00000001" + "0000000000000002" + "0000000000000003")
	if !bytes.Equal(got, want) {
		t.Fatalf("got  %x\nwant %x", got, want)
	}
}

// A probe that comes back turned round is recognised whole; any single bit that
// is changed is noticed, wherever it is.
func TestProbeNoticesEveryBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dst := rapid.SampledFrom(targets).Draw(t, "to")
		src := netip.MustParseAddr("100.64.0.9")
		if dst.Addr().Is6() {
			src = netip.MustParseAddr("2001:db8:100::9")
		}
		size := rapid.IntRange(sizeMin, sizeMax).Draw(t, "size")
		sent := probe{line: rapid.Uint32().Draw(t, "line"), sequence: rapid.Uint64().Draw(t, "sequence"), sentAt: 5}
		ip := replyTo(appendProbe(nil, src, dst, size, sent))
		if p, intact, ok := parseProbe(ip); !ok || !intact || p != sent || len(ip) != size {
			t.Fatalf("%+v intact %v ok %v, %d octets; sent %+v, %d octets", p, intact, ok, len(ip), sent, size)
		}
		bit := rapid.IntRange(0, len(ip)*8-1).Draw(t, "bit")
		if ip[0]>>4 == 6 && bit < 8*8 && !(bit >= 4*8 && bit < 7*8) {
			return // class, flow label and hop limit: no checksum covers them
		}
		ip[bit/8] ^= 1 << (bit % 8)
		if _, intact, ok := parseProbe(ip); ok && intact {
			t.Fatalf("bit %d was changed and nothing noticed", bit)
		}
	})
}

// replyTo turns a probe round as the far end does.
func replyTo(ip []byte) []byte {
	src, dst, off := ip[12:16], ip[16:20], 20
	if ip[0]>>4 == 6 {
		src, dst, off = ip[8:24], ip[24:40], 40
	}
	keep := bytes.Clone(src)
	copy(src, dst)
	copy(dst, keep)
	switch protocolIn(ip) {
	case protoUDP:
		ip[off], ip[off+1], ip[off+2], ip[off+3], ip[off+6], ip[off+7] = ip[off+2], ip[off+3], ip[off], ip[off+1], 0, 0
	case protoICMP:
		ip[off], ip[off+2], ip[off+3] = echoReply4, 0, 0
	case protoICMPv6:
		ip[off], ip[off+2], ip[off+3] = echoReply6, 0, 0
	}
	seal(ip, off)
	return ip
}

// Whatever comes through a tunnel must not bring the emulator down.
func FuzzParseInnerPacket(f *testing.F) {
	for _, to := range targets[:2] {
		f.Add(replyTo(appendProbe(nil, netip.MustParseAddr("100.64.0.9"), to, sizeMin, probe{})))
	}
	f.Add(advertisement(3))
	f.Add(appendSolicitation(nil, 5))
	f.Fuzz(func(t *testing.T, ip []byte) {
		if _, intact, ok := parseProbe(ip); intact && !ok {
			t.Error("intact, and no probe")
		}
		parseAdvertisement(ip)
	})
}

// The prefix of a Router Advertisement is found, and only in a valid one.
func TestAdvertisementGivesItsPrefix(t *testing.T) {
	ra := advertisement(0x0102)
	if p, ok := parseAdvertisement(ra); !ok || p != 0x20010db8_00000102 {
		t.Fatalf("%x %v", p, ok)
	}
	for name, change := range map[string]func(b []byte){
		"hop limit":       func(b []byte) { b[7] = 64 },
		"checksum":        func(b []byte) { b[42]++ },
		"not autonomous":  func(b []byte) { b[40+16+3] = 0; reseal(b) },
		"length 0":        func(b []byte) { b[40+16+1] = 0; reseal(b) },
		"not 64 bits":     func(b []byte) { b[40+16+2] = 63; reseal(b) },
		"option too long": func(b []byte) { b[40+16+1] = 5; reseal(b) },
	} {
		b := bytes.Clone(ra)
		change(b)
		if p, ok := parseAdvertisement(b); ok {
			t.Errorf("%s: prefix %x taken", name, p)
		}
	}
}

func reseal(ip []byte) {
	ip[42], ip[43] = 0, 0
	seal(ip, 40)
}
