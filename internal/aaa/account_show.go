// SPDX-License-Identifier: Apache-2.0

package aaa

import (
	"encoding/binary"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
)

// Statistics is what accounting has counted since the start. Any
// goroutine.
func (a *Accounting) Statistics() AccountingStatistics {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.ledger
	s := l.stats
	for _, o := range l.order {
		s.PendingStarts += o.starts
		s.PendingStops += o.stops
	}
	s.PendingStopsMax, s.WithholdMax = l.limits.PendingStopsMax, l.limits.WithholdMax
	s.Unwritten = len(l.batch.ops)
	if l.writing != nil {
		s.Unwritten += len(l.writing.ops)
	}
	return s
}

// Pending is what waits for the servers of each profile, in the order of their
// names. Any goroutine.
func (a *Accounting) Pending() (list []PendingStops) {
	a.mu.Lock()
	defer a.mu.Unlock()
	l, now := a.ledger, time.Now()
	for _, o := range l.order {
		p := PendingStops{
			Profile: o.key.profile, Duplicate: o.key.duplicate,
			Starts: o.starts, Stops: o.stops, InFlight: o.inFlight, Dropped: o.dropped, State: l.state(o),
		}
		if o.starts+o.stops > 0 {
			l.look(o, func(_ uint64, r *queueRecord) bool {
				p.Oldest = max(now.Sub(r.at), 0)
				return false
			})
		}
		list = append(list, p)
	}
	return list
}

// state says what an outlet waits for.
func (l *ledger) state(o *outlet) OutletState {
	switch {
	case o.set == nil:
		return OutletGone
	case l.gates.open(o) && o.starts+o.stops == 0:
		return OutletIdle
	case l.gates.open(o):
		return OutletSending
	case !l.restored || !l.gates.of[o].ready():
		return OutletRecovering
	}
	return OutletOn
}

// Records are the records that wait longest, at most so many of each profile. Any
// goroutine.
func (a *Accounting) Records(limit int) (list []PendingRecord) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, o := range a.ledger.order {
		n := 0
		a.ledger.look(o, func(_ uint64, r *queueRecord) bool {
			if n == limit {
				return false
			}
			n++
			p := PendingRecord{Profile: o.key.profile, Duplicate: o.key.duplicate, Stop: r.kind == queuedStop, SessionID: r.session, At: r.at}
			p.describe(r.attributes)
			list = append(list, p)
			return true
		})
	}
	return list
}

// describe reads the attributes that operators know a record by.
func (p *PendingRecord) describe(b []byte) {
	for len(b) >= 2 && b[1] >= 2 && int(b[1]) <= len(b) {
		value := b[2:b[1]]
		switch {
		case b[0] == byte(rfc2865.UserName_Type):
			p.User = string(value)
		case b[0] == byte(rfc2866.AcctTerminateCause_Type) && len(value) == 4:
			p.Terminate = binary.BigEndian.Uint32(value)
		}
		b = b[b[1]:]
	}
}
