// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"slices"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
)

// writer appends one packet to b. Its attributes have the names that "attributes
// exclude" knows them by; one that is excluded is left out.
type writer struct {
	b       []byte
	exclude []string
}

// errTooLong is a packet or a value that RADIUS has no room for.
var errTooLong = errors.New("aaa: too long for RADIUS")

// begin appends the header; finish sets its length.
func (w *writer) begin(code, id uint8) {
	w.b = append(w.b, code, id, 0, 0)
	w.b = append(w.b, make([]byte, headerLen-4)...)
}

// finish sets the length. Packets never grow past what identity.go and
// acctrequest.go write, save by a Class of many parts.
func (w *writer) finish() error {
	if len(w.b) > packetMax {
		return errTooLong
	}
	binary.BigEndian.PutUint16(w.b[2:], uint16(len(w.b)))
	return nil
}

// has reports whether an attribute is to be written.
func (w *writer) has(name string) bool {
	return len(w.exclude) == 0 || !slices.Contains(w.exclude, name)
}

// octets appends an attribute. What is longer than an attribute can be is cut.
func (w *writer) octets(t radius.Type, value []byte) {
	value = value[:min(len(value), attributeMax)]
	w.b = append(w.b, byte(t), byte(2+len(value)))
	w.b = append(w.b, value...)
}

// text appends an attribute unless it is empty: "Text of length zero (0) MUST NOT
// be sent; omit the entire attribute instead." RFC 2865 §5
func (w *writer) text(name string, t radius.Type, s string) {
	if s == "" || !w.has(name) {
		return
	}
	s = s[:min(len(s), attributeMax)]
	w.b = append(w.b, byte(t), byte(2+len(s)))
	w.b = append(w.b, s...)
}

func (w *writer) integer(name string, t radius.Type, v uint32) {
	if w.has(name) {
		w.b = append(w.b, byte(t), 6)
		w.b = binary.BigEndian.AppendUint32(w.b, v)
	}
}

// address appends t4 or t6, by the family; nothing when it is invalid.
func (w *writer) address(name string, t4, t6 radius.Type, a netip.Addr) {
	switch a = a.Unmap(); {
	case !a.IsValid() || !w.has(name):
	case a.Is4():
		v := a.As4()
		w.octets(t4, v[:])
	default:
		v := a.As16()
		w.octets(t6, v[:])
	}
}

// prefix appends an IPv6 prefix (RFC 3162 §2.3, RFC 4818 §3).
func (w *writer) prefix(name string, t radius.Type, p netip.Prefix) {
	if !p.IsValid() || !w.has(name) {
		return
	}
	v := p.Addr().As16()
	w.b = append(w.b, byte(t), 20, 0, byte(p.Bits()))
	w.b = append(w.b, v[:]...)
}

// Tagged attributes (RFC 2868). There is one tunnel, so that its tag is unused:
// "If the Tag field is unused, it MUST be zero (0x00)." RFC 2868 §3.1

func (w *writer) taggedInteger(name string, t radius.Type, v uint32) {
	w.integer(name, t, v&0xffffff)
}

func (w *writer) taggedText(name string, t radius.Type, s string) {
	if s == "" || !w.has(name) {
		return
	}
	s = s[:min(len(s), attributeMax-1)]
	w.b = append(w.b, byte(t), byte(3+len(s)), 0)
	w.b = append(w.b, s...)
}

// vendor begins a Vendor-Specific attribute (RFC 2865 §5.26) with one attribute
// of the vendor inside, whose value of n octets is to follow.
func (w *writer) vendor(vendor uint32, t uint8, n int) {
	w.b = append(w.b, byte(rfc2865.VendorSpecific_Type), byte(8+n))
	w.b = binary.BigEndian.AppendUint32(w.b, vendor)
	w.b = append(w.b, t, byte(2+n))
}

func (w *writer) vendorText(name string, vendor uint32, t uint8, s string) {
	if s == "" || !w.has(name) {
		return
	}
	s = s[:min(len(s), vsaMax)]
	w.vendor(vendor, t, len(s))
	w.b = append(w.b, s...)
}

func (w *writer) vendorOctets(vendor uint32, t uint8, value []byte) {
	w.vendor(vendor, t, len(value))
	w.b = append(w.b, value...)
}

// vendorInteger appends what is not zero. These attributes have 32 bits: a line
// that is faster is told as the fastest there is.
func (w *writer) vendorInteger(name string, vendor uint32, t uint8, v uint64) {
	if v == 0 || !w.has(name) {
		return
	}
	w.vendor(vendor, t, 4)
	w.b = binary.BigEndian.AppendUint32(w.b, uint32(min(v, math.MaxUint32)))
}
