// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"math"
	"time"
)

// server is a configured server with its two services.
type server struct {
	id       ServerID
	cfg      *Server
	gate     gate // all requests
	interims gate // interim updates, which pass both
	services [services]service
	turn     uint32 // requests sent: gives the less urgent their share
	removed  bool
	dirty    bool // is in Client.dirty: there may be something to send
}

// service is one service of a server: its state, and the requests it has.
type service struct {
	server  *server
	kind    Service
	slots   slots
	window  window
	waiting [kinds]queue

	state       State
	since       int64    // when it became so
	silentSince int64    // the first timeout after the last reply; zero: there was none
	silentAt    int64    // the last timeout
	probe       *request // dead: the one that finds out
	probeAt     int64    // dead: not before this is there a next one
	revertAt    int64    // dead: from then on a request probes it though others live

	inFlight int
	peak     int
	last     int64 // round-trip time
	counters Counters
}

// lastResort is how often a dead service is probed at most: as often when requests
// wait for nothing else. A probe is sent once, so that with a Timeout above this they
// follow one another.
const lastResort = int64(time.Second)

// What a Server has that says nothing of it.
const (
	timeoutDefault        = 3 * time.Second
	outstandingMaxDefault = 1000
)

// never is no time.
const never = math.MaxInt64

func (s *service) outstandingMax() int {
	if s.server.cfg.OutstandingMax > 0 {
		return s.server.cfg.OutstandingMax
	}
	return outstandingMaxDefault
}

// irt is RFC 5080's IRT for this service.
func (s *service) irt() int64 {
	if t := s.server.cfg.AccountingTimeout; s.kind == AccountingService && t > 0 {
		return int64(t)
	}
	if t := s.server.cfg.Timeout; t > 0 {
		return int64(t)
	}
	return int64(timeoutDefault)
}

// retry is how often a request is sent again before it moves on.
func (s *service) retry() int {
	if n := s.server.cfg.AccountingRetry; s.kind == AccountingService && n > 0 {
		return n
	}
	return max(s.server.cfg.Retry, 0)
}

func (s *service) queued() (n int) {
	for i := range s.waiting {
		n += s.waiting[i].count
	}
	return n
}

// readyAt is the earliest time at which the first waiting request of kind k can be
// sent as far as time alone decides it; never when something else has to happen.
func (s *service) readyAt(k Kind) int64 {
	if s.waiting[k].count == 0 {
		return never
	}
	at := s.slots.availableAt()
	switch {
	case s.state == Alive && s.inFlight >= s.window.places(), s.state == Dead && (s.probe != nil || s.inFlight >= s.outstandingMax()):
		return never
	case s.state == Dead:
		at = max(at, s.probeAt)
	}
	at = max(at, s.server.gate.opensAt())
	if k == Interim {
		at = max(at, s.server.interims.opensAt())
	}
	return at
}

// revertDue reports whether a request may be spent on finding out if a dead service
// is back, though others live.
func (s *service) revertDue(at int64) bool {
	return s.state == Dead && s.probe == nil && at >= s.revertAt && s.queued() == 0
}

// timedOut takes a transmission that was not answered in time.
func (c *Client) timedOut(s *service, fx *Effects) {
	s.counters.Timeouts++
	s.window.lost(c.now)
	if s.silentSince == 0 || c.now-s.silentAt > 2*max(mrt, s.irt()) {
		s.silentSince = c.now // what was lost long ago says nothing of now
	}
	s.silentAt = c.now
	if s.state == Alive && c.now-s.silentSince >= int64(c.options.TimeoutGrace) {
		c.die(s, fx)
	}
}

// die finds a service dead: what it has goes to live servers, as far as there are any.
func (c *Client) die(s *service, fx *Effects) {
	c.become(s, Dead, fx)
	s.counters.Deaths++
	c.putOffProbe(s)
	for k := range s.waiting {
		for r := s.waiting[k].head; r != nil; {
			next := r.next
			if m, ok := c.nextAlive(r); ok {
				c.redirect(r, m)
			} else {
				c.arm(r)
			}
			r = next
		}
	}
	c.evacuate(s, c.nextAlive)
}

// evacuate has what is in flight at a dead service wait at the member that where
// tells, if it does.
func (c *Client) evacuate(s *service, where func(*request) (int, bool)) {
	for i := range s.slots.all {
		if s.slots.all[i].state != slotHeld {
			continue
		}
		r := s.slots.all[i].request // is in flight here, or the slot would not be held
		if m, ok := where(r); ok {
			if m != r.member {
				s.counters.Rollovers++
			}
			c.abandon(r)
			c.enqueueAt(r, m)
		}
	}
}

// putOffProbe says when a dead service may be probed again.
func (c *Client) putOffProbe(s *service) {
	s.probe, s.probeAt = nil, c.now+lastResort
	s.revertAt = max(s.probeAt, c.now+int64(c.options.RevertInterval))
	c.touch(s.server)
}

// heard takes a verified reply of a service: it lives.
func (c *Client) heard(s *service, fx *Effects) {
	s.silentSince = 0
	if s.state == Dead {
		c.revive(s, fx)
	}
}

// revive takes a dead service back, and from other dead ones what it can serve.
func (c *Client) revive(s *service, fx *Effects) {
	s.probe = nil
	s.window.restart()
	c.become(s, Alive, fx)
	for _, other := range c.order {
		o := &other.services[s.kind]
		if o.state != Dead {
			continue
		}
		for k := range o.waiting {
			for r := o.waiting[k].head; r != nil; {
				next := r.next
				if m := r.group.index(s.server); m >= 0 {
					c.redirect(r, m)
				}
				r = next
			}
		}
		c.evacuate(o, func(r *request) (int, bool) {
			m := r.group.index(s.server)
			return m, m >= 0
		})
	}
	for k := range s.waiting {
		for r := s.waiting[k].head; r != nil; r = r.next {
			c.arm(r) // its patience is that of a live server again
		}
	}
	c.touch(s.server)
}

// become is the only assignment of a service's state.
func (c *Client) become(s *service, to State, fx *Effects) {
	s.state, s.since = to, c.now
	kind := ServerAlive
	if to == Dead {
		kind = ServerDead
	}
	fx.add(Effect{Kind: kind, Slot: Slot{Server: s.server.id, Service: s.kind}})
}
