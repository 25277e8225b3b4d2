// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"encoding/binary"
	"time"

	"holdfast/ppp/wire"
)

// startEcho begins the watch over the peer when LCP opens.
func (l *Link) startEcho(now time.Time) {
	if l.cfg.echoInterval() > 0 {
		l.echoAt = now.Add(l.cfg.echoInterval())
	}
}

// stopEcho ends the watch: the peer does not know Echo-Requests, so silence
// says nothing.
func (l *Link) stopEcho() { l.echoAt = time.Time{} }

// echo is what happens each EchoInterval while LCP is Opened.
func (l *Link) echo(now time.Time, fx *Effects) {
	if l.heard {
		l.heard, l.echoCount = false, 0
	}
	if l.echoCount > 0 {
		l.count(EchoUnanswered)
	}
	if int(l.echoCount) >= l.cfg.echoMax() {
		l.shut(now, ErrNoEcho, fx)
		return
	}
	l.echoCount++
	l.counters.EchoRequestsSent++
	l.echoAt = now.Add(l.cfg.echoInterval())
	start := fx.begin(ProtoLCP, wire.EchoRequest, l.newID())
	// "If Magic-Number has been successfully negotiated, an implementation MUST
	// transmit these packets with the Magic-Number field set to its negotiated
	// Magic-Number." RFC 1661 §6.4
	fx.arena = binary.BigEndian.AppendUint32(fx.arena, l.local.magic)
	fx.send(ProtoLCP, fx.seal(start))
}

// exercise takes an Echo-Request, Echo-Reply or Discard-Request: the event RXR.
//
// "Echo-Request and Echo-Reply packets received in any state other than the LCP
// Opened state SHOULD be silently discarded." RFC 1661 §5.8
func (l *Link) exercise(now time.Time, in input, fx *Effects) {
	if l.layers[lcp].state != opened {
		l.count(OutOfPhase)
		return
	}
	if len(in.Data) < 4 {
		l.count(Malformed)
		return
	}
	magic := binary.BigEndian.Uint32(in.Data)
	if in.Code == wire.EchoRequest && magic != 0 && magic == l.local.magic {
		// "Reception of a Magic-Number field equal to the negotiated local
		// Magic-Number indicates a looped-back link." RFC 1661 §6.4
		l.count(LoopDetected)
		l.shut(now, ErrLoopback, fx)
		return
	}
	// "All received Magic-Number fields MUST be equal to either zero or the
	// peer's unique Magic-Number." RFC 1661 §6.4
	if magic != 0 && magic != l.peer.magic && !l.cfg.IgnoreMagic {
		l.count(WrongMagic)
		l.stranger(now, fx)
		return
	}
	l.heard, l.strange = true, 0
	if in.Code == wire.EchoReply {
		l.counters.EchoRepliesReceived++
	}
	l.fire(now, lcp, evRXR, in, fx)
}

// sendEchoReply is the RFC's action ser: the data comes back behind our own
// Magic-Number, as far as the peer takes it.
func (l *Link) sendEchoReply(request wire.Packet, fx *Effects) {
	start := fx.begin(ProtoLCP, wire.EchoReply, request.ID)
	fx.arena = binary.BigEndian.AppendUint32(fx.arena, l.local.magic)
	fx.arena = append(fx.arena, request.Data[4:]...)
	l.truncate(start, fx)
	fx.send(ProtoLCP, fx.seal(start))
}

// Unanswered is how many Echo-Requests have gone out since the peer was last heard.
func (l *Link) Unanswered() int {
	if l.heard {
		return 0
	}
	return int(l.echoCount)
}

// strangeMax is how many wrong Magic-Numbers in a row say that the peer has begun
// anew and we have missed it.
const strangeMax = 3

// stranger begins LCP anew when the peer keeps using a Magic-Number that was not
// agreed upon. Both ends are Opened then and each drops what the other sends: an
// old Configure-Request, late or repeated on a way that keeps no order, was the
// last that one of them has acknowledged. If that does not help the peer does not
// know its own number, and the keepalive has the last word.
func (l *Link) stranger(now time.Time, fx *Effects) {
	if l.strange > strangeMax {
		return
	}
	if l.strange++; l.strange != strangeMax {
		return
	}
	l.strange++
	l.count(Renegotiation)
	l.fire(now, lcp, evDown, input{}, fx)
	l.fire(now, lcp, evUp, input{}, fx)
}
