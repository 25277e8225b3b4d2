// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"errors"
)

const (
	avpHeader   = 6
	avpMax      = 1023 // the Length field has 10 bits
	bitM        = 0x8000
	bitH        = 0x4000
	maskAVPRsvd = 0x3c00
	maskAVPLen  = 0x03ff

	// ValueMax is the longest value of an AVP that is not hidden.
	ValueMax = avpMax - avpHeader
)

// ErrAVP says that an AVP is shorter than its header or longer than its message.
var ErrAVP = errors.New("wire: AVP length is wrong")

// AVP is one Attribute Value Pair, RFC 2661 §4.1.
type AVP struct {
	Mandatory bool
	Hidden    bool
	Reserved  bool // a reserved bit is set: to be treated as unrecognized
	Vendor    uint16
	Type      AVPType
	Value     []byte
}

// ParseAVP reads the first AVP of b. Value and rest alias b. With ErrAVP the
// Mandatory bit is what can be read of it, and nothing after it can be read.
func ParseAVP(b []byte) (a AVP, rest []byte, err error) {
	a.Mandatory = len(b) > 0 && b[0]&(bitM>>8) != 0
	if len(b) < avpHeader {
		return a, nil, ErrAVP
	}
	bits := binary.BigEndian.Uint16(b)
	n := int(bits & maskAVPLen)
	a.Hidden, a.Reserved = bits&bitH != 0, bits&maskAVPRsvd != 0
	a.Vendor, a.Type = binary.BigEndian.Uint16(b[2:]), AVPType(binary.BigEndian.Uint16(b[4:]))
	if n < avpHeader || n > len(b) {
		return a, nil, ErrAVP
	}
	a.Value = b[avpHeader:n]
	return a, b[n:], nil
}

// AppendAVP appends an AVP. A value over ValueMax does not fit and panics: see
// Message for what becomes of long values.
func AppendAVP(b []byte, a AVP) []byte {
	if len(a.Value) > ValueMax {
		panic("wire: AVP value too long")
	}
	bits := uint16(avpHeader + len(a.Value))
	if a.Mandatory {
		bits |= bitM
	}
	if a.Hidden {
		bits |= bitH
	}
	b = binary.BigEndian.AppendUint16(b, bits)
	b = binary.BigEndian.AppendUint16(b, a.Vendor)
	b = binary.BigEndian.AppendUint16(b, uint16(a.Type))
	return append(b, a.Value...)
}

// AVPType is an Attribute Type. Its names are those of the IETF, Vendor ID 0.
type AVPType uint16

// Attribute Types of Vendor ID 0.
const (
	MessageTypeAVP        AVPType = 0
	ResultCodeAVP         AVPType = 1
	ProtocolVersion       AVPType = 2
	FramingCapabilities   AVPType = 3
	BearerCapabilities    AVPType = 4
	TieBreaker            AVPType = 5
	FirmwareRevision      AVPType = 6
	HostName              AVPType = 7
	VendorName            AVPType = 8
	AssignedTunnelID      AVPType = 9
	ReceiveWindowSize     AVPType = 10
	Challenge             AVPType = 11
	Q931CauseCode         AVPType = 12
	ChallengeResponse     AVPType = 13
	AssignedSessionID     AVPType = 14
	CallSerialNumber      AVPType = 15
	MinimumBPS            AVPType = 16
	MaximumBPS            AVPType = 17
	BearerType            AVPType = 18
	FramingType           AVPType = 19
	CalledNumber          AVPType = 21
	CallingNumber         AVPType = 22
	SubAddress            AVPType = 23
	TxConnectSpeed        AVPType = 24
	PhysicalChannelID     AVPType = 25
	InitialReceivedLCP    AVPType = 26 // Initial Received LCP CONFREQ
	LastSentLCP           AVPType = 27 // Last Sent LCP CONFREQ
	LastReceivedLCP       AVPType = 28 // Last Received LCP CONFREQ
	ProxyAuthenType       AVPType = 29
	ProxyAuthenName       AVPType = 30
	ProxyAuthenChallenge  AVPType = 31
	ProxyAuthenID         AVPType = 32
	ProxyAuthenResponse   AVPType = 33
	CallErrorsAVP         AVPType = 34
	ACCM                  AVPType = 35
	RandomVector          AVPType = 36
	PrivateGroupID        AVPType = 37
	RxConnectSpeed        AVPType = 38
	SequencingRequired    AVPType = 39
	PPPDisconnectCause    AVPType = 46 // RFC 3145
	FailoverCapability    AVPType = 76 // RFC 4951
	TunnelRecovery        AVPType = 77 // RFC 4951
	SuggestedControlSeq   AVPType = 78 // RFC 4951
	FailoverSessionState  AVPType = 79 // RFC 4951
	ConnectSpeedUpdate    AVPType = 97 // RFC 5515
	ConnectSpeedUpdEnable AVPType = 98 // RFC 5515

	avpTypes = 99 // one more than the highest
)

// Vendor IDs (IANA enterprise numbers) that are read.
const (
	VendorIETF     = 0
	Vendor3Com     = 43   // PPP Disconnect Cause before RFC 3145
	VendorDSLForum = 3561 // RFC 5515
)
