// SPDX-License-Identifier: Apache-2.0

package frame

import (
	"encoding/binary"
	"slices"
)

// Limits of a train: what the kernel takes as one super-packet.
const (
	trainMax      = 64
	trainBytes    = 1<<16 - 1
	trainHeadMax  = VNetLength + 40 + 60
	flagACK       = 0x10
	trainTCPFlags = flagACK | flagPSH
)

// Train gathers packets of one flow that follow one another, so that they
// reach a device as one super-packet: it is the reverse of Segments, and cutting
// the super-packet gives back the very packets. The rules are those of the
// kernel's own receive offload. A train keeps the packets it is given, not
// copies of them.
type Train struct {
	packets   [][]byte
	vectors   [][]byte
	head      [trainHeadMax]byte
	transport int    // where TCP or UDP begins
	payload   int    // where the payload begins
	size      int    // octets of payload of all but the last
	total     int    // octets of the super-packet
	next      uint32 // TCP: the sequence number that continues the train
	complete  bool   // nothing may follow
	checked   bool   // the first packet's checksum is right
}

// Begin makes a train of one packet. false: this packet must travel alone.
func (t *Train) Begin(ip []byte) bool {
	transport, ok := flow(ip)
	if !ok {
		return false
	}
	payload, ok := carriage(ip, transport)
	if !ok {
		return false
	}
	t.packets = append(t.packets[:0], ip)
	t.transport, t.payload, t.size, t.total = transport, payload, len(ip)-payload, len(ip)
	t.complete, t.checked = false, false
	t.follow(ip)
	return true
}

// Same tells whether a packet is of the train's flow; then it must not overtake
// the train.
func (t *Train) Same(ip []byte) bool {
	first := t.packets[0]
	if ip[0] != first[0] || len(ip) < t.transport+4 {
		return false
	}
	protocol, _ := upper(ip)
	mine, _ := upper(first)
	return protocol == mine && slices.Equal(addresses(ip), addresses(first)) &&
		slices.Equal(ip[t.transport:t.transport+4], first[t.transport:t.transport+4])
}

// Add puts a packet of the same flow behind the others. false: it does not
// continue them.
func (t *Train) Add(ip []byte) bool {
	if t.complete || len(t.packets) == trainMax || len(ip) <= t.payload ||
		len(ip)-t.payload > t.size || t.total+len(ip)-t.payload > trainBytes {
		return false
	}
	transport, ok := flow(ip)
	if !ok || !t.alike(ip) {
		return false
	}
	if payload, ok := carriage(ip, transport); !ok || payload != t.payload || !t.continues(ip) {
		return false
	}
	// The kernel will compute the checksum of each segment anew: only what is
	// right now may be made right.
	if !t.checked {
		if t.checked = intact(t.packets[0], t.transport); !t.checked {
			t.complete = true
			return false
		}
	}
	if !intact(ip, transport) {
		return false
	}
	t.packets = append(t.packets, ip)
	t.total += len(ip) - t.payload
	t.follow(ip)
	return true
}

// Packets are those of the train, in order.
func (t *Train) Packets() [][]byte { return t.packets }

// Kind is the train's kind of super-packet.
func (t *Train) Kind() GSOType {
	switch protocol, _ := upper(t.packets[0]); {
	case protocol == protocolUDP:
		return GSOUDP
	case IsIPv6(t.packets[0]):
		return GSOTCPv6
	}
	return GSOTCPv4
}

// Vectors is the super-packet behind its virtio header, to be written as it
// lies. A train of one packet is that packet.
func (t *Train) Vectors() [][]byte {
	first, last := t.packets[0], t.packets[len(t.packets)-1]
	if len(t.packets) == 1 {
		t.vectors = append(t.vectors[:0], AppendVNet(t.head[:0], VNet{}), first)
		return t.vectors
	}
	v := VNet{
		NeedsChecksum: true, GSO: t.Kind(), HeaderLength: uint16(t.payload), GSOSize: uint16(t.size),
		ChecksumStart: uint16(t.transport), ChecksumOffset: tcpChecksum,
	}
	if v.GSO == GSOUDP {
		v.ChecksumOffset = udpChecksum
	}
	b := append(AppendVNet(t.head[:0], v), first[:t.payload]...)
	ip, length := b[VNetLength:], t.total-t.transport
	if IsIPv6(ip) {
		binary.BigEndian.PutUint16(ip[4:], uint16(t.total-40))
	} else {
		binary.BigEndian.PutUint16(ip[2:], uint16(t.total))
		sealIPv4(ip)
	}
	protocol := uint8(protocolTCP)
	if v.GSO == GSOUDP {
		protocol = protocolUDP
		binary.BigEndian.PutUint16(ip[t.transport+4:], uint16(length))
	} else {
		ip[t.transport+13] |= last[t.transport+13] & flagPSH
	}
	binary.BigEndian.PutUint16(ip[t.transport+int(v.ChecksumOffset):], fold(pseudo(ip, protocol, length)))
	t.vectors = append(t.vectors[:0], b)
	for _, p := range t.packets {
		t.vectors = append(t.vectors, p[t.payload:])
	}
	return t.vectors
}

// follow notes what may come behind a packet: nothing after one that is
// shorter, or that TCP pushes.
func (t *Train) follow(ip []byte) {
	n := len(ip) - t.payload
	if n < t.size {
		t.complete = true
	}
	if protocol, _ := upper(ip); protocol == protocolTCP {
		tcp := ip[t.transport:]
		t.next = binary.BigEndian.Uint32(tcp[4:]) + uint32(n)
		if tcp[13]&flagPSH != 0 {
			t.complete = true
		}
	}
}

// alike tells whether the IP headers differ only where segments of one
// super-packet do.
func (t *Train) alike(ip []byte) bool {
	first := t.packets[0]
	if IsIPv6(ip) {
		return slices.Equal(ip[:4], first[:4]) && ip[7] == first[7]
	}
	if ip[1] != first[1] || ip[8] != first[8] || ip[6] != first[6] || ip[7] != first[7] {
		return false
	}
	// "The IPv4 ID field MUST NOT be used for purposes other than fragmentation
	// and reassembly" (RFC 6864 §4.1): with DF it means nothing and may change.
	return ip[6]&(flagDF>>8) != 0 ||
		binary.BigEndian.Uint16(ip[4:]) == binary.BigEndian.Uint16(first[4:])+uint16(len(t.packets))
}

// continues tells whether the TCP header says what the first one says, of the
// next octets.
func (t *Train) continues(ip []byte) bool {
	if protocol, _ := upper(ip); protocol != protocolTCP {
		return true
	}
	a, b := t.packets[0][t.transport:t.payload], ip[t.transport:t.payload]
	return binary.BigEndian.Uint32(b[4:]) == t.next &&
		slices.Equal(a[8:13], b[8:13]) && slices.Equal(a[14:16], b[14:16]) && slices.Equal(a[18:], b[18:])
}

// flow finds the transport header of a packet that is whole and without IP options.
func flow(ip []byte) (transport int, ok bool) {
	if IsIPv6(ip) {
		return 40, len(ip) >= 48
	}
	whole := binary.BigEndian.Uint16(ip[6:])&(flagMF|offsetMask) == 0
	return 20, whole && ip[0] == 0x45 && len(ip) >= 28
}

// carriage finds the payload of a packet that may be part of a train: TCP data
// with no more to say than ACK and PSH, or UDP with a checksum.
func carriage(ip []byte, transport int) (payload int, ok bool) {
	switch protocol, _ := upper(ip); protocol {
	case protocolTCP:
		if len(ip) < transport+20 {
			return 0, false
		}
		flags := ip[transport+13]
		payload = transport + int(ip[transport+12]>>4)*4
		ok = payload >= transport+20 && flags&flagACK != 0 && flags&^trainTCPFlags == 0
	case protocolUDP:
		udp := ip[transport:]
		payload = transport + 8
		ok = int(binary.BigEndian.Uint16(udp[4:])) == len(udp) && binary.BigEndian.Uint16(udp[udpChecksum:]) != 0
	}
	return payload, ok && payload < len(ip)
}

// intact verifies the transport checksum.
func intact(ip []byte, transport int) bool {
	protocol, _ := upper(ip)
	return fold(sum(ip[transport:], pseudo(ip, protocol, len(ip)-transport))) == 0xffff
}
