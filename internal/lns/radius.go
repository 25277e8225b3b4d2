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
	q := AuthQuery{
		Ref: AuthRef{uint32(s.element), s.generation, s.attempt}, Profile: g.aaa, Offer: cloneOffer(o),
		Subscriber: e.subscriber(s),
	}
	if g.offer = nil; int(g.next) < len(g.aaa.Order) {
		offer := q.Offer // for the source that comes next, if no server answers
		g.offer = &offer
	}
	s.waits |= waitRADIUS
	if !e.window.Take(e.uptime()) {
		e.queries = append(e.queries, q)
		e.counters.RADIUSQueued++
		e.adm.Gate(true)
		return
	}
	e.sendQuery(s, q, fx)
}

// sendQuery sends a query that has a place in the window.
func (e *Engine) sendQuery(s *session, q AuthQuery, fx *Effects) {
	s.askedAt = e.now
	e.counters.RADIUSRequests++
	fx.Authenticate = append(fx.Authenticate, q)
}

// Authenticated takes the answer to an AuthQuery. The session may have gone.
func (e *Engine) Authenticated(now time.Time, a AuthAnswer, fx *Effects) {
	e.now = now
	s := e.find(sessionRef{l2tp.Element(a.Ref.Element), a.Ref.Generation})
	e.settleWindow(s, a.Result)
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
func (e *Engine) settleWindow(s *session, r AuthResult) {
	switch {
	case r == AuthTimeout:
		e.window.Lost(e.uptime())
	case s == nil:
		e.window.Cancelled(e.uptime())
	default:
		e.window.Answered(e.uptime(), e.now.Sub(s.askedAt))
	}
}

// uptime is the time of the window.
func (e *Engine) uptime() time.Duration { return e.now.Sub(e.started) }

// probeInterval is how often a call is begun while RADIUS is silent: its query
// finds out whether it is back.
const probeInterval = time.Second

// shut reports whether no call may be begun: one waits for a token of a limit, and
// those begun meanwhile would go on all at once when tokens come; or queries wait
// for a place in the window; or RADIUS is silent, and whatever would be done for a
// call before its query would be done for nobody.
func (e *Engine) shut() bool {
	return e.wanting > 0 || len(e.queries) > 0 || e.window.Stalled(e.uptime()) && e.now.Sub(e.probedAt) < probeInterval
}

// sendQueued asks for those who wait for a place in the window, the newest
// first, and opens the door to new calls when none does.
func (e *Engine) sendQueued(fx *Effects) {
	for n := len(e.queries); n > 0; n = len(e.queries) {
		q := e.queries[n-1]
		s := e.find(sessionRef{l2tp.Element(q.Ref.Element), q.Ref.Generation})
		if s != nil && s.waits&waitRADIUS != 0 && s.attempt == q.Ref.Attempt {
			if !e.window.Take(e.uptime()) {
				break
			}
			e.sendQuery(s, q, fx)
		}
		e.queries[n-1] = AuthQuery{}
		e.queries = e.queries[:n-1]
	}
	e.adm.Gate(len(e.queries) > 0)
}

// cloneOffer makes the offer the query's own.
func cloneOffer(o *ppp.AuthOffer) ppp.AuthOffer {
	c := *o
	c.Challenge = append([]byte(nil), o.Challenge...)
	c.Response = append([]byte(nil), o.Response...)
	return c
}
