// SPDX-License-Identifier: Apache-2.0

package police

import (
	"math"
	"time"
)

// window is what one type received at one location, second by second.
type window struct {
	from uint64 // received at the beginning of the running window
	rate uint64 // packets a second in the last full one
	peak uint64 // the highest rate of any
}

func (w *window) roll(received, elapsed uint64) {
	w.rate = perSecond(received-w.from, elapsed)
	w.peak = max(w.peak, w.rate)
	w.from = received
}

// perSecond rounds to the nearest.
func perSecond(n, elapsed uint64) uint64 {
	return uint64(math.Round(float64(n) / float64(elapsed) * float64(second)))
}

// Next is when Advance has work: at the end of a second, in which flows are looked
// through too, or before that at the end of a violation.
func (p *Police) Next() time.Time {
	at := p.tickAt
	if p.deadline != 0 {
		at = min(at, p.deadline)
	}
	return p.time(at)
}

// Advance begins and ends violations, measures rates, lets flows go, and appends
// to out what there is to report.
func (p *Police) Advance(now time.Time, out []Event) []Event {
	ns := p.ns(now)
	out = append(out, p.pending...)
	p.pending = p.pending[:0]
	out = p.checkViolations(ns, out)
	var culprits [typeSpace]bool
	if elapsed := ns - p.tickFrom; ns >= p.tickAt {
		p.roll(elapsed)
		out = p.sweep(ns, elapsed, &culprits, out)
		p.tickFrom, p.tickAt = ns, ns+second
		p.settleHunts(&culprits)
	}
	return out
}

// roll ends the second of all windows.
func (p *Police) roll(elapsed uint64) {
	var system [typeSpace]uint64
	for row := range p.rows {
		received := p.receivedIn(row)
		for t, n := range received {
			p.windows[row<<typeBits|t].roll(n, elapsed)
			if row != hostRow {
				system[t] += n
			}
		}
	}
	for t, n := range system {
		p.windows[p.rows<<typeBits|t].roll(n, elapsed)
	}
}

// receivedIn is what each type received at a location; an aggregate what its group did.
func (p *Police) receivedIn(row int) (n [typeSpace]uint64) {
	for t := None + 1; t < typeCount; t++ {
		n[t] += p.cells[index(row, t)].received.Load()
		if agg := t.Group().Aggregate(); agg != t {
			n[agg] += n[t]
		}
	}
	return n
}

// settleHunts goes on looking for flows where a policer is violated or a culprit
// is in hand, and stops elsewhere. A violation that begins meanwhile is seen by
// the second look, or begins the hunt itself.
func (p *Police) settleHunts(culprits *[typeSpace]bool) {
	for t := None + 1; t < typeCount; t++ {
		if h := &p.hunts[t]; h.on.Load() != 0 && !culprits[t] && !p.violated(t) {
			h.on.Store(0)
			if p.violated(t) {
				h.on.Store(1)
			}
		}
	}
}

// violated says whether a policer that t's packets meet is violated anywhere.
func (p *Police) violated(t Type) bool {
	for row := range p.rows {
		if p.cells[index(row, t)].violatedSince.Load() != 0 || p.cells[index(row, t.Group().Aggregate())].violatedSince.Load() != 0 {
			return true
		}
	}
	return false
}
