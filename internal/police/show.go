// SPDX-License-Identifier: Apache-2.0

package police

import (
	"net/netip"
	"time"
)

// Snapshot copies everything that operators see.
func (p *Police) Snapshot(now time.Time) Snapshot {
	c := &p.cfg
	s := Snapshot{
		At: now, DisableRoutingEngine: c.DisableRoutingEngine, DisableFPC: c.DisableFPC, DisableLogging: c.DisableLogging,
		FlowDetection: c.FlowDetection, ViolationReportRate: c.ViolationReportRate, FlowReportRate: c.FlowReportRate,
		FlowMode: c.FlowMode, LevelControl: c.LevelControl, ReportsSuppressed: p.suppressed,
	}
	current := make([]uint64, len(p.detected))
	p.table.all(func(_ int, _, about uint64, _ *record) {
		if aboutState(about) != flowTracked {
			current[flowIndex(slotRow(aboutSlot(about)), aboutType(about), aboutLevel(about))]++
		}
	})
	if f := p.table; f != nil {
		s.Table = FlowTable{
			Size: uint64(len(f.tags)), Used: f.used.Load(), Evicted: f.evicted.Load(), Untracked: f.untracked.Load(), Aggregated: p.aggregated,
		}
	}
	for _, t := range Types() {
		ts := p.typeSnapshot(t, current)
		if ts.Violation.State.Is() {
			s.TypesViolated++
		}
		if ts.Violation.State != NeverViolated {
			s.TypesWereViolated++
		}
		s.Violations += ts.Violation.Count
		s.FlowsTracked += ts.Tracked
		s.FlowsDetected += ts.Detected
		s.Types = append(s.Types, ts)
	}
	return s
}

func (p *Police) typeSnapshot(t Type, current []uint64) TypeSnapshot {
	s := TypeSnapshot{Type: t, Config: p.cfg.Effective(t), Policed: p.cfg.Policed(t), FlowType: p.cfg.FlowType(t)}
	s.Host = p.location(hostRow, t)
	s.Host.BandwidthScale, s.Host.BurstScale = 100, 100
	s.Violation = s.Host.Violation
	for row := 1; row < p.rows; row++ {
		l := p.location(row, t)
		for level := range FlowLevels {
			i := flowIndex(row, t, level)
			l.Flows[level].Current, l.Flows[level].Detected = current[i], p.detected[i].Load()-p.foundBase[i]
			l.Flows[level].Active = p.cfg.FlowDetection && Mode(p.plan.Load().flows[t][level].mode) != Off
			s.Tracked += l.Flows[level].Current
			s.Detected += l.Flows[level].Detected
		}
		if l.Violation.State.Is() {
			s.SlotsViolated++
		}
		if l.Violation.State != NeverViolated {
			s.SlotsWereViolated++
		}
		s.Violation = join(s.Violation, l.Violation)
		s.System.add(&l.Counts)
		for _, known := range p.cfg.Slots {
			if known.Number == row-1 {
				s.Slots = append(s.Slots, l)
			}
		}
	}
	s.System.DroppedIndividual += s.Host.Counts.DroppedIndividual
	s.System.DroppedAggregate += s.Host.Counts.DroppedAggregate
	w := &p.windows[index(p.rows, t)]
	s.System.ArrivalRate, s.System.MaxArrivalRate = w.rate, w.peak
	return s
}

// location is t at one row.
func (p *Police) location(row int, t Type) Location {
	e, i := p.cfg.Effective(t), index(row, t)
	l := Location{Bandwidth: e.Bandwidth, Burst: max(e.Burst, 1), Enabled: !e.DisableRoutingEngine, Violation: p.violation(i)}
	if row != hostRow {
		sc := e.slot(row - 1)
		l.Slot, l.Enabled = p.slot(row-1), !e.DisableFPC && !sc.Disable
		l.BandwidthScale, l.BurstScale = sc.BandwidthScale, sc.BurstScale
		l.Bandwidth, l.Burst = e.Bandwidth*sc.BandwidthScale/100, scaled(e.Burst, sc.BurstScale)
	}
	l.Counts = p.counts(row, t)
	w := &p.windows[i]
	l.Counts.ArrivalRate, l.Counts.MaxArrivalRate = w.rate, w.peak
	return l
}

// counts of an aggregate are those of its group.
func (p *Police) counts(row int, t Type) (n Counts) {
	for other := None + 1; other < typeCount; other++ {
		if other == t || t.IsAggregate() && other.Group() == t.Group() {
			now, taken := p.cells[index(row, other)].read(), p.bases[index(row, other)]
			n.Received += now.received - taken.received
			n.DroppedIndividual += now.individual - taken.individual
			n.DroppedAggregate += now.aggregate - taken.aggregate
			n.DroppedFlow += now.flow - taken.flow
		}
	}
	return n
}

func (c *Counts) add(o *Counts) {
	c.Received += o.Received
	c.DroppedIndividual += o.DroppedIndividual
	c.DroppedAggregate += o.DroppedAggregate
	c.DroppedFlow += o.DroppedFlow
}

func (p *Police) violation(i int) Violation {
	v := &p.violations[i]
	out := Violation{State: v.state(), Count: v.count, Start: p.time(v.lastStart), LastSeen: p.time(v.lastEnd)}
	if v.since != 0 {
		out.Start, out.LastSeen = p.time(v.since), p.time(max(p.cells[i].lastExcess.Load(), v.since))
	}
	return out
}

// join makes one history of two: of those going on, from the first to the last;
// of those past, the last.
func join(a, b Violation) Violation {
	j := a
	switch {
	case a.State.Is() && b.State.Is():
		if b.Start.Before(j.Start) {
			j.Start = b.Start
		}
		if b.LastSeen.After(j.LastSeen) {
			j.LastSeen = b.LastSeen
		}
	case b.State.Is(), !a.State.Is() && b.LastSeen.After(a.LastSeen):
		j = b
	}
	j.State, j.Count = a.State|b.State, a.Count+b.Count
	return j
}

// Culprits appends the culprit flows that sel picks, in no particular order.
func (p *Police) Culprits(sel Selector, out []Culprit) []Culprit {
	p.table.all(func(_ int, tag, about uint64, r *record) {
		if aboutState(about) != flowTracked && sel.picks(aboutType(about)) && sel.picksSlot(aboutSlot(about)) {
			out = append(out, p.culprit(tag, about, r))
		}
	})
	return out
}

func (p *Police) culprit(tag, about uint64, r *record) Culprit {
	ids := r.ids.Load()
	c := Culprit{
		ID: tag, Type: aboutType(about), Level: aboutLevel(about), Slot: aboutSlot(about), Caller: r.caller.Load(),
		TunnelID: uint16(ids >> 16), SessionID: uint16(ids),
		Found: p.time(r.found.Load()), LastViolation: p.time(r.lastOver.Load()),
		Rate: r.rate.Load(), Packets: r.packets.Load(), Dropped: r.dropped.Load(),
	}
	if c.Level != PhysicalInterface {
		c.Peer = netip.AddrPortFrom(address(r.peer[0].Load(), r.peer[1].Load()), uint16(ids>>32))
	}
	if c.Level == LogicalInterface {
		c.Local = address(r.local[0].Load(), r.local[1].Load())
	}
	return c
}
