// SPDX-License-Identifier: Apache-2.0

package police

import (
	"math"
	"math/bits"
	"sync/atomic"
)

// ways is how many places a flow can be at: those of its bucket, whose tags
// fill a cache line.
const ways = 8

// flowTable is a fixed number of flows in buckets. Whoever meets a packet may
// enter a flow; the owner takes them out. A flow is known by its tag, a keyed
// hash of 64 bits: that two of a table share one is as likely as one in
// billions, and would make them one flow.
type flowTable struct {
	tags    []atomic.Uint64 // 0: free
	records []record        // of the same index
	mask    uint64          // of the bucket number
	key     [2]uint64

	used, evicted, untracked atomic.Uint64
}

// record is one flow, two cache lines. Packets of flows that are doing nothing
// wrong touch the first only.
type record struct {
	meter    gcra          // the flow against its level's bandwidth
	since    atomic.Uint64 // when meter was last empty: since then the flow has been above its bandwidth if it is over now
	lastOver atomic.Uint64 // the last packet above it
	about    atomic.Uint64 // upper half of the tag, type, slot, level, state: see the functions below; 0: being made
	found    atomic.Uint64 // when it became a culprit
	packets  atomic.Uint64
	dropped  atomic.Uint64

	ids         atomic.Uint64 // this and the next are the key, to show
	peer, local [2]atomic.Uint64
	caller      atomic.Uint64
	window      atomic.Uint64 // packets at the beginning of the window; the owner's, as is the next
	rate        atomic.Uint64 // packets a second in the last window
	_           uint64
}

// States of a flow, the lowest octet of record.about.
const (
	flowTracked  = 1 + iota // nothing is wrong with it yet
	flowFound               // a culprit that the owner has not seen
	flowReported            // a culprit
	flowState    = 0xff
)

func newAbout(tag uint64, flow Type, slot int, level FlowLevel) uint64 {
	return tag&^math.MaxUint32 | uint64(flow)<<24 | uint64(slot)<<16 | uint64(level)<<8 | flowTracked
}

func aboutType(a uint64) Type       { return Type(a >> 24) }
func aboutSlot(a uint64) int        { return int(a >> 16 & 0xff) }
func aboutLevel(a uint64) FlowLevel { return FlowLevel(a >> 8) }
func aboutState(a uint64) uint64    { return a & flowState }

// aboutIs says whether a describes the flow with that tag, and not one that was
// in its place before or is about to be.
func aboutIs(a, tag uint64) bool { return a>>32 == tag>>32 && a&flowState != 0 }

func newFlowTable(size int, key [2]uint64) *flowTable {
	buckets := uint64(1) << bits.Len(uint(max(size/ways, 1)-1))
	return &flowTable{
		tags: make([]atomic.Uint64, buckets*ways), records: make([]record, buckets*ways), mask: buckets - 1, key: key,
	}
}

// metered is what a packet learned about its flow.
type metered struct {
	tracked bool // the flow has a place in the table
	over    bool // the packet is above the bandwidth
	culprit bool
	found   bool // with this packet it has become one
	record  *record
}

// meterPacket counts a packet for its flow, which is entered if enter says so.
func (f *flowTable) meterPacket(now uint64, k *flowKey, slot int, l *flowLimit, enter bool) (m metered) {
	tag := k.hash(&f.key) | 1
	first := int((tag >> 1 & f.mask) * ways) // bits that aboutIs does not compare
	i := f.find(first, tag)
	if i < 0 && enter {
		i = f.enter(now, first, tag, k, slot)
	}
	if i < 0 {
		if enter {
			f.untracked.Add(1)
		}
		return m
	}
	r := &f.records[i]
	about := r.about.Load()
	if !aboutIs(about, tag) {
		return m // somebody is entering it, or has just thrown it out
	}
	r.packets.Add(1)
	if r.meter.tat.Load() <= now {
		r.since.Store(now)
	}
	m.tracked, m.record = true, r
	m.over = !r.meter.take(now, l.rate, l.tolerance)
	m.culprit = aboutState(about) != flowTracked
	if m.over {
		r.lastOver.Store(now)
		if since := r.since.Load(); !m.culprit && now >= since+l.detect {
			r.found.Store(now)
			m.found = r.about.CompareAndSwap(about, about&^flowState|flowFound)
			m.culprit = m.found
		}
	}
	return m
}

func (f *flowTable) find(first int, tag uint64) int {
	for i := first; i < first+ways; i++ {
		if f.tags[i].Load() == tag {
			return i
		}
	}
	return -1
}

// enter finds a place for a flow. In a full bucket the one that owes least goes:
// the most idle, or the slowest. Culprits stay.
func (f *flowTable) enter(now uint64, first int, tag uint64, k *flowKey, slot int) int {
	victim, least, victimTag := -1, uint64(math.MaxUint64), uint64(0)
	for i := first; i < first+ways; i++ {
		other := f.tags[i].Load()
		if other == 0 && f.tags[i].CompareAndSwap(0, tag) {
			f.used.Add(1)
			return f.fill(now, i, tag, k, slot)
		}
		r := &f.records[i]
		if about := r.about.Load(); !aboutIs(about, other) || aboutState(about) != flowTracked {
			continue
		}
		if owes := r.meter.tat.Load(); owes < least {
			victim, least, victimTag = i, owes, other
		}
	}
	if victim < 0 || !f.tags[victim].CompareAndSwap(victimTag, tag) {
		return -1
	}
	f.evicted.Add(1)
	return f.fill(now, victim, tag, k, slot)
}

// fill makes the record of a place whose tag the caller has just written. about
// is what publishes it.
func (f *flowTable) fill(now uint64, i int, tag uint64, k *flowKey, slot int) int {
	r := &f.records[i]
	r.about.Store(0)
	r.meter.tat.Store(0)
	r.since.Store(now)
	for _, w := range []*atomic.Uint64{&r.lastOver, &r.found, &r.packets, &r.dropped, &r.window, &r.rate} {
		w.Store(0)
	}
	r.ids.Store(k.ids)
	r.peer[0].Store(k.peer[0])
	r.peer[1].Store(k.peer[1])
	r.local[0].Store(k.local[0])
	r.local[1].Store(k.local[1])
	r.caller.Store(k.caller)
	r.about.Store(newAbout(tag, Type(k.kind>>8), slot, FlowLevel(k.kind)))
	return i
}

// remove takes a flow out. The owner calls it.
func (f *flowTable) remove(i int, tag uint64) {
	if f.tags[i].CompareAndSwap(tag, 0) {
		f.used.Add(^uint64(0))
	}
}

// all visits the flows in the table.
func (f *flowTable) all(visit func(i int, tag, about uint64, r *record)) {
	if f == nil || f.used.Load() == 0 {
		return
	}
	for i := range f.tags {
		if tag := f.tags[i].Load(); tag != 0 {
			if r := &f.records[i]; aboutIs(r.about.Load(), tag) {
				visit(i, tag, r.about.Load(), r)
			}
		}
	}
}
