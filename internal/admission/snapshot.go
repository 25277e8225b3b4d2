// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"net/netip"
	"time"
)

// Snapshot is a copy of a Controller's state, for readers.
type Snapshot struct {
	Slots        int           // L
	InSetUp      int           // calls that hold a slot
	Aside        int           // calls in set-up that hold none any more, as their callers do not answer
	Parked       int           // calls that wait
	OldestWait   time.Duration // of the longest parked call
	Waits        Histogram     // from arrival to being begun, of recent calls
	SetUps       Histogram     // from being begun to being up, of recent calls
	SetUpFloor   time.Duration // least recent set-up latency, smoothed
	SetUpLatency time.Duration // smoothed
	Gated        bool          // an outside resource holds the door closed
	Counters     Counters
	LACs         []LACShare // that have called within the last hour
}

// LACShare is one LAC's part.
type LACShare struct {
	Address  netip.Addr
	Parked   int
	Admitted uint64
	Patience time.Duration // after which its calls are of no use
}

// Snapshot copies what operators see.
func (c *Controller) Snapshot(now time.Time) Snapshot {
	s := Snapshot{
		Slots: c.limit.slots(), InSetUp: c.setup.holding(), Aside: c.setup.aside, Parked: c.queue.count,
		Waits: c.waits, SetUps: c.ready,
		SetUpFloor: time.Duration(c.limit.floor), SetUpLatency: time.Duration(c.limit.smooth),
		Gated: c.gate, Counters: c.counters,
	}
	if c.queue.count > 0 {
		s.OldestWait = time.Duration(c.ns(now) - c.queue.parked[c.queue.oldest()].arrived)
	}
	for k := range c.queue.lacs {
		l := &c.queue.lacs[k]
		if l.gone(c.ns(now)) {
			continue
		}
		s.LACs = append(s.LACs, LACShare{l.addr, l.count, l.admitted, time.Duration(c.patience(int32(k)))})
	}
	return s
}

// Overloaded reports whether there is a backlog: calls wait for longer than the
// short wait, or find no room.
func (c *Controller) Overloaded(now time.Time) bool { return c.backlog(c.ns(now)) }
