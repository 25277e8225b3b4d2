// SPDX-License-Identifier: Apache-2.0

package wire

import "fmt"

// Protocol is a PPP protocol number (RFC 1661 §2).
type Protocol uint16

// Protocol numbers.
const (
	ProtoIPv4   Protocol = 0x0021
	ProtoIPv6   Protocol = 0x0057
	ProtoIPCP   Protocol = 0x8021
	ProtoIPV6CP Protocol = 0x8057
	ProtoCCP    Protocol = 0x80fd
	ProtoLCP    Protocol = 0xc021
	ProtoPAP    Protocol = 0xc023
	ProtoCHAP   Protocol = 0xc223
)

// String is the protocol's name, or its number in hex.
func (p Protocol) String() string {
	switch p {
	case ProtoIPv4:
		return "IPv4"
	case ProtoIPv6:
		return "IPv6"
	case ProtoIPCP:
		return "IPCP"
	case ProtoIPV6CP:
		return "IPV6CP"
	case ProtoCCP:
		return "CCP"
	case ProtoLCP:
		return "LCP"
	case ProtoPAP:
		return "PAP"
	case ProtoCHAP:
		return "CHAP"
	}
	return fmt.Sprintf("0x%04x", uint16(p))
}

// Address and Control are the constant octets in front of a frame (RFC 1662 §3.1).
const (
	Address = 0xff // all stations
	Control = 0x03 // unnumbered information
)

// ParseFrame splits a frame into its protocol and its Information field, which
// aliases b. It takes frames with and without Address and Control and with a
// Protocol field of one or two octets: what was negotiated does not matter
// here. ok is false when the frame ends before its Protocol field does.
//
// A Protocol that breaks the rules of RFC 1661 §2 (an even last octet) is
// returned as it stands: no protocol has such a number, so it is unknown.
func ParseFrame(b []byte) (p Protocol, info []byte, ok bool) {
	if len(b) >= 2 && b[0] == Address && b[1] == Control {
		b = b[2:]
	}
	if len(b) == 0 {
		return 0, nil, false
	}
	// "The presence of a binary "1" as the LSB marks the last octet of the
	// Protocol field." RFC 1661 §6.5
	if b[0]&1 == 1 {
		return Protocol(b[0]), b[1:], true
	}
	if len(b) < 2 {
		return 0, nil, false
	}
	return Protocol(b[0])<<8 | Protocol(b[1]), b[2:], true
}

// AppendHeader appends an uncompressed frame header.
func AppendHeader(b []byte, p Protocol) []byte {
	return append(b, Address, Control, byte(p>>8), byte(p))
}
