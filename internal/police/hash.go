// SPDX-License-Identifier: Apache-2.0

package police

import (
	"encoding/binary"
	"math/bits"
)

// sip is SipHash-1-3 (Aumasson and Bernstein, 2012) over words: a hash that
// cannot be aimed at without its key, in operations that every machine and the
// kernel's have.
type sip struct{ v0, v1, v2, v3 uint64 }

func newSip(key *[2]uint64) sip {
	return sip{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573}
}

func (s *sip) round() {
	s.v0 += s.v1
	s.v1 = bits.RotateLeft64(s.v1, 13) ^ s.v0
	s.v0 = bits.RotateLeft64(s.v0, 32)
	s.v2 += s.v3
	s.v3 = bits.RotateLeft64(s.v3, 16) ^ s.v2
	s.v0 += s.v3
	s.v3 = bits.RotateLeft64(s.v3, 21) ^ s.v0
	s.v2 += s.v1
	s.v1 = bits.RotateLeft64(s.v1, 17) ^ s.v2
	s.v2 = bits.RotateLeft64(s.v2, 32)
}

func (s *sip) word(w uint64) {
	s.v3 ^= w
	s.round()
	s.v0 ^= w
}

func (s *sip) sum() uint64 {
	s.v2 ^= 0xff
	s.round()
	s.round()
	s.round()
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3
}

// hash is over all fields, which have a fixed number of words.
func (k *flowKey) hash(key *[2]uint64) uint64 {
	s := newSip(key)
	s.word(k.kind)
	s.word(k.peer[0])
	s.word(k.peer[1])
	s.word(k.local[0])
	s.word(k.local[1])
	s.word(k.ids)
	s.word(k.caller)
	return s.sum()
}

// hashBytes is SipHash-1-3 as it is defined over octets.
func hashBytes(key *[2]uint64, b []byte) uint64 {
	s, last := newSip(key), uint64(len(b))<<56
	for ; len(b) >= 8; b = b[8:] {
		s.word(binary.LittleEndian.Uint64(b))
	}
	for i, c := range b {
		last |= uint64(c) << (8 * i)
	}
	s.word(last)
	return s.sum()
}
