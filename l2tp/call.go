// SPDX-License-Identifier: Apache-2.0

package l2tp

// Result is the Result Code AVP (RFC 2661 §4.4.2) with its optional parts.
type Result struct {
	Code    uint16 // StopCCN 1..7, CDN 1..11
	Error   uint16 // general error code 0..8
	Message string // UTF-8, shown to the operator; may be empty
}

// Call is what the messages of a session's set-up said about the call. Strings
// and slices are the session's own copies.
type Call struct {
	Outgoing        bool // OCRQ, not ICRQ
	Serial          uint32
	BearerType      uint32
	FramingType     uint32
	PhysicalChannel uint32
	CalledNumber    string
	CallingNumber   string
	SubAddress      string
	PrivateGroup    string
	TxSpeed         uint64 // bit/s, AVP 24
	RxSpeed         uint64 // bit/s, AVP 38; equals TxSpeed when absent
	MinimumBPS      uint32 // outgoing calls
	MaximumBPS      uint32
	Sequencing      bool // AVP 39
	ProxyLCP        *ProxyLCP
	ProxyAuth       *ProxyAuth
	Line            *Line // RFC 5515
	SpeedUpdates    bool  // RFC 5515 §6.2: the LAC may send speed updates
}

// ProxyLCP holds AVPs 26 to 28: bodies of Configure-Requests, options only.
type ProxyLCP struct {
	InitialReceived, LastSent, LastReceived []byte
}

// ProxyAuth holds AVPs 29 to 33.
type ProxyAuth struct {
	Type      uint16 // 1 text, 2 CHAP, 3 PAP, 4 none, 5 MS-CHAPv1
	Name      string
	Challenge []byte
	ID        uint8
	Response  []byte
}

// Line is what RFC 5515 AVPs say of the access line; zero: not said. Rates in
// bit/s, delays in ms. (Vendor 3561 in DSL Forum terms.)
type Line struct {
	AgentCircuitID, AgentRemoteID                string
	ActualUp, ActualDown                         uint64
	MinimumUp, MinimumDown                       uint64
	AttainableUp, AttainableDown                 uint64
	MaximumUp, MaximumDown                       uint64
	MinimumLowPowerUp, MinimumLowPowerDown       uint64
	DelayMaxUp, DelayUp, DelayMaxDown, DelayDown uint32
	Encapsulation                                [3]byte
	LineType                                     uint32
	Interworked                                  bool
}

// DisconnectCause is the PPP Disconnect Cause Code AVP (RFC 3145).
type DisconnectCause struct {
	Code      uint16
	Protocol  uint16
	Direction uint8
	Message   string
}
