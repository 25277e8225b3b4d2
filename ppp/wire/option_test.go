// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"testing"
)

// Options both ways, with their values.
func TestOption(t *testing.T) {
	b := AppendOption16(nil, OptionMRU, 1492)
	b = AppendOption32(b, OptionMagic, 0xdeadbeef)
	b = AppendOption64(b, OptionInterfaceID, 0x0102030405060708)
	b = AppendOption(b, OptionPFC)
	want := []byte{1, 4, 5, 0xd4, 5, 6, 0xde, 0xad, 0xbe, 0xef, 1, 10, 1, 2, 3, 4, 5, 6, 7, 8, 7, 2}
	if !bytes.Equal(b, want) || !ValidOptions(b) {
		t.Fatalf("%x, want %x", b, want)
	}
	o, rest, err := ParseOption(b)
	if v, ok := o.Uint16(); err != nil || o.Type != OptionMRU || v != 1492 || !ok {
		t.Errorf("%+v, %v", o, err)
	}
	if _, ok := o.Uint32(); ok {
		t.Error("two octets were read as four")
	}
	o, rest, err = ParseOption(rest)
	if v, ok := o.Uint32(); err != nil || o.Type != OptionMagic || v != 0xdeadbeef || !ok {
		t.Errorf("%+v, %v", o, err)
	}
	if _, ok := o.Uint64(); ok {
		t.Error("four octets were read as eight")
	}
	o, rest, err = ParseOption(rest)
	if v, ok := o.Uint64(); err != nil || v != 0x0102030405060708 || !ok {
		t.Errorf("%+v, %v", o, err)
	}
	if _, ok := o.Uint16(); ok {
		t.Error("eight octets were read as two")
	}
	if o, rest, err = ParseOption(rest); err != nil || o.Type != OptionPFC || len(o.Data) != 0 || len(rest) != 0 {
		t.Errorf("%+v, %x, %v", o, rest, err)
	}
}

// Lengths that cannot be.
func TestOptionErrors(t *testing.T) {
	for _, tt := range []struct {
		b   []byte
		err error
	}{
		{nil, ErrShort}, {[]byte{1}, ErrShort}, {[]byte{1, 0}, ErrLength}, {[]byte{1, 1}, ErrLength}, {[]byte{1, 3}, ErrLength},
	} {
		if _, _, err := ParseOption(tt.b); !errors.Is(err, tt.err) {
			t.Errorf("%x: %v, want %v", tt.b, err, tt.err)
		}
		if valid := ValidOptions(tt.b); valid != (len(tt.b) == 0) {
			t.Errorf("%x: valid is %v", tt.b, valid)
		}
	}
}

// A valid list ends where its octets end, and is written as it was read.
func FuzzOptions(f *testing.F) {
	f.Add([]byte{1, 4, 5, 0xdc, 5, 6, 1, 2, 3, 4, 7, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		var again []byte
		rest := b
		for len(rest) > 0 {
			o, r, err := ParseOption(rest)
			if err != nil {
				if ValidOptions(b) {
					t.Fatalf("%x is valid, and yet %v", b, err)
				}
				return
			}
			again = AppendOption(again, o.Type, o.Data...)
			rest = r
		}
		if !ValidOptions(b) || !bytes.Equal(again, b) {
			t.Fatalf("%x is written as %x", b, again)
		}
	})
}
