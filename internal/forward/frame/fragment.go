// SPDX-License-Identifier: Apache-2.0

package frame

import "encoding/binary"

// Fragments cuts an IPv4 packet into fragments that fit an MTU (RFC 791 §3.2).
// The packet must have been trimmed and stays untouched.
type Fragments struct {
	ip      []byte
	mtu     int
	at      int // next octet of data
	header  int
	offset  uint16 // fragment offset of the packet itself, in units of 8
	more    bool   // the packet itself has MF set
	options [40]byte
	copied  int // octets of options that every fragment carries
}

// NewFragments begins to cut ip. It fails if the MTU does not leave room for
// eight octets of data.
func NewFragments(ip []byte, mtu int) (f Fragments, ok bool) {
	f.ip, f.mtu, f.header = ip, mtu, headerLength(ip)
	if mtu < f.header+8 {
		return f, false
	}
	field := binary.BigEndian.Uint16(ip[6:])
	f.offset, f.more = field&offsetMask, field&flagMF != 0
	f.copied = copyOptions(f.options[:0], ip[20:f.header])
	return f, true
}

// Append appends the next fragment to dst; ok is false when there is none left.
func (f *Fragments) Append(dst []byte) (_ []byte, ok bool) {
	data := f.ip[f.header:]
	if f.at >= len(data) {
		return dst, false
	}
	start, options := len(dst), f.ip[20:f.header]
	if f.at > 0 {
		options = f.options[:f.copied]
	}
	n := len(data) - f.at
	if room := f.mtu - 20 - len(options); n > room {
		n = room &^ 7
	}
	last := f.at+n == len(data)
	dst = append(dst, f.ip[:20]...)
	dst = append(dst, options...)
	dst = append(dst, data[f.at:f.at+n]...)
	made := dst[start:]
	made[0] = 0x40 | byte((20+len(options))/4)
	field := f.offset + uint16(f.at/8)
	if !last || f.more {
		field |= flagMF
	}
	binary.BigEndian.PutUint16(made[6:], field)
	setLength(made)
	f.at += n
	return dst, true
}

// copyOptions keeps the options that have the copied flag set, padded to whole
// words, and returns their length. dst has room for 40 octets.
func copyOptions(dst, options []byte) int {
	for at := 0; at < len(options) && options[at] != 0; {
		if options[at] == 1 {
			at++
			continue
		}
		if at+2 > len(options) || options[at+1] < 2 || at+int(options[at+1]) > len(options) {
			break
		}
		n := int(options[at+1])
		if options[at]&0x80 != 0 {
			dst = append(dst, options[at:at+n]...)
		}
		at += n
	}
	for len(dst)%4 != 0 {
		dst = append(dst, 0)
	}
	return len(dst)
}
