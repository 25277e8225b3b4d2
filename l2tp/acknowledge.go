// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"time"

	"holdfast/l2tp/wire"
)

// ackEvery is how many messages of a tunnel are acknowledged at once even when
// acknowledgements may be late: a window of four, the default, never stands still.
const ackEvery = 3

// Flush ends a batch of Handle calls: it sends a ZLB for what nothing else has
// acknowledged. "A peer MUST NOT withhold acknowledgment of messages as a
// technique for flow controlling control messages", RFC 2661 §5.8: call it after
// each batch, whatever the owner's verbs are still waiting for, and after the
// effects of the batch, so that answers carry the acknowledgement.
func (e *Endpoint) Flush(now time.Time, fx *Effects) { e.FlushLate(now, 0, fx) }

// FlushLate is Flush for an owner under a flood of calls. What tells of calls that
// come and go may be acknowledged later by as much as delay, so that one ZLB
// serves several of them; anything else, what came again, and the third message of
// a tunnel is acknowledged at once. The delay is to be far below the second after
// which peers repeat a message; it does not depend on what becomes of the calls.
func (e *Endpoint) FlushLate(now time.Time, delay time.Duration, fx *Effects) {
	e.reuseCalls()
	for i, t := range e.acks {
		x := &t.xmit
		e.acks[i], x.listed = nil, false
		if delay == 0 || x.ackNow || x.ackCount >= ackEvery {
			e.acknowledge(t, fx)
		} else if !x.late {
			x.late = true
			e.lateAcks = append(e.lateAcks, t)
		}
	}
	e.acks = e.acks[:0]
	switch {
	case len(e.lateAcks) == 0:
	case e.lateBy.IsZero():
		e.lateBy = now.Add(delay)
	case delay == 0 || due(e.lateBy, now):
		for i, t := range e.lateAcks {
			e.lateAcks[i], t.xmit.late = nil, false
			e.acknowledge(t, fx)
		}
		e.lateAcks, e.lateBy = e.lateAcks[:0], time.Time{}
	}
}

// acknowledge sends the ZLB that t owes.
func (e *Endpoint) acknowledge(t *tunnel, fx *Effects) {
	x := &t.xmit
	// A hidden Assigned Tunnel ID is not known before AcceptTunnel, which answers anyway.
	if t.peer != 0 && (x.ackDue || x.ackSession != 0) {
		e.sendZLB(t, x.ackSession, fx)
	}
	x.acked()
	x.ackSession = 0
}

// acked notes that everything received has been acknowledged.
func (x *transport) acked() { x.ackDue, x.ackNow, x.ackCount = false, false, 0 }

// owe notes that t has to acknowledge a message at the end of the batch, or a
// little later when it may be late.
func (e *Endpoint) owe(t *tunnel, late bool) {
	x := &t.xmit
	x.ackDue = true
	x.ackNow = x.ackNow || !late
	x.ackCount = min(x.ackCount+1, ackEvery)
	if !x.listed {
		x.listed = true
		e.acks = append(e.acks, t)
	}
}

// mayBeLate says whether the acknowledgement of a message can wait: of those that
// come in floods.
func mayBeLate(payload []byte) bool {
	t, _, _, ok := wire.ParseMessageType(payload)
	return ok && (t == wire.ICRQ || t == wire.CDN)
}
