// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"time"

	"holdfast/l2tp/wire"
)

// step gives a message to the function of the tunnel's state: the rows of the
// table in RFC 2661 §7.2.1. StopCCN is the same row in each of them.
func (e *Endpoint) step(now time.Time, t *tunnel, session SessionID, m *wire.Message, fx *Effects) {
	if m.Type == wire.StopCCN {
		t.stopped = true
		e.dropQueue(&t.xmit) // the peer listens no longer
		e.close(now, t, ErrPeerClosed, getResult(m), false, fx)
		return
	}
	switch t.state {
	case TunnelIdle:
		e.unexpected(now, t, m, fx) // the peer goes on before it has been answered
	case TunnelWaitCtlReply:
		e.stepWaitCtlReply(now, t, m, fx)
	case TunnelWaitCtlConn:
		e.stepWaitCtlConn(now, t, m, fx)
	case TunnelEstablished:
		e.stepEstablished(now, t, session, m, fx)
	}
}

// stepWaitCtlReply: we have sent SCCRQ.
func (e *Endpoint) stepWaitCtlReply(now time.Time, t *tunnel, m *wire.Message, fx *Effects) {
	switch m.Type {
	case wire.SCCRP:
		if !e.learn(now, t, m, fx) || !e.authentic(now, t, m, fx) {
			return
		}
		out := &e.out
		out.Reset(wire.SCCCN)
		if m.Has(wire.Challenge) {
			response := wire.ComputeChallengeResponse(wire.SCCCN, t.cfg.Secret, m.Challenge)
			out.ChallengeResponse = response[:]
			out.Add(wire.ChallengeResponse)
		}
		e.send(now, t, 0, fx)
		e.established(now, t, fx)
	case wire.HELLO:
	default:
		e.unexpected(now, t, m, fx)
	}
}

// stepWaitCtlConn: we have sent SCCRP.
func (e *Endpoint) stepWaitCtlConn(now time.Time, t *tunnel, m *wire.Message, fx *Effects) {
	switch m.Type {
	case wire.SCCCN:
		if e.authentic(now, t, m, fx) {
			e.established(now, t, fx)
		}
	case wire.HELLO:
	default:
		e.unexpected(now, t, m, fx)
	}
}

// stepEstablished: calls, and messages about them.
func (e *Endpoint) stepEstablished(now time.Time, t *tunnel, session SessionID, m *wire.Message, fx *Effects) {
	switch m.Type {
	case wire.HELLO: // "the receiver will return either a ZLB ACK or an (unrelated) message", RFC 2661 §6.5
	case wire.ICRQ, wire.OCRQ:
		e.callRequested(now, t, session, m, fx)
	case wire.CDN:
		e.disconnected(now, t, session, m, fx)
	case wire.CSUN:
		e.speedsUpdated(t, m, fx)
	case wire.CSURQ:
		e.speedsRequested(now, t, m, fx)
	case wire.FSQ, wire.FSR:
		e.counters.Unexpected++ // we never offer failover (RFC 4951): nobody may ask
	case wire.SCCRQ, wire.SCCRP, wire.SCCCN:
		e.unexpected(now, t, m, fx)
	default:
		e.stepCall(now, t, session, m, fx)
	}
}

// learn keeps what an SCCRQ or SCCRP says about the peer; false when it is not
// acceptable and the tunnel has been closed.
func (e *Endpoint) learn(now time.Time, t *tunnel, m *wire.Message, fx *Effects) bool {
	t.peer = TunnelID(m.AssignedTunnelID)
	t.hostName, t.vendorName, t.firmware = string(m.HostName), string(m.VendorName), m.FirmwareRevision
	t.framing, t.bearer = m.FramingCapabilities, m.BearerCapabilities
	if m.Has(wire.ReceiveWindowSize) {
		t.xmit.setPeerWindow(m.ReceiveWindowSize)
	}
	// "If the version is earlier and not supported, a StopCCN MUST be sent to the
	// peer", RFC 2661 §7.2.1. There is no earlier one; a later one has to come down to ours.
	if m.ProtocolVersion < protocolVersion {
		// "Error Code indicates highest version supported", RFC 2661 §4.4.2.
		e.close(now, t, ErrVersion, Result{Code: wire.StopVersion, Error: protocolVersion}, true, fx)
		return false
	}
	// "a Challenge Response AVP MUST be sent in the following SCCRP or SCCCN", RFC 2661
	// §5.1.1: without a secret there is none.
	if m.Has(wire.Challenge) && t.cfg.Secret == "" {
		e.unauthorized(now, t, ErrUnauthorized, "challenge, but no secret", fx)
		return false
	}
	return true
}

// authentic checks the answer to our challenge; false when the tunnel has been
// closed: "If the expected response and response received from a peer does not
// match, establishment of the tunnel MUST be disallowed", RFC 2661 §5.1.1.
func (e *Endpoint) authentic(now time.Time, t *tunnel, m *wire.Message, fx *Effects) bool {
	c := t.opening.challenge
	if c == nil || wire.CheckChallengeResponse(m.Type, t.cfg.Secret, c, m.ChallengeResponse) {
		return true
	}
	e.unauthorized(now, t, ErrWrongResponse, "wrong challenge response", fx)
	return false
}

func (e *Endpoint) unauthorized(now time.Time, t *tunnel, why error, text string, fx *Effects) {
	e.counters.AuthenticationFailures++
	e.close(now, t, why, Result{Code: wire.StopNotAuthorized, Message: text}, true, fx)
}

// established is "Send tunnel-open event to waiting sessions", RFC 2661 §7.2.1.
func (e *Endpoint) established(now time.Time, t *tunnel, fx *Effects) {
	waiting := t.opening.waiting
	t.opening = nil
	e.become(now, t, TunnelEstablished)
	e.replace(now, t, fx)
	fx.List = append(fx.List, Effect{Kind: TunnelUp, Tunnel: t.local, Peer: t.remote, Local: t.near, HostName: t.hostName})
	for _, el := range waiting {
		if s := e.space.at(el); s.state == SessionWaitTunnel && s.tunnel == t.local {
			e.requestCall(now, t, el, fx)
		}
	}
}

// replace ends the tunnel that t supersedes: the same peer cannot have two with
// one id. It waits for t to be established, so that a forged SCCRQ ends nothing.
func (e *Endpoint) replace(now time.Time, t *tunnel, fx *Effects) {
	old := t.replaces
	t.replaces = nil
	if old != nil && old.key == t.key && e.tunnel(old.local) == old {
		e.close(now, old, ErrReplaced, Result{}, false, fx)
	}
}
