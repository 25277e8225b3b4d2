// SPDX-License-Identifier: Apache-2.0

package police

import (
	"sync/atomic"
	"time"
)

const second = uint64(time.Second)

// skew is how far the clocks of two callers may be apart. A policer further
// ahead than its burst and this was left there by a clock that went back.
const skew = second

// gcra is a rate as one word: the theoretical arrival time in nanoseconds, at
// which the rate will have caught up with what was let through. Any number of
// goroutines share it by compare-and-swap; so can programs in the kernel. Zero
// is a policer that has seen nothing.
type gcra struct{ tat atomic.Uint64 }

// rate is how a gcra is driven.
type rate struct {
	interval uint64 // nanoseconds between packets at the rate; 0: nothing passes
	full     uint64 // the burst, in nanoseconds: the most that may be owed
}

// take lets one packet pass and owes an interval for it, unless more than
// tolerance is owed already. A caller with a smaller tolerance leaves a part of
// the burst to the others.
func (g *gcra) take(at uint64, r rate, tolerance uint64) bool {
	for r.interval != 0 {
		tat := g.tat.Load()
		owed := uint64(0)
		if tat > at {
			owed = tat - at
		}
		if owed > r.full+skew {
			// The clock went back. What is owed is at most the burst, from now.
			g.tat.CompareAndSwap(tat, at+r.full)
			return false
		}
		if owed > tolerance {
			return false
		}
		if g.tat.CompareAndSwap(tat, at+owed+r.interval) {
			return true
		}
	}
	return false
}

// rescale keeps the number of packets owed when the rate changes.
func (g *gcra) rescale(at uint64, old, now rate) {
	for old.interval != 0 && now.interval != 0 {
		tat := g.tat.Load()
		if tat <= at {
			return
		}
		owed := float64(tat-at) / float64(old.interval) * float64(now.interval)
		if g.tat.CompareAndSwap(tat, at+min(uint64(owed), now.full)) {
			return
		}
	}
}

// newRate makes the rate of bandwidth packets a second, each in percent of scale.
func newRate(bandwidth, burst, bandwidthScale, burstScale uint32) rate {
	if bandwidth == 0 {
		return rate{}
	}
	interval := 100 * second / (uint64(bandwidth) * uint64(bandwidthScale))
	return rate{interval, interval * uint64(scaled(burst, burstScale))}
}

// scaled is burst in percent of scale, but a packet at least.
func scaled(burst, scale uint32) uint32 { return max(burst*scale/100, 1) }

// tolerance is what may be owed already when a packet of the given priority
// comes: the whole burst less the packet for high, three quarters for medium,
// half for low. So while the aggregate is dry, low priority gets only what the
// others leave of the rate.
func (r rate) tolerance(p Priority) uint64 {
	if r.interval == 0 {
		return 0
	}
	burst := r.full / r.interval
	return (max(burst*uint64(2+p)/4, 1) - 1) * r.interval
}
