// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"time"

	"holdfast/internal/policy"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// AuthQuery asks the RADIUS servers of a profile about a subscriber. The engine
// has one answer for each: Authenticated is called with the same Ref, whatever
// happens.
type AuthQuery struct {
	Ref     AuthRef
	Profile *AAAProfile
	Offer   ppp.AuthOffer // its slices are the query's own
	*Subscriber
}

// AuthRef names the session that waits.
type AuthRef struct {
	Element    uint32
	Generation uint32
	Attempt    uint8 // of a link that was renegotiated
	Authority  uint8 // whose window it has a place in
}

// AuthResult is what became of an AuthQuery.
type AuthResult uint8

// Results.
const (
	AuthAccept AuthResult = iota
	AuthReject
	AuthTimeout // no server has answered
)

// AuthAnswer answers an AuthQuery.
type AuthAnswer struct {
	Ref     AuthRef
	Result  AuthResult
	Message string             // Reply-Message, or the whole MS-CHAPv2 string
	Granted *policy.Attributes // of an accept; nil: nothing
	Server  string             // who has answered, for the log
}

// query asks RADIUS, now or when the window has room.
func (e *Engine) query(s *session, o *ppp.AuthOffer, fx *Effects) {
	s.attempt++
	g := s.grants()
	a, number := e.authority(g.aaa)
	q := AuthQuery{
		Ref:     AuthRef{Element: uint32(s.element), Generation: s.generation, Attempt: s.attempt, Authority: number},
		Profile: g.aaa, Offer: cloneOffer(o), Subscriber: e.subscriber(s),
	}
	if g.offer = nil; int(g.next) < len(g.aaa.Order) {
		offer := q.Offer // for the source that comes next, if no server answers
		g.offer = &offer
	}
	if !a.window.Take(e.uptime()) {
		if e.hopeless(a) {
			e.answered(s, &AuthAnswer{Result: AuthTimeout}, fx)
			return
		}
		s.waits |= waitRADIUS
		a.queries = append(a.queries, q)
		e.counters.RADIUSQueued++
		e.adm.Gate(e.queueing())
		return
	}
	s.waits |= waitRADIUS
	e.sendQuery(s, a, q, fx)
}

// sendQuery sends a query that has a place in the window.
func (e *Engine) sendQuery(s *session, a *authority, q AuthQuery, fx *Effects) {
	s.askedAt, a.askedAt = e.now, e.now
	e.counters.RADIUSRequests++
	fx.Authenticate = append(fx.Authenticate, q)
}

// Authenticated takes the answer to an AuthQuery. The session may have gone.
func (e *Engine) Authenticated(now time.Time, a AuthAnswer, fx *Effects) {
	e.now = now
	s := e.find(sessionRef{l2tp.Element(a.Ref.Element), a.Ref.Generation})
	e.settleWindow(s, &a)
	if s != nil && s.waits&waitRADIUS != 0 && s.attempt == a.Ref.Attempt {
		s.waits &^= waitRADIUS
		e.answered(s, &a, fx)
		e.runLink(s, fx)
	}
	e.sendQueued(fx)
	e.finish(fx)
}

// answered goes on with a session that RADIUS has answered about, or has not.
func (e *Engine) answered(s *session, a *AuthAnswer, fx *Effects) {
	g := s.grant
	offer := g.offer
	g.offer, g.server = nil, a.Server
	switch {
	case a.Result == AuthReject:
		e.deny(s, CauseAuthDenied, a.Message, fx)
	case a.Result == AuthAccept:
		e.admitted(s, a.Message)
		if a.Granted != nil {
			if cause, what := e.entitle(s, a.Granted); cause != causeNone {
				e.refused(s, cause, what, fx)
				e.deny(s, cause, "not available", fx)
				return
			}
		}
		e.authorise(s, fx)
	case offer != nil:
		e.counters.RADIUSTimeouts++
		e.counters.AuthFellBack++
		e.judge(s, offer, int(g.next), fx)
	default:
		e.counters.RADIUSTimeouts++
		e.deny(s, CauseNoServer, "no answer", fx)
	}
}

// settleWindow gives the place of an answered query back.
func (e *Engine) settleWindow(s *session, a *AuthAnswer) {
	if int(a.Ref.Authority) >= len(e.authorities) {
		return // nobody was asked
	}
	w := e.authorities[a.Ref.Authority].window
	switch {
	case w.InFlight() == 0: // its place was given to another profile in the meantime
	case a.Result == AuthTimeout:
		w.Lost(e.uptime())
	case s == nil:
		w.Cancelled(e.uptime())
	default:
		w.Answered(e.uptime(), e.now.Sub(s.askedAt))
	}
}

// sendQueued asks for those who wait for a place in a window, the newest first, and
// opens the door to new calls when none does.
func (e *Engine) sendQueued(fx *Effects) {
	for _, a := range e.authorities {
		e.sendQueries(a, fx)
	}
	e.adm.Gate(e.queueing())
}

// sendQueries asks one profile's servers, as far as its window allows.
func (e *Engine) sendQueries(a *authority, fx *Effects) {
	for n := len(a.queries); n > 0; n = len(a.queries) {
		q := a.queries[n-1]
		s := e.find(sessionRef{l2tp.Element(q.Ref.Element), q.Ref.Generation})
		if s != nil && s.waits&waitRADIUS != 0 && s.attempt == q.Ref.Attempt {
			if !a.window.Take(e.uptime()) {
				return
			}
			e.sendQuery(s, a, q, fx)
		}
		a.queries[n-1] = AuthQuery{}
		a.queries = a.queries[:n-1]
	}
}

// cloneOffer makes the offer the query's own.
func cloneOffer(o *ppp.AuthOffer) ppp.AuthOffer {
	c := *o
	c.Challenge = append([]byte(nil), o.Challenge...)
	c.Response = append([]byte(nil), o.Response...)
	return c
}
