// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"time"

	"holdfast/internal/directory"
	"holdfast/internal/policy"
	"holdfast/l2tp"
)

// A Dynamic Authorization request (RFC 5176) is served in two steps, so that it
// can be refused as a whole. FindSessions goes to every shard and says which
// sessions are meant (Decide judges the sum); ChangeSession or DisconnectSession
// goes to the shard of each of them, with Target set.

// Match says which sessions a Dynamic Authorization request is about. All that is
// given must agree (RFC 5176 §3); a zero field was not given.
type Match struct {
	SessionID   uint64       // Acct-Session-Id, out of either of its forms
	User        string       // User-Name: as the peer gave it, as it counts, or as RADIUS has named it
	Address     netip.Addr   // Framed-IP-Address
	Prefix      netip.Prefix // Framed-IPv6-Prefix or Delegated-IPv6-Prefix
	InterfaceID [8]byte      // Framed-Interface-Id

	// Also compares the rest, which only requests write as the server knows it:
	// NAS-Port-Id, Calling-Station-Id, Tunnel-Client-Endpoint and so on. It is
	// called on the shard's goroutine; nil: nothing else was given.
	Also func(*AAAProfile, *Subscriber) bool
}

// Target names one session that FindSessions has found. Its Shard says where
// to send the request about it.
type Target struct {
	Shard      int
	Element    uint32
	Generation uint32
}

// Change is what ChangeSession does to its Target.
type Change struct {
	Target     Target
	Attributes *policy.Attributes // nil: nothing is changed; never changed by the engine

	Error     ErrorCause // out: 0: done
	Attribute string     // out: the attribute that was refused
}

// ErrorCause is an Error-Cause (RFC 5176 §3.5); 0: there is no error.
type ErrorCause uint32

// Error causes.
const (
	ErrorUnsupportedAttribute ErrorCause = 401
	ErrorMissingAttribute     ErrorCause = 402
	ErrorNASMismatch          ErrorCause = 403
	ErrorInvalidRequest       ErrorCause = 404
	ErrorUnsupportedService   ErrorCause = 405
	ErrorInvalidAttribute     ErrorCause = 407
	ErrorProhibited           ErrorCause = 501
	ErrorSessionNotFound      ErrorCause = 503
	ErrorNotRemovable         ErrorCause = 504
	ErrorResources            ErrorCause = 506
	ErrorInitiated            ErrorCause = 507
	ErrorMultipleSessions     ErrorCause = 508
)

// DecideFound says what becomes of a request for which FindSessions has found so
// many sessions in all shards. several: the operator lets one request concern more
// than one.
//
// "Multiple Session Selection Unsupported" is for a request whose attributes name
// several and that the NAS does not take for all of them (RFC 5176 §3.5).
func DecideFound(found int, several bool) ErrorCause {
	switch {
	case found == 0:
		return ErrorSessionNotFound
	case found > 1 && !several:
		return ErrorMultipleSessions
	}
	return 0
}

// serveDynamic serves the three kinds.
func (e *Engine) serveDynamic(r *Request, fx *Effects) {
	switch {
	case r.Kind == FindSessions && r.Match != nil:
		e.findSessions(r)
	case r.Kind == ChangeSession && r.Change != nil:
		e.changeSession(r, fx)
	case r.Kind == DisconnectSession && r.Change != nil:
		e.disconnectSession(r.Change, fx)
	}
}

// findSessions fills a page of targets. What the index knows is found at once;
// where it knows nothing that was given, all sessions are looked through.
func (e *Engine) findSessions(r *Request) {
	visit := func(s *session) bool {
		if s.meant(r.Match) {
			r.Found = append(r.Found, Target{e.shard, uint32(s.element), s.generation})
		}
		return len(r.Found) < r.Limit
	}
	if r.Cursor == 0 && e.candidates(r.Match, visit) {
		return
	}
	e.eachSession(r, visit)
}

// target is the session of a change, or tells the asker that it is gone.
func (e *Engine) target(c *Change) *session {
	s := e.find(sessionRef{l2tp.Element(c.Target.Element), c.Target.Generation})
	if s == nil || s.cause != causeNone || s.grant == nil || !s.grant.listed {
		c.Error = ErrorSessionNotFound
		return nil
	}
	return s
}

// disconnectSession ends a session on the demand of a server.
func (e *Engine) disconnectSession(c *Change, fx *Effects) {
	if s := e.target(c); s != nil {
		e.counters.Disconnected++
		e.closeSession(s, CauseRemoteReset, fx)
		e.settle(fx)
	}
}

// changeSession changes a session in place, as a whole or not at all: its link
// stays up.
func (e *Engine) changeSession(r *Request, fx *Effects) {
	c := r.Change
	s := e.target(c)
	if s == nil {
		e.counters.ChangesRefused++
		return
	}
	if c.Attributes == nil {
		c.Error = ErrorMissingAttribute
		e.counters.ChangesRefused++
		return
	}
	g, a := s.grant, *c.Attributes
	e.ignore(g.aaa, &a)
	if c.Error, c.Attribute = e.check(s, &a); c.Error != 0 {
		e.counters.ChangesRefused++
		return
	}
	g.change = &routeChange{request: r, attributes: a}
	routes, _ := routesOf(g.granted.With(&a), s.bind.PPP.LocalIPv4)
	for _, p := range routes {
		if !containsPrefix(g.routes, p) {
			g.change.fresh = append(g.change.fresh, p)
		}
	}
	e.continueChange(s, fx)
}

// routeChange is a change of a session that waits until new routes are its own.
type routeChange struct {
	request    *Request
	attributes policy.Attributes
	fresh      []netip.Prefix // routes that it does not have yet
	claimed    int            // of them
}

// continueChange claims the next new route, or makes the change.
func (e *Engine) continueChange(s *session, fx *Effects) {
	g := s.grant
	c := g.change
	if c.claimed < len(c.fresh) {
		c.request.waiting = true
		e.claim(s, e.routeKey(s, c.fresh[c.claimed]), 1, fx)
		return
	}
	g.change = nil
	e.counters.Changed++
	next := g.granted.With(&c.attributes)
	routes, _ := routesOf(next, s.bind.PPP.LocalIPv4)
	e.unlist(s)
	e.dropRoutes(s, routes, fx)
	g.granted = next
	g.sub = e.subscriber(s)
	e.list(s)
	e.adjust(s, &c.attributes)
	if s.installed {
		e.install(s, fx)
	}
	if g.account.state == accountStarted && g.aaa.Accounting.CoAImmediate {
		e.interim(s, fx)
	}
	e.rearm(s)
	c.request.answer(fx)
}

// changeClaimed goes on with a change whose next route is the session's, or
// somebody else's.
func (e *Engine) changeClaimed(s *session, k directory.Key, won bool, fx *Effects) {
	switch {
	case s.grant != nil && s.grant.change != nil:
	case won: // nobody wants it any more
		e.unclaim(s, k, fx)
		return
	default:
		return
	}
	if !won {
		e.counters.RouteInUse++
		e.dropChange(s, ErrorResources, fx)
		return
	}
	s.grant.change.claimed++
	e.continueChange(s, fx)
}

// dropChange gives up a change that waits, if there is one.
func (e *Engine) dropChange(s *session, why ErrorCause, fx *Effects) {
	if s.grant == nil || s.grant.change == nil {
		return
	}
	c := s.grant.change
	s.grant.change = nil
	for _, p := range c.fresh[:c.claimed] {
		e.unclaim(s, e.routeKey(s, p), fx)
	}
	e.counters.ChangesRefused++
	c.request.Change.Error = why
	c.request.answer(fx)
}

// answer finishes a request that has waited.
func (r *Request) answer(fx *Effects) {
	if r.waiting {
		r.waiting = false
		fx.Answers = append(fx.Answers, r)
	}
}

// check says whether a change can be made in place.
func (e *Engine) check(s *session, a *policy.Attributes) (ErrorCause, string) {
	if a.Malformed != "" {
		return ErrorInvalidAttribute, a.Malformed
	}
	present := policy.Attributes{}
	if s.grant.granted != nil {
		present = *s.grant.granted
	}
	present.Address, present.PrefixIPv6 = s.ipv4, s.ipv6 // wherever they are from
	if name := present.Fixed(a); name != "" {
		return ErrorUnsupportedAttribute, name
	}
	if a.UserName != "" && a.UserName != s.user && a.UserName != s.grant.sub.User && a.UserName != s.grant.sub.UserGiven {
		return ErrorUnsupportedAttribute, "User-Name"
	}
	if len(a.Filters)+len(a.FiltersIn)+len(a.FiltersOut) > 0 {
		return ErrorUnsupportedAttribute, "Filter-Id" // to agree and do nothing would be a lie
	}
	if _, what := routesOf(s.grant.granted.With(a), s.bind.PPP.LocalIPv4); what != "" {
		return ErrorInvalidAttribute, what
	}
	if s.grant.change != nil {
		return ErrorResources, "" // one at a time
	}
	return 0, ""
}

// dropRoutes gives up what is not behind the subscriber any more.
func (e *Engine) dropRoutes(s *session, left []netip.Prefix, fx *Effects) {
	for _, p := range s.grant.routes {
		if !containsPrefix(left, p) {
			e.unclaim(s, e.routeKey(s, p), fx)
		}
	}
	s.grant.routes, s.grant.claimed = left, len(left)
}

// adjust sets the session's deadlines by what a change has said. A session
// timeout counts from the change.
func (e *Engine) adjust(s *session, a *policy.Attributes) {
	if a.HasSessionTimeout {
		s.expiresAt = within(e.now, a.SessionTimeout)
	}
	if a.HasIdleTimeout {
		s.idleAt, s.activeAt = time.Time{}, time.Time{}
		if s.wasUp {
			e.watchIdle(s)
		}
	}
	if acct := &s.grant.account; a.HasInterim && acct.state == accountStarted {
		acct.interval = leastInterval(a.Interim)
		acct.interimAt = e.later(acct.interval)
	}
}
