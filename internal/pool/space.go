// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"net/netip"
	"slices"
)

// Errors of NewSpace.
var (
	ErrRange  = errors.New("pool: range ends before it begins or mixes families")
	ErrLength = errors.New("pool: prefix length must be longer than the range's own and at most 64")
)

// blockBits is the binary logarithm of the largest block: 256 units.
const blockBits = 8

// Unit is the number of an address or prefix: an IPv4 address as an integer, or
// the leading bits of an IPv6 prefix.
type Unit uint64

// BlockID is a Unit without its last bits: 8 of them, fewer in a small pool.
type BlockID uint64

// Mask says which units of a block exist, or are taken: one bit each.
type Mask [1 << blockBits / 64]uint64

func (m *Mask) set(i uint8)      { m[i/64] |= 1 << (i % 64) }
func (m *Mask) clear(i uint8)    { m[i/64] &^= 1 << (i % 64) }
func (m *Mask) has(i uint8) bool { return m[i/64]&(1<<(i%64)) != 0 }

func (m *Mask) count() int {
	n := 0
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

// Range is an inclusive run of addresses; in an IPv6 pool every prefix of the
// pool's length that begins inside it belongs to the pool.
type Range struct{ Low, High netip.Addr }

// Space is the immutable set of a pool's units.
type Space struct {
	prefixLength int // 32 for IPv4, at most 64 for IPv6
	v6           bool
	bits         int    // a block is 1<<bits units
	spans        []span // sorted, disjoint
	excluded     map[Unit]struct{}
	total        uint64
}

type span struct{ low, high Unit }

// NewSpace builds the units of an IPv4 pool (prefixLength 32) or of an IPv6
// pool that hands out prefixes of prefixLength. Excluded addresses are left out
// (with the whole prefix they lie in). The pool is cut into blocks of 256 units,
// or into smaller ones so that each of the shards finds several.
func NewSpace(ranges []Range, prefixLength int, excluded []netip.Addr, shards int) (*Space, error) {
	s := &Space{prefixLength: prefixLength, excluded: make(map[Unit]struct{}, len(excluded))}
	for i, r := range ranges {
		if r.Low.BitLen() != r.High.BitLen() || r.High.Less(r.Low) || (i > 0 && r.Low.Is6() != s.v6) {
			return nil, ErrRange
		}
		s.v6 = r.Low.Is6()
		if s.v6 && prefixLength > 64 || !s.v6 && prefixLength != 32 || prefixLength < 1 {
			return nil, ErrLength
		}
		s.spans = append(s.spans, span{s.unit(r.Low), s.unit(r.High)})
	}
	s.merge()
	for _, a := range excluded {
		if u, ok := s.Find(a); ok {
			s.excluded[u] = struct{}{}
			s.total--
		}
	}
	for s.bits = blockBits; s.bits > 0 && s.total>>s.bits < uint64(shards)*blocksPerShard; s.bits-- {
	}
	return s, nil
}

// blocksPerShard is how many blocks each shard should find at least, unless it is alone.
const blocksPerShard = 16

// block is the block that a unit lies in.
func (s *Space) block(u Unit) BlockID { return BlockID(u >> s.bits) }

// offset is a unit's place in its block.
func (s *Space) offset(u Unit) uint8 { return uint8(u & (1<<s.bits - 1)) }

// merge sorts the spans, joins those that touch or overlap and counts the units.
func (s *Space) merge() {
	slices.SortFunc(s.spans, func(a, b span) int {
		switch {
		case a.low < b.low:
			return -1
		case a.low > b.low:
			return 1
		}
		return 0
	})
	joined := s.spans[:0]
	for _, sp := range s.spans {
		if n := len(joined); n > 0 && sp.low <= joined[n-1].high+1 {
			joined[n-1].high = max(joined[n-1].high, sp.high)
			continue
		}
		joined = append(joined, sp)
	}
	s.spans = joined
	for _, sp := range s.spans {
		s.total += uint64(sp.high-sp.low) + 1
	}
}

// unit is the number of the address's unit, whether or not it belongs to the space.
func (s *Space) unit(a netip.Addr) Unit {
	if a.Is4() {
		b := a.As4()
		return Unit(binary.BigEndian.Uint32(b[:]))
	}
	b := a.As16()
	return Unit(binary.BigEndian.Uint64(b[:8]) >> (64 - s.prefixLength))
}

// Find returns the unit that a lies in. ok is false when it belongs to no
// range, is excluded, or is of the other family.
func (s *Space) Find(a netip.Addr) (u Unit, ok bool) {
	if !a.IsValid() || a.Is4() == s.v6 {
		return 0, false
	}
	u = s.unit(a)
	return u, s.has(u)
}

func (s *Space) has(u Unit) bool {
	if _, out := s.excluded[u]; out {
		return false
	}
	i, _ := slices.BinarySearchFunc(s.spans, u, func(sp span, u Unit) int {
		switch {
		case sp.high < u:
			return -1
		case sp.low > u:
			return 1
		}
		return 0
	})
	return i < len(s.spans) && s.spans[i].low <= u && u <= s.spans[i].high
}

// Prefix returns the unit as a prefix: a /32, or an IPv6 prefix of the pool's length.
func (s *Space) Prefix(u Unit) netip.Prefix {
	if !s.v6 {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(u))
		return netip.PrefixFrom(netip.AddrFrom4(b), 32)
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(u)<<(64-s.prefixLength))
	return netip.PrefixFrom(netip.AddrFrom16(b), s.prefixLength)
}

// Total is how many units there are.
func (s *Space) Total() uint64 { return s.total }

// mask returns which units of a block exist.
func (s *Space) mask(id BlockID) Mask {
	var m Mask
	for i := range 1 << s.bits {
		if s.has(Unit(id)<<s.bits | Unit(i)) {
			m.set(uint8(i))
		}
	}
	return m
}
