package l2tp

import (
	"math/rand/v2"
	"net/netip"
	"time"
)

// TunnelID is a Control Connection ID of 16 bits; zero is never assigned (RFC 2661 §3.1, §5.3).
type TunnelID uint16

// SessionID is a Session ID of 16 bits, unique within a tunnel; zero is never assigned (RFC 2661 §3.1).
type SessionID uint16

// Element is the dense index of a session within one Endpoint. An owner keeps
// what belongs to a session in slices indexed by it: no hash, no pointer. The
// index is stable for the life of the session and is used again after a rest.
type Element uint32

// Config is what one Endpoint is made with.
type Config struct {
	Rand    *rand.Rand // ids, tie breakers, challenges, random vectors; unpredictable in production
	Buckets []uint8    // high octets of the local tunnel ids this endpoint hands out; nil: all

	TunnelMax       int           // tunnels at once, any state; 0: 65,535 or what Buckets allow
	SessionMax      int           // sessions at once over all tunnels; 0: no bound
	HalfOpenMax     int           // tunnels not yet established that peers opened; 0: 4096
	HalfOpenPeerMax int           // the same from one peer address; 0: 1024. At the bound one goes at random, weighted to the peer that holds most
	SessionIDRest   time.Duration // a freed Session ID and Element rest this long; 0: 2 s

	Tolerated []VendorAVP // vendor AVPs ignored even with the M bit; nil: DefaultTolerated
}

// VendorAVP names AVPs that are tolerated although they are unknown and mandatory.
type VendorAVP struct {
	Vendor uint16
	Type   int // -1: all of this vendor
}

// AddressChange says what a tunnel does when its peer sends from another address or port.
type AddressChange uint8

// The policies of Junos "tx-address-change".
const (
	AddressChangeAccept AddressChange = iota
	AddressChangeIgnore
	AddressChangeIgnoreIPAddress
	AddressChangeIgnoreUDPPort
	AddressChangeReject
	AddressChangeRejectIPAddress
	AddressChangeRejectUDPPort
)

// TunnelConfig is what one tunnel runs with. It is shared by pointer and never
// changed; zero fields mean the default in brackets.
type TunnelConfig struct {
	HostName            string // AVP 7
	VendorName          string // AVP 8; empty: not sent
	FirmwareRevision    uint16 // AVP 6; 0: not sent
	FramingCapabilities uint32 // AVP 3 [3: async and sync]
	BearerCapabilities  uint32 // AVP 4; 0: not sent

	Secret       string // shared secret for tunnel authentication and AVP hiding; empty: none
	Authenticate bool   // challenge the peer (needs Secret); a peer's own challenge is always answered when there is a Secret
	HideAVPs     bool   // hide what may be hidden (needs Secret)

	ReceiveWindow int // AVP 10, messages, 1..1024 [128]
	SendWindowMax int // never more unacknowledged messages than this, whatever the peer offers [1024]

	HelloInterval               time.Duration // [60 s]; negative: never send HELLO
	RetransmitInterval          time.Duration // first wait, doubles [1 s]
	RetransmitIntervalMax       time.Duration // [16 s]
	RetransmitMax               int           // retransmissions once established [7]
	RetransmitMaxNotEstablished int           // before that [5]
	EstablishTimeout            time.Duration // SCCRQ to established, and ICRQ to established [60 s]
	IdleTimeout                 time.Duration // established tunnel without a session; 0: never

	SessionMax    int // sessions in this tunnel [65,535]
	AddressChange AddressChange
	Sequencing    bool // send data with sequence numbers although the peer does not ask for it
}

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

// EffectKind says which fields of an Effect mean something.
type EffectKind uint8

// What an Endpoint asks for or reports.
const (
	Send            EffectKind = iota // Packet goes from Local to Peer
	TunnelRequested                   // an SCCRQ came: answer with AcceptTunnel or RefuseTunnel; HostName, Peer, Local say who
	TunnelUp                          // control connection established
	TunnelDown                        // gone for the owner; Err says why, Result what was sent or received; its sessions were reported before
	CallRequested                     // an ICRQ (LNS) or OCRQ (LAC) came: answer with AcceptCall or CloseCall
	CallAccepted                      // the peer sent ICRP (we are LAC: ConnectCall is next) or OCRP (we are LNS: wait)
	CallUp                            // established: ICCN or OCCN sent or received
	CallDown                          // gone; Err why, Result what was sent or received, Cause when the peer gave one
	Data                              // Packet is a PPP frame from the peer, in order when sequenced
	LinkInfo                          // SLI: Value is the send ACCM, Value2 the receive ACCM
	LineErrors                        // WEN came: see Session.LineErrors
)

// Effect is one thing an Endpoint wants done or known. Effects are handled in
// order. Packet is valid until the Effects are reset.
type Effect struct {
	Kind     EffectKind
	Tunnel   TunnelID // local id
	Session  SessionID
	Element  Element
	Peer     netip.AddrPort
	Local    netip.AddrPort
	HostName string
	Packet   []byte
	Result   Result
	Cause    *DisconnectCause
	Err      error // wraps one of the Err… sentinels
	Value    uint32
	Value2   uint32
}

// Effects is the caller's buffer: reset and reused, so that nothing is allocated per packet.
type Effects struct {
	List  []Effect
	arena []byte
}

// Reset forgets all effects and the octets they pointed to.
func (fx *Effects) Reset() { clear(fx.List); fx.List = fx.List[:0]; fx.arena = fx.arena[:0] }

/*
The verbs of an Endpoint (see endpoint.go):

	New(Config) *Endpoint
	Handle(now, peer, local netip.AddrPort, b []byte, fx)  one datagram, control or data
	Flush(now, fx)                        at the end of a batch: ZLBs for what nothing else has acknowledged
	Next() time.Time / Advance(now, fx)

	OpenTunnel(now, peer, local, *TunnelConfig, fx) (TunnelID, error)    we initiate
	AcceptTunnel(now, TunnelID, *TunnelConfig, fx)       parses the kept SCCRQ with the secret, answers SCCRP or refuses by itself
	RefuseTunnel(now, TunnelID, Result, fx)
	CloseTunnel(now, TunnelID, Result, fx)               StopCCN; legal in every state

	OpenCall(now, TunnelID, *Call, fx) (Element, error)  ICRQ (or OCRQ when Call.Outgoing)
	AcceptCall(now, Element, fx)                         ICRP (or OCRP; then ConnectCall)
	ConnectCall(now, Element, *Call, fx)                 ICCN with speeds, proxy LCP and authentication (or OCCN)
	CloseCall(now, Element, Result, *DisconnectCause, fx)
	SendSLI(now, Element, sendACCM, receiveACCM, fx)
	AppendData(dst []byte, Element, frame []byte) []byte data header (with Ns when sequenced) and frame
	DataHeader(Element) (peer, local netip.AddrPort, peerTunnel TunnelID, peerSession SessionID, sequenced, ok bool)

	Tunnel(TunnelID) (TunnelInfo, bool)                  a copy, for readers
	Session(Element) (SessionInfo, bool)                 likewise; SessionInfo.Call is shared and not to be changed
	Lookup(TunnelID, SessionID) (Element, bool)          by local ids
	TrimCall(Element)                                    the owner needs ProxyLCP and ProxyAuth no longer
	Counters() Counters
	Peek(b []byte) (Glance, bool)                        package function: T bit, tunnel id and, of an SCCRQ, the
	                                                     Assigned Tunnel ID, at the cost of a few comparisons
*/
