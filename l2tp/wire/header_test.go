// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// The control header, RFC 2661 §3.1: T, L and S are 1, O and P are 0, Ver is 2;
// reserved bits are ignored, octets after the message too.
func TestControlHeader(t *testing.T) {
	for _, c := range []struct {
		name    string
		b       string
		want    ControlHeader
		payload string
		err     error
	}{
		{"ZLB", "c802 000c 0001 0002 0003 0004", ControlHeader{1, 2, 3, 4}, "", nil},
		{"payload", "c802 000e 0001 0002 0003 0004 aabb", ControlHeader{1, 2, 3, 4}, "aabb", nil},
		{"octets behind", "c802 000d 0001 0002 0003 0004 aabb", ControlHeader{1, 2, 3, 4}, "aa", nil},
		{"reserved bits", "fcf2 000c 0001 0002 0003 0004", ControlHeader{1, 2, 3, 4}, "", nil},
		{"no L", "8802 000c 0001 0002 0003 0004", ControlHeader{}, "", ErrHeader},
		{"no S", "c002 000c 0001 0002 0003 0004", ControlHeader{}, "", ErrHeader},
		{"O", "ca02 000c 0001 0002 0003 0004", ControlHeader{}, "", ErrHeader},
		{"P", "c902 000c 0001 0002 0003 0004", ControlHeader{}, "", ErrHeader},
		{"L2F", "c801 000c 0001 0002 0003 0004", ControlHeader{}, "", ErrVersion},
		{"version 3", "c803 000c 0001 0002 0003 0004", ControlHeader{}, "", ErrVersion},
		{"Length beyond", "c802 000d 0001 0002 0003 0004", ControlHeader{}, "", ErrShort},
		{"Length too small", "c802 000b 0001 0002 0003 0004", ControlHeader{}, "", ErrShort},
		{"cut", "c802 000c 0001 0002 0003 00", ControlHeader{}, "", ErrShort},
		{"empty", "", ControlHeader{}, "", ErrShort},
	} {
		h, payload, err := ParseControlHeader(unhex(c.b))
		if !errors.Is(err, c.err) || err == nil && (h != c.want || !bytes.Equal(payload, unhex(c.payload))) {
			t.Errorf("%s: %+v %x %v", c.name, h, payload, err)
		}
	}
	b := AppendControlHeader([]byte{9}, ControlHeader{1, 2, 3, 4})[1:]
	if !bytes.Equal(b, unhex("c802 000c 0001 0002 0003 0004")) {
		t.Errorf("appended %x", b)
	}
	b = append(b, 0xaa)
	SetLength(b)
	SetSequence(b, 5, 6)
	SetTunnelID(b, 7)
	if !bytes.Equal(b, unhex("c802 000d 0007 0002 0005 0006 aa")) {
		t.Errorf("patched %x", b)
	}
	if !IsControl(b) || IsControl(nil) || IsControl([]byte{0, 2}) {
		t.Error("IsControl")
	}
}

// The data header in its 16 forms, with the octets written out.
func TestDataHeaderForms(t *testing.T) {
	for _, c := range []struct {
		b string
		h DataHeader
	}{
		{"0002 0001 0002 ff", DataHeader{TunnelID: 1, SessionID: 2}},
		{"4002 0009 0001 0002 ff", DataHeader{TunnelID: 1, SessionID: 2, HasLength: true}},
		{"0802 0001 0002 0003 0000 ff", DataHeader{TunnelID: 1, SessionID: 2, Sequenced: true, Ns: 3}},
		{"4802 000d 0001 0002 0003 0000 ff", DataHeader{TunnelID: 1, SessionID: 2, HasLength: true, Sequenced: true, Ns: 3}},
		{"0202 0001 0002 0002 0000 ff", DataHeader{TunnelID: 1, SessionID: 2, HasOffset: true, OffsetSize: 2}},
		{"4202 000b 0001 0002 0000 ff", DataHeader{TunnelID: 1, SessionID: 2, HasLength: true, HasOffset: true}},
		{"0a02 0001 0002 0003 0000 0001 00 ff", DataHeader{TunnelID: 1, SessionID: 2, Sequenced: true, Ns: 3, HasOffset: true, OffsetSize: 1}},
		{
			"4a02 0010 0001 0002 0003 0000 0001 00 ff",
			DataHeader{TunnelID: 1, SessionID: 2, HasLength: true, Sequenced: true, Ns: 3, HasOffset: true, OffsetSize: 1},
		},
	} {
		for _, priority := range []bool{false, true} {
			b := unhex(c.b)
			if c.h.Priority = priority; priority {
				b[0] |= 1
			}
			h, payload, err := ParseDataHeader(b)
			if err != nil || h != c.h || !bytes.Equal(payload, []byte{0xff}) {
				t.Errorf("%x: %+v %x %v, want %+v", b, h, payload, err, c.h)
			}
			if got := append(AppendDataHeader(nil, c.h, 1), 0xff); !bytes.Equal(got, b) {
				t.Errorf("%+v: %x, want %x", c.h, got, b)
			}
			for cut := range b {
				if _, payload, err := ParseDataHeader(b[:cut]); err == nil && (h.HasLength || cut < len(b)-1 || len(payload) != 0) {
					t.Errorf("%x: the first %d octets are a message", b, cut)
				}
			}
		}
	}
}

func TestDataHeaderOdd(t *testing.T) {
	for _, c := range []struct {
		name, b, payload string
		err              error
	}{
		{"octets behind Length", "4002 0009 0001 0002 aa bbcc", "aa", nil},
		{"no payload", "0002 0001 0002", "", nil},
		{"reserved bits", "34f2 0001 0002 aa", "aa", nil},
		{"Nr is ignored", "0802 0001 0002 0003 9999 aa", "aa", nil},
		{"Length beyond", "4002 000a 0001 0002 aa", "", ErrShort},
		{"Length in the header", "4002 0007 0001 0002 aa", "", ErrShort},
		{"offset beyond", "0202 0001 0002 0002 00", "", ErrShort},
		{"offset beyond Length", "4202 000a 0001 0002 0001 00", "", ErrShort},
		{"version 1", "0001 0001 0002 aa", "", ErrVersion},
		{"control", "8002 0001 0002 aa", "", ErrHeader},
		{"nothing", "", "", ErrShort},
	} {
		_, payload, err := ParseDataHeader(unhex(c.b))
		if !errors.Is(err, c.err) || !bytes.Equal(payload, unhex(c.payload)) {
			t.Errorf("%s: %x %v", c.name, payload, err)
		}
	}
}

func FuzzDataHeader(f *testing.F) {
	f.Add(unhex("4a02 0010 0001 0002 0003 0000 0001 00 ff"))
	f.Add(unhex("0002 0001 0002 ff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, payload, err := ParseDataHeader(b)
		if err != nil {
			return
		}
		h2, payload2, err := ParseDataHeader(append(AppendDataHeader(nil, h, len(payload)), payload...))
		if err != nil || h2 != h || !bytes.Equal(payload, payload2) {
			t.Fatalf("%+v %x, again %+v %x %v", h, payload, h2, payload2, err)
		}
	})
}
