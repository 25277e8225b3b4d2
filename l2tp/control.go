// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"net/netip"
	"time"

	"holdfast/l2tp/wire"
)

const (
	protocolVersion = 0x0100 // version 1, revision 0, RFC 2661 §4.4.3
	challengeLength = 16
)

// handleControl takes a control message: header, tunnel, transport; step does the rest.
func (e *Endpoint) handleControl(now time.Time, peer, local netip.AddrPort, b []byte, fx *Effects) {
	e.counters.ReceivedControl++
	e.counters.ReceivedControlBytes += uint64(len(b))
	h, payload, err := wire.ParseControlHeader(b)
	if err != nil {
		// "A control message with a malformed header should be discarded", RFC 2661 §7.1.
		e.counters.BadHeader++
		return
	}
	if h.TunnelID == 0 {
		e.handleUnassigned(now, peer, local, h, payload, fx)
		return
	}
	t := e.tunnel(TunnelID(h.TunnelID))
	if t == nil {
		e.counters.UnknownTunnel++
		return
	}
	e.receive(now, t, peer, h, payload, fx)
}

// count notes a control message of n octets for t.
func (e *Endpoint) count(t *tunnel, n int) {
	t.counters.ReceivedMessages++
	t.counters.ReceivedBytes += uint64(n)
}

// silence is for how many milliseconds nothing comes before a tunnel is said to
// have returned.
const silence = 5000

func (e *Endpoint) milliseconds(now time.Time) uint32 {
	return uint32(e.since(now) / int64(time.Millisecond))
}

// receive is the receiving half of the reliable transport, RFC 2661 §5.8.
func (e *Endpoint) receive(now time.Time, t *tunnel, peer netip.AddrPort, h wire.ControlHeader, payload []byte, fx *Effects) {
	e.count(t, wire.ControlLength+len(payload))
	if peer != t.remote && !e.moved(now, t, peer, h.Ns == t.xmit.nr, fx) {
		return
	}
	t.heardAt = now
	at := e.milliseconds(now)
	if at-t.controlAt >= silence {
		t.returnedAt = at
	}
	t.controlAt = at
	e.acknowledged(now, t, h.Nr, fx)
	if len(payload) > 0 {
		e.order(now, t, h, payload, fx)
	}
	e.arm(t)
}

// order hands messages on in the order of Ns, each once.
func (e *Endpoint) order(now time.Time, t *tunnel, h wire.ControlHeader, payload []byte, fx *Effects) {
	x := &t.xmit
	switch ahead := int16(h.Ns - x.nr); {
	case ahead < 0:
		// "receipt of duplicate messages MUST be acknowledged", RFC 2661 §5.8.
		t.counters.Duplicates++
		e.counters.Duplicates++
		e.owe(t, false)
		e.reacknowledgeCDN(t, payload, fx)
		return
	case ahead > 0:
		t.counters.OutOfOrder++
		e.counters.OutOfOrder++
		if t.state == TunnelClosed || !e.hold(t, h.Ns, payload, SessionID(h.SessionID)) {
			e.counters.WindowExceeded++
		}
		return
	}
	x.nr++
	e.owe(t, mayBeLate(payload))
	e.process(now, t, SessionID(h.SessionID), payload, fx)
	for m := x.release(); m != nil; m = x.release() {
		x.nr++
		e.process(now, t, m.session, m.b, fx)
		e.freeMessage(m)
	}
}

// decode reads a message of t, with its secret, into e.in.
func (e *Endpoint) decode(t *tunnel, payload []byte) wire.Fault {
	e.decoder.Secret = t.cfg.Secret
	f := e.decoder.Decode(payload, &e.in)
	e.counters.BadAVP += uint64(e.decoder.Ignored)
	e.counters.ToleratedAVP += uint64(e.decoder.ToleratedCount)
	return f
}

// process takes the next message of t in order. session is the local id in its header.
func (e *Endpoint) process(now time.Time, t *tunnel, session SessionID, payload []byte, fx *Effects) {
	if t.state == TunnelClosed {
		return // acknowledged like any other, but nobody is there to act on it
	}
	f, m := e.decode(t, payload), &e.in
	if !m.Type.Known() && f.OK() {
		// "If the M-bit is not set, then the implementation may ignore an unknown message
		// type", RFC 2661 §4.4.1.
		e.counters.UnknownMessage++
		return
	}
	if int(m.Type) < len(e.counters.Received) {
		e.counters.Received[m.Type]++
	}
	switch {
	case !f.OK() && m.Type.Session() && t.state == TunnelEstablished:
		e.sessionFault(now, t, session, f, fx)
	case !f.OK() && m.Type != wire.StopCCN:
		e.fault(now, t, f, fx)
	default:
		e.step(now, t, session, m, fx)
	}
}

// faultResult is the Result Code for a message that cannot be accepted.
func faultResult(general uint16, f wire.Fault) Result {
	code := uint16(wire.ErrorValue)
	if f.Kind == wire.FaultUnknownAVP || f.Kind == wire.FaultUnknownMessage {
		// "The Error Message SHOULD contain the attribute of the offending AVP in (human
		// readable) text form", RFC 2661 §4.4.2.
		code = wire.ErrorUnknownAVP
	}
	return Result{Code: general, Error: code, Message: f.String()}
}

// faultError is the sentinel for a message that cannot be accepted.
func faultError(f wire.Fault) error {
	switch f.Kind {
	case wire.FaultUnknownAVP:
		return ErrUnknownAVP
	case wire.FaultUnknownMessage:
		return ErrUnknownMessage
	}
	return ErrMalformed
}

// fault ends a tunnel because of a message of its own: "If the M bit is set on an
// unrecognized AVP within a message associated with the overall tunnel, the entire
// tunnel (and all sessions within) MUST be terminated", RFC 2661 §4.1.
func (e *Endpoint) fault(now time.Time, t *tunnel, f wire.Fault, fx *Effects) {
	t.counters.Errors++
	e.close(now, t, faultError(f), faultResult(wire.StopError, f), true, fx)
}

// unexpected ends a tunnel because of a message that its state does not know.
func (e *Endpoint) unexpected(now time.Time, t *tunnel, m *wire.Message, fx *Effects) {
	t.counters.Errors++
	e.counters.Unexpected++
	why := Result{Code: wire.StopFSM, Message: m.Type.String() + " in state " + t.state.String()}
	e.close(now, t, ErrUnexpected, why, true, fx)
}
