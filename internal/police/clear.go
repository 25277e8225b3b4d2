// SPDX-License-Identifier: Apache-2.0

package police

import "time"

// Selector picks types and slots, as commands name them. The zero Selector picks all.
type Selector struct {
	Types []Type // empty: all. An aggregate picks itself only: see Group.Types
	Slots []int  // empty: all; culprit flows only
}

func (s *Selector) picks(t Type) bool {
	for _, other := range s.Types {
		if other == t {
			return true
		}
	}
	return len(s.Types) == 0
}

func (s *Selector) picksSlot(number int) bool {
	for _, other := range s.Slots {
		if other == number {
			return true
		}
	}
	return len(s.Slots) == 0
}

// base is what counters showed when they were last cleared. They themselves
// only grow: others count while the owner clears.
type base struct{ received, individual, aggregate, flow uint64 }

func (c *cell) read() base {
	return base{c.received.Load(), c.individual.Load(), c.aggregate.Load(), c.flow.Load()}
}

// ClearStatistics sets counters and the highest rates to zero. What an aggregate
// counts is its types' counters, so it takes the whole group.
func (p *Police) ClearStatistics(sel Selector) {
	for t := None + 1; t < typeCount; t++ {
		if !sel.picks(t) && !sel.picks(t.Group().Aggregate()) {
			continue
		}
		for row := range p.rows {
			i := index(row, t)
			p.bases[i] = p.cells[i].read()
			p.windows[i].peak = 0
			for level := range FlowLevels {
				p.foundBase[flowIndex(row, t, level)] = p.detected[flowIndex(row, t, level)].Load()
			}
		}
		p.windows[index(p.rows, t)].peak = 0
	}
}

// ClearStates forgets violations. One that goes on is found anew.
func (p *Police) ClearStates(sel Selector) {
	for t := None + 1; t < typeCount; t++ {
		if !sel.picks(t) {
			continue
		}
		for row := range p.rows {
			i := index(row, t)
			p.violations[i] = violation{}
			p.settle(&p.cells[i], p.cells[i].lastExcess.Load())
		}
	}
}

// ClearCulprits lets culprit flows go and says how many. The reports come with
// the next Advance.
func (p *Police) ClearCulprits(now time.Time, sel Selector) (cleared int) {
	p.table.all(func(i int, tag, about uint64, r *record) {
		if aboutState(about) != flowTracked && sel.picks(aboutType(about)) && sel.picksSlot(aboutSlot(about)) {
			p.pending = p.reportFlow(p.ns(now), FlowCleared, p.culprit(tag, about, r), p.pending)
			p.table.remove(i, tag)
			cleared++
		}
	})
	return cleared
}
