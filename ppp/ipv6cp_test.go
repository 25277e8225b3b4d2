// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"testing"
	"time"

	"holdfast/ppp/wire"
)

func idOption(id uint64) []byte { return wire.AppendOption64(nil, wire.OptionInterfaceID, id) }

// ipv6cpUp grants n, and takes our request.
func ipv6cpUp(t *testing.T, n Network) *hand {
	t.Helper()
	h := newHand(t, func(c *Config) { c.IPCP = false })
	h.lcpUp()
	n.IPv6 = true
	h.grant(n)
	h.want("Grant", ProtoIPV6CP, wire.ConfigureRequest)
	return h
}

func (h *hand) interfaceID() uint64 {
	h.Helper()
	data, ok := h.option(wire.OptionInterfaceID)
	id, valid := wire.Option{Data: data}.Uint64()
	if !ok || !valid {
		h.Fatalf("no identifier in %x", h.last.Data)
	}
	return id
}

// Each case of RFC 5072 §4.1: "Depending on the result of the comparison, an
// implementation MUST respond in one of the following ways".
func TestInterfaceIdentifier(t *testing.T) {
	h := ipv6cpUp(t, Network{LocalIfID: 1})
	if h.interfaceID() != 1 {
		t.Errorf("asks for %#x", h.interfaceID())
	}
	h.request(ProtoIPV6CP, idOption(2)...)
	h.wantData("different and not zero", ProtoIPV6CP, wire.ConfigureAck, idOption(2)...)
	if got := h.link.Network().PeerIfID; got != 2 {
		t.Errorf("agreed on %#x", got)
	}
	h.request(ProtoIPV6CP, idOption(0)...)
	h.want("zero", ProtoIPV6CP, wire.ConfigureNak)
	first := h.interfaceID()
	if first == 0 || first == 1 || first&universalBit != 0 {
		t.Errorf("suggests %#x", first)
	}
	h.request(ProtoIPV6CP, idOption(1)...)
	h.want("equal", ProtoIPV6CP, wire.ConfigureNak)
	// "It is recommended that the value suggested be consistently reproducible."
	if again := h.interfaceID(); again != first {
		t.Errorf("suggests %#x, then %#x", first, again)
	}
	h.request(ProtoIPV6CP, 1, 4, 0, 0)
	h.want("of two octets", ProtoIPV6CP, wire.ConfigureNak)
	h.request(ProtoIPV6CP, append(idOption(2), 2, 4, 0, 0x4f)...)
	h.wantData("with compression", ProtoIPV6CP, wire.ConfigureReject, 2, 4, 0, 0x4f)
}

// "If the two interface identifiers are equal to zero, the interface identifier's
// negotiation MUST be terminated by transmitting the Configure-Reject with the
// interface-identifier value set to zero." RFC 5072 §4.1
//
// "A new Configure-Request MUST NOT contain the interface-identifier option if a
// valid Interface-Identifier Configure-Reject is received." RFC 5072 §4.1
func TestBothIdentifiersZero(t *testing.T) {
	h := ipv6cpUp(t, Network{LocalIfID: 1})
	h.reply(ProtoIPV6CP, wire.ConfigureReject, idOption(1)...)
	h.wantData("rejected", ProtoIPV6CP, wire.ConfigureRequest)
	h.request(ProtoIPV6CP, idOption(0)...)
	h.wantData("both are zero", ProtoIPV6CP, wire.ConfigureReject, idOption(0)...)
}

// "If the next Configure-Request does not include this option, the peer MUST NOT
// send another Configure-Nak with this option included." RFC 5072 §4.1
func TestNoIdentifier(t *testing.T) {
	h := ipv6cpUp(t, Network{LocalIfID: 1})
	h.request(ProtoIPV6CP)
	h.want("left out", ProtoIPV6CP, wire.ConfigureNak)
	h.interfaceID()
	h.request(ProtoIPV6CP)
	h.wantData("left out again", ProtoIPV6CP, wire.ConfigureAck)
}

// "a new Configure-Request MUST be sent with the identifier value suggested in the
// last Configure-Nak from the peer.  But if the received interface identifier is
// equal to the one sent in the last Configure-Nak, a new interface identifier MUST
// be chosen." RFC 5072 §4.1
func TestSuggestedIdentifier(t *testing.T) {
	h := ipv6cpUp(t, Network{LocalIfID: 1})
	h.reply(ProtoIPV6CP, wire.ConfigureNak, idOption(0x55)...)
	if h.want("a Nak", ProtoIPV6CP, wire.ConfigureRequest); h.interfaceID() != 0x55 {
		t.Errorf("asks for %#x", h.interfaceID())
	}
	h.request(ProtoIPV6CP, idOption(0x55)...)
	h.want("equal", ProtoIPV6CP, wire.ConfigureNak)
	suggested := h.interfaceID()
	h.advance(3 * time.Second)
	h.want("Restart timer", ProtoIPV6CP, wire.ConfigureRequest)
	for _, id := range []uint64{suggested, 0} {
		h.reply(ProtoIPV6CP, wire.ConfigureNak, idOption(id)...)
		h.want("what we have suggested ourselves, or zero", ProtoIPV6CP, wire.ConfigureRequest)
		if got := h.interfaceID(); got == id || got == 0 || got&universalBit != 0 {
			t.Errorf("asks for %#x", got)
		}
	}
}

// Without an identifier of its own the link draws one: "the "u" bit of the
// interface identifier MUST be set to zero (0)." RFC 5072 §4.1
func TestDrawnIdentifier(t *testing.T) {
	seen := map[uint64]bool{}
	for seed := range uint64(50) {
		p := newPair(seed)
		p.network.LocalIfID = 0
		p.open()
		p.run(epoch.Add(time.Second))
		for i := range p.end {
			id := p.end[i].Network().LocalIfID
			if id == 0 || id&universalBit != 0 || seen[id] {
				t.Fatalf("end %d drew %#x", i, id)
			}
			seen[id] = true
		}
	}
}

// A granted identifier is insisted upon with Naks, but not for ever: "If the two
// interface identifiers are different and the received interface identifier is not
// zero, the interface identifier MUST be acknowledged." RFC 5072 §4.1
func TestGrantedIdentifier(t *testing.T) {
	h := ipv6cpUp(t, Network{LocalIfID: 1, PeerIfID: 0x77})
	for range 5 {
		h.request(ProtoIPV6CP, idOption(2)...)
		h.wantData("another one", ProtoIPV6CP, wire.ConfigureNak, idOption(0x77)...)
	}
	h.request(ProtoIPV6CP, idOption(2)...)
	h.want("the peer will not have it", ProtoIPV6CP, wire.ConfigureAck)
	h = ipv6cpUp(t, Network{LocalIfID: 1, PeerIfID: 0x77})
	h.request(ProtoIPV6CP, idOption(0x77)...)
	h.want("the peer takes it", ProtoIPV6CP, wire.ConfigureAck)
}

// "PPP links supporting IPv6 MUST allow the information field to be at least as
// large as the minimum link MTU size required for IPv6." RFC 5072 §2
func TestIPv6NeedsItsMTU(t *testing.T) {
	for mru, want := range map[uint16]bool{1279: false, 1280: true} {
		h := newHand(t, nil)
		h.lcpUp(mruOption(mru)...)
		h.grant(standard)
		h.want("Grant", ProtoIPCP, wire.ConfigureRequest)
		if want {
			h.want("large enough", ProtoIPV6CP, wire.ConfigureRequest)
			continue
		}
		h.wantNothing("too small")
		h.request(ProtoIPV6CP, idOption(2)...)
		h.want("too small", ProtoLCP, wire.ProtocolReject)
	}
}

// Trouble with IPV6CP never holds IPCP up.
func TestIPV6CPDoesNotBlockIPCP(t *testing.T) {
	p := newPair(5, PAP)
	p.cfg[1].IPV6CP = false
	p.open()
	p.run(epoch.Add(time.Second))
	if !p.networks[0][0] || !p.networks[1][0] || p.networks[0][1] {
		t.Fatalf("networks %v, want IPCP alone", p.networks)
	}
	p.run(epoch.Add(time.Hour))
	if !p.networks[0][0] || p.down[0] != nil {
		t.Errorf("IPCP did not stay up: %v", p.log)
	}
}
