// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"encoding/binary"
	"net/netip"
)

// Largest ICMP error we make: RFC 1812 §4.3.2.3 for IPv4, RFC 4443 §3.2 for IPv6.
const (
	errorMax4 = 576
	errorMax6 = 1280
)

// AppendTooBig writes the packet that tells the sender of ip that mtu is the
// most that fits: Fragmentation Needed (RFC 1191 §4) or Packet Too Big
// (RFC 4443 §3.2). from is our address; if it is of the wrong version, or not
// valid, the error comes from the address that the packet was for. ok is false
// when no error may be sent about such a packet; dst is then unchanged.
func AppendTooBig(dst, ip []byte, from netip.Addr, mtu int) (_ []byte, ok bool) {
	if IsIPv6(ip) {
		if !mayAnswer6(ip) {
			return dst, false
		}
		return appendTooBig6(dst, ip, from, mtu), true
	}
	if !mayAnswer4(ip) {
		return dst, false
	}
	return appendTooBig4(dst, ip, from, mtu), true
}

func appendTooBig4(dst, ip []byte, from netip.Addr, mtu int) []byte {
	start := len(dst)
	quote := ip[:min(len(ip), errorMax4-28)]
	source := [4]byte(ip[16:20])
	if from.Is4() {
		source = from.As4()
	}
	dst = append(dst, 0x45, 0xc0, 0, 0, 0, 0, 0, 0, 64, protocolICMP, 0, 0) // precedence 6: RFC 1812 §4.3.2.5
	dst = append(dst, source[:]...)
	dst = append(dst, ip[12:16]...)
	dst = append(dst, 3, 4, 0, 0, 0, 0, byte(mtu>>8), byte(mtu))
	dst = append(dst, quote...)
	made := dst[start:]
	setLength(made)
	binary.BigEndian.PutUint16(made[22:], Checksum(made[20:]))
	return dst
}

func appendTooBig6(dst, ip []byte, from netip.Addr, mtu int) []byte {
	start := len(dst)
	quote := ip[:min(len(ip), errorMax6-48)]
	source := [16]byte(ip[24:40])
	if from.Is6() {
		source = from.As16()
	}
	dst = append(dst, 0x60, 0, 0, 0, 0, 0, protocolICMPv6, 64)
	dst = append(dst, source[:]...)
	dst = append(dst, ip[8:24]...)
	dst = append(dst, 2, 0, 0, 0, 0, 0, byte(mtu>>8), byte(mtu))
	dst = append(dst, quote...)
	made := dst[start:]
	setLength(made)
	binary.BigEndian.PutUint16(made[42:], ^fold(sum(made[40:], pseudo(made, protocolICMPv6, len(made)-40))))
	return dst
}

// mayAnswer4 holds the cases of RFC 1812 §4.3.2.7 in which an ICMP error "MUST
// NOT be sent": about an ICMP error, a later fragment, to or from an address
// that is no single host's.
func mayAnswer4(ip []byte) bool {
	protocol, first := upper(ip)
	if !first || !unicast4(ip[12:]) || ip[16] >= 224 {
		return false
	}
	if protocol != protocolICMP {
		return true
	}
	header := headerLength(ip)
	if len(ip) <= header {
		return false
	}
	switch ip[header] {
	case 3, 4, 5, 11, 12:
		return false
	}
	return true
}

func unicast4(a []byte) bool { return a[0] != 0 && a[0] != 127 && a[0] < 224 }

// mayAnswer6 is RFC 4443 §2.4 (e). Packet Too Big is the exception that may be
// sent about a packet to a multicast group, but it is never needed here: no
// multicast is carried to subscribers.
func mayAnswer6(ip []byte) bool {
	if ip[8] == 0xff || ip[24] == 0xff || netip.AddrFrom16([16]byte(ip[8:24])).IsUnspecified() {
		return false
	}
	return ip[6] != protocolICMPv6 || len(ip) > 40 && ip[40] >= 128
}
