// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"testing"
)

// Frames with and without Address and Control, with one and two octets of Protocol.
//
// "When negotiated, PPP implementations MUST accept PPP packets with either
// double-octet or single-octet Protocol fields, and MUST NOT distinguish between
// them." RFC 1661 §6.5
func TestParseFrame(t *testing.T) {
	for _, tt := range []struct {
		frame []byte
		p     Protocol
		info  []byte
		ok    bool
	}{
		{[]byte{0xff, 0x03, 0xc0, 0x21, 1, 2}, ProtoLCP, []byte{1, 2}, true},
		{[]byte{0xc0, 0x21, 1, 2}, ProtoLCP, []byte{1, 2}, true},
		{[]byte{0xff, 0x03, 0x00, 0x21, 0x45}, ProtoIPv4, []byte{0x45}, true},
		{[]byte{0x00, 0x21, 0x45}, ProtoIPv4, []byte{0x45}, true},
		{[]byte{0xff, 0x03, 0x21, 0x45}, ProtoIPv4, []byte{0x45}, true},
		{[]byte{0x21, 0x45}, ProtoIPv4, []byte{0x45}, true},
		{[]byte{0x57}, ProtoIPv6, nil, true},
		{[]byte{0x80, 0xfd}, ProtoCCP, nil, true},
		{[]byte{0xc0, 0x24, 9}, 0xc024, []byte{9}, true}, // even: no such protocol
		{[]byte{0xff, 0x03}, 0, nil, false},
		{[]byte{0xff, 0x03, 0xc0}, 0, nil, false},
		{[]byte{0xc0}, 0, nil, false},
		{[]byte{0xff}, 0xff, nil, true},
		{nil, 0, nil, false},
	} {
		p, info, ok := ParseFrame(tt.frame)
		if p != tt.p || !bytes.Equal(info, tt.info) || ok != tt.ok {
			t.Errorf("%x: %v %x %v, want %v %x %v", tt.frame, p, info, ok, tt.p, tt.info, tt.ok)
		}
	}
	if got := AppendHeader([]byte{9}, ProtoIPCP); !bytes.Equal(got, []byte{9, 0xff, 0x03, 0x80, 0x21}) {
		t.Errorf("AppendHeader: %x", got)
	}
}

// Protocols and codes have names, unknown ones numbers.
func TestNames(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{ProtoLCP.String(), "LCP"}, {ProtoIPCP.String(), "IPCP"}, {ProtoIPV6CP.String(), "IPV6CP"},
		{ProtoCCP.String(), "CCP"}, {ProtoPAP.String(), "PAP"}, {ProtoCHAP.String(), "CHAP"},
		{ProtoIPv4.String(), "IPv4"}, {ProtoIPv6.String(), "IPv6"}, {Protocol(0x281).String(), "0x0281"},
		{ConfigureRequest.String(), "Configure-Request"}, {TimeRemaining.String(), "Time-Remaining"},
		{Code(0).String(), "code 0"}, {Code(14).String(), "code 14"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

// A frame that is written and read again is the same, however it is compressed.
func FuzzFrame(f *testing.F) {
	f.Add([]byte{0xff, 0x03, 0xc0, 0x21, 1, 1, 0, 4})
	f.Add([]byte{0x21, 0x45, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, info, ok := ParseFrame(b)
		if !ok {
			return
		}
		again, same, ok := ParseFrame(append(AppendHeader(nil, p), info...))
		// A one-octet number comes back as two octets, of which the first is zero.
		if !ok || again != p || !bytes.Equal(same, info) {
			t.Fatalf("%x: %v %x, then %v %x", b, p, info, again, same)
		}
	})
}
