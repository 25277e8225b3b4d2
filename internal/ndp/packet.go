// SPDX-License-Identifier: Apache-2.0

package ndp

import (
	"encoding/binary"
	"net/netip"
)

// Lengths and numbers of IPv6 and ICMPv6.
const (
	ipv6HeaderLen   = 40
	icmpv6HeaderLen = 4
	protoICMPv6     = 58

	typeEchoRequest         = 128
	typeEchoReply           = 129
	typeRouterSolicitation  = 133
	typeRouterAdvertisement = 134

	// "The IP Hop Limit field has a value of 255, i.e., the packet could not
	// possibly have been forwarded by a router." RFC 4861 §6.1.1
	hopLimit = 255
)

// Well-known multicast addresses (RFC 4861 §2.3).
var (
	allNodes   = netip.MustParseAddr("ff02::1")
	allRouters = netip.MustParseAddr("ff02::2")
)

// packet is an IPv6 packet that carries one whole ICMPv6 message. message
// aliases the octets it was parsed from.
type packet struct {
	source, destination netip.Addr
	hopLimit            uint8
	message             []byte
}

// parse reads an ICMPv6 packet without extension headers and checks its lengths
// and its checksum.
func parse(b []byte) (p packet, ok bool) {
	if len(b) < ipv6HeaderLen+icmpv6HeaderLen || b[0]>>4 != 6 || b[6] != protoICMPv6 {
		return p, false
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n < icmpv6HeaderLen || ipv6HeaderLen+n > len(b) {
		return p, false
	}
	b = b[:ipv6HeaderLen+n]
	p.source, p.destination = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
	p.hopLimit = b[7]
	p.message = b[ipv6HeaderLen:]
	return p, checksum(b) == 0
}

// begin appends an IPv6 header; what is appended until seal is the ICMPv6
// message.
func begin(b []byte, source, destination netip.Addr) []byte {
	s, d := source.As16(), destination.As16()
	b = append(b, 0x60, 0, 0, 0, 0, 0, protoICMPv6, hopLimit)
	b = append(b, s[:]...)
	return append(b, d[:]...)
}

// seal fills in the Payload Length and the Checksum of the packet p.
func seal(p []byte) {
	binary.BigEndian.PutUint16(p[4:], uint16(len(p)-ipv6HeaderLen))
	p[ipv6HeaderLen+2], p[ipv6HeaderLen+3] = 0, 0
	binary.BigEndian.PutUint16(p[ipv6HeaderLen+2:], checksum(p))
}

// checksum is the ICMPv6 checksum over the packet p and its pseudo-header (RFC
// 4443 §2.3); zero when p already holds the right one.
func checksum(p []byte) uint16 {
	sum := uint32(protoICMPv6) + uint32(len(p)-ipv6HeaderLen)
	for b := p[8:]; len(b) > 0; b = b[2:] {
		if len(b) == 1 {
			sum += uint32(b[0]) << 8
			break
		}
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
