// SPDX-License-Identifier: Apache-2.0

package frame

import "encoding/binary"

// Transport protocols, and where their checksums lie.
const (
	protocolICMP   = 1
	protocolTCP    = 6
	protocolUDP    = 17
	protocolICMPv6 = 58

	tcpChecksum = 16
	udpChecksum = 6
)

const flagDF, flagMF, offsetMask = 0x4000, 0x2000, 0x1fff

// TrimIPv4 checks an inner IPv4 header as RFC 1812 §5.2.2 asks of a router and
// cuts off what follows the packet (PPP padding).
func TrimIPv4(b []byte) (ip []byte, ok bool) {
	if len(b) < 20 || b[0]>>4 != 4 {
		return nil, false
	}
	header, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	if header < 20 || total < header || total > len(b) || fold(sum(b[:header], 0)) != 0xffff {
		return nil, false
	}
	return b[:total], true
}

// TrimIPv6 checks an inner IPv6 header and cuts off what follows the packet.
// Jumbograms do not fit a PPP frame and are refused.
func TrimIPv6(b []byte) (ip []byte, ok bool) {
	if len(b) < 40 || b[0]>>4 != 6 {
		return nil, false
	}
	total := 40 + int(binary.BigEndian.Uint16(b[4:]))
	if total > len(b) {
		return nil, false
	}
	return b[:total], true
}

// Trim is TrimIPv4 or TrimIPv6 by the packet's own version.
func Trim(b []byte) (ip []byte, ok bool) {
	if len(b) == 0 {
		return nil, false
	}
	if b[0]>>4 == 6 {
		return TrimIPv6(b)
	}
	return TrimIPv4(b)
}

// IsIPv6 tells the version of a packet that was trimmed.
func IsIPv6(ip []byte) bool { return ip[0]>>4 == 6 }

// Source4 is the source address of an IPv4 packet.
func Source4(ip []byte) uint32 { return binary.BigEndian.Uint32(ip[12:]) }

// Destination4 is the destination address of an IPv4 packet.
func Destination4(ip []byte) uint32 { return binary.BigEndian.Uint32(ip[16:]) }

// Source6 is the upper half, the /64, of an IPv6 packet's source address.
func Source6(ip []byte) uint64 { return binary.BigEndian.Uint64(ip[8:]) }

// Destination6 is the /64 of an IPv6 packet's destination address.
func Destination6(ip []byte) uint64 { return binary.BigEndian.Uint64(ip[24:]) }

// TTL is the TTL or Hop Limit.
func TTL(ip []byte) uint8 {
	if IsIPv6(ip) {
		return ip[7]
	}
	return ip[8]
}

// LinkScoped tells whether an IPv6 packet never leaves its link: its source or
// destination is link-local, or it goes to a multicast group. Such packets are
// for the LNS as the router on the subscriber's link.
func LinkScoped(ip []byte) bool {
	return linkLocal(ip[8:]) || linkLocal(ip[24:]) || ip[24] == 0xff
}

func linkLocal(a []byte) bool { return a[0] == 0xfe && a[1]&0xc0 == 0x80 }

// MayFragment tells whether a router may cut the packet: IPv4 without DF.
func MayFragment(ip []byte) bool { return !IsIPv6(ip) && ip[6]&(flagDF>>8) == 0 }

// addresses is source and destination in one.
func addresses(ip []byte) []byte {
	if IsIPv6(ip) {
		return ip[8:40]
	}
	return ip[12:20]
}

// headerLength is where the upper layer of a trimmed packet begins; IPv6
// extension headers count as upper layer.
func headerLength(ip []byte) int {
	if IsIPv6(ip) {
		return 40
	}
	return int(ip[0]&15) * 4
}

// upper is the protocol of the upper layer, and whether this packet holds its
// beginning: a later fragment does not.
func upper(ip []byte) (protocol uint8, first bool) {
	if IsIPv6(ip) {
		return ip[6], true
	}
	return ip[9], binary.BigEndian.Uint16(ip[6:])&offsetMask == 0
}

// setLength writes a new length into the header and, for IPv4, makes the
// header's checksum anew.
func setLength(ip []byte) {
	if IsIPv6(ip) {
		binary.BigEndian.PutUint16(ip[4:], uint16(len(ip)-40))
		return
	}
	binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)))
	sealIPv4(ip)
}

// sealIPv4 makes the header checksum of an IPv4 packet anew.
func sealIPv4(ip []byte) {
	ip[10], ip[11] = 0, 0
	binary.BigEndian.PutUint16(ip[10:], Checksum(ip[:headerLength(ip)]))
}
