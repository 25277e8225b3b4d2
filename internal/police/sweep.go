// SPDX-License-Identifier: Apache-2.0

package police

// census counts the flows of each type and level.
type census [typeSpace][FlowLevels]struct{ tracked, culprits uint64 }

// sweep goes through the flows: reports new culprits, lets go those whose time
// has come, forgets flows that owe nothing, and merges flows when there are too
// many. It notes which types have culprits.
func (p *Police) sweep(now, elapsed uint64, culprits *[typeSpace]bool, out []Event) []Event {
	var seen census
	f := p.table
	f.all(func(i int, tag, about uint64, r *record) {
		n := r.packets.Load()
		r.rate.Store(perSecond(n-r.window.Load(), elapsed))
		r.window.Store(n)
		t, level := aboutType(about), aboutLevel(about)
		switch aboutState(about) {
		case flowTracked:
			// A flow that owes nothing is as good as one never seen.
			if r.meter.tat.Load() <= now {
				f.remove(i, tag)
				return
			}
			seen[t][level].tracked++
			return
		case flowFound:
			r.about.CompareAndSwap(about, about&^flowState|flowReported)
			out = p.reportFlow(now, FlowFound, p.culprit(tag, about, r), out)
		}
		if over, why := p.served(now, t, r); over {
			out = p.reportFlow(now, why, p.culprit(tag, about, r), out)
			f.remove(i, tag)
			return
		}
		seen[t][level].culprits++
		culprits[t] = true
	})
	out = p.aggregate(now, &seen, out)
	return p.deaggregate(now, out)
}

// served says whether a culprit is one no longer, and why.
func (p *Police) served(now uint64, t Type, r *record) (over bool, why EventKind) {
	c := &p.cfg.Types[t].Flow
	switch {
	case now >= r.lastOver.Load()+uint64(c.RecoverTime):
		return true, FlowNormal
	case c.TimeoutActive && now >= r.found.Load()+uint64(c.Timeout):
		return true, FlowTimedOut
	}
	return false, 0
}

// aggregate makes room when three quarters of the table are taken: the type with
// the most flows gives up its finest level, whose packets then count at the
// level above. Culprits of that level stay under control, but for when it is
// they who fill the table.
func (p *Police) aggregate(now uint64, seen *census, out []Event) []Event {
	f := p.table
	for f != nil && f.used.Load() > uint64(len(f.tags))/4*3 {
		t, level := seen.largest()
		if t == None {
			break // what fills it is a few flows a slot, or came after the count
		}
		all := seen[t][level].culprits > uint64(len(f.tags))/4
		removed := uint64(0)
		f.all(func(i int, tag, about uint64, _ *record) {
			if aboutType(about) == t && aboutLevel(about) == level && (all || aboutState(about) == flowTracked) {
				f.remove(i, tag)
				removed++
			}
		})
		seen[t][level].tracked, seen[t][level].culprits = 0, 0
		h := &p.hunts[t]
		if removed == 0 && uint32(level) < h.floor.Load() {
			continue // given up before, and its last culprits are few
		}
		p.aggregated++
		h.since = now
		h.floor.Store(max(h.floor.Load(), uint32(level)+1))
		out = p.report(now, Event{Kind: FlowsAggregated, Type: t, Level: level, Count: removed}, out)
	}
	return out
}

// largest finds the type with the most flows, and the finest level at which it
// has any; None if there are but those of slots.
func (c *census) largest() (most Type, finest FlowLevel) {
	count := uint64(0)
	for t := None + 1; t < typeCount; t++ {
		n, first := uint64(0), PhysicalInterface
		for l, seen := range c[t][:PhysicalInterface] {
			if n == 0 {
				first = FlowLevel(l)
			}
			n += seen.tracked + seen.culprits
		}
		if n > count {
			most, finest, count = t, first, n
		}
	}
	return most, finest
}

// deaggregate tells flows apart again when there is room, after the recover time.
func (p *Police) deaggregate(now uint64, out []Event) []Event {
	for t := None + 1; t < typeCount; t++ {
		h := &p.hunts[t]
		if h.floor.Load() == 0 || now < h.since+uint64(p.cfg.Types[t].Flow.RecoverTime) || p.table.used.Load() > uint64(len(p.table.tags))/4 {
			continue
		}
		h.floor.Store(uint32(Subscriber))
		out = p.report(now, Event{Kind: FlowsDeaggregated, Type: t}, out)
	}
	return out
}

func (p *Police) reportFlow(now uint64, k EventKind, c Culprit, out []Event) []Event {
	return p.report(now, Event{Kind: k, Type: c.Type, Slot: p.slot(c.Slot), Start: c.Found, End: c.LastViolation, Level: c.Level, Flow: c}, out)
}

// report appends an event about flows, if they are logged and not too many.
func (p *Police) report(now uint64, e Event, out []Event) []Event {
	if p.cfg.DisableLogging || p.cfg.Types[e.Type].Flow.NoLogging || !p.allowReport(now, 1, p.cfg.FlowReportRate) {
		return out
	}
	return append(out, e)
}
