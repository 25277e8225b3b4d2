// SPDX-License-Identifier: Apache-2.0

package frame

import "encoding/binary"

// TCP flags that only one segment of a super-packet may carry.
const (
	flagFIN = 0x01
	flagPSH = 0x08
	flagCWR = 0x80
)

// Segments cuts a GSO super-packet into the packets that it stands for, each
// with its own lengths, IPv4 identification, sequence number, flags and
// checksums. All but the last are of equal size.
type Segments struct {
	ip        []byte
	transport int // where TCP or UDP begins
	payload   int // where the payload begins
	size      int // octets of payload in one segment
	at        int // next octet of payload
	index     uint16
	gso       GSOType
}

// NewSegments begins to cut the super-packet ip that v describes. It fails on
// a header that does not describe the packet.
func NewSegments(ip []byte, v VNet) (s Segments, ok bool) {
	protocol, first := upper(ip)
	s = Segments{ip: ip, transport: headerLength(ip), size: int(v.GSOSize), gso: v.GSO}
	if !first || s.size == 0 {
		return s, false
	}
	switch v.GSO {
	case GSOTCPv4, GSOTCPv6:
		if protocol != protocolTCP || IsIPv6(ip) != (v.GSO == GSOTCPv6) || len(ip) < s.transport+20 {
			return s, false
		}
		length := int(ip[s.transport+12]>>4) * 4
		if length < 20 {
			return s, false
		}
		s.payload = s.transport + length
	case GSOUDP:
		if protocol != protocolUDP {
			return s, false
		}
		s.payload = s.transport + 8
	default:
		return s, false
	}
	return s, s.payload < len(ip)
}

// Largest is the size of the largest packet that Append will make.
func (s *Segments) Largest() int { return s.payload + min(s.size, len(s.ip)-s.payload) }

// Next is the size of the packet that Append will make next; 0: there is none.
func (s *Segments) Next() int {
	left := len(s.ip) - s.payload - s.at
	if left <= 0 {
		return 0
	}
	return s.payload + min(s.size, left)
}

// Skip passes over the next packet, as if Append had made it.
func (s *Segments) Skip() {
	s.at += s.size
	s.index++
}

// Append appends the next packet to dst; ok is false when there is none left.
func (s *Segments) Append(dst []byte) (_ []byte, ok bool) {
	data := s.ip[s.payload:]
	if s.at >= len(data) {
		return dst, false
	}
	start, n := len(dst), min(s.size, len(data)-s.at)
	dst = append(dst, s.ip[:s.payload]...)
	dst = append(dst, data[s.at:s.at+n]...)
	made := dst[start:]
	if !IsIPv6(made) {
		// A super-packet took one identification; its segments take those that
		// follow, as the kernel's own segmentation does.
		binary.BigEndian.PutUint16(made[4:], binary.BigEndian.Uint16(made[4:])+s.index)
	}
	setLength(made)
	if s.gso == GSOUDP {
		s.sealUDP(made)
	} else {
		s.sealTCP(made, s.at+n == len(data))
	}
	s.at += n
	s.index++
	return dst, true
}

func (s *Segments) sealTCP(made []byte, last bool) {
	tcp := made[s.transport:]
	binary.BigEndian.PutUint32(tcp[4:], binary.BigEndian.Uint32(tcp[4:])+uint32(s.at))
	if !last {
		tcp[13] &^= flagFIN | flagPSH
	}
	if s.at > 0 {
		tcp[13] &^= flagCWR // "the sender sets the CWR flag in the first new data packet". RFC 3168 §6.1.2
	}
	tcp[tcpChecksum], tcp[tcpChecksum+1] = 0, 0
	binary.BigEndian.PutUint16(tcp[tcpChecksum:], ^fold(sum(tcp, pseudo(made, protocolTCP, len(tcp)))))
}

func (s *Segments) sealUDP(made []byte) {
	udp := made[s.transport:]
	binary.BigEndian.PutUint16(udp[4:], uint16(len(udp)))
	udp[udpChecksum], udp[udpChecksum+1] = 0, 0
	c := ^fold(sum(udp, pseudo(made, protocolUDP, len(udp))))
	if c == 0 {
		c = 0xffff
	}
	binary.BigEndian.PutUint16(udp[udpChecksum:], c)
}
