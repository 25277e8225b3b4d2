// SPDX-License-Identifier: Apache-2.0

package frame

import "encoding/binary"

// VNetLength is the length of the virtio header in front of each packet of a
// TUN device with offloads.
const VNetLength = 10

// GSOType is the kind of a super-packet.
type GSOType uint8

// Kinds of super-packets (virtio 1.2 §5.1.6).
const (
	GSONone  GSOType = 0
	GSOTCPv4 GSOType = 1
	GSOTCPv6 GSOType = 4
	GSOUDP   GSOType = 5

	gsoECN        = 0x80
	needsChecksum = 1
)

// VNet is the virtio header: what is left to be done to a packet.
type VNet struct {
	NeedsChecksum  bool    // the field at ChecksumStart+ChecksumOffset holds the pseudo-header's sum only
	GSO            GSOType //
	ECN            bool    // TCP with CWR set: only the first segment keeps it
	HeaderLength   uint16  // of all headers; the kernel gives it as a hint
	GSOSize        uint16  // octets of payload a segment
	ChecksumStart  uint16
	ChecksumOffset uint16
}

// ParseVNet takes the virtio header off what was read from a device.
func ParseVNet(b []byte) (v VNet, packet []byte, ok bool) {
	if len(b) < VNetLength {
		return v, nil, false
	}
	e := binary.NativeEndian
	v.NeedsChecksum = b[0]&needsChecksum != 0
	v.GSO, v.ECN = GSOType(b[1]&^gsoECN), b[1]&gsoECN != 0
	v.HeaderLength, v.GSOSize = e.Uint16(b[2:]), e.Uint16(b[4:])
	v.ChecksumStart, v.ChecksumOffset = e.Uint16(b[6:]), e.Uint16(b[8:])
	return v, b[VNetLength:], true
}

// AppendVNet writes the virtio header.
func AppendVNet(dst []byte, v VNet) []byte {
	var b [VNetLength]byte
	e := binary.NativeEndian
	if v.NeedsChecksum {
		b[0] = needsChecksum
	}
	b[1] = byte(v.GSO)
	if v.ECN {
		b[1] |= gsoECN
	}
	e.PutUint16(b[2:], v.HeaderLength)
	e.PutUint16(b[4:], v.GSOSize)
	e.PutUint16(b[6:], v.ChecksumStart)
	e.PutUint16(b[8:], v.ChecksumOffset)
	return append(dst, b[:]...)
}
