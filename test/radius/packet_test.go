// SPDX-License-Identifier: Apache-2.0

package radius

import (
	"encoding/binary"
	"net/netip"
)

const (
	ipv4Header, ipv6Header, udpHeader = 20, 40, 8
	protocolUDP                       = 17
	protocolICMPv6                    = 58
)

// datagram is an IP packet of size octets with UDP in it.
func datagram(from netip.Addr, to netip.AddrPort, size int) []byte {
	b := make([]byte, size)
	udp := b
	if from.Is4() {
		b[0], b[8], b[9] = 0x45, 64, protocolUDP
		binary.BigEndian.PutUint16(b[2:], uint16(size))
		copy(b[12:], from.AsSlice())
		copy(b[16:], to.Addr().AsSlice())
		binary.BigEndian.PutUint16(b[10:], ^sum(0, b[:ipv4Header]))
		udp = b[ipv4Header:]
	} else {
		b[0], b[6], b[7] = 0x60, protocolUDP, 64
		binary.BigEndian.PutUint16(b[4:], uint16(size-ipv6Header))
		copy(b[8:], from.AsSlice())
		copy(b[24:], to.Addr().AsSlice())
		udp = b[ipv6Header:]
	}
	binary.BigEndian.PutUint16(udp, to.Port())
	binary.BigEndian.PutUint16(udp[2:], to.Port())
	binary.BigEndian.PutUint16(udp[4:], uint16(len(udp)))
	pseudo := sum(uint32(protocolUDP+len(udp)), from.AsSlice())
	pseudo = sum(uint32(pseudo), to.Addr().AsSlice())
	binary.BigEndian.PutUint16(udp[6:], ^sum(uint32(pseudo), udp))
	return b
}

// sum is the Internet checksum (RFC 1071) before it is complemented.
func sum(s uint32, b []byte) uint16 {
	for ; len(b) > 1; b = b[2:] {
		s += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return uint16(s)
}

// advertisement is what a Router Advertisement says (RFC 4861 §4.2).
type advertisement struct {
	seen   bool
	prefix netip.Prefix
	dns    []netip.Addr
}

// read reads an IPv6 packet if it is a Router Advertisement.
func (a *advertisement) read(ip []byte) bool {
	const icmp, options, routerAdvertisement, prefixOption, dnsOption = ipv6Header, ipv6Header + 16, 134, 3, 25
	if len(ip) < options || ip[6] != protocolICMPv6 || ip[icmp] != routerAdvertisement {
		return false
	}
	*a = advertisement{seen: true}
	for b := ip[options:]; len(b) >= 8 && b[1] > 0 && int(b[1])*8 <= len(b); b = b[int(b[1])*8:] {
		switch b[0] {
		case prefixOption:
			address, _ := netip.AddrFromSlice(b[16:32])
			a.prefix = netip.PrefixFrom(address, int(b[2]))
		case dnsOption:
			for at := 8; at < int(b[1])*8; at += 16 {
				address, _ := netip.AddrFromSlice(b[at : at+16])
				a.dns = append(a.dns, address)
			}
		}
	}
	return true
}
