// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"testing"
)

// Packets both ways. "Octets outside the range of the Length field are treated as
// padding and are ignored on reception." RFC 1661 §5
func TestPacket(t *testing.T) {
	for _, tt := range []struct {
		b    []byte
		want Packet
		err  error
	}{
		{[]byte{9, 7, 0, 8, 1, 2, 3, 4}, Packet{EchoRequest, 7, []byte{1, 2, 3, 4}}, nil},
		{[]byte{5, 1, 0, 4}, Packet{TerminateRequest, 1, nil}, nil},
		{[]byte{5, 1, 0, 4, 0, 0}, Packet{TerminateRequest, 1, nil}, nil},
		{[]byte{5, 1, 0}, Packet{}, ErrShort},
		{nil, Packet{}, ErrShort},
		{[]byte{5, 1, 0, 3}, Packet{}, ErrLength},
		{[]byte{5, 1, 0, 5}, Packet{}, ErrLength},
	} {
		p, err := ParsePacket(tt.b)
		if p.Code != tt.want.Code || p.ID != tt.want.ID || !bytes.Equal(p.Data, tt.want.Data) || !errors.Is(err, tt.err) {
			t.Errorf("%x: %+v, %v", tt.b, p, err)
		}
		if err != nil {
			continue
		}
		if again := AppendPacket(nil, p); !bytes.Equal(again, tt.b[:len(again)]) {
			t.Errorf("%x is written as %x", tt.b, again)
		}
	}
}

// Parsing never panics, and what was parsed is written as it was read.
func FuzzPacket(f *testing.F) {
	f.Add([]byte{1, 1, 0, 8, 1, 4, 5, 0xdc})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePacket(b)
		if err != nil {
			return
		}
		if again := AppendPacket(nil, p); !bytes.Equal(again, b[:len(again)]) {
			t.Fatalf("%x is written as %x", b, again)
		}
	})
}
