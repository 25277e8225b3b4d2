// SPDX-License-Identifier: Apache-2.0

package ppp

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"holdfast/ppp/wire"
)

// Role says which end of the link we are.
type Role uint8

// Roles. The authenticator asks the peer who it is (RFC 1661 §6.2); an LNS is
// one, a modem is the peer.
const (
	Authenticator Role = iota
	Peer
)

// AuthMethod is an authentication protocol with its algorithm.
type AuthMethod uint8

// Authentication methods.
const (
	AuthNone AuthMethod = iota
	PAP                 // RFC 1334
	CHAP                // CHAP with MD5, RFC 1994
	MSCHAPv2            // RFC 2759
)

// String is the method's name.
func (m AuthMethod) String() string {
	return [...]string{"none", "PAP", "CHAP", "MS-CHAPv2"}[m]
}

// Config is what the links of one profile share. It is never changed after
// use; zero fields mean the default in brackets.
type Config struct {
	Role     Role
	Rand     *rand.Rand // magic numbers, challenges, identifiers; unpredictable in production
	Counters *Counters  // where the links count; nil: nowhere

	MRU             uint16        // what we ask for [1492]; 1500 is always accepted (RFC 1661 §6.1)
	RestartInterval time.Duration // [3 s] RFC 1661 §4.6
	ConfigureMax    int           // [10]
	TerminateMax    int           // [2]
	FailureMax      int           // [5]

	Auth          []AuthMethod  // Authenticator: in order of preference, empty: none. Peer: what it is willing to use. Never AuthNone itself
	AuthTimeout   time.Duration // LCP opened to a verdict [30 s]
	ChallengeMin  int           // octets [16]
	ChallengeMax  int           // [32]
	HostName      string        // CHAP Name of the authenticator
	NoPFC, NoACFC bool          // reject field compression instead of accepting it
	PFC, ACFC     bool          // tell the peer that it may compress; what it compresses is taken in any case
	IgnoreMagic   bool          // do not treat a wrong magic number in an echo as a fault

	EchoInterval time.Duration // [30 s]; negative: never send Echo-Requests. Any frame from the peer counts as life when Alive is called
	EchoMax      int           // unanswered Echo-Requests until the link is dead [3]

	IPCP, IPV6CP        bool // which NCPs we open by ourselves; one that is off is opened only if Network allows it and the peer asks
	SuggestDNS          bool // Peer: ask for DNS; Authenticator: Nak an absent DNS option too (ipcp-suggest-dns-option)
	PeerAddressOptional bool // Authenticator: a peer that never asks for its address is still let up
}

// Credentials are the peer's own.
type Credentials struct{ Name, Password string }

// Network is what the owner grants a link once its peer is authenticated
// (Authenticator), or what a link ended up with. Invalid addresses: not granted.
type Network struct {
	LocalIPv4, PeerIPv4 netip.Addr // PeerIPv4 invalid: IPCP is refused with Protocol-Reject
	DNS, NBNS           [2]netip.Addr
	LocalIfID, PeerIfID uint64 // IPV6CP interface identifiers; PeerIfID 0: the peer may choose
	IPv6                bool   // IPV6CP allowed
	PeerChooses         bool   // PeerIPv4 is only for a peer that has no address of its own
}

// Verdict answers an AuthRequest.
type Verdict struct {
	OK      bool
	Message string // PAP Message, CHAP Success or Failure text; for MS-CHAPv2 the whole "S=…" or "E=…" string
}

// Protocol is a PPP protocol number.
type Protocol = wire.Protocol

// Protocol numbers.
const (
	ProtoIPv4   = wire.ProtoIPv4
	ProtoIPv6   = wire.ProtoIPv6
	ProtoIPCP   = wire.ProtoIPCP
	ProtoIPV6CP = wire.ProtoIPV6CP
	ProtoCCP    = wire.ProtoCCP
	ProtoLCP    = wire.ProtoLCP
	ProtoPAP    = wire.ProtoPAP
	ProtoCHAP   = wire.ProtoCHAP
)

// Phase is RFC 1661 §3.2's.
type Phase uint8

// Phases.
const (
	PhaseDead Phase = iota
	PhaseEstablish
	PhaseAuthenticate
	PhaseNetwork
	PhaseTerminate
)

// String is the phase's name.
func (p Phase) String() string {
	return [...]string{"dead", "establish", "authenticate", "network", "terminate"}[p]
}

// EffectKind says which fields of an Effect mean something.
type EffectKind uint8

// What a Link asks for or reports.
const (
	SendFrame   EffectKind = iota // Frame goes to the peer, FF 03 and protocol included
	AuthRequest                   // Auth is to be judged: answer with Authenticated, then Grant. Not repeated for retransmissions
	LinkUp                        // LCP opened (again: the link was renegotiated; NCPs were reported down before)
	NetworkUp                     // Protocol (IPCP or IPV6CP) opened: see Link.Network
	NetworkDown                   // Protocol left Opened
	Down                          // the link is dead for good; Err why. Nothing follows
)

// String is the effect's name.
func (k EffectKind) String() string {
	return [...]string{"SendFrame", "AuthRequest", "LinkUp", "NetworkUp", "NetworkDown", "Down"}[k]
}

// AuthOffer is what the peer offered.
type AuthOffer struct {
	Method    AuthMethod
	Name      string
	Password  string // PAP
	ID        uint8  // CHAP identifier
	Challenge []byte // what we sent
	Response  []byte // CHAP: 16 octets; MS-CHAPv2: 49 octets, RFC 2759 §4
}

// Effect is one thing a Link wants done or known. Frame and the slices of Auth
// are valid until the Effects are reset.
type Effect struct {
	Kind     EffectKind
	Protocol Protocol
	Frame    []byte
	Auth     *AuthOffer
	Err      error // wraps one of the Err… sentinels
}

// Effects is the caller's buffer: reset and reused.
type Effects struct {
	List  []Effect
	arena []byte
}

// Reset forgets all effects and the octets they pointed to.
func (fx *Effects) Reset() { clear(fx.List); fx.List = fx.List[:0]; fx.arena = fx.arena[:0] }
