// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"sync/atomic"

	"holdfast/internal/forward"
)

// Counters of a session, in a line.
const (
	upPackets = iota
	upBytes
	downPackets
	downBytes
	spoofed
	tooBig
	dropped
	policedPackets
	perLine = 8 // a cache line
)

// Totals, in a slot.
const (
	puntedControl = iota
	puntDropped
	unknownSession
	malformed
	wrongPeer
	noRoute
	icmpSent
	icmpSuppressed
	sendDropped
	deviceDropped
	mssClamped
	ttlExpired
	policed
	notOwned      // spoofed, over all sessions
	perSlot  = 16 // two cache lines
)

// chunkSize is how many sessions' lines are allocated together.
const chunkSize = 256

type (
	line      [perLine]atomic.Uint64
	chunk     [chunkSize]line
	directory []atomic.Pointer[chunk] // by element/chunkSize
)

// slot holds the counters of one goroutine: it alone adds to them, so that no
// cache line is fought over. Lines come into being when they are first needed,
// and stay.
type slot struct {
	_      [64]byte
	turns  turns
	totals [perSlot]atomic.Uint64
	shards []atomic.Pointer[directory]
}

// line is the session's counters in this slot. For the owner only.
func (s *slot) line(of *session) *line {
	n := of.element / chunkSize
	d := s.shards[of.shard].Load()
	if d == nil || int(n) >= len(*d) {
		d = s.grow(int(of.shard), int(n))
	}
	c := (*d)[n].Load()
	if c == nil {
		c = new(chunk)
		(*d)[n].Store(c)
	}
	return &c[of.element%chunkSize]
}

// grow makes room for chunk n of a shard.
func (s *slot) grow(shard, n int) *directory {
	larger := make(directory, max(8, 2*n))
	if d := s.shards[shard].Load(); d != nil {
		for i := range *d {
			larger[i].Store((*d)[i].Load())
		}
	}
	s.shards[shard].Store(&larger)
	return &larger
}

func (s *slot) total(what int) { s.totals[what].Add(1) }

// drop counts a packet of a session that is dropped, with its cause.
func (s *slot) drop(of *session, cause int) {
	s.total(cause)
	s.line(of)[dropped].Add(1)
}

// peek is line for anybody: nil when nothing was counted.
func (s *slot) peek(shard int, element uint32) *line {
	d := s.shards[shard].Load()
	if d == nil || int(element/chunkSize) >= len(*d) {
		return nil
	}
	c := (*d)[element/chunkSize].Load()
	if c == nil {
		return nil
	}
	return &c[element%chunkSize]
}

// newSlot gives a goroutine its counters.
func (p *Plane) newSlot() *slot {
	s := &slot{shards: make([]atomic.Pointer[directory], p.opt.Shards)}
	for {
		old := p.slots.Load()
		list := append((*old)[:len(*old):len(*old)], s)
		if p.slots.CompareAndSwap(old, &list) {
			return s
		}
	}
}

func (p *Plane) readCounters(shard int, element uint32) (c forward.Counters) {
	for _, s := range *p.slots.Load() {
		l := s.peek(shard, element)
		if l == nil {
			continue
		}
		c.UpPackets += l[upPackets].Load()
		c.UpBytes += l[upBytes].Load()
		c.DownPackets += l[downPackets].Load()
		c.DownBytes += l[downBytes].Load()
		c.Spoofed += l[spoofed].Load()
		c.TooBig += l[tooBig].Load()
		c.Policed += l[policedPackets].Load()
		c.Dropped += l[dropped].Load()
	}
	return c
}

// clearCounters begins a new life of an element. A packet of the old one that
// is in a reader's hands at this moment may still count; ids rest for seconds
// before they are used again, so there is none in practice.
func (p *Plane) clearCounters(shard int, element uint32) {
	for _, s := range *p.slots.Load() {
		if l := s.peek(shard, element); l != nil {
			for i := range l {
				l[i].Store(0)
			}
		}
	}
}

// Totals sums the counters by cause. Anyone may call it.
func (p *Plane) Totals() forward.Totals {
	var sum [perSlot]uint64
	for _, s := range *p.slots.Load() {
		for i := range sum {
			sum[i] += s.totals[i].Load()
		}
	}
	total := forward.Totals{
		PuntedControl: sum[puntedControl], PuntDropped: sum[puntDropped], UnknownSession: sum[unknownSession],
		Malformed: sum[malformed], WrongPeer: sum[wrongPeer], NoRoute: sum[noRoute],
		ICMPSent: sum[icmpSent], ICMPSuppressed: sum[icmpSuppressed],
		SendDropped: sum[sendDropped], DeviceDropped: sum[deviceDropped],
		MSSClamped: sum[mssClamped], TTLExpired: sum[ttlExpired], Spoofed: sum[notOwned], Policed: sum[policed],
	}
	total.ReadsUnsettled = p.unsettled.Load()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.instances {
		total.RoutesAdded += i.router.added.Load()
		total.RoutesDeleted += i.router.deleted.Load()
		total.RoutesFailed += i.router.failed.Load()
		total.RoutesPending += i.router.pending()
	}
	return total
}
