// SPDX-License-Identifier: Apache-2.0

package radius

import "time"

// find is the service and the slot of s; nil when there is no such slot.
func (c *Client) find(s Slot) (*service, *slot) {
	if int(s.Server) >= len(c.servers) || c.servers[s.Server] == nil || s.Service >= services {
		return nil, nil
	}
	v := &c.servers[s.Server].services[s.Service]
	if i := int(s.Port)*identifiers + int(s.Identifier); i < len(v.slots.all) {
		return v, &v.slots.all[i]
	}
	return v, nil
}

// Find tells whose reply may come in a slot, so that the owner can verify it. It
// is false when the slot holds nothing: then Handle only counts. A slot rests for a
// while after its request has moved on or ended, and Find still knows it: give its
// reply to Handle too, which shows that the server lives.
func (c *Client) Find(s Slot) (Ref, bool) {
	if _, x := c.find(s); x != nil && (x.state == slotHeld || x.state == slotResting) {
		return x.ref, true
	}
	return 0, false
}

// Handle takes what came in a slot, after the owner has verified it.
//
// "When a client sends a request, it processes the first response that has a valid
// Response Authenticator as defined in [RFC2865] Section 3. Any later responses MUST
// be silently discarded, as they do not match a pending request." RFC 5080 §2.2.2
func (c *Client) Handle(now time.Time, at Slot, reply Reply, fx *Effects) {
	c.at(now)
	s, x := c.find(at)
	if s == nil {
		c.totals.Strays++
		return
	}
	if !s.counts(reply, x) {
		return
	}
	roundTrip := int64(0)
	if x.sends == 1 {
		roundTrip = max(c.now-x.sentAt, 1) // otherwise nobody knows which transmission it answers
		s.last = roundTrip
	}
	c.heard(s, fx)
	r := x.request
	if !x.waits() {
		s.counters.Dropped++ // too late, but it lives
		x.state = slotSpent
		c.settle(fx)
		return
	}
	s.window.answered(c.now, roundTrip, s.inFlight)
	s.counters.answer(reply)
	done := Effect{Outcome: Answered, Reply: reply, Slot: at, RoundTrip: time.Duration(c.now - x.firstAt)}
	c.settleAnswer(r, s, x, at)
	c.end(r, done, fx)
	c.settle(fx)
}

// counts reports whether a reply answers what is in the slot, and counts it if not.
func (s *service) counts(reply Reply, x *slot) bool {
	n := &s.counters
	switch {
	case reply == WrongSource:
		n.WrongSource++
	case reply == Malformed:
		n.Malformed++
	case reply == UnknownType, reply >= replies, (reply == AccountingResponse) != (s.kind == AccountingService) && reply < BadAuthenticator:
		n.UnknownTypes++
	case reply == BadAuthenticator:
		n.BadAuthenticators++
	case x == nil, x.state == slotFree, x.state == slotSpent:
		n.Dropped++
	default:
		return true
	}
	return false
}

// answer counts a reply to a request.
func (n *Counters) answer(r Reply) {
	switch r {
	case AccessAccept:
		n.Accepts++
	case AccessReject:
		n.Rejects++
	case AccessChallenge:
		n.Challenges++
	default:
		n.Responses++
	}
}

// settleAnswer takes an answered request out of flight if it was answered where it
// is, and settles what becomes of the slot of the answer.
func (c *Client) settleAnswer(r *request, s *service, x *slot, at Slot) {
	here := r.inFlight && r.service() == s && r.attempt == x.attempt
	if !here {
		s.counters.Late++
	}
	if x.state == slotHeld {
		s.slots.release(int32(at.Port)*identifiers + int32(at.Identifier))
	} else {
		x.state = slotSpent
		if here {
			s.slots.rest(r.slot, c.now) // of a later transmission
		}
	}
	if here {
		c.land(r, s)
	}
}

// Disconnected says that a connection of a server reached over TLS was lost: what
// was in flight on it is to be sent again on a new one with the same Port.
func (c *Client) Disconnected(now time.Time, server ServerID, s Service, port uint16, fx *Effects) {
	c.at(now)
	for i := range identifiers {
		at := Slot{Server: server, Service: s, Port: port, Identifier: uint8(i)}
		if v, x := c.find(at); x != nil && x.state == slotHeld {
			v.counters.Retransmissions++
			c.transmit(x.request, v, fx)
		}
	}
	c.settle(fx)
}

// Unreachable says that a connection to a server reached over TLS cannot be
// opened: it is dead at once. What was in flight to it never got there: it goes to
// live servers or waits for a probe to succeed.
func (c *Client) Unreachable(now time.Time, server ServerID, s Service, fx *Effects) {
	c.at(now)
	v, _ := c.find(Slot{Server: server, Service: s})
	if v == nil {
		return
	}
	if v.state == Alive {
		c.die(v, fx)
	}
	c.evacuate(v, func(r *request) (int, bool) {
		if m, ok := c.nextAlive(r); ok {
			return m, true
		}
		return r.member, true
	})
	c.settle(fx)
}
