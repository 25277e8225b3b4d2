// SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"math/bits"
	"time"
)

const (
	digitBits = 6
	slotCount = 1 << digitBits // slots of a level: the bits of one bitmap word
	levels    = 11             // 66 bits: any int64 has its place

	// The sentinels of all lists come first in Wheel.nodes, then the ids.
	near      = levels * slotCount // sentinel: due in the tick the wheel stands in, or before
	firing    = near + 1           // sentinel: what Advance has taken out of near
	sentinels = near + 2
)

// node is a member of one circular list, 16 octets for each id.
type node struct {
	at         int64  // deadline in ns after Wheel.start; zero: not armed, in no list
	next, prev uint32 // indexes into Wheel.nodes
}

// Wheel holds at most one deadline per id. Ids should be dense: memory grows with
// the highest one used. The zero value is not usable; call New.
type Wheel struct {
	start   time.Time
	shift   uint           // log2 of the tick in ns
	cur     int64          // the tick the wheel stands in; every slot in use is after it
	count   int            // armed ids
	nearMin int64          // earliest deadline in near; zero: unknown or near is empty
	used    [levels]uint64 // bit s of level l: the list of that slot is not empty
	nodes   []node
}

// New makes an empty wheel whose time begins at start. The tick is rounded down
// to a power of two nanoseconds; a millisecond suits network timers.
func New(tick time.Duration, start time.Time) *Wheel {
	w := &Wheel{
		// One nanosecond of lead keeps zero free for "not armed".
		start: start.Add(-1),
		shift: uint(bits.Len64(uint64(max(tick, 1))) - 1),
		nodes: make([]node, sentinels),
	}
	w.cur = 1 >> w.shift
	for i := range w.nodes {
		w.nodes[i].next, w.nodes[i].prev = uint32(i), uint32(i)
	}
	return w
}

// Len is the number of armed ids.
func (w *Wheel) Len() int { return w.count }

// Set gives id the deadline at, in place of the one it had. The zero time
// cancels. A deadline in the past, or before the start, is due at the next
// Advance.
func (w *Wheel) Set(id uint32, at time.Time) {
	if at.IsZero() {
		w.cancel(id)
		return
	}
	i := id + sentinels
	if int(i) >= len(w.nodes) {
		w.grow(int(i) + 1)
	}
	n := &w.nodes[i]
	to := max(int64(at.Sub(w.start)), 1)
	switch {
	case n.at == 0:
		w.count++
	case to >= n.at: // put off: stay until the slot is reached
		if n.at == w.nearMin {
			w.nearMin = 0
		}
		n.at = to
		return
	default:
		w.unlink(i)
	}
	n.at = to
	w.place(i)
}

// Deadline is the deadline of id; the zero time when it has none.
func (w *Wheel) Deadline(id uint32) time.Time {
	i := int(id) + sentinels
	if i >= len(w.nodes) || w.nodes[i].at == 0 {
		return time.Time{}
	}
	return w.start.Add(time.Duration(w.nodes[i].at))
}

// Next is when Advance has work: no later than the earliest deadline, and after
// the last Advance unless something is due. Zero means never.
func (w *Wheel) Next() time.Time {
	if w.count == 0 {
		return time.Time{}
	}
	first := int64(1<<63 - 1)
	if w.nodes[near].next != near {
		if w.nearMin == 0 {
			w.findNearMin()
		}
		first = w.nearMin
	}
	if _, _, tick := w.nextSlot(); tick >= 0 {
		first = min(first, max(tick<<w.shift, 1))
	}
	return w.start.Add(time.Duration(first))
}

// Advance calls fire for each id whose deadline is not after now, in the order of
// their ticks, and disarms it before the call. fire may call Set for any id; what
// it makes due at once fires at the next Advance, so that Advance always ends.
// An Advance to a time before the last one does nothing.
func (w *Wheel) Advance(now time.Time, fire func(id uint32)) {
	to := int64(now.Sub(w.start))
	target := to >> w.shift
	if target < w.cur {
		return
	}
	w.turn(target)
	w.take(near, firing)
	w.nearMin = 0
	for i := w.nodes[firing].next; i != firing; i = w.nodes[firing].next {
		n := &w.nodes[i]
		w.unlink(i)
		if n.at > to {
			w.place(i)
			continue
		}
		n.at = 0
		w.count--
		fire(i - sentinels)
	}
}

// turn moves the wheel to tick target. Whatever it passes ends up in near.
func (w *Wheel) turn(target int64) {
	for {
		level, slot, tick := w.nextSlot()
		if tick < 0 || tick > target {
			break
		}
		w.cur = tick
		w.used[level] &^= 1 << slot
		w.take(uint32(level*slotCount+slot), firing)
		for i := w.nodes[firing].next; i != firing; i = w.nodes[firing].next {
			w.unlink(i)
			w.place(i)
		}
	}
	w.cur = target
}

// nextSlot finds the first slot in use and the tick at which it starts; the tick
// is -1 when there is none. Slots of a lower level come before those of a higher
// one, and no slot lies behind the wheel.
func (w *Wheel) nextSlot() (level, slot int, tick int64) {
	for level, word := range w.used {
		if word == 0 {
			continue
		}
		slot = bits.TrailingZeros64(word)
		up := uint(level * digitBits)
		return level, slot, w.cur>>(up+digitBits)<<(up+digitBits) | int64(slot)<<up
	}
	return 0, 0, -1
}

// place puts node i, which is in no list, where its deadline belongs.
func (w *Wheel) place(i uint32) {
	at := w.nodes[i].at
	tick := at >> w.shift
	if tick <= w.cur {
		if w.nodes[near].next == near || (w.nearMin != 0 && at < w.nearMin) {
			w.nearMin = at
		}
		w.link(near, i)
		return
	}
	level := (bits.Len64(uint64(tick^w.cur)) - 1) / digitBits
	slot := int(tick>>uint(level*digitBits)) & (slotCount - 1)
	w.used[level] |= 1 << slot
	w.link(uint32(level*slotCount+slot), i)
}

// link appends node i to the list of sentinel s.
func (w *Wheel) link(s, i uint32) {
	last := w.nodes[s].prev
	w.nodes[i].next, w.nodes[i].prev = s, last
	w.nodes[last].next = i
	w.nodes[s].prev = i
}

// unlink takes node i out of its list and notes when that makes a slot empty.
func (w *Wheel) unlink(i uint32) {
	n := &w.nodes[i]
	if n.at == w.nearMin {
		w.nearMin = 0
	}
	w.nodes[n.prev].next = n.next
	w.nodes[n.next].prev = n.prev
	if n.next == n.prev && n.next < near {
		w.used[n.next/slotCount] &^= 1 << (n.next % slotCount)
	}
}

// take moves the whole list of sentinel from to the empty one of sentinel to.
func (w *Wheel) take(from, to uint32) {
	f := &w.nodes[from]
	if f.next == from {
		return
	}
	w.nodes[to] = node{next: f.next, prev: f.prev}
	w.nodes[f.next].prev = to
	w.nodes[f.prev].next = to
	f.next, f.prev = from, from
}

// findNearMin looks through near, which holds what falls into one tick.
func (w *Wheel) findNearMin() {
	first := int64(1<<63 - 1)
	for i := w.nodes[near].next; i != near; i = w.nodes[i].next {
		first = min(first, w.nodes[i].at)
	}
	w.nearMin = first
}

// cancel disarms id.
func (w *Wheel) cancel(id uint32) {
	i := id + sentinels
	if int(i) >= len(w.nodes) || w.nodes[i].at == 0 {
		return
	}
	w.unlink(i)
	w.nodes[i].at = 0
	w.count--
}

// grow makes room for n nodes, at least doubling.
func (w *Wheel) grow(n int) {
	nodes := make([]node, max(n, 2*len(w.nodes)))
	copy(nodes, w.nodes)
	w.nodes = nodes
}
