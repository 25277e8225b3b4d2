// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Errors of the parsers.
var (
	ErrShort  = errors.New("ppp: packet ends too early")
	ErrLength = errors.New("ppp: length field out of range")
)

// Code is the kind of an LCP or NCP packet (RFC 1661 §5).
type Code uint8

// Codes. The NCPs use the first seven (RFC 1332 §2).
const (
	ConfigureRequest Code = 1
	ConfigureAck     Code = 2
	ConfigureNak     Code = 3
	ConfigureReject  Code = 4
	TerminateRequest Code = 5
	TerminateAck     Code = 6
	CodeReject       Code = 7
	ProtocolReject   Code = 8
	EchoRequest      Code = 9
	EchoReply        Code = 10
	DiscardRequest   Code = 11
	Identification   Code = 12 // RFC 1570 §2.1
	TimeRemaining    Code = 13 // RFC 1570 §2.2
)

// PAP codes (RFC 1334 §2.2).
const (
	AuthenticateRequest Code = 1
	AuthenticateAck     Code = 2
	AuthenticateNak     Code = 3
)

// CHAP codes (RFC 1994 §4).
const (
	Challenge Code = 1
	Response  Code = 2
	Success   Code = 3
	Failure   Code = 4
)

// String is the name of c as a code of LCP.
func (c Code) String() string {
	names := [...]string{
		"", "Configure-Request", "Configure-Ack", "Configure-Nak", "Configure-Reject",
		"Terminate-Request", "Terminate-Ack", "Code-Reject", "Protocol-Reject",
		"Echo-Request", "Echo-Reply", "Discard-Request", "Identification", "Time-Remaining",
	}
	if int(c) < len(names) && c != 0 {
		return names[c]
	}
	return fmt.Sprintf("code %d", uint8(c))
}

// HeaderLen is the length of Code, Identifier and Length.
const HeaderLen = 4

// Packet is the common shape of LCP, NCP, PAP and CHAP packets (RFC 1661 §5).
type Packet struct {
	Code Code
	ID   uint8  // Identifier
	Data []byte // without padding
}

// ParsePacket reads one packet from an Information field. Data aliases b.
func ParsePacket(b []byte) (Packet, error) {
	if len(b) < HeaderLen {
		return Packet{}, ErrShort
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < HeaderLen || n > len(b) {
		return Packet{}, ErrLength
	}
	// "Octets outside the range of the Length field are treated as padding and
	// are ignored on reception." RFC 1661 §5
	return Packet{Code: Code(b[0]), ID: b[1], Data: b[HeaderLen:n]}, nil
}

// AppendPacket appends p.
func AppendPacket(b []byte, p Packet) []byte {
	b = AppendPacketHeader(b, p.Code, p.ID, len(p.Data))
	return append(b, p.Data...)
}

// AppendPacketHeader appends the header of a packet whose data is n octets long.
func AppendPacketHeader(b []byte, c Code, id uint8, n int) []byte {
	b = append(b, byte(c), id)
	return binary.BigEndian.AppendUint16(b, uint16(HeaderLen+n))
}
