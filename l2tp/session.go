// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"fmt"
	"time"

	"holdfast/l2tp/wire"
)

// live is the session of an element with its tunnel; nil when there is no call.
func (e *Endpoint) live(el Element) (*session, *tunnel) {
	if el >= e.space.top {
		return nil, nil
	}
	s := e.space.at(el)
	if s.state == SessionFree {
		return nil, nil
	}
	return s, e.tunnel(s.tunnel)
}

// sessionIDRest is how long a freed Session ID and Element are not used again.
func (e *Endpoint) sessionIDRest() time.Duration {
	if e.cfg.SessionIDRest > 0 {
		return e.cfg.SessionIDRest
	}
	return defaultSessionIDRest
}

// newCall takes an element of t for a call; noElement at a limit.
func (e *Endpoint) newCall(now time.Time, t *tunnel, call *Call, lns bool) Element {
	if t.calls.count >= t.cfg.sessionMax() || e.cfg.SessionMax > 0 && e.counters.Sessions >= e.cfg.SessionMax {
		return noElement
	}
	el := e.space.allocate(t.local, &t.calls, e.since(now))
	if el == noElement {
		return noElement
	}
	s := e.space.at(el)
	s.call, s.lns = call, lns
	e.counters.Sessions++
	t.idleAt = time.Time{}
	return el
}

// becomeCall is the only place that changes the state of a session.
func (e *Endpoint) becomeCall(now time.Time, t *tunnel, el Element, state SessionState) {
	s := e.space.at(el)
	old := s.state
	s.state = state
	if old == SessionEstablished {
		e.counters.SessionsUp--
	}
	switch state {
	case SessionFree, SessionWaitTunnel:
		e.dropEarly(s)
		e.timers.Set(sessionTimer+uint32(el), time.Time{}) // the tunnel has its own time-out
	case SessionIdle, SessionWaitReply:
		e.timers.Set(sessionTimer+uint32(el), now.Add(t.cfg.establishTimeout()))
	case SessionEstablished:
		e.timers.Set(sessionTimer+uint32(el), time.Time{})
		e.counters.SessionsUp++
		e.counters.CallsEstablished++
		s.required = s.call.Sequencing
		s.sequencing = s.required || s.lns && t.cfg.Sequencing
	}
}

// callEffect tells the owner about a call.
func (e *Endpoint) callEffect(kind EffectKind, t *tunnel, el Element, fx *Effects) *Effect {
	fx.List = append(fx.List, Effect{
		Kind: kind, Tunnel: t.local, Session: e.space.at(el).local, Element: el, Peer: t.remote, Local: t.near, HostName: t.hostName,
	})
	return &fx.List[len(fx.List)-1]
}

// endCall ends a call for the owner and frees its element. Nothing is sent.
func (e *Endpoint) endCall(now time.Time, t *tunnel, el Element, err error, why Result, cause *DisconnectCause, fx *Effects) {
	f := e.callEffect(CallDown, t, el, fx)
	f.Err, f.Result, f.Cause = err, why, cause
	if len(e.endedCalls) < spareCallsMax {
		e.endedCalls = append(e.endedCalls, e.space.at(el).call)
	}
	e.becomeCall(now, t, el, SessionFree)
	e.space.release(&t.calls, el, e.since(now.Add(e.sessionIDRest())))
	e.counters.Sessions--
	e.counters.CallsClosed++
	e.armIdle(now, t)
}

// spareCallsMax bounds how many Calls are kept for reuse.
const spareCallsMax = 4096

// makeCall is an empty Call.
func (e *Endpoint) makeCall() *Call {
	n := len(e.spareCalls)
	if n == 0 {
		return new(Call)
	}
	c := e.spareCalls[n-1]
	e.spareCalls[n-1], e.spareCalls = nil, e.spareCalls[:n-1]
	return c
}

// reuseCalls takes back the Calls that have ended, now that the owner has heard of it.
func (e *Endpoint) reuseCalls() {
	for i, c := range e.endedCalls {
		e.endedCalls[i] = nil
		if c != nil && len(e.spareCalls) < spareCallsMax {
			*c = Call{}
			e.spareCalls = append(e.spareCalls, c)
		}
	}
	e.endedCalls = e.endedCalls[:0]
}

// sendCDN sends a Call-Disconnect-Notify for the session that the ends call
// local and peer.
func (e *Endpoint) sendCDN(now time.Time, t *tunnel, local, peer SessionID, why Result, cause *DisconnectCause, fx *Effects) {
	m := &e.out
	m.Reset(wire.CDN)
	m.AssignedSessionID = uint16(local)
	setResult(m, why)
	m.Add(wire.AssignedSessionID)
	if cause != nil {
		m.DisconnectCause = wire.DisconnectCause{
			Code: cause.Code, Protocol: cause.Protocol, Direction: cause.Direction, Message: []byte(cause.Message),
		}
		m.Add(wire.PPPDisconnectCause)
	}
	e.send(now, t, peer, fx)
}

// hangUp ends a call on our side: CDN, unless the peer has never heard of it.
func (e *Endpoint) hangUp(now time.Time, t *tunnel, el Element, err error, why Result, cause *DisconnectCause, fx *Effects) {
	s := e.space.at(el)
	if s.state != SessionWaitTunnel {
		s.told = true
		e.sendCDN(now, t, s.local, s.peer, why, cause, fx)
	}
	e.endCall(now, t, el, err, why, cause, fx)
}

// sessionDue ends a call that was not established in time.
func (e *Endpoint) sessionDue(now time.Time, el Element, fx *Effects) {
	s, t := e.live(el)
	if s == nil || s.state == SessionEstablished {
		return
	}
	e.hangUp(now, t, el, ErrTimeout, Result{Code: wire.CDNTimeout}, nil, fx)
	e.arm(t)
}

// OpenCall sends an ICRQ, or an OCRQ when call.Outgoing is set; when the tunnel
// is not established yet, as soon as it is. The call is copied.
func (e *Endpoint) OpenCall(now time.Time, id TunnelID, call *Call, fx *Effects) (Element, error) {
	t := e.tunnel(id)
	if t == nil || t.state == TunnelClosed || t.state == TunnelIdle {
		return 0, fmt.Errorf("open call in tunnel %d: %w", id, ErrState)
	}
	if call.Outgoing && t.state == TunnelEstablished && !t.canPlace(call) {
		return 0, fmt.Errorf("open outgoing call in tunnel %d: %w", id, ErrCapability)
	}
	el := e.newCall(now, t, call.clone(), call.Outgoing)
	if el == noElement {
		return 0, fmt.Errorf("open call in tunnel %d: %w", id, ErrLimit)
	}
	if t.state == TunnelEstablished {
		e.requestCall(now, t, el, fx)
	} else {
		e.becomeCall(now, t, el, SessionWaitTunnel)
		t.opening.waiting = append(t.opening.waiting, el)
	}
	e.arm(t)
	return el, nil
}

// canPlace says whether the peer has offered what an outgoing call asks for: "An
// LNS MUST have received a Bearer Capabilities AVP during tunnel establishment
// from an LAC in order to request an outgoing call", RFC 2661 §6.9.
func (t *tunnel) canPlace(call *Call) bool {
	return t.bearer != 0 && call.BearerType&^t.bearer == 0 && call.FramingType&^t.framing == 0
}

// requestCall sends ICRQ or OCRQ.
func (e *Endpoint) requestCall(now time.Time, t *tunnel, el Element, fx *Effects) {
	s := e.space.at(el)
	if s.call.Outgoing && !t.canPlace(s.call) {
		e.endCall(now, t, el, ErrCapability, Result{}, nil, fx)
		return
	}
	m := &e.out
	m.Reset(wire.ICRQ)
	if s.call.Outgoing {
		m.Type = wire.OCRQ
	}
	m.AssignedSessionID = uint16(s.local)
	m.Add(wire.AssignedSessionID)
	s.call.requestAVPs(m)
	e.becomeCall(now, t, el, SessionWaitReply)
	s.told = true
	e.send(now, t, 0, fx)
}

// AcceptCall answers a CallRequested with ICRP, or OCRP when the call is
// outgoing. It does nothing when the call does not wait for it.
func (e *Endpoint) AcceptCall(now time.Time, el Element, fx *Effects) {
	s, t := e.live(el)
	if s == nil || s.state != SessionIdle {
		return
	}
	m := &e.out
	state := SessionWaitConnect
	m.Reset(wire.ICRP)
	if s.call.Outgoing {
		m.Type, state = wire.OCRP, SessionWaitCSAnswer
	}
	m.AssignedSessionID = uint16(s.local)
	m.Add(wire.AssignedSessionID)
	e.becomeCall(now, t, el, state)
	s.told = true
	e.send(now, t, s.peer, fx)
	e.arm(t)
}

// ConnectCall sends ICCN after CallAccepted, or OCCN after AcceptCall, with what
// call says about speeds, framing, sequencing, private group, proxy LCP and proxy
// authentication; nil: what the call said before. It does nothing when the call
// does not wait for it.
func (e *Endpoint) ConnectCall(now time.Time, el Element, call *Call, fx *Effects) {
	s, t := e.live(el)
	if s == nil || s.state != SessionWaitAnswer && s.state != SessionWaitCSAnswer {
		return
	}
	if call != nil {
		c := call.clone()
		k := s.call
		k.TxSpeed, k.RxSpeed, k.FramingType, k.Sequencing = c.TxSpeed, c.RxSpeed, c.FramingType, c.Sequencing
		k.PrivateGroup, k.ProxyLCP, k.ProxyAuth = c.PrivateGroup, c.ProxyLCP, c.ProxyAuth
	}
	if s.call.FramingType == 0 {
		s.call.FramingType = defaultFramingType
	}
	m := &e.out
	m.Reset(wire.ICCN)
	if s.call.Outgoing {
		m.Type = wire.OCCN
	}
	s.call.connectAVPs(m)
	e.send(now, t, s.peer, fx)
	e.becomeCall(now, t, el, SessionEstablished)
	e.callEffect(CallUp, t, el, fx)
	e.arm(t)
}

// CloseCall sends CDN, with the PPP Disconnect Cause when cause is not nil. It is
// legal in every state, and does nothing when there is no call.
func (e *Endpoint) CloseCall(now time.Time, el Element, why Result, cause *DisconnectCause, fx *Effects) {
	if s, t := e.live(el); s != nil {
		e.hangUp(now, t, el, ErrClosed, why, cause, fx)
		e.arm(t)
	}
}

// TrimCall drops ProxyLCP and ProxyAuth of a session.
func (e *Endpoint) TrimCall(el Element) {
	if s, _ := e.live(el); s != nil {
		s.call.ProxyLCP, s.call.ProxyAuth = nil, nil
	}
}
