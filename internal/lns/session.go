// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"time"

	"holdfast/internal/forward"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// session is one subscriber: everything above L2TP.
type session struct {
	facts
	link ppp.Link // dead before the call is connected, and after it has ended
}

// facts are what a session is besides its link. A call that is offered and never
// set up touches nothing else: under a flood of them that is what counts.
type facts struct {
	element          l2tp.Element
	generation       uint32 // tells it from an earlier session of the same element
	serial           uint32 // with the epoch and the shard: its id for operators
	tunnel           l2tp.TunnelID
	id               l2tp.SessionID
	bind             *binding
	call             *l2tp.Call  // the endpoint's, not to be changed
	line             uint64      // hash of the line's name, for parked calls; 0: unknown
	redial           uint64      // hash of line and user, once authenticated; 0: it has no line
	stale            forward.Key // the predecessor's entry in the plane, until ours is installed
	lender4, lender6 uint16      // 1 + the shard whose blocks ipv4 and ipv6 are from; 0: ours

	state         SubscriberState
	cause         Cause // why it is being closed; causeNone: it is not
	live          bool  // between callRequested and end
	answered      bool  // AcceptCall was called
	connected     bool  // ICCN came: the link has begun
	authenticated bool  // the link's peer has proved who he is, or need not
	granted       bool  // NCPs may open
	installed     bool  // the plane has it
	wasUp         bool  // a network protocol has been open
	proxied       bool  // authenticated from what the LAC collected
	pending       bool  // Authenticated is owed to the link
	held          uint8 // tokens of bind.limits, one bit each
	waits         wait  // what it is waiting for
	claimed       uint8 // claims in the directory
	steps         uint8 // dear steps done before it was up
	raLeft        uint8 // initial Router Advertisements still to be sent

	attempt uint8 // queries to RADIUS: tells the answers apart
	auth    ppp.AuthMethod
	user    string // the name that counts; empty: not known yet
	verdict string // success text to send when the subscriber is authorised
	local   *LocalSubscriber
	grant   *grant // from RADIUS or by its realm, and its accounting; nil: it needs none

	iface  uint16 // index in Engine.interfaces
	unit   uint32 // of the logical interface
	ipv4   netip.Addr
	ipv6   netip.Prefix
	pool   *poolPart // where ipv4 came from; nil: framed-ip-address
	pool6  *poolPart
	search *Pool // the pool whose answer it waits for

	createdAt time.Time
	begunAt   time.Time // when its set-up began; zero: it is parked
	askedAt   time.Time // when RADIUS was asked
	upAt      time.Time // authorised
	raAt      time.Time // next unsolicited Router Advertisement
	expiresAt time.Time // session timeout; zero: none
	idleAt    time.Time // when its traffic is looked at next; zero: it is not
	activeAt  time.Time // when traffic was seen last; zero: nobody looks
	packets   uint64    // what the plane had counted then

	controlRx, controlTx uint32 // PPP control frames
}

// wait is a bit set of what a session is waiting for.
type wait uint16

const (
	waitUser wait = 1 << iota
	waitAddress
	waitPool
	waitPoolIPv6
	waitRADIUS
	waitLine
	waitPrefix
	waitRoute
	waitDurable
)

// key is how the plane names the session.
func (s *session) key() forward.Key {
	return forward.Key{TunnelID: uint16(s.tunnel), SessionID: uint16(s.id)}
}

// slab holds sessions by element, in chunks so that it grows without copying.
type slab struct{ chunks []*[slabChunk]session }

const slabChunk = 256

// at is the live session of an element, or nil.
func (b *slab) at(el l2tp.Element) *session {
	c := int(el / slabChunk)
	if c >= len(b.chunks) || b.chunks[c] == nil {
		return nil
	}
	if s := &b.chunks[c][el%slabChunk]; s.live {
		return s
	}
	return nil
}

// make clears the element's place for a new session.
func (b *slab) make(el l2tp.Element) *session {
	c := int(el / slabChunk)
	for len(b.chunks) <= c {
		b.chunks = append(b.chunks, nil)
	}
	if b.chunks[c] == nil {
		b.chunks[c] = new([slabChunk]session)
	}
	s := &b.chunks[c][el%slabChunk]
	s.facts = facts{element: el, generation: s.generation + 1, live: true}
	return s
}

// size is the number of places, live or not.
func (b *slab) size() int { return len(b.chunks) * slabChunk }

// sessionRef names a session to whoever answers later.
type sessionRef struct {
	element    l2tp.Element
	generation uint32
}

func (s *session) ref() sessionRef { return sessionRef{s.element, s.generation} }

// find is the session that a ref names, unless it has gone.
func (e *Engine) find(r sessionRef) *session {
	if s := e.sessions.at(r.element); s != nil && s.generation == r.generation {
		return s
	}
	return nil
}

// become is the only place where a subscriber's state changes.
func (e *Engine) become(s *session, state SubscriberState) {
	if s.state == state {
		return
	}
	e.states[s.state]--
	e.states[state]++
	s.state = state
}

// rearm sets the session's one timer to the earliest of its deadlines.
func (e *Engine) rearm(s *session) {
	at := first(s.link.Next(), s.raAt, s.expiresAt, s.idleAt)
	if s.grant != nil {
		at = first(at, s.grant.account.next())
	}
	e.wheel.Set(uint32(s.element), at)
}

// advanceSession does what is due for a session.
func (e *Engine) advanceSession(s *session, fx *Effects) {
	e.spare(s)
	s.link.Advance(e.now, &fx.ppp)
	e.runLink(s, fx)
	if !s.live {
		return
	}
	if due(s.raAt, e.now) {
		e.advertise(s, fx)
	}
	if due(s.expiresAt, e.now) {
		s.expiresAt = time.Time{}
		e.closeSession(s, CauseSessionTimeout, fx)
	}
	if s.live && s.grant != nil {
		e.advanceAccount(s, fx)
	}
	if s.live && due(s.idleAt, e.now) {
		s.idleAt = time.Time{} // Traffic sets it again
		fx.Read = append(fx.Read, uint32(s.element))
	}
	if s.live {
		e.rearm(s)
	}
}

func due(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }
