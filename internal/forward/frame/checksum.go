// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"encoding/binary"
	"math/bits"
)

// sum adds the 16-bit words of b to acc in one's complement arithmetic, eight
// octets at a time (RFC 1071 §2: the sum may be taken in any word size). An odd
// last octet counts as the high half of a word.
func sum(b []byte, acc uint64) uint64 {
	var carry uint64
	for len(b) >= 32 {
		acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(b), 0)
		acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(b[8:]), carry)
		acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(b[16:]), carry)
		acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(b[24:]), carry)
		acc, carry = bits.Add64(acc, 0, carry)
		acc += carry
		b = b[32:]
	}
	for len(b) >= 8 {
		acc, carry = bits.Add64(acc, binary.BigEndian.Uint64(b), 0)
		acc += carry
		b = b[8:]
	}
	var tail uint64
	for i, c := range b {
		tail |= uint64(c) << (56 - 8*i)
	}
	acc, carry = bits.Add64(acc, tail, 0)
	return acc + carry
}

// fold brings a sum down to 16 bits.
func fold(acc uint64) uint16 {
	acc = acc>>32 + acc&0xffffffff
	acc = acc>>16 + acc&0xffff
	acc = acc>>16 + acc&0xffff
	return uint16(acc>>16 + acc&0xffff)
}

// Checksum is the Internet checksum of b (RFC 1071).
func Checksum(b []byte) uint16 { return ^fold(sum(b, 0)) }

// pseudo is the sum of the pseudo-header of a packet of either version: its
// addresses, the upper-layer length and the protocol.
func pseudo(ip []byte, protocol uint8, length int) uint64 {
	return sum(addresses(ip), uint64(protocol)+uint64(length))
}

// update makes an existing checksum right for a word that changed from old to
// new: "HC' = ~(~HC + ~m + m')". RFC 1624 §3
func update(checksum, old, new uint16) uint16 {
	return ^fold(uint64(^checksum) + uint64(^old) + uint64(new))
}

// Complete fills in a checksum that the kernel left to the device: the field
// at start+offset holds the sum of the pseudo-header only.
func Complete(ip []byte, start, offset int) bool {
	if start < 20 || offset < 0 || start+offset+2 > len(ip) {
		return false
	}
	c := ^fold(sum(ip[start:], 0))
	if c == 0 && offset == udpChecksum {
		c = 0xffff // "If the computed checksum is zero, it is transmitted as all ones". RFC 768
	}
	binary.BigEndian.PutUint16(ip[start+offset:], c)
	return true
}
