// SPDX-License-Identifier: Apache-2.0

package tun

import (
	"runtime"
	"sync/atomic"
	"time"
)

// A packet is counted when it has left, and a reader may have packets of a
// session in hand at the moment when this is removed. Whoever reads the
// counters of removed sessions, for the last time perhaps, waits until they have
// left those hands: what accounting reports is what was carried.
//
//	reader: busy, look session up, ..., count, idle
//	shard:  take session out, ..., wait for those who are busy, read
//
// Either the reader does not find the session, or the shard finds it busy.

// settleMax bounds the wait. A batch takes some 100 µs; only a machine that lets a
// reader wait in the middle of one makes it longer.
const settleMax = 2 * time.Millisecond

// turns tells whether a goroutine has packets in hand: it counts their
// beginnings and ends, and is odd in between.
type turns struct{ count atomic.Uint64 }

func (t *turns) busy() { t.count.Add(1) }
func (t *turns) idle() { t.count.Add(1) }

// settle waits until every goroutine has let go of the packets that it had in
// hand when a session was last removed. It costs a look if none was since the
// last time.
func (p *Plane) settle() {
	at := p.removals.Load()
	if p.settled.Load() >= at {
		return
	}
	var end time.Time // the clock is asked only if there is something to wait for
	for _, s := range *p.slots.Load() {
		turn := s.turns.count.Load()
		for turn%2 == 1 && s.turns.count.Load() == turn {
			if end.IsZero() {
				end = time.Now().Add(p.opt.settleMax)
			} else if time.Now().After(end) {
				p.unsettled.Add(1)
				break
			}
			runtime.Gosched()
		}
	}
	for last := p.settled.Load(); last < at && !p.settled.CompareAndSwap(last, at); {
		last = p.settled.Load()
	}
}
