// SPDX-License-Identifier: Apache-2.0

package admission

import "time"

// limit is L, the number of calls that may be in set-up. It follows the set-up
// latency: near its floor there is room, at a multiple of it something that the
// calls wait for is congested.
type limit struct {
	l         float64
	low, high int
	floor     float64 // ns: the least smoothed latency of this window and the last
	next      float64 // ns: the least of this window
	windowEnd int64
	smooth    float64 // ns: smoothed latency
	reducedAt int64   // when L shrank last: once a latency, or a second, is enough
}

const (
	floorWindow = int64(30 * time.Second)         // the floor is measured anew over this time
	inflated    = 4                               // times the floor: shrink
	inflatedMin = float64(200 * time.Millisecond) // below that latency nothing is congested
	shrinkLeast = 0.9                             // L shrinks as far as the latency is above the threshold, within these
	shrinkMost  = 0.5
)

func (m *limit) init(low, high int) {
	m.low, m.high = low, high
	m.l = float64(min(max(4*low, low), high))
}

// bound changes the bounds; L goes where it may be.
func (m *limit) bound(low, high int) {
	m.low, m.high = low, high
	m.l = min(max(m.l, float64(low)), float64(high))
}

// threshold is the latency above which something is congested.
func (m *limit) threshold() float64 { return max(inflated*m.floor, inflatedMin) }

func (m *limit) slots() int { return int(m.l) }

// typical is a latency, ns, that few set-ups exceed now: half as much again as
// the smoothed one.
func (m *limit) typical() int64 { return int64(m.smooth * 3 / 2) }

// done takes the latency of a call that came up when inSetUp calls held slots.
func (m *limit) done(now, latency int64, inSetUp int, c *Counters) {
	x := float64(latency)
	if m.smooth == 0 {
		m.smooth = x
	}
	m.smooth += (x - m.smooth) / 16
	m.measureFloor(now)
	if m.smooth > m.threshold() {
		m.reduce(now, c)
		return
	}
	// Grow only when L is what holds calls back: by one for every two that come
	// up, which doubles L in two latencies.
	if 2*inSetUp >= m.slots() && m.slots() < m.high {
		m.l = min(m.l+0.5, float64(m.high))
		c.SlotsGrown++
	}
}

// lost takes a request that was never answered: L halves, once a second.
func (m *limit) lost(now int64, c *Counters) {
	if now-m.reducedAt < int64(time.Second) && m.reducedAt != 0 {
		return
	}
	m.reducedAt = now
	m.l = max(m.l/2, float64(m.low))
	c.SlotsShrunk++
}

// failed takes a call that its caller gave up in set-up: the surest sign.
func (m *limit) failed(age int64, c *Counters) {
	if float64(age) > inflatedMin {
		m.l = max(m.l-1, float64(m.low))
		c.SlotsShrunk++
	}
}

func (m *limit) reduce(now int64, c *Counters) {
	if now-m.reducedAt < int64(min(m.smooth, float64(time.Second))) {
		return
	}
	m.reducedAt = now
	m.l = max(m.l*min(max(m.threshold()/m.smooth, shrinkMost), shrinkLeast), float64(m.low))
	c.SlotsShrunk++
}

// measureFloor keeps the least smoothed latency of the last one to two windows.
func (m *limit) measureFloor(now int64) {
	if now >= m.windowEnd {
		if m.floor = m.next; m.floor == 0 {
			m.floor = m.smooth
		}
		m.next = m.smooth
		m.windowEnd = now + floorWindow
	}
	m.next = min(m.next, m.smooth)
	m.floor = min(m.floor, m.smooth)
}
