// SPDX-License-Identifier: Apache-2.0

package forwardtest

import (
	"encoding/binary"
	"net/netip"
)

// IP describes an inner packet. Zero fields have sensible values.
type IP struct {
	From, To netip.Addr
	Size     int    // of the whole packet; 0: 100
	TTL      uint8  // 0: 64
	DF       bool   // IPv4
	Protocol uint8  // 0: UDP, or TCP with TCP set
	TCP      []byte // a TCP header and what follows; its checksum is filled in
	Payload  []byte // instead of UDP or TCP: what follows the IP header
	ID       uint16
}

// Bytes makes the packet, with right checksums.
func (p IP) Bytes() []byte {
	v6 := p.From.Is6()
	header := 20
	if v6 {
		header = 40
	}
	if p.TTL == 0 {
		p.TTL = 64
	}
	body, at := p.body(header)
	b := make([]byte, header, header+len(body))
	if v6 {
		b[0], b[6], b[7] = 0x60, p.Protocol, p.TTL
		binary.BigEndian.PutUint16(b[4:], uint16(len(body)))
		copy(b[8:], p.From.AsSlice())
		copy(b[24:], p.To.AsSlice())
	} else {
		b[0], b[8], b[9] = 0x45, p.TTL, p.Protocol
		if p.DF {
			b[6] = 0x40
		}
		binary.BigEndian.PutUint16(b[2:], uint16(header+len(body)))
		binary.BigEndian.PutUint16(b[4:], p.ID)
		copy(b[12:], p.From.AsSlice())
		copy(b[16:], p.To.AsSlice())
		binary.BigEndian.PutUint16(b[10:], ^Sum(b))
	}
	b = append(b, body...)
	if at > 0 {
		binary.BigEndian.PutUint16(b[header+at:], ^TransportSum(b))
	}
	return b
}

// body is what follows the IP header, and where its checksum lies; 0: nowhere.
func (p *IP) body(header int) (b []byte, checksum int) {
	size := p.Size
	if size == 0 {
		size = 100
	}
	switch {
	case p.Payload != nil:
		return p.Payload, 0
	case p.TCP != nil:
		p.Protocol = 6
		return append([]byte(nil), p.TCP...), 16
	}
	p.Protocol = 17
	b = make([]byte, size-header)
	binary.BigEndian.PutUint16(b, 40000)
	binary.BigEndian.PutUint16(b[2:], 9)
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)))
	for i := range b[8:] {
		b[8+i] = byte(i * 7)
	}
	return b, 6
}

// SYN is a TCP header with the SYN bit and an MSS option, at an odd or an even
// offset.
func SYN(mss uint16, odd bool) []byte {
	options := []byte{2, 4, byte(mss >> 8), byte(mss), 1, 3, 3, 7}
	if odd {
		options = []byte{1, 2, 4, byte(mss >> 8), byte(mss), 3, 3, 7}
	}
	return TCPHeader(0x02, options)
}

// TCPHeader is a TCP header with options of whole words and some payload.
func TCPHeader(flags byte, options []byte) []byte {
	b := make([]byte, 20)
	binary.BigEndian.PutUint16(b, 40000)
	binary.BigEndian.PutUint16(b[2:], 80)
	binary.BigEndian.PutUint32(b[4:], 0x01020304)
	b[12], b[13], b[14] = byte(20+len(options))<<2, flags, 0xff
	return append(append(b, options...), "some payload"...)
}

// Sum is the plain one's complement sum of b, written to be obvious: the oracle
// for the checksums of a plane.
func Sum(b []byte) uint16 {
	var s uint32
	for i := 0; i < len(b); i += 2 {
		w := uint32(b[i]) << 8
		if i+1 < len(b) {
			w |= uint32(b[i+1])
		}
		if s += w; s > 0xffff {
			s -= 0xffff
		}
	}
	return uint16(s)
}

// TransportSum is the sum over the pseudo-header and what follows the IP header.
// A packet with a right checksum gives 0xffff.
func TransportSum(ip []byte) uint16 {
	addresses, header, protocol := ip[12:20], int(ip[0]&15)*4, ip[9]
	if ip[0]>>4 == 6 {
		addresses, header, protocol = ip[8:40], 40, ip[6]
	}
	body := ip[header:]
	b := append([]byte(nil), addresses...)
	b = append(b, byte(len(body)>>8), byte(len(body)), 0, protocol)
	return Sum(append(b, body...))
}

// L2TP describes the headers around an inner packet or PPP frame.
type L2TP struct {
	TunnelID, SessionID uint16
	L, S, O, P          bool
	Offset              int    // pad octets when O
	ACFC, PFC           bool   // leave FF 03 and the protocol's first octet out
	Protocol            uint16 // of PPP
	Padding             []byte // behind the message; needs L
}

// Bytes wraps a packet.
func (h L2TP) Bytes(inner []byte) []byte {
	flags := uint16(2)
	for _, f := range []struct {
		set bool
		bit uint16
	}{{h.L, 0x4000}, {h.S, 0x0800}, {h.O, 0x0200}, {h.P, 0x0100}} {
		if f.set {
			flags |= f.bit
		}
	}
	b := binary.BigEndian.AppendUint16(nil, flags)
	if h.L {
		b = append(b, 0, 0)
	}
	b = binary.BigEndian.AppendUint16(b, h.TunnelID)
	b = binary.BigEndian.AppendUint16(b, h.SessionID)
	if h.S {
		b = append(b, 0, 7, 0, 0)
	}
	if h.O {
		b = binary.BigEndian.AppendUint16(b, uint16(h.Offset))
		b = append(b, make([]byte, h.Offset)...)
	}
	if !h.ACFC {
		b = append(b, 0xff, 0x03)
	}
	if !h.PFC {
		b = append(b, byte(h.Protocol>>8))
	}
	b = append(b, byte(h.Protocol))
	b = append(b, inner...)
	if h.L {
		binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	}
	return append(b, h.Padding...)
}
