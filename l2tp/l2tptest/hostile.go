// SPDX-License-Identifier: Apache-2.0

package l2tptest

import (
	"net/netip"

	"holdfast/l2tp"
	"holdfast/l2tp/wire"
)

// Hostile is a peer of the LNS of a Pair with a mind of its own: it builds each
// datagram by hand and reads what comes back. It keeps Ns and Nr like an honest
// peer as long as it is told to.
type Hostile struct {
	Pair *Pair
	Addr netip.AddrPort
	ID   uint16 // its own Tunnel ID
	Peer uint16 // the LNS's, once an SCCRP or StopCCN has come
	Ns   uint16
	Nr   uint16
	Got  []Received // what the LNS has sent to it
}

// Received is a datagram that came to a Hostile.
type Received struct {
	Header  wire.ControlHeader
	Message wire.Message // Type 0: a ZLB
	Bytes   []byte
}

// NewHostile makes one at addr. Several may share an address if their ids differ.
func (p *Pair) NewHostile(addr string, id uint16) *Hostile {
	h := &Hostile{Pair: p, Addr: netip.MustParseAddrPort(addr), ID: id}
	before := p.Tap
	p.Tap = func(from *End, to netip.AddrPort, b []byte) {
		if before != nil {
			before(from, to, b)
		}
		if from == p.LNS && to == h.Addr {
			h.receive(b)
		}
	}
	return h
}

func (h *Hostile) receive(b []byte) {
	header, payload, err := wire.ParseControlHeader(b)
	if err != nil || header.TunnelID != h.ID {
		return
	}
	r := Received{Header: header, Bytes: append([]byte(nil), b...)}
	if len(payload) > 0 {
		var d wire.Decoder
		d.Decode(r.Bytes[wire.ControlLength:], &r.Message)
		if header.Ns == h.Nr {
			h.Nr++
		}
		if r.Message.Has(wire.AssignedTunnelID) {
			h.Peer = r.Message.AssignedTunnelID
		}
	}
	h.Got = append(h.Got, r)
}

// Message starts a message of a type.
func Message(t wire.MessageType) *wire.Message {
	m := new(wire.Message)
	m.Reset(t)
	return m
}

// SCCRQ is a complete SCCRQ.
func (h *Hostile) SCCRQ(host string) *wire.Message {
	m := Message(wire.SCCRQ)
	m.ProtocolVersion, m.HostName, m.FramingCapabilities, m.AssignedTunnelID = 0x0100, []byte(host), 3, h.ID
	m.Add(wire.ProtocolVersion, wire.HostName, wire.FramingCapabilities, wire.AssignedTunnelID)
	return m
}

// ICRQ is a complete ICRQ.
func ICRQ(id uint16) *wire.Message {
	m := Message(wire.ICRQ)
	m.AssignedSessionID, m.CallSerialNumber = id, uint32(id)
	m.Add(wire.AssignedSessionID, wire.CallSerialNumber)
	return m
}

// ICCN is a complete ICCN.
func ICCN() *wire.Message {
	m := Message(wire.ICCN)
	m.TxConnectSpeed, m.FramingType = 1_000_000, 1
	m.Add(wire.TxConnectSpeed, wire.FramingType)
	return m
}

// CDN is a complete CDN.
func CDN(id, code uint16) *wire.Message {
	m := Message(wire.CDN)
	m.AssignedSessionID, m.Result.Code = id, code
	m.Add(wire.AssignedSessionID, wire.ResultCodeAVP)
	return m
}

// StopCCN is a complete StopCCN.
func (h *Hostile) StopCCN(code uint16) *wire.Message {
	m := Message(wire.StopCCN)
	m.AssignedTunnelID, m.Result.Code = h.ID, code
	m.Add(wire.AssignedTunnelID, wire.ResultCodeAVP)
	return m
}

// Bytes encodes a message with a header of the caller's choice.
func Bytes(header wire.ControlHeader, m *wire.Message, extra ...wire.AVP) []byte {
	b := wire.AppendControlHeader(nil, header)
	if m != nil {
		b = wire.AppendMessage(b, m, wire.Hiding{})
	}
	for _, a := range extra {
		b = wire.AppendAVP(b, a)
	}
	wire.SetLength(b)
	return b
}

// Send sends a message in order, to session of the LNS, with more AVPs behind.
func (h *Hostile) Send(session uint16, m *wire.Message, extra ...wire.AVP) {
	b := Bytes(wire.ControlHeader{TunnelID: h.Peer, SessionID: session, Ns: h.Ns, Nr: h.Nr}, m, extra...)
	h.Ns++
	h.Raw(b)
}

// ZLB acknowledges.
func (h *Hostile) ZLB() { h.Raw(Bytes(wire.ControlHeader{TunnelID: h.Peer, Ns: h.Ns, Nr: h.Nr}, nil)) }

// Raw sends any octets.
func (h *Hostile) Raw(b []byte) { h.Pair.Inject(h.Pair.LNS, h.Addr, b) }

// Establish opens a tunnel and returns the LNS's id for it.
func (h *Hostile) Establish(host string) l2tp.TunnelID {
	h.Send(0, h.SCCRQ(host))
	h.Send(0, Message(wire.SCCCN))
	return l2tp.TunnelID(h.Peer)
}

// Dial opens a call with its own id and returns the LNS's id for it.
func (h *Hostile) Dial(id uint16) uint16 {
	h.Send(0, ICRQ(id))
	r := h.Last()
	if r.Message.Type != wire.ICRP {
		return 0
	}
	h.Send(r.Message.AssignedSessionID, ICCN())
	return r.Message.AssignedSessionID
}

// Last is the last datagram received; the zero value when there is none.
func (h *Hostile) Last() Received {
	if len(h.Got) == 0 {
		return Received{}
	}
	return h.Got[len(h.Got)-1]
}

// LastOf is the last message of a type received.
func (h *Hostile) LastOf(t wire.MessageType) (r Received, ok bool) {
	for _, g := range h.Got {
		if g.Message.Type == t {
			r, ok = g, true
		}
	}
	return r, ok
}

// Data sends a data message.
func (h *Hostile) Data(header wire.DataHeader, frame []byte) {
	header.TunnelID = h.Peer
	h.Raw(append(wire.AppendDataHeader(nil, header, len(frame)), frame...))
}
