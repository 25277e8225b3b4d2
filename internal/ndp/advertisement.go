// SPDX-License-Identifier: Apache-2.0

package ndp

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// Router is what a router says on one link. Zero lifetimes are the RFC's
// defaults in brackets.
type Router struct {
	InterfaceID uint64       // of our end of the link: the low half of our link-local address
	Prefix      netip.Prefix // the link's prefix, a /64; invalid: none is advertised
	OnLink      bool         // set the L bit: the whole prefix is on the link
	Managed     bool         // set the M bit: addresses by DHCPv6
	Other       bool         // set the O bit: other configuration by DHCPv6
	MTU         uint32       // of the link; 0: not said
	HopLimit    uint8        // for what hosts send [64]
	DNS         []netip.Addr // recursive name servers; at most dnsMax are said

	RouterLifetime    time.Duration // [1800 s] at most 9000 s
	ValidLifetime     time.Duration // [30 days]
	PreferredLifetime time.Duration // [7 days] never more than ValidLifetime
	DNSLifetime       time.Duration // [1800 s]
}

// Defaults (RFC 4861 §6.2.1, RFC 8106 §5.1).
const (
	routerLifetime    = 1800 * time.Second
	routerLifetimeMax = 9000 * time.Second
	validLifetime     = 30 * 24 * time.Hour
	preferredLifetime = 7 * 24 * time.Hour
	defaultHopLimit   = 64

	// dnsMax keeps an advertisement within 1280 octets.
	dnsMax = 8
)

// Option types (RFC 4861 §4.6, RFC 8106 §5.1) and flags (RFC 4861 §4.2, §4.6.2).
const (
	optionPrefix = 3
	optionMTU    = 5
	optionRDNSS  = 25

	flagManaged    = 0x80
	flagOther      = 0x40
	flagOnLink     = 0x80
	flagAutonomous = 0x40
)

// LinkLocal is our address on the link: "The most significant 10 bits of the
// address is the Link-Local prefix FE80::." RFC 5072 §5
func (r *Router) LinkLocal() netip.Addr {
	var a [16]byte
	a[0], a[1] = 0xfe, 0x80
	binary.BigEndian.PutUint64(a[8:], r.InterfaceID)
	return netip.AddrFrom16(a)
}

// AppendAdvertisement appends an unsolicited Router Advertisement to all nodes,
// as a whole IPv6 packet.
func AppendAdvertisement(dst []byte, r *Router) []byte {
	return appendAdvertisement(dst, r, allNodes)
}

// appendAdvertisement appends a Router Advertisement. Its source "MUST be the
// link-local address assigned to the interface from which this message is
// sent." RFC 4861 §4.2
func appendAdvertisement(b []byte, r *Router, destination netip.Addr) []byte {
	start := len(b)
	b = begin(b, r.LinkLocal(), destination)
	b = append(b, typeRouterAdvertisement, 0, 0, 0)
	b = append(b, or(r.HopLimit, defaultHopLimit), r.flags())
	b = binary.BigEndian.AppendUint16(b, uint16(seconds(min(or(r.RouterLifetime, routerLifetime), routerLifetimeMax))))
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0) // Reachable Time and Retrans Timer: unspecified
	if r.MTU != 0 {
		b = append(b, optionMTU, 1, 0, 0)
		b = binary.BigEndian.AppendUint32(b, r.MTU)
	}
	if r.Prefix.IsValid() {
		b = r.appendPrefix(b)
	}
	if len(r.DNS) > 0 {
		b = r.appendRDNSS(b)
	}
	seal(b[start:])
	return b
}

func (r *Router) flags() (f byte) {
	if r.Managed {
		f |= flagManaged
	}
	if r.Other {
		f |= flagOther
	}
	return f
}

// appendPrefix appends a Prefix Information option (RFC 4861 §4.6.2).
func (r *Router) appendPrefix(b []byte) []byte {
	flags := byte(flagAutonomous)
	if r.OnLink {
		flags |= flagOnLink
	}
	valid := or(r.ValidLifetime, validLifetime)
	b = append(b, optionPrefix, 4, byte(r.Prefix.Bits()), flags)
	b = binary.BigEndian.AppendUint32(b, seconds(valid))
	// "this field MUST NOT exceed the Valid Lifetime field." RFC 4861 §4.6.2
	b = binary.BigEndian.AppendUint32(b, seconds(min(or(r.PreferredLifetime, preferredLifetime), valid)))
	b = append(b, 0, 0, 0, 0)
	// "The bits in the prefix after the prefix length are reserved and MUST be
	// initialized to zero by the sender." RFC 4861 §4.6.2
	prefix := r.Prefix.Masked().Addr().As16()
	return append(b, prefix[:]...)
}

// appendRDNSS appends a Recursive DNS Server option (RFC 8106 §5.1).
func (r *Router) appendRDNSS(b []byte) []byte {
	servers := r.DNS[:min(len(r.DNS), dnsMax)]
	b = append(b, optionRDNSS, byte(1+2*len(servers)), 0, 0)
	b = binary.BigEndian.AppendUint32(b, seconds(or(r.DNSLifetime, routerLifetime)))
	for _, s := range servers {
		a := s.As16()
		b = append(b, a[:]...)
	}
	return b
}

// seconds is d in the unit of the wire; all ones are the RFC's infinity.
func seconds(d time.Duration) uint32 {
	return uint32(min(max(d/time.Second, 0), 0xffffffff))
}

// or is v, or def when v is zero.
func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
