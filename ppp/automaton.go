// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"time"

	"holdfast/ppp/wire"
)

// layer is one of the control protocols of a link, each with an automaton.
type layer uint8

const (
	lcp layer = iota
	ipcp
	ipv6cp

	layerCount
)

func (p layer) protocol() Protocol {
	return [layerCount]Protocol{ProtoLCP, ProtoIPCP, ProtoIPV6CP}[p]
}

// automaton is the option negotiation automaton of one layer (RFC 1661 §4).
type automaton struct {
	restartAt    time.Time // when the Restart timer expires; zero: it does not run
	state        state     // assigned by fire alone
	requestID    uint8     // Identifier of our last Configure- or Terminate-Request
	answered     bool      // our last Configure-Request has had its reply: another one is out of sequence
	peerSpoke    bool      // a Configure-Request has come in this negotiation
	restartCount uint16    // the RFC's Restart counter: transmissions left
	requestCount uint16    // Configure-Requests sent in this negotiation
	nakCount     uint16    // Configure-Naks sent since the last Configure-Ack
}

// input is what an event brings along: the packet that caused it, and the
// answer to it when it is a Configure-Request. Zero for events without a packet.
type input struct {
	wire.Packet
	reply []byte // a sealed frame: Configure-Ack, -Nak or -Reject
}

// fire looks the event up in the table of RFC 1661 §4.1 and does what it says.
func (l *Link) fire(now time.Time, p layer, e event, in input, fx *Effects) {
	a := &l.layers[p]
	c := transitions[e][a.state]
	if c == no {
		// "No transition is taken, and the implementation SHOULD NOT reset or
		// freeze." RFC 1661 §4.4
		l.count(IllegalTransition)
		return
	}
	before := a.state
	a.state = c.to()
	switch {
	case !before.negotiating() && a.state.negotiating():
		l.wish(p)
	case before.negotiating() && !a.state.negotiating():
		a.requestCount, a.nakCount, a.peerSpoke = 0, 0, false
	}
	// "The Restart timer is stopped when transitioning from any state where the
	// timer is running to a state where the timer is not running." RFC 1661 §4.1
	if !a.state.timed() {
		a.restartAt = time.Time{}
	}
	l.perform(now, p, e, c, in, fx)
}

// wish sets what our Configure-Requests ask for when a negotiation begins: what
// the one before has taught is forgotten.
func (l *Link) wish(p layer) {
	switch p {
	case lcp:
		l.wishLCP()
	case ipcp:
		l.wishIPCP()
	case ipv6cp:
		l.wishIPV6CP()
	}
}

// perform carries out the actions of a cell (RFC 1661 §4.4).
func (l *Link) perform(now time.Time, p layer, e event, c cell, in input, fx *Effects) {
	a := &l.layers[p]
	if c&tld != 0 {
		l.thisLayerDown(now, p, fx)
	}
	if c&irc != 0 {
		a.restartCount = uint16(l.cfg.configureMax())
		if c&str != 0 {
			a.restartCount = uint16(l.cfg.terminateMax())
		}
	}
	if c&zrc != 0 {
		// "This action enables the FSA to pause before proceeding to the desired
		// final state, allowing traffic to be processed by the peer." RFC 1661 §4.4
		a.restartCount = 0
		a.restartAt = now.Add(l.cfg.restartInterval())
	}
	if c&scr != 0 {
		l.sendConfigureRequest(now, p, e == evTOPlus && !a.answered, fx)
	}
	if c&(sca|scn) != 0 {
		fx.send(p.protocol(), in.reply)
	}
	if c&str != 0 {
		l.sendTerminateRequest(now, p, e == evTOPlus, fx)
	}
	if c&sta != 0 {
		fx.sendPacket(p.protocol(), wire.Packet{Code: wire.TerminateAck, ID: in.ID})
	}
	if c&scj != 0 {
		l.sendCodeReject(p, in.Packet, fx)
	}
	if c&ser != 0 && in.Code == wire.EchoRequest {
		l.sendEchoReply(in.Packet, fx)
	}
	if c&tlu != 0 {
		l.thisLayerUp(now, p, fx)
	}
	if c&tlf != 0 {
		l.thisLayerFinished(now, p, fx)
	}
	// tls has nothing to do: the layer below is up when Open is called.
}

// thisLayerUp is the RFC's action tlu.
func (l *Link) thisLayerUp(now time.Time, p layer, fx *Effects) {
	if p == lcp {
		l.linkUp(now, fx)
		return
	}
	l.networkWasUp = true
	fx.List = append(fx.List, Effect{Kind: NetworkUp, Protocol: p.protocol()})
}

// thisLayerDown is the RFC's action tld.
func (l *Link) thisLayerDown(now time.Time, p layer, fx *Effects) {
	if p == lcp {
		l.linkDown(now, fx)
		return
	}
	fx.List = append(fx.List, Effect{Kind: NetworkDown, Protocol: p.protocol()})
}

// thisLayerFinished is the RFC's action tlf.
func (l *Link) thisLayerFinished(now time.Time, p layer, fx *Effects) {
	if p == lcp {
		l.finish(or(l.why, ErrNoAnswer), fx)
		return
	}
	// tlf "MAY be used by a NCP to indicate to the LCP that the link may
	// terminate when there are no other NCPs open." RFC 1661 §4.4
	//
	// We do so only while nothing has ever been up: "the fact that one NCP has
	// Closed is not sufficient reason to cause the termination of the PPP
	// link." RFC 1661 §3.7
	if l.Phase() == PhaseNetwork && !l.networkWasUp && !l.networkPending() {
		l.shut(now, ErrNoNetwork, fx)
	}
}

// networkPending reports whether an NCP may still open by itself.
func (l *Link) networkPending() bool {
	for p := ipcp; p < layerCount; p++ {
		if l.layers[p].state >= closing {
			return true
		}
	}
	return false
}

// sendConfigureRequest is the RFC's action scr.
//
// "The Identifier field MUST be changed whenever the contents of the Options
// field changes, and whenever a valid reply has been received for a previous
// request.  For retransmissions, the Identifier MAY remain unchanged." RFC 1661 §5.1
func (l *Link) sendConfigureRequest(now time.Time, p layer, again bool, fx *Effects) {
	a := &l.layers[p]
	if !again {
		a.requestID = l.newID()
	}
	a.answered = false
	a.requestCount++
	l.startRestart(now, a)
	start := fx.begin(p.protocol(), wire.ConfigureRequest, a.requestID)
	fx.arena = l.appendRequest(fx.arena, p)
	fx.send(p.protocol(), fx.seal(start))
}

// sendTerminateRequest is the RFC's action str. The data tells the peer's
// operator why.
func (l *Link) sendTerminateRequest(now time.Time, p layer, again bool, fx *Effects) {
	a := &l.layers[p]
	if !again {
		a.requestID = l.newID()
	}
	l.startRestart(now, a)
	start := fx.begin(p.protocol(), wire.TerminateRequest, a.requestID)
	if p == lcp && l.why != nil {
		fx.arena = appendReason(fx.arena, l.why)
	}
	fx.send(p.protocol(), fx.seal(start))
}

// "The counter is decremented for each transmission, including the first."
// RFC 1661 §4.4
func (l *Link) startRestart(now time.Time, a *automaton) {
	if a.restartCount > 0 {
		a.restartCount--
	}
	a.restartAt = now.Add(l.cfg.restartInterval())
}

// restart is what the expiry of the Restart timer does.
//
// A peer that answers each request and never agrees keeps the Restart counter
// full, so the requests of one negotiation are bounded apart from it:
// "Implementors SHOULD implement loop detection mechanisms." RFC 1661 §4.5
func (l *Link) restart(now time.Time, p layer, fx *Effects) {
	a := &l.layers[p]
	switch {
	case a.restartCount == 0:
		l.fire(now, p, evTOMinus, input{}, fx)
	case l.exhausted(a):
		l.notConverging(now, p, evTOMinus, fx)
	default:
		l.fire(now, p, evTOPlus, input{}, fx)
	}
}

// exhausted reports whether a negotiation has gone on for too long.
func (l *Link) exhausted(a *automaton) bool {
	return a.state.negotiating() && int(a.requestCount) >= 2*l.cfg.configureMax()
}

// notConverging gives a negotiation up by event e.
func (l *Link) notConverging(now time.Time, p layer, e event, fx *Effects) {
	if p == lcp && l.why == nil {
		l.why = ErrNotConverging
	}
	l.fire(now, p, e, input{}, fx)
}
