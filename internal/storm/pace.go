// SPDX-License-Identifier: Apache-2.0

package storm

import "time"

// paceLateMax is how far a pace may fall behind before it forgets the rest: a
// machine that stood still for a while makes up for this much and no more.
const paceLateMax = 100 * time.Millisecond

// pace spaces things out in time: calls, packets.
type pace struct {
	interval time.Duration // from one to the next; zero: no pace
	at       time.Time     // when the next one may go
}

// newPace makes a pace of rate things a second; zero: no pace.
func newPace(rate float64) pace {
	if rate <= 0 {
		return pace{}
	}
	return pace{interval: max(time.Duration(float64(time.Second)/rate), 1)}
}

// start lets the first thing go at now.
func (p *pace) start(now time.Time) { p.at = now }

// take reports whether one may go now, and if so accounts for it.
func (p *pace) take(now time.Time) bool {
	if p.interval == 0 {
		return true
	}
	if now.Before(p.at) {
		return false
	}
	if p.at.IsZero() {
		p.at = now
	} else if oldest := now.Add(-paceLateMax); p.at.Before(oldest) {
		p.at = oldest
	}
	p.at = p.at.Add(p.interval)
	return true
}
