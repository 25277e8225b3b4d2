// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"math/bits"
	"net/netip"
	"slices"
)

// Local is one shard's part of a pool: the blocks lent to it.
type Local struct {
	space  *Space
	blocks map[BlockID]*block
	open   []*block // those with a free unit; the last one is allocated from
	aside  []*block // those with units of single subscribers: allocated from when nothing else is left
	used   int
	free   int
}

type block struct {
	id     BlockID
	exists Mask
	taken  Mask
	free   int
	rotor  uint8 // where the search begins, so that a freed unit rests longest
	open   int   // index in Local.open; -1: full, or set aside
	aside  bool
}

// NewLocal makes a shard's part that holds no block yet.
func NewLocal(s *Space) *Local { return &Local{space: s, blocks: make(map[BlockID]*block)} }

// Add takes a lent block in. A block that is held already is ignored.
func (l *Local) Add(id BlockID) {
	if _, held := l.blocks[id]; held {
		return
	}
	b := &block{id: id, exists: l.space.mask(id), open: -1}
	b.free = b.exists.count()
	l.free += b.free
	l.blocks[id] = b
	if b.free > 0 {
		l.push(b)
	}
}

// AddAside takes in a block that is lent for the sake of one unit in it: others of it
// may be subscribers' own as well, and are not handed out before OpenAside.
func (l *Local) AddAside(id BlockID) {
	if l.blocks[id] != nil {
		return
	}
	l.Add(id)
	b := l.blocks[id]
	if b.open >= 0 {
		l.drop(b)
	}
	b.aside = true
	l.aside = append(l.aside, b)
}

// OpenAside has what was set aside handed out. It reports whether there is any.
func (l *Local) OpenAside() (opened bool) {
	for _, b := range l.aside {
		if b.aside = false; b.free > 0 {
			l.push(b)
			opened = true
		}
	}
	l.aside = l.aside[:0]
	return opened
}

// Allocate hands out a unit; ok is false when every lent block is full and the
// broker must be asked for another.
func (l *Local) Allocate() (u Unit, ok bool) {
	if len(l.open) == 0 {
		return 0, false
	}
	b := l.open[len(l.open)-1]
	i := b.pick()
	l.take(b, i)
	b.rotor = i + 1
	return Unit(b.id)<<l.space.bits | Unit(i), true
}

// Take hands out that very unit, for a subscriber that returns. ok is false
// when it is taken or its block is not lent here.
func (l *Local) Take(u Unit) bool {
	b, i := l.blocks[l.space.block(u)], l.space.offset(u)
	if b == nil || !b.exists.has(i) || b.taken.has(i) {
		return false
	}
	l.take(b, i)
	return true
}

func (l *Local) take(b *block, i uint8) {
	b.taken.set(i)
	b.free--
	l.free--
	l.used++
	if b.free == 0 && b.open >= 0 {
		l.drop(b)
	}
}

// Release takes a unit back. It reports false for a unit that is not out. When
// its block is empty now and enough other units are free, back is the block to
// return to the broker.
func (l *Local) Release(u Unit) (back BlockID, empty, ok bool) {
	b, i := l.blocks[l.space.block(u)], l.space.offset(u)
	if b == nil || !b.taken.has(i) {
		return 0, false, false
	}
	b.taken.clear(i)
	b.free++
	l.free++
	l.used--
	if b.open < 0 && !b.aside {
		l.push(b)
	}
	if size := b.exists.count(); b.free == size && l.free-size >= size/2 {
		if b.open >= 0 {
			l.drop(b)
		} else {
			l.aside = slices.DeleteFunc(l.aside, func(o *block) bool { return o == b })
		}
		l.free -= b.free
		delete(l.blocks, b.id)
		return b.id, true, true
	}
	return 0, false, true
}

// Prefix is the unit as a prefix.
func (l *Local) Prefix(u Unit) netip.Prefix { return l.space.Prefix(u) }

// Find is Space.Find.
func (l *Local) Find(a netip.Addr) (Unit, bool) { return l.space.Find(a) }

// Block is the block that a unit lies in.
func (l *Local) Block(u Unit) BlockID { return l.space.block(u) }

// Holds says whether a block is lent here.
func (l *Local) Holds(id BlockID) bool { return l.blocks[id] != nil }

// Used is how many units are out.
func (l *Local) Used() int { return l.used }

// pick finds a free unit at or after the rotor. There is one.
func (b *block) pick() uint8 {
	for n := range len(b.exists) + 1 {
		w := (int(b.rotor)/64 + n) % len(b.exists)
		free := b.exists[w] &^ b.taken[w]
		if n == 0 {
			free &= ^uint64(0) << (b.rotor % 64)
		}
		if free != 0 {
			return uint8(w*64 + bits.TrailingZeros64(free))
		}
	}
	panic("pool: an open block has no free unit")
}

func (l *Local) push(b *block) {
	b.open = len(l.open)
	l.open = append(l.open, b)
}

func (l *Local) drop(b *block) {
	last := l.open[len(l.open)-1]
	l.open[b.open], last.open = last, b.open
	l.open = l.open[:len(l.open)-1]
	b.open = -1
}
