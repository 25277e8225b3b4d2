// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"strings"
	"time"

	"holdfast/internal/event"
	"holdfast/ppp"
)

// authenticate judges what the peer offered by the sources of
// authentication-order. A source that knows the subscriber is final; one that
// does not passes the question on. RADIUS is taken to know everybody: only when no
// server has answered is the next source asked.
func (e *Engine) authenticate(s *session, o *ppp.AuthOffer, fx *Effects) {
	if !e.dear(s, fx) {
		return
	}
	aaa, domain, name := s.bind.AAA.route(o.Name)
	if s.user != "" && s.user != name {
		// What is held for one subscriber is not handed to another in mid-session.
		e.deny(s, CauseAuthDenied, ppp.Refuse(o).Message, fx)
		return
	}
	s.user, s.auth = name, o.Method
	e.treat(s, aaa, domain, o.Name)
	e.judge(s, o, 0, fx)
}

// judge asks the sources of authentication-order in turn, the first of them first.
func (e *Engine) judge(s *session, o *ppp.AuthOffer, first int, fx *Effects) {
	order := s.aaa().Order
	for i := first; i < len(order); i++ {
		if s.grant != nil {
			s.grant.said, s.grant.next = order[i], uint8(i+1)
		}
		switch order[i] {
		case AuthPassword:
			if sub := s.aaa().Subscribers[s.user]; sub != nil {
				s.local = sub
				e.accept(s, ppp.Check(o, sub.Password), fx)
				return
			}
		case AuthNone:
			// MS-CHAPv2 proves our knowledge of the password too: nobody can be let
			// in by it without one (RFC 2759 §5).
			if o.Method != ppp.MSCHAPv2 {
				e.accept(s, ppp.Verdict{OK: true}, fx)
				return
			}
		case AuthRadius:
			e.query(s, o, fx)
			return
		}
	}
	e.counters.AuthUnknownUser++
	e.deny(s, CauseAuthDenied, ppp.Refuse(o).Message, fx)
}

// accept goes on with a verdict, or denies.
func (e *Engine) accept(s *session, v ppp.Verdict, fx *Effects) {
	if !v.OK {
		e.deny(s, CauseAuthDenied, v.Message, fx)
		return
	}
	e.admitted(s, v.Message)
	e.authorise(s, fx)
}

// admitted notes that the subscriber has proved who he is; message is for his ears.
func (e *Engine) admitted(s *session, message string) {
	e.counters.AuthAccepted++
	s.verdict, s.pending, s.authenticated = message, true, true
}

// userName is the name that counts: without its realm where strip-user-name says so.
func (a *AAAProfile) userName(name string) string {
	if !a.StripUserName {
		return name
	}
	cut := strings.IndexAny(name, a.StripDelimiters)
	if a.StripFromRight {
		cut = strings.LastIndexAny(name, a.StripDelimiters)
	}
	if cut < 0 {
		return name
	}
	return name[:cut]
}

// deny refuses a subscriber: in the authentication protocol when an answer is
// owed there, else by closing the link.
func (e *Engine) deny(s *session, cause Cause, message string, fx *Effects) {
	if cause == CauseAuthDenied {
		e.counters.AuthRejected++
	}
	s.cause = cause
	fx.Log = append(fx.Log, e.record(s, event.AuthenticationFailed, cause))
	if s.auth == ppp.AuthNone {
		s.link.Close(e.now, cause.String(), &fx.ppp)
		return
	}
	s.pending = false
	s.link.Authenticated(e.now, ppp.Verdict{Message: failure(s.auth, message)}, &fx.ppp)
}

// failure is the text of a refusal. MS-CHAPv2 has a form for it, which a server
// may have filled in already.
func failure(method ppp.AuthMethod, message string) string {
	if method != ppp.MSCHAPv2 || strings.HasPrefix(message, "E=") {
		return message
	}
	form := ppp.Refuse(&ppp.AuthOffer{Method: method}).Message
	if message == "" {
		return form
	}
	return form[:strings.LastIndex(form, "M=")+len("M=")] + message
}

// Claims a session may hold (session.claimed).
const (
	claimedUser uint8 = 1 << iota
	claimedAddress
	claimedLine
	claimedPrefix
)

// authorise gathers what the subscriber is to get. It may be called again and
// again: each step is done once, and a step that waits for another shard
// returns and is called again with the answer.
func (e *Engine) authorise(s *session, fx *Effects) {
	if !s.authenticated || s.granted || s.cause != causeNone || s.waits != 0 {
		return
	}
	if !e.takeLine(s, fx) || !e.claimUser(s, fx) || !e.assignIPv4(s, fx) || !e.assignIPv6(s, fx) ||
		!e.claimRoutes(s, fx) || !e.openAccount(s, fx) {
		return
	}
	if !e.dear(s, fx) {
		return
	}
	if limit, said := s.sessionTimeout(); said || s.upAt.IsZero() {
		s.expiresAt = within(e.now, limit)
	}
	s.granted = true
	s.upAt = e.now
	e.enrol(s)
	e.become(s, StateConfigured)
	if s.pending {
		s.pending = false
		s.link.Authenticated(e.now, ppp.Verdict{OK: true, Message: s.verdict}, &fx.ppp)
		s.verdict = ""
	}
	s.link.Grant(e.now, e.network(s), &fx.ppp)
}

// within is when a limit from at is over; zero: there is no limit.
func within(at time.Time, limit time.Duration) time.Time {
	if limit <= 0 {
		return time.Time{}
	}
	return at.Add(limit)
}

// claimUser holds the subscriber's place under session-limit-per-username or
// Port-Limit.
func (e *Engine) claimUser(s *session, fx *Effects) bool {
	limit := s.sessionsMax()
	if limit == 0 || s.user == "" || s.claimed&claimedUser != 0 {
		return true
	}
	s.waits |= waitUser
	e.claim(s, e.userKey(s), limit, fx)
	return false
}
