// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"net/netip"
	"time"

	"holdfast/ppp/wire"
)

// ipv6MTUMin is the smallest MTU of a link that carries IPv6 (RFC 8200 §5).
const ipv6MTUMin = 1280

// addresses is Network without its generous types: 0.0.0.0 and identifier 0
// mean none.
type addresses struct {
	local, peer [4]byte
	dns, nbns   [2][4]byte
	localID     uint64 // ours; the Authenticator's is granted or drawn, the Peer's agreed
	peerID      uint64 // the peer's, once acknowledged
	suggestedID uint64 // what we Nak the peer's to
	ipv6        bool   // IPV6CP is allowed
	peerChooses bool   // the peer may have another address than peer
}

// Grant authorises the link: NCPs may open. The Authenticator calls it after
// Authenticated, or after LinkUp when nobody has to authenticate; a Peer may
// call it before Open to ask for certain addresses. What was granted is gone
// when the link is renegotiated.
func (l *Link) Grant(now time.Time, n Network, fx *Effects) {
	if l.cfg == nil {
		return
	}
	l.net = addresses{
		local: octets(n.LocalIPv4), peer: octets(n.PeerIPv4),
		localID: n.LocalIfID, suggestedID: n.PeerIfID, ipv6: n.IPv6, peerChooses: n.PeerChooses,
	}
	for i := range 2 {
		l.net.dns[i], l.net.nbns[i] = octets(n.DNS[i]), octets(n.NBNS[i])
	}
	l.idFixed = n.PeerIfID != 0
	if l.layers[lcp].state != opened {
		return
	}
	l.granted = true
	if l.Phase() == PhaseNetwork {
		l.openNetworks(now, fx)
	}
}

// Network is what the link has been granted or, once an NCP is up, what its two
// ends agreed upon.
func (l *Link) Network() Network {
	n := Network{
		LocalIPv4: address(l.net.local), PeerIPv4: address(l.net.peer),
		LocalIfID: l.net.localID, PeerIfID: l.net.peerID, IPv6: l.net.ipv6,
	}
	for i := range 2 {
		n.DNS[i], n.NBNS[i] = address(l.net.dns[i]), address(l.net.nbns[i])
	}
	return n
}

// octets are an IPv4 address's; any other address counts as none.
func octets(a netip.Addr) [4]byte {
	if a = a.Unmap(); a.Is4() {
		return a.As4()
	}
	return [4]byte{}
}

func address(b [4]byte) netip.Addr {
	if b == [4]byte{} {
		return netip.Addr{}
	}
	return netip.AddrFrom4(b)
}

// networkPhase begins when everybody who has to has authenticated. The
// Authenticator then waits for Grant.
func (l *Link) networkPhase(now time.Time, fx *Effects) {
	if l.ready() {
		l.openNetworks(now, fx)
	}
}

// ready reports whether NCPs may open.
func (l *Link) ready() bool { return l.cfg.Role == Peer || l.granted }

// allowed reports whether an NCP may open on this link.
func (l *Link) allowed(p layer) bool {
	if p == ipcp {
		return l.net.peer != [4]byte{} || l.cfg.Role == Peer && l.cfg.IPCP
	}
	// "PPP links supporting IPv6 MUST allow the information field to be at least as
	// large as the minimum link MTU size required for IPv6." RFC 5072 §2
	if l.PeerMRU() < ipv6MTUMin {
		return false
	}
	return l.net.ipv6 || l.cfg.Role == Peer && l.cfg.IPV6CP
}

// active reports whether we open an allowed NCP by ourselves.
func (l *Link) active(p layer) bool {
	if p == ipcp {
		return l.cfg.IPCP
	}
	return l.cfg.IPV6CP
}

// openNetworks signals Up to the NCPs that may open, and Open to those that we
// want. "the This-Layer-Up action from LCP triggers the Up event in the NCP."
// RFC 1661 §4.3
func (l *Link) openNetworks(now time.Time, fx *Effects) {
	none := true
	for p := ipcp; p < layerCount; p++ {
		if !l.allowed(p) {
			continue
		}
		none = false
		if l.layers[p].state != initial {
			continue // granted again
		}
		l.fire(now, p, evUp, input{}, fx)
		if l.active(p) {
			l.fire(now, p, evOpen, input{}, fx)
		}
	}
	if none {
		l.shut(now, ErrNoNetwork, fx)
	}
}

// network takes a packet of an NCP.
//
// "IPCP packets received before this phase is reached should be silently
// discarded." RFC 1332 §2
func (l *Link) network(now time.Time, p layer, info []byte, fx *Effects) {
	if l.Phase() != PhaseNetwork || !l.ready() {
		l.count(OutOfPhase)
		return
	}
	l.login = nil // the peer has seen our verdict, or it would not be here
	if !l.allowed(p) {
		l.count(UnknownProtocol)
		l.sendProtocolReject(p.protocol(), info, fx)
		return
	}
	if len(info) > 0 && wire.Code(info[0]) == wire.ConfigureRequest {
		l.wake(now, p, fx)
	}
	if l.layers[p].state == initial {
		l.count(OutOfPhase)
		return
	}
	l.control(now, p, info, fx)
}

// wake opens an NCP that has waited for the peer to begin, or that the peer
// had refused before.
func (l *Link) wake(now time.Time, p layer, fx *Effects) {
	if l.layers[p].state == initial {
		l.fire(now, p, evUp, input{}, fx)
	}
	if l.layers[p].state == closed {
		l.fire(now, p, evOpen, input{}, fx)
	}
}

// refuseNetwork stops an NCP that the peer does not speak.
//
// "Upon reception of a Protocol-Reject, the implementation MUST stop sending
// packets of the indicated protocol at the earliest opportunity." RFC 1661 §5.7
func (l *Link) refuseNetwork(now time.Time, p layer, in input, fx *Effects) {
	l.fire(now, lcp, evRXJPlus, in, fx)
	l.closeNetwork(now, p, fx)
}

// closeNetwork takes an NCP down without a word to the peer: "There is no need
// for each NCP to send a flurry of Terminate packets." RFC 1661 §3.7
func (l *Link) closeNetwork(now time.Time, p layer, fx *Effects) {
	if l.layers[p].state > starting {
		l.fire(now, p, evDown, input{}, fx)
	}
	if l.layers[p].state == starting {
		l.fire(now, p, evClose, input{}, fx)
	}
}
