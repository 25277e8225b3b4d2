// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"net/netip"

	"holdfast/internal/packet"
)

// Key names a session in a plane: our local ids, unique over all shards.
type Key struct{ TunnelID, SessionID uint16 }

// Session is all a plane needs to forward for one subscriber. A plane copies it.
type Session struct {
	Key
	Element       uint32         // dense index within the shard's Handle; counters live there
	PeerTunnelID  uint16         // ids for the header of what we send
	PeerSessionID uint16         //
	Local, Peer   netip.AddrPort // of the tunnel
	Instance      uint16         // routing instance; 0 is the default one
	IPv4          netip.Addr     // the subscriber's address; invalid: IPv4 is not up
	IPv6          netip.Prefix   // its /64; invalid: IPv6 is not up
	Routes        []netip.Prefix // further prefixes behind it (framed routes, delegated prefix)
	MTU           uint16         // largest inner IP packet towards the subscriber, octets; 0: no bound
	PFC, ACFC     bool           // the peer takes compressed PPP headers
	Sequenced     bool           // data goes through the shard (RFC 2661 §5.4)
	Up, Down      Rate           // policers, from and to the subscriber; replacing them keeps the counters
}

// Rate bounds the inner IP packets of one direction, each as long as its IP
// header says. A packet that is to be cut into fragments counts once, whole;
// one that is refused for its source or its size does not count.
type Rate struct {
	Bits  uint64 // bit/s; 0: no bound
	Burst uint64 // octets that may pass at once, 1500 at least; 0: 100 ms of Bits, and no less than two full packets
}

// Counters of one session since it was installed, as the subscriber's interface
// would count them: octets of inner IP packets.
type Counters struct {
	UpPackets, UpBytes     uint64 // from the subscriber
	DownPackets, DownBytes uint64 // to the subscriber
	Spoofed                uint64 // dropped: inner source address not the subscriber's
	TooBig                 uint64 // dropped: larger than the MTU; an ICMP error was sent or suppressed
	Policed                uint64 // dropped: above the session's rate
	Dropped                uint64 // other drops: malformed, no buffer
}

// Plane forwards subscriber packets. One plane serves all shards; each shard
// has a Handle of its own.
type Plane interface {
	Handle(shard int) Handle
	// Instance makes a routing instance ready: its device, its addresses, its
	// routes. Calling it again with other values makes it so.
	Instance(Instance) error
	Totals() Totals
	Close() error
}

// Handle is one shard's grip on the plane. Its calls take a batch, are safe to
// repeat, and come from one goroutine, save Read, which anyone may call.
type Handle interface {
	// Install holds exactly these under their keys. A session that is held
	// already is replaced in place, with its counters if Key and Element are the
	// same; otherwise they begin at zero. An element carries one key: a new one
	// ends the other session. An address or route belongs to the last session that
	// was installed with it; when that one ends or gives it up, to the one before,
	// if it is still there. The error names sessions that could not be installed;
	// the others are.
	Install(sessions []Session) error
	// Remove ends sessions. Their counters can be read until the element is
	// installed again. An unknown key is not an error.
	Remove(keys []Key) error
	// Read gives counters in the order of elements; one never installed reads zero.
	// After Remove they are final: nothing that a removed session carried is
	// missing, and nothing is added.
	Read(elements []uint32, into []Counters)
	// Inject hands a data packet to the core side as if the subscriber's session
	// had carried it: for sequenced sessions, which the shard unpacks. It is
	// checked and counted alike. ip is borrowed, and may be changed (MSS).
	Inject(key Key, ip []byte)
}

// Instance is a routing instance of the plane.
type Instance struct {
	ID        uint16
	Name      string         // "default" or the Junos name
	MTU       int            // of its device
	Addresses []netip.Prefix // the LNS's own addresses inside it (unnumbered-address)
	Pools     []netip.Prefix // routed to the device as aggregates: one route a pool range, never one a session
}

// Punt takes packets that are not the plane's business to their shard: PPP
// control, link-local and multicast IPv6, data for sessions that are not
// installed, all data of sequenced sessions (Sequenced). Each packet.Datagram is the whole L2TP
// datagram. false: the shard's lane is full, and the plane counts and drops.
// true: the batch is the shard's until it calls Release.
type Punt func(shard int, b *packet.Batch) bool

// Sequenced takes the downstream inner packets of sequenced sessions to their
// shard, which numbers and sends them. They fit the session's MTU, and are
// counted. ip is borrowed until return. false: no room; the plane counts a drop.
type Sequenced func(shard int, element uint32, ip []byte) bool

// Totals are a plane's counters by cause. A packet that is dropped for a known
// session counts here and, as Dropped, with the session.
type Totals struct {
	PuntedControl, PuntDropped uint64 // control to shards (PPP, L2TP, link-scoped IPv6); lane full
	UnknownSession             uint64 // network-layer data for a session that is not installed
	Malformed                  uint64 // no sound L2TP or PPP or IP header
	WrongPeer                  uint64 // data from another address than the tunnel's
	NoRoute                    uint64 // core packet for an address that no session has
	ICMPSent, ICMPSuppressed   uint64 // packet too big; rate-limited, or one that no error may answer
	SendDropped, DeviceDropped uint64 // socket or device would not take it
	MSSClamped                 uint64 // SYNs whose MSS was lowered, both ways
	TTLExpired                 uint64 // subscriber packets that end here by their TTL: the kernel answers them
	Spoofed                    uint64 // inner source not the subscriber's; counts with the session as Spoofed
	Policed                    uint64 // above a session's rate, both ways; counts with the session as Policed
	RoutesAdded, RoutesDeleted uint64 // kernel routes to prefixes of sessions that no pool covers
	RoutesFailed               uint64 // times that the kernel refused one; it is tried again
	ReadsUnsettled             uint64 // final counters that were read while a packet may have been in a reader's hands
	RoutesPending              uint64 // now: not yet in the kernel as they should be
}
