// SPDX-License-Identifier: Apache-2.0

package l2tp

import (
	"math/rand/v2"
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
	HalfOpenPeerMax int           // the same from one peer address; 0: 1024. At a bound one goes at random: see halfOpen
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
	RetransmitIntervalMax       time.Duration // [16 s], at least 8 s
	RetransmitMax               int           // retransmissions once established [7]
	RetransmitMaxNotEstablished int           // before that [5]
	EstablishTimeout            time.Duration // SCCRQ to established, and ICRQ to established [60 s]
	IdleTimeout                 time.Duration // established tunnel without a session; 0: never

	TieBreaker    bool // of OpenTunnel: a single tunnel with this peer is wanted (AVP 5)
	SessionMax    int  // sessions in this tunnel [65,535]
	AddressChange AddressChange
	Sequencing    bool // send data with sequence numbers although the peer does not ask for it
}
