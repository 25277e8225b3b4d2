// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"fmt"
	"time"

	"holdfast/ppp/wire"
)

// Link is one end of a PPP link: a plain struct, kept by value in its owner's
// slab. Its zero value is a dead link.
type Link struct {
	cfg    *Config
	cred   *Credentials          // our own, for the Peer; nil: none
	login  *login                // what only authentication needs; nil: it is over or has not begun
	why    error                 // why the link is going down; nil: it is not
	layers [layerCount]automaton // LCP, IPCP, IPV6CP

	local lcpOptions // what we ask for, and once Opened what the peer has acknowledged
	peer  lcpOptions // what the peer asked for and we acknowledged
	net   addresses  // granted, asked for or agreed: see Grant and the NCPs

	ahead     *AuthOffer   // PAP: came before LCP was Opened; see papAhead
	echoAt    time.Time    // when the next Echo-Request is due; zero: never
	echoCount uint16       // Echo-Requests since the peer was last heard
	counters  LinkCounters // of this link alone; never reset but by Init

	lastID         uint8     // Identifier drawn last; see newID
	challengeID    uint8     // Identifier of our last CHAP Challenge, for repeated Responses
	loopCount      uint8     // Configure-Requests with our own Magic-Number since the link was last up
	refusedMethods uint8     // bit 1<<AuthMethod: what the peer will not use
	strange        uint8     // frames with a wrong Magic-Number since the last with the right one; see stranger
	peerAuth       authState // has the peer proved itself to us
	selfAuth       authState // have we proved ourselves to the peer

	alive         bool // between Open and Down
	heard         bool // a frame has come from the peer since the last Echo-Request was due
	granted       bool // the owner has called Grant since LCP was opened
	networkWasUp  bool // an NCP has been Opened since LCP was opened
	addressUnused bool // IPCP: the peer rejected our IP-Address option
	dnsUnused     bool // IPCP: the peer rejected a DNS option
	idUnused      bool // IPV6CP: the peer rejected our Interface-Identifier option
	idFixed       bool // IPV6CP: net.suggestedID is the owner's will
}

// Init makes l a link that has not begun. cfg is shared and never changed; cred
// is the Peer's own and may be nil for the Authenticator.
func (l *Link) Init(cfg *Config, cred *Credentials) {
	*l = Link{cfg: cfg, cred: cred, lastID: uint8(cfg.Rand.Uint32())}
}

// Open says that the layer below is up: LCP begins with a Configure-Request. It
// does nothing when the link has begun already.
//
// "The transition to the Link Establishment phase will signal an Up event to the
// LCP automaton." RFC 1661 §3.3
func (l *Link) Open(now time.Time, fx *Effects) {
	if l.cfg == nil || l.alive {
		return
	}
	l.alive = true
	l.fire(now, lcp, evOpen, input{}, fx)
	l.fire(now, lcp, evUp, input{}, fx)
}

// Handle takes a frame from the peer, with or without FF 03, with a Protocol
// field of one or two octets. IP frames only count as life.
func (l *Link) Handle(now time.Time, frame []byte, fx *Effects) {
	if !l.alive {
		return
	}
	protocol, info, ok := wire.ParseFrame(frame)
	if !ok {
		l.count(Malformed)
		return
	}
	if protocol == ProtoLCP {
		l.control(now, lcp, info, fx)
		return
	}
	l.heard = true
	switch protocol {
	case ProtoPAP, ProtoCHAP:
		l.authentication(now, protocol, info, fx)
	case ProtoIPCP:
		l.network(now, ipcp, info, fx)
	case ProtoIPV6CP:
		l.network(now, ipv6cp, info, fx)
	case ProtoIPv4, ProtoIPv6: // forwarding is not the link's business
	default:
		l.unknown(protocol, info, fx)
	}
}

// unknown answers a protocol that nobody here speaks.
//
// "Only Link Control Protocol, authentication protocol, and link quality
// monitoring packets are allowed during this phase.  All other packets received
// during this phase MUST be silently discarded." RFC 1661 §3.5
func (l *Link) unknown(protocol Protocol, info []byte, fx *Effects) {
	if l.Phase() != PhaseNetwork {
		l.count(OutOfPhase)
		return
	}
	l.count(UnknownProtocol)
	l.sendProtocolReject(protocol, info, fx)
}

// Alive says that a data frame came from the peer.
func (l *Link) Alive(time.Time) { l.heard = true }

// Close ends the link: Terminate-Request, then Down. The peer is told the
// reason. It does nothing on a link that has not begun or is dead.
func (l *Link) Close(now time.Time, reason string, fx *Effects) {
	if !l.alive {
		return
	}
	err := ErrClosed
	if reason != "" {
		err = fmt.Errorf("%w: %s", ErrClosed, reason)
	}
	l.shut(now, err, fx)
}

// shut closes the link for a reason that Down will name. A link that is going
// down already keeps its first reason.
func (l *Link) shut(now time.Time, why error, fx *Effects) {
	if s := l.layers[lcp].state; s != closing && s != stopping {
		l.why = why
	}
	l.fire(now, lcp, evClose, input{}, fx)
}

// Abort says that the layer below has gone: the link is dead at once, nothing
// is sent and no effect reported.
func (l *Link) Abort(time.Time) {
	l.alive = false
	l.forget()
}

// finish ends the link's life.
func (l *Link) finish(why error, fx *Effects) {
	l.alive = false
	l.forget()
	fx.List = append(fx.List, Effect{Kind: Down, Err: why})
}

// forget stops every timer and lets go of what only a living link needs.
func (l *Link) forget() {
	l.layers = [layerCount]automaton{}
	l.login, l.ahead = nil, nil
	l.echoAt = time.Time{}
	l.granted = false
	l.peerAuth, l.selfAuth = authNotAsked, authNotAsked
}

// Next is the earliest time at which Advance has work; zero means never.
func (l *Link) Next() time.Time {
	next := l.echoAt
	for p := range l.layers {
		next = earlier(next, l.layers[p].restartAt)
	}
	if g := l.login; g != nil {
		next = earlier(next, g.timeoutAt)
		next = earlier(next, g.challengeAt)
		next = earlier(next, g.requestAt)
	}
	return next
}

// Advance runs whatever is due at now. Calling it early does nothing.
func (l *Link) Advance(now time.Time, fx *Effects) {
	for p := range layerCount {
		if due(l.layers[p].restartAt, now) {
			l.restart(now, p, fx)
		}
	}
	l.advanceLogin(now, fx)
	if due(l.echoAt, now) {
		l.echo(now, fx)
	}
}

// due reports whether a deadline is set and has come.
func due(at, now time.Time) bool { return !at.IsZero() && !at.After(now) }

// earlier is the earlier of two deadlines, of which either may be unset.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Phase is where the link stands (RFC 1661 §3.2).
func (l *Link) Phase() Phase {
	switch s := l.layers[lcp].state; {
	case !l.alive:
		return PhaseDead
	case s == opened && l.peerAuth.over() && l.selfAuth.over():
		return PhaseNetwork
	case s == opened:
		return PhaseAuthenticate
	case s == closing || s == stopping:
		return PhaseTerminate
	default:
		return PhaseEstablish
	}
}

// Opened reports whether LCP, IPCP or IPV6CP is in the Opened state.
func (l *Link) Opened(protocol Protocol) bool {
	for p := range layerCount {
		if p.protocol() == protocol {
			return l.layers[p].state == opened
		}
	}
	return false
}

// PeerMRU is the largest Information field that the peer takes.
func (l *Link) PeerMRU() uint16 { return or(l.peer.mru, defaultMRU) }

// PFC reports whether we may send one-octet Protocol fields.
//
// "Compressed Protocol fields MUST NOT be transmitted unless this Configuration
// Option has been negotiated." RFC 1661 §6.5
func (l *Link) PFC() bool { return l.peer.pfc }

// ACFC reports whether we may leave out Address and Control.
func (l *Link) ACFC() bool { return l.peer.acfc }

// AuthUsed is the method by which the peer proves itself to the Authenticator,
// or we do as the Peer.
func (l *Link) AuthUsed() AuthMethod { return or(l.local.auth, l.peer.auth) }

// newID draws the next Identifier. One sequence serves all packets of a link.
func (l *Link) newID() uint8 {
	l.lastID++
	return l.lastID
}

// ParseFrame splits a frame; see wire.ParseFrame.
func ParseFrame(frame []byte) (p Protocol, payload []byte, ok bool) { return wire.ParseFrame(frame) }
