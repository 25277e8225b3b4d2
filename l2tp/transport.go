// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"time"

	"holdfast/l2tp/wire"
)

// message is one control message in a queue of a tunnel, header included.
type message struct {
	next    *message
	ns      uint16
	session SessionID // of a held message: the Session ID of its header
	b       []byte    // of a held message: without header
}

const (
	windowDefault    = 4    // "If absent, the peer must assume a Window Size of 4", RFC 2661 §4.4.3
	spareMessages    = 4096 // messages kept for reuse by an Endpoint
	spareMessageSize = 2048 // larger ones are not kept
)

// transport is the reliable delivery of control messages, RFC 2661 §5.8, of one
// tunnel. The queue holds what has not been acknowledged, in order of Ns:
//
//	una            sent           high           ns
//	 | in flight    | to be sent   |  not sent    | next to be
//	 |              | again        |  yet         | queued
//
// Without a time-out sent and high are the same. An idle tunnel has no queue.
type transport struct {
	ns, nr          uint16 // of the next message to queue; of the next message expected
	una, sent, high uint16
	peerWindow      uint16    // the peer's Receive Window Size
	cwnd, ssthresh  uint16    // Appendix A
	avoided         uint16    // acknowledgements since cwnd grew in congestion avoidance
	retries         uint8     // retransmissions of the message at the front
	ackDue          bool      // something received has not been acknowledged yet
	ackNow          bool      // and not only what may be acknowledged late
	ackCount        uint8     // messages that have not been acknowledged
	listed, late    bool      // in Endpoint.acks, in Endpoint.lateAcks
	heldCount       uint16    // messages in held
	ackSession      SessionID // the peer's session whose CDN a ZLB shall name; 0: none

	interval     time.Duration // wait before the next retransmission
	retransmitAt time.Time     // zero: nothing in flight

	first, last *message // queue
	unsent      *message // the message with Ns sent; nil: all are in flight
	held        *message // early messages, in order of Ns
}

// window is how many messages may be in flight.
func (x *transport) window(cfg *TunnelConfig) uint16 {
	// "CWND is never allowed to exceed the size of the advertised window", Appendix A.
	return min(x.cwnd, x.peerWindow, uint16(cfg.sendWindowMax()))
}

// idle says that everything sent has been acknowledged.
func (x *transport) idle() bool { return x.first == nil }

// setPeerWindow starts slow start for a peer that takes n messages at once.
func (x *transport) setPeerWindow(n uint16) {
	x.peerWindow, x.ssthresh = n, n
}

// newMessage takes a message from the spares.
func (e *Endpoint) newMessage() *message {
	m := e.spare
	if m == nil {
		return &message{b: make([]byte, 0, 128)}
	}
	e.spare, m.next = m.next, nil
	e.spareCount--
	m.b = m.b[:0]
	return m
}

func (e *Endpoint) freeMessage(m *message) {
	if e.spareCount < spareMessages && cap(m.b) <= spareMessageSize {
		m.next, e.spare = e.spare, m
		e.spareCount++
	}
}

// send queues the message e.out for session (the peer's id) of t, and sends it
// as soon as the window allows.
func (e *Endpoint) send(now time.Time, t *tunnel, session SessionID, fx *Effects) {
	x := &t.xmit
	m := e.newMessage()
	m.ns = x.ns
	m.b = wire.AppendControlHeader(m.b, wire.ControlHeader{TunnelID: uint16(t.peer), SessionID: uint16(session), Ns: x.ns})
	m.b = wire.AppendMessage(m.b, &e.out, e.hiding(t))
	wire.SetLength(m.b)
	x.ns++
	if x.last == nil {
		x.first = m
	} else {
		x.last.next = m
	}
	x.last = m
	if x.unsent == nil {
		x.unsent = m
	}
	e.pump(now, t, fx)
}

// hiding is how AVPs of e.out are hidden, with a fresh Random Vector. In the
// messages that set a tunnel up nothing is: their receiver finds the secret by
// the Host Name in them, and xl2tpd, for one, has none before that.
func (e *Endpoint) hiding(t *tunnel) wire.Hiding {
	if !t.cfg.HideAVPs || t.cfg.Secret == "" || e.out.Type <= wire.SCCCN {
		return wire.Hiding{}
	}
	e.random(e.vector[:])
	return wire.Hiding{Secret: t.cfg.Secret, Vector: e.vector[:]}
}

// pump sends what the window allows.
func (e *Endpoint) pump(now time.Time, t *tunnel, fx *Effects) {
	x := &t.xmit
	for x.unsent != nil && x.sent-x.una < x.window(t.cfg) {
		e.transmit(now, t, fx)
	}
}

// transmit sends the first unsent message.
func (e *Endpoint) transmit(now time.Time, t *tunnel, fx *Effects) {
	x := &t.xmit
	m := x.unsent
	if x.sent == x.high {
		x.high++
	} else {
		t.counters.Retransmissions++
		e.counters.Retransmissions++
	}
	x.sent, x.unsent = x.sent+1, m.next
	// "The retransmitted message contains the same Ns value, but the Nr value MUST be
	// updated with the sequence number of the next expected message", RFC 2661 §5.8.
	wire.SetSequence(m.b, m.ns, x.nr)
	x.acked()
	e.emit(t, m.b, fx)
	if x.retransmitAt.IsZero() {
		if x.interval == 0 {
			x.interval = t.cfg.retransmitInterval()
		}
		x.retransmitAt = now.Add(x.interval)
	}
}

// repeat sends a message in flight once more, beside its timer.
func (e *Endpoint) repeat(t *tunnel, m *message, fx *Effects) {
	t.counters.Retransmissions++
	e.counters.Retransmissions++
	wire.SetSequence(m.b, m.ns, t.xmit.nr)
	t.xmit.acked()
	e.emit(t, m.b, fx)
}

// emit asks for a datagram to the peer.
func (e *Endpoint) emit(t *tunnel, b []byte, fx *Effects) {
	t.counters.SentMessages++
	t.counters.SentBytes += uint64(len(b))
	e.counters.SentControl++
	e.counters.SentControlBytes += uint64(len(b))
	fx.List = append(fx.List, Effect{Kind: Send, Tunnel: t.local, Peer: t.remote, Local: t.near, Packet: fx.copy(b)})
}

// sendZLB acknowledges explicitly. "Ns is not incremented after a ZLB message is
// sent", RFC 2661 §5.8: it is that of the next message the peer has not seen,
// although others may wait in the queue. The header names session, which is 0 but
// for the answer to a CDN.
func (e *Endpoint) sendZLB(t *tunnel, session SessionID, fx *Effects) {
	var b [wire.ControlLength]byte
	h := wire.ControlHeader{TunnelID: uint16(t.peer), SessionID: uint16(session), Ns: t.xmit.high, Nr: t.xmit.nr}
	e.emit(t, wire.AppendControlHeader(b[:0], h), fx)
}

// acknowledged flushes the queue up to nr, which "is used to acknowledge messages
// received by an L2TP peer", RFC 2661 §5.8. An Nr of something never sent is
// ignored.
func (e *Endpoint) acknowledged(now time.Time, t *tunnel, nr uint16, fx *Effects) {
	x := &t.xmit
	n := nr - x.una
	if n == 0 || n > x.high-x.una {
		return
	}
	for range n {
		m := x.first
		x.first = m.next
		if m == x.unsent {
			x.unsent = m.next
			x.sent++
		}
		e.freeMessage(m)
		x.widen()
	}
	if x.first == nil {
		x.last = nil
	}
	x.una = nr
	x.retries, x.interval, x.retransmitAt = 0, t.cfg.retransmitInterval(), time.Time{}
	if x.sent != x.una {
		x.retransmitAt = now.Add(x.interval)
	}
	e.pump(now, t, fx)
}

// widen opens the congestion window for one acknowledged message: "During slow
// start, CWND is increased by one packet each time an ACK (...) is received";
// afterwards "it increases by 1/CWND for every new ACK received", Appendix A.
func (x *transport) widen() {
	if x.cwnd >= x.peerWindow {
		return
	}
	if x.cwnd >= x.ssthresh {
		if x.avoided++; x.avoided < x.cwnd {
			return
		}
		x.avoided = 0
	}
	x.cwnd++
}

// retransmit sends the message at the front again; false when that has been done
// often enough.
func (e *Endpoint) retransmit(now time.Time, t *tunnel, fx *Effects) bool {
	x := &t.xmit
	// "If no peer response is detected after several retransmissions, (...) the tunnel
	// and all sessions within MUST be cleared", RFC 2661 §5.8.
	if int(x.retries) >= t.retransmitMax() {
		return false
	}
	x.retries++
	// "Each subsequent retransmission of a message MUST employ an exponential backoff
	// interval", RFC 2661 §5.8.
	x.interval = min(2*x.interval, t.cfg.retransmitIntervalMax())
	x.retransmitAt = now.Add(x.interval)
	// "When congestion occurs (...) one half of the CWND is saved in SSTHRESH, and
	// CWND is set to one", Appendix A.
	x.ssthresh, x.cwnd, x.avoided = max(x.cwnd/2, 1), 1, 0
	x.sent, x.unsent = x.una, x.first
	if !e.crowded(t) && !t.amplifies() {
		e.transmit(now, t, fx)
	}
	return true
}

// hold keeps a copy of an early message for later; false when it is beyond the
// window that we offered.
func (e *Endpoint) hold(t *tunnel, ns uint16, b []byte, session SessionID) bool {
	x := &t.xmit
	if int(ns-x.nr) >= t.cfg.receiveWindow() {
		return false
	}
	at := &x.held
	for *at != nil && (*at).ns-x.nr < ns-x.nr {
		at = &(*at).next
	}
	if *at != nil && (*at).ns == ns {
		return true
	}
	m := e.newMessage()
	m.ns, m.session, m.b = ns, session, append(m.b, b...)
	m.next, *at = *at, m
	x.heldCount++
	return true
}

// release takes the held message that is next in order; nil when it is not there.
func (x *transport) release() *message {
	m := x.held
	if m == nil || m.ns != x.nr {
		return nil
	}
	x.held, m.next = m.next, nil
	x.heldCount--
	return m
}

// dropUnsent forgets messages that have never been sent: a tunnel that closes
// has only one thing left to say.
func (e *Endpoint) dropUnsent(x *transport) {
	var keep *message
	m := x.first
	for m != nil && m.ns != x.high {
		keep, m = m, m.next
	}
	x.ns, x.last = x.high, keep
	if keep == nil {
		x.first = nil
	} else {
		keep.next = nil
	}
	if x.sent == x.high {
		x.unsent = nil
	}
	for m != nil {
		next := m.next
		e.freeMessage(m)
		m = next
	}
}

// dropHeld forgets early messages.
func (e *Endpoint) dropHeld(x *transport) {
	for m := x.held; m != nil; {
		next := m.next
		e.freeMessage(m)
		m = next
	}
	x.held, x.heldCount = nil, 0
}

// dropQueue forgets everything that is to be sent.
func (e *Endpoint) dropQueue(x *transport) {
	for m := x.first; m != nil; {
		next := m.next
		e.freeMessage(m)
		m = next
	}
	x.first, x.last, x.unsent, x.retransmitAt = nil, nil, nil, time.Time{}
	x.una, x.sent, x.high = x.ns, x.ns, x.ns
}
