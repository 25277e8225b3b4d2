// SPDX-License-Identifier: Apache-2.0

package wire

// MessageType is the value of the Message Type AVP, RFC 2661 §3.2.
type MessageType uint16

// Message Types.
const (
	SCCRQ   MessageType = 1  // Start-Control-Connection-Request
	SCCRP   MessageType = 2  // Start-Control-Connection-Reply
	SCCCN   MessageType = 3  // Start-Control-Connection-Connected
	StopCCN MessageType = 4  // Stop-Control-Connection-Notification
	HELLO   MessageType = 6  // Hello
	OCRQ    MessageType = 7  // Outgoing-Call-Request
	OCRP    MessageType = 8  // Outgoing-Call-Reply
	OCCN    MessageType = 9  // Outgoing-Call-Connected
	ICRQ    MessageType = 10 // Incoming-Call-Request
	ICRP    MessageType = 11 // Incoming-Call-Reply
	ICCN    MessageType = 12 // Incoming-Call-Connected
	CDN     MessageType = 14 // Call-Disconnect-Notify
	WEN     MessageType = 15 // WAN-Error-Notify
	SLI     MessageType = 16 // Set-Link-Info
	FSQ     MessageType = 21 // Failover-Session-Query, RFC 4951
	FSR     MessageType = 22 // Failover-Session-Response, RFC 4951
	CSUN    MessageType = 28 // Connect-Speed-Update-Notification, RFC 5515
	CSURQ   MessageType = 29 // Connect-Speed-Update-Request, RFC 5515

	messageTypes = 30 // one more than the highest
)

var messageNames = [messageTypes]string{
	SCCRQ: "SCCRQ", SCCRP: "SCCRP", SCCCN: "SCCCN", StopCCN: "StopCCN", HELLO: "HELLO", OCRQ: "OCRQ", OCRP: "OCRP", OCCN: "OCCN",
	ICRQ: "ICRQ", ICRP: "ICRP", ICCN: "ICCN", CDN: "CDN", WEN: "WEN", SLI: "SLI", FSQ: "FSQ", FSR: "FSR", CSUN: "CSUN", CSURQ: "CSURQ",
}

// Known says whether the type is one of those above.
func (t MessageType) Known() bool { return t < messageTypes && messageNames[t] != "" }

// String is the RFC's name.
func (t MessageType) String() string {
	if t.Known() {
		return messageNames[t]
	}
	return "unknown"
}

// Session says whether a message of this type belongs to one session; the
// others belong to the tunnel.
func (t MessageType) Session() bool { return t >= OCRQ && t <= SLI }

// AVPSet is a set of Attribute Types of Vendor ID 0.
type AVPSet [2]uint64

// Has says whether t is in the set.
func (s *AVPSet) Has(t AVPType) bool { return t < avpTypes && s[t/64]>>(t%64)&1 != 0 }

// Add puts types into the set.
func (s *AVPSet) Add(types ...AVPType) {
	for _, t := range types {
		s[t/64] |= 1 << (t % 64)
	}
}

// Message is a control message with the value of each AVP in a field. A field
// means something when its AVP is in Present; Decode fills both and Append
// writes what is in Present. Slices read by Decode alias the message or the
// Decoder.
//
// Values that are too long for one AVP are handled by Append: text is cut, other
// octets are left out together with their AVP.
type Message struct {
	Type    MessageType
	Present AVPSet

	Result              Result
	ProtocolVersion     uint16 // Ver and Rev: 0x0100
	FramingCapabilities uint32
	BearerCapabilities  uint32
	TieBreaker          uint64
	FirmwareRevision    uint16
	HostName            []byte
	VendorName          []byte
	AssignedTunnelID    uint16
	ReceiveWindowSize   uint16
	Challenge           []byte
	ChallengeResponse   []byte
	Q931                Q931Cause

	AssignedSessionID  uint16
	CallSerialNumber   uint32
	MinimumBPS         uint32
	MaximumBPS         uint32
	BearerType         uint32
	FramingType        uint32
	CalledNumber       []byte
	CallingNumber      []byte
	SubAddress         []byte
	TxConnectSpeed     uint32
	RxConnectSpeed     uint32
	PhysicalChannelID  uint32
	PrivateGroupID     []byte
	InitialReceivedLCP []byte // options only
	LastSentLCP        []byte
	LastReceivedLCP    []byte

	ProxyAuthenType      uint16
	ProxyAuthenName      []byte
	ProxyAuthenChallenge []byte
	ProxyAuthenID        uint16
	ProxyAuthenResponse  []byte

	CallErrors      CallErrors
	ACCM            ACCMPair
	DisconnectCause DisconnectCause

	HasLine      bool // any of the DSL Forum's AVPs
	Line         Line
	SpeedUpdates []SpeedUpdate // Connect Speed Update may come more than once
}

// Result is the Result Code AVP, RFC 2661 §4.4.2.
type Result struct {
	Code     uint16
	HasError bool // the Error Code is present
	Error    uint16
	Message  []byte // UTF-8
}

// Q931Cause is the Q.931 Cause Code AVP.
type Q931Cause struct {
	Code     uint16
	Message  uint8
	Advisory []byte
}

// CallErrors is the Call Errors AVP.
type CallErrors struct {
	CRC, Framing, HardwareOverruns, BufferOverruns, Timeouts, Alignment uint32
}

// ACCMPair is the ACCM AVP.
type ACCMPair struct{ Send, Receive uint32 }

// DisconnectCause is the PPP Disconnect Cause Code AVP, RFC 3145 §2.
type DisconnectCause struct {
	Code      uint16
	Protocol  uint16 // PPP control protocol number
	Direction uint8  // 0 global, 1 at peer, 2 at local
	Message   []byte // UTF-8
}

// SpeedUpdate is one Connect Speed Update AVP, RFC 5515 §6.1.
type SpeedUpdate struct {
	RemoteSessionID uint16 // the id that the receiver has assigned
	Tx, Rx          uint32 // bit/s, from the perspective of the LAC
}

// Reset makes m an empty message of type t. It keeps the memory of SpeedUpdates.
func (m *Message) Reset(t MessageType) { *m = Message{Type: t, SpeedUpdates: m.SpeedUpdates[:0]} }

// Add marks AVPs as present.
func (m *Message) Add(types ...AVPType) { m.Present.Add(types...) }

// Has says whether an AVP is present.
func (m *Message) Has(t AVPType) bool { return m.Present.Has(t) }

// u16, u32 and octets are the fields of the AVPs whose form is just that.

func (m *Message) u16(t AVPType) *uint16 {
	switch t {
	case ProtocolVersion:
		return &m.ProtocolVersion
	case FirmwareRevision:
		return &m.FirmwareRevision
	case AssignedTunnelID:
		return &m.AssignedTunnelID
	case ReceiveWindowSize:
		return &m.ReceiveWindowSize
	case AssignedSessionID:
		return &m.AssignedSessionID
	case ProxyAuthenType:
		return &m.ProxyAuthenType
	case ProxyAuthenID:
		return &m.ProxyAuthenID
	}
	panic("wire: no 16-bit AVP")
}

func (m *Message) u32(t AVPType) *uint32 {
	switch t {
	case FramingCapabilities:
		return &m.FramingCapabilities
	case BearerCapabilities:
		return &m.BearerCapabilities
	case CallSerialNumber:
		return &m.CallSerialNumber
	case MinimumBPS:
		return &m.MinimumBPS
	case MaximumBPS:
		return &m.MaximumBPS
	case BearerType:
		return &m.BearerType
	case FramingType:
		return &m.FramingType
	case TxConnectSpeed:
		return &m.TxConnectSpeed
	case RxConnectSpeed:
		return &m.RxConnectSpeed
	case PhysicalChannelID:
		return &m.PhysicalChannelID
	}
	panic("wire: no 32-bit AVP")
}

func (m *Message) octets(t AVPType) *[]byte {
	switch t {
	case HostName:
		return &m.HostName
	case VendorName:
		return &m.VendorName
	case Challenge:
		return &m.Challenge
	case ChallengeResponse:
		return &m.ChallengeResponse
	case CalledNumber:
		return &m.CalledNumber
	case CallingNumber:
		return &m.CallingNumber
	case SubAddress:
		return &m.SubAddress
	case PrivateGroupID:
		return &m.PrivateGroupID
	case InitialReceivedLCP:
		return &m.InitialReceivedLCP
	case LastSentLCP:
		return &m.LastSentLCP
	case LastReceivedLCP:
		return &m.LastReceivedLCP
	case ProxyAuthenName:
		return &m.ProxyAuthenName
	case ProxyAuthenChallenge:
		return &m.ProxyAuthenChallenge
	case ProxyAuthenResponse:
		return &m.ProxyAuthenResponse
	}
	panic("wire: no octet string AVP")
}
