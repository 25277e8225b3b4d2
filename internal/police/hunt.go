// SPDX-License-Identifier: Apache-2.0

package police

import (
	"sync/atomic"

	"holdfast/internal/packet"
)

// hunt is the state of flow detection for one flow type.
type hunt struct {
	on    atomic.Uint32 // a policer is violated, or a culprit is under control
	floor atomic.Uint32 // the finest FlowLevel at which flows are entered
	since uint64        // the owner's: when floor was raised; 0: it is not
}

// startHunt begins to look for flows of what the policer of t covers.
func (p *Police) startHunt(t Type) {
	if !t.IsAggregate() {
		p.hunts[t].on.Store(1)
		return
	}
	for other := t; other < typeCount && other.Group() == t.Group(); other++ {
		p.hunts[other].on.Store(1)
	}
}

// suppress meters the packet at each level, the finest first, and says whether
// it belongs to a culprit whose packets are dropped. A level answers for what
// the finer one let through within its bandwidth only: a LAC is not blamed for
// a call that is found out on its own.
func (p *Police) suppress(now uint64, row int, t Type, l *limit, plan *plan, d *packet.Datagram, established bool) bool {
	flow := Type(l.flow)
	h := &p.hunts[flow]
	hunting := h.on.Load() != 0
	if !hunting && !plan.always[flow] {
		return false
	}
	floor := FlowLevel(h.floor.Load())
	for level := range FlowLevels {
		f := &plan.flows[flow][level]
		if Mode(f.mode) == Off || Mode(f.mode) == Automatic && !hunting {
			continue
		}
		if established && !(flow.Group() == GroupPPP && level == Subscriber) {
			return false // see "Established tunnels" in the package comment
		}
		k := newFlowKey(level, flow, t, row-1, d, &plan.table.key)
		m := plan.table.meterPacket(now, &k, row-1, f, level >= floor)
		if m.found {
			p.detected[flowIndex(row, flow, level)].Add(1)
		}
		switch {
		case !m.tracked:
		case m.culprit && (Control(f.control) == ControlDrop || Control(f.control) == ControlPolice && m.over):
			m.record.dropped.Add(1)
			return true
		case m.over:
			return false
		}
	}
	return false
}

func flowIndex(row int, t Type, l FlowLevel) int { return index(row, t)*int(FlowLevels) + int(l) }
