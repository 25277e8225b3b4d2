// SPDX-License-Identifier: Apache-2.0

package radius

import "time"

// begin sends a request, which is in no queue, to a service for the first time.
func (c *Client) begin(r *request, s *service, fx *Effects) {
	r.inFlight = true
	r.attempt++
	r.transmissions = 0
	r.interval = firstInterval(c.cfg.Rand, s.irt())
	s.inFlight++
	s.peak = max(s.peak, s.inFlight)
	s.counters.Requests++
	if s.state == Dead {
		s.probe = r
		s.counters.Probes++
	}
	c.takeSlot(r, s)
	c.transmit(r, s, fx)
}

// takeSlot gives a request an identifier of a service; false: none is free.
func (c *Client) takeSlot(r *request, s *service) bool {
	i, ok := s.slots.take(c.now)
	if ok {
		s.slots.all[i] = slot{state: slotHeld, request: r, generation: r.generation, attempt: r.attempt, ref: r.ref}
		r.slot = i
	}
	return ok
}

// transmit sends a request in its current slot.
func (c *Client) transmit(r *request, s *service, fx *Effects) {
	if r.firstSentAt == 0 {
		r.firstSentAt = c.now
	}
	x := &s.slots.all[r.slot]
	if x.sends == 0 {
		x.firstAt = c.now
	}
	x.sends++
	x.sentAt = c.now
	r.transmissions++
	r.sentAt = c.now
	s.server.gate.take(c.now)
	if r.kind == Interim {
		s.server.interims.take(c.now)
	}
	fx.add(Effect{
		Kind: Send, Ref: r.ref, Slot: s.address(r.slot), Transmission: r.transmissions,
		Repeat: x.sends > 1 && r.kind == Access, FirstSent: c.time(r.firstSentAt),
	})
	c.arm(r)
}

// retransmit sends a request again.
//
// "If the RADIUS client is retransmitting a RADIUS request to the same server as
// before, and the attributes haven't changed, you MUST use the same Request
// Authenticator, ID, and source port." RFC 2865 §2.5
//
// "Note that if Acct-Delay-Time is included in the attributes of an
// Accounting-Request then the Acct-Delay-Time value will be updated when the packet
// is retransmitted, changing the content of the Attributes field and requiring a
// new Identifier and Request Authenticator." RFC 2866 §4.1
//
// It is never held back for the rate, but it takes its place in it: new requests
// are the ones that wait. Over TLS nothing is lost while the connection lives, so
// only the time runs.
func (c *Client) retransmit(r *request, s *service, fx *Effects) {
	r.interval = nextInterval(c.cfg.Rand, r.interval, s.irt())
	last := r.slot
	if s.server.cfg.TLS != nil || r.kind != Access && !c.takeSlot(r, s) {
		r.transmissions++
		r.sentAt = c.now
		c.arm(r)
		return
	}
	if r.slot != last {
		s.slots.rest(last, c.now)
	}
	s.counters.Retransmissions++
	c.transmit(r, s, fx)
}

// expire handles the timer of a request.
func (c *Client) expire(r *request, fx *Effects) {
	if !r.inFlight {
		c.end(r, Effect{Outcome: TimedOut}, fx)
		return
	}
	s := r.service()
	attempt := r.attempt
	c.timedOut(s, fx)
	if !r.inFlight || r.attempt != attempt {
		return // the service died of it, and the request has moved on
	}
	switch {
	case r.kind != Accounting && c.now >= r.submittedAt+mrd:
		c.end(r, Effect{Outcome: TimedOut}, fx)
	case s.probe == r || int(r.transmissions) > s.retry():
		c.moveOn(r, fx)
	default:
		c.retransmit(r, s, fx)
	}
}

// moveOn takes a request to the next live server of its set. When there is none, an
// Accounting-Request that must arrive begins anew; the others have failed.
func (c *Client) moveOn(r *request, fx *Effects) {
	m, ok := c.nextAlive(r)
	if !ok && r.kind == Accounting {
		// "These settings will enable a RADIUS client to continue sending accounting
		// requests to a RADIUS server until the request is acknowledged." RFC 5080 §2.2.1
		c.abandon(r)
		m = r.group.choose(r.kind.Service(), c.now)
		if m >= 0 {
			if m != r.member {
				r.service().counters.Rollovers++
			}
			r.first = m
			c.enqueueAt(r, m)
			return
		}
		c.end(r, Effect{Outcome: NoServer}, fx)
		return
	}
	if !ok {
		c.end(r, Effect{Outcome: TimedOut}, fx)
		return
	}
	r.service().counters.Rollovers++
	c.abandon(r)
	c.enqueueAt(r, m)
}

// abandon takes a request out of flight without an answer. Its slot rests: as long
// as the request lives, a late reply is as good as one in time.
func (c *Client) abandon(r *request) {
	s := r.service()
	s.counters.Abandoned++
	s.slots.rest(r.slot, c.now)
	c.land(r, s)
}

// land takes a request out of flight.
func (c *Client) land(r *request, s *service) {
	r.inFlight = false
	s.inFlight--
	if s.probe == r {
		c.putOffProbe(s)
	}
	c.touch(s.server)
}

// end ends a request, wherever it is; e says how.
func (c *Client) end(r *request, e Effect, fx *Effects) {
	switch {
	case r.inFlight:
		c.abandon(r)
	case r.queued:
		r.service().waiting[r.kind].remove(r)
	}
	c.totals.Ended[r.kind][e.Outcome]++
	e.Kind, e.Ref = Done, r.ref
	fx.add(e)
	c.recycle(r)
}

// arm sets the timer of a request to what comes first: its next transmission, or
// the end of its patience.
func (c *Client) arm(r *request) {
	at := int64(0)
	if r.kind != Accounting {
		at = r.submittedAt + mrd
	}
	s := r.service()
	switch {
	case r.inFlight:
		next := r.sentAt + r.interval
		if at == 0 || next < at {
			at = next
		}
	case s.state == Dead && at != 0:
		// Nobody lives who could answer: waiting any longer than for an answer helps
		// no one.
		at = min(at, max(r.submittedAt+patience(s.irt(), s.retry()), c.now))
	}
	r.deadline = at
	c.setTimer(requestTimer(r.index), at)
}

// address is the Slot of an index.
func (s *service) address(i int32) Slot {
	return Slot{Server: s.server.id, Service: s.kind, Port: uint16(i / identifiers), Identifier: uint8(i % identifiers)}
}

// time turns ns of the machine into a time.
func (c *Client) time(at int64) time.Time { return c.start.Add(time.Duration(at)) }
