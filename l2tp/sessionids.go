// SPDX-License-Identifier: Apache-2.0

package l2tp

import "math/bits"

// calls are the sessions of one tunnel. Session number n of a tunnel (0 to
// 65,534) lies in extent log2(n/8+1) of 8, 16, 32 ... elements; its Session ID
// is a permutation of n under a key of the tunnel. So an id leads to its element
// by arithmetic, a tunnel with four sessions needs one extent of eight, and ids
// tell nobody the next one:
//
//	"The Assigned Tunnel ID and Assigned Session ID (...) SHOULD be selected in an
//	unpredictable manner rather than sequentially or otherwise", RFC 2661 §9.1.
type calls struct {
	key     uint64    // of the permutation
	extents []Element // first element of each
	first   Element   // free elements, the longest rested first
	last    Element   // end of that list
	count   int       // sessions in any state but free
}

// permute maps 0..65535 to itself, one to one: a Feistel network of four rounds.
func permute(key uint64, n uint16) uint16 {
	l, r := uint8(n>>8), uint8(n)
	for range 4 {
		l, r = r, l^scramble(key, r)
		key = bits.RotateLeft64(key, 16)
	}
	return uint16(l)<<8 | uint16(r)
}

// unpermute is the inverse of permute.
func unpermute(key uint64, n uint16) uint16 {
	l, r := uint8(n>>8), uint8(n)
	for range 4 {
		key = bits.RotateLeft64(key, -16)
		l, r = r^scramble(key, l), l
	}
	return uint16(l)<<8 | uint16(r)
}

func scramble(key uint64, r uint8) uint8 {
	x := (uint32(key) ^ uint32(r)) * 0x9e3779b1
	return uint8((x ^ x>>15) * 0x85ebca6b >> 24)
}

// sessionID is the id of session number n, 0..65534. "The value of 0 for Session
// ID (...) MUST NOT be used as an Assigned Session ID", RFC 2661 §5.3: whoever
// maps to it takes the place of number 65535, which is not used.
func (c *calls) sessionID(n int) SessionID {
	id := permute(c.key, uint16(n))
	if id == 0 {
		id = permute(c.key, indexMax)
	}
	return SessionID(id)
}

// number is the inverse of sessionID; id is not zero.
func (c *calls) number(id SessionID) int {
	n := unpermute(c.key, uint16(id))
	if n == indexMax {
		n = unpermute(c.key, 0)
	}
	return int(n)
}

// element finds the element of an id, in use or not; noElement when no extent
// reaches so far.
func (c *calls) element(id SessionID) Element {
	if id == 0 {
		return noElement
	}
	n := c.number(id) + extentMin
	k := bits.Len(uint(n)) - bits.Len(extentMin)
	if k >= len(c.extents) {
		return noElement
	}
	return c.extents[k] + Element(n-extentMin<<k)
}

// extentKind is the kind of a tunnel's extent number k.
func extentKind(k int) int {
	if k == extentKinds {
		return 0
	}
	return k
}

// extend gives tunnel t another extent; false when it has all it can have.
func (s *space) extend(t TunnelID, c *calls) bool {
	k := len(c.extents)
	if k == extentsMax {
		return false
	}
	kind := extentKind(k)
	base := s.take(kind)
	if base == noElement {
		return false
	}
	if k == 0 {
		c.first, c.last = noElement, noElement
	}
	c.extents = append(c.extents, base)
	n0 := extentMin<<k - extentMin
	size := min(extentMin<<kind, indexMax-n0)
	for i := size - 1; i >= 0; i-- { // never used, so they need no rest: first in the list
		el := base + Element(i)
		x := s.at(el)
		x.tunnel, x.local, x.next = t, c.sessionID(n0+i), c.first
		c.first = el
		if c.last == noElement {
			c.last = el
		}
	}
	return true
}

// allocate takes a free element that has rested; noElement when there is none.
func (s *space) allocate(t TunnelID, c *calls, now int64) Element {
	if len(c.extents) == 0 || c.first == noElement || s.at(c.first).rested > now {
		if !s.extend(t, c) {
			return noElement
		}
	}
	el := c.first
	x := s.at(el)
	c.first = x.next
	if c.first == noElement {
		c.last = noElement
	}
	x.next = 0
	c.count++
	return el
}

// release ends the life of a session; its id may be used again after rested. One
// that the peer has never heard of need not rest: under a flood of calls the same
// few elements come and go, and stay in the processor's caches.
func (s *space) release(c *calls, el Element, rested int64) {
	x := s.at(el)
	if x.peer != 0 {
		s.forgetPeer(el)
	}
	c.count--
	if !x.told {
		*x = session{tunnel: x.tunnel, local: x.local, next: c.first}
		c.first = el
		if c.last == noElement {
			c.last = el
		}
		return
	}
	*x = session{tunnel: x.tunnel, local: x.local, rested: rested, next: noElement}
	if c.last == noElement {
		c.first = el
	} else {
		s.at(c.last).next = el
	}
	c.last = el
}

// drop gives all extents of a tunnel back.
func (s *space) drop(c *calls) {
	for k, base := range c.extents {
		s.give(base, extentKind(k))
	}
	c.extents = nil
}
