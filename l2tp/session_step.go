// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"time"

	"holdfast/l2tp/wire"
)

// callRequested is "idle, Receive ICRQ" of RFC 2661 §7.4.2 and "idle, Receive
// OCRQ" of §7.5.1.
func (e *Endpoint) callRequested(now time.Time, t *tunnel, session SessionID, m *wire.Message, fx *Effects) {
	if el, ok := e.Lookup(t.local, session); ok {
		e.wrongState(now, t, el, m, fx) // a request names no session of ours
		return
	}
	peer := SessionID(m.AssignedSessionID)
	if old, ok := e.space.byPeer(t.local, peer); ok {
		// The LAC has forgotten the old call, and it calls the new one by the same id. So
		// the CDN names only our id: it must not be taken for the new call.
		e.space.at(old).told = true
		e.sendCDN(now, t, e.space.at(old).local, 0, Result{Code: wire.CDNAdmin, Message: "session id used again"}, nil, fx)
		e.endCall(now, t, old, ErrReplaced, Result{}, nil, fx)
	}
	e.counters.CallsRequested++
	outgoing := m.Type == wire.OCRQ
	if outgoing && (m.BearerType&^t.cfg.BearerCapabilities != 0 || t.cfg.BearerCapabilities == 0 || m.FramingType&^t.cfg.framing() != 0) {
		// "Attempts to do so will result in the call being rejected", RFC 2661 §4.4.3.
		e.refuseCall(now, t, peer, Result{Code: wire.CDNNeverFacility}, fx)
		return
	}
	el := e.newCall(now, t, nil, !outgoing)
	if el == noElement {
		e.refuseCall(now, t, peer, Result{Code: wire.CDNNoFacility}, fx)
		return
	}
	call := e.makeCall()
	call.Outgoing = outgoing
	if string(m.CalledNumber) == e.called {
		call.CalledNumber = e.called // mostly the same for all: no copy for each
	}
	call.read(m)
	e.called = call.CalledNumber
	s := e.space.at(el)
	s.call = call
	e.space.knowPeer(el, peer)
	e.becomeCall(now, t, el, SessionIdle)
	e.callEffect(CallRequested, t, el, fx)
}

// refuseCall answers a request for which there is no session. Its own id in the
// CDN is one that no session of t has.
func (e *Endpoint) refuseCall(now time.Time, t *tunnel, peer SessionID, why Result, fx *Effects) {
	e.counters.CallsRefused++
	e.sendCDN(now, t, t.calls.sessionID(indexMax-1), peer, why, nil, fx)
}

// disconnected takes a CDN: "The peer MUST clean up any resources, and does not
// send back any indication of success or failure", RFC 2661 §6.12.
func (e *Endpoint) disconnected(now time.Time, t *tunnel, session SessionID, m *wire.Message, fx *Effects) {
	e.acknowledgeCDN(t, SessionID(m.AssignedSessionID), fx)
	el, ok := e.Lookup(t.local, session)
	if session == 0 {
		// "permitting the peer to identify the appropriate tunnel even if CDN is sent
		// before an Assigned Session ID is received", RFC 2661 §4.4.4.
		el, ok = e.space.byPeer(t.local, SessionID(m.AssignedSessionID))
	}
	if ok {
		e.endCall(now, t, el, ErrPeerClosed, getResult(m), readCause(m), fx)
	}
}

// acknowledgeCDN has the ZLB for a CDN name the session in its header, by the id
// that the peer gave it. RFC 2661 does not say what stands there; xl2tpd looks
// the call to forget up by it, and hangs without it. Others look at the tunnel
// alone. Several CDNs in one batch get a ZLB each.
func (e *Endpoint) acknowledgeCDN(t *tunnel, peer SessionID, fx *Effects) {
	x := &t.xmit
	if x.ackSession != 0 && x.ackSession != peer {
		e.acknowledge(t, fx)
	}
	x.ackSession = peer
}

// reacknowledgeCDN answers a CDN that came again in both ways: by a ZLB that
// names the session and, for peers that do not want to hear of a session they
// have forgotten, by a plain one.
func (e *Endpoint) reacknowledgeCDN(t *tunnel, payload []byte, fx *Effects) {
	if mt, _, _, ok := wire.ParseMessageType(payload); !ok || mt != wire.CDN {
		return
	}
	e.decoder.Secret = t.cfg.Secret
	e.decoder.Decode(payload, &e.in)
	if e.in.AssignedSessionID != 0 {
		e.sendZLB(t, 0, fx)
		e.acknowledgeCDN(t, SessionID(e.in.AssignedSessionID), fx)
	}
}

// sessionFault ends the session of a message that cannot be accepted: "If the M
// bit is set on an unrecognized AVP within a message associated with a particular
// session, the session associated with this message MUST be terminated", RFC 2661 §4.1.
func (e *Endpoint) sessionFault(now time.Time, t *tunnel, session SessionID, f wire.Fault, fx *Effects) {
	t.counters.Errors++
	m := &e.in
	el, ok := e.Lookup(t.local, session)
	switch {
	case m.Type == wire.CDN:
		e.disconnected(now, t, session, m, fx)
	case ok:
		e.hangUp(now, t, el, faultError(f), faultResult(wire.CDNError, f), nil, fx)
	case (m.Type == wire.ICRQ || m.Type == wire.OCRQ) && m.Has(wire.AssignedSessionID):
		e.refuseCall(now, t, SessionID(m.AssignedSessionID), faultResult(wire.CDNError, f), fx)
	}
}

// wrongState ends a call because of a message that its state does not know:
// "Send CDN, Clean up" in the tables of RFC 2661 §7.4 and §7.5.
func (e *Endpoint) wrongState(now time.Time, t *tunnel, el Element, m *wire.Message, fx *Effects) {
	t.counters.Errors++
	e.counters.Unexpected++
	why := Result{Code: wire.CDNError, Error: wire.ErrorSessionID, Message: m.Type.String() + " in state " + e.space.at(el).state.String()}
	e.hangUp(now, t, el, ErrUnexpected, why, nil, fx)
}

// stepCall gives a message to the table of the session's role and direction.
func (e *Endpoint) stepCall(now time.Time, t *tunnel, session SessionID, m *wire.Message, fx *Effects) {
	el, ok := e.Lookup(t.local, session)
	if !ok {
		e.stepNoCall(now, t, session, m, fx)
		return
	}
	s := e.space.at(el)
	switch {
	case m.Type == wire.WEN || m.Type == wire.SLI:
		e.stepLineMessage(t, el, s, m, fx)
	case s.lns && !s.call.Outgoing:
		e.stepLNSIncoming(now, t, el, s, m, fx)
	case s.lns:
		e.stepLNSOutgoing(now, t, el, s, m, fx)
	case !s.call.Outgoing:
		e.stepLACIncoming(now, t, el, s, m, fx)
	default:
		e.stepLACOutgoing(now, t, el, s, m, fx)
	}
}

// stepNoCall is state idle: a reply without a request is answered with CDN,
// anything else is cleaned up in silence.
func (e *Endpoint) stepNoCall(now time.Time, t *tunnel, session SessionID, m *wire.Message, fx *Effects) {
	e.counters.Unexpected++
	if m.Type != wire.ICRP && m.Type != wire.OCRP || session == 0 {
		return
	}
	if el := t.calls.element(session); el != noElement && e.space.at(el).rested > e.since(now) {
		return // it crossed our own CDN
	}
	e.sendCDN(now, t, session, SessionID(m.AssignedSessionID), Result{Code: wire.CDNError, Error: wire.ErrorSessionID}, nil, fx)
}

// row is a state and a message: the two left columns of the RFC's tables.
type row struct {
	state SessionState
	event wire.MessageType
}

// stepLACIncoming is the table of RFC 2661 §7.4.1. The step from wait-reply to
// established is in two parts: the owner answers the call in between.
func (e *Endpoint) stepLACIncoming(now time.Time, t *tunnel, el Element, s *session, m *wire.Message, fx *Effects) {
	switch (row{s.state, m.Type}) {
	case row{SessionWaitReply, wire.ICRP}:
		e.space.knowPeer(el, SessionID(m.AssignedSessionID))
		e.becomeCall(now, t, el, SessionWaitAnswer)
		e.callEffect(CallAccepted, t, el, fx)
	case row{SessionWaitReply, wire.ICCN}:
		e.endCall(now, t, el, ErrUnexpected, Result{}, nil, fx)
	default:
		e.wrongState(now, t, el, m, fx)
	}
}

// stepLNSIncoming is the table of RFC 2661 §7.4.2.
func (e *Endpoint) stepLNSIncoming(now time.Time, t *tunnel, el Element, s *session, m *wire.Message, fx *Effects) {
	switch (row{s.state, m.Type}) {
	case row{SessionWaitConnect, wire.ICCN}:
		e.connected(now, t, el, s, m, fx)
	default:
		e.wrongState(now, t, el, m, fx)
	}
}

// stepLACOutgoing is the table of RFC 2661 §7.5.1: all the LAC waits for is its
// own bearer, so that any message is out of place.
func (e *Endpoint) stepLACOutgoing(now time.Time, t *tunnel, el Element, _ *session, m *wire.Message, fx *Effects) {
	e.wrongState(now, t, el, m, fx)
}

// stepLNSOutgoing is the table of RFC 2661 §7.5.2.
func (e *Endpoint) stepLNSOutgoing(now time.Time, t *tunnel, el Element, s *session, m *wire.Message, fx *Effects) {
	switch (row{s.state, m.Type}) {
	case row{SessionWaitReply, wire.OCRP}:
		s.call.read(m)
		e.space.knowPeer(el, SessionID(m.AssignedSessionID))
		e.becomeCall(now, t, el, SessionWaitConnect)
		e.callEffect(CallAccepted, t, el, fx)
	case row{SessionWaitConnect, wire.OCCN}:
		e.connected(now, t, el, s, m, fx)
	default:
		e.wrongState(now, t, el, m, fx)
	}
}

// connected takes the ICCN or OCCN that the LNS was waiting for.
func (e *Endpoint) connected(now time.Time, t *tunnel, el Element, s *session, m *wire.Message, fx *Effects) {
	// "A peer MUST NOT request an incoming or outgoing call with a Framing Type AVP
	// specifying a value not advertised in the Framing Capabilities AVP it received",
	// RFC 2661 §4.4.3. A LAC that says nothing of framing says zero, and is let in.
	if m.FramingType != 0 && m.FramingType&t.cfg.framing() == 0 {
		e.hangUp(now, t, el, ErrCapability, Result{Code: wire.CDNError, Error: wire.ErrorValue, Message: "framing type"}, nil, fx)
		return
	}
	s.call.read(m)
	e.becomeCall(now, t, el, SessionEstablished)
	e.callEffect(CallUp, t, el, fx)
	e.giveEarly(t, el, s, fx)
}

// stepLineMessage takes WEN (LAC to LNS) and SLI (LNS to LAC).
func (e *Endpoint) stepLineMessage(t *tunnel, el Element, s *session, m *wire.Message, fx *Effects) {
	switch {
	case m.Type == wire.WEN && s.lns:
		if s.errors == nil {
			s.errors = new(CallErrors)
		}
		*s.errors = CallErrors(m.CallErrors)
		e.callEffect(LineErrors, t, el, fx)
	case m.Type == wire.SLI && !s.lns:
		f := e.callEffect(LinkInfo, t, el, fx)
		f.Value, f.Value2 = m.ACCM.Send, m.ACCM.Receive
	default:
		e.counters.Unexpected++
	}
}
