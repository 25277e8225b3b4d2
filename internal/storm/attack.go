// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"

	"holdfast/internal/packet"
	"holdfast/l2tp/wire"
)

// AttackKind is what an attacker sends.
type AttackKind uint8

// Kinds of attacks.
const (
	AttackNone      AttackKind = iota
	AttackSCCRQ                // tunnels that are asked for and never finished, each from another address
	AttackSecret               // tunnels whose SCCCN has a wrong Challenge Response
	AttackICRQ                 // calls in live tunnels, past any window
	AttackHello                // HELLOs in live tunnels, likewise
	AttackReplay               // old and far-off sequence numbers in live tunnels
	AttackMalformed            // broken messages, from garbage to almost right
	AttackData                 // data messages for tunnels and sessions that do not exist
	AttackSpoof                // a subscriber's packets with sources that are not his
	AttackNobody               // packets from behind the LNS to addresses that no subscriber has
	attackKinds
)

var attackNames = [attackKinds]string{"none", "sccrq", "secret", "icrq", "hello", "replay", "malformed", "data", "spoof", "nobody"}

// String is the kind's name in a scenario.
func (k AttackKind) String() string { return attackNames[k] }

// ParseAttackKind reads a kind's name.
func ParseAttackKind(name string) (AttackKind, error) {
	for k := AttackSCCRQ; k < attackKinds; k++ {
		if attackNames[k] == name {
			return k, nil
		}
	}
	return AttackNone, fmt.Errorf("%q is no attack; there are: %s", name, attackNames[AttackSCCRQ:])
}

// Attack is traffic that no LAC would send.
type Attack struct {
	Kind AttackKind
	Rate float64      // datagrams a second
	From netip.Prefix // the addresses it comes from: this host's, but those of AttackSpoof
	To   netip.Prefix // of AttackNobody: where it goes
}

// AttackCount is what an attacker has sent and got back, UDP payload octets.
type AttackCount struct {
	Sent      uint64 `json:"sent"`
	SentBytes uint64 `json:"sent_octets"`
	Back      uint64 `json:"back"`
	BackBytes uint64 `json:"back_octets"`
	Tunnels   uint64 `json:"tunnels_up"` // that the LNS let it have
}

// attackTunnels is how many tunnels of its own an attacker has.
const attackTunnels = 8

// attackTunnel is one of them, held by hand: no window, no retransmission.
type attackTunnel struct {
	from   netip.AddrPort
	remote uint16 // its id at the LNS; zero: it is not up
	ns, nr uint16
	calls  uint16 // session ids given out
}

// attacker makes the datagrams of an attack. Pure: its driver has the socket.
type attacker struct {
	Attack
	lns     []netip.AddrPort
	secret  string
	host    string
	port    uint16
	rand    *rand.Rand
	tunnels [attackTunnels]attackTunnel
	turn    int
	count   AttackCount
	decoder wire.Decoder
	message wire.Message
}

func newAttacker(a Attack, plan *Plan, port uint16) *attacker {
	x := &attacker{
		Attack: a, lns: plan.LNS, secret: plan.Secret, host: expand(plan.HostName, 1), port: port,
		rand: rand.New(rand.NewPCG(plan.Seed, uint64(a.Kind)<<32)),
	}
	for i := range x.tunnels {
		x.tunnels[i].from = x.address()
	}
	return x
}

// address draws one of the attacker's addresses.
func (x *attacker) address() netip.AddrPort {
	return netip.AddrPortFrom(drawAddress(x.rand, x.From), x.port)
}

// drawAddress draws an address of a prefix.
func drawAddress(r *rand.Rand, from netip.Prefix) netip.Addr {
	b := from.Addr().AsSlice()
	for i := from.Bits(); i < 8*len(b); i++ {
		if r.Uint32()&1 == 1 {
			b[i/8] ^= 0x80 >> (i % 8)
		}
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}

// discard is the port of the discard service, RFC 863.
const discard = 9

// next appends the octets of one datagram to b and says between whom it goes.
func (x *attacker) next(b []byte) ([]byte, packet.Datagram) {
	at := len(b)
	d := packet.Datagram{Peer: x.lns[x.turn%len(x.lns)], Local: x.address()}
	x.turn++
	t := &x.tunnels[x.turn%attackTunnels]
	switch {
	case x.Kind == AttackSCCRQ, x.Kind == AttackSecret:
		b = x.sccrq(b, uint16(1+x.rand.IntN(0xffff)))
	case x.Kind == AttackMalformed:
		b = x.malformed(b)
	case x.Kind == AttackData:
		b = x.data(b)
	case x.Kind == AttackNobody:
		d.Peer = netip.AddrPortFrom(drawAddress(x.rand, x.To), discard)
		b = append(b, make([]byte, 64)...)
	case t.remote == 0: // the others need a live tunnel
		d.Peer, d.Local = x.lns[x.turn%attackTunnels%len(x.lns)], t.from
		b = x.sccrq(b, uint16(1+x.turn%attackTunnels))
	default:
		d.Peer, d.Local = x.lns[x.turn%attackTunnels%len(x.lns)], t.from
		b = x.inTunnel(b, t)
	}
	x.count.Sent++
	x.count.SentBytes += uint64(len(b) - at)
	d.Data = b[at:len(b):len(b)]
	return b, d
}

// control appends a control message.
func (x *attacker) control(b []byte, h wire.ControlHeader, m *wire.Message) []byte {
	at := len(b)
	b = wire.AppendControlHeader(b, h)
	if m != nil {
		b = wire.AppendMessage(b, m, wire.Hiding{})
	}
	wire.SetLength(b[at:])
	return b
}

// sccrq asks for a tunnel.
func (x *attacker) sccrq(b []byte, id uint16) []byte {
	m := wire.Message{
		Type: wire.SCCRQ, ProtocolVersion: 0x0100, FramingCapabilities: 3, HostName: []byte(x.host), AssignedTunnelID: id, ReceiveWindowSize: 128,
	}
	m.Add(wire.ProtocolVersion, wire.FramingCapabilities, wire.HostName, wire.AssignedTunnelID, wire.ReceiveWindowSize)
	if x.Kind == AttackSecret || x.secret != "" {
		m.Challenge = []byte("0123456789abcdef")
		m.Add(wire.Challenge)
	}
	return x.control(b, wire.ControlHeader{}, &m)
}

// inTunnel is what an attack sends into a tunnel that the LNS has let it have.
func (x *attacker) inTunnel(b []byte, t *attackTunnel) []byte {
	h := wire.ControlHeader{TunnelID: t.remote, Ns: t.ns, Nr: t.nr}
	m := wire.Message{Type: wire.HELLO}
	switch x.Kind {
	case AttackICRQ:
		t.calls++
		m = wire.Message{Type: wire.ICRQ, AssignedSessionID: max(t.calls, 1), CallSerialNumber: uint32(x.turn), CallingNumber: fmt.Appendf(nil, "%d", x.turn)}
		m.Add(wire.AssignedSessionID, wire.CallSerialNumber, wire.CallingNumber)
	case AttackReplay:
		// Half are old, half are beyond what any window holds.
		h.Ns = t.ns - 1 - uint16(x.rand.IntN(1<<14))
		if x.rand.Uint32()&1 == 1 {
			h.Ns = t.ns + 200 + uint16(x.rand.IntN(1<<14))
		}
		return x.control(b, h, &m)
	}
	t.ns++
	return x.control(b, h, &m)
}

// malformed is a message with something wrong: nothing right at all, a header
// that lies about its length, an AVP that does, or a message cut short.
func (x *attacker) malformed(b []byte) []byte {
	at := len(b)
	kind := x.rand.IntN(5)
	if kind == 0 {
		for range 1 + x.rand.IntN(200) {
			b = append(b, byte(x.rand.Uint32()))
		}
		return b
	}
	h := wire.ControlHeader{TunnelID: uint16(x.rand.Uint32()), Ns: uint16(x.rand.IntN(4)), Nr: uint16(x.rand.IntN(4))}
	m := wire.Message{Type: wire.ICRQ, AssignedSessionID: 7, CallSerialNumber: 7, CallingNumber: []byte("12345")}
	m.Add(wire.AssignedSessionID, wire.CallSerialNumber, wire.CallingNumber)
	if kind == 1 {
		h.TunnelID, m.Type = 0, wire.SCCRQ // a message that wants all it must have
	}
	b = x.control(b, h, &m)
	body := b[at:]
	switch kind {
	case 2: // longer than it is
		binary.BigEndian.PutUint16(body[2:], uint16(len(body)+1+x.rand.IntN(1000)))
	case 3: // an AVP that reaches beyond the end, or has no room for its own header
		binary.BigEndian.PutUint16(body[wire.ControlLength+8:], 0x8000|uint16(x.rand.IntN(0x3ff)))
	case 4:
		b = b[:at+1+x.rand.IntN(len(body)-1)]
	}
	return b
}

// data is a data message for nobody.
func (x *attacker) data(b []byte) []byte {
	h := wire.DataHeader{TunnelID: uint16(x.rand.Uint32()), SessionID: uint16(x.rand.Uint32())}
	const size = 64
	b = wire.AppendDataHeader(b, h, size)
	b = append(b, 0xff, 3, 0, 0x21, 0x45)
	return append(b, make([]byte, size-5)...)
}

// handle takes what the LNS sent, and appends an answer to b if there is one.
func (x *attacker) handle(d *packet.Datagram, b []byte) ([]byte, []byte) {
	x.count.Back++
	x.count.BackBytes += uint64(len(d.Data))
	h, payload, err := wire.ParseControlHeader(d.Data)
	if err != nil || len(payload) == 0 || !x.decoder.Decode(payload, &x.message).OK() {
		return b, nil
	}
	m := &x.message
	if x.Kind == AttackSecret && m.Type == wire.SCCRP {
		return x.connected(b, m, "not "+x.secret)
	}
	i := int(h.TunnelID) - 1
	if i < 0 || i >= attackTunnels || x.tunnels[i].from != d.Local || x.Kind < AttackICRQ {
		return b, nil
	}
	t := &x.tunnels[i]
	switch {
	case m.Type == wire.SCCRP && t.remote == 0:
		t.remote, t.ns, t.nr, t.calls = m.AssignedTunnelID, 2, 1, 0
		x.count.Tunnels++
		return x.connected(b, m, x.secret)
	case m.Type == wire.StopCCN:
		*t = attackTunnel{from: x.address()}
	default:
		t.nr = h.Ns + 1 // it is a patient attacker, that acknowledges
	}
	return b, nil
}

// connected is an SCCCN.
func (x *attacker) connected(b []byte, reply *wire.Message, secret string) (all, message []byte) {
	at := len(b)
	m := wire.Message{Type: wire.SCCCN}
	if reply.Has(wire.Challenge) {
		response := wire.ComputeChallengeResponse(wire.SCCCN, secret, reply.Challenge)
		m.ChallengeResponse = response[:]
		m.Add(wire.ChallengeResponse)
	}
	b = x.control(b, wire.ControlHeader{TunnelID: reply.AssignedTunnelID, Ns: 1, Nr: 1}, &m)
	x.count.Sent++
	x.count.SentBytes += uint64(len(b) - at)
	return b, b[at:len(b):len(b)]
}
