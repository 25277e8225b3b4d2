// SPDX-License-Identifier: Apache-2.0

package police

import (
	"errors"
	"sync/atomic"
	"time"

	"holdfast/internal/packet"
)

// Verdict says whether a packet may come in, and who says no.
type Verdict uint8

// Verdicts.
const (
	Pass          Verdict = iota
	DropFlow              // its flow is a culprit
	DropPolicer           // the policer of its type
	DropAggregate         // the policer of its group
	verdicts
)

// Dropped says whether the packet goes no further.
func (v Verdict) Dropped() bool { return v != Pass }

// String names the verdict, as in fixtures.
func (v Verdict) String() string {
	return [verdicts]string{"pass", "drop-flow", "drop-policer", "drop-aggregate"}[v]
}

// Options is what stays for the life of a Police.
type Options struct {
	Slots int       // ingress slots there can be: 1 to SlotMax+1
	Flows int       // size of the flow table, rounded up to a power of two; 0: 65,536
	Epoch time.Time // when time begins; no now may be before it
	Key   [2]uint64 // of the hash over flows: random, so that nobody can aim at one place of the table
}

const flowsDefault = 65_536

// Police is all policers of one system. Ingress and Host may be called by any
// number of goroutines at once; everything else belongs to one owner.
type Police struct {
	epoch    time.Time
	rows     int
	cells    []cell // of row<<typeBits | type
	plan     atomic.Pointer[plan]
	hunts    [typeSpace]hunt // by flow type
	detected []atomic.Uint64 // culprits found, of flowIndex

	standings standings

	// From here on the owner's.
	cfg        Config
	table      *flowTable // made when flow detection is first switched on
	opt        Options
	violations []violation // as cells
	windows    []window    // as cells, and one row more for the whole system
	bases      []base      // as cells: what clear statistics has taken off
	foundBase  []uint64    // as detected
	tickAt     uint64      // end of the running window
	tickFrom   uint64      // its beginning
	deadline   uint64      // the earliest time at which a violation can end; 0: none is going on
	pending    []Event     // made outside Advance
	reports    [2]gcra     // of violations, of flows
	suppressed uint64
	aggregated uint64
}

// cell is one policer and what it counts, one cache line. A packet touches the
// cell of its type and, where that is asked, its aggregate's.
type cell struct {
	policer       gcra
	violatedSince atomic.Uint64 // first excess drop of the present violation; 0: none
	lastExcess    atomic.Uint64 // last excess drop
	received      atomic.Uint64
	individual    atomic.Uint64 // dropped by this policer
	aggregate     atomic.Uint64 // packets of this type that the aggregate's dropped
	flow          atomic.Uint64 // packets of this type dropped because of their flow
	_             uint64        // a line has eight words
}

// ErrOptions is returned by New.
var ErrOptions = errors.New("police: options out of range")

// New makes the policers.
func New(o Options, c Config) (*Police, error) {
	if o.Flows == 0 {
		o.Flows = flowsDefault
	}
	if o.Epoch.IsZero() || o.Slots < 1 || o.Slots > SlotMax+1 || o.Flows < ways || o.Flows > FlowsMax {
		return nil, ErrOptions
	}
	rows := o.Slots + 1
	n := rows << typeBits
	p := &Police{
		epoch: o.Epoch, rows: rows, opt: o, cells: make([]cell, n), detected: make([]atomic.Uint64, n*int(FlowLevels)),
		violations: make([]violation, n), windows: make([]window, n+typeSpace), bases: make([]base, n),
		foundBase: make([]uint64, n*int(FlowLevels)),
	}
	p.tickFrom = p.ns(o.Epoch)
	p.tickAt = p.tickFrom + second
	if err := p.Configure(o.Epoch, c); err != nil {
		return nil, err
	}
	return p, nil
}

// ns is now in nanoseconds, never zero: that is "never" everywhere.
func (p *Police) ns(now time.Time) uint64 { return uint64(max(now.Sub(p.epoch), 0)) + 1 }

// time is the inverse of ns.
func (p *Police) time(ns uint64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return p.epoch.Add(time.Duration(ns - 1))
}

// Configure takes a configuration into force. What policers have let through
// counts on, violations go on and flows stay known.
func (p *Police) Configure(now time.Time, c Config) error {
	if err := c.Validate(p.opt.Slots); err != nil {
		return err
	}
	if c.FlowDetection && p.table == nil {
		p.table = newFlowTable(p.opt.Flows, p.opt.Key)
	}
	var table *flowTable
	if c.FlowDetection {
		table = p.table
	}
	next, old := newPlan(&c, p.rows, table), p.plan.Load()
	p.cfg = c
	p.cfg.Slots = append([]Slot(nil), c.Slots...)
	p.plan.Store(next)
	if old == nil {
		return nil
	}
	p.rescale(p.ns(now), old)
	if table == nil && old.table != nil {
		p.ClearCulprits(now, Selector{})
		p.table.all(func(i int, tag, _ uint64, _ *record) { p.table.remove(i, tag) })
	}
	return nil
}

// rescale carries what policers owe over from old rates to those in force. Both
// are known from the limits: of a type's own policer, and of its aggregate as
// the aggregate's own row has it.
func (p *Police) rescale(now uint64, old *plan) {
	next := p.plan.Load()
	for i := range p.cells {
		from, to := old.limits[i].own, next.limits[i].own
		if t := Type(i % typeSpace); t.Known() && t.IsAggregate() {
			from, to = old.limits[i].aggregate, next.limits[i].aggregate
		}
		if from != to {
			p.cells[i].policer.rescale(now, from, to)
		}
	}
}

// Ingress is asked where packets are read, before anything is spent on them. A
// slot that does not exist counts as slot 0. established says that d belongs to
// a tunnel that stands: that its peer's address and port match and, of a control
// message, that Ns is in the window.
//
// d is looked into only while flows are looked for, and may be nil where there
// are none to tell apart.
func (p *Police) Ingress(now time.Time, slot int, t Type, d *packet.Datagram, established bool) Verdict {
	if !t.Known() {
		return Pass
	}
	row, ns, plan := slotRow(slot), p.ns(now), p.plan.Load()
	if uint(row) >= uint(p.rows) || row == hostRow {
		row = slotRow(0)
	}
	i := index(row, t)
	c, l := &p.cells[i], &plan.limits[i]
	c.received.Add(1)
	if l.flags&limitFlows != 0 && d != nil && p.suppress(ns, row, t, l, plan, d, established) {
		c.flow.Add(1)
		return DropFlow
	}
	return p.police(ns, row, t, c, l, established)
}

// Host is asked by a shard before it handles a packet that Ingress let pass.
func (p *Police) Host(now time.Time, t Type, established bool) Verdict {
	if !t.Known() {
		return Pass
	}
	i := index(hostRow, t)
	c := &p.cells[i]
	c.received.Add(1)
	return p.police(p.ns(now), hostRow, t, c, &p.plan.Load().limits[i], established)
}

// police asks the type's policer and then its aggregate's.
func (p *Police) police(ns uint64, row int, t Type, c *cell, l *limit, established bool) Verdict {
	if l.flags&limitOwn != 0 && !c.policer.take(ns, l.own, l.ownFull) {
		c.individual.Add(1)
		p.excess(ns, c, t)
		return DropPolicer
	}
	if l.flags&limitAggregate == 0 || established && l.flags&limitTrust != 0 {
		return Pass
	}
	agg := t.Group().Aggregate()
	a := &p.cells[index(row, agg)]
	if !a.policer.take(ns, l.aggregate, l.aggFull) {
		c.aggregate.Add(1)
		p.excess(ns, a, agg)
		return DropAggregate
	}
	return Pass
}

// excess notes that the policer of t has dropped. The owner makes a violation
// of it when it next looks; the hunt for flows begins at once.
func (p *Police) excess(ns uint64, c *cell, t Type) {
	c.lastExcess.Store(ns)
	if c.violatedSince.Load() == 0 && c.violatedSince.CompareAndSwap(0, ns) {
		p.startHunt(t)
	}
}
