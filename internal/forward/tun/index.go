// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"math/bits"
	"sync/atomic"
)

// index is a hash table that any number of goroutines may read while one
// changes it. A reader sees each key's value of some moment during its look-up.
// The zero index is empty.
//
// Open addressing; within one generation of cells a key, once written, never
// moves and never changes, so that a reader which finds its key may trust the
// value beside it. A deleted key keeps its cell, without a value, until the
// cells are made anew.
type index[V any] struct {
	cells atomic.Pointer[cells[V]]
}

type cells[V any] struct {
	list  []cell[V]
	shift uint8 // 64 - log2(len(list))
	used  int   // cells with a key; the writer's
	live  int   // those with a value; the writer's
}

type cell[V any] struct {
	key   atomic.Uint64 // key+1; 0: never used
	value atomic.Pointer[V]
}

// home spreads keys by Fibonacci hashing: neighbours come to lie far apart.
func (c *cells[V]) home(key uint64) int { return int(key * 0x9e3779b97f4a7c15 >> c.shift) }

// get returns the value of a key, nil if there is none.
func (x *index[V]) get(key uint64) *V {
	c := x.cells.Load()
	if c == nil {
		return nil
	}
	for i := c.home(key); ; i = (i + 1) & (len(c.list) - 1) {
		switch c.list[i].key.Load() {
		case key + 1:
			return c.list[i].value.Load()
		case 0:
			return nil
		}
	}
}

// set gives a key a value; nil takes the key out.
func (x *index[V]) set(key uint64, v *V) {
	c := x.cells.Load()
	if c == nil {
		if v == nil {
			return
		}
		c = x.renew(nil)
	}
	at := c.find(key)
	if c.list[at].key.Load() == 0 {
		if v == nil {
			return
		}
		if (c.used+1)*4 > len(c.list)*3 { // a quarter stays free, so that every search ends
			c = x.renew(c)
			at = c.find(key)
		}
		c.put(at, key, v)
		return
	}
	old := c.list[at].value.Swap(v)
	switch {
	case old == nil && v != nil:
		c.live++
	case old != nil && v == nil:
		if c.live--; c.live == 0 {
			x.cells.Store(nil)
		}
	}
}

// find returns the cell of a key, or the free one where it belongs.
func (c *cells[V]) find(key uint64) int {
	i := c.home(key)
	for {
		if k := c.list[i].key.Load(); k == 0 || k == key+1 {
			return i
		}
		i = (i + 1) & (len(c.list) - 1)
	}
}

// put fills a free cell. The value goes first: a reader that sees the key sees it.
func (c *cells[V]) put(at int, key uint64, v *V) {
	c.list[at].value.Store(v)
	c.list[at].key.Store(key + 1)
	c.used++
	c.live++
}

// renew makes cells for twice the live keys, and copies these.
func (x *index[V]) renew(old *cells[V]) *cells[V] {
	live := 0
	if old != nil {
		live = old.live
	}
	log := max(2, bits.Len(uint(live*2)))
	c := &cells[V]{list: make([]cell[V], 1<<log), shift: uint8(64 - log)}
	if old != nil {
		for i := range old.list {
			if v := old.list[i].value.Load(); v != nil {
				key := old.list[i].key.Load() - 1
				c.put(c.find(key), key, v)
			}
		}
	}
	x.cells.Store(c)
	return c
}
