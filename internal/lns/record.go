// SPDX-License-Identifier: Apache-2.0

package lns

import (
	"net/netip"
	"time"

	"holdfast/internal/event"
	"holdfast/l2tp"
	"holdfast/ppp"
)

// account is where a session is in its accounting.
//
//	none --AccountOpen--> opened --AccountStart--> started --AccountStop--> (gone)
//	                         \----AccountDiscard--> (gone)
//
// Of a session that never came to AccountOpen an AccountFailed may be told.
type account struct {
	state        accountState
	startedAt    time.Time     // of AccountStart
	durableAt    time.Time     // until then its log-in waits for AccountOpen to be on disk; zero: it does not
	interimAt    time.Time     // of the next AccountInterim; zero: none
	checkpointAt time.Time     // of the next AccountCheckpoint; zero: none
	interval     time.Duration // of interim updates; 0: none
}

type accountState uint8

const (
	accountNone accountState = iota
	accountOpened
	accountStarted
)

// Bounds of accounting.
const (
	durableWaitDefault = 250 * time.Millisecond
	// "The value MUST NOT be smaller than 60." RFC 2869 §5.16: a smaller one is taken for it.
	interimMin = time.Minute
	// jitter is the part of an interval by which it varies, so that sessions which
	// came up together do not report together for ever.
	jitter = 10
)

// next is when accounting has work; zero: never.
func (a *account) next() time.Time { return first(a.durableAt, a.interimAt, a.checkpointAt) }

// openAccount puts the session into the books before it gets anything. It reports
// false while the books are not on disk.
func (e *Engine) openAccount(s *session, fx *Effects) bool {
	books := s.aaa().Accounting
	if books == nil || s.grants().account.state != accountNone {
		return true
	}
	a := &s.grant.account
	a.state = accountOpened
	e.counters.AccountsOpened++
	e.tellAccount(s, AccountOpen, causeNone, fx)
	wait := books.DurableWait
	if wait == 0 {
		wait = durableWaitDefault
	}
	if wait < 0 {
		return true
	}
	a.durableAt = e.now.Add(wait)
	s.waits |= waitDurable
	e.rearm(s)
	return false
}

// Durable says that the records of these sessions are on disk: log-ins that wait
// for their AccountOpen go on, ended sessions whose AccountStop was awaited are
// Terminated.
func (e *Engine) Durable(now time.Time, refs []AuthRef, fx *Effects) {
	e.now = now
	for _, r := range refs {
		ref := sessionRef{l2tp.Element(r.Element), r.Generation}
		if AccountKind(r.Attempt) == AccountStop {
			e.history.settled(ref)
			continue
		}
		if s := e.find(ref); s != nil && s.waits&waitDurable != 0 {
			e.booked(s, fx)
		}
	}
	e.finish(fx)
}

// booked goes on with a log-in that has waited for the disk.
func (e *Engine) booked(s *session, fx *Effects) {
	s.waits &^= waitDurable
	s.grant.account.durableAt = time.Time{}
	e.resume(s, fx)
	e.settle(fx)
}

// startAccount tells that the first network protocol has opened.
func (e *Engine) startAccount(s *session, fx *Effects) {
	if s.grant == nil || s.grant.account.state != accountOpened {
		return
	}
	a, books := &s.grant.account, s.aaa().Accounting
	a.state, a.startedAt, a.interval = accountStarted, e.now, e.interval(s)
	if at := s.attributes(); at != nil && at.OwnAddress {
		e.retell(s) // the address may be known now
	}
	e.counters.AccountsStarted++
	e.tellAccount(s, AccountStart, causeNone, fx)
	if books.Immediate {
		e.interim(s, fx)
	}
	a.interimAt, a.checkpointAt = e.later(a.interval), e.later(books.Checkpoint)
}

// choosing reports whether the address is only what the subscriber was offered, who
// may have another.
//
// "Framed-IP-Address (if any) in the Accounting-Request MUST contain the actual IP
// address assigned or negotiated." RFC 2866 §4.1
func (s *session) choosing() bool {
	a := s.attributes()
	return a != nil && a.OwnAddress && !(s.link.Opened(ppp.ProtoIPCP) && s.link.Network().PeerIPv4 == s.ipv4)
}

// interval is how often the session reports; 0: never.
//
// "a locally configured value on the NAS MUST override the value found in an
// Access-Accept." RFC 2869 §2.1
func (e *Engine) interval(s *session) time.Duration {
	if i := s.aaa().Accounting.Interval; i > 0 {
		return i
	}
	if a := s.attributes(); a != nil {
		return leastInterval(a.Interim)
	}
	return 0
}

// leastInterval holds a server's interim interval to what RFC 2869 allows.
func leastInterval(i time.Duration) time.Duration {
	if i > 0 {
		return max(i, interimMin)
	}
	return 0
}

// later is one interval from now, give or take some jitter; zero: never.
func (e *Engine) later(interval time.Duration) time.Time {
	if interval <= 0 {
		return time.Time{}
	}
	spread := int64(interval / jitter)
	return e.now.Add(interval + time.Duration(e.rand.Int64N(2*spread+1)-spread))
}

// interim reports how much was used until now.
func (e *Engine) interim(s *session, fx *Effects) {
	if s.grant != nil && s.grant.account.state == accountStarted {
		e.counters.AccountInterims++
		e.tellAccount(s, AccountInterim, causeNone, fx)
	}
}

// advanceAccount does what is due in a session's accounting.
func (e *Engine) advanceAccount(s *session, fx *Effects) {
	a := &s.grant.account
	if due(a.interimAt, e.now) {
		a.interimAt = e.later(a.interval)
		e.interim(s, fx)
	}
	if due(a.checkpointAt, e.now) {
		a.checkpointAt = e.later(s.aaa().Accounting.Checkpoint)
		e.tellAccount(s, AccountCheckpoint, causeNone, fx)
	}
	if due(a.durableAt, e.now) {
		e.counters.DurableLate++
		e.booked(s, fx)
	}
}

// closeAccount ends the session's accounting. It reports whether a Stop is on its
// way to the disk.
func (e *Engine) closeAccount(s *session, cause Cause, fx *Effects) bool {
	state := accountNone
	if s.grant != nil {
		state = s.grant.account.state
	}
	switch state {
	case accountStarted:
		e.counters.AccountsStopped++
		e.tellAccount(s, AccountStop, cause, fx)
		return true
	case accountOpened:
		e.counters.AccountsDiscarded++
		e.tellAccount(s, AccountDiscard, cause, fx)
	case accountNone:
	}
	books := s.aaa().Accounting
	if books == nil || s.user == "" || s.wasUp {
		return false
	}
	// A subscriber that was turned away, or one that was let in and never came up.
	if books.StopOnDeny && !s.authenticated && cause == CauseAuthDenied || books.StopOnFailure && s.authenticated {
		e.counters.AccountsFailed++
		s.grants().sub = e.subscriber(s)
		e.tellAccount(s, AccountFailed, cause, fx)
	}
	return false
}

// tellAccount adds a record to the books. The shard fills the counters in.
func (e *Engine) tellAccount(s *session, k AccountKind, cause Cause, fx *Effects) {
	g := s.grant
	if g.sub == nil {
		g.sub = e.subscriber(s)
	}
	r := AccountRecord{
		Kind: k, Ref: AuthRef{Element: uint32(s.element), Generation: s.generation, Attempt: uint8(k)}, Profile: s.aaa(), Subscriber: g.sub,
		At: e.now, Element: uint32(s.element), Cause: cause,
	}
	if g.account.state == accountStarted {
		r.SessionTime = e.now.Sub(g.account.startedAt)
	}
	if k == AccountStop || k == AccountFailed {
		r.Terminate = e.terminate(cause)
	}
	fx.Account = append(fx.Account, r)
}

// terminate is the Acct-Terminate-Cause of a cause: as access terminate-code says,
// or as the table of causes.
func (e *Engine) terminate(cause Cause) uint32 {
	if code := e.cfg.Radius.Terminate[cause]; code != 0 {
		return code
	}
	return cause.Terminate()
}

// retell gives a session whose grant or addresses have changed a new Subscriber.
func (e *Engine) retell(s *session) {
	if s.grant == nil || s.grant.sub == nil {
		return
	}
	e.unlist(s)
	s.grant.sub = e.subscriber(s)
	e.list(s)
}

// reportFamilies reports that a network protocol has opened or closed, and what
// addresses the subscriber has since, where the profile wants that at once.
func (e *Engine) reportFamilies(s *session, fx *Effects) {
	if s.grant == nil || s.grant.account.state != accountStarted {
		return
	}
	books, sub := s.aaa().Accounting, s.grant.sub
	moved := sub.Address != s.ipv4 || sub.Prefix != s.ipv6
	if moved {
		e.retell(s)
	}
	if books.FamilyChange || moved && books.AddressChange {
		e.interim(s, fx)
	}
}

// subscriber tells who a session is.
func (e *Engine) subscriber(s *session) *Subscriber {
	call := e.call(s)
	sub := &Subscriber{
		ID: e.sessionID(s), User: s.user, UserGiven: s.user, Method: s.auth, Source: AuthNone,
		Calling: call.CallingNumber, Called: call.CalledNumber, Serial: call.Serial, LNS: s.bind.Tunnel.HostName,
		Tunnel: uint16(s.tunnel), Session: uint16(s.id), Instance: e.instanceName(s.instance()),
		TxSpeed: call.TxSpeed, RxSpeed: call.RxSpeed, PhysicalChannel: call.PhysicalChannel, Line: call.Line,
		Address: s.ipv4, Prefix: s.ipv6, Granted: s.attributes(),
	}
	if info, ok := e.l2.Tunnel(s.tunnel); ok {
		sub.LAC, sub.Peer, sub.Local = info.HostName, info.Peer, info.Local
	}
	if s.choosing() {
		sub.Address = netip.Addr{}
	}
	if s.answered {
		sub.Interface, sub.Unit = e.interfaces.name(s.iface), s.unit
	}
	if s.authenticated || s.connected {
		sub.MTU = e.mtu(s)
	}
	if g := s.grant; g != nil {
		if g.given != "" {
			sub.UserGiven = g.given
		}
		if s.auth != ppp.AuthNone {
			sub.Source = g.said
		}
		if a := g.granted; a != nil {
			sub.InterfaceID = a.InterfaceID
			if a.UserName != "" {
				// "the client SHOULD use the name returned in the Access-Accept packet in all
				// Accounting-Request packets for this session." RFC 2865 §5.1
				sub.User = a.UserName
			}
		}
	}
	return sub
}

// refused reports why a subscriber cannot have what RADIUS grants.
func (e *Engine) refused(s *session, cause Cause, what string, fx *Effects) {
	e.counters.GrantsRefused++
	r := e.record(s, event.GrantRefused, cause)
	r.Name = what
	fx.Log = append(fx.Log, r)
}
