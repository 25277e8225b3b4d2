// SPDX-License-Identifier: Apache-2.0

package police

import (
	"encoding/binary"

	"holdfast/l2tp/wire"
	ppp "holdfast/ppp/wire"
)

// messageTypeAVP is the first AVP of every control message: M bit aside, six
// octets of header (length 8, Vendor ID 0, Attribute Type 0) and two of value.
const (
	messageTypeAVP = 8
	avpMandatory   = 0x8000
)

// messages maps Message Types to packet types; zero: unclassified.
var messages = [...]Type{
	wire.SCCRQ: SCCRQ, wire.SCCRP: SCCRP, wire.SCCCN: SCCCN, wire.StopCCN: StopCCN, wire.HELLO: Hello,
	wire.ICRQ: ICRQ, wire.ICRP: ICRP, wire.ICCN: ICCN, wire.CDN: CDN, wire.WEN: WEN, wire.SLI: SLI,
	wire.FSQ: FSQ, wire.FSR: FSR,
}

// Classify finds the packet type of an L2TP datagram, the payload of UDP. It
// looks at headers only and never beyond the end; what it cannot follow is
// BadPacket. Subscribers' IP packets are None.
func Classify(datagram []byte) Type {
	if wire.IsControl(datagram) {
		return classifyControl(datagram)
	}
	_, frame, err := wire.ParseDataHeader(datagram)
	if err != nil {
		return BadPacket
	}
	return classifyFrame(frame)
}

func classifyControl(datagram []byte) Type {
	_, avps, err := wire.ParseControlHeader(datagram)
	switch {
	case err != nil:
		return BadPacket
	case len(avps) == 0:
		return ZLB
	case len(avps) < messageTypeAVP:
		return BadPacket
	}
	// "The Message Type AVP MUST be the first AVP in a message, immediately
	// following the control message header", RFC 2661 §4.4.1. It must not be
	// hidden, and its reserved bits are zero.
	if binary.BigEndian.Uint16(avps)&^avpMandatory != messageTypeAVP || binary.BigEndian.Uint32(avps[2:]) != 0 {
		return BadPacket
	}
	m := binary.BigEndian.Uint16(avps[6:])
	if int(m) >= len(messages) || messages[m] == None {
		return L2TPUnclassified
	}
	return messages[m]
}

// eap is not spoken here, but it is what a peer may try to authenticate with.
const eap ppp.Protocol = 0xc227

func classifyFrame(frame []byte) Type {
	protocol, info, ok := ppp.ParseFrame(frame)
	if !ok {
		return BadPacket
	}
	switch protocol {
	case ppp.ProtoIPv4, ppp.ProtoIPv6:
		return None
	case ppp.ProtoLCP:
		return classifyLCP(info)
	case ppp.ProtoPAP, ppp.ProtoCHAP, eap:
		return Authentication
	case ppp.ProtoIPCP:
		return IPCP
	case ppp.ProtoIPV6CP:
		return IPV6CP
	}
	return PPPUnclassified
}

func classifyLCP(info []byte) Type {
	if len(info) > 0 {
		switch ppp.Code(info[0]) {
		case ppp.EchoRequest:
			return EchoRequest
		case ppp.EchoReply:
			return EchoReply
		}
	}
	return LCP
}
