// SPDX-License-Identifier: Apache-2.0

package police_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"holdfast/internal/police"
	"holdfast/internal/police/policetest"
	"holdfast/l2tp/wire"
	ppp "holdfast/ppp/wire"
)

// A short packet of each type is what it was made as, and no prefix of it is
// read beyond its end.
func TestClassifyEachType(t *testing.T) {
	for _, want := range append(police.Types(), police.None) {
		b := policetest.Octets(want, 1, 2)
		if b == nil {
			if g := want.Group(); !want.IsAggregate() && g != police.GroupRADIUS {
				t.Errorf("no octets for %v", want)
			}
			continue
		}
		if got := police.Classify(b); got != want {
			t.Errorf("%x is %v, want %v", b, got, want)
		}
		for n := range b {
			police.Classify(b[:n:n])
		}
	}
}

// Data messages come in 16 forms of header; PPP with and without address and
// control, and with a protocol field of one or two octets.
func TestClassifyAllDataForms(t *testing.T) {
	frames := map[string]police.Type{
		"ff03c021 09010008 00000000": police.EchoRequest, "c021 0a010008 00000000": police.EchoReply, "c021 01010004": police.LCP,
		"c021": police.LCP, "c023 0101": police.Authentication, "ff03 c223 0101": police.Authentication, "8021 0101": police.IPCP,
		"8057 0101": police.IPV6CP, "80fd 0101": police.PPPUnclassified, "ff03 0021 45": police.None, "21 45": police.None,
		"ff03 57 60": police.None, "2d 00": police.PPPUnclassified, "ff03": police.BadPacket, "": police.BadPacket, "c0": police.BadPacket,
	}
	for text, want := range frames {
		frame, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		for form := range 16 {
			h := wire.DataHeader{
				TunnelID: 1, SessionID: 2, HasLength: form&1 != 0, Sequenced: form&2 != 0, HasOffset: form&4 != 0, Priority: form&8 != 0,
			}
			if h.HasOffset {
				h.OffsetSize = 3
			}
			b := append(wire.AppendDataHeader(nil, h, len(frame)), frame...)
			if got := police.Classify(b); got != want {
				t.Errorf("frame %q behind %+v: %v, want %v", text, h, got, want)
			}
		}
	}
}

// The first AVP is the Message Type, or nothing that follows can be trusted.
func TestClassifyFirstAVP(t *testing.T) {
	for text, want := range map[string]police.Type{
		"8008 0000 0000 0006": police.Hello, "0008 0000 0000 0006": police.Hello, "8008 0000 0000 0007": police.L2TPUnclassified,
		"8008 0000 0000 ffff": police.L2TPUnclassified, "8008 0000 0000 0000": police.L2TPUnclassified,
		"c008 0000 0000 0006": police.BadPacket, // hidden
		"8408 0000 0000 0006": police.BadPacket, // a reserved bit
		"8008 0009 0000 0006": police.BadPacket, // a vendor's
		"8008 0000 0007 0006": police.BadPacket, // another attribute
		"8007 0000 0000 0006": police.BadPacket,
		"8008 0000 0000 00":   police.BadPacket,
	} {
		avp, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		b := append(wire.AppendControlHeader(nil, wire.ControlHeader{TunnelID: 1}), avp...)
		wire.SetLength(b)
		if got := police.Classify(b); got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
}

// Whatever comes, the answer agrees with the full decoders: what they accept is
// no bad packet and has their type, and nothing reads beyond the end.
func FuzzClassify(f *testing.F) {
	for _, t := range append(police.Types(), police.None) {
		f.Add(policetest.Octets(t, 1, 2))
	}
	f.Add([]byte{0x4a, 2, 0, 24, 0, 1, 0, 2, 0, 0, 0, 0, 0, 2, 0, 0, 0xc0, 0x21, 9, 1, 0, 4, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		got := police.Classify(b[:len(b):len(b)])
		if wire.IsControl(b) {
			_, avps, err := wire.ParseControlHeader(b)
			if (err == nil && len(avps) == 0) != (got == police.ZLB) {
				t.Fatalf("%x is %v", b, got)
			}
			a, _, avpErr := wire.ParseAVP(avps)
			first := err == nil && avpErr == nil && a.Vendor == 0 && a.Type == 0 && len(a.Value) == 2 && !a.Hidden && !a.Reserved
			if first != (got != police.BadPacket && got != police.ZLB) || got.Known() && got.Group() != police.GroupL2TP || got == police.None {
				t.Fatalf("%x is %v, first AVP %+v", b, got, a)
			}
			return
		}
		_, frame, err := wire.ParseDataHeader(b)
		p, _, ok := ppp.ParseFrame(frame)
		if readable := err == nil && ok; readable != (got != police.BadPacket) || (got == police.None) != (readable && (p == ppp.ProtoIPv4 || p == ppp.ProtoIPv6)) {
			t.Fatalf("%x is %v", b, got)
		}
	})
}
