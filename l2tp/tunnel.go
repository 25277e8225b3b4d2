// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"net/netip"
	"time"

	"holdfast/l2tp/wire"
)

// tunnel is one control connection with its calls.
type tunnel struct {
	cfg          *TunnelConfig // of the owner; defaults until it has answered a request
	local, peer  TunnelID      // peer 0: not known yet
	state        TunnelState
	initiator    bool           // we sent the SCCRQ
	remote, near netip.AddrPort // the peer's address and ours

	hostName, vendorName string // the peer's AVPs 7 and 8
	firmware             uint16 // AVP 6
	framing, bearer      uint32 // AVPs 3 and 4

	xmit    transport
	calls   calls
	opening *opening // until established; nil afterwards

	key        requestKey // in Endpoint.requests, when the peer opened this tunnel
	requestSum uint64     // of the SCCRQ: tells a repetition from a new start
	replaces   *tunnel    // an older one with the same key, which goes when this one is established
	stopped    bool       // StopCCN received
	half       halfPlace  // where it stands in Endpoint.half
	asked      int        // 1 + where it stands in Endpoint.asked of its peer; 0: it does not

	createdAt, establishedAt time.Time
	heardAt                  time.Time // last datagram of the peer that we believe
	controlAt                uint32    // last control datagram of the peer, ms after Endpoint.start; wraps
	returnedAt               uint32    // and the last one that came after silence
	staysTill                int64     // remote does not change before, ns after Endpoint.start; 0: it may
	establishBy              time.Time // zero: established or closed
	helloAt                  time.Time // when to look at heardAt; zero: no HELLOs
	idleAt                   time.Time // zero: there are sessions, or no idle timeout
	lingerUntil              time.Time // closed: when the id is free again

	counters TunnelCounters
}

// opening is what only the establishment of a tunnel needs.
type opening struct {
	request   []byte    // the AVPs of the peer's SCCRQ, until the owner has answered
	challenge []byte    // what we sent in our SCCRQ or SCCRP
	tie       uint64    // our tie breaker
	hasTie    bool      // we sent it
	waiting   []Element // calls in wait-tunnel, in the order they were opened
}

// defaults is the configuration of tunnels whose owner has not chosen one yet.
var defaults = &TunnelConfig{}

// newTunnel makes a tunnel with a local id; nil when there is none to be had.
func (e *Endpoint) newTunnel(now time.Time, remote, near netip.AddrPort) *tunnel {
	t := &tunnel{cfg: defaults, remote: remote, near: near, createdAt: now, heardAt: now, opening: &opening{}}
	live := e.counters.TunnelsLive
	if (e.cfg.TunnelMax > 0 && live >= e.cfg.TunnelMax) || !e.place(t) {
		return nil
	}
	e.counters.TunnelsLive++
	t.calls.key = e.cfg.Rand.Uint64()
	t.xmit.cwnd = 1
	t.xmit.setPeerWindow(windowDefault)
	return t
}

// retransmitMax is how often a message is repeated in the present state.
func (t *tunnel) retransmitMax() int {
	n, or := t.cfg.RetransmitMaxNotEstablished, defaultRetriesEarly
	if t.state == TunnelEstablished {
		n, or = t.cfg.RetransmitMax, defaultRetries
	}
	if n > 0 {
		return min(n, 255)
	}
	return or
}

// first is the earliest of some deadlines, of which zero means never.
func first(at ...time.Time) (earliest time.Time) {
	for _, a := range at {
		if !a.IsZero() && (earliest.IsZero() || a.Before(earliest)) {
			earliest = a
		}
	}
	return earliest
}

// due says whether a deadline has been reached.
func due(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

// arm tells the wheel when t has work next. Each verb that touches t ends with it.
func (e *Endpoint) arm(t *tunnel) {
	e.timers.Set(uint32(t.local), first(t.xmit.retransmitAt, t.establishBy, t.helloAt, t.idleAt, t.lingerUntil))
}

// tunnelDue runs the timers of t that have come.
func (e *Endpoint) tunnelDue(now time.Time, t *tunnel, fx *Effects) {
	if due(t.xmit.retransmitAt, now) && !e.retransmit(now, t, fx) {
		e.giveUp(now, t, fx)
	}
	if due(t.establishBy, now) {
		why := Result{Code: wire.StopGeneral, Message: "not established in time"}
		e.close(now, t, ErrTimeout, why, true, fx)
	}
	if due(t.helloAt, now) {
		e.hello(now, t, fx)
	}
	if due(t.idleAt, now) {
		e.close(now, t, ErrIdle, Result{Code: wire.StopGeneral, Message: "no session"}, true, fx)
	}
	if due(t.lingerUntil, now) && t.xmit.idle() {
		e.free(t)
		return
	}
	if due(t.lingerUntil, now) {
		t.lingerUntil = t.xmit.retransmitAt // the StopCCN is still on its way
	}
	e.arm(t)
}

// giveUp ends a tunnel whose peer has not acknowledged a message for so long. A peer
// that hears us again soon learns of it by a StopCCN, and need not find out for
// itself: until then it would offer calls that nobody takes. What it may not have
// got goes before, or it would take the StopCCN for an early message and wait.
//
// "In the event of a local termination, the originator MUST send a
// Stop-Control-Connection-Notification and clean up the tunnel", RFC 2661 §7.2.1 of
// an established one. Nobody knows that there is a peer before.
func (e *Endpoint) giveUp(now time.Time, t *tunnel, fx *Effects) {
	x := &t.xmit
	stop := t.state == TunnelEstablished
	if stop {
		x.sent, x.unsent = x.una, x.first
		x.retries, x.interval, x.retransmitAt = 0, t.cfg.retransmitInterval(), time.Time{}
	} else {
		e.dropQueue(x)
	}
	if t.state != TunnelClosed { // else it has not acknowledged the StopCCN either
		e.counters.NoAnswer++
	}
	e.close(now, t, ErrNoAnswer, Result{Code: wire.StopGeneral, Message: "no acknowledgement"}, stop, fx)
}

// hello sends a HELLO when the peer has been silent for the interval: "if a
// period of time (...) has passed without receiving any message (data or control)
// from the peer", RFC 2661 §6.5. What is in flight already asks for an answer.
func (e *Endpoint) hello(now time.Time, t *tunnel, fx *Effects) {
	interval := t.cfg.helloInterval()
	if silent := t.heardAt.Add(interval); silent.After(now) {
		t.helloAt = silent
		return
	}
	t.helloAt = now.Add(interval)
	if t.xmit.idle() {
		e.out.Reset(wire.HELLO)
		e.send(now, t, 0, fx) // "The Session ID in a HELLO message MUST be 0", RFC 2661 §6.5
	}
}

// become is the only place that changes the state of a tunnel. It arms and
// clears what belongs to the state and counts.
func (e *Endpoint) become(now time.Time, t *tunnel, state TunnelState) {
	if t.state == TunnelEstablished {
		e.counters.TunnelsUp--
	}
	t.state = state
	switch state {
	case TunnelIdle, TunnelWaitCtlReply, TunnelWaitCtlConn:
		// The clock started with the SCCRQ: the owner's answer does not set it back.
		t.establishBy = t.createdAt.Add(t.cfg.establishTimeout())
	case TunnelEstablished:
		e.counters.TunnelsUp++
		e.counters.TunnelsEstablished++
		t.establishBy, t.establishedAt = time.Time{}, now
		e.half.remove(t)
		e.unask(t)
		if interval := t.cfg.helloInterval(); interval > 0 {
			t.helloAt = now.Add(interval)
		}
		e.armIdle(now, t)
	case TunnelClosed:
		e.counters.TunnelsLive--
		e.counters.TunnelsClosed++
		e.unask(t)
		t.opening, t.establishBy, t.helloAt, t.idleAt = nil, time.Time{}, time.Time{}, time.Time{}
		// "maintain enough control connection state to properly accept StopCCN
		// retransmissions over at least a full retransmission cycle", RFC 2661 §5.7.
		t.lingerUntil = now.Add(max(retention, e.sessionIDRest()))
		e.dropHeld(&t.xmit)
	}
}

// armIdle starts the idle timeout of a tunnel without sessions and stops that of
// one with sessions.
func (e *Endpoint) armIdle(now time.Time, t *tunnel) {
	t.idleAt = time.Time{}
	if t.state == TunnelEstablished && t.calls.count == 0 && t.cfg.IdleTimeout > 0 {
		t.idleAt = now.Add(t.cfg.IdleTimeout)
	}
}

// close ends a tunnel from any state: its calls go without a word to the peer,
// StopCCN goes out if wanted, the owner is told.
func (e *Endpoint) close(now time.Time, t *tunnel, err error, why Result, stop bool, fx *Effects) {
	if t.state == TunnelClosed {
		return
	}
	// "all active sessions are implicitly cleared (without sending any explicit call
	// control messages)", RFC 2661 §6.4.
	for el := range e.Sessions(t.local) {
		e.endCall(now, t, el, ErrTunnelClosed, why, nil, fx)
	}
	e.dropUnsent(&t.xmit)
	e.become(now, t, TunnelClosed)
	if stop && (t.peer != 0 || t.initiator) { // else its SCCRQ hides whom to answer
		e.sendStopCCN(now, t, why, fx)
	}
	fx.List = append(fx.List, Effect{
		Kind: TunnelDown, Tunnel: t.local, Peer: t.remote, Local: t.near, HostName: t.hostName, Result: why, Err: err,
	})
	e.arm(t)
}

// sendStopCCN sends the last message of a tunnel. It need not wait for the
// congestion window.
func (e *Endpoint) sendStopCCN(now time.Time, t *tunnel, why Result, fx *Effects) {
	e.out.Reset(wire.StopCCN)
	e.out.AssignedTunnelID = uint16(t.local)
	setResult(&e.out, why)
	e.out.Add(wire.AssignedTunnelID)
	t.xmit.cwnd = t.xmit.peerWindow
	e.send(now, t, 0, fx)
}

// setResult puts a Result Code AVP into m.
func setResult(m *wire.Message, r Result) {
	m.Result = wire.Result{Code: r.Code, HasError: r.Error != 0 || r.Message != "", Error: r.Error, Message: []byte(r.Message)}
	m.Add(wire.ResultCodeAVP)
}

// getResult reads the Result Code AVP of m; zero when there is none.
func getResult(m *wire.Message) Result {
	return Result{Code: m.Result.Code, Error: m.Result.Error, Message: string(m.Result.Message)}
}

// free forgets a closed tunnel.
func (e *Endpoint) free(t *tunnel) {
	e.timers.Set(uint32(t.local), time.Time{})
	e.dropQueue(&t.xmit)
	e.dropHeld(&t.xmit)
	e.half.remove(t)
	e.forgetRequest(t)
	t.replaces = nil
	e.space.drop(&t.calls)
	e.unplace(t)
	t.xmit.acked() // it may still be listed in acks
	t.xmit.ackSession = 0
}

// ask and unask keep the tunnels whose SCCRQ is outstanding, by peer address.
func (e *Endpoint) ask(t *tunnel) {
	a := t.remote.Addr()
	e.asked[a] = append(e.asked[a], t)
	t.asked = len(e.asked[a])
}

func (e *Endpoint) unask(t *tunnel) {
	if t.asked == 0 {
		return
	}
	a := t.remote.Addr()
	list := e.asked[a]
	last := list[len(list)-1]
	list[t.asked-1], last.asked = last, t.asked
	list[len(list)-1], t.asked = nil, 0
	if e.asked[a] = list[:len(list)-1]; len(list) == 1 {
		delete(e.asked, a)
	}
}
