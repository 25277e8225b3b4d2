// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"net/netip"
	"time"
)

// TunnelInfo is a copy of what is known about a tunnel, for readers.
type TunnelInfo struct {
	LocalTunnelID, PeerTunnelID TunnelID
	State                       TunnelState
	Initiator                   bool // we sent the SCCRQ
	Peer, Local                 netip.AddrPort
	HostName                    string // the peer's AVP 7
	VendorName                  string // the peer's AVP 8
	FirmwareRevision            uint16
	FramingCapabilities         uint32 // the peer's AVP 3
	BearerCapabilities          uint32 // the peer's AVP 4
	PeerWindow                  int    // the peer's Receive Window Size
	CongestionWindow            int
	Ns, Nr                      uint16
	Unacknowledged, Queued      int // messages in flight; messages that wait for the window
	Held                        int // messages received early
	Sessions                    int // in any state
	CreatedAt, EstablishedAt    time.Time
	HeardAt                     time.Time // the last sign of life of the peer
	Config                      *TunnelConfig
	Counters                    TunnelCounters
}

// TunnelCounters count the control channel of one tunnel.
type TunnelCounters struct {
	ReceivedMessages, SentMessages uint32 // with ZLBs and repetitions
	ReceivedBytes, SentBytes       uint64
	Retransmissions                uint32
	Duplicates                     uint32 // received
	OutOfOrder                     uint32 // received early, held or dropped
	Errors                         uint32 // malformed, unexpected or from a wrong address
}

// SessionInfo is a copy of what is known about a session, for readers.
type SessionInfo struct {
	Element        Element
	LocalTunnelID  TunnelID
	PeerTunnelID   TunnelID
	LocalSessionID SessionID
	PeerSessionID  SessionID
	State          SessionState
	LNS            bool  // our role in this call
	Sequencing     bool  // data carries sequence numbers now
	Call           *Call // see Endpoint.Call
	LineErrors     CallErrors
}

// CallErrors are the cumulative counters of a WAN-Error-Notify (RFC 2661 §4.4.6).
type CallErrors struct {
	CRC, Framing, HardwareOverruns, BufferOverruns, Timeouts, Alignment uint32
}

// Counters count over the whole life of an Endpoint.
type Counters struct {
	ReceivedControl, SentControl           uint64 // messages, with ZLBs and repetitions
	ReceivedControlBytes, SentControlBytes uint64
	ReceivedData, ReceivedDataBytes        uint64     // accepted and handed to the owner
	Received                               [32]uint64 // processed control messages by Message Type
	Retransmissions                        uint64
	Duplicates                             uint64 // control messages received again
	OutOfOrder                             uint64 // control messages received early
	WindowExceeded                         uint64 // early messages beyond our window, dropped

	BadHeader       uint64 // datagrams dropped: short, wrong version, wrong bits
	UnknownTunnel   uint64 // control for a tunnel that does not exist
	UnknownSession  uint64 // data for a tunnel or session that does not exist
	EarlyData       uint64 // data before the session was established
	LateData        uint64 // sequenced data that came too late or twice, dropped
	MissingSequence uint64 // data without the sequence numbers that are required, dropped
	WrongAddress    uint64 // dropped by AddressChange
	AddressChanges  uint64 // accepted
	BadAVP          uint64 // malformed or unknown AVPs without the M bit, ignored
	ToleratedAVP    uint64 // unknown mandatory AVPs on the list of tolerated ones
	UnknownMessage  uint64 // unknown messages without the M bit, ignored
	Unexpected      uint64 // messages that do not fit the state

	TunnelsRequested, TunnelsRefused, TunnelsEstablished, TunnelsClosed uint64
	CallsRequested, CallsRefused, CallsEstablished, CallsClosed         uint64
	HalfOpenEvicted, HalfOpenDropped                                    uint64 // tunnels; SCCRQs, of a peer with too many
	TieBreaks                                                           uint64
	AuthenticationFailures                                              uint64
	NoAnswer                                                            uint64 // tunnels given up for want of acknowledgement

	Tunnels                                 int // now, with closed ones that still acknowledge
	TunnelsLive, TunnelsHalfOpen, TunnelsUp int // now: not closed; opened by peers and never established; established
	Sessions, SessionsUp                    int // now
}
