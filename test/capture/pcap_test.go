// SPDX-License-Identifier: Apache-2.0

package capture

import (
	"encoding/binary"
	"net/netip"
	"os"
	"testing"
	"time"
)

// pcap is a capture file in memory, of raw IP packets.
type pcap struct{ b []byte }

func newPcap() *pcap {
	const magic, major, minor, snapLength, linkTypeRaw = 0xa1b2c3d4, 2, 4, 65535, 101
	p := &pcap{}
	p.b = binary.LittleEndian.AppendUint32(p.b, magic)
	p.b = binary.LittleEndian.AppendUint16(p.b, major)
	p.b = binary.LittleEndian.AppendUint16(p.b, minor)
	p.b = append(p.b, make([]byte, 8)...)
	p.b = binary.LittleEndian.AppendUint32(p.b, snapLength)
	p.b = binary.LittleEndian.AppendUint32(p.b, linkTypeRaw)
	return p
}

// add records a UDP datagram as the IPv4 or IPv6 packet that would carry it.
func (p *pcap) add(at time.Time, from, to netip.AddrPort, payload []byte) {
	packet := ip(from, to, payload)
	p.b = binary.LittleEndian.AppendUint32(p.b, uint32(at.Unix()))
	p.b = binary.LittleEndian.AppendUint32(p.b, uint32(at.Nanosecond()/1000))
	p.b = binary.LittleEndian.AppendUint32(p.b, uint32(len(packet)))
	p.b = binary.LittleEndian.AppendUint32(p.b, uint32(len(packet)))
	p.b = append(p.b, packet...)
}

func (p *pcap) write(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, p.b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func ip(from, to netip.AddrPort, payload []byte) []byte {
	const udp = 17
	source, destination := from.Addr().AsSlice(), to.Addr().AsSlice()
	var u []byte
	u = binary.BigEndian.AppendUint16(u, from.Port())
	u = binary.BigEndian.AppendUint16(u, to.Port())
	u = binary.BigEndian.AppendUint16(u, uint16(8+len(payload)))
	u = append(append(u, 0, 0), payload...)
	pseudo := append(append([]byte{0, udp, byte(len(u) >> 8), byte(len(u))}, source...), destination...)
	binary.BigEndian.PutUint16(u[6:], checksum(append(pseudo, u...)))

	var h []byte
	if from.Addr().Is4() {
		h = []byte{0x45, 0, byte((20 + len(u)) >> 8), byte(20 + len(u)), 0, 0, 0, 0, 64, udp, 0, 0}
		h = append(append(h, source...), destination...)
		binary.BigEndian.PutUint16(h[10:], checksum(h))
	} else {
		h = []byte{0x60, 0, 0, 0, byte(len(u) >> 8), byte(len(u)), udp, 64}
		h = append(append(h, source...), destination...)
	}
	return append(h, u...)
}

func checksum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
