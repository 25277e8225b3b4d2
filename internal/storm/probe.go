// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// A probe is the payload of every packet that a modem sends: enough to tell on
// its return whose it is, when it left and whether an octet of it was changed.
//
//	0      4      8            16           24
//	+------+------+------------+------------+--- - - -
//	| mark | line | sequence   | sent at    | filler
//	+------+------+------------+------------+--- - - -
const (
	probeMark  = 0x48465354
	probeBytes = 24
)

const (
	ipv4HeaderBytes = 20
	ipv6HeaderBytes = 40
	udpHeaderBytes  = 8 // and that of an ICMP echo

	protoICMP   = 1
	protoUDP    = 17
	protoICMPv6 = 58

	echoRequest4, echoReply4 = 8, 0
	echoRequest6, echoReply6 = 128, 129

	routerSolicitation  = 133
	routerAdvertisement = 134

	// probePort is the source port of UDP probes.
	probePort = 33434
)

// probe is what a packet carries.
type probe struct {
	line     uint32
	sequence uint64
	sentAt   time.Duration // since the LAC was made
}

// appendProbe appends an IP packet of size octets from src to dst: an ICMP echo
// request when dst has no port, else UDP. Both addresses are of one family.
func appendProbe(b []byte, src netip.Addr, dst netip.AddrPort, size int, p probe) []byte {
	start := len(b)
	b = appendIPHeader(b, src, dst.Addr(), size, protocolOf(dst), 64)
	transport := len(b)
	b = appendTransport(b, dst, start+size-transport)
	b = binary.BigEndian.AppendUint32(b, probeMark)
	b = binary.BigEndian.AppendUint32(b, p.line)
	b = binary.BigEndian.AppendUint64(b, p.sequence)
	b = binary.BigEndian.AppendUint64(b, uint64(p.sentAt))
	for i := len(b); i < start+size; i++ {
		b = append(b, filler(i-start))
	}
	seal(b[start:], transport-start)
	return b
}

// filler is the octet at offset i of a packet, after the probe.
func filler(i int) byte { return byte(i) }

// protocolOf is the transport protocol of probes to dst.
func protocolOf(dst netip.AddrPort) byte {
	switch {
	case dst.Port() != 0:
		return protoUDP
	case dst.Addr().Is4():
		return protoICMP
	default:
		return protoICMPv6
	}
}

// appendIPHeader appends an IPv4 or IPv6 header for a packet of size octets. The
// IPv4 header checksum is in it.
func appendIPHeader(b []byte, src, dst netip.Addr, size int, protocol, hops byte) []byte {
	if dst.Is4() {
		start := len(b)
		b = append(b, 0x45, 0, byte(size>>8), byte(size), 0, 0, 0x40, 0, hops, protocol, 0, 0)
		s, d := src.As4(), dst.As4()
		b = append(append(b, s[:]...), d[:]...)
		binary.BigEndian.PutUint16(b[start+10:], ^fold(sum(b[start:])))
		return b
	}
	payload := size - ipv6HeaderBytes
	b = append(b, 0x60, 0, 0, 0, byte(payload>>8), byte(payload), protocol, hops)
	s, d := src.As16(), dst.As16()
	return append(append(b, s[:]...), d[:]...)
}

// appendTransport appends a UDP header for n octets, or that of an echo request;
// checksums are left zero.
func appendTransport(b []byte, dst netip.AddrPort, n int) []byte {
	if dst.Port() != 0 {
		b = binary.BigEndian.AppendUint16(b, probePort)
		b = binary.BigEndian.AppendUint16(b, dst.Port())
		b = binary.BigEndian.AppendUint16(b, uint16(n))
		return append(b, 0, 0)
	}
	kind := byte(echoRequest4)
	if dst.Addr().Is6() {
		kind = echoRequest6
	}
	return append(b, kind, 0, 0, 0, 0, 1, 0, 1)
}

// seal puts the transport checksum into a packet whose transport header begins at off.
func seal(ip []byte, off int) {
	at, s := off+2, uint64(0)
	switch protocol := protocolIn(ip); protocol {
	case protoUDP:
		at, s = off+6, pseudoHeader(ip, off, protocol)
	case protoICMPv6:
		s = pseudoHeader(ip, off, protocol)
	}
	c := ^fold(s + sum(ip[off:]))
	if c == 0 && at == off+6 {
		c = 0xffff // "If the computed checksum is zero, it is transmitted as all ones", RFC 768
	}
	binary.BigEndian.PutUint16(ip[at:], c)
}

// parseProbe recognises the echo of a probe that this package sent: an ICMP echo
// reply, or UDP back to probePort. ok is false for other packets; intact says
// whether lengths, checksums and filler are what they must be.
func parseProbe(ip []byte) (p probe, intact, ok bool) {
	off := transportOffset(ip)
	if off == 0 || len(ip) < off+udpHeaderBytes+probeBytes {
		return p, false, false
	}
	protocol := protocolIn(ip)
	switch {
	case protocol == protoUDP && binary.BigEndian.Uint16(ip[off+2:]) == probePort:
	case protocol == protoICMP && ip[off] == echoReply4:
	case protocol == protoICMPv6 && ip[off] == echoReply6:
	default:
		return p, false, false
	}
	body := ip[off+udpHeaderBytes:]
	if binary.BigEndian.Uint32(body) != probeMark {
		return p, false, false
	}
	p.line = binary.BigEndian.Uint32(body[4:])
	p.sequence = binary.BigEndian.Uint64(body[8:])
	p.sentAt = time.Duration(binary.BigEndian.Uint64(body[16:]))
	return p, checksumsHold(ip, off, protocol) && fillerHolds(ip, off+udpHeaderBytes+probeBytes), true
}

// transportOffset is where the transport header of a whole packet begins; zero
// for what is no packet, a fragment, or has IPv6 extension headers.
func transportOffset(ip []byte) int {
	switch {
	case len(ip) >= ipv4HeaderBytes && ip[0]>>4 == 4:
		off := int(ip[0]&15) * 4
		if off < ipv4HeaderBytes || int(binary.BigEndian.Uint16(ip[2:])) != len(ip) || binary.BigEndian.Uint16(ip[6:])&0x3fff != 0 {
			return 0
		}
		return min(off, len(ip))
	case len(ip) >= ipv6HeaderBytes && ip[0]>>4 == 6:
		if int(binary.BigEndian.Uint16(ip[4:]))+ipv6HeaderBytes != len(ip) {
			return 0
		}
		return ipv6HeaderBytes
	}
	return 0
}

// protocolIn is the protocol field of a packet, its next header if IPv6.
func protocolIn(ip []byte) byte {
	if ip[0]>>4 == 4 {
		return ip[9]
	}
	return ip[6]
}

// checksumsHold verifies the header checksum of IPv4 and that of the transport.
func checksumsHold(ip []byte, off int, protocol byte) bool {
	s := sum(ip[off:])
	if protocol != protoICMP {
		s += pseudoHeader(ip, off, protocol)
	}
	if fold(s) != 0xffff {
		return false
	}
	return ip[0]>>4 == 6 || fold(sum(ip[:off])) == 0xffff
}

// fillerHolds compares the octets after the probe. The reply's headers are as
// long as the request's, so the offsets are the same.
func fillerHolds(ip []byte, from int) bool {
	for i := from; i < len(ip); i++ {
		if ip[i] != filler(i) {
			return false
		}
	}
	return true
}

// pseudoHeader is the sum of what UDP and ICMPv6 checksums cover besides their own octets.
func pseudoHeader(ip []byte, off int, protocol byte) uint64 {
	addresses := ip[8:40]
	if ip[0]>>4 == 4 {
		addresses = ip[12:20]
	}
	return sum(addresses) + uint64(protocol) + uint64(len(ip)-off)
}

// sum adds octets up in 16-bit words of network order, eight octets a step: the
// one's complement sum does not mind the width of its words (RFC 1071 §2).
func sum(b []byte) (s uint64) {
	for ; len(b) >= 8; b = b[8:] {
		v := binary.BigEndian.Uint64(b)
		s += v>>32 + v&0xffffffff
	}
	for ; len(b) >= 2; b = b[2:] {
		s += uint64(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		s += uint64(b[0]) << 8
	}
	return s
}

// fold brings a sum to 16 bits, carries added back in.
func fold(s uint64) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
