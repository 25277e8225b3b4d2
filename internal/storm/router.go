// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"encoding/binary"
	"net/netip"
)

// allRouters is the destination of Router Solicitations (RFC 4861 §4.1).
var allRouters = netip.AddrFrom16([16]byte{0: 0xff, 1: 0x02, 15: 2})

// linkLocal is the address of an interface identifier on its link (RFC 5072 §5).
func linkLocal(id uint64) netip.Addr { return within(0xfe80_0000_0000_0000, id) }

// within puts an address together from the two halves of its octets.
func within(prefix, id uint64) netip.Addr {
	var a [16]byte
	binary.BigEndian.PutUint64(a[:], prefix)
	binary.BigEndian.PutUint64(a[8:], id)
	return netip.AddrFrom16(a)
}

// appendSolicitation appends a Router Solicitation from interface identifier id.
// "The IP Hop Limit field has a value of 255", RFC 4861 §6.1.1.
func appendSolicitation(b []byte, id uint64) []byte {
	start := len(b)
	b = appendIPHeader(b, linkLocal(id), allRouters, ipv6HeaderBytes+8, protoICMPv6, 255)
	b = append(b, routerSolicitation, 0, 0, 0, 0, 0, 0, 0)
	seal(b[start:], ipv6HeaderBytes)
	return b
}

// parseAdvertisement takes the first prefix of 64 bits out of a valid Router
// Advertisement that may be used for autonomous configuration: its upper half.
func parseAdvertisement(ip []byte) (prefix uint64, ok bool) {
	const fixed, autonomous = 16, 0x40
	off := transportOffset(ip)
	if off != ipv6HeaderBytes || ip[7] != 255 || protocolIn(ip) != protoICMPv6 || len(ip) < off+fixed {
		return 0, false
	}
	if ip[off] != routerAdvertisement || !checksumsHold(ip, off, protoICMPv6) {
		return 0, false
	}
	for options := ip[off+fixed:]; len(options) >= 8; {
		n := int(options[1]) * 8
		if n == 0 || n > len(options) {
			return 0, false // "Nodes MUST silently discard an ND packet that contains an option with length zero", RFC 4861 §4.6
		}
		if options[0] == 3 && n == 32 && options[2] == 64 && options[3]&autonomous != 0 {
			return binary.BigEndian.Uint64(options[16:]), true
		}
		options = options[n:]
	}
	return 0, false
}
