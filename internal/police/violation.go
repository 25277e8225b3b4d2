// SPDX-License-Identifier: Apache-2.0

package police

// violation is the history of one policer. Times are nanoseconds.
type violation struct {
	since     uint64 // first excess drop of the present violation; 0: there is none
	count     uint64
	lastStart uint64 // of the violation before; 0: there was none
	lastEnd   uint64
}

// state: never -> is -> was -> was-and-is -> was ...
func (v *violation) state() State {
	s := NeverViolated
	if v.lastStart != 0 {
		s |= WasViolated
	}
	if v.since != 0 {
		s |= IsViolated
	}
	return s
}

// checkViolations begins and ends violations, and finds the deadline of the
// next end. An excess that comes after the recover time but before the owner
// looked continues the violation.
func (p *Police) checkViolations(now uint64, out []Event) []Event {
	p.deadline = 0
	for row := range p.rows {
		for t := None + 1; t < typeCount; t++ {
			i := index(row, t)
			c, v := &p.cells[i], &p.violations[i]
			since := c.violatedSince.Load()
			if since == 0 {
				continue
			}
			if v.since == 0 {
				v.since = since
				v.count++
				out = p.reportViolation(now, row, t, ViolationSet, out)
			}
			last, recover := c.lastExcess.Load(), uint64(p.cfg.Types[t].RecoverTime)
			if now < last+recover {
				if p.deadline == 0 || last+recover < p.deadline {
					p.deadline = last + recover
				}
				continue
			}
			v.lastStart, v.lastEnd, v.since = v.since, max(last, v.since), 0
			p.settle(c, last)
			out = p.reportViolation(now, row, t, ViolationClear, out)
		}
	}
	return out
}

// settle ends the violation of a policer whose last excess was at last, unless
// there has been one in the meantime.
func (p *Police) settle(c *cell, last uint64) {
	c.violatedSince.Store(0)
	if again := c.lastExcess.Load(); again != last {
		c.violatedSince.CompareAndSwap(0, again)
	}
}

func (p *Police) reportViolation(now uint64, row int, t Type, k EventKind, out []Event) []Event {
	e := p.cfg.Effective(t)
	if e.DisableLogging || !p.allowReport(now, 0, p.cfg.ViolationReportRate) {
		return out
	}
	v := p.violations[index(row, t)]
	r := Event{Kind: k, Type: t, Host: row == hostRow, Count: v.count, Start: p.time(v.since)}
	if !r.Host {
		r.Slot = p.slot(row - 1)
	}
	if k == ViolationClear {
		r.Start, r.End = p.time(v.lastStart), p.time(v.lastEnd)
	}
	return append(out, r)
}

// allowReport holds reports to a rate: 0 of violations, 1 of flows.
func (p *Police) allowReport(now uint64, class int, perSecond uint32) bool {
	r := newRate(perSecond, perSecond, 100, 100)
	if p.reports[class].take(now, r, r.tolerance(PriorityHigh)) {
		return true
	}
	p.suppressed++
	return false
}

// slot finds a slot by its number.
func (p *Police) slot(number int) Slot {
	for _, s := range p.cfg.Slots {
		if s.Number == number {
			return s
		}
	}
	return Slot{Number: number}
}
