// SPDX-License-Identifier: Apache-2.0

package police

// Flags of a limit.
const (
	limitOwn       uint64 = 1 << iota // the type has a policer of its own
	limitAggregate                    // the aggregate is to be asked
	limitTrust                        // ... but not about packets of established tunnels
	limitFlows                        // the packet is subject to flow detection
)

// limit is what the packets of one type meet at one location: a row of a table
// that the data plane can hold as it stands.
type limit struct {
	own       rate
	ownFull   uint64 // tolerance of the own policer
	aggregate rate
	aggFull   uint64 // tolerance of the aggregate, by the type's priority
	flags     uint64
	flow      uint64 // the Type whose flow detection applies
}

// flowLimit is what one level of flow detection of one type asks.
type flowLimit struct {
	rate      rate
	tolerance uint64
	detect    uint64 // nanoseconds
	mode      uint32 // Mode, or Off where flows are off altogether
	control   uint32 // Control
}

// plan is a Config as the packet path reads it. It is never changed, only
// replaced.
type plan struct {
	limits []limit // of row<<typeBits | type
	flows  [typeSpace][FlowLevels]flowLimit
	always [typeSpace]bool // some level is on, whatever the policers say
	table  *flowTable      // nil: flow detection is off

	devices map[uint32]int // slots by network device; one that is not there is at slot 0
}

// hostRow is the row of the host level; slot n has row n+1.
const hostRow = 0

func slotRow(slot int) int { return slot + 1 }

func index(row int, t Type) int { return row<<typeBits | int(t) }

func newPlan(c *Config, rows int, table *flowTable) *plan {
	p := &plan{limits: make([]limit, rows<<typeBits), table: table, devices: make(map[uint32]int, len(c.Slots))}
	for _, s := range c.Slots {
		if s.Device != 0 {
			p.devices[s.Device] = s.Number
		}
	}
	for _, t := range Types() {
		for row := range rows {
			p.limits[index(row, t)] = newLimit(c, row, t)
		}
		p.planFlows(c, t)
	}
	return p
}

func newLimit(c *Config, row int, t Type) limit {
	agg := t.Group().Aggregate()
	l := limit{flow: uint64(c.FlowType(t))}
	if r, on := policer(c, row, t); on && !t.IsAggregate() && c.Policed(t) {
		l.own, l.ownFull = r, r.tolerance(PriorityHigh)
		l.flags |= limitOwn
	}
	if r, on := policer(c, row, agg); on && !c.Types[t].BypassAggregate {
		l.aggregate, l.aggFull = r, r.tolerance(c.Types[t].Priority)
		l.flags |= limitAggregate
	}
	// The default of an aggregate is far below what established tunnels may
	// honestly send; an operator who sets it means all packets.
	if c.Types[agg].Configured&knobsPolicer == 0 {
		l.flags |= limitTrust
	}
	if c.FlowDetection && row != hostRow {
		l.flags |= limitFlows
	}
	return l
}

// policer is the rate of t's policer in a row, and whether it is enabled there.
func policer(c *Config, row int, t Type) (r rate, on bool) {
	e := c.Effective(t)
	if row == hostRow {
		return newRate(e.Bandwidth, e.Burst, 100, 100), !e.DisableRoutingEngine
	}
	s := e.slot(row - 1)
	return newRate(e.Bandwidth, e.Burst, s.BandwidthScale, s.BurstScale), !e.DisableFPC && !s.Disable
}

func (p *plan) planFlows(c *Config, t Type) {
	e := c.Effective(t)
	for i, level := range e.Flow.Levels {
		// The burst is what the bandwidth gives in a second: only a rate kept up
		// for longer is suspicious. With less than two packets the meter would be
		// empty between packets of a flow that is only a little too fast.
		r := newRate(level.Bandwidth, max(level.Bandwidth, 2), 100, 100)
		l := flowLimit{rate: r, tolerance: r.tolerance(PriorityHigh), detect: uint64(e.Flow.DetectTime), control: uint32(level.Control)}
		l.mode = uint32(combine(e.Flow.Mode, level.Mode))
		p.flows[t][i] = l
		p.always[t] = p.always[t] || Mode(l.mode) == On
	}
}

// combine joins the mode of a type with that of a level: off wins, then on.
func combine(a, b Mode) Mode { return max(a, b) }
