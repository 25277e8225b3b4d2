// SPDX-License-Identifier: Apache-2.0

package frame

import "encoding/binary"

// PPP protocol numbers that a plane tells apart.
const (
	ProtocolIPv4 = 0x0021
	ProtocolIPv6 = 0x0057
	// ProtocolControl is the least of the protocols that are not network-layer
	// data: "Protocol field values in the "8***" to "b***" range identify
	// packets belonging to the associated Network Control Protocols (NCPs)"
	// and the link-layer ones lie above. RFC 1661 §2.
	ProtocolControl = 0x8000
)

// Bits of the first two octets of an L2TP header (RFC 2661 §3.1).
const (
	bitType     = 0x8000
	bitLength   = 0x4000
	bitSequence = 0x0800
	bitOffset   = 0x0200
	versionMask = 0x000f
	version     = 2
)

// HeaderMax is the most that AppendHeader adds in front of an inner packet.
const HeaderMax = 10

// Header is what a plane wants to know of an L2TP message.
type Header struct {
	Control             bool // T: not data at all
	Sequenced           bool // S: Ns and Nr are there
	TunnelID, SessionID uint16
}

// ParseHeader reads the header of an L2TPv2 message in any of its 16 forms.
// payload aliases b: a PPP frame when the message is data.
func ParseHeader(b []byte) (h Header, payload []byte, ok bool) {
	if len(b) < 6 {
		return h, nil, false
	}
	flags, at := binary.BigEndian.Uint16(b), 2
	if flags&versionMask != version {
		return h, nil, false
	}
	if flags&bitLength != 0 {
		length := int(binary.BigEndian.Uint16(b[2:]))
		if length > len(b) {
			return h, nil, false
		}
		b, at = b[:length], 4 // what follows the message is padding
	}
	if len(b) < at+4 {
		return h, nil, false
	}
	h.Control, h.Sequenced = flags&bitType != 0, flags&bitSequence != 0
	h.TunnelID, h.SessionID = binary.BigEndian.Uint16(b[at:]), binary.BigEndian.Uint16(b[at+2:])
	at += 4
	if h.Sequenced {
		at += 4
	}
	if flags&bitOffset != 0 {
		if len(b) < at+2 {
			return h, nil, false
		}
		at += 2 + int(binary.BigEndian.Uint16(b[at:]))
	}
	if at > len(b) {
		return h, nil, false
	}
	return h, b[at:], true
}

// ParsePPP takes the Address, Control and Protocol fields off a frame. Both
// compressed and uncompressed forms are taken, whatever was negotiated: a
// sender may stop compressing at any time, and no form is ambiguous.
func ParsePPP(b []byte) (protocol uint16, payload []byte, ok bool) {
	if len(b) >= 2 && b[0] == 0xff && b[1] == 0x03 {
		b = b[2:]
	}
	// "all Protocols MUST be assigned such that the least significant bit of
	// the most significant octet equals "0", and the least significant bit of
	// the least significant octet equals "1"." RFC 1661 §2
	switch {
	case len(b) >= 1 && b[0]&1 == 1:
		return uint16(b[0]), b[1:], true
	case len(b) >= 2 && b[1]&1 == 1:
		return binary.BigEndian.Uint16(b), b[2:], true
	}
	return 0, nil, false
}

// Encapsulation is how a session's packets are wrapped towards the peer.
type Encapsulation struct {
	TunnelID, SessionID uint16 // the peer's
	PFC, ACFC           bool   // the peer takes compressed PPP headers
}

// AppendHeader writes the L2TP data header, without optional fields, and the
// PPP header of an IP packet.
func AppendHeader(dst []byte, e Encapsulation, v6 bool) []byte {
	dst = append(dst, 0, version,
		byte(e.TunnelID>>8), byte(e.TunnelID), byte(e.SessionID>>8), byte(e.SessionID))
	if !e.ACFC {
		dst = append(dst, 0xff, 0x03)
	}
	protocol := byte(ProtocolIPv4)
	if v6 {
		protocol = ProtocolIPv6
	}
	if e.PFC {
		return append(dst, protocol)
	}
	return append(dst, 0, protocol)
}
