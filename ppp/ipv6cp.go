// SPDX-License-Identifier: Apache-2.0

package ppp

import "holdfast/ppp/wire"

// universalBit is the "u" bit of an interface identifier: set when the
// identifier is globally unique, which ours are not.
const universalBit = 1 << 57

// wishIPV6CP sets what our Configure-Requests ask for at the start of a negotiation.
func (l *Link) wishIPV6CP() {
	l.idUnused = false
	if l.net.localID == 0 {
		l.net.localID = l.newInterfaceID(0)
	}
}

// newInterfaceID draws an identifier that is neither zero nor the one to avoid.
//
// "In this case, the "u" bit of the interface identifier MUST be set to zero
// (0)." RFC 5072 §4.1
func (l *Link) newInterfaceID(avoid uint64) uint64 {
	for {
		if id := l.cfg.Rand.Uint64() &^ universalBit; id != 0 && id != avoid {
			return id
		}
	}
}

// appendIPV6CPRequest appends the options of our Configure-Request.
func (l *Link) appendIPV6CPRequest(b []byte) []byte {
	if l.idUnused {
		return b
	}
	return wire.AppendOption64(b, wire.OptionInterfaceID, l.net.localID)
}

// judgeIPV6CP judges one option of the peer's Configure-Request (RFC 5072 §4.1).
//
// An identifier that the owner has granted is insisted upon as an address would
// be, but only with Naks: "If the two interface identifiers are different and
// the received interface identifier is not zero, the interface identifier MUST
// be acknowledged."
func (l *Link) judgeIPV6CP(o wire.Option, c *proposal, fx *Effects) verdict {
	if o.Type != wire.OptionInterfaceID {
		return reject
	}
	id, ok := o.Uint64()
	local := l.net.localID
	if l.idUnused {
		local = 0
	}
	// "If the two interface identifiers are equal to zero, the interface
	// identifier's negotiation MUST be terminated by transmitting the
	// Configure-Reject with the interface-identifier value set to zero."
	if ok && id == 0 && local == 0 {
		return reject
	}
	insist := l.idFixed && int(l.layers[ipv6cp].nakCount) < l.cfg.failureMax()
	if !ok || id == 0 || id == local || insist && id != l.net.suggestedID {
		fx.arena = wire.AppendOption64(fx.arena, wire.OptionInterfaceID, l.suggestID())
		return nak
	}
	c.id = id
	return accept
}

// suggestID is the identifier that we Nak the peer's to. "It is recommended that
// the value suggested be consistently reproducible." RFC 5072 §4.1
func (l *Link) suggestID() uint64 {
	if l.net.suggestedID == 0 || l.net.suggestedID == l.net.localID {
		l.net.suggestedID = l.newInterfaceID(l.net.localID)
		l.idFixed = false
	}
	return l.net.suggestedID
}

// demandIPV6CP asks for the identifier that the peer has left out, once: "If the
// next Configure-Request does not include this option, the peer MUST NOT send
// another Configure-Nak with this option included." RFC 5072 §4.1
func (l *Link) demandIPV6CP(c *proposal, fx *Effects) {
	if !c.has(wire.OptionInterfaceID) && l.layers[ipv6cp].nakCount == 0 {
		fx.arena = wire.AppendOption64(fx.arena, wire.OptionInterfaceID, l.suggestID())
	}
}

// nakIPV6CP takes the identifier that the peer suggests.
//
// "But if the received interface identifier is equal to the one sent in the last
// Configure-Nak, a new interface identifier MUST be chosen." RFC 5072 §4.1
func (l *Link) nakIPV6CP(o wire.Option) {
	id, ok := o.Uint64()
	if o.Type != wire.OptionInterfaceID || !ok {
		return
	}
	if id == 0 || id == l.net.suggestedID {
		id = l.newInterfaceID(l.net.localID)
	}
	l.net.localID = id
}

// rejectIPV6CP drops the option: "A new Configure-Request MUST NOT contain the
// interface-identifier option if a valid Interface-Identifier Configure-Reject
// is received." RFC 5072 §4.1
func (l *Link) rejectIPV6CP(o wire.Option) {
	if o.Type == wire.OptionInterfaceID {
		l.idUnused = true
		l.net.localID = 0
	}
}
